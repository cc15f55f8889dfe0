// SPDX-License-Identifier: GPL-2.0

//! A client that keeps its node open while the driver is unbound under it.

use std::io;

use crate::{
    node::{
        self,
        name_of,
        GETPARAM,
        GET_CAP,
        VRAM_BAR_SIZE, //
    },
    sys,
};

/// `DRM_CAP_PRIME`.
const CAP_PRIME: u64 = 5;

/// Opens the node, prints `ready`, waits for a line on standard input (or its end), prints what each call
/// returns now, closes the node and prints `closed`.
///
/// # Errors
/// When the node cannot be opened to begin with.
pub fn run(path: &str) -> io::Result<bool> {
    let file = node::open(path)?;
    println!(
        "before {}",
        name_of(&node::query(&file, GETPARAM, VRAM_BAR_SIZE))
    );
    println!("ready");
    io::stdin().read_line(&mut String::new())?;
    println!(
        "getparam {}",
        name_of(&node::query(&file, GETPARAM, VRAM_BAR_SIZE))
    );
    println!("version {}", name_of(&sys::version(&file)));
    println!(
        "get_cap {}",
        name_of(&node::query(&file, GET_CAP, CAP_PRIME))
    );
    println!("mmap {}", name_of(&sys::try_map(&file, 0)));
    drop(file);
    println!("closed");
    Ok(true)
}
