// SPDX-License-Identifier: GPL-2.0

//! Rings, checksums, numbers, parts: both directions.

use super::guest::{
    element,
    quiet,
    reseal,
    words,
    Guest,
    COMMAND,
    PAGE,
    STATUS, //
};
use crate::gsp_rm::faults::Faults;

/// Sends one NOP whose bytes are changed; gives rules and the state afterwards.
fn spoiled(change: impl FnOnce(&mut Vec<u8>)) -> (Vec<String>, &'static str) {
    let mut guest = Guest::booted("ga102");
    let mut bytes = element(guest.number, 0, 0, &[]);
    change(&mut bytes);
    guest.send_raw(&bytes);
    guest.tick(1000);
    (guest.broken(), guest.rm.state())
}

fn set(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    reseal(bytes);
}

#[test]
fn nop_is_answered_and_repeats_the_callers_number() {
    let mut guest = Guest::booted("ga102");
    guest.sequence = 0x1234;
    let reply = guest.call(0, &[]);
    assert_eq!((reply.result, reply.sequence), (0, 0x1234));
    guest.assert_clean();
}

#[test]
fn fatal_breaches_stop_it() {
    type Change = fn(&mut Vec<u8>);
    let changes: &[(&str, &str, Change)] = &[
        ("checksum", "GV-01", |bytes| bytes[32] ^= 1),
        ("number", "GV-03", |bytes| {
            let number = u32::from_le_bytes(bytes[36..40].try_into().unwrap());
            set(bytes, 36, number + 1);
        }),
        ("no entries", "GV-04", |bytes| set(bytes, 40, 0)),
        ("one entry too many", "GV-04", |bytes| set(bytes, 40, 2)),
        ("17 entries", "GV-04", |bytes| set(bytes, 40, 17)),
        ("length below the header", "GV-05", |bytes| {
            set(bytes, 56, 31)
        }),
        ("length above the largest", "GV-05", |bytes| {
            set(bytes, 56, 65489)
        }),
    ];
    for (name, want, change) in changes {
        assert_eq!(spoiled(change), (vec![(*want).into()], "off"), "{name}");
    }
}

#[test]
fn other_breaches_do_not() {
    type Change = fn(&mut Vec<u8>);
    let changes: &[(&str, &str, Change)] = &[
        ("version", "GV-06", |bytes| set(bytes, 48, 0x0300_0001)),
        ("signature", "GV-06", |bytes| set(bytes, 52, 0)),
        ("result", "GV-07", |bytes| set(bytes, 64, 0)),
        ("private result", "GV-07", |bytes| set(bytes, 68, 0)),
        ("spare", "GV-07", |bytes| set(bytes, 76, 1)),
        ("tag", "GV-08", |bytes| set(bytes, 0, 1)),
        ("more tag", "GV-08", |bytes| set(bytes, 28, 1)),
        ("pad", "GV-08", |bytes| set(bytes, 44, 1)),
    ];
    for (name, want, change) in changes {
        assert_eq!(spoiled(change), (vec![(*want).into()], "running"), "{name}");
    }
}

#[test]
fn unreadable_header_is_answered_as_such() {
    let mut guest = Guest::booted("ga102");
    let mut bytes = element(guest.number, 0, 0, &[]);
    set(&mut bytes, 52, 7);
    guest.send_raw(&bytes);
    assert_eq!(guest.wait_for(0).unwrap().result, 0xff10_0002);
}

#[test]
fn padding_that_only_the_exact_length_forgives_is_noticed() {
    let mut guest = Guest::booted("ga102");
    // A registry of 117 bytes ends 3 bytes before a multiple of 8.
    let mut bytes = element(guest.number, 103, 0, &words(&[0; 9])[..33]);
    bytes[80 + 20] = 1;
    reseal(&mut bytes);
    bytes.push(0x77);
    guest.send_raw(&bytes);
    assert_eq!(guest.broken(), ["GV-02"]);
    assert_eq!(guest.wait_for(103).unwrap().result, 0x34);
}

#[test]
fn padding_that_the_checksum_covers_is_not() {
    let (broken, state) = spoiled(|bytes| {
        *bytes = element(2, 0, 0, &[]);
        bytes.extend([5; 16]);
        // Behind the message, which ends at a multiple of 8, anything may be.
    });
    assert_eq!((broken, state), (vec![], "running"));
}

#[test]
fn pointers_have_to_stay_in_the_ring_and_go_forward() {
    for (name, at, value, want) in [
        ("write pointer outside", COMMAND + 16, 63, "GV-09"),
        ("read pointer outside", COMMAND + 32, 63, "GV-09"),
        ("read pointer past the end", COMMAND + 32, 5, "GV-12"),
        ("read pointer backwards", COMMAND + 32, 0, "GV-12"),
    ] {
        let mut guest = Guest::booted("ga102");
        guest.tick(0);
        guest.ram.put(Guest::queue(at), &u32::to_le_bytes(value));
        guest.tick(1000);
        assert_eq!(guest.broken(), [want], "{name}");
        assert_eq!(guest.rm.state(), "off", "{name}");
    }
}

