// SPDX-License-Identifier: GPL-2.0

//! How the driver carries the sequencer's program out.

use super::guest::{
    quiet,
    Guest,
    LIBOS, //
};
use crate::{
    gsp_rm::{
        faults::{
            Faults,
            SequencerFault, //
        },
        habits::{
            Habits,
            Sequencer, //
        },
        sequencer::{
            image,
            MAGIC, //
        },
        GspEffect, //
    },
    recorder::Op,
};

/// Comes to the point where the program has been sent; gives the program.
fn asked(chip: &str, sequencer: Sequencer, faults: Faults) -> (Guest, Vec<u8>) {
    let habits = Habits {
        sequencer,
        ..quiet()
    };
    let mut guest = Guest::new(chip, habits, faults);
    guest.tick(0);
    guest.settings();
    guest.tick(1000);
    let event = guest.receive().unwrap();
    assert_eq!(event.function, 0x1002);
    (guest, event.payload)
}

#[test]
fn resume_is_done_when_sec2_starts() {
    let (mut guest, _) = asked("ga102", Sequencer::Resume, Faults::default());
    assert!(!guest.rm.is_active(), "it has stopped for the reset");
    assert_eq!(guest.read_register(0x11_0040), 0x8000_0000);
    guest.reset();
    guest.write_register(0x11_0624, 0x80);
    assert!(!guest.rm.awaits_resume());
    guest.write_register(0x11_010c, 0);
    guest.read_register(0x11_0044);
    guest.now += 2000;
    guest.resume(LIBOS);
    assert!(guest.effects.contains(&GspEffect::Resumed));
    assert!(guest.rm.is_active());
    guest.wait_for(0x1001).unwrap();
    guest.assert_clean();
}

#[test]
fn a_doorbell_may_ring_and_the_version_be_told_while_the_program_runs() {
    let (mut guest, _) = asked("ga102", Sequencer::Resume, Faults::default());
    guest.doorbell();
    guest.write_register(0x11_0080, 0);
    assert_eq!(guest.read_register(0x11_0040), 0x8000_0000);
    guest.reset();
    guest.write_register(0x11_0624, 0x80);
    guest.doorbell();
    guest.write_register(0x11_010c, 0);
    guest.read_register(0x11_0044);
    guest.now += 2000;
    guest.resume(LIBOS);
    guest.wait_for(0x1001).unwrap();
    guest.assert_clean();
}

#[test]
fn nothing_is_said_before_the_resume() {
    let (mut guest, _) = asked("ga102", Sequencer::Resume, Faults::default());
    for _ in 0..100 {
        guest.tick(1000);
    }
    assert_eq!(guest.receive(), None);
}

#[test]
fn image_is_in_vram_before_the_program_runs_it() {
    let (guest, _) = asked("ad102", Sequencer::Full, Faults::default());
    let stored = guest.effects.iter().find_map(|effect| match effect {
        GspEffect::WriteVram { address, data } => Some((*address, data.clone())),
        _ => None,
    });
    let (address, data) = stored.unwrap();
    assert_eq!(data[..16], MAGIC);
    assert_eq!(data, image());
    assert_eq!(address % 256, 0);
}

#[test]
fn foreign_write_in_between_is_noticed() {
    for at in 0..3 {
        let (mut guest, _) = asked("ga102", Sequencer::Resume, Faults::default());
        if at > 0 {
            guest.read_register(0x11_0040);
        }
        if at > 1 {
            guest.reset();
            guest.write_register(0x11_0624, 0x80);
            guest.write_register(0x11_010c, 0);
        }
        guest.write_register(0x11_0104, 1);
        assert_eq!(guest.broken(), ["GV-31"], "{at}");
    }
}

#[test]
fn interrupt_handler_may_run_in_between() {
    let (mut guest, program) = asked("ga102", Sequencer::Full, Faults::default());
    for (address, value) in [
        (0x11_0004, 0x40),
        (0x11_03e8, 1),
        (0xb8_1610, 0xf),
        (0x8_8704, 0),
    ] {
        guest.access(Op::Write, address, value);
    }
    guest.run_sequencer(&program);
    guest.wait_for(0x1001).unwrap();
    guest.assert_clean();
}

#[test]
fn resume_without_the_mailboxes_is_noticed() {
    for mailboxes in [0, LIBOS + 0x1000, LIBOS | 1 << 32] {
        let (mut guest, _) = asked("ga102", Sequencer::Resume, Faults::default());
        guest.read_register(0x11_0040);
        guest.reset();
        guest.write_register(0x11_0624, 0x80);
        guest.write_register(0x11_010c, 0);
        guest.read_register(0x11_0044);
        guest.now += 2000;
        guest.resume(mailboxes);
        assert_eq!(guest.broken(), ["GV-31"], "{mailboxes:#x}");
    }
}

#[test]
fn resume_without_a_reset_is_noticed() {
    let (mut guest, _) = asked("ga102", Sequencer::Resume, Faults::default());
    guest.read_register(0x11_0040);
    guest.reset();
    guest.write_register(0x11_0624, 0x80);
    guest.write_register(0x11_010c, 0);
    guest.read_register(0x11_0044);
    guest.now += 2000;
    guest.write_register(0x11_0040, LIBOS as u32);
    guest.write_register(0x11_0044, 0);
    guest.write_register(0x84_0100, 2);
    assert_eq!(guest.broken(), ["GV-31"]);
}

