// SPDX-License-Identifier: GPL-2.0

//! Calls after the boot: objects, controls, memory, what is refused.

use super::guest::{
    words,
    Guest,
    Received, //
};
use crate::gsp_rm::{
    BarEntry,
    GspEffect,
    GSP_VECTOR, //
};

const CLIENT: u32 = 0xc1d0_0000;
const DEVICE: u32 = 0xde1d_0000;
const SUBDEVICE: u32 = 0x5d1d_0000;
const VASPACE: u32 = 0x90f1_0000;
const INTERNAL: (u32, u32) = (0xc1e0_0004, 0x5d1e_0002);

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn alloc(guest: &mut Guest, parent: u32, handle: u32, class: u32, params: &[u8]) -> Received {
    let mut payload = words(&[CLIENT, parent, handle, class, 0, params.len() as u32, 0, 0]);
    payload.extend(params);
    guest.call(103, &payload)
}

fn control(guest: &mut Guest, object: (u32, u32), command: u32, params: &[u8]) -> (u32, Vec<u8>) {
    let mut payload = words(&[object.0, object.1, command, 0, params.len() as u32, 0]);
    payload.extend(params);
    let reply = guest.call(76, &payload);
    assert_eq!(reply.result, 0, "a control's own status is in its payload");
    assert_eq!(reply.payload.len(), payload.len());
    (u32_at(&reply.payload, 12), reply.payload[24..].to_vec())
}

/// A client as nouveau makes it.
fn client(guest: &mut Guest) {
    let mut root = words(&[CLIENT, u32::MAX]);
    root.resize(120, 0);
    let mut device = words(&[0, CLIENT]);
    device.resize(56, 0);
    let mut space = words(&[0, 8]);
    space.resize(48, 0);
    for (parent, handle, class, params) in [
        (CLIENT, CLIENT, 0x0000, root),
        (CLIENT, DEVICE, 0x0080, device),
        (DEVICE, SUBDEVICE, 0x2080, vec![0; 4]),
        (DEVICE, VASPACE, 0x90f1, space),
    ] {
        let reply = alloc(guest, parent, handle, class, &params);
        assert_eq!(
            (reply.result, u32_at(&reply.payload, 16)),
            (0, 0),
            "{class:#x}"
        );
        assert_eq!(reply.payload[32..], params, "{class:#x}");
    }
}

#[test]
fn nouveaus_probe_gets_what_it_needs() {
    let mut guest = Guest::booted("ga102");
    let (status, mask) = control(&mut guest, INTERNAL, 0x2080_0137, &[0; 4]);
    assert_eq!((status, u32_at(&mask, 0)), (0, 0x7f));
    let (status, mask) = control(&mut guest, INTERNAL, 0x2080_0138, &[0; 8]);
    assert_eq!((status, u32_at(&mask, 4)), (0, 0x3f));
    let (status, memory) = control(&mut guest, INTERNAL, 0x2080_0a1c, &[0; 40]);
    assert_eq!((status, memory[2]), (0, 1));
    client(&mut guest);
    let root = words(&[0x100_0000, 0, 4, 0, VASPACE, 0, 0, 0]);
    let (status, _) = control(&mut guest, (CLIENT, DEVICE), 0x80_1813, &root);
    assert_eq!(status, 0);
    for (command, size) in [(0x2080_1112, 3212), (0x2080_01b0, 1284)] {
        let (status, table) = control(&mut guest, INTERNAL, command, &vec![0; size]);
        assert_eq!(status, 0, "{command:#x}");
        assert!(table.iter().all(|byte| *byte == 0), "no engines");
    }
    let (status, size) = control(&mut guest, INTERNAL, 0x2080_2a08, &[0; 4]);
    assert_eq!((status, u32_at(&size, 0)), (0, 0x5000));
    guest.assert_clean();
}

