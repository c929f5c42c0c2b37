//! Declares optional arguments.

/// Declares structs of optional arguments. A row holds a keyword's method, the type of the field that keeps
/// the value, its default, the conversion, and a call with its result for the example.
#[doc(hidden)]
#[macro_export]
macro_rules! optional_arguments {
    ($(
        $(#[$doc:meta])*
        $name:ident { $(
            $(#[$keyword_doc:meta])*
            $keyword:ident($argument:ty): $kept:ty = $default:expr => $converted:expr; $call:expr => $shown:literal;
        )* }
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        #[must_use = "a function with `_with` takes the options"]
        pub struct $name { $(pub(crate) $keyword: $kept,)* }

        impl Default for $name {
            fn default() -> $name {
                $name { $($keyword: $default,)* }
            }
        }

        impl $name {
            $(
                $(#[$keyword_doc])*
                ///
                /// ```
                /// use kiln::{DType, Key, lax, numpy as np, random};
                #[doc = concat!("assert_eq!(", stringify!($call), ".to_string(), ", stringify!($shown), ");")]
                /// ```
                #[track_caller]
                pub fn $keyword(mut self, $keyword: $argument) -> $name {
                    self.$keyword = $converted;
                    self
                }
            )*
        }
    )*};
}
