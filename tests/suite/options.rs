//! Compares functions with optional arguments with JAX 0.10.2: each expected text is what the line beside it
//! printed there.

use kiln::numpy::{self as np, linalg};
use kiln::options::{Diagonal, Scan};
use kiln::{
    Arg, Array, DType, Key, OutOfBounds, grad, grad_with, jit, lax, random, value_and_grad_with, vmap,
    with_x64,
};

fn x() -> Array {
    np::array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
}

fn mask() -> Array {
    np::array([[true, false, true], [false, false, false]])
}

#[test]
fn reductions() {
    let (x, m) = (x(), mask());
    let nan = np::array([[1.0, np::NAN, 4.0], [np::NAN; 3]]);
    let small = Array::new(vec![100_i8, 100], 2);
    let cases: Vec<(Array, &str)> = vec![
        // np.sum(x, axis=1, where=m, initial=10.): jnp's leaves out `initial` here.
        (x.sum_with(|o| o.axis(1).where_(&m).initial(10)), "[14. 10.]"),
        // jnp.mean(x, axis=1, where=m)
        (x.mean_with(|o| o.axis(1).where_(&m)), "[ 2. nan]"),
        // jnp.var(x, axis=1, where=m, ddof=1)
        (x.var_with(|o| o.axis(1).where_(&m).ddof(1)), "[ 2. nan]"),
        // jnp.std(x, where=m)
        (x.std_with(|o| o.where_(&m)), "1.0"),
        // jnp.max(x, axis=0, where=m, initial=-1.)
        (x.max_with(|o| o.axis(0).where_(&m).initial(-1)), "[ 1. -1.  3.]"),
        // jnp.nanvar(nan, axis=1, ddof=1)
        (np::nanvar_with(&nan, |o| o.axis(1).ddof(1)), "[4.5 nan]"),
        // jnp.any(m, axis=1, where=m), jnp.all(m, axis=1, where=m)
        (m.any_with(|o| o.axis(1).where_(&m)), "[ True False]"),
        (m.all_with(|o| o.axis(1).where_(&m)), "[ True  True]"),
        // jnp.prod(x, axis=0, where=m, initial=2.)
        (x.prod_with(|o| o.axis(0).where_(&m).initial(2)), "[2. 2. 6.]"),
        // jnp.sum(jnp.array([100, 100], jnp.int8), dtype=jnp.int8)
        (small.sum_with(|o| o.dtype(DType::I8)), "-56"),
        // jnp.argmax(x, keepdims=True)
        (x.argmax_with(|o| o.keepdims(true)), "[[5]]"),
    ];
    for (i, (found, wanted)) in cases.iter().enumerate() {
        assert_eq!(found.to_string(), *wanted, "case {i}");
    }
}

#[test]
fn shapes_and_order() {
    let y = np::array([3.0, 1.0, 3.0, np::NAN]);
    let cube = np::arange(24).reshape((2, 3, 4));
    let points = (np::array([190.0, 0.0, 90.0]), np::array([2.0, 0.0, 1.0]));
    let diagonal = |o: Diagonal| o.axis1(2).axis2(0).offset(-1);
    let cases: Vec<(Array, &str)> = vec![
        // jnp.argsort(y, descending=True), jnp.sort(y, descending=True)
        (y.argsort_with(|o| o.descending(true)), "[3 0 2 1]"),
        (y.sort_with(|o| o.descending(true)), "[nan  3.  3.  1.]"),
        // jnp.linspace(0, 3, 4, dtype=int), jnp.linspace(-1, 1, 4, dtype=int)
        (np::linspace_dtype(0, 3, 4, DType::I32), "[0 1 2 3]"),
        (np::linspace_dtype(-1, 1, 4, DType::I32), "[-1 -1  0  1]"),
        // jnp.trace(cube, offset=1, axis1=1, axis2=2)
        (
            np::trace_with(&cube, |o| o.offset(1).axis1(1).axis2(2)),
            "[18 54]",
        ),
        // jnp.diagonal(cube, offset=-1, axis1=2, axis2=0)
        (
            np::diagonal_with(&cube, diagonal),
            "[[ 1 14]\n [ 5 18]\n [ 9 22]]",
        ),
        // jnp.interp(jnp.array([-90., 450, 10]), jnp.array([190., 0, 90]), jnp.array([2., 0, 1]), period=360)
        (
            np::interp_with([-90.0, 450.0, 10.0], &points.0, &points.1, |o| o.period(360)),
            "[1.0588236  1.         0.11111111]",
        ),
        // jnp.diff(jnp.array([1, 4, 9]), n=2, prepend=0, append=jnp.array([16, 25]))
        (
            np::diff_with([1, 4, 9], |o| o.n(2).prepend(0).append([16, 25])),
            "[2 2 2 2]",
        ),
    ];
    for (i, (found, wanted)) in cases.iter().enumerate() {
        assert_eq!(found.to_string(), *wanted, "case {i}");
    }
}

