//! Saves functions, and calls them in another process.

use crate::support::device::{is_exact, on_cpu};
use kiln::export::{Exported, export};
use kiln::io::{self, Error, Limits, with_limits};
use kiln::{
    Array, DType, Key, Program, Static, Tree, custom_jvp, custom_vjp, debug, debug_print, grad, jit, lax,
    numpy as np, random, vmap, with_x64,
};
use kiln_backends::program::Op;
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::Arc;

fn same(found: &Array, wanted: &Array) {
    assert_eq!(
        (found.array_type(), found.is_weak()),
        (wanted.array_type(), wanted.is_weak())
    );
    same_elements(found, wanted);
}

/// Compares bit for bit on the CPU. Other devices choose their kernels by time, in each process anew, so
/// their floats are compared nearly.
fn same_elements(found: &Array, wanted: &Array) {
    if found.dtype().is_float() && !is_exact() {
        assert!(
            np::allclose(found, wanted).item::<bool>(),
            "{found}, not {wanted}"
        );
    } else {
        let (found, wanted) = (found.try_buffer().unwrap(), wanted.try_buffer().unwrap());
        assert_eq!(found.bytes(), wanted.bytes());
    }
}

/// Saves and loads a function.
fn again(exported: &Exported) -> Exported {
    Exported::from_bytes(&exported.to_bytes().unwrap()).unwrap()
}

/// Returns the message of the panic of `f`.
fn panic_of<R>(f: impl FnOnce() -> R) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).err().expect("a panic");
    *payload.downcast::<String>().expect("a message")
}

#[derive(Clone, Debug, Tree)]
struct Market {
    spot: Array,
    rates: Vec<Array>,
}

fn market() -> Market {
    Market {
        spot: np::array([100.0, 90.0, 80.0]),
        rates: vec![0.02.into(), 0.03.into()],
    }
}

/// A price with a loop, random numbers, captured arrays, and an inner jit.
fn price(table: Array) -> impl Fn((Market, Key)) -> Array + Clone {
    let discount = jit(|(rate, x): (Array, Array)| (-rate).exp() * x);
    move |(market, key): (Market, Key)| {
        let z = random::normal(key, (4, 3));
        let paths = lax::fori_loop(
            0,
            4,
            |i, s: Array| s * (0.1 * np::take_axis(&z, &i, 0) + market.rates[0].clone()).exp(),
            market.spot.clone(),
        );
        let payoff = (paths - &table).maximum(0.0);
        discount((market.rates[1].clone(), payoff)).sum()
    }
}

fn table() -> Array {
    np::array([95.0, 85.0, 75.0])
}

const FILE: &str = "KILN_EXPORT_TEST";

/// The part of the next test that runs in another process. It loads the function, and saves its result and
/// its gradient.
#[test]
fn in_another_process() {
    let Some(folder) = std::env::var_os(FILE).map(std::path::PathBuf::from) else {
        return;
    };
    let exported = Exported::load(folder.join("price.kiln")).unwrap();
    let value: Array = exported.call((market(), Key::new(7)));
    let slope = grad(|market: Market| exported.call::<_, Array>((market, Key::new(7))))(market());
    let compiled: Array = jit(|x: (Market, Key)| exported.call::<_, Array>(x))((market(), Key::new(7)));
    let results = [
        ("value", value),
        ("compiled", compiled),
        ("spot", slope.spot),
        ("rate", slope.rates[1].clone()),
    ];
    io::savez(folder.join("results.npz"), results).unwrap();
}