#[test]
fn display_without_heads_is_told_where_there_is_one() {
    for (chip, heads) in [("ga102", true), ("gb202", true), ("ga100", false)] {
        let mut guest = Guest::booted(chip);
        client(&mut guest);
        let common = alloc(&mut guest, DEVICE, 0x73_0000, 0x0073, &[]);
        assert_eq!(common.result, if heads { 0 } else { 0x22 }, "{chip}");
        let (status, _) = control(&mut guest, INTERNAL, 0x2080_0a01, &[0xff; 36]);
        assert_eq!(status, if heads { 0 } else { 0x56 }, "{chip}");
        if !heads {
            continue;
        }
        let display = (CLIENT, 0x73_0000);
        let (status, count) = control(&mut guest, display, 0x73_0102, &[0xff; 12]);
        assert_eq!((status, u32_at(&count, 8)), (0, 0));
        let (status, mask) = control(&mut guest, display, 0x73_0107, &[0xff; 12]);
        assert_eq!((status, u32_at(&mask, 4)), (0, 0));
        assert_eq!(control(&mut guest, display, 0x73_1365, &[0; 4]).0, 0);
        let (status, _) = control(&mut guest, (CLIENT, SUBDEVICE), 0x2080_0301, &[0; 20]);
        assert_eq!(status, 0);
    }
}

#[test]
fn interrupt_table_names_the_gsp_and_displays() {
    for (chip, display, low) in [
        ("tu102", true, false),
        ("ga100", false, false),
        ("gh100", false, false),
        ("gb202", true, true),
    ] {
        let mut guest = Guest::booted(chip);
        let (status, table) = control(&mut guest, INTERNAL, 0x2080_0a5c, &[0; 2068]);
        assert_eq!(status, 0);
        let count = u32_at(&table, 0) as usize;
        let entry = |id: u32| {
            (0..count)
                .map(|i| 4 + 16 * i)
                .find(|at| u32_at(&table, *at) == id)
                .map(|at| (u32_at(&table, at + 8), u32_at(&table, at + 12)))
        };
        assert_eq!(entry(50), Some((GSP_VECTOR, u32::MAX)), "{chip}");
        assert_eq!(entry(2).is_some(), display, "{chip}");
        assert_eq!(entry(176).is_some(), low, "{chip}");
        let vectors: std::collections::HashSet<_> =
            (0..count).map(|i| u32_at(&table, 12 + 16 * i)).collect();
        assert_eq!(vectors.len(), count, "each has a vector of its own");
        let leaf = |start: u32| start / 64 == u32::from(table[0x804]);
        assert!(vectors.iter().all(|v| leaf(*v)), "{vectors:x?}");
    }
}

#[test]
fn failures_say_why() {
    let mut guest = Guest::booted("ga102");
    client(&mut guest);
    for (name, object, command, size, want) in [
        ("client", (5, SUBDEVICE), 0x2080_0137, 4, 0x23),
        ("object", (CLIENT, 5), 0x2080_0137, 4, 0x33),
        ("class", (CLIENT, DEVICE), 0x2080_0137, 4, 0x33),
        ("command", (CLIENT, SUBDEVICE), 0x2080_ffff, 4, 0x56),
        ("length", (CLIENT, SUBDEVICE), 0x2080_0137, 8, 0x3a),
        ("value", (CLIENT, SUBDEVICE), 0x2080_0138, 8, 0x1f),
    ] {
        let params = vec![0x55; size];
        let (status, after) = control(&mut guest, object, command, &params);
        assert_eq!(status, want, "{name}");
        assert_eq!(after, params, "{name}");
    }
    let reply = alloc(&mut guest, DEVICE, 9, 0xc56f, &[]);
    assert_eq!((reply.result, u32_at(&reply.payload, 16)), (0x22, 0x22));
    guest.assert_clean();
}

