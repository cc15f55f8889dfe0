// SPDX-License-Identifier: GPL-2.0

//! Write-protected region 2: the part of VRAM that only firmware may touch.

use std::ops::Range;

/// The two registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wpr2 {
    /// `NV_PFB_PRI_MMU_WPR2_ADDR_LO`.
    pub lo: u32,
    /// `NV_PFB_PRI_MMU_WPR2_ADDR_HI`, exclusive; zero says that there is no region.
    pub hi: u32,
}

impl Wpr2 {
    /// The registers that say `range`.
    pub fn of(range: Range<u64>) -> Self {
        // CAST: VRAM is at most 1 TiB, so there are 28 bits above the page.
        let register = |address: u64| (address >> 12 << 4) as u32;
        Self {
            lo: register(range.start),
            hi: register(range.end),
        }
    }

    /// Is there a region?
    pub fn is_set(self) -> bool {
        self.hi >> 4 != 0
    }

    /// The region.
    pub fn range(self) -> Range<u64> {
        self.start()..u64::from(self.hi >> 4) << 12
    }

    /// First byte.
    pub fn start(self) -> u64 {
        u64::from(self.lo >> 4) << 12
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_hold_pages_from_bit_four() {
        let wpr2 = Wpr2::of(0x1_ffe0_0000..0x1_fff0_0000);
        assert_eq!((wpr2.lo, wpr2.hi), (0x1ff_e000, 0x1ff_f000));
        assert_eq!(wpr2.range(), 0x1_ffe0_0000..0x1_fff0_0000);
        assert!(wpr2.is_set());
        assert!(!Wpr2::default().is_set());
    }
}
