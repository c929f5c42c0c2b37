"""indexing.json and at.json: reading by index, and `.at[index]` updates.

ITEM = {"int": -1} | {"slice": [start|null, stop|null, step|null]} | {"ellipsis": true} | {"newaxis": true}
     | {"array": ARRAY} | {"bool_array": ARRAY}
An index is always a list of items, one for a plain index.
"""

import warnings

import jax
import jax.numpy as jnp
import numpy as np

from encode import array, check_width, decode, operand, to_jax

NEW = None
ALL = slice(None)
DOTS = Ellipsis


def count(*shape, dtype=np.int32):
    return np.arange(int(np.prod(shape)), dtype=dtype).reshape(shape)


def ix(values):
    return np.array(values, np.int32)


def mask(values):
    return np.array(values, bool)


def f32(values):
    return np.array(values, np.float32)


def item(part):
    """ITEM for one part of a Python index."""
    if part is None:
        return {"newaxis": True}
    if part is Ellipsis:
        return {"ellipsis": True}
    if isinstance(part, int):
        return {"int": part}
    if isinstance(part, slice):
        return {"slice": [part.start, part.stop, part.step]}
    return {"bool_array" if part.dtype == np.bool_ else "array": array(part)}


def part(item):
    """The part of a Python index that `item` wrote."""
    ((kind, value),) = item.items()
    if kind == "slice":
        return slice(*value)
    return {"newaxis": None, "ellipsis": Ellipsis}.get(kind, decode(value) if isinstance(value, dict) else value)


LINE, PLANE, CUBE = count(5), count(3, 4), count(2, 3, 4)

