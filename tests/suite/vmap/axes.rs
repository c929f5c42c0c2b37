//! Tests the axes of the batch in arguments and results: trees of axes, nesting, captured arrays, sizes.

use super::check::{floats, integers};
use kiln::numpy as np;
use kiln::random;
use kiln::{Array, Key, Shape, Tree, jit, lax, map_seq, map_seq_in_axes, vmap, vmap_in_axes, vmap_with};
use std::collections::BTreeMap;

fn elements(x: &Array) -> Vec<f64> {
    x.to_device(kiln::Device::cpu()).astype(kiln::DType::F64).to_vec()
}

#[track_caller]
fn same(x: &Array, y: &Array) {
    assert_eq!((x.shape(), x.dtype()), (y.shape(), y.dtype()));
    assert_eq!(elements(x), elements(y));
}

#[derive(Clone, Tree)]
struct Line {
    slope: Array,
    intercept: Array,
}

fn line((line, x): (Line, Array)) -> Array {
    line.slope * x + line.intercept
}

#[test]
fn axes_are_a_prefix_of_the_arguments() {
    let x = np::arange(6).reshape((2, 3));
    let sums = |x: &Array| [x.index(0).sum().item::<i32>(), x.index(1).sum().item()];
    let sum = |x: Array| x.sum();
    assert_eq!(vmap(sum)(x.clone()).to_vec::<i32>(), sums(&x));
    assert_eq!(vmap_in_axes(sum, -1)(x.t()).to_vec::<i32>(), sums(&x));
    assert_eq!(vmap_in_axes(sum, Some(1))(x.t()).to_vec::<i32>(), sums(&x));

    // An axis is one number for everything, or a number or None for each part, or for parts of parts.
    let f = |(x, (y, z)): (Array, (Array, Array))| x + 10 * y + 100 * z;
    let (a, b) = (np::arange(3), np::arange(3) + 1);
    let by_loop = |pick: [bool; 3]| -> Vec<i32> {
        let at = |i: usize, x: &Array, b: usize| x.index(if pick[i] { b } else { 0 });
        (0..3)
            .map(|i| f((at(0, &a, i), (at(1, &b, i), at(2, &a, i)))).item())
            .collect()
    };
    let one = |x: &Array| x.index(0);
    let arguments = |pick: [bool; 3]| {
        let part = |i: usize, x: &Array| if pick[i] { x.clone() } else { one(x) };
        (part(0, &a), (part(1, &b), part(2, &a)))
    };
    let all = [true; 3];
    assert_eq!(vmap(f)(arguments(all)).to_vec::<i32>(), by_loop(all));
    assert_eq!(
        vmap_in_axes(f, (0, 0))(arguments(all)).to_vec::<i32>(),
        by_loop(all)
    );
    assert_eq!(
        vmap_in_axes(f, (0, (0, 0)))(arguments(all)).to_vec::<i32>(),
        by_loop(all)
    );
    let pick = [true, false, false];
    assert_eq!(
        vmap_in_axes(f, (0, None))(arguments(pick)).to_vec::<i32>(),
        by_loop(pick)
    );
    assert_eq!(
        vmap_in_axes(f, (0, None))(arguments(pick)).to_vec::<i32>(),
        by_loop(pick)
    );
    let pick = [false, false, true];
    assert_eq!(
        vmap_in_axes(f, (None, (None, 0)))(arguments(pick)).to_vec::<i32>(),
        by_loop(pick)
    );

    // Structs, vectors, arrays and maps are trees.
    let lines = Line {
        slope: a.clone(),
        intercept: b.clone(),
    };
    assert_eq!(
        vmap_in_axes(line, (0, None))((lines, 2.into())).to_vec::<i32>(),
        [1, 4, 7]
    );
    let total = |xs: Vec<Array>| xs.into_iter().fold(Array::from(0), |sum, x| sum + x.sum());
    let xs = vec![x.clone(), x.clone() + 1];
    assert_eq!(vmap(total)(xs.clone()).to_vec::<i32>(), [9, 27]);
    assert_eq!(
        vmap_in_axes(total, vec![Some(0), None])(xs).to_vec::<i32>(),
        [24, 33]
    );
    let pair = |[x, y]: [Array; 2]| x.sum() + y;
    assert_eq!(
        vmap_in_axes(pair, [0, 0])([x.clone(), np::arange(2)]).to_vec::<i32>(),
        [3, 13]
    );
    let map: BTreeMap<String, Array> = [("a".into(), np::arange(2)), ("b".into(), np::arange(2))].into();
    assert_eq!(
        vmap(|m: BTreeMap<String, Array>| &m["a"] * 2 + &m["b"])(map).to_vec::<i32>(),
        [0, 3]
    );
}

