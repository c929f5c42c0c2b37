"""Writes data/display.json: what Python prints for JAX arrays of many types, shapes and magnitudes.

Made with jax==0.10.2 and numpy==2.4.6 (other versions are refused). Run from anywhere:

    python tests/reference/display.py

The file holds {"versions": ..., "cases": [...]}. A case has: dtype; shape; weak (bool); str and repr, as printed; and the
elements in row-major order, either as data (integers and bools as JSON, floats as the strings Python gives, so that nan,
inf and -0.0 survive) or, for large arrays, as a recipe: element i is start + step * ((i * stride) % modulus), computed in
f64 and then cast to the dtype (bool: not equal to zero). Recipes are exact in every dtype they are used with.
"""

import json
import math
from pathlib import Path

import jax
import numpy as np
from jax._src.lax.lax import _convert_element_type

PINNED = {"jax": "0.10.2", "numpy": "2.4.6"}
FOUND = {"jax": jax.__version__, "numpy": np.__version__}
assert FOUND == PINNED, f"pinned {PINNED}, found {FOUND}"

jax.config.update("jax_platforms", "cpu")

RNG = np.random.default_rng(20260)
WIDE = {"int64", "uint64", "float64"}
FLOATS = ["float32", "float64"]
INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
CAN_BE_WEAK = {"int32", "int64", "float32", "float64"}
cases = []
options = []
flags = []


def printed(values, weak):
    """What Python shows, with 64-bit types on only where the array needs them."""
    with jax.enable_x64(values.dtype.name in WIDE):
        x = jax.numpy.asarray(values)
        if weak:
            x = _convert_element_type(x, weak_type=True)
        assert x.dtype == values.dtype and x.aval.weak_type == weak
        assert np.asarray(x).tobytes() == values.tobytes()
        return {"str": str(x), "repr": repr(x)}


def case(values, dtype=None, weak=False):
    """A case with its data. numpy's own str of a float scalar is the data: it reads back as the same float."""
    values = np.asarray(values, dtype=dtype)
    flat = values.ravel()
    data = [str(v) for v in flat] if values.dtype.kind == "f" else flat.tolist()
    row = {"dtype": values.dtype.name, "shape": list(values.shape), "weak": weak, "data": data}
    cases.append(row | printed(values, weak))


def recipe(dtype, shape, start=0.0, step=1.0, stride=1, modulus=2**31, weak=False):
    """A case too large for data."""
    index = np.arange(math.prod(shape), dtype=np.uint64)
    values = (start + step * ((index * np.uint64(stride)) % np.uint64(modulus)).astype(np.float64)).astype(dtype)
    how = {"start": start, "step": step, "stride": stride, "modulus": modulus}
    row = {"dtype": dtype, "shape": list(shape), "weak": weak, "recipe": how}
    cases.append(row | printed(values.reshape(shape), weak))


def random_shape(most=40):
    while True:
        shape = tuple(int(n) for n in RNG.integers(1, 7, size=RNG.integers(0, 6)))
        if math.prod(shape) <= most:
            return shape


def lecture():
    """The lines of the introduction to JAX."""
    case([1.0, 3.2, -1.5], "float32")
    case(np.float32(2.6999998))
    case(np.float32(0.9))
    case(np.float32(13.490001))
    case(np.float32(2.7))
    case(np.eye(2), "float32")
    case(np.ones(3), "float64")
    case([0, 1], "uint32")
    case(np.array([[0.23566993, 0.39719189], [0.95367373, 0.42397776]]), "float64")
    case(np.float64(10.0))
    case(np.float64(219896006.12345), weak=False)
    case(np.int32(3), weak=True)


