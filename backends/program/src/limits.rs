//! Limits on the files that a reader accepts.

use std::cell::Cell;

/// Bounds on the files and programs that are read. A file or a program that exceeds a bound is refused, with
/// an error that names the bound.
///
/// The defaults accept every program of known use. Set smaller bounds by [`with_limits`] to read files that
/// you do not trust.
///
/// ```
/// use kiln_program::{Limits, with_limits};
/// let small = Limits { bytes: 1 << 10, ..Limits::default() };
/// assert_eq!(with_limits(small, || Limits::current().bytes), 1024);
/// assert_eq!(Limits::current(), Limits::default());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes that the arrays of one file may take, uncompressed. The default is 2^36, which is 64
    /// GiB.
    ///
    /// Memory grows with the data that is decoded, and not with the numbers of a header. This limit bounds
    /// the decoded data.
    pub bytes: u64,
    /// The most levels of programs within programs. The default is 128.
    pub depth: usize,
    /// The most equations, variables and axes of variables of a program and of all programs that it runs. A
    /// program that is shared counts once. The default is 2^22: hundreds of thousands of equations, and at
    /// most about 250 MB.
    pub size: u64,
    /// The most work that a program may declare. The default is 2^60, which takes years: it refuses forged
    /// numbers of iterations. A core does about 2^31 a second. Set this limit for files that you do not
    /// trust.
    ///
    /// The work of a program is the sum of the work of its equations and of the elements of its inputs. The
    /// work of an equation is 256, plus the elements of its operands and results, plus the multiplications of
    /// a product or decomposition or the comparisons of a sort. An op that runs programs adds their work. A
    /// loop adds the work of its body for each iteration. A choice adds the work of all branches, because all
    /// are compiled. A function with a derivative by the user adds the work of its rule too. A `while_loop`
    /// counts as one iteration, because their number is not known before the loop runs.
    pub work: u64,
    /// True if a program may have a `while_loop`. Such a loop may run for ever. The default is `true`.
    pub while_loops: bool,
}

impl Limits {
    /// Returns the limits of this thread.
    ///
    /// ```
    /// use kiln_program::{Limits, with_limits};
    /// assert_eq!(Limits::current(), Limits::default());
    /// let shallow = Limits { depth: 3, ..Limits::current() };
    /// assert_eq!(with_limits(shallow, || Limits::current().depth), 3);
    /// ```
    pub fn current() -> Limits {
        HERE.get()
    }
}

impl Default for Limits {
    fn default() -> Limits {
        DEFAULT
    }
}

const DEFAULT: Limits = Limits {
    bytes: 1 << 36,
    depth: 128,
    size: 1 << 22,
    work: 1 << 60,
    while_loops: true,
};

thread_local! {
    static HERE: Cell<Limits> = const { Cell::new(DEFAULT) };
}

/// Runs `f` with these limits on this thread. The earlier limits are restored afterwards, also if `f` panics.
/// The limits hold for every reader that `f` calls: of files, of exported functions, and of programs in the
/// formats of serde.
///
/// ```
/// use kiln_program::{ArrayType, Builder, DType, Limits, Op, Program, Unary, with_limits};
/// let mut b = Builder::new();
/// let x = b.input(ArrayType::new(DType::F32, [1000]));
/// let y = b.push(Op::Unary(Unary::Sin), &[x])?;
/// let file = serde_json::to_string(&b.finish(&y)).unwrap();
/// let short = Limits { work: 100, ..Limits::default() };
/// assert!(with_limits(short, || serde_json::from_str::<Program>(&file)).is_err());
/// assert!(serde_json::from_str::<Program>(&file).is_ok());
/// # Ok::<(), kiln_program::TypeError>(())
/// ```
pub fn with_limits<R>(limits: Limits, f: impl FnOnce() -> R) -> R {
    struct Restore(Limits);
    impl Drop for Restore {
        fn drop(&mut self) {
            HERE.set(self.0);
        }
    }
    let _restore = Restore(HERE.replace(limits));
    f()
}
