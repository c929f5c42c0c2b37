"""programs.json: what whole programs in the manner of QuantEcon's lectures give: Newton's method, gradient descent, maximum likelihood, shortest
paths, simulations with loops, and the optimal savings problem; and those of `models_table.py`. `tests/suite/programs` has the same programs in
Rust.
"""

import jax
import jax.numpy as jnp
import numpy as np

from encode import array
from models_table import PROGRAMS as MODELS


def newton(f, x, tol, most=20):
    """Newton's method for a system; the solution and the number of iterations."""
    step = jax.jit(lambda x: x - jnp.linalg.solve(jax.jacobian(f)(x), f(x)))
    for n in range(1, most):
        last, x = x, step(x)
        if jnp.linalg.norm(x - last) <= tol:
            return x, n
    raise ArithmeticError("no convergence")


def root():
    f = lambda x: jnp.sin(4 * (x - 0.25)) + x + x**20 - 1
    x, last, n = 0.2, jnp.inf, 0
    while abs(x - last) > 1e-5:
        last, n = x, n + 1
        x = last - f(last) / jax.grad(f)(last)
    return x, n


def solow():
    a = jnp.array([[2.0, 3.0, 3.0], [2.0, 4.0, 2.0], [1.0, 5.0, 1.0]])
    return newton(lambda k: 0.2 * a @ k**0.5 + 0.2 * k - k, jnp.ones(3), 1e-5)


def equilibrium():
    """Excess demand of 100 goods."""
    a = jax.random.uniform(jax.random.PRNGKey(32), (100, 100))
    a = a / jnp.sum(a, axis=0)
    return newton(lambda p: jnp.exp(-a @ p) + 1 - jnp.sqrt(p), jnp.ones(100), 1e-5)


def descend(f, p, rate=0.1, tol=1e-5, most=1000):
    """Gradient descent with steps of Barzilai and Borwein."""
    gradient = jax.jit(jax.grad(f))
    d, moved, n = gradient(p), jnp.inf, 0
    while moved > tol and n < most:
        last, before = p, d
        p = last - rate * before
        d = gradient(p)
        rate = jnp.abs((p - last) @ (d - before)) / ((d - before) @ (d - before))
        moved, n = jnp.max(jnp.abs(p - last)), n + 1
    return p


def sample():
    key = jax.random.PRNGKey(1234)
    x = jax.random.uniform(key, (100,))
    _, subkey = jax.random.split(key)
    return x, 0.5 * x + 1.0 + 0.1 * jax.random.normal(subkey, (100,))


def line_fit():
    x, y = sample()
    return descend(lambda p: jnp.sum((y - p[0] * x - p[1]) ** 2), jnp.zeros(2))


def cubic_fit():
    x, y = sample()
    return descend(lambda p: jnp.sum((y - jnp.polyval(p, x)) ** 2), jnp.zeros(4))


def poisson_regression(x, y, tol):
    """Maximum likelihood by Newton's method; the Hessian is jacfwd of grad, and jacrev of it must be the same."""
    def log_likelihood(b):
        mean = jnp.exp(x @ b)
        return jnp.sum(y * jnp.log(mean) - mean - jax.lax.lgamma(y + 1.0))

    gradient = jax.grad(log_likelihood)
    step = jax.jit(lambda b: jnp.linalg.inv(jax.jacfwd(gradient)(b)) @ gradient(b))
    b, n = jnp.full(x.shape[1], 0.1), 0
    while True:
        by = step(b)
        b, n = b - by, n + 1
        if jnp.max(jnp.abs(by)) <= tol:
            return b, n


def mle():
    x = jnp.array([[1.0, 2, 5], [1, 1, 3], [1, 4, 2], [1, 5, 2], [1, 3, 1]])
    return poisson_regression(x, jnp.array([1.0, 0, 1, 1, 0]), 1e-3)


def mle_simulated():
    key = jax.random.PRNGKey(32)
    x = jax.random.normal(key, (500_000, 1))
    y = jax.random.poisson(key, jnp.exp(-2.5 + 0.25 * x + 0.5 * x**2), (500_000, 1))
    b, n = poisson_regression(jnp.hstack([jnp.ones_like(x), x, x**2]), y[:, 0].astype(x.dtype), 1e-5)
    return b, n, jnp.sum(y)


def shortest_path():
    q = np.full((7, 7), np.inf)
    for start, end, cost in [(0, 1, 1), (0, 2, 5), (0, 3, 3), (1, 3, 9), (1, 4, 6), (2, 5, 2), (3, 5, 4), (3, 6, 8), (4, 6, 4), (5, 6, 1), (6, 6, 0)]:
        q[start, end] = cost
    q = jnp.array(q)

    def body(state):
        i, j, _ = state
        after = jnp.min(q + j, axis=1)
        return i + 1, after, jnp.allclose(after, j)

    i, j, _ = jax.lax.while_loop(lambda s: ~s[2] & (s[0] < 500), body, (0, jnp.zeros(7), False))
    return j, i


def inventories(x0, periods, key, firms):
    def body(_, state):
        x, restocked, key = state
        key, subkey = jax.random.split(key)
        demand = jnp.exp(1.0 + 0.5 * jax.random.normal(subkey, (firms,)))
        low = x <= 10
        return jnp.maximum(jnp.where(low, 100, x) - demand, 0), restocked + low, key

    return jax.lax.fori_loop(0, periods, body, (jnp.full(firms, x0, float), jnp.zeros(firms, int), key))


def inventory():
    x, *_ = jax.jit(inventories, static_argnums=(0, 1, 3))(50, 50, jax.random.PRNGKey(21), 1000)
    return x[:4], jnp.mean(x)


