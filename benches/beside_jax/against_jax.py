"""Runs jax and kiln one after the other on this machine and prints the ratios.

    pip install jax==0.10.2 numpy==2.4.6
    python benches/beside_jax/against_jax.py [--runs 5] [--only price]

Each figure is the median over runs; in each run jax and kiln are measured right after one another. Times are of the
second and later calls, without compilation, and in seconds.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import textwrap

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

JAX = textwrap.dedent("""
    import json, sys, time
    x64 = sys.argv[2] == "f64"
    import jax, jax.numpy as jnp
    assert jax.__version__ == "0.10.2", jax.__version__
    jax.config.update("jax_enable_x64", x64)

    def f(x):
        return jnp.sum(3 * x + jnp.sin(x) + jnp.cos(x**2) - jnp.cos(2 * x) - x**2 * 0.4 * x**1.5)

    def price(key, paths=10_000_000):
        s = jnp.full(paths, jnp.log(10.0))
        h = jnp.full(paths, 0)
        def step(t, carry):
            s, h, key = carry
            key, subkey = jax.random.split(key)
            z = jax.random.normal(subkey, (2, paths))
            return s + 0.0001 + jnp.exp(h) * z[0, :], 0.1 * h + 0.001 * z[1, :], key
        s, h, key = jax.lax.fori_loop(0, 20, step, (s, h, key))
        return 0.99**20 * jnp.mean(jnp.maximum(jnp.exp(s) - 100.0, 0))

    def surface(x, y):
        return jnp.cos(x**2 + y**2) / (1 + x**2 + y**2)

    def path(x):
        def step(c, x):
            c = 0.9 * c + x
            return c, c
        return jax.lax.scan(step, jnp.zeros(x.shape[1:]), x)[1]

    def draws(key):
        def step(carry, _):
            key, c = carry
            key, subkey = jax.random.split(key)
            c = 0.9 * c + jax.random.normal(subkey)
            return (key, c), c
        return jax.lax.scan(step, (key, jnp.zeros(())), length=100_000)[1]

    def seconds(run, n=3, repeat=1):
        run().block_until_ready()
        times = []
        for _ in range(n):
            start = time.perf_counter()
            for _ in range(repeat):
                run().block_until_ready()
            times.append((time.perf_counter() - start) / repeat)
        return sorted(times)[n // 2]

    what = sys.argv[1]
    if what == "price":
        g = jax.jit(price)
        key = jax.random.PRNGKey(1)
        print(seconds(lambda: g(key)))
    elif what == "grid":
        axis = jnp.linspace(-2.0, 2.0, 6000)
        rows = jax.vmap(surface, in_axes=(None, 0))
        g = jax.jit(jax.vmap(rows, in_axes=(0, None)))
        print(seconds(lambda: g(axis, axis)))
    elif what in ("path", "paths"):
        x = jax.random.normal(jax.random.PRNGKey(1), (100_000,) if what == "path" else (100_000, 4))
        g = jax.jit(path)
        print(seconds(lambda: g(x), repeat=100))
    elif what == "draws":
        g = jax.jit(draws)
        key = jax.random.PRNGKey(1)
        print(seconds(lambda: g(key)))
    elif what == "eager_grad":
        g = jax.grad(lambda x: x**2 / 2)
        print(seconds(lambda: g(10.0), repeat=200))
    else:
        x = jnp.linspace(0, 10, 50_000_000)
        g = {"jit": jax.jit(f), "eager": f, "grad": jax.jit(jax.grad(f))}[what]
        print(seconds(lambda: g(x)))
""")


def jax(what, dtype):
    out = subprocess.run([sys.executable, "-c", JAX, what, dtype], check=True, capture_output=True, text=True)
    return float(out.stdout)


def kiln(what, dtype):
    run = ["cargo", "run", "--release", "--quiet"]
    if what == "price":
        command = run + ["-p", "option-pricing", "--", "--json", "--dtype", dtype]
    else:
        command = run + ["--example", "lecture_f", "--", what, dtype]
    out = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return json.loads(out.stdout)["second_call_seconds"]


ROWS = [
    ("f of 5e7 points, jit", "jit", "f32", 6),
    ("f of 5e7 points, jit", "jit", "f64", 6),
    ("f of 5e7 points, eager", "eager", "f32", 1),
    ("f of 5e7 points, eager", "eager", "f64", 1),
    ("gradient of f, jit", "grad", "f32", 5),
    ("gradient of f, jit", "grad", "f64", 5),
    ("nested vmap, 6000 x 6000, jit", "grid", "f32", 3),
    ("eager grad of a scalar", "eager_grad", "f32", 20),
    ("scan, 1e5 steps of a number", "path", "f32", 1),
    ("scan, 1e5 steps of a number", "path", "f64", 1),
    ("scan, 1e5 steps of 4 numbers", "paths", "f32", 1),
    ("scan, 1e5 steps with draws", "draws", "f32", 1),
    ("option price, 1e7 paths", "price", "f32", 6),
    ("option price, 1e7 paths", "price", "f64", 5),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="", help="rows whose name contains this")
    options = parser.parse_args()
    runs = options.runs
    subprocess.run(["cargo", "build", "--release", "--quiet", "--examples"], check=True, cwd=ROOT)
    print(f"{'':34} {'jax':>10} {'kiln':>10} {'ratio':>7}   wanted")
    for name, what, dtype, wanted in (row for row in ROWS if options.only in row[0]):
        pairs = [(jax(what, dtype), kiln(what, dtype)) for _ in range(runs)]
        theirs, ours = (statistics.median(column) for column in zip(*pairs))
        ratio = statistics.median(a / b for a, b in pairs)
        print(f"{name + ', ' + dtype:34} {theirs:10.3g} {ours:10.3g} {ratio:6.1f}x   {wanted}x", flush=True)


if __name__ == "__main__":
    main()
