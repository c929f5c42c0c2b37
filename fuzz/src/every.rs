//! Lists every variant of the enums that ops are made of. A `match` over each list has no wildcard, so a new
//! variant does not compile here until it is in the list. Then it does not compile in
//! [`generate`](crate::generate) until that generates it.

use kiln_program::{CustomRule, Effect, Op};

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
