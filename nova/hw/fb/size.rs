// SPDX-License-Identifier: GPL-2.0

//! How much video memory there is.

use core::fmt;

const MIB: u64 = 1 << 20;

/// The register that tells the amount of video memory, which decides how it is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VramSizeSource {
    /// `NV_PFB_PRI_MMU_LOCAL_MEMORY_RANGE`: a number of MiB as magnitude (9:4) and shift (3:0), and
    /// whether a sixteenth of that is taken by error correction (30).
    LocalMemoryRange,
    /// `NV_USABLE_FB_SIZE_IN_MB`: a plain number of MiB.
    UsableMebibytes,
}

/// Why a value of the size register cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VramSizeError {
    /// The device does not answer: the register reads all ones.
    Gone,
    /// The register could not be reached inside the GPU; it reads an error code.
    PriError(u32),
    /// The register says that there is no memory.
    Zero(u32),
}

impl fmt::Display for VramSizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => {
                f.write_str("video memory size reads all ones, the device does not answer")
            }
            Self::PriError(raw) => write!(f, "video memory size reads the error code {raw:#010x}"),
            Self::Zero(raw) => write!(f, "video memory size is zero (register reads {raw:#010x})"),
        }
    }
}

impl core::error::Error for VramSizeError {}

/// Whether `raw` is what the GPU answers for a register that it cannot read: `0xbadfxxxx`.
pub const fn is_pri_error(raw: u32) -> bool {
    raw >> 16 == 0xbadf
}

/// Decodes a value of the register `source` into a number of bytes, which is never 0.
///
/// # Errors
///
/// See [`VramSizeError`]; all of them mean that the device answered nonsense.
pub fn vram_size(source: VramSizeSource, raw: u32) -> Result<u64, VramSizeError> {
    if raw == u32::MAX {
        return Err(VramSizeError::Gone);
    }
    if is_pri_error(raw) {
        return Err(VramSizeError::PriError(raw));
    }
    let size = match source {
        VramSizeSource::LocalMemoryRange => local_memory_range(raw),
        // Cannot overflow: 32 bits and 20 more.
        VramSizeSource::UsableMebibytes => u64::from(raw) * MIB,
    };
    if size == 0 {
        return Err(VramSizeError::Zero(raw));
    }
    Ok(size)
}

fn local_memory_range(raw: u32) -> u64 {
    let scale = raw & 0xf;
    let magnitude = u64::from(raw >> 4 & 0x3f);
    // Cannot overflow: at most 6 + 15 + 20 bits.
    let size = (magnitude << scale) * MIB;
    let ecc = raw >> 30 & 1 == 1;
    if ecc {
        size / 16 * 15
    } else {
        size
    }
}

#[cfg(any(test, CONFIG_KUNIT = "y"))]
pub mod cases {
    //! What holds of this on any machine.

    use super::*;
    use crate::cases::{
        cases,
        same, //
    };
    use VramSizeSource::*;

    const GIB: u64 = 1 << 30;

    cases! { vram_size_cases at fb::size_cases:
        fn golden_encodings() {
            for (source, raw, want) in [
                (LocalMemoryRange, 0x208, 8 * GIB),
                (LocalMemoryRange, 0x08a, 8 * GIB),
                (LocalMemoryRange, 0x28a, 40 * GIB),
                (LocalMemoryRange, 0x4000_028a, 38400 * MIB),
                (LocalMemoryRange, 0x0000_03ff, 63 << 35),
                (UsableMebibytes, 0x6000, 24 * GIB),
                (UsableMebibytes, 0x8000, 32 * GIB),
                (UsableMebibytes, 0x14000, 80 * GIB),
                (UsableMebibytes, 1, MIB),
            ] {
                same!(vram_size(source, raw), Ok(want), "{source:?} {raw:#x}");
            }
        }

        fn what_is_no_size_is_refused() {
            for source in [LocalMemoryRange, UsableMebibytes] {
                for (raw, want) in [
                    (0, VramSizeError::Zero(0)),
                    (u32::MAX, VramSizeError::Gone),
                    (0xbadf_1100, VramSizeError::PriError(0xbadf_1100)),
                    (0xbadf_0000, VramSizeError::PriError(0xbadf_0000)),
                    (0xbadf_ffff, VramSizeError::PriError(0xbadf_ffff)),
                ] {
                    same!(vram_size(source, raw), Err(want), "{source:?} {raw:#x}");
                }
            }
            // A shift and an ECC bit without a magnitude are still nothing.
            same!(
                vram_size(LocalMemoryRange, 0x4000_000f),
                Err(VramSizeError::Zero(0x4000_000f))
            );
        }
    }
}
