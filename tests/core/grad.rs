//! Derivatives through structure: calls, loops, choices, rules of the user's, and combinations of these.

use kiln::Device;
use kiln_backends::program::{Equation, Op, Program};
use kiln_core::numpy::{self as np, linalg};
use kiln_core::{
    Arg, Array, DType, checkpoint, custom_jvp, custom_vjp, grad, grad_with, jit, jvp, lax, linearize,
    program, stop_gradient, value_and_grad, vjp, vmap, with_x64,
};
use std::cell::Cell;

/// Runs a test in double precision, in which a difference quotient is good to about 1e-9.
fn in_f64(test: impl FnOnce()) {
    with_x64(true, test);
}

/// Compares reverse mode with a central difference along a direction, and forward mode with reverse mode.
/// Then does the same with the gradient, for the second order.
fn agrees(name: &str, f: &dyn Fn(Array) -> Array, x: &Array) {
    first_order(name, f, x);
    let second = |x: Array| (grad(f)(x) * weights(3)).sum();
    first_order(&format!("the gradient of {name}"), &second, x);
}

/// A function of an array, which may capture others.
type Function<'a> = Box<dyn Fn(Array) -> Array + 'a>;

fn weights(n: usize) -> Array {
    np::array([0.7, -1.3, 0.4]).reshape(n)
}

fn first_order(name: &str, f: &dyn Fn(Array) -> Array, x: &Array) {
    let v = np::array([0.3, -0.8, 0.5]);
    // The error of a central difference is h^2 f''' / 6 + eps |f| / h: about 1e-10 for h = 6e-6 and values of
    // order one.
    let h = 6e-6;
    let difference = (f(x + h * &v) - f(x - h * &v)).item::<f64>() / (2.0 * h);
    let reverse = (grad(f)(x.clone()) * &v).sum().item::<f64>();
    let forward = jvp(f, x.clone(), v.clone()).1.item::<f64>();
    let jitted = (jit(grad(f))(x.clone()) * &v).sum().item::<f64>();
    assert!(
        (reverse - difference).abs() < 1e-8 * (1.0 + difference.abs()),
        "{name}: {reverse} against {difference}"
    );
    // Both are the same sums in another order.
    assert!(
        (reverse - forward).abs() < 1e-12 * (1.0 + forward.abs()),
        "{name}: {reverse} backwards, {forward} forwards"
    );
    assert_eq!(reverse, jitted, "{name}");
}

