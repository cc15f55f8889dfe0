// SPDX-License-Identifier: GPL-2.0

//! A queue's header, and both ends of a ring.
//!
//! The first 32 bytes are a header. Of the others each pair is one thing that happens: what, and a number.
//! Whatever the other side says, an end may only ever use entries that are its own; if the other side is
//! honest, nothing it says may be refused.

use super::judge;
use nova_firmware::abi::r570_144::queue::{
    Consumer,
    Pointer,
    Producer,
    TxHeader,
    ENTRIES,
    ENTRY_SIZE, //
};

pub(super) fn run(data: &[u8]) -> bool {
    let header = TxHeader::parse(data);
    judge(&header);
    if let Ok(header) = &header {
        assert!(header.write.get() < ENTRIES);
        assert_eq!(TxHeader::parse(&header.encode()), Ok(*header));
    }
    let events = data.get(TxHeader::SIZE..).unwrap_or_default();
    lies(events);
    honest(events);
    header.is_ok()
}

/// Both ends, each with a liar at the other end.
fn lies(events: &[u8]) {
    let (mut producer, mut consumer) = (Producer::new(), Consumer::new());
    for pair in events.chunks_exact(2) {
        let &[what, number] = pair else { continue };
        let before = (producer, consumer);
        let number = u32::from(number);
        let done = match what % 5 {
            0 => judge(&producer.reader_at(number)),
            1 => judge(&producer.publish(number)),
            2 => judge(&consumer.writer_at(number)),
            3 => judge(&consumer.consume(number)),
            _ => judge(&producer.reader_at(number << 24 | number)),
        };
        assert!(
            done || before == (producer, consumer),
            "a failure changes nothing"
        );
        assert!(producer.free() < ENTRIES && consumer.available() < ENTRIES);
        // The other side cannot take back what it has given.
        assert!(what % 5 == 1 || producer.free() >= before.0.free());
        assert!(what % 5 == 3 || consumer.available() >= before.1.available());
        spans(producer.write(), number as usize * 257);
        spans(
            consumer.read(),
            ENTRIES as usize * ENTRY_SIZE + 128 - number as usize,
        );
    }
}

/// Where so many bytes are: all of them in the ring, and none twice.
fn spans(at: Pointer, len: usize) {
    let ring = ENTRIES as usize * ENTRY_SIZE;
    let Some(spans) = at.spans(len) else {
        assert!(len > ring);
        return;
    };
    assert_eq!(spans.first.len() + spans.wrapped.len(), len);
    assert_eq!(spans.first.start, at.get() as usize * ENTRY_SIZE);
    assert!(spans.first.end <= ring && spans.wrapped.start == 0);
    assert!(
        spans.wrapped.is_empty()
            || spans.first.end == ring && spans.wrapped.end <= spans.first.start
    );
}

/// Both ends of one ring, against two counters that never wrap.
fn honest(events: &[u8]) {
    let (mut producer, mut consumer) = (Producer::new(), Consumer::new());
    let (mut written, mut read) = (0u64, 0u64);
    // What each side has been told last of the other.
    let (mut told_written, mut told_read) = (0u64, 0u64);
    for pair in events.chunks_exact(2) {
        let &[what, number] = pair else { continue };
        let number = u32::from(number % 64);
        match what % 4 {
            0 => {
                let fits = written + u64::from(number) - told_read < u64::from(ENTRIES);
                assert_eq!(producer.publish(number).is_ok(), fits);
                written += if fits { u64::from(number) } else { 0 };
            }
            1 => {
                let there = read + u64::from(number) <= told_written;
                assert_eq!(consumer.consume(number).is_ok(), there);
                read += if there { u64::from(number) } else { 0 };
            }
            2 => {
                consumer
                    .writer_at(producer.write().get())
                    .expect("the writer is honest");
                told_written = written;
            }
            _ => {
                producer
                    .reader_at(consumer.read().get())
                    .expect("the reader is honest");
                told_read = read;
            }
        }
        assert_eq!(
            u64::from(producer.free()),
            u64::from(ENTRIES) - 1 - (written - told_read)
        );
        assert_eq!(u64::from(consumer.available()), told_written - read);
        assert_eq!(
            u64::from(producer.write().get()),
            written % u64::from(ENTRIES)
        );
        assert_eq!(u64::from(consumer.read().get()), read % u64::from(ENTRIES));
    }
}
