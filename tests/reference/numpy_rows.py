"""The rows of numpy.json, by family.

Inputs are small and chosen for their edges: empty arrays, scalars, axes of size 1, negative axes, NaN, infinities, negative
zero, integers that overflow, operands of mixed dtypes, and things JAX refuses.
"""

import numpy as np

from numpy_table import ARITHMETIC, BITWISE, COMPARISONS, EXTREMA, FLOAT_BINARY, LOGICAL, SHIFTS, UNARY_ANY, UNARY_FLOAT, Weak


def f32(values):
    return np.array(values, np.float32)


def i32(values):
    return np.array(values, np.int32)


def typed(dtype, values):
    return np.array(values, dtype)


def ramp(*shape):
    """Distinct floats of both signs, exact in every float dtype."""
    size = int(np.prod(shape))
    return f32(((np.arange(size) * 7) % 23 - 9) / 4).reshape(shape)


def count(*shape):
    return np.arange(int(np.prod(shape)), dtype=np.int32).reshape(shape)


INF, NAN = float("inf"), float("nan")
I32_MIN, I32_MAX = -(2**31), 2**31 - 1
I64_MIN, I64_MAX = -(2**63), 2**63 - 1
BOOLS = np.array([True, False])
# Nothing here or below is denormal or becomes so: XLA's CPU code flushes denormals to zero, which kiln does not copy.
SPECIAL = [NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 1.5, -1.5, 2.5, -2.5, 0.75, -0.75, 3.7, -3.7, 10.0, -10.0,
           80.25, -80.25, 1e-3, -1e-3, 1e-6, -1e-6, 12345.678, -12345.678, 1e10, -1e10]
CROSS = [NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 2.5, -2.5, 3.0, 0.1]
CROSS_I32 = [I32_MIN, -7, -1, 0, 1, 3, I32_MAX]
CROSS_I8 = [-128, -7, -1, 0, 1, 3, 127]
CROSS_U8 = [0, 1, 3, 7, 128, 200, 255]


def creation(t):
    for fn in ["zeros", "ones"]:
        for shape in [[], [0], [3], [2, 3], [2, 0, 3], [1, 1]]:
            t.both(fn, shape=shape)
        for dtype in ["bool", "int8", "uint8", "int32", "uint32", "float32"]:
            t.both(fn, shape=[2], dtype=dtype)
    for fill in [3, 2.5, True, NAN, -0.0, i32(7), f32([1, 2, 3]), typed("int8", 5)]:
        t.both("full", fill, shape=[2, 3])
    t.both("full", 2.7, shape=[2], dtype="int32")
    t.both("full", 3, shape=[2], dtype="float32")
    t.both("full", -1, shape=[2], dtype="uint8")
    t.both("full", 300, shape=[2], dtype="int8")
    t.both("full", 1, shape=[0])
    t.both("full", 2.5, shape=[])
    for start, stop, step in [
        (None, 5, None), (None, 0, None), (None, -3, None), (None, 3.0, None), (None, 2.5, None), (2, 5, None), (2, 8, 3), (5, 0, -2), (5, 0, None),
        (0, 1, 0.1), (0.0, 1.0, 0.25), (1, 2.5, None), (-1.5, 1.5, 0.5), (0.5, 5, 1), (10, 0, -2.5), (0, 7, 7), (0, 8, 7),
    ]:
        t.both("arange", start=start, stop=stop, step=step)
    for dtype in ["int8", "uint8", "int32", "float32"]:
        t.both("arange", stop=4, dtype=dtype)
    t.both("arange", start=0.5, stop=4, dtype="int32")
    t.both("arange", start=0, stop=1, step=0)
    for start, stop, num in [(0, 1, 3), (0.0, 1.0, 3), (0, 10, 5), (-1, 1, 7), (2, -3.5, 4), (1, 1, 3), (0, 1, 1), (0, 1, 0), (0, 1, 2), (-4, 4, 20), (0.1, 0.9, 10)]:
        t.both("linspace", start=start, stop=stop, num=num)
        t.both("linspace", start=start, stop=stop, num=num, endpoint=False)
    t.both("linspace", start=0, stop=10, num=4, dtype="int32")
    t.both("linspace", start=0, stop=-10, num=4, dtype="int32")
    t.both("linspace", start=0, stop=10, num=5, dtype="float32")
    t.both("linspace", start=0, stop=1, num=-1)
    for num in [0, 1, 2, 4]:
        for endpoint in [True, False]:
            t.both("linspace", start=0.5, stop=2, num=num, endpoint=endpoint, retstep=True)
            t.both("linspace", start=[0.5, -1], stop=2, num=num, endpoint=endpoint, retstep=True)
    t.both("linspace", start=0, stop=10, num=4, dtype="int32", retstep=True)
    for axis in [0, 1, -1, -2]:
        t.both("linspace", start=[0, 5], stop=[5.5, -10], num=3, axis=axis)
        t.both("linspace", start=[[0.0, 5.0, 1.0]], stop=[[5], [-10]], num=2, axis=axis)
        t.both("linspace", start=[0.0, 5.0], stop=4, num=0, axis=axis)
        t.both("linspace", start=[0.0, 5.0], stop=4, num=1, axis=axis, endpoint=False)
    t.both("linspace", start=0, stop=1, num=3, axis=1)
    for n in [0, 1, 2, 3]:
        t.both("identity", n=n)
    for dtype in ["int32", "bool", "uint8", "float32"]:
        t.both("identity", n=2, dtype=dtype)
    for n, m, k in [(2, None, 0), (3, 2, 0), (2, 4, 1), (3, None, -1), (3, 3, 5), (3, 3, -3), (0, None, 0), (2, 0, 0), (1, 3, 2)]:
        t.both("eye", N=n, M=m, k=k)
    t.both("eye", N=2, dtype="int32")
    t.both("eye", N=2, dtype="bool")
    for fn, more in [("zeros_like", ()), ("ones_like", ()), ("full_like", (3.7,)), ("full_like", (300,)), ("full_like", (True,))]:
        for x in [ramp(2, 3), count(3), typed("int8", [1, 2]), BOOLS, f32(1.5), ramp(0, 2), 2, 2.5, Weak([1, 2])]:
            t.both(fn, x, *more)
        t.both(fn, ramp(2), *more, dtype="int32")
        t.both(fn, count(2), *more, dtype="float32")
        t.both(fn, count(2), *more, dtype="bool")
    t.both("full_like", ramp(2, 3), f32([1, 2, 3]))
    for indexing in ["xy", "ij"]:
        for sparse in [False, True]:
            for xs in [[ramp(3), count(2)], [ramp(3)], [ramp(2), count(3), ramp(1)], [ramp(0), count(2)], [f32(1.0), count(2)]]:
                t.both("meshgrid", *xs, indexing=indexing, sparse=sparse)
    odd = f32([NAN, INF, -INF, 3e9, -3e9, -1.5, 2.5, 300, -0.0, 0.99, -0.99, 1e20])
    ints = i32([300, -1, I32_MAX, I32_MIN, 0, 127, 128, 16777217])
    for dtype in ["bool", "int8", "int16", "int32", "uint8", "uint16", "uint32", "float32"]:
        for x in [odd, ints, typed("uint8", [0, 128, 255]), BOOLS, typed("int8", [-128, 127])]:
            t.both("astype", x, dtype=dtype)
    for dtype in ["int64", "uint64", "float64", "int32", "uint8", "float32"]:
        t.row("astype", typed("float64", [NAN, INF, -INF, 1e300, -1e300, 1e19, -1e19, 2.0**63, 2.5, -2.5, 0.1]), dtype=dtype, x64=True)
        t.row("astype", typed("int64", [I64_MIN, I64_MAX, -1, 2**53 + 1, 2**32 + 5]), dtype=dtype, x64=True)
        t.row("astype", typed("uint64", [2**64 - 1, 2**63, 2**53 + 1]), dtype=dtype, x64=True)


