//! Compiles the code in the tables of names. Each snippet of a right column stands in one of the functions
//! below, which are compiled and never called. The code of statements that a table abbreviates is left out.

use kiln::options::{Side, TakeMode};
use kiln::prelude::*;
use kiln::{
    ArrayType, checkpoint, closure_convert, custom_vjp, debug_print, eval_shape, export, flatten_util,
    grad_with, hessian, jacfwd, jacrev, jacrev_with, jvp, linearize, program, shaped, tree, vjp, vjp_with,
    vmap_with, with_x64,
};

/// The snippets of the pages that stand here in another form.
const ABBREVIATED: &[&str] = &[
    "kiln::with_x64(true, || ...)",
    "(value, auxiliary)",
    "#[tree(static)]",
];

macro_rules! compiled {
    ($($snippet:expr;)*) => {$(let _ = $snippet;)*};
}

#[rustfmt::skip]
fn of_jax(x: Array, y: Array, i: Array, key: Key, idx: Array, mask: Array, v: Array) {
    let (a, b, c) = (&x, &y, &mask);
    let (n, t, init, p) = (3, x.clone(), x.clone(), mask.any());
    let f = |x: Array| x.sin().sum();
    let two = |(x, y): (Array, Array)| (x * y).sum();
    {
        let f = two;
        let three = |(x, y, z): (Array, Array, Array)| (x * y * z).sum();
        compiled! {
            vmap_in_axes(f, (0, None));
            { let f = three; grad_with(f, |o| o.argnums((Arg::<0>, Arg::<2>))) };
            { let f = |(x, y): (Array, Array)| (&x * y, x); jacrev_with(f, |o| o.argnums(Arg::<1>).has_aux()) };
            vmap_with(|x: Array| x, |o| o.in_axes(0).out_axes(1));
            { let f = |x: Array| x; vmap_with(f, |o| o.in_axes(0).out_axes(1)) };
        }
    }
    {
        let f = |c: Array, x: Array| (c + &x, x);
        let (init, xs) = (y.sum(), x.clone());
        compiled! { lax::scan(f, init, xs); }
    }
    {
        let f = |c: Array| (c.clone(), c);
        let init = x.clone();
        compiled! { lax::scan_n(f, init, n); }
    }
    {
        let (init, body) = (x.clone(), |_, x: Array| x);
        compiled! { lax::fori_loop(0, n, body, init); }
    }
    {
        let (f, xs) = (|x: Array| x.sin(), x.clone());
        compiled! { lax::map_with(f, xs, |o| o.batch_size(100)); }
    }
    {
        let (cond, body) = (|x: &Array| x.any(), |x: Array| x);
        compiled! { lax::while_loop(cond, body, init); }
    }
    {
        let (f, g, x) = (|x: Array| x, |x: Array| -x, x.clone());
        compiled! { lax::cond(p, f, g, x); }
    }
    {
        let (forward, backward) = (|x: Array| (x.sin().sum(), x.cos()), |cos, ct: Array| ct * cos);
        compiled! { custom_vjp(f, forward, backward); }
    }
    {
        let x = x.clone();
        compiled! { closure_convert(f, x); }
        let (x, y) = ((y.clone(), y.clone()), (y.clone(), y.clone()));
        let f = |x: &Array| 2 * x;
        compiled! { tree::map(&x, f); tree::leaves(&x); tree::norm(&x); flatten_util::ravel_pytree(&x); }
        let f = |x: &Array, y: &Array| x + y;
        compiled! { tree::map2(&x, &y, f); }
    }
    { let x = x.clone(); compiled! { vjp(f, x); } }
    { let (f, x) = (|x: Array| (x.sin(), x), x.clone()); compiled! { vjp_with(f, x, |o| o.has_aux()); } }
    { let x = x.clone(); compiled! { jvp(f, x, t); } }
    { let x = x.clone(); compiled! { program(f, x); } }
    { let x = x.clone(); compiled! { export::export(f, x); } }
    { let x = x.clone(); compiled! { x.block_until_ready(); } }
    { let x = x.clone(); compiled! { linearize(f, x).0; } }
    compiled! {
        np::array([[1.0, 2.0], [3.0, 4.0]]);
        with_x64(true, || 0);
        x.matmul(&y);
        x.pow(2); x.pow(0.5);
        x.lt(&y); x.equal(&y);
        x.index(0); x.index(-1);
        x.index(1..3); x.index(step(.., 2)); x.index((.., NewAxis));
        x.index((Ellipsis, 0)); x.index(&idx); x.index(&mask);
        { let (i, v) = (i.clone(), v.clone()); x.at(i).set(v) };
        { let (i, v) = (i.clone(), v.clone()); x.at(i).add(v) };
        x.sum_axis(0); x.sum_axis((0, 1));
        x.mean_axis(keep(-1));
        x.t();
        x.astype(DType::F64);
        x.item::<f64>();
        x.to_vec::<f32>(); x.to_nested::<Vec<Vec<f32>>>();
        { let (x, y) = (x.clone(), y.clone()); np::where_(c, x, y) };
        { let (x, i) = (x.clone(), i.clone()); np::take_with(x, i, |o| o.fill_value(0)) };
        { let x = x.clone(); np::nonzero_with(x, |o| o.size(3).fill_value(-1)) };
        { let x = x.clone(); np::compress_with(c, x, |o| o.size(3)) };
        np::linalg::solve(a, b);
        Key::new(0);
        { let key = key.clone(); key.split_n(n) }; { let key = key.clone(); key.split::<3>() };
        { let i = 1; key.fold_in(i) };
        { let key = key.clone(); random::normal(key, (2, 3)) };
        { let key = key.clone(); random::uniform_with(key, 3, |o| o.minval(-1).maxval(2)) };
        { let (key, p) = (key.clone(), np::ones(3)); let x = np::ones(3); random::choice_with(key, &x, 3, |o| o.p(&p)) };
        { let key = key.clone(); random::bernoulli(key, 0.3, 3) };
        { let (key, logits) = (key.clone(), np::ones(3)); random::categorical(key, &logits) };
        { let (key, logits) = (key.clone(), np::ones(3)); random::categorical_with(key, &logits, |o| o.shape(2).replace(false)) };
        { let key = key.clone(); random::permutation_with(key, &x, |o| o.independent(true)) };
        { let key = key.clone(); random::randint(key, 3, 0, 10) };
        jit(f); grad(f); value_and_grad(f); vmap(f);
        grad(|x: Array| (x.sum(), x));
        jacfwd(f); jacrev(f); hessian(f); checkpoint(f);
        eval_shape(f, shaped(ArrayType::new(DType::F32, [2])));
    }
    let [key, sub] = key.split();
    debug_print!("x {}", x);
    drop((key, sub));
    kiln::enable_x64(true);
}

