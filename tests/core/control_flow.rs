//! Compares loops and branches with the same code in plain Rust, outside and inside of `jit`.

use kiln::Device;
use kiln_core::{Array, DType, Static, Tree, grad, jit, lax, numpy as np, program, vmap};
use std::cell::Cell;

/// Asserts that a function has the same result outside and inside of a trace, bit for bit, and returns the
/// result.
fn both<T: Tree + Clone>(f: impl Fn(T) -> Array, x: T) -> Array {
    let (eager, jitted) = (f(x.clone()), jit(f)(x));
    assert_eq!(format!("{eager:?}"), format!("{jitted:?}"));
    eager
}

fn floats(x: &[f32]) -> Array {
    Array::new(x.to_vec(), x.len())
}

#[test]
fn a_weak_carry_is_promoted() {
    let h = lax::fori_loop(0, 3, |_, h: Array| h + np::ones(2), np::full(2, 0));
    assert_eq!(
        (h.dtype(), h.is_weak(), h.to_vec::<f32>()),
        (DType::F32, false, vec![3.0, 3.0])
    );
    let h = lax::fori_loop(0, 3, |_, h: Array| h + 0.5, Array::from(0));
    assert_eq!(
        (h.dtype(), h.is_weak(), h.item::<f32>()),
        (DType::F32, false, 1.5)
    );
    let h = lax::fori_loop(0, 3, |i, h: Array| h + i, np::zeros(()));
    assert_eq!((h.dtype(), h.item::<f32>()), (DType::F32, 3.0));
    // As in JAX: a strong carry stays strong when a weak value is added to it, a weak carry stays weak.
    let (c, ys) = lax::scan(
        |c: Array, x: Array| (c + x, Array::from(1)),
        0.into(),
        np::arange(3),
    );
    assert_eq!((c.dtype(), c.is_weak(), ys.is_weak()), (DType::I32, false, true));
    let (c, _) = lax::scan_n(|c: Array| (c + 1, ()), 0.into(), 3);
    assert!(c.is_weak());
    let x = lax::while_loop_bounded(|x: &Array| x.lt(2), |x| x + 0.75, 0.into(), 9);
    assert_eq!(
        (x.dtype(), x.is_weak(), x.item::<f32>()),
        (DType::F32, false, 2.25)
    );
}

#[test]
fn the_carry_may_be_a_tree_and_the_body_may_capture() {
    let weights = np::arange(3);
    let body = |i: Array, (a, b): (Array, Vec<Array>)| (a + &weights * i, vec![&b[0] + 1]);
    let (a, b) = lax::fori_loop(1, 4, body, (np::zeros(3), vec![np::zeros(())]));
    assert_eq!(
        (a.to_vec::<f32>(), b[0].item::<f32>()),
        (vec![0.0, 6.0, 12.0], 3.0)
    );
}

#[test]
fn bounds_may_be_arrays() {
    let power = jit(|(x, n): (Array, Array)| lax::fori_loop(0, n, |_, y: Array| y * &x, np::ones_like(&x)));
    assert_eq!(power((np::arange(4), 3.into())).to_vec::<i32>(), [0, 1, 8, 27]);
    assert_eq!(power((np::arange(4), 0.into())).to_vec::<i32>(), [1, 1, 1, 1]);
    assert_eq!(
        lax::fori_loop(3, 0, |_, x: Array| x + 1, Array::from(5)).item::<i32>(),
        5
    );
}

#[test]
fn while_loops_run_until_the_condition_fails() {
    let limit = Array::from(100).astype(DType::I32);
    let doubled = |x: Array| lax::while_loop(|x: &Array| x.lt(&limit), |x| x * 2, x);
    assert_eq!(both(doubled, 3.into()).item::<i32>(), 192);
    assert_eq!(both(doubled, 100.into()).item::<i32>(), 100);
}