def cross(dtype, values):
    """Every value against every value, as a column and a row."""
    column = typed(dtype, values)
    return column[:, None], column[None, :]


def binary(t, fn, floats=True, integers=True):
    if floats:
        t.both(fn, *cross("float32", CROSS))
        t.both(fn, ramp(2, 3), ramp(3))
        t.both(fn, ramp(2, 3), 2)
        t.both(fn, ramp(2, 3), 0)
        t.both(fn, 0.5, ramp(4))
        t.both(fn, count(4), 2.5)
        t.both(fn, ramp(3), typed("int8", [1, -2, 3]))
        t.both(fn, ramp(2, 1, 3), ramp(1, 4, 1))
        t.both(fn, f32(1.5), f32(-2.0))
        t.both(fn, ramp(0, 3), ramp(3))
        t.both(fn, ramp(0), 1.5)
        t.both(fn, 2.5, 2)
        t.row(fn, ramp(3), typed("float64", [1, -2, 3]), x64=True)
        t.row(fn, ramp(3), typed("int64", [1, -2, 3]), x64=True)
        t.row(fn, ramp(3), 2.5, x64=True)
    if integers:
        t.row(fn, *cross("int32", CROSS_I32))
        t.row(fn, *cross("int64", [I64_MIN, -7, -1, 0, 1, 3, I64_MAX]), x64=True)
        t.both(fn, *cross("int8", CROSS_I8))
        t.both(fn, *cross("uint8", CROSS_U8))
        t.row(fn, *cross("uint32", [0, 1, 3, 2**31, 2**32 - 1]))
        t.row(fn, *cross("uint64", [0, 1, 3, 2**63, 2**64 - 1]), x64=True)
        t.both(fn, typed("uint8", [200, 3]), typed("int8", [-100, 5]))
        t.both(fn, i32([5, -5]), typed("uint32", [3, 2]))
        t.both(fn, i32([7, 8, 9]), BOOLS[[0, 0, 0]])
        t.both(fn, count(2, 3), 3)
        t.both(fn, 3, count(2, 3))
        t.both(fn, typed("int8", [100, -100]), 100)
        t.both(fn, count(0), count(1))
        t.both(fn, 2, 3)
        if fn not in ("bitwise_and", "bitwise_or"):  # jaxlib 0.10.2 crashes compiling `x.astype(int8) & y`
            t.both(fn, Weak([1, 2]), typed("int8", [3, 4]))
    t.both(fn, *cross("bool", BOOLS))
    t.both(fn, count(2, 3), count(4))


def unary(t, fn):
    t.both(fn, f32(SPECIAL))
    t.both(fn, ramp(2, 3))
    t.both(fn, f32([[0.25]]))
    t.both(fn, f32(0.625))
    t.both(fn, ramp(0))
    t.both(fn, ramp(2, 0, 3))
    t.both(fn, i32([-3, -1, 0, 1, 2, 7]))
    t.both(fn, typed("int8", [-80 if fn in UNARY_FLOAT else -128, -1, 0, 1, 127]))
    t.both(fn, typed("uint8", [0, 1, 2, 200, 255]))
    t.both(fn, BOOLS)
    t.both(fn, 1)
    t.both(fn, 0.5)
    t.row(fn, i32([I32_MIN, I32_MAX]))
    t.row(fn, typed("int64", [I64_MIN, I64_MAX, 2**40]), x64=True)
    t.row(fn, f32([0.3, -1.7]), x64=True)