#[rustfmt::skip]
fn of_numpy([x, y, i, a, b, c, v]: [Array; 7], key: Key) {
    let n = 3;
    let (mask, xp, fp) = (&c, &a, &b);
    compiled! {
        x.sum();
        x.sum_axis(0);
        x.sum_with(|o| o.axis(0).keepdims(true));
        np::zeros_dtype(3, DType::I32);
        np::array([[1.0, 2.0], [3.0, 4.0]]);
        np::zeros((2, 3)); np::ones_dtype(3, DType::I32);
        np::full(3, 7); np::zeros_like(&x);
        np::arange(5); np::arange(1..n + 1);
        np::linspace(0, 1, 11); np::linspace_with(0, 1, 11, |o| o.retstep());
        np::eye(3); np::eye_with(3, |o| o.k(1));
        np::diag(&x); np::tril_with(&x, |o| o.k(-1));
        np::meshgrid(&x, &y);
        &x + &y; &x * 2; -&x; &x % &y;
        x.pow(2); np::floor_divide(&x, &y); x.matmul(&y);
        x.lt(&y); x.equal(&y); x.not_equal(&y);
        x.gt(0) & y.gt(0);
        np::where_(&c, &x, &y);
        x.exp(); np::maximum(&x, 0); x.clip(0, 1);
        x.mean_axis(0); x.max_axis((0, 1));
        x.mean_axis(keep(-1));
        x.std_with(|o| o.ddof(1)); x.var_with(|o| o.axis(0).ddof(1));
        x.argmax(); x.argmax_axis(1);
        np::cumsum(&x); x.cumsum_axis(0);
        x.sort(); x.argsort_axis(0);
        np::searchsorted_with(&a, &v, |o| o.side(Side::Right));
        np::interp(&x, xp, fp);
        np::take_axis(&x, &i, 0); np::take_with(&x, &i, |o| o.mode(TakeMode::Wrap));
        np::compress_axis(&c, &x, 0);
        np::diff(&x); np::diff_with(&x, |o| o.n(2));
        x.reshape((2, -1)); x.ravel(); x.t();
        x.index((.., NewAxis)); x.squeeze();
        np::concatenate([&x, &y]); np::stack_axis([&x, &y], 1);
        x.repeat(3); x.tile(2);
        x.shape(); x.ndim(); x.size(); x.dtype();
        x.astype(DType::F64);
        x.clone();
        x.item::<f64>(); x.to_nested::<Vec<Vec<f64>>>();
        np::linalg::solve(&a, &b); np::linalg::inv(&a);
        np::linalg::norm(&x); np::linalg::norm_with(&x, |o| o.ord(1));
        np::allclose_with(&x, &y, |o| o.atol(1e-6));
        { let key = key.clone(); random::normal(key, (2, 3)) };
        { let key = key.clone(); random::permutation(key, &x) };
        { let key = key.clone(); random::permutation_with(key, &x, |o| o.axis(1).independent(true)) };
        { let key = key.clone(); random::choice_with(key, 10, 3, |o| o.replace(false)) };
        (np::PI, np::INF, np::NAN);
        !mask;
    }
    { let (xp, fp) = (a.clone(), b.clone()); compiled! { np::interp(&x, &xp, &fp); } }
    { let mask = c.clone(); compiled! { !&mask; } }
    let mut x = x;
    x += &y;
}