#[test]
fn derivatives_go_through_structure() {
    if !Device::default().has(DType::F64) {
        return;
    }
    in_f64(|| {
        let x = np::array([0.5, 1.25, -0.75]);
        let table = np::array([[1.0, 0.5, 0.2], [0.1, 2.0, -0.3], [0.4, 0.3, 1.5]]);
        let w = &table;
        let rows: Vec<(&str, Function)> = vec![
            ("plain", Box::new(|x| (x.sin() * x.exp()).sum())),
            ("a call", Box::new(|x| jit(|x: Array| x.sin() * &x)(x).sum())),
            (
                "a call in a call",
                Box::new(|x| jit(|x: Array| jit(|y: Array| y.exp())(x.sin()))(x).sum()),
            ),
            ("a captured array", Box::new(|x| w.matmul(x).tanh().sum())),
            (
                "a loop",
                Box::new(|x| lax::fori_loop(0, 4, |_, x: Array| x.sin() + 0.5 * x, x).sum()),
            ),
            (
                "a loop with constants",
                Box::new(|x| lax::fori_loop(0, 3, |i, y: Array| (&y * &x).sin() + i, x.clone()).sum()),
            ),
            (
                "a loop over products of matrices",
                Box::new(|x| lax::fori_loop(0, 3, |_, y: Array| w.matmul(y).tanh(), x).sum()),
            ),
            (
                "a loop in a call",
                Box::new(|x| {
                    jit(|x: Array| lax::fori_loop(0, 3, |_, y: Array| y.cos() * &x, x.clone()))(x).sum()
                }),
            ),
            (
                "a loop in a loop",
                Box::new(|x| {
                    lax::fori_loop(
                        0,
                        2,
                        |_, y: Array| lax::fori_loop(0, 3, |_, z: Array| z.sin() * &x, y),
                        x.clone(),
                    )
                    .sum()
                }),
            ),
            (
                "a loop of a carry that starts constant",
                Box::new(|x| {
                    lax::fori_loop(
                        0,
                        3,
                        |_, (s, y): (Array, Array)| (s + y.pow(2).sum(), y.sin()),
                        (0.0.into(), x),
                    )
                    .0
                }),
            ),
            (
                "a checkpoint",
                Box::new(|x| checkpoint(|x: Array| x.sin().exp())(x).sum()),
            ),
            (
                "a checkpointed loop",
                Box::new(|x| {
                    let inner = checkpoint(|y: Array| lax::fori_loop(0, 3, |_, z: Array| z.sin() * 1.1, y));
                    lax::fori_loop(0, 3, |_, y: Array| inner(y), x).sum()
                }),
            ),
            (
                "a rule",
                Box::new(|x| {
                    let f = custom_vjp(
                        |x: Array| x.sin(),
                        |x: Array| (x.sin(), x.cos()),
                        |c: Array, g: Array| c * g,
                    );
                    (f(x.clone()) * x).sum()
                }),
            ),
            (
                "a forward rule",
                Box::new(|x| {
                    let f = custom_jvp(|x: Array| x.sin(), |x: Array, t: Array| (x.sin(), x.cos() * t));
                    (f(x.clone()) * x).sum()
                }),
            ),
            (
                "a rule in a loop",
                Box::new(|x| {
                    let f = custom_vjp(
                        |x: Array| x.sin(),
                        |x: Array| (x.sin(), x.cos()),
                        |c: Array, g: Array| c * g,
                    );
                    lax::fori_loop(0, 3, |_, y: Array| f(y) * &x, x.clone()).sum()
                }),
            ),
            (
                "a read by indices",
                Box::new(|x| (x.index(np::array([2, 0, 2])) * x.index(-1)).sin().sum()),
            ),
            (
                "a write by indices",
                Box::new(|x| x.at(np::array([0, 2])).set(x.index(0) * x.index(1)).pow(2).sum()),
            ),
            (
                "a write to one place twice",
                Box::new(|x| {
                    x.at(np::array([1, 1]))
                        .set(np::stack([x.index(0).sin(), x.index(2).sin()]))
                        .pow(2)
                        .sum()
                }),
            ),
            (
                "a sum by indices",
                Box::new(|x| x.at(np::array([1, 1])).add(x.index(0).sin()).pow(2).sum()),
            ),
            (
                "a product by indices",
                Box::new(|x| x.at(np::array([1, 1])).multiply(x.index(0).sin()).pow(2).sum()),
            ),
            (
                "a maximum by indices",
                Box::new(|x| x.at(np::array([1, 1])).max(x.index(0) * 7).pow(2).sum()),
            ),
            (
                "a solution",
                Box::new(|x| linalg::solve(w + np::outer(&x, &x), x.sin()).sum()),
            ),
            (
                "an inverse",
                Box::new(|x| linalg::inv(w + np::outer(&x, &x)).sum()),
            ),
            (
                "eigenvalues",
                Box::new(|x| linalg::eigh(w + np::outer(&x, x.sin())).eigenvalues.pow(2).sum()),
            ),
            (
                "eigenvectors",
                Box::new(|x| {
                    linalg::eigh(w + np::outer(&x, x.sin()))
                        .eigenvectors
                        .abs()
                        .index(0)
                        .sum()
                }),
            ),
        ];
        for (name, f) in rows {
            agrees(name, &f, &x);
        }
    });
}

#[test]
fn functions_may_look_at_values() {
    // Newton's method with a condition on the host.
    let root = |a: Array| {
        let mut x = a.clone();
        while (&x * &x - &a).abs().item::<f32>() > 1e-3 {
            x = (&x + &a / &x) / 2;
        }
        x
    };
    let slope = grad(root)(2.0.into()).item::<f32>();
    assert!((slope - 0.5 / 2_f32.sqrt()).abs() < 1e-3, "{slope}");
    // The same in a gradient of a gradient.
    let f = |x: Array| if x.item::<f32>() > 0.0 { x.pow(3) } else { -x };
    assert_eq!(grad(grad(f))(2.0.into()).item::<f32>(), 12.0);
    assert_eq!(grad(grad(f))((-2.0).into()).item::<f32>(), 0.0);
}