#[test]
fn dtypes_of_new_arrays() {
    let tenth = with_x64(true, || np::array([0.1]));
    assert_eq!(np::full_dtype(1, 0.1, DType::F64).to_string(), tenth.to_string());
    for dtype in DType::ALL {
        let arrays = [
            np::zeros_dtype(2, dtype),
            np::ones_dtype(2, dtype),
            np::full_dtype(2, 1, dtype),
            np::zeros_like_dtype([1.5, 2.5], dtype),
            np::ones_like_dtype([1.5, 2.5], dtype),
            np::full_like_dtype([1.5, 2.5], 1, dtype),
            np::eye_dtype(2, dtype),
            jit(move |()| np::zeros_dtype(2, dtype))(()),
        ];
        arrays.iter().for_each(|x| assert_eq!(x.dtype(), dtype));
    }
}

/// The results of a scan do not depend on the number of iterations that are traced as one.
#[test]
fn an_unrolled_scan_is_the_same_scan() {
    let f = |c: Array, (x, y): (Array, Array)| (&c + &x, (c * x, y));
    for n in [0, 1, 5, 7] {
        let xs = || (np::arange(n).astype(DType::F32), np::ones((n, 2)));
        let run = |options: &dyn Fn(Scan) -> Scan| {
            let (carry, (products, ones)) = lax::scan_with(f, 0.0.into(), xs(), options);
            (carry.to_string(), products.to_string(), ones.to_string())
        };
        for reverse in [false, true] {
            for unroll in [2, 3, 100] {
                let unrolled = run(&|o| o.reverse(reverse).unroll(unroll));
                assert_eq!(unrolled, run(&|o| o.reverse(reverse)), "{n} {reverse} {unroll}");
            }
        }
    }
    // jax.lax.scan(lambda c, x: (c + x, c * x), 0., jnp.arange(7.), reverse=True, unroll=3)
    let f = |c: Array, x: Array| (&c + &x, c * x);
    let (carry, products) = lax::scan_with(f, 0.0.into(), np::arange(7.0), |o| o.reverse(true).unroll(3));
    assert_eq!(
        (carry.to_string(), products.to_string()),
        ("21.0".into(), "[ 0. 20. 36. 45. 44. 30.  0.]".into())
    );
}

#[test]
fn gradients_with_respect_to_some_arguments() {
    // jax.grad(lambda a, b, c: a * b + c, argnums=(0, 2))(2., 3., 5.)
    let f = |(a, b, c): (Array, Array, Array)| a * b + c;
    let at = || (2.0.into(), 3.0.into(), 5.0.into());
    let (a, c) = grad_with(f, |o| o.argnums((Arg::<0>, Arg::<2>)))(at());
    assert_eq!((a.to_string(), c.to_string()), ("3.0".into(), "1.0".into()));
    // The order is that of argnums.
    let (b, a) = grad_with(f, |o| o.argnums((Arg::<1>, Arg::<0>)))(at());
    assert_eq!((b.to_string(), a.to_string()), ("2.0".into(), "3.0".into()));
    // An argument that is held fixed may be of integers.
    let power = |(x, n): (Array, Array)| (x.pow(&n), n);
    let found = value_and_grad_with(power, |o| o.argnums(Arg::<0>))((3.0.into(), np::arange(3).index(2)));
    assert_eq!(
        (found.0.0.to_string(), found.1.to_string()),
        ("9.0".into(), "6.0".into())
    );
    let many = vmap(jit(grad_with(f, |o| o.argnums(Arg::<1>))));
    assert_eq!(
        many((np::arange(3.0), np::ones(3), np::ones(3))).to_string(),
        "[0. 1. 2.]"
    );
}

#[test]
fn norms() {
    let a = np::array([[1.0, 2.0], [3.0, 4.0]]);
    let cube = np::arange(8.0).reshape((2, 2, 2));
    // [float(jnp.linalg.norm(a, ord=o)) for o in (1, -1, jnp.inf, -jnp.inf, 2)]
    let orders = [1.0, -1.0, np::INF, -np::INF, 2.0];
    let found = orders.map(|ord| linalg::norm_with(&a, |o| o.ord(ord)).item::<f32>());
    assert_eq!(found[..4], [6.0, 4.0, 7.0, 3.0]);
    // The root of the greatest eigenvalue of a matrix of condition 223: within 4 units of 2^-22.
    assert!((found[4] - 5.464_985).abs() < 1e-6, "{}", found[4]);
    // jnp.linalg.norm(cube, ord=1, axis=(0, 2)), jnp.linalg.norm(cube, ord=jnp.inf, axis=(2, 0),
    // keepdims=True)
    let of = linalg::norm_with(&cube, |o| o.ord(1).axis((0, 2)));
    assert_eq!(of.to_string(), "[ 6. 10.]");
    let of = linalg::norm_with(&cube, |o| o.ord(np::INF).axis((2, 0)).keepdims(true));
    assert_eq!(
        (of.shape().to_string(), of.ravel().to_string()),
        ("(1, 2, 1)".into(), "[ 6. 10.]".into())
    );
}

