//! The options `argnums` and `has_aux` of Jacobians, Hessians, `vjp`, `jvp` and `linearize`, against JAX.

use kiln::numpy as np;
use kiln::prelude::*;
use kiln::{
    hessian, hessian_with, jacfwd_with, jacobian_with, jacrev, jacrev_with, jvp, jvp_with, linearize_with,
    program, vjp_with,
};
use std::cell::Cell;
use std::collections::BTreeMap;

fn x() -> Array {
    np::array([1.0, 2.0])
}

/// Asserts that the shapes are equal, and that each element is near the one that JAX computes: within 16
/// roundings in f32 of a number of its size, or of 1 if it is smaller.
#[track_caller]
fn close(x: &Array, wanted: impl Into<Array>) {
    let wanted = wanted.into();
    assert_eq!(x.shape(), wanted.shape());
    let distance = (x - &wanted).abs() / np::maximum(wanted.abs(), 1);
    assert!(distance.max().item::<f64>() < 2e-6, "{x} against {wanted}");
}

/// jax.jacfwd(f, argnums=(0, 1))(x, y, 2) and its variants, of `f = lambda x, y, n: (x * y**n, x.sum() * y)`.
#[test]
fn jacobians_with_respect_to_some_arguments() {
    type Three = (Array, Array, Array);
    let f = |(x, y, n): Three| (&x * y.pow(n), x.sum() * y);
    let at = || (x(), np::array([3.0, -1.5]), 2.into());
    let first_of_x = [[9.0, 0.0], [0.0, 2.25]];
    let first_of_y = [[6.0, 0.0], [0.0, -6.0]];
    let second_of_x = [[3.0, 3.0], [-1.5, -1.5]];
    let second_of_y = [[3.0, 0.0], [0.0, 3.0]];
    for ((ax, ay), (bx, by)) in [
        jacfwd_with(f, |o| o.argnums((Arg::<0>, Arg::<1>)))(at()),
        jacrev_with(f, |o| o.argnums((Arg::<0>, Arg::<1>)))(at()),
        jacobian_with(f, |o| o.argnums((Arg::<0>, Arg::<1>)))(at()),
    ] {
        close(&ax, first_of_x);
        close(&ay, first_of_y);
        close(&bx, second_of_x);
        close(&by, second_of_y);
    }
    // The order is that of argnums.
    let ((ay, ax), _) = jacrev_with(f, |o| o.argnums((Arg::<1>, Arg::<0>)))(at());
    close(&ax, first_of_x);
    close(&ay, first_of_y);
    // With one argument there are no tuples.
    for (ay, by) in [
        jacfwd_with(f, |o| o.argnums(Arg::<1>))(at()),
        jit(jacrev_with(f, |o| o.argnums(Arg::<1>)))(at()),
    ] {
        close(&ay, first_of_y);
        close(&by, second_of_y);
    }
    // An array that is held fixed and also captured, and a value that is read at the point.
    let captured = np::array([3.0, -1.5]);
    let g = |(x, y): (Array, Array)| match y.index(0).item::<f32>() > 0.0 {
        true => x * &y * &captured,
        false => x,
    };
    let j = jacfwd_with(g, |o| o.argnums(Arg::<0>))((x(), captured.clone()));
    close(&j, first_of_x);
}

/// jax.hessian(f, argnums, has_aux=True)(x, 2, 0.5) of
/// `lambda x, k, z: ((x**2).sum() * z**3 + k * (x[0] * z), (k + 1, x > 1))`.
#[test]
fn hessians_with_options() {
    let f = |(x, k, z): (Array, Array, Array)| {
        let value = x.pow(2).sum() * z.pow(3) + &k * (x.index(0) * z);
        (value, (k + 1, x.gt(1)))
    };
    let at = || (x(), 2.into(), 0.5.into());
    let both = hessian_with(f, |o| o.has_aux().argnums((Arg::<0>, Arg::<2>)));
    let (((xx, xz), (zx, zz)), (next, greater)) = both(at());
    close(&xx, [[0.25, 0.0], [0.0, 0.25]]);
    close(&xz, [3.5, 3.0]);
    close(&zx, [3.5, 3.0]);
    close(&zz, 15.0);
    assert_eq!(
        (next.item::<i32>(), greater.to_vec::<bool>()),
        (3, vec![false, true])
    );
    let (zz, _) = hessian_with(f, |o| o.argnums(Arg::<2>).has_aux())(at());
    close(&zz, 15.0);
    let zz = hessian_with(|all| f(all).0, |o| o.argnums(Arg::<2>))(at());
    close(&zz, 15.0);
}

