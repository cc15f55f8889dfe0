// SPDX-License-Identifier: GPL-2.0

use super::{
    super::{
        queue::{
            Consumer,
            Pointer,
            ENTRIES, //
        },
        registry,
        sequencer,
        system_info,
        unloading::Unloading, //
    },
    *, //
};
use crate::synthetic::{
    poked,
    words, //
};
use proptest::{
    collection::vec as any_vec,
    prelude::*, //
};
use std::{
    vec,
    vec::Vec, //
};

/// A whole message as it is put into the ring, without the zeros after it.
fn message(header: &Header, payload: &[u8]) -> Vec<u8> {
    [&header.encode(payload).unwrap()[..], payload].concat()
}

/// What can be read from a message.
fn read(message: &[u8], expected: u32, available: u32) -> Result<Header, At<ElementError>> {
    let received = Received::parse(message, expected, available)?;
    let payload = message.get(HEADERS_SIZE..).unwrap_or_default();
    received.verify(&payload[..received.payload_len().min(payload.len())])
}

/// The checksum as its description says it: 64-bit words, zeros up to a multiple of 8.
fn plain_checksum(message: &[u8]) -> u32 {
    let mut message = message.to_vec();
    message.resize(message.len().next_multiple_of(8), 0);
    let words = message.chunks_exact(8);
    let sum = words.fold(0, |sum, word| {
        sum ^ u64::from_le_bytes(word.try_into().unwrap())
    });
    (sum >> 32) as u32 ^ sum as u32
}

fn nova_registry() -> Vec<u8> {
    let mut table = vec![0; 200];
    let size = registry::encode(&registry::DEFAULTS, &mut table).unwrap();
    table.truncate(size);
    // Others give numbers the length 0.
    [20, 36, 52]
        .iter()
        .fold(table, |table, at| poked(&table, *at, 0))
}

fn registry_table() -> Vec<u8> {
    let mut table = vec![0; 117];
    registry::encode(&registry::DEFAULTS, &mut table).unwrap();
    table
}

#[test]
fn calls_have_the_published_checksums() {
    let system_info = system_info::tests::SAMPLE.encode();
    for (name, number, function, payload, length, entries, sum) in [
        ("NOP", 0, Function::NOP, vec![], 0x20, 1, 0x4050_5277),
        (
            "system info",
            0,
            Function::GSP_SET_SYSTEM_INFO,
            system_info.to_vec(),
            0x3c0,
            1,
            0x79c4_4f91,
        ),
        (
            "registry with length 0",
            1,
            Function::SET_REGISTRY,
            nova_registry(),
            0x95,
            1,
            0x7238_499c,
        ),
        (
            "registry",
            1,
            Function::SET_REGISTRY,
            registry_table(),
            0x95,
            1,
            0x7238_4998,
        ),
        (
            "static info",
            2,
            Function::GET_GSP_STATIC_INFO,
            vec![0; 1656],
            0x698,
            1,
            0x4050_548c,
        ),
        (
            "unload",
            3,
            Function::UNLOADING_GUEST_DRIVER,
            Unloading::Unload.encode().to_vec(),
            0x28,
            1,
            0x4050_5253,
        ),
        (
            "suspend",
            3,
            Function::UNLOADING_GUEST_DRIVER,
            Unloading::Suspend.encode().to_vec(),
            0x28,
            1,
            0x4050_5251,
        ),
        (
            "longest",
            1,
            Function::SET_REGISTRY,
            vec![0; 65456],
            0xffd0,
            16,
            0x4050_adde,
        ),
        (
            "continuation",
            2,
            Function::CONTINUATION_RECORD,
            vec![0],
            0x21,
            1,
            0x4050_5233,
        ),
    ] {
        let header = Header::call(number, function, payload.len()).unwrap();
        let message = message(&header, &payload);
        let mut want = words(&[0; 8]);
        want.extend(words(&[
            sum,
            number,
            entries,
            0,
            0x0300_0000,
            0x4350_5256,
            length,
            function.0,
        ]));
        want.extend(words(&[!0, !0, 0, 0]));
        assert_eq!(message[..80], want, "{name}");
        assert_eq!(read(&message, number, 16), Ok(header), "{name}");
    }
}