def scalars():
    """Rank 0: str takes the path of numpy's scalars, repr that of its arrays."""
    bounds = [0.0, -0.0, np.nan, np.inf, -np.inf, 1.0, -1.0, 0.1, 2 / 3, 1e-4, 9.9999e-5, 1.0001e-4, 1e-5, 999999.0]
    bounds += [999999.94, 1e6, 1e6 + 1, 9.9e7, 1e8, 123456789.0, 1e15, 9.99e15, 1e16, 1e17, 1e-30, 5e-324, 1e-45]
    bounds += [1.7976931348623157e308, 3.4028235e38, 2097152.25, 262144.125, 1125899906842624.25, -123.456789012345]
    for dtype in FLOATS:
        with np.errstate(over="ignore"):
            for value in bounds:
                case(np.asarray(value, dtype))
        for value in RNG.normal(size=10) * 10.0 ** RNG.integers(-8, 20, size=10):
            case(np.asarray(value, dtype), weak=bool(RNG.integers(2)))
    for dtype in INTEGERS:
        info = np.iinfo(dtype)
        for value in (info.min, 0, 7, info.max):
            case(np.asarray(value, dtype), weak=dtype in CAN_BE_WEAK and value == 7)
    case(np.True_)
    case(np.False_)


def empty():
    for dtype in ["float32", "float64", "int32", "uint8", "bool"]:
        for shape in [(0,), (0, 3), (3, 0), (2, 0, 4), (0, 0), (1, 2, 0, 3, 4)]:
            case(np.zeros(shape), dtype)
    case(np.zeros((0, 2)), "float32", weak=True)


def integers():
    for dtype in INTEGERS:
        info = np.iinfo(dtype)
        case([info.min, info.max, 0], dtype)
        for _ in range(4):
            shape = random_shape()
            spread = int(RNG.integers(1, 1 + len(str(info.max))))
            low, high = max(info.min, -(10**spread)), min(info.max, 10**spread)
            values = RNG.integers(low, high, size=shape, dtype=dtype, endpoint=True)
            case(values, dtype, weak=dtype in CAN_BE_WEAK and bool(RNG.integers(2)))
    for shape in [(3,), (2, 3), (1, 1), (20,), (2, 2, 2), (2, 1, 3, 2), (1, 2, 1, 2, 3)]:
        case(RNG.integers(0, 2, size=shape), "bool")
    case(np.ones((2, 2)), "bool")


def special(dtype):
    """nan, inf, signs and zeros in every mixture of finite company."""
    n, i = np.nan, np.inf
    for values in [
        [n], [i], [-i], [n, n], [n, i], [n, -i], [i, -i], [0.0], [-0.0], [0.0, -0.0], [0.0, n], [-0.0, i],
        [1.0, n], [1.0, i], [1.0, -i], [-1.0, n], [-1.0, i], [-1.0, -i], [10.0, n], [100.0, -i], [1000.5, -i],
        [0.5, n], [0.5, -i], [0.25, -i], [-0.125, -i, n], [1e10, n], [1e-10, -i], [-1e10, i, -i, n],
        [1e-5, 0.0, -0.0], [1e9, 0.0], [n, 0.1, 1e9], [[n, 1.5], [-i, 2.25]], [[1e-7, n], [i, 3.0]],
    ]:
        case(values, dtype)


