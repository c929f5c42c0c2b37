//! The crate that defines `Tree`, as the caller of the macro names it.

use quote::quote;

/// Returns the path of the crate that defines `Tree`. Users depend on `kiln`. kiln's own crates depend on
/// `kiln-core` (and for their examples on `kiln`). `kiln` and `kiln-core` themselves use their own name.
pub(crate) fn path() -> proc_macro2::TokenStream {
    let manifest = std::env::var("CARGO_MANIFEST_DIR")
        .ok()
        .and_then(|dir| std::fs::read_to_string(std::path::Path::new(&dir).join("Cargo.toml")).ok())
        .unwrap_or_default();
    let depends = |name: &str| {
        manifest.lines().any(|line| {
            let line = line.trim();
            line.strip_prefix(name)
                .is_some_and(|rest| rest.trim_start().starts_with(['=', '.']))
                || line == format!("[dependencies.{name}]")
        })
    };
    let is = |name: &str| {
        manifest
            .lines()
            .any(|line| line.trim() == format!("name = \"{name}\""))
    };
    if is("kiln-core") || (!is("kiln") && depends("kiln-core")) {
        quote!(::kiln_core)
    } else {
        quote!(::kiln)
    }
}