#[test]
fn bounded_loops_stop_at_the_condition_or_the_bound() {
    let limit = np::array(100);
    for (bound, expected) in [(0, 3), (1, 6), (6, 192), (7, 192), (1000, 192)] {
        let f = |x: Array| lax::while_loop_bounded(|x: &Array| x.lt(&limit), |x| x * 2, x, bound);
        assert_eq!(both(f, 3.into()).item::<i32>(), expected, "{bound} trips");
    }
    // The body is not evaluated after its condition has failed: 1 / x would be infinite.
    let f = |x: Array| lax::while_loop_bounded(|x: &Array| x.gt(0), |x| (&x - 1) + 0.0 / &x, x, 50);
    assert_eq!(both(f, 3.0.into()).item::<f32>(), 0.0);
}

#[test]
fn scans_carry_and_stack() {
    let (rho, x) = (0.5, [1.0f32, -2.0, 3.0, 0.25]);
    let step = |c: Array, x: Array| {
        let c = rho * c + x;
        (c.clone(), (c, ()))
    };
    let mut c = 0.0f32;
    let mut next = |x: &f32| {
        c = 0.5 * c + x;
        c
    };
    let path: Vec<f32> = x.iter().map(&mut next).collect();
    let ys = both(|x: Array| lax::scan(step, 0.0.into(), x).1.0, floats(&x));
    assert_eq!(ys.to_vec::<f32>(), path);
    let last = both(|x: Array| lax::scan(step, 0.0.into(), x).0, floats(&x));
    assert_eq!(last.item::<f32>(), path[3]);

    let mut c = 0.0f32;
    let next = |x: &f32| {
        c = 0.5 * c + x;
        c
    };
    let mut back: Vec<f32> = x.iter().rev().map(next).collect();
    back.reverse();
    let ys = both(
        |x: Array| lax::scan_with(step, 0.0.into(), x, |o| o.reverse(true)).1.0,
        floats(&x),
    );
    assert_eq!(ys.to_vec::<f32>(), back);
}

#[test]
fn scans_of_trees_of_every_length() {
    #[derive(Clone, Tree)]
    struct Pair {
        rows: Array,
        flags: Vec<Array>,
        power: Static<i32>,
    }
    for n in [0, 1, 5] {
        let xs = Pair {
            rows: np::arange(n * 3).reshape((n, 3)).astype(DType::F32),
            flags: vec![(np::arange(n) % 2).equal(0)],
            power: Static(2),
        };
        let f = |xs: Pair| {
            lax::scan(
                |(sum, count): (Array, Array), x: Pair| {
                    let sum = sum + x.rows.pow(x.power.0);
                    let count = count + &x.flags[0];
                    ((sum.clone(), count), (sum.sum(), np::where_(&x.flags[0], 1, 0)))
                },
                (np::zeros(3), np::array(0)),
                xs,
            )
        };
        let (sums, counts): (Vec<f32>, i32) = {
            let mut rows = vec![0.0; 3];
            (0..n * 3).for_each(|i| rows[i as usize % 3] += (i * i) as f32);
            (rows, (n + 1) / 2)
        };
        for ((sum, count), (totals, flags)) in [f(xs.clone()), jit(f)(xs)] {
            assert_eq!(sum.to_vec::<f32>(), sums);
            assert_eq!(count.item::<i32>(), counts);
            assert_eq!(
                (totals.shape()[..].to_vec(), flags.shape()[..].to_vec()),
                (vec![n as usize], vec![n as usize])
            );
            assert_eq!(flags.sum().item::<i32>(), counts);
        }
    }
}

#[test]
fn scans_without_slices_and_maps() {
    let powers = both(|x: Array| lax::scan_n(|x: Array| (&x * 2, x), x, 5).1, 1.into());
    assert_eq!(powers.to_vec::<i32>(), [1, 2, 4, 8, 16]);
    let x = np::arange(6).reshape((2, 3));
    let scale = np::array([1, 10]);
    let y = both(
        |x: Array| lax::map(|(x, k): (Array, Array)| x.sum() * k, (x, scale.clone())),
        x,
    );
    assert_eq!(y.to_vec::<i32>(), [3, 120]);
}

