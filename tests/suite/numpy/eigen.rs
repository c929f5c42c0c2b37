//! Checks eigenvectors. They are fixed up to sign if the eigenvalues are apart, and not at all if two are
//! equal.

use crate::support::compare::{eps, floats};
use crate::support::{array, list};
use kiln::Array;
use kiln::numpy as np;
use serde_json::Value;

/// Returns the error in an eigendecomposition of the row's matrices (of their symmetric parts, as in JAX).
///
/// Backward errors are n u |A| in kiln and in JAX (LAPACK), in the Frobenius norm. So `A v = w v` and
/// `v v = 1` hold up to n eps |A| and n eps. An eigenvector is off by n u |A| over the distance to the next
/// eigenvalue in each (Davis, Kahan).
pub(crate) fn wrong(row: &Value, eigenvalues: &Array, eigenvectors: &Array) -> Option<String> {
    let a = array(&row["inputs"][0]).astype(eigenvectors.dtype());
    let [matrices, w, v] = [&a, eigenvalues, eigenvectors].map(floats);
    let expected = floats(&array(&row["outputs"][1]));
    let n = a.shape()[a.ndim() - 1];
    if n == 0 {
        return None;
    }
    let eps = eps(eigenvectors.dtype());
    let slack = n as f64 * eps;
    let batches = matrices
        .chunks(n * n)
        .zip(w.chunks(n))
        .zip(v.chunks(n * n).zip(expected.chunks(n * n)));
    batches.into_iter().find_map(|((a, w), (v, expected))| {
        let symmetric = |i: usize, j: usize| (a[i * n + j] + a[j * n + i]) / 2.0;
        let norm = (0..n * n)
            .map(|k| symmetric(k / n, k % n).powi(2))
            .sum::<f64>()
            .sqrt();
        let column = |v: &[f64], j: usize| -> Vec<f64> { (0..n).map(|i| v[i * n + j]).collect() };
        let dot = |x: &[f64], y: &[f64]| -> f64 { x.iter().zip(y).map(|(x, y)| x * y).sum() };
        (0..n).find_map(|j| {
            let x = column(v, j);
            let residual =
                (0..n).map(|i| dot(&(0..n).map(|k| symmetric(i, k)).collect::<Vec<_>>(), &x) - w[j] * x[i]);
            let residual = residual.fold(0.0_f64, |most, r| most.max(r.abs()));
            let askew = (0..n)
                .map(|k| (dot(&x, &column(v, k)) - f64::from(u8::from(j == k))).abs())
                .fold(0.0, f64::max);
            let gap = (0..n)
                .filter(|&k| k != j)
                .map(|k| (w[j] - w[k]).abs())
                .fold(f64::INFINITY, f64::min);
            let wanted = column(expected, j);
            let sign = dot(&x, &wanted).signum();
            let off = x
                .iter()
                .zip(&wanted)
                .map(|(x, y)| (x - sign * y).abs())
                .fold(0.0, f64::max);
            if residual > slack * norm {
                return Some(format!("column {j}: A v is off w v by {residual:e}"));
            }
            if askew > slack {
                return Some(format!("column {j} is off orthonormal by {askew:e}"));
            }
            (off > slack * (norm / gap + 1.0))
                .then(|| format!("column {j} is off JAX's by {off:e}, its sign aside"))
        })
    })
}

/// Returns true if the shapes are those of eigenvalues and eigenvectors.
pub(crate) fn shapes(row: &Value, eigenvalues: &Array, eigenvectors: &Array) -> bool {
    let expected: Vec<Array> = list(&row["outputs"]).iter().map(array).collect();
    let same = |x: &Array, y: &Array| x.shape() == y.shape() && x.dtype() == y.dtype() && !x.is_weak();
    same(eigenvalues, &expected[0])
        && same(eigenvectors, &expected[1])
        && np::isfinite(eigenvectors).all().item()
}
