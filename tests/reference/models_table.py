"""More rows of programs.json: twenty programs of economics, finance and statistics, at small sizes and in float64. The tests in
`tests/suite/programs/models` have the same programs in Rust, under the same names.
"""

import jax
import jax.numpy as jnp
from jax import grad, jit, lax, random, value_and_grad, vmap
from jax.nn import sigmoid, softplus

cdf = lambda x: 0.5 * (1 + jax.scipy.special.erf(x / jnp.sqrt(2.0)))


def tauchen(n, rho, sigma):
    """The grid and transition matrix of Tauchen's method for an autoregression, three deviations wide."""
    top = 3 * sigma / jnp.sqrt(1 - rho**2)
    x = jnp.linspace(-top, top, n)
    half = (x[1] - x[0]) / 2
    upper = cdf((x - rho * x[:, None] + half) / sigma).at[:, -1].set(1.0)
    return x, jnp.diff(jnp.concatenate([jnp.zeros((n, 1)), upper], axis=1), axis=1)


def adam(f, rate, steps, p):
    """The parameters after some steps of Adam."""

    def body(i, state):
        p, m, v = state
        g, t = grad(f)(p), i + 1.0
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        return p - rate * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v

    return lax.fori_loop(0, steps, body, (p, 0 * p, 0 * p))[0]


def optimal_savings():
    beta, interest, gamma, tol = 0.98, 1.01, 2, 1e-4
    w = jnp.linspace(0.01, 5, 60)
    log_income, q = tauchen(8, 0.9, 0.1)
    y = jnp.exp(log_income)
    u = lambda c: c ** (1 - gamma) / (1 - gamma)

    def values(v):
        c = interest * w[:, None, None] + y[:, None] - w
        return jnp.where(c > 0, u(c) + beta * (v @ q.T).T, -jnp.inf)

    greedy = lambda v: values(v).argmax(-1)

    def policy_value(v, policy):
        c = interest * w[:, None] + y - w[policy]
        return u(c) + beta * jnp.take_along_axis(v @ q.T, policy, 0)

    def improve(v):
        policy = greedy(v)
        return lax.fori_loop(0, 50, lambda i, v: policy_value(v, policy), v)

    def solve(step):
        def body(state):
            v, err, i = state
            new = step(v)
            return new, jnp.abs(new - v).max(), i + 1

        init = jnp.zeros((60, 8)), jnp.array(1.0), jnp.array(0)
        v, _, i = lax.while_loop(lambda s: (s[1] > tol) & (s[2] < 10000), body, init)
        return w[greedy(v)].mean(), v.mean(), i

    return *jit(lambda: solve(lambda v: values(v).max(-1)))(), *jit(lambda: solve(improve))()


def aiyagari():
    alpha, delta, beta, na, nz = 0.33, 0.05, 0.96, 40, 2
    n = na * nz
    q, z = jnp.array([[0.9, 0.1], [0.1, 0.9]]), jnp.array([0.1, 1.0])
    a = jnp.linspace(1e-10, 20, na)

    def values(v, r, w):
        c = w * z[:, None] + (1 + r) * a[:, None, None] - a
        return jnp.where(c > 0, jnp.log(c) + beta * (v @ q.T).T, -jnp.inf)

    def transition(policy):
        chosen = (policy[..., None] == jnp.arange(na)) * 1.0
        return (chosen[..., None] * q[:, None, :]).reshape(n, n)

    def policy_value(policy, r, w):
        c = (1 + r) * a[:, None] + w * z - a[policy]
        return jnp.linalg.solve(jnp.identity(n) - beta * transition(policy), jnp.log(c).ravel()).reshape(na, nz)

    def best_policy(r, w):
        def body(state):
            _, v, _, i = state
            policy = values(v, r, w).argmax(-1)
            new = policy_value(policy, r, w)
            return policy, new, jnp.abs(new - v).max(), i + 1

        start = jnp.zeros((na, nz), int)
        init = start, policy_value(start, r, w), jnp.array(1.0), jnp.array(0)
        return lax.while_loop(lambda s: (s[2] > 1e-4) & (s[3] < 50), body, init)[0]

    @jit
    def supply(k):
        r = alpha * k ** (alpha - 1) - delta
        w = (1 - alpha) * (alpha / (r + delta)) ** (alpha / (1 - alpha))
        m = transition(best_policy(r, w))
        stationary = jnp.linalg.solve(jnp.identity(n) - m.T + jnp.ones((n, n)), jnp.ones(n))
        return (stationary.reshape(na, nz).sum(1) * a).sum()

    low, high = 1.0, 20.0
    while high - low > 1e-4:
        k = (low + high) / 2
        if k > float(supply(k)):
            high = k
        else:
            low = k
    return (low + high) / 2, supply(6.0), supply(9.0)


