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
    /// Returns the elements at an index, as NumPy's `x[...]`, with the array's dtype. An index has one part
    /// for each axis from the first, alone or in a tuple. Axes without a part stay whole:
    ///
    /// | NumPy | here | effect |
    /// |---|---|---|
    /// | `x[1]`, `x[-1]` | `x.index(1)`, `x.index(-1)` | takes one place; the axis goes |
    /// | `x[1:3]`, `x[:, 1:]` | `x.index(1..3)`, `x.index((.., 1..))` | a range |
    /// | `x[::-1]`, `x[1::2]` | `x.index(step(.., -1))`, `x.index(s![1..; 2])` | a range in steps: [`step`](crate::step), [`s!`](crate::s!) |
    /// | `x[..., 0]` | `x.index((Ellipsis, 0))` | [`Ellipsis`](crate::Ellipsis): as many whole axes as are left |
    /// | `x[:, None]` | `x.index((.., NewAxis))` | [`NewAxis`](crate::NewAxis): a new axis of length 1 |
    /// | `x[[2, 0]]`, `x[i]` | `x.index([2, 0])`, `x.index(&i)` | an array of integers: one place for each |
    /// | `x[x > 3]` | `x.index(x.gt(3))` | an array of bools: the places that hold |
    ///
    /// Ranges are cut to the axis, as in Python. An out-of-bounds index in an array is moved to the nearest
    /// element, and the derivative is that of the element which is read (JAX drops this derivative, for index
    /// arrays with axes).
    ///
    /// # Panics
    /// When a number is out of bounds. When there are more parts than axes. For an array of bools, in a trace
    /// that does not know its values.
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

    /// Selects elements to update: `x.at(index).set(value)` and the like return a new array with the array's
    /// shape and dtype. The index is written as for [`index`](Array::index).
    ///
    /// # Panics
    /// As [`index`](Array::index).
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

/// The selected elements of an array, see [`Array::at`]. Updates at out-of-bounds indices in arrays are
/// dropped. In an array without elements, all indices are out of bounds.
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
    /// Sets the rule for out-of-bounds indices in arrays of indices: `Clip` moves them to the nearest
    /// element, `Fill` drops a write and reads NaN (or the least integer, the greatest unsigned one, true).
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

    /// Returns the selected elements, as [`index`](Array::index) does.
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
        /// Returns the array with the selected elements set to a value, converted to the array's dtype. If
        /// indices repeat, any one of their values is stored.
        set([7, 8]) -> "[1 7 8]" Set;
        /// Returns the array with a value added to the selected elements. Values of repeated indices add up.
        add(10) -> "[ 1 12 13]" Add;
        /// Returns the array with the selected elements multiplied by a value.
        multiply(-1) -> "[ 1 -2 -3]" Mul;
        /// Returns the array with each selected element replaced by the lesser of element and value.
        min([0, 9]) -> "[1 0 3]" Min;
        /// Returns the array with each selected element replaced by the greater of element and value.
        max([0, 9]) -> "[1 2 9]" Max;
    }

    /// Returns the array with a function applied once to the selected elements, also if an index array names
    /// an element twice (JAX applies it once for each). An array without elements is returned unchanged.
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

    /// As in jnp, the update is computed in the promoted dtype, and the result has the array's dtype.
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