#[test]
fn narrow_integers() {
    let narrow =
        |indices: Array, n: i32| np::take_with(np::arange(n), indices, |o| o.mode(OutOfBounds::Clip));
    // jnp.take(jnp.arange(300), jnp.array([100, 250], jnp.uint8), mode="clip")
    assert_eq!(
        narrow(Array::new(vec![100_u8, 250], 2), 300).to_string(),
        "[100 250]"
    );
    // jnp.take(jnp.arange(200), jnp.array([-5, 127], jnp.int8), mode="clip")
    assert_eq!(
        narrow(Array::new(vec![-5_i8, 127], 2), 200).to_string(),
        "[  0 127]"
    );
    // jnp.interp(jnp.array([245], jnp.uint8), jnp.array([0, 240], jnp.uint8), jnp.array([0., 1]), period=250)
    let (x, xp) = (Array::new(vec![245_u8], 1), Array::new(vec![0_u8, 240], 2));
    assert_eq!(
        np::interp_with(x, xp, [0.0, 1.0], |o| o.period(250)).to_string(),
        "[0.5]"
    );
    // jnp.interp(jnp.array([10., -90]), jnp.array([0., 180]), jnp.array([0., 2]), period=-360)
    let y = np::interp_with([10.0, -90.0], [0.0, 180.0], [0.0, 2.0], |o| o.period(-360));
    assert_eq!(y.to_string(), "[0.11111111 1.        ]");
}

#[test]
fn derivatives_skip_what_is_left_out() {
    let x = || np::array([1.0, np::NAN, 3.0]);
    // jax.grad(jnp.nanvar)(x), jax.grad(jnp.nanstd)(x)
    assert_eq!(grad(|x: Array| np::nanvar(x))(x()).to_string(), "[-1.  0.  1.]");
    assert_eq!(
        grad(|x: Array| np::nanstd(x))(x()).to_string(),
        "[-0.5  0.   0.5]"
    );
}

#[test]
fn results_have_the_dtype_that_is_asked_for() {
    let two = np::array([true, true]);
    let cases: Vec<(Array, &str)> = vec![
        // jnp.mean(jnp.array([1, 2]), dtype=jnp.int32)
        (
            np::array([1, 2]).mean_with(|o| o.dtype(DType::I32)),
            "Array(1, dtype=int32)",
        ),
        // jnp.cumsum(two, dtype=bool), jnp.sum(two, dtype=bool), jnp.prod(jnp.array([2, 0]), dtype=bool)
        (
            two.cumsum_with(|o| o.dtype(DType::Bool)),
            "Array([ True,  True], dtype=bool)",
        ),
        (two.sum_with(|o| o.dtype(DType::Bool)), "Array(True, dtype=bool)"),
        (
            np::array([2, 0]).prod_with(|o| o.dtype(DType::Bool)),
            "Array(False, dtype=bool)",
        ),
    ];
    for (found, wanted) in cases {
        assert_eq!(format!("{found:?}"), wanted);
    }
}

#[test]
fn choices_of_elements() {
    let key = || Key::new(3);
    let x = np::arange(6).reshape((2, 3));
    let cases: Vec<(Array, &str)> = vec![
        // jnp.compress(jnp.array([True, False, True, False]), jnp.arange(3))
        (np::compress([true, false, true, false], np::arange(3)), "[0 2]"),
        // jnp.searchsorted(jnp.array([30, 10, 20]), jnp.array([15, 25]), sorter=jnp.array([1, 2, 0]))
        (
            np::searchsorted_with([30, 10, 20], [15, 25], |o| o.sorter([1, 2, 0])),
            "[1 2]",
        ),
        // jax.random.categorical(key, jnp.log(jnp.array([[.2, .3, .5]])), shape=(5,))
        (
            random::categorical_with(key(), np::array([[0.2, 0.3, 0.5]]).log(), |o| o.shape(5)),
            "[1 0 2 1 2]",
        ),
        // jax.random.choice(key, x, (2, 2), axis=1)
        (
            random::choice_with(key(), &x, (2, 2), |o| o.axis(1)),
            "[[[0 1]\n  [1 2]]\n\n [[3 4]\n  [4 5]]]",
        ),
        // jax.random.choice(key, x, (2,), axis=1, replace=False, p=jnp.array([.1, .2, .7]))
        (
            random::choice_with(key(), &x, 2, |o| o.axis(1).replace(false).p([0.1, 0.2, 0.7])),
            "[[1 2]\n [4 5]]",
        ),
    ];
    for (i, (found, wanted)) in cases.iter().enumerate() {
        assert_eq!(found.to_string(), *wanted, "case {i}");
    }
}

/// A body that alternates between two dtypes is refused, also if a group of iterations would end where it
/// began.
#[test]
#[should_panic(expected = "scan: carry")]
fn an_unrolled_scan_checks_its_carry() {
    let flip = |c: Array, ()| match c.shape()[0] {
        2 => (np::ones(3), ()),
        _ => (np::ones(2), ()),
    };
    lax::scan_with(flip, np::ones(2), (), |o| o.length(4).unroll(2));
}
