// SPDX-License-Identifier: GPL-2.0

//! How far the driver has come, judged only by what it does to the device; and the rules about
//! order that follow from it.

use crate::{
    chips::Family,
    engines::pmc::{
        BOOT_0,
        BOOT_1,
        BOOT_42, //
    },
    violations::{
        BusRule, //
        Complaint,
    },
};

/// Kinds of register, as far as order is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Says who the chip is.
    Identity,
    /// Sysmem flush registers.
    Flush,
    /// May be used once the chip is identified.
    BeforeBoot,
    /// Everything else: has to wait until the driver has seen the card's own firmware finish.
    AfterBoot,
}

/// Registers that known drivers use before they have seen the card's own firmware finish, on chips
/// where it reports to PGC6; first and last address.
///
/// nouveau looks for the VBIOS (straps, display fuse, VGA workspace, PRAMIN, PROM) and unlocks VGA
/// before it waits; nova waits first. The last row is here because it is not known on which side
/// of the wait nouveau reads it.
#[rustfmt::skip]
const BEFORE_BOOT: &[(u32, u32)] = &[
    (0x118128, 0x118128), // privilege mask of the progress
    (0x118234, 0x118234), // progress
    (0x001700, 0x001700), // PRAMIN window
    (0x021c00, 0x021c04), // fuses (Turing)
    (0x088000, 0x088fff), // configuration mirror
    (0x101000, 0x101000), // straps
    (0x300000, 0x3fffff), // PROM
    (0x6013d4, 0x6013d7), // VGA port
    (0x625f04, 0x625f04), // VGA workspace
    (0x700000, 0x7fffff), // PRAMIN
    (0x820c04, 0x820c04), // display fuse
    (0xb81610, 0xb81610), // top interrupt disable
    (0x100ce0, 0x100ce0), // VRAM size (Turing, GA100)
];

/// May the register at `address` be used before the card's own firmware has finished?
pub fn is_usable_before_boot(address: u32) -> bool {
    BEFORE_BOOT
        .iter()
        .any(|(first, last)| (*first..=*last).contains(&address))
}

/// How far boot of the GSP has come, or its reverse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// FWSEC was started.
    FwsecRuns,
    /// FWSEC has set up the region for FRTS.
    FrtsDone,
    /// Booter was started.
    BooterRuns,
    /// FSP was told to start the GSP.
    CotSent,
    /// FSP has started FMC.
    FmcRuns,
    /// The GSP's RISC-V core was started.
    GspStarted,
    /// GSP-RM has said that it is ready.
    GspReady,
    /// GSP-RM has said that it is suspended.
    GspSuspended,
    /// FWSEC has put back the state before boot.
    SbDone,
    /// The program that takes down the region was started.
    UnloaderRuns,
    /// The region is gone.
    Unloaded,
}

impl Stage {
    /// All stages, in the order of a boot and unload.
    pub const ALL: [Self; 11] = [
        Self::FwsecRuns,
        Self::FrtsDone,
        Self::BooterRuns,
        Self::CotSent,
        Self::FmcRuns,
        Self::GspStarted,
        Self::GspReady,
        Self::GspSuspended,
        Self::SbDone,
        Self::UnloaderRuns,
        Self::Unloaded,
    ];

    /// Name in reports and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FwsecRuns => "fwsec-runs",
            Self::FrtsDone => "frts-done",
            Self::BooterRuns => "booter-runs",
            Self::CotSent => "cot-sent",
            Self::FmcRuns => "fmc-runs",
            Self::GspStarted => "gsp-started",
            Self::GspReady => "gsp-ready",
            Self::GspSuspended => "gsp-suspended",
            Self::SbDone => "sb-done",
            Self::UnloaderRuns => "unloader-runs",
            Self::Unloaded => "gsp-unloaded",
        }
    }

    /// Do chips of `family` come to it?
    pub const fn is_of(self, family: Family) -> bool {
        match self {
            Self::GspStarted | Self::GspReady | Self::GspSuspended | Self::Unloaded => true,
            Self::CotSent | Self::FmcRuns => family.boots_by_fsp(),
            Self::FwsecRuns
            | Self::FrtsDone
            | Self::BooterRuns
            | Self::SbDone
            | Self::UnloaderRuns => !family.boots_by_fsp(),
        }
    }

    /// The stage with this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }
}

