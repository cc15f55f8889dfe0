// SPDX-License-Identifier: GPL-2.0

//! The rate of the clock that guests go by.
//!
//! An emulated CPU counts the cycles of the host's. A guest does not know how many there are in a second, and
//! finds out while it boots, by a timer that QEMU emulates. On a busy machine QEMU is late with that: guests have
//! been seen to take a CPU of 2.6 GHz for one of 144 MHz, so that all their pauses were 18 times too short. So
//! they are told; what they find out later is only believed if it differs by less than 1 %.

use crate::accel::Accel;
use std::{
    sync::OnceLock,
    thread,
    time::{
        Duration,
        Instant, //
    },
};

/// How long is measured. The two ends are known to about a microsecond.
const SPAN: Duration = Duration::from_millis(100);
/// How often each end is looked at; the best look counts.
const LOOKS: u32 = 100;

/// What a guest should be told, in kHz: nothing if it can ask the host.
pub fn of_guest(accel: Accel) -> Option<u64> {
    static RATE: OnceLock<u64> = OnceLock::new();
    match accel {
        Accel::Kvm => None,
        Accel::Tcg => Some(*RATE.get_or_init(measure)),
    }
}

/// The rate of this machine's cycle counter in kHz.
fn measure() -> u64 {
    let (start, first) = look();
    thread::sleep(SPAN);
    let (end, last) = look();
    let cycles = u128::from(last.wrapping_sub(first)) * 1_000_000;
    let nanos = end.duration_since(start).as_nanos().max(1);
    // CAST: cycles in a millisecond.
    (cycles / nanos) as u64
}

/// A time, and the cycle counter at that time.
fn look() -> (Instant, u64) {
    let looks = (0..LOOKS).map(|_| {
        let before = cycles();
        let now = Instant::now();
        let took = cycles().wrapping_sub(before);
        (took, now, before.wrapping_add(took / 2))
    });
    let best = looks.min_by_key(|(took, ..)| *took);
    best.map_or_else(|| (Instant::now(), cycles()), |(_, now, at)| (now, at))
}

fn cycles() -> u64 {
    // SAFETY: Every x86-64 CPU has the instruction, and an operating system that forbids it to programs
    // could not run QEMU's translator, which uses it for the same.
    unsafe { core::arch::x86_64::_rdtsc() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_the_same_when_it_is_measured_again() {
        let (first, second) = (measure(), measure());
        assert!(first > 100_000, "{first} kHz");
        // A machine that is stopped between counter and clock is measured wrong; not in all of a hundred looks.
        assert!(first.abs_diff(second) * 1000 < first, "{first} {second}");
    }

    #[test]
    fn only_emulated_guests_are_told() {
        assert_eq!(of_guest(Accel::Kvm), None);
        assert_eq!(of_guest(Accel::Tcg), of_guest(Accel::Tcg));
        assert!(of_guest(Accel::Tcg).is_some());
    }
}
