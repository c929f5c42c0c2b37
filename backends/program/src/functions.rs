//! The functions that ops apply: enums whose variants hold nothing.

use serde::{Deserialize, Serialize};

/// Defines an enum with the list of its variants.
macro_rules! functions {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[allow(missing_docs, reason = "a name says what most of them are")]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &[$name] = &[$($name::$variant),*];
        }
    };
}

functions! {
    /// Elementwise functions of one operand.
    Unary {
        Neg,
        Abs,
        /// Returns -1, 0 or 1. Zeros keep their sign, and NaN stays NaN.
        Sign,
        Floor,
        Ceil,
        /// Rounds to the nearest integer, and a half to the even integer.
        Round,
        Trunc,
        Sqrt,
        Rsqrt,
        Cbrt,
        Exp,
        Exp2,
        Expm1,
        Log,
        Log2,
        Log10,
        Log1p,
        Sin,
        Cos,
        Tan,
        Asin,
        Acos,
        Atan,
        Sinh,
        Cosh,
        Tanh,
        Asinh,
        Acosh,
        Atanh,
        Logistic,
        Erf,
        Erfc,
        /// Computes XLA's polynomial, bit for bit.
        ErfInv,
        Lgamma,
        Digamma,
        /// Negates integers bitwise, and bools logically.
        Not,
    }
}

functions! {
    /// Elementwise functions of two operands.
    Binary {
        /// Adds. The sum of bools is `Or`.
        Add,
        Sub,
        /// Multiplies. The product of bools is `And`.
        Mul,
        /// Divides. Quotients of integers are truncated, and x / 0 is -1 (all bits set).
        Div,
        /// Computes C's remainder, with the sign of the dividend. For integers, the remainder of x by 0 is x.
        Rem,
        /// Raises to a power. A negative exponent of an integer returns the truncated reciprocal: 0, 1 or -1.
        Pow,
        /// Returns NaN if an operand is NaN.
        Max,
        /// Returns NaN if an operand is NaN.
        Min,
        Atan2,
        Hypot,
        And,
        Or,
        Xor,
        /// Shifts left. A shift by the width or more returns 0.
        Shl,
        /// Shifts right. The shift is arithmetic for signed integers and logical for unsigned integers. A
        /// shift by the width or more fills with the sign.
        Shr,
    }
}

functions! {
    /// Comparisons. All except `Ne` are false if an operand is NaN.
    Compare {
        Eq,
        Ne,
        Lt,
        Le,
        Gt,
        Ge,
    }
}

functions! {
    /// The function by which a reduction combines elements. `Max` and `Min` return NaN if an operand is NaN.
    /// On bools, `Max` and `Sum` are `any`, and `Min` and `Prod` are `all`.
    Reduction {
        Sum,
        Prod,
        Max,
        Min,
    }
}

functions! {
    /// The element whose index an `argmax` or `argmin` returns.
    ArgReduction {
        Max,
        Min,
    }
}

functions! {
    /// The rule for an index that is out of bounds, in arrays of indices.
    ///
    /// ```
    /// use kiln_program::{ArrayType, Builder, DType, Op, OutOfBounds};
    /// let mut b = Builder::new();
    /// let (x, i) = (b.input(ArrayType::new(DType::F32, [3])), b.input(ArrayType::new(DType::I32, [2])));
    /// let take = Op::Gather { axes: [0].into(), batch: 0, mode: OutOfBounds::Clip };
    /// let y = b.push(take, &[x, i])?[0];
    /// assert_eq!(b.type_of(y).to_string(), "f32[2]");
    /// # Ok::<(), kiln_program::TypeError>(())
    /// ```
    OutOfBounds {
        /// The index is moved to the nearest valid index.
        Clip,
        /// A read returns NaN, the least signed integer, the greatest unsigned integer or true. A write is
        /// dropped.
        Fill,
    }
}

functions! {
    /// The function that combines a scatter's update with the element that is there.
    Update {
        Set,
        Add,
        Mul,
        Min,
        Max,
    }
}

functions! {
    /// Linear algebra, over leading batch axes.
    Linalg {
        /// `(a: [.., n, n], b: [.., n, k]) -> x: [.., n, k]` with `a x = b`, by LU with partial pivoting.
        Solve,
        /// `(a: [.., n, n]) -> (eigenvalues: [.., n], eigenvectors: [.., n, n])` of the symmetric matrix in
        /// the lower triangle of `a`. Eigenvalues ascend. Eigenvectors are columns.
        Eigh,
    }
}
