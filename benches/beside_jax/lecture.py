"""Runs the lecture's timed experiments in JAX and in kiln on this machine, and writes the tables of the book.

    pip install jax==0.10.2 numpy==2.4.6
    cargo build --workspace --release --examples
    python benches/beside_jax/lecture.py [--runs 3]

Each figure is the median over runs, in seconds; in each run JAX and kiln are measured right after one another, each in a new process.
"""

import argparse
import datetime
import os
import platform
import statistics
import subprocess
import sys
import textwrap

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# As the lecture writes it; `lecture_f lecture` is the same in Rust.
JAX = textwrap.dedent("""
    import time
    import numpy as np
    import jax, jax.numpy as jnp
    assert jax.__version__ == "0.10.2", jax.__version__
    jax.config.update("jax_enable_x64", True)

    def timed(name, run):
        start = time.perf_counter()
        jax.block_until_ready(run())
        print(f"{name}\\t{time.perf_counter() - start}")

    def f(x):
        a = 3*x + jnp.sin(x) + jnp.cos(x**2) - jnp.cos(2*x) - x**2 * 0.4 * x**1.5
        return jnp.sum(a)

    x, y = jnp.ones(50_000_000), jnp.ones(50_000_001)
    timed("f, first call", lambda: f(x))
    timed("f, again", lambda: f(x))
    timed("f on another length, first call", lambda: f(y))
    timed("f on another length, again", lambda: f(y))
    timed("f on the first array again", lambda: f(x))
    f_jit = jax.jit(f)
    timed("f compiled, first call", lambda: f_jit(x))
    timed("f compiled, again", lambda: f_jit(x))
    del x, y

    @jax.jit
    def f(x, y):
        return jnp.cos(x**2 + y**2) / (1 + x**2 + y**2)

    n = 80
    x = jnp.linspace(-2, 2, n)
    y = x
    def loops():
        z = np.empty((n, n))
        for i in range(n):
            for j in range(n):
                z[i, j] = f(x[i], y[j])
        return z
    timed("80 × 80 points, two loops", loops)
    mesh = jnp.meshgrid(x, y)
    timed("80 × 80 points, mesh, first call", lambda: f(*mesh))
    timed("80 × 80 points, mesh, again", lambda: f(*mesh))
    n = 6000
    x = jnp.linspace(-2, 2, n)
    y = x
    mesh = jnp.meshgrid(x, y)
    timed("6000 × 6000 points, mesh, first call", lambda: f(*mesh))
    timed("6000 × 6000 points, mesh, again", lambda: f(*mesh))
    f_vec = jax.vmap(jax.vmap(f, in_axes=(None, 0)), in_axes=(0, None))
    timed("6000 × 6000 points, vmap, first call", lambda: f_vec(x, y))
    timed("6000 × 6000 points, vmap, again", lambda: f_vec(x, y))
    del mesh

    M = 10_000_000
    n, beta, K = 20, 0.99, 100
    mu, rho, nu, S0, h0 = 0.0001, 0.1, 0.001, 10, 0

    @jax.jit
    def price(key):
        s = jnp.full(M, np.log(S0))
        h = jnp.full(M, h0)
        def update(i, loop_state):
            s, h, key = loop_state
            key, subkey = jax.random.split(key)
            Z = jax.random.normal(subkey, (2, M))
            s = s + mu + jnp.exp(h) * Z[0, :]
            h = rho * h + nu * Z[1, :]
            return s, h, key
        s, h, key = jax.lax.fori_loop(0, n, update, (s, h, key))
        return beta**n * jnp.mean(jnp.maximum(jnp.exp(s) - K, 0))

    timed("price from 10,000,000 paths, first call", lambda: price(jax.random.key(1)))
    timed("price from 10,000,000 paths, again", lambda: price(jax.random.key(1)))
""")


def measure(command):
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {name: float(seconds) for name, seconds in (line.split("\t") for line in out.splitlines())}


def seconds(x):
    return f"{x:.3g} s" if x >= 1 else f"{x * 1e3:.3g} ms" if x >= 1e-3 else f"{x * 1e6:.3g} µs"


def processor():
    with open("/proc/cpuinfo") as file:
        return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    kiln = os.path.join(ROOT, "target", "release", "examples", "lecture_f")
    pairs = [(measure([sys.executable, "-c", JAX]), measure([kiln, "lecture"])) for _ in range(runs)]
    note = f"Medians of {runs} runs on {os.cpu_count()} cores of {processor()}, {datetime.date.today():%B %Y}."
    for page, prefix in [("jit", "f"), ("vectorized", ("80", "6000")), ("exercise", "price")]:
        rows = ["| | JAX | kiln | |", "|---|---|---|---|"]
        for name in (name for name in pairs[0][0] if name.startswith(prefix)):
            theirs, ours = (statistics.median(run[i][name] for run in pairs) for i in (0, 1))
            ratio = statistics.median(jax[name] / kiln[name] for jax, kiln in pairs)
            factor = f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.1f}"
            rows.append(f"| {name} | {seconds(theirs)} | {seconds(ours)} | {factor}× |")
        path = os.path.join(ROOT, "book", "pages", "lecture", f"measured_{page}.md")
        with open(path, "w") as file:
            file.write("\n".join(rows) + f"\n\n{note} Written by `benches/beside_jax/lecture.py`.\n")
        print("\n".join(rows), flush=True)


if __name__ == "__main__":
    main()
