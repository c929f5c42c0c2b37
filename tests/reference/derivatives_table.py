"""derivatives.json: what JAX gives as first and second derivatives of every function, and at the points where they are a matter of convention.

`smooth` holds points where the function has derivatives of all orders (or is piecewise linear, away from its kinks), `edges` those where it does
not. `nans` says, for the points of `smooth`, which derivatives are NaN when some cotangents or tangents are. Everything is computed in float64; the inputs are float32 numbers, so a float32 run differentiates at the same points.

A case is a name, a function of its inputs and the inputs. It is differentiated along all of its inputs. The cotangents of its outputs and the
tangents of its inputs are not written: `weights` makes them.
"""

import jax
import jax.numpy as jnp
import numpy as np

from encode import array

NAN, INF = float("nan"), float("inf")


def weights(seed, shape):
    """Multiples of 1/8 without a zero, different for neighbours: cotangents (seeds 1, 2, ...) and tangents (seeds 101, 102, ...)."""
    i = np.arange(np.prod(shape, dtype=int))
    return (((i * 7 + seed * 3) % 12 - 5.5) / 4).reshape(shape)


def f(values):
    return np.array(values, np.float64)


V = f([0.5, -1.25, 2.0, -0.375])
P = f([0.5, 1.25, 2.0, 0.375])
U = f([0.5, -0.75, 0.25, -0.375])
K = f([0.625, -1.125, 2.125, -0.3125])
W = f([1.5, 1.25, 3.0, 2.5])
M = f([[0.5, -1.25, 2.0], [1.75, 0.25, -0.625]])
N = f([[1.5, -0.5], [0.25, 2.0], [-1.0, 0.75]])
R = f([1.25, -0.5, 3.0])
A = f([[2.0, -1.0, 0.5], [0.25, 3.0, -2.0], [1.0, 0.0, 4.0]])
S = f([[2.0, -1.0, 0.5], [-1.0, 3.0, -2.0], [0.5, -2.0, 5.0]])
T = f([[[0.5, -1.25], [2.0, 1.5]], [[1.75, 0.25], [-0.625, 0.875]], [[-2.0, 1.0], [0.375, 3.0]]])
I = np.array([2, 0, 2, -1])


def spectral(a):
    """exp of the symmetric part, by its eigenvectors: their signs do not matter."""
    w, v = jnp.linalg.eigh(a)
    return (v * jnp.exp(w)) @ v.T