#[test]
fn page_directory_needs_a_space_that_the_driver_owns() {
    let mut guest = Guest::booted("ga102");
    client(&mut guest);
    let reply = alloc(&mut guest, DEVICE, 0x90f1_0001, 0x90f1, &[0; 48]);
    assert_eq!(reply.result, 0);
    let mut set = |root: u32, entries: u32, space: u32| {
        let params = words(&[root, 0, entries, 0, space, 0, 0, 0]);
        control(&mut guest, (CLIENT, DEVICE), 0x80_1813, &params).0
    };
    assert_eq!(set(0x1000, 4, 0x90f1_0001), 0x1f, "RM's own");
    assert_eq!(set(0x1008, 4, VASPACE), 0x1f, "unaligned");
    assert_eq!(set(0x1000, 0, VASPACE), 0x1f, "no entries");
    assert_eq!(set(0x1000, 4, 99), 0x33);
    let unset = words(&[VASPACE, 0]);
    let mut take = || control(&mut guest, (CLIENT, DEVICE), 0x80_1814, &unset).0;
    assert_eq!(take(), 0x40, "not set");
}

#[test]
fn page_directory_is_set_and_taken_away() {
    let mut guest = Guest::booted("ga102");
    client(&mut guest);
    let set = words(&[0x1000, 0, 4, 0, VASPACE, 0, 0, 0]);
    let unset = words(&[VASPACE, 0]);
    let device = (CLIENT, DEVICE);
    assert_eq!(control(&mut guest, device, 0x80_1813, &set).0, 0);
    assert_eq!(control(&mut guest, device, 0x80_1814, &unset).0, 0);
    assert_eq!(control(&mut guest, device, 0x80_1814, &unset).0, 0x40);
}

#[test]
fn objects_are_freed_with_their_children() {
    let mut guest = Guest::booted("ga102");
    client(&mut guest);
    assert_eq!(guest.rm.object_count(), 4);
    let reply = guest.call(10, &words(&[CLIENT, 0, DEVICE, 0]));
    assert_eq!((reply.result, u32_at(&reply.payload, 12)), (0, 0));
    assert_eq!(guest.rm.object_count(), 1);
    let reply = guest.call(10, &words(&[CLIENT, 0, DEVICE, 0]));
    assert_eq!((reply.result, u32_at(&reply.payload, 12)), (0x35, 0x35));
    guest.call(10, &words(&[CLIENT, 0, CLIENT, 0]));
    assert_eq!(guest.rm.object_count(), 0);
    guest.assert_clean();
}

#[test]
fn objects_are_duplicated() {
    let mut guest = Guest::booted("ga102");
    client(&mut guest);
    let dup = words(&[CLIENT, DEVICE, 0x77, CLIENT, VASPACE, 0, 0]);
    assert_eq!(guest.call(21, &dup).result, 0);
    let reply = guest.call(21, &dup);
    assert_eq!((reply.result, u32_at(&reply.payload, 24)), (0x34, 0x34));
}

#[test]
fn memory_is_made_of_pages() {
    let mut guest = Guest::booted("ga102");
    let memory = |length: u32, pages: u32, list: usize| {
        let mut payload = words(&[
            0xc1e0_0004,
            0xde1e_0001,
            0xcaf0_0003,
            0x81,
            0x4000_0010,
            0,
            0,
            0,
            length,
            0,
            pages,
            0,
            pages << 16,
            0,
        ]);
        payload.resize(56 + 8 * list, 0);
        payload
    };
    assert_eq!(guest.call(4, &memory(0x2000, 1, 1)).result, 0x1f);
    assert_eq!(guest.call(4, &memory(0x2000, 2, 2)).result, 0);
    assert_eq!(guest.call(4, &memory(0x2000, 2, 2)).result, 0x34);
    guest.assert_clean();
    let save = words(&[0xc1e0_0004, 0xcaf0_0003, 1, 0, 0, 0]);
    assert_eq!(control(&mut guest, INTERNAL, 0x2080_0ac2, &save).0, 0);
    let save = words(&[0xc1e0_0004, 0xcaf0_0004, 1, 0, 0, 0]);
    assert_eq!(control(&mut guest, INTERNAL, 0x2080_0ac2, &save).0, 0x33);
    assert_eq!(guest.call(4, &memory(0x2000, 2, 1)).result, 0x3a);
    assert_eq!(guest.broken(), ["GV-17"]);
}

