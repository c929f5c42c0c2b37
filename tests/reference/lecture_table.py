"""lecture.json: what QuantEcon's introduction to JAX prints, computed on a CPU.

A row is one expression of the lecture: its value as `outputs`, and the text of `str` and `repr` exactly as Python prints them. `x64` is the
state of the 64-bit switch at that point of the page: off until the lecture turns it on at the end of section 2.1. Rows that also
appear with the switch the other way round are there because jax-parity.md quotes them. `option_price` has one row for a number of paths and a dtype.
"""

import jax
import jax.numpy as jnp
import numpy as np

from encode import Text, array, number

PATHS = [1_000, 100_000, 1_000_000, 10_000_000]
OPTION = {"n": 20, "beta": 0.99, "strike": 100, "mu": 0.0001, "rho": 0.1, "nu": 0.001, "s0": 10, "h0": 0, "seed": 1}

# (section, x64, name, expression)
EXPRESSIONS = [
    ("2.1", False, "a", "jnp.asarray((1.0, 3.2, -1.5))"),
    ("2.1", False, "sum", "jnp.sum(jnp.asarray((1.0, 3.2, -1.5)))"),
    ("2.1", False, "mean", "jnp.mean(jnp.asarray((1.0, 3.2, -1.5)))"),
    ("2.1", False, "dot", "jnp.dot(jnp.asarray((1.0, 3.2, -1.5)), jnp.asarray((1.0, 3.2, -1.5)))"),
    ("2.1", False, "ones", "jnp.ones((2, 2))"),
    ("2.1", False, "identity", "jnp.identity(2)"),
    ("2.1", False, "matmul", "jnp.ones((2, 2)) @ jnp.identity(2)"),
    ("2.1", False, "inv", "jnp.linalg.inv(jnp.identity(2))"),
    ("2.1", False, "eigh", "jnp.linalg.eigh(jnp.identity(2))"),
    ("2.1", True, "ones_x64", "jnp.ones(3)"),
    ("2.1", True, "linspace", "jnp.linspace(0, 1, 3)"),
    ("2.1", True, "at_set", "jnp.linspace(0, 1, 3).at[0].set(1)"),
    ("2.1", True, "unsorted", "jnp.array((2, 1))"),
    ("2.1", True, "sorted", "jnp.array((2, 1)).sort()"),
    ("2.1", True, "sum_x64", "jnp.sum(jnp.asarray((1.0, 3.2, -1.5)))"),
    ("2.1", True, "mean_x64", "jnp.mean(jnp.asarray((1.0, 3.2, -1.5)))"),
    ("2.1", True, "dot_x64", "jnp.dot(jnp.asarray((1.0, 3.2, -1.5)), jnp.asarray((1.0, 3.2, -1.5)))"),
]

# Section 2.2 is quoted with the switch on (as the page runs) and off (as jax-parity.md quotes it).
RANDOM_EXPRESSIONS = [
    ("key_1", "jax.random.PRNGKey(1)"),
    ("normal_1", "jax.random.normal(jax.random.PRNGKey(1), (3, 3))"),
    ("split_1", "jax.random.split(jax.random.PRNGKey(1))"),
    ("normal_1_key", "jax.random.normal(jax.random.split(jax.random.PRNGKey(1))[0], (3, 3))"),
    ("normal_1_key_5", "jax.random.normal(jax.random.split(jax.random.PRNGKey(1))[0], 5)"),
    ("normal_1_subkey_5", "jax.random.normal(jax.random.split(jax.random.PRNGKey(1))[1], 5)"),
    ("normal_1_subkey", "jax.random.normal(jax.random.split(jax.random.PRNGKey(1))[1], (3, 3))"),
    ("key_1234", "jax.random.PRNGKey(1234)"),
    ("normal_1234", "jax.random.normal(jax.random.PRNGKey(1234), (3, 3))"),
    ("split_1234", "jax.random.split(jax.random.PRNGKey(1234))"),
    ("normal_1234_key", "jax.random.normal(jax.random.split(jax.random.PRNGKey(1234))[0], (3, 3))"),
    ("normal_1234_subkey", "jax.random.normal(jax.random.split(jax.random.PRNGKey(1234))[1], (3, 3))"),
    ("random_matrices_split_0", "split_matrices(jax.random.PRNGKey(42))[0]"),
    ("random_matrices_split_1", "split_matrices(jax.random.PRNGKey(42))[1]"),
    ("random_matrices_split_2", "split_matrices(jax.random.PRNGKey(42))[2]"),
    ("random_matrices_fold_in_0", "jax.random.uniform(jax.random.fold_in(jax.random.PRNGKey(42), 0), (2, 2))"),
    ("random_matrices_fold_in_1", "jax.random.uniform(jax.random.fold_in(jax.random.PRNGKey(42), 1), (2, 2))"),
    ("random_matrices_fold_in_2", "jax.random.uniform(jax.random.fold_in(jax.random.PRNGKey(42), 2), (2, 2))"),
    ("random_sum", "random_sum(jax.random.PRNGKey(42))"),
]

