// SPDX-License-Identifier: GPL-2.0

//! What GSP-RM reads before it talks.

use super::guest::{
    quiet,
    words,
    Guest,
    Ram,
    COMMAND,
    LIBOS,
    LOGINIT,
    LOGINTR,
    QUEUES,
    RMARGS,
    STATUS, //
};
use crate::gsp_rm::{
    self,
    faults::Faults,
    GspEffect,
    GspRm, //
};

/// Starts with memory changed by `change`; gives the rules broken, and whether it came up.
fn start(change: impl FnOnce(&mut Ram)) -> (Vec<String>, bool) {
    let mut guest = Guest::new("ga102", quiet(), Faults::default());
    change(&mut guest.ram);
    guest.tick(0);
    (guest.broken(), guest.rm.state() == "waiting-for-settings")
}

#[test]
fn unchanged_memory_is_what_it_wants() {
    assert_eq!(start(|_| {}), (vec![], true));
}

#[test]
fn what_it_cannot_use_keeps_it_from_starting() {
    let queue = Guest::queue;
    type Change = (&'static str, u64, &'static [u8], &'static str);
    let changes: &[Change] = &[
        ("kind", LIBOS + 24, &[2], "GV-27"),
        ("location", LIBOS + 32 + 25, &[2], "GV-27"),
        ("unaligned region", LIBOS + 8, &[8], "GV-28"),
        ("odd size", LIBOS + 16, &[1], "GV-27"),
        ("first is not LOGINIT", LIBOS, b"X", "GV-27"),
        ("twice", LIBOS + 32, b"TINIGOL\0", "GV-27"),
        ("no RMARGS", LIBOS + 96, b"X", "GV-27"),
        ("queues unaligned", RMARGS, &[1], "GV-28"),
        ("too few pages", RMARGS + 8, &[2, 0], "GV-27"),
        ("command queue in the table", RMARGS + 16, &[0, 0], "GV-27"),
        ("status queue outside", RMARGS + 24, &[0, 0, 8], "GV-27"),
        ("table does not name itself", QUEUES + 1, &[1], "GV-27"),
        ("unaligned page", QUEUES + 24, &[1], "GV-28"),
        ("missing page", QUEUES + 12, &[1], "PV-04"),
        ("version", queue(COMMAND), &[1], "GV-27"),
        ("size", queue(COMMAND) + 6, &[5], "GV-27"),
        ("entry size", queue(COMMAND) + 9, &[8], "GV-27"),
        ("entry count", queue(COMMAND) + 12, &[64], "GV-27"),
        ("flags", queue(COMMAND) + 20, &[0], "GV-27"),
        (
            "read pointer's place",
            queue(COMMAND) + 24,
            &[0x40],
            "GV-27",
        ),
        ("entries' place", queue(COMMAND) + 29, &[0x20], "GV-27"),
        ("write pointer", queue(COMMAND) + 16, &[63], "GV-09"),
    ];
    for (name, address, bytes, want) in changes {
        let (broken, came_up) = start(|ram| ram.put(*address, bytes));
        assert_eq!(broken, [*want], "{name}");
        assert!(!came_up, "{name}");
    }
}

#[test]
fn what_it_can_live_with_is_only_noticed() {
    type Change = (&'static str, u64, &'static [u8]);
    let changes: &[Change] = &[
        ("padding", LIBOS + 26, &[1]),
        ("log not empty", LOGINIT, &[1]),
        ("log's page table", LOGINTR + 16, &[1]),
        ("old level", RMARGS + 32, &[3]),
        ("flags", RMARGS + 36, &[5]),
        ("in transition", RMARGS + 40, &[1]),
        ("bDmemStack", RMARGS + 48, &[0]),
    ];
    for (name, address, bytes) in changes {
        let (broken, came_up) = start(|ram| ram.put(*address, bytes));
        assert_eq!(broken, ["GV-27"], "{name}");
        assert!(came_up, "{name}");
    }
}

#[test]
fn memory_that_is_not_there_is_stray_dma() {
    for (name, page) in [
        ("LibOS table", LIBOS),
        ("log", LOGINTR),
        ("end of a log", LOGINTR + 0xf000),
        ("RMARGS", RMARGS),
        ("page table", QUEUES),
        ("command queue", Guest::queue(COMMAND)),
        ("status queue", Guest::queue(STATUS)),
    ] {
        assert_eq!(
            start(|ram| ram.unmap(page)),
            (vec!["PV-04".into()], false),
            "{name}"
        );
    }
}

#[test]
fn mailboxes_have_to_name_a_page() {
    for libos in [0, LIBOS + 8] {
        let mut guest = Guest::new("ga102", quiet(), Faults::default());
        guest.rm = GspRm::start(guest.rm.card, libos, None, quiet(), Faults::default());
        guest.tick(0);
        assert_eq!(guest.broken(), ["GV-28"]);
    }
}

#[test]
fn table_changed_after_the_mailboxes_is_noticed() {
    let mut guest = Guest::new("ga102", quiet(), Faults::default());
    let before = gsp_rm::fingerprint(&guest.ram, LIBOS);
    assert!(before.is_some());
    guest.ram.put(LIBOS + 32 * 4 + 8, &[1]);
    let card = guest.rm.card;
    guest.rm = GspRm::start(card, LIBOS, before, quiet(), Faults::default());
    guest.tick(0);
    assert_eq!(guest.broken(), ["GV-27"]);
}

#[test]
fn status_queue_gets_its_header_and_both_pointers() {
    let mut guest = Guest::new("ga102", quiet(), Faults::default());
    let at = Guest::queue(STATUS);
    guest.ram.put(at + 32, &[9]);
    guest.tick(0);
    let header: Vec<_> = (0..9).map(|i| guest.ram.u32(at + 4 * i)).collect();
    assert_eq!(header, [0, 0x4_0000, 0x1000, 63, 0, 1, 0x20, 0x1000, 0]);
}

#[test]
fn openrm_gives_more_logs() {
    let (broken, came_up) = start(|ram| {
        // RMARGS moves behind a log that only some drivers have.
        let mut slot = vec![0; 32];
        gsp_rm::memory::GuestMemory::read(ram, LIBOS + 96, &mut slot).unwrap();
        ram.put(LIBOS + 128, &slot);
        ram.put(LIBOS + 96, b"CONMGOL\0");
        ram.put(LIBOS + 96 + 8, &0x50_0000u64.to_le_bytes());
        ram.put(LIBOS + 96 + 16, &0x1000u64.to_le_bytes());
        ram.map(0x50_0000, 0x1000);
        ram.put(0x50_0008, &0x50_0000u64.to_le_bytes());
    });
    assert_eq!((broken, came_up), (vec![], true));
}

#[test]
fn table_freed_before_the_boot_is_over_is_noticed() {
    let faults = Faults {
        late_init_done_ms: None,
        ..Faults::default()
    };
    let mut guest = Guest::new("ga102", quiet(), faults);
    guest.tick(0);
    guest.ram.put(LIBOS, &[0xff; 64]);
    guest.settings();
    guest.wait_for(0x1001).unwrap();
    assert_eq!(guest.broken(), ["GV-26"]);
}

#[test]
fn table_may_be_freed_once_it_has_booted() {
    let mut guest = Guest::booted("ga102");
    guest.ram.put(LIBOS, &[0xff; 128]);
    guest.call(65, &[0; 1656]);
    guest.assert_clean();
}

#[test]
fn memory_in_use_must_stay_mapped() {
    let mut guest = Guest::booted("ga102");
    let at = Guest::queue(STATUS);
    assert!(guest.rm.unmapped(&(LIBOS..LIBOS + 0x1000)).is_empty());
    for range in [at..at + 0x1000, LOGINTR + 0xf000..LOGINTR + 0x2_0000] {
        let effects = guest.rm.unmapped(&range);
        let [GspEffect::Complain(complaint)] = &effects[..] else {
            panic!("{effects:?}");
        };
        assert_eq!(complaint.rule.id(), "PV-05");
    }
    let effects = Guest::new_started().rm.unmapped(&(RMARGS..RMARGS + 1));
    assert!(
        matches!(&effects[..], [GspEffect::Complain(c)] if c.rule.id() == "GV-26"),
        "{effects:?}"
    );
}

impl Guest {
    fn new_started() -> Self {
        let mut guest = Self::new("ga102", quiet(), Faults::default());
        guest.tick(0);
        guest
    }
}

#[test]
fn args_are_72_bytes() {
    // What is behind them is nobody's business.
    let (broken, came_up) = start(|ram| ram.put(RMARGS + 72, &words(&[1])));
    assert_eq!((broken, came_up), (vec![], true));
}