def elementwise(t):
    for fn in ARITHMETIC + EXTREMA + COMPARISONS + LOGICAL:
        binary(t, fn)
    for fn in FLOAT_BINARY:
        binary(t, fn)
    for fn in BITWISE:
        binary(t, fn, floats=False)
        t.both(fn, ramp(2), 1)
    for fn in SHIFTS:
        t.both(fn, i32([1, 1, 1, 1, -8, -8, -8, I32_MIN]), i32([0, 31, 32, -1, 1, 31, 40, 31]))
        t.both(fn, typed("uint8", [200, 200, 1]), typed("uint8", [1, 8, 7]))
        t.both(fn, typed("int8", [-128, -1, 64]), typed("int8", [1, 7, 1]))
        t.both(fn, count(2, 3), 2)
        t.both(fn, 1, count(5))
        t.both(fn, typed("uint32", [2**32 - 1, 1]), typed("uint32", [4, 31]))
        t.both(fn, typed("uint8", [200]), typed("int8", [1]))
        t.both(fn, count(0), 1)
        t.both(fn, *cross("bool", BOOLS))
        t.row(fn, typed("int64", [1, -8, I64_MIN, 1]), typed("int64", [63, 1, 63, 64]), x64=True)
        t.both(fn, ramp(2), 1)
    for x in [i32([0, -1, 5, I32_MIN]), typed("uint8", [0, 255, 7]), BOOLS, count(0), 5, True, typed("int8", [[-128]]), f32([1.0])]:
        t.both("bitwise_not", x)
    # x ** n for small static n, which JAX computes by products, and negative n, which it refuses for integers.
    for n in [0, 1, 2, 3, 4, 7, -1, -2]:
        t.both("power", f32([1.5, -2.25, 0.0, -0.0, INF, -INF, NAN, 1.1]), n)
        t.both("power", i32([-3, 0, 1, 2, 10]), n)
    for n in [0.5, 1.5, 2.0, -0.5, 0.0]:
        t.both("power", f32([1.5, -2.25, 0.0, -0.0, INF, -INF, NAN, 1.1]), n)
        t.both("power", i32([0, 1, 2, 10]), n)
    t.both("power", i32([2, 3, -1]), i32([5, 64, 65]))
    t.both("power", typed("uint8", [2, 200]), 2)
    t.both("power", 2, i32([-1, 0, 3, 31, 40]))
    t.both("power", BOOLS, 2)
    for fn in UNARY_ANY + UNARY_FLOAT:
        unary(t, fn)
    halves = f32([0.5, 1.5, 2.5, 3.5, -0.5, -1.5, -2.5, 0.49999997, 1.25, -1.35, 2.675, 1234.5678, 8388609.0, 1e20, NAN, INF, -0.0, -0.3])
    for decimals in [0, 1, 2, -1, -2]:
        t.both("round", halves, decimals=decimals)
        t.both("round", i32([15, 25, -15, 1234]), decimals=decimals)
    edge = f32([1.0, -1.0, 0.99999994, -0.99999994, 0.9, -0.9, 0.1, -0.1, 1.0000001, 1e-20])
    for fn in ["erf_inv", "arcsin", "arccos", "arctanh", "arccosh", "erf"]:
        t.both(fn, edge)
    x = f32([NAN, INF, -INF, -0.0, 0.0, 1.5, -2.5, 7])
    for lo, hi in [(None, 1.0), (-1.0, None), (-1.0, 1.0), (None, None), (1.0, -1.0), (0, 1), (NAN, 1.0), (0.0, NAN), (-INF, INF)]:
        t.both("clip", x, lo, hi)
    for lo, hi in [(None, 3.5), (1, 3), (4, 2), (0.5, None), (None, 3), (-1, 300)]:
        t.both("clip", count(6), lo, hi)
        t.both("clip", typed("uint8", [0, 3, 255]), lo, hi)
    t.both("clip", ramp(2, 3), f32([-1, 0, 1]), f32([[0], [1]]))
    t.both("clip", ramp(0), 0.0, 1.0)
    t.both("clip", f32(2.5), 0, 1)
    t.both("clip", BOOLS, 0, 1)
    mask = np.array([[True, False, True], [False, True, False]])
    for a, b in [
        (ramp(2, 3), -ramp(2, 3)), (ramp(3), ramp(2, 1)), (1, 2.0), (1.0, 2), (1, 2), (True, 2), (ramp(3), 0), (0, count(3)), (count(3), 2.5),
        (typed("int8", 1), 300), (typed("int8", [1, 2, 3]), typed("uint8", [4, 5, 6])), (BOOLS[0:1], 0.5), (f32(NAN), count(3)), (Weak([1, 2, 3]), typed("int8", 4)),
    ]:
        t.both("where", mask, a, b)
    t.both("where", True, ramp(2), count(2))
    t.both("where", i32([1, 0, -2]), ramp(3), 0.0)
    t.both("where", f32([1, 0, NAN]), 1, 2)
    t.both("where", mask[:0], ramp(3), 1)


