//! The derive macro for trees of arrays.

use proc_macro::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, parse_macro_input, parse_quote, spanned::Spanned};

/// Derives `Tree` for a struct whose fields are trees, and `BatchAxes` for a tuple with one element for each
/// field. Fields are flattened in the order of their declaration. Type parameters must be trees as well.
#[proc_macro_derive(Tree)]
pub fn tree(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive(input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

fn derive(mut input: DeriveInput) -> syn::Result<proc_macro2::TokenStream> {
    let Data::Struct(data) = &input.data else {
        return Err(syn::Error::new(
            input.ident.span(),
            "Tree can be derived for structs only",
        ));
    };
    let krate = krate();
    for parameter in input.generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(#krate::Tree));
    }
    let name = &input.ident;
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();

    let members: Vec<syn::Member> = data.fields.members().collect();
    let names: Vec<String> = members
        .iter()
        .map(|member| match member {
            syn::Member::Named(name) => name.to_string(),
            syn::Member::Unnamed(index) => index.index.to_string(),
        })
        .collect();
    let types: Vec<&syn::Type> = data.fields.iter().map(|field| &field.ty).collect();
    let rebuilt = members.iter().zip(&types).map(
        |(member, ty)| quote::quote_spanned!(ty.span()=> #member: <#ty as #krate::Tree>::rebuild(leaves)),
    );
    let (axes, axes_impl) = axes(&input.generics, &types, &krate);
    let places = (0..members.len()).map(syn::Index::from);
    let unused = matches!(data.fields, Fields::Unit).then(|| quote!(let _ = &leaves;));
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics #krate::Tree for #name #type_generics #where_clause {
            fn flatten(self, leaves: &mut #krate::tree::Leaves) {
                #unused
                #(#krate::Tree::flatten(self.#members, leaves);)*
            }

            fn rebuild(leaves: &mut #krate::tree::Rebuild<'_>) -> Self {
                #unused
                #name { #(#rebuilt),* }
            }

            fn paths(
                &self,
                at: &#krate::tree::Path<'_>,
                paths: &mut ::std::vec::Vec<::std::string::String>,
            ) {
                let _ = (&at, &paths);
                #(#krate::Tree::paths(&self.#members, &#krate::tree::Path::Field(at, #names), paths);)*
            }
        }

        /// The tuple has one element for each field.
        #[automatically_derived]
        #[allow(private_bounds)]
        impl #axes_impl #krate::BatchAxes<#name #type_generics> for (#(#axes,)*) #where_clause {
            fn flatten(
                &self,
                tree: #name #type_generics,
                leaves: &mut #krate::tree::Leaves,
                axes: &mut ::std::vec::Vec<::std::option::Option<isize>>,
            ) {
                let _ = (&tree, &leaves, &axes);
                #(#krate::BatchAxes::flatten(&self.#places, tree.#members, leaves, axes);)*
            }
        }
    })
}

/// Returns a type parameter for the axes of each field, and the generic parameters of the impl with these
/// added.
fn axes(
    generics: &syn::Generics,
    fields: &[&syn::Type],
    krate: &proc_macro2::TokenStream,
) -> (Vec<syn::Ident>, proc_macro2::TokenStream) {
    let axes: Vec<syn::Ident> = (0..fields.len())
        .map(|i| quote::format_ident!("__Axes{i}"))
        .collect();
    let mut generics = generics.clone();
    for (axes, field) in axes.iter().zip(fields) {
        generics
            .params
            .push(parse_quote!(#axes: #krate::BatchAxes<#field>));
    }
    let parameters = generics.split_for_impl().0;
    (axes, quote!(#parameters))
}

/// Returns the path of the crate that defines `Tree`. Users depend on `kiln`. kiln's own crates depend on
/// `kiln-core` (and for their examples on `kiln`). `kiln` and `kiln-core` themselves use their own name.
fn krate() -> proc_macro2::TokenStream {
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
