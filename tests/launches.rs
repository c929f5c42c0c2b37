//! Which kernels a GPU is given: a process of its own, since what other threads launch is counted too.
#![cfg(feature = "wgpu")]

use kiln::{Array, Device, jit, numpy as np};

/// The kernels of the lecture's function, as the book's chapter shows them.
#[test]
fn the_book_shows_what_is_launched() {
    let Ok(device) = Device::wgpu(0) else {
        return;
    };
    let f = jit(|x: Array| {
        let a = 3 * &x + x.sin() + x.pow(2).cos() - (2 * &x).cos() - x.pow(2) * 0.4 * x.pow(1.5);
        a.sum()
    });
    let x = np::ones(10_000).to_device(device);
    f(x.clone()).block_until_ready();
    let (_, launches) = device.launches(|| f(x.clone())).unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/book/pages/devices.md");
    let page = std::fs::read_to_string(path).unwrap();
    assert_eq!(launches.len(), 2, "{launches:?}");
    for launch in launches {
        assert!(
            page.contains(&format!("    {launch}\n")),
            "the page lacks {launch}"
        );
    }
}