def formats(dtype):
    """Either side of the bounds between positional and scientific, and digits that are cut or filled up."""
    info = np.finfo(dtype)
    for values in [
        [1e8], [99999999.0], [1e6], [999999.0], [999999.9, 1.0], [1e5, 1.0], [1000.0, 1.0], [1001.0, 1.0], [1000.1, 1.0],
        [0.0001], [0.00009999], [0.0001, 0.1], [0.0001, 0.10001], [0.001, 1.0], [0.001, 1.0001], [0.0999, 100.0],
        [0.1, 1e10], [0.1, 0.2, 0.3], [1 / 3, 2 / 3], [1 / 3, 1.0, 100 / 3], [1.0, 0.5, 0.25], [123.456, 1.5],
        [1e10, 1.0], [1.5e10, 2e-3], [1 / 3 * 1e-6, 1.0], [1e-10, 1.0], [9.999999999, 1.0], [99.9999999999, 1.0],
        [0.999999999999], [9.9999999999e-6], [0.100000001], [1.000000001], [2097152.25, 2.0], [262144.125],
        [2097152.25, 2097152.75], [1125899906842624.25], [524288.125, 262144.375], [16777216.0], [123456.789, 1000.0],
        [info.max], [info.tiny], [float(info.smallest_subnormal)], [info.max, info.tiny], [info.max, 1.0, -1.0],
        [info.eps, 1.0], [1e15, 1e16], [1e-4, 1e-1], [1.1e-4, 9e-2], [-1e-3, 1e3], [5.0, 0.0], [1e5, -1e5, 99.0],
        [0.30000001192092896, 0.1], [33554432.0, 0.5], [1.17549435e-38, 1.0], [100.0, 1000.0, 1e5],
        [0.001953125, 0.00390625, 1.0], [0.000123456789, 0.05], [3.14159265358979, 2.71828182845905],
    ]:
        case(values, dtype)
    # Powers of two: the floats below lie twice as close as those above, and the decimal nearest to 2**90 in 8 digits is
    # another f32. Then ties of the last digit.
    case([2.0**90, 2.0**12, 2.0**40], dtype)
    case([2.0**-96, 2.0**87, 2.0**126], dtype)
    case(np.asarray(2.0**90, dtype))
    case(np.asarray(2.0**-1017, "float64"))
    low, high = (-149, 128) if dtype == "float32" else (-1074, 1024)
    for _ in range(10):
        case(2.0 ** RNG.integers(low, high, size=6).astype(np.float64), dtype)
        case(2.0 ** RNG.integers(-13, 20, size=4).astype(np.float64), dtype)
    ties = np.concatenate([2.0**21 + np.arange(3) / 4, 2.0**18 + np.arange(1, 8, 2) / 8, 3 * 2.0**-10 + np.zeros(1)])
    case(ties, dtype)
    case(2.0**18 + np.arange(1, 8, 2) / 8, dtype)
    case(1.0 + np.arange(1, 6, 2) * 2.0**-9, dtype)


def magnitudes(dtype):
    """Random floats: uniform, normal, spread over a few or many decades, or round."""
    for number in range(46):
        shape = random_shape(24)
        normal = RNG.normal(size=shape)
        values = [
            normal,
            RNG.uniform(size=shape),
            normal * 10.0 ** RNG.integers(-2, 4),
            normal * 10.0 ** RNG.uniform(-3, 3, size=shape),
            normal * 10.0 ** RNG.uniform(-30, 30, size=shape),
            np.round(normal * 100, RNG.integers(0, 4)),
        ][number % 6]
        values = np.asarray(values)
        if number % 10 == 9 and values.ndim:
            values.ravel()[RNG.integers(values.size)] = RNG.choice([np.nan, np.inf, -np.inf, -0.0])
        case(values, dtype, weak=number % 7 == 0)


def wrapping():
    """Lines of up to 75 columns, of which repr's prefix takes six; where the dtype goes when it does not fit."""
    for dtype in FLOATS:
        for length in [4, 5, 6, 7, 8, 20, 30]:
            case(RNG.normal(size=length), dtype)
        case(RNG.normal(size=(2, 9)), dtype)
        case(RNG.normal(size=(2, 2, 7)), dtype)
        case(RNG.normal(size=(2, 1, 1, 8)), dtype)
        case(RNG.normal(size=(1, 1, 1, 1, 9)), dtype)
        case(RNG.normal(size=11) * 10.0 ** RNG.integers(-9, 9, size=11), dtype)
    for length in range(10, 42):
        case(np.arange(length) % 10, "int32", weak=length % 3 == 0)
    for length in range(24, 34, 2):
        case(np.ones(length), "float32", weak=length % 4 == 0)
    for length in range(8, 16):
        case(RNG.integers(0, 2, size=length), "bool")
    for length in [13, 14, 15, 16, 17, 18]:
        case(np.arange(length) * 111, "int16")
        case(np.full((2, length), 0.5), "float32")
    for digits in range(1, 20, 2):
        case([10 ** (digits - 1)] * 9, "int64")
    case(np.zeros((1,) * 30), "int8")
    # Words too long for any line: breaks between them only.
    case(np.full((1,) * 30 + (3,), -(2**63)), "int64")
    for rank in [20, 25, 32]:
        case(np.arange(4).reshape((1,) * (rank - 1) + (4,)), "int32")


