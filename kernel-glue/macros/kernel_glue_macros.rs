// SPDX-License-Identifier: GPL-2.0

//! Macros that name types over a lifetime; `kernel_glue::for_lt` says what they are for.
//!
//! They run inside the compiler, not in the kernel.

mod binder;
mod derive;
mod for_lt;
mod lifetime;
mod proof;

use for_lt::Claim;
use proc_macro::TokenStream;

/// A type over one lifetime.
#[proc_macro]
#[expect(non_snake_case, reason = "it is used where the name of a type stands")]
pub fn ForLt(input: TokenStream) -> TokenStream {
    expand(input, Claim::WellFormed)
}

/// A type over one lifetime, and covariant in it.
#[proc_macro]
#[expect(non_snake_case, reason = "it is used where the name of a type stands")]
pub fn CovariantForLt(input: TokenStream) -> TokenStream {
    expand(input, Claim::Covariant)
}

/// Makes `Type<'static, …>` the tag of a type that is covariant in its one lifetime.
#[proc_macro_derive(Covariant)]
pub fn covariant(input: TokenStream) -> TokenStream {
    syn::parse(input)
        .and_then(derive::expand)
        .unwrap_or_else(|err| err.into_compile_error())
        .into()
}

fn expand(input: TokenStream, claim: Claim) -> TokenStream {
    syn::parse(input)
        .map(|ty| for_lt::expand(ty, claim))
        .unwrap_or_else(|err| err.into_compile_error())
        .into()
}
