// SPDX-License-Identifier: GPL-2.0

//! Programs that the CPU writes into a falcon word by word: Turing and GA100.
//!
//! A block of code counts once its last word has been written, so code is written in whole blocks. Data
//! need not be: a reset leaves zeros in all of DMEM, so that words that are zero can be skipped, which most
//! are. Skipping costs one access, to name the offset of the next word.

use super::BLOCK;
use core::fmt;
use nova_firmware::{
    booter::{
        Booter,
        Region, //
    },
    generic_bootloader::GenericBootloader, //
};

/// No falcon of these chips has more IMEM or DMEM, in bytes.
const MEMORY_END: u32 = 0x1_0000;

/// Code of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// Where it is in the object.
    pub source: Region,
    /// Where it goes in IMEM. A multiple of 256.
    pub destination: u32,
    /// Tag of its first block.
    pub first_tag: u16,
    /// Whether its blocks are marked as secure.
    pub secure: bool,
}

/// A program: its parts, and how it is started.
///
/// # Invariants
///
/// The parts lie inside the object and fit 64 KiB of falcon memory; tags do not overflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    code: [Option<Code>; 2],
    data: Region,
    boot_vector: u32,
}

/// Why a program cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PioError {
    /// The code or data lie beyond the end of falcon memory.
    TooHigh,
    /// The tags of the code go beyond 16 bits.
    TagOverflow(u16),
}

impl fmt::Display for PioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooHigh => f.write_str("code or data beyond falcon memory"),
            Self::TagOverflow(tag) => write!(f, "tags from {tag:#x} on go beyond 16 bits"),
        }
    }
}

impl core::error::Error for PioError {}

impl Code {
    fn check(self) -> Result<Self, PioError> {
        let size = self.source.size.checked_next_multiple_of(BLOCK);
        let end = size.and_then(|size| self.destination.checked_add(size));
        match (end, size) {
            (Some(end), Some(size)) if end <= MEMORY_END => {
                // The tag after the last one need not exist.
                let last = u32::from(self.first_tag) + (size / BLOCK).saturating_sub(1);
                match u16::try_from(last) {
                    Ok(_) => Ok(self),
                    Err(_) => Err(PioError::TagOverflow(self.first_tag)),
                }
            }
            _ => Err(PioError::TooHigh),
        }
    }

    /// The blocks to be written, in order: the tag of each, and its words.
    ///
    /// `object` is what [`source`](Self::source) refers to; what is missing there is zero.
    pub fn blocks<'a>(&self, object: &'a [u8]) -> impl Iterator<Item = (u16, Words<'a>)> + use<'a> {
        let code = self.source.of(object).unwrap_or_default();
        // CAST: a small constant.
        (self.first_tag..).zip(code.chunks(BLOCK as usize).map(Words::whole_block))
    }
}

impl Program {
    /// A Booter. It runs where it is put.
    ///
    /// # Errors
    ///
    /// [`PioError::TooHigh`].
    pub fn of_booter(booter: &Booter<'_>) -> Result<Self, PioError> {
        let code = |source: Region, secure| {
            // CAST: the destination is below 2^16, as is checked right after.
            Code {
                source,
                destination: source.offset,
                first_tag: (source.offset / BLOCK) as u16,
                secure,
            }
            .check()
        };
        // INVARIANT: checked by the parser, by `check`, and by `data`.
        Ok(Self {
            code: [
                Some(code(booter.os_code(), false)?),
                Some(code(booter.app(), true)?),
            ],
            data: data(booter.os_data())?,
            boot_vector: booter.os_code().offset,
        })
    }

    /// The generic bootloader, in an object that has its code, filled up to whole blocks, and then the
    /// `descriptor_size` bytes of its descriptor. It goes to the end of an IMEM of `imem_size` bytes.
    ///
    /// # Errors
    ///
    /// [`PioError`].
    pub fn of_bootloader(
        bootloader: &GenericBootloader<'_>,
        descriptor_size: u32,
        imem_size: u32,
    ) -> Result<Self, PioError> {
        let padded = bootloader.padded_size;
        let code = Code {
            source: Region {
                offset: 0,
                size: padded,
            },
            destination: bootloader
                .imem_destination(imem_size)
                .ok_or(PioError::TooHigh)?,
            first_tag: bootloader.start_tag,
            secure: false,
        };
        // INVARIANT: checked by `check` and `data`; the caller's object is as long as said.
        Ok(Self {
            code: [Some(code.check()?), None],
            data: data(Region {
                offset: padded,
                size: descriptor_size,
            })?,
            boot_vector: bootloader.boot_vector(),
        })
    }