#[test]
fn read_pointer_has_to_be_between_messages() {
    let mut guest = Guest::booted("ga102");
    // A control with an answer of two entries.
    let mut control = words(&[0xc1e0_0004, 0x5d1e_0002, 1, 0, 5000, 0]);
    control.resize(24 + 5000, 0);
    guest.send(76, &control);
    guest.read += 1;
    let read = guest.read.to_le_bytes();
    guest.ram.put(Guest::queue(COMMAND) + 32, &read);
    guest.tick(1000);
    assert_eq!(guest.broken(), ["GV-12"]);
}

#[test]
fn message_published_in_two_steps_is_noticed_and_served() {
    let mut guest = Guest::booted("ga102");
    let mut control = words(&[0xc1e0_0004, 0x5d1e_0002, 1, 0, 5000, 0]);
    control.resize(24 + 5000, 0);
    let bytes = element(guest.number, 76, 0, &control);
    guest.place(&bytes);
    guest.publish(1);
    guest.doorbell();
    guest.tick(1000);
    assert_eq!(guest.broken(), ["GV-10"]);
    guest.publish(1);
    guest.doorbell();
    assert_eq!(guest.wait_for(76).unwrap().payload.len(), 5024);
    assert_eq!(guest.broken(), ["GV-10"]);
}

#[test]
fn message_that_never_comes_whole_stops_it() {
    let mut guest = Guest::booted("ga102");
    let mut bytes = element(guest.number, 73, 0, &[0; 5000]);
    bytes.truncate(4096);
    guest.send_raw(&bytes);
    guest.tick(99_000);
    assert_eq!(guest.broken(), ["GV-10"]);
    guest.tick(2000);
    assert_eq!(guest.broken(), ["GV-10", "GV-04"]);
}

#[test]
fn writes_to_what_is_not_the_drivers_are_noticed() {
    for (name, offset) in [
        ("status queue's header", STATUS + 4),
        ("write pointer of GSP-RM", STATUS + 16),
        ("read pointer of GSP-RM", STATUS + 32),
        ("rest of the page", STATUS + 0x800),
        ("first entry", STATUS + PAGE),
        ("last entry", STATUS + 63 * PAGE + 0xfff),
        ("header of the command queue", COMMAND + 12),
    ] {
        let mut guest = Guest::booted("ga102");
        let at = Guest::queue(offset);
        let byte = guest.ram.u32(at & !3) as u8 ^ 0xa5;
        guest.ram.put(at, &[byte]);
        for _ in 0..64 {
            guest.tick(1000);
        }
        assert_eq!(guest.broken(), ["GV-11"], "{name}");
    }
}

#[test]
fn every_number_of_entries_wraps_both_ways() {
    let mut guest = Guest::booted("ga102");
    for entries in (1..=16).chain([16, 15, 13, 11, 7, 5, 3]) {
        let size = entries * 4096 - 80 - 24;
        let mut control = words(&[0xc1e0_0004, 0x5d1e_0002, 1, 0, size, 0]);
        control.extend((0..size).map(|i| (i * 31 + entries) as u8));
        let reply = guest.call(76, &control);
        assert_eq!(reply.payload[24..], control[24..], "{entries}");
        assert_eq!(reply.payload[12], 0x56, "unknown control, {entries}");
    }
    guest.assert_clean();
}

#[test]
fn commands_of_several_messages_are_put_together() {
    let mut guest = Guest::booted("ga102");
    let size = 200_000 - 24;
    let mut control = words(&[0xc1e0_0004, 0x5d1e_0002, 1, 0, size, 0]);
    control.extend((0..size).map(|i| (i / 65456 + i) as u8));
    for (i, part) in control.chunks(65456).enumerate() {
        guest.send(if i == 0 { 76 } else { 71 }, part);
        guest.tick(1000);
    }
    // The answer has as many parts.
    let mut answer = guest.wait_for(76).unwrap().payload;
    for _ in 0..3 {
        answer.extend(guest.wait_for(71).unwrap().payload);
    }
    assert_eq!(answer.len(), 200_000);
    assert_eq!(answer[24..], control[24..]);
    assert!(guest.skipped.iter().all(|m| m.function != 71));
    guest.assert_clean();
}

