//! Every variant of the language's enums. Each list is written once, and a `match` over it has no wildcard: a variant that the language gains
//! does not compile here until it is added, and then not in [`generate`](crate::generate) until it is generated.

use kiln_program::{
    ArgReduction, Binary, Compare, CustomRule, Effect, Linalg, Op, OutOfBounds, Reduction, Unary, Update,
};

/// A list of all variants of an enum whose variants hold nothing.
macro_rules! every {
    ($name:ident: $type:ident = $($variant:ident)*) => {
        pub(crate) const $name: &[$type] = &[$($type::$variant),*];
        const _: fn($type) = |x| match x { $($type::$variant => {}),* };
    };
}

/// The names of the variants of an enum as an enum of its own.
macro_rules! kinds {
    ($(#[$doc:meta])* $name:ident: $type:ident = $($variant:ident)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs)]
        pub enum $name { $($variant),* }

        impl $name {
            /// Every kind.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// The kind of a value.
            pub fn of(x: &$type) -> $name {
                match x { $($type::$variant { .. } => $name::$variant),* }
            }
        }
    };
}

kinds! {
    /// The kinds of ops.
    OpKind: Op =
        Constant Lifted Iota Unary Binary Compare Select MulAdd Cast Reshape Transpose Broadcast Slice Pad Reverse Concatenate Gather Scatter Reduce
        ArgReduce Cumulative Sort Dot Linalg RandomBits Uniform Call Scan While Cond StopGradient Checkpoint Custom Effect
}
kinds! {
    /// The kinds of derivatives that users give.
    RuleKind: CustomRule = Vjp Jvp
}
kinds! {
    /// The kinds of effects.
    EffectKind: Effect = Print CheckNan
}
every!(UNARY: Unary =
    Neg Abs Sign Floor Ceil Round Trunc Sqrt Rsqrt Cbrt Exp Exp2 Expm1 Log Log2 Log10 Log1p Sin Cos Tan Asin Acos Atan Sinh Cosh Tanh Asinh Acosh
    Atanh Logistic Erf Erfc ErfInv Lgamma Digamma Not);
every!(BINARY: Binary = Add Sub Mul Div Rem Pow Max Min Atan2 Hypot And Or Xor Shl Shr);
every!(COMPARE: Compare = Eq Ne Lt Le Gt Ge);
every!(REDUCTION: Reduction = Sum Prod Max Min);
every!(ARG_REDUCTION: ArgReduction = Max Min);
every!(OUT_OF_BOUNDS: OutOfBounds = Clip Fill);
every!(UPDATE: Update = Set Add Mul Min Max);
every!(LINALG: Linalg = Solve Eigh);