#[derive(Clone, Tree)]
struct Layer<W> {
    weights: W,
    bias: Option<Array>,
}

#[derive(Clone, Tree)]
struct One(Array);

#[derive(Clone, Tree)]
struct Nothing;

#[test]
fn structs_and_maps_have_axes_by_field() {
    let (a, b) = (np::arange(3), np::arange(3) + 1);
    let lines = |slope: &Array, intercept: &Array| Line {
        slope: slope.clone(),
        intercept: intercept.clone(),
    };
    let at = vmap_in_axes(line, ((0, None), None));
    assert_eq!(
        at((lines(&a, &10.into()), 2.into())).to_vec::<i32>(),
        [10, 12, 14]
    );
    let at = vmap_in_axes(line, ((None, 0), 0));
    assert_eq!(
        at((lines(&10.into(), &a), b.clone())).to_vec::<i32>(),
        [10, 21, 32]
    );
    // Structs with parameters, and structs of structs.
    let apply = |(layer, One(x), Nothing): (Layer<(Array, Line)>, One, Nothing)| {
        layer.weights.0 * line((layer.weights.1, x)) + layer.bias.unwrap()
    };
    let layer = Layer {
        weights: (a.clone(), lines(&2.into(), &b)),
        bias: Some(100.into()),
    };
    let y = vmap_in_axes(apply, (((0, (None, 0)), None), (0,), ()))((layer, One(b.clone()), Nothing));
    assert_eq!(y.to_vec::<i32>(), [100, 106, 118]);
    // Results have trees of axes as well.
    let out = vmap_with(
        |x: Array| lines(&np::stack([&x, &x]), &7.into()),
        |o| o.out_axes((-1, None)),
    )(a.clone());
    assert_eq!((&out.slope.shape()[..], out.intercept.ndim()), (&[2, 3][..], 0));
    let map: BTreeMap<String, Array> = [("a".into(), a), ("b".into(), b)].into();
    let axes: BTreeMap<String, Option<isize>> = [("a".into(), Some(0)), ("b".into(), None)].into();
    let y = vmap_in_axes(|m: BTreeMap<String, Array>| &m["a"] + m["b"].sum(), axes)(map);
    assert_eq!(y.to_vec::<i32>(), [6, 7, 8]);
}

#[test]
fn results_go_where_they_are_wanted() {
    let x = floats(&[2, 4], 0.0, 1.0, 1);
    let f = |x: Array| (x.clone(), [x.sum_axis(0), x.sum()], Array::from(7));
    for (axis, place) in [(0, 0), (1, 1), (2, 2), (-1, 2), (-3, 0)] {
        let (y, [columns, sums], sevens) = vmap_with(f, |o| o.out_axes((axis, 0, 0)))(x.clone());
        same(&y, &x.moveaxis(0, place));
        same(&columns, &x.sum_axis(1));
        assert_eq!((sums.ndim(), sevens.to_vec::<i32>()), (1, vec![7; 3]));
    }
    // A result that does not depend on the batch may stay as it is, or get the batch along any axis.
    let g = |(x, y): (Array, Array)| (x, y.sin(), y);
    let y = floats(&[2], 0.0, 1.0, 2).index(0);
    let (a, b, c) = vmap_with(g, |o| o.in_axes((0, None)).out_axes((-1, None, -1)))((x.clone(), y.clone()));
    same(&a, &x.moveaxis(0, -1));
    same(&b, &y.sin());
    same(&c, &np::stack_axis([&y, &y, &y], -1));
}

