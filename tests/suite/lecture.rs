//! Compares the output of QuantEcon's "An Introduction to JAX", and the price of its exercise:
//! `reference/data/lecture.json`.

// The model of the example, which its command line runs.
#[allow(unreachable_pub)]
#[path = "../../examples/option_pricing/src/greeks.rs"]
mod greeks;
#[path = "../../examples/option_pricing/src/model.rs"]
mod model;

use crate::support::compare::{Bound, difference, floats};
use crate::support::device::{self, has, is_exact};
use crate::support::{Report, flag, float, list, outcome, rows, text};
use kiln::numpy::{self as np, linalg};
use kiln::prelude::*;
use kiln::{lax, random};
use model::{Estimator, Model, Point};
use serde_json::Value;

/// The values of one expression of the lecture, and kiln's texts for them.
struct Shown {
    values: Vec<Array>,
    str: String,
    repr: String,
}

impl From<Array> for Shown {
    fn from(x: Array) -> Shown {
        Shown {
            str: x.to_string(),
            repr: format!("{x:?}"),
            values: vec![x],
        }
    }
}

/// A key prints as its words do in Python. Its `Debug` is `Key([0 1])`, because a key is no array. The
/// `Debug` of its words is Python's.
impl From<Key> for Shown {
    fn from(key: Key) -> Shown {
        Shown {
            str: key.to_string(),
            ..Shown::from(key.words().clone())
        }
    }
}

/// Python prints a named tuple. kiln's `Eigh` is a struct whose parts print as Python's do.
impl From<linalg::Eigh> for Shown {
    fn from(
        linalg::Eigh {
            eigenvalues,
            eigenvectors,
        }: linalg::Eigh,
    ) -> Shown {
        let text = format!("EighResult(eigenvalues={eigenvalues:?}, eigenvectors={eigenvectors:?})");
        Shown {
            str: text.clone(),
            repr: text,
            values: vec![eigenvalues, eigenvectors],
        }
    }
}

fn lecture_f(x: Array) -> Array {
    let a = 3 * &x + x.sin() + x.pow(2).cos() - (2 * &x).cos() - x.pow(2) * 0.4 * x.pow(1.5);
    a.sum()
}

/// Returns the `i`-th of the lecture's matrices. Each is drawn with the second half of a split of the key.
fn split_matrix(i: usize) -> Array {
    let mut key = Key::new(42);
    let mut matrices = Vec::new();
    for _ in 0..=i {
        let subkey;
        [key, subkey] = key.split();
        matrices.push(random::uniform(subkey, (2, 2)));
    }
    matrices.remove(i)
}

fn fold_in_matrix(i: usize) -> Array {
    random::uniform(Key::new(42).fold_in(i), (2, 2))
}

fn random_sum(key: Key) -> Array {
    let [first, second] = key.split();
    random::normal(first, ()) + random::normal(second, ())
}

/// Returns the expression of a row in kiln, by name.
fn expression(name: &str) -> Shown {
    let a = || np::array([1.0, 3.2, -1.5]);
    let halves = |seed: u64| -> [Key; 2] { Key::new(seed).split() };
    match name {
        "a" => a().into(),
        "sum" | "sum_x64" => a().sum().into(),
        "mean" | "mean_x64" => a().mean().into(),
        "dot" | "dot_x64" => a().dot(a()).into(),
        "ones" => np::ones((2, 2)).into(),
        "identity" => np::identity(2).into(),
        "matmul" => np::ones((2, 2)).matmul(np::identity(2)).into(),
        "inv" => linalg::inv(np::identity(2)).into(),
        "eigh" => linalg::eigh(np::identity(2)).into(),
        "ones_x64" => np::ones(3).into(),
        "linspace" => np::linspace(0, 1, 3).into(),
        "at_set" => np::linspace(0, 1, 3).at(0).set(1).into(),
        "unsorted" => np::array([2, 1]).into(),
        "sorted" => np::array([2, 1]).sort().into(),
        "key_1" => Key::new(1).into(),
        "normal_1" => random::normal(Key::new(1), (3, 3)).into(),
        "split_1" => Key::new(1).split_n(2).into(),
        "normal_1_key" => random::normal(halves(1)[0].clone(), (3, 3)).into(),
        "normal_1_key_5" => random::normal(halves(1)[0].clone(), 5).into(),
        "normal_1_subkey_5" => random::normal(halves(1)[1].clone(), 5).into(),
        "normal_1_subkey" => random::normal(halves(1)[1].clone(), (3, 3)).into(),
        "key_1234" => Key::new(1234).into(),
        "normal_1234" => random::normal(Key::new(1234), (3, 3)).into(),
        "split_1234" => Key::new(1234).split_n(2).into(),
        "normal_1234_key" => random::normal(halves(1234)[0].clone(), (3, 3)).into(),
        "normal_1234_subkey" => random::normal(halves(1234)[1].clone(), (3, 3)).into(),
        "random_matrices_split_0" => split_matrix(0).into(),
        "random_matrices_split_1" => split_matrix(1).into(),
        "random_matrices_split_2" => split_matrix(2).into(),
        "random_matrices_fold_in_0" => fold_in_matrix(0).into(),
        "random_matrices_fold_in_1" => fold_in_matrix(1).into(),
        "random_matrices_fold_in_2" => fold_in_matrix(2).into(),
        "random_sum" => random_sum(Key::new(42)).into(),
        "f_of_ones" => jit(lecture_f)(np::ones(50_000_000)).into(),
        "f_of_more_ones" => jit(lecture_f)(np::ones(50_000_001)).into(),
        "f_of_ones_small" => jit(lecture_f)(np::ones(1000)).into(),
        "f_of_linspace" => jit(lecture_f)(np::linspace(0, 10, 1001)).into(),
        "grad" => kiln::grad(|x: Array| x.pow(2) / 2.0)(10.0.into()).into(),
        "captured_1" => jit(|x: Array| 1 + x)(np::ones(2)).into(),
        "allclose" => {
            let f = |(x, y): (Array, Array)| (x.pow(2) + y.pow(2)).cos() / (1 + x.pow(2) + y.pow(2));
            let x = np::linspace(-2, 2, 80);
            let mapped = vmap_in_axes(vmap_in_axes(f, (None, 0)), (0, None));
            np::allclose(mapped((x.clone(), x.clone())), f(np::meshgrid(&x, &x))).into()
        }
        "captured_42" => jit(|x: Array| 42 + x)(np::ones(3)).into(),
        name => panic!("{name} is not in this test"),
    }
}

