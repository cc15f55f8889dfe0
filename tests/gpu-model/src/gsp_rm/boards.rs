// SPDX-License-Identifier: GPL-2.0

//! Properties of the boards that only GSP-RM tells.

/// What a board has, by the name of its chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Board {
    /// Width of the memory bus in bits.
    pub bus_width: u32,
    /// L2 cache in KiB.
    pub l2_kib: u32,
    /// Graphics clusters that are not fused off.
    pub gpcs: u32,
    /// Texture clusters in each of them.
    pub tpcs: u32,
    /// Memory type; the number that GSP-RM uses.
    pub ram_type: u32,
}

/// Numbers of memory types.
mod ram {
    pub const GDDR5: u32 = 0x0a;
    pub const HBM2: u32 = 0x0d;
    pub const GDDR6: u32 = 0x0f;
    pub const GDDR6X: u32 = 0x10;
    pub const HBM3: u32 = 0x13;
    pub const GDDR7: u32 = 0x15;
}

#[rustfmt::skip]
const BOARDS: &[(&str, u32, u32, u32, u32, u32)] = &[
    ("tu102",  352,   5632,  6, 6, ram::GDDR6),
    ("tu104",  256,   4096,  5, 4, ram::GDDR6),
    ("tu106",  256,   4096,  3, 6, ram::GDDR6),
    ("tu117",  128,   1024,  2, 4, ram::GDDR5),
    ("tu116",  192,   1536,  3, 4, ram::GDDR6),
    ("ga100", 5120,  40960,  7, 8, ram::HBM2),
    ("ga102",  384,   6144,  7, 6, ram::GDDR6X),
    ("ga103",  256,   4096,  5, 4, ram::GDDR6),
    ("ga104",  256,   4096,  6, 4, ram::GDDR6),
    ("ga106",  192,   3072,  3, 5, ram::GDDR6),
    ("ga107",  128,   2048,  2, 5, ram::GDDR6),
    ("gh100", 5120,  51200,  7, 8, ram::HBM3),
    ("ad102",  384,  73728, 11, 6, ram::GDDR6X),
    ("ad103",  256,  65536,  7, 6, ram::GDDR6X),
    ("ad104",  192,  36864,  4, 6, ram::GDDR6X),
    ("ad106",  128,  32768,  3, 6, ram::GDDR6),
    ("ad107",  128,  24576,  3, 4, ram::GDDR6),
    ("gb100", 8192, 129024,  8, 9, ram::HBM3),
    ("gb102", 8192, 129024,  8, 9, ram::HBM3),
    ("gb202",  512,  98304, 11, 8, ram::GDDR7),
    ("gb203",  256,  65536,  7, 6, ram::GDDR7),
    ("gb205",  192,  49152,  5, 5, ram::GDDR7),
    ("gb206",  128,  32768,  3, 6, ram::GDDR7),
    ("gb207",  128,  32768,  2, 5, ram::GDDR7),
];

/// The board with the chip of that name.
pub fn board(chip: &str) -> Option<Board> {
    BOARDS.iter().find(|(name, ..)| *name == chip).map(
        |&(_, bus_width, l2_kib, gpcs, tpcs, ram_type)| Board {
            bus_width,
            l2_kib,
            gpcs,
            tpcs,
            ram_type,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chips::CHIPS;

    #[test]
    fn every_chip_has_a_board_with_a_mask_that_fits_32_bits() {
        for chip in CHIPS {
            let board = board(chip.name).unwrap_or_else(|| panic!("{}", chip.name));
            assert!(board.gpcs < 32 && board.tpcs < 32, "{}", chip.name);
        }
        assert_eq!(BOARDS.len(), CHIPS.len());
    }
}
