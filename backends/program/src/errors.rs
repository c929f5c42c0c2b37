//! The `Debug` of errors.

/// Gives an error the `Debug` of its `Display`, so that `unwrap` shows the text that is written for users.
#[doc(hidden)]
#[macro_export]
macro_rules! debug_by_display {
    ($error:ty) => {
        impl ::std::fmt::Debug for $error {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(self, f)
            }
        }
    };
}
