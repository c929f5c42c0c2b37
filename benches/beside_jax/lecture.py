"""Runs the lecture's timed experiments in JAX and in kiln on this machine, and compares their results.

    pip install jax==0.10.2 numpy==2.4.6
    cargo build --workspace --release --examples
    python benches/beside_jax/lecture.py --book [--runs 3]

With --book the tables of the book are written. On a GPU: benches/gpu.md.

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
    import sys, time
    import numpy as np
    import jax, jax.numpy as jnp
    platform, dtype, scale = sys.argv[1], sys.argv[2], float(sys.argv[3])
    assert jax.__version__ == "0.10.2", jax.__version__
    assert jax.default_backend() == platform, f"JAX runs on {jax.default_backend()}, not on {platform}"
    jax.config.update("jax_enable_x64", dtype == "f64")

    def timed(name, run):
        start = time.perf_counter()
        result = jax.block_until_ready(run())
        seconds = time.perf_counter() - start
        print(f"{name}\\t{seconds}\\t{float(jnp.mean(result))!r}")

    def f(x):
        a = 3*x + jnp.sin(x) + jnp.cos(x**2) - jnp.cos(2*x) - x**2 * 0.4 * x**1.5
        return jnp.sum(a)

    points = int(50_000_000 * scale)
    x, y = jnp.ones(points), jnp.ones(points + 1)
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
    n = int(6000 * scale**0.5)
    x = jnp.linspace(-2, 2, n)
    y = x
    mesh = jnp.meshgrid(x, y)
    timed("6000 × 6000 points, mesh, first call", lambda: f(*mesh))
    timed("6000 × 6000 points, mesh, again", lambda: f(*mesh))
    f_vec = jax.vmap(jax.vmap(f, in_axes=(None, 0)), in_axes=(0, None))
    timed("6000 × 6000 points, vmap, first call", lambda: f_vec(x, y))
    timed("6000 × 6000 points, vmap, again", lambda: f_vec(x, y))
    del mesh

    M = int(10_000_000 * scale)
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


# How far two results may be from one another, relative to them. A sum of n terms in blocks is off by a few eps log2(n) at most, and a
# path's logarithm, which is below 32, by an eps of that for each of 20 steps, which the exponential makes relative.
CLOSE = {"f64": 1e-12, "f32": 1e-4}


def measure(command, device):
    environment = {**os.environ, "KILN_DEVICE": device}
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout
    rows = (line.split("\t") for line in out.splitlines())
    return {name: (float(seconds), float(mean)) for name, seconds, mean in rows}


def seconds(x):
    return f"{x:.3g} s" if x >= 1 else f"{x * 1e3:.3g} ms" if x >= 1e-3 else f"{x * 1e6:.3g} µs"


def processor():
    with open("/proc/cpuinfo") as file:
        return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))


def table(pairs, prefix):
    rows = ["| | JAX | kiln | |", "|---|---|---|---|"]
    for name in (name for name in pairs[0][0] if name.startswith(prefix)):
        theirs, ours = (statistics.median(run[i][name][0] for run in pairs) for i in (0, 1))
        ratio = statistics.median(jax[name][0] / kiln[name][0] for jax, kiln in pairs)
        factor = f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.1f}"
        rows.append(f"| {name} | {seconds(theirs)} | {seconds(ours)} | {factor}× |")
    return "\n".join(rows)


def differences(pairs, dtype):
    """What kiln computed that JAX did not."""
    for jax, kiln in pairs:
        for name, (_, wanted) in jax.items():
            found = kiln[name][1]
            if not abs(found - wanted) <= CLOSE[dtype] * abs(wanted):
                yield f"{name}: kiln has {found!r}, JAX {wanted!r}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--device", default="cpu", help="kiln's: cpu, cuda:0, wgpu:0")
    parser.add_argument("--dtype", choices=CLOSE, default="f64")
    parser.add_argument("--scale", default="1", help="of the sizes, to try the command itself")
    parser.add_argument("--book", action="store_true", help="write the tables of the book")
    given = parser.parse_args()
    platform = "gpu" if given.device.startswith("cuda") else "cpu"
    theirs = [sys.executable, "-c", JAX, platform, given.dtype, given.scale]
    ours = [os.path.join(ROOT, "target", "release", "examples", "lecture_f"), "lecture", given.dtype, given.scale]
    pairs = [(measure(theirs, given.device), measure(ours, given.device)) for _ in range(given.runs)]
    wrong = list(differences(pairs, given.dtype))
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"kiln on {given.device} and JAX on {platform} agree to {CLOSE[given.dtype]:g}, in {given.dtype}.\n")
    if not given.book:
        print(table(pairs, ""))
        return
    note = f"Medians of {given.runs} runs on {os.cpu_count()} cores of {processor()}, {datetime.date.today():%B %Y}."
    for page, prefix in [("jit", "f"), ("vectorized", ("80", "6000")), ("exercise", "price")]:
        path = os.path.join(ROOT, "book", "pages", "lecture", f"measured_{page}.md")
        with open(path, "w") as file:
            file.write(f"{table(pairs, prefix)}\n\n{note} Written by `benches/beside_jax/lecture.py`.\n")
        print(table(pairs, prefix), flush=True)


if __name__ == "__main__":
    main()