    /// The code, in the order it is written.
    pub fn code(&self) -> impl Iterator<Item = Code> + use<> {
        self.code.into_iter().flatten()
    }

    /// What is to be written to DMEM, which holds zeros and whose start the data go to. `object` is as
    /// for [`Code::blocks`].
    pub fn data<'a>(&self, object: &'a [u8]) -> DataRuns<'a> {
        DataRuns {
            data: self.data.of(object).unwrap_or_default(),
            at: 0,
        }
    }

    /// The virtual address of the first instruction.
    pub const fn boot_vector(&self) -> u32 {
        self.boot_vector
    }
}

fn data(region: Region) -> Result<Region, PioError> {
    if region.size > MEMORY_END {
        return Err(PioError::TooHigh);
    }
    Ok(region)
}

/// Bytes as words, with zeros where the last word, or the block, has no bytes left.
#[derive(Clone, Debug)]
pub struct Words<'a> {
    bytes: &'a [u8],
    left: usize,
}

impl<'a> Words<'a> {
    /// Words of a whole block, of which `bytes` are the first bytes.
    fn whole_block(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            // CAST: a small constant.
            left: BLOCK as usize / 4,
        }
    }

    fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            left: bytes.len().div_ceil(4),
        }
    }
}

impl Iterator for Words<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.left = self.left.checked_sub(1)?;
        let (word, rest) = self.bytes.split_at(self.bytes.len().min(4));
        self.bytes = rest;
        let mut bytes = [0; 4];
        for (to, from) in bytes.iter_mut().zip(word) {
            *to = *from;
        }
        Some(u32::from_le_bytes(bytes))
    }
}

/// Words that follow each other in DMEM.
#[derive(Clone, Debug)]
pub struct DataRun<'a> {
    /// Where the first one goes, in bytes.
    pub offset: u32,
    /// The words.
    pub words: Words<'a>,
}

/// The words that are not zero, in runs with no more than one zero between two others.
#[derive(Clone, Debug)]
pub struct DataRuns<'a> {
    data: &'a [u8],
    /// A multiple of 4.
    at: usize,
}

impl<'a> Iterator for DataRuns<'a> {
    type Item = DataRun<'a>;

