//! The fields of a struct or a variant.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Error, Fields, GenericArgument, Ident, PathArguments, Type, TypeParam, parse_quote};

/// A field.
pub(crate) struct Field<'a> {
    pub(crate) member: syn::Member,
    /// The variable that holds the field.
    pub(crate) binding: Ident,
    pub(crate) ty: &'a Type,
    /// True for a field with `#[tree(static)]`: it is part of the structure.
    pub(crate) is_static: bool,
}

/// The fields of a struct or a variant.
pub(crate) struct Parts<'a> {
    pub(crate) fields: Vec<Field<'a>>,
}

/// The types of the standard library that are no trees, which a field may have by mistake.
const PLAIN: &[&str] = &[
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64",
    "u128", "usize", "String", "str",
];

impl<'a> Parts<'a> {
    /// Reads fields, and adds what is wrong with them to `errors`.
    pub(crate) fn of(fields: &'a Fields, errors: &mut Option<Error>) -> Parts<'a> {
        let mut add = |error: Error| match errors {
            Some(errors) => errors.combine(error),
            None => *errors = Some(error),
        };
        let fields = fields.members().zip(fields).enumerate();
        let read = fields.map(|(i, (member, field))| {
            let is_static = is_static(field).unwrap_or_else(|error| {
                add(error);
                true
            });
            if !is_static && let Some(name) = plain(&field.ty) {
                add(Error::new(
                    field.ty.span(),
                    format!(
                        "{name} is not a tree: make the field an `Array`, whose value may differ from call to call, or \
                         write #[tree(static)] above it, which makes the value a part of the function as `Static` does"
                    ),
                ));
            }
            Field {
                member,
                binding: format_ident!("__field{i}", span = field.ty.span()),
                ty: &field.ty,
                is_static,
            }
        });
        Parts {
            fields: read.collect(),
        }
    }

    /// Returns the pattern that binds each field to its variable.
    pub(crate) fn pattern(&self) -> TokenStream {
        let fields = self
            .fields
            .iter()
            .map(|Field { member, binding, .. }| quote!(#member: #binding));
        quote!(#(#fields),*)
    }

    /// Returns the statements that flatten the fields.
    pub(crate) fn flatten(&self, krate: &TokenStream) -> TokenStream {
        let steps = self.fields.iter().map(|field| match field.is_static {
            true => {
                let kept = field.kept();
                quote_spanned!(field.ty.span()=> leaves.structure.value(#kept);)
            }
            false => {
                let (binding, ty) = (&field.binding, field.ty);
                quote_spanned!(ty.span()=> <#ty as #krate::Tree>::flatten(#binding, leaves);)
            }
        });
        quote!(#(#steps)*)
    }

    /// Returns the statements that add the paths of the fields.
    pub(crate) fn paths(&self, krate: &TokenStream) -> TokenStream {
        let steps = self.fields.iter().map(|field| {
            let Field {
                member,
                binding,
                ty,
                ..
            } = field;
            let name = match member {
                syn::Member::Named(name) => name.unraw().to_string(),
                syn::Member::Unnamed(index) => index.index.to_string(),
            };
            match field.is_static {
                true => quote!(let _ = #binding;),
                false => {
                    quote_spanned!(ty.span()=> <#ty as #krate::Tree>::paths(#binding, &#krate::tree::Path::Field(at, #name), paths);)
                }
            }
        });
        quote!(#(#steps)*)
    }

    /// Returns the fields with the values that are read from `leaves`.
    pub(crate) fn rebuild(&self, krate: &TokenStream) -> TokenStream {
        let fields = self.fields.iter().map(|field| {
            let Field { member, ty, .. } = field;
            let value = match (field.is_static, float(ty)) {
                (true, true) => quote!(<#ty>::from_bits(leaves.value())),
                (true, false) => quote!(leaves.value::<#ty>()),
                (false, _) => quote!(<#ty as #krate::Tree>::rebuild(leaves)),
            };
            quote_spanned!(ty.span()=> #member: #value)
        });
        quote!(#(#fields),*)
    }
}

impl Field<'_> {
    /// Returns the value of a static field that is compared and hashed. Floats are compared by their bits.
    pub(crate) fn kept(&self) -> TokenStream {
        let binding = &self.binding;
        match float(self.ty) {
            true => quote!(#binding.to_bits()),
            false => quote!(#binding),
        }
    }
}

/// Returns true for a field with `#[tree(static)]`.
fn is_static(field: &syn::Field) -> syn::Result<bool> {
    let mut is_static = false;
    for attribute in field.attrs.iter().filter(|a| a.path().is_ident("tree")) {
        let word = attribute.parse_args_with(Ident::parse_any)?;
        if word != "static" {
            return Err(Error::new(
                word.span(),
                "the only option of a field is #[tree(static)]",
            ));
        }
        is_static = true;
    }
    Ok(is_static)
}

/// Returns the name of a type in [`PLAIN`] that stands in the place of a tree: the type itself, or the
/// element of a tuple, an array, an `Option`, a `Vec` or a `Box`.
fn plain(ty: &Type) -> Option<String> {
    let path = match ty {
        Type::Path(path) => &path.path,
        Type::Tuple(tuple) => return tuple.elems.iter().find_map(plain),
        Type::Array(array) => return plain(&array.elem),
        _ => return None,
    };
    let last = path.segments.last()?;
    let name = last.ident.to_string();
    match &last.arguments {
        PathArguments::None => PLAIN.contains(&name.as_str()).then_some(name),
        PathArguments::AngleBracketed(of) if ["Option", "Vec", "Box"].contains(&name.as_str()) => {
            of.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(ty) => plain(ty),
                _ => None,
            })
        }
        _ => None,
    }
}

fn float(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident("f32") || path.path.is_ident("f64"))
}

/// Adds the bounds of the type parameters. A parameter in the type of a tree is a tree, and one in a static
/// field can be compared, hashed and cloned.
pub(crate) fn bounds<'a, I: Iterator<Item = &'a Field<'a>>>(
    generics: &mut syn::Generics,
    fields: impl Fn() -> I,
    krate: &TokenStream,
) {
    for parameter in generics.type_params_mut() {
        let used = |is_static| {
            let mut fields = fields().filter(|field| field.is_static == is_static);
            fields.any(|field| mentions(field.ty.to_token_stream(), parameter))
        };
        let (in_static, in_tree) = (used(true), used(false));
        if in_static {
            parameter.bounds.extend::<Vec<syn::TypeParamBound>>(vec![
                parse_quote!(::std::hash::Hash),
                parse_quote!(::std::cmp::Eq),
                parse_quote!(::std::clone::Clone),
                parse_quote!(::std::marker::Send),
                parse_quote!(::std::marker::Sync),
                parse_quote!('static),
            ]);
        }
        if in_tree || !in_static {
            parameter.bounds.push(parse_quote!(#krate::Tree));
        }
    }
}

fn mentions(tokens: TokenStream, parameter: &TypeParam) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == parameter.ident,
        TokenTree::Group(group) => mentions(group.stream(), parameter),
        _ => false,
    })
}