#[test]
fn broken_sequences_of_parts_are_refused() {
    let long = |size: u32| {
        let mut control = words(&[0xc1e0_0004, 0x5d1e_0002, 1, 0, size - 24, 0]);
        control.resize(65456, 0);
        control
    };
    for (name, messages, answer) in [
        ("alone", vec![(71, vec![1])], 71),
        (
            "not full",
            vec![(76, long(140_000)), (71, vec![0; 100])],
            76,
        ),
        ("empty", vec![(76, long(70_000)), (71, vec![])], 76),
        (
            "beyond the end",
            vec![(76, long(65_500)), (71, vec![0; 45])],
            76,
        ),
        ("another between", vec![(76, long(70_000)), (0, vec![])], 76),
    ] {
        let mut guest = Guest::booted("ga102");
        for (function, payload) in messages {
            guest.send(function, &payload);
        }
        assert_eq!(guest.broken(), ["GV-15"], "{name}");
        assert_eq!(
            guest.wait_for(answer).unwrap().result,
            0xff10_0002,
            "{name}"
        );
    }
}

#[test]
fn first_part_that_is_not_full_is_noticed() {
    let mut guest = Guest::booted("ga102");
    let mut control = words(&[0xc1e0_0004, 0x5d1e_0002, 1, 0, 70_000, 0]);
    control.resize(60_000, 0);
    guest.send(76, &control);
    guest.tick(1000);
    guest.send(71, &[0; 10_024]);
    assert_eq!(guest.broken(), ["GV-17", "GV-15"]);
}

#[test]
fn calls_have_to_wait_for_each_other() {
    let mut guest = Guest::booted("ga102");
    for _ in 0..2 {
        let bytes = element(guest.number, 0, 0, &[]);
        guest.place(&bytes);
        guest.publish(1);
        guest.number += 1;
    }
    guest.doorbell();
    assert_eq!(guest.broken(), ["GV-14"]);
    assert!(guest.wait_for(0).is_some() && guest.wait_for(0).is_some());
}

#[test]
fn call_behind_an_answer_that_waits_for_room_is_noticed() {
    let mut guest = full_of_events();
    guest.send(0, &[]);
    guest.tick(1000);
    guest.assert_clean();
    guest.send(0, &[]);
    guest.tick(1000);
    guest.wait_for(0).unwrap();
    guest.wait_for(0).unwrap();
    assert_eq!(guest.broken(), ["GV-14"]);
}

/// The status queue is full of events; nothing but them waits.
fn full_of_events() -> Guest {
    let faults = Faults {
        event_burst: Some(62),
        ..Faults::default()
    };
    let mut guest = Guest::new("ga102", quiet(), faults);
    guest.boot();
    guest.tick(1000);
    guest
}

#[test]
fn write_pointer_must_not_go_back() {
    // In an empty ring, one step back is 62 forward; so something has to wait.
    let mut guest = full_of_events();
    for _ in 0..2 {
        guest.send(0, &[]);
        guest.tick(1000);
    }
    guest.publish(62);
    guest.tick(1000);
    assert_eq!(guest.broken(), ["GV-09"]);
}

#[test]
fn answer_waits_for_room_and_then_comes() {
    let mut guest = full_of_events();
    guest.send(0, &[]);
    for _ in 0..10 {
        guest.tick(1000);
    }
    let written = guest.ram.u32(Guest::queue(STATUS) + 16);
    assert_eq!((written + 1) % 63, guest.read, "full");
    assert_eq!(guest.wait_for(0).unwrap().result, 0);
    guest.assert_clean();
}

#[test]
fn published_entries_must_not_change_while_they_wait() {
    let mut guest = full_of_events();
    guest.send(0, &[]);
    guest.tick(1000);
    // The answer to the first waits for room; the second is not even looked at.
    let entry = Guest::queue(COMMAND + PAGE + PAGE * u64::from(guest.written));
    guest.send(0, &[]);
    guest.tick(1000);
    guest.ram.put(entry + 0x800, &[1]);
    guest.tick(1000);
    assert_eq!(guest.broken(), ["GV-11"]);
}

#[test]
fn events_that_nobody_needs_make_room_for_an_answer() {
    let mut guest = Guest::booted("ga102");
    let mut link = guest.rm.link.take().unwrap();
    for i in 0..80 {
        let line = crate::gsp_rm::events::libos_print(&format!("{i}"));
        link.status.push(line, crate::gsp_rm::Worth::Droppable);
    }
    guest.rm.link = Some(link);
    guest.tick(1000);
    // Once something needed waits, the rest of the noise goes.
    let bytes = element(guest.number, 0, 0, &[]);
    guest.place(&bytes);
    guest.publish(1);
    let mut seen = 0;
    for _ in 0..200 {
        match guest.receive() {
            Some(message) if message.function == 0 => break,
            Some(_) => seen += 1,
            None => guest.tick(1000),
        }
    }
    assert!((62..=80).contains(&seen), "{seen}");
}
