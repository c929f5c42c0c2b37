//! Lists every variant of the enums that ops are made of. The `match` over a list has no wildcard, so a new
//! variant does not compile until it is in the list. The list of ops says how each is generated
//! ([`generate`](crate::generate)).

use kiln_program::{CustomRule, Effect};

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

pub(crate) use kinds;

kinds! {
    /// The kinds of derivatives that users give.
    RuleKind: CustomRule = Vjp Jvp
}
kinds! {
    /// The kinds of effects.
    EffectKind: Effect = Print CheckNan
}