#[test]
fn a_selection_by_bools_is_made_at_the_point() {
    let positive = |x: Array| x.index(x.gt(0)).pow(2).sum();
    let x = np::array([-1.0, 2.0, 3.0]);
    assert_eq!(grad(positive)(x.clone()).to_vec::<f32>(), [0.0, 4.0, 6.0]);
    let (_, tangent) = jvp(positive, x.clone(), np::ones(3));
    assert_eq!(tangent.item::<f32>(), 10.0);
    let set = |x: Array| x.at(x.lt(0)).set(0).sum();
    assert_eq!(grad(set)(x.clone()).to_vec::<f32>(), [0.0, 1.0, 1.0]);
    let text = message(move || drop(jit(grad(positive))(np::ones(3))));
    assert!(text.contains("use where_"), "{text}");
}

#[test]
fn what_was_looked_at_stays_known_when_a_look_fails() {
    let one = np::array(1.0);
    let f = jit(|t: Array| {
        grad(|x: Array| {
            let y = x.sin();
            let value = y.item::<f32>();
            let sum = &y + &t;
            let text = message(std::panic::AssertUnwindSafe(|| _ = sum.item::<f32>()));
            assert!(text.contains("has no value yet"), "{text}");
            assert_eq!(y.item::<f32>(), value);
            sum
        })(one.clone())
    });
    assert_eq!(f(2.0.into()).item::<f32>(), 1_f32.cos());
}

#[test]
fn loops_between_arrays_of_known_values_have_gradients() {
    let narrow = if Device::default().has(DType::U8) {
        DType::U8
    } else {
        DType::I32
    };
    let (low, high) = (np::array(1), np::array(6).astype(narrow));
    let power = |x: Array| lax::fori_loop(&low, &high, |_, c: Array| c * &x, 1.0.into());
    assert_eq!(grad(power)(2.0.into()).item::<f32>(), 80.0);
    assert_eq!(jit(grad(power))(2.0.into()).item::<f32>(), 80.0);
    // A bound that depends on the argument's value, at a point.
    let up_to = |x: Array| lax::fori_loop(0, x.astype(DType::I32) + 1, |_, c: Array| c * &x, 1.0.into());
    assert_eq!(grad(up_to)(2.0.into()).item::<f32>(), 12.0);
    let text = message(|| drop(jit(grad(up_to))(2.0.into())));
    assert!(
        text.contains("fori_loop whose bounds are traced arrays"),
        "{text}"
    );
}

#[test]
fn each_derivative_is_of_its_own_variable() {
    // Perturbation confusion: the derivative of x (d/dy (x + y)) is 1.
    let f = |x: Array| &x * grad(|y: Array| &x + y)(1.0.into());
    assert_eq!(grad(f)(1.0.into()).item::<f32>(), 1.0);
    let f = |x: Array| &x * jvp(|y: Array| &x * y, 1.0.into(), 1.0.into()).1;
    assert_eq!(grad(f)(3.0.into()).item::<f32>(), 6.0);
    let f = |x: Array| jvp(|x: Array| x.pow(3), x, 1.0.into()).1;
    assert_eq!(jvp(f, 2.0.into(), 1.0.into()).1.item::<f32>(), 12.0);
}

#[test]
fn arguments_may_be_trees_and_partly_fixed() {
    let f = |(x, ys): (Array, Vec<Array>)| (x * &ys[0] + ys[1].sin()).sum();
    let (gx, gys) = grad(f)((np::ones(2), vec![2.0.into(), 0.0.into()]));
    assert_eq!((gx.to_vec::<f32>(), gys.len()), (vec![2.0; 2], 2));
    assert_eq!((gys[0].item::<f32>(), gys[1].item::<f32>()), (2.0, 2.0));
    let slope = grad_with(|(x, n): (Array, Array)| (x * n).sum(), |o| o.argnums(Arg::<0>))((
        np::ones(2),
        np::arange(2),
    ));
    assert_eq!(slope.to_vec::<f32>(), [0.0, 1.0]);
    let (slope, (kept, count)) = grad(|x: Array| (x.sum(), (x.sin(), Array::from(3))))(np::zeros(2));
    assert_eq!(
        (slope.to_vec::<f32>(), kept.to_vec::<f32>(), count.item::<i32>()),
        (vec![1.0; 2], vec![0.0; 2], 3)
    );
    let (value, slope) = value_and_grad(|x: Array| x.pow(2))(3.0.into());
    assert_eq!(
        (value.item::<f32>(), slope.item::<f32>(), slope.is_weak()),
        (9.0, 6.0, true)
    );
}

