// SPDX-License-Identifier: GPL-2.0

//! Programs that a falcon fetches by itself, and whose code its boot ROM verifies: GA102 and later.
//!
//! Each transfer moves one block. It is told an address in two parts: a base, the same for all blocks of
//! a memory, and an offset to it. For IMEM the offset has a second meaning: it is the virtual address of
//! the block. So code is fetched with the object as the base, which gives each block the tag of its
//! place in the object, and data with the start of the data as the base.

use super::BLOCK;
use core::fmt;
use nova_firmware::{
    booter::{
        Booter,
        Region, //
    },
    vbios::{
        BootRomParameters,
        DmaLoad,
        Transfer, //
    },
};

/// Addresses in falcon memory have 24 bits.
const DESTINATION_END: u32 = 1 << 24;

/// The registers for the base hold 49 bits of an address.
const ADDRESS_BITS: u32 = 49;

/// One of the falcon's memories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// For code, whose blocks are marked as secure.
    Imem,
    /// For data.
    Dmem,
}

/// What is brought into one of the falcon's memories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    memory: Memory,
    transfer: Transfer,
}

/// A program: its parts, and how it is started.
///
/// # Invariants
///
/// All blocks of both parts lie inside the object and below 2^24 in the falcon's memory, and what is said
/// of their alignment in [`Transfer`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    object_size: u32,
    code: Part,
    data: Part,
    boot_rom: BootRomParameters,
    boot_vector: u32,
}

/// Why a program cannot be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DmaError {
    /// The code or data lie beyond what a falcon's memory can have.
    DestinationTooHigh,
    /// The program is longer than 4 GiB.
    TooBig,
    /// The object's DMA address is no multiple of 256.
    Misaligned(u64),
    /// The object's DMA address has more bits than the falcon can be told.
    AddressTooHigh(u64),
}

impl fmt::Display for DmaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DestinationTooHigh => f.write_str("code or data beyond falcon memory"),
            Self::TooBig => f.write_str("more than 4 GiB"),
            Self::Misaligned(address) => {
                write!(f, "DMA address {address:#x} is no multiple of {BLOCK}")
            }
            Self::AddressTooHigh(address) => {
                write!(
                    f,
                    "DMA address {address:#x} has more than {ADDRESS_BITS} bits"
                )
            }
        }
    }
}

impl core::error::Error for DmaError {}

/// `region` of a payload whose length has been rounded up to whole blocks, to be put at 0.
fn at_start(region: Region) -> Result<Transfer, DmaError> {
    let blocks = region.size.div_ceil(BLOCK);
    if blocks > DESTINATION_END / BLOCK {
        return Err(DmaError::DestinationTooHigh);
    }
    Ok(Transfer {
        source: region.offset,
        destination: 0,
        blocks,
    })
}

impl Program {
    /// A Booter. Its signed code goes to the start of IMEM, and runs where its offset says.
    ///
    /// # Errors
    ///
    /// [`DmaError::DestinationTooHigh`], [`DmaError::TooBig`].
    pub fn of_booter(booter: &Booter<'_>) -> Result<Self, DmaError> {
        let object_size = u32::try_from(booter.payload().len())
            .ok()
            .and_then(|size| size.checked_next_multiple_of(BLOCK))
            .ok_or(DmaError::TooBig)?;
        // INVARIANT: the parser has checked that both regions are inside the payload and start at
        // multiples of 256; the object is the payload rounded up to whole blocks.
        Ok(Self {
            object_size,
            code: Part {
                memory: Memory::Imem,
                transfer: at_start(booter.app())?,
            },
            data: Part {
                memory: Memory::Dmem,
                transfer: at_start(booter.os_data())?,
            },
            boot_rom: BootRomParameters {
                pkc_data_offset: booter.brom_parameters(),
                engine_id_mask: booter.engine_id(),
                ucode_id: booter.ucode_id(),
            },
            boot_vector: booter.app().offset,
        })
    }