def arellano():
    beta, gamma, r, theta, nb, ny = 0.953, 2.0, 0.017, 0.282, 51, 7
    log_y, q = tauchen(ny, 0.945, 0.025)
    y = jnp.exp(log_y)
    b = jnp.linspace(-0.45, 0.45, nb)
    y_default = jnp.minimum(0.969 * y.mean(), y)
    u = lambda c: c ** (1 - gamma) / (1 - gamma)
    zero = jnp.searchsorted(b, 1e-10)

    def price(vc, vd):
        return (1 - ((vc[:, None] < vd) * q).sum(-1)) / (1 + r)

    def values(vc, vd, price):
        c = y[:, None] - price.T * b + b[:, None, None]
        ev = (jnp.maximum(vc, vd)[:, None] * q).sum(-1).T
        return jnp.where(c > 0, u(c) + beta * ev, -jnp.inf)

    def default(vc, vd):
        w = theta * jnp.maximum(vc[zero], vd) + (1 - theta) * vd
        return u(y_default) + beta * (q * w).sum(1)

    @jit
    def solve():
        def body(state):
            vc, vd, _, i = state
            nc, nd = values(vc, vd, price(vc, vd)).max(-1), default(vc, vd)
            return nc, nd, jnp.abs(nc - vc).max() + jnp.abs(nd - vd).max(), i + 1

        init = jnp.zeros((nb, ny)), jnp.zeros(ny), jnp.array(1.0), jnp.array(0)
        vc, vd, _, i = lax.while_loop(lambda s: (s[2] > 1e-8) & (s[3] < 10000), body, init)
        p = price(vc, vd)
        return vd.mean(), p.mean(), b[values(vc, vd, p).argmax(-1)].mean(), i

    return solve()


def restocking():
    low, full, n, periods = 10, 100, 2000, 100

    @jit
    def project(key):
        def body(i, state):
            x, key = state
            key, sub = random.split(key)
            demand = jnp.exp(1.0 + 0.5 * random.normal(sub, (n,)))
            return jnp.maximum(jnp.where(x <= low, full, x) - demand, 0), key

        x, _ = lax.fori_loop(0, periods, body, (jnp.full(n, 50.0), key))
        return x.mean(), x.std(), (x <= low).sum()

    return project(random.key(10))


def market():
    n = 40
    a = random.uniform(random.key(32), (n, n))
    a = a / a.sum(0)
    excess = lambda p: jnp.exp(-(a @ p)) + 1 - jnp.sqrt(p)

    def newton(f, x):
        def body(state):
            x, _, i = state
            new = x - jnp.linalg.solve(jax.jacobian(f)(x), f(x))
            return new, jnp.linalg.norm(x - new), i + 1

        init = x, jnp.array(1.0), jnp.array(0)
        return lax.while_loop(lambda s: (s[1] > 1e-10) & (s[2] < 15), body, init)

    p, _, i = jit(lambda x: newton(excess, x))(jnp.ones(n))
    return p, i


def job_search():
    n = 30
    log_w, q = tauchen(n, 0.9, 0.2)
    w = jnp.exp(log_w)

    def reservation(c, beta):
        accept, reject = w / (1 - beta), lambda v: c + beta * (q @ v)

        def body(state):
            v, _, i = state
            new = jnp.maximum(accept, reject(v))
            return new, jnp.abs(new - v).max(), i + 1

        init = jnp.zeros(n), jnp.array(1.0), jnp.array(0)
        v, _, _ = lax.while_loop(lambda s: (s[1] > 1e-4) & (s[2] < 5000), body, init)
        return w[jnp.argmax(accept >= reject(v))]

    table = jit(vmap(vmap(reservation, (None, 0)), (0, None)))
    return (table(jnp.linspace(0.5, 2, 5), jnp.linspace(0.9, 0.98, 4)),)


