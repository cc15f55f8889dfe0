// SPDX-License-Identifier: GPL-2.0

//! The registers: both falcon windows, and those in which programs leave their results.

use std::sync::LazyLock;

use crate::{
    chips::{
        Families,
        Family, //
    },
    falcon,
    regs::Reg,
};

/// Start of the protected region.
pub const WPR2_LO: u32 = 0x001f_a824;
/// End of the protected region.
pub const WPR2_HI: u32 = 0x001f_a828;
/// Scratch register 0x0e: error of FRTS in bits 31:16.
pub const FRTS_ERROR: u32 = 0x1438;
/// Scratch register 0x15: error of SB in bits 15:0.
pub const SB_ERROR: u32 = 0x1454;
/// Bit 26: the GSP was started again.
pub const RESUMED: u32 = 0x0011_80f8;
/// Bits 31:29: progress of the scrubber.
pub const SCRUBBER: u32 = 0x0011_80fc;

/// All of them.
pub static TABLE: LazyLock<Vec<Reg>> = LazyLock::new(|| {
    let results = [
        Reg::ro("NV_PFB_PRI_MMU_WPR2_ADDR_LO", WPR2_LO, 0),
        Reg::ro("NV_PFB_PRI_MMU_WPR2_ADDR_HI", WPR2_HI, 0),
        Reg::ro("NV_PGC6_BSI_SECURE_SCRATCH_14", RESUMED, 0),
        Reg::ro("NV_PGC6_BSI_SECURE_SCRATCH_15", SCRUBBER, 0).on(Families::of(&[Family::Ada])),
        Reg::ro("NV_PBUS_SW_SCRATCH_FRTS_ERROR", FRTS_ERROR, 0),
        Reg::ro("NV_PBUS_SW_SCRATCH_SB_ERROR", SB_ERROR, 0),
    ];
    falcon::regs::gsp()
        .chain(falcon::regs::sec2())
        .chain(results)
        .map(|reg| reg.among(Families::SEC2_BOOT))
        .collect()
});
