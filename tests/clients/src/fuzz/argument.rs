// SPDX-License-Identifier: GPL-2.0

//! Makes the argument of a call: mostly one that could be meant, sometimes one that could not.

use std::{
    os::fd::RawFd,
    time::Duration, //
};

use super::{
    calls::{
        Call,
        FdKind,
        Kind, //
    },
    random::Random, //
};
use crate::memory::Scratch;

/// Bytes of scratch space: the argument, arrays, and a text.
pub const SCRATCH: usize = 0x8000;
/// Where the argument is, unless it is put at the end.
const ARGUMENT: usize = 0;
const SYNCOBJS: usize = 0x4000;
const POINTS: usize = 0x5000;
const TEXT: usize = 0x6000;
/// Elements of each array that are made anew for each call, and characters of the text. What is behind them is what
/// calls have left there.
const ELEMENTS: usize = 8;

/// Handles are small numbers, since the kernel gives out the lowest that is free.
const HANDLES: u64 = 24;
/// Objects whose size is between these are not made: with a few of them, memory would be all gone.
const SMALL: u64 = 1 << 20;
const LARGE: u64 = 1 << 41;

const WILD: &[u64] = &[
    0,
    1,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    i64::MAX as u64,
    1 << 63,
    u64::MAX,
];
const SIZES: &[u64] = &[
    1,
    4095,
    4096,
    4097,
    8192,
    0x1_0000,
    SMALL,
    0,
    LARGE,
    1 << 52,
    (1 << 63) - 4096,
    1 << 63,
    u64::MAX - 4095,
    u64::MAX,
];
/// No address of user space, or none at which something is mapped.
const NOWHERE: &[u64] = &[
    0,
    8,
    0x7fff_ffff_f000,
    0x8000_0000_0000_0000,
    0xffff_8880_0000_0000,
    u64::MAX,
];

/// A call that is ready to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// Its number; size and direction may not be those of the table.
    pub number: u32,
    /// Where its argument is.
    pub address: u64,
    /// Where in the scratch space it is, if it is there as a whole.
    pub place: Option<usize>,
    /// The argument as the kernel will see it: as long as the number says.
    pub bytes: Vec<u8>,
}

/// Puts a call's argument into scratch space. `fds` are descriptors that calls have made; `now` is the time of
/// `CLOCK_MONOTONIC`.
pub fn prepare(
    call: &Call,
    random: &mut Random,
    scratch: &Scratch,
    fds: &[(RawFd, FdKind)],
    now: Duration,
) -> Ready {
    let mut pointers = call.fields.iter().map(|field| field.kind);
    if pointers.any(|kind| matches!(kind, Kind::Syncobjs | Kind::Points | Kind::Text)) {
        arrays(random, scratch);
    }
    let number = if random.once_in(16) {
        bent(call.number, random)
    } else {
        call.number
    };
    let size = ((number >> 16) & 0x3fff) as usize;
    let mut bytes = vec![0_u8; size.max(call.size())];
    for field in call.fields {
        let value = value(field.kind, random, scratch, fds, now);
        let raw = value.to_ne_bytes();
        bytes[field.offset..field.offset + field.size].copy_from_slice(&raw[..field.size]);
    }
    // What a larger argument has behind its known part comes back as it was.
    if let Some(tail) = bytes.get_mut(call.size()..) {
        tail.fill(random.next() as u8);
    }
    bytes.truncate(size);
    if random.once_in(64) {
        // Somewhere else, or half over the end of what is mapped.
        let short = scratch.len() - size / 2;
        let address = match random.below(2) {
            0 if size > 1 => scratch.address(short),
            _ => random.one_of(NOWHERE),
        };
        return Ready {
            number,
            address,
            place: None,
            bytes,
        };
    }
    // Now and then it ends where nothing is mapped any more.
    let place = if random.once_in(8) {
        scratch.len() - size
    } else {
        ARGUMENT
    };
    scratch.put(place, &bytes);
    Ready {
        number,
        address: scratch.address(place),
        place: Some(place),
        bytes,
    }
}

/// The number with another size, or another direction.
fn bent(number: u32, random: &mut Random) -> u32 {
    const SIZE: u32 = 0x3fff << 16;
    const DIRECTION: u32 = 3 << 30;
    match random.below(3) {
        0 => (number & !SIZE) | ((random.below(0x80) as u32) << 16),
        1 => (number & !SIZE) | (random.one_of(&[0, 1, 0x1000, 0x3fff]) << 16),
        _ => (number & !DIRECTION) | ((random.below(4) as u32) << 30),
    }
}

fn arrays(random: &mut Random, scratch: &Scratch) {
    let mut handles = [0_u8; ELEMENTS * 4];
    for handle in handles.chunks_exact_mut(4) {
        handle.copy_from_slice(&(self::handle(random) as u32).to_ne_bytes());
    }
    scratch.put(SYNCOBJS, &handles);
    let mut points = [0_u8; ELEMENTS * 8];
    for point in points.chunks_exact_mut(8) {
        point.copy_from_slice(&self::point(random).to_ne_bytes());
    }
    scratch.put(POINTS, &points);
    let mut text = [0_u8; ELEMENTS];
    for character in &mut text {
        *character = if random.once_in(16) {
            random.next() as u8
        } else {
            b'a' + random.below(26) as u8
        };
    }
    scratch.put(TEXT, &text);
}

