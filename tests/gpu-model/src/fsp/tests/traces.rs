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
