//! Tests the texts of the errors that functions return.

use super::panic_of;
use kiln::numpy as np;
use kiln::prelude::*;

/// `unwrap` shows the `Debug` of an error.
#[test]
fn the_debug_of_an_error_is_its_text() {
    fn same<E: std::error::Error>(error: E) {
        assert_eq!(format!("{error:?}"), error.to_string());
        assert!(!error.to_string().is_empty());
    }
    same(kiln::plot::Plot::new().to_svg().unwrap_err());
    same(
        kiln::plot::Plot::new()
            .line([1.0], [2.0])
            .save("x.jpg")
            .unwrap_err(),
    );
    same(kiln::io::load("no such file").unwrap_err());
    same(kiln::export::Exported::from_bytes(&[1, 2, 3]).expect_err("no function"));
    same("tpu".parse::<kiln::Device>().unwrap_err());
    same(kiln::ThreadsAreRunning);
    same(kiln::Buffer::try_zeros(kiln::ArrayType::new(DType::U8, [1 << 60])).unwrap_err());
    same(ndarray::Array1::<f32>::try_from(np::arange(3)).unwrap_err());
    jit(|x: Array| {
        same(x.try_buffer().unwrap_err());
        x
    })(np::ones(2));
}

#[test]
fn unwrap_shows_the_text_of_an_error() {
    let plot = kiln::plot::Plot::new();
    let (_, _, message) = panic_of(|| drop(plot.to_svg().unwrap())).expect("a panic");
    let text = plot.to_svg().unwrap_err();
    assert_eq!(
        message,
        format!("called `Result::unwrap()` on an `Err` value: {text}")
    );
}