READS = [
    # integers
    (LINE, [0]), (LINE, [-1]), (LINE, [-5]), (PLANE, [1]), (PLANE, [-1, 2]), (CUBE, [1, -1, 0]), (CUBE, [0, 2]), (count(1), [0]), (PLANE, []), (ix(7), []),
    # slices
    (LINE, [slice(1, 4)]), (LINE, [slice(None, -1)]), (LINE, [slice(-3, None)]), (LINE, [slice(None, None, 2)]), (LINE, [slice(1, None, 3)]), (LINE, [slice(3, 1)]),
    (LINE, [slice(2, 100)]), (LINE, [slice(-100, 2)]), (LINE, [slice(100, 200)]), (LINE, [slice(-100, -50)]), (LINE, [ALL]), (LINE, [slice(2, 2)]), (LINE, [slice(0, 5, 100)]),
    (PLANE, [slice(1, 3), slice(0, 4, 2)]), (PLANE, [ALL, 1]), (PLANE, [ALL, slice(-2, None)]), (CUBE, [ALL, 1, slice(1, 3)]), (CUBE, [1, slice(None, 2)]),
    # negative steps
    (LINE, [slice(None, None, -1)]), (LINE, [slice(None, None, -2)]), (LINE, [slice(3, 0, -1)]), (LINE, [slice(-1, -4, -1)]), (LINE, [slice(100, None, -1)]), (LINE, [slice(100, -100, -2)]),
    (LINE, [slice(0, 3, -1)]), (LINE, [slice(None, 2, -1)]), (PLANE, [slice(None, None, -1), slice(None, None, -1)]), (PLANE, [-1, slice(None, None, -3)]), (LINE, [slice(-100, None, -1)]),
    # ellipsis and new axes
    (CUBE, [DOTS]), (CUBE, [DOTS, 0]), (CUBE, [0, DOTS]), (CUBE, [0, DOTS, 1]), (CUBE, [0, 1, 2, DOTS]), (CUBE, [DOTS, slice(1, 3)]), (LINE, [NEW]), (LINE, [ALL, NEW]), (LINE, [NEW, ALL, NEW]),
    (PLANE, [NEW, 1]), (PLANE, [1, NEW]), (PLANE, [ALL, NEW, 2]), (PLANE, [DOTS, NEW]), (PLANE, [NEW, DOTS, NEW, 0]), (CUBE, [slice(0, 1), NEW, DOTS, slice(None, None, 2)]), (ix(7), [NEW]), (ix(7), [DOTS]), (ix(7), [DOTS, NEW]),
    # integer arrays
    (LINE, [ix([0, 3, 3])]), (LINE, [ix([-1, -5])]), (LINE, [ix([[0, 1], [2, 3]])]), (LINE, [ix(2)]), (LINE, [ix([])]), (LINE, [np.array([1, 2], np.uint8)]), (LINE, [np.array([-1, 2], np.int8)]),
    (PLANE, [ix([0, 2])]), (PLANE, [ix([0, 2]), ix([1, 3])]), (PLANE, [ix([[0], [2]]), ix([1, 3])]), (PLANE, [ix([0, 1, 2]), ix(1)]), (PLANE, [ix([0, 2]), 1]), (PLANE, [1, ix([0, 2])]), (PLANE, [ALL, ix([3, 0])]),
    (PLANE, [slice(1, 3), ix([3, 0])]), (PLANE, [ix([3, 0]) % 3, slice(None, None, -1)]), (CUBE, [ALL, ix([0, 2])]), (CUBE, [ix([1, 0]), ix([0, 2])]), (CUBE, [DOTS, ix([0, 3])]), (CUBE, [1, ix([0, 2]), slice(0, 2)]),
    (CUBE, [ALL, ix([0, 2]), ix([1, 3])]), (CUBE, [ix([[0, 1], [1, 0]])]), (CUBE, [ix([0, 1]), DOTS, NEW]), (CUBE, [NEW, ix([0, 1])]), (PLANE, [ix([]), ix([])]), (PLANE, [ix(1), ix(2)]), (PLANE, [ix(-1), ALL]),
    # advanced parts that are apart: their axes move to the front
    (CUBE, [ALL, ix([0, 2]), DOTS, ix([1, 3])]), (CUBE, [ALL, 1, DOTS, ix([1, 3])]), (CUBE, [ix([0, 1]), DOTS, ix([0, 2]), 1]), (PLANE, [mask([1, 0, 1]), DOTS, ix([1, 3])]), (CUBE, [ALL, mask([1, 0, 1]), DOTS, 1]), (CUBE, [DOTS, ALL, ix([0, 2]), ix([1, 3])]), (CUBE, [ALL, ix([0, 2]), ix([1, 3]), DOTS]),
    (CUBE, [ix([0, 1]), ALL, ix([1, 3])]), (CUBE, [0, ALL, ix([1, 3])]), (CUBE, [ix([0, 1]), ALL, 2]), (CUBE, [ix([[0], [1]]), slice(0, 2), ix([1, 3])]), (CUBE, [ALL, ix([0, 2]), NEW, ix([1, 3])]),
    (count(2, 3, 2, 2), [ALL, ix([0, 2]), ALL, ix([0, 1])]), (count(2, 3, 2, 2), [ALL, 1, DOTS, ix([0, 1, 1])]), (count(2, 3, 2, 2), [ALL, ix([0, 2]), ix([0, 1])]), (PLANE, [ix([0, 1]), NEW, ix([1, 2])]),
    # boolean masks
    (LINE, [mask([1, 0, 1, 0, 0])]), (LINE, [mask([0, 0, 0, 0, 0])]), (PLANE, [PLANE % 3 == 0]), (PLANE, [mask([1, 0, 1])]), (PLANE, [ALL, mask([1, 0, 0, 1])]), (PLANE, [mask([1, 0, 1]), 1]), (PLANE, [mask([1, 0, 1]), ix([1, 3])]),
    (PLANE, [mask([1, 0, 1]), mask([0, 1, 0, 1])]), (CUBE, [mask([[1, 0, 1], [0, 1, 0]])]), (CUBE, [ALL, mask([1, 0, 1]), ix(1)]), (CUBE, [mask([1, 0]), ALL, ix([2])]), (CUBE, [mask([1, 1]), DOTS, NEW]), (CUBE, [1, mask([0, 1, 1])]),
    # indices out of bounds in arrays clamp
    (LINE, [ix([5, 100, -6, -100])]), (LINE, [ix(9)]), (PLANE, [ix([3, -4]), ix([4, -5])]), (PLANE, [ALL, ix([7, -7])]), (f32([1, 2, 3]), [ix([[3, -1], [-4, 0]])]), (count(1, 3), [ix([5, -5])]), (CUBE, [ix([2]), ALL, ix([9])]),
    # sizes 0 and 1, other dtypes
    (count(0), [ALL]), (count(0), [slice(None, None, -1)]), (count(0, 3), [ALL, 1]), (count(0, 3), [DOTS, slice(0, 2)]), (count(0), [ix([])]), (count(3, 0), [1]), (count(3, 0), [ix([0, 2])]), (count(1, 1), [0, slice(None, None, -1)]),
    (f32([[1.5, -0.0], [np.nan, 2]]), [ALL, 0]), (mask([1, 0, 1]), [slice(None, None, -1)]), (np.array([1, 2, 3], np.uint8), [ix([2, 0])]),
]