#[test]
fn what_is_not_reached_has_a_gradient_of_zeros() {
    let (gx, gy) = grad(|(x, _): (Array, Array)| x.sum())((np::ones(2), np::ones(3)));
    assert_eq!(
        (gx.to_vec::<f32>(), gy.to_vec::<f32>()),
        (vec![1.0; 2], vec![0.0; 3])
    );
    assert_eq!(grad(|x: Array| x.floor())(1.5.into()).item::<f32>(), 0.0);
    let stopped = grad(|x: Array| &x * stop_gradient(&x * 2));
    assert_eq!(stopped(3.0.into()).item::<f32>(), 6.0);
    assert_eq!(jit(stopped)(3.0.into()).item::<f32>(), 6.0);
}

#[test]
fn pullbacks_and_linear_maps_can_be_used_again() {
    let x = np::array([1.0, 2.0]);
    let (y, pullback) = vjp(|x: Array| (x.sin(), (&x * &x).sum()), x.clone());
    assert_eq!(y.1.item::<f32>(), 5.0);
    for scale in [1.0, 2.0] {
        let g = pullback((np::zeros(2), scale.into()));
        assert_eq!(g.to_vec::<f32>(), [2.0 * scale as f32, 4.0 * scale as f32]);
    }
    let calls = Cell::new(0);
    let (_, along) = linearize(
        |x: Array| {
            calls.set(calls.get() + 1);
            x.pow(3)
        },
        x,
    );
    assert_eq!(along(np::ones(2)).to_vec::<f32>(), [3.0, 12.0]);
    assert_eq!(along(np::array([0.0, 2.0])).to_vec::<f32>(), [0.0, 24.0]);
    assert_eq!(calls.get(), 1);
}

#[test]
fn rules_of_the_users_are_used_in_every_mode() {
    // A wrong derivative shows that the user's rule is used.
    let wrong = || {
        custom_vjp(
            |x: Array| x.sin(),
            |x: Array| (x.sin(), ()),
            |(), g: Array| g * 10,
        )
    };
    assert_eq!(grad(wrong())(1.0.into()).item::<f32>(), 10.0);
    assert_eq!(jit(grad(wrong()))(1.0.into()).item::<f32>(), 10.0);
    assert_eq!(grad(jit(wrong()))(1.0.into()).item::<f32>(), 10.0);
    assert_eq!(jvp(wrong(), 1.0.into(), 2.0.into()).1.item::<f32>(), 20.0);
    let wrong = || custom_jvp(|x: Array| x.sin(), |x: Array, t: Array| (x.sin(), 10 * t));
    assert_eq!(grad(wrong())(1.0.into()).item::<f32>(), 10.0);
    assert_eq!(jvp(wrong(), 1.0.into(), 2.0.into()).1.item::<f32>(), 20.0);
    assert_eq!(wrong()(0.0.into()).item::<f32>(), 0.0);
}

#[test]
fn programs_of_gradients_are_short() {
    let v = || np::array([1.0, 2.0]);
    // The number of equations of each simplified gradient as written by hand, plus one for each number in
    // them.
    let rows: [(&str, Function, Array, usize); 9] = [
        ("sin", Box::new(|x| x.sin()), 1.0.into(), 1),
        ("exp", Box::new(|x| x.exp()), 1.0.into(), 1),
        ("square", Box::new(|x| x.pow(2)), 1.0.into(), 1),
        ("cube", Box::new(|x| x.pow(3)), 1.0.into(), 3),
        ("inverse square", Box::new(|x| x.pow(-2)), 1.0.into(), 6),
        (
            "second of sin",
            Box::new(|x| grad(|x: Array| x.sin())(x)),
            1.0.into(),
            2,
        ),
        ("norm", Box::new(|x| linalg::norm(x)), v(), 8),
        ("logsumexp", Box::new(|x| x.exp().sum().log()), v(), 6),
        ("quadratic form", Box::new(|x| x.dot(&x)), v(), 3),
    ];
    for (name, f, x, wanted) in rows {
        let short = kiln_core::simplify(&program(grad(f), x));
        assert_eq!(short.equations().len(), wanted, "{name} {short}");
    }
}

fn message(f: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let error = std::panic::catch_unwind(f).expect_err("refused");
    error.downcast_ref::<String>().expect("a message").clone()
}

