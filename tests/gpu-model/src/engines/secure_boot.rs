// SPDX-License-Identifier: GPL-2.0

//! How the chip's own firmware comes up after reset, whoever reports it.
//!
//! Real chips take some tens of milliseconds until the progress byte may be read at all, and a
//! while longer until it is complete. A driver has to wait for both.

/// Progress value that means complete.
pub const COMPLETE: u8 = 0xff;
/// It takes this long until boot is complete.
const COMPLETES_AFTER_US: u64 = 60_000;
/// The progress cannot be read for the first one of so many equal parts of that time.
const OPENS_AFTER_ONE_OF: u64 = 3;

/// What goes wrong, if anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Progress stays at the given value.
    StuckAt(u8),
    /// Progress can never be read.
    NeverOpens,
    /// Boot takes so many microseconds, and begins only when the driver first looks whether it
    /// may read the progress. The driver has to wait, however long the guest took to start it.
    SlowOnceLookedAt(u64),
}

/// State of secure boot as a function of time.
#[derive(Clone, Copy, Debug)]
pub struct SecureBoot {
    /// Absent while it waits for the driver's first look.
    began_at_us: Option<u64>,
    trouble: Option<Trouble>,
}

impl SecureBoot {
    /// Boot after a reset at time zero.
    pub fn new(trouble: Option<Trouble>) -> Self {
        let mut boot = Self {
            began_at_us: None,
            trouble,
        };
        boot.reset(0);
        boot
    }

    /// Begins again.
    pub fn reset(&mut self, now_us: u64) {
        let waits = matches!(self.trouble, Some(Trouble::SlowOnceLookedAt(_)));
        self.began_at_us = (!waits).then_some(now_us);
    }

    /// Nothing goes wrong any more, and a boot that waited does so no longer.
    pub fn mend(&mut self) {
        self.trouble = None;
        self.began_at_us.get_or_insert(0);
    }

    /// The driver looks whether it may read the progress.
    pub fn looked_at(&mut self, now_us: u64) {
        self.began_at_us.get_or_insert(now_us);
    }

    /// May the CPU read the progress?
    pub fn is_open(&self, now_us: u64) -> bool {
        self.trouble != Some(Trouble::NeverOpens)
            && self
                .age(now_us)
                .is_some_and(|age| age >= self.completes_after_us() / OPENS_AFTER_ONE_OF)
    }

    /// Progress so far; [`COMPLETE`] at the end.
    pub fn progress(&self, now_us: u64) -> u8 {
        if let Some(Trouble::StuckAt(value)) = self.trouble {
            return value;
        }
        let whole = self.completes_after_us();
        let age = self.age(now_us).unwrap_or(0).min(whole);
        // CAST: at most 0xff.
        (age * u64::from(COMPLETE) / whole) as u8
    }

    fn completes_after_us(&self) -> u64 {
        match self.trouble {
            Some(Trouble::SlowOnceLookedAt(us)) => us,
            _ => COMPLETES_AFTER_US,
        }
    }

    fn age(&self, now_us: u64) -> Option<u64> {
        self.began_at_us.map(|began| now_us.saturating_sub(began))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_opens_rises_and_completes() {
        let mut boot = SecureBoot::new(None);
        boot.reset(1_000_000);
        for (age, open, progress) in [
            (0, false, 0),
            (19_999, false, 84),
            (20_000, true, 85),
            (59_999, true, 254),
            (60_000, true, COMPLETE),
            (9_000_000, true, COMPLETE),
        ] {
            assert_eq!(boot.is_open(1_000_000 + age), open, "{age}");
            assert_eq!(boot.progress(1_000_000 + age), progress, "{age}");
        }
    }

    #[test]
    fn slow_boot_begins_at_the_first_look_after_each_reset() {
        let mut boot = SecureBoot::new(Some(Trouble::SlowOnceLookedAt(300_000)));
        for reset_at in [0, 50_000_000] {
            boot.reset(reset_at);
            let looked_at = reset_at + 10_000_000;
            assert!(!boot.is_open(looked_at), "nobody has looked");
            assert_eq!(boot.progress(looked_at), 0, "nobody has looked");
            boot.looked_at(looked_at);
            for (age, open, progress) in [
                (0, false, 0),
                (99_999, false, 84),
                (100_000, true, 85),
                (200_000, true, 170),
                (299_999, true, 254),
                (300_000, true, COMPLETE),
            ] {
                boot.looked_at(looked_at + age);
                assert_eq!(boot.is_open(looked_at + age), open, "{age}");
                assert_eq!(boot.progress(looked_at + age), progress, "{age}");
            }
        }
    }

    #[test]
    fn shortest_slow_boot_is_still_closed_at_the_first_look() {
        let mut boot = SecureBoot::new(Some(Trouble::SlowOnceLookedAt(1_000)));
        boot.looked_at(9_000_000);
        assert!(!boot.is_open(9_000_000));
        assert!(boot.is_open(9_000_333));
        assert_eq!(boot.progress(9_001_000), COMPLETE);
    }

    #[test]
    fn looks_do_not_disturb_a_boot_that_did_not_wait_for_them() {
        let mut boot = SecureBoot::new(None);
        boot.looked_at(70_000);
        assert_eq!(boot.progress(70_000), COMPLETE);
    }

    #[test]
    fn mended_boot_completes_whatever_was_wrong() {
        for trouble in [
            Trouble::StuckAt(3),
            Trouble::NeverOpens,
            Trouble::SlowOnceLookedAt(1 << 50),
        ] {
            let mut boot = SecureBoot::new(Some(trouble));
            boot.mend();
            assert!(boot.is_open(20_000), "{trouble:?}");
            assert_eq!(boot.progress(60_000), COMPLETE, "{trouble:?}");
        }
    }

    #[test]
    fn troubles_last() {
        let stuck = SecureBoot::new(Some(Trouble::StuckAt(0x40)));
        assert_eq!(
            (stuck.is_open(1 << 40), stuck.progress(1 << 40)),
            (true, 0x40)
        );
        let closed = SecureBoot::new(Some(Trouble::NeverOpens));
        assert!(!closed.is_open(1 << 40));
    }
}
