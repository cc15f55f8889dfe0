// SPDX-License-Identifier: GPL-2.0

//! The page tables of the GPU's memory management unit: from a virtual address to a byte of memory.
//!
//! Two formats. Both have small pages of 4 KiB, big ones of 64 KiB and huge ones of 2 MiB or more; a
//! directory entry of the last level names a table of big and one of small pages, and a small entry
//! counts where the big one is invalid and does not say that there is none.
//!
//! | | v2 (Turing to Ada) | v3 (from Hopper on) |
//! |---|---|---|
//! | virtual address | 49 bits | 57 bits |
//! | index bits | 48:47, 46:38, 37:29, 28:21, 20:12 | 56, 55:47, and as v2 |
//! | addresses in entries | shifted right by 4 | as they are |

use crate::chips::Family;

/// How entries are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Turing, Ampere, Ada.
    V2,
    /// Hopper, Blackwell.
    V3,
}

/// Whose memory an address is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// The card's own.
    Video,
    /// The machine's, by bus address.
    System,
}

/// Where a virtual address leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Whose memory.
    pub memory: Memory,
    /// Address of the byte in it.
    pub address: u64,
    /// Bytes from there to the end of the page.
    pub left: u64,
    /// Writes are refused.
    pub read_only: bool,
}

/// Why an address leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No entry, at the level whose lowest index bit is this one.
    Unmapped(u32),
    /// Reads as zero, and writes vanish: nothing is meant to be there.
    Sparse,
    /// The page is in another GPU.
    Peer,
    /// A table is where no memory answers.
    TableGone(u64),
    /// The address has more bits than the format.
    TooHigh,
}

const KIB4: u32 = 12;
const KIB64: u32 = 16;
/// Lowest index bit of the last directory, whose entries have two halves.
const PD0: u32 = 21;
/// The directories above it: lowest index bit, and number of index bits.
const UPPER_V2: &[(u32, u32)] = &[(47, 2), (38, 9), (29, 9)];
const UPPER_V3: &[(u32, u32)] = &[(56, 1), (47, 9), (38, 9), (29, 9)];

impl Format {
    /// The format that chips of `family` are driven with.
    pub fn of(family: Family) -> Self {
        if family.boots_by_fsp() {
            Self::V3
        } else {
            Self::V2
        }
    }

    fn upper(self) -> &'static [(u32, u32)] {
        match self {
            Self::V2 => UPPER_V2,
            Self::V3 => UPPER_V3,
        }
    }

    fn bits(self) -> u32 {
        let (shift, width) = self.upper()[0];
        shift + width
    }

    /// Address in an entry, as a multiple of `1 << align`.
    fn address(self, entry: u64, align: u32) -> u64 {
        let plain = match self {
            // Bits 53:8 hold address bits 57:12.
            Self::V2 => (entry & 0x003f_ffff_ffff_ffff) << 4,
            Self::V3 => entry & 0x000f_ffff_ffff_ffff,
        };
        plain >> align << align
    }

    /// Page address of a leaf. In v2, bits above 32 are something else where video memory is meant.
    fn leaf_address(self, entry: u64, memory: Memory) -> u64 {
        match (self, memory) {
            (Self::V2, Memory::Video) => self.address(entry & 0x1_ffff_ffff, KIB4),
            _ => self.address(entry, KIB4),
        }
    }

    fn is_read_only(self, leaf: u64) -> bool {
        match self {
            Self::V2 => leaf >> 6 & 1 != 0,
            Self::V3 => leaf >> 5 & 1 != 0,
        }
    }

    fn is_sparse(self, invalid: u64) -> bool {
        match self {
            Self::V2 => invalid >> 3 & 1 != 0,
            Self::V3 => matches!(invalid >> 3 & 0x1f, 1),
        }
    }

    /// Says an invalid big entry that there are no small ones either?
    fn rules_out_small(self, invalid: u64) -> bool {
        match self {
            Self::V2 => invalid >> 5 & 1 != 0,
            Self::V3 => invalid >> 3 & 0x1f == 3,
        }
    }

    /// Translates `va` with the tables below the directory at `root` in video memory. `read` fetches eight
    /// bytes at an address, or nothing where there is no memory.
    ///
    /// # Errors
    /// [`Fault`], if the address leads nowhere.
    pub fn translate(
        self,
        root: u64,
        va: u64,
        read: &impl Fn(Memory, u64) -> Option<u64>,
    ) -> Result<Place, Fault> {
        if va >> self.bits() != 0 {
            return Err(Fault::TooHigh);
        }
        let mut table = (Memory::Video, root);
        for &(shift, width) in self.upper() {
            let entry = fetch(read, table, va >> shift & ((1 << width) - 1), 8)?;
            if entry & 1 != 0 {
                return self.leaf(entry, va, shift);
            }
            table = self.directory(entry, shift, KIB4)?;
        }
        let index = va >> PD0 & 0xff;
        let big = fetch(read, table, index, 16)?;
        if big & 1 != 0 {
            return self.leaf(big, va, PD0);
        }
        let small = fetch(read, (table.0, table.1 + 8), index, 16)?;
        match self.directory(big, PD0, 8) {
            Ok(table) => {
                let entry = fetch(read, table, va >> KIB64 & 0x1f, 8)?;
                if entry & 1 != 0 {
                    return self.leaf(entry, va, KIB64);
                }
                if self.rules_out_small(entry) {
                    return Err(Fault::Unmapped(KIB64));
                }
                if small >> 1 & 3 == 0 {
                    return Err(self.nothing(entry, KIB64));
                }
            }
            Err(Fault::Sparse) => return Err(Fault::Sparse),
            Err(_) => {}
        }
        let table = self.directory(small, PD0, KIB4)?;
        let entry = fetch(read, table, va >> KIB4 & 0x1ff, 8)?;
        self.leaf(entry, va, KIB4)
    }

    fn directory(self, entry: u64, shift: u32, align: u32) -> Result<(Memory, u64), Fault> {
        let memory = match entry >> 1 & 3 {
            0 => return Err(self.nothing(entry, shift)),
            1 => Memory::Video,
            _ => Memory::System,
        };
        Ok((memory, self.address(entry, align)))
    }

    fn leaf(self, entry: u64, va: u64, shift: u32) -> Result<Place, Fault> {
        if entry & 1 == 0 {
            return Err(self.nothing(entry, shift));
        }
        let memory = match entry >> 1 & 3 {
            0 => Memory::Video,
            1 => return Err(Fault::Peer),
            _ => Memory::System,
        };
        let size = 1 << shift;
        let inside = va & (size - 1);
        Ok(Place {
            memory,
            address: self.leaf_address(entry, memory) + inside,
            left: size - inside,
            read_only: self.is_read_only(entry),
        })
    }

    fn nothing(self, entry: u64, shift: u32) -> Fault {
        if self.is_sparse(entry) {
            Fault::Sparse
        } else {
            Fault::Unmapped(shift)
        }
    }
}

fn fetch(
    read: &impl Fn(Memory, u64) -> Option<u64>,
    (memory, table): (Memory, u64),
    index: u64,
    size: u64,
) -> Result<u64, Fault> {
    let address = table + index * size;
    read(memory, address).ok_or(Fault::TableGone(address))
}

#[cfg(test)]
mod tests;
