// SPDX-License-Identifier: GPL-2.0

//! Which parts of a type the compiler has to prove something of, and how it is asked.

use crate::{
    binder::OverLifetime,
    lifetime, //
};
use proc_macro2::{
    Span,
    TokenStream, //
};
use quote::{
    quote,
    quote_spanned, //
};
use std::collections::HashSet;
use syn::{
    spanned::Spanned,
    GenericParam,
    Ident,
    Lifetime,
    Type, //
};

/// The parts of `ty` for which it is not plain that they are covariant in `lifetime`, and well-formed for
/// every lifetime if they are for `'static`.
pub(crate) fn parts<'a>(ty: &'a Type, lifetime: &Lifetime) -> Vec<&'a Type> {
    let mut parts = Vec::new();
    collect(ty, lifetime, &mut parts);
    parts
}

fn collect<'a>(ty: &'a Type, lifetime: &Lifetime, parts: &mut Vec<&'a Type>) {
    match ty {
        Type::Paren(ty) => collect(&ty.elem, lifetime, parts),
        Type::Group(ty) => collect(&ty.elem, lifetime, parts),
        Type::Array(ty) => collect(&ty.elem, lifetime, parts),
        Type::Slice(ty) => collect(&ty.elem, lifetime, parts),
        Type::Tuple(ty) => {
            for elem in &ty.elems {
                collect(elem, lifetime, parts);
            }
        }
        Type::Ptr(ty) if ty.const_token.is_some() => collect(&ty.elem, lifetime, parts),
        // A reference that lives for any other lifetime may outlive what it refers to: `&'static &'a T` would
        // make every `'a` `'static`. That needs a proof.
        Type::Reference(ty)
            if ty.mutability.is_none() && ty.lifetime.as_ref() == Some(lifetime) =>
        {
            collect(&ty.elem, lifetime, parts)
        }
        Type::Reference(ty) if !lifetime::mentions(&ty.elem, lifetime) => {}
        ty if !lifetime::mentions(ty, lifetime) => {}
        ty => parts.push(ty),
    }
}

/// An item called `name` that compiles only if `part` is well-formed for every lifetime.
///
/// It is a structure because a function may assume this of its arguments.
pub(crate) fn well_formed(over: &OverLifetime, part: &Type, name: &Ident) -> TokenStream {
    let OverLifetime {
        lifetime,
        parameters,
        ..
    } = over;
    let types = parameters.iter().filter_map(|parameter| match parameter {
        GenericParam::Type(ty) => Some(&ty.ident),
        _ => None,
    });

    quote!(
        struct #name<#lifetime, #parameters>(
            ::core::marker::PhantomData<&#lifetime ()>,
            ::core::marker::PhantomData<(#(*const #types,)*)>,
            #part
        );
    )
}

/// An item called `name` that compiles only if `part` is covariant, given that it is well-formed for every lifetime.
///
/// The error is reported at `part`, and its notes name the type that is not covariant.
pub(crate) fn covariant(over: &OverLifetime, part: &Type, name: &Ident) -> TokenStream {
    let parameters = &over.parameters;
    let long = lifetime::replace(part, &over.lifetime, &named("long"));
    let short = lifetime::replace(part, &over.lifetime, &named("short"));
    let proof = quote_spanned!(part.span() => { it });

    quote!(
        fn #name<'r, 'short: 'r, 'long: 'short, #parameters>(it: &'r (#long)) -> &'r (#short)
        #proof
    )
}

/// A name that is not in `taken`.
///
/// Items are seen by all that stands beside them, the types which are to be proved something of among it. A
/// type of the same name would be hidden, and the proof would be one of something else.
pub(crate) fn free_name(wanted: &str, taken: &HashSet<String>) -> Ident {
    let name = (0..)
        .map(|number| format!("{wanted}_{number}"))
        .find(|name| !taken.contains(name))
        .unwrap_or_default();
    Ident::new(&name, Span::mixed_site())
}

pub(crate) fn named(name: &str) -> Lifetime {
    Lifetime::new(&format!("'{name}"), Span::mixed_site())
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::ToTokens;

    fn parts_of(over: &str) -> Vec<String> {
        let over: OverLifetime = syn::parse_str(over).unwrap();
        parts(&over.ty, &over.lifetime)
            .into_iter()
            .map(|part| part.to_token_stream().to_string().replace(' ', ""))
            .collect()
    }

    #[test]
    fn what_cannot_be_otherwise_needs_no_proof() {
        for plain in [
            "u32",
            "for<'a> Gpu<T>",
            "&u32",
            "&mut u32",
            "for<'a> &'static u32",
            "for<'a> &'a &'static u32",
            "(&u32, [&u32; 2], &[&u32])",
            "*const &u32",
            "(&(u32))",
        ] {
            assert_eq!(parts_of(plain), [""; 0], "{plain}");
        }
    }

    #[test]
    fn what_may_be_otherwise_is_to_be_proved() {
        for (over, want) in [
            ("for<'a> Gpu<'a>", "Gpu<'a>"),
            ("for<'a> &'a Gpu<'a>", "Gpu<'a>"),
            ("for<'a> &'static &'a u32", "&'static&'au32"),
            ("for<'a> &'a mut &'a u32", "&'amut&'au32"),
            ("for<'a> *mut &'a u32", "*mut&'au32"),
            ("for<'a> fn(&'a u32)", "fn(&'au32)"),
            ("for<'a> &'a (dyn Tr + 'a)", "dynTr+'a"),
            ("for<'a> word!()", "word!()"),
        ] {
            assert_eq!(parts_of(over), [want], "{over}");
        }
    }

    #[test]
    fn each_part_is_proved_on_its_own() {
        assert_eq!(
            parts_of("for<'a> (&'a A<'a>, [B<'a>; 2], u32)"),
            ["A<'a>", "B<'a>"]
        );
    }

    #[test]
    fn names_in_the_type_are_left_alone() {
        let ty: Type = syn::parse_str("(P_0, m!([P_1]), &'P_2 u32)").unwrap();
        let mut taken = lifetime::names(quote!(#ty));
        let first = free_name("P", &taken).to_string();
        assert_eq!(first, "P_3");
        taken.insert(first);
        assert_eq!(free_name("P", &taken), "P_4");
        assert_eq!(free_name("Q", &taken), "Q_0");
    }
}
