//! Tests the refusals of `vmap` and their messages.

use kiln::{Array, map_seq, numpy as np, vmap, vmap_in_axes, vmap_with};
use std::panic::{AssertUnwindSafe, catch_unwind};

fn message<R>(f: impl FnOnce() -> R) -> String {
    let panic = catch_unwind(AssertUnwindSafe(f)).err().expect("it is refused");
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast::<&str>().expect("a message").to_string(),
    }
}

fn pair((x, y): (Array, Array)) -> Array {
    x + y
}

#[test]
fn every_refusal_names_the_map_and_what_is_wrong() {
    let (x, y, scalar) = (np::ones((3, 2)), np::ones(4), np::ones(()));
    let (x, y, scalar) = (&x, &y, &scalar);
    type Call<'a> = Box<dyn FnOnce() -> Array + 'a>;
    let cases: Vec<(u32, Call, &str)> = vec![
        (
            line!() + 1,
            Box::new(|| vmap(pair)((x.clone(), y.clone()))),
            "got inconsistent sizes for the mapped axes: axis 0 of argument.0, f32[3,2], has size 3; \
             axis 0 of argument.1, f32[4], has size 4",
        ),
        (
            line!() + 1,
            Box::new(|| vmap(|x: Vec<Array>| x[0].clone())(vec![x.t(), x.clone(), y.clone(), x.t()])),
            "got inconsistent sizes for the mapped axes: axis 0 of argument[0], f32[2,3], has size 2; \
             axis 0 of argument[1], f32[3,2], has size 3; axis 0 of argument[2], f32[4], has size 4",
        ),
        (
            line!() + 1,
            Box::new(|| vmap_in_axes(|x: Array| x, 2)(x.clone())),
            "axis 2 is out of bounds for argument, f32[3,2], which has 2 axes",
        ),
        (
            line!() + 1,
            Box::new(|| vmap_in_axes(pair, (-2, 0))((y.clone(), y.clone()))),
            "axis -2 is out of bounds for argument.0, f32[4], which has 1 axis",
        ),
        (
            line!() + 1,
            Box::new(|| vmap(pair)((x.clone(), scalar.clone()))),
            "axis 0 is out of bounds for argument.1, f32[], which has 0 axes",
        ),
        (
            line!() + 1,
            Box::new(|| vmap(pair)((x.clone(), 1.into()))),
            "axis 0 is out of bounds for argument.1, i32[], which has 0 axes",
        ),
        (
            line!() + 1,
            Box::new(|| vmap_in_axes(pair, (None, None))((x.clone(), x.clone()))),
            "no argument has a mapped axis: give one in in_axes, or a size",
        ),
        (
            line!() + 1,
            Box::new(|| vmap(|(): ()| np::ones(1))(())),
            "no argument has a mapped axis: give one in in_axes, or a size",
        ),
        (
            line!() + 1,
            Box::new(|| vmap_with(|x: Array| x, |o| o.axis_size(2))(x.clone())),
            "the size is to be 2, but axis 0 of argument, f32[3,2], has size 3",
        ),
        (
            line!() + 1,
            Box::new(|| vmap_with(|x: Array| x, |o| o.out_axes(2))(x.clone())),
            "axis 2 is out of bounds for result, f32[2] for one element, for the batch, which has 2 axes",
        ),
        (
            line!() + 1,
            Box::new(|| vmap_with(|x: Array| (x.clone(), x), |o| o.out_axes((0, None)))(x.clone()).0),
            "result.1, f32[2] for one element, differs within the batch: its out_axes cannot be None",
        ),
    ];
    for (line, call, wanted) in cases {
        let text = message(call);
        let made_at = format!("vmap (made at {}:{line}:", file!());
        assert!(
            text.starts_with(&made_at),
            "{text}\ndoes not start with {made_at}"
        );
        assert!(
            text.ends_with(&format!("): {wanted}")),
            "{text}\ninstead of {wanted}"
        );
    }
    let text = message(|| map_seq(pair)((x.clone(), y.clone())));
    assert!(text.starts_with("map_seq (made at "), "{text}");
    let text = message(|| vmap_in_axes(|x: Vec<Array>| x, vec![0])(vec![x.clone(), x.clone()]));
    assert_eq!(text, "vmap: a vector of 1 axes for one of 2 elements");
}

#[test]
fn a_function_cannot_look_at_its_elements() {
    let made_at = format!("vmap (made at {}:{}:", file!(), line!() + 1);
    let f = vmap(|x: Array| if x.item::<f32>() > 0.0 { x } else { -x });
    let text = message(|| f(np::ones(2)));
    assert!(
        text.starts_with("item: an array f32[] inside vmap (made at "),
        "{text}"
    );
    assert!(
        text.contains(&made_at) && text.contains("has no value yet"),
        "{text}"
    );
    let g = map_seq(|x: Array| {
        x.to_vec::<f32>();
        x
    });
    assert!(message(|| g(np::ones(2))).starts_with("to_vec: an array f32[] inside map_seq (made at "));
}

#[test]
fn an_element_does_not_outlive_its_map() {
    let kept = std::cell::RefCell::new(None);
    vmap(|x: Array| {
        *kept.borrow_mut() = Some(x.clone());
        x
    })(np::ones(2));
    let kept = kept.into_inner().unwrap();
    let text = message(|| &kept + 1);
    assert!(
        text.starts_with("add: an array f32[] of vmap (made at "),
        "{text}"
    );
    let text = message(|| vmap(|x: Array| x)(kept));
    assert!(text.contains("is used outside of it"), "{text}");
    // A panic within leaves no trace behind.
    assert!(
        message(|| vmap(|_: Array| -> Array { panic!("on purpose") })(np::ones(2))).contains("on purpose")
    );
    assert_eq!(np::arange(3).sum().item::<i32>(), 3);
}

#[test]
fn errors_in_the_function_are_those_of_one_element() {
    let text = message(|| vmap(pair)((np::ones((3, 2)), np::ones((3, 4)))));
    assert_eq!(
        text,
        "add: shapes (2,) and (4,) do not broadcast: axis -1 is 2 against 4"
    );
}
