// SPDX-License-Identifier: GPL-2.0

//! FSP, the processor that starts the GSP of Hopper and Blackwell, as far as its registers go.
//!
//! - [`channel`]: the window through which packets are exchanged with it.
//! - [`gsp`]: what can be seen of the GSP while FSP and the FMC have it, and when it has been let go.
//! - [`vgpu`]: whether the card may be divided among virtual machines.
//!
//! What the packets say is the business of `nova_firmware::fsp`.

pub mod channel;
pub mod gsp;
pub mod vgpu;

/// What the boot status of FSP reads once it can be talked to: all 32 bits count.
pub const READY: u32 = 0xff;

/// Whether FSP has finished its own boot, from the register that [`FspStatusRegister`] names.
///
/// [`FspStatusRegister`]: crate::chip::FspStatusRegister
pub const fn is_ready(status: u32) -> bool {
    status == READY
}

#[cfg(any(test, CONFIG_KUNIT = "y"))]
pub mod cases {
    //! What holds of this on any machine.

    use super::is_ready;
    use crate::cases::{
        cases,
        check, //
    };

    cases! { fsp_cases at fsp::cases:
        fn only_one_status_means_ready() {
            check!(is_ready(0xff));
            for status in [0, 0xfe, 0x1ff, 0xff00, 0xffff_ffff, 0xbadf_41ff] {
                check!(!is_ready(status), "{status:#x}");
            }
        }
    }
}
