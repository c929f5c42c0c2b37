"""Reference values for tests/ulp.rs, in f64.

    pip install mpmath==1.3.0
    python generate.py            # rewrites *.bin in this folder; takes about a minute

One file a function: records of the arguments (f64), the correctly rounded value (f64) and the rest
of the true value in 1/254 of an ulp of the rounded one (i8), little endian. The points are random
with a fixed seed: log-uniform over the domain, uniform over the busy part, and crowded at
the places where kernels go wrong.
"""

import math
import pathlib
import random
import struct
import sys

import mpmath as mp

assert mp.__version__ == "1.3.0", "the data is pinned to mpmath 1.3.0"
mp.mp.prec = 200
HERE = pathlib.Path(__file__).parent
MAX = sys.float_info.max
MIN = 5e-324


def round_f64(v):
    """mpf to the nearest f64, denormals rounded once, overflow to infinity."""
    if mp.isnan(v):
        return math.nan
    if mp.isinf(v):
        return math.inf if v > 0 else -math.inf
    if v == 0:
        return 0.0
    _, e = mp.frexp(abs(v))
    bits = 53 if e > -1021 else max(53 - (-1021 - e), 0)
    scaled = mp.ldexp(v, bits - e)
    n = int(mp.nint(scaled))
    try:
        return math.ldexp(n, e - bits)
    except OverflowError:
        return math.inf if v > 0 else -math.inf


def ulp(y):
    return math.ulp(y)


def spread(lo, hi, n, rng, signed):
    """Log-uniform in magnitude."""
    out = []
    for _ in range(n):
        v = 2.0 ** rng.uniform(math.log2(lo), math.log2(hi)) if lo > 1e-300 else None
        if v is None:
            e = rng.uniform(math.log2(lo), math.log2(hi))
            v = math.ldexp(2.0 ** (e - math.floor(e)), math.floor(e))
        v *= 1 + rng.random() * 2.0**-20
        out.append(-v if signed and rng.random() < 0.5 else v)
    return out


def uniform(lo, hi, n, rng):
    return [rng.uniform(lo, hi) for _ in range(n)]


def around(centres, n, rng):
    """Neighbours of each centre at all distances, from one ulp up."""
    out = []
    for c in centres:
        out += [c, math.nextafter(c, math.inf), math.nextafter(c, -math.inf)]
        for _ in range(n):
            out.append(c + math.copysign(2.0 ** rng.uniform(-56, -3), rng.random() - 0.5) * max(abs(c), MIN))
    return out


def denormal(rng, n, signed=True):
    return [
        math.ldexp(rng.randrange(1, 1 << rng.randrange(1, 53)), -1074) * (-1 if signed and rng.random() < 0.5 else 1)
        for _ in range(n)
    ]




def half_pi_multiples(rng, n):
    out = []
    for _ in range(n):
        k = int(2 ** rng.uniform(0, 60))
        v = float(k * mp.pi / 2)
        out += [v, -math.nextafter(v, 0)]
    # The f64 nearest to a multiple of pi/2 of all (Muller, Elementary Functions).
    out += [math.ldexp(6381956970095103, 797), math.ldexp(5367157764063125, 0)]
    return out


def trig_points(rng):
    return (
        uniform(-10, 10, 900, rng)
        + spread(1e-12, 1e12, 700, rng, True)
        + spread(1e-300, MAX, 500, rng, True)
        + half_pi_multiples(rng, 350)
        + denormal(rng, 30)
    )


def exp_points(lo, hi):
    def points(rng):
        return (
            uniform(lo, hi, 1200, rng)
            + uniform(-1.5, 1.5, 700, rng)
            + spread(1e-20, max(abs(lo), hi), 500, rng, True)
            + uniform(lo, lo * 0.94, 200, rng)
            + around([lo, hi], 30, rng)
            + denormal(rng, 20)
        )

    return points


def log_points(rng):
    return (
        uniform(0, 4, 800, rng)
        + spread(MIN, MAX, 1000, rng, False)
        + around([1.0, 0.5, 2.0, math.sqrt(0.5), math.sqrt(2.0), 10.0], 120, rng)
        + denormal(rng, 150, False)
        + [2.0**k for k in range(-1074, 1024, 37)]
    )


def log1p_points(rng):
    return (
        uniform(-1, 3, 1000, rng)
        + spread(1e-20, MAX, 700, rng, False)
        + [-v for v in spread(1e-20, 1.0, 400, rng, False) if v < 1]
        + around([-0.5, 0.4142, -0.2929, 1.0, 0.001], 60, rng)
        + [-1 + 2.0 ** rng.uniform(-53, -3) for _ in range(200)]
        + denormal(rng, 20)
    )


