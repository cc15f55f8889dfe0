// SPDX-License-Identifier: GPL-2.0

//! The ways in which known drivers talk to FSP. None of them breaks a rule.

use super::machine::*;

/// Writes and reads of a driver, step by step.
fn openrm_writes(machine: &mut Machine, packet: &[u8]) {
    assert_eq!(machine.read(QUEUE_HEAD), machine.read(QUEUE_TAIL));
    machine.write(EMEMC, 0x0100_0000);
    let before = machine.read(EMEMC) & 0xffff;
    for dword in dwords(packet) {
        machine.write(EMEMD, dword);
    }
    let after = machine.read(EMEMC) & 0xffff;
    assert_eq!((after - before) as usize, packet.len());
    machine.write(QUEUE_TAIL, packet.len() as u32 - 4);
    machine.write(QUEUE_HEAD, 0);
}

#[test]
fn openrm_reads_the_port_back_and_acknowledges_with_the_old_head() {
    let mut machine = Machine::new("gh100");
    for _ in 0..2 {
        openrm_writes(&mut machine, &unknown());
        machine.wait(LONG_US);
        let (head, tail) = (machine.read(MSGQ_HEAD), machine.read(MSGQ_TAIL));
        assert_eq!((head, tail), (0, 0x10));
        machine.write(EMEMC, 0x0200_0000);
        for _ in 0..5 {
            machine.read(EMEMD);
        }
        assert_eq!(machine.read(EMEMC), 0x0200_0014);
        machine.write(MSGQ_TAIL, head);
        machine.write(MSGQ_HEAD, head);
    }
    machine.assert_clean();
}

#[test]
fn the_queue_may_be_emptied_from_either_end() {
    let mut machine = Machine::new("gh100");
    for (first, second) in [(MSGQ_HEAD, MSGQ_TAIL), (MSGQ_TAIL, MSGQ_HEAD)] {
        machine.send(&unknown());
        machine.wait(LONG_US);
        machine.read_emem(5);
        machine.write(first, 0);
        machine.write(second, 0);
    }
    machine.assert_clean();
}

#[test]
fn nouveau_looks_for_an_empty_queue_and_reads_what_it_can_hold() {
    let mut machine = Machine::new("gb202");
    assert_eq!((machine.read(QUEUE_HEAD), machine.read(QUEUE_TAIL)), (0, 0));
    machine.send(&unknown());
    machine.wait(2_000);
    assert_eq!(
        (machine.read(MSGQ_HEAD), machine.read(MSGQ_TAIL)),
        (0, 0x10)
    );
    assert_eq!(machine.read_emem(5).len(), 20);
    machine.write(MSGQ_TAIL, 0);
    machine.write(MSGQ_HEAD, 0);
    machine.assert_clean();
}

#[test]
fn a_port_set_up_before_the_last_answer_is_acknowledged_is_set_up() {
    let mut machine = Machine::new("gh100");
    machine.send(&unknown());
    machine.wait(LONG_US);
    machine.read_emem(5);
    machine.write(EMEMC, 0x0100_0000);
    machine.write(MSGQ_TAIL, 0);
    for dword in dwords(&unknown()) {
        machine.write(EMEMD, dword);
    }
    machine.write(QUEUE_TAIL, 8);
    machine.write(QUEUE_HEAD, 0);
    assert!(machine.receive().is_some());
    machine.assert_clean();
}

#[test]
fn a_port_used_for_two_answers_has_to_be_set_up_twice() {
    let mut machine = Machine::new("gh100");
    for want in [&[][..], &["FSP-05"]] {
        machine.send(&unknown());
        machine.wait(LONG_US);
        if want.is_empty() {
            machine.write(EMEMC, 0x0200_0000);
        }
        machine.read(EMEMD);
        machine.write(MSGQ_TAIL, 0);
        assert_eq!(machine.broken(), want);
    }
}

/// The whole of a boot's conversation with FSP, as nova-core has it on GH100.
#[test]
fn nova_core_needs_217_dwords_and_one_answer() {
    let mut boot = super::cot::Boot::new("gh100");
    let machine = &mut boot.machine;
    machine.write(EMEMC, 0x0100_0000);
    let dwords = dwords(&boot.packet);
    assert_eq!(dwords.len(), 217);
    assert_eq!(dwords[..3], [0xc000_0000, 0x1410_de7e, 0x035c_0001]);
    for dword in dwords {
        machine.write(EMEMD, dword);
    }
    machine.write(QUEUE_TAIL, 0x360);
    machine.write(QUEUE_HEAD, 0);
    assert_eq!((machine.read(MSGQ_HEAD), machine.read(MSGQ_TAIL)), (0, 0));
    machine.wait(10_000);
    assert_eq!(
        (machine.read(MSGQ_HEAD), machine.read(MSGQ_TAIL)),
        (0, 0x10)
    );
    machine.write(EMEMC, 0x0200_0000);
    let answer: Vec<_> = (0..5).map(|_| machine.read(EMEMD)).collect();
    assert_eq!(answer, [0xc000_0000, 0x1510_de7e, 3, 0x14, 0]);
    machine.write(MSGQ_TAIL, 0);
    machine.write(MSGQ_HEAD, 0);
    machine.assert_clean();
    assert_eq!(machine.accepted.len(), 1);
}

/// On GB20x the chain of trust follows an exchange that leaves both pointers at 8.
#[test]
fn nova_core_sends_two_commands_one_after_the_other() {
    let mut boot = super::cot::Boot::new("gb202");
    super::commands::add_virtual_functions(&mut boot.machine, 16);
    let packet = command(0x13, &[0x0c, 0x02, 0x29, 0x00]);
    assert_eq!(boot.machine.exchange(&packet).unwrap().len(), 6);
    assert_eq!(boot.machine.read(QUEUE_HEAD), 8);
    assert_eq!(boot.send(), 0);
    boot.machine.assert_clean();
}