#[test]
fn another_process_computes_the_same() {
    let folder = std::env::temp_dir().join(format!("kiln-export-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let f = price(table());
    export(&f, (market(), Key::new(0)))
        .save(folder.join("price.kiln"))
        .unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "export::in_another_process"])
        .env(FILE, &folder)
        .output()
        .unwrap();
    assert!(
        child.status.success(),
        "{}",
        String::from_utf8_lossy(&child.stderr)
    );
    let results = io::loadz(folder.join("results.npz")).unwrap();
    // The original is compiled as one program too.
    let value = jit(f.clone())((market(), Key::new(7)));
    let slope = jit(grad(move |market: Market| f((market, Key::new(7)))))(market());
    assert!(value.item::<f32>() > 0.0);
    same_elements(&results["value"], &value);
    same_elements(&results["compiled"], &value);
    assert!(np::allclose(&results["spot"], &slope.spot).item::<bool>());
    assert!(np::allclose(&results["rate"], &slope.rates[1]).item::<bool>());
    // The exported function gives the same bits in this process.
    let here = Exported::load(folder.join("price.kiln")).unwrap();
    let slope = grad(|market: Market| here.call::<_, Array>((market, Key::new(7))))(market());
    same_elements(&results["spot"], &slope.spot);
    same_elements(&results["rate"], &slope.rates[1]);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn transformations_go_through() {
    let weights = np::array([1.0, 2.0, 3.0]);
    let f = |x: Array| (&weights * x.sin()).sum();
    let exported = again(&export(f, np::ones(3)));
    let loaded = |x: Array| exported.call::<_, Array>(x);
    let x = np::array([0.1, 0.2, 0.3]);
    same(&loaded(x.clone()), &jit(f)(x.clone()));
    assert!(np::allclose(grad(loaded)(x.clone()), grad(f)(x.clone())).item::<bool>());
    let rows = np::array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]);
    assert!(np::allclose(vmap(loaded)(rows.clone()), vmap(f)(rows.clone())).item::<bool>());
    let both = jit(vmap(grad(loaded)))(rows.clone());
    assert!(np::allclose(both, vmap(grad(f))(rows)).item::<bool>());
    let twice = again(&export(loaded, np::ones(3)));
    same(&twice.call(x.clone()), &loaded(x));
}

#[test]
fn trees_of_every_kind() {
    type Out = (
        Vec<Array>,
        BTreeMap<String, Array>,
        Option<Array>,
        [Array; 2],
        Option<Array>,
        Vec<Vec<Array>>,
    );
    let f = |(xs, map): (Vec<Array>, HashMap<String, Array>)| -> Out {
        let sum = xs.iter().fold(Array::from(0), |sum, x| sum + x);
        let named = map.iter().map(|(name, x)| (name.clone(), x * 2)).collect();
        (
            xs.clone(),
            named,
            Some(sum.clone()),
            [sum.clone(), sum + 1],
            None,
            vec![vec![], xs, vec![]],
        )
    };
    let arguments = || {
        let map = HashMap::from([("b".to_string(), np::ones(1)), ("a".to_string(), np::zeros(2))]);
        (vec![np::arange(3), np::full(3, 4)], map)
    };
    let exported = again(&export(f, arguments()));
    let names: Vec<&str> = exported.arguments().map(|(name, _)| name).collect();
    assert_eq!(names, [".0[0]", ".0[1]", ".1.a", ".1.b"]);
    assert_eq!(exported.results().count(), 9);
    let (found, wanted): (Out, Out) = (exported.call(arguments()), f(arguments()));
    assert_eq!((found.0.len(), found.5.len(), found.5[1].len()), (2, 3, 2));
    assert!(found.4.is_none() && found.2.is_some());
    for (found, wanted) in found.1.iter().zip(&wanted.1) {
        assert_eq!(found.0, wanted.0);
        same(found.1, wanted.1);
    }
    same(&found.3[1], &wanted.3[1]);
    // The type `Other` is another tree with the same paths.
    type Other = (
        Vec<Array>,
        HashMap<String, Array>,
        Vec<Array>,
        Vec<Array>,
        Option<Array>,
        Vec<Vec<Array>>,
    );
    let refused = panic_of(|| exported.call::<_, Other>(arguments()));
    assert!(
        refused.starts_with("call: the result is (.0[0]: i32[3]"),
        "{refused}"
    );
}

#[test]
fn weakness_is_kept_and_plain_numbers_are_taken() {
    let exported = again(&export(
        |x: Array| (x.clone() + 1, Array::from(2), x * np::ones(1)),
        2.5.into(),
    ));
    let (x, two, strong): (Array, Array, Array) = exported.call(Array::from(1));
    assert_eq!((x.item::<f32>(), x.is_weak()), (2.0, true));
    assert_eq!((two.item::<i32>(), two.is_weak()), (2, true));
    assert!(!strong.is_weak());
}

