//! The arguments with respect to which a gradient is taken.

use crate::sealed::Sealed;
use crate::tree::Tree;

/// The optional arguments of [`grad_with`](crate::grad_with) and
/// [`value_and_grad_with`](crate::value_and_grad_with).
///
/// ```
/// use kiln::{Arg, Array, grad_with};
/// let product = |(x, y, z): (Array, Array, Array)| x * y * z;
/// let (along_x, along_z) = grad_with(product, |o| o.argnums((Arg::<0>, Arg::<2>)))((2.0.into(), 3.0.into(), 5.0.into()));
/// assert_eq!(along_x.to_string(), "15.0");
/// assert_eq!(along_z.to_string(), "6.0");
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "a function with `_with` takes the options"]
pub struct Grad<A>(pub(crate) A);

impl<A> Grad<A> {
    /// The arguments with respect to which the gradient is taken: `Arg::<1>` is the second, and a tuple such
    /// as `(Arg::<0>, Arg::<2>)` is several. All other arguments are held fixed.
    ///
    /// ```
    /// use kiln::{Arg, Array, grad_with};
    /// let power = |(x, n): (Array, Array)| x.pow(n);
    /// assert_eq!(grad_with(power, |o| o.argnums(Arg::<0>))((3.0.into(), 2.into())).to_string(), "6.0");
    /// ```
    pub fn argnums<B: Args>(self, argnums: B) -> Grad<B> {
        Grad(argnums)
    }
}

/// One of the arguments of a function that takes a tuple, counted from 0.
///
/// ```
/// use kiln::{Arg, Array, grad_with};
/// let quotient = |(x, y): (Array, Array)| x / y;
/// assert_eq!(grad_with(quotient, |o| o.argnums(Arg::<1>))((1.0.into(), 2.0.into())).to_string(), "-0.25");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Arg<const N: usize>;

/// All arguments.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct AllArguments;

/// The names of arguments: [`Arg`], or a tuple of these.
///
/// ```
/// use kiln::{Arg, Array, grad_with, options::Args};
/// fn slope(of: impl Args) -> &'static str {
///     std::any::type_name_of_val(&of)
/// }
/// assert_eq!(slope(Arg::<1>), "kiln_core::argnums::Arg<1>");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` names no argument",
    label = "`argnums` takes the name of an argument here",
    note = "write `Arg::<1>` for the second element of a tuple, or a tuple `(Arg::<0>, Arg::<2>)` of these"
)]
pub trait Args: Sealed {}

impl Sealed for AllArguments {}
impl<const N: usize> Sealed for Arg<N> {}

impl Args for AllArguments {}
impl<const N: usize> Args for Arg<N> {}

/// A choice of arguments: [`Arg`], or a tuple of these. `T` is the tuple of all arguments.
///
/// ```
/// use kiln::{Arg, Array, grad_with, options::Argnums};
/// fn slope<A: Argnums<(Array, Array)>>(argnums: A) -> A::Wanted {
///     let quotient = |(x, y): (Array, Array)| x / y;
///     grad_with(quotient, |o| o.argnums(argnums))((1.0.into(), 2.0.into()))
/// }
/// assert_eq!(slope(Arg::<1>).to_string(), "-0.25");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` names no argument of a function of `{T}`",
    note = "write `Arg::<1>` for the second element of a tuple, or a tuple `(Arg::<0>, Arg::<2>)` of these; an element that is named implements `Clone`"
)]
pub trait Argnums<T>: Args {
    /// The named argument, or a tuple of the named ones.
    type Wanted: Tree;
    /// The arguments that are held fixed.
    #[doc(hidden)]
    type Rest: Tree;

    #[doc(hidden)]
    fn split(arguments: T) -> (Self::Wanted, Self::Rest);

    #[doc(hidden)]
    fn join(wanted: Self::Wanted, rest: Self::Rest) -> T;
}

impl<T: Tree> Argnums<T> for AllArguments {
    type Wanted = T;
    type Rest = ();

    fn split(arguments: T) -> (T, ()) {
        (arguments, ())
    }

    fn join(wanted: T, (): ()) -> T {
        wanted
    }
}

/// A tuple with an element `N`.
#[doc(hidden)]
pub trait HasArg<const N: usize>: Sealed + Tree {
    type Argument: Tree + Clone;

    fn argument(&mut self) -> &mut Self::Argument;
}

macro_rules! elements {
    ($($all:tt: $($n:tt $name:ident),+;)*) => {$($(elements!(@one $all $n $name);)+)*};
    (@one ($($all:ident)+) $n:tt $name:ident) => {
        impl<$($all: Tree),+> HasArg<$n> for ($($all,)+)
        where
            $name: Clone,
        {
            type Argument = $name;

            fn argument(&mut self) -> &mut $name {
                &mut self.$n
            }
        }
    };
}
elements! {
    (A): 0 A;
    (A B): 0 A, 1 B;
    (A B C): 0 A, 1 B, 2 C;
    (A B C D): 0 A, 1 B, 2 C, 3 D;
    (A B C D E): 0 A, 1 B, 2 C, 3 D, 4 E;
    (A B C D E F): 0 A, 1 B, 2 C, 3 D, 4 E, 5 F;
    (A B C D E F G): 0 A, 1 B, 2 C, 3 D, 4 E, 5 F, 6 G;
    (A B C D E F G H): 0 A, 1 B, 2 C, 3 D, 4 E, 5 F, 6 G, 7 H;
}

impl<T: HasArg<N>, const N: usize> Argnums<T> for Arg<N> {
    type Wanted = T::Argument;
    type Rest = T;

    fn split(mut arguments: T) -> (T::Argument, T) {
        (arguments.argument().clone(), arguments)
    }

    fn join(wanted: T::Argument, mut rest: T) -> T {
        *rest.argument() = wanted;
        rest
    }
}

const fn differ(numbers: &[usize]) -> bool {
    let mut i = 0;
    while i < numbers.len() {
        let mut j = i + 1;
        while j < numbers.len() {
            if numbers[i] == numbers[j] {
                return false;
            }
            j += 1;
        }
        i += 1;
    }
    true
}

macro_rules! several {
    ($(($($n:ident $index:tt),+))*) => {$(
        impl<$(const $n: usize),+> Args for ($(Arg<$n>,)+) {}

        impl<T: Tree $(+ HasArg<$n>)+, $(const $n: usize),+> Argnums<T> for ($(Arg<$n>,)+) {
            type Wanted = ($(<T as HasArg<$n>>::Argument,)+);
            type Rest = T;

            fn split(mut arguments: T) -> (Self::Wanted, T) {
                const { assert!(differ(&[$($n),+]), "argnums names an argument twice") };
                (($(HasArg::<$n>::argument(&mut arguments).clone(),)+), arguments)
            }

            fn join(wanted: Self::Wanted, mut rest: T) -> T {
                $(*HasArg::<$n>::argument(&mut rest) = wanted.$index;)+
                rest
            }
        }
    )*};
}
several! {
    (I 0)
    (I 0, J 1)
    (I 0, J 1, K 2)
    (I 0, J 1, K 2, L 3)
    (I 0, J 1, K 2, L 3, M 4)
    (I 0, J 1, K 2, L 3, M 4, N 5)
}