def restock_frequency(firms):
    _, restocked, _ = jax.jit(inventories, static_argnums=(0, 1, 3))(70, 50, jax.random.PRNGKey(27), firms)
    return (jnp.mean(restocked > 1),)


def restock_frequency_indexed():
    """The same with all demand drawn at once, and indexed by the loop's counter."""
    def run(key):
        demand = jnp.exp(1.0 + 0.5 * jax.random.normal(key, (50, 1000)))

        def body(i, state):
            x, restocked = state
            low = x <= 10
            return jnp.maximum(jnp.where(low, 100, x) - demand[i], 0), restocked + low

        return jnp.mean(jax.lax.fori_loop(0, 50, body, (jnp.full(1000, 70.0), jnp.zeros(1000, int)))[1] > 1)

    return (jax.jit(run)(jax.random.PRNGKey(27)),)


def kesten():
    """All shocks drawn at once, and indexed by the loop's counter."""
    def run(key):
        a, b, e = [jnp.exp(mean + sd * jax.random.normal(k, (50, 1000))) for k, mean, sd in zip(jax.random.split(key, 3), (-0.5, 0.0, 0.0), (0.1, 0.5, 0.5))]
        return jax.lax.fori_loop(0, 50, lambda t, s: jnp.where(s < 1.0, e[t], a[t] * s + b[t]), jnp.full(1000, 1.0))

    s = jax.jit(run)(jax.random.PRNGKey(123))
    return s[:3], jnp.mean(s), jnp.max(s)


def tauchen(n, rho, sigma):
    """The grid and transition matrix of Tauchen's method for an autoregression, three deviations wide."""
    cdf = lambda x: 0.5 * (1 + jax.lax.erf(x / np.sqrt(2.0)))
    top = 3 * sigma / np.sqrt(1 - rho**2)
    grid = jnp.linspace(-top, top, n)
    half = (grid[1] - grid[0]) / 2
    upper = cdf((grid[None, :] - rho * grid[:, None] + half) / sigma).at[:, -1].set(1.0)
    return grid, jnp.diff(upper, axis=1, prepend=0.0)


def savings():
    """Value function iteration on 30 levels of wealth and 8 of income: the policy, its sum, and the value."""
    beta, interest, gamma = 0.98, 1.01, 2
    wealth = jnp.linspace(0.01, 5.0, 30)
    log_income, q = tauchen(8, 0.9, 0.1)
    income = jnp.exp(log_income)

    def value(v, i, j, ip):
        c = interest * wealth[i] + income[j] - wealth[ip]
        return jnp.where(c > 0, c ** (1 - gamma) / (1 - gamma) + beta * jnp.sum(v[ip, :] * q[j, :]), -jnp.inf)

    values = value
    for axes in [(None, None, None, 0), (None, None, 0, None), (None, 0, None, None)]:
        values = jax.vmap(values, in_axes=axes)
    bellman = lambda v: values(v, jnp.arange(30), jnp.arange(8), jnp.arange(30))

    def body(state):
        _, v = state
        return v, jnp.max(bellman(v), axis=-1)

    v = jnp.zeros((30, 8))
    _, v = jax.lax.while_loop(lambda s: jnp.max(jnp.abs(s[1] - s[0])) > 1e-5, body, (v - 1, v))
    policy = jnp.argmax(bellman(v), axis=-1)
    return policy[0], jnp.sum(policy), v[0], log_income, q[0]


def price_dividend():
    """The price-dividend ratio of an asset in a Markov chain of 100 states, and the spectral radius that makes it finite."""
    states, p = tauchen(100, 0.9, 0.01)
    k = 0.98 * jnp.exp(0.01 - 2.5 * 0.01 + (1 - 2.5) * states[:, None] + (0.04**2 + 2.5**2 * 0.02**2) / 2) * p
    b = jax.random.normal(jax.random.PRNGKey(1234), (100,))

    def body(_, state):
        b, _ = state
        kb = k @ b
        return kb / jnp.linalg.norm(kb), jnp.sum(kb * b) / jnp.sum(b * b)

    _, radius = jax.lax.fori_loop(0, 15, body, (b, 0.0))
    v = jnp.linalg.solve(jnp.identity(100) - k, k @ jnp.ones(100))
    return radius, v[:3], v[-3:]


# name, program, and whether it runs in float32, in float64, or in both
PROGRAMS = [
    ("root", root, [False, True]), ("solow", solow, [False, True]), ("equilibrium", equilibrium, [False, True]), ("line fit", line_fit, [False, True]), ("cubic fit", cubic_fit, [False, True]),
    ("mle", mle, [True]), ("mle simulated", mle_simulated, [True]), ("shortest path", shortest_path, [False, True]), ("inventory", inventory, [False, True]), ("restock frequency", lambda: restock_frequency(1000), [False, True]),
    ("restock frequency indexed", restock_frequency_indexed, [False, True]), ("restock frequency 1e6", lambda: restock_frequency(1_000_000), [False]), ("kesten", kesten, [False, True]), ("savings", savings, [True]), ("price dividend", price_dividend, [True]),
] + [(model.__name__, model, [True]) for model in MODELS]


def generate():
    rows = []
    for name, program, widths in PROGRAMS:
        for x64 in widths:
            with jax.enable_x64(x64):
                outputs = program()
                outputs = outputs if isinstance(outputs, tuple) else (outputs,)
                rows.append({"program": name, "x64": x64, "outputs": [array(jnp.asarray(x)) for x in outputs]})
    return {"rows": rows}
