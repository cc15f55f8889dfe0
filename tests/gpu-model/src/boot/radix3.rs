// SPDX-License-Identifier: GPL-2.0

//! The three-level table of pages through which firmware is handed the GSP image.

use std::ops::Range;

use crate::dma::{
    Direction,
    DmaError,
    Master, //
};

/// Bytes of a page, whatever the guest's are.
pub const PAGE: u64 = 4096;
const ENTRIES: u64 = PAGE / 8;

/// What is wrong with a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableError {
    /// A page cannot be read.
    Dma(&'static str, DmaError),
    /// The table does not describe the image.
    Malformed(String),
}

/// The pages of an image of `size` bytes whose table begins at `root`, in order; and the pages of
/// the table itself.
///
/// Each data page is checked to be readable; none is read.
///
/// # Errors
/// [`TableError`] with the first page or entry that is wrong.
pub fn walk(memory: &Master<'_>, root: u64, size: u64) -> Result<Pages, TableError> {
    let pages = size.div_ceil(PAGE);
    let leaves = pages.div_ceil(ENTRIES);
    if pages == 0 || leaves > ENTRIES {
        return Err(TableError::Malformed(format!("image of {size:#x} bytes")));
    }
    let level0 = entries(memory, "level 0 of the radix-3 table", root)?;
    if level0[1..].iter().any(|entry| *entry != 0) {
        return Err(TableError::Malformed(
            "level 0 of the radix-3 table has more than one entry".into(),
        ));
    }
    let middle = page(level0[0], "level 1")?;
    let level1 = entries(memory, "level 1 of the radix-3 table", middle)?;
    let mut result = Pages {
        table: vec![root, middle],
        data: Vec::new(),
    };
    // CAST: at most 512 each.
    for entry in &level1[..leaves as usize] {
        let leaf = page(*entry, "level 2")?;
        result.table.push(leaf);
        let level2 = entries(memory, "level 2 of the radix-3 table", leaf)?;
        let left = pages - result.data.len() as u64;
        for entry in &level2[..left.min(ENTRIES) as usize] {
            let address = page(*entry, "image")?;
            memory
                .check(Direction::Read, address, PAGE)
                .map_err(|error| TableError::Dma("a page of the image", error))?;
            result.data.push(address);
        }
    }
    Ok(result)
}

/// The outcome of [`walk`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pages {
    /// Pages of the table.
    pub table: Vec<u64>,
    /// Pages of the image.
    pub data: Vec<u64>,
}

impl Pages {
    /// All pages as ranges; neighbours are joined.
    pub fn ranges(&self) -> Vec<Range<u64>> {
        let mut ranges: Vec<Range<u64>> = Vec::new();
        for page in self.table.iter().chain(&self.data) {
            match ranges.last_mut() {
                Some(last) if last.end == *page => last.end += PAGE,
                _ => ranges.push(*page..page + PAGE),
            }
        }
        ranges
    }
}

fn page(entry: u64, what: &str) -> Result<u64, TableError> {
    if entry == 0 || entry % PAGE != 0 {
        return Err(TableError::Malformed(format!(
            "entry {entry:#x} for {what} is not the address of a page"
        )));
    }
    Ok(entry)
}

fn entries(memory: &Master<'_>, what: &'static str, address: u64) -> Result<Vec<u64>, TableError> {
    let mut bytes = vec![0; PAGE as usize];
    memory
        .read(address, &mut bytes)
        .map_err(|error| TableError::Dma(what, error))?;
    Ok(bytes
        .chunks_exact(8)
        .map(|chunk| {
            chunk
                .iter()
                .rev()
                .fold(0, |value, byte| value << 8 | u64::from(*byte))
        })
        .collect())
}