/// jax.jacfwd(f, has_aux=True)(x) and jacrev of
/// `lambda x: ({"sq": x**2, "dot": x @ x}, (jnp.argmax(x), x > 1.5, [jnp.sin(x)]))`.
#[test]
fn the_auxiliary_result_may_be_any_tree() {
    let f = |x: Array| {
        let value: BTreeMap<String, Array> = [("sq".into(), x.pow(2)), ("dot".into(), x.matmul(&x))].into();
        (value, (x.argmax(), x.gt(1.5), vec![x.sin()], Static("step")))
    };
    for (j, (largest, greater, sines, name)) in [
        jacfwd_with(f, |o| o.has_aux())(x()),
        jacrev_with(f, |o| o.has_aux())(x()),
        jacobian_with(f, |o| o.has_aux())(x()),
        jit(jacfwd_with(f, |o| o.has_aux()))(x()),
        jit(jacrev_with(f, |o| o.has_aux()))(x()),
    ] {
        close(&j["dot"], [2.0, 4.0]);
        close(&j["sq"], [[2.0, 0.0], [0.0, 4.0]]);
        assert_eq!((largest.item::<i32>(), name.0), (1, "step"));
        assert_eq!(greater.to_vec::<bool>(), [false, true]);
        close(&sines[0], [0.841_470_96, 0.909_297_4]);
    }
    // A pair is a value like any other without the option, and (value, auxiliary) with it.
    let pair = |x: Array| (2 * &x, 3 * x);
    let (two, three) = jacrev_with(pair, |o| o)(x());
    close(&two, [[2.0, 0.0], [0.0, 2.0]]);
    close(&three, [[3.0, 0.0], [0.0, 3.0]]);
    let (_, three) = jacrev_with(pair, |o| o.has_aux())(x());
    close(&three, [3.0, 6.0]);
    // The auxiliary result `()`, and an argument without elements.
    let (j, ()) = jacfwd_with(|x: Array| (x, ()), |o| o.has_aux())(np::zeros(0));
    assert_eq!(j.shape()[..], [0, 0]);
}

/// `v = lambda x, s: (jnp.sin(x) * s, (jnp.cumsum(x) * s, jnp.int32(3)))`
fn v((x, s): (Array, Array)) -> (Array, (Array, Array)) {
    (x.sin() * &s, (x.cumsum_axis(0) * s, np::array(3)))
}

/// The values are those of jax.grad, jax.vmap and jax.jit.
#[test]
fn derivatives_go_through_jacobians_and_their_auxiliary_results() {
    let weights = np::array([[1.0, 2.0], [3.0, 4.0]]);
    let reverse = jacrev_with(v, |o| o.argnums(Arg::<0>).has_aux());
    let forward = jacfwd_with(v, |o| o.argnums(Arg::<0>).has_aux());
    type Found = (Array, (Array, Array));
    let outer = |j: &dyn Fn((Array, Array)) -> Found, at: (Array, Array)| {
        let (j, (sums, count)) = j(at);
        (j * &weights).sum() + sums.pow(2).sum() * count
    };
    for jacobian in [&reverse as &dyn Fn((Array, Array)) -> Found, &forward] {
        let f = |at| outer(jacobian, at);
        let at = || (x(), np::array(0.5));
        close(&f(at()), 6.937_857_6);
        for (along_x, along_s) in [grad(f)(at()), jit(grad(f))(at()), grad(jit(f))(at())] {
            close(&along_x, [5.579_264_6, 2.681_405]);
            close(&along_s, 28.875_715);
        }
        let many = vmap_in_axes(jit(jacobian), (0, None));
        let (j, (sums, count)) = many((np::array([[1.0, 2.0], [0.5, -1.0]]), 2.0.into()));
        let of_first = [[1.080_604_6, 0.0], [0.0, -0.832_293_7]];
        close(&j, [of_first, [[1.755_165_1, 0.0], [0.0, 1.080_604_6]]]);
        close(&sums, [[2.0, 6.0], [1.0, -1.0]]);
        assert_eq!(count.to_vec::<i32>(), [3, 3]);
    }
}

/// jax.jacrev(jax.jacfwd(f, has_aux=True))(x) of `f = lambda x: (x**3, x[0] * x)`. The auxiliary result of
/// the inner Jacobian is a value of the outer one.
#[test]
fn jacobians_of_auxiliary_results() {
    let f = |x: Array| (x.pow(3), x.index(0) * x);
    let second = [[[6.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 12.0]]];
    let (j, of_aux) = jacrev(jacfwd_with(f, |o| o.has_aux()))(x());
    close(&j, second);
    close(&of_aux, [[2.0, 0.0], [2.0, 1.0]]);
    let (j, aux) = jacfwd_with(jacrev_with(f, |o| o.has_aux()), |o| o.has_aux())(x());
    close(&j, second);
    close(&aux, [1.0, 2.0]);
}

/// `w = lambda x: (jnp.exp(x) * x[0], (jnp.argmin(x), x.sum()**2))`
fn w(x: Array) -> (Array, (Array, Array)) {
    (x.exp() * x.index(0), (x.argmin(), x.sum().pow(2)))
}