# name, function, inputs
SMOOTH = [
    # one operand
    ("abs", jnp.abs, V), ("negative", jnp.negative, V), ("sign", jnp.sign, V), ("floor", jnp.floor, K), ("ceil", jnp.ceil, K), ("trunc", jnp.trunc, K), ("round", jnp.round, K),
    ("square", jnp.square, V), ("reciprocal", jnp.reciprocal, V), ("sqrt", jnp.sqrt, P), ("rsqrt", jax.lax.rsqrt, P), ("cbrt", jnp.cbrt, V),
    ("exp", jnp.exp, V), ("exp2", jnp.exp2, V), ("expm1", jnp.expm1, V), ("log", jnp.log, P), ("log2", jnp.log2, P), ("log10", jnp.log10, P), ("log1p", jnp.log1p, P),
    ("sin", jnp.sin, V), ("cos", jnp.cos, V), ("tan", jnp.tan, U), ("arcsin", jnp.arcsin, U), ("arccos", jnp.arccos, U), ("arctan", jnp.arctan, V),
    ("sinh", jnp.sinh, V), ("cosh", jnp.cosh, V), ("tanh", jnp.tanh, V), ("arcsinh", jnp.arcsinh, V), ("arccosh", jnp.arccosh, W), ("arctanh", jnp.arctanh, U),
    ("erf", jax.lax.erf, V), ("erfc", jax.lax.erfc, V), ("erf_inv", jax.lax.erf_inv, U), ("lgamma", jax.lax.lgamma, P), ("digamma", jax.lax.digamma, P), ("logistic", jax.nn.sigmoid, V),
    ("pow 2", lambda x: x**2, V), ("pow 3", lambda x: x**3, V), ("pow -2", lambda x: x**-2, V), ("pow 0", lambda x: x**0, V), ("pow 1", lambda x: x**1, V),
    ("pow 0.5", lambda x: x**0.5, P), ("pow 2.5", lambda x: x**2.5, P), ("pow 2.0", lambda x: x**2.0, V), ("2 pow x", lambda x: 2.0**x, V), ("clip", lambda x: jnp.clip(x, -1, 1), V),
    ("round_to 1", lambda x: jnp.round(x, 1), K), ("isnan", lambda x: jnp.where(jnp.isnan(x), 0, x * x), V), ("astype", lambda x: x.astype(jnp.float32).astype(jnp.float64) * x, V),
    # two and three operands
    ("add", jnp.add, V, P), ("subtract", jnp.subtract, V, P), ("multiply", jnp.multiply, V, P), ("divide", jnp.divide, V, P), ("maximum", jnp.maximum, V, U * 0.5), ("minimum", jnp.minimum, V, U * 0.5),
    ("pow", jnp.power, P, V), ("arctan2", jnp.arctan2, V, P), ("hypot", jnp.hypot, V, W), ("remainder", jnp.remainder, V, P * 0.75), ("floor_divide", jnp.floor_divide, V, P * 0.75),
    ("add broadcast", jnp.add, M, R), ("multiply broadcast", jnp.multiply, M[:, :1], R), ("divide broadcast", jnp.divide, f(1.5), M), ("multiply scalar", jnp.multiply, M, f(-0.75)),
    ("where", lambda x, y: jnp.where(x > 0, x * y, y * y), V, P), ("clip by arrays", jnp.clip, K, U, W), ("mul_add", lambda x, y, z: x * y + z, V, P, U),
    # reductions
    ("sum", jnp.sum, M), ("sum 0", lambda x: jnp.sum(x * x, 0), M), ("sum keep 1", lambda x: x * jnp.sum(x, 1, keepdims=True), M), ("sum 0 2", lambda x: jnp.sum(x * x, (0, 2)), T),
    ("mean", jnp.mean, M), ("mean -1", lambda x: jnp.mean(x * x, -1), M), ("var", jnp.var, M), ("var_ddof 1", lambda x: jnp.var(x, 1, ddof=1), M), ("std", jnp.std, M), ("std 0", lambda x: jnp.std(x, 0), N),
    ("prod", jnp.prod, M), ("prod 1", lambda x: jnp.prod(x, 1), M), ("max", jnp.max, M), ("max 0", lambda x: jnp.max(x, 0), M), ("min", jnp.min, M), ("min 1", lambda x: jnp.min(x * x, 1), M),
    ("cumsum", lambda x: jnp.cumsum(x * x), V), ("cumsum 1", lambda x: jnp.cumsum(x, 1), M), ("cumprod", jnp.cumprod, V), ("cumprod 0", lambda x: jnp.cumprod(x, 0), M),
    ("norm", jnp.linalg.norm, V), ("norm 1", lambda x: jnp.linalg.norm(x, axis=1), M), ("vector_norm 1", lambda x: jnp.linalg.vector_norm(x, ord=1), V), ("vector_norm 3", lambda x: jnp.linalg.vector_norm(x, ord=3), V),
    ("vector_norm inf", lambda x: jnp.linalg.vector_norm(x, ord=INF), V), ("nansum", lambda x: jnp.nansum(x * x), V), ("nanmean 1", lambda x: jnp.nanmean(x * x, 1), M), ("nanmax", jnp.nanmax, M),
    # products
    ("dot", jnp.dot, V, P), ("dot matrix vector", jnp.dot, M, R), ("dot matrices", jnp.dot, M, N), ("matmul", jnp.matmul, M, N), ("matmul batch", jnp.matmul, T, N[:2]), ("matmul vector batch", jnp.matmul, f([0.5, -2.0]), T),
    ("matmul broadcast", jnp.matmul, T[:1], T), ("outer", jnp.outer, V, R), ("trace", lambda x: jnp.trace(x @ x), A), ("diag", lambda x: jnp.diag(x * x), R), ("diag of matrix", jnp.diag, A), ("tril", lambda x: jnp.tril(x) @ x, A),
    ("triu", lambda x: jnp.triu(x, 1), A),
    # shapes
    ("reshape", lambda x: jnp.reshape(x, (3, 2)), M), ("transpose", lambda x: x.T @ x, M), ("swapaxes", lambda x: jnp.swapaxes(x, 0, 2), T), ("moveaxis", lambda x: jnp.moveaxis(x, 0, -1), T),
    ("expand_dims", lambda x: jnp.expand_dims(x, 1), M), ("squeeze", lambda x: jnp.squeeze(x[:1]), M), ("broadcast_to", lambda x: jnp.broadcast_to(x, (2, 3)), R), ("flip", jnp.flip, M), ("flip 1", lambda x: jnp.flip(x, 1), M),
    ("roll", lambda x: jnp.roll(x, 1), M), ("roll 1", lambda x: jnp.roll(x, -1, 1) * x, M), ("tile", lambda x: jnp.tile(x, (2, 2)), R), ("repeat", lambda x: jnp.repeat(x, 2), M), ("concatenate", lambda x, y: jnp.concatenate([x, y * x[:, :1], x], 1), M, M[:, :2]),
    ("stack", lambda x, y: jnp.stack([x, x * y], 1), V, P), ("vstack", lambda x, y: jnp.vstack([x, y]), R, M), ("meshgrid", lambda x, y: jnp.multiply(*jnp.meshgrid(x, y)), R, V), ("linspace", lambda x, y: jnp.linspace(x, y, 4), f(0.5), f(2.0)),
    ("linspace axis", lambda x, y: jnp.linspace(x, y, 3, axis=1), V, P), ("linspace step", lambda x, y: jnp.linspace(x, y, 5, retstep=True)[1] * x, V, P), ("unstack", lambda x: jnp.multiply(*jnp.unstack(x)), M), ("unstack 1", lambda x: jnp.unstack(x, axis=1)[2] * x[:, 0], M),
    ("diff", lambda x: jnp.diff(x) ** 2, V), ("vander", lambda x: jnp.vander(x, 4), R),
    # reading and writing by index
    ("index integer", lambda x: x[1] * x[0], M), ("index slice", lambda x: x[1:3] ** 2, V), ("index step", lambda x: x[::-2], V), ("index new axis", lambda x: x[:, None, 1:], M),
    ("index array", lambda x: x[I] ** 2, V), ("index arrays", lambda x: x[jnp.array([0, 1, 1]), jnp.array([2, 0, 0])], M), ("index rows", lambda x: x[jnp.array([1, 1, 0])] * x[:1], M), ("index by value", lambda x: x[jnp.argmax(x)] ** 2, V),
    ("take fill", lambda x: jnp.where(jnp.isnan(jnp.take(x, jnp.array([0, 9]))), 0, 1) * x[:2] ** 2, V), ("take clip", lambda x: jnp.take(x, jnp.array([0, 9]), mode="clip") ** 2, V), ("take_along_axis", lambda x: jnp.take_along_axis(x, jnp.array([[2, 0], [1, 1]]), 1), M),
    ("take wrap", lambda x: jnp.take(x, jnp.array([0, 9, -6]), mode="wrap") ** 2, V), ("take fill_value", lambda x: jnp.take(x, jnp.array([0, 9, -1]), fill_value=2) ** 2, V), ("take_along_axis clip", lambda x: jnp.take_along_axis(x, jnp.array([[2, 7], [-9, 1]]), 1, mode="clip") ** 2, M),
    ("take_along_axis fill_value", lambda x: jnp.take_along_axis(x, jnp.array([[2, 7], [-9, 1]]), 1, fill_value=2) ** 2, M), ("compress", lambda x: jnp.compress(jnp.array([True, False, True]), x, axis=1, size=2) ** 2, M),
    ("compress size", lambda x: jnp.compress(jnp.array([False, True]), x, axis=0, size=2, fill_value=3) ** 2, M), ("map", lambda x, y: jax.lax.map(lambda x: jnp.sin(x) * y, x), V, f(0.75)), ("map batch_size", lambda x, y: jax.lax.map(lambda x: jnp.sin(x) * y, x, batch_size=3), V, f(0.75)),
    ("at set", lambda x, y: x.at[1:3].set(y) * x, V, f([0.75, -0.5])), ("at add", lambda x, y: x.at[I].add(y) ** 2, V, P), ("at multiply", lambda x, y: x.at[1].multiply(y), V, f(1.5)), ("at min", lambda x, y: x.at[0:2].min(y), V, f([0.25, 1.0])),
    ("at max", lambda x, y: x.at[jnp.array([3, 1])].max(y), V, f([0.25, -2.0])), ("at dropped", lambda x, y: x.at[jnp.array([0, 9])].add(y), V, f([0.25, 1.0])), ("at apply", lambda x: x.at[1:].set(jnp.sin(x[1:])), V),
    ("sort", jnp.sort, V), ("sort 0", lambda x: jnp.sort(x * x, 0), M), ("argsort", lambda x: x[jnp.argsort(x)] * x, V), ("tile and sum", lambda x: jnp.sum(jnp.tile(x, 3)) * x, R),
    # on a line
    ("interp", lambda x: jnp.interp(x, f([-1, 0, 1, 3]), f([2, 1, 4, -1])), V), ("interp points", lambda x, xp, fp: jnp.interp(x, xp, fp), U, f([-1, 0, 1, 3]), f([2, 1, 4, -1])), ("polyval", jnp.polyval, R, f([0.5, -1.25])),
    # linear algebra
    ("inv", jnp.linalg.inv, A), ("solve vector", jnp.linalg.solve, A, R), ("solve", jnp.linalg.solve, A, N), ("eigenvalues", lambda a: jnp.linalg.eigh(a)[0], S), ("eigh", spectral, S),
    # compositions
    ("softmax", lambda x: jnp.exp(x - jnp.max(x)) / jnp.sum(jnp.exp(x - jnp.max(x))), V), ("sin of products", lambda x, y: jnp.sin(x * y) * jnp.exp(-x * x), V, P), ("logistic loss", lambda w: jnp.mean(jnp.log1p(jnp.exp(-(M @ w)))), R),
    ("normal density", lambda x: jnp.exp(-x * x / 2) / np.sqrt(2 * np.pi), V), ("quadratic form", lambda x: x @ A @ x, R),
]