#[test]
fn custom_derivatives_go_along() {
    let reverse = custom_vjp(
        |x: Array| x.exp(),
        |x: Array| (x.exp(), x),
        |_: Array, cotangent: Array| cotangent * 42,
    );
    let forward = custom_jvp(
        |x: Array| x.exp(),
        |x: Array, tangent: Array| (x.exp(), tangent * 7),
    );
    let reverse = again(&export(reverse, np::array(1.0)));
    let forward = again(&export(forward, np::array(1.0)));
    assert_eq!(
        grad(|x: Array| reverse.call::<_, Array>(x))(1.0.into()).item::<f32>(),
        42.0
    );
    assert_eq!(
        grad(|x: Array| forward.call::<_, Array>(x))(1.0.into()).item::<f32>(),
        7.0
    );
}

#[test]
fn prints_go_along() {
    let f = |x: Array| {
        debug_print!("x is {}", x);
        x + 1
    };
    let exported = again(&export(f, np::arange(2)));
    let (_, lines) = debug::capture(|| exported.call::<_, Array>(np::array([3, 4])));
    assert_eq!(lines, ["x is [3 4]"]);
}

#[test]
fn the_64_bit_switch_does_not_matter() {
    // The function has f64, which not every device has.
    on_cpu(|| {
        let exported = with_x64(true, || export(|x: Array| x / 3 + np::arange(2), np::ones(2)));
        let exported = again(&exported);
        let x = || Array::new(vec![1.0_f64, 2.0], 2);
        let wanted = with_x64(true, || x() / 3 + np::arange(2));
        for x64 in [false, true] {
            let found: Array = with_x64(x64, || exported.call(x()));
            assert_eq!(found.dtype(), DType::F64);
            same(&found, &wanted);
        }
        let refused = panic_of(|| exported.call::<_, Array>(np::ones(2)));
        assert_eq!(
            refused,
            "call: argument is f32[2], the function was traced for f64[2]: use astype or vmap, or trace it again"
        );
    });
}

#[test]
fn what_differs_is_named() {
    let exported = export(
        |(m, _): (Market, Key)| m.spot * &m.rates[0],
        (market(), Key::new(0)),
    );
    let call = |tree: (Market, Key)| panic_of(|| exported.call::<_, Array>(tree));
    let mut wrong = market();
    wrong.rates.pop();
    assert_eq!(
        call((wrong, Key::new(0))),
        "call: argument .1 stands where the function has argument .0.rates[1]"
    );
    let mut wrong = market();
    wrong.spot = np::ones(4);
    assert!(
        call((wrong, Key::new(0)))
            .starts_with("call: argument .0.spot is f32[4], the function was traced for f32[3]")
    );
    assert!(
        call((market(), Key::new(0).split_n(2)))
            .starts_with("call: argument .1 is u32[2,2], the function was")
    );
    let missing = panic_of(|| exported.call::<_, Array>((market(),)));
    assert_eq!(missing, "call: argument .1 is missing");
    let more = panic_of(|| exported.call::<_, Array>((market(), Key::new(0), np::ones(1))));
    assert_eq!(more, "call: the function has no argument .2");
    let result = panic_of(|| exported.call::<_, (Array, Array)>((market(), Key::new(0))));
    assert_eq!(
        result,
        "call: the result is (f32[3]), and another tree is asked for"
    );
    let result = panic_of(|| exported.call::<_, (Array,)>((market(), Key::new(0))));
    assert_eq!(result, "call: result .0 stands where the function has result");
    let fixed = "call: the result is (f32[3]), and another tree is asked for";
    let result = panic_of(|| exported.call::<_, (Array, Static<i32>)>((market(), Key::new(0))));
    assert_eq!(result, fixed);
    let result = panic_of(|| exported.call::<_, Node>((market(), Key::new(0))));
    assert_eq!(result, fixed);
}

/// A tree whose first variant holds a tree of its own type.
#[derive(Tree)]
enum Node {
    Negative(Box<Node>),
    Leaf(Array),
}

#[test]
fn a_result_may_be_a_tree_of_its_own_type() {
    let exported = export(|x: Array| Node::Negative(Box::new(Node::Leaf(x))), np::ones(2));
    let Node::Negative(inner) = again(&exported).call(np::ones(2)) else {
        panic!("another variant");
    };
    assert!(matches!(*inner, Node::Leaf(x) if x.shape()[..] == [2]));
}