def reductions(t):
    cube = ramp(2, 3, 4)
    odd = f32([[1, NAN, 3], [INF, -2, -0.0]])
    for fn in ["sum", "prod", "mean", "max", "min", "any", "all", "var", "std"]:
        for axis in [None, [0], [1], [-1], [0, 2], [-3, 1], [0, 1, 2], []]:
            t.both(fn, cube, axis=axis)
        for axis in [None, [1], [-1, 0]]:
            t.both(fn, cube, axis=axis, keepdims=True)
            t.both(fn, odd[:, : 2 + len(axis or [])], axis=axis and [a for a in axis if a != 0], keepdims=False)
        t.both(fn, f32(2.5))
        t.both(fn, f32(2.5), keepdims=True)
        t.both(fn, ramp(1, 3, 1), axis=[0])
        t.both(fn, ramp(1, 3, 1), axis=[2, 0], keepdims=True)
        t.both(fn, ramp(0))
        t.both(fn, ramp(0, 3), axis=[0])
        t.both(fn, ramp(0, 3), axis=[1])
        t.both(fn, ramp(0, 3), axis=[0], keepdims=True)
        t.both(fn, odd, axis=[0])
        t.both(fn, odd, axis=[1], keepdims=True)
        t.both(fn, f32([0.0, -0.0]))
        t.both(fn, f32([-0.0, -0.0]))
        t.row(fn, i32([[I32_MAX, 1, 2], [-5, 0, 7]]), axis=[1])
        t.row(fn, typed("int64", [[I64_MAX, 1, 2], [-5, 0, 7]]), axis=[1], x64=True)
        t.both(fn, count(2, 3), axis=[1], keepdims=True)
        t.both(fn, typed("int8", [100, 100, -3]))
        t.both(fn, typed("uint8", [200, 100, 3]))
        t.both(fn, typed("int16", [[30000, 30000], [2, 3]]), axis=[-1])
        t.both(fn, typed("uint32", [4000000000, 2, 3]))
        t.both(fn, np.array([[True, False, True], [True, True, True]]))
        t.both(fn, np.array([[True, False, True], [True, True, True]]), axis=[1])
        t.both(fn, np.zeros((0,), bool))
        t.both(fn, 3)
        t.both(fn, 2.5)
        t.both(fn, cube, axis=[3])
        t.both(fn, cube, axis=[0, 0])
        t.row(fn, cube, axis=[0], x64=True)
        t.row(fn, count(3), x64=True)
    for fn in ["var", "std"]:
        for ddof in [1, 2, 4]:
            t.both(fn, ramp(3, 4), axis=[1], ddof=ddof)
        t.both(fn, f32([1.5]), ddof=1)
        t.both(fn, i32([1, 2, 4]), ddof=1)
        t.both(fn, f32([1e8, 1e8, 1e8]))
    for fn in ["argmax", "argmin"]:
        for axis in [None, 0, 1, -1]:
            for keepdims in [False, True]:
                t.both(fn, cube, axis=axis, keepdims=keepdims)
        t.both(fn, odd)
        t.both(fn, odd, axis=0)
        t.both(fn, f32([1, NAN, 3, NAN]))
        t.both(fn, f32([2, 1, 2, 1]))
        t.both(fn, f32([0.0, -0.0, 0.0]))
        t.both(fn, f32([INF, -INF, INF]))
        t.both(fn, f32(2.5))
        t.both(fn, i32([3, -1, 3]))
        t.both(fn, typed("uint8", [0, 255, 255]))
        t.both(fn, np.array([False, True, True]))
        t.both(fn, ramp(1, 3, 1), axis=2)
        t.both(fn, ramp(0))
        t.both(fn, ramp(0, 3), axis=1)
        t.both(fn, ramp(0, 3), axis=0)
        t.both(fn, cube, axis=5)
        t.both(fn, 3)
    for fn in ["cumsum", "cumprod"]:
        for axis in [None, 0, 1, -1]:
            t.both(fn, cube, axis=axis)
            t.both(fn, count(2, 3), axis=axis)
        t.both(fn, odd, axis=1)
        t.both(fn, f32(2.5))
        t.both(fn, ramp(0))
        t.both(fn, ramp(0, 3), axis=0)
        t.both(fn, ramp(2, 1), axis=1)
        t.both(fn, typed("int8", [100, 100, 3]))
        t.both(fn, typed("uint8", [100, 100, 3]))
        t.both(fn, np.array([True, True, False, True]))
        t.row(fn, i32([I32_MAX, 2, 3]))
        t.row(fn, typed("int64", [I64_MAX, 2, 3]), x64=True)
        t.both(fn, cube, axis=4)


