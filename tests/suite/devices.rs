//! Tests of devices: the list of devices, the device of each array, and refusals. `KILN_DEVICE` runs the
//! whole suite on one device. The tests here are about several devices at once.

use crate::support::device::{on_cpu, others};
use crate::support::message;
use kiln::{
    Array, DType, Device, DeviceError, Key, NoValue, debug, debug_print, devices, grad, jit, lax, limits,
    numpy as np, random, set_default_device, vmap, with_default_device,
};

#[test]
fn the_cpu_comes_first_and_each_device_has_its_name() {
    let all = devices();
    assert_eq!(all[0], Device::cpu());
    for device in all {
        assert_eq!(device.to_string().parse(), Ok(device));
        assert_eq!(format!("{device:?}"), device.to_string());
    }
}

#[test]
fn names_of_no_device_are_refused() {
    for name in ["", "gpu", "cpu:1", "cuda:", "cuda:x", "wgpu:-1", "ndarray:1"] {
        let error = name.parse::<Device>().unwrap_err();
        assert_eq!(error, DeviceError::Unknown { name: name.into() });
    }
}

/// The features of this test tell which devices are built in.
#[test]
fn a_device_that_was_not_built_names_its_feature() {
    let built = [
        ("cuda", cfg!(feature = "cuda"), Device::cuda(0)),
        ("wgpu", cfg!(feature = "wgpu"), Device::wgpu(0)),
        ("ndarray", cfg!(feature = "ndarray"), Device::ndarray()),
    ];
    for (feature, built, device) in built {
        let refused = device == Err(DeviceError::NotBuilt { feature });
        assert_eq!(refused, !built, "{feature}: {device:?}");
    }
    let text = DeviceError::NotBuilt { feature: "cuda" }.to_string();
    assert_eq!(
        text,
        "this program was built without cuda devices: add the feature \"cuda\" to kiln in Cargo.toml"
    );
}

#[cfg(feature = "wgpu")]
#[test]
fn one_gpu_too_far() {
    let error = Device::wgpu(99).unwrap_err();
    let text = error.to_string();
    match error {
        DeviceError::Missing { device, found, .. } => {
            assert_eq!(device, "wgpu:99");
            let count = devices()
                .iter()
                .filter(|device| device.to_string().starts_with("wgpu"))
                .count();
            assert_eq!(found.len(), count);
            assert!(text.starts_with("wgpu:99: "), "{text}");
        }
        DeviceError::NoDriver { device, .. } => assert_eq!(device, "wgpu:99"),
        error => panic!("{error:?}"),
    }
}

#[test]
fn functions_run_where_their_arguments_are() {
    for device in others() {
        let x = np::array([1.0, 2.0, 3.0]).to_device(device);
        assert_eq!(x.device(), device);
        assert_eq!(x.to_string(), "[1. 2. 3.]");
        let results = [
            &x + 1,
            2 * &x,
            x.sum(),
            np::zeros_like(&x),
            np::full_like(&x, 2.0),
            x.reshape((3, 1)),
            jit(|x: Array| 2 * x + np::array([1.0, 2.0, 3.0]))(x.clone()),
            grad(|x: Array| (&x * &x).sum())(x.clone()),
            vmap(|x: Array| 3 * x)(x.clone()),
            x.at(0).set(5.0),
            np::where_(x.gt(1.5), &x, 0.0),
        ];
        for (i, result) in results.iter().enumerate() {
            assert_eq!(result.device(), device, "result {i}");
        }
        assert_eq!(results[6].to_string(), "[3. 6. 9.]");
        let back = results[7].to_device(Device::cpu());
        assert_eq!(
            (back.device(), back.to_string()),
            (Device::cpu(), "[2. 4. 6.]".into())
        );
        // Without arguments, captured arrays decide the device.
        assert_eq!(jit(|(): ()| x.sum())(()).device(), device);
        // The value of a traced array is computed on the same device.
        let looked = grad(|x: Array| {
            if x.sum().item::<f32>() > 0.0 {
                (3 * x).sum()
            } else {
                x.sum()
            }
        });
        assert_eq!(looked(x.clone()).to_string(), "[3. 3. 3.]");
    }
}

