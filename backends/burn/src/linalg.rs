//! Linear algebra on the host, by faer: Burn has no such solver and no eigenvalues.

use crate::host::{view, with_float};
use crate::kernels::Kernels;
use crate::tensor::Tensor;
use burn_backend::TensorData;
use faer::linalg::solvers::Solve;
use faer::{Mat, MatRef, Side};
use kiln_program::Linalg;

/// Returns a decomposition of each matrix of a batch: the host reads, computes and writes back.
pub(crate) fn linalg<B: Kernels>(f: Linalg, x: Vec<Tensor<B>>, device: &B::Device) -> Vec<Tensor<B>> {
    let dtype = x[0].dtype();
    let shapes: Vec<Vec<usize>> = x.iter().map(Tensor::shape).collect();
    let data: Vec<TensorData> = x.into_iter().map(Tensor::into_data).collect();
    let put = |data| Tensor::from_data(data, device);
    let rank = shapes[0].len();
    let n = shapes[0][rank - 1];
    match f {
        Linalg::Solve => {
            let columns = shapes[1][rank - 1];
            let x = with_float!(dtype, T => {
                let mut x = Vec::with_capacity(shapes[1].iter().product());
                let matrices = view::<T>(&data[0]).chunks(n * n).zip(view::<T>(&data[1]).chunks(n * columns));
                matrices.for_each(|(a, b)| T::solve(a, b, n, &mut x));
                TensorData::new(x, shapes[1].clone())
            });
            vec![put(x)]
        }
        Linalg::Eigh => {
            let (values, vectors) = with_float!(dtype, T => {
                let mut values = Vec::with_capacity(data[0].num_elements() / n);
                let mut vectors = Vec::with_capacity(data[0].num_elements());
                view::<T>(&data[0]).chunks(n * n).for_each(|a| T::eigh(a, n, &mut values, &mut vectors));
                let values = TensorData::new(values, shapes[0][..rank - 1].to_vec());
                (values, TensorData::new(vectors, shapes[0].clone()))
            });
            vec![put(values), put(vectors)]
        }
    }
}

/// The decompositions of one matrix, row-major.
trait Decompose: Sized {
    fn solve(a: &[Self], b: &[Self], n: usize, x: &mut Vec<Self>);
    fn eigh(a: &[Self], n: usize, values: &mut Vec<Self>, vectors: &mut Vec<Self>);
}

macro_rules! decompose {
    ($T:ty) => {
        impl Decompose for $T {
            fn solve(a: &[$T], b: &[$T], n: usize, x: &mut Vec<$T>) {
                // A NaN or an infinity anywhere in the matrix spoils LAPACK's result too; faer's pivots may
                // miss it.
                if !a.iter().all(|a| a.is_finite()) {
                    x.extend(std::iter::repeat_n(<$T>::NAN, b.len()));
                    return;
                }
                let columns = b.len() / n;
                let mut solution: Mat<$T> = MatRef::from_row_major_slice(b, n, columns).to_owned();
                MatRef::from_row_major_slice(a, n, n)
                    .partial_piv_lu()
                    .solve_in_place(&mut solution);
                x.extend(
                    (0..n)
                        .flat_map(|i| (0..columns).map(move |j| (i, j)))
                        .map(|(i, j)| solution[(i, j)]),
                );
            }

            fn eigh(a: &[$T], n: usize, values: &mut Vec<$T>, vectors: &mut Vec<$T>) {
                let lower = a
                    .chunks(n)
                    .enumerate()
                    .all(|(i, row)| row[..=i].iter().all(|a| a.is_finite()));
                let matrix = MatRef::from_row_major_slice(a, n, n);
                let found = if lower {
                    matrix.self_adjoint_eigen(Side::Lower).ok()
                } else {
                    None
                };
                let Some(found) = found else {
                    values.extend(std::iter::repeat_n(<$T>::NAN, n));
                    vectors.extend(std::iter::repeat_n(<$T>::NAN, n * n));
                    return;
                };
                values.extend((0..n).map(|i| found.S()[i]));
                let u = found.U();
                vectors.extend((0..n).flat_map(|i| (0..n).map(move |j| u[(i, j)])));
            }
        }
    };
}

decompose!(f32);
decompose!(f64);
