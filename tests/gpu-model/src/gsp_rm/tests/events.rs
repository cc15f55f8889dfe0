// SPDX-License-Identifier: GPL-2.0

//! Events, interrupts, and how they are acknowledged.

use super::guest::{
    quiet,
    Guest, //
};
use crate::{
    gsp_rm::{
        faults::Faults,
        habits::Habits,
        GspEffect, //
    },
    recorder::Op,
};

fn raised(guest: &Guest) -> usize {
    guest
        .effects
        .iter()
        .filter(|effect| **effect == GspEffect::RaiseSwgen0 { deliver: true })
        .count()
}

fn acknowledge(guest: &mut Guest) {
    guest.write_register(0x11_0004, 0x40);
}

fn sends(number: u32) -> Guest {
    let faults = Faults {
        event: Some(number),
        ..Faults::default()
    };
    let mut guest = Guest::new("ga102", quiet(), faults);
    guest.boot();
    guest
}

#[test]
fn each_publication_raises_the_interrupt_once() {
    let mut guest = Guest::booted("ga102");
    let before = raised(&guest);
    guest.call(0, &[]);
    assert_eq!(raised(&guest), before + 1);
    for _ in 0..10 {
        guest.tick(1000);
    }
    assert_eq!(raised(&guest), before + 1);
}

#[test]
fn injected_events_have_the_published_sizes() {
    for (number, size) in [
        (0x1003, 36),
        (0x1004, 48),
        (0x1005, 0),
        (0x1006, 272),
        (0x1020, 1208),
        (0x101c, 1),
        (0x1021, 16),
    ] {
        let event = sends(number).wait_for(number).unwrap();
        assert_eq!(
            (event.result, event.payload.len()),
            (0, size),
            "{number:#x}"
        );
    }
}

#[test]
fn posted_event_says_how_much_follows() {
    let event = sends(0x1003).wait_for(0x1003).unwrap().payload;
    assert_eq!(event[24..28], [4, 0, 0, 0]);
}

#[test]
fn noise_comes_after_the_boot_as_well() {
    let mut guest = Guest::new("ga102", Habits::default(), Faults::default());
    guest.boot();
    guest.tick(19_000);
    assert_eq!(guest.receive(), None);
    guest.tick(1000);
    assert_eq!(guest.receive().unwrap().function, 0x100c);
}

#[test]
fn message_left_behind_by_a_late_acknowledgement_is_noticed() {
    // Drain, then acknowledge: what comes in between is lost.
    let faults = Faults {
        event_race: true,
        ..Faults::default()
    };
    let mut guest = Guest::new("ga102", quiet(), faults);
    guest.boot();
    guest.call(0, &[]);
    acknowledge(&mut guest);
    guest.tick(4_900_000);
    guest.assert_clean();
    guest.tick(200_000);
    assert_eq!(guest.broken(), ["GV-32"]);
}

#[test]
fn acknowledging_first_finds_the_message() {
    let faults = Faults {
        event_race: true,
        ..Faults::default()
    };
    let mut guest = Guest::new("ga102", quiet(), faults);
    guest.boot();
    guest.send(0, &[]);
    acknowledge(&mut guest);
    assert_eq!(guest.receive().unwrap().function, 0);
    assert_eq!(guest.receive().unwrap().function, 0x100c);
    guest.tick(6_000_000);
    guest.assert_clean();
    assert_eq!(guest.faults(), ["gsp-event-race"]);
}

#[test]
fn acknowledging_an_empty_queue_is_harmless() {
    let mut guest = Guest::booted("ga102");
    guest.call(0, &[]);
    acknowledge(&mut guest);
    guest.tick(6_000_000);
    guest.assert_clean();
}

#[test]
fn driver_that_polls_may_leave_events_unread() {
    let mut guest = sends(0x1020);
    guest.tick(30_000);
    guest.tick(10_000_000);
    guest.assert_clean();
}

#[test]
fn registers_are_off_limits_during_lockdown() {
    let faults = Faults {
        lockdown_ms: Some(100),
        ..Faults::default()
    };
    let mut guest = Guest::new("ga102", quiet(), faults);
    guest.boot();
    guest.tick(20_000);
    assert!(guest.rm.is_locked_down());
    guest.access(Op::Read, 0x11_0008, 0);
    guest.assert_clean();
    assert_eq!(guest.receive().unwrap().payload, [1]);
    // It may have been on its way when the notice came.
    guest.access(Op::Write, 0x11_0c00, 0);
    guest.assert_clean();
    for address in [0x11_00f4, 0x11_0040, 0x11_0044, 0x84_0008, 0x10_fffc] {
        guest.access(Op::Read, address, 0);
    }
    guest.assert_clean();
    guest.access(Op::Write, 0x11_0c00, 0);
    assert_eq!(guest.broken(), ["GV-30"]);
    guest.access(Op::Read, 0x11_0008, 0);
    assert_eq!(guest.broken(), ["GV-30"; 2]);
    guest.tick(100_000);
    assert!(!guest.rm.is_locked_down());
    assert_eq!(guest.receive().unwrap().payload, [0]);
    guest.access(Op::Read, 0x11_0008, 0);
    assert_eq!(guest.broken(), ["GV-30"; 2]);
}