#[rustfmt::skip]
fn of_indices(x: Array, i: Array) {
    compiled! {
        x.index(1); x.index(-1);
        x.index(1..3); x.index(..2); x.index(1..);
        x.index(-2..);
        x.index(step(.., 2)); x.index(step(.., -1));
        x.index((.., 0)); x.index((0, 1..));
        x.index((Ellipsis, 0));
        x.index((.., NewAxis));
        x.index([2, 0]); x.index(&i);
        x.index(x.gt(3));
    }
}

/// Returns the code of the rows of tables, in the column where kiln's code stands.
fn snippets(page: &str, column: usize) -> Vec<String> {
    let row = |line: &str| {
        let cells: Vec<String> = line
            .replace("\\|", "\u{1}")
            .split('|')
            .map(|cell| cell.replace('\u{1}', "|"))
            .collect();
        let cell = cells.get(column + 1).cloned().unwrap_or_default();
        let code = cell.split('`').skip(1).step_by(2);
        code.map(String::from).collect::<Vec<String>>()
    };
    page.lines()
        .filter(|line| line.starts_with("| `"))
        .flat_map(row)
        .collect()
}

#[test]
fn the_tables_hold_code_that_compiles() {
    let _ = (of_jax, of_numpy, of_indices);
    let compiled: String = include_str!("tables.rs").split_whitespace().collect();
    let (mut found, mut missing) = (0, vec![]);
    for (page, text, column) in [
        ("jax", include_str!("../pages/jax.md"), 1),
        ("numpy", include_str!("../pages/numpy.md"), 1),
        ("indexing", include_str!("../pages/indexing.md"), 1),
    ] {
        for snippet in snippets(text, column) {
            let code: String = snippet.trim_end_matches(';').split_whitespace().collect();
            if !code.contains('(') || ABBREVIATED.contains(&snippet.as_str()) {
                continue;
            }
            found += 1;
            if !compiled.contains(&code) {
                missing.push(format!("{page}.md: {snippet}"));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "not compiled in this file:\n{}",
        missing.join("\n")
    );
    assert!(found > 100, "{found}");
}