/// The driver's progress.
#[derive(Debug, Default)]
pub struct Progress {
    boot_0_read: bool,
    second_identity_read: bool,
    boot_complete_seen: bool,
    flush_page: u64,
    flush_half_set: bool,
    /// One half, or one of two pairs, was written and the rest was not.
    flush_incomplete: bool,
    stage: Option<Stage>,
    released: bool,
}

impl Progress {
    /// Name of the phase, for reports.
    pub fn phase(&self) -> &'static str {
        if self.released {
            "released"
        } else if let Some(stage) = self.stage {
            stage.name()
        } else if self.flush_page != 0 {
            "flush-page-set"
        } else if self.boot_complete_seen {
            "boot-complete"
        } else if self.identified() {
            "identified"
        } else if self.boot_0_read || self.second_identity_read {
            "identifying"
        } else {
            "reset"
        }
    }

    /// The flush page the device owns, or zero.
    pub fn flush_page(&self) -> u64 {
        self.flush_page
    }

    /// Does the device have a flush page, and knows it everywhere?
    pub fn has_flush_page(&self) -> bool {
        self.flush_page != 0 && !self.flush_incomplete
    }

    /// The whole machine was reset: whoever comes now has to look who the chip is.
    pub fn device_reset(&mut self) {
        *self = Self::default();
    }

    /// The function was reset. The driver that asked for it still knows the chip.
    pub fn function_level_reset(&mut self) {
        *self = Self {
            boot_0_read: self.boot_0_read,
            second_identity_read: self.second_identity_read,
            ..Self::default()
        };
    }

    /// Has the driver seen that secure boot is complete?
    pub fn is_boot_complete(&self) -> bool {
        self.boot_complete_seen
    }

    /// How far boot of the GSP, or its reverse, has come.
    pub fn stage(&self) -> Option<Stage> {
        self.stage
    }

    /// Boot of the GSP, or its reverse, has come to `stage`.
    pub fn reached(&mut self, stage: Stage) {
        self.stage = Some(stage);
    }

    /// The driver saw that secure boot is complete.
    pub fn boot_complete_seen(&mut self) {
        self.boot_complete_seen = true;
    }

    /// The flush registers now hold `address`.
    pub fn set_flush_page(&mut self, address: u64) {
        self.released = address == 0 && self.flush_page != 0;
        if address == 0 {
            self.stage = None;
        }
        self.flush_page = address;
    }

    /// One half of a flush address is written, or no longer is.
    pub fn set_flush_half(&mut self, half: bool) {
        self.flush_half_set = half;
        self.flush_incomplete = half;
    }

    /// Judges an access to the register at `address` by its order, and takes note of it.
    pub fn access(&mut self, address: u32, group: Group) -> Option<Complaint> {
        if group == Group::Identity {
            if self.released {
                *self = Self::default();
            }
            match address {
                BOOT_0 => self.boot_0_read = true,
                BOOT_1 | BOOT_42 => self.second_identity_read = true,
                _ => {}
            }
            return None;
        }
        if group == Group::Flush {
            return self.unidentified();
        }
        if self.flush_half_set {
            self.flush_half_set = false;
            return Some(Complaint::new(
                BusRule::FlushOrder,
                "another register is used while only one half of the flush address is written",
            ));
        }
        if self.released {
            return Some(Complaint::new(
                BusRule::AfterRelease,
                "register used after the flush page was given back",
            ));
        }
        self.unidentified().or_else(|| self.unfinished(group))
    }

    fn unfinished(&self, group: Group) -> Option<Complaint> {
        (group == Group::AfterBoot && !self.boot_complete_seen).then(|| {
            Complaint::new(
                BusRule::TooEarly,
                "register used before the driver has seen the boot progress complete",
            )
        })
    }

    fn unidentified(&self) -> Option<Complaint> {
        (!self.released && !self.identified()).then(|| {
            Complaint::new(
                BusRule::TooEarly,
                "register used before the chip was identified (NV_PMC_BOOT_0, then NV_PMC_BOOT_42)",
            )
        })
    }

    fn identified(&self) -> bool {
        self.boot_0_read && self.second_identity_read
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::violations::Rule;

    fn rule(complaint: Option<Complaint>) -> Option<Rule> {
        complaint.map(|complaint| complaint.rule)
    }

    fn identified() -> Progress {
        let mut progress = Progress::default();
        progress.access(BOOT_0, Group::Identity);
        progress.access(BOOT_42, Group::Identity);
        progress
    }

    #[test]
    fn other_registers_have_to_wait_for_identification() {
        let mut progress = Progress::default();
        assert_eq!(
            rule(progress.access(0x101000, Group::BeforeBoot)),
            Some(BusRule::TooEarly.into())
        );
        progress.access(BOOT_0, Group::Identity);
        assert_eq!(
            rule(progress.access(0x100c10, Group::Flush)),
            Some(BusRule::TooEarly.into())
        );
        assert_eq!(progress.phase(), "identifying");
        progress.access(BOOT_42, Group::Identity);
        assert_eq!(rule(progress.access(0x101000, Group::BeforeBoot)), None);
        assert_eq!(progress.phase(), "identified");
    }

    #[test]
    fn most_registers_have_to_wait_for_boot_as_well() {
        let mut progress = identified();
        assert_eq!(rule(progress.access(0x100c10, Group::Flush)), None);
        let early = progress.access(0x1438, Group::AfterBoot).unwrap();
        assert_eq!(early.rule, BusRule::TooEarly.into());
        assert!(early.what.contains("boot progress"), "{}", early.what);
        progress.boot_complete_seen();
        assert_eq!(rule(progress.access(0x1438, Group::AfterBoot)), None);
        progress.function_level_reset();
        assert_eq!(
            rule(progress.access(0x1438, Group::AfterBoot)),
            Some(BusRule::TooEarly.into()),
            "a reset begins again"
        );
    }

    #[test]
    fn virtualisation_register_identifies_as_well() {
        let mut progress = Progress::default();
        progress.access(BOOT_1, Group::Identity);
        progress.access(BOOT_0, Group::Identity);
        assert_eq!(rule(progress.access(0x101000, Group::BeforeBoot)), None);
    }

    #[test]
    fn phases_follow_a_whole_binding() {
        let mut progress = identified();
        progress.boot_complete_seen();
        assert_eq!(progress.phase(), "boot-complete");
        progress.set_flush_page(0x1000);
        assert_eq!(progress.phase(), "flush-page-set");
        progress.set_flush_page(0);
        assert_eq!(progress.phase(), "released");
        assert_eq!(
            rule(progress.access(0x1438, Group::AfterBoot)),
            Some(BusRule::AfterRelease.into())
        );
        assert_eq!(rule(progress.access(0x100c10, Group::Flush)), None);
        progress.access(BOOT_0, Group::Identity);
        assert_eq!(progress.phase(), "identifying", "the next driver begins");
    }

    #[test]
    fn half_a_flush_address_is_noticed_once() {
        let mut progress = identified();
        progress.boot_complete_seen();
        progress.set_flush_half(true);
        assert_eq!(rule(progress.access(0x100c10, Group::Flush)), None);
        assert_eq!(
            rule(progress.access(0x1438, Group::AfterBoot)),
            Some(BusRule::FlushOrder.into())
        );
        assert_eq!(rule(progress.access(0x1438, Group::AfterBoot)), None);
    }

    #[test]
    fn resets_forget_different_things() {
        let mut progress = identified();
        progress.set_flush_page(0x1000);
        progress.function_level_reset();
        assert_eq!((progress.phase(), progress.flush_page()), ("identified", 0));
        progress.device_reset();
        assert_eq!(progress.phase(), "reset");
    }
}
