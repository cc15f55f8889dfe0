// SPDX-License-Identifier: GPL-2.0

//! Finds busy waiting in a trace: one register read again and again, and nothing else, with no pause in which
//! a CPU could have done something else.

use serde::Serialize;

use crate::trace::Access;

/// A read that comes later than this, in microseconds, was paused before. Each access takes about 60
/// under emulation, and the shortest sleep of a kernel is not much longer than asked for.
const PAUSE_US: u64 = 400;

/// Reads of a register in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Poll {
    /// Which register.
    pub offset: u64,
    /// How often.
    pub reads: usize,
    /// From the first read to the last, in microseconds.
    pub us: u64,
}

/// The longest busy wait that began at `from_us` or later; `None` if no register was read twice in a row.
pub fn longest(accesses: &[Access], from_us: u64) -> Option<Poll> {
    let mut longest: Option<Poll> = None;
    let mut run: Option<(Poll, u64)> = None;
    for access in accesses.iter().filter(|a| a.t_us >= from_us) {
        run = match run {
            Some((poll, last))
                if !access.write
                    && access.offset == poll.offset
                    && access.t_us.saturating_sub(last) <= PAUSE_US =>
            {
                let poll = Poll {
                    reads: poll.reads + 1,
                    us: poll.us + access.t_us.saturating_sub(last),
                    ..poll
                };
                if longest.is_none_or(|best| best.us < poll.us) {
                    longest = Some(poll);
                }
                Some((poll, access.t_us))
            }
            _ if access.write => None,
            _ => {
                let poll = Poll {
                    offset: access.offset,
                    reads: 1,
                    us: 0,
                };
                Some((poll, access.t_us))
            }
        };
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(t_us: u64, offset: u64) -> Access {
        Access {
            t_us,
            write: false,
            offset,
            value: 0,
        }
    }

    #[test]
    fn reads_in_a_row_without_a_pause_are_busy_waiting() {
        let accesses = [
            read(0, 4),
            read(60, 8),
            read(120, 8),
            read(200, 8),
            read(1200, 8),
            read(1250, 8),
        ];
        let wanted = Poll {
            offset: 8,
            reads: 3,
            us: 140,
        };
        assert_eq!(longest(&accesses, 0), Some(wanted));
        let wanted = Poll {
            reads: 2,
            us: 50,
            ..wanted
        };
        assert_eq!(longest(&accesses, 1000), Some(wanted));
    }

    #[test]
    fn other_accesses_end_a_run() {
        let write = Access {
            write: true,
            ..read(50, 8)
        };
        assert_eq!(longest(&[read(0, 8), write, read(100, 8)], 0), None);
        assert_eq!(longest(&[read(0, 8), read(50, 4), read(100, 8)], 0), None);
        assert_eq!(longest(&[], 0), None);
    }
}
