// SPDX-License-Identifier: GPL-2.0

//! Recognising a chip by its two boot registers.
//!
//! The order is part of the contract. [`check_boot0`] looks at a register that every NVIDIA chip ever
//! made has, and keeps the driver away from chips so old that [`identify`]'s register means something
//! else on them.

use super::{
    Architecture,
    Chip, //
};
use core::fmt;

/// Architecture number of GF100, the first generation whose `NV_PMC_BOOT_42` can be trusted.
const FERMI: u32 = 0x0c;

/// The value every register of a device reads that is no longer there.
const ALL_ONES: u32 = u32::MAX;

/// A chip the driver knows, and the revision of its silicon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Which chip.
    pub chip: Chip,
    /// Major revision, 0 to 15, customarily written in hexadecimal: 10 is "a".
    pub major: u8,
    /// Minor revision, 0 to 15.
    pub minor: u8,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { chip, major, minor } = self;
        write!(f, "{chip} ({}, {major:x}.{minor:x})", chip.architecture())
    }
}

/// Why the driver leaves a device alone.
///
/// All of them mean `ENODEV`. `Display` gives the end of a log line, except that [`Refusal::is_silent`]
/// ones are not to be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The chip predates Fermi. Nothing but `NV_PMC_BOOT_0` may be read from it.
    Ancient {
        /// Value of `NV_PMC_BOOT_0`.
        boot0: u32,
    },
    /// The chip is of a generation the driver does not know.
    UnknownArchitecture {
        /// Value of `NV_PMC_BOOT_42`.
        boot42: u32,
    },
    /// The generation is known, the chip is not.
    UnknownChip {
        /// The generation.
        architecture: Architecture,
        /// Value of `NV_PMC_BOOT_42`.
        boot42: u32,
    },
    /// The device does not answer: it reads all ones.
    Gone,
}

impl Refusal {
    /// Whether the device is so foreign that it deserves no line in the log.
    pub const fn is_silent(self) -> bool {
        matches!(self, Self::Ancient { .. })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Ancient { boot0 } => write!(f, "chip older than Fermi (BOOT_0 {boot0:#010x})"),
            Self::UnknownArchitecture { boot42 } => write!(
                f,
                "unsupported GPU (BOOT_42 {boot42:#010x}: unknown architecture {:#x}, implementation {:#x})",
                architecture_of(boot42),
                implementation_of(boot42),
            ),
            Self::UnknownChip { architecture, boot42 } => write!(
                f,
                "unsupported {architecture} GPU (BOOT_42 {boot42:#010x}: architecture {:#x}, unknown implementation {:#x})",
                architecture_of(boot42),
                implementation_of(boot42),
            ),
            Self::Gone => write!(f, "device does not answer (BOOT_42 {ALL_ONES:#010x})"),
        }
    }
}

/// Tells from `NV_PMC_BOOT_0` whether the chip is new enough for `NV_PMC_BOOT_42` to be read.
///
/// # Errors
///
/// [`Refusal::Ancient`], for chips before Fermi and for a register that reads 0.
pub fn check_boot0(boot0: u32) -> Result<(), Refusal> {
    let architecture_low = boot0 >> 24 & 0x1f;
    let architecture_high = boot0 >> 8 & 1;
    if architecture_high == 0 && architecture_low < FERMI {
        return Err(Refusal::Ancient { boot0 });
    }
    Ok(())
}

/// Recognises a chip by its `NV_PMC_BOOT_42`.
///
/// # Errors
///
/// Any [`Refusal`] but [`Refusal::Ancient`].
pub fn identify(boot42: u32) -> Result<Identity, Refusal> {
    if boot42 == ALL_ONES {
        return Err(Refusal::Gone);
    }
    let architecture = Architecture::ALL
        .into_iter()
        .find(|known| known.id() == architecture_of(boot42))
        .ok_or(Refusal::UnknownArchitecture { boot42 })?;
    let chip = Chip::from_id(architecture_of(boot42) << 4 | implementation_of(boot42)).ok_or(
        Refusal::UnknownChip {
            architecture,
            boot42,
        },
    )?;
    Ok(Identity {
        chip,
        major: nibble(boot42, 16),
        minor: nibble(boot42, 12),
    })
}

const fn architecture_of(boot42: u32) -> u32 {
    boot42 >> 24 & 0x3f
}

const fn implementation_of(boot42: u32) -> u32 {
    boot42 >> 20 & 0xf
}

const fn nibble(word: u32, shift: u32) -> u8 {
    // CAST: masked to four bits.
    (word >> shift & 0xf) as u8
}
