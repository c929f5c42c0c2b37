//! The optional arguments of reductions.

use crate::arguments::{IntoF64, IntoNumbers, Number, Numbers};
use crate::array::Array;
use kiln_backends::program::DType;

optional_arguments! {
    /// The optional arguments of [`sum`](Array::sum_with), [`prod`](Array::prod_with),
    /// [`nansum`](crate::numpy::nansum_with) and [`nanprod`](crate::numpy::nanprod_with).
    ///
    /// ```
    /// use kiln::numpy as np;
    /// let x = np::array([[1, 2], [3, 4]]);
    /// assert_eq!(x.sum_with(|o| o.axis(0).initial(10)).to_string(), "[14 16]");
    /// ```
    Sum {
        /// The axes to reduce: a number or a list of numbers. All axes are reduced if this is not given.
        axis(impl IntoNumbers): Option<Numbers> = None => Some(axis.numbers()); np::ones((2, 3)).sum_with(|o| o.axis(0)) => "[2. 2. 2.]";
        /// A flag: if true, the reduced axes stay with length 1.
        keepdims(bool): bool = false => keepdims; np::ones((2, 3)).sum_with(|o| o.axis(1).keepdims(true)) => "[[3.]\n [3.]]";
        /// The dtype of the result, in which the elements are combined.
        dtype(DType): Option<DType> = None => Some(dtype); np::array([1.5, 2.5]).sum_with(|o| o.dtype(DType::I32)) => "3";
        /// A number that the result starts with.
        initial(impl Into<Array>): Option<Array> = None => Some(initial.into()); np::array([1, 2]).sum_with(|o| o.initial(10)) => "13";
        /// Bools that broadcast to the array. Only elements at which they are true are reduced.
        where_(impl Into<Array>): Option<Array> = None => Some(where_.into()); np::array([1, 2, 4]).sum_with(|o| o.where_([true, false, true])) => "5";
    }
    /// The optional arguments of [`max`](Array::max_with), [`min`](Array::min_with),
    /// [`nanmax`](crate::numpy::nanmax_with) and [`nanmin`](crate::numpy::nanmin_with).
    ///
    /// ```
    /// use kiln::numpy as np;
    /// let x = np::array([[1, 2], [3, 4]]);
    /// assert_eq!(x.max_with(|o| o.axis(1).keepdims(true)).to_string(), "[[2]\n [4]]");
    /// ```
    Max {
        /// The axes to reduce: a number or a list of numbers. All axes are reduced if this is not given.
        axis(impl IntoNumbers): Option<Numbers> = None => Some(axis.numbers()); np::array([[1, 2], [3, 4]]).max_with(|o| o.axis(0)) => "[3 4]";
        /// A flag: if true, the reduced axes stay with length 1.
        keepdims(bool): bool = false => keepdims; np::array([[1, 2], [3, 4]]).min_with(|o| o.axis(1).keepdims(true)) => "[[1]\n [3]]";
        /// A number that is compared with the elements. With it, an array without elements has a maximum.
        initial(impl Into<Array>): Option<Array> = None => Some(initial.into()); np::zeros(0).max_with(|o| o.initial(3)) => "3.0";
        /// Bools that broadcast to the array. Only elements at which they are true are reduced. This option
        /// needs `initial`.
        where_(impl Into<Array>): Option<Array> = None => Some(where_.into()); np::array([1, 2, 4]).max_with(|o| o.initial(0).where_([true, true, false])) => "2";
    }
    /// The optional arguments of [`any`](Array::any_with) and [`all`](Array::all_with).
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::array([[true, false], [true, true]]).all_with(|o| o.axis(0)).to_string(), "[ True False]");
    /// ```
    Any {
        /// The axes to reduce: a number or a list of numbers. All axes are reduced if this is not given.
        axis(impl IntoNumbers): Option<Numbers> = None => Some(axis.numbers()); np::array([[true, false], [true, true]]).any_with(|o| o.axis(0)) => "[ True  True]";
        /// A flag: if true, the reduced axes stay with length 1.
        keepdims(bool): bool = false => keepdims; np::array([true, false]).any_with(|o| o.keepdims(true)) => "[ True]";
        /// Bools that broadcast to the array. Only elements at which they are true are reduced.
        where_(impl Into<Array>): Option<Array> = None => Some(where_.into()); np::array([true, false]).all_with(|o| o.where_([true, false])) => "True";
    }
    /// The optional arguments of [`mean`](Array::mean_with) and [`nanmean`](crate::numpy::nanmean_with).
    ///
    /// ```
    /// use kiln::numpy as np;
    /// let x = np::array([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!((&x - x.mean_with(|o| o.axis(1).keepdims(true))).to_string(), "[[-0.5  0.5]\n [-0.5  0.5]]");
    /// ```
    Mean {
        /// The axes to reduce: a number or a list of numbers. All axes are reduced if this is not given.
        axis(impl IntoNumbers): Option<Numbers> = None => Some(axis.numbers()); np::array([[1, 2], [3, 4]]).mean_with(|o| o.axis(0)) => "[2. 3.]";
        /// A flag: if true, the reduced axes stay with length 1.
        keepdims(bool): bool = false => keepdims; np::array([1, 2]).mean_with(|o| o.keepdims(true)) => "[1.5]";
        /// The dtype of the result, in which the mean is computed.
        dtype(DType): Option<DType> = None => Some(dtype); np::array([1, 2]).mean_with(|o| o.dtype(DType::F64)).dtype() => "float64";
        /// Bools that broadcast to the array. Only elements at which they are true are reduced.
        where_(impl Into<Array>): Option<Array> = None => Some(where_.into()); np::array([1, 2, 6]).mean_with(|o| o.where_([true, true, false])) => "1.5";
    }
    /// The optional arguments of [`var`](Array::var_with), [`std`](Array::std_with),
    /// [`nanvar`](crate::numpy::nanvar_with) and [`nanstd`](crate::numpy::nanstd_with).
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::array([1.0, 2.0, 4.0]).var_with(|o| o.ddof(1)).to_string(), "2.3333333");
    /// ```
    Var {
        /// The axes to reduce: a number or a list of numbers. All axes are reduced if this is not given.
        axis(impl IntoNumbers): Option<Numbers> = None => Some(axis.numbers()); np::array([[1, 2], [3, 4]]).var_with(|o| o.axis(0)) => "[1. 1.]";
        /// A flag: if true, the reduced axes stay with length 1.
        keepdims(bool): bool = false => keepdims; np::array([1, 3]).var_with(|o| o.keepdims(true)) => "[1.]";
        /// A number that is subtracted from the number of elements, an integer or a float. With 1, the
        /// variance is the unbiased estimate from a sample. The result is NaN if nothing is left.
        ddof(impl IntoF64): f64 = 0.0 => ddof.into_f64(); np::array([1, 3]).std_with(|o| o.ddof(1)) => "1.4142135";
        /// The float dtype in which the variance is computed, and of the result.
        dtype(DType): Option<DType> = None => Some(dtype); np::array([1, 2]).var_with(|o| o.dtype(DType::F64)).dtype() => "float64";
        /// Bools that broadcast to the array. Only elements at which they are true are reduced.
        where_(impl Into<Array>): Option<Array> = None => Some(where_.into()); np::array([1, 3, 9]).var_with(|o| o.where_([true, true, false])) => "1.0";
    }
    /// The optional arguments of [`argmax`](Array::argmax_with) and [`argmin`](Array::argmin_with).
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::array([[1, 5], [7, 0]]).argmax_with(|o| o.axis(1).keepdims(true)).to_string(), "[[1]\n [0]]");
    /// ```
    Argmax {
        /// The axis to reduce. The array is flattened if this is not given.
        axis(impl Number): Option<isize> = None => Some(axis.number()); np::array([[1, 5], [7, 0]]).argmax_with(|o| o.axis(0)) => "[1 0]";
        /// If true, the reduced axes stay with length 1.
        keepdims(bool): bool = false => keepdims; np::array([[1, 5], [7, 0]]).argmin_with(|o| o.keepdims(true)) => "[[3]]";
    }
    /// The optional arguments of [`cumsum`](Array::cumsum_with) and [`cumprod`](Array::cumprod_with).
    ///
    /// ```
    /// use kiln::{DType, numpy as np};
    /// assert_eq!(np::array([[1, 2], [3, 4]]).cumsum_with(|o| o.axis(0).dtype(DType::F32)).to_string(), "[[1. 2.]\n [4. 6.]]");
    /// ```
    Cumulative {
        /// The axis along which the elements are combined. The array is flattened if this is not given.
        axis(impl Number): Option<isize> = None => Some(axis.number()); np::array([[1, 2], [3, 4]]).cumprod_with(|o| o.axis(1)) => "[[ 1  2]\n [ 3 12]]";
        /// The dtype in which the elements are combined, and of the result.
        dtype(DType): Option<DType> = None => Some(dtype); np::array([1, 2]).cumsum_with(|o| o.dtype(DType::F32)) => "[1. 3.]";
    }
}
