//! Reads and updates arrays by index: [`Array::index`], [`Array::at`].

use super::items::IntoIndex;
use super::plan::{Plan, plan};
use super::read::read;
use crate::array::Array;
use crate::eager::staged;
use crate::error::check;
use crate::primitive::cast;
use crate::promote::{Kind, promote};
use crate::tree::Arrays;
use kiln_backends::program::{OutOfBounds, Update};

impl Array {
    /// Returns the elements at an index, in the array's dtype. This is NumPy's `x[...]`. An index is a tuple
    /// with one part for each axis from the first, or one part alone. Axes without a part stay whole:
    ///
    /// | NumPy | here | effect |
    /// |---|---|---|
    /// | `x[1]`, `x[-1]` | `x.index(1)`, `x.index(-1)` | one index; the axis is removed |
    /// | `x[1:3]`, `x[:, 1:]` | `x.index(1..3)`, `x.index((.., 1..))` | a range |
    /// | `x[::-1]`, `x[1::2]` | `x.index(step(.., -1))`, `x.index(s![1..; 2])` | a range in steps: [`step`](crate::step), [`s!`](crate::s!) |
    /// | `x[..., 0]` | `x.index((Ellipsis, 0))` | [`Ellipsis`](crate::Ellipsis): the axes that are left, whole |
    /// | `x[:, None]` | `x.index((.., NewAxis))` | [`NewAxis`](crate::NewAxis): a new axis of length 1 |
    /// | `x[[2, 0]]`, `x[i]` | `x.index([2, 0])`, `x.index(&i)` | an array of integers: one index for each |
    /// | `x[x > 3]` | `x.index(x.gt(3))` | an array of bools: the indices at which it is true |
    ///
    /// Ranges are clipped to the axis, as in Python. An out-of-bounds index in an array reads the nearest
    /// element. The derivative is that of the element that is read. (JAX drops this derivative for index
    /// arrays with axes.)
    ///
    /// # Panics
    /// When a number is out of bounds. When there are more parts than axes. When a part is an array of bools
    /// in a trace that does not know its values.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// let x = np::arange(6).reshape((2, 3));
    /// assert_eq!(x.index(0).to_string(), "[0 1 2]");
    /// assert_eq!(x.index((.., -1)).to_string(), "[2 5]");
    /// assert_eq!(x.index((1, 1..)).to_string(), "[4 5]");
    /// assert_eq!(x.index((0, [2, 0])).to_string(), "[2 0]");
    /// assert_eq!(x.index(x.gt(3)).to_string(), "[4 5]");
    /// ```
    #[track_caller]
    pub fn index(&self, index: impl IntoIndex) -> Array {
        let (plan, arrays) = plan("index", self.shape(), index.items());
        read("index", self, plan, arrays, OutOfBounds::Clip)
    }

    /// Selects elements to update: `x.at(index).set(value)` returns a new array with the array's shape and
    /// dtype. The index has the form of [`index`](Array::index).
    ///
    /// # Panics
    /// When a number is out of bounds. When there are more parts than axes. When a part is an array of bools
    /// in a trace that does not know its values.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// let x = np::arange(4);
    /// assert_eq!(x.at(0).set(7).to_string(), "[7 1 2 3]");
    /// assert_eq!(x.at(1..3).add(10).to_string(), "[ 0 11 12  3]");
    /// assert_eq!(x.at([0, 0]).add(1).to_string(), "[2 1 2 3]");
    /// assert_eq!(x.to_string(), "[0 1 2 3]"); // as it was
    /// ```
    #[track_caller]
    pub fn at(&self, index: impl IntoIndex) -> At {
        let (plan, arrays) = plan("at", self.shape(), index.items());
        let kind = self.kind();
        At {
            x: self.clone().settled("at", kind),
            plan,
            arrays,
            mode: None,
        }
    }
}

/// The selected elements of an array. [`Array::at`] returns this type. An update at an out-of-bounds index of
/// an index array has no effect. In an array without elements, all indices are out of bounds.
///
/// ```
/// use kiln::numpy as np;
/// let place = np::array([1, 2, 3]).at(1..);
/// assert_eq!(place.get().to_string(), "[2 3]");
/// assert_eq!(place.multiply([10, 100]).to_string(), "[  1  20 300]");
/// ```
#[derive(Clone, Debug)]
pub struct At {
    x: Array,
    plan: Plan,
    arrays: Arrays,
    mode: Option<OutOfBounds>,
}

