// SPDX-License-Identifier: GPL-2.0

//! What the macros are given: a type, perhaps behind a binder.
//!
//! ```text
//! for<'a> Gpu<'a>                     the lifetime has a name
//! Gpu<'_>    &Gpu    u32              the lifetime is left out, or there is none
//! for<'a, T, const N: usize> …        T and N are parameters of what surrounds the macro
//! ```

use crate::lifetime;
use proc_macro2::Span;
use std::sync::atomic::{
    AtomicUsize,
    Ordering, //
};
use syn::{
    parse::{
        Parse,
        ParseStream, //
    },
    parse_quote,
    punctuated::Punctuated,
    Error,
    GenericParam,
    Ident,
    Lifetime,
    Result,
    Token,
    Type,
    TypeParam,
    TypeParamBound, //
};

/// A type over a lifetime that has a name.
pub(crate) struct OverLifetime {
    pub(crate) lifetime: Lifetime,
    /// Parameters of the surroundings, for which proofs must hold whatever they are.
    pub(crate) parameters: Punctuated<GenericParam, Token![,]>,
    pub(crate) ty: Type,
}

impl Parse for OverLifetime {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if !input.peek(Token![for]) {
            let lifetime = invented();
            return Ok(Self {
                ty: lifetime::fill_in(input.parse()?, &lifetime),
                lifetime,
                parameters: Punctuated::new(),
            });
        }

        input.parse::<Token![for]>()?;
        input.parse::<Token![<]>()?;
        let lifetime = input.parse()?;
        if input.peek(Token![:]) {
            return Err(input.error("the lifetime stands for every lifetime; it cannot be bounded"));
        }
        let mut parameters = Punctuated::new();
        while !input.peek(Token![>]) {
            input.parse::<Token![,]>()?;
            if input.peek(Token![>]) {
                break;
            }
            parameters.push(parameter(input)?);
        }
        input.parse::<Token![>]>()?;
        let ty = input.parse()?;
        if let Some(it) = lifetime::given_to_macro(&ty, &lifetime) {
            return Err(Error::new_spanned(
                it,
                "what a macro makes of the lifetime cannot be seen; write the type itself",
            ));
        }
        Ok(Self {
            lifetime,
            parameters,
            ty,
        })
    }
}

/// A type or constant that the surroundings are generic over.
fn parameter(input: ParseStream<'_>) -> Result<GenericParam> {
    match input.parse()? {
        GenericParam::Lifetime(second) => Err(Error::new_spanned(
            second,
            "the type is over one lifetime; where it has more, say `'static` for the others",
        )),
        GenericParam::Type(mut ty) => {
            check_bounds(&ty)?;
            // The type must live for every lifetime, so what it is made of must. The tag checks that.
            ty.bounds.push(parse_quote!('static));
            Ok(GenericParam::Type(ty))
        }
        parameter => Ok(parameter),
    }
}

/// Refuses bounds that say more of a type than how long it lives and whether its size is known.
///
/// A proof that rests on another bound would have to be told that the bound holds, and nothing that can
/// stand in the place of a type can ask for that.
fn check_bounds(ty: &TypeParam) -> Result<()> {
    for bound in &ty.bounds {
        let harmless = match bound {
            TypeParamBound::Lifetime(_) => true,
            TypeParamBound::Trait(bound) => {
                matches!(bound.modifier, syn::TraitBoundModifier::Maybe(_))
            }
            _ => false,
        };
        if !harmless {
            return Err(Error::new_spanned(
                bound,
                "the macro cannot check this bound; `#[derive(Covariant)]` on the type can",
            ));
        }
    }
    if let Some(default) = &ty.default {
        return Err(Error::new_spanned(
            default,
            "a parameter here has no default",
        ));
    }
    Ok(())
}

/// A lifetime that nobody else has named. Macros may stand in the types of others, so each needs its own.
fn invented() -> Lifetime {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    Lifetime {
        apostrophe: Span::mixed_site(),
        ident: Ident::new(&format!("__lifetime_{number}"), Span::mixed_site()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::ToTokens;

    fn parse(text: &str) -> Result<OverLifetime> {
        syn::parse_str(text)
    }

    fn text(it: impl ToTokens) -> String {
        it.to_token_stream().to_string().replace(' ', "")
    }

    #[test]
    fn a_lifetime_left_out_is_the_same_everywhere() {
        let over = parse("(&u32, Gpu<'_>, &'static u32, fn(&u32))").unwrap();
        let it = over.lifetime.to_string();
        assert_eq!(
            text(over.ty),
            format!("(&{it}u32,Gpu<{it}>,&'staticu32,fn(&{it}u32))")
        );
    }

    #[test]
    fn every_macro_invents_another_lifetime() {
        let (first, second) = (parse("&u32").unwrap(), parse("&u32").unwrap());
        assert_ne!(first.lifetime.to_string(), second.lifetime.to_string());
    }

    #[test]
    fn behind_a_binder_nothing_is_filled_in() {
        let over = parse("for<'a> (&u32, Gpu<'_>, &'a u32)").unwrap();
        assert_eq!(over.lifetime.to_string(), "'a");
        assert_eq!(text(over.ty), "(&u32,Gpu<'_>,&'au32)");
    }

    #[test]
    fn parameters_are_read_and_live_for_ever() {
        let over = parse("for<'a, T, U: ?Sized, const N: usize,> Gpu<'a, T, U, N>").unwrap();
        assert_eq!(
            text(over.parameters),
            "T:'static,U:?Sized+'static,constN:usize"
        );
        assert!(parse("for<'a,> &'a u32").unwrap().parameters.is_empty());
    }

    #[test]
    fn what_cannot_be_proved_is_refused() {
        for (given, want) in [
            ("for<'a, 'b> u32", "one lifetime"),
            ("for<'a: 'static> u32", "cannot be bounded"),
            ("for<'a, T: Copy> u32", "cannot check this bound"),
            ("for<'a, T: 'static + Copy> u32", "cannot check this bound"),
            ("for<'a, T = u32> u32", "has no default"),
            ("for<'a> word!('a)", "what a macro makes"),
            ("for<'a> (u32, word!([&'a u32]))", "what a macro makes"),
            ("for<> u32", "expected lifetime"),
            ("for<'a>", "expected one of"),
            ("u32 u32", "unexpected token"),
        ] {
            let Err(err) = parse(given) else {
                panic!("{given}: accepted");
            };
            assert!(err.to_string().contains(want), "{given}: {err}");
        }
    }
}
