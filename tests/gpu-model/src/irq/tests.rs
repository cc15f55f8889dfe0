// SPDX-License-Identifier: GPL-2.0

use super::*;
use std::{
    io::Read,
    os::{
        fd::OwnedFd,
        unix::net::UnixStream, //
    },
};

const EVENTFD: u32 = DATA_EVENTFD | ACTION_TRIGGER;
const NONE: u32 = DATA_NONE | ACTION_TRIGGER;

fn irqs() -> Irqs {
    Irqs::new(&Caps {
        msi_vectors: 16,
        msix_vectors: 9,
        ..Caps::default()
    })
}

/// A stand-in for an eventfd: what is written to the first end arrives at the second.
fn pair() -> (File, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    theirs.set_nonblocking(true).unwrap();
    (File::from(OwnedFd::from(ours)), theirs)
}

fn received(stream: &mut UnixStream) -> usize {
    let mut out = [0; 64];
    stream.read(&mut out).unwrap_or(0) / 8
}

#[test]
fn switching_msi_on_and_off_moves_the_interrupt() {
    let (intx, mut at_intx) = pair();
    let (msi, mut at_msi) = pair();
    let mut irqs = irqs();
    assert_eq!(irqs.active(), None);
    irqs.set(0, EVENTFD, 0, 1, vec![intx]).unwrap();
    assert_eq!(irqs.active(), Some(Kind::Intx));
    irqs.set(1, EVENTFD, 0, 1, vec![msi]).unwrap();
    assert_eq!(irqs.active(), Some(Kind::Msi));
    assert!(irqs.fire(Kind::Msi, 0));
    irqs.set(1, NONE, 0, 0, vec![]).unwrap();
    assert_eq!(irqs.active(), Some(Kind::Intx));
    assert!(!irqs.fire(Kind::Msi, 0));
    assert!(irqs.fire(Kind::Intx, 0));
    assert_eq!((received(&mut at_msi), received(&mut at_intx)), (1, 1));
}

#[test]
fn eventfd_message_without_fds_masks_its_vectors() {
    let (a, _at_a) = pair();
    let (b, _at_b) = pair();
    let mut irqs = irqs();
    irqs.set(2, EVENTFD, 3, 2, vec![a, b]).unwrap();
    assert!(irqs.fire(Kind::Msix, 3) && irqs.fire(Kind::Msix, 4));
    irqs.set(2, EVENTFD, 4, 1, vec![]).unwrap();
    assert!(irqs.fire(Kind::Msix, 3) && !irqs.fire(Kind::Msix, 4));
    assert!(!irqs.fire(Kind::Msix, 900), "no such vector");
}

#[test]
fn closed_eventfd_is_not_an_error() {
    let (fd, other) = pair();
    drop(other);
    let mut irqs = irqs();
    irqs.set(1, EVENTFD, 0, 1, vec![fd]).unwrap();
    assert!(!irqs.fire(Kind::Msi, 0));
}

#[test]
fn malformed_messages_are_refused_and_change_nothing() {
    let no_vector = |index, start, count, has| IrqError::NoVector {
        index,
        start,
        count,
        has,
    };
    for (name, index, flags, start, count, fds, want) in [
        ("index 5", 5, NONE, 0, 0, 0, IrqError::NoIndex(5)),
        ("error index", 3, EVENTFD, 0, 1, 1, IrqError::NoIndex(3)),
        ("too many", 1, EVENTFD, 0, 17, 0, no_vector(1, 0, 17, 16)),
        ("past the end", 2, EVENTFD, 9, 1, 1, no_vector(2, 9, 1, 9)),
        (
            "start wraps",
            2,
            EVENTFD,
            u32::MAX,
            1,
            1,
            IrqError::Flags(EVENTFD),
        ),
        (
            "more fds",
            1,
            EVENTFD,
            0,
            1,
            2,
            IrqError::TooManyFds { fds: 2, count: 1 },
        ),
        ("no action", 1, 0, 0, 1, 0, IrqError::Flags(0)),
        (
            "booleans",
            1,
            2 | ACTION_TRIGGER,
            0,
            1,
            0,
            IrqError::Flags(0x22),
        ),
    ] {
        let mut irqs = irqs();
        let fds = (0..fds).map(|_| pair().0).collect();
        assert_eq!(
            irqs.set(index, flags, start, count, fds),
            Err(want),
            "{name}"
        );
        assert_eq!(irqs.active(), None, "{name}");
    }
}

#[test]
fn unmasking_intx_asks_for_another_look_at_its_cause() {
    let mut irqs = irqs();
    let unmask = DATA_NONE | ACTION_UNMASK;
    assert_eq!(irqs.set(0, unmask, 0, 1, vec![]), Ok(Request::IntxUnmasked));
    assert_eq!(irqs.set(1, unmask, 0, 1, vec![]), Ok(Request::None));
    assert_eq!(irqs.set(1, NONE, 0, 1, vec![]), Ok(Request::Fire));
}
