"""numpy.json: one table for every function of `numpy` and `numpy.linalg` that kiln has.

`ARGS` names every function of the table and its arguments, with their defaults. Arguments are spelled as JAX spells its
keywords, and every row carries all of them; array operands are `inputs`, in JAX's positional order.
"""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
from jax._src.lax.lax import _convert_element_type

from encode import check_width, operands, to_jax

REDUCE = {"axis": None, "keepdims": False}
MOMENT = {"axis": None, "keepdims": False, "ddof": 0}
SORT = {"axis": -1, "descending": False}
RANGE = {"start": None, "stop": None, "step": None, "dtype": None}

CREATION = {
    "zeros": {"shape": [], "dtype": None},
    "ones": {"shape": [], "dtype": None},
    "full": {"shape": [], "dtype": None},
    "arange": RANGE,
    "linspace": {"start": 0, "stop": 0, "num": 50, "endpoint": True, "retstep": False, "dtype": None, "axis": 0},
    "identity": {"n": 0, "dtype": None},
    "eye": {"N": 0, "M": None, "k": 0, "dtype": None},
    "zeros_like": {"dtype": None},
    "ones_like": {"dtype": None},
    "full_like": {"dtype": None},
    "meshgrid": {"indexing": "xy", "sparse": False},
    "astype": {"dtype": None},
}
ARITHMETIC = ["add", "subtract", "multiply", "divide", "floor_divide", "remainder", "power"]
EXTREMA = ["maximum", "minimum"]
FLOAT_BINARY = ["arctan2", "hypot"]
BITWISE = ["bitwise_and", "bitwise_or", "bitwise_xor"]
SHIFTS = ["left_shift", "right_shift"]
COMPARISONS = ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"]
LOGICAL = ["logical_and", "logical_or", "logical_xor"]
UNARY_ANY = ["negative", "abs", "sign", "square", "floor", "ceil", "trunc", "round", "isnan", "isinf", "isfinite", "logical_not"]
UNARY_FLOAT = [
    "exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "sqrt", "cbrt", "reciprocal",
    "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh",
    "erf", "erf_inv",
]
ELEMENTWISE = ARITHMETIC + EXTREMA + FLOAT_BINARY + BITWISE + SHIFTS + COMPARISONS + LOGICAL + UNARY_ANY + UNARY_FLOAT

ARGS = CREATION | {fn: {} for fn in ELEMENTWISE} | {
    "bitwise_not": {},
    "round": {"decimals": 0},
    "clip": {},
    "where": {},
    "sum": REDUCE, "prod": REDUCE, "mean": REDUCE, "max": REDUCE, "min": REDUCE, "any": REDUCE, "all": REDUCE,
    "var": MOMENT, "std": MOMENT,
    "argmax": REDUCE, "argmin": REDUCE,
    "cumsum": {"axis": None}, "cumprod": {"axis": None},
    "reshape": {"shape": []},
    "transpose": {"axes": None},
    "swapaxes": {"axis1": 0, "axis2": 0},
    "moveaxis": {"source": [], "destination": []},
    "squeeze": {"axis": None},
    "expand_dims": {"axis": []},
    "broadcast_to": {"shape": []},
    "concatenate": {"axis": 0}, "stack": {"axis": 0},
    "flip": {"axis": None},
    "roll": {"shift": [], "axis": None},
    "tile": {"reps": []},
    "repeat": {"repeats": 1, "axis": None},
    "take": {"axis": None, "mode": None, "fill_value": None},
    "nonzero": {"size": None, "fill_value": None},
    "compress": {"axis": None, "size": None, "fill_value": 0},
    "unstack": {"axis": 0},
    "sort": SORT, "argsort": SORT,
    "dot": {}, "matmul": {}, "outer": {},
    "allclose": {"rtol": 1e-5, "atol": 1e-8, "equal_nan": False},
    "linalg.inv": {}, "linalg.eigh": {},
    "diag": {"k": 0}, "tril": {"k": 0}, "triu": {"k": 0},
    "searchsorted": {"side": "left"},
    "interp": {"left": None, "right": None},
    "polyval": {}, "diff": {"axis": -1}, "vander": {"N": 0},
    "nansum": REDUCE, "nanprod": REDUCE, "nanmean": REDUCE, "nanmax": REDUCE, "nanmin": REDUCE,
    "vstack": {}, "hstack": {}, "column_stack": {},
    "diagonal": {"offset": 0}, "trace": {"offset": 0},
    "take_along_axis": {"axis": -1, "mode": None, "fill_value": None},
    "linalg.solve": {}, "linalg.norm": REDUCE, "linalg.vector_norm": REDUCE | {"ord": 2},
}

