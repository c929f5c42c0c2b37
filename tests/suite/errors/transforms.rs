//! Tests the messages of transformations, and of arrays that a trace has.

use super::{Model, call, model, panic_of, refused};
use crate::support::device::on_cpu;
use kiln::prelude::*;
use kiln::{
    ArrayType, hessian, hessian_with, jacfwd, jacrev, jacrev_with, jvp, jvp_with, numpy as np, shaped, vjp,
};
use std::cell::RefCell;

#[test]
fn traces() {
    let kept = RefCell::new(None);
    jit(|x: Array| {
        refused([
            (
                call!(x.sum().item::<f32>()),
                "item: an array f32[] inside jit (made at …",
            ),
            (
                call!(x.to_vec::<f32>()),
                "to_vec: an array f32[2] inside jit (made at …",
            ),
            (
                call!(x.clone().block_until_ready()),
                "block_until_ready: an array f32[2] inside jit (made at …",
            ),
            (
                call!(np::arange(2).index(x.gt(0))),
                "index: the length of a selection by bools depends on values, which a trace does not have: use where_",
            ),
            // The check is made while tracing, and the panic is at the function's own line.
            (
                call!(&x + np::ones(3)),
                "add: shapes (2,) and (3,) do not broadcast: axis -1 is 2 against 3",
            ),
            (
                call!(x.index(2)),
                "index: index 2 is out of bounds for axis 0 of shape (2,)",
            ),
        ]);
        kept.replace(Some(x.clone()));
        x + 1
    })(np::ones(2));
    let kept = &kept.into_inner().unwrap();
    refused([
        (call!(kept + 1), "add: an array f32[2] of jit (made at …"),
        (call!(kept.sum()), "sum: an array f32[2] of jit (made at …"),
        (
            call!(kept.reshape((2, 1))),
            "reshape: an array f32[2] of jit (made at …",
        ),
        (call!(kept.index(0)), "index: an array f32[2] of jit (made at …"),
        (
            call!(kept.to_vec::<f32>()),
            "to_vec: an array f32[2] of jit (made at …",
        ),
    ]);
}

#[test]
fn arrays_with_a_shape_only() {
    let x = &shaped(ArrayType::new(DType::F32, [2]));
    let only = "an array f32[2] that has a shape and a dtype only: eval_shape and program take it";
    refused([
        (call!(x.sin()), &format!("sin: {only}")[..]),
        (call!(x + 1), &format!("add: {only}")),
        (call!(x.to_vec::<f32>()), &format!("to_vec: {only}")),
    ]);
}

