// SPDX-License-Identifier: GPL-2.0

//! From the first instruction to the static information.

use super::guest::{
    card,
    element,
    quiet,
    registry,
    system_info,
    words,
    Guest,
    LIBOS,
    LOGINIT,
    LOGRM, //
};
use crate::{
    chips::CHIPS,
    gsp_rm::{
        faults::Faults,
        habits::{
            Habits,
            Sequencer, //
        },
        registry::Value,
        GspEffect, //
    },
    recorder::Op,
    vram::MIB,
};

fn checksum(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(bytes[32..36].try_into().unwrap())
}

#[test]
fn golden_messages_of_the_guest_have_the_published_checksums() {
    let info = system_info(&card("ga102"));
    for (name, bytes, want) in [
        ("nop", element(0, 0, 0, &[]), 0x4050_5277),
        ("system info", element(0, 72, 0, &info), 0x79c4_4f91),
        ("registry", element(1, 73, 0, &registry(0)), 0x7238_499c),
        ("registry, 4", element(1, 73, 0, &registry(4)), 0x7238_4998),
        ("static info", element(2, 65, 0, &[0; 1656]), 0x4050_548c),
        ("unloading", element(3, 47, 0, &[0; 8]), 0x4050_5253),
        (
            "suspending",
            element(3, 47, 0, &words(&[1, 3])),
            0x4050_5251,
        ),
        ("large", element(1, 73, 0, &vec![0; 65456]), 0x4050_adde),
        ("continuation", element(2, 71, 0, &[0]), 0x4050_5233),
    ] {
        assert_eq!(checksum(&bytes), want, "{name}");
    }
}

#[test]
fn every_chip_boots_and_tells_what_it_is_without_a_complaint() {
    for chip in CHIPS {
        let mut guest = Guest::new(chip.name, Habits::default(), Faults::default());
        guest.boot();
        let info = guest.call(65, &[0; 1656]);
        assert_eq!(
            (info.result, info.payload.len()),
            (0, 1656),
            "{}",
            chip.name
        );
        let name: Vec<_> = info.payload[1260..]
            .iter()
            .take_while(|c| **c != 0)
            .collect();
        let want = format!("NVIDIA {}", chip.board);
        assert!(name.into_iter().eq(want.as_bytes()), "{}", chip.name);
        guest.assert_clean();
    }
}

#[test]
fn settings_may_wait_in_the_queue_before_the_start() {
    let mut guest = Guest::new("tu116", Habits::default(), Faults::default());
    for (number, function, payload) in [(0, 72, system_info(&card("tu116"))), (1, 73, registry(4))]
    {
        let bytes = element(number, function, 0, &payload);
        guest.place(&bytes);
        guest.publish(1);
        guest.number += 1;
    }
    guest.tick(0);
    guest.wait_for(0x1001).unwrap();
    guest.tick(5_000_000);
    guest.assert_clean();
}

#[test]
fn sequencer_comes_once_before_init_done_where_sec2_boots() {
    for (chip, want) in [
        ("tu102", 1),
        ("ga100", 1),
        ("ga102", 1),
        ("ad102", 1),
        ("gh100", 0),
    ] {
        for sequencer in [Sequencer::Empty, Sequencer::Resume, Sequencer::Full] {
            let habits = Habits {
                sequencer,
                ..Habits::default()
            };
            let mut guest = Guest::new(chip, habits, Faults::default());
            guest.boot();
            let count = guest
                .skipped
                .iter()
                .filter(|m| m.function == 0x1002)
                .count();
            assert_eq!(count, want, "{chip} {sequencer:?}");
            guest.assert_clean();
        }
    }
}

#[test]
fn noise_is_events_that_every_known_driver_accepts() {
    let mut guest = Guest::new("ga102", Habits::default(), Faults::default());
    guest.boot();
    let noise: Vec<_> = guest
        .skipped
        .iter()
        .map(|m| m.function)
        .filter(|f| *f != 0x1002)
        .collect();
    assert_eq!(noise, [0x100c, 0x1020, 0x101c, 0x101c]);
    assert!(guest.skipped.iter().all(|m| m.result == 0));
    assert_eq!(guest.skipped[2].payload, [1]);
    assert_eq!(guest.skipped[3].payload, [0]);
}