#[test]
fn a_size_stands_in_for_a_mapped_argument() {
    let y = vmap_with(|x: Array| x * 2, |o| o.in_axes(None).axis_size(3))(np::arange(2));
    assert_eq!(
        (y.shape()[..].to_vec(), y.to_vec::<i32>()),
        (vec![3, 2], vec![0, 2, 0, 2, 0, 2])
    );
    assert_eq!(
        vmap_with(|x: Array| x * 2, |o| o.axis_size(2))(np::arange(2)).to_vec::<i32>(),
        [0, 2]
    );
    assert_eq!(
        vmap_with(|(): ()| np::arange(2), |o| o.axis_size(3))(()).shape()[..],
        [3, 2]
    );
}

#[test]
fn plain_numbers_and_weak_types_go_through() {
    let y = vmap_in_axes(|(x, a): (Array, Array)| x * a, (0, None))((np::arange(3), 0.5.into()));
    assert_eq!((y.dtype(), y.is_weak()), (kiln::DType::F32, true));
    let y = vmap(|x: Array| x + 1)(np::full(2, 1));
    assert!(y.is_weak());
    let y = vmap(|x: Array| x + 1)(np::array([1_i64]));
    assert!(!y.is_weak());
}

#[test]
fn the_grid_of_the_lecture() {
    let f = jit(|(x, y): (Array, Array)| (x.pow(2) + y.pow(2)).cos() / (1 + x.pow(2) + y.pow(2)));
    let (x, y) = (np::linspace(-1.0, 1.0, 6), np::linspace(0.0, 1.0, 4));
    let grids = np::meshgrid_with(vec![x.clone(), y.clone()], |o| {
        o.indexing(kiln::options::Indexing::Ij)
    });
    let z_mesh = f((grids[0].clone(), grids[1].clone()));
    let f_vec_y = vmap_in_axes(f, (None, 0));
    let f_vec = vmap_in_axes(f_vec_y, (0, None));
    same(&f_vec((x.clone(), y.clone())), &z_mesh);
    same(&jit(f_vec)((x, y)), &z_mesh);
}

#[test]
fn captured_arrays_are_the_same_for_all() {
    let table = np::arange(4) * 10;
    let lookup = vmap(|i: Array| table.index(i));
    assert_eq!(lookup(np::array([3, 0, 9])).to_vec::<i32>(), [30, 0, 30]);
    // Captured arrays may be of an outer vmap, an outer jit, or a loop around.
    let outer = vmap(|x: Array| vmap(|y: Array| y * &x + &table.index(0))(np::arange(3)));
    assert_eq!(outer(np::arange(2)).to_vec::<i32>(), [0, 0, 0, 0, 1, 2]);
    let jitted = jit(|x: Array| vmap(|y: Array| y * x.sum())(np::arange(3)));
    assert_eq!(jitted(np::arange(3)).to_vec::<i32>(), [0, 3, 6]);
    let looped = lax::fori_loop(0, 2, |i, x: Array| vmap(|x: Array| x + &i)(x), np::arange(3));
    assert_eq!(looped.to_vec::<i32>(), [1, 2, 3]);
}

#[test]
fn nested_maps() {
    // Pairwise distances, by axes from either end.
    let (x, y) = (floats(&[4], 0.0, 1.0, 1), floats(&[4], 0.0, 1.0, 2));
    let distance = |(x, y): (Array, Array)| (x - y).abs().max();
    let by_loop: Vec<f64> = (0..9)
        .map(|i| distance((x.index(i / 3), y.index(i % 3))).item::<f64>())
        .collect();
    let grid = vmap_in_axes(vmap_in_axes(distance, (None, -2)), (0, None))((x.clone(), y.clone()));
    assert_eq!(elements(&grid), by_loop);
    let grid = vmap_in_axes(vmap_in_axes(distance, (None, -1)), (-1, None))((x.t(), y.t()));
    assert_eq!(elements(&grid), by_loop);
    // The batches are along two axes of one array.
    let z = floats(&[2, 4], 0.0, 1.0, 3);
    same(
        &vmap(vmap_in_axes(|x: Array| x.max(), 1))(z.clone()),
        &z.max_axis(1),
    );
    same(
        &vmap_in_axes(vmap(|x: Array| x.max()), 2)(z.clone()),
        &z.max_axis(1).t(),
    );
}