def wealth():
    n, periods = 20_000, 50
    y_mean = jnp.exp(0.1**2 / (1 - 0.5**2) / 2) + jnp.exp(1 + 0.2**2 / 2)

    @jit
    def cross_section(key):
        first, key = random.split(key)

        def autoregression(z, e):
            z = 0.5 * z + 0.1 * e
            return z, z

        _, z = lax.scan(autoregression, 0.0, random.normal(first, (periods,)))

        def body(t, state):
            w, key = state
            key, sub = random.split(key)
            u, ez = random.normal(sub, (2, n)), jnp.exp(z[t])
            y = ez + jnp.exp(1 + 0.2 * u[0])
            interest = 0.05 * ez + jnp.exp(0.1 + 0.5 * u[1])
            return y + jnp.where(w < 1, 0.0, interest * 0.75 * w), key

        return lax.fori_loop(0, periods, body, (jnp.full(n, y_mean), key))[0]

    @jit
    def statistics(w):
        w = jnp.sort(w)
        lorenz = jnp.cumsum(w) / w.sum()
        gini = 2 * (jnp.arange(1, n + 1) * w).sum() / (n * w.sum()) - (n + 1) / n
        x, y = jnp.log(w[-1000:][::-1]), jnp.log(jnp.arange(1, 1001) - 0.5)
        x = x - x.mean()
        return gini, lorenz[n // 2], (x @ y) / (x @ x)

    w = cross_section(random.key(1234))
    return w.mean(), *statistics(w)


def heston():
    n, steps, strike, r, barrier = 2000, 20, 100.0, 0.03, 120.0
    dt = 1 / steps

    def payoffs(p, key):
        def body(_, state):
            log_s, v, avg, alive, key = state
            key, sub = random.split(key)
            z = random.normal(sub, (2, n))
            zs = p["rho"] * z[0] + jnp.sqrt(1 - p["rho"] ** 2) * z[1]
            vp = jnp.maximum(v, 1e-8)
            sd = jnp.sqrt(vp * dt)
            log_s = log_s + (r - vp / 2) * dt + sd * zs
            v = v + p["kappa"] * (p["theta"] - vp) * dt + p["xi"] * sd * z[0]
            s = jnp.exp(log_s)
            return log_s, v, avg + s / steps, alive * sigmoid(2 * (barrier - s)), key

        init = jnp.full(n, jnp.log(p["s"])), jnp.full(n, p["v"]), jnp.zeros(n), jnp.ones(n), key
        log_s, _, avg, alive, _ = lax.fori_loop(0, steps, body, init)
        pay = lambda x: jnp.exp(-r) * jnp.maximum(x - strike, 0)
        european = pay(jnp.exp(log_s))
        return jnp.stack([european.mean(), pay(avg).mean(), (alive * european).mean()])

    p = {"s": 100.0, "v": 0.04, "kappa": 1.5, "theta": 0.04, "xi": 0.3, "rho": -0.7}
    prices = jit(payoffs)(p, random.key(1))
    price, greeks = jit(value_and_grad(lambda p, key: payoffs(p, key)[0]))(p, random.key(1))
    deltas = jit(jax.jacfwd(lambda s: payoffs(p | {"s": s}, random.key(1))))(p["s"])
    return prices, price, jnp.array([greeks[k] for k in p]), deltas


def american_put():
    n, steps, strike, r, sigma = 2000, 10, 40.0, 0.06, 0.2
    dt = 1 / steps

    def price(s, key):
        z = random.normal(key, (steps, n))
        s = s * jnp.exp(jnp.cumsum((r - sigma**2 / 2) * dt + sigma * jnp.sqrt(dt) * z, 0))

        def back(cash, s):
            cash, exercise = cash * jnp.exp(-r * dt), jnp.maximum(strike - s, 0)
            x = jnp.vander(s / strike, 4, increasing=True) * (s < strike)[:, None]
            hold = x @ jnp.linalg.solve(x.T @ x, x.T @ cash)
            return jnp.where((s < strike) & (exercise > hold), exercise, cash), None

        cash, _ = lax.scan(back, jnp.maximum(strike - s[-1], 0), s[:-1], reverse=True)
        return jnp.exp(-r * dt) * cash.mean()

    return jit(value_and_grad(price))(36.0, random.key(0))


def implied_volatility():
    n, s, r = 200, 100.0, 0.02

    def black_scholes(sigma, k, t):
        sd = sigma * jnp.sqrt(t)
        d1 = (jnp.log(s / k) + (r + sigma**2 / 2) * t) / sd
        return s * cdf(d1) - k * jnp.exp(-r * t) * cdf(d1 - sd)

    a, b, c = random.split(random.key(0), 3)
    k = 100 * jnp.exp(0.2 * (random.uniform(a, (n,)) - 0.5))
    t = 0.25 + random.uniform(b, (n,))
    sigma = 0.1 + 0.4 * random.uniform(c, (n,))

    def invert(price, k, t):
        def step(_, x):
            value, slope = value_and_grad(black_scholes)(x, k, t)
            return jnp.clip(x - (value - price) / slope, 1e-3, 3)

        return lax.fori_loop(0, 20, step, jnp.array(0.3))

    return (jit(vmap(invert))(black_scholes(sigma, k, t), k, t),)


def kalman():
    n = 100
    first, second = random.split(random.key(3))

    def autoregression(x, e):
        x = 0.9 * x + 0.5 * e
        return x, x

    y = lax.scan(autoregression, 0.0, random.normal(first, (n,)))[1] + 0.3 * random.normal(second, (n,))

    def log_likelihood(p):
        f = jnp.array([[jnp.tanh(p[0]), 0], [1, 0]])
        q, noise = jnp.diag(jnp.array([jnp.exp(p[1]), 0])), jnp.exp(p[2])
        h = jnp.array([1.0, 0.0])

        def step(state, y):
            m, v = state
            m, v = f @ m, f @ v @ f.T + q
            e, s = y - h @ m, h @ v @ h + noise
            gain = v @ h / s
            return (m + gain * e, v - jnp.outer(gain, h @ v)), -0.5 * (jnp.log(2 * jnp.pi * s) + e**2 / s)

        return lax.scan(step, (jnp.zeros(2), jnp.identity(2)), y)[1].sum()

    p = jnp.array([0.5, -1.0, -1.0])
    fit = jit(lambda p: adam(lambda p: -log_likelihood(p) / n, 0.05, 50, p))
    return *jit(value_and_grad(log_likelihood))(p), fit(p)


def hamiltonian():
    n, d, leaps, steps, chains, eps = 100, 3, 5, 60, 2, 0.05
    ka, kb, kc, kd = random.split(random.key(7), 4)
    x = random.normal(ka, (n, d))
    y = (random.uniform(kb, (n,)) < sigmoid(x @ (jnp.arange(d) / 2 - 1))) * 1.0

    def log_posterior(b):
        z = x @ b
        return (y * z - softplus(z)).sum() - 0.5 * (b**2).sum() / 10

    slope = grad(log_posterior)

    def leap(_, state):
        b, p = state
        p = p + eps / 2 * slope(b)
        b = b + eps * p
        return b, p + eps / 2 * slope(b)

    def step(b, key):
        first, second = random.split(key)
        p = random.normal(first, (d,))
        new, end = lax.fori_loop(0, leaps, leap, (b, p))
        ratio = log_posterior(new) - log_posterior(b) - 0.5 * (end @ end - p @ p)
        b = jnp.where(jnp.log(random.uniform(second)) < ratio, new, b)
        return b, b

    chain = lambda b, key: lax.scan(step, b, random.split(key, steps))[1]
    b = jit(vmap(chain))(random.normal(kc, (chains, d)), random.split(kd, chains))[:, 20:]
    within, between = b.var(1, ddof=1).mean(0), b.mean(1).var(0, ddof=1)
    return b.mean((0, 1)), jnp.sqrt(1 + between / within).max()


def gaussian_process():
    n = 30
    first, second = random.split(random.key(5))
    x = jnp.sort(random.uniform(first, (n,))) * 10
    y = jnp.sin(x) + 0.1 * random.normal(second, (n,))

    def negative_log_likelihood(p):
        length, scale, noise = jnp.exp(p)
        k = scale * jnp.exp(-0.5 * ((x[:, None] - x) / length) ** 2) + (noise + 1e-6) * jnp.identity(n)
        chol = jnp.linalg.cholesky(k)
        a = jax.scipy.linalg.cho_solve((chol, True), y)
        return 0.5 * (y @ a) + jnp.log(jnp.diag(chol)).sum() + 0.5 * n * jnp.log(2 * jnp.pi)

    @jit
    def fit(p):
        def body(_, state):
            p, m = state
            m = 0.9 * m + grad(negative_log_likelihood)(p) / n
            return p - 0.05 * m, m

        return lax.fori_loop(0, 20, body, (p, 0 * p))[0]

    p = jnp.array([0.0, 0.0, -3.0])
    return *jit(value_and_grad(negative_log_likelihood))(p), fit(p)


def particle_filter():
    n, periods, mu, phi, sigma = 500, 50, -1.0, 0.95, 0.25
    ka, kb, kc = random.split(random.key(11), 3)
    transition = lambda h, e: mu + phi * (h - mu) + sigma * e

    def volatility(h, e):
        h = transition(h, e)
        return h, h

    h = lax.scan(volatility, mu, random.normal(ka, (periods,)))[1]
    y = jnp.exp(h / 2) * random.normal(kb, (periods,))

    @jit
    def log_likelihood(key):
        def step(h, xs):
            y, key = xs
            first, second = random.split(key)
            h = transition(h, random.normal(first, (n,)))
            log_w = -0.5 * (jnp.log(2 * jnp.pi) + h + y**2 * jnp.exp(-h))
            most = log_w.max()
            w = jnp.exp(log_w - most)
            u, total = (jnp.arange(n) + random.uniform(second)) / n, jnp.cumsum(w)
            i = jnp.searchsorted(total / total[-1], u)
            return h[i], (most + jnp.log(w.mean()), h.mean())

        _, (terms, means) = lax.scan(step, jnp.full(n, mu), (y, random.split(key, periods)))
        return terms.sum(), means.mean()

    return log_likelihood(kc)


def crank_nicolson():
    n, steps, r, strike = 60, 30, 0.05, 100.0
    dt = 1 / steps

    def tridiagonal(a, b, c, d):
        def forward(state, x):
            (cp, dp), (a, b, c, d) = state, x
            w = b - a * cp
            state = c / w, (d - a * dp) / w
            return state, state

        def backward(x, state):
            cp, dp = state
            x = dp - cp * x
            return x, x

        _, states = lax.scan(forward, (0.0, 0.0), (a, b, c, d))
        return lax.scan(backward, 0.0, states, reverse=True)[1]

    def price(sigma):
        x = jnp.linspace(-1.5, 1.5, n)
        dx, s = x[1] - x[0], strike * jnp.exp(x)
        alpha, beta = sigma**2 / 2 / dx**2, (r - sigma**2 / 2) / (2 * dx)
        low, mid, up = alpha - beta, -2 * alpha - r, alpha + beta
        inner = jnp.ones(n).at[0].set(0).at[-1].set(0)
        a, b, c = -dt / 2 * low * inner, 1 - dt / 2 * mid * inner, -dt / 2 * up * inner

        def step(i, v):
            d = v + dt / 2 * inner * (low * jnp.roll(v, 1) + mid * v + up * jnp.roll(v, -1))
            d = d.at[0].set(0).at[-1].set(s[-1] - strike * jnp.exp(-r * (i + 1) * dt))
            return tridiagonal(a, b, c, d)

        return jnp.interp(100.0, s, lax.fori_loop(0, steps, step, jnp.maximum(s - strike, 0)))

    return jit(value_and_grad(price))(0.2)


def garch():
    n = 200

    def simulate(h, z):
        r = jnp.sqrt(h) * z
        return 0.05 + 0.1 * r**2 + 0.85 * h, r

    r = lax.scan(simulate, 1.0, random.normal(random.key(4), (n,)))[1]

    def unpack(p):
        a = sigmoid(p[1])
        return softplus(p[0]), a, sigmoid(p[2]) * (1 - a)

    def negative_log_likelihood(p):
        w, a, b = unpack(p)

        def step(h, r):
            return w + a * r**2 + b * h, 0.5 * (jnp.log(2 * jnp.pi * h) + r**2 / h)

        return lax.scan(step, r.var(), r)[1].mean()

    @jit
    def fit(p):
        p = adam(negative_log_likelihood, 0.05, 50, p)
        errors = jnp.sqrt(jnp.diag(jnp.linalg.inv(n * jax.hessian(negative_log_likelihood)(p))))
        return jnp.stack(unpack(p)), errors

    return fit(jnp.array([-2.0, -2.0, 1.0]))


def neural_ode():
    n, hidden, dt = 20, 8, 0.05
    k0, k1 = random.split(random.key(8))
    net = [
        {"w": 0.5 * random.normal(k0, (2, hidden)), "b": jnp.zeros(hidden)},
        {"w": 0.1 * random.normal(k1, (hidden, 2)), "b": jnp.zeros(2)},
    ]
    t = jnp.arange(1, n + 1) * dt
    data = jnp.exp(-0.1 * t)[:, None] * jnp.stack([jnp.cos(t), -jnp.sin(t)], 1)

    def f(net, x):
        return jnp.tanh(x @ net[0]["w"] + net[0]["b"]) @ net[1]["w"] + net[1]["b"]

    def path(net, x):
        def runge_kutta(x, _):
            k1 = f(net, x)
            k2 = f(net, x + dt / 2 * k1)
            k3 = f(net, x + dt / 2 * k2)
            k4 = f(net, x + dt * k3)
            x = x + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
            return x, x

        return lax.scan(runge_kutta, x, length=n)[1]

    loss = lambda net: ((path(net, jnp.array([1.0, 0.0])) - data) ** 2).mean()

    @jit
    def train(net):
        def step(state, i):
            net, m, v = state
            (value, g), t = value_and_grad(loss)(net), i + 1.0
            m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
            v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g**2, v, g)
            scaled = lambda m, v: (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8)
            net = jax.tree.map(lambda p, m, v: p - 0.01 * scaled(m, v), net, m, v)
            return (net, m, v), value

        zero = jax.tree.map(jnp.zeros_like, net)
        return lax.scan(step, (net, zero, zero), jnp.arange(30))[1]

    return (train(net),)


