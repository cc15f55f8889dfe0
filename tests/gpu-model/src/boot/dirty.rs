// SPDX-License-Identifier: GPL-2.0

//! States in which a driver that crashed leaves a card.

use super::{
    wpr2::Wpr2,
    Boot, //
};
use crate::{
    chips::Family,
    falcon::regs::bits,
    vram::MIB, //
};

/// A state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dirty {
    /// FWSEC has set up the region for FRTS; nothing else happened.
    FrtsOnly,
    /// Booter has run, but the GSP is halted.
    Wpr2Set,
    /// GSP-RM runs, with queues in memory that belongs to somebody else now.
    GspRunning,
    /// As above, and messages are pending that nobody fetched.
    StaleQueues,
    /// A program on SEC2 never ended.
    Sec2Running,
    /// Only the sysmem flush page is still set.
    ForeignFlushPage,
    /// FMC has refused a boot.
    FmcFailed,
    /// FSP has the GSP, and will not let go of it.
    GspLocked,
    /// GSP-RM has said that it has stopped, but its core halts later.
    GspSuspended,
}

impl Dirty {
    /// All states, with the name on the command line and what each is.
    pub const ALL: &[(&'static str, Self, &'static str)] = &[
        (
            "gsp-running",
            Self::GspRunning,
            "GSP-RM runs in WPR2 and listens to nobody; flush page set (what a crash or kexec leaves)",
        ),
        (
            "wpr2-set",
            Self::Wpr2Set,
            "WPR2 covers GSP-RM, but the GSP is halted",
        ),
        (
            "frts-only",
            Self::FrtsOnly,
            "FWSEC has run: WPR2 covers FRTS alone",
        ),
        (
            "stale-queues",
            Self::StaleQueues,
            "as gsp-running, with an old message interrupt pending and enabled",
        ),
        (
            "sec2-running",
            Self::Sec2Running,
            "as frts-only, with a program on SEC2 that never ends",
        ),
        (
            "foreign-flush-page",
            Self::ForeignFlushPage,
            "nothing runs; the flush page of another driver is set",
        ),
        (
            "fmc-failed",
            Self::FmcFailed,
            "FMC has refused a boot, and its code is in the mailbox (Hopper and Blackwell)",
        ),
        (
            "gsp-locked",
            Self::GspLocked,
            "FSP owns the GSP, whose registers cannot be read (Hopper and Blackwell)",
        ),
        (
            "gsp-suspended",
            Self::GspSuspended,
            "GSP-RM has stopped, and its core halts a while after it is first looked at (Hopper \
             and Blackwell)",
        ),
    ];

    /// Name on the command line.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, state, _)| *state == self)
            .map_or("", |(name, ..)| name)
    }

    /// The state with this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(known, ..)| *known == name)
            .map(|(_, state, _)| *state)
    }

    /// Can a card of `family` be left like that?
    pub fn is_of(self, family: Family) -> bool {
        match self {
            Self::GspRunning | Self::StaleQueues | Self::ForeignFlushPage => true,
            Self::FrtsOnly | Self::Wpr2Set | Self::Sec2Running => !family.boots_by_fsp(),
            Self::FmcFailed | Self::GspLocked | Self::GspSuspended => family.boots_by_fsp(),
        }
    }

    /// Does the flush register hold an address of somebody else?
    pub fn has_foreign_flush_page(self) -> bool {
        !matches!(self, Self::FrtsOnly | Self::Sec2Running | Self::Wpr2Set)
    }
}

/// The libos table of the former driver.
pub const OLD_LIBOS: [u32; 2] = [0x7ad1_b000, 0];

impl Boot {
    /// Puts the card into `state`.
    pub(super) fn make_dirty(&mut self, state: Dirty) {
        // The layout that drivers use on a board without VGA workspace of its own.
        let end = self.vram - MIB;
        let frts = end - MIB..end;
        let all = end - 192 * MIB..end;
        match state {
            Dirty::FrtsOnly => self.wpr2 = Wpr2::of(frts),
            Dirty::Wpr2Set => self.wpr2 = Wpr2::of(all),
            Dirty::Sec2Running => {
                self.wpr2 = Wpr2::of(frts);
                self.sec2.run_for_ever();
            }
            Dirty::GspRunning | Dirty::StaleQueues => {
                self.wpr2 = Wpr2::of(all);
                self.gsp.start_riscv();
                self.gsp.mailbox = OLD_LIBOS;
                if state == Dirty::StaleQueues {
                    self.gsp.riscv_irqmask = bits::IRQ_SWGEN0;
                    self.gsp.raise(bits::IRQ_SWGEN0);
                }
            }
            // Only the flush register shows it, or another way of booting.
            Dirty::ForeignFlushPage | Dirty::FmcFailed | Dirty::GspLocked | Dirty::GspSuspended => {
            }
        }
    }
}