/// Returns a bound for rows whose text differs from Python's in the last digits. The values are within the
/// bound.
///
/// A sum of n terms in another order differs by up to eps n times the sum of the terms' magnitudes. Here that
/// is the sum itself, because all but a few small terms have one sign.
fn exception(row: &Value) -> Option<Bound> {
    let terms = match text(row, "name") {
        "f_of_ones" | "f_of_more_ones" => 50_000_000.0,
        "f_of_linspace" => 1001.0,
        "f_of_ones_small" => 1000.0,
        _ => return None,
    };
    Some(Bound::Within(
        f64::EPSILON * terms * float(&row["outputs"][0]["data"][0]).abs(),
    ))
}

#[test]
fn the_lecture_prints_what_jax_prints() {
    let mut report = Report::default();
    for row in rows("lecture", "rows") {
        let name = text(&row, "name");
        let wrong = match outcome(&row, || expression(name)) {
            Ok(shown) => {
                let bound = exception(&row);
                let printed = [(&shown.str, "str"), (&shown.repr, "repr")];
                let other = printed.iter().find(|(found, key)| *found != text(&row, key));
                let other = other
                    .filter(|_| bound.is_none() && is_exact())
                    .map(|(found, key)| format!("{key} is {found}"));
                // Numbers that print the same in 8 digits may differ in the last bits of a double: f64
                // normals do. On a device the normals are within 8 ulp, and those up to 2.5 within 27 more
                // (see random.rs).
                let bound = bound.unwrap_or(Bound::Ulp(if is_exact() { 2.0 } else { 35.0 }));
                let values = shown.values.iter().zip(list(&row["outputs"]));
                other.or_else(|| {
                    values
                        .into_iter()
                        .find_map(|(x, wanted)| difference(x, wanted, &bound))
                })
            }
            Err(message) => Some(message),
        };
        report.check(&row, wrong);
    }
    report.finish(&[]);
}

/// Runs the exercise as the lecture writes it. Returns terminal log prices, log volatilities and the key. `h`
/// starts as integers.
fn simulate(model: Model, paths: usize, key: Key) -> (Array, Array, Key) {
    let Model {
        steps,
        mu,
        rho,
        nu,
        s0,
        h0,
        ..
    } = model;
    let state = (np::full(paths, s0.ln()), np::full(paths, h0 as i64), key);
    lax::fori_loop(
        0,
        steps,
        |_, (s, h, key): (Array, Array, Key)| {
            let [key, subkey] = key.split();
            let z = random::normal(subkey, (2, paths));
            let s = &s + mu + h.exp() * z.index(0);
            let h = rho * &h + nu * z.index(1);
            (s, h, key)
        },
        state,
    )
}

