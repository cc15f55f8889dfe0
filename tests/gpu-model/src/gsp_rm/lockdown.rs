// SPDX-License-Identifier: GPL-2.0

//! What the driver knows of a lockdown that GSP-RM has announced.

use crate::recorder::Op;

/// Writes are on their way for no longer than this, in a model that is not given the CPU at once.
const POSTED_US: u64 = 100_000;

/// A lockdown. A driver that has not read the notice yet cannot know of it; and what it wrote before
/// it read the notice may arrive after that, because writes are posted and the notice is in memory.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lockdown {
    /// The notice was seen to have been read then.
    read_at: Option<u64>,
    /// A register was read since. It pushed all earlier writes before it.
    is_ordered: bool,
}

impl Lockdown {
    /// Takes note of whether the driver has read the notice.
    pub(super) fn look(&mut self, now_us: u64, is_read: bool) {
        if is_read {
            self.read_at.get_or_insert(now_us);
        }
    }

    /// Takes note of an access. Was it made by a driver that knew of the lockdown?
    pub(super) fn access(&mut self, now_us: u64, op: Op) -> bool {
        let Some(read_at) = self.read_at else {
            return false;
        };
        let is_posted = op == Op::Write && !self.is_ordered;
        self.is_ordered |= op == Op::Read;
        !is_posted || now_us.saturating_sub(read_at) > POSTED_US
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_at(now_us: u64) -> Lockdown {
        let mut lockdown = Lockdown::default();
        lockdown.look(now_us, true);
        lockdown
    }

    #[test]
    fn driver_that_has_not_read_the_notice_does_not_know() {
        let mut lockdown = Lockdown::default();
        lockdown.look(5, false);
        assert!(!lockdown.access(1_000_000, Op::Read));
        assert!(!lockdown.access(1_000_000, Op::Write));
    }

    #[test]
    fn read_is_made_after_the_notice_was_read() {
        assert!(read_at(5).access(5, Op::Read));
    }

    #[test]
    fn write_may_have_been_on_its_way_until_a_register_is_read() {
        let mut lockdown = read_at(5);
        assert!(!lockdown.access(6, Op::Write));
        assert!(!lockdown.access(5 + POSTED_US, Op::Write));
        lockdown.access(7, Op::Read);
        assert!(lockdown.access(8, Op::Write));
    }

    #[test]
    fn write_is_not_on_its_way_for_ever() {
        let mut lockdown = read_at(5);
        lockdown.look(50_000, true);
        assert!(lockdown.access(6 + POSTED_US, Op::Write));
    }
}
