// SPDX-License-Identifier: GPL-2.0

//! The registers: FSP's, the window of the GSP, the protected region; and SEC2's, which are not for
//! the driver on these chips.

use std::sync::LazyLock;

use crate::{
    boot::registers as sec2_boot,
    chips::Families,
    falcon::{
        self,
        Which,
        WINDOW, //
    },
    fsp::Fsp,
    regs::Reg,
};

/// Start of the protected region.
pub const WPR2_LO: u32 = sec2_boot::WPR2_LO;
/// End of the protected region; zero while there is none.
pub const WPR2_HI: u32 = sec2_boot::WPR2_HI;

/// All of them.
pub static TABLE: LazyLock<Vec<Reg>> = LazyLock::new(|| {
    let own = [
        Reg::ro("NV_PFB_PRI_MMU_WPR2_ADDR_LO", WPR2_LO, 0),
        Reg::ro("NV_PFB_PRI_MMU_WPR2_ADDR_HI", WPR2_HI, 0),
        Reg::rw("NV_PSEC", Which::Sec2.base(), u32::MAX).times(WINDOW / 4),
    ];
    falcon::regs::gsp()
        .chain(own)
        .chain(Fsp::regs().iter().cloned())
        .map(|reg| reg.among(Families::FSP_BOOT))
        .collect()
});