#[test]
fn what_cannot_be_saved_is_refused() {
    let power = panic_of(|| {
        export(
            |(x, n): (Array, Static<i32>)| x.pow(n.0),
            (np::ones(2), Static(2)),
        )
    });
    assert!(
        power.starts_with("export: the argument has a Static value"),
        "{power}"
    );
    let result = panic_of(|| export(|x: Array| (x, Static(2)), np::ones(2)));
    assert!(
        result.starts_with("export: the result has a Static value"),
        "{result}"
    );
    let nothing = panic_of(|| export(|x: Array| (x, vec![(), (), ()]), np::ones(2)));
    assert!(
        nothing.starts_with("export: the result has a list of things without arrays"),
        "{nothing}"
    );
    let inside = panic_of(|| {
        jit(|x: Array| {
            export(|y: Array| y + &x, np::ones(2));
            x.clone()
        })(np::ones(2))
    });
    assert!(
        inside.starts_with("export: a captured array has no value: an array f32[2] inside jit"),
        "{inside}"
    );
    let looked = panic_of(|| {
        export(|x: Array| -> Array { x.item::<f32>().into() }, np::ones(())).call::<_, Array>(np::ones(()))
    });
    assert!(
        looked.starts_with("item: an array f32[] inside export (made at tests/suite/export.rs"),
        "{looked}"
    );
    // The program is deeper than the limit.
    let deep = Limits {
        depth: 39,
        ..Limits::default()
    };
    let exported = export(nested(40), np::ones(2));
    let error = with_limits(deep, || exported.to_bytes()).unwrap_err();
    assert!(
        error.to_string().ends_with(
            "more than 39 levels of programs within programs: raise Limits::depth by io::with_limits"
        ),
        "{error}"
    );
    exported.to_bytes().unwrap();
}

/// Returns `jit` within `jit`, nested `depth` times.
fn nested(depth: usize) -> Box<dyn Fn(Array) -> Array> {
    (0..depth).fold(Box::new(|x| x + 1), |f, _| Box::new(jit(f)))
}

/// Returns a function that calls a function twice, which calls another twice, and so on.
fn doubled(depth: usize) -> Box<dyn Fn(Array) -> Array> {
    (0..depth).fold(Box::new(|x: Array| x + 1), |f, _| {
        let f = jit(f);
        Box::new(move |x| f(f(x)))
    })
}

#[test]
fn a_program_that_is_shared_is_saved_once() {
    let sizes = [10, 20, 40].map(|depth| export(doubled(depth), np::ones(2)).to_bytes().unwrap().len());
    let [ten, twenty, forty] = sizes;
    assert!(forty - twenty < 3 * (twenty - ten), "{sizes:?}");
    let exported = again(&export(doubled(40), np::ones(2)));
    let program = exported.program();
    assert_eq!((program.depth(), program.distinct().len()), (40, 41));
    let [Op::Call(first), Op::Call(second)] =
        program.equations().iter().map(|e| &e.op).collect::<Vec<_>>()[..]
    else {
        panic!("{program}")
    };
    assert!(Arc::ptr_eq(first, second));
    // Printing, comparing and hashing take no longer than saving.
    assert_eq!(exported.to_string().matches("= call[").count(), 80);
    assert_eq!(program, export(doubled(40), np::ones(2)).program());
    assert!(!program.has_effect());
    let few = again(&export(doubled(5), np::ones(2)));
    assert_eq!(few.call::<_, Array>(np::zeros(2)).to_vec::<f32>(), [32.0; 2]);
    let shared = again(&export(
        |x: Array| {
            let f = doubled(3);
            lax::cond(x.sum().gt(0), &f, |x: Array| f(x) * 2, x)
        },
        np::ones(2),
    ));
    assert_eq!(shared.call::<_, Array>(np::ones(2)).to_vec::<f32>(), [9.0; 2]);
}

