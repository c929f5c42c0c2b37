"""tails.json: first and second derivatives of the elementary functions over their whole range, from the smallest arguments to the greatest.

The values are those of the formulas in FUNCTIONS, computed by mpmath with 60 digits (more for huge angles) and rounded to the dtype. Each formula is held here
against mpmath's numerical derivative. `moved` is the sum of what relative changes of the inputs, each divided by its size, do to a derivative.

JAX loses some of these derivatives: `jax` says why. That is held here too: JAX is off by more than the tests allow where there is a reason,
and nowhere else.
"""

import warnings

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np

from encode import array

mp.mp.dps = 60

# The tests allow so many units in the last place, of the derivative and of what it is moved by, in a derivative of each order.
ULPS = {"first": 8, "second": 16}
WIDTHS = {"float64": (np.float64, 300, 2.0**-1022), "float32": (np.float32, 37, 2.0**-126)}


def digamma(order):
    return lambda x: mp.psi(order, x)


def sech2(x):
    return 1 / mp.cosh(x) ** 2


def power(x, p):
    return mp.exp(p * mp.log(x))


def angle(f):
    """A function of an angle, which is reduced with as many digits as it has before the point."""

    def reduced(x):
        if abs(x) < 1:
            return f(x)
        with mp.workdps(mp.mp.dps + int(mp.mag(x) * 0.31)):
            return +f(mp.fmod(x, 2 * mp.pi))

    return reduced


# Magnitudes of arguments: powers of ten over the range of the dtype, and the busy part.
BUSY = [1e-3, 0.03, 0.1, 0.3, 0.49, 0.5, 0.51, 0.75, 0.999, 1.0, 1.001, 1.25, 1.5, 2.0, 2.5, 3.0, 5.0, 8.0, 12.0, 17.0, 19.5, 24.0, 30.0, 36.9, 38.0, 44.0, 60.0, 80.0, 87.0, 100.0, 180.0, 240.0, 300.0, 350.0, 371.0, 500.0, 700.0, 709.5, 744.0, 1000.0]