READS_X64 = [(PLANE.astype(np.int64), [ix([2, 0]).astype(np.int64)]), (count(4, dtype=np.float64) / 3, [slice(None, None, -1)]), (PLANE.astype(np.float64), [ALL, np.array([3, -9], np.int64)]), (count(3, dtype=np.uint64), [np.array([1], np.uint64)])]

F5 = f32([1, -2, 3, -4, 5])
FP = (count(3, 4) - 5).astype(np.float32) / 2

# (array, index, value)
UPDATE_INDICES = [
    (LINE, [0], 7), (LINE, [-1], 7), (LINE, [slice(1, 3)], 7), (LINE, [slice(None, None, -2)], ix([10, 20, 30])), (LINE, [slice(3, 100)], ix([8, 9])), (PLANE, [1], 7), (PLANE, [1], ix([5, 6, 7, 8])),
    (PLANE, [ALL, 2], ix([5, 6, 7])), (PLANE, [slice(1, 3), slice(0, 2)], ix([[50], [-60]])), (CUBE, [DOTS, 0], 3), (CUBE, [0, DOTS], ix([1, 2, 3, 4])), (LINE, [ix([1, 3])], 7), (LINE, [ix([1, -1])], ix([7, -8])),
    (PLANE, [ix([0, 2])], ix([1, 0, -1, 2])), (PLANE, [ix([0, 2]), ix([1, 3])], ix([7, -8])), (PLANE, [ix([[0], [2]]), ix([1, 3])], ix([[7, -8], [9, 1]])), (PLANE, [ALL, ix([3, 0])], ix([70, -80])),
    (CUBE, [ix([0, 1]), ALL, ix([1, 3])], ix([7, -8, 9])), (LINE, [ix([1, 5, 100, -1, -6, -100])], ix([10, 11, 12, 13, 14, 15])), (PLANE, [ix([3, 0]), ix([0, 4])], 7), (LINE, [mask([1, 0, 1, 0, 0])], 9),
    (LINE, [mask([1, 0, 1, 0, 0])], ix([9, -9])), (PLANE, [PLANE % 3 == 0], -1), (PLANE, [mask([1, 0, 1])], ix([5, 6, 7, 8])), (LINE, [mask([0, 0, 0, 0, 0])], 9), (LINE, [ALL], 2), (LINE, [], ix([5, 4, 3, 2, 1])), (ix(3), [], 5),
    (F5, [slice(1, 4)], 0.5), (F5, [ix([0, 4])], f32([np.nan, 9.5])), (F5, [1], 2), (FP, [ALL, slice(1, 3)], f32([[1.5, -2.5]])), (LINE, [ix([])], 9), (count(0), [ALL], 1), (count(0, 3), [ALL, 1], 4), (LINE, [2, NEW], ix([6])),
    (PLANE, [NEW, ALL, 1], ix([[7, 8, 9]])), (count(5, dtype=np.int8), [slice(0, 3)], 100), (count(5, dtype=np.uint8), [2], 200),
]

