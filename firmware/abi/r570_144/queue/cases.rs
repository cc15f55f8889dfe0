// SPDX-License-Identifier: GPL-2.0

//! Memory, headers and pointers of the queues, as published.

use super::*;
use crate::{
    cases::{
        cases,
        check,
        same, //
    },
    At, //
};

type Bytes = [u8; HEADER_SIZE];
/// Bytes of a header.
const HEADER_SIZE: usize = 32;

fn pointer(raw: u32) -> Pointer {
    Pointer::new(raw).unwrap()
}

/// The words of a header.
fn words(words: [u32; 8]) -> Bytes {
    let mut bytes = [0; HEADER_SIZE];
    for (to, word) in bytes.chunks_exact_mut(4).zip(words) {
        to.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

/// A header with one word changed.
fn poked(header: &Bytes, at: usize, value: u32) -> Bytes {
    let mut header = *header;
    header[at..at + 4].copy_from_slice(&value.to_le_bytes());
    header
}

cases! { queue_cases at abi::r570_144::queue::cases:
    fn memory_is_laid_out_as_published() {
        same!(MEMORY_SIZE, 0x8_1000);
        same!(STATUS_QUEUE, 0x4_1000);
        same!(STATUS_QUEUE + READ_POINTER, 0x4_1020);
        same!(STATUS_QUEUE + FIRST_ENTRY, 0x4_2000);
        same!(STATUS_QUEUE + QUEUE_SIZE, MEMORY_SIZE);
        same!(FIRST_ENTRY + ENTRIES as usize * ENTRY_SIZE, QUEUE_SIZE);
    }

    fn page_table_has_all_pages_and_no_others() {
        let mut page = [0xff; 4096];
        let memory = Memory::new(0xffff_f000).unwrap();
        memory.encode_page_table(&mut page);
        let entry = |index: usize| u64::from_le_bytes(page[8 * index..][..8].try_into().unwrap());
        same!(entry(0), memory.address());
        same!(entry(1), 0x1_0000_0000);
        same!(entry(128), 0xffff_f000 + 0x8_0000);
        check!(page[129 * 8..].iter().all(|&byte| byte == 0));
    }

    fn memory_is_at_a_page() {
        for address in [0, 0x1001, 0xffff_ffff_ffff_f000, 0xffff_ffff_fff7_f000] {
            same!(Memory::new(address), Err(BadMemory(address)));
        }
    }

    fn headers_are_as_published() {
        let want = words([0, 0x4_0000, 0x1000, 63, 7, 1, 0x20, 0x1000]);
        let header = TxHeader { write: pointer(7) };
        same!(header.encode()[..], want);
        same!(TxHeader::parse(&want), Ok(header));
        // Other flags may be added.
        same!(TxHeader::parse(&poked(&want, 20, 3)), Ok(header));
    }

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
            same!(error, Err(At::new(at, reason)));
        }
        let short = TxHeader::parse(&good[..28]);
        same!(short, Err(At::new(28, TxHeaderError::Short)));
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
            (
                "zero",
                words([0; 8]),
                At::new(0, TxHeaderError::NotWritten),
            ),
        ] {
            same!(TxHeader::parse(&bytes), Err(want), "{name}");
        }
    }

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
            same!(pointer(start).spans(len), want, "{name}");
        }
        same!(pointer(0).spans(0x3_f001), None);
        same!(pointer(62).spans(usize::MAX), None);
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
            same!(pointer(start).spans_after(skip, len), want, "{name}");
        }
        same!(pointer(5).spans_after(0x3_f000, 1), None);
        same!(pointer(5).spans_after(usize::MAX, 1), None);
    }

    fn one_entry_stays_unused() {
        let mut producer = Producer::new();
        same!(producer.free(), 62);
        let (wanted, available) = (63, 62);
        same!(producer.publish(63), Err(NotEnough { wanted, available }));
        same!(producer.publish(62), Ok(pointer(62)));
        let (wanted, available) = (1, 0);
        same!(producer.publish(1), Err(NotEnough { wanted, available }));
        producer.reader_at(3).unwrap();
        same!(producer.free(), 3);
        same!(producer.publish(3), Ok(pointer(2)));
    }

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
            same!(producer.reader_at(raw), Err(want), "{name}");
            same!(producer, before, "{name}");
        }
    }

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
            same!(consumer.writer_at(raw), Err(want), "{name}");
            same!(consumer, before, "{name}");
        }
        let (wanted, available) = (6, 5);
        same!(consumer.consume(6), Err(NotEnough { wanted, available }));
        // The reader stays one entry behind the writer at most.
        consumer.writer_at(4).unwrap();
        same!(consumer.available(), 62);
    }
}
