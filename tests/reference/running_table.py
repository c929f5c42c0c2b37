"""Running sums and products, whose bits depend on the order of the additions: running.json.

Inputs are made by a formula of which every step is exact or rounded once, so that only a hash of the bits of the result is kept.
"""

import jax
import numpy as np
from jax import lax

import encode
from random_table import fnv1a64, little_endian

LENGTHS = [1, 2, 15, 16, 17, 31, 33, 255, 256, 257, 1000, 4096, 4097, 65537, 100003]


def input_of(fn, length, width, dtype):
    """Numbers between 0 and 1 for sums, near 1 for products."""
    i = np.arange(length * width, dtype=np.int64)
    x = ((i * 7919 % 1009 + 1).astype(dtype) / dtype(1009)).astype(dtype)
    if fn == "cumprod":
        x = (dtype(1) + (x - dtype(0.5)) / dtype(64)).astype(dtype)
    return x.reshape(length, width) if width > 1 else x


def rows():
    for dtype in [np.float32, np.float64]:
        for fn in ["cumsum", "cumprod"]:
            for length in LENGTHS:
                for width in [1, 3]:
                    for reverse in [False, True]:
                        x = input_of(fn, length, width, dtype)
                        with jax.enable_x64(dtype == np.float64):
                            y = getattr(lax, fn)(jax.numpy.asarray(x), axis=0, reverse=reverse)
                            assert y.dtype == dtype
                            z = np.asarray(y)
                        yield {"fn": fn, "dtype": np.dtype(dtype).name, "length": length, "width": width, "reverse": reverse,
                               "last": encode.Text(encode.number(z.ravel()[-1], z.dtype)), "fnv1a64": f"{fnv1a64(little_endian(z)):016x}"}


def choices():
    """Draws with weights, which are found in a running sum."""
    p = jax.random.uniform(jax.random.key(6), (100,))
    draws = np.asarray(jax.random.choice(jax.random.key(77), 100, (100_000,), p=p))
    yield {"weights": 6, "key": 77, "n": 100, "draws": 100_000, "fnv1a64": f"{fnv1a64(little_endian(draws)):016x}"}


def generate():
    return {"rows": list(rows()), "choices": list(choices())}
