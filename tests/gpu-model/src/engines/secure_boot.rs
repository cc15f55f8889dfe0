// SPDX-License-Identifier: GPL-2.0

//! How the chip's own firmware comes up after reset, whoever reports it.
//!
//! Real chips take some tens of milliseconds until the progress byte may be read at all, and a
//! while longer until it is complete. A driver has to wait for both.

/// Progress value that means complete.
pub const COMPLETE: u8 = 0xff;
/// After reset the progress cannot be read for this long.
const OPENS_AFTER_US: u64 = 20_000;
/// After reset it takes this long until boot is complete.
const COMPLETES_AFTER_US: u64 = 60_000;

/// What goes wrong, if anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Progress stays at the given value.
    StuckAt(u8),
    /// Progress can never be read.
    NeverOpens,
}

/// State of secure boot as a function of time.
#[derive(Clone, Copy, Debug)]
pub struct SecureBoot {
    reset_at_us: u64,
    trouble: Option<Trouble>,
}

impl SecureBoot {
    /// Boot that began at time zero.
    pub fn new(trouble: Option<Trouble>) -> Self {
        Self {
            reset_at_us: 0,
            trouble,
        }
    }

    /// Begins again.
    pub fn reset(&mut self, now_us: u64) {
        self.reset_at_us = now_us;
    }

    /// May the CPU read the progress?
    pub fn is_open(&self, now_us: u64) -> bool {
        self.trouble != Some(Trouble::NeverOpens) && self.age(now_us) >= OPENS_AFTER_US
    }

    /// Progress so far; [`COMPLETE`] at the end.
    pub fn progress(&self, now_us: u64) -> u8 {
        let age = self.age(now_us).min(COMPLETES_AFTER_US);
        // CAST: at most 0xff.
        let progress = (age * u64::from(COMPLETE) / COMPLETES_AFTER_US) as u8;
        match self.trouble {
            Some(Trouble::StuckAt(value)) => value,
            Some(Trouble::NeverOpens) | None => progress,
        }
    }

    fn age(&self, now_us: u64) -> u64 {
        now_us.saturating_sub(self.reset_at_us)
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
