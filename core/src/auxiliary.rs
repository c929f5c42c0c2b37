//! The results of functions with and without an auxiliary tree.
//!
//! A function that is differentiated is traced as a function that returns `(value, auxiliary)`. The leaves of
//! the value come first, and only these have derivatives. Without an auxiliary tree, it is `()`.

use crate::sealed::Sealed;
use crate::tree::Tree;

/// The result of the function is its value.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct NoAux;

/// The result of the function is `(value, auxiliary)`.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct HasAux;

/// The form of a function's result `R`: a value, or with the option `has_aux` a value and an auxiliary tree,
/// which is not differentiated.
///
/// ```
/// use kiln::{Array, options::{AllArguments, Auxiliary, Jacobian, NoAux}, jacrev_with};
/// fn slope<R, X: Auxiliary<R, Value = Array>>(
///     f: impl Fn(Array) -> R,
///     options: impl FnOnce(Jacobian<AllArguments, NoAux>) -> Jacobian<AllArguments, X>,
/// ) -> X::With<Array> {
///     jacrev_with(f, options)(3.0.into())
/// }
/// assert_eq!(slope(|x| x.pow(2), |o| o).to_string(), "6.0");
/// assert_eq!(slope(|x| (x.pow(2), x.lt(0)), |o| o.has_aux()).1.to_string(), "False");
/// ```
#[diagnostic::on_unimplemented(
    message = "a function with the option `has_aux` returns `(value, auxiliary)`, not `{R}`",
    label = "this function returns `{R}`",
    note = "return a pair: the value that is differentiated, and any other tree, as `(y, (steps, residual))`"
)]
pub trait Auxiliary<R>: Sealed {
    /// The part of the result that is differentiated.
    type Value: Tree;
    /// The auxiliary tree, or `()`.
    type Aux: Tree;
    /// A derivative, with the auxiliary tree if there is one.
    type With<D>;

    #[doc(hidden)]
    fn split(result: R) -> (Self::Value, Self::Aux);

    #[doc(hidden)]
    fn join<D>(derivative: D, aux: Self::Aux) -> Self::With<D>;
}

impl Sealed for NoAux {}
impl Sealed for HasAux {}

impl<R: Tree> Auxiliary<R> for NoAux {
    type Value = R;
    type Aux = ();
    type With<D> = D;

    fn split(result: R) -> (R, ()) {
        (result, ())
    }

    fn join<D>(derivative: D, (): ()) -> D {
        derivative
    }
}

impl<V: Tree, X: Tree> Auxiliary<(V, X)> for HasAux {
    type Value = V;
    type Aux = X;
    type With<D> = (D, X);

    fn split(result: (V, X)) -> (V, X) {
        result
    }

    fn join<D>(derivative: D, aux: X) -> (D, X) {
        (derivative, aux)
    }
}