#[test]
fn loops_in_loops() {
    // The sum of i * j over j < i < n.
    let f = |n: Array| {
        lax::fori_loop(
            0,
            n,
            |i, sum: Array| lax::fori_loop(0, &i, |j, sum: Array| sum + &i * j, sum),
            np::array(0),
        )
    };
    let expected = |n: i32| (0..n).flat_map(|i| (0..i).map(move |j| i * j)).sum::<i32>();
    for n in [0, 1, 2, 7] {
        assert_eq!(both(f, np::array(n)).item::<i32>(), expected(n));
    }
    let f = |x: Array| {
        lax::scan(
            |c: Array, row: Array| {
                let (c, ys) = lax::scan(|c: Array, x: Array| (&c + &x, c * x), c, row);
                (c, ys)
            },
            np::array(0),
            x,
        )
        .1
    };
    let x = np::arange(6).reshape((2, 3));
    assert_eq!(both(f, x).to_vec::<i32>(), [0, 0, 2, 9, 24, 50]);
}

#[test]
fn one_branch_is_chosen() {
    let f = |x: Array| lax::cond(x.sum().gt(0), |x: Array| x.sqrt(), |x: Array| -x, x);
    assert_eq!(both(f, floats(&[4.0, 9.0])).to_vec::<f32>(), [2.0, 3.0]);
    assert_eq!(both(f, floats(&[-4.0, 1.0])).to_vec::<f32>(), [4.0, -1.0]);
    // A number is true if it is not 0.
    let f = |n: Array| lax::cond(&n, |n: Array| n + 1, |n: Array| n - 1, n.clone());
    for (n, expected) in [(-3, -2), (0, -1), (1, 2)] {
        assert_eq!(both(f, n.into()).item::<i32>(), expected);
    }
    let f = |x: Array| lax::cond(x.clone(), |x: Array| x + 1, |x: Array| x - 1, x);
    for (x, expected) in [(0.25, 1.25), (-0.0, -1.0)] {
        assert_eq!(both(f, x.into()).item::<f32>(), expected);
    }
    assert!(both(f, f64::NAN.into()).item::<f32>().is_nan());
}

#[test]
fn only_the_branch_that_is_taken_runs_outside_of_a_trace() {
    let count = Cell::new(0);
    let counted = |x: Array| {
        count.set(count.get() + 1);
        x
    };
    lax::cond(true, counted, counted, np::ones(2));
    lax::switch(1, [counted, counted, counted], np::ones(2));
    assert_eq!(count.get(), 2);
    // The function may therefore look at values.
    let y = lax::cond(
        np::array(2).gt(1),
        |x: Array| Array::from(x.item::<f32>() * 2.0),
        |x| x,
        3.0.into(),
    );
    assert_eq!(y.item::<f32>(), 6.0);
    jit(|p: Array| lax::cond(p, counted, counted, np::ones(2)))(true.into());
    assert_eq!(count.get(), 4);
}

