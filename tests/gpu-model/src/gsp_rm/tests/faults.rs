// SPDX-License-Identifier: GPL-2.0

//! Each fault, seen from the guest.

use super::guest::{
    quiet,
    sum,
    words,
    Guest,
    PAGE,
    STATUS, //
};
use crate::{chips::Chip, faults::Plan, gsp_rm::GspEffect};

fn with(fault: &str) -> Guest {
    let plan = Plan::parse(Chip::by_name("ga102").unwrap(), &[fault]).unwrap();
    Guest::new("ga102", quiet(), plan.gsp)
}

fn booted(fault: &str) -> Guest {
    let mut guest = with(fault);
    guest.boot();
    guest
}

/// Bytes of the entry where the next message should be, and the write pointer.
fn next_entry(guest: &Guest) -> (Vec<u8>, u32) {
    let at = Guest::queue(STATUS + PAGE + PAGE * u64::from(guest.read));
    let mut bytes = vec![0; PAGE as usize];
    crate::gsp_rm::memory::GuestMemory::read(&guest.ram, at, &mut bytes).unwrap();
    (bytes, guest.ram.u32(Guest::queue(STATUS) + 16))
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn static_info(fault: &str) -> Vec<u8> {
    let mut guest = booted(fault);
    let info = guest.call(65, &[0; 1656]);
    assert_eq!((info.result, info.payload.len()), (0, 1656));
    assert_eq!(guest.faults().len(), 1);
    guest.assert_clean();
    info.payload
}

#[test]
fn silent_one_does_not_even_write_its_header() {
    let mut guest = with("gsp-silent");
    guest.tick(0);
    guest.settings();
    guest.tick(6_000_000);
    assert_eq!(guest.ram.u32(Guest::queue(STATUS) + 4), 0);
    assert_eq!(guest.faults(), ["gsp-silent"]);
    guest.reset();
    guest.assert_clean();
}

#[test]
fn boot_without_an_end_can_be_given_up() {
    let mut guest = with("gsp-no-init-done");
    guest.tick(0);
    guest.settings();
    assert_eq!(guest.wait_for(0x1001), None);
    assert_eq!(guest.call(47, &[0; 8]).result, 0);
    guest.tick(1000);
    assert!(guest.rm.has_stopped());
    guest.assert_clean();
}

#[test]
fn sequencer_can_be_left_out() {
    let guest = booted("gsp-no-sequencer");
    assert!(guest.skipped.is_empty());
    assert_eq!(guest.faults(), ["gsp-no-sequencer"]);
}

#[test]
fn end_of_the_boot_can_be_late() {
    let mut guest = with("gsp-late-init-done=300");
    guest.tick(0);
    guest.settings();
    guest.tick(299_000);
    guest.tick(0);
    assert_eq!(guest.receive().unwrap().function, 0x1002);
    assert_eq!(guest.receive(), None);
    guest.tick(2000);
    assert_eq!(guest.receive().unwrap().function, 0x1001);
}

#[test]
fn one_that_dies_after_the_boot_reads_nothing() {
    let mut guest = booted("gsp-dies-after-init");
    guest.send(65, &[0; 1656]);
    guest.tick(5_000_000);
    assert_eq!(guest.receive(), None);
    assert_eq!(guest.ram.u32(Guest::queue(STATUS) + 32), 2);
    guest.reset();
    guest.assert_clean();
}

#[test]
fn one_that_crashes_leaves_half_an_answer() {
    let mut guest = with("gsp-crash");
    // With an event that was planned and must not come either.
    guest.rm.habits.noise = true;
    guest.boot();
    assert_eq!(guest.call(65, &[0; 1656]).result, 0);
    guest.send(0, &[]);
    assert!(guest.effects.contains(&GspEffect::Halt));
    guest.tick(1000);
    guest.tick(1_000_000);
    let (entry, written) = next_entry(&guest);
    assert_eq!(written, guest.read, "nothing is published");
    assert_eq!(word(&entry, 60), 0, "it is half of the answer");
    assert_eq!(word(&entry, 52), 0x4350_5256, "but there is something");
    assert_eq!(guest.rm.state(), "off");
    guest.reset();
    guest.assert_clean();
}

#[test]
fn messages_are_spoilt_in_one_way_each() {
    for (fault, at, is) in [
        ("gsp-absurd-length=1", 56, 0xffff_fff0),
        ("gsp-length-short=1", 56, 0x10),
        ("gsp-bad-signature=1", 52, 0x4350_5257),
        ("gsp-elem-count-lie=1", 40, 2),
        ("gsp-seq-gap=1", 36, 1),
    ] {
        let mut guest = with(fault);
        guest.tick(0);
        guest.settings();
        guest.tick(1000);
        let (entry, _) = next_entry(&guest);
        assert_eq!(word(&entry, at), is, "{fault}");
        assert_eq!(sum(&entry), 0, "{fault}");
        assert_eq!(word(&entry, 60), 0x1002, "{fault}");
        let name = fault.strip_suffix("=1").unwrap();
        assert!(guest.faults().contains(&name), "{fault}");
    }
}

#[test]
fn checksum_can_be_wrong() {
    let mut guest = with("gsp-bad-checksum=1");
    guest.tick(0);
    guest.settings();
    guest.tick(1000);
    assert_ne!(sum(&next_entry(&guest).0), 0);
}

#[test]
fn gap_stays_for_the_messages_that_follow() {
    let mut guest = with("gsp-seq-gap=2");
    guest.tick(0);
    guest.settings();
    guest.tick(1000);
    assert_eq!(guest.receive().unwrap().function, 0x1002);
    guest.expected += 1;
    assert_eq!(guest.receive().unwrap().function, 0x1001);
    guest.call(65, &[0; 1656]);
}

#[test]
fn write_pointer_can_be_outside() {
    let mut guest = with("gsp-write-ptr-out-of-range=2");
    guest.tick(0);
    guest.settings();
    guest.tick(1000);
    assert_eq!(next_entry(&guest).1, 102);
}

#[test]
fn only_the_nth_message_is_spoilt() {
    let mut guest = with("gsp-bad-signature=3");
    guest.boot();
    guest.send(65, &[0; 1656]);
    guest.tick(1000);
    assert_eq!(word(&next_entry(&guest).0, 52), 0x4350_5257);
}

#[test]
fn unknown_events_come_before_and_after_the_boot() {
    let mut guest = booted("gsp-unknown-event");
    let count = guest
        .skipped
        .iter()
        .filter(|m| m.function == 0x1fff)
        .count();
    assert_eq!(count, 1);
    assert!(guest.wait_for(0x1fff).is_some());
}

#[test]
fn burst_comes_whole_and_answers_come_behind_it() {
    let mut guest = booted("gsp-event-burst=200");
    guest.skipped.clear();
    guest.call(65, &[0; 1656]);
    assert_eq!(guest.skipped.len(), 200);
    guest.assert_clean();
}

#[test]
fn full_command_queue_is_a_lie_that_lasts() {
    let mut guest = booted("gsp-stops-reading");
    let read = guest.ram.u32(Guest::queue(STATUS) + 32);
    assert_eq!((guest.written + 1) % 63, read);
    guest.tick(5_000_000);
    assert_eq!(guest.ram.u32(Guest::queue(STATUS) + 32), read);
    guest.reset();
    guest.assert_clean();
}

#[test]
fn answer_can_have_an_error() {
    let mut guest = booted("gsp-reply-error=0x51");
    assert_eq!(guest.call(65, &[0; 1656]).result, 0x51);
    assert_eq!(guest.call(0, &[]).result, 0);
}

#[test]
fn answer_can_be_short() {
    let mut guest = booted("gsp-reply-short");
    assert_eq!(guest.call(65, &[0; 1656]).payload.len(), 1648);
}

#[test]
fn answer_can_come_under_another_number() {
    let mut guest = booted("gsp-reply-wrong-function");
    guest.send(65, &[0; 1656]);
    assert!(guest.wait_for(66).is_some());
}

#[test]
fn parts_of_an_answer_can_be_torn_apart() {
    let mut guest = booted("gsp-continuation-broken");
    guest.send(65, &[0; 1656]);
    guest.tick(1000);
    let order: Vec<_> = std::iter::from_fn(|| guest.receive())
        .map(|message| (message.function, message.payload.len()))
        .collect();
    assert_eq!(order[0], (65, 65456));
    assert_eq!(order[1].0, 0x100c);
    assert_eq!(order[2], (71, 1000));
}

#[test]
fn regions_can_be_nonsense() {
    let u64_at = |info: &[u8], at: usize| u64::from_le_bytes(info[at..at + 8].try_into().unwrap());
    assert_eq!(word(&static_info("gsp-static-info-regions=17"), 344), 17);
    let info = static_info("gsp-static-info-limit-below-base");
    assert!(u64_at(&info, 360) < u64_at(&info, 352));
    let info = static_info("gsp-static-info-limit-all-ones");
    assert_eq!(u64_at(&info, 360), u64::MAX);
    let info = static_info("gsp-static-info-all-reserved");
    assert!(u64_at(&info, 368) != 0 && u64_at(&info, 416) != 0);
}

#[test]
fn name_can_be_nonsense() {
    let info = static_info("gsp-static-info-name-unterminated");
    assert!(info[1260..1324].iter().all(|byte| *byte != 0));
    let info = static_info("gsp-static-info-name-not-utf8");
    assert!(std::str::from_utf8(&info[1260..1264]).is_err());
    assert!(info[1260..1324].contains(&0));
    assert_eq!(static_info("gsp-empty-name")[1260], 0);
}

#[test]
fn interrupt_table_can_be_nonsense() {
    for (fault, count, gsp) in [
        ("gsp-interrupt-table-lacks-gsp", 7, None),
        ("gsp-interrupt-table-no-vector", 8, Some(u32::MAX)),
        ("gsp-interrupt-table-too-long", 129, Some(0x9b)),
    ] {
        let mut guest = booted(fault);
        let mut control = words(&[0xc1e0_0004, 0x5d1e_0002, 0x2080_0a5c, 0, 2068, 0]);
        control.resize(24 + 2068, 0);
        let table = guest.call(76, &control).payload[24..].to_vec();
        assert_eq!(word(&table, 0), count, "{fault}");
        let vector = (0..8)
            .map(|i| 4 + 16 * i)
            .find(|at| word(&table, *at) == 50)
            .map(|at| word(&table, at + 8));
        assert_eq!(vector, gsp, "{fault}");
        assert_eq!(guest.faults(), [fault]);
    }
}

#[test]
fn interrupt_can_be_left_out() {
    let guest = booted("gsp-no-interrupt");
    let raised = |deliver| guest.effects.contains(&GspEffect::RaiseSwgen0 { deliver });
    assert!(raised(false) && !raised(true));
}

#[test]
fn interrupts_can_come_without_a_cause() {
    let mut guest = booted("gsp-spurious-interrupts");
    for _ in 0..400 {
        guest.tick(1000);
    }
    let count = guest
        .effects
        .iter()
        .filter(|effect| **effect == GspEffect::SpuriousInterrupt)
        .count();
    assert_eq!(count, 20);
}

#[test]
fn unload_can_go_unanswered() {
    let mut guest = booted("gsp-unload-no-reply");
    guest.send(47, &[0; 8]);
    guest.tick(1000);
    assert_eq!(guest.receive(), None);
    assert!(guest.rm.has_stopped());
    guest.assert_clean();
}

#[test]
fn unload_can_stay_unfinished() {
    let mut guest = booted("gsp-no-suspend-flag");
    guest.call(47, &[0; 8]);
    guest.tick(1000);
    assert!(!guest.rm.has_stopped());
    assert!(!guest.effects.contains(&GspEffect::SetMailbox0(0x8000_0000)));
    guest.reset();
    guest.assert_clean();
}