def shapes(t):
    for x, shape in [
        (count(6), [2, 3]), (count(2, 3), [-1]), (count(2, 3, 4), [4, -1]), (count(2, 3), [3, 2]), (i32(5), []), (i32(5), [1, 1]), (count(1), []),
        (count(0, 3), [3, 0]), (count(0, 3), [-1, 3]), (ramp(2, 2), [4, 1]), (BOOLS, [-1, 1]), (count(6), [4]), (count(6), [-1, 4]), (count(6), [-1, -1]),
        (count(0), [-1, 0]), (2.5, [1]),
    ]:
        t.both("reshape", x, shape=shape)
    for x, axes in [
        (count(2, 3), None), (count(2, 3, 4), None), (count(2, 3, 4), [1, 0, 2]), (count(2, 3, 4), [-1, 0, 1]), (count(4), None), (ramp(1, 3), [1, 0]),
        (i32(5), None), (count(0, 2), None), (count(2, 3), [0, 0]), (count(2, 3), [0]), (count(2, 3), [0, 2]),
    ]:
        t.both("transpose", x, axes=axes)
    for x, a, b in [(count(2, 3), 0, 1), (count(2, 3, 4), 0, -1), (count(2, 3, 4), 1, 1), (count(1, 3, 1), 0, 1), (count(0, 2), 1, 0), (ramp(2, 2, 2), -2, -1), (count(2, 3), 0, 2)]:
        t.both("swapaxes", x, axis1=a, axis2=b)
    for x, a, b in [
        (count(2, 3, 4), [0], [-1]), (count(2, 3, 4), [2], [0]), (count(2, 3, 4), [0, 1], [-1, -2]), (count(2, 3, 4), [0, 2], [2, 0]), (count(3), [0], [0]),
        (count(0, 2), [0], [1]), (ramp(1, 2, 1), [-1], [0]), (count(2, 3), [0], [2]), (count(2, 3), [0, 0], [0, 1]),
    ]:
        t.both("moveaxis", x, source=a, destination=b)
    for x, axis in [
        (count(1, 3, 1), None), (count(1, 3, 1), [0]), (count(1, 3, 1), [-1]), (count(1, 3, 1), [0, 2]), (count(3), None), (count(1, 1), None), (i32(5), None),
        (count(1, 0), [0]), (ramp(1, 2), []), (count(1, 3), [1]), (count(1, 3), [2]),
    ]:
        t.both("squeeze", x, axis=axis)
    for x, axis in [
        (count(3), [0]), (count(3), [1]), (count(3), [-1]), (count(2, 3), [0, 2]), (count(2, 3), [0, -1]), (i32(5), [0]), (i32(5), [0, 1]), (count(0), [0]),
        (ramp(2), []), (count(3), [2]), (count(3), [0, 0]),
    ]:
        t.both("expand_dims", x, axis=axis)
    for x, shape in [
        (count(3), [2, 3]), (i32(5), [2, 2]), (count(2, 1), [2, 3]), (count(1, 3), [4, 2, 3]), (ramp(1), [0]), (count(3), [3]), (i32(5), []), (2.5, [2]),
        (BOOLS, [1, 2]), (count(1, 0), [3, 0]), (count(3), [2]), (count(2, 3), [3]), (count(2), [2, 3]),
    ]:
        t.both("broadcast_to", x, shape=shape)
    for xs, axis in [
        ([count(2), count(3)], 0), ([count(2, 3), count(1, 3)], 0), ([count(2, 3), count(2, 1)], 1), ([count(2, 3), count(2, 1)], -1), ([count(3), ramp(2)], 0),
        ([count(2, 2), count(3)], None), ([count(0), count(2)], 0), ([count(2)], 0), ([typed("int8", [1]), typed("uint8", [2]), BOOLS], 0), ([count(2, 0), count(2, 2)], 1),
        ([ramp(1, 1), ramp(1, 1)], 1), ([BOOLS, BOOLS], 0), ([count(2, 3), count(2, 2)], 0), ([count(2), count(2, 2)], 0), ([i32(1), i32(2)], 0), ([count(2), count(2)], 1),
        ([], 0), ([Weak([1]), typed("int8", [2])], 0),
    ]:
        t.both("concatenate", *xs, axis=axis)
    for xs, axis in [
        ([count(3), count(3)], 0), ([count(3), count(3)], 1), ([count(3), count(3)], -1), ([count(2, 3), count(2, 3)], 1), ([i32(1), i32(2), f32(0.5)], 0), ([count(3)], 0),
        ([count(0), count(0)], 0), ([count(3), ramp(3)], -2), ([1, 2.5], 0), ([BOOLS, BOOLS], 1), ([count(3), count(2)], 0), ([count(3), count(3)], 2),
    ]:
        t.both("stack", *xs, axis=axis)
    for x, axis in [
        (count(3), None), (count(2, 3), None), (count(2, 3), [0]), (count(2, 3), [-1]), (count(2, 3, 2), [0, 2]), (count(0), None), (i32(5), None), (ramp(1, 3), [0]),
        (count(2, 3), []), (count(2, 3), [2]),
    ]:
        t.both("flip", x, axis=axis)
    for x, shift, axis in [
        (count(5), [2], None), (count(5), [-1], None), (count(5), [7], [0]), (count(2, 3), [1], None), (count(2, 3), [1], [0]), (count(2, 3), [1], [-1]),
        (count(2, 3), [1, 2], [0, 1]), (count(2, 3), [1, 1], [1, 1]), (count(0), [2], None), (count(0, 3), [1], [1]), (i32(5), [1], None), (ramp(1, 3), [1], [0]), (count(3), [1], [1]),
    ]:
        t.both("roll", x, shift=shift, axis=axis)
    for x, reps in [
        (count(3), [2]), (count(3), [2, 2]), (count(2, 2), [2]), (count(2, 2), [1, 2]), (count(2, 2), [2, 1, 2]), (i32(5), [3]), (i32(5), []), (count(3), [0]),
        (count(0), [2]), (ramp(1, 2), [3, 1]), (BOOLS, [2]),
    ]:
        t.both("tile", x, reps=reps)
    for x, repeats, axis in [
        (count(3), 2, None), (count(2, 3), 2, None), (count(2, 3), 2, 0), (count(2, 3), 2, -1), (count(2), [0, 3], None), (count(2, 3), [1, 2], 0), (count(2, 3), [1, 0, 2], 1),
        (count(3), 0, None), (count(0), 2, None), (i32(5), 3, None), (ramp(1, 2), 2, 0), (count(2, 3), [1, 2, 3], 0), (count(3), 2, 1), (count(3), [2], None),
    ]:
        t.both("repeat", x, repeats=repeats, axis=axis)
    index = i32([2, 0, -1])
    far = i32([5, -1, -4, -3, 3])
    for x, axis in [(count(4), None), (count(3, 4), None), (count(3, 4), 0), (ramp(3, 4), 1), (ramp(3, 4), -1), (BOOLS[[0, 1, 0]], 0)]:
        t.both("take", x, index, axis=axis)
    for mode in [None, "fill", "clip", "wrap"]:
        for x in [ramp(3), count(3), typed("uint8", [1, 2, 3]), BOOLS[[0, 1, 0]]]:
            t.both("take", x, far, mode=mode)
        t.both("take", ramp(3, 2), i32([[0, 3], [-1, -4]]), axis=0, mode=mode)
    t.both("take", count(3, 4), i32([[0, 1], [2, -1]]), axis=1)
    t.both("take", count(3, 4), i32(1), axis=0)
    t.both("take", count(3, 4), 1, axis=1)
    t.both("take", count(4), count(0))
    t.both("take", count(4), typed("uint8", [1, 2]))
    t.both("take", count(0), count(1))
    t.both("take", count(4), f32([1.0]))
    for x, fill in [(ramp(3), -1), (ramp(3), 0.5), (count(3), 7), (count(3), 2.5), (typed("uint8", [1, 2, 3]), 9), (BOOLS[[0, 1, 0]], False)]:
        t.both("take", x, far, fill_value=fill)
    for axis in [0, 1]:
        for mode in [None, "clip", "wrap"]:
            t.both("take", ramp(3, 2), i32([[0, 3], [-1, -4]]), axis=axis, mode=mode, fill_value=8)
    t.both("take", ramp(2, 3), i32(3), axis=1, fill_value=8)
    t.both("take", ramp(3), typed("uint8", [0, 3, 255]), fill_value=8)
    zeros = i32([[0, 3, 0], [5, 0, -1]])
    for x in [zeros, ramp(2, 2), BOOLS, count(4), count(0), ramp(0, 3), i32([0, 0])]:
        t.both("nonzero", x)
        t.both("nonzero", x, size=2)
        # JAX leaves out the number for an array without elements.
        if x.size > 0:
            t.both("nonzero", x, size=5, fill_value=-1)
    for fill in [[9, 7], [-1, 2], [1], 2.5]:
        t.both("nonzero", zeros, size=5, fill_value=fill)
    t.both("nonzero", zeros, size=0, fill_value=[9, 7])
    t.both("nonzero", zeros, fill_value=[9, 7])
    t.both("nonzero", i32(5))
    some = np.array([True, False, True])
    for x, axis in [(count(3), None), (count(2, 2), None), (ramp(3, 2), 0), (ramp(2, 3), 1), (ramp(2, 3), -1), (ramp(2, 4, 2), 1), (count(5), 0)]:
        t.both("compress", some, x, axis=axis)
        for size in [0, 1, 3]:
            t.both("compress", some, x, axis=axis, size=size)
            t.both("compress", some, x, axis=axis, size=size, fill_value=-7)
    t.both("compress", i32([0, 2, -1]), ramp(3), size=3, fill_value=0.25)
    t.both("compress", i32([0, 2, -1]), count(3), size=3, fill_value=2.5)
    t.both("compress", np.array([True, False, True, True]), ramp(3), size=3, fill_value=9)
    t.both("compress", np.array([True, False, True, True]), ramp(3))
    t.both("compress", np.array([True, False, True, False]), ramp(3))
    t.both("compress", some, count(2), size=3)
    t.both("compress", some, ramp(3), size=4)
    t.both("compress", some, ramp(3), axis=1)
    t.both("compress", BOOLS, ramp(3))
    for x, axis in [(ramp(2, 3), 0), (ramp(2, 3), 1), (ramp(2, 3), -1), (count(3), 0), (count(1, 2), 0), (ramp(2, 3, 2), -2), (BOOLS, 0), (ramp(2, 3), 2), (f32(1), 0)]:
        t.both("unstack", x, axis=axis)
    odd = f32([NAN, 1, -0.0, 0.0, -INF, INF, 1, -2.5])
    for fn in ["sort", "argsort"]:
        for descending in [False, True]:
            for x in [odd, f32([0.0, -0.0, NAN, 1, NAN, 0.0]), i32([3, -1, 2, -1, 3]), typed("uint8", [3, 255, 0, 3]), np.array([True, False, True, False]), ramp(0), f32([1.5])]:
                t.both(fn, x, descending=descending)
            for axis in [None, 0, 1, -1, -2]:
                t.both(fn, ramp(3, 4), axis=axis, descending=descending)
        t.both(fn, ramp(2, 3, 2), axis=1)
        t.both(fn, ramp(1, 3), axis=0)
        t.both(fn, ramp(0, 3), axis=0)
        t.both(fn, f32(1.5), axis=None)
        t.both(fn, f32(1.5))
        t.both(fn, ramp(2, 3), axis=2)
        t.row(fn, typed("int64", [I64_MAX, I64_MIN, 0]), x64=True)
    for k in [0, 1, -1, 5]:
        for x in [count(3), count(2, 3), ramp(3, 2), BOOLS, count(0), count(0, 2)]:
            t.both("diag", x, k=k)
        for fn in ["tril", "triu"]:
            for x in [count(3, 3), count(2, 3), ramp(2, 3, 2), BOOLS[None, :], count(0, 2)]:
                t.both(fn, x, k=k)
    t.both("tril", count(3))
    t.both("diag", count(2, 2, 2))
    t.both("diag", i32(1))


