// SPDX-License-Identifier: GPL-2.0

//! The places in a source text that say `unsafe`.
//!
//! What is looked at is tokens, not syntax, so what stands inside of macros counts like everything else.

use proc_macro2::{
    Delimiter,
    Spacing,
    TokenStream,
    TokenTree, //
};

/// What `unsafe` stands before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// A block: something unsafe is done.
    Block,
    /// An implementation: something is promised of a type.
    Impl,
    /// A function or a trait: something is asked of others.
    Contract,
}

/// A place that says `unsafe`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What it stands before.
    pub form: Form,
    /// The tokens of the block with a space after each, or those up to the body of anything else.
    pub text: String,
    /// Whether it is part of a test.
    pub test: bool,
}

/// Finds all places in `source`.
///
/// # Errors
///
/// A text that says why `source` is no Rust.
pub fn scan(source: &str) -> Result<Vec<Place>, String> {
    let tokens: TokenStream = source.parse().map_err(|err| format!("{err}"))?;
    let mut places = Vec::new();
    walk(tokens, false, &mut places)?;
    Ok(places)
}

fn walk(tokens: TokenStream, test: bool, places: &mut Vec<Place>) -> Result<(), String> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    // A module of tests is one whose attributes say so, or one that is called so.
    let mut test_item = false;

    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => {
                let is_body = group.delimiter() == Delimiter::Brace;
                test_item |=
                    group.delimiter() == Delimiter::Bracket && is_test_attribute(&tokens, at);
                walk(group.stream(), test || (is_body && test_item), places)?;
                if is_body {
                    test_item = false;
                }
            }
            TokenTree::Ident(name) if name == "unsafe" => {
                if let Some(form) = form(&tokens[at + 1..])? {
                    places.push(Place {
                        form,
                        text: text(&tokens[at + 1..], form),
                        test,
                    });
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Tells whether the group at `at` is an attribute by which what follows is a test.
fn is_test_attribute(tokens: &[TokenTree], at: usize) -> bool {
    let hash = at.checked_sub(1).map(|before| &tokens[before]);
    let TokenTree::Group(group) = &tokens[at] else {
        return false;
    };
    let words = group.stream().to_string();
    matches!(hash, Some(TokenTree::Punct(it)) if it.as_char() == '#')
        && (words.starts_with("kunit_tests") || words.contains("CONFIG_KUNIT"))
}

/// What the `unsafe` before `rest` stands before; `None` if it only names the type of a function.
fn form(rest: &[TokenTree]) -> Result<Option<Form>, String> {
    let word = |at: usize| match rest.get(at) {
        Some(TokenTree::Ident(name)) => name.to_string(),
        _ => String::new(),
    };
    match rest.first() {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
            return Ok(Some(Form::Block))
        }
        // A promise made to a macro of the kernel: `unsafe(uninit)`.
        Some(TokenTree::Group(_)) => return Ok(Some(Form::Block)),
        _ => {}
    }
    let function = rest
        .iter()
        .position(|token| matches!(token, TokenTree::Ident(name) if name == "fn"))
        .filter(|&at| at <= 2);
    match (word(0).as_str(), function) {
        ("impl", _) => Ok(Some(Form::Impl)),
        ("trait", _) => Ok(Some(Form::Contract)),
        (_, Some(at)) if word(at + 1).is_empty() => Ok(None),
        (_, Some(_)) => Ok(Some(Form::Contract)),
        ("extern", None) => Ok(Some(Form::Contract)),
        (other, None) => Err(format!("`unsafe` before `{other}`, which is nothing known")),
    }
}

fn text(rest: &[TokenTree], form: Form) -> String {
    let body = |token: &&TokenTree| {
        form != Form::Block
            && matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
    };
    let wanted = if form == Form::Block { 1 } else { rest.len() };
    let tokens: Vec<_> = rest
        .iter()
        .take(wanted)
        .take_while(|it| !body(it))
        .collect();
    let mut out = String::new();
    for token in tokens {
        spell(token, &mut out);
    }
    out
}

/// Writes each token followed by one space, but no space inside of `::` and the like.
fn spell(token: &TokenTree, out: &mut String) {
    let TokenTree::Group(group) = token else {
        out.push_str(&token.to_string());
        if !matches!(token, TokenTree::Punct(it) if it.spacing() == Spacing::Joint) {
            out.push(' ');
        }
        return;
    };
    let (open, close) = match group.delimiter() {
        Delimiter::Parenthesis => ("( ", ") "),
        Delimiter::Brace => ("{ ", "} "),
        Delimiter::Bracket => ("[ ", "] "),
        Delimiter::None => ("", ""),
    };
    out.push_str(open);
    for token in group.stream() {
        spell(&token, out);
    }
    out.push_str(close);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(source: &str) -> Vec<(Form, bool)> {
        let places = scan(source).unwrap();
        places.iter().map(|it| (it.form, it.test)).collect()
    }

    #[test]
    fn every_form_is_found() {
        use Form::{
            Block,
            Contract,
            Impl, //
        };
        for (source, want) in [
            ("fn f() { unsafe { g() } }", &[(Block, false)][..]),
            ("unsafe impl Send for T {}", &[(Impl, false)]),
            ("unsafe trait T {}", &[(Contract, false)]),
            (
                "unsafe fn f() { unsafe { g() } }",
                &[(Contract, false), (Block, false)],
            ),
            ("unsafe extern \"C\" fn f() {}", &[(Contract, false)]),
            ("type F = unsafe extern \"C\" fn(u8);", &[]),
            ("m! { unsafe(uninit) static A: u8 = 1; }", &[(Block, false)]),
            (
                "macro_rules! m { () => { unsafe { g() } } }",
                &[(Block, false)],
            ),
            ("// unsafe { }\n/// unsafe\nfn f() { \"unsafe\"; }", &[]),
        ] {
            assert_eq!(forms(source), want, "{source}");
        }
    }

    #[test]
    fn tests_are_told_from_the_rest() {
        let source = "
            #[kunit_tests(name)] mod tests { fn f() { unsafe { a() } } }
            fn f() { unsafe { b() } }
            #[cfg(CONFIG_KUNIT = \"y\")] mod kunit;
            #[cfg(CONFIG_KUNIT = \"y\")] fn g() { unsafe { c() } }
            fn h() { unsafe { d() } }";
        let tests: Vec<_> = scan(source).unwrap().iter().map(|it| it.test).collect();
        // The module without a body makes no test of what follows it.
        assert_eq!(tests, [true, false, true, false]);
    }

    #[test]
    fn text_is_that_of_the_block_or_of_the_head() {
        let places =
            scan("unsafe impl<T> Send for A<T> { x } fn f() { unsafe { g(1)? } ; 2 }").unwrap();
        assert_eq!(places[0].text, "impl < T > Send for A < T > ");
        assert_eq!(places[1].text, "{ g ( 1 ) ? } ");
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        assert!(scan("unsafe mod m {}")
            .unwrap_err()
            .contains("before `mod`"));
        assert!(scan("fn f( {").is_err());
    }
}