#[test]
fn settings_are_read() {
    let guest = Guest::booted("ga102");
    let keys: Vec<_> = guest
        .rm
        .settings()
        .iter()
        .map(|(key, _)| key.as_str())
        .collect();
    assert_eq!(
        keys,
        [
            "RMSecBusResetEnable",
            "RMForcePcieConfigSave",
            "RMDevidCheckIgnore"
        ]
    );
    assert!(guest
        .rm
        .settings()
        .iter()
        .all(|(_, value)| *value == Value::Dword(1)));
}

#[test]
fn wrong_order_of_settings_is_noticed() {
    let info = system_info(&card("ga102"));
    for (name, messages) in [
        ("swapped", vec![(73, registry(4)), (72, info.clone())]),
        ("repeated", vec![(72, info.clone()), (72, info.clone())]),
        ("early call", vec![(65, vec![0; 1656])]),
    ] {
        let mut guest = Guest::new("ga102", quiet(), Faults::default());
        guest.tick(0);
        for (function, payload) in messages {
            guest.send(function, &payload);
        }
        guest.tick(1000);
        assert_eq!(guest.broken()[0], "GV-13", "{name}");
    }
}

#[test]
fn late_settings_are_noticed() {
    let mut guest = Guest::booted("ga102");
    guest.settings();
    assert_eq!(guest.broken(), ["GV-13", "GV-13"]);
}

#[test]
fn early_call_is_refused_and_the_boot_goes_on() {
    let mut guest = Guest::new("ga102", quiet(), Faults::default());
    guest.tick(0);
    let reply = guest.call(65, &[0; 1656]);
    assert_eq!(reply.result, 0x40);
    guest.settings();
    guest.wait_for(0x1001).unwrap();
    assert_eq!(guest.broken(), ["GV-13"]);
}

#[test]
fn system_information_is_compared_with_the_card() {
    for (name, at, flip, chip) in [
        ("BAR0", 3, 0xff, "ga102"),
        ("BAR1", 12, 0xff, "ga102"),
        ("BAR3", 20, 0xff, "gh100"),
        ("bus", 34, 0xff, "ga102"),
        ("user VA", 77, 0x7f, "ga102"),
        ("mirror", 82, 0xff, "gb202"),
        ("mirror size", 85, 0xff, "ga102"),
        ("device", 90, 0xff, "ga102"),
        ("subsystem", 92, 0xff, "ga102"),
        ("revision", 96, 0xff, "ga102"),
        ("ACPI", 160, 0xff, "ga102"),
    ] {
        let mut guest = Guest::new(chip, quiet(), Faults::default());
        guest.tick(0);
        let mut info = system_info(&card(chip));
        info[at] ^= flip;
        guest.send(72, &info);
        assert_eq!(guest.broken(), ["GV-20"], "{name}");
    }
}

#[test]
fn apertures_need_not_be_found_where_bar0_takes_two_registers() {
    for (chip, broken) in [
        ("gh100", [""; 0].as_slice()),
        ("gb202", &["GV-20", "GV-20"]),
    ] {
        let mut guest = Guest::new(chip, quiet(), Faults::default());
        guest.tick(0);
        let mut info = system_info(&card(chip));
        info[8..24].fill(0);
        guest.send(72, &info);
        assert_eq!(guest.broken(), broken, "{chip}");
    }
}

#[test]
fn domain_above_the_bus_is_not_held_against_the_driver() {
    let mut guest = Guest::new("ga102", quiet(), Faults::default());
    guest.tick(0);
    let mut info = system_info(&card("ga102"));
    info[36] = 1;
    guest.send(72, &info);
    guest.assert_clean();
}

#[test]
fn settings_of_the_wrong_length_are_noticed() {
    let mut guest = Guest::new("ga102", quiet(), Faults::default());
    guest.tick(0);
    guest.send(72, &[0; 927]);
    assert_eq!(guest.broken(), ["GV-17"]);
}

