//! The derive macro for trees of arrays.

mod field;
mod krate;

use field::{Parts, bounds};
use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, parse_macro_input, parse_quote_spanned};

/// Derives `Tree` and `Leafwise` for a struct or an enum whose fields are trees, and for a struct `BatchAxes`
/// for a tuple with one element for each field. Fields are flattened in the order of their declaration. The
/// variant of an enum is part of the structure, and so is a field with `#[tree(static)]`.
#[proc_macro_derive(Tree, attributes(tree))]
pub fn tree(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive(input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

fn derive(mut input: DeriveInput) -> syn::Result<Tokens> {
    let krate = krate::path();
    let (is_enum, variants) = match &input.data {
        Data::Struct(data) => (false, vec![(quote!(Self), &data.fields)]),
        Data::Enum(data) => {
            let variants = data.variants.iter().map(|variant| {
                let name = &variant.ident;
                (quote!(Self::#name), &variant.fields)
            });
            (true, variants.collect())
        }
        Data::Union(_) => {
            return Err(syn::Error::new(
                input.ident.span(),
                "a union has no Tree: use an enum",
            ));
        }
    };
    if variants.is_empty() {
        return Err(syn::Error::new(
            input.ident.span(),
            "an enum without variants has no Tree",
        ));
    }
    let mut errors = None;
    let mut variants: Vec<(Tokens, Parts)> = variants
        .into_iter()
        .map(|(name, fields)| (name, Parts::of(fields, &mut errors)))
        .collect();
    if let Some(errors) = errors {
        return Err(errors);
    }

    let all = || variants.iter().flat_map(|(_, parts)| &parts.fields);
    bounds(&mut input.generics, all, &krate);
    let name = &input.ident;
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    let count = variants.len();
    let flatten = variants.iter().enumerate().map(|(i, (variant, parts))| {
        let (pattern, steps) = (parts.pattern(), parts.flatten(&krate));
        let number = is_enum.then(|| quote!(leaves.structure.variant(#i);));
        quote!(#variant { #pattern } => { #number #steps })
    });
    let paths = variants.iter().map(|(variant, parts)| {
        let (pattern, steps) = (parts.pattern(), parts.paths(&krate));
        quote!(#variant { #pattern } => { #steps })
    });
    let rebuilt = variants.iter().enumerate().map(|(i, (variant, parts))| {
        let fields = parts.rebuild(&krate);
        // The last arm takes all other numbers: there are none.
        match i + 1 < count {
            true => quote!(#i => #variant { #fields }),
            false => quote!(_ => #variant { #fields }),
        }
    });
    let number = match is_enum {
        true => quote!(leaves.variant(#count)),
        false => quote!(0_usize),
    };
    let tree = quote! {
        #[automatically_derived]
        impl #impl_generics #krate::Tree for #name #type_generics #where_clause {
            fn flatten(self, leaves: &mut #krate::tree::Leaves) {
                let _ = &leaves;
                match self { #(#flatten)* }
            }

            fn rebuild(leaves: &mut #krate::tree::Rebuild<'_>) -> Self {
                match #number { #(#rebuilt),* }
            }

            fn paths(
                &self,
                at: &#krate::tree::Path<'_>,
                paths: &mut ::std::vec::Vec<::std::string::String>,
            ) {
                let _ = (&at, &paths);
                match self { #(#paths)* }
            }
        }

        #[automatically_derived]
        impl #impl_generics #krate::tree::Leafwise for #name #type_generics #where_clause {
            type Each<__X: #krate::tree::Leafwise> = #krate::tree::Blocks<Self, __X>;
            type Jacobian<__U: #krate::tree::Leafwise> = __U::Each<Self>;

            fn each<__X: #krate::tree::Leafwise>(
                leaves: &mut #krate::tree::Rebuild<'_>,
                next: &mut dyn ::std::ops::FnMut() -> __X,
            ) -> #krate::tree::Blocks<Self, __X> {
                #krate::tree::Blocks::each(leaves, next)
            }

            fn jacobian<__U: #krate::tree::Leafwise>(
                leaves: &mut #krate::tree::Rebuild<'_>,
                next: &mut dyn ::std::ops::FnMut() -> Self,
            ) -> __U::Each<Self> {
                __U::each(leaves, next)
            }
        }
    };
    if is_enum {
        return Ok(tree);
    }
    let (_, parts) = variants.remove(0);
    let axes = batch_axes(&input, &parts, &krate);
    Ok(quote!(#tree #axes))
}

/// Returns the impl of `BatchAxes` for a tuple with the axes of each field that is a tree.
fn batch_axes(input: &DeriveInput, parts: &Parts, krate: &Tokens) -> Tokens {
    let trees: Vec<_> = parts.fields.iter().filter(|field| !field.is_static).collect();
    let axes: Vec<syn::Ident> = (0..trees.len()).map(|i| format_ident!("__Axes{i}")).collect();
    let mut generics = input.generics.clone();
    for (axes, field) in axes.iter().zip(&trees) {
        let ty = field.ty;
        generics
            .params
            .push(parse_quote_spanned!(ty.span()=> #axes: #krate::BatchAxes<#ty>));
    }
    let name = &input.ident;
    let impl_generics = generics.split_for_impl().0;
    let (_, type_generics, where_clause) = input.generics.split_for_impl();
    let mut places = axes.iter().enumerate();
    let (pattern, steps) = (
        parts.pattern(),
        parts.fields.iter().map(|field| {
            let binding = &field.binding;
            match field.is_static {
                true => {
                    let kept = field.kept();
                    quote_spanned!(field.ty.span()=> leaves.structure.value(#kept);)
                }
                false => {
                    let (place, axes) = places.next().expect("axes for each tree");
                    let (place, ty) = (syn::Index::from(place), field.ty);
                    quote_spanned!(ty.span()=> <#axes as #krate::BatchAxes<#ty>>::flatten(&self.#place, #binding, leaves, axes);)
                }
            }
        }),
    );
    quote! {
        /// The tuple has one element for each field that is a tree.
        #[automatically_derived]
        #[allow(private_bounds)]
        impl #impl_generics #krate::BatchAxes<#name #type_generics> for (#(#axes,)*) #where_clause {
            fn flatten(
                &self,
                tree: #name #type_generics,
                leaves: &mut #krate::tree::Leaves,
                axes: &mut ::std::vec::Vec<::std::option::Option<isize>>,
            ) {
                let _ = (&leaves, &axes);
                let #name { #pattern } = tree;
                #(#steps)*
            }
        }
    }
}