Z = f([0.0])
# What is not smooth: at a kink, at the end of a domain, with ties, with NaN in the branch not taken.
EDGES = [
    ("abs", jnp.abs, f([0.0, -0.0])), ("sign", jnp.sign, Z), ("sqrt", jnp.sqrt, Z), ("cbrt", jnp.cbrt, Z), ("reciprocal", jnp.reciprocal, Z), ("rsqrt", jax.lax.rsqrt, Z), ("log", jnp.log, f([0.0, -1.0])),
    ("log1p", jnp.log1p, f([-1.0])), ("arcsin", jnp.arcsin, f([1.0, -1.0])), ("arccos", jnp.arccos, f([1.0, -1.0])), ("arccosh", jnp.arccosh, f([1.0])), ("arctanh", jnp.arctanh, f([1.0])), ("erf_inv", jax.lax.erf_inv, f([1.0, -1.0, 0.0])),
    ("tan", jnp.tan, Z), ("floor", jnp.floor, f([1.0])), ("round", jnp.round, f([0.5, 1.5])), ("tanh", jnp.tanh, f([0.0, 40.0])), ("logistic", jax.nn.sigmoid, f([0.0, 800.0, -800.0])), ("exp", jnp.exp, f([-INF, 0.0])),
    ("square", jnp.square, f([0.0, INF])), ("lgamma", jax.lax.lgamma, f([1.0, 2.0, -0.5])),
    ("maximum with 0", lambda x: jnp.maximum(x, 0), f([0.0, 1.0, -1.0])), ("minimum with 0", lambda x: jnp.minimum(x, 0), f([0.0, 1.0, -1.0])), ("maximum", jnp.maximum, f([1.0, NAN, 1.0]), f([1.0, 1.0, NAN])), ("minimum", jnp.minimum, f([1.0]), f([1.0])),
    # A tangent that is NaN, of the lesser operand.
    ("maximum of a root", lambda x, y: jnp.maximum(jnp.sqrt(x**2 + y**2), 1e-10), Z, Z), ("minimum of a root", lambda x, y: jnp.minimum(-jnp.sqrt(x**2 + y**2), -1e-10), Z, Z), ("clip of a root", lambda x: jnp.clip(jnp.sqrt(x), 1, 2), Z),
    ("root of maximum", lambda x: jnp.sqrt(jnp.maximum(x, 0)), f([-1.0, 1.0])), ("max of roots", lambda x: jnp.max(jnp.sqrt(x)), f([0.0, 1.0])), ("where of a root", lambda x: jnp.where(x > 0, jnp.sqrt(x), 1.0), f([0.0, 4.0])),
    ("clip", lambda x: jnp.clip(x, -1, 1), f([-1.0, 1.0, 2.0, 0.0])), ("clip by arrays", jnp.clip, f([1.0, 2.0, 1.0]), f([1.0, 1.0, 1.0]), f([2.0, 2.0, 1.0])),
    ("pow 0", lambda x: x**0, f([0.0, 2.0])), ("pow 1", lambda x: x**1, Z), ("pow 2", lambda x: x**2, Z), ("pow 3", lambda x: x**3, Z), ("pow -1", lambda x: x**-1, Z), ("pow 0.0", lambda x: x**0.0, f([0.0, 2.0])), ("pow 1.0", lambda x: x**1.0, Z), ("pow 2.0", lambda x: x**2.0, Z),
    # Negative powers, where the square of a power that a derivative might go through is out of range in float32.
    *((f"pow {n}", lambda x, n=n: x**n, f([x])) for n in [-1, -2, -3] for x in [0.0, -0.0, 1e7, 2.0**-23]), ("pow -2", lambda x: x**-2, f([1e10])), ("pow -3", lambda x: x**-3, f([2.0**-26])),
    *((f"grad of pow {n}", lambda x, n=n: jax.grad(lambda x: jnp.sum(x**n))(x), f([x])) for n in [-1, -2] for x in [0.0, 1e7, 2.0**-23]),
    ("pow 0.5", lambda x: x**0.5, Z), ("pow 1.5", lambda x: x**1.5, Z), ("pow whole", lambda x: x ** jnp.array([0, 0, 2, -2, 1]), f([0.0, 3.0, 0.0, 0.0, 0.0])), ("pow", jnp.power, f([0.0, 0.0, -2.0, -2.0, 0.0, 1.0]), f([0.0, 2.0, 3.0, 0.5, 1.0, 0.0])),
    ("divide", jnp.divide, f([1.0, 0.0]), f([0.0, 0.0])), ("hypot", jnp.hypot, Z, Z), ("arctan2", jnp.arctan2, f([0.0, 0.0, 1.0]), f([0.0, -1.0, 0.0])), ("remainder", jnp.remainder, f([2.0, -2.0, 0.0]), f([1.0, 1.0, 1.0])), ("floor_divide", jnp.floor_divide, f([2.0]), f([1.0])),
    ("where not taken", lambda x: jnp.where(x > 0, jnp.log(x), 0), f([-1.0, 0.0, 1.0])), ("where made safe", lambda x: jnp.where(x > 0, jnp.log(jnp.where(x > 0, x, 1)), 0), f([-1.0, 0.0, 1.0])),
    ("norm", jnp.linalg.norm, f([0.0, 0.0])), ("vector_norm 1", lambda x: jnp.linalg.vector_norm(x, ord=1), f([0.0, -1.0])), ("vector_norm inf", lambda x: jnp.linalg.vector_norm(x, ord=INF), f([2.0, -2.0, 1.0])), ("std", jnp.std, f([1.0, 1.0])), ("var", jnp.var, f([1.0, 1.0])),
    ("max", jnp.max, f([1.0, 3.0, 3.0, 3.0])), ("min", jnp.min, f([1.0, 3.0, 1.0])), ("max 0", lambda x: jnp.max(x, 0), f([[1.0, 3.0], [1.0, 2.0]])), ("max", jnp.max, f([1.0, NAN])), ("sort", jnp.sort, f([2.0, 1.0, 2.0, 1.0])), ("argsort", lambda x: x[jnp.argsort(x)] * x, f([2.0, 1.0, 2.0])),
    ("prod", jnp.prod, f([2.0, 0.0, 3.0])), ("prod", jnp.prod, f([0.0, 2.0, 0.0])), ("prod", jnp.prod, f([0.0, 0.0, 0.0])), ("cumprod", jnp.cumprod, f([2.0, 0.0, 3.0, 0.5])), ("cumprod", jnp.cumprod, f([0.0, 2.0, 0.0])),
    ("prod 1", lambda x: jnp.prod(x, 1), f([[1.0, 0.0], [0.0, 0.0]])), ("sum", jnp.sum, f([])), ("prod", jnp.prod, f([])), ("sum 0", lambda x: jnp.sum(x * x, 0), np.zeros((0, 2))), ("mean", jnp.mean, f([])), ("sort", jnp.sort, f([])),
    ("interp", lambda x: jnp.interp(x, f([-1, 0, 1, 3]), f([2, 1, 4, -1])), f([-2.0, -1.0, 0.0, 1.0, 3.0, 4.0])), ("interp points", lambda x, xp, fp: jnp.interp(x, xp, fp), f([0.5, 1.0]), f([0, 1, 1, 2]), f([0, 1, 5, 6])),
    ("at max", lambda x, y: x.at[jnp.array([3, 1])].max(y), f([0.0, 1.0, 2.0, 3.0]), f([3.0, 2.0])), ("at set", lambda x, y: x.at[1:3].set(y) * x, f([1.0, NAN, 2.0, 3.0]), f([1.0, 1.0])), ("take fill", lambda x: jnp.take(x, jnp.array([0, 9])), f([1.0, 2.0])),
    ("at dropped", lambda x, y: x.at[jnp.array([0, 9])].add(y), f([0.0, 1.0]), f([0.5, 0.25])), ("index array", lambda x: x[I] ** 2, f([1.0, 0.0, 0.0])), ("nansum", lambda x: jnp.nansum(x * x), f([NAN, 2.0])), ("nanmax", jnp.nanmax, f([NAN, 2.0, 2.0])),
    ("inv", jnp.linalg.inv, f([[1.0, 2.0], [2.0, 4.0]])),
]


