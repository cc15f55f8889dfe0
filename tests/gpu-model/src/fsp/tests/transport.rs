// SPDX-License-Identifier: GPL-2.0

//! Ports, queues and packets: what works, and which rule each mistake breaks.

use super::machine::*;
use crate::fsp::GspState;

/// What FSP says to a command that it does not know.
const NOT_SUPPORTED: [u32; 5] = [0xc000_0000, 0x1510_de7e, 3, 0x12, 0xa0];

#[test]
fn an_exchange_leaves_everything_as_it_was_and_can_be_repeated() {
    let mut machine = Machine::new("gh100");
    for round in 0..3 {
        assert_eq!(
            machine.exchange(&unknown()).unwrap(),
            NOT_SUPPORTED,
            "{round}"
        );
        assert_eq!(machine.read(QUEUE_HEAD), 8, "consumed");
        assert_eq!(machine.read(QUEUE_TAIL), 8);
        assert_eq!(machine.read(MSGQ_HEAD), 0);
        assert_eq!(machine.read(MSGQ_TAIL), 0);
    }
    machine.assert_clean();
}

#[test]
fn the_answer_takes_its_time_and_comes_without_being_looked_for() {
    let mut machine = Machine::new("gb202");
    machine.send(&unknown());
    assert_eq!(machine.read(QUEUE_HEAD), 8, "the command is taken at once");
    assert_eq!(machine.read(MSGQ_TAIL), 0);
    machine.wait(LONG_US);
    assert_eq!(machine.read(MSGQ_HEAD), 0);
    assert_eq!(machine.read(MSGQ_TAIL), 0x10);
    assert_eq!(dwords(&machine.read_emem(5)), NOT_SUPPORTED);
    assert_eq!(machine.read(EMEMC), 0x0200_0014);
    machine.assert_clean();
}

#[test]
fn ememc_reads_back_what_a_burst_has_left() {
    let mut machine = Machine::new("gh100");
    machine.write_emem(&[7; 868]);
    assert_eq!(machine.read(EMEMC), 0x0100_0364);
    machine.write(EMEMC, 0x0200_035c);
    assert_eq!(machine.read(EMEMD), 0x0707_0707);
    assert_eq!(machine.read(EMEMD), 0x0707_0707);
    assert_eq!(machine.read(EMEMD), 0);
}

#[test]
fn scratch_groups_read_as_a_card_that_is_well() {
    let mut machine = Machine::new("gb100");
    for address in (0x8f0320..0x8f0340).step_by(4) {
        assert_eq!(machine.read(address), 0, "{address:#x}");
    }
}

#[test]
fn a_tail_alone_starts_nothing_even_if_it_differs_from_the_head() {
    let mut machine = Machine::new("gb202");
    machine.exchange(&unknown()).unwrap();
    machine.write_emem(&command(0x12, &[0; 20]));
    machine.write(QUEUE_TAIL, 0x18);
    machine.wait(LONG_US);
    assert_eq!(machine.read(QUEUE_HEAD), 8);
    machine.write(QUEUE_HEAD, 0);
    assert_eq!(
        machine.receive().map(|it| dwords(&it)).unwrap(),
        NOT_SUPPORTED
    );
    machine.assert_clean();
}

#[test]
fn the_doorbell_rings_although_the_head_was_zero_already() {
    let mut machine = Machine::new("gh100");
    assert_eq!(machine.read(QUEUE_HEAD), 0);
    assert!(machine.exchange(&unknown()).is_some());
}

#[test]
fn reset_forgets_everything() {
    let mut machine = Machine::new("gh100");
    machine.send(&unknown());
    machine.fsp.reset(machine.now_us);
    machine.wait(LONG_US);
    for address in [EMEMC, QUEUE_HEAD, QUEUE_TAIL, MSGQ_HEAD, MSGQ_TAIL] {
        assert_eq!(machine.read(address), 0, "{address:#x}");
    }
    assert_eq!(machine.read_emem(4), [0; 16]);
}

/// A mistake: the rules it breaks, in order, and whether FSP answers all the same.
struct Mistake {
    what: &'static str,
    chip: &'static str,
    rules: &'static [&'static str],
    is_answered: bool,
    run: fn(&mut Machine),
}

