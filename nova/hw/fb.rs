// SPDX-License-Identifier: GPL-2.0

//! Video memory: how much there is, and where in it the regions of GSP-RM lie.
//!
//! On chips booted through SEC2 the driver places every region itself, downward from the end of video
//! memory; that is a [`Sec2Layout`]. On chips booted through FSP it only says how big each has to be;
//! that is an [`FspLayout`].
//!
//! All sums are checked. Input comes from registers and firmware files, neither of which can be trusted
//! to fit the card.

use core::fmt;

mod addr;
mod fsp;
mod heap;
mod sec2;
mod size;
mod vga;

pub use addr::{
    VramAddr,
    VramRange, //
};
pub use fsp::FspLayout;
pub use heap::wpr_heap_size;
pub use sec2::{
    row_remapper_lock,
    Sec2Inputs,
    Sec2Layout, //
};
pub use size::{
    is_pri_error,
    vram_size,
    VramSizeError,
    VramSizeSource, //
};
pub use vga::{
    vga_workspace,
    VgaError, //
};

/// Why no layout exists for the given sizes.
///
/// All of them mean `EINVAL`: video memory, firmware and chip do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayoutError {
    /// The chip is booted in the other way, so that it has no such layout.
    WrongBootMethod,
    /// The amount of video memory is too big for a heap size to be computed.
    VramTooBig {
        /// Bytes of video memory.
        fb_size: u64,
    },
    /// Going down from the end, video memory ended before this region found its place.
    NoRoom {
        /// Name of the region.
        region: &'static str,
        /// How many bytes it needs, at least.
        needed: u64,
        /// How many bytes are left below the regions already placed.
        left: u64,
    },
    /// FWSEC cannot be told of an FRTS region at or above 2^44.
    FrtsTooHigh {
        /// Where it would have to start.
        start: VramAddr,
    },
    /// The VGA workspace does not end where video memory ends.
    VgaNotAtEnd {
        /// The workspace.
        vga: VramRange,
        /// The end of video memory.
        fb_end: VramAddr,
    },
    /// The number of virtual functions does not fit the message to GSP-RM.
    TooManyVfs {
        /// The number.
        total_vfs: u16,
    },
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongBootMethod => f.write_str("no such layout on a chip with this boot method"),
            Self::VramTooBig { fb_size } => {
                write!(f, "no heap size for {fb_size:#x} bytes of video memory")
            }
            Self::NoRoom {
                region,
                needed,
                left,
            } => write!(
                f,
                "no room in video memory for {region}: {needed:#x} bytes needed, {left:#x} left"
            ),
            Self::FrtsTooHigh { start } => {
                write!(f, "FRTS region at {start} cannot be encoded in 44 bits")
            }
            Self::VgaNotAtEnd { vga, fb_end } => {
                write!(
                    f,
                    "VGA workspace {vga} does not end with video memory, at {fb_end}"
                )
            }
            Self::TooManyVfs { total_vfs } => {
                write!(
                    f,
                    "{total_vfs} virtual functions, at most 255 can be announced"
                )
            }
        }
    }
}

impl core::error::Error for LayoutError {}

/// The memory layout of a chip of either kind.
///
/// `Display` gives one line for each region, top down, as `name: 0xSTART..0xEND`, and then one line for
/// each size that firmware will place, as `name: 0xSIZE bytes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// The driver has placed every region.
    Sec2(Sec2Layout),
    /// The driver has sized every region, and firmware will place them.
    Fsp(FspLayout),
}

impl Layout {
    /// Every region whose place is known, with its name, from the end of video memory down.
    pub fn regions(&self) -> impl Iterator<Item = (&'static str, VramRange)> {
        let (sec2, fsp) = match self {
            Self::Sec2(layout) => (Some(layout.regions()), None),
            Self::Fsp(layout) => (None, Some(layout.regions())),
        };
        sec2.into_iter().flatten().chain(fsp.into_iter().flatten())
    }

    /// Every size, in bytes, that firmware is told instead of a place, with its name.
    pub fn sizes(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let sizes = match self {
            Self::Sec2(_) => None,
            Self::Fsp(layout) => Some(layout.sizes()),
        };
        sizes.into_iter().flatten()
    }
}

impl Layout {
    /// Whether it is that of a card which is divided among virtual machines.
    pub const fn is_for_vgpu(&self) -> bool {
        match self {
            Self::Sec2(_) => false,
            Self::Fsp(layout) => layout.vf_partition_count > 0,
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, range) in self.regions() {
            writeln!(f, "{name}: {range}")?;
        }
        for (name, size) in self.sizes() {
            writeln!(f, "{name}: {size:#x} bytes")?;
        }
        Ok(())
    }
}

#[cfg(any(test, CONFIG_KUNIT = "y"))]
pub mod cases;
#[cfg(test)]
mod tests;

#[cfg(any(test, CONFIG_KUNIT = "y"))]
pub use {
    size::cases as size_cases,
    vga::cases as vga_cases, //
};
