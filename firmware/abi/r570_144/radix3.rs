// SPDX-License-Identifier: GPL-2.0

//! The page tables through which the GPU reads the image from scattered pages.
//!
//! There are three levels of 8-byte DMA addresses. Level 0 is one page whose first entry is level 1's
//! address; level 1 is one page with the addresses of level 2's; level 2 has those of the image's. All
//! other entries are 0.

use super::{
    wire::is_page,
    PAGE_SIZE, //
};
use core::fmt;

/// Entries of a page.
pub const ENTRIES: usize = PAGE_SIZE / 8;

/// Bytes of the longest image: as much as one page of level 1 can reach.
pub const MAX_SIZE: usize = ENTRIES * ENTRIES * PAGE_SIZE;

/// How many pages an image and its tables have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Radix3 {
    /// Pages of the image, the last of which may be partly used.
    pub image_pages: usize,
    /// Pages of level 2.
    pub level2_pages: usize,
}

/// Why there are no such tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Radix3Error {
    /// The image is empty or longer than [`MAX_SIZE`].
    Size(usize),
    /// Not a page's address.
    Address(u64),
    /// The table has not the size it should have.
    Table {
        /// Its bytes.
        len: usize,
        /// What it should have, or at least so many.
        needed: usize,
    },
}

impl fmt::Display for Radix3Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size(size) => write!(f, "no page tables can hold {size:#x} bytes"),
            Self::Address(address) => write!(f, "{address:#x} is no page's address"),
            Self::Table { len, needed } => {
                write!(f, "page table of {len:#x} bytes, needs {needed:#x}")
            }
        }
    }
}

impl core::error::Error for Radix3Error {}

impl Radix3 {
    /// The pages for an image of `size` bytes.
    ///
    /// # Errors
    ///
    /// [`Radix3Error::Size`].
    pub const fn new(size: usize) -> Result<Self, Radix3Error> {
        if size == 0 || size > MAX_SIZE {
            return Err(Radix3Error::Size(size));
        }
        let image_pages = size.div_ceil(PAGE_SIZE);
        Ok(Self {
            image_pages,
            level2_pages: image_pages.div_ceil(ENTRIES),
        })
    }

    /// Bytes of the pages of level 2.
    pub const fn level2_size(&self) -> usize {
        self.level2_pages * PAGE_SIZE
    }
}

/// Writes a table of any level, of whole pages: `addresses`, then zeros.
///
/// # Errors
///
/// [`Radix3Error`], if an address is no page's, or the table has no whole number of pages or too few for
/// the addresses. What is in the table is of no use then.
pub fn fill(table: &mut [u8], addresses: impl IntoIterator<Item = u64>) -> Result<(), Radix3Error> {
    let len = table.len();
    if len == 0 || len % PAGE_SIZE != 0 {
        let needed = len.next_multiple_of(PAGE_SIZE).max(PAGE_SIZE);
        return Err(Radix3Error::Table { len, needed });
    }
    table.fill(0);
    let mut entries = table.chunks_exact_mut(8);
    for address in addresses {
        if !is_page(address) {
            return Err(Radix3Error::Address(address));
        }
        let entry = entries.next().ok_or(Radix3Error::Table {
            len,
            needed: len + 8,
        })?;
        entry.copy_from_slice(&address.to_le_bytes());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        vec,
        vec::Vec, //
    };

    #[test]
    fn pages_of_real_images() {
        for (name, size, image_pages, level2_pages) in [
            ("TU102", 0x1b3_4ea0, 6965, 14),
            ("GA102", 0x3c9_9000, 15513, 31),
            ("one byte", 1, 1, 1),
            ("a full page of level 2", 512 * 4096, 512, 1),
            ("one byte more", 512 * 4096 + 1, 513, 2),
            ("1 GiB", 1 << 30, 262_144, 512),
        ] {
            let want = Radix3 {
                image_pages,
                level2_pages,
            };
            assert_eq!(Radix3::new(size), Ok(want), "{name}");
            assert_eq!(want.level2_size(), level2_pages * 4096, "{name}");
        }
        for size in [0, (1 << 30) + 1, usize::MAX] {
            assert_eq!(Radix3::new(size), Err(Radix3Error::Size(size)));
        }
    }

    #[test]
    fn tables_are_addresses_and_then_zeros() {
        let mut table = vec![0xff; 8192];
        fill(&mut table, (1..=513).map(|page| page << 12)).unwrap();
        let entries = table.chunks_exact(8);
        let entries: Vec<_> = entries
            .map(|entry| u64::from_le_bytes(entry.try_into().unwrap()))
            .collect();
        assert_eq!(entries[0], 0x1000);
        assert_eq!(entries[512], 513 << 12);
        assert!(entries[513..].iter().all(|&entry| entry == 0));
    }

    #[test]
    fn impossible_tables_are_refused() {
        let mut page = vec![0; 4096];
        let error = fill(&mut page, (1..=513).map(|page| page << 12));
        let (len, needed) = (4096, 4104);
        assert_eq!(error, Err(Radix3Error::Table { len, needed }));
        for address in [0, 0x1008, 0xfff] {
            let error = fill(&mut page, [0x1000, address]);
            assert_eq!(error, Err(Radix3Error::Address(address)));
        }
        for (len, needed) in [(0, 4096), (8, 4096), (4097, 8192)] {
            let error = fill(&mut vec![0; len], []);
            assert_eq!(error, Err(Radix3Error::Table { len, needed }));
        }
    }
}