#[rustfmt::skip]
const MISTAKES: &[Mistake] = &[
    Mistake { what: "head before tail", chip: "gh100", rules: &["FSP-03"], is_answered: false, run: |machine| {
        machine.write_emem(&unknown());
        machine.write(QUEUE_HEAD, 0);
        machine.write(QUEUE_TAIL, 8);
    } },
    Mistake { what: "head with the tail of the last command", chip: "gb202", rules: &["FSP-03"], is_answered: true, run: |machine| {
        machine.exchange(&unknown()).unwrap();
        machine.write_emem(&unknown());
        machine.write(QUEUE_HEAD, 0);
    } },
    Mistake { what: "EMEM written before the answer", chip: "gh100", rules: &["FSP-04"], is_answered: true, run: |machine| {
        machine.send(&unknown());
        machine.write_emem(&unknown());
    } },
    Mistake { what: "EMEM written before the answer is read", chip: "gh100", rules: &["FSP-04"], is_answered: true, run: |machine| {
        machine.send(&unknown());
        machine.wait(LONG_US);
        machine.write_emem(&[0; 4]);
    } },
    Mistake { what: "doorbell before the answer", chip: "gh100", rules: &["FSP-04", "FSP-04"], is_answered: true, run: |machine| {
        machine.send(&unknown());
        machine.send(&unknown());
    } },
    Mistake { what: "port not set up at all", chip: "gh100", rules: &["FSP-05", "FSP-07"], is_answered: true, run: |machine| {
        // The last dword stays at address 0.
        for dword in [0x0403_0201, 0x1210_de7e, 0xc000_0000] {
            machine.write(EMEMD, dword);
        }
        machine.write(EMEMC, 0x0100_0004);
        machine.complaints.clear();
        machine.write(EMEMD, 0x1210_de7e);
        machine.write(EMEMC, 0);
        machine.write(EMEMD, 0xc000_0000);
        machine.write(EMEMD, 0xc000_0000);
        machine.complaints.remove(0);
        machine.write(QUEUE_TAIL, 4);
        machine.write(QUEUE_HEAD, 0);
    } },
    Mistake { what: "port not set up again", chip: "gh100", rules: &["FSP-05", "FSP-06"], is_answered: false, run: |machine| {
        machine.exchange(&unknown()).unwrap();
        machine.write(EMEMD, 0xc000_0000);
        machine.write(QUEUE_TAIL, 8);
        machine.write(EMEMC, 0x0200_0000);
        machine.read(EMEMD);
        machine.write(QUEUE_HEAD, 0);
        // An answer lies there instead of a command: not judged further than its form.
        let packet = machine.receive().unwrap();
        assert_eq!(dwords(&packet)[4], 0xa0);
    } },
    Mistake { what: "burst from another address", chip: "gh100", rules: &["FSP-05"], is_answered: true, run: |machine| {
        machine.write(EMEMC, 0x0100_0000);
        machine.write(EMEMD, 0xc000_0000);
        machine.write(EMEMD, 0x1210_de7e);
        machine.write(EMEMD, 0);
        machine.write(QUEUE_TAIL, 8);
        machine.write(QUEUE_HEAD, 0);
        machine.wait(LONG_US);
        machine.write(EMEMC, 0x0200_0004);
        machine.read(EMEMD);
    } },
    Mistake { what: "both increments", chip: "gh100", rules: &["FSP-05"], is_answered: true, run: |machine| {
        machine.send(&unknown());
        machine.wait(LONG_US);
        machine.write(EMEMC, 0x0300_0000);
        machine.read(EMEMD);
        machine.read(EMEMD);
    } },
    Mistake { what: "no increment", chip: "gh100", rules: &["FSP-05", "FSP-07"], is_answered: true, run: |machine| {
        machine.send(&unknown());
        machine.wait(LONG_US);
        machine.write(EMEMC, 0);
        for _ in 0..5 {
            assert_eq!(machine.read(EMEMD), 0xc000_0000, "the address stays");
        }
    } },
    Mistake { what: "increment of the other direction", chip: "gh100", rules: &["FSP-05", "FSP-07"], is_answered: true, run: |machine| {
        machine.send(&unknown());
        machine.wait(LONG_US);
        machine.write(EMEMC, 0x0100_0000);
        machine.read(EMEMD);
        machine.read(EMEMD);
    } },
    Mistake { what: "tail says more than was written", chip: "gh100", rules: &["FSP-06"], is_answered: true, run: |machine| {
        machine.write_emem(&unknown());
        machine.write(QUEUE_TAIL, 0x10);
        machine.write(QUEUE_HEAD, 0);
    } },
    Mistake { what: "tail says less than was written", chip: "gh100", rules: &["FSP-06"], is_answered: true, run: |machine| {
        machine.write_emem(&unknown());
        machine.write(QUEUE_TAIL, 4);
        machine.write(QUEUE_HEAD, 0);
    } },
    Mistake { what: "more than a channel", chip: "gh100", rules: &["FSP-06", "FSP-10"], is_answered: false, run: |machine| {
        machine.send(&command(0x12, &[0; 1020]));
    } },
    Mistake { what: "another channel's port", chip: "gb100", rules: &["FSP-06", "FSP-06"], is_answered: false, run: |machine| {
        machine.write(EMEMC + 8, 0x0100_0400);
        machine.write(EMEMD + 8, 7);
    } },
    Mistake { what: "another channel's queue", chip: "gb100", rules: &["FSP-06", "FSP-06"], is_answered: false, run: |machine| {
        machine.write(QUEUE_TAIL + 0x38, 0x1c08);
        machine.write(QUEUE_HEAD + 0x38, 0x1c00);
        machine.wait(LONG_US);
        assert_eq!(machine.read(QUEUE_HEAD + 0x38), 0x1c00, "nobody is there");
    } },
    Mistake { what: "answer not acknowledged", chip: "gh100", rules: &["FSP-04", "FSP-08"], is_answered: true, run: |machine| {
        machine.send(&unknown());
        machine.wait(LONG_US);
        machine.read_emem(5);
        machine.send(&unknown());
    } },
    Mistake { what: "message queue set to something", chip: "gh100", rules: &["FSP-09"], is_answered: false, run: |machine| {
        machine.write(MSGQ_TAIL, 0x20);
        machine.write(MSGQ_HEAD, 0x20);
    } },
    Mistake { what: "head not zero", chip: "gh100", rules: &["FSP-09", "FSP-10"], is_answered: false, run: |machine| {
        machine.write_emem(&[unknown(), unknown()].concat());
        machine.write(QUEUE_TAIL, 0x14);
        machine.write(QUEUE_HEAD, 0x10);
    } },
    Mistake { what: "tail below head", chip: "gh100", rules: &["FSP-09", "FSP-10"], is_answered: false, run: |machine| {
        machine.write_emem(&unknown());
        machine.write(QUEUE_TAIL, 8);
        machine.write(QUEUE_HEAD, 0x10);
    } },
    Mistake { what: "tail not of a dword", chip: "gh100", rules: &["FSP-10"], is_answered: false, run: |machine| {
        machine.write_emem(&unknown());
        machine.write(QUEUE_TAIL, 9);
        machine.write(QUEUE_HEAD, 0);
    } },
    Mistake { what: "one dword", chip: "gh100", rules: &[], is_answered: false, run: |machine| {
        // Head and tail are equal then: nothing is there.
        machine.send(&[0; 4]);
    } },
    Mistake { what: "first packet of several", chip: "gh100", rules: &["FSP-10"], is_answered: false, run: |machine| {
        let mut packet = unknown();
        packet[3] = 0x80;
        machine.send(&packet);
    } },
    Mistake { what: "source endpoint set", chip: "gh100", rules: &["FSP-10"], is_answered: false, run: |machine| {
        let mut packet = unknown();
        packet[2] = 1;
        machine.send(&packet);
    } },
    Mistake { what: "another vendor", chip: "gh100", rules: &["FSP-10"], is_answered: false, run: |machine| {
        let mut packet = unknown();
        packet[5] = 0xdf;
        machine.send(&packet);
    } },
];