/// The deepest program that can be loaded by default can be used on a thread with a small stack.
#[test]
fn deep_programs_can_be_used() {
    let leaf = r#"{"inputs":[{"dtype":"float32","shape":[2]}],"equations":[[{"Unary":"Sin"},[0],[]]],"outputs":[1]}"#;
    let tower = |level: &dyn Fn(usize) -> String| {
        let levels: Vec<String> = (0..128).map(level).collect();
        let text = format!(r#"{{"version":2,"programs":[{leaf},{}]}}"#, levels.join(","));
        Arc::new(serde_json::from_str::<Program>(&text).unwrap())
    };
    let calls = tower(&|i| {
        format!(
            r#"{{"inputs":[{{"dtype":"float32","shape":[2]}}],"equations":[["Call",[0],[{i}]]],"outputs":[1]}}"#
        )
    });
    let loops = tower(&|i| {
        format!(
            r#"{{"inputs":[{{"dtype":"float32","shape":[2]}}],"equations":[[{{"Scan":{{"length":1,"consts":0,"carries":1,"reverse":false}}}},[0],[{i}]]],"outputs":[1]}}"#
        )
    });
    let choices = tower(&|i| {
        let operands = if i == 0 { "0,1" } else { "0,0,1" };
        format!(
            r#"{{"inputs":[{{"dtype":"int32","shape":[]}},{{"dtype":"float32","shape":[2]}}],"equations":[["Cond",[{operands}],[{i}]]],"outputs":[2]}}"#
        )
    });
    // The test runs on the CPU. The gradient of a loop keeps an array of one more axis at each level, and
    // other devices have fewer axes.
    on_cpu(|| {
        let half = || np::full(2, 0.5);
        for program in [calls, loops, choices] {
            assert_eq!(program.depth(), 128);
            let f = |x: Array| match program.inputs().len() {
                1 => kiln::call(&program, [x]).remove(0),
                _ => kiln::call(&program, [Array::new(vec![0_i32], ()), x]).remove(0),
            };
            same_elements(&f(half()), &half().sin());
            same_elements(&vmap(f)(np::stack([half(), half()])).index(1), &half().sin());
            same_elements(&grad(|x: Array| f(x).sum())(half()), &half().cos());
            assert_eq!(
                *program,
                serde_json::from_str(&serde_json::to_string(&*program).unwrap()).unwrap()
            );
            assert!(program.to_string().len() > 128);
        }
    });
}

#[test]
fn limits_are_the_callers() {
    let file = export(
        |x: Array| lax::fori_loop(0, 1000, |_, x: Array| x * 0.5 + 1.0, x),
        np::ones(3),
    );
    let file = file.to_bytes().unwrap();
    let open = export(
        |x: Array| lax::while_loop(|x: &Array| x.sum().lt(100), |x| x * 2, x),
        np::ones(3),
    );
    let open = open.to_bytes().unwrap();
    let all = Limits::default();
    let cases = [
        (
            &file,
            Limits { work: 1 << 18, ..all },
            "262144 elements of declared work: raise Limits::work",
        ),
        (
            &file,
            Limits { size: 20, ..all },
            "20 equations, variables and axes in a program: raise Limits::size",
        ),
        (
            &file,
            Limits { depth: 0, ..all },
            "0 levels of programs within programs: raise Limits::depth",
        ),
        (
            &open,
            Limits {
                while_loops: false,
                ..all
            },
            "0 while loops: raise Limits::while_loops",
        ),
    ];
    for (file, limits, words) in cases {
        Exported::from_bytes(file).unwrap();
        let error = with_limits(limits, || Exported::from_bytes(file)).unwrap_err();
        assert!(matches!(error, Error::Limit { .. }));
        assert!(error.to_string().contains(words), "{error}");
    }
    let forged = changed(&file, r#"\"length\":1000"#, r#"\"length\":1000000000000000000"#);
    refused(&forged, "elements of declared work");
}

#[test]
fn the_signature_and_the_program_are_shown() {
    let rates = np::ones(3);
    let exported = again(&export(
        |(x, y): (Array, Array)| vec![x * &rates, y],
        (np::ones(3), 1.into()),
    ));
    let text = exported.to_string();
    assert!(
        text.starts_with("(.0: f32[3], .1: i32[]) -> ([0]: f32[3], [1]: i32[])\ncaptured: f32[3]\n{ "),
        "{text}"
    );
    assert!(text.contains("= mul"), "{text}");
}

fn refused(bytes: &[u8], words: &str) -> Error {
    let error = Exported::from_bytes(bytes).expect_err(words);
    assert!(error.to_string().contains(words), "{error}");
    error
}

/// Returns a function's file with a change in its metadata.
fn changed(file: &[u8], old: &str, new: &str) -> Vec<u8> {
    let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let header = std::str::from_utf8(&file[8..8 + length]).unwrap();
    assert!(header.contains(old), "{header}");
    let header = header.replacen(old, new, 1);
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(&file[8 + length..]);
    bytes
}

#[test]
fn damaged_files_are_errors() {
    let rates = np::ones(3);
    let file = export(|x: Array| vec![(x * &rates).sum()], np::ones(3))
        .to_bytes()
        .unwrap();
    let with = |old: &str, new: &str| changed(&file, old, new);
    let newer = refused(
        &with(r#"version\":2"#, r#"version\":3"#),
        "written in version 3 of its format, this reads up to 2",
    );
    assert!(matches!(newer, Error::Newer { .. }));
    let older = refused(
        &with(r#"version\":2"#, r#"version\":1"#),
        "written in version 1 of its format, this reads 2 and later: save it again",
    );
    assert!(matches!(older, Error::Older { .. }));
    refused(
        &with(r#"version\":2"#, r#"version\":0"#),
        "version 0 of its format, which begins with 1",
    );
    let other = refused(
        &with("kiln.function", "kiln.functian"),
        "this is no exported function",
    );
    assert!(matches!(other, Error::Format { .. }));
    let format = refused(&io::to_npy(&np::ones(40)).unwrap(), "this is no safetensors file");
    assert!(matches!(format, Error::Format { .. }));
    refused(
        &io::to_safetensors([("captured.0", np::ones(3))]).unwrap(),
        "load_safetensors reads its arrays",
    );
    let missing = refused(&with("captured.0", "captured.1"), "there is no array captured.0");
    assert!(matches!(missing, Error::MissingName { .. }));
    refused(&with(r#"[\"\"]"#, r#"[]"#), "");
    refused(
        &with(r#"\"weak\":[false]"#, r#"\"weak\":[]"#),
        "1 paths and 0 marks",
    );
    refused(&with("Mul", "Atan3"), "unknown variant");
    refused(
        &with(r#"{\"Binary\":\"Mul\"},[0,1]"#, r#"{\"Binary\":\"Mul\"},[0,9]"#),
        "variable 9 is used before it is defined",
    );
    refused(
        &with(r#"\"dtype\":\"float32\""#, r#"\"dtype\":\"int32\""#),
        "mul: operands",
    );
    refused(
        &with(r#"\"shape\":[3]"#, r#"\"shape\":[1099511627776,1099511627776]"#),
        "too many elements",
    );
    // The captured array has another shape.
    refused(
        &with(r#""shape":[3]"#, r#""shape":[3,1]"#),
        "captured array 0 is f32[3,1], the program takes f32[3]",
    );
    // Only the checksum finds these changes: in paths, in the length of a list, in an element of the captured
    // array.
    for (old, new) in [
        (r#"\"results\":[\"[0]\"]"#, r#"\"results\":[\"[1]\"]"#),
        (r#"\"arguments\":[\"\"]"#, r#"\"arguments\":[\".0\"]"#),
        (r#"{\"Length\":1}"#, r#"{\"Length\":0}"#),
        (r#"{\"Length\":1}"#, r#"{\"Length\":1152921504606846976}"#),
        (r#"\"weak\":[false]"#, r#"\"weak\":[true]"#),
    ] {
        refused(&with(old, new), "its checksum is");
    }
    let mut element = file.clone();
    *element.last_mut().unwrap() ^= 1;
    refused(&element, "its checksum is");
    for end in 0..file.len() {
        let error = Exported::from_bytes(&file[..end]).unwrap_err();
        assert!(matches!(error, Error::Truncated { .. }), "{error}");
    }
}

/// A file with a flipped bit is an error, or it loads as it was saved.
#[test]
fn flipped_bits() {
    let rates = np::ones(3);
    let f = |x: Array| vec![lax::fori_loop(0, 3, |_, x: Array| x * 1.5 * &rates, x).sum()];
    let file = export(f, np::ones(3)).to_bytes().unwrap();
    let mut errors = 0;
    for at in 0..file.len() {
        for bit in 0..8 {
            let mut bytes = file.clone();
            bytes[at] ^= 1 << bit;
            match catch_unwind(|| Exported::from_bytes(&bytes)) {
                Ok(Ok(exported)) => {
                    let once_more = exported.to_bytes().unwrap();
                    assert!(once_more == file, "bit {bit} of byte {at} makes another function");
                }
                Ok(Err(_)) => errors += 1,
                Err(_) => panic!("a panic for bit {bit} of byte {at}"),
            }
        }
    }
    assert!(
        errors > 7 * file.len(),
        "{errors} of {} flips were seen",
        8 * file.len()
    );
}