# Indices into axes that have no elements: an update drops all of them.
EMPTY = [
    (f32([]), [ix([0])], 1.0), (f32([]), [ix([0, -1, 7])], f32([1, 2, 3])), (count(0, 2), [ix([0, 1])], 7), (count(0, 2), [ix([1]), 0], 7), (count(2, 0), [ALL, ix([0, 1])], 7), (count(2, 0), [1, ix([[0, 1]])], ix([[5, 6]])),
    (count(2, 0), [ix([0, 1])], 7), (count(0, 3), [ix([0]), ix([2])], 7), (count(0, 3), [DOTS, ix([0, 2])], 7), (count(3, 0, 2), [slice(1, 3), ix([0]), ix([1])], 7), (count(2, 0), [mask([1, 0]), ix([0])], 7),
]

# Places named more than once: not for `set`, where which value stays is not defined.
DUPLICATES = [(LINE, [ix([1, 1, 3])], ix([7, 2, 5])), (F5, [ix([[0, 0], [0, 2]])], 2.0), (PLANE, [ix([0, 0])], ix([[1, 2, 3, 4], [5, -6, 7, -8]])), (PLANE, [ALL, ix([1, 1, 1])], 2), (LINE, [ix([0, 0, 9])], ix([3, 3, 3])), (LINE, [ix([1, 1])], 0.7)]

# A value of another dtype: the update runs in the promoted dtype and the result is cast back to the array's.
CASTS = [
    (LINE, [0], 1.7), (LINE, [slice(1, 4)], f32([-1.5, 2.5, 0.9])), (LINE, [2], f32(np.nan)), (LINE, [2], f32(3e9)), (count(3, dtype=np.int8), [0], 300), (count(3, dtype=np.int8), [0], ix(300)),
    (count(3, dtype=np.uint8), [1], ix(-1)), (F5, [ix([0, 1])], ix([7, 8])), (mask([1, 0, 1]), [0], 0), (mask([1, 0, 1]), [1], 2.5), (LINE, [1], True), (F5, [0], True),
]

SHAPES = [(5,), (2, 3), (3, 2, 4), (1, 2, 3), (2, 1, 2, 3), (2, 2, 2, 2)]


def drawn(rng):
    """A shape, and an index of every kind of item into it: arrays of indices beside each other and apart, with an ellipsis that covers some axes, or none."""
    shape = SHAPES[rng.integers(len(SHAPES))]
    common = [(2,), (1,), (3,), (2, 1), ()][rng.integers(5)]
    axes = int(rng.integers(1, len(shape) + 1)) if rng.random() < 0.5 else len(shape)
    dots = int(rng.integers(axes + 1)) if axes < len(shape) or rng.random() < 0.5 else None
    parts, axis, length = [], 0, int(np.prod(common))
    for i in range(axes):
        if dots == i:
            parts.append(DOTS)
            axis += len(shape) - axes
        n = shape[axis]
        axis += 1
        kind = rng.choice(["array", "array", "array", "int", "slice", "all", "new", "mask"])
        if kind == "new":
            parts.append(NEW)
        if kind == "mask" and len(common) == 1 and length <= n:
            held = np.zeros(n, bool)
            held[rng.permutation(n)[:length]] = True
            parts.append(held)
        elif kind in ("array", "mask"):
            parts.append(ix(rng.integers(-n, n, common)))
        elif kind == "int":
            parts.append(int(rng.integers(-n, n)))
        elif kind == "slice":
            parts.append([slice(None, None, -1), slice(0, 1), slice(1, None), slice(None, None, 2)][rng.integers(4)])
        else:
            parts.append(ALL)
    if dots == axes:
        parts.append(DOTS)
    return count(*shape), parts