    /// FWSEC.
    pub const fn of_fwsec(load: &DmaLoad) -> Self {
        // INVARIANT: what `DmaLoad` promises of its transfers.
        Self {
            object_size: load.object_size,
            code: Part {
                memory: Memory::Imem,
                transfer: load.imem,
            },
            data: Part {
                memory: Memory::Dmem,
                transfer: load.dmem,
            },
            boot_rom: load.boot_rom,
            boot_vector: 0,
        }
    }

    /// Bytes of the object: the program, and zeros up to a multiple of 256.
    pub const fn object_size(&self) -> u32 {
        self.object_size
    }

    /// What is fetched, in this order.
    pub const fn parts(&self) -> [Part; 2] {
        [self.code, self.data]
    }

    /// What the boot ROM needs to know.
    pub const fn boot_rom(&self) -> BootRomParameters {
        self.boot_rom
    }

    /// The virtual address of the first instruction.
    pub const fn boot_vector(&self) -> u32 {
        self.boot_vector
    }

    /// Whether the object may be at the DMA address `object`.
    ///
    /// # Errors
    ///
    /// [`DmaError::Misaligned`], [`DmaError::AddressTooHigh`].
    pub fn check_address(&self, object: u64) -> Result<(), DmaError> {
        for part in self.parts() {
            part.blocks(object)?;
        }
        Ok(())
    }
}

impl Part {
    /// Which memory it is for.
    pub const fn memory(&self) -> Memory {
        self.memory
    }

    /// The transfers for an object at the DMA address `object`.
    ///
    /// # Errors
    ///
    /// [`DmaError::Misaligned`], [`DmaError::AddressTooHigh`].
    pub fn blocks(&self, object: u64) -> Result<Blocks, DmaError> {
        let Transfer {
            source,
            destination,
            blocks,
        } = self.transfer;
        let (base, offset) = match self.memory {
            Memory::Imem => (Some(object), source),
            Memory::Dmem => (object.checked_add(source.into()), 0),
        };
        let base = base.ok_or(DmaError::AddressTooHigh(object))?;
        if base % u64::from(BLOCK) != 0 {
            return Err(DmaError::Misaligned(base));
        }
        if base >> ADDRESS_BITS != 0 {
            return Err(DmaError::AddressTooHigh(object));
        }
        // CAST: the lower and the upper half of bits 48:8.
        Ok(Blocks {
            base: (base >> 8) as u32,
            base1: (base >> 40) as u32,
            next: Block {
                falcon: destination,
                object: offset,
            },
            left: blocks,
        })
    }
}

/// The transfers of one part, to be iterated over.
#[derive(Clone, Debug)]
pub struct Blocks {
    /// Bits 39:8 of the base.
    pub base: u32,
    /// Bits 48:40 of the base.
    pub base1: u32,
    next: Block,
    left: u32,
}

/// One transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Byte offset in the falcon's memory.
    pub falcon: u32,
    /// Byte offset from the base.
    pub object: u32,
}

impl Iterator for Blocks {
    type Item = Block;

