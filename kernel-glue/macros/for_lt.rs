// SPDX-License-Identifier: GPL-2.0

//! The type that stands for a type over a lifetime.

use crate::{
    binder::OverLifetime,
    lifetime,
    proof::{
        self,
        named, //
    }, //
};
use proc_macro2::TokenStream;
use quote::quote;

/// What is claimed of the type over its lifetime, and proved.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// It is a type for every lifetime.
    WellFormed,
    /// It is covariant as well.
    Covariant,
}

/// The tag type, with the proofs of what is claimed inside.
pub(crate) fn expand(over: OverLifetime, claim: Claim) -> TokenStream {
    let OverLifetime { lifetime, ty, .. } = &over;

    let mut taken = lifetime::names(quote!(#ty));
    let mut name = |wanted| {
        let name = proof::free_name(wanted, &taken);
        taken.insert(name.to_string());
        name
    };
    let mut proofs = Vec::new();
    for part in proof::parts(ty, lifetime) {
        proofs.push(proof::well_formed(&over, part, &name("WellFormed")));
        if claim == Claim::Covariant {
            proofs.push(proof::covariant(&over, part, &name("covariant")));
        }
    }
    // The parts that have no proof of their own are well-formed if the whole is for `'static`. The compiler
    // checks that of a type argument, but not of a type inside `dyn for<'a> …`.
    let at_static = lifetime::replace(ty, lifetime, &named("static"));
    let proved = match claim {
        Claim::WellFormed => quote!(well_formed),
        Claim::Covariant => quote!(covariant),
    };

    quote!(
        ::kernel_glue::for_lt::Tag::<
            dyn for<#lifetime> ::kernel_glue::for_lt::WithLt<#lifetime, Of = #ty>,
            #at_static,
            {
                #(#proofs)*

                // SAFETY: The items above prove it.
                unsafe { ::kernel_glue::for_lt::proved::#proved() }
            }
        >
    )
}
