// SPDX-License-Identifier: GPL-2.0

//! A type that is its own tag.
//!
//! All of the type can be seen here, its parameters and their bounds included. What is proved is proved of
//! the type itself, since another macro may yet change its fields; that each field is covariant is asked
//! only for the sake of the error, which then names the field.

use crate::{
    lifetime,
    proof::named, //
};
use proc_macro2::TokenStream;
use quote::{
    format_ident,
    quote,
    quote_spanned, //
};
use syn::{
    parse_quote,
    spanned::Spanned,
    visit_mut::VisitMut,
    Data,
    DeriveInput,
    Error,
    Field,
    GenericParam,
    Generics,
    Lifetime,
    Result, //
};

pub(crate) fn expand(input: DeriveInput) -> Result<TokenStream> {
    let lifetime = the_lifetime(&input)?;
    let outer = without_lifetime(&input.generics, &lifetime);
    let (impl_generics, _, bounds) = outer.split_for_impl();
    let name = &input.ident;
    let at = |lifetime: &Lifetime| {
        let others = outer.params.iter().map(|parameter| match parameter {
            GenericParam::Lifetime(it) => {
                let it = &it.lifetime;
                quote!(#it)
            }
            GenericParam::Type(it) => {
                let it = &it.ident;
                quote!(#it)
            }
            GenericParam::Const(it) => {
                let it = &it.ident;
                quote!(#it)
            }
        });
        quote!(#name<#lifetime, #(#others),*>)
    };
    let whole = quote_spanned!(name.span() => { it });
    let (at_static, at_any) = (at(&named("static")), at(&lifetime));
    let proofs = fields(&input)?
        // What a macro makes of the lifetime is seen only by the compiler.
        .filter(|field| lifetime::given_to_macro(&field.ty, &lifetime).is_none())
        .filter(|field| lifetime::mentions(&field.ty, &lifetime))
        .enumerate()
        .map(|(number, field)| covariant(field, number, &lifetime, &outer));

    Ok(quote!(
        const _: () = {
            impl #impl_generics ::kernel_glue::for_lt::ForLt for #at_static #bounds {
                type Of<#lifetime> = #at_any;
            }

            // SAFETY: `cast_ref` compiles only for a covariant type.
            unsafe impl #impl_generics ::kernel_glue::for_lt::CovariantForLt for #at_static #bounds {
                fn cast_ref<'r, 'short: 'r, 'long: 'short>(
                    it: &'r Self::Of<'long>,
                ) -> &'r Self::Of<'short>
                #whole
            }

            #(#proofs)*
        };
    ))
}

/// The lifetime of the type, of which there is one.
fn the_lifetime(input: &DeriveInput) -> Result<Lifetime> {
    let mut lifetimes = input.generics.lifetimes();
    match (lifetimes.next(), lifetimes.next()) {
        (Some(it), None) => Ok(it.lifetime.clone()),
        (None, _) => Err(Error::new_spanned(
            &input.ident,
            "a type without a lifetime needs no tag of its own; `CovariantForLt!` makes one",
        )),
        (Some(_), Some(second)) => Err(Error::new_spanned(
            second,
            "the type has more than one lifetime; `CovariantForLt!` takes it with `'static` for all but one",
        )),
    }
}

/// The other parameters, which must live for ever because the type must live as long as any lifetime.
fn without_lifetime(generics: &Generics, lifetime: &Lifetime) -> Generics {
    struct Static<'a>(&'a Lifetime);

    impl VisitMut for Static<'_> {
        fn visit_lifetime_mut(&mut self, it: &mut Lifetime) {
            if it.ident == self.0.ident {
                *it = named("static");
            }
        }
    }

    let mut outer = generics.clone();
    outer.params = outer
        .params
        .into_iter()
        .filter(|parameter| !matches!(parameter, GenericParam::Lifetime(_)))
        .collect();
    Static(lifetime).visit_generics_mut(&mut outer);
    for parameter in &mut outer.params {
        match parameter {
            GenericParam::Type(it) => {
                it.default = None;
                it.bounds.push(parse_quote!('static));
            }
            GenericParam::Const(it) => it.default = None,
            GenericParam::Lifetime(_) => {}
        }
    }
    outer
}

fn fields(input: &DeriveInput) -> Result<Box<dyn Iterator<Item = &Field> + '_>> {
    match &input.data {
        Data::Struct(data) => Ok(Box::new(data.fields.iter())),
        Data::Enum(data) => Ok(Box::new(
            data.variants.iter().flat_map(|it| it.fields.iter()),
        )),
        Data::Union(_) => Err(Error::new_spanned(
            &input.ident,
            "what a union holds cannot be told from its fields",
        )),
    }
}

/// An item that compiles only if `field` is covariant. The error is reported at the field.
fn covariant(field: &Field, number: usize, lifetime: &Lifetime, outer: &Generics) -> TokenStream {
    let name = format_ident!("field_{number}");
    let long = lifetime::replace(&field.ty, lifetime, &named("long"));
    let short = lifetime::replace(&field.ty, lifetime, &named("short"));
    let span = field
        .ident
        .as_ref()
        .map_or(field.ty.span(), |name| name.span());
    let proof = quote_spanned!(span => { it });
    let parameters = &outer.params;
    let bounds = &outer.where_clause;

    quote!(
        fn #name<'r, 'short: 'r, 'long: 'short, #parameters>(it: &'r (#long)) -> &'r (#short)
        #bounds
        #proof
    )
}