#[test]
fn keys_batch() {
    let keys = || Key::new(5).split_n(3);
    let draws = vmap(|key: Key| random::normal(key, 3))(keys());
    let by_loop: Vec<Array> = keys()
        .unstack()
        .into_iter()
        .map(|key| random::normal(key, 3))
        .collect();
    same(&draws, &np::stack(by_loop));
    // Keys are results as well, and so are keys of keys.
    let split = vmap(|key: Key| key.split::<2>())(keys());
    for (i, key) in keys().unstack().into_iter().enumerate() {
        let [first, second] = key.split();
        same(&split[0].words().index(i), first.words());
        same(&split[1].words().index(i), second.words());
    }
    let grid = || Key::new(5).split_n((3, 2));
    let draw = vmap(vmap(|key: Key| random::uniform(key, ())))(grid());
    let by_loop: Vec<f32> = grid()
        .unstack()
        .into_iter()
        .flat_map(Key::unstack)
        .map(|key| random::uniform(key, ()).item())
        .collect();
    assert_eq!(draw.to_vec::<f32>(), by_loop);
    // The axes are those of the keys, not of their words. The same holds for keys that are results.
    same(
        &vmap_in_axes(|key: Key| random::normal(key, 3), -1)(keys()),
        &draws,
    );
    let last = vmap_in_axes(vmap(|key: Key| random::uniform(key, ())), -1)(grid());
    same(&last, &draw.t());
    let split = vmap_with(|key: Key| key.split_n(2), |o| o.out_axes(-1))(keys());
    assert_eq!(split.shape(), Shape::from([2, 3]));
    for (i, key) in keys().unstack().into_iter().enumerate() {
        same(&np::take_axis(split.words(), i as i64, 1), key.split_n(2).words());
    }
    // One key for all elements draws the same for all.
    let same_key = vmap_in_axes(|(key, x): (Key, Array)| x + random::normal(key, ()), (None, 0));
    let y = same_key((Key::new(1), np::zeros(2)));
    assert_eq!(y.index(0).item::<f32>(), y.index(1).item::<f32>());
}

#[test]
fn one_by_one() {
    let x = floats(&[4], 0.5, 2.0, 1);
    let n = integers(&[], 0, 5, 2);
    let f = |(x, n, y): (Array, Array, Array)| {
        let power = lax::fori_loop(0, n, |_, p: Array| p * &x, np::ones(4));
        (power, y.sum(), x)
    };
    let y = floats(&[2], 0.0, 1.0, 3).index(0);
    let together = vmap_in_axes(f, (0, 0, None))((x.clone(), n.clone(), y.clone()));
    let in_turn = map_seq_in_axes(f, (0, 0, None))((x.clone(), n.clone(), y.clone()));
    same(&together.0, &in_turn.0);
    same(&together.1, &in_turn.1);
    same(&together.2, &in_turn.2);
    // The loop is along other axes, in a trace, nested, and for an empty batch.
    let (power, _, _) = jit(map_seq_in_axes(f, (-1, 0, None)))((x.t(), n.clone(), y.clone()));
    same(&power, &in_turn.0);
    let rows = vmap(map_seq(|x: Array| x.max()))(floats(&[2, 4], 0.0, 1.0, 3));
    same(&rows, &floats(&[2, 4], 0.0, 1.0, 3).max_axis(2));
    assert_eq!(map_seq(|x: Array| x.sum())(np::zeros((0, 3))).shape()[..], [0]);
}