    fn next(&mut self) -> Option<DataRun<'a>> {
        let words = self.data.get(self.at..)?.chunks(4);
        let mut used = words
            .enumerate()
            .filter(|(_, word)| word.iter().any(|&byte| byte != 0))
            .map(|(index, _)| index);
        let first = used.next()?;
        let mut last = first;
        for index in used {
            // Writing one zero costs as much as naming a new offset.
            if index - last > 2 {
                break;
            }
            last = index;
        }
        let start = self.at + first * 4;
        self.at += (last + 1) * 4;
        let end = self.at.min(self.data.len());
        Some(DataRun {
            // CAST: at most 64 KiB, as the program's invariant says.
            offset: start as u32,
            words: Words::of(self.data.get(start..end).unwrap_or_default()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::falcon::{
        tests::{
            booter_file,
            Numbers, //
        },
        GSP_IMEM_SIZE,
    };
    use nova_firmware::booter::LoadMethod;
    use proptest::prelude::*;
    use std::{
        vec,
        vec::Vec, //
    };

    #[test]
    fn tu102_booter_goes_where_it_does_on_real_cards() {
        let file = booter_file(Numbers::TU102_LOAD);
        let booter = Booter::parse(&file, LoadMethod::Pio).unwrap();
        let program = Program::of_booter(&booter).unwrap();
        assert_eq!(program.boot_vector(), 0);
        let code: Vec<_> = program.code().collect();
        let code = code
            .iter()
            .map(|code| (code.destination, code.first_tag, code.secure));
        assert_eq!(code.collect::<Vec<_>>(), [(0, 0, false), (0x100, 1, true)]);

        let blocks = program
            .code()
            .flat_map(|code| code.blocks(booter.payload()));
        let blocks: Vec<_> = blocks.map(|(tag, words)| (tag, words.count())).collect();
        assert_eq!(blocks.len(), 0x85);
        assert_eq!(blocks.first(), Some(&(0, 64)));
        assert_eq!(blocks.last(), Some(&(0x84, 64)));
    }

    #[test]
    fn code_is_written_in_whole_blocks() {
        let object: Vec<u8> = (0..=255).chain([0x11, 0x22, 0x33]).collect();
        let code = Code {
            source: Region {
                offset: 0,
                size: 0x103,
            },
            destination: 0xfe00,
            first_tag: 0xfd,
            secure: false,
        };
        let blocks: Vec<_> = code.check().unwrap().blocks(&object).collect();
        assert_eq!(blocks.len(), 2);
        let (tag, words) = blocks[0].clone();
        assert_eq!((tag, words.clone().count()), (0xfd, 64));
        assert_eq!(
            words.take(2).collect::<Vec<_>>(),
            [0x0302_0100, 0x0706_0504]
        );
        let (tag, words) = blocks[1].clone();
        assert_eq!(tag, 0xfe);
        let words: Vec<_> = words.collect();
        assert_eq!((words[0], words.len()), (0x0033_2211, 64));
        assert!(words[1..].iter().all(|&word| word == 0));
    }

    #[test]
    fn the_generic_bootloader_goes_to_the_end_of_imem() {
        let code = vec![0x55; 0x1f0];
        let bootloader = |padded_size, start_tag| GenericBootloader {
            code: &code,
            padded_size,
            start_tag,
        };
        let program = |padded_size, start_tag| {
            Program::of_bootloader(&bootloader(padded_size, start_tag), 84, GSP_IMEM_SIZE)
        };
        let real = program(0x200, 0xfd).unwrap();
        let code: Vec<_> = real.code().collect();
        assert_eq!(code.len(), 1);
        assert_eq!(
            (code[0].destination, code[0].first_tag, code[0].secure),
            (0xfe00, 0xfd, false)
        );
        assert_eq!(real.boot_vector(), 0xfd00);
        let mut object = vec![0; 0x200 + 84];
        object[0x200 + 0x20] = 4;
        let runs: Vec<_> = real.data(&object).map(|run| run.offset).collect();
        assert_eq!(runs, [0x20]);

        assert_eq!(program(0x1_0100, 0), Err(PioError::TooHigh));
        assert_eq!(program(0x200, 0xffff), Err(PioError::TagOverflow(0xffff)));
        assert!(program(0x200, 0xfffe).is_ok());
    }

    #[test]
    fn zeros_in_data_are_skipped_where_that_saves_accesses() {
        for (name, words, want) in [
            ("all zero", &[0, 0, 0][..], &[][..]),
            ("no data", &[], &[]),
            ("first word", &[7, 0, 0], &[(0, &[7][..])]),
            ("last word", &[0, 0, 7], &[(8, &[7])]),
            ("one zero between", &[1, 0, 2], &[(0, &[1, 0, 2])]),
            ("two zeros between", &[1, 0, 0, 2], &[(0, &[1]), (12, &[2])]),
        ] {
            let data: Vec<u8> = words.iter().copied().flat_map(u32::to_le_bytes).collect();
            let runs = DataRuns { data: &data, at: 0 };
            let runs: Vec<_> = runs
                .map(|run| (run.offset, run.words.collect::<Vec<_>>()))
                .collect();
            let runs: Vec<_> = runs
                .iter()
                .map(|(offset, words)| (*offset, &words[..]))
                .collect();
            assert_eq!(runs, want, "{name}");
        }
    }

    proptest! {
        #[test]
        fn runs_give_back_the_data(
            data in proptest::collection::vec(
                prop_oneof![4 => Just(0u32), 1 => any::<u32>()], 0..200
            )
        ) {
            let bytes: Vec<u8> = data.iter().copied().flat_map(u32::to_le_bytes).collect();
            let mut dmem = vec![0; data.len()];
            let mut accesses = 0;
            for run in (DataRuns { data: &bytes, at: 0 }) {
                accesses += 1;
                for (index, word) in (run.offset as usize / 4..).zip(run.words) {
                    dmem[index] = word;
                    accesses += 1;
                }
            }
            prop_assert_eq!(&dmem, &data);
            // Never more than writing everything.
            prop_assert!(accesses <= data.len() + 1);
        }
    }
}
