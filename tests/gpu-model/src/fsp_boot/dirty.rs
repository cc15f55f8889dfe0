// SPDX-License-Identifier: GPL-2.0

//! States in which somebody has left a card that boots through FSP.

use super::{
    fmc::Job,
    FspBoot,
    State, //
};
use crate::{
    boot::{
        dirty::{
            Dirty,
            OLD_LIBOS, //
        },
        wpr2::Wpr2, //
    },
    falcon::regs::bits,
    gsp_rm::STOPPED,
    vram::MIB,
};

/// What FMC has left in the mailbox.
const OLD_ERROR: u32 = 0x2f;
/// From the end of VRAM to that of FRTS on most of these chips, and bytes from there down that the
/// former driver's GSP-RM took.
const OLD_END: u64 = 28 * MIB;
const OLD_SIZE: u64 = 224 * MIB;

impl FspBoot {
    /// Puts the card into `state`.
    pub(super) fn make_dirty(&mut self, state: Dirty) {
        // Nothing of this is the driver's doing.
        self.excused = true;
        match state {
            Dirty::GspRunning | Dirty::StaleQueues | Dirty::GspSuspended => {
                let end = self.vram - OLD_END;
                self.wpr2 = Wpr2::of(end - OLD_SIZE..end);
                self.gsp.start_riscv();
                self.gsp.mailbox = OLD_LIBOS;
                self.lockdown = false;
                self.state = State::Running;
                if state == Dirty::GspSuspended {
                    self.gsp.mailbox = [STOPPED, 0];
                    self.state = State::Halting { at: None };
                }
                if state == Dirty::StaleQueues {
                    self.gsp.riscv_irqmask = bits::IRQ_SWGEN0;
                    self.gsp.raise(bits::IRQ_SWGEN0);
                }
            }
            Dirty::FmcFailed => {
                self.gsp.mailbox = [OLD_ERROR, 0];
                self.state = State::Failed;
            }
            Dirty::GspLocked => self.state = State::Starting(Box::new(Job::endless())),
            // Only the flush register shows it, or another way of booting.
            Dirty::ForeignFlushPage | Dirty::FrtsOnly | Dirty::Wpr2Set | Dirty::Sec2Running => {}
        }
    }
}