# Calls that are not `jnp.<fn>(*inputs, **args)`.
CALLS = {
    "full": lambda fill, shape, dtype: jnp.full(shape, fill, dtype),
    "arange": lambda start, stop, step, dtype: jnp.arange(*bounds(start, stop, step), dtype=dtype),
    "linspace": lambda start, stop, **keywords: jnp.linspace(bound(start), bound(stop), **keywords),
    "astype": lambda x, dtype: jnp.asarray(x).astype(dtype),
    "concatenate": lambda *xs, axis: jnp.concatenate(xs, axis=axis),
    "stack": lambda *xs, axis: jnp.stack(xs, axis=axis),
    "roll": lambda x, shift, axis: jnp.roll(x, shift if axis is not None else shift[0], axis),
    "repeat": lambda x, repeats, axis: jnp.repeat(x, np.array(repeats) if isinstance(repeats, tuple) else repeats, axis=axis),
    "erf": jax.scipy.special.erf,
    "erf_inv": jax.scipy.special.erfinv,
    "vstack": lambda *xs: jnp.vstack(xs),
    "hstack": lambda *xs: jnp.hstack(xs),
    "column_stack": lambda *xs: jnp.column_stack(xs),
    "linalg.inv": jnp.linalg.inv,
    "linalg.solve": jnp.linalg.solve,
    "linalg.norm": jnp.linalg.norm,
    "linalg.vector_norm": lambda x, axis, keepdims, ord: jnp.linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=float(ord)),
    "linalg.eigh": lambda x: tuple(jnp.linalg.eigh(x)),
}

WIDER = {np.dtype("float32"): "float64", np.dtype("int32"): "int64", np.dtype("uint32"): "uint64"}
WIDER_NAMES = {str(narrow): wide for narrow, wide in WIDER.items()}


def bounds(start, stop, step):
    """arange's positional arguments: `arange(stop)`, `arange(start, stop)` or `arange(start, stop, step)`."""
    given = [stop] if start is None else [start, stop]
    return given if step is None else given + [step]


def bound(value):
    """A bound of linspace: a number, or an array of a list."""
    return jnp.array(value) if isinstance(value, tuple) else value


class Weak:
    """A weakly typed array operand, such as `jnp.full((2,), 3)` makes."""

    def __init__(self, values):
        self.values = values

    def make(self):
        result = _convert_element_type(jnp.asarray(np.array(self.values)), weak_type=True)
        assert result.weak_type
        return result


def call(fn, inputs, args):
    """JAX's result as a tuple of arrays."""
    keywords = {name: tuple(value) if isinstance(value, list) else value for name, value in args.items()}
    function = CALLS.get(fn) or getattr(jnp, fn)
    result = function(*inputs, **keywords)
    return tuple(result) if isinstance(result, (tuple, list)) else (result,)


class Table:
    def __init__(self):
        self.rows = []
        self.errors = []

    def row(self, fn, *inputs, x64=False, **args):
        """One row. An input that JAX refuses becomes a row of `errors`, with JAX's words."""
        if (len(self.rows) + len(self.errors)) % 500 == 0:
            jax.clear_caches()  # thousands of loaded executables would exhaust the process's memory maps
        assert args.keys() <= ARGS[fn].keys(), (fn, args)
        args = ARGS[fn] | args
        with jax.enable_x64(x64), warnings.catch_warnings():
            warnings.simplefilter("error")
            inputs = [x.make() if isinstance(x, Weak) else to_jax(x) for x in inputs]
            row = {"fn": fn, "x64": x64, "inputs": operands(check_width(inputs, x64)), "args": args}
            try:
                outputs = call(fn, inputs, args)
            except (TypeError, ValueError, ArithmeticError, IndexError, NotImplementedError) as error:
                self.errors.append(row | {"error": f"{type(error).__name__}: {str(error).splitlines()[0]}"})
                return
            self.rows.append(row | {"outputs": operands(check_width(outputs, x64))})

    def both(self, fn, *inputs, **args):
        """The row, and the same with 32-bit dtypes widened to 64 bits and x64 on."""
        self.row(fn, *inputs, **args)
        wide = [x.astype(WIDER.get(x.dtype, x.dtype)) if isinstance(x, np.ndarray) else x for x in inputs]
        if isinstance(args.get("dtype"), str):
            args["dtype"] = WIDER_NAMES.get(args["dtype"], args["dtype"])
        self.row(fn, *wide, x64=True, **args)


def generate(parts):
    table = Table()
    for part in parts:
        part(table)
    for fn in ARGS:
        rows = sum(row["fn"] == fn for row in table.rows)
        assert rows >= 5, f"{fn} has only {rows} rows"
    return {"rows": table.rows, "errors": table.errors}
