// SPDX-License-Identifier: GPL-2.0

//! The chip table: which GPUs the driver knows, and every number that differs between them.
//!
//! A chip belongs to a [`Family`], a group of chips that no number tells apart. A row of the table is
//! therefore short, and adding a chip of a known family is adding one row.
//!
//! Chip ids do not follow release order: Ada (`0x19x`) sorts after Hopper (`0x180`), and TU117 before
//! TU116. Ask the family, never compare ids.

use core::fmt;

mod family;
mod identity;

pub use family::{
    Boot,
    ConfigMirror,
    DisplaySource,
    FalconGeneration,
    Family,
    FspBoot,
    FspStatusRegister,
    Libos,
    Sec2Boot, //
};
pub use identity::{
    check_boot0,
    identify,
    Identity,
    Refusal, //
};

/// The generations of GPUs the driver knows, as the hardware tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Architecture {
    /// TU10x and TU11x.
    Turing,
    /// GA100 and GA10x.
    Ampere,
    /// GH100.
    Hopper,
    /// AD10x.
    Ada,
    /// GB10x, the data-centre Blackwells.
    BlackwellGb10x,
    /// GB20x, the other Blackwells.
    BlackwellGb20x,
}

impl Architecture {
    /// All of them, in the order of their hardware numbers.
    pub const ALL: [Self; 6] = [
        Self::Turing,
        Self::Ampere,
        Self::Hopper,
        Self::Ada,
        Self::BlackwellGb10x,
        Self::BlackwellGb20x,
    ];

    /// The number in the architecture field of `NV_PMC_BOOT_42`.
    pub const fn id(self) -> u32 {
        match self {
            Self::Turing => 0x16,
            Self::Ampere => 0x17,
            Self::Hopper => 0x18,
            Self::Ada => 0x19,
            Self::BlackwellGb10x => 0x1a,
            Self::BlackwellGb20x => 0x1b,
        }
    }

    /// The name for people. Both Blackwell generations are sold as one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Turing => "Turing",
            Self::Ampere => "Ampere",
            Self::Hopper => "Hopper",
            Self::Ada => "Ada",
            Self::BlackwellGb10x | Self::BlackwellGb20x => "Blackwell",
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which of two ways starts GSP-RM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BootMethod {
    /// FWSEC and Booter, run on the SEC2 falcon by the driver.
    Sec2,
    /// The FMC image, verified and started by FSP.
    Fsp,
}

/// One row of the chip table.
#[derive(Debug)]
pub struct ChipInfo {
    /// The chip this row is about.
    pub chip: Chip,
    /// Lower-case name, which is also the name of its firmware directory: `ga102`.
    pub name: &'static str,
    /// Name for people: `GA102`.
    pub display_name: &'static str,
    /// Architecture and implementation as the hardware reports them: `0x172`.
    pub id: u32,
    /// Everything it shares with its siblings.
    pub family: &'static Family,
}

macro_rules! chips {
    ($($chip:ident = $id:literal, $name:literal, $display:literal, $family:expr;)*) => {
        /// A GPU the driver knows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Chip {
            $(
                #[doc = concat!($display, ", chip id `", stringify!($id), "`.")]
                $chip,
            )*
        }

        impl Chip {
            /// Every chip the driver knows, by ascending chip id.
            pub const ALL: [Self; [$($id),*].len()] = [$(Self::$chip),*];

            /// The chip's row of the table.
            pub const fn info(self) -> &'static ChipInfo {
                match self {
                    $(Self::$chip => const {
                        &ChipInfo {
                            chip: Self::$chip,
                            name: $name,
                            display_name: $display,
                            id: $id,
                            family: $family,
                        }
                    },)*
                }
            }
        }
    };
}

chips! {
    Tu102 = 0x162, "tu102", "TU102", &family::TU10X;
    Tu104 = 0x164, "tu104", "TU104", &family::TU10X;
    Tu106 = 0x166, "tu106", "TU106", &family::TU10X;
    Tu117 = 0x167, "tu117", "TU117", &family::TU11X;
    Tu116 = 0x168, "tu116", "TU116", &family::TU11X;
    Ga100 = 0x170, "ga100", "GA100", &family::GA100;
    Ga102 = 0x172, "ga102", "GA102", &family::GA10X;
    Ga103 = 0x173, "ga103", "GA103", &family::GA10X;
    Ga104 = 0x174, "ga104", "GA104", &family::GA10X;
    Ga106 = 0x176, "ga106", "GA106", &family::GA10X;
    Ga107 = 0x177, "ga107", "GA107", &family::GA10X;
    Gh100 = 0x180, "gh100", "GH100", &family::GH100;
    Ad102 = 0x192, "ad102", "AD102", &family::AD10X;
    Ad103 = 0x193, "ad103", "AD103", &family::AD10X;
    Ad104 = 0x194, "ad104", "AD104", &family::AD10X;
    Ad106 = 0x196, "ad106", "AD106", &family::AD10X;
    Ad107 = 0x197, "ad107", "AD107", &family::AD10X;
    Gb100 = 0x1a0, "gb100", "GB100", &family::GB10X;
    Gb102 = 0x1a2, "gb102", "GB102", &family::GB10X;
    Gb202 = 0x1b2, "gb202", "GB202", &family::GB20X;
    Gb203 = 0x1b3, "gb203", "GB203", &family::GB20X;
    Gb205 = 0x1b5, "gb205", "GB205", &family::GB20X;
    Gb206 = 0x1b6, "gb206", "GB206", &family::GB20X;
    Gb207 = 0x1b7, "gb207", "GB207", &family::GB20X;
}

impl Chip {
    /// The chip with that lower-case name, if the driver knows it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|chip| chip.name() == name)
    }

    /// The chip with that id (architecture and implementation, as in `NV_PMC_BOOT_42[29:20]`).
    pub fn from_id(id: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|chip| chip.id() == id)
    }

    /// Lower-case name, which is also the name of its firmware directory.
    pub const fn name(self) -> &'static str {
        self.info().name
    }

    /// Name for people.
    pub const fn display_name(self) -> &'static str {
        self.info().display_name
    }

    /// Architecture and implementation in one number.
    pub const fn id(self) -> u32 {
        self.info().id
    }

    /// Everything the chip shares with its siblings.
    pub const fn family(self) -> &'static Family {
        self.info().family
    }

    /// The chip's generation.
    pub const fn architecture(self) -> Architecture {
        self.family().architecture
    }

    /// Which of the two ways starts GSP-RM on it.
    pub const fn boot_method(self) -> BootMethod {
        self.family().boot_method()
    }
}

impl fmt::Display for Chip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.display_name())
    }
}

#[cfg(any(test, CONFIG_KUNIT = "y"))]
pub mod cases;