def large():
    """More than 1000 elements: corners only, which also decide the format."""
    for dtype in FLOATS:
        recipe(dtype, (1000,), step=0.5)
        recipe(dtype, (1001,), step=0.5)
        recipe(dtype, (2000,), start=-500.0, step=0.25)
        recipe(dtype, (100000,), step=0.125)
        recipe(dtype, (3000,), start=0.001953125, step=0.0009765625, weak=True)
        recipe(dtype, (40, 40), step=0.5)
        recipe(dtype, (7, 200), step=0.5, stride=37, modulus=101)
        recipe(dtype, (6, 200), step=0.5, stride=37, modulus=101)
        recipe(dtype, (200, 6), step=0.5)
        recipe(dtype, (200, 7), step=-0.5)
        recipe(dtype, (12, 12, 12), start=-8.0, step=0.03125, stride=7, modulus=1024)
        recipe(dtype, (2, 3, 400), step=0.5)
        recipe(dtype, (400, 2, 3), step=0.5)
        recipe(dtype, (7, 7, 7, 7), step=1.0, stride=11, modulus=97)
        recipe(dtype, (5, 5, 5, 5, 5), step=0.5, stride=13, modulus=64)
        recipe(dtype, (2, 7, 2, 7, 8), step=0.5, stride=13, modulus=64)
        # The middle would make the format scientific; it is not shown.
        recipe(dtype, (2001,), step=1.0, stride=1000, modulus=2001)
        recipe(dtype, (1 << 20,), step=1024.0, stride=5, modulus=1 << 20)
    for dtype in ["int32", "int64", "uint32", "int16"]:
        recipe(dtype, (1001,), modulus=1001)
        recipe(dtype, (1500,), stride=7, modulus=9999)
        recipe(dtype, (30, 50), stride=7, modulus=9999, weak=dtype in {"int32", "int64"})
    recipe("uint8", (64, 64), stride=3, modulus=256)
    recipe("int8", (11, 11, 11), start=-100.0, stride=3, modulus=200)
    recipe("bool", (5000,), stride=1, modulus=3)
    recipe("bool", (50, 50), stride=1, modulus=2)