    fn next(&mut self) -> Option<Block> {
        self.left = self.left.checked_sub(1)?;
        let block = self.next;
        // Nobody looks at the sums after the last block, which may overflow.
        self.next = Block {
            falcon: block.falcon.wrapping_add(BLOCK),
            object: block.object.wrapping_add(BLOCK),
        };
        Some(block)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // CAST: `usize` has 64 bits on every machine with such a GPU.
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Blocks {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::falcon::tests::{
        booter_file,
        fwsec_dma_load,
        Numbers, //
    };
    use nova_firmware::booter::LoadMethod;
    use std::vec::Vec;

    fn ga102_booter() -> Program {
        let file = booter_file(Numbers::GA102_LOAD);
        Program::of_booter(&Booter::parse(&file, LoadMethod::Dma).unwrap()).unwrap()
    }

    #[test]
    fn ga102_booter_is_fetched_as_on_real_cards() {
        let program = ga102_booter();
        assert_eq!(program.object_size(), 0xec00);
        assert_eq!(program.boot_vector(), 0x100);
        let boot_rom = program.boot_rom();
        let boot_rom = (
            boot_rom.pkc_data_offset,
            boot_rom.engine_id_mask,
            boot_rom.ucode_id,
        );
        assert_eq!(boot_rom, (0x10, 1, 3));

        let [code, data] = program
            .parts()
            .map(|part| part.blocks(0x8000_0000).unwrap());
        assert_eq!((code.base, code.base1, code.len()), (0x0080_0000, 0, 137));
        assert_eq!((data.base, data.base1, data.len()), (0x0080_008a, 0, 98));
        let ends = |blocks: Blocks| {
            let blocks: Vec<_> = blocks.map(|block| (block.falcon, block.object)).collect();
            (blocks[0], blocks[1], *blocks.last().unwrap())
        };
        assert_eq!(
            ends(code),
            ((0, 0x100), (0x100, 0x200), (0x8800, 0x8900)),
            "tags are virtual addresses"
        );
        assert_eq!(ends(data), ((0, 0), (0x100, 0x100), (0x6100, 0x6100)));
    }

    #[test]
    fn fwsec_is_fetched_from_its_start_and_starts_there() {
        let load = fwsec_dma_load();
        let program = Program::of_fwsec(&load);
        assert_eq!(program.object_size(), load.object_size);
        assert_eq!(program.boot_rom(), load.boot_rom);
        assert_eq!(program.boot_vector(), 0);
        let [code, data] = program.parts();
        assert_eq!((code.memory(), data.memory()), (Memory::Imem, Memory::Dmem));
        let code: Vec<_> = code.blocks(0x1000).unwrap().collect();
        let want = [(0x200, 0), (0x300, 0x100), (0x400, 0x200)];
        assert_eq!(code, want.map(|(falcon, object)| Block { falcon, object }));
        let data = data.blocks(0x1000).unwrap();
        assert_eq!(data.base, 0x13, "the base is where the data start");
        assert_eq!(
            data.collect::<Vec<_>>(),
            [(0, 0), (0x100, 0x100)].map(|(falcon, object)| Block { falcon, object })
        );
    }

    #[test]
    fn addresses_are_split_at_bit_40_and_end_at_49() {
        let program = ga102_booter();
        for (object, want) in [
            (0x7fff_ffff_f000, Ok((0xffff_fff0, 0x7f))),
            (1 << 48, Ok((0, 0x100))),
            (1 << 49, Err(DmaError::AddressTooHigh(1 << 49))),
            (
                u64::MAX - 0xff,
                Err(DmaError::AddressTooHigh(u64::MAX - 0xff)),
            ),
            (0x1080, Err(DmaError::Misaligned(0x1080))),
        ] {
            let [code, _] = program.parts();
            let base = code
                .blocks(object)
                .map(|blocks| (blocks.base, blocks.base1));
            assert_eq!(base, want, "{object:#x}");
            assert_eq!(
                program.check_address(object),
                want.map(|_| ()),
                "{object:#x}"
            );
        }
        // The data may be beyond the limit when the code is not.
        let object = (1 << 49) - 0x8a00;
        assert_eq!(
            program.check_address(object),
            Err(DmaError::AddressTooHigh(object))
        );
    }

    #[test]
    fn a_part_of_a_block_counts_as_one() {
        let region = |size| Region {
            offset: 0x100,
            size,
        };
        for (size, blocks) in [(0, 0), (1, 1), (0x100, 1), (0x101, 2)] {
            assert_eq!(at_start(region(size)).unwrap().blocks, blocks, "{size:#x}");
        }
        assert!(at_start(region(1 << 24)).is_ok());
        assert_eq!(
            at_start(region((1 << 24) + 1)),
            Err(DmaError::DestinationTooHigh)
        );
    }
}