def portfolio():
    n = 20
    first, second = random.split(random.key(9))
    mu = 0.05 + 0.05 * random.normal(first, (n,))
    factors = 0.1 * random.normal(second, (n, 10))
    sigma = factors @ factors.T + 0.02 * jnp.identity(n)

    def project(v):
        u = jnp.sort(v)[::-1]
        excess = jnp.cumsum(u) - 1
        k = (u > excess / jnp.arange(1, n + 1)).sum()
        return jnp.maximum(v - excess[k - 1] / k, 0)

    def solve(gamma):
        loss = lambda w: gamma / 2 * (w @ sigma @ w) - mu @ w
        return lax.fori_loop(0, 200, lambda _, w: project(w - 0.1 * grad(loss)(w) / gamma), jnp.full(n, 1 / n))

    w = jit(vmap(solve))(jnp.linspace(1, 20, 5))
    return w @ mu, (w > 1e-6).sum(1)


def bootstrap():
    n, draws = 50, 300
    x = 0.05 + 0.2 * random.normal(random.key(0), (n,))

    def sharpe(key):
        s = random.choice(key, x, (n,))
        return s.mean() / s.std(ddof=1)

    @jit
    def run(key):
        s = vmap(sharpe)(random.split(key, draws))
        return s.mean(), s.std(), jnp.percentile(s, jnp.array([2.5, 50, 97.5]))

    return run(random.key(1))


