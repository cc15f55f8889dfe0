// SPDX-License-Identifier: GPL-2.0

//! Registers of FSP.
//!
//! Source: open-gpu-kernel-modules (`dev_fsp_pri.h`, `dev_therm.h`).

use kernel::io::register;

register! {
    /// Says that FSP has finished its own boot, on Hopper and GB10x. Decoded by [`nova_hw::fsp::is_ready`].
    pub(super) NV_THERM_I2CS_SCRATCH_FSP_BOOT_COMPLETE_GH100(u32) @ 0x000200bc {
        31:0 status;
    }

    /// Says the same on GB20x.
    pub(super) NV_THERM_I2CS_SCRATCH_FSP_BOOT_COMPLETE_GB202(u32) @ 0x00ad00bc {
        31:0 status;
    }
}

// A channel each. Channel 0 is for drivers.
register! {
    /// Which word of FSP's memory [`NV_PFSP_EMEMD`] is, and what happens after an access to it.
    pub(super) NV_PFSP_EMEMC(u32)[8, stride = 8] @ 0x008f2ac0 {
        /// The next word comes after a read.
        25:25 aincr => bool;
        /// The next word comes after a write.
        24:24 aincw => bool;
        /// Byte offset of the word; the two lowest bits are 0.
        15:0 offset;
        31:0 raw;
    }

    /// That word.
    pub(super) NV_PFSP_EMEMD(u32)[8, stride = 8] @ 0x008f2ac4 {
        31:0 data;
    }

    /// Where the first word of a packet for FSP is; writing it tells FSP.
    pub(super) NV_PFSP_QUEUE_HEAD(u32)[8, stride = 8] @ 0x008f2c00 {
        31:0 address;
    }

    /// Where its last word is.
    pub(super) NV_PFSP_QUEUE_TAIL(u32)[8, stride = 8] @ 0x008f2c04 {
        31:0 address;
    }

    /// Where the first word of a packet from FSP is.
    pub(super) NV_PFSP_MSGQ_HEAD(u32)[8, stride = 8] @ 0x008f2c80 {
        31:0 address;
    }

    /// Where its last word is.
    pub(super) NV_PFSP_MSGQ_TAIL(u32)[8, stride = 8] @ 0x008f2c84 {
        31:0 address;
    }
}
