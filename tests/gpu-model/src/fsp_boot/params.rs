// SPDX-License-Identifier: GPL-2.0

//! `GSP_FMC_BOOT_PARAMS`: what the driver tells FMC, and everything that FMC checks in it.

use crate::{
    boot::{
        radix3::PAGE,
        wpr_meta, //
    },
    chips::Chip,
};

/// Bytes of the structure in release 570.144.
pub const SIZE: usize = 80;

/// Kinds of memory that the structure tells apart: system memory, cached by the CPU or not.
const SYSTEM_MEMORY: [u32; 2] = [1, 2];
/// Dwords that have to be zero: keys and padding, the carve-out, what belongs to SPDM.
const ZEROS: &[(usize, &str)] = &[
    (0x00, "registry keys"),
    (0x04, "padding"),
    (0x18, "carve-out"),
    (0x1c, "carve-out"),
    (0x20, "carve-out"),
    (0x2c, "padding"),
    (0x38, "SPDM target"),
    (0x3c, "padding"),
    (0x40, "SPDM buffer"),
    (0x44, "SPDM buffer"),
    (0x48, "SPDM buffer"),
    (0x4c, "padding"),
];

/// The two addresses in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    /// Bus address of `GspFwWprMeta`, or of `GspFwSRMeta` for a resume.
    pub description: u64,
    /// Bus address of the LibOS table; may be zero for a resume, which does not read it.
    pub libos: u64,
}

fn word(bytes: &[u8; SIZE], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

fn long(bytes: &[u8; SIZE], at: usize) -> u64 {
    u64::from(word(bytes, at)) | u64::from(word(bytes, at + 4)) << 32
}

impl Params {
    /// The two addresses, whatever they are.
    pub fn read(bytes: &[u8; SIZE]) -> Self {
        Self {
            description: long(bytes, 0x10),
            libos: long(bytes, 0x30),
        }
    }

    /// Reads the structure for a boot of `chip`, or for a resume.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(bytes: &[u8; SIZE], chip: &Chip, is_resume: bool) -> Result<Self, String> {
        for (at, name) in ZEROS {
            let is = word(bytes, *at);
            if is != 0 {
                return Err(format!("{name} at {at:#x} is {is:#x}, not zero"));
            }
        }
        for (at, name) in [(0x08, "description"), (0x28, "LibOS table")] {
            let target = word(bytes, at);
            if !SYSTEM_MEMORY.contains(&target) {
                return Err(format!(
                    "target {target} of the {name} is not system memory"
                ));
            }
        }
        let size = word(bytes, 0x0c);
        if size as usize != wpr_meta::SIZE {
            return Err(format!("description of {size:#x} bytes, not 256"));
        }
        // One byte, and three of padding.
        let is_rm_boot = word(bytes, 0x24);
        if is_rm_boot != 1 {
            return Err(format!(
                "bIsGspRmBoot and its padding are {is_rm_boot:#x}, not 1"
            ));
        }
        let params = Self::read(bytes);
        let usable = |address: u64| {
            address != 0 && address % PAGE == 0 && address >> chip.family.dma_bits() == 0
        };
        if !usable(params.description) {
            return Err(format!(
                "description at {:#x}, which is not the address of a page",
                params.description
            ));
        }
        let is_needless = is_resume && params.libos == 0;
        if !is_needless && !usable(params.libos) {
            return Err(format!(
                "LibOS table at {:#x}, which is not the address of a page",
                params.libos
            ));
        }
        Ok(params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published example, with the description at 0x123600000 and the table at 0x123700000.
    fn example() -> [u8; SIZE] {
        let words: [u32; 20] = [
            0,
            0,
            1,
            0x100,
            0x2360_0000,
            1,
            0,
            0,
            0,
            1,
            2,
            0,
            0x2370_0000,
            1,
            0,
            0,
            0,
            0,
            0,
            0,
        ];
        let mut bytes = [0; SIZE];
        for (at, word) in bytes.chunks_exact_mut(4).zip(words) {
            at.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    fn parse(bytes: &[u8; SIZE], is_resume: bool) -> Result<Params, String> {
        Params::parse(bytes, Chip::by_name("gh100").unwrap(), is_resume)
    }

    #[test]
    fn example_of_two_known_drivers_is_accepted() {
        let want = Params {
            description: 0x1_2360_0000,
            libos: 0x1_2370_0000,
        };
        assert_eq!(parse(&example(), false), Ok(want));
        // The third one says how the CPU caches each.
        for (at, target) in [(0x08, 2), (0x28, 1)] {
            let mut bytes = example();
            bytes[at] = target;
            assert_eq!(parse(&bytes, false), Ok(want));
        }
    }

    #[test]
    fn each_field_counts() {
        for (at, value, words) in [
            (0x00, 1, "registry keys"),
            (0x04, 1, "padding at 0x4"),
            (0x08, 0, "target 0 of the description"),
            (0x08, 3, "target 3 of the description"),
            (0x0c, 0x58, "description of 0x158 bytes"),
            (0x11, 8, "description at 0x123600800"),
            (0x16, 0x10, "description at 0x10000123600000"),
            (0x18, 1, "carve-out at 0x18"),
            (0x20, 1, "carve-out at 0x20"),
            (0x24, 0, "bIsGspRmBoot"),
            (0x25, 1, "bIsGspRmBoot and its padding are 0x101"),
            (0x28, 0, "target 0 of the LibOS table"),
            (0x2c, 1, "padding at 0x2c"),
            (0x30, 1, "LibOS table at 0x123700001"),
            (0x38, 1, "SPDM target"),
            (0x40, 1, "SPDM buffer at 0x40"),
            (0x48, 1, "SPDM buffer at 0x48"),
            (0x4f, 1, "padding at 0x4c"),
        ] {
            let mut bytes = example();
            bytes[at] = value;
            let refused = parse(&bytes, false).unwrap_err();
            assert!(refused.contains(words), "{at:#x}: {refused}");
        }
    }

    #[test]
    fn only_a_resume_goes_without_a_libos_table() {
        let mut bytes = example();
        bytes[0x30..0x38].fill(0);
        assert!(parse(&bytes, false).is_err());
        assert_eq!(parse(&bytes, true).unwrap().libos, 0);
        bytes[0x30] = 1;
        assert!(parse(&bytes, true).is_err());
    }
}