def products(t):
    vector, matrix, batch = ramp(3), ramp(2, 3), ramp(2, 3, 4)
    pairs = [
        (vector, vector), (matrix, vector), (ramp(2), matrix), (matrix, ramp(3, 2)), (batch, ramp(4)), (batch, ramp(4, 2)), (batch, ramp(2, 4, 2)), (ramp(3), batch),
        (ramp(2, 1, 3, 4), ramp(5, 4, 2)), (ramp(2, 3), ramp(4, 3, 2)), (ramp(1, 1), ramp(1, 1)), (ramp(0), ramp(0)), (ramp(2, 0), ramp(0, 3)), (ramp(0, 3), vector), (ramp(0, 2, 3), ramp(3, 2)),
        (count(3), count(3)), (count(2, 3), count(3, 2)), (typed("int8", [100, 100]), typed("int8", [100, 2])), (typed("uint8", [100, 2]), typed("int8", [3, 4])),
        (count(2, 3), ramp(3)), (BOOLS, BOOLS), (np.array([[True, False], [True, True]]), count(2, 2)), (f32([NAN, 1, INF]), f32([0, 1, 0])), (i32([I32_MAX, 1]), i32([2, 1])),
        (f32(2.5), vector), (matrix, 2), (2.5, 2), (f32(2), f32(3)), (vector, ramp(4)), (matrix, ramp(2, 3)), (ramp(2, 3, 4), ramp(3, 4, 2)),
    ]
    for fn in ["dot", "matmul"]:
        for a, b in pairs:
            t.both(fn, a, b)
        t.row(fn, ramp(3), typed("float64", [1, 2, 3]), x64=True)
    for a, b in [(vector, ramp(2)), (matrix, ramp(2)), (f32(2), vector), (count(2), ramp(2)), (ramp(0), vector), (BOOLS, BOOLS), (typed("int8", [100]), typed("int8", [100])), (2, count(3)), (f32([NAN, INF]), f32([0, 1]))]:
        t.both("outer", a, b)
    near = f32([1.0, 2.0, 3.0])
    for a, b, args in [
        (near, near, {}), (near, near * f32(1.000005), {}), (near, near * f32(1.0001), {}), (near, near * f32(1.0001), {"rtol": 1e-3}), (f32([0.0]), f32([1e-9]), {}), (f32([0.0]), f32([1e-7]), {}),
        (f32([0.0]), f32([1e-7]), {"atol": 1e-6}), (f32([NAN]), f32([NAN]), {}), (f32([NAN]), f32([NAN]), {"equal_nan": True}), (f32([INF]), f32([INF]), {}), (f32([INF]), f32([-INF]), {}),
        (f32([INF]), f32([1.0]), {}), (near, 1.0, {}), (ramp(2, 3), ramp(2, 3), {}), (ramp(0), ramp(0), {}), (count(3), count(3), {}), (i32([10]), i32([11]), {"rtol": 0.1}), (i32([10]), i32([11]), {"rtol": 0.01}),
        (BOOLS, BOOLS, {}), (1.0, 1, {}), (f32([1.0]), f32([1.0]), {"rtol": 0, "atol": 0}),
    ]:
        t.both("allclose", a, b, **args)


