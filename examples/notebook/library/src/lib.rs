//! All of kiln, for notebooks: `:dep kiln = { package = "kiln-notebook", path = "library" }`.

pub use kiln::*;