#[test]
fn what_has_no_gradient_is_refused_by_name() {
    let text = message(|| drop(grad(|x: Array| x.sin())(np::ones(3))));
    assert!(
        text.contains("): the function returns f32[3], not a float scalar"),
        "{text}"
    );
    assert!(text.starts_with("grad (made at tests/core/grad.rs:"), "{text}");
    let text = message(|| {
        drop(grad(|(_, n): (Array, Array)| n.sum())((
            np::ones(1),
            np::arange(3),
        )))
    });
    assert!(
        text.contains("): argument.1 is i32[3]: only floats have gradients: hold it fixed"),
        "{text}"
    );
    let halve = |x: Array| lax::while_loop(|x: &Array| x.gt(1.0), |x| x / 2, x);
    let text = message(move || drop(grad(halve)(8.0.into())));
    assert!(text.contains("a while_loop has no reverse mode"), "{text}");
    assert_eq!(jvp(halve, 8.0.into(), 1.0.into()).1.item::<f32>(), 0.125);
    let text = message(|| {
        drop(jit(grad(|x: Array| if x.item::<f32>() > 0.0 { x } else { -x }))(
            1.0.into(),
        ))
    });
    assert!(text.contains("inside jit"), "{text}");
    let text = message(|| {
        let scale = np::ones(());
        drop(grad(|s: Array| {
            let f = custom_vjp(|x: Array| x * &s, |x: Array| (x * &s, ()), |(), g: Array| g);
            f(scale.clone())
        })(1.0.into()))
    });
    assert!(text.contains("make it an argument"), "{text}");
    let (_, pullback) = vjp(|x: Array| x.sin(), np::ones(3));
    let text = message(std::panic::AssertUnwindSafe(move || drop(pullback(np::ones(2)))));
    assert!(
        text.starts_with("vjp (made at ") && text.contains("): the cotangent is f32[2], it must be f32[3]"),
        "{text}"
    );
}

/// Doubles `x` until it is at least 10. The derivative is the power of 2.
fn doubled(x: Array) -> Array {
    lax::while_loop(|x: &Array| x.lt(10), |x| x * 2, x)
}

/// A loop of no iterations returns its initial carry, also if its body drops the carry. Its derivative does
/// the same, in every mode.
#[test]
fn a_loop_of_no_iterations_passes_cotangents_on() {
    let none = || np::zeros((0, 2));
    let dropped = |c: Array| lax::fori_loop(0, 0, |_, _: Array| np::ones(()), c);
    let functions: [(&str, Function); 14] = [
        (
            "fori_loop",
            Box::new(|x| lax::fori_loop(0, 0, |_, _: Array| np::ones(()), &x * &x)),
        ),
        (
            "from 1 to 1",
            Box::new(|x| lax::fori_loop(1, 1, |_, _: Array| np::ones(()), &x * &x)),
        ),
        (
            "from 3 to 1",
            Box::new(|x| lax::fori_loop(3, 1, |_, c: Array| stop_gradient(c), &x * &x)),
        ),
        (
            "scan",
            Box::new(|x| lax::scan(|_: Array, y: Array| (y.sum(), ()), &x * &x, none()).0),
        ),
        (
            "scan_reverse",
            Box::new(|x| {
                lax::scan_with(
                    |_: Array, y: Array| (y.sum(), ()),
                    &x * &x,
                    none(),
                    |o| o.reverse(true),
                )
                .0
            }),
        ),
        (
            "scan_n",
            Box::new(|x| lax::scan_n(|_: Array| (np::ones(()), np::ones(3)), &x * &x, 0).0),
        ),
        (
            "while_loop_bounded",
            Box::new(|x| {
                lax::while_loop_bounded(|_: &Array| true.into(), |_: Array| np::ones(()), &x * &x, 0)
            }),
        ),
        (
            "exchanged",
            Box::new(|x| {
                let (c, y) = lax::fori_loop(
                    0,
                    0,
                    |_, (a, b): (Array, Array)| (stop_gradient(b), a),
                    (&x * &x, x),
                );
                c + 0.0 * y
            }),
        ),
        (
            "what is stacked",
            Box::new(|x| {
                let (c, ys) = lax::scan(|c: Array, y: Array| (y.sum(), c * y), &x * &x, none());
                c + ys.sum()
            }),
        ),
        (
            "captured",
            Box::new(|x| lax::fori_loop(0, 0, |_, _: Array| x.sin(), &x * &x)),
        ),
        (
            "within a loop",
            Box::new(move |x| lax::fori_loop(0, 2, |_, c: Array| dropped(c), &x * &x)),
        ),
        (
            "within a branch",
            Box::new(move |x| lax::cond(x.gt(0), dropped, |c: Array| stop_gradient(c), &x * &x)),
        ),
        ("within a call", Box::new(move |x| jit(dropped)(&x * &x))),
        (
            "within a checkpoint",
            Box::new(move |x| checkpoint(dropped)(&x * &x)),
        ),
    ];
    for (name, f) in functions {
        let f = &f;
        let x = || Array::from(3.0);
        let slope = grad(f);
        let found = [
            slope(x()),
            jvp(f, x(), 1.0.into()).1,
            linearize(f, x()).1(1.0.into()),
            jit(&slope)(x()),
            vmap(&slope)(np::full(2, 3.0)).index(1),
            grad(|xs: Array| vmap(f)(xs).sum())(np::full(2, 3.0)).index(0),
        ];
        assert_eq!(found.map(|y| y.item::<f32>()), [6.0; 6], "{name}");
        let second = [
            grad(&slope)(x()),
            jvp(&slope, x(), 1.0.into()).1,
            grad(|x: Array| jvp(f, x, 1.0.into()).1)(x()),
            jvp(|x: Array| jvp(f, x, 1.0.into()).1, x(), 1.0.into()).1,
        ];
        assert_eq!(second.map(|y| y.item::<f32>()), [2.0; 4], "{name}, second order");
    }
    let xs = grad(|xs: Array| lax::scan(|_: Array, x: Array| (x, ()), np::ones(2), xs).0.sum());
    assert_eq!(xs(none()).shape()[..], [0, 2]);
}