/// A row holds the last two elements of the updated array.
macro_rules! updates {
    ($($(#[$doc:meta])* $name:ident($value:expr) -> $shown:literal $kind:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Panics
        /// When the value does not broadcast to the selected shape.
        ///
        /// ```
        /// use kiln::numpy as np;
        /// let x = np::array([1, 2, 3]);
        #[doc = concat!(
            "assert_eq!(x.at(1..).", stringify!($name), "(", stringify!($value), ").to_string(), ", stringify!($shown), ");"
        )]
        /// ```
        #[track_caller]
        pub fn $name(&self, value: impl Into<Array>) -> Array {
            self.update(Update::$kind, value.into())
        }
    )*};
}

impl At {
    /// Sets the rule for out-of-bounds indices in index arrays. `Clip` moves an index to the nearest element.
    /// `Fill` drops a write, and reads NaN, the least signed integer, the greatest unsigned integer or true.
    /// By default, reads clip and writes are dropped.
    ///
    /// ```
    /// use kiln::{OutOfBounds, numpy as np};
    /// let place = np::array([1, 2, 3]).at([0, 9]);
    /// assert_eq!(place.set(7).to_string(), "[7 2 3]");
    /// assert_eq!(place.mode(OutOfBounds::Clip).set(7).to_string(), "[7 2 7]");
    /// ```
    pub fn mode(mut self, mode: OutOfBounds) -> At {
        self.mode = Some(mode);
        self
    }

    /// Returns the selected elements. Without [`mode`](At::mode), this is [`index`](Array::index).
    ///
    /// ```
    /// use kiln::{OutOfBounds, numpy as np};
    /// let place = np::array([1.0, 2.0]).at([1, 9]);
    /// assert_eq!(place.get().to_string(), "[2. 2.]");
    /// assert_eq!(place.mode(OutOfBounds::Fill).get().to_string(), "[ 2. nan]");
    /// ```
    #[track_caller]
    pub fn get(&self) -> Array {
        let mode = self.mode.unwrap_or(OutOfBounds::Clip);
        read("get", &self.x, self.plan.clone(), self.arrays.clone(), mode)
    }

    updates! {
        /// Returns the array with the selected elements set to a value. The value is converted to the array's
        /// dtype. If an index repeats, any one of its values is stored.
        set([7, 8]) -> "[1 7 8]" Set;
        /// Returns the array with a value added to the selected elements. If an index repeats, all of its
        /// values are added.
        add(10) -> "[ 1 12 13]" Add;
        /// Returns the array with the selected elements multiplied by a value.
        multiply(-1) -> "[ 1 -2 -3]" Mul;
        /// Returns the array with each selected element replaced by the lesser of element and value.
        min([0, 9]) -> "[1 0 3]" Min;
        /// Returns the array with each selected element replaced by the greater of element and value.
        max([0, 9]) -> "[1 2 9]" Max;
    }

    /// Returns the array with a function applied once to the selected elements. If an index repeats, the
    /// function is applied once. (JAX applies it once for each.) An array without elements is returned
    /// unchanged.
    ///
    /// # Panics
    /// When the function's result does not broadcast to the selected shape.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::arange(4).at(2..).apply(|x| -x).to_string(), "[ 0  1 -2 -3]");
    /// ```
    #[track_caller]
    pub fn apply(&self, f: impl FnOnce(Array) -> Array) -> Array {
        if self.x.size() == 0 {
            return self.x.clone();
        }
        self.set(f(self.get()))
    }

    /// Computes the update in the promoted dtype, and converts the result to the array's dtype, as `jnp`
    /// does.
    #[track_caller]
    fn update(&self, kind: Update, value: Array) -> Array {
        let own = self.x.kind();
        let common = promote([own, value.kind()]);
        let place = self.plan.shape();
        let value = value.settled("at", common);
        let from = value.shape();
        let fits = from.rank() <= place.rank()
            && from
                .iter()
                .rev()
                .zip(place.iter().rev())
                .all(|(&n, &to)| n == to || n == 1);
        check(fits, "at", || {
            format!("a value of shape {from} does not broadcast to the place's shape {place}")
        });
        let operands: Arrays = [self.x.clone(), value]
            .into_iter()
            .chain(self.arrays.iter().cloned())
            .collect();
        let mode = self.mode.unwrap_or(OutOfBounds::Fill);
        staged(
            "at",
            (kind, own, common.dtype, self.plan.clone(), mode),
            operands,
            |(kind, own, dtype, plan, mode), xs| {
                let common = Kind::strong(*dtype);
                let (x, value) = (cast(&xs[0], common), cast(&xs[1], common));
                cast(&plan.write(*kind, &x, &value, &xs[2..], *mode), *own)
            },
        )
    }
}
