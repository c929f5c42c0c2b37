"""How values are written in the reference data.

ARRAY  = {"dtype": "float32", "shape": [2, 3], "weak": false, "data": [...]}, data flat in row-major order
SCALAR = {"scalar": 2}, {"scalar": 2.0} or {"scalar": true}: a Python scalar, its type told by the JSON literal

Floats are the shortest decimal that reads back as the same value of their own dtype. `nan`, `inf`, `-inf` and `-0.0` are
strings, because JSON has no such numbers or loses the sign.
"""

import math
import pathlib

import jax
import numpy as np

DATA = pathlib.Path(__file__).parent / "data"
VERSIONS = {"jax": "0.10.2", "jaxlib": "0.10.2", "numpy": "2.4.6"}


def number(value, dtype):
    """The JSON text of one element of the given NumPy dtype."""
    if dtype == np.bool_:
        return "true" if value else "false"
    if np.issubdtype(dtype, np.integer):
        return str(int(value))
    if math.isnan(value):
        return '"nan"'
    if math.isinf(value):
        return '"inf"' if value > 0 else '"-inf"'
    if value == 0 and math.copysign(1, value) < 0:
        return '"-0.0"'
    text = str(dtype.type(value))
    # A reader may parse to f64 and round to the dtype: that must not lose anything.
    assert dtype.type(float(text)) == value, (text, value)
    return text


class Text:
    """JSON text that is already written."""

    def __init__(self, text):
        self.text = text


def array(value):
    """ARRAY for a JAX or NumPy array."""
    weak = bool(getattr(value, "weak_type", False))
    host = np.asarray(value)
    data = ",".join(number(x, host.dtype) for x in host.ravel())
    return {"dtype": host.dtype.name, "shape": list(host.shape), "weak": weak, "data": Text(f"[{data}]")}


def operand(value):
    """ARRAY for an array, SCALAR for a Python scalar, null for None."""
    if value is None:
        return None
    if isinstance(value, (bool, int)):
        return {"scalar": value}
    if isinstance(value, float):
        return {"scalar": Text(number(value, np.dtype("float64")))}
    return array(value)


def operands(values):
    return [operand(value) for value in values]


def dumps(value):
    """JSON on one line. Unlike json.dumps it takes Text, and refuses floats that JSON cannot hold."""
    if isinstance(value, Text):
        return value.text
    if isinstance(value, dict):
        return "{" + ",".join(f"{dumps(str(k))}:{dumps(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(dumps(v) for v in value) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return number(value, np.dtype("float64"))
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        assert escaped.isprintable(), value
        return f'"{escaped}"'
    raise TypeError(f"no JSON for {type(value)}")


def write(name, **lists):
    """Writes data/<name>: an object of lists, one row a line, so that a change shows as changed lines."""
    lines = [f'{{"versions":{dumps(VERSIONS)}']
    for key, rows in lists.items():
        lines[-1] += f',"{key}":['
        lines += [dumps(row) + "," for row in rows]
        if rows:
            lines[-1] = lines[-1].removesuffix(",")
        lines.append("]")
    lines[-1] += "}"
    path = DATA / name
    path.write_text("\n".join(lines) + "\n")
    counts = ", ".join(f"{len(rows)} {key}" for key, rows in lists.items())
    print(f"{path.name}: {path.stat().st_size:,} bytes, {counts}", flush=True)


def decode(item):
    """The NumPy array, Python scalar or None that `operand` wrote."""
    if item is None:
        return None
    if "scalar" in item:
        value = item["scalar"]
        return float(value) if isinstance(value, str) else value
    dtype = np.dtype(item["dtype"])
    data = [float(x) if isinstance(x, str) else x for x in item["data"]]
    return np.array(data, dtype).reshape(item["shape"])


def check_width(values, x64):
    """JAX truncates 64-bit types silently when x64 is off: a row must hold what it says."""
    for value in values:
        if hasattr(value, "dtype") and not x64:
            assert value.dtype.itemsize < 8, value.dtype
    return values


def to_jax(value):
    """A NumPy array as a JAX array of the same dtype; anything else as it is."""
    if not isinstance(value, np.ndarray):
        return value
    result = jax.numpy.asarray(value)
    assert result.dtype == value.dtype, (result.dtype, value.dtype)
    return result
