// SPDX-License-Identifier: GPL-2.0

//! The end: unload, suspend, resume, and what must not happen then.

use super::guest::{
    element,
    words,
    Guest,
    LIBOS,
    RMARGS,
    STATUS, //
};
use crate::gsp_rm::GspEffect;

fn stops(guest: &Guest) -> usize {
    guest
        .effects
        .iter()
        .filter(|effect| **effect == GspEffect::SetMailbox0(0x8000_0000))
        .count()
}

#[test]
fn unload_is_answered_with_nothing_and_then_done() {
    let mut guest = Guest::booted("ga102");
    let reply = guest.call(47, &[0; 8]);
    assert_eq!((reply.result, reply.payload.len()), (0, 0));
    assert_eq!(stops(&guest), 0, "the answer comes first");
    guest.tick(1000);
    assert_eq!(stops(&guest), 1);
    assert!(guest.effects.contains(&GspEffect::Halt));
    assert!(guest.rm.has_stopped() && !guest.rm.is_active() && !guest.rm.is_suspended());
    guest.reset();
    guest.assert_clean();
}

#[test]
fn levels_have_to_fit_their_flags() {
    for (payload, fits) in [
        ([0, 0], true),
        ([1, 3], true),
        ([1, 7], true),
        ([0x101, 3], true),
        ([0, 3], false),
        ([1, 0], false),
        ([0x100, 0], false),
        ([1, 1], false),
        ([2, 3], false),
    ] {
        let mut guest = Guest::booted("ga102");
        guest.call(47, &words(&payload));
        let want: &[&str] = if fits { &[] } else { &["GV-21"] };
        assert_eq!(guest.broken(), want, "{payload:x?}");
    }
}

#[test]
fn nothing_may_be_called_after_it() {
    let mut guest = Guest::booted("ga102");
    guest.send(47, &[0; 8]);
    guest.send(65, &[0; 1656]);
    assert_eq!(guest.broken(), ["GV-21"]);
    guest.tick(1000);
    guest.tick(1000);
    guest.doorbell();
    assert_eq!(guest.broken(), ["GV-21", "GV-21"]);
}

#[test]
fn reset_before_it_has_stopped_is_noticed() {
    let mut guest = Guest::booted("ga102");
    guest.reset();
    assert_eq!(guest.broken(), ["GV-29"]);
    let mut guest = Guest::booted("ga102");
    guest.call(47, &[0; 8]);
    guest.reset();
    assert_eq!(guest.broken(), ["GV-29"]);
}

#[test]
fn reset_during_boot_is_giving_up() {
    let mut guest = Guest::booted("ga102");
    guest.effects.clear();
    let mut guest = Guest::new(guest.chip(), super::guest::quiet(), Default::default());
    guest.tick(0);
    guest.reset();
    guest.assert_clean();
    assert_eq!(guest.rm.state(), "off");
}

#[test]
fn silence_entitles_to_unload_before_the_boot_is_over() {
    for (wait, want) in [(1_000_000, vec!["GV-13"]), (4_500_000, vec![])] {
        let habits = super::guest::quiet();
        let mut guest = Guest::new("ga102", habits, Default::default());
        guest.tick(0);
        guest.tick(wait);
        guest.call(47, &[0; 8]);
        assert_eq!(guest.broken(), want);
    }
}

#[test]
fn suspend_keeps_numbers_pointers_and_objects() {
    let mut guest = Guest::booted("ga102");
    let root = words(&[0xc1d0_0000, 0xc1d0_0000, 0xc1d0_0000, 0, 0, 0, 0, 0]);
    assert_eq!(guest.call(103, &root).result, 0);
    guest.call(47, &words(&[1, 3]));
    guest.tick(1000);
    assert!(guest.rm.is_suspended());
    guest.reset();
    // The LibOS table is gone by then.
    guest.ram.unmap(LIBOS);
    guest.ram.put(RMARGS + 32, &words(&[3, 5, 1]));
    assert!(guest.rm.resume());
    guest.tick(0);
    guest.wait_for(0x1001).unwrap();
    assert_eq!(guest.call(103, &root).result, 0x34, "still there");
    guest.assert_clean();
    guest.settings();
    assert_eq!(guest.broken(), ["GV-13", "GV-13"], "not told twice");
}

#[test]
fn resume_with_the_arguments_of_a_cold_start_is_noticed() {
    let mut guest = Guest::booted("ga102");
    guest.call(47, &words(&[1, 3]));
    guest.tick(1000);
    assert!(guest.rm.resume());
    guest.tick(0);
    assert_eq!(guest.broken(), ["GV-27"]);
}

#[test]
fn only_a_suspended_one_can_be_resumed() {
    let mut guest = Guest::booted("ga102");
    assert!(!guest.rm.resume());
    guest.call(47, &[0; 8]);
    guest.tick(1000);
    assert!(!guest.rm.resume());
}

#[test]
fn memory_is_left_alone_once_it_has_stopped() {
    let mut guest = Guest::booted("ga102");
    guest.call(47, &[0; 8]);
    guest.tick(1000);
    guest.ram.unmap(Guest::queue(STATUS));
    assert!(guest.rm.unmapped(&(0..u64::MAX)).is_empty());
    guest.tick(1000);
    guest.assert_clean();
}

#[test]
fn memory_that_goes_while_it_runs_stops_it() {
    let mut guest = Guest::booted("ga102");
    guest.ram.unmap(Guest::queue(STATUS));
    guest.tick(1000);
    assert_eq!(guest.broken(), ["PV-04"]);
    assert_eq!(guest.rm.state(), "off");
    let bytes = element(guest.number, 0, 0, &[]);
    guest.place(&bytes);
    guest.tick(1000);
    assert_eq!(guest.broken(), ["PV-04"], "said once");
}