def unit_points(rng):
    """[-1, 1], crowded at the ends, the middle and 1/2."""
    v = (
        uniform(-1, 1, 1300, rng)
        + spread(1e-20, 1.0, 500, rng, True)
        + around([0.5, -0.5], 60, rng)
        + [s * (1 - 2.0 ** rng.uniform(-53, -2)) for s in (1, -1) for _ in range(250)]
        + denormal(rng, 20)
    )
    return [x for x in v if abs(x) < 1]


def all_points(rng):
    return (
        uniform(-6, 6, 1300, rng)
        + spread(1e-300, MAX, 700, rng, True)
        + spread(1e-10, 1e10, 600, rng, True)
        + around([1.0, 0.5, 0.41421356, 2.41421356, -1.0], 50, rng)
        + denormal(rng, 60)
    )


def hyperbolic_points(rng):
    return (
        uniform(-5, 5, 1200, rng)
        + uniform(-711, 711, 500, rng)
        + spread(1e-20, 710, 700, rng, True)
        + around([0.3466, 0.5, 1.04, 22.0, 710.4], 40, rng)
        + denormal(rng, 20)
    )


def acosh_points(rng):
    return (
        uniform(1, 10, 900, rng)
        + [1 + 2.0 ** rng.uniform(-52, 4) for _ in range(1000)]
        + [v for v in spread(1.0, MAX, 700, rng, False) if v >= 1]
        + around([2.0, 1.5], 50, rng)
    )


def erf_points(rng):
    return uniform(-6.2, 6.2, 1700, rng) + spread(1e-20, 7, 500, rng, True) + around([1.0, -1.0], 60, rng) + denormal(rng, 40)


def erfc_points(rng):
    return uniform(-6, 6, 900, rng) + uniform(0.5, 28, 1500, rng) + spread(1e-20, 27, 300, rng, True) + around([1.0, 26.5], 60, rng)


def gamma_points(zeros):
    def points(rng):
        return (
            uniform(0, 5, 900, rng)
            + spread(1e-10, 1e10, 600, rng, False)
            + spread(1e-307, 1e305, 300, rng, False)
            + uniform(-20, 0, 700, rng)
            + uniform(-200, -20, 200, rng)
            + around([1.0, 2.0, 3.0, 0.5, 8.5, 1.5, 2.5], 40, rng)
            + around([-float(m) for m in range(1, 46)], 4, rng)
            + [-v for v in spread(1e-300, 0.5, 100, rng, False)]
            + [p for p in around([float(z) for z in zeros()], 12, rng) if p < 20]
        )

    return points


def zeros_between_poles(f, most):
    """The zeros of a function of the negative axis, down to -most: at most one in each half of the way between two poles."""
    found = []
    for m in range(most):
        for a, b in [(-m, -m - mp.mpf(1) / 2), (-m - mp.mpf(1) / 2, -m - 1)]:
            a, b = a - mp.mpf(2) ** -80, b + mp.mpf(2) ** -80  # away from the poles
            if f(a) * f(b) < 0:
                for _ in range(200):
                    middle = (a + b) / 2
                    a, b = (middle, b) if f(a) * f(middle) > 0 else (a, middle)
                found.append(a)
    return found


def sqrt_points(rng):
    return uniform(0, 10, 600, rng) + spread(MIN, MAX, 800, rng, False) + denormal(rng, 100, False)


def cbrt_points(rng):
    return uniform(-10, 10, 700, rng) + spread(MIN, MAX, 900, rng, True) + denormal(rng, 150)


def pow_points(rng):
    out = []
    for _ in range(1800):
        # Results spread over the whole range, base anything.
        x = 2.0 ** rng.uniform(-1000, 1000) if rng.random() < 0.5 else 2.0 ** rng.uniform(-6, 6)
        y = rng.uniform(-1080, 1025) / math.log2(x)
        out.append((x, y))
    for _ in range(800):
        # Bases next to 1 and large exponents.
        x = 1 + math.copysign(2.0 ** rng.uniform(-50, -2), rng.random() - 0.5)
        out.append((x, rng.uniform(-1075, 1024) / math.log2(x)))
    for _ in range(600):
        out.append((rng.uniform(-20, 20), float(rng.randrange(-40, 41))))
    for _ in range(700):
        out.append((rng.uniform(0, 100), rng.uniform(-5, 5)))
    for x in denormal(rng, 100, False):
        out.append((x, rng.uniform(-1, 1)))
    for y in (0.5, 1.5, 2.0, 1.0, 3.0, -1.0, -0.5, 2.5, 0.25):
        for _ in range(30):
            out.append((2.0 ** rng.uniform(-340, 340), y))
    return out


