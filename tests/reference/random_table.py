"""random.json: keys and draws, to be reproduced bit for bit (f64 normals within 2 ulp).

`rows` hold whole results. `hashes` stand for draws too large to keep: `fnv1a64` is the 64-bit FNV-1a hash of the draw's bytes,
elements in row-major order, each little-endian. `files` name raw little-endian files next to random.json.
Keys are written as their two words.
"""

import jax
import jax.numpy as jnp
import numpy as np

from encode import DATA, array, check_width

SEEDS = [0, 1, 42, 1234, -1, 2**31 - 1, 2**31, 2**32 - 1, 2**32 + 5, -(2**31), 2**63 - 1]
KEYS = [(0, 0), (0, 1), (0, 42), (0xDEADBEEF, 0x12345678)]
SHAPES = [[], [5], [2, 3], [3, 3], [0], [2, 0], [1]]
BOUNDS = [(0.0, 1.0), (-3.0, 7.1), (-1.0, 1.0)]
WIDTHS = [8, 16, 32, 64]
FLOATS = ["float32", "float64"]

DRAWS = 100_000
LARGE_SHAPES = [[DRAWS], [100, 1000], [10, 100, 100]]
NORMALS = 1_000_000
F64_NORMALS = 20_000

GRID = np.arange(15.0).reshape(3, 5).tolist()
# Two rounds of sorting, for the number of all elements. An axis alone would take one.
LONG = np.arange(2000.0).reshape(1000, 2).tolist()
LOGITS = [[-1.0, 0.5, 0.0, 2.0, -3.0], [0.0, 0.25, 0.0, -0.5, 1.0]]

# Other samplers, as named in jax.random, all with PRNGKey(42): with 32-bit types, with 64-bit types as well (True), or only (None).
SAMPLERS = [
    ("randint", {"shape": [6], "minval": 0, "maxval": 10}, True),
    ("randint", {"shape": [2, 2], "minval": -5, "maxval": 1000000}, True),
    ("randint", {"shape": [3], "minval": 7, "maxval": 7}, False),
    ("randint", {"shape": [1000], "minval": -100, "maxval": 100}, True),
    *(("randint", {"shape": [20], "minval": low, "maxval": high, "dtype": dtype}, False) for dtype, low, high in [
        ("uint8", 0, 256), ("uint8", 0, 200), ("int8", -128, 127), ("int8", -300, 300), ("int16", -5, 5), ("uint16", 0, 65536), ("int32", -(2**31), 2**31 - 1), ("uint32", 5, 2**31 - 1),
    ]),
    ("randint", {"shape": [20], "minval": -(2**63), "maxval": 2**63 - 1, "dtype": "int64"}, None),
    ("randint", {"shape": [20], "minval": 0, "maxval": 2**40, "dtype": "uint64"}, None),
    ("permutation", {"x": 10}, True),
    ("permutation", {"x": 1}, False),
    ("permutation", {"x": 0}, False),
    ("permutation", {"x": 2000}, False),
    *(("permutation", {"x": GRID, "axis": axis, "independent": independent}, True) for axis in [0, 1, -1] for independent in [False, True]),
    *(("permutation", {"x": x, "axis": 0, "independent": True}, False) for x in [7, [3.0, 1.0, 2.0, 1.0], LONG]),
    ("choice", {"a": 10, "shape": [6], "replace": True, "p": None}, True),
    ("choice", {"a": 10, "shape": [2, 3], "replace": False, "p": None}, True),
    ("choice", {"a": [1.5, 2.5, 4.0], "shape": [5], "replace": True, "p": None}, False),
    ("choice", {"a": 4, "shape": [50], "replace": True, "p": [0.1, 0.2, 0.3, 0.4]}, True),
    ("choice", {"a": 4, "shape": [3], "replace": False, "p": [0.1, 0.2, 0.3, 0.4]}, True),
    ("bernoulli", {"p": 0.3, "shape": [8]}, True),
    ("rademacher", {"shape": [8]}, True),
    ("categorical", {"logits": [-1.0, 0.5, 0.0], "shape": [20]}, True),
    ("categorical", {"logits": LOGITS, "axis": 0}, True),
    ("categorical", {"logits": LOGITS, "axis": -1, "shape": [4, 2]}, True),
    *(("categorical", {"logits": LOGITS, "axis": axis, "shape": shape, "replace": False}, True) for axis, shape in [(-1, [3, 2]), (1, [2, 2, 2]), (0, [2, 5]), (-2, [1, 5]), (-1, [2]), (-1, [0, 2])]),
    ("categorical", {"logits": [-1.0, 0.5, 0.0, 2.0], "shape": [4], "replace": False}, True),
    ("geometric", {"p": 0.3, "shape": [20]}, True),
    ("exponential", {"shape": [4]}, True),
    ("gumbel", {"shape": [4]}, True),
    ("laplace", {"shape": [20]}, True),
    ("logistic", {"shape": [20]}, True),
    ("cauchy", {"shape": [20]}, True),
    ("lognormal", {"sigma": 0.5, "shape": [20]}, True),
    ("pareto", {"b": 2.5, "shape": [20]}, True),
    ("rayleigh", {"scale": 1.5, "shape": [20]}, True),
    ("weibull_min", {"scale": 1.0, "concentration": 1.5, "shape": [20]}, True),
    ("truncated_normal", {"lower": -1.0, "upper": 0.5, "shape": [20]}, True),
    ("truncated_normal", {"lower": 6.0, "upper": 9.0, "shape": [3]}, False),
    ("gamma", {"a": 2.5, "shape": [4]}, False),
    ("poisson", {"lam": 3.5, "shape": [6]}, True),
    ("poisson", {"lam": 30.0, "shape": [6]}, True),
    ("poisson", {"lam": 3.5, "shape": [1000]}, False),
    ("poisson", {"lam": 30.0, "shape": [1000]}, False),
    ("poisson", {"lam": [0.0, 0.5, 9.99, 10.0, 1e3, 1e7, -1.0, 9.0], "shape": [8]}, True),
    ("binomial", {"n": 10, "p": 0.3, "shape": [6]}, False),
]