fn value(
    kind: Kind,
    random: &mut Random,
    scratch: &Scratch,
    fds: &[(RawFd, FdKind)],
    now: Duration,
) -> u64 {
    match kind {
        Kind::Object | Kind::Syncobj => handle(random),
        Kind::Size if random.once_in(4) => random.one_of(SIZES),
        Kind::Size => 1 + random.below(4 * 4096),
        Kind::Param if random.once_in(4) => random.one_of(WILD),
        Kind::Param => random.below(4),
        Kind::Capability if random.once_in(8) => random.one_of(WILD),
        Kind::Capability => random.below(0x20),
        Kind::Pad | Kind::Out if random.once_in(16) => random.next(),
        Kind::Pad => 0,
        // What must not come back from a call that fails.
        Kind::Out => 0x5a5a_5a5a_5a5a_5a5a,
        Kind::Flags(known) if random.once_in(16) => random.next() | u64::from(known),
        Kind::Flags(known) => random.next() & u64::from(known),
        Kind::Fd(kind) => descriptor(kind, random, fds),
        // The DRM core allocates for any number, and warns where that is beyond its allocator.
        Kind::Count if random.once_in(16) => random.one_of(&[64, 65, 512, 4096]),
        Kind::Count => random.below(4),
        Kind::Length if random.once_in(16) => random.one_of(WILD),
        Kind::Length => random.below(80),
        Kind::Syncobjs => pointer(random, scratch, SYNCOBJS),
        Kind::Points => pointer(random, scratch, POINTS),
        Kind::Text => pointer(random, scratch, TEXT),
        Kind::Point => point(random),
        Kind::Moment => moment(random, now),
    }
}

/// Mostly one of the right kind, if there is any.
fn descriptor(kind: FdKind, random: &mut Random, fds: &[(RawFd, FdKind)]) -> u64 {
    let right: Vec<RawFd> = fds
        .iter()
        .filter(|(_, other)| *other == kind || random.once_in(8))
        .map(|(fd, _)| *fd)
        .collect();
    if right.is_empty() || random.once_in(16) {
        random.one_of(&[u64::MAX, 0, 2, 0x7fff_ffff])
    } else {
        right[random.index(right.len())] as u64
    }
}

fn handle(random: &mut Random) -> u64 {
    if random.once_in(32) {
        random.one_of(WILD)
    } else {
        1 + random.below(HANDLES)
    }
}

fn point(random: &mut Random) -> u64 {
    if random.once_in(32) {
        random.one_of(WILD)
    } else {
        random.below(8)
    }
}

fn pointer(random: &mut Random, scratch: &Scratch, place: usize) -> u64 {
    match random.below(32) {
        0 => random.one_of(NOWHERE),
        1 => scratch.address(scratch.len() - random.index(9)),
        2 => scratch.address(place + random.index(8)),
        _ => scratch.address(place),
    }
}

/// The past, or a quarter of a millisecond from now at the latest.
fn moment(random: &mut Random, now: Duration) -> u64 {
    match random.below(4) {
        0 => 0,
        1 => 1 << 63,
        2 => u64::MAX,
        _ => now.as_nanos() as u64 + random.below(250_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::calls::CALLS;

    const NOW: Duration = Duration::from_secs(1000);

    fn many(mut look: impl FnMut(&Call, &Ready, &Scratch)) {
        let scratch = Scratch::new(SCRATCH).unwrap();
        let mut random = Random::new(1, 0);
        for _ in 0..200 {
            for call in CALLS {
                let ready = prepare(call, &mut random, &scratch, &[(5, FdKind::Event)], NOW);
                look(call, &ready, &scratch);
            }
        }
    }

    #[test]
    fn the_same_seed_makes_the_same_calls() {
        let scratch = Scratch::new(SCRATCH).unwrap();
        let make = || {
            let mut random = Random::new(9, 4);
            let call = |call| prepare(call, &mut random, &scratch, &[], NOW);
            CALLS.iter().map(call).collect::<Vec<_>>()
        };
        assert_eq!(make(), make());
    }

    #[test]
    fn no_pointer_leads_to_memory_that_is_in_use() {
        many(|call, ready, scratch| {
            let inside =
                |address| (scratch.address(0)..=scratch.address(SCRATCH)).contains(&address);
            for field in call.fields {
                let pointer = matches!(field.kind, Kind::Text | Kind::Points | Kind::Syncobjs);
                let Some(raw) = ready.bytes.get(field.offset..field.offset + 8) else {
                    continue;
                };
                let address = u64::from_ne_bytes(raw.try_into().unwrap());
                let harmless = inside(address) || NOWHERE.contains(&address);
                assert!(!pointer || harmless, "{}: {address:#x}", call.name);
            }
        });
    }

    #[test]
    fn no_call_waits_for_long() {
        many(|call, ready, _| {
            for field in call.fields.iter().filter(|f| f.kind == Kind::Moment) {
                if let Some(raw) = ready.bytes.get(field.offset..field.offset + 8) {
                    let moment = i64::from_ne_bytes(raw.try_into().unwrap());
                    let soon = NOW.as_nanos() as i64 + 1_000_000;
                    assert!(moment <= soon, "{}: {moment}", call.name);
                }
            }
        });
    }

    #[test]
    fn every_call_is_made_as_it_is_meant_and_bent() {
        let mut seen = std::collections::BTreeMap::new();
        many(|call, ready, _| {
            let (straight, bent) = seen.entry(call.name).or_insert((0, 0));
            if ready.number == call.number && ready.place.is_some() {
                *straight += 1;
            } else {
                *bent += 1;
            }
        });
        assert!(seen
            .values()
            .all(|(straight, bent)| *straight > 0 && *bent > 0));
    }
}