#[test]
fn the_default_device_is_where_arrays_are_made() {
    for device in others() {
        let made = with_default_device(device, || {
            let key = Key::new(1);
            [
                np::zeros(3),
                np::array([1, 2]),
                np::arange(4),
                np::ones(()),
                random::uniform(key, 3),
            ]
        });
        for (i, x) in made.iter().enumerate() {
            assert_eq!(x.device(), device, "array {i}");
        }
        assert_eq!(np::zeros(3).device(), Device::default());
        let unwound = std::panic::catch_unwind(|| with_default_device(device, || panic!("on purpose")));
        assert!(unwound.is_err());
        assert_eq!(np::zeros(3).device(), Device::default());
    }
}

/// Returns an error of a jitted function without its beginning, the place where the function was made.
fn of_jit(message: String) -> String {
    let rest = message
        .strip_prefix("jit (made at tests/suite/devices.rs:")
        .expect(&message);
    rest.split_once("): ").expect(&message).1.into()
}

#[test]
fn arrays_of_two_devices_do_not_meet() {
    for device in others() {
        let (x, y) = (
            np::ones(3).to_device(Device::cpu()),
            np::ones(3).to_device(device),
        );
        let text = format!("an array f32[3] on {device} meets one on cpu: move one of them with to_device");
        assert_eq!(message(|| &x + &y), format!("add: {text}"));
        assert_eq!(
            of_jit(message(|| jit(|(x, y): (Array, Array)| x + y)((
                x.clone(),
                y.clone()
            )))),
            text
        );
        assert_eq!(of_jit(message(|| jit(|x: Array| x + &y)(x.clone()))), text);
        let text = format!("an array f32[3] on cpu meets one on {device}: move one of them with to_device");
        assert_eq!(
            message(|| np::concatenate([&y, &x])),
            format!("concatenate: {text}")
        );
    }
}

#[test]
fn an_array_of_a_trace_is_nowhere_yet() {
    let text = message(|| {
        jit(|x: Array| {
            x.device();
            x
        })(np::ones(2))
    });
    assert!(
        text.starts_with("device: an array inside a trace is nowhere yet"),
        "{text}"
    );
    let text = message(|| jit(|x: Array| x.to_device(Device::cpu()))(np::ones(2)));
    assert!(
        text.starts_with("to_device: an array inside a trace has no elements yet"),
        "{text}"
    );
    let looked = jit(|x: Array| {
        assert!(matches!(x.try_buffer(), Err(NoValue::Traced(_))));
        x
    });
    looked(np::ones(2));
}

/// A device refuses a dtype that it does not have in every operation.
#[test]
fn foreign_dtypes_are_refused() {
    for device in others() {
        for dtype in DType::ALL.into_iter().filter(|&dtype| !device.has(dtype)) {
            let text = format!("{device} has no {dtype}: ");
            let x = on_cpu(|| np::zeros(2).astype(dtype));
            let moved = message(|| x.to_device(device));
            assert!(moved.starts_with(&format!("to_device: {text}")), "{moved}");
            let cast = message(|| np::zeros(2).to_device(device).astype(dtype));
            assert!(cast.starts_with(&format!("astype: {text}")), "{cast}");
        }
    }
}

/// Burn's ndarray backend has no more than 6 axes. GPUs have no bound.
#[test]
fn seven_axes_are_refused_where_they_are_too_many() {
    for device in others() {
        let x = on_cpu(|| np::arange(64)).reshape((2, 2, 2, 2, 2, 2, 1));
        let flat = np::arange(64).to_device(device);
        let sum = |x: Array| (x + 1).sum().item::<i32>();
        if device.to_string() == "ndarray" {
            let text = "ndarray has no arrays of 7 axes, only up to 6: reshape them, or move them to the CPU";
            assert_eq!(message(|| x.to_device(device)), format!("to_device: {text}"));
            assert_eq!(
                message(|| flat.reshape((2, 2, 2, 2, 2, 2, 1))),
                format!("reshape: {text}")
            );
        } else {
            assert_eq!(sum(x.to_device(device)), 64 * 65 / 2, "{device}");
            assert_eq!(sum(flat.reshape((2, 2, 2, 2, 2, 2, 1))), 64 * 65 / 2, "{device}");
        }
        assert_eq!(sum(flat.reshape((2, 2, 2, 2, 2, 2))), 64 * 65 / 2, "{device}");
    }
}

