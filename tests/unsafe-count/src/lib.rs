// SPDX-License-Identifier: GPL-2.0

//! Where the project says `unsafe`, and why.
//!
//! Each place is of a kind, and each kind has a reason, which is told once. A place of no known kind is an
//! error: whoever adds one says what it is for. The page that results is part of the documentation, and a
//! test holds it against the source.
//!
//! | module | gives |
//! |---|---|
//! | [`scan`] | the places in a source text |
//! | [`kind`] | the kinds, their reasons, and how a place is recognised |
//! | [`tree`] | the places in all source files |
//! | [`page`] | the page |

pub mod kind;
pub mod page;
pub mod scan;
pub mod tree;