/// Compares prices, which are means of payoffs. The order of the sum is not JAX's, so rounding errors grow
/// with the number of paths. They are bounded by 1e-4 of the price in 32 bits and 1e-9 in 64. The paths
/// themselves are a few roundings apart: by 1e-5 and 1e-12, absolutely.
fn price_row(row: &Value) -> Option<String> {
    let args = &row["args"];
    let number = |key: &str| args[key].as_f64().unwrap();
    let paths = args["paths"].as_u64().unwrap() as usize;
    let seed = args["seed"].as_u64().unwrap();
    let model = Model {
        steps: args["n"].as_i64().unwrap(),
        beta: number("beta"),
        strike: number("strike"),
        mu: number("mu"),
        rho: number("rho"),
        nu: number("nu"),
        s0: number("s0"),
        h0: number("h0"),
    };
    let (relative, absolute) = if flag(row, "x64") {
        (1e-9, 1e-12)
    } else {
        (1e-4, 1e-5)
    };
    let estimate = jit(move |key: Key| model.price(key, paths, Estimator::Plain))(Key::new(seed));
    let price = |wanted: &Value| {
        let (x, y) = (floats(&estimate.price)[0], float(wanted));
        ((x - y).abs() > relative * y.abs()).then(|| format!("the price is {x}, not {y}"))
    };
    let of = difference(&estimate.price, &row["price"], &Bound::Within(f64::INFINITY));
    let wrong = of
        .or_else(|| price(&row["price"]["data"][0]))
        .or_else(|| price(&row["price_from_exact_mean"]));
    let close = |x: &Array, key: &str| difference(x, &row[key], &Bound::Within(absolute));
    let wrong = wrong.or_else(|| close(&estimate.first_paths, "first_paths"));
    if wrong.is_some() {
        return wrong;
    }
    let (s, h, key) = jit(move |key: Key| {
        let (s, h, key) = simulate(model, paths, key);
        (s.index(..5), h.index(..5), key)
    })(Key::new(seed));
    close(&s, "first_paths")
        .or_else(|| close(&h, "first_volatilities"))
        .or_else(|| difference(key.words(), &row["final_key"], &Bound::Exact))
}

#[test]
fn the_option_has_jax_s_price() {
    let mut report = Report::default();
    for row in rows("lecture", "option_prices") {
        if row["args"]["paths"].as_u64().unwrap() > device::paths() {
            continue;
        }
        let wrong = outcome(&row, || price_row(&row)).unwrap_or_else(Some);
        report.check(&row, wrong);
    }
    report.finish(&[]);
}

/// Compares the greeks of the conditional estimator with central differences for the same paths.
///
/// With step h a difference is off by h^2 / 6 times the third derivative. This is a third of its distance
/// from the difference with step 2 h. The bound allows all of that distance. The price is the mean of 1000
/// terms of 20 steps. It is right up to 100 eps, which is divided by h.
#[test]
fn greeks_are_those_of_finite_differences() {
    if !has(DType::F64) {
        return;
    }
    kiln::with_x64(true, || {
        let model = Model {
            steps: 20,
            beta: 0.99,
            strike: 100.0,
            mu: 0.0001,
            rho: 0.1,
            nu: 0.1,
            s0: 10.0,
            h0: -1.0,
        };
        let greeks = model.greeks(Key::new(1), 1000);
        let price = jit(|point: Point| model.conditional_price(point, Key::new(1), 1000));
        let delta = jit(|s0: Array| kiln::grad(|s0: Array| price(Point { s0, ..model.point() }))(s0));
        let check = |name: &str, found: &Array, at: f64, f: &dyn Fn(f64) -> Array| {
            let h = 1e-3 * at;
            let difference = |h: f64| (f(at + h).item::<f64>() - f(at - h).item::<f64>()) / (2.0 * h);
            let (wanted, wide) = (difference(h), difference(2.0 * h));
            let bound = (wanted - wide).abs() + 100.0 * f64::EPSILON * f(at).item::<f64>().abs() / h;
            let found = found.item::<f64>();
            assert!(
                (found - wanted).abs() <= bound,
                "{name} is {found}, not {wanted}, within {bound:e}"
            );
            assert!(
                bound < 1e-3 * wanted.abs(),
                "{name}: {bound:e} says little of {wanted}"
            );
        };
        let point = || model.point();
        check("delta", &greeks.delta, model.s0, &|s0| {
            price(Point {
                s0: s0.into(),
                ..point()
            })
        });
        check("gamma", &greeks.gamma, model.s0, &|s0| delta(s0.into()));
        check("rho", &greeks.rho, model.rho, &|rho| {
            price(Point {
                rho: rho.into(),
                ..point()
            })
        });
        check("nu", &greeks.nu, model.nu, &|nu| {
            price(Point {
                nu: nu.into(),
                ..point()
            })
        });
        let estimate = model.price(Key::new(1), 1000, Estimator::Conditional);
        assert!(np::isclose_with(greeks.price, estimate.price, |o| o.rtol(1e-12).atol(0.0)).item::<bool>());
        // Prices from other paths, in three blocks, are within 6 standard errors of each other.
        let blocks = jit(move |key: Key| model.greeks(key, 300_000))(Key::new(1));
        let estimate = model.price(Key::new(2), 300_000, Estimator::Conditional);
        let apart = (blocks.price - estimate.price).abs();
        assert!(
            apart
                .lt(6.0 * 2_f64.sqrt() * estimate.standard_error)
                .item::<bool>()
        );
        assert!(np::isclose_with(blocks.delta, greeks.delta, |o| o.rtol(0.1).atol(0.0)).item::<bool>());
    });
}
