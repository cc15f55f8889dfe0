// SPDX-License-Identifier: GPL-2.0

//! Messages from the GSP, one after another: their headers, what they carry, and an answer put together.
//!
//! | offset | size | input |
//! |---|---|---|
//! | 0 | 4 | number the first message should have |
//! | 4 | 1 | entries that are written |
//! | 5 | 1 | bytes of the answer waited for, in units of 256 |
//! | 6 | 2 | function the answer is to |
//! | 8 | | messages, each directly behind the payload of the one before |
//!
//! The checksum of each message is mended, since no fuzzer would find it: what it should be, and that every
//! other one is refused, is checked on the way.

use super::{
    judge,
    print, //
};
use nova_firmware::abi::r570_144::{
    continuation::{
        Answer,
        Progress, //
    },
    element::{
        Checksum,
        Header,
        Received,
        HEADERS_SIZE,
        MAX_ENTRIES,
        MAX_PAYLOAD, //
    },
    event::{
        Lockdown,
        OsErrorLog,
        RcTriggered, //
    },
    function::Function,
    sequencer::Sequencer,
    static_info::StaticInfo, //
};

const CHECKSUM: std::ops::Range<usize> = 32..36;

pub(super) fn run(data: &[u8]) -> bool {
    let Some((&[n0, n1, n2, n3, available, units, f0, f1], mut rest)) = data.split_first_chunk()
    else {
        return false;
    };
    let mut number = u32::from_le_bytes([n0, n1, n2, n3]);
    let mut buffer = vec![0; usize::from(units) * 256];
    let function = Function(u32::from(u16::from_le_bytes([f0, f1])));
    let mut answer = Answer::new(function, &mut buffer);
    let mut accepted = false;
    while let Some((header, payload)) = message(rest, number, available.into()) {
        accepted = true;
        payloads(payload);
        number = number.wrapping_add(1);
        take(&mut answer, &header, payload);
        rest = &rest[header.size()..];
    }
    accepted
}

/// The message at the start of `bytes`, if there is one.
fn message(bytes: &[u8], number: u32, available: u32) -> Option<(Header, &[u8])> {
    let received = Received::parse(bytes, number, available);
    judge(&received);
    let received = received.ok()?;
    assert!((1..=MAX_ENTRIES).contains(&received.entries()) && received.entries() <= available);
    assert!(received.payload_len() <= MAX_PAYLOAD);
    let rest = &bytes[HEADERS_SIZE..];
    let Some(payload) = rest.get(..received.payload_len()) else {
        assert!(
            received.verify(rest).is_err(),
            "a payload cut short is refused"
        );
        return None;
    };

    let mut headers: [u8; HEADERS_SIZE] = *bytes.first_chunk()?;
    let said: [u8; 4] = bytes[CHECKSUM].try_into().ok()?;
    headers[CHECKSUM].fill(0);
    let sum = Checksum::new()
        .then(&headers)
        .then(payload)
        .fold()
        .to_le_bytes();
    headers[CHECKSUM].copy_from_slice(&sum);
    let verdict = received.verify(payload);
    judge(&verdict);
    assert_eq!(
        verdict.is_ok(),
        said == sum,
        "the checksum holds, or the message is refused"
    );

    let mended =
        Received::parse(&headers, number, available).expect("only the checksum has changed");
    let header = mended.verify(payload).expect("the checksum holds");
    assert_eq!(
        (header.number, header.payload_len()),
        (number, payload.len())
    );
    assert_eq!(
        header.entries(),
        (48 + 32 + payload.len()).div_ceil(4096) as u32
    );
    print(&header.function);
    print(&header.result);
    let _ = (
        header.result.check(),
        header.function.is_event(),
        header.function.is_answered(),
    );
    let again = header
        .encode(payload)
        .expect("the payload has the header's length");
    let again = Received::parse(&again, number, available).expect("what was encoded can be read");
    assert_eq!(again.verify(payload), Ok(header));
    Some((header, payload))
}

/// Reads a payload as each of the things it could be.
fn payloads(payload: &[u8]) {
    let log = OsErrorLog::parse(payload);
    judge(&log);
    if let Ok(log) = &log {
        let text = log.text().to_string();
        assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~')));
    }
    judge(&Lockdown::parse(payload));
    judge(&RcTriggered::parse(payload));
    judge(&Sequencer::parse(payload));
    let info = StaticInfo::parse(payload);
    judge(&info);
    if let Ok(info) = &info {
        assert!(info
            .usable_regions()
            .all(|region| region.start < region.end));
        assert!(info.usable_regions().count() <= 16);
        if let Some(name) = &info.name {
            let name = name.as_str();
            assert!(!name.is_empty() && !name.contains(char::is_control));
        }
    }
}

fn take(answer: &mut Answer<'_>, header: &Header, payload: &[u8]) {
    let progress = answer.take(header, payload);
    judge(&progress);
    if let Ok(Progress::Failed(status)) = progress {
        print(&status);
    }
    if matches!(progress, Ok(Progress::Complete | Progress::Failed(_))) {
        assert!(answer.take(header, payload).is_err(), "an answer ends once");
    }
}