def cosine_heston():
    s, r, kappa, theta, v, xi, rho = 100.0, 0.03, 1.5, 0.04, 0.04, 0.3, -0.7
    n, a, b = 64, -3.0, 3.0

    def characteristic(u):
        iu = 1j * u
        beta = kappa - rho * xi * iu
        d = jnp.sqrt(beta**2 + xi**2 * (iu + u**2))
        g, e = (beta - d) / (beta + d), jnp.exp(-d)
        c = kappa * theta / xi**2 * (beta - d - 2 * jnp.log((1 - g * e) / (1 - g)))
        return jnp.exp(c + v * (beta - d) / xi**2 * (1 - e) / (1 - g * e) + r * iu)

    k = jnp.arange(n)
    u = k * jnp.pi / (b - a)
    chi = (jnp.cos(-u * a) - jnp.exp(a) + u * jnp.sin(-u * a)) / (1 + u**2)
    psi = jnp.where(k > 0, jnp.sin(-u * a) / jnp.where(k > 0, u, 1), -a)
    weights = (2 / (b - a) * (psi - chi)).at[0].multiply(0.5)

    def call(strike):
        turn = jnp.exp(1j * u * (jnp.log(s / strike) - a))
        put = strike * jnp.exp(-r) * (jnp.real(characteristic(u) * turn) * weights).sum()
        return put + s - strike * jnp.exp(-r)

    return (jit(vmap(call))(jnp.linspace(80, 120, 20)),)


PROGRAMS = [
    optimal_savings, aiyagari, arellano, restocking, market, job_search, wealth, heston, american_put, implied_volatility,
    kalman, hamiltonian, gaussian_process, particle_filter, crank_nicolson, garch, neural_ode, portfolio, bootstrap, cosine_heston,
]
