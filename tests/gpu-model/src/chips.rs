// SPDX-License-Identifier: GPL-2.0

//! The chips that can be emulated, with one believable board for each.
//!
//! A difference in data between boards is a column of [`CHIPS`]; a difference that follows the
//! generation is a method of [`Family`].

use crate::vram::MIB;

/// Hardware generation, as far as the PCI and register side can tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Family {
    /// TU10x and TU11x.
    Turing = 0,
    /// GA100 alone: Ampere, but booted like Turing.
    Ga100 = 1,
    /// GA102 to GA107.
    Ga10x = 2,
    /// AD102 to AD107.
    Ada = 3,
    /// GH100.
    Hopper = 4,
    /// GB100 and GB102.
    Gb10x = 5,
    /// GB202 to GB207.
    Gb20x = 6,
}

/// A set of generations, used to say where a register exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Families(u8);

impl Families {
    /// Every generation.
    pub const ALL: Self = Self(0x7f);
    /// Turing alone.
    pub const TURING: Self = Self::of(&[Family::Turing]);
    /// GA100 alone.
    pub const GA100: Self = Self::of(&[Family::Ga100]);
    /// Chips whose firmware is started through the SEC2 falcon.
    pub const SEC2_BOOT: Self = Self::of(&[
        Family::Turing,
        Family::Ga100,
        Family::Ga10x,
        Family::Ada, //
    ]);
    /// Chips whose firmware is started through the FSP.
    pub const FSP_BOOT: Self = Self::of(&[Family::Hopper, Family::Gb10x, Family::Gb20x]);

    /// The set of the given generations.
    pub const fn of(list: &[Family]) -> Self {
        let mut bits = 0;
        let mut i = 0;
        while i < list.len() {
            bits |= 1 << list[i] as u8;
            i += 1;
        }
        Self(bits)
    }

    /// The generations that are in both sets.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Is `family` in the set?
    pub const fn has(self, family: Family) -> bool {
        self.0 & (1 << family as u8) != 0
    }
}

impl Family {
    /// All generations, oldest first.
    pub const ALL: [Self; 7] = [
        Self::Turing,
        Self::Ga100,
        Self::Ga10x,
        Self::Ada,
        Self::Hopper,
        Self::Gb10x,
        Self::Gb20x,
    ];

    /// Does the FSP start the firmware? Otherwise SEC2 does.
    pub const fn boots_by_fsp(self) -> bool {
        Families::FSP_BOOT.has(self)
    }

    /// Are falcons loaded by DMA, and their programs checked by a boot ROM? Otherwise they are
    /// loaded through ports.
    pub const fn loads_by_dma(self) -> bool {
        matches!(self, Self::Ga10x | Self::Ada)
    }

    /// Highest number of address bits the chip puts on the bus.
    pub const fn dma_bits(self) -> u32 {
        if self.boots_by_fsp() {
            52
        } else {
            47
        }
    }

    /// BAR0 offset of the 4 KiB copy of the configuration space.
    pub const fn config_mirror(self) -> u32 {
        if self.boots_by_fsp() {
            0x0009_2000
        } else {
            0x0008_8000
        }
    }

    /// Size of the register BAR in bytes.
    pub const fn bar0_size(self) -> u64 {
        match self {
            Self::Gb10x | Self::Gb20x => 64 * MIB,
            _ => 16 * MIB,
        }
    }

    /// Is BAR0 a 64-bit prefetchable BAR? It then takes two BAR registers and moves the others up.
    pub const fn bar0_is_64bit(self) -> bool {
        matches!(self, Self::Hopper | Self::Gb10x)
    }

    /// PCI Express generation of the board's link: 3 is 8 GT/s, 4 is 16 GT/s, 5 is 32 GT/s.
    pub const fn link_speed(self) -> u32 {
        match self {
            Self::Turing => 3,
            Self::Ga100 | Self::Ga10x | Self::Ada => 4,
            Self::Hopper | Self::Gb10x | Self::Gb20x => 5,
        }
    }
}

/// What the PCI class code says the board is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoardClass {
    /// VGA compatible controller, class 0x0300.
    Vga,
    /// 3D controller, class 0x0302: no display, no I/O BAR, no ROM.
    ThreeD,
}

/// One chip on one board.
#[derive(Debug)]
pub struct Chip {
    /// Lower-case name, as on the command line and in firmware paths.
    pub name: &'static str,
    /// 9-bit chip id: architecture in bits 8:4, implementation in 3:0.
    pub id: u32,
    /// Generation.
    pub family: Family,
    /// PCI device id of the board.
    pub device: u16,
    /// Name under which the board is sold.
    pub board: &'static str,
    /// VGA or 3D controller.
    pub class: BoardClass,
    /// PCI subsystem device id; the subsystem vendor is 0x10de. Zero means that no public dump is
    /// known, and the device id is used.
    pub subsystem: u16,
    /// VRAM of the board in MiB.
    pub vram_mib: u64,
    /// Size of the VRAM aperture in MiB.
    pub aperture_mib: u64,
}

impl Chip {
    /// Looks a chip up by its lower-case name.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        CHIPS.iter().find(|chip| chip.name == name)
    }

    /// Does the board have a display engine that is not fused off?
    pub fn has_display(&self) -> bool {
        self.class == BoardClass::Vga
    }
}

const fn vga(
    name: &'static str,
    id: u32,
    family: Family,
    device: u16,
    board: &'static str,
    vram_mib: u64,
) -> Chip {
    Chip {
        name,
        id,
        family,
        device,
        board,
        class: BoardClass::Vga,
        subsystem: 0,
        vram_mib,
        aperture_mib: 256,
    }
}

