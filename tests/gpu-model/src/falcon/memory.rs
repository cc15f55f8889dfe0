// SPDX-License-Identifier: GPL-2.0

//! Instruction memory in tagged blocks, and data memory.
//!
//! A program runs from virtual addresses: a block has a *tag*, which is the virtual address it
//! holds divided by its size, wherever it lies physically.

/// Bytes in a block.
pub const BLOCK: usize = 256;
/// Bytes in each memory.
pub const SIZE: usize = 64 << 10;
/// Blocks in each memory.
pub const BLOCKS: usize = SIZE / BLOCK;

/// One block of instruction memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// Virtual block number.
    pub tag: u32,
    /// Does it hold a whole block of code?
    pub valid: bool,
    /// May only secure code run from it?
    pub secure: bool,
}

/// Instruction memory.
#[derive(Debug)]
pub struct Imem {
    bytes: Vec<u8>,
    blocks: Vec<Block>,
    touched: bool,
}

/// Another valid block had the same tag; it lost it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DuplicateTag {
    /// The tag.
    pub tag: u32,
    /// Number of the block that had it.
    pub old: usize,
    /// Number of the block that has it now.
    pub new: usize,
}

impl Imem {
    /// Memory after scrubbing.
    pub fn scrubbed() -> Self {
        Self {
            bytes: vec![0; SIZE],
            blocks: vec![Block::default(); BLOCKS],
            touched: false,
        }
    }

    /// Has nothing been written since it was scrubbed?
    pub fn is_untouched(&self) -> bool {
        !self.touched
    }

    /// The block with number `index`; `None` past the end.
    pub fn block(&self, index: usize) -> Option<Block> {
        self.blocks.get(index).copied()
    }

    /// Number of the valid block with `tag`.
    pub fn find(&self, tag: u32) -> Option<usize> {
        self.blocks
            .iter()
            .position(|block| block.valid && block.tag == tag)
    }

    /// The bytes from `start` on; `None` past the end.
    pub fn bytes(&self, start: usize, len: usize) -> Option<&[u8]> {
        self.bytes.get(start..start.checked_add(len)?)
    }

    /// The dword at `offset`, as a port shows it: secure code reads as zero.
    pub fn read_port(&self, offset: usize) -> u32 {
        let is_secure = self.block(offset / BLOCK).is_some_and(|block| block.secure);
        match self.bytes(offset, 4) {
            Some(bytes) if !is_secure => {
                u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
            }
            _ => 0,
        }
    }

    /// Writes the dword at `offset`. Its block is not valid until [`Self::complete`] says so.
    pub fn write_port(&mut self, offset: usize, value: u32) {
        self.touched = true;
        if let Some(bytes) = self.bytes.get_mut(offset..offset + 4) {
            bytes.copy_from_slice(&value.to_le_bytes());
            self.blocks[offset / BLOCK].valid = false;
        }
    }

    /// Fills block `index` at once.
    pub fn fill(
        &mut self,
        index: usize,
        tag: u32,
        secure: bool,
        data: &[u8; BLOCK],
    ) -> Option<DuplicateTag> {
        let start = index * BLOCK;
        self.bytes
            .get_mut(start..start + BLOCK)?
            .copy_from_slice(data);
        self.complete(index, tag, secure)
    }

    /// Block `index` is whole now, and has `tag`. A block that had it before is no longer valid.
    pub fn complete(&mut self, index: usize, tag: u32, secure: bool) -> Option<DuplicateTag> {
        self.touched = true;
        let old = self.find(tag).filter(|old| *old != index);
        if let Some(old) = old {
            self.blocks[old].valid = false;
        }
        *self.blocks.get_mut(index)? = Block {
            tag,
            valid: true,
            secure,
        };
        old.map(|old| DuplicateTag {
            tag,
            old,
            new: index,
        })
    }

    /// The physical run of valid blocks from block `first` on that have consecutive tags and the
    /// same secure mark: its length in bytes.
    pub fn run_length(&self, first: usize) -> usize {
        let Some(start) = self.block(first) else {
            return 0;
        };
        let follows = |(i, block): &(usize, &Block)| {
            // CAST: fewer than 2^16 blocks.
            block.valid && block.secure == start.secure && block.tag == start.tag + *i as u32
        };
        BLOCK
            * self.blocks[first..]
                .iter()
                .enumerate()
                .take_while(follows)
                .count()
    }
}