/// Compares `limits` with the dtypes that wgpu devices have.
#[test]
fn the_refused_dtypes_are_listed() {
    let listed = limits();
    for device in others() {
        if !device.to_string().starts_with("wgpu") {
            continue;
        }
        for dtype in DType::ALL {
            let names = |what: &str| what.split(", ").any(|name| name == dtype.name());
            let limit = listed.iter().find(|limit| names(&limit.what));
            let says = match limit {
                None => device.has(dtype),
                Some(limit) if limit.how.contains("on wgpu where") => true,
                Some(_) => !device.has(dtype),
            };
            assert!(
                says,
                "{device} has {dtype}: {}, said {limit:?}",
                device.has(dtype)
            );
        }
    }
}

#[test]
fn what_was_asked_of_a_device_is_there_when_it_is_ready() {
    for device in others() {
        let x = np::arange(1000).to_device(device);
        let y = (0..10).fold(x, |x, _| 2 * x + 1).block_until_ready();
        assert_eq!(y.index(3).item::<i32>(), 4 * 1024 - 1);
    }
}

/// `block_until_ready` also launches the work of another thread, though each thread has a queue of its own.
#[test]
fn what_another_thread_asked_for_is_there_when_it_is_ready() {
    for device in others() {
        let x = np::linspace(0, 1, 1000).to_device(device).block_until_ready();
        // No other test here takes sines. Launches of other tests may be among those that this test sees.
        let asked = || {
            let x = x.clone();
            let thread = std::thread::spawn(move || jit(|x: Array| x.sin() * 2)(x));
            thread.join().unwrap()
        };
        let sines_of_reading = |y: &Array| {
            let (_, launches) = device.launches(|| y.to_vec::<f32>()).ok()?;
            Some(
                launches
                    .iter()
                    .filter(|launch| launch.to_string().contains("Sin"))
                    .count(),
            )
        };
        asked().block_until_ready();
        let Some(late) = sines_of_reading(&asked()) else {
            continue; // has no launches
        };
        assert!(late > 0, "{device}: reading launches what was not waited for");
        assert_eq!(
            sines_of_reading(&asked().block_until_ready()),
            Some(0),
            "{device}"
        );
    }
}

/// A panic of the user's own code passes through as it is, and is no failure of the device.
#[test]
fn a_panic_of_what_prints_goes_on_as_it_is() {
    // No other test here prints.
    debug::print_to(|text| panic!("no room for {text}"));
    for device in others() {
        let f = jit(|x: Array| {
            debug_print!("x = {}", x);
            2 * x
        });
        let x = np::arange(2).to_device(device);
        assert_eq!(message(|| f(x.clone())), "no room for x = [0 1]", "{device}");
    }
}

