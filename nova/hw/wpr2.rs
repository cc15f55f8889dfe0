// SPDX-License-Identifier: GPL-2.0

//! WPR2, the region of video memory that only signed programs may write, as its registers tell it.

use crate::fb::{
    VramAddr,
    VramRange, //
};
use core::fmt;

/// Unit of the addresses in the registers.
const PAGE_SHIFT: u32 = 12;

/// The bits of both registers that count; the others are not part of an address.
const FIELD_SHIFT: u32 = 4;

/// A WPR2 that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wpr2 {
    /// Where it starts.
    pub start: VramAddr,
    /// Where it ends. Whether the address is that of the last page or the one after it is not published.
    pub end: VramAddr,
}

impl Wpr2 {
    /// Decodes `NV_PFB_PRI_MMU_WPR2_ADDR_LO` and `_HI`; `None` if there is no WPR2.
    pub const fn decode(lo: u32, hi: u32) -> Option<Self> {
        if !Self::exists(hi) {
            return None;
        }
        Some(Self {
            start: Self::address(lo),
            end: Self::address(hi),
        })
    }

    /// Whether there is a WPR2, by `NV_PFB_PRI_MMU_WPR2_ADDR_HI` alone.
    pub const fn exists(hi: u32) -> bool {
        hi >> FIELD_SHIFT != 0
    }

    /// Whether it is what FWSEC was told to create: starts where `frts` does, and ends no later.
    pub fn is_frts(&self, frts: VramRange) -> bool {
        self.start == frts.start() && self.start < self.end && self.end <= frts.end()
    }

    const fn address(register: u32) -> VramAddr {
        // CAST: widening; `From` is not const.
        VramAddr::new(((register >> FIELD_SHIFT) as u64) << PAGE_SHIFT)
    }
}

impl fmt::Display for Wpr2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

#[cfg(any(test, CONFIG_KUNIT = "y"))]
pub mod cases {
    //! What holds of this on any machine.

    use super::*;
    use crate::cases::{
        cases,
        check,
        same, //
    };

    fn range(start: u64, end: u64) -> VramRange {
        VramRange::new(VramAddr::new(start), VramAddr::new(end)).unwrap()
    }

    cases! { wpr2_cases at wpr2::cases:
        fn a_board_with_24_gib_has_its_frts_there() {
            let wpr2 = Wpr2::decode(0x05ff_e000, 0x05ff_f000).unwrap();
            same!(wpr2.start.raw(), 0x5_ffe0_0000);
            same!(wpr2.end.raw(), 0x5_fff0_0000);
            check!(wpr2.is_frts(range(0x5_ffe0_0000, 0x5_fff0_0000)));
        }

        fn only_the_field_of_the_upper_bound_says_whether_it_exists() {
            for (lo, hi, want) in [
                (0, 0, false),
                (0x1fff_ffff, 0, false),
                (0x1fff_ffff, 0xf, false),
                (0, 0x10, true),
            ] {
                same!(Wpr2::decode(lo, hi).is_some(), want, "{lo:#x} {hi:#x}");
                same!(Wpr2::exists(hi), want, "{hi:#x}");
            }
        }

        fn another_region_than_frts_is_noticed() {
            let frts = range(0x1ffe0_0000, 0x1fff0_0000);
            for (name, start, end, want) in [
                ("exactly", 0x1ffe0_0000, 0x1fff0_0000, true),
                (
                    "upper bound is the last page",
                    0x1ffe0_0000,
                    0x1ffef_f000,
                    true,
                ),
                ("starts later", 0x1ffe0_1000, 0x1fff0_0000, false),
                ("starts earlier", 0x1ffd0_0000, 0x1fff0_0000, false),
                ("ends later", 0x1ffe0_0000, 0x1fff0_1000, false),
                ("ends where it starts", 0x1ffe0_0000, 0x1ffe0_0000, false),
            ] {
                let wpr2 = Wpr2 {
                    start: VramAddr::new(start),
                    end: VramAddr::new(end),
                };
                same!(wpr2.is_frts(frts), want, "{name}");
            }
        }
    }
}