#[test]
fn switches_take_the_nearest_branch() {
    let f = |i: Array| {
        let branches: [&dyn Fn(Array) -> Array; 3] = [&|x| x + 1, &|x| x * 10, &|_| np::array(-1)];
        lax::switch(i, branches, np::array(5))
    };
    for (i, expected) in [(-9, 6), (-1, 6), (0, 6), (1, 50), (2, -1), (3, -1), (100, -1)] {
        assert_eq!(both(f, np::array(i)).item::<i32>(), expected, "branch {i}");
    }
    // Indices of every integer type, also those beyond i32.
    let has = |dtype: DType| Device::default().has(dtype);
    for dtype in DType::ALL
        .into_iter()
        .filter(|&dtype| dtype.is_integer() && has(dtype))
    {
        assert_eq!(both(f, np::array(1).astype(dtype)).item::<i32>(), 50, "{dtype}");
    }
    assert_eq!(both(f, Array::new(vec![(1_i64 << 32) + 1], ())).item::<i32>(), -1);
    assert_eq!(both(f, Array::new(vec![u64::MAX], ())).item::<i32>(), -1);
    assert_eq!(both(f, Array::new(vec![i64::MIN], ())).item::<i32>(), 6);
    // More branches than the index's dtype can count.
    let many = |n: i32| move |i: Array| lax::switch(i, (0..n).map(|k| move |x: Array| x + k), np::array(0));
    if !has(DType::I8) {
        return;
    }
    for (i, expected) in [(-128, 0), (-1, 0), (100, 100), (127, 127)] {
        let i = np::array(i).astype(DType::I8);
        assert_eq!(both(many(201), i).item::<i32>(), expected);
    }
    for i in [0, 200, 255] {
        assert_eq!(both(many(300), np::array(i).astype(DType::U8)).item::<i32>(), i);
    }
    let only = |i: Array| lax::switch(i, vec![|x: Array| x * 2], np::array(4));
    assert_eq!(both(only, 3.into()).item::<i32>(), 8);
}

#[test]
fn weak_results_take_the_others_dtype() {
    if !Device::default().has(DType::F64) {
        return;
    }
    let x = np::ones(2).astype(DType::F64);
    let f = jit(|p: Array| lax::cond(p, |x: Array| x, |_| np::full(2, 3), x.clone()));
    let y = f(false.into());
    assert_eq!(
        (y.dtype(), y.is_weak(), y.to_vec::<f64>()),
        (DType::F64, false, vec![3.0; 2])
    );
    let f = jit(|p: Array| lax::cond(p, |()| Array::from(1), |()| Array::from(2), ()));
    assert!(f(true.into()).is_weak());
    let f = jit(|p: Array| lax::cond(p, |()| Array::from(1), |()| np::array(2), ()));
    assert!(!f(true.into()).is_weak());
}

#[test]
fn an_array_that_several_branches_capture_is_one_operand() {
    let (table, other) = (np::arange(4), np::arange(4));
    let text = program(
        |p: Array| lax::cond(p, |()| &table + 1, |()| &table * &other, ()),
        true.into(),
    );
    assert_eq!(text.input_types().len(), 3, "{text}");
    let chosen = text.equations().last().expect("the choice");
    assert_eq!(chosen.inputs.len(), 3, "{text}");
}

#[test]
fn elements_are_selected() {
    let f = |p: Array| lax::select(&p, &np::array([1, 2]), &np::array([3, 4]));
    assert_eq!(both(f, np::array([false, true])).to_vec::<i32>(), [3, 2]);
    assert_eq!(both(f, true.into()).to_vec::<i32>(), [1, 2]);
}

#[test]
fn associative_scans_are_running_combinations() {
    for n in 0..=17 {
        let x = np::arange(n) % 5 + 1;
        let sums: Vec<i32> = x.cumsum().to_vec();
        assert_eq!(
            both(|x: Array| lax::associative_scan(|x, y| x + y, x), x.clone()).to_vec::<i32>(),
            sums
        );
        let back: Vec<i32> = x.flip().cumsum().flip().to_vec();
        let f = |x: Array| lax::associative_scan_with(|x: Array, y: Array| x + y, x, |o| o.reverse(true));
        assert_eq!(both(f, x).to_vec::<i32>(), back);

        // Matrices do not commute: the order of the operands matters. The axis is the last.
        let turns = |n: i32| -> Vec<[i64; 4]> {
            (0..n)
                .map(|i| [1, i64::from(i % 3), i64::from(i % 2), 1])
                .collect()
        };
        let entries = |k: usize| Array::new(turns(n).iter().map(|m| m[k]).collect(), (1, n as isize));
        let product = |[a, b, c, d]: [Array; 4], [e, f, g, h]: [Array; 4]| {
            [
                &a * &e + &b * &g,
                &a * &f + &b * &h,
                &c * &e + &d * &g,
                &c * &f + &d * &h,
            ]
        };
        let all = lax::associative_scan_with(product, [0, 1, 2, 3].map(entries), |o| o.axis(-1));
        let mut m = [1i64, 0, 0, 1];
        for (i, t) in turns(n).into_iter().enumerate() {
            m = [
                m[0] * t[0] + m[1] * t[2],
                m[0] * t[1] + m[1] * t[3],
                m[2] * t[0] + m[3] * t[2],
                m[2] * t[1] + m[3] * t[3],
            ];
            for k in 0..4 {
                assert_eq!(all[k].to_vec::<i64>()[i], m[k], "entry {k} of product {i} of {n}");
            }
        }
    }
    // Signs of zeros are kept.
    let zeros = Array::new(vec![-0.0f32; 5], 5);
    let y = lax::associative_scan(|x: Array, y: Array| x + y, zeros);
    assert!(y.to_vec::<f32>().iter().all(|y| y.is_sign_negative()));
}