def linear_algebra(t):
    general = f32([[2, -1, 0.5], [0.25, 3, -2], [1, 0, 4]])
    for x in [
        np.eye(2, dtype=np.float32), f32([[2, 1], [1, 3]]), general, f32([[0, 2], [4, 0]]), f32([[4]]), np.stack([f32([[2, 1], [1, 3]]), f32([[1, 2], [3, 5]])]), np.zeros((0, 0), np.float32),
        np.zeros((0, 2, 2), np.float32), f32([[1, 2], [2, 4]]), i32([[2, 0], [0, 4]]), typed("int8", [[2, 1], [1, 1]]), ramp(2, 3), ramp(3),
    ]:
        t.both("linalg.inv", x)
    symmetric = f32([[2, -1, 0.5], [-1, 3, -2], [0.5, -2, 4]])
    for x in [
        np.eye(2, dtype=np.float32), f32([[2, 1], [1, 3]]), symmetric, f32([[4]]), f32([[0, 1], [1, 0]]), -symmetric, np.stack([f32([[2, 1], [1, 3]]), f32([[1, 2], [2, -5]])]), general,
        f32([[1, 2], [0, 1]]), np.diag(f32([3, 1, 2])), np.zeros((2, 2), np.float32), np.zeros((0, 0), np.float32), np.zeros((0, 2, 2), np.float32), i32([[2, 1], [1, 3]]), ramp(2, 3), ramp(3),
    ]:
        t.both("linalg.eigh", x)


def searches(t):
    a = f32([-1.5, 0, 0, 2, 2, 7.5])
    for side in ["left", "right"]:
        for v in [f32([-2, -1.5, 0, 1, 2, 7.5, 8]), f32([[0, 2], [3, -3]]), f32(2), 2, f32([NAN, INF, -INF, -0.0]), ramp(0), i32([0, 2, 9])]:
            t.both("searchsorted", a, v, side=side)
        t.both("searchsorted", i32([1, 3, 3, 5]), i32([0, 3, 4, 9]), side=side)
        t.both("searchsorted", i32([1, 3, 3, 5]), f32([2.5, 3, 5.5]), side=side)
        t.both("searchsorted", f32([1, 2, 2, NAN]), f32([2, NAN, 5]), side=side)
        t.both("searchsorted", f32([]), f32([1.0]), side=side)
        t.both("searchsorted", f32([1.0]), f32([0, 1, 2]), side=side)
        t.both("searchsorted", typed("uint8", [1, 200]), typed("int8", [-1, 5]), side=side)
    t.both("searchsorted", ramp(2, 2), f32([1.0]))
    xp, fp = f32([0, 1, 2.5, 4]), f32([10, 20, -5, 0])
    for x in [f32([-1, 0, 0.5, 1, 2, 2.5, 3.9, 4, 5]), f32(0.75), 3, ramp(2, 3), ramp(0), f32([NAN, INF, -INF]), i32([0, 1, 3])]:
        t.both("interp", x, xp, fp)
        t.both("interp", x, xp, fp, left=-99.0, right=99.0)
    t.both("interp", f32([0.5, 1.5]), i32([0, 1, 2]), i32([0, 10, 40]))
    t.both("interp", f32([0.5, 1.0, 1.5]), f32([0, 1, 1, 2]), f32([0, 1, 5, 6]))
    t.both("interp", f32([0, 3]), f32([1]), f32([7]))