#[test]
fn a_while_loop_is_in_the_way_only_where_a_derivative_goes_through_it() {
    let functions: [(&str, Function, f32); 6] = [
        (
            "stopped",
            Box::new(|x| &x * stop_gradient(doubled(x.clone()))),
            12.0,
        ),
        (
            "compared",
            Box::new(|x| np::where_(doubled(x.clone()).gt(11), &x * &x, 3 * &x)),
            6.0,
        ),
        (
            "counted",
            Box::new(|x| {
                let start = (x.clone(), Array::from(0.0));
                let (_, n) =
                    lax::while_loop(|(x, _): &(Array, Array)| x.lt(10), |(x, n)| (x * 2, n + 1), start);
                n * x
            }),
            2.0,
        ),
        (
            "within a call",
            Box::new(|x| {
                let (_, y) = jit(|x: Array| (doubled(x.clone()), &x * &x))(x);
                y
            }),
            6.0,
        ),
        (
            "stopped within a call",
            Box::new(|x| jit(|(a, b): (Array, Array)| stop_gradient(a) * b)((doubled(x.clone()), x))),
            12.0,
        ),
        (
            "stopped within a loop",
            Box::new(|x| {
                let body = |c: Array| {
                    let y = doubled(c.clone());
                    (&c * 2 + stop_gradient(y), ())
                };
                lax::scan_n(body, x, 2).0
            }),
            4.0,
        ),
    ];
    for (name, f, wanted) in functions {
        assert_eq!(grad(&f)(3.0.into()).item::<f32>(), wanted, "{name}");
        assert_eq!(vjp(&f, 3.0.into()).1(1.0.into()).item::<f32>(), wanted, "{name}");
        assert_eq!(jvp(&f, 3.0.into(), 1.0.into()).1.item::<f32>(), wanted, "{name}");
    }
    let (gradient, aux) = grad(|x: Array| (&x * &x, doubled(x)))(3.0.into());
    assert_eq!((gradient.item::<f32>(), aux.item::<f32>()), (6.0, 12.0));
}

#[test]
fn a_while_loop_in_a_rule_that_is_transposed_is_refused() {
    let scaled = |t: Array| {
        lax::while_loop(
            |(n, _): &(Array, Array)| n.lt(3),
            |(n, t)| (n + 1, t * 2),
            (0.into(), t),
        )
        .1
    };
    let f = custom_vjp(
        |x: Array| 8 * x,
        |x: Array| (8 * x, ()),
        move |(), g: Array| scaled(g),
    );
    assert_eq!(grad(&f)(1.0.into()).item::<f32>(), 8.0);
    let text = message(std::panic::AssertUnwindSafe(|| {
        drop(jvp(&f, 1.0.into(), 1.0.into()))
    }));
    assert!(
        text.starts_with("jvp (made at ")
            && text.contains("): the rule of a custom_vjp is to be transposed: a while_loop"),
        "{text}"
    );
    let f = custom_jvp(|x: Array| 8 * x, move |x: Array, t: Array| (8 * x, scaled(t)));
    assert_eq!(jvp(&f, 1.0.into(), 1.0.into()).1.item::<f32>(), 8.0);
    let text = message(std::panic::AssertUnwindSafe(|| drop(grad(&f)(1.0.into()))));
    assert!(
        text.starts_with("grad (made at ")
            && text.contains("): the rule of a custom_jvp is to be transposed: a while_loop"),
        "{text}"
    );
}