#[test]
fn large_memory_lists_come_in_parts() {
    let mut guest = Guest::booted("ga102");
    let pages = 10_000;
    let mut payload = words(&[0xc1e0_0004, 0xde1e_0001, 0xcaf0_0003, 0x81, 0, 0, 0, 0]);
    payload.extend(words(&[pages << 12, 0, pages, 0, 0, 0]));
    payload.resize(56 + 8 * pages as usize, 7);
    let (first, rest) = payload.split_at(65456);
    guest.send(4, first);
    guest.tick(1000);
    guest.send(71, rest);
    assert_eq!(guest.wait_for(4).unwrap().result, 0);
    guest.assert_clean();
}

#[test]
fn bar_page_tables_are_passed_on() {
    for (chip, shift) in [("ga102", 47), ("gh100", 56)] {
        let mut guest = Guest::booted(chip);
        let pde = |bar: u32, shift: u32| words(&[bar, 0, 0x1002, 0, shift, 0]);
        assert_eq!(guest.call(70, &pde(1, shift)).result, 0, "{chip}");
        let entry = BarEntry {
            bar: 1,
            entry: 0x1002,
            shift,
        };
        assert!(guest.effects.contains(&GspEffect::BarEntry(entry)));
        assert_eq!(guest.call(70, &pde(2, shift)).result, 0x1f);
        assert_eq!(guest.call(70, &pde(1, 38)).result, 0x1f);
        guest.assert_clean();
    }
}

#[test]
fn functions_nobody_may_call_are_refused() {
    for function in [74, 7, 227, 0x1003] {
        let mut guest = Guest::booted("ga102");
        assert_eq!(guest.call(function, &[]).result, 0xff10_0001, "{function}");
        assert_eq!(guest.broken(), ["GV-16"], "{function}");
    }
}

#[test]
fn functions_behind_which_nothing_is_modelled_say_so() {
    let mut guest = Guest::booted("ga102");
    assert_eq!(guest.call(204, &[0; 10]).result, 0x56);
    assert_eq!(guest.call(54, &[0; 48]).result, 0x56);
    guest.assert_clean();
}

#[test]
fn payloads_have_to_fit_their_function() {
    for (function, size) in [(65, 1655), (65, 1657), (10, 12), (70, 16), (21, 24), (0, 1)] {
        let mut guest = Guest::booted("ga102");
        assert_eq!(
            guest.call(function, &vec![0; size]).result,
            0x3a,
            "{function}"
        );
        assert_eq!(guest.broken(), ["GV-17"], "{function}");
    }
    for (function, payload) in [
        (76, words(&[0, 0, 0, 0, 5, 0])),
        (103, words(&[0, 0, 0, 0, 0, 4, 0, 0, 0, 0])),
        (76, vec![0; 16]),
    ] {
        let mut guest = Guest::booted("ga102");
        assert_eq!(guest.call(function, &payload).result, 0x3a, "{function}");
        assert_eq!(guest.broken(), ["GV-17"], "{function}");
    }
}

#[test]
fn acknowledgements_are_not_answered() {
    let mut guest = Guest::booted("ga102");
    guest.send(202, &[]);
    for _ in 0..10 {
        guest.tick(1000);
    }
    assert_eq!(guest.receive(), None);
    guest.assert_clean();
}

#[test]
fn openrm_tells_its_version() {
    let mut guest = Guest::booted("ga102");
    assert_eq!(guest.call(1, &[0; 792]).result, 0);
    guest.assert_clean();
}
