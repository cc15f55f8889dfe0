// SPDX-License-Identifier: GPL-2.0

//! The VGA workspace: memory at the very end that the VBIOS uses for its text screen.

use super::{
    is_pri_error,
    VramAddr,
    VramRange, //
};
use core::fmt;

/// Without a better answer the workspace is what the PRAMIN window shows at once: 1 MiB.
const DEFAULT_SIZE: u64 = 0x10_0000;

/// Size assumed when the workspace is told to be further down than the default.
const RELOCATED_SIZE: u64 = 0x2_0000;

/// `NV_PDISP_VGA_WORKSPACE_BASE`: the address field holds something.
const VALID: u32 = 1 << 3;

/// Why there is no VGA workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VgaError {
    /// Video memory is smaller than the workspace.
    VramTooSmall {
        /// End of video memory.
        fb_end: VramAddr,
    },
    /// The register says that the workspace begins after the end of video memory.
    Outside {
        /// Where it is said to begin.
        start: VramAddr,
        /// End of video memory.
        fb_end: VramAddr,
    },
    /// The register reads all ones or an error code.
    Unreadable(u32),
}

impl fmt::Display for VgaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VramTooSmall { fb_end } => {
                write!(
                    f,
                    "video memory of {fb_end} bytes has no room for the VGA workspace"
                )
            }
            Self::Outside { start, fb_end } => {
                write!(
                    f,
                    "VGA workspace at {start} is outside video memory, which ends at {fb_end}"
                )
            }
            Self::Unreadable(raw) => write!(f, "VGA workspace register reads {raw:#010x}"),
        }
    }
}

impl core::error::Error for VgaError {}

/// The VGA workspace of a card whose video memory ends at `fb_end`.
///
/// `register` is the value of `NV_PDISP_VGA_WORKSPACE_BASE`, or `None` if the card has no display, in
/// which case the register must not be read.
///
/// # Errors
///
/// [`VgaError`], if the register or the amount of memory makes no sense.
pub fn vga_workspace(fb_end: VramAddr, register: Option<u32>) -> Result<VramRange, VgaError> {
    let too_small = VgaError::VramTooSmall { fb_end };
    let default = fb_end.checked_sub(DEFAULT_SIZE).ok_or(too_small)?;
    let start = match register {
        Some(raw) if raw == u32::MAX || is_pri_error(raw) => return Err(VgaError::Unreadable(raw)),
        Some(raw) if raw & VALID != 0 => {
            let start = VramAddr::new(u64::from(raw >> 8) << 16);
            if start >= fb_end {
                return Err(VgaError::Outside { start, fb_end });
            }
            if start < default {
                fb_end.checked_sub(RELOCATED_SIZE).ok_or(too_small)?
            } else {
                start
            }
        }
        Some(_) | None => default,
    };
    VramRange::new(start, fb_end).ok_or(too_small)
}

#[cfg(any(test, CONFIG_KUNIT = "y"))]
pub mod cases {
    //! What holds of this on any machine.

    use super::*;
    use crate::cases::{
        cases,
        same, //
    };

    const GIB: u64 = 1 << 30;
    const END_24: VramAddr = VramAddr::new(24 * GIB);

    cases! { vga_cases at fb::vga_cases:
        fn where_the_workspace_begins() {
            for (name, fb_end, register, want) in [
                ("no display", 24 * GIB, None, 0x5_fff0_0000),
                ("not valid", 24 * GIB, Some(0x05ff_fe00), 0x5_fff0_0000),
                ("end - 1 MiB", 24 * GIB, Some(0x05ff_f008), 0x5_fff0_0000),
                ("end - 128 KiB", 24 * GIB, Some(0x05ff_fe08), 0x5_fffe_0000),
                (
                    "end - 192 KiB, not a multiple of 128 KiB",
                    24 * GIB,
                    Some(0x05ff_fd08),
                    0x5_fffd_0000,
                ),
                ("address 0", 24 * GIB, Some(0x0000_0008), 0x5_fffe_0000),
                (
                    "just below end - 1 MiB",
                    24 * GIB,
                    Some(0x05ff_ef08),
                    0x5_fffe_0000,
                ),
                (
                    "8 GiB, end - 1 MiB",
                    8 * GIB,
                    Some(0x01ff_f008),
                    0x1_fff0_0000,
                ),
                (
                    "8 GiB, end - 128 KiB",
                    8 * GIB,
                    Some(0x01ff_fe08),
                    0x1_fffe_0000,
                ),
            ] {
                let vga = vga_workspace(VramAddr::new(fb_end), register);
                let want = VramRange::new(VramAddr::new(want), VramAddr::new(fb_end));
                same!(vga.ok(), want, "{name}");
            }
        }

        fn nonsense_is_refused() {
            let outside = |start| VgaError::Outside {
                start: VramAddr::new(start),
                fb_end: END_24,
            };
            for (name, fb_end, register, want) in [
                (
                    "at the end",
                    END_24,
                    Some(0x0600_0008),
                    outside(0x6_0000_0000),
                ),
                (
                    "after the end",
                    END_24,
                    Some(0xffff_ff08),
                    outside(0xff_ffff_0000),
                ),
                (
                    "all ones",
                    END_24,
                    Some(u32::MAX),
                    VgaError::Unreadable(u32::MAX),
                ),
                (
                    "error code",
                    END_24,
                    Some(0xbadf_1108),
                    VgaError::Unreadable(0xbadf_1108),
                ),
                (
                    "no memory to speak of",
                    VramAddr::new(0xf_ffff),
                    None,
                    VgaError::VramTooSmall {
                        fb_end: VramAddr::new(0xf_ffff),
                    },
                ),
            ] {
                same!(vga_workspace(fb_end, register), Err(want), "{name}");
            }
        }
    }
}
