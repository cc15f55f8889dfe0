// SPDX-License-Identifier: GPL-2.0

//! What GSP-RM asks the driver to do with the falcons while it starts.

use super::engines::Engines;
use crate::{
    falcon::Mailboxes,
    identify::is_gone,
    wait, //
};
use kernel::{
    io::{
        register,
        Io, //
    },
    prelude::*,
    time::Delta, //
};
use nova_hw::fb;

register! {
    /// What SEC2's firmware has done.
    NV_PGC6_BSI_SECURE_SCRATCH_14(u32) @ 0x001180f8 {
        /// The GSP has been started again.
        26:26 boot_stage_3_handoff => bool;
    }
}

/// How long all existing drivers give SEC2 to start the GSP again.
const HANDOFF_DEADLINE: Delta = Delta::from_secs(2);

/// Time between two looks.
const HANDOFF_INTERVAL: Delta = Delta::from_millis(1);

impl Engines<'_> {
    /// Resets the GSP, for a program that GSP-RM has the driver load by register writes.
    ///
    /// # Errors
    ///
    /// Those of resetting a falcon, after one log line.
    pub(super) fn core_reset(&self) -> Result {
        self.gsp.reset()?.allow_dma();
        Ok(())
    }

    /// Starts that program.
    pub(super) fn core_start(&self) {
        self.gsp.start();
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    ///
    /// Those of waiting for a falcon, after one log line.
    pub(super) fn core_wait_for_halt(&self) -> Result {
        self.gsp.wait_halted("a program of GSP-RM")
    }

    /// Has SEC2 start GSP-RM again, with what that program has put into SEC2.
    ///
    /// `libos` and `app_version` are what the GSP was booted with.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` if SEC2 does not say that it did, `EIO` if it says that it failed or the GSP does not
    /// run, `ENODEV` if the device has gone; after one log line.
    pub(super) fn core_resume(&self, libos: u64, app_version: u32) -> Result {
        self.gsp.reset_for_riscv(Mailboxes::from(libos))?;
        self.sec2.start();
        let handed_off = wait::until(HANDOFF_INTERVAL, HANDOFF_DEADLINE, || {
            let scratch = self.bar.read(NV_PGC6_BSI_SECURE_SCRATCH_14);
            let handed_off = scratch.into_raw() != u32::MAX && scratch.boot_stage_3_handoff();
            Ok(handed_off.then_some(()))
        });
        if let Err(err) = handed_off {
            if is_gone(self.dev, self.bar) {
                return Err(ENODEV);
            }
            self.sec2.stop();
            dev_err!(
                self.dev,
                "SEC2 has not started the GSP again within {} ms; power-cycle the machine\n",
                HANDOFF_DEADLINE.as_millis()
            );
            return Err(err);
        }

        let result = self.sec2.mailbox0();
        if app_version != 0 {
            self.gsp.write_os_version(app_version);
        }
        // GSP-RM may have locked its registers by now, and runs then.
        let is_active = self.gsp.is_riscv_active() || fb::is_pri_error(self.gsp.cpuctl());
        if result == 0 && is_active {
            return Ok(());
        }
        if is_gone(self.dev, self.bar) {
            return Err(ENODEV);
        }
        dev_err!(
            self.dev,
            "SEC2 could not start the GSP again (mailbox reads {:#010x}, GSP active: {}); power-cycle the machine\n",
            result,
            is_active
        );
        Err(EIO)
    }
}