const fn compute(
    name: &'static str,
    id: u32,
    family: Family,
    device: u16,
    board: &'static str,
    vram_mib: u64,
) -> Chip {
    Chip {
        class: BoardClass::ThreeD,
        aperture_mib: 128 * 1024,
        ..vga(name, id, family, device, board, vram_mib)
    }
}

/// Every chip, in the order of its id.
#[rustfmt::skip]
pub const CHIPS: &[Chip] = &[
    vga("tu102", 0x162, Family::Turing, 0x1e04, "GeForce RTX 2080 Ti", 11 * 1024),
    vga("tu104", 0x164, Family::Turing, 0x1e84, "GeForce RTX 2070 SUPER", 8 * 1024),
    vga("tu106", 0x166, Family::Turing, 0x1f02, "GeForce RTX 2070", 8 * 1024),
    vga("tu117", 0x167, Family::Turing, 0x1f82, "GeForce GTX 1650", 4 * 1024),
    vga("tu116", 0x168, Family::Turing, 0x2182, "GeForce GTX 1660 Ti", 6 * 1024),
    Chip {
        subsystem: 0x145f, aperture_mib: 64 * 1024,
        ..compute("ga100", 0x170, Family::Ga100, 0x20f1, "A100-PCIE-40GB", 40 * 1024)
    },
    vga("ga102", 0x172, Family::Ga10x, 0x2204, "GeForce RTX 3090", 24 * 1024),
    vga("ga103", 0x173, Family::Ga10x, 0x2414, "GeForce RTX 3060 Ti", 8 * 1024),
    vga("ga104", 0x174, Family::Ga10x, 0x2484, "GeForce RTX 3070", 8 * 1024),
    vga("ga106", 0x176, Family::Ga10x, 0x2503, "GeForce RTX 3060", 12 * 1024),
    vga("ga107", 0x177, Family::Ga10x, 0x2582, "GeForce RTX 3050", 8 * 1024),
    Chip {
        subsystem: 0x1626,
        ..compute("gh100", 0x180, Family::Hopper, 0x2331, "H100 PCIe", 80 * 1024)
    },
    vga("ad102", 0x192, Family::Ada, 0x2684, "GeForce RTX 4090", 24 * 1024),
    vga("ad103", 0x193, Family::Ada, 0x2704, "GeForce RTX 4080", 16 * 1024),
    vga("ad104", 0x194, Family::Ada, 0x2786, "GeForce RTX 4070", 12 * 1024),
    vga("ad106", 0x196, Family::Ada, 0x2803, "GeForce RTX 4060 Ti", 8 * 1024),
    vga("ad107", 0x197, Family::Ada, 0x2882, "GeForce RTX 4060", 8 * 1024),
    Chip {
        subsystem: 0x1999,
        ..compute("gb100", 0x1a0, Family::Gb10x, 0x2901, "B200", 180 * 1024)
    },
    compute("gb102", 0x1a2, Family::Gb10x, 0x29bc, "B100", 180 * 1024),
    vga("gb202", 0x1b2, Family::Gb20x, 0x2b85, "GeForce RTX 5090", 32 * 1024),
    vga("gb203", 0x1b3, Family::Gb20x, 0x2c02, "GeForce RTX 5080", 16 * 1024),
    vga("gb205", 0x1b5, Family::Gb20x, 0x2f04, "GeForce RTX 5070", 12 * 1024),
    vga("gb206", 0x1b6, Family::Gb20x, 0x2d04, "GeForce RTX 5060 Ti", 16 * 1024),
    vga("gb207", 0x1b7, Family::Gb20x, 0x2d83, "GeForce RTX 5050", 8 * 1024),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_has_the_24_chips_in_id_order_without_duplicates() {
        assert_eq!(CHIPS.len(), 24);
        for pair in CHIPS.windows(2) {
            assert!(
                pair[0].id < pair[1].id,
                "{} before {}",
                pair[0].name,
                pair[1].name
            );
            assert_ne!(pair[0].device, pair[1].device, "{}", pair[0].name);
        }
    }

    #[test]
    fn architecture_number_follows_the_family() {
        for chip in CHIPS {
            let want = match chip.family {
                Family::Turing => 0x16,
                Family::Ga100 | Family::Ga10x => 0x17,
                Family::Hopper => 0x18,
                Family::Ada => 0x19,
                Family::Gb10x => 0x1a,
                Family::Gb20x => 0x1b,
            };
            assert_eq!(chip.id >> 4, want, "{}", chip.name);
        }
    }

    #[test]
    fn names_are_found_and_unknown_names_are_not() {
        assert_eq!(Chip::by_name("tu117").map(|c| c.id), Some(0x167));
        assert_eq!(Chip::by_name("tu116").map(|c| c.id), Some(0x168));
        assert!(Chip::by_name("gb110").is_none());
        assert!(Chip::by_name("GA102").is_none());
    }

    #[test]
    fn boards_without_display_are_exactly_the_data_centre_chips() {
        let without: Vec<_> = CHIPS
            .iter()
            .filter(|c| !c.has_display())
            .map(|c| c.name)
            .collect();
        assert_eq!(without, ["ga100", "gh100", "gb100", "gb102"]);
    }

    #[test]
    fn every_family_boots_one_way() {
        for family in Family::ALL {
            assert_ne!(
                Families::SEC2_BOOT.has(family),
                Families::FSP_BOOT.has(family),
                "{family:?}"
            );
        }
    }
}