#[test]
fn each_mistake_breaks_its_rule() {
    for mistake in MISTAKES {
        let Mistake { what, chip, .. } = mistake;
        let mut machine = Machine::new(chip);
        (mistake.run)(&mut machine);
        machine.wait(LONG_US);
        let has_answer = machine.read(MSGQ_TAIL) != machine.read(MSGQ_HEAD);
        assert_eq!(machine.broken(), mistake.rules, "{what}");
        assert_eq!(has_answer, mistake.is_answered, "{what}");
    }
}

#[test]
fn a_command_before_fsp_is_ready_is_not_even_taken() {
    let mut machine = Machine::just_reset("gh100", &[]);
    machine.now_us = 59_000;
    assert_eq!(machine.read(0x200bc), 0);
    machine.send(&unknown());
    assert_eq!(machine.broken(), ["FSP-01"]);
    machine.now_us = 1_000_000;
    machine.wait(LONG_US);
    assert_eq!((machine.read(QUEUE_HEAD), machine.read(QUEUE_TAIL)), (0, 8));
    assert_eq!(machine.read(MSGQ_TAIL), 0);
}

#[test]
fn a_command_without_looking_whether_fsp_is_ready_is_answered_and_wrong() {
    let mut machine = Machine::just_reset("gb202", &[]);
    machine.now_us = 1_000_000;
    assert!(machine.exchange(&unknown()).is_some());
    assert_eq!(machine.broken(), ["FSP-02"]);
    machine.get_ready();
    assert!(machine.exchange(&unknown()).is_some());
    machine.assert_clean();
}

#[test]
fn boot_that_begins_at_the_first_look_is_the_same_for_both() {
    let mut machine = Machine::just_reset("gb202", &["gfw-slow=300"]);
    machine.now_us = 5_000_000;
    assert_eq!(machine.read(0xad00bc), 0);
    machine.now_us += 299_999;
    machine.send(&unknown());
    assert_eq!(machine.broken(), ["FSP-01"]);
    machine.now_us += 1;
    assert_eq!(machine.read(0xad00bc), 0xff);
    assert!(machine.exchange(&unknown()).is_some());
    machine.assert_clean();
}

#[test]
fn the_state_of_the_gsp_does_not_matter_to_small_commands() {
    for gsp in [
        GspState::Off,
        GspState::Starting,
        GspState::Running,
        GspState::Halted,
        GspState::Failed,
    ] {
        let mut machine = Machine::new("gb202");
        machine.gsp = gsp;
        assert_eq!(machine.exchange(&unknown()).unwrap(), NOT_SUPPORTED);
        machine.assert_clean();
    }
}