def draws(seed, number):
    rng = np.random.default_rng(seed)
    return [drawn(rng) for _ in range(number)]


MODES = [(LINE, [ix([1, 5, -6])], ix([10, 20, 30])), (F5, [ix([-1, 7, -9])], f32([0.5, 2.5, -1.5])), (PLANE, [ix([2, 3])], ix([1, 2, 3, 4]))]


def reading(x, index, x64):
    with jax.enable_x64(x64):
        x = to_jax(x)
        output = x[tuple(to_jax(part) for part in index)]
        check_width([x, output], x64)
        return {"x64": x64, "inputs": [array(x)], "index": [item(part) for part in index], "outputs": [array(output)]}


def update(x, index, method, value, mode=None, x64=False):
    with jax.enable_x64(x64), warnings.catch_warnings():
        # Casting a float into an integer array is deprecated, and done.
        warnings.filterwarnings("ignore", "scatter inputs have incompatible types", FutureWarning)
        x, value = to_jax(x), to_jax(value)
        place = x.at[tuple(to_jax(part) for part in index)]
        keywords = {} if mode is None else {"mode": mode}
        if method == "get":
            output = place.get(**keywords)
        elif method == "apply":
            output = place.apply(jnp.negative, **keywords)
        else:
            output = getattr(place, method)(value, **keywords)
        row = {"x64": x64, "inputs": [array(x)], "index": [item(part) for part in index], "method": method}
        if method == "apply":
            row["fn"] = "negative"
        return row | {"mode": mode, "value": operand(value), "outputs": [array(output)]}


def updates():
    arithmetic = ["add", "multiply", "min", "max"]
    for x, index, value in UPDATE_INDICES:
        yield update(x, index, "get", None)
        yield update(x, index, "apply", None)
        for method in ["set"] + arithmetic:
            yield update(x, index, method, value)
    for x, index, value in DUPLICATES:
        for method in arithmetic:
            yield update(x, index, method, value)
    for x, index, value in CASTS:
        for method in ["set"] if x.dtype == np.bool_ else ["set", "add", "multiply", "max"]:
            yield update(x, index, method, value)
    for x, index, value in EMPTY:
        yield update(x, index, "apply", None)
        for method in ["set"] + arithmetic:
            for mode in [None, "drop", "clip"]:
                yield update(x, index, method, value, mode)
    for i, (x, index) in enumerate(draws(1, 150)):
        place = x[tuple(index)]
        # Which of several values for one place stays is not defined.
        yield update(x, index, "set", -1)
        yield update(x, index, arithmetic[i % 4], (7 * np.arange(place.size, dtype=np.int32) % 5 - 2).reshape(place.shape))
    for x, index, value in MODES:
        for mode in ["fill", "clip"]:
            yield update(x, index, "get", None, mode)
        for mode in ["drop", "clip"]:
            yield update(x, index, "set", value, mode)
            yield update(x, index, "add", value, mode)
    wide = np.array([1, 2, 3], np.int64)
    for method in ["set"] + arithmetic:
        yield update(wide, [np.array([0, -1, 3], np.int64)], method, np.array([2**40, -5, 1], np.int64), x64=True)
        yield update(wide.astype(np.float64), [1], method, 0.1, x64=True)
        yield update(f32([1, 2, 3]), [1], method, np.array(0.1), x64=True)
        yield update(wide, [slice(0, 2)], method, 1.5, x64=True)


def generate():
    rows = [reading(x, index, False) for x, index in READS + draws(0, 400)] + [reading(x, index, True) for x, index in READS_X64]
    jax.clear_caches()
    return {"indexing.json": {"rows": rows}, "at.json": {"rows": list(updates())}}