def lines(t):
    """Functions on a line, and matrices put together and taken apart."""
    for p, x in [
        (f32([2, 5, 1]), 3), (f32([2, -1, 0.5]), f32([0, 1, -2])), (i32([2, 5, 1]), i32([3, -1])), (f32([1.5]), ramp(3)), (f32([]), ramp(3)), (ramp(2, 3), ramp(3)), (f32([1, 2]), ramp(2, 2)),
        (i32([1, 2]), f32([0.5])), (f32([1, 0, 0]), f32([INF, NAN])), (f32(1), f32(2)),
    ]:
        t.both("polyval", p, x)
    for x, args in [
        (f32([1, 4, 9, 16.5]), {}), (i32([3, 1, 1]), {}), (ramp(2, 3), {}), (ramp(2, 3), {"axis": 0}), (ramp(1), {}), (ramp(0), {}), (BOOLS, {}), (typed("uint8", [1, 0, 255]), {}), (f32([INF, INF, NAN]), {}), (f32(1), {}), (ramp(2), {"axis": 1}),
    ]:
        t.both("diff", x, **args)
    for x, n in [(f32([1, 2, -3]), 3), (f32([2]), 4), (i32([1, 2, 3]), 2), (ramp(2), 0), (ramp(0), 2), (ramp(2, 2), 2)]:
        t.both("vander", x, N=n)
    holes = f32([[1.5, NAN, -2], [NAN, NAN, 0.25]])
    for fn in ["nansum", "nanprod", "nanmean", "nanmax", "nanmin"]:
        for x, args in [(holes, {}), (holes, {"axis": 0}), (holes, {"axis": 1, "keepdims": True}), (f32([NAN, NAN]), {}), (ramp(3), {}), (count(2, 3), {"axis": 1}), (f32([INF, NAN, 1]), {}), (f32(NAN), {})]:
            t.both(fn, x, **args)
    for fn in ["vstack", "hstack", "column_stack"]:
        for xs in [(ramp(3), ramp(3)), (ramp(2, 3), ramp(2, 3)), (ramp(3), count(3)), (f32(1), f32(2)), (ramp(2, 3), ramp(3, 2)), (ramp(2, 3, 2), ramp(2, 3, 2))]:
            t.both(fn, *xs)
    square = f32([[1, 2, 3], [4, 5, 6], [7, 8, 9.5]])
    for fn in ["diagonal", "trace"]:
        for x, k in [(square, 0), (square, 1), (square, -2), (square, 5), (ramp(2, 4), 1), (count(2, 2), 0), (ramp(2, 3, 4), 0), (ramp(0, 3), 0), (ramp(3), 0)]:
            t.both(fn, x, offset=k)
    for x, i, axis in [
        (ramp(2, 3), i32([[2, 0], [1, 1]]), -1), (ramp(2, 3), i32([[1, 0, 1]]), 0), (ramp(3), i32([-1, 0, 5]), 0), (count(2, 2), i32([[1, 0], [0, 1]]), 1), (ramp(1, 3), i32([[0], [2]]), 1), (ramp(2, 3), i32([0]), 1),
    ]:
        t.both("take_along_axis", x, i, axis=axis)
        t.both("take_along_axis", x, i, axis=axis, mode="clip")
    for x, i in [(ramp(2, 3), i32([[3, -4, 0], [-3, 2, 9]])), (count(2, 3), i32([[3, -4], [-3, 2]])), (typed("uint8", [[1, 2]]), i32([[2], [-1]]))]:
        for mode in [None, "fill", "clip"]:
            t.both("take_along_axis", x, i, axis=1, mode=mode)
            t.both("take_along_axis", x, i, axis=1, mode=mode, fill_value=7)
    general = f32([[2, -1, 0.5], [0.25, 3, -2], [1, 0, 4]])
    for a, b in [
        (general, f32([1, 2, -0.5])), (general, ramp(3, 2)), (f32([[0, 2], [4, 0]]), f32([1, 2])), (np.stack([general, general.T]), ramp(3, 2)), (general, ramp(2, 3, 1)), (np.zeros((0, 0), np.float32), ramp(0)), (i32([[2, 0], [0, 4]]), i32([1, 2])),
        (ramp(2, 3), ramp(2)), (general, ramp(2)),
    ]:
        t.both("linalg.solve", a, b)
    for x, args in [
        (f32([3, 4]), {}), (ramp(2, 3), {}), (ramp(2, 3), {"axis": 1}), (ramp(2, 3), {"axis": 0, "keepdims": True}), (ramp(2, 3, 2), {"axis": [0, 2]}), (i32([3, 4]), {}), (ramp(0), {}), (f32([NAN, 1]), {}), (f32([INF, 1]), {}), (f32(-2), {}), (ramp(2), {"axis": 1}),
    ]:
        t.both("linalg.norm", x, **args)
    for order in [1, 2, 3, 0, "inf", "-inf", 0.5]:
        t.both("linalg.vector_norm", f32([3, -4, 0, 0.5]), ord=order)
        t.both("linalg.vector_norm", ramp(2, 3), ord=order, axis=1, keepdims=True)


PARTS = [creation, elementwise, reductions, shapes, products, linear_algebra, searches, lines]