def with_options():
    """NumPy's print options, one by one and together."""
    wide = RNG.normal(size=(3, 4)) * 10.0 ** RNG.integers(-6, 4, size=(3, 4))
    arrays = [
        [1 / 3, 2 / 3, 1.0], [1e-5, 100.0], [1e-10, 1.0, -3.25], [0.5, 1.5, 2.5, -0.5], [1e9, 1.0], [0.00012, 12.345678],
        [np.nan, 1.0], [np.nan, -1.0], [np.inf, 1.0], [-np.inf, 1.0], [np.inf, np.nan], [-0.0, 0.0], [99.9999, 0.001],
        [123456.789, 0.1], [], np.linspace(0, 1, 30), wide, np.arange(60).reshape(5, 12) / 7, np.asarray(1 / 3), np.asarray(-2e-7),
    ]
    choices = [
        {"precision": 0}, {"precision": 1}, {"precision": 3}, {"precision": 20}, {"suppress": True}, {"sign": "+"}, {"sign": " "},
        {"linewidth": 40}, {"linewidth": 10}, {"threshold": 10}, {"threshold": 10, "edgeitems": 1}, {"threshold": 5, "edgeitems": 4},
        {"precision": 3, "suppress": True}, {"precision": 2, "suppress": True, "sign": "+"}, {"precision": 4, "linewidth": 120},
        {"precision": 3, "threshold": 10, "edgeitems": 2, "linewidth": 100, "suppress": True, "sign": " "},
    ]
    integers = [[1, 20, 300], [-1, 20, 300], [0], np.arange(50), np.asarray(7), np.arange(24).reshape(4, 6) - 3]
    for choice in choices:
        with np.printoptions(**choice):
            for dtype in FLOATS:
                for values in arrays:
                    case(values, dtype)
                    options.append(cases.pop() | {"options": choice})
            for dtype in ["int32", "int64", "uint8"]:
                for values in integers:
                    case(np.asarray(values).astype(dtype), dtype)
                    options.append(cases.pop() | {"options": choice})
            case([True, False] * 8, "bool")
            options.append(cases.pop() | {"options": choice})


def with_flags():
    """Format strings: Python's of scalars, numpy's options for arrays."""
    scalars = [0.0, -0.0, 1.0, 1 / 3, -2.5, 0.125, 12345.678, 1e-5, -1e-10, 1e10, 2.5e20, np.nan, np.inf, -np.inf]
    formats = [".0f", ".3f", ".8f", "+.2f", ".2e", "+.0e", ">12.3f", "<12.3f", "^12.3f", "012.3f", "+012.3f", "12.2e", "*>12.3f"]
    for dtype in FLOATS:
        for value in scalars:
            value = np.dtype(dtype).type(value)
            for spec in formats:
                # Rust's zeros fill numbers only; Python's also fill nan and inf.
                if spec.lstrip("+")[0] == "0" and not np.isfinite(value):
                    continue
                row = {"dtype": dtype, "shape": [], "weak": False, "data": [str(value)], "format": spec}
                flags.append(row | {"str": format(value, spec)})
    arrays = [
        [1 / 3, 2 / 3, 1.0], [1e-5, 100.0], [1.5, -3.25, 1e-10], [0.0, 1.0], [np.nan, 1.0, -np.inf], [99.9999, 0.001],
        [1e200, -1.0], [123456.789],
    ]
    for dtype in FLOATS:
        for values in arrays:
            if dtype == "float32" and 1e200 in values:
                continue
            x = np.asarray(values, dtype)
            for precision in [0, 1, 3, 8]:
                for plus in [False, True]:
                    with np.printoptions(precision=precision, sign="+" if plus else "-"):
                        # A large neighbour makes numpy write all of them with exponents.
                        text = str(np.append(x, np.asarray(1e20, dtype)))
                        row = {"dtype": dtype, "shape": [x.size], "weak": False, "data": [str(v) for v in x]}
                        row |= {"precision": precision, "plus": plus}
                        flags.append(row | {"exponent": False, "str": str(x)})
                        flags.append(row | {"exponent": True, "str": text[: text.rindex(" ")].rstrip() + "]"})


lecture()
scalars()
empty()
integers()
for dtype in FLOATS:
    special(dtype)
    formats(dtype)
    magnitudes(dtype)
wrapping()
large()
with_options()
with_flags()

out = Path(__file__).parent / "data" / "display.json"
tables = {"cases": cases, "options": options, "flags": flags}
lines = {name: ",\n".join(json.dumps(row, separators=(",", ":"), allow_nan=False) for row in rows) for name, rows in tables.items()}
text = ",".join(f'"{name}":[\n{rows}\n]' for name, rows in lines.items())
out.write_text(f'{{"versions":{json.dumps(PINNED)},{text}}}\n')
print(f"{len(cases)} cases, {len(options)} with options, {len(flags)} with flags, {out.stat().st_size} bytes")