#[test]
fn the_number_of_trips_does_not_lengthen_the_program() {
    let count = Cell::new(0);
    let f = |x: Array| {
        lax::scan_n(
            |x: Array| {
                count.set(count.get() + 1);
                (x.sin(), ())
            },
            x,
            1_000_000_000,
        )
        .0
    };
    let text = program(f, np::ones(()));
    assert_eq!(count.get(), 1);
    assert!(text.equations().len() <= 2, "{text}");
}

/// Asserts that a jit of `f`, and `vmap` of it, have the expected result, for sizes below and above those
/// with a loop in the tile.
fn passes_on(name: &str, f: fn(Array) -> Array, expected: fn(&Array) -> Array) {
    for n in [1, 31, 32, 64, 2000] {
        let x = np::linspace(-1, 1, n);
        let expected = expected(&x);
        assert_eq!(
            jit(f)(x.clone()).to_vec::<f32>(),
            expected.to_vec::<f32>(),
            "{name}, {n}"
        );
        let two = vmap(f)(np::stack([&x, &x]));
        for row in 0..2 {
            assert_eq!(
                two.index(row).to_vec::<f32>(),
                expected.to_vec::<f32>(),
                "vmap of {name}, {n}"
            );
        }
    }
}

#[test]
fn a_carry_may_be_passed_on_from_outside_of_the_loop() {
    passes_on(
        "a captured value",
        |x| {
            let e = x.exp();
            lax::fori_loop(0, 3, |_, _: Array| e.clone(), x)
        },
        |x| x.exp(),
    );
    passes_on(
        "two captured values that change places",
        |x| {
            let (e, s) = (x.exp(), x.sin());
            let body = |_, (_, b): (Array, Array)| (b, &e - &s);
            let (a, b) = lax::fori_loop(0, 3, body, (x.clone(), x));
            a + b
        },
        |x| (x.exp() - x.sin()) * 2.0,
    );
    passes_on(
        "one captured value for two carries",
        |x| {
            let e = x.exp();
            let (a, b) = lax::fori_loop(
                0,
                2,
                |_, _: (Array, Array)| (e.clone(), e.clone()),
                (e.clone(), x),
            );
            a * b
        },
        |x| x.exp() * x.exp(),
    );
    passes_on(
        "a number",
        |x| lax::fori_loop(0, 2, |_, x: Array| np::full_like(&x, 2.5), x.sin()) * x,
        |x| x * 2.5,
    );
    passes_on(
        "a carry that another one takes later",
        |x| {
            let c = x.exp();
            lax::fori_loop(
                0,
                4,
                |_, (m, v): (Array, Array)| (c.clone(), v + m),
                (x.clone(), x),
            )
            .1
        },
        |x| x + x + x.exp() + x.exp() + x.exp(),
    );
    passes_on(
        "three carries in a ring",
        |x| {
            let body = |_, (a, b, c): (Array, Array, Array)| (b, c, a);
            lax::fori_loop(0, 4, body, (x.sin(), x.cos(), x.exp())).0
        },
        |x| x.cos(),
    );
    passes_on(
        "a carry that is dropped and one that stays",
        |x| {
            let e = x.exp();
            let body = |_, (a, _): (Array, Array)| (a, e.clone());
            let (a, b) = lax::fori_loop(0, 2, body, (x.sin(), x));
            a - b
        },
        |x| x.sin() - x.exp(),
    );
    passes_on(
        "a loop within a loop",
        |x| {
            let e = x.exp();
            let inner = |x: Array| lax::fori_loop(0, 2, |_, x: Array| (x + &e).sin(), x);
            lax::fori_loop(0, 2, |_, _: Array| inner(e.clone()), x)
        },
        |x| (((x.exp() + x.exp()).sin()) + x.exp()).sin(),
    );
}

