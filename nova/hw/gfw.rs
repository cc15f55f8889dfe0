// SPDX-License-Identifier: GPL-2.0

//! Progress of the GPU's own firmware, which sets up the card before a driver may touch it.
//!
//! On Turing, Ampere and Ada the progress stands in a scratch register that the CPU may read only once
//! the firmware has opened it. Until [`is_readable`] says so the progress register must not be read.

/// What the progress register says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Not finished; the number is the firmware's own, good only for a log line.
    Running(u8),
    /// Finished.
    Complete,
    /// All ones. Finished, unless the device is gone: ask a register that has another value.
    CompleteOrGone,
}

/// Value of bits 7:0 once the firmware has finished.
const COMPLETE: u8 = 0xff;

/// Whether the CPU may read the progress register, from
/// `NV_PGC6_AON_SECURE_SCRATCH_GROUP_05_PRIV_LEVEL_MASK`.
pub const fn is_readable(priv_level_mask: u32) -> bool {
    priv_level_mask & 1 == 1
}

/// Decodes `NV_PGC6_AON_SECURE_SCRATCH_GROUP_05(0)`, of which only bits 7:0 count.
pub const fn progress(raw: u32) -> Progress {
    let [progress, ..] = raw.to_le_bytes();
    match (raw, progress) {
        (u32::MAX, _) => Progress::CompleteOrGone,
        (_, COMPLETE) => Progress::Complete,
        (_, running) => Progress::Running(running),
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

    cases! { gfw_cases at gfw::cases:
        fn only_bit_0_of_the_mask_counts() {
            for (mask, want) in [
                (0, false),
                (0xe, false),
                (0xffff_fffe, false),
                (1, true),
                (0xffff_ffff, true),
            ] {
                same!(is_readable(mask), want, "{mask:#x}");
            }
        }

        fn only_the_low_byte_of_the_progress_counts() {
            for (raw, want) in [
                (0, Progress::Running(0)),
                (0xfe, Progress::Running(0xfe)),
                (0xff00, Progress::Running(0)),
                (0xff, Progress::Complete),
                (0x1234_56ff, Progress::Complete),
                (0xffff_ffff, Progress::CompleteOrGone),
            ] {
                same!(progress(raw), want, "{raw:#x}");
            }
        }
    }
}
