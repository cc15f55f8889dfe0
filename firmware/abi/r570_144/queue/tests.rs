// SPDX-License-Identifier: GPL-2.0

use super::*;
use crate::{
    synthetic::{
        poked,
        words, //
    },
    At, //
};
use proptest::{
    collection::vec as any_vec,
    prelude::*, //
};

fn pointer(raw: u32) -> Pointer {
    Pointer::new(raw).unwrap()
}

#[test]
fn memory_is_laid_out_as_published() {
    assert_eq!(MEMORY_SIZE, 0x8_1000);
    assert_eq!(STATUS_QUEUE, 0x4_1000);
    assert_eq!(STATUS_QUEUE + READ_POINTER, 0x4_1020);
    assert_eq!(STATUS_QUEUE + FIRST_ENTRY, 0x4_2000);
    assert_eq!(STATUS_QUEUE + QUEUE_SIZE, MEMORY_SIZE);
    assert_eq!(FIRST_ENTRY + ENTRIES as usize * ENTRY_SIZE, QUEUE_SIZE);
}

#[test]
fn page_table_has_all_pages_and_no_others() {
    let mut page = [0xff; 4096];
    let memory = Memory::new(0xffff_f000).unwrap();
    memory.encode_page_table(&mut page);
    let entry = |index: usize| u64::from_le_bytes(page[8 * index..][..8].try_into().unwrap());
    assert_eq!(entry(0), memory.address());
    assert_eq!(entry(1), 0x1_0000_0000);
    assert_eq!(entry(128), 0xffff_f000 + 0x8_0000);
    assert!(page[129 * 8..].iter().all(|&byte| byte == 0));
}

#[test]
fn memory_is_at_a_page() {
    for address in [0, 0x1001, 0xffff_ffff_ffff_f000, 0xffff_ffff_fff7_f000] {
        assert_eq!(Memory::new(address), Err(BadMemory(address)));
    }
}

#[test]
fn headers_are_as_published() {
    let want = words(&[0, 0x4_0000, 0x1000, 63, 7, 1, 0x20, 0x1000]);
    let header = TxHeader { write: pointer(7) };
    assert_eq!(header.encode()[..], want);
    assert_eq!(TxHeader::parse(&want), Ok(header));
    // Other flags may be added.
    assert_eq!(TxHeader::parse(&poked(&want, 20, 3)), Ok(header));
}

#[test]
fn other_headers_are_refused() {
    let good = TxHeader { write: pointer(7) }.encode();
    for (at, name, value, expected) in [
        (0, "version", 1, 0),
        (4, "size", 0x3_f000, 0x4_0000),
        (4, "size", u32::MAX, 0x4_0000),
        (8, "msgSize", 0, 0x1000),
        (12, "msgCount", 0, 63),
        (12, "msgCount", 64, 63),
        (24, "rxHdrOff", 0x24, 0x20),
        (28, "entryOff", 0x20, 0x1000),
    ] {
        let reason = TxHeaderError::Field {
            name,
            value,
            expected,
        };
        let error = TxHeader::parse(&poked(&good, at, value));
        assert_eq!(error, Err(At::new(at, reason)));
    }
    for (name, bytes, want) in [
        (
            "write pointer",
            poked(&good, 16, 63),
            At::new(16, TxHeaderError::Write(BadPointer(63))),
        ),
        (
            "not swapped",
            poked(&good, 20, 2),
            At::new(20, TxHeaderError::NotSwapped(2)),
        ),
        ("short", words(&[0; 7]), At::new(28, TxHeaderError::Short)),
        (
            "zero",
            words(&[0; 8]),
            At::new(0, TxHeaderError::NotWritten),
        ),
    ] {
        assert_eq!(TxHeader::parse(&bytes), Err(want), "{name}");
    }
}

#[test]
fn spans_wrap_at_the_last_entry() {
    for (name, start, len, first, wrapped) in [
        ("empty", 5, 0, 0x5000..0x5000, 0..0),
        ("one entry", 0, 0x1000, 0..0x1000, 0..0),
        ("up to the end", 62, 0x1000, 0x3_e000..0x3_f000, 0..0),
        ("one byte more", 62, 0x1001, 0x3_e000..0x3_f000, 0..1),
        ("16 entries", 60, 0x1_0000, 0x3_c000..0x3_f000, 0..0xd000),
        ("all", 1, 0x3_f000, 0x1000..0x3_f000, 0..0x1000),
    ] {
        let want = Some(Spans { first, wrapped });
        assert_eq!(pointer(start).spans(len), want, "{name}");
    }
    assert_eq!(pointer(0).spans(0x3_f001), None);
    assert_eq!(pointer(62).spans(usize::MAX), None);
    for (name, start, skip, len, want) in [
        ("in the entry", 1, 80, 8, (0x1050..0x1058, 0..0)),
        (
            "in a later entry",
            61,
            0x1000,
            8,
            (0x3_e000..0x3_e008, 0..0),
        ),
        ("across the end", 62, 0xffc, 8, (0x3_effc..0x3_f000, 0..4)),
        ("past the end", 62, 0x1010, 8, (0x10..0x18, 0..0)),
    ] {
        let (first, wrapped) = want;
        let want = Some(Spans { first, wrapped });
        assert_eq!(pointer(start).spans_after(skip, len), want, "{name}");
    }
    assert_eq!(pointer(5).spans_after(0x3_f000, 1), None);
    assert_eq!(pointer(5).spans_after(usize::MAX, 1), None);
}

