//! Converts arrays to those of the crate ndarray, and back.

use kiln::ndarray::{Array1, Array2, Array3, ArrayD, IxDyn, array, s};
use kiln::{Array, DType, Element, NdarrayError, jit, numpy as np};
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

fn round<T: Element + PartialEq + Debug>(elements: Vec<T>) {
    for shape in [vec![6], vec![2, 3], vec![1, 3, 1, 2], vec![1, 1, 6, 1, 1, 1]] {
        let x = ArrayD::from_shape_vec(IxDyn(&shape), elements.clone()).unwrap();
        let a = Array::from(&x);
        assert_eq!((a.dtype(), &a.shape()[..]), (T::DTYPE, &shape[..]));
        assert_eq!(ArrayD::<T>::try_from(&a).unwrap(), x);
        assert_eq!(ArrayD::<T>::try_from(Array::from(x.clone())).unwrap(), x);
    }
    for shape in [vec![0], vec![2, 0, 3]] {
        let x = ArrayD::from_shape_vec(IxDyn(&shape), Vec::<T>::new()).unwrap();
        assert_eq!(ArrayD::<T>::try_from(Array::from(x.clone())).unwrap(), x);
    }
    let x = ArrayD::from_shape_vec(IxDyn(&[]), elements[5..].to_vec()).unwrap();
    assert_eq!(ArrayD::<T>::try_from(Array::from(x.clone())).unwrap(), x);
}

#[test]
fn every_dtype_and_rank() {
    round(vec![true, false, true, true, false, false]);
    round(vec![0_i8, 1, -2, i8::MIN, i8::MAX, 5]);
    round(vec![0_i16, 1, -2, i16::MIN, i16::MAX, 5]);
    round(vec![0_i32, 1, -2, i32::MIN, i32::MAX, 5]);
    round(vec![0_i64, 1, -2, i64::MIN, i64::MAX, 5]);
    round(vec![0_u8, 1, 2, 3, u8::MAX, 5]);
    round(vec![0_u16, 1, 2, 3, u16::MAX, 5]);
    round(vec![0_u32, 1, 2, 3, u32::MAX, 5]);
    round(vec![0_u64, 1, 2, 3, u64::MAX, 5]);
    round(vec![0.0_f32, 0.1, -2.5, f32::INFINITY, f32::MAX, 5.0]);
    round(vec![0.0_f64, 0.1, -2.5, f64::INFINITY, f64::MAX, 5.0]);
}

#[test]
fn every_layout() {
    let x = Array3::from_shape_fn((2, 3, 4), |(i, j, k)| (100 * i + 10 * j + k) as i32);
    let views = [
        x.view().into_dyn(),
        x.t().into_dyn(),
        x.view().permuted_axes([1, 2, 0]).into_dyn(),
        x.slice(s![.., 1.., ..;2]).into_dyn(),
        x.slice(s![..;-1, .., ..;-3]).into_dyn(),
        x.slice(s![1, .., ..]).into_dyn(),
        x.slice(s![.., 2..2, ..]).into_dyn(),
    ];
    for view in views {
        let wanted: Vec<i32> = view.iter().copied().collect();
        for a in [
            Array::from(view.clone()),
            Array::from(&view),
            Array::from(view.to_owned()),
        ] {
            assert_eq!(
                (&a.shape()[..], a.to_vec::<i32>()),
                (view.shape(), wanted.clone())
            );
        }
    }
    // The array is owned, and its memory holds elements that are not its own.
    let mut part = Array1::from_iter(0..10_i64);
    part.slice_collapse(s![3..7]);
    assert_eq!(Array::from(part).to_vec::<i64>(), [3, 4, 5, 6]);
    let broadcast = array![1.0_f32, 2.0];
    let rows = Array::from(broadcast.broadcast((2, 2)).unwrap());
    assert_eq!(rows.to_nested::<Vec<Vec<f32>>>(), [[1.0, 2.0], [1.0, 2.0]]);
    let columns =
        Array2::from_shape_vec(kiln::ndarray::ShapeBuilder::f((2, 2)), vec![1_u8, 2, 3, 4]).unwrap();
    assert_eq!(Array::from(columns).to_vec::<u8>(), [1, 3, 2, 4]);
}

#[test]
fn what_does_not_fit_is_an_error() {
    let x = np::arange(3);
    let error = ArrayD::<f64>::try_from(&x).unwrap_err();
    let wanted = NdarrayError::Dtype {
        found: DType::I32,
        wanted: DType::F64,
    };
    assert_eq!(error, wanted);
    assert_eq!(
        error.to_string(),
        "the elements are int32, not float64: use astype first"
    );
    let error = Array2::<i32>::try_from(&x).unwrap_err();
    assert_eq!(
        error.to_string(),
        "shape (3,) does not have 2 axes: ndarray::ArrayD takes any number"
    );
    let f = jit(|x: Array| {
        let _ = ArrayD::<f32>::try_from(&x);
        x
    });
    let panic = catch_unwind(AssertUnwindSafe(|| f(np::ones(2)))).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(
        message.starts_with("try_from: an array f32[2] inside jit"),
        "{message}"
    );
}
