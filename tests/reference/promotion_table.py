"""promotion.json: the dtype and weakness of results.

An operand is "int8" (an array of shape () of that dtype), "weak int32" (a weakly typed one), or "python bool", "python int",
"python float" (a Python scalar). `pairs` has every ordered pair of operands under several binary functions, `unary` every
operand under functions of one array. A result is "int8" or "weak int32", or null where JAX refuses.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax._src.lax.lax import _convert_element_type

NARROW = ["bool", "int8", "int16", "int32", "uint8", "uint16", "uint32", "float32"]
WIDE = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"]

PAIRS = {
    "add": jnp.add,
    "divide": jnp.divide,
    "floor_divide": jnp.floor_divide,
    "power": jnp.power,
    "maximum": jnp.maximum,
    "arctan2": jnp.arctan2,
    "equal": jnp.equal,
    "bitwise_and": jnp.bitwise_and,
    "left_shift": jnp.left_shift,
    "where": lambda x, y: jnp.where(True, x, y),
    "dot": jnp.dot,
    "concatenate": lambda x, y: jnp.concatenate([jnp.atleast_1d(x), jnp.atleast_1d(y)]),
}

UNARY = {
    "true_divide_by_itself": lambda x: jnp.divide(x, x),
    "equal_to_itself": lambda x: jnp.equal(x, x),
    "power_2": lambda x: jnp.power(x, 2),
    "power_0.5": lambda x: jnp.power(x, 0.5),
    "astype_float32": lambda x: jnp.asarray(x).astype("float32"),
    "reshape": lambda x: jnp.reshape(x, (1,)),
    "broadcast_to": lambda x: jnp.broadcast_to(x, (2,)),
    "sort": lambda x: jnp.sort(jnp.reshape(x, (1,))),
    "argsort": lambda x: jnp.argsort(jnp.reshape(x, (1,))),
    "clip_1_2": lambda x: jnp.clip(x, 1, 2),
    "clip_0.5_2.5": lambda x: jnp.clip(x, 0.5, 2.5),
    "full": lambda x: jnp.full((2,), x),
    "stack": lambda x: jnp.stack([x, x]),
    "index": lambda x: jnp.broadcast_to(x, (2,))[0],
    "at_set": lambda x: jnp.broadcast_to(x, (2,)).at[0].set(True),
    "allclose": lambda x: jnp.allclose(x, x),
    "linalg.inv": lambda x: jnp.linalg.inv(jnp.reshape(x, (1, 1))),
} | {
    name: getattr(jnp, name)
    for name in [
        "sum", "prod", "mean", "var", "std", "max", "min", "any", "all", "argmax", "argmin", "cumsum", "cumprod", "negative", "abs", "sign", "square", "floor", "ceil", "trunc", "round",
        "reciprocal", "sqrt", "cbrt", "exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "isnan", "isfinite",
        "logical_not", "bitwise_not", "zeros_like", "ones_like", "array", "asarray", "transpose",
    ]
} | {"erf": jax.scipy.special.erf, "erf_inv": jax.scipy.special.erfinv}


def operands(x64):
    """Every kind of operand, by name."""
    kinds = {dtype: jnp.asarray(np.ones((), dtype)) for dtype in (WIDE if x64 else NARROW)}
    for dtype in ["int64", "float64"] if x64 else ["int32", "float32"]:
        kinds[f"weak {dtype}"] = _convert_element_type(kinds[dtype], weak_type=True)
    assert all(name == spelled(value) for name, value in kinds.items())
    return kinds | {"python bool": True, "python int": 1, "python float": 1.0}


def spelled(result):
    return f"weak {result.dtype.name}" if result.weak_type else result.dtype.name


def outcome(function, *values):
    """The result's type by abstract evaluation, which compiles nothing. Python scalars stay the constants they are."""

    def with_scalars(*arrays):
        arrays = iter(arrays)
        return function(*[next(arrays) if isinstance(value, jax.Array) else value for value in values])

    try:
        return spelled(jax.eval_shape(with_scalars, *[value for value in values if isinstance(value, jax.Array)]))
    except (TypeError, ValueError):
        return None


def generate():
    pairs, unary = [], []
    for x64 in [False, True]:
        with jax.enable_x64(x64):
            kinds = operands(x64)
            for op, function in PAIRS.items():
                for left, x in kinds.items():
                    for right, y in kinds.items():
                        pairs.append({"op": op, "x64": x64, "left": left, "right": right, "result": outcome(function, x, y)})
            for op, function in UNARY.items():
                for operand, x in kinds.items():
                    unary.append({"op": op, "x64": x64, "operand": operand, "result": outcome(function, x)})
    return {"pairs": pairs, "unary": unary}