#[test]
fn one_entry_stays_unused() {
    let mut producer = Producer::new();
    assert_eq!(producer.free(), 62);
    let (wanted, available) = (63, 62);
    assert_eq!(producer.publish(63), Err(NotEnough { wanted, available }));
    assert_eq!(producer.publish(62), Ok(pointer(62)));
    let (wanted, available) = (1, 0);
    assert_eq!(producer.publish(1), Err(NotEnough { wanted, available }));
    producer.reader_at(3).unwrap();
    assert_eq!(producer.free(), 3);
    assert_eq!(producer.publish(3), Ok(pointer(2)));
}

#[test]
fn lying_readers_are_not_believed() {
    let mut producer = Producer::new();
    producer.publish(10).unwrap();
    producer.reader_at(5).unwrap();
    for (name, raw, want) in [
        ("beyond the end", 63, RingError::Pointer(BadPointer(63))),
        ("all ones", !0, RingError::Pointer(BadPointer(!0))),
        (
            "past the writer",
            11,
            RingError::Moved {
                from: 5,
                to: 11,
                ours: 10,
            },
        ),
        (
            "back",
            4,
            RingError::Moved {
                from: 5,
                to: 4,
                ours: 10,
            },
        ),
    ] {
        let before = producer;
        assert_eq!(producer.reader_at(raw), Err(want), "{name}");
        assert_eq!(producer, before, "{name}");
    }
}

#[test]
fn lying_writers_are_not_believed() {
    let mut consumer = Consumer::new();
    consumer.writer_at(10).unwrap();
    consumer.consume(5).unwrap();
    for (name, raw, want) in [
        ("beyond the end", 64, RingError::Pointer(BadPointer(64))),
        (
            "back",
            9,
            RingError::Moved {
                from: 10,
                to: 9,
                ours: 5,
            },
        ),
        (
            "around, to the reader",
            5,
            RingError::Moved {
                from: 10,
                to: 5,
                ours: 5,
            },
        ),
    ] {
        let before = consumer;
        assert_eq!(consumer.writer_at(raw), Err(want), "{name}");
        assert_eq!(consumer, before, "{name}");
    }
    let (wanted, available) = (6, 5);
    assert_eq!(consumer.consume(6), Err(NotEnough { wanted, available }));
    // The reader stays one entry behind the writer at most.
    consumer.writer_at(4).unwrap();
    assert_eq!(consumer.available(), 62);
}

proptest! {
    #[test]
    fn both_ends_agree(steps in any_vec((0u32..70, 0u32..70), 0..200)) {
        let (mut producer, mut consumer) = (Producer::new(), Consumer::new());
        // The number of entries in the ring, by plain counting.
        let mut used = 0;
        for (write, read) in steps {
            prop_assert_eq!(producer.free() + used, 62);
            if let Ok(pointer) = producer.publish(write) {
                used += write;
                consumer.writer_at(pointer.get()).unwrap();
            } else {
                prop_assert!(write + used > 62);
            }
            prop_assert_eq!(consumer.available(), used);
            if let Ok(pointer) = consumer.consume(read) {
                used -= read;
                producer.reader_at(pointer.get()).unwrap();
            } else {
                prop_assert!(read > used);
            }
        }
    }

    #[test]
    fn wild_pointers_never_break_the_arithmetic(steps in any_vec((0u32..80, 0u32..20), 0..100)) {
        let (mut producer, mut consumer) = (Producer::new(), Consumer::new());
        for (raw, entries) in steps {
            let (free, available) = (producer.free(), consumer.available());
            match producer.reader_at(raw) {
                Ok(()) => prop_assert!(producer.free() >= free),
                Err(_) => prop_assert_eq!(producer.free(), free),
            }
            match consumer.writer_at(raw) {
                Ok(()) => prop_assert!(consumer.available() >= available),
                Err(_) => prop_assert_eq!(consumer.available(), available),
            }
            let _ = (producer.publish(entries), consumer.consume(entries));
            prop_assert!(producer.free() < ENTRIES && consumer.available() < ENTRIES);
        }
    }

    #[test]
    fn damaged_headers_never_panic(bytes in any_vec(any::<u8>(), 0..40), at in 0usize..8, value: u32) {
        let _ = TxHeader::parse(&bytes);
        let good = TxHeader { write: pointer(1) }.encode();
        if let Ok(header) = TxHeader::parse(&poked(&good, 4 * at, value)) {
            prop_assert!(header.write.get() < ENTRIES);
        }
    }
}