/// Returns the number of matrix products in a program, with those of its inner programs.
fn products(program: &Program) -> usize {
    let of = |equation: &Equation| match &equation.op {
        Op::Dot(_) => 1,
        op => op.programs().into_iter().map(|program| products(program)).sum(),
    };
    program.equations().iter().map(of).sum()
}

#[test]
fn a_call_within_a_loop_is_not_computed_again_on_the_way_back() {
    let (m, n) = (np::eye(2), 3);
    let step = jit(move |x: Array| m.matmul(&x).sin().matmul(&x));
    let plain = grad(|x: Array| lax::scan_n(|x: Array| (step(x), ()), x, n).0.sum());
    // Two products forward. Backward one for the first, whose matrix is constant, and two for the second.
    assert_eq!(products(&program(plain, np::eye(2))), 2 + 3);
}

#[test]
fn a_call_that_is_the_same_in_each_trip_leaves_the_loop_before_it_is_differentiated() {
    let f = |m: Array| {
        let square = jit(|m: Array| m.matmul(&m));
        let step = |x: Array| (&square(m.clone()) * x.sin(), ());
        lax::scan_n(step, np::ones((2, 2)), 3).0.sum()
    };
    // One product forward, and two backward.
    let program = program(grad(f), np::eye(2));
    let bodies = |program: &Program| -> usize {
        let of = |equation: &Equation| match &equation.op {
            Op::Scan(scan) => products(&scan.body),
            _ => 0,
        };
        program.equations().iter().map(of).sum()
    };
    let whole: Vec<_> = program
        .equations()
        .iter()
        .flat_map(|equation| equation.op.programs())
        .collect();
    let within: usize = whole.iter().map(|program| bodies(program)).sum();
    assert_eq!(
        (products(&program), bodies(&program) + within),
        (3, 0),
        "{program}"
    );
}

/// A loop may have a result whose tangent is always zero, because nothing in it depends on the given inputs.
#[test]
fn a_choice_of_constants_has_no_derivative() {
    type Branch = fn(Array) -> Array;
    let constant: Branch = |x| (&x * 0.0).sum() * 0.0 + 2.5;
    let looped: Branch = |x| {
        lax::fori_loop(0, 1, |_, _| np::full((2, 3), 2.5), x)
            .ravel()
            .index(0)
    };
    let kept: Branch = |x| {
        lax::fori_loop(0, 3, |_, _| np::full((2, 3), 2.5), x)
            .ravel()
            .index(0)
    };
    let conditional: Branch = |x| {
        let start = (np::arange(1).index(0), x);
        let end = lax::while_loop(|(i, _)| i.lt(2), |(i, _)| (i + 1, np::full((2, 3), 2.5)), start);
        end.1.ravel().index(0)
    };
    let x = np::ones((2, 3));
    for (first, second) in [
        (constant, looped),
        (looped, constant),
        (looped, kept),
        (kept, conditional),
        (conditional, constant),
    ] {
        for which in [0, 1] {
            let f = move |x: Array| lax::cond(Array::from(which).gt(0), first, second, x);
            let (y, tangent) = jvp(f, x.clone(), x.clone());
            assert_eq!((y.item::<f32>(), tangent.item::<f32>()), (2.5, 0.0));
            let (_, tangent) = jvp(|x| jvp(f, x, np::ones((2, 3))).1, x.clone(), x.clone());
            assert_eq!(tangent.item::<f32>(), 0.0);
        }
    }
    for (first, second) in [(constant, looped), (looped, kept), (kept, constant)] {
        let f = move |x: Array| lax::cond(x.sum().gt(0), first, second, x);
        assert_eq!(grad(f)(x.clone()).to_vec::<f32>(), [0.0; 6]);
        assert_eq!(jit(grad(f))(-&x).to_vec::<f32>(), [0.0; 6]);
    }
}
