//! The lecture's lines compile as written, and have its numbers.

use kiln_core::numpy::{self as np, linalg};
use kiln_core::{Array, NewAxis, jit, lax, s, with_x64};
use std::cell::Cell;

#[test]
fn a_numpy_replacement() {
    let a = np::array([1.0, 3.2, -1.5]);
    assert_eq!(format!("{a}"), "[ 1.   3.2 -1.5]");
    assert_eq!(format!("{a:?}"), "Array([ 1. ,  3.2, -1.5], dtype=float32)");
    assert!((a.sum().item::<f64>() - 2.7).abs() < 1e-6);
    assert!((a.dot(&a).item::<f64>() - 13.49).abs() < 1e-5);
    let square = np::ones((2, 2)).matmul(np::identity(2));
    assert_eq!(
        format!("{square:?}"),
        "Array([[1., 1.],\n       [1., 1.]], dtype=float32)"
    );
    assert_eq!(linalg::inv(np::identity(2)).to_vec::<f32>(), [1.0, 0.0, 0.0, 1.0]);
    with_x64(true, || {
        assert_eq!(format!("{:?}", np::ones(3)), "Array([1., 1., 1.], dtype=float64)");
        let a = np::linspace(0.0, 1.0, 3).at(0).set(1.0);
        assert_eq!(format!("{a}"), "[1.  0.5 1. ]");
        let a = np::array([2, 1]);
        assert_eq!(format!("{:?}", a.sort()), "Array([1, 2], dtype=int64)");
        assert_eq!(format!("{a}"), "[2 1]");
    });
}

fn f(x: Array) -> Array {
    let a = 3 * &x + x.sin() + x.pow(2).cos() - (2 * &x).cos() - x.pow(2) * 0.4 * x.pow(1.5);
    a.sum()
}

#[test]
fn just_in_time() {
    let x = np::ones(50);
    let f_jit = jit(f);
    let (eager, jitted) = (
        f(x.clone()).block_until_ready(),
        f_jit(x.clone()).block_until_ready(),
    );
    let one = 3.0 + 1f64.sin() + 1f64.cos() - 2f64.cos() - 0.4;
    assert!((eager.item::<f64>() - 50.0 * one).abs() < 1e-3);
    assert!((jitted.item::<f64>() - 50.0 * one).abs() < 1e-3);

    let a = Cell::new(1);
    let f = jit(|x: Array| a.get() + x);
    assert_eq!(f(np::ones(2)).to_vec::<f32>(), [2.0, 2.0]);
    a.set(42);
    assert_eq!(f(np::ones(2)).to_vec::<f32>(), [2.0, 2.0]);
    assert_eq!(f(np::ones(3)).to_vec::<f32>(), [43.0, 43.0, 43.0]);
}

#[test]
fn grids_and_loops() {
    let f = jit(|(x, y): (Array, Array)| (x.pow(2) + y.pow(2)).cos() / (1 + x.pow(2) + y.pow(2)));
    let x = np::linspace(-1.0, 1.0, 4);
    let (x_mesh, y_mesh) = np::meshgrid(&x, &x);
    let z = f((x_mesh, y_mesh));
    let again = f((x.index(s![NewAxis, ..]), x.index((.., NewAxis))));
    assert!(np::allclose(&z, &again).item::<bool>());

    let (n, rho, nu, mu) = (20_usize, 0.1, 0.001, 0.0001);
    let z = np::linspace(-1.0, 1.0, 6).reshape((2, 3));
    let step = |_: Array, (s, h): (Array, Array)| {
        let s = &s + mu + h.exp() * z.index(0);
        let h = rho * &h + nu * z.index(1);
        (s, h)
    };
    let (s, h) = lax::fori_loop(0, n, step, (np::full(3, 10.0).log(), np::full(3, 0)));
    assert_eq!((s.shape()[..].len(), h.dtype()), (1, kiln_core::DType::F32));
}
