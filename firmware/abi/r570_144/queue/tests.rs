// SPDX-License-Identifier: GPL-2.0

//! What holds whatever either end does; [`cases`](super::cases) has examples.

use super::*;
use crate::synthetic::poked;
use proptest::{
    collection::vec as any_vec,
    prelude::*, //
};

fn pointer(raw: u32) -> Pointer {
    Pointer::new(raw).unwrap()
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
