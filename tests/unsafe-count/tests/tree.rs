// SPDX-License-Identifier: GPL-2.0

//! The page on unsafe code is what the source says.

use std::{
    fs,
    path::PathBuf, //
};
use unsafe_count::{
    page,
    tree::{
        count,
        Counted, //
    }, //
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn counted() -> Counted {
    count(&root()).unwrap_or_else(|wrong| panic!("{wrong}"))
}

#[test]
fn page_is_what_the_source_says() {
    let page = fs::read_to_string(root().join(page::PATH)).unwrap();
    assert!(
        page == page::page(&counted()),
        "{} is old; use `cargo run -p unsafe-count -- --write`",
        page::PATH
    );
}

#[test]
fn modules_have_fewer_than_150_unsafe_blocks() {
    let blocks = counted().blocks.modules;
    assert!((1..150).contains(&blocks), "{blocks}");
}