#[test]
fn a_carry_may_be_a_slice() {
    passes_on(
        "the last slice",
        |x| {
            let rows = np::stack([x.cos(), x.exp(), x.sin()]).exp();
            lax::scan(|_: Array, row: Array| (row, ()), np::zeros_like(&x), rows).0
        },
        |x| x.sin().exp(),
    );
    passes_on(
        "the first slice",
        |x| {
            let rows = np::stack([x.cos(), x.exp(), x.sin()]).exp();
            lax::scan_with(|_: Array, row: Array| (row, ()), x, rows, |o| o.reverse(true)).0
        },
        |x| x.cos().exp(),
    );
    passes_on(
        "a slice and the one before",
        |x| {
            let rows = np::stack([x.cos(), x.exp(), x.sin()]).exp();
            let step = |(a, _): (Array, Array), row: Array| ((row, a), ());
            let (a, b) = lax::scan(step, (x.clone(), x), rows).0;
            a - b
        },
        |x| x.sin().exp() - x.exp().exp(),
    );
    passes_on(
        "a slice of what is broadcast",
        |x| {
            let rows = np::broadcast_to(x.exp(), (4, x.size()));
            lax::scan(|_: Array, row: Array| (row.clone(), row), x, rows)
                .1
                .index(-1)
        },
        |x| x.exp(),
    );
}

#[test]
fn gradients_go_through_carries_that_are_passed_on() {
    let x = np::linspace(-1, 1, 225).reshape((15, 15));
    let gradient = |f: fn(Array) -> Array| {
        let (eager, jitted) = (grad(f)(x.clone()), jit(grad(f))(x.clone()));
        assert_eq!(eager.to_vec::<f32>(), jitted.to_vec::<f32>());
        eager.to_vec::<f32>()
    };
    let captured = gradient(|x| {
        let e = x.exp();
        lax::scan_with(
            |_: Array, y: Array| (e.clone(), y),
            e.clone(),
            e.clone(),
            |o| o.reverse(true),
        )
        .0
        .sum()
    });
    assert_eq!(captured, x.exp().to_vec::<f32>());
    let stacked = gradient(|x| {
        let e = x.exp();
        lax::scan(|_: Array, y: Array| (e.clone(), y), e.clone(), e.clone())
            .1
            .sum()
    });
    assert_eq!(stacked, x.exp().to_vec::<f32>());
    // The carry is x at first and e = exp(x) from then on: x + 2 e, with derivative 1 + 2 e.
    let summed = gradient(|x| {
        let e = x.exp();
        let body = |_, (m, v): (Array, Array)| (e.clone(), v + m);
        lax::fori_loop(0, 3, body, (x.clone(), np::zeros_like(&x)))
            .1
            .sum()
    });
    assert_eq!(summed, (x.exp() + x.exp() + 1).to_vec::<f32>());
    let last = gradient(|x| {
        lax::scan(|_: Array, row: Array| (row, ()), x.index(0), x.exp())
            .0
            .sum()
    });
    let expected = np::zeros((15, 15)).at(-1).set(x.index(-1).exp());
    assert_eq!(last, expected.to_vec::<f32>());
}
