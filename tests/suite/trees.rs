//! Trees through the transformations, functions of trees, and Jacobians of trees against JAX.

use kiln::flatten_util::{ravel_jacobian, ravel_pytree};
use kiln::numpy as np;
use kiln::prelude::*;
use kiln::{
    ArrayType, DType, closure_convert, eval_shape, grad, hessian, hvp, jacfwd, jacrev, jvp, lax, linearize,
    program, shaped, tree, value_and_grad, vjp, vmap, vmap_in_axes,
};
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};

#[derive(Clone, Debug, Tree)]
struct Params {
    b: Array,
    w: Array,
}

fn params() -> Params {
    Params {
        b: np::array(0.5),
        w: np::array([1.0, 2.0]),
    }
}

#[derive(Clone, Debug, Tree)]
enum Layer<W> {
    Dense { weights: W, bias: Option<Array> },
    Scale(Array),
    Nothing,
}

#[derive(Clone, Debug, Tree)]
struct Model<N, A> {
    layers: Vec<Layer<A>>,
    #[tree(static)]
    name: N,
    #[tree(static)]
    rate: f64,
    #[tree(static)]
    r#type: (bool, usize),
}

fn model(rate: f64) -> Model<String, Box<Array>> {
    Model {
        layers: vec![
            Layer::Dense {
                weights: Box::new(np::ones((2, 2))),
                bias: None,
            },
            Layer::Nothing,
            Layer::Scale(np::array(3.0)),
        ],
        name: "a".into(),
        rate,
        r#type: (true, 2),
    }
}

impl<N> Model<N, Box<Array>> {
    fn apply(self, x: &Array) -> Array {
        let layers = self.layers.into_iter();
        self.rate
            * layers.fold(x.clone(), |x, layer| match layer {
                Layer::Dense { weights, bias } => weights.matmul(x) + bias.unwrap_or_else(|| 0.into()),
                Layer::Scale(by) => by * x,
                Layer::Nothing => x,
            })
    }
}

/// A tree of one type, with one leaf or two.
#[derive(Clone, Debug, Tree)]
enum Node {
    Leaf(Array),
    Sum(Box<Node>, Box<Node>),
}