def pair_points(rng):
    out = []
    for _ in range(900):
        out.append((rng.uniform(-10, 10), rng.uniform(-10, 10)))
    for _ in range(900):
        s = 2.0 ** rng.uniform(-900, 900)
        out.append((s * rng.uniform(-1, 1), s * math.copysign(2.0 ** rng.uniform(-60, 60), rng.random() - 0.5)))
    for _ in range(500):
        out.append((spread(1e-300, MAX, 1, rng, True)[0], spread(1e-300, MAX, 1, rng, True)[0]))
    for a in denormal(rng, 100):
        out.append((a, denormal(rng, 1)[0]))
    for _ in range(300):
        v = rng.uniform(1, 2)
        out.append((v * (1 + 2.0 ** rng.uniform(-52, -1)), math.copysign(v, rng.random() - 0.5)))
    return out




def lgamma(x):
    return mp.log(abs(mp.gamma(x))) if abs(x) < 1e6 else mp.re(mp.loggamma(x))


UNARY = {
    "exp": (mp.exp, exp_points(-746.0, 710.0)),
    "expm1": (mp.expm1, exp_points(-60.0, 710.0)),
    "exp2": (lambda x: mp.mpf(2) ** x, exp_points(-1075.5, 1024.0)),
    "logistic": (lambda x: 1 / (1 + mp.exp(-x)), exp_points(-746.0, 60.0)),
    "log": (mp.log, log_points),
    "log1p": (mp.log1p, log1p_points),
    "log2": (lambda x: mp.log(x) / mp.log(2), log_points),
    "log10": (lambda x: mp.log(x) / mp.log(10), log_points),
    "sqrt": (mp.sqrt, sqrt_points),
    "rsqrt": (lambda x: 1 / mp.sqrt(x), sqrt_points),
    "cbrt": (lambda x: mp.cbrt(x) if x >= 0 else -mp.cbrt(-x), cbrt_points),
    "sin": (mp.sin, trig_points),
    "cos": (mp.cos, trig_points),
    "tan": (mp.tan, trig_points),
    "asin": (mp.asin, unit_points),
    "acos": (mp.acos, unit_points),
    "atan": (mp.atan, all_points),
    "sinh": (mp.sinh, hyperbolic_points),
    "cosh": (mp.cosh, hyperbolic_points),
    "tanh": (mp.tanh, hyperbolic_points),
    "asinh": (mp.asinh, all_points),
    "acosh": (mp.acosh, acosh_points),
    "atanh": (mp.atanh, unit_points),
    "erf": (mp.erf, erf_points),
    "erfc": (mp.erfc, erfc_points),
    "lgamma": (lgamma, gamma_points(lambda: zeros_between_poles(lgamma, 17))),
    "digamma": (mp.digamma, gamma_points(lambda: [mp.findroot(mp.digamma, 1.46), *zeros_between_poles(mp.digamma, 30)])),
}
BINARY = {
    "pow": (lambda x, y: mp.power(x, y), pow_points),
    "atan2": (mp.atan2, pair_points),
    "hypot": (mp.hypot, pair_points),
}


def write(name, f, points, arity):
    rng = random.Random(name)
    data = bytearray()
    count = 0
    for p in points(rng):
        args = p if arity == 2 else (p,)
        if not all(math.isfinite(a) for a in args):
            continue
        # Cancellation in huge trig arguments and in expm1, acosh and the like eats guard bits.
        big = max(abs(a) for a in args)
        mp.mp.prec = 1400 if name in ("sin", "cos", "tan") and big > 1e15 else 260
        try:
            v = f(*(mp.mpf(a) for a in args))
        except (ValueError, ZeroDivisionError):
            continue
        if isinstance(v, mp.mpc):
            continue
        y = round_f64(v)
        if math.isnan(y):
            continue
        rest = 0 if math.isinf(y) else int(mp.nint((v - mp.mpf(y)) / mp.mpf(ulp(y)) * 254))
        data += struct.pack("<" + "d" * arity + "db", *args, y, max(-127, min(127, rest)))
        count += 1
    (HERE / f"{name}.bin").write_bytes(data)
    print(name, count, flush=True)


if __name__ == "__main__":
    wanted = sys.argv[1:]
    for name, (f, points) in UNARY.items():
        if not wanted or name in wanted:
            write(name, f, points, 1)
    for name, (f, points) in BINARY.items():
        if not wanted or name in wanted:
            write(name, f, points, 2)