#[test]
fn static_info_lays_vram_out_below_the_protected_region() {
    let mut guest = Guest::booted("ad102");
    let info = guest.call(65, &[0; 1656]).payload;
    let u64_at = |at: usize| u64::from_le_bytes(info[at..at + 8].try_into().unwrap());
    let u32_at = |at: usize| u32::from_le_bytes(info[at..at + 4].try_into().unwrap());
    let vram = 24 * 1024 * MIB;
    let reserve = vram - 192 * MIB - 32 * MIB;
    assert_eq!(u32_at(344), 2);
    assert_eq!((u64_at(352), u64_at(360), u64_at(368)), (0, reserve - 1, 0));
    assert_eq!(info[352 + 28..352 + 31], [1, 1, 0]);
    assert_eq!(
        (u64_at(400), u64_at(408), u64_at(416)),
        (reserve, vram - 1, vram - reserve)
    );
    assert_eq!((u64_at(1536), u64_at(1544)), (reserve, reserve + 0x1000));
    assert_eq!(
        (u32_at(1600), u32_at(1604), u32_at(1608)),
        (0xc1e0_0004, 0xde1e_0001, 0x5d1e_0002)
    );
    assert_eq!((u64_at(1640), u64_at(1648)), (0, 0));
    assert!(guest.effects.contains(&GspEffect::BarRoots {
        bar1: reserve,
        bar2: reserve + 0x1000
    }));
}

#[test]
fn static_info_of_fsp_chips_tells_the_layout() {
    let mut guest = Guest::booted("gh100");
    let info = guest.call(65, &[0; 1656]).payload;
    let u64_at = |at: usize| u64::from_le_bytes(info[at..at + 8].try_into().unwrap());
    let vram = 80 * 1024 * MIB;
    assert_eq!(
        (u64_at(1640), u64_at(1648)),
        (vram - 192 * MIB, vram - 2 * MIB)
    );
}

#[test]
fn static_info_request_has_to_be_zero() {
    let mut guest = Guest::booted("ga102");
    let mut request = vec![0; 1656];
    request[1655] = 1;
    assert_eq!(guest.call(65, &request).result, 0);
    assert_eq!(guest.broken(), ["GV-18"]);
}

#[test]
fn logs_are_written_and_counted_in_words() {
    let mut guest = Guest::new("ga102", quiet(), Faults::default());
    guest.tick(0);
    let early = guest.ram.u64(LOGINIT);
    assert_eq!(early, 9, "three records of three words");
    assert_eq!(guest.ram.u64(LOGINIT + 8), LIBOS, "argument first");
    assert_eq!(guest.ram.u64(LOGINIT + 24), 1_000_000, "time last");
    assert_eq!(guest.ram.u64(LOGRM), 0);
    guest.settings();
    guest.wait_for(0x1001).unwrap();
    assert_eq!(guest.ram.u64(LOGRM), 16);
}

#[test]
fn init_done_may_have_a_payload() {
    let habits = Habits {
        init_done_payload: true,
        ..quiet()
    };
    let mut guest = Guest::new("ga102", habits, Faults::default());
    guest.tick(0);
    guest.settings();
    assert_eq!(guest.wait_for(0x1001).unwrap().payload, [0; 4]);
}

#[test]
fn queue_wraps_early_if_asked_to() {
    let habits = Habits {
        prefill: 60,
        ..Habits::default()
    };
    let mut guest = Guest::new("ga102", habits, Faults::default());
    guest.boot();
    assert!(guest.read < 60, "wrapped to {}", guest.read);
    guest.call(65, &[0; 1656]);
    guest.assert_clean();
}

#[test]
fn latency_delays_every_answer() {
    let habits = Habits {
        latency_us: 30_000,
        ..quiet()
    };
    let mut guest = Guest::new("ga102", habits, Faults::default());
    guest.boot();
    let before = guest.now;
    guest.call(65, &[0; 1656]);
    assert!(guest.now - before >= 30_000);
    guest.assert_clean();
}

#[test]
fn missing_doorbell_is_noticed_but_the_command_is_served() {
    let mut guest = Guest::booted("ga102");
    let bytes = element(guest.number, 65, 0, &[0; 1656]);
    guest.place(&bytes);
    guest.publish(1);
    guest.tick(1000);
    assert_eq!(guest.receive().unwrap().function, 65);
    guest.tick(2_000_000);
    assert_eq!(guest.broken(), ["GV-23"]);
}

#[test]
fn other_doorbells_do_not_exist() {
    let mut guest = Guest::booted("ga102");
    guest.access(Op::Write, 0x11_0c04, 0);
    guest.assert_clean();
    guest.access(Op::Write, 0x11_0c08, 0);
    assert_eq!(guest.broken(), ["GV-22"]);
}