#[test]
fn events_have_the_published_checksums() {
    let mut sequencer = words(&[1, 0]);
    sequencer.resize(40, 0);
    for (name, number, function, payload, sum) in [
        ("INIT_DONE", 0, Function::GSP_INIT_DONE, vec![], 0x4050_4276),
        (
            "sequencer",
            0,
            Function::GSP_RUN_CPU_SEQUENCER,
            sequencer,
            0x4050_421c,
        ),
        (
            "all steps",
            1,
            Function::GSP_RUN_CPU_SEQUENCER,
            sequencer::tests::published(),
            0x526b_fd93,
        ),
        (
            "lockdown",
            1,
            Function::GSP_LOCKDOWN_NOTICE,
            vec![1],
            0x4050_426a,
        ),
    ] {
        let header = Header::from_gsp(number, function, payload.len()).unwrap();
        let message = message(&header, &payload);
        assert_eq!(message[32..36], u32::to_le_bytes(sum), "{name}");
        assert_eq!(read(&message, number, 1), Ok(header), "{name}");
    }
}

#[test]
fn entries_follow_from_the_length() {
    for (payload, entries) in [
        (0, 1),
        (4016, 1),
        (4017, 2),
        (8112, 2),
        (8113, 3),
        (65456, 16),
    ] {
        let header = Header::call(0, Function::NOP, payload).unwrap();
        assert_eq!(header.entries(), entries, "{payload}");
    }
    assert_eq!(Header::call(0, Function::NOP, 65457), Err(TooLong(65457)));
}

#[test]
fn malformed_messages_are_refused() {
    let payload = [0xa5; 4017];
    let header = Header::from_gsp(5, Function::OS_ERROR_LOG, payload.len()).unwrap();
    let good = message(&header, &payload);
    assert_eq!(read(&good, 5, 2), Ok(header));
    let entries = |said, needed| ElementError::Entries { said, needed };
    for (name, at, value, want) in [
        (
            "version",
            48,
            0x0200_0000,
            ElementError::Version(0x0200_0000),
        ),
        ("signature", 52, 0, ElementError::Signature(0)),
        ("no length", 56, 0, ElementError::Length(0)),
        (
            "length less than the header",
            56,
            31,
            ElementError::Length(31),
        ),
        (
            "length beyond a message",
            56,
            65489,
            ElementError::Length(65489),
        ),
        ("wild length", 56, !0, ElementError::Length(!0)),
        ("no entries", 40, 0, entries(0, 2)),
        ("too many entries", 40, 3, entries(3, 2)),
        ("wild entries", 40, !0, entries(!0, 2)),
    ] {
        let error = read(&poked(&good, at, value), 5, 62).unwrap_err();
        let at = if want == entries(value, 2) { 40 } else { at };
        assert_eq!(error, At::new(at, want), "{name}");
    }
    let number = ElementError::Number {
        number: 5,
        expected: 4,
    };
    assert_eq!(read(&good, 4, 2), Err(At::new(36, number)));
    let unpublished = ElementError::NotPublished {
        needed: 2,
        available: 1,
    };
    assert_eq!(read(&good, 5, 1), Err(At::new(40, unpublished)));
    assert_eq!(
        read(&good[..79], 5, 2),
        Err(At::new(79, ElementError::Short))
    );
    let (len, expected) = (4016, 4017);
    let short = ElementError::Payload { len, expected };
    assert_eq!(read(&good[..4096], 5, 2), Err(At::new(80, short)));
    assert_eq!(header.encode(&payload[1..]), Err(short));
}

#[test]
fn a_change_of_any_bit_is_noticed() {
    let payload = [7; 13];
    let header = Header::from_gsp(0, Function::RC_TRIGGERED, payload.len()).unwrap();
    let good = message(&header, &payload);
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(read(&bad, 0, 62).is_err(), "bit {bit}");
    }
}