def condition(derivative, xs):
    """For each result of a derivative, how far it moves, at most, when every input moves by its own size: the greatest sum of |x d result / dx|."""
    moved = []
    for of in jax.jacfwd(derivative, argnums=tuple(range(len(xs))))(*xs):
        totals = [jnp.sum(jnp.abs(j) * jnp.abs(x), axis=tuple(range(j.ndim - x.ndim, j.ndim))) for j, x in zip(of, xs)]
        moved.append(jnp.max(sum(totals)))
    return moved


def row(name, function, *inputs, smooth):
    xs = [jnp.asarray(x) for x in inputs]
    for x in inputs:
        assert (np.isnan(x) | (x.astype(np.float32) == x)).all()
    shape = jax.eval_shape(function, *xs).shape
    c = jnp.asarray(weights(1, shape))
    ts = tuple(jnp.asarray(weights(101 + i, x.shape)) for i, x in enumerate(xs))

    def reverse(*xs):
        return jax.vjp(function, *xs)[1](c)

    def forward(*xs):
        return (jax.jvp(function, xs, ts)[1],)

    def second(*xs):
        return jax.jvp(reverse, xs, ts)[1]

    def everything(*xs):
        derivatives = {"vjp": reverse, "jvp": forward} | ({"hvp": second} if smooth else {})
        values = {"outputs": (function(*xs),)} | {key: derivative(*xs) for key, derivative in derivatives.items()}
        return values, {key: condition(derivative, xs) for key, derivative in derivatives.items()} if smooth else {}

    # One op at a time at the edges: XLA may turn 0 * inf into 0, also within jnp's own functions, which are jitted.
    with jax.disable_jit(not smooth):
        values, conditions = jax.jit(everything)(*xs)
    result = {"op": name, "x64": True, "inputs": [array(x) for x in xs]} | {key: [array(x) for x in values[key]] for key in ["outputs", "vjp", "jvp", "hvp"] if key in values}
    if smooth:
        assert all(bool(jnp.isfinite(x).all()) for arrays in values.values() for x in arrays), name
        # Three digits are plenty for a bound.
        result["condition"] = {key: [float(f"{float(x) * 1.001:.3g}") for x in moved] for key, moved in sorted(conditions.items())}
    return result


