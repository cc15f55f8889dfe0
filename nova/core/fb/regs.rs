// SPDX-License-Identifier: GPL-2.0

//! Registers that describe video memory.

use kernel::io::register;

register! {
    /// Size of video memory on Turing and GA100. Decoded by [`nova_hw::fb::vram_size`].
    pub(super) NV_PFB_PRI_MMU_LOCAL_MEMORY_RANGE(u32) @ 0x00100ce0 {
        /// A sixteenth of the memory is taken by error correction.
        30:30 ecc_mode_enabled;
        /// Number of units.
        9:4 lower_mag;
        /// Size of a unit: 1 MiB shifted by this.
        3:0 lower_scale;
    }

    /// Size of video memory in MiB from GA102 on.
    pub(super) NV_USABLE_FB_SIZE_IN_MB(u32) @ 0x001183a4 {
        31:0 mebibytes;
    }

    /// Whether the display engine is fused off, on Turing.
    pub(super) NV_FUSE_STATUS_OPT_DISPLAY_TU102(u32) @ 0x00021c04 {
        0:0 disabled;
    }

    /// Whether the display engine is fused off, on Ampere and Ada.
    pub(super) NV_FUSE_STATUS_OPT_DISPLAY_GA100(u32) @ 0x00820c04 {
        0:0 disabled;
    }

    /// Where the VGA workspace is, on chips with a display. Decoded by [`nova_hw::fb::vga_workspace`].
    pub(super) NV_PDISP_VGA_WORKSPACE_BASE(u32) @ 0x00625f04 {
        /// In units of 64 KiB.
        31:8 addr;
        /// The address means something.
        3:3 status_valid;
    }

    /// Which privilege levels may read the lock below, on GA100.
    pub(super) NV_PFB_PRI_MMU_LOCK_CFG_PRIV_LEVEL_MASK(u32) @ 0x001fa7c8 {
        0:0 read_by_cpu;
    }

    /// Lower bound of what the VBIOS has locked for the row remapper, on GA100.
    pub(super) NV_PFB_PRI_MMU_LOCK_ADDR_LO(u32) @ 0x001fa82c {
        /// In units of 4 KiB.
        31:4 addr;
    }

    /// Upper bound of it.
    pub(super) NV_PFB_PRI_MMU_LOCK_ADDR_HI(u32) @ 0x001fa830 {
        /// In units of 4 KiB.
        31:4 addr;
    }

    /// Lower bound of WPR2. Decoded by [`nova_hw::wpr2`].
    pub(super) NV_PFB_PRI_MMU_WPR2_ADDR_LO(u32) @ 0x001fa824 {
        /// In units of 4 KiB.
        31:4 val;
    }

    /// Upper bound of it.
    pub(super) NV_PFB_PRI_MMU_WPR2_ADDR_HI(u32) @ 0x001fa828 {
        /// In units of 4 KiB. 0 if there is no WPR2.
        31:4 val;
    }
}
