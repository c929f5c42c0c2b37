//! Tests the device of functions of arrays on several devices. Plain numbers, captured arrays and derivatives
//! go to the device of the arguments. Values that are printed or checked are those of the CPU.

use crate::support::device::{on_cpu, others};
use crate::support::message;
use kiln::{
    Array, DType, Device, debug, debug_print, export, grad, jit, numpy as np, vmap_in_axes, with_debug_nans,
    with_default_device,
};

#[test]
fn plain_numbers_are_on_the_default_device_with_their_derivatives() {
    for device in others() {
        with_default_device(device, || {
            assert_eq!(Array::from(2.0).device(), device);
            let first = |(x, _): (Array, Array)| &x * &x;
            let (x, y) = grad(first)((2.0.into(), 3.0.into()));
            assert_eq!((x + y).item::<f32>(), 4.0);
            let x = Array::from(2.0).reshape(1);
            assert_eq!(x.device(), device);
            assert_eq!((np::zeros_like(&x) + np::ones(1)).to_string(), "[1.]");
        });
    }
}

/// Arrays may have a dtype that the default device lacks.
#[test]
fn derivatives_are_where_their_arguments_are() {
    let x = on_cpu(|| np::array([1.0, 2.0]).astype(DType::F64));
    let y = on_cpu(|| Array::from(3.0).astype(DType::F64));
    for device in others() {
        with_default_device(device, || {
            let slope = grad(|x: Array| (&x * &x * Array::from(0.5).astype(DType::F64)).sum())(x.clone());
            assert_eq!(
                (slope.device(), slope.to_string()),
                (Device::cpu(), "[1. 2.]".into())
            );
            let of_number = grad(|y: Array| (&y * &x).sum())(y.clone());
            assert_eq!(of_number.item::<f64>(), 3.0);
        });
    }
}

#[test]
fn captured_arrays_of_a_saved_function_go_along() {
    for device in others() {
        let (table, x) = (np::arange(3).to_device(device), np::ones(3).to_device(device));
        let exported = export::export(|x: Array| x * &table, x.clone());
        let y: Array = exported.call(x);
        assert_eq!((y.device(), y.to_string()), (device, "[0. 1. 2.]".into()));
        let y: Array = exported.call(np::ones(3).to_device(Device::cpu()));
        assert_eq!((y.device(), y.to_string()), (Device::cpu(), "[0. 1. 2.]".into()));
    }
}

/// A value that is read while enclosing functions are traced may be on another device.
#[test]
fn values_of_enclosing_functions_do_not_mix() {
    for device in others() {
        let (x, y) = (on_cpu(|| np::ones(3)), np::ones(3).to_device(device));
        let text = message(|| {
            grad(|x: Array| {
                let inner = grad(|y: Array| {
                    let sum = (&y * &x).sum();
                    assert_eq!(sum.item::<f32>(), 3.0);
                    sum
                })(y.clone());
                (inner * &x).sum()
            })(x.clone())
        });
        assert!(text.contains("meets one on"), "{text}");
    }
}

/// A printed or checked array has its own shape, even if it is a part of a grid.
#[test]
fn parts_of_a_grid_are_looked_at_as_they_are() {
    for device in others() {
        let x = np::arange(3).astype(DType::F32).to_device(device);
        let surface = jit(|(x, y): (Array, Array)| {
            let xx = &x * &x;
            debug_print!("{} {}", xx, x.sum());
            xx.reshape((3, 1)) + &y * &y
        });
        let (z, lines) = debug::capture(|| surface((x.clone(), x.clone())).block_until_ready());
        assert_eq!(lines, ["[0. 1. 4.] 3.0"], "{device}");
        assert_eq!(z.sum().item::<f32>(), 30.0);
        let each = jit(vmap_in_axes(
            vmap_in_axes(|(x, y): (Array, Array)| x.pow(2) + y.pow(2), (None, 0)),
            (0, None),
        ));
        let z = with_debug_nans(true, || each((x.clone(), x)));
        assert_eq!(z.sum().item::<f32>(), 30.0);
    }
}

/// Arrays without elements are printed too.
#[test]
fn nothing_is_printed_as_nothing() {
    for device in others() {
        let x = np::zeros(0).to_device(device);
        let f = jit(|x: Array| debug_print!("{} is empty", x));
        let ((), lines) = debug::capture(|| f(x));
        assert_eq!(lines, ["[] is empty"], "{device}");
    }
}