/// A returned function cannot know the line of its call. Its errors begin with the line that made it.
#[test]
fn out_of_memory_within_transformations() {
    let long = |x: Array| np::broadcast_to(x, 1_usize << 50).sin();
    let (x, ones) = (|| Array::from(1.0), || np::ones(1));
    let (same, many) = (|x: Array| x, || np::ones(1 << 25));
    type Case = (&'static str, u32, Box<dyn Fn()>);
    let cases: [Case; 6] = [
        ("jit", line!(), Box::new(move || drop(jit(long)(x())))),
        ("vmap", line!(), Box::new(move || drop(vmap(long)(ones())))),
        ("vjp", line!(), Box::new(move || drop(vjp(long, x()).0))),
        ("jvp", line!(), Box::new(move || drop(jvp(long, x(), x())))),
        ("jacfwd", line!(), Box::new(move || drop(jacfwd(same)(many())))),
        ("jacrev", line!(), Box::new(move || drop(jacrev(same)(many())))),
    ];
    for (name, line, f) in cases {
        let (_, _, message) = panic_of(|| on_cpu(f)).expect("a panic");
        let place = format!("{name} (made at {}:{line}:", file!());
        assert!(message.starts_with(&place), "{message}");
        assert!(message.contains("): out of memory: an array "), "{message}");
    }
}

/// The line of a call is known where nothing is returned to be called later.
#[test]
fn tangents_of_another_shape() {
    let refusal = concat!("(made at ", file!(), ":");
    let with_aux = |x: Array| (x.sin(), x);
    let cases: [(u32, &dyn Fn()); 2] = [
        (line!() + 1, &|| {
            drop(jvp(|x: Array| x.sin(), np::ones(3), np::ones(2)))
        }),
        (line!() + 1, &|| {
            drop(jvp_with(with_aux, np::ones(3), np::ones(2), |o| o.has_aux()))
        }),
    ];
    for (line, f) in cases {
        let (file, at, message) = panic_of(f).expect("a panic");
        assert_eq!((file.as_str(), at), (file!(), line));
        assert!(message.starts_with(&format!("jvp {refusal}{line}:")), "{message}");
        assert!(
            message.ends_with("): the tangent is f32[2], it must be f32[3]"),
            "{message}"
        );
    }
}

#[test]
fn a_lone_integer_has_no_gradient() {
    let of = |x: Array| {
        let (_, _, message) = panic_of(|| drop(grad(|x: Array| x * 2)(x))).expect("a panic");
        let (place, fact) = message.split_once("): ").expect("the line that made it");
        assert!(
            place.starts_with(concat!("grad (made at ", file!(), ":")),
            "{place}"
        );
        fact.to_string()
    };
    assert_eq!(
        of(3.into()),
        "argument is i32[]: only floats have gradients: pass 3.0"
    );
    assert_eq!(
        of(np::arange(3)),
        "argument is i32[3]: only floats have gradients: pass floats, as x.astype(DType::F32)"
    );
}

#[test]
fn jacobians_of_integers() {
    let message = |f: &dyn Fn()| panic_of(f).expect("a panic").2;
    let at = || (np::ones(2), np::arange(2));
    let counted = |x: Array| (x.pow(2), x.argmax());
    let cases: [(&dyn Fn(), u32, &str); 5] = [
        (
            &|| drop(jacfwd(|x: (Array, Array)| x.0)(at())),
            line!() - 1,
            "jacfwd (…): the argument.1 is i32[2]: only floats have derivatives: pass floats, or hold it fixed with the \
             option argnums",
        ),
        (
            &|| drop(jacrev_with(|x: (Array, Array)| x.0, |o| o.argnums(Arg::<1>))(at())),
            line!() - 1,
            "jacrev (…): the argument is i32[2]: only floats have derivatives: pass floats, or hold it fixed with the \
             option argnums",
        ),
        (
            &|| drop(jacfwd(counted)(np::ones(2))),
            line!() - 1,
            "jacfwd (…): the value.1 is i32[]: only floats have derivatives: return floats, and all else as auxiliary \
             result with the option has_aux",
        ),
        (
            &|| drop(jacrev(counted)(np::ones(2))),
            line!() - 1,
            "jacrev (…): the value.1 is i32[]: only floats have derivatives: return floats, and all else as auxiliary \
             result with the option has_aux",
        ),
        (
            &|| drop(hessian_with(counted, |o| o.has_aux())(np::ones(2))),
            line!() - 1,
            "hessian (…): the function returns f32[2], not a float scalar: use vjp, jacrev or jacfwd",
        ),
    ];
    for (f, line, wanted) in cases {
        let found = message(f);
        let (start, end) = wanted.split_once('…').expect("a place");
        let place = format!("{start}made at {}:{line}:", file!());
        assert!(found.starts_with(&place) && found.ends_with(end), "{found}");
    }
    let at = || model(2, true);
    let h = hessian(|m: Model| (m.weights[0].pow(2) * m.bias.unwrap()).sum())(at());
    let found = message(&|| drop(h["weight"].clone()));
    assert_eq!(
        found,
        "index: no leaf \"weight\": the leaves are weights[0], weights[1], bias"
    );
}

/// A panic inside of a function that a transformation traces comes from the line inside.
#[test]
fn the_line_inside_of_a_transformed_function_comes_first() {
    let bad = |x: Array| (x + np::ones(3)).sum();
    let line = line!() - 1;
    for f in [
        Box::new(|x| drop(grad(bad)(x))) as Box<dyn Fn(Array)>,
        Box::new(|x| drop(vmap(bad)(np::stack([x])))),
        Box::new(|x| drop(jit(vmap(grad(bad)))(np::stack([x])))),
    ] {
        let (file, at, message) = panic_of(|| f(np::ones(2))).expect("a panic");
        assert_eq!((file.as_str(), at), (file!(), line));
        assert_eq!(
            message,
            "add: shapes (2,) and (3,) do not broadcast: axis -1 is 2 against 3"
        );
    }
}