def with_nans(values):
    """NaN in the first and the last of every four elements."""
    i = np.arange(np.size(values)).reshape(np.shape(values))
    return jnp.asarray(np.where((i % 4) % 3 == 0, NAN, values))


def nans(name, function, *inputs):
    """Where the cotangents are NaN if some of the value's are; and the tangent, if some of one input's are."""
    xs = [jnp.asarray(x) for x in inputs]
    ts = [jnp.asarray(weights(101 + i, x.shape)) for i, x in enumerate(xs)]
    # One op at a time, as at the edges: XLA may turn 0 * nan into 0.
    with jax.disable_jit():
        value, pull = jax.vjp(function, *xs)
        pushed = [jax.jvp(function, tuple(xs), tuple(with_nans(t) if j == i else t for j, t in enumerate(ts)))[1] for i in range(len(xs))]
        found = {"vjp": pull(with_nans(weights(1, value.shape))), "jvp": pushed}
    return {"op": name, "x64": True, "inputs": [array(x) for x in xs], "outputs": [array(value)]} | {key: [array(jnp.isnan(x)) for x in of] for key, of in found.items()}


def generate():
    with jax.enable_x64(True):
        lists = {}
        for key, cases in [("smooth", SMOOTH), ("edges", EDGES)]:
            lists[key] = []
            for name, function, *inputs in cases:
                if len(lists[key]) % 40 == 39:
                    jax.clear_caches()
                lists[key].append(row(name, function, *inputs, smooth=key == "smooth"))
        # The ones of a Vandermonde matrix do not depend on anything here; JAX computes them as powers.
        lists["nans"] = [nans(name, function, *inputs) for name, function, *inputs in SMOOTH if name != "vander"]
    return lists