/// Data memory.
#[derive(Debug)]
pub struct Dmem(Vec<u8>);

impl Dmem {
    /// Memory after scrubbing.
    pub fn scrubbed() -> Self {
        Self(vec![0; SIZE])
    }

    /// The `len` bytes from `start` on; `None` past the end.
    pub fn bytes(&self, start: usize, len: usize) -> Option<&[u8]> {
        self.0.get(start..start.checked_add(len)?)
    }

    /// The dword at `offset`; `None` past the end.
    pub fn dword(&self, offset: usize) -> Option<u32> {
        self.bytes(offset, 4)
            .map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// Replaces the bytes from `start` on. Returns whether all of them fit; if not, nothing
    /// changes.
    #[must_use]
    pub fn put(&mut self, start: usize, data: &[u8]) -> bool {
        let end = start.checked_add(data.len());
        match end.and_then(|end| self.0.get_mut(start..end)) {
            Some(place) => {
                place.copy_from_slice(data);
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_is_found_by_its_tag_wherever_it_lies() {
        let mut imem = Imem::scrubbed();
        assert!(imem.is_untouched());
        assert_eq!(imem.fill(0xfe, 0xfd, false, &[7; BLOCK]), None);
        assert_eq!(imem.find(0xfd), Some(0xfe));
        assert_eq!(imem.find(0xfe), None);
        assert!(!imem.is_untouched());
        assert_eq!(imem.bytes(0xfe00, 2), Some(&[7, 7][..]));
        assert_eq!(imem.bytes(0xffff, 2), None);
    }

    #[test]
    fn a_tag_belongs_to_one_block() {
        let mut imem = Imem::scrubbed();
        imem.fill(3, 9, true, &[1; BLOCK]);
        let duplicate = imem.fill(5, 9, true, &[2; BLOCK]);
        assert_eq!(
            duplicate,
            Some(DuplicateTag {
                tag: 9,
                old: 3,
                new: 5
            })
        );
        assert_eq!(imem.find(9), Some(5));
        assert_eq!(imem.fill(5, 9, true, &[3; BLOCK]), None, "same block again");
    }

    #[test]
    fn run_ends_where_tag_mark_or_validity_breaks() {
        let mut imem = Imem::scrubbed();
        for i in 0..4 {
            imem.fill(i, i as u32 + 1, true, &[0; BLOCK]);
        }
        imem.fill(4, 5, false, &[0; BLOCK]);
        assert_eq!(imem.run_length(0), 4 * BLOCK);
        assert_eq!(imem.run_length(2), 2 * BLOCK);
        imem.fill(1, 77, true, &[0; BLOCK]);
        assert_eq!(imem.run_length(0), BLOCK);
        imem.write_port(0, 1);
        assert_eq!(imem.run_length(0), 0, "being rewritten");
        assert_eq!(imem.run_length(BLOCKS), 0);
    }

    #[test]
    fn secure_code_cannot_be_read_back() {
        let mut imem = Imem::scrubbed();
        imem.fill(0, 0, false, &[0x11; BLOCK]);
        imem.fill(1, 1, true, &[0x22; BLOCK]);
        assert_eq!(imem.read_port(4), 0x1111_1111);
        assert_eq!(imem.read_port(BLOCK), 0);
        assert_eq!(imem.read_port(SIZE), 0);
    }

    #[test]
    fn data_that_does_not_fit_changes_nothing() {
        let mut dmem = Dmem::scrubbed();
        assert!(dmem.put(SIZE - 2, &[1, 2]));
        assert!(!dmem.put(SIZE - 1, &[3, 4]));
        assert!(!dmem.put(usize::MAX, &[3, 4]));
        assert_eq!(dmem.bytes(SIZE - 2, 2), Some(&[1, 2][..]));
        assert_eq!(dmem.dword(SIZE - 4), Some(0x0201_0000));
        assert_eq!(dmem.dword(SIZE - 3), None);
    }
}
