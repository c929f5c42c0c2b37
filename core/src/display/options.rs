//! NumPy's print options, for the whole process, or for one thread during a call.

use crate::config::with;
use crate::error::check;
use std::cell::Cell;
use std::sync::{PoisonError, RwLock};

/// The options of printed arrays, with NumPy's names and defaults.
///
/// [`set_printoptions`] and [`with_printoptions`] take a function that changes some of the options.
///
/// ```
/// use kiln::{numpy as np, with_printoptions};
/// let x = np::array([1.0, 22.75, 1e-7]);
/// assert_eq!(x.to_string(), "[1.000e+00 2.275e+01 1.000e-07]");
/// let text = with_printoptions(|o| o.precision(3).suppress(true), || x.to_string());
/// assert_eq!(text, "[ 1.   22.75  0.  ]");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrintOptions {
    pub(super) precision: usize,
    pub(super) threshold: usize,
    pub(super) edgeitems: usize,
    pub(super) linewidth: usize,
    pub(super) suppress: bool,
    pub(super) sign: char,
}

const DEFAULT: PrintOptions = PrintOptions {
    precision: 8,
    threshold: 1000,
    edgeitems: 3,
    linewidth: 75,
    suppress: false,
    sign: '-',
};

impl Default for PrintOptions {
    fn default() -> PrintOptions {
        DEFAULT
    }
}

impl PrintOptions {
    /// Sets the greatest number of digits after the point. It is 8 by default.
    ///
    /// ```
    /// use kiln::{numpy as np, with_printoptions};
    /// let text = with_printoptions(|o| o.precision(2), || np::array([0.125, 1.0]).to_string());
    /// assert_eq!(text, "[0.12 1.  ]");
    /// ```
    pub fn precision(self, precision: usize) -> PrintOptions {
        PrintOptions { precision, ..self }
    }

    /// Sets the threshold: an array with more elements shows its corners only. It is 1000 by default.
    ///
    /// ```
    /// use kiln::{numpy as np, with_printoptions};
    /// let text = with_printoptions(|o| o.threshold(10), || np::arange(11).to_string());
    /// assert_eq!(text, "[ 0  1  2 ...  8  9 10]");
    /// ```
    pub fn threshold(self, threshold: usize) -> PrintOptions {
        PrintOptions { threshold, ..self }
    }

    /// Sets the number of items that an axis shows at either end if its middle is left out. It is 3 by
    /// default.
    ///
    /// ```
    /// use kiln::{numpy as np, with_printoptions};
    /// let text = with_printoptions(|o| o.threshold(5).edgeitems(1), || np::arange(11).to_string());
    /// assert_eq!(text, "[ 0 ... 10]");
    /// ```
    pub fn edgeitems(self, edgeitems: usize) -> PrintOptions {
        PrintOptions { edgeitems, ..self }
    }

    /// Sets the number of columns of a line. It is 75 by default.
    ///
    /// ```
    /// use kiln::{numpy as np, with_printoptions};
    /// let text = with_printoptions(|o| o.linewidth(10), || np::arange(6).to_string());
    /// assert_eq!(text, "[0 1 2 3\n 4 5]");
    /// ```
    pub fn linewidth(self, linewidth: usize) -> PrintOptions {
        PrintOptions { linewidth, ..self }
    }

    /// Sets whether small numbers, and numbers far apart, are printed without an exponent. Large numbers keep
    /// their exponent. It is false by default.
    ///
    /// ```
    /// use kiln::{numpy as np, with_printoptions};
    /// let text = with_printoptions(|o| o.suppress(true), || np::array([1e-5, 100.0]).to_string());
    /// assert_eq!(text, "[  0.00001 100.     ]");
    /// ```
    pub fn suppress(self, suppress: bool) -> PrintOptions {
        PrintOptions { suppress, ..self }
    }

    /// Sets the sign of positive numbers: `'+'`, `' '` for a blank, or `'-'` for none, the default.
    ///
    /// # Panics
    /// When the sign is another character.
    ///
    /// ```
    /// use kiln::{numpy as np, with_printoptions};
    /// let text = with_printoptions(|o| o.sign('+'), || np::array([1.5, -2.0]).to_string());
    /// assert_eq!(text, "[+1.5 -2. ]");
    /// ```
    #[track_caller]
    pub fn sign(self, sign: char) -> PrintOptions {
        check(['+', '-', ' '].contains(&sign), "printoptions", || {
            format!("sign is {sign:?}: it must be '+', '-' or ' '")
        });
        PrintOptions { sign, ..self }
    }
}

static OPTIONS: RwLock<PrintOptions> = RwLock::new(DEFAULT);

thread_local! {
    static HERE: Cell<Option<PrintOptions>> = const { Cell::new(None) };
}

/// Changes the print options of the whole process. This is NumPy's `set_printoptions`. Options that `change`
/// does not set stay as they are.
///
/// The options hold for arrays with axes. A scalar shows all its digits, as in NumPy. The flags of a format
/// string, such as `{:.3}`, take precedence: see [`Array`](crate::Array).
///
/// ```standalone_crate
/// use kiln::numpy as np;
/// kiln::set_printoptions(|o| o.precision(3).threshold(10).edgeitems(2));
/// assert_eq!((np::arange(11) / 7).to_string(), "[0.    0.143 ... 1.286 1.429]");
/// ```
pub fn set_printoptions(change: impl FnOnce(PrintOptions) -> PrintOptions) {
    // `change` may print, so it runs without the lock.
    let changed = change(process());
    *OPTIONS.write().unwrap_or_else(PoisonError::into_inner) = changed;
}

/// Runs `f` with other print options on this thread only. The earlier options are restored afterwards, also
/// when `f` panics. This is NumPy's context manager `printoptions`.
///
/// ```
/// use kiln::{numpy as np, with_printoptions};
/// let third = np::ones(2) / 3;
/// assert_eq!(with_printoptions(|o| o.precision(3), || third.to_string()), "[0.333 0.333]");
/// assert_eq!(third.to_string(), "[0.33333334 0.33333334]");
/// ```
pub fn with_printoptions<R>(change: impl FnOnce(PrintOptions) -> PrintOptions, f: impl FnOnce() -> R) -> R {
    with(&HERE, change(printoptions()), f)
}

fn process() -> PrintOptions {
    *OPTIONS.read().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the print options of this thread.
pub(super) fn printoptions() -> PrintOptions {
    HERE.get().unwrap_or_else(process)
}