#[test]
fn reset_that_is_only_released_is_none() {
    let (mut guest, _) = asked("ga102", Sequencer::Resume, Faults::default());
    guest.read_register(0x11_0040);
    guest.write_register(0x11_03c0, 0);
    guest.write_register(0x11_0624, 0x80);
    guest.write_register(0x11_010c, 0);
    guest.assert_clean();
    // So it is still the reset's turn.
    guest.write_register(0x11_0104, 0);
    let turn = guest.effects.iter().any(|effect| {
        matches!(effect, GspEffect::Complain(it) if it.what.ends_with("turn of CoreReset"))
    });
    assert!(turn, "{:?}", guest.effects);
}

#[test]
fn pause_that_is_too_short_is_noticed() {
    for (took, broken) in [(1900, &["GV-31"][..]), (1979, &["GV-31"]), (1980, &[])] {
        let (mut guest, _) = asked("ga102", Sequencer::Resume, Faults::default());
        guest.read_register(0x11_0040);
        guest.reset();
        guest.write_register(0x11_0624, 0x80);
        guest.write_register(0x11_010c, 0);
        guest.read_register(0x11_0044);
        // The access that ends the pause takes one.
        guest.now += took - 1;
        guest.resume(LIBOS);
        assert_eq!(guest.broken(), broken, "{took} us");
    }
}

#[test]
fn modify_has_to_read_and_keep_other_bits() {
    for (name, read, value) in [("no read", false, 4), ("lost bits", true, 4)] {
        let (mut guest, _) = asked("ga102", Sequencer::Full, Faults::default());
        guest.read_register(0x11_0040);
        guest.reset();
        guest.write_register(0x11_0624, 0x80);
        guest.write_register(0x11_010c, 0);
        guest.registers.insert(0x11_0600, 0x110);
        if read {
            guest.read_register(0x11_0600);
        }
        guest.write_register(0x11_0600, value);
        assert_eq!(guest.broken(), ["GV-31"], "{name}");
    }
}

#[test]
fn libos_table_has_to_survive_until_the_resume() {
    let (mut guest, program) = asked("ga102", Sequencer::Resume, Faults::default());
    guest.ram.put(LIBOS, &[0xff; 32]);
    guest.run_sequencer(&program);
    assert_eq!(guest.broken(), ["GV-26"]);
}

#[test]
fn driver_that_gives_up_a_broken_program_is_not_blamed() {
    for fault in [
        SequencerFault::BadOpcode,
        SequencerFault::Truncated,
        SequencerFault::BadAddress,
        SequencerFault::PollNever,
        SequencerFault::HugeDelay,
        SequencerFault::Index,
        SequencerFault::Count,
    ] {
        let faults = Faults {
            sequencer: Some(fault),
            ..Faults::default()
        };
        let (mut guest, _) = asked("ga102", Sequencer::Full, faults);
        assert_eq!(guest.faults(), [fault.name()]);
        guest.read_register(0x11_0040);
        guest.call(47, &[0; 8]);
        guest.tick(1000);
        guest.reset();
        guest.assert_clean();
    }
}

#[test]
fn driver_that_looks_at_the_whole_program_first_is_not_blamed() {
    let faults = Faults {
        sequencer: Some(SequencerFault::Index),
        ..Faults::default()
    };
    let (mut guest, _) = asked("ga102", Sequencer::Full, faults);
    guest.write_register(0x11_0104, 1);
    guest.assert_clean();
}

#[test]
fn driver_that_gives_up_for_another_fault_is_not_blamed() {
    let (mut guest, _) = asked("ga102", Sequencer::Full, Faults::default());
    guest.rm.excuse_driver();
    guest.reset();
    guest.write_register(0x11_0104, 1);
    guest.assert_clean();
    assert_eq!(guest.rm.state(), "off");
}

#[test]
fn driver_that_goes_on_behind_a_broken_operation_is_blamed() {
    let faults = Faults {
        sequencer: Some(SequencerFault::BadOpcode),
        ..Faults::default()
    };
    let (mut guest, _) = asked("ga102", Sequencer::Full, faults);
    guest.read_register(0x11_0040);
    guest.write_register(0x11_0044, 0x0bad_c0de);
    assert_eq!(guest.broken(), ["GV-31"]);
}

#[test]
fn driver_that_waits_long_enough_may_go_on() {
    let (mut guest, _) = asked("ga102", Sequencer::Resume, Faults::default());
    guest.registers.insert(0x11_0040, 0);
    guest.read_register(0x11_0040);
    guest.now += 1_100_000;
    guest.read_register(0x11_0040);
    guest.reset();
    guest.write_register(0x11_0624, 0x80);
    guest.write_register(0x11_010c, 0);
    guest.assert_clean();
    assert_eq!(guest.rm.state(), "sequencing");
}

#[test]
fn late_driver_is_not_one_that_has_given_up() {
    let (mut guest, program) = asked("ga102", Sequencer::Full, Faults::default());
    guest.now += 10_000_000;
    guest.run_sequencer(&program);
    guest.wait_for(0x1001).unwrap();
    guest.assert_clean();
}

#[test]
fn driver_that_ignores_timeouts_may_go_on_after_the_image() {
    let (mut guest, _) = asked("ga102", Sequencer::Resume, Faults::default());
    guest.now += 2_000_000;
    guest.reset();
    guest.write_register(0x11_0624, 0x80);
    guest.write_register(0x11_010c, 0);
    // Neither the store nor the pause is seen; the store was done, and the pause is over.
    guest.read_register(0x11_0044);
    guest.now += 5_000_000;
    guest.resume(LIBOS);
    guest.wait_for(0x1001).unwrap();
    guest.assert_clean();
}

#[test]
fn driver_that_waits_long_enough_may_give_up() {
    let (mut guest, _) = asked("ga102", Sequencer::Resume, Faults::default());
    guest.registers.insert(0x11_0040, 0);
    guest.now += 1_100_000;
    guest.write_register(0x11_0104, 0);
    guest.assert_clean();
    assert_eq!(guest.rm.state(), "off");
}