/// jax.vjp(w, x, has_aux=True), and the same of jvp and linearize.
#[test]
fn products_with_auxiliary_results() {
    let (at, direction) = (|| np::array([0.5, -0.25]), || np::array([1.0, -2.0]));
    let (value, tangent) = ([0.824_360_6, 0.389_400_4], [2.473_081_8, 0.0]);
    let check = |y: &Array, (least, square): (Array, Array)| {
        close(y, value);
        assert_eq!(least.item::<i32>(), 1);
        close(&square, 0.0625);
    };
    let (y, pullback, aux) = vjp_with(w, at(), |o| o.has_aux());
    check(&y, aux);
    close(&pullback(direction()), [0.915_480_26, -0.778_800_8]);
    close(&pullback(2 * direction()), [1.830_960_5, -1.557_601_6]);
    let (y, found, aux) = jvp_with(w, at(), direction(), |o| o.has_aux());
    check(&y, aux);
    close(&found, tangent);
    let (y, along, aux) = linearize_with(w, at(), |o| o.has_aux());
    check(&y, aux);
    close(&along(direction()), tangent);

    let by_vjp = |x: Array| {
        let (y, pullback, (_, square)) = vjp_with(w, x, |o| o.has_aux());
        (pullback(direction()) * y).sum() + square
    };
    let by_jvp = |x: Array| {
        let (y, tangent, (_, square)) = jvp_with(w, x, direction(), |o| o.has_aux());
        (tangent * y).sum() + square
    };
    let by_linearize = |x: Array| {
        let (y, along, (_, square)) = linearize_with(w, x, |o| o.has_aux());
        (along(direction()) * y).sum() + square
    };
    type Case<'a> = (&'a dyn Fn(Array) -> Array, f32, [f32; 2], [[f32; 2]; 2]);
    let forward = [[34.911_537, 0.786_938_67], [0.786_938_67, 2.0]];
    let cases: [Case<'_>; 3] = [
        (
            &by_vjp,
            0.513_920_55,
            [4.948_848_7, -1.390_556_2],
            [[28.491_411, -4.278_199], [-4.278_199, -0.497_086_76]],
        ),
        (&by_jvp, 2.101_211_3, [9.407_455, 0.5], forward),
        (&by_linearize, 2.101_211_3, [9.407_455, 0.5], forward),
    ];
    for (f, value, slope, second) in cases {
        close(&f(at()), value);
        close(&grad(f)(at()), slope);
        close(&jit(grad(f))(at()), slope);
        close(&jit(hessian(f))(at()), second);
        close(&vmap(f)(np::stack([at(), at()])), [value; 2]);
        close(&vmap(grad(f))(np::stack([at(), at()])), [slope; 2]);
    }
    // Without the option, the auxiliary result is ().
    let (y, tangent, ()) = jvp_with(|x: Array| x.pow(2), 3.0.into(), 1.0.into(), |o| o);
    assert_eq!((y.to_string(), tangent.to_string()), ("9.0".into(), "6.0".into()));
}

/// jax.jacrev(f, has_aux=True)(3.) of a function whose auxiliary result comes from a while_loop.
#[test]
fn a_while_loop_may_compute_an_auxiliary_result() {
    let f = |x: Array| {
        let grown = lax::while_loop(|c| c.lt(10), |c| c * 2, x.clone());
        (x.pow(2), grown)
    };
    for (slope, grown) in [
        jacrev_with(f, |o| o.has_aux())(3.0.into()),
        jacfwd_with(f, |o| o.has_aux())(3.0.into()),
        jit(jacrev_with(f, |o| o.has_aux()))(3.0.into()),
    ] {
        assert_eq!(
            (slope.to_string(), grown.to_string()),
            ("6.0".into(), "12.0".into())
        );
    }
    let (_, pullback, _) = vjp_with(f, 3.0.into(), |o| o.has_aux());
    assert_eq!(pullback(1.0.into()).to_string(), "6.0");
}

#[test]
fn an_auxiliary_result_is_computed_once_and_has_no_tangent() {
    let calls = Cell::new(0);
    let f = |x: Array| {
        calls.set(calls.get() + 1);
        (x.pow(2), x.sin().sum())
    };
    jacfwd_with(f, |o| o.has_aux())(x());
    jacrev_with(f, |o| o.has_aux())(x());
    assert_eq!(calls.get(), 2);
    let forward = |x: Array| jvp_with(f, x.clone(), x, |o| o.has_aux());
    let linear = |x: Array| {
        let (y, along, aux) = linearize_with(f, x.clone(), |o| o.has_aux());
        (y, along(x), aux)
    };
    for text in [
        program(forward, x()).to_string(),
        program(linear, x()).to_string(),
        program(jacfwd_with(f, |o| o.has_aux()), x()).to_string(),
        program(jacrev_with(f, |o| o.has_aux()), x()).to_string(),
    ] {
        assert_eq!(text.matches(" = sin ").count(), 1, "{text}");
        assert!(!text.contains(" = cos "), "{text}");
    }
    let all = program(|x: Array| jvp(f, x.clone(), x), x()).to_string();
    assert!(all.contains(" = cos "), "{all}");
}