#[test]
fn messages_survive_every_wrap() {
    for start in 0..ENTRIES {
        for payload_len in [0, 4016, 4017, 30_000, 65456] {
            let payload: Vec<_> = (0..payload_len)
                .map(|it| it as u8 ^ (it >> 8) as u8)
                .collect();
            let header = Header::call(start, Function::NOP, payload.len()).unwrap();
            let sent = message(&header, &payload);
            let mut ring = vec![0xee; ENTRIES as usize * ENTRY_SIZE];
            let spans = Pointer::new(start).unwrap().spans(sent.len()).unwrap();
            let (first, wrapped) = sent.split_at(spans.first.len());
            ring[spans.first.clone()].copy_from_slice(first);
            ring[spans.wrapped.clone()].copy_from_slice(wrapped);
            // The reader finds the same by going byte by byte.
            let at = start as usize * ENTRY_SIZE;
            let found: Vec<_> = (at..at + sent.len())
                .map(|it| ring[it % ring.len()])
                .collect();
            assert_eq!(
                read(&found, start, header.entries()),
                Ok(header),
                "{start} {payload_len}"
            );
        }
    }
}

proptest! {
    #[test]
    fn checksums_do_not_depend_on_the_pieces(bytes in any_vec(any::<u8>(), 0..200), cuts in any_vec(0usize..200, 0..6)) {
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort();
        let sum = cuts.windows(2).fold(Checksum::new(), |sum, cut| sum.then(&bytes[cut[0]..cut[1]]));
        prop_assert_eq!(sum.fold(), plain_checksum(&bytes));
    }

    #[test]
    fn messages_come_back(number: u32, function: u32, result: u32, sequence: u32, payload in any_vec(any::<u8>(), 0..9000)) {
        let mut header = Header::from_gsp(number, Function(function), payload.len()).unwrap();
        header.result = Status(result);
        header.sequence = sequence;
        let message = message(&header, &payload);
        prop_assert_eq!(plain_checksum(&message), 0);
        prop_assert_eq!(read(&message, number, header.entries()), Ok(header));
    }

    #[test]
    fn wild_headers_never_panic(edits in any_vec((0usize..20, any::<u32>()), 0..5), bytes in any_vec(any::<u8>(), 0..100), available in 0u32..63) {
        let _ = read(&bytes, 0, available);
        let header = Header::from_gsp(0, Function::GSP_INIT_DONE, 4).unwrap();
        let good = message(&header, &[0; 4]);
        let bad = edits.into_iter().fold(good, |message, (word, value)| poked(&message, 4 * word, value));
        if let Ok(received) = Received::parse(&bad, 0, available) {
            prop_assert!((1..=MAX_ENTRIES.min(available)).contains(&received.entries()));
            prop_assert!(received.payload_len() <= MAX_PAYLOAD);
        }
    }

    #[test]
    fn hostile_rings_are_read_in_bounded_steps(
        start in 0u32..63,
        write in 0u32..63,
        lens in any_vec(0u32..70_000, 63),
        said in any_vec(0u32..3, 63),
    ) {
        // Every entry begins with what could be a header, whether or not it is one's place.
        let mut ring = Vec::new();
        for (index, (len, said)) in lens.into_iter().zip(said).enumerate() {
            let number = (index as u32 + ENTRIES - start) % ENTRIES;
            let good = message(&Header::from_gsp(number, Function::NOP, 0).unwrap(), &[]);
            let said = if said == 0 { (48 + len).div_ceil(4096) } else { said };
            ring.push(poked(&poked(&good, 56, len), 40, said));
        }
        let mut consumer = Consumer::new();
        consumer.writer_at(start).unwrap();
        consumer.consume(start).unwrap();
        consumer.writer_at(write).unwrap();
        let (mut number, mut left) = (0, consumer.available());
        while consumer.available() > 0 {
            let headers = &ring[consumer.read().get() as usize];
            let Ok(received) = Received::parse(headers, number, consumer.available()) else {
                break;
            };
            consumer.consume(received.entries()).unwrap();
            prop_assert!(consumer.available() < left);
            (number, left) = (number + received.entries(), consumer.available());
        }
    }
}