def fnv1a64(data):
    """64-bit FNV-1a: for every byte, xor it in and multiply by the prime, modulo 2^64."""
    state = 0xCBF29CE484222325
    for byte in data:
        state = ((state ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return state


assert fnv1a64(b"foobar") == 0x85944171F73967E8


def little_endian(values):
    host = np.asarray(values)
    return host.astype(host.dtype.newbyteorder("<")).tobytes()


def key_of(words):
    return jnp.array(words, jnp.uint32)


def draw(fn, words, args):
    """The draw, with x64 on for 64-bit results only: JAX's result does not otherwise depend on the switch (checked in `generate`)."""
    shape = tuple(args["shape"])
    if fn == "bits":
        return jax.random.bits(key_of(words), shape, jnp.dtype(f"uint{args['width']}"))
    if fn == "uniform":
        return jax.random.uniform(key_of(words), shape, jnp.dtype(args["dtype"]), args["minval"], args["maxval"])
    if fn == "normal":
        return jax.random.normal(key_of(words), shape, jnp.dtype(args["dtype"]))
    return getattr(jax.random, fn)(key_of(words), **keywords(args))


def wide(args):
    return args.get("width") == 64 or args.get("dtype") == "float64"


def requests(shapes, widths=WIDTHS, floats=FLOATS):
    for shape in shapes:
        for width in widths:
            yield "bits", {"shape": shape, "width": width}
        for dtype in floats:
            for low, high in BOUNDS:
                yield "uniform", {"shape": shape, "dtype": dtype, "minval": low, "maxval": high}
            yield "normal", {"shape": shape, "dtype": dtype}


def key_rows():
    for x64 in [False, True]:
        with jax.enable_x64(x64):
            for seed in SEEDS:
                yield {"fn": "key", "x64": x64, "args": {"seed": seed}, "outputs": [array(jax.random.PRNGKey(seed))]}
    for words in KEYS:
        for shape in [[1], [2], [3], [7], [2, 3], [3, 1], [0]]:
            yield {"fn": "split", "x64": False, "key": list(words), "args": {"shape": shape}, "outputs": [array(jax.random.split(key_of(words), tuple(shape)))]}
        for data in [0, 1, 7, 1234567, 2**31, 2**32 - 1]:
            yield {"fn": "fold_in", "x64": False, "key": list(words), "args": {"data": data}, "outputs": [array(jax.random.fold_in(key_of(words), np.uint32(data)))]}


def draw_rows():
    for words in KEYS:
        for fn, args in requests(SHAPES):
            with jax.enable_x64(wide(args)):
                values = draw(fn, words, args)
                check_width([values], wide(args))
                yield {"fn": fn, "x64": wide(args), "key": list(words), "args": args, "outputs": [array(values)]}
            if not wide(args):
                with jax.enable_x64(True):
                    assert (np.asarray(draw(fn, words, args)) == np.asarray(values)).all()
    # The lecture's keys: seed 1234, and what it splits into.
    first, second = (tuple(int(word) for word in key) for key in jax.random.split(jax.random.PRNGKey(1234)))
    for words in [(0, 1234), first, second]:
        for dtype in FLOATS:
            args = {"shape": [3, 3], "dtype": dtype}
            with jax.enable_x64(wide(args)):
                yield {"fn": "normal", "x64": wide(args), "key": list(words), "args": args, "outputs": [array(draw("normal", words, args))]}
    for fn, args, both in SAMPLERS:
        for x64 in {True: [False, True], False: [False], None: [True]}[both]:
            with jax.enable_x64(x64):
                yield {"fn": fn, "x64": x64, "key": [0, 42], "args": args, "outputs": [array(getattr(jax.random, fn)(key_of((0, 42)), **keywords(args)))]}


def keywords(args):
    """Lists of numbers are arrays, but for shapes."""
    def value(name, given):
        if name == "shape":
            return tuple(given)
        return jnp.array(given) if isinstance(given, list) else given
    return {name: value(name, given) for name, given in args.items()}


def hashed(fn, words, args):
    with jax.enable_x64(wide(args)):
        values = np.asarray(draw(fn, words, args))
    flat = values.ravel()
    return {
        "fn": fn, "x64": wide(args), "key": list(words), "args": args, "fnv1a64": f"{fnv1a64(little_endian(values)):016x}",
        "first": array(flat[:3]), "last": array(flat[-3:]),
    }


def hash_rows():
    for index, words in enumerate(KEYS):
        for fn, args in requests([LARGE_SHAPES[index % 3]]):
            if fn != "normal":
                yield hashed(fn, words, args)
    for fn, args in requests(LARGE_SHAPES[1:], floats=["float32"]):
        if fn != "normal":
            yield hashed(fn, (0, 42), args)
    for words in KEYS[1:]:
        yield hashed("normal", words, {"shape": [NORMALS], "dtype": "float32"})
    for lam in [3.5, 300.0, 1e6]:
        yield hashed("poisson", (0, 77), {"lam": lam, "shape": [20_000]})


def f64_normals():
    args = {"shape": [F64_NORMALS], "dtype": "float64"}
    with jax.enable_x64(True):
        values = np.asarray(draw("normal", (0, 42), args))
    (DATA / "normal_f64.bin").write_bytes(little_endian(values))
    return {"fn": "normal", "x64": True, "key": [0, 42], "args": args, "file": "normal_f64.bin"}


def generate():
    return {"rows": [*key_rows(), *draw_rows()], "hashes": list(hash_rows()), "files": [f64_normals()]}
