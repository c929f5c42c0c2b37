//! Tests the messages of functions of pytrees.

use super::{Model, call, matrix, model, refused};
use kiln::prelude::*;
use kiln::{flatten_util, numpy as np, tree};

#[test]
fn trees_of_different_structure() {
    let (two, three, biased) = (&model(2, false), &model(3, false), &model(2, true));
    let deep = &Model {
        depth: 7,
        ..two.clone()
    };
    let f = |x: &Array, _: &Array| x.clone();
    refused([
        (
            call!(tree::map2(two, biased, f)),
            "map2: tree 2 has a leaf .bias, which tree 1 does not have",
        ),
        (
            call!(tree::map3(three, three, two, |x, _, _| x.clone())),
            "map3: tree 3 has no leaf .weights[2], which tree 1 has",
        ),
        (
            call!(tree::add(two, deep)),
            "add: tree 2 has the leaves of tree 1, and other static values, variants or lengths: the trees must have \
             one structure",
        ),
        (
            call!(tree::vdot(biased, two)),
            "vdot: tree 2 has no leaf .bias, which tree 1 has",
        ),
        (
            call!(tree::stack(&[two.clone(), three.clone()])),
            "stack: tree 2 has a leaf .weights[2], which tree 1 does not have",
        ),
        (
            call!(tree::unflatten::<(Array, Array)>(
                &tree::structure(&((), ())),
                [matrix()]
            )),
            "unflatten: 1 leaves and this structure do not make a (kiln_core::array::Array, kiln_core::array::Array): \
             give the structure and the number of leaves that flatten returned for this type",
        ),
    ]);
}

/// A tree whose first variant holds trees of its own type.
#[derive(Clone, Tree)]
enum Node {
    Sum(Box<Node>, Box<Node>),
    Leaf(Array),
}

#[test]
fn structures_that_do_not_fit_a_type() {
    let leaf = || Box::new(Node::Leaf(1.into()));
    let (leaves, sum) = tree::flatten(&Node::Sum(leaf(), leaf()));
    let pair = tree::structure(&(np::ones(2), np::ones(2)));
    let says = |n: usize, of: &str| {
        format!(
            "unflatten: {n} leaves and this structure do not make a {of}: give the structure and the number of leaves \
             that flatten returned for this type"
        )
    };
    let node = std::any::type_name::<Node>();
    let fixed = "(kiln_core::array::Array, kiln_core::tree::fixed::Static<i32>)";
    refused([
        (
            call!(tree::unflatten::<Node>(&pair, leaves.clone())),
            &says(2, node)[..],
        ),
        (
            call!(tree::unflatten::<Node>(&sum, [Array::from(1)])),
            &says(1, node),
        ),
        (
            call!(tree::unflatten::<(Array, Static<i32>)>(&pair, [Array::from(1)])),
            &says(1, fixed),
        ),
        (
            call!(tree::unflatten::<(Array, Static<i32>)>(&sum, leaves.clone())),
            &says(2, fixed),
        ),
    ]);
    let Node::Sum(x, _) = tree::unflatten(&sum, leaves.iter().map(|x| x + 1)) else {
        panic!("another variant");
    };
    assert!(matches!(*x, Node::Leaf(x) if x.item::<i32>() == 2));
}

#[test]
fn leaves_that_do_not_fit() {
    let x = &(np::ones(2), np::ones((2, 3)));
    let y = &(np::ones(2), np::ones(4));
    let broadcast = "shapes (2, 3) and (4,) do not broadcast: axis -1 is 3 against 4";
    refused([
        (call!(tree::add(x, y)), &format!("add: {broadcast}")[..]),
        (call!(tree::subtract(x, y)), &format!("subtract: {broadcast}")),
        (call!(tree::add_scale(x, 2, y)), &format!("add: {broadcast}")),
        (
            call!(tree::stack(&[x.clone(), y.clone()])),
            "stack: leaf .1 is f32[2,3] in the first tree and f32[4] in tree 2",
        ),
        (
            call!(tree::stack::<Array>(&[])),
            "stack: there are no trees to stack",
        ),
        (
            call!(tree::unstack(&vec![np::ones(2), np::ones(3)])),
            "unstack: leaf [1] has 3 elements along its first axis, and leaf [0] has 2",
        ),
        (
            call!(tree::unstack(&np::array(1.0))),
            "unstack: leaf is f32[]: it has no axis to split",
        ),
        (
            call!(tree::unstack(&())),
            "unstack: the tree has no leaf, so the number of trees is not known",
        ),
        (
            call!(flatten_util::ravel_jacobian(matrix(), x, x)),
            "ravel_jacobian: the Jacobian has 1 blocks, and a value of 2 leaves and an argument of 2 leaves make 4",
        ),
        (
            call!(flatten_util::ravel_jacobian(matrix(), &matrix(), &matrix())),
            "ravel_jacobian: a block has shape (2, 3) in the place of (2, 3, 2, 3)",
        ),
    ]);
}