LATER_EXPRESSIONS = [
    ("2.3", "f_of_ones", "jax.jit(lecture_f)(jnp.ones(50_000_000))"),
    ("2.3", "f_of_more_ones", "jax.jit(lecture_f)(jnp.ones(50_000_001))"),
    ("2.3", "f_of_ones_small", "jax.jit(lecture_f)(jnp.ones(1000))"),
    ("2.3", "f_of_linspace", "jax.jit(lecture_f)(jnp.linspace(0, 10, 1001))"),
    ("2.4", "captured_1", "jax.jit(lambda x: 1 + x)(jnp.ones(2))"),
    ("2.4", "captured_42", "jax.jit(lambda x: 42 + x)(jnp.ones(3))"),
    ("2.5", "grad", "jax.grad(lambda x: x**2 / 2)(10.0)"),
    ("2.6", "allclose", "jnp.allclose(surface(*jnp.meshgrid(grid(), grid())), surface_by_vmap(grid(), grid()))"),
]


def split_matrices(key, n=2, count=3):
    """`count` uniform matrices, each from the second half of a split of the key so far."""
    matrices = []
    for _ in range(count):
        key, subkey = jax.random.split(key)
        matrices.append(jax.random.uniform(subkey, (n, n)))
    return matrices


def random_sum(key):
    first, second = jax.random.split(key)
    return jax.random.normal(first) + jax.random.normal(second)


def lecture_f(x):
    return (3 * x + jnp.sin(x) + jnp.cos(x**2) - jnp.cos(2 * x) - x**2 * 0.4 * x**1.5).sum()


def grid():
    return jnp.linspace(-2, 2, 80)


def surface(x, y):
    return jnp.cos(x**2 + y**2) / (1 + x**2 + y**2)


def surface_by_vmap(x, y):
    return jax.vmap(jax.vmap(surface, in_axes=(None, 0)), in_axes=(0, None))(x, y)


def evaluate(section, x64, name, expression):
    with jax.enable_x64(x64):
        value = eval(expression)
        outputs = list(value) if isinstance(value, tuple) else [value]
        return {"section": section, "name": name, "x64": x64, "expression": expression, "outputs": [array(x) for x in outputs], "str": str(value), "repr": repr(value)}


def simulate(paths, dtype, n, mu, rho, nu, s0, h0, seed, **_):
    """The exercise's terminal log prices and key."""
    s = jnp.full(paths, np.log(s0), dtype)
    h = jnp.full(paths, h0)  # integers: the loop promotes the carry, which is weakly typed

    def step(_, state):
        s, h, key = state
        key, subkey = jax.random.split(key)
        z = jax.random.normal(subkey, (2, paths), dtype)
        s = s + mu + jnp.exp(h) * z[0, :]
        h = rho * h + nu * z[1, :]
        return s, h, key

    return jax.lax.fori_loop(0, n, step, (s, h, jax.random.PRNGKey(seed)))


def option_price(paths, dtype):
    """The price as the lecture computes it, in one jitted function; `price_from_exact_mean` sums the same payoffs without rounding."""

    @jax.jit
    def run():
        s, h, key = simulate(paths, dtype, **OPTION)
        payoffs = jnp.maximum(jnp.exp(s) - OPTION["strike"], 0)
        return OPTION["beta"] ** OPTION["n"] * jnp.mean(payoffs), s, h, key, payoffs

    @jax.jit
    def price_only():
        s, _, _ = simulate(paths, dtype, **OPTION)
        return OPTION["beta"] ** OPTION["n"] * jnp.mean(jnp.maximum(jnp.exp(s) - OPTION["strike"], 0))

    with jax.enable_x64(dtype == "float64"):
        price = price_only()
        _, s, h, key, payoffs = run()
        assert s.dtype == h.dtype == price.dtype == jnp.dtype(dtype)
        exact = OPTION["beta"] ** OPTION["n"] * float(np.sum(np.asarray(payoffs, np.longdouble)) / paths)
        return {
            "name": "option_price", "x64": dtype == "float64", "args": OPTION | {"paths": paths, "dtype": dtype}, "price": array(price),
            "price_from_exact_mean": Text(number(exact, np.dtype("float64"))), "first_paths": array(s[:5]), "first_volatilities": array(h[:5]), "final_key": array(key),
            "str": str(price), "repr": repr(price),
        }


def generate():
    rows = [evaluate(*row) for row in EXPRESSIONS]
    rows += [evaluate("2.2", x64, name, expression) for x64 in [True, False] for name, expression in RANDOM_EXPRESSIONS]
    rows += [evaluate(section, True, name, expression) for section, name, expression in LATER_EXPRESSIONS]
    prices = [option_price(paths, dtype) for dtype in ["float32", "float64"] for paths in PATHS]
    return {"rows": rows, "option_prices": prices}