def magnitudes(digits):
    steps = sorted({-digits, -digits // 2, -digits // 3, -digits // 4, -digits // 8, -18, -9, -5, 4, 7, 9, 18, digits // 8, digits // 4, digits // 3, digits // 2, digits * 51 // 100, digits * 3 // 4, digits})
    return [10.0**k for k in steps if -digits <= k <= digits] + BUSY


def positive(digits):
    return magnitudes(digits)


def signed(digits):
    return [s * x for x in magnitudes(digits) for s in (1, -1)]


def within(lowest, highest, extra=()):
    # Both ends lie at least a float of the narrow dtype away.
    return lambda digits: [x for x in [*signed(digits), *extra] if lowest < float(np.float32(x)) < highest]


ENDS = [s * (1 - 2.0**-k) for k in (3, 8, 16, 23) for s in (1, -1)]
ABOVE_ONE = [1 + 2.0**-k for k in (1, 3, 8, 16, 22)]
GAMMA = [1.4616, 1.4617, -0.25, -0.504, -1.5, -1.5734, -2.25, -7.3, -15.6]

RESULT = "the rule is written with the result, which rounds to its limit"
OVERFLOW = "a square overflows or vanishes in the rule"
CANCELS = "two terms of the second derivative cancel"
ZETA = "Hurwitz's zeta function gives 0 for great arguments"
RANGE = "the result overflows before its product with ln 2"

# name: function of jax, its derivatives, why JAX loses them, arguments
UNARY = {
    "exp": (jnp.exp, mp.exp, mp.exp, None, within(-700, 709)),
    "exp2": (jnp.exp2, lambda x: mp.log(2) * mp.mpf(2) ** x, lambda x: mp.log(2) ** 2 * mp.mpf(2) ** x, RANGE, within(-1021, 1025, [1023.5, 1024.0000000000002, 128.0])),
    "expm1": (jnp.expm1, mp.exp, mp.exp, RESULT, within(-700, 709)),
    "log": (jnp.log, lambda x: 1 / x, lambda x: -1 / x**2, OVERFLOW, positive),
    "log2": (jnp.log2, lambda x: 1 / (x * mp.log(2)), lambda x: -1 / (x**2 * mp.log(2)), OVERFLOW, positive),
    "log10": (jnp.log10, lambda x: 1 / (x * mp.log(10)), lambda x: -1 / (x**2 * mp.log(10)), OVERFLOW, positive),
    "log1p": (jnp.log1p, lambda x: 1 / (1 + x), lambda x: -1 / (1 + x) ** 2, None, within(-1, np.inf, ENDS)),
    "sqrt": (jnp.sqrt, lambda x: power(x, -0.5) / 2, lambda x: -power(x, -1.5) / 4, None, positive),
    "rsqrt": (jax.lax.rsqrt, lambda x: -power(x, -1.5) / 2, lambda x: power(x, -2.5) * 3 / 4, None, positive),
    "cbrt": (jnp.cbrt, lambda x: power(abs(x), mp.mpf(-2) / 3) / 3, lambda x: -mp.sign(x) * power(abs(x), mp.mpf(-5) / 3) * 2 / 9, None, signed),
    "reciprocal": (jnp.reciprocal, lambda x: -1 / x**2, lambda x: 2 / x**3, OVERFLOW, signed),
    "sin": (jnp.sin, angle(mp.cos), angle(lambda x: -mp.sin(x)), None, signed),
    "cos": (jnp.cos, angle(lambda x: -mp.sin(x)), angle(lambda x: -mp.cos(x)), None, signed),
    "tan": (jnp.tan, angle(lambda x: mp.sec(x) ** 2), angle(lambda x: 2 * mp.tan(x) * mp.sec(x) ** 2), None, signed),
    "arcsin": (jnp.arcsin, lambda x: power(1 - x**2, -0.5), lambda x: x * power(1 - x**2, -1.5), None, within(-1, 1, ENDS)),
    "arccos": (jnp.arccos, lambda x: -power(1 - x**2, -0.5), lambda x: -x * power(1 - x**2, -1.5), None, within(-1, 1, ENDS)),
    "arctan": (jnp.arctan, lambda x: 1 / (1 + x**2), lambda x: -2 * x / (1 + x**2) ** 2, OVERFLOW, signed),
    "sinh": (jnp.sinh, mp.cosh, mp.sinh, None, within(-709, 709)),
    "cosh": (jnp.cosh, mp.sinh, mp.cosh, None, within(-709, 709)),
    "tanh": (jnp.tanh, sech2, lambda x: -2 * mp.tanh(x) * sech2(x), RESULT, within(-745, 745)),
    "arcsinh": (jnp.arcsinh, lambda x: power(1 + x**2, -0.5), lambda x: -x * power(1 + x**2, -1.5), OVERFLOW, signed),
    "arccosh": (jnp.arccosh, lambda x: power(x**2 - 1, -0.5), lambda x: -x * power(x**2 - 1, -1.5), OVERFLOW, within(1, np.inf, ABOVE_ONE)),
    "arctanh": (jnp.arctanh, lambda x: 1 / (1 - x**2), lambda x: 2 * x / (1 - x**2) ** 2, CANCELS, within(-1, 1, ENDS)),
    "logistic": (jax.nn.sigmoid, lambda x: sech2(x / 2) / 4, lambda x: -mp.tanh(x / 2) * sech2(x / 2) / 4, RESULT, within(-745, 745)),
    "erf": (jax.lax.erf, lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-(x**2)), lambda x: -4 * x / mp.sqrt(mp.pi) * mp.exp(-(x**2)), None, within(-27, 27)),
    "erfc": (jax.lax.erfc, lambda x: -2 / mp.sqrt(mp.pi) * mp.exp(-(x**2)), lambda x: 4 * x / mp.sqrt(mp.pi) * mp.exp(-(x**2)), None, within(-27, 27)),
    "lgamma": (jax.lax.lgamma, digamma(0), digamma(1), ZETA, within(0, 1e30, GAMMA)),
    "digamma": (jax.lax.digamma, digamma(1), digamma(2), ZETA, within(0, 1e30, GAMMA)),
}


def square(x, y):
    return x**2 + y**2


PAIRS = [(3.0, 4.0), (-2.0, 0.5), (1.0, 1e-10), (1e-10, 1.0), (-1.0, 1e-4), (1e-4, -1.0), (1.5, 1.5), (0.25, -0.25), (1.0, 0.99), (0.99, -1.0), (7.0, 1e4), (1e4, -7.0)]
SCALES = [-130, -60, -25, -7, 0, 7, 25, 60, 130]


def pairs(digits):
    """At all scales at which the second derivatives are in range."""
    return [(x * 10.0**k, y * 10.0**k) for k in SCALES if 2 * abs(k) + 22 <= digits for x, y in PAIRS]


def quotients(digits):
    halves = [1e-150, 1e-100, 1e100, 1e150] if digits > 100 else [1e-18, 1e-12, 1e12, 1e18]
    fits = lambda power: abs(mp.log10(power)) < digits
    wide = [(x, y) for x in [*halves, -1.0] for y in halves if fits(mp.mpf(y) ** 2) and fits(mp.mpf(x) / mp.mpf(y) ** 3)]
    return pairs(digits) + wide


def powers(digits):
    return [(x, y) for x in [1e-20, 1e-5, 0.3, 0.999, 1.001, 2.5, 40.0, 1e5, 1e20] for y in [-1.5, -0.3, 1e-9, 0.4, 1.7, 2.2, 3.6] if (abs(np.log10(x)) + 1) * (abs(y) + 2) < digits]


# The same for functions of two operands: both first derivatives, then by x twice, by x and y, by y twice.
BINARY = {
    "divide": (jnp.divide, [lambda x, y: 1 / y, lambda x, y: -x / y**2], [lambda x, y: mp.mpf(0), lambda x, y: -1 / y**2, lambda x, y: 2 * x / y**3], OVERFLOW, quotients),
    "arctan2": (jnp.arctan2, [lambda x, y: y / square(x, y), lambda x, y: -x / square(x, y)], [lambda x, y: -2 * x * y / square(x, y) ** 2, lambda x, y: (x**2 - y**2) / square(x, y) ** 2, lambda x, y: 2 * x * y / square(x, y) ** 2], OVERFLOW, pairs),
    "hypot": (jnp.hypot, [lambda x, y: x / power(square(x, y), 0.5), lambda x, y: y / power(square(x, y), 0.5)], [lambda x, y: y**2 * power(square(x, y), -1.5), lambda x, y: -x * y * power(square(x, y), -1.5), lambda x, y: x**2 * power(square(x, y), -1.5)], CANCELS, pairs),
    "pow": (jnp.power, [lambda x, y: y * power(x, y - 1), lambda x, y: mp.log(x) * power(x, y)], [lambda x, y: y * (y - 1) * power(x, y - 2), lambda x, y: power(x, y - 1) * (1 + y * mp.log(x)), lambda x, y: mp.log(x) ** 2 * power(x, y)], None, powers),
}


def third(second, xs, i):
    """The derivative of a second derivative by operand i, times that operand."""
    h = mp.mpf(10) ** -18

    def at(sign):
        return second(*(x * (1 + sign * h) if j == i else x for j, x in enumerate(xs)))

    with mp.workdps(90):
        return (at(1) - at(-1)) / (2 * h)


def check(f, df, xs, i):
    """A derivative's formula against a difference of the function's."""
    h = abs(xs[i]) * mp.mpf(10) ** -25
    with mp.workdps(110):
        x = [[x + s * h if j == i else x for j, x in enumerate(xs)] for s in (1, -1)]
        difference = (f(*x[0]) - f(*x[1])) / (2 * h)
    assert abs(difference - df(*xs)) <= mp.mpf(10) ** -18 * (abs(difference) + abs(f(*xs) / xs[i])), (xs, difference, df(*xs))


def rounded(value, dtype, least):
    """To the dtype; to multiples of the smallest denormal number below the least normal one."""
    if abs(value) > mp.mpf(float(np.finfo(dtype).max)):
        return dtype(float(mp.sign(value)) * np.inf)
    if abs(value) < least:
        step = mp.mpf(float(np.finfo(dtype).smallest_subnormal))
        return dtype(int(mp.nint(value / step)) * float(step))
    return dtype(float(value))


def derivatives_of(name):
    """JAX's function, its first and second derivatives with the operands of each, why JAX is wrong, and the points."""
    if name in UNARY:
        function, first, second, reason, points = UNARY[name]
        return function, [(first, 0)], [(second, 0, 0)], reason, lambda digits: [(x,) for x in points(digits)]
    function, first, second, reason, points = BINARY[name]
    return function, list(zip(first, [0, 1])), [(f, i, j) for f, (i, j) in zip(second, [(0, 0), (0, 1), (1, 1)])], reason, points


def jax_s(function, operands, xs):
    """JAX's derivatives at all points."""
    derivative = function
    for i in operands:
        derivative = jax.grad(derivative, argnums=i)
    return np.asarray(jax.vmap(derivative)(*xs))


def row(name, width):
    dtype, digits, least = WIDTHS[width]
    function, first, second, reason, points = derivatives_of(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        narrowed = {tuple(dtype(x) for x in point): None for point in points(digits)}
    # JAX and the tests of devices flush denormal operands.
    chosen = [point for point in narrowed if all(np.isfinite(x) and abs(x) >= least for x in point)]
    exact = [tuple(mp.mpf(float(x)) for x in point) for point in chosen]
    columns = [np.array([point[i] for point in chosen], dtype) for i in range(len(chosen[0]))]
    result = {"op": name, "x64": dtype is np.float64, "inputs": [array(column) for column in columns]}
    lost = False
    for order, list_of in [("first", [(f, (i,)) for f, i in first]), ("second", [(f, (i, j)) for f, i, j in second])]:
        result[order], result[f"{order}_moved"] = [], []
        for f, operands in list_of:
            values, moves = [], []
            for xs in exact:
                value = f(*xs)
                if order == "first":
                    moved = sum(abs(derivative_by(name, operands[0], i)(*xs) * x) for i, x in enumerate(xs))
                else:
                    moved = sum(abs(third(f, xs, i)) for i in range(len(xs)))
                values.append(rounded(value, dtype, least))
                moves.append(min(float(moved), np.finfo(np.float64).max))
            values = np.array(values, dtype)
            found = jax_s(function, operands, columns)
            normal = (np.abs(values) >= least) & np.isfinite(values)
            with np.errstate(all="ignore"):
                off = np.abs(found - values) > ULPS[order] * np.finfo(dtype).eps * (np.abs(values) + np.array(moves))
            off |= np.isnan(found)
            lost |= bool((off & normal).any())
            if (off & normal).any() and not reason:
                k = int(np.argmax(off & normal))
                print("JAX", name, width, order, operands, [c[k] for c in columns], found[k], values[k], moves[k])
            result[order].append(array(values))
            result[f"{order}_moved"].append([float(f"{move:.3g}") for move in moves])
    return result | {"jax": reason}, lost


def derivative_by(name, i, j):
    """The second derivative by operands i and j."""
    for f, a, b in derivatives_of(name)[2]:
        if (a, b) == (min(i, j), max(i, j)):
            return f
    raise KeyError((name, i, j))


def generate():
    rows = []
    with jax.enable_x64(True):
        for name in [*UNARY, *BINARY]:
            function, first, second, reason, points = derivatives_of(name)
            for point in [p for p in points(5) if all(1e-2 < abs(x) < 20 for x in p)][::3]:
                xs = [mp.mpf(x) for x in point]
                for f, i, j in second:
                    check(first[i][0], f, xs, j)
            lost = False
            for width in WIDTHS:
                made, lost_here = row(name, width)
                rows.append(made)
                lost |= lost_here
            assert lost == bool(reason), (name, lost, reason)
    return {"rows": rows}
