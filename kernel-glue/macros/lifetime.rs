// SPDX-License-Identifier: GPL-2.0

//! Lifetimes and other names in types.

use proc_macro2::{
    TokenStream,
    TokenTree, //
};
use std::collections::HashSet;
use syn::{
    visit::Visit,
    visit_mut::VisitMut,
    Lifetime,
    Type, //
};

/// Tells whether `ty` mentions `lifetime`. What a macro in it expands to is not known, so it may.
pub(crate) fn mentions(ty: &Type, lifetime: &Lifetime) -> bool {
    struct Search<'a>(&'a Lifetime, bool);

    impl Visit<'_> for Search<'_> {
        fn visit_lifetime(&mut self, lifetime: &Lifetime) {
            self.1 |= lifetime.ident == self.0.ident;
        }

        fn visit_macro(&mut self, _: &syn::Macro) {
            self.1 = true;
        }
    }

    let mut search = Search(lifetime, false);
    search.visit_type(ty);
    search.1
}

/// `ty` with `to` wherever it mentions `from`.
pub(crate) fn replace(ty: &Type, from: &Lifetime, to: &Lifetime) -> Type {
    struct Replace<'a>(&'a Lifetime, &'a Lifetime);

    impl VisitMut for Replace<'_> {
        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            if lifetime.ident == self.0.ident {
                lifetime.ident = self.1.ident.clone();
            }
        }
    }

    let mut ty = ty.clone();
    Replace(from, to).visit_type_mut(&mut ty);
    ty
}

/// `ty` with `lifetime` wherever one is left out: at `'_`, and at a reference without a lifetime.
pub(crate) fn fill_in(mut ty: Type, lifetime: &Lifetime) -> Type {
    struct FillIn<'a>(&'a Lifetime);

    impl VisitMut for FillIn<'_> {
        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            if lifetime.ident == "_" {
                *lifetime = self.0.clone();
            }
        }

        fn visit_type_reference_mut(&mut self, reference: &mut syn::TypeReference) {
            syn::visit_mut::visit_type_reference_mut(self, reference);
            reference.lifetime.get_or_insert_with(|| self.0.clone());
        }
    }

    FillIn(lifetime).visit_type_mut(&mut ty);
    ty
}

/// All names in `tokens`, those of lifetimes among them. What macros in it are given is searched too.
pub(crate) fn names(tokens: TokenStream) -> HashSet<String> {
    let mut names = HashSet::new();
    for token in tokens {
        match token {
            TokenTree::Ident(name) => {
                names.insert(name.to_string());
            }
            TokenTree::Group(group) => names.extend(self::names(group.stream())),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    names
}

/// The first macro in `ty` that is given `lifetime`.
pub(crate) fn given_to_macro<'a>(ty: &'a Type, lifetime: &Lifetime) -> Option<&'a syn::Macro> {
    struct Search<'a, 'l>(&'l Lifetime, Option<&'a syn::Macro>);

    impl<'a> Visit<'a> for Search<'a, '_> {
        fn visit_macro(&mut self, it: &'a syn::Macro) {
            if names(it.tokens.clone()).contains(&self.0.ident.to_string()) {
                self.1.get_or_insert(it);
            }
        }
    }

    let mut search = Search(lifetime, None);
    search.visit_type(ty);
    search.1
}