#[test]
fn enums_and_static_fields_go_through_the_transformations() {
    let x = np::array([1.0, 2.0]);
    let traces = Cell::new(0);
    let f = jit(|(model, x): (Model<String, Box<Array>>, Array)| {
        traces.set(traces.get() + 1);
        model.apply(&x)
    });
    assert_eq!(f((model(0.5), x.clone())).to_string(), "[4.5 4.5]");
    f((model(0.5), 2 * &x));
    assert_eq!(traces.get(), 1);
    assert_eq!(f((model(1.0), x.clone())).to_string(), "[9. 9.]");
    assert_eq!(traces.get(), 2, "another value of a static field is traced again");
    let mut other = model(0.5);
    other.layers[2] = Layer::Nothing;
    assert_eq!(f((other.clone(), x.clone())).to_string(), "[1.5 1.5]");
    other.layers[1] = Layer::Scale(np::array(3.0));
    f((other, x.clone()));
    assert_eq!(traces.get(), 4, "so is another variant");
    let nan = model(f64::NAN);
    f((nan.clone(), x.clone()));
    f((nan, x.clone()));
    assert_eq!(traces.get(), 5, "floats are compared by their bits");

    let slopes = grad(|m: Model<String, Box<Array>>| m.apply(&x).sum())(model(0.5));
    assert_eq!(
        (slopes.name.as_str(), slopes.rate, slopes.r#type),
        ("a", 0.5, (true, 2))
    );
    let [
        Layer::Dense { weights, bias: None },
        Layer::Nothing,
        Layer::Scale(by),
    ] = &slopes.layers[..]
    else {
        panic!("a gradient has the variants of the argument: {slopes:?}")
    };
    assert_eq!(weights.to_string(), "[[1.5 3. ]\n [1.5 3. ]]");
    assert_eq!(by.to_string(), "3.0");
    assert_eq!(tree::paths(&slopes), [".layers[0].weights", ".layers[2].0"]);

    let models = tree::stack(&[model(0.5), model(0.5), model(0.5)]);
    let all = vmap(|m: Model<String, Box<Array>>| m.apply(&x))(models.clone());
    assert_eq!(all.shape()[..], [3, 2]);
    let by_field = vmap_in_axes(|m: Model<String, Box<Array>>| m.apply(&x), (vec![0; 3],));
    assert_eq!(by_field(models).shape()[..], [3, 2], "a static field has no axis");

    let (last, _) = lax::scan(
        |m: Model<String, Box<Array>>, x: Array| (tree::scale(x, &m), ()),
        model(0.5),
        np::array([2.0, 3.0]),
    );
    assert_eq!(tree::leaves(&last)[1].to_string(), "18.0");
}

#[test]
fn enums_may_hold_themselves() {
    fn sum(node: Node) -> Array {
        match node {
            Node::Leaf(x) => x.pow(2),
            Node::Sum(a, b) => sum(*a) + sum(*b),
        }
    }
    let leaf = |x: f64| Box::new(Node::Leaf(np::array(x)));
    let node = Node::Sum(leaf(1.0), Box::new(Node::Sum(leaf(2.0), leaf(3.0))));
    assert_eq!(jit(sum)(node.clone()).to_string(), "14.0");
    let slopes = tree::leaves(&grad(sum)(node.clone()));
    assert_eq!(
        slopes.iter().map(Array::item::<f32>).collect::<Vec<_>>(),
        [2.0, 4.0, 6.0]
    );
    assert_eq!(tree::paths(&node), [".0.0", ".1.0.0", ".1.1.0"]);
    assert_ne!(
        tree::structure(&node),
        tree::structure(&Node::Leaf(np::array(1.0)))
    );
    let h = hessian(sum)(node.clone());
    assert_eq!(
        ravel_jacobian(h, &node, &node).to_string(),
        "[[2. 0. 0.]\n [0. 2. 0.]\n [0. 0. 2.]]"
    );
}

#[test]
fn adam_over_a_struct() {
    let x = np::linspace(-1.0, 1.0, 50);
    let y = 3 * &x - 2;
    let loss = |p: Params| {
        ((p.w.index(0) * &x + p.w.index(1) * &x * &x + p.b) - &y)
            .pow(2)
            .mean()
    };
    let step = jit(|(p, m, v, t): (Params, Params, Params, Array)| {
        let g = grad(loss)(p.clone());
        let m = tree::map2(&m, &g, |m, g| 0.9 * m + 0.1 * g);
        let v = tree::map2(&v, &g, |v, g| 0.999 * v + 0.001 * g * g);
        let (a, b) = (1 - np::pow(0.9, &t), 1 - np::pow(0.999, &t));
        let p = tree::map3(&p, &m, &v, |p, m, v| {
            p - 0.05 * (m / &a) / ((v / &b).sqrt() + 1e-8)
        });
        (p, m, v, t + 1)
    });
    let zeros = tree::zeros_like(&params());
    let mut state = (params(), zeros.clone(), zeros, np::array(1.0));
    for _ in 0..1000 {
        state = step(state);
    }
    let wanted = Params {
        b: np::array(-2.0),
        w: np::array([3.0, 0.0]),
    };
    assert!(tree::norm(&tree::subtract(&state.0, &wanted)).item::<f64>() < 1e-3);
    assert!(tree::all_finite(&state).item::<bool>());
}

#[test]
fn functions_of_leaves() {
    let p = params();
    let shown = |p: &Params| format!("{} {}", p.b, p.w);
    assert_eq!(shown(&tree::map(&p, |x| 2 * x)), "1.0 [2. 4.]");
    assert_eq!(shown(&tree::map2(&p, &p, |x, y| x * y)), "0.25 [1. 4.]");
    assert_eq!(
        shown(&tree::map3(&p, &p, &p, |x, y, z| x * y - z)),
        "-0.25 [0. 2.]"
    );
    let only_w = tree::map_with_path(&p, |path, x| if path == ".w" { -x } else { x.clone() });
    assert_eq!(shown(&only_w), "0.5 [-1. -2.]");
    assert_eq!(tree::reduce(&p, 0, |n, x| n + x.size()), 3);
    assert_eq!(shown(&tree::full_like(&p, 7)), "7.0 [7. 7.]");
    assert_eq!(shown(&tree::ones_like(&p)), "1.0 [1. 1.]");
    assert_eq!(shown(&tree::add_scale(&p, -0.5, &p)), "0.25 [0.5 1. ]");
    assert_eq!(tree::sum(&p).to_string(), "3.5");
    assert_eq!(tree::vdot(&p, &tree::add(&p, &p)).to_string(), "10.5");
    // optax.tree.norm({"b": 0.5, "w": [1, 2]}) = sqrt(5.25)
    assert_eq!(tree::norm(&p).to_string(), "2.291288");
    assert_eq!(tree::sum(&()).item::<f32>() + tree::norm(&()).item::<f32>(), 0.0);
    assert!(tree::all(&()).item::<bool>() && tree::all_finite(&()).item::<bool>());
    let map: HashMap<String, Array> = [("b", 1.0), ("a", 2.0)]
        .map(|(k, x)| (k.into(), np::array(x)))
        .into();
    let (leaves, structure) = tree::flatten(&map);
    assert_eq!(leaves[0].to_string(), "2.0");
    let again: HashMap<String, Array> = tree::unflatten(&structure, leaves);
    assert_eq!(again["b"].to_string(), "1.0");
    let parts = tree::unstack(&tree::stack(&[p.clone(), tree::scale(2, &p)]));
    assert_eq!(
        parts.iter().map(shown).collect::<Vec<_>>(),
        ["0.5 [1. 2.]", "1.0 [2. 4.]"]
    );
    // The functions take part in traces.
    let norm = grad(|p: Params| tree::norm(&p))(Params {
        b: np::array(3.0),
        w: np::array([0.0, 4.0]),
    });
    assert_eq!(shown(&norm), "0.6 [0.  0.8]");
}

#[test]
fn ravelled_trees() {
    let (flat, unravel) = ravel_pytree(&params());
    assert_eq!(flat.to_string(), "[0.5 1.  2. ]");
    assert_eq!(unravel(2 * &flat).w.to_string(), "[2. 4.]");
    // ravel_pytree((jnp.array([1, 2]), jnp.array([True]), jnp.array([[0.5]])))
    let mixed = (np::array([1, 2]), np::array([true]), np::array([[0.5]]));
    let (flat, unravel) = ravel_pytree(&mixed);
    assert_eq!(format!("{flat:?}"), "Array([1. , 2. , 1. , 0.5], dtype=float32)");
    let again = unravel(flat);
    assert_eq!(
        format!("{:?} {:?}", again.0, again.1),
        "Array([1, 2], dtype=int32) Array([ True], dtype=bool)"
    );
    assert_eq!(again.2.shape()[..], [1, 1]);
    let small = (np::array([1, 2]).astype(DType::I8), np::array([true]));
    assert_eq!(ravel_pytree(&small).0.dtype(), DType::I8);
    assert_eq!(ravel_pytree(&()).0.array_type().to_string(), "f32[0]");
    // A tree of one dtype takes a vector of any dtype, as in JAX.
    assert_eq!(ravel_pytree(&params()).1(np::arange(3)).w.dtype(), DType::I32);
    let (flat, unravel) = ravel_pytree(&params());
    assert_eq!(
        jacfwd(|x: Array| unravel(x).w)(flat).to_string(),
        "[[0. 1. 0.]\n [0. 0. 1.]]"
    );
}

/// `jnp.sum(jnp.sin(p["w"]) * p["b"] ** 2) + p["w"][0] * p["w"][1] ** 2`
fn loss(p: Params) -> Array {
    (p.w.sin() * p.b.pow(2)).sum() + p.w.index(0) * p.w.index(1).pow(2)
}

fn close(x: &Array, wanted: impl Into<Array>) {
    let wanted = wanted.into();
    assert_eq!(x.shape(), wanted.shape());
    assert!(
        (x - &wanted).abs().max().item::<f64>() < 2e-6,
        "{x} against {wanted}"
    );
}

/// The values are those of `jax.hessian(loss)` and of `jax.jvp(jax.grad(loss), ..)`.
#[test]
fn hessians_of_a_struct() {
    let h = hessian(loss)(params());
    close(&h["b"].b, 3.501_536_8);
    close(&h["b"].w, [0.540_302_3, -0.416_146_84]);
    close(&h["w"].b, [0.540_302_3, -0.416_146_84]);
    close(&h[".w"].w, [[-0.210_367_74, 4.0], [4.0, 1.772_675_6]]);
    let matrix = ravel_jacobian(h, &params(), &params());
    let (flat, unravel) = ravel_pytree(&params());
    close(&matrix, hessian(|x: Array| loss(unravel(x)))(flat));
    let v = Params {
        b: np::array(2.0),
        w: np::array([1.0, -1.0]),
    };
    let along = hvp(loss, params(), v.clone());
    close(&along.b, 7.959_522_7);
    close(&along.w, [-3.129_763_1, 1.395_030_7]);
    let (_, linear) = linearize(grad(loss), params());
    close(&linear(v).w, [-3.129_763_1, 1.395_030_7]);
    let compiled = jit(hessian(loss))(params());
    close(&compiled["w"].w, [[-0.210_367_74, 4.0], [4.0, 1.772_675_6]]);
}

/// A function from a dict to a dict. The values are those of `jax.jacfwd` and `jax.jacrev`.
#[test]
fn jacobians_from_trees_to_trees() {
    let f = |p: Params| (np::outer(&p.w, &p.w), vec![p.b * p.w]);
    for (s, t) in [jacfwd(f)(params()), jacrev(f)(params())] {
        assert_eq!(s.b.to_string(), "[[0. 0.]\n [0. 0.]]");
        assert_eq!(s.w.to_string(), "[[[2. 0.]\n  [2. 1.]]\n\n [[2. 1.]\n  [0. 4.]]]");
        assert_eq!(t[0].b.to_string(), "[1. 2.]");
        assert_eq!(t[0].w.to_string(), "[[0.5 0. ]\n [0.  0.5]]");
    }
    // With arrays on one side the result is a tree like the other side.
    let to_params = |x: Array| Params { b: x.sum(), w: 2 * x };
    assert_eq!(
        jacrev(to_params)(np::ones(2)).w.to_string(),
        "[[2. 0.]\n [0. 2.]]"
    );
    assert_eq!(jacfwd(to_params)(np::ones(2)).b.to_string(), "[1. 1.]");
    assert_eq!(jacfwd(|p: Params| p.b * p.w)(params()).b.to_string(), "[1. 2.]");
    // Tuples and maps, nested; ((xx, xy), (yx, yy)) as in JAX.
    let ((xx, xy), (yx, yy)) =
        hessian(|(x, y): (Array, Array)| x.pow(2) * y.pow(3))((np::array(2.0), np::array(1.0)));
    assert_eq!([xx, xy, yx, yy].map(|x| x.item::<f32>()), [2.0, 12.0, 12.0, 24.0]);
    let map: BTreeMap<String, Array> = [("x".into(), np::array(2.0)), ("y".into(), np::array(1.0))].into();
    let h = hessian(|m: BTreeMap<String, Array>| m["x"].pow(2) * m["y"].pow(3))(map);
    assert_eq!(h["x"]["y"].to_string(), "12.0");
    // jax.jacfwd(jax.jacfwd(lambda x: (x**2).sum() * jnp.array([1., 2.])))(jnp.array([1., 2.]))
    let twice = jacfwd(jacfwd(|x: Array| x.pow(2).sum() * np::array([1.0, 2.0])))(np::array([1.0, 2.0]));
    assert_eq!(
        twice.to_string(),
        "[[[2. 0.]\n  [0. 2.]]\n\n [[4. 0.]\n  [0. 4.]]]"
    );
    let third = jacfwd(hessian(|p: Params| (&p.b * &p.b * p.w).sum()))(params());
    assert_eq!(third["b"]["b"].w.to_string(), "[2. 2.]");
    assert_eq!(third["w"]["b"].b.to_string(), "[2. 2.]");
    // Leaves of two dtypes, and a leaf without elements.
    let mixed = (np::ones(2), np::ones(1).astype(DType::F64), np::zeros(0));
    let j = jacrev(|x: (Array, Array, Array)| &x.0 * 3 + x.1 + x.2.sum())(mixed);
    assert_eq!(
        (j.0.dtype(), j.1.dtype(), j.2.shape().to_string()),
        (DType::F32, DType::F64, "(2, 0)".into())
    );
}

#[test]
fn shapes_without_values() {
    let calls = Cell::new(0);
    let f = |p: Params| {
        calls.set(calls.get() + 1);
        Params {
            b: np::outer(&p.w, &p.w),
            w: p.b,
        }
    };
    let large = Params {
        b: shaped(ArrayType::new(DType::I32, [3])),
        w: shaped(ArrayType::new(DType::F32, [1 << 20])),
    };
    let shapes = eval_shape(f, large);
    assert_eq!(shapes.b.array_type().to_string(), "f32[1048576,1048576]");
    assert_eq!(shapes.w.array_type().to_string(), "i32[3]");
    assert_eq!(calls.get(), 1);
    assert!(eval_shape(|x: Array| x * 2, 1.5.into()).is_weak());
    // A shape is the argument of the next function, and tells which zeros to make.
    let shape = eval_shape(|x: Array| x.sum(), shapes.w);
    assert_eq!(tree::zeros_like(&shape).to_string(), "0");
    let shown = program(|x: Array| x.sin(), shaped(ArrayType::new(DType::F32, [1 << 40]))).to_string();
    assert!(shown.contains("f32[1099511627776] = sin a"), "{shown}");
}

#[test]
fn captured_arrays_as_arguments() {
    let (scale, count) = (np::array([1.0, 2.0]), np::array([3, 4]));
    let (f, captured) = closure_convert(
        |(x, y): (Array, Array)| (&scale * x * &count, y),
        (np::ones(2), 1.into()),
    );
    assert_eq!(captured.len(), 1, "integers stay in the function");
    let arguments = || (np::ones(2), Array::from(5));
    let (product, y) = f((arguments(), captured.clone()));
    assert_eq!(
        (product.to_string(), y.to_string()),
        ("[3. 8.]".into(), "5".into())
    );
    let sum = |c: Vec<Array>| f((arguments(), c)).0.sum();
    assert_eq!(grad(sum)(captured.clone())[0].to_string(), "[3. 4.]");
    assert_eq!(jit(value_and_grad(sum))(captured).0.to_string(), "11.0");
}

#[test]
fn an_array_of_an_outer_trace_is_captured() {
    let outer = |a: Array| {
        let (f, captured) = closure_convert(|x: Array| x * &a, np::ones(2));
        let (y, pullback) = vjp(|c| f((np::ones(2), c)), captured.clone());
        let (_, tangent) = jvp(|c| f((np::ones(2), c)), captured.clone(), captured);
        (y + tangent).sum() + pullback(np::ones(2))[0].sum()
    };
    assert_eq!(grad(outer)(np::array(3.0)).to_string(), "4.0");
    assert_eq!(jit(outer)(np::array(3.0)).to_string(), "14.0");
}
