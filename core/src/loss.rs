//! The results of functions that have a gradient.

use crate::array::Array;
use crate::sealed::Sealed;
use crate::tree::Tree;

/// The result of a function that [`grad`](crate::grad()) differentiates: a float scalar, or a float scalar
/// and an auxiliary tree.
///
/// ```
/// use kiln::{Array, grad, value_and_grad};
/// assert_eq!(grad(|x: Array| x.pow(2))(3.0.into()).to_string(), "6.0");
/// let ((square, cube), gradient) = value_and_grad(|x: Array| (x.pow(2), x.pow(3)))(3.0.into());
/// assert_eq!((square.to_string(), cube.to_string(), gradient.to_string()), ("9.0".into(), "27.0".into(), "6.0".into()));
/// ```
#[diagnostic::on_unimplemented(
    message = "a function with a gradient returns a float scalar, not `{Self}`",
    label = "this function returns `{Self}`",
    note = "return an `Array` without axes, as `x.sum()`, or `(value, auxiliary)`; a last line that ends with `;` returns `()`"
)]
pub trait Loss: Sealed + Tree {
    /// The gradient with respect to a tree, and the auxiliary result if there is one.
    type Gradient<T>;

    /// Replaces the value by the gradient.
    ///
    /// ```
    /// use kiln::{Array, Loss};
    /// let (gradient, auxiliary) = (Array::from(9.0), Array::from(1)).with_gradient(6.0);
    /// assert_eq!((gradient, auxiliary.item::<i32>()), (6.0, 1));
    /// ```
    #[doc(hidden)]
    fn with_gradient<T>(self, gradient: T) -> Self::Gradient<T>;
}

impl Loss for Array {
    type Gradient<T> = T;

    fn with_gradient<T>(self, gradient: T) -> T {
        gradient
    }
}

impl<X: Tree> Loss for (Array, X) {
    type Gradient<T> = (T, X);

    fn with_gradient<T>(self, gradient: T) -> (T, X) {
        (gradient, self.1)
    }
}