/// Asks a new process for its default device. The process prints the device, or the message of the panic. It
/// also prints the files at whose lines functions panic.
#[test]
fn the_environment_names_the_default_device() {
    const ASKED: &str = "KILN_TEST_DEFAULT_DEVICE";
    if std::env::var(ASKED).is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            println!("at: {}.", panic.location().unwrap().file());
        }));
        let calls: [fn() -> Array; 8] = [
            || np::zeros(2),
            || np::ones(2),
            || np::array([1, 2]),
            || np::arange(3),
            || np::full(2, 1),
            || Array::from(1) + 2,
            || random::uniform(Key::new(0), 2),
            || lax::fori_loop(0, 2, |_, x: Array| x, 1.0.into()),
        ];
        for call in calls {
            let _ = std::panic::catch_unwind(call);
        }
        drop(std::panic::take_hook());
        match std::panic::catch_unwind(Device::default) {
            Ok(device) => println!("default: {device}."),
            Err(panic) => println!("default: {}.", panic.downcast_ref::<String>().unwrap()),
        }
        return;
    }
    let ask = |name: &str| {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args([
            "--exact",
            "devices::the_environment_names_the_default_device",
            "--nocapture",
        ]);
        let output = command.env(ASKED, "1").env("KILN_DEVICE", name).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let places: Vec<&str> = text
            .lines()
            .filter_map(|line| Some(line.split_once("at: ")?.1))
            .collect();
        let here = format!("{}.", file!());
        assert!(places.iter().all(|place| *place == here), "{name:?}: {text}");
        let line = text
            .lines()
            .find_map(|line| Some(line.split_once("default: ")?.1.to_string()));
        line.unwrap_or_else(|| panic!("{text}"))
    };
    for device in devices() {
        assert_eq!(ask(&device.to_string()), format!("{device}."));
    }
    for name in ["gpu", "nonsense", " ", "cpu:1"] {
        let wanted = format!("device: KILN_DEVICE: there is no device {name:?}");
        assert!(ask(name).starts_with(&wanted), "{}", ask(name));
    }
    // The empty variable counts as not set.
    let best = std::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "devices::the_environment_names_the_default_device",
            "--nocapture",
        ])
        .env(ASKED, "1")
        .env_remove("KILN_DEVICE")
        .output()
        .unwrap();
    let best = String::from_utf8(best.stdout).unwrap();
    assert!(best.contains(&format!("default: {}", ask(""))), "{best}");
}

/// A new process computes on every device, and only this test writes to the terminal. Mesa's drivers would
/// report that there is no desktop.
#[test]
fn devices_are_found_in_silence() {
    const ASKED: &str = "KILN_TEST_SILENCE";
    if std::env::var(ASKED).is_ok() {
        for device in devices() {
            assert_eq!(np::arange(4).to_device(device).sum().item::<i32>(), 6, "{device}");
        }
        return;
    }
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "devices::devices_are_found_in_silence", "--nocapture"]);
    let output = command
        .env(ASKED, "1")
        .env("XDG_RUNTIME_DIR", std::env::temp_dir())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert!(output.status.success());
}

/// The test of each device has a process of its own, because other tests make their arrays on the default
/// device.
#[test]
fn a_process_sets_its_default_device() {
    const SET: &str = "KILN_TEST_SET_DEVICE";
    if let Ok(name) = std::env::var(SET) {
        let device = name.parse().unwrap();
        // Another device is the default at first.
        assert_ne!(Device::default(), device);
        set_default_device(device);
        let made = [np::zeros(3), jit(|(): ()| np::arange(3))(())];
        assert_eq!(made.map(|x| x.device()), [device; 2]);
        // The setting is for the whole process, so other threads have it too.
        let there = std::thread::spawn(|| np::zeros(3).device()).join();
        assert_eq!(there.unwrap(), device);
        return;
    }
    for device in others() {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "devices::a_process_sets_its_default_device"]);
        let output = command
            .env(SET, device.to_string())
            .env("KILN_DEVICE", "cpu")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
    }
}

/// A process ends cleanly while kernels that nobody waited for are still compiled and computed. It ends after
/// them, by a return from `main` and by `exit`.
#[test]
fn a_process_ends_after_its_devices() {
    const ENDS: &str = "KILN_TEST_ENDS";
    if let Ok(how) = std::env::var(ENDS) {
        for device in others() {
            let mut x = np::linspace(0, 1, 10).to_device(device);
            for i in 1..=20 {
                x = np::concatenate([&x.sin().sum().reshape(1), &np::cumsum(&x)]) * i;
            }
        }
        if how == "exit" {
            std::process::exit(0);
        }
        return;
    }
    for how in ["return", "exit"].repeat(6) {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "devices::a_process_ends_after_its_devices"]);
        // Kernels that Mesa has compiled before would be done before the process ends.
        let command = command.env(ENDS, how).env("MESA_SHADER_CACHE_DISABLE", "true");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{how}: {}", output.status);
    }
}
