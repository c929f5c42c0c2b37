"""Values of jax.lax.erf_inv for tests/ulp.rs.

    pip install jax==0.10.2 numpy
    python generate_jax.py        # rewrites erf_inv_f32.bin and erf_inv_f64.bin

Records (argument, value), little endian. JAX's CPU backend flushes denormal arguments to zero, which
kiln does not: there are none here.
"""

import os
import pathlib

os.environ["JAX_ENABLE_X64"] = "1"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import numpy as np

assert jax.__version__ == "0.10.2", "the data is pinned to jax 0.10.2"
HERE = pathlib.Path(__file__).parent
rng = np.random.default_rng(0)


def points(n, bits):
    lattice = rng.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), n) / 2.0 ** (bits - 1)
    near_one = (1 - 2.0 ** -rng.uniform(1, bits, n)) * rng.choice([-1, 1], n)
    small = 2.0 ** -rng.uniform(0, 100, n // 2) * rng.choice([-1, 1], n // 2)
    return np.concatenate([lattice, near_one, small, [1, -1, 0.0, -0.0, 1.5, -2, np.nan]])


for name, dtype, n, bits in (("f32", np.float32, 12000, 24), ("f64", np.float64, 6000, 53)):
    x = points(n, bits).astype(dtype)
    y = np.asarray(jax.jit(jax.lax.erf_inv)(x))
    np.stack([x, y], axis=1).tofile(HERE / f"erf_inv_{name}.bin")
