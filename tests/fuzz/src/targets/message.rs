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
        Assembly,
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
    history::{
        Direction,
        Entry,
        History, //
    },
    inbox::{
        self,
        Kind,
        Outcome,
        Tally, //
    },
    interrupt_table::{
        Engine,
        InterruptTable, //
    },
    rm_control::Control,
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
    let mut again = vec![0; buffer.len()];
    let mut answer = Answer::new(function, &mut buffer);
    let mut assembly = Assembly::new(function);
    let (mut history, mut tally) = (History::new(), Tally::new());
    let mut accepted = false;
    while let Some((header, payload)) = message(rest, number, available.into()) {
        accepted = true;
        payloads(payload);
        number = number.wrapping_add(1);
        let kind = inbox::sort(Some((&mut assembly, &mut again)), &header, payload);
        take(&mut answer, &header, payload, kind);
        history.note(Entry::new(number.into(), Direction::Received, &header));
        tally.note(header.function);
        rest = &rest[header.size()..];
    }
    print(&history.last(4));
    print(&tally);
    history.iter().for_each(print);
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
    for params_size in [0, 4, u32::MAX] {
        let control = Control {
            client: 0,
            object: 0,
            command: 0,
        };
        let answer = control.parse(payload, params_size);
        judge(&answer);
        if let Ok((status, params)) = answer {
            print(&status);
            assert_eq!(params.len(), params_size as usize);
        }
    }
    let table = InterruptTable::parse(payload);
    judge(&table);
    if let Ok(table) = &table {
        for engine in [Engine::GSP, Engine(0), Engine(u16::MAX)] {
            let vectors = table.vectors(engine);
            assert!(vectors
                .is_none_or(|it| it.stall != Some(u32::MAX) && it.non_stall != Some(u32::MAX)));
        }
    }
    let info = StaticInfo::parse(payload);
    judge(&info);
    if let Ok(info) = &info {
        for vram_size in [0, 24 << 30, u64::MAX] {
            regions(info, vram_size);
        }
        if let Some(name) = &info.name {
            let name = name.as_str();
            assert!(!name.is_empty() && !name.contains(char::is_control));
        }
    }
}

/// Regions that the driver may use are in video memory, and apart.
fn regions(info: &StaticInfo, vram_size: u64) {
    let regions: Vec<_> = info.usable_regions(vram_size).collect();
    for (index, region) in regions.iter().enumerate() {
        assert!(region.start < region.end && region.end <= vram_size);
        let before = &regions[..index];
        assert!(before
            .iter()
            .all(|it| it.end <= region.start || region.end <= it.start));
    }
}

/// Takes a message into an answer that is waited for; `kind` is what another such answer took it for.
fn take(answer: &mut Answer<'_>, header: &Header, payload: &[u8], kind: Kind) {
    let progress = answer.take(header, payload);
    let same = match &progress {
        Ok(Progress::Complete) => kind == Kind::End(Outcome::Answered),
        Ok(Progress::Failed(status)) => kind == Kind::End(Outcome::Refused(*status)),
        Ok(Progress::Incomplete) => kind == Kind::Part,
        Ok(Progress::Unrelated) if header.function.is_event() => kind == Kind::Event,
        Ok(Progress::Unrelated) => kind == Kind::Stray,
        // A finished answer refuses what an event would be taken for before.
        Err(_) => !matches!(
            kind,
            Kind::Part | Kind::End(Outcome::Answered | Outcome::Refused(_))
        ),
    };
    assert!(same, "{progress:?} and {kind:?}");
    judge(&progress);
    if let Ok(Progress::Failed(status)) = progress {
        print(&status);
    }
    if matches!(progress, Ok(Progress::Complete | Progress::Failed(_))) {
        assert!(answer.take(header, payload).is_err(), "an answer ends once");
    }
}
