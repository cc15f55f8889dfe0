// SPDX-License-Identifier: GPL-2.0

//! The driver's ends against a GSP that follows the rules, and against one that breaks each of them.

use super::*;
use crate::{
    abi::r570_144::{
        queue::{
            BadPointer,
            ENTRIES,
            MEMORY_SIZE, //
        },
        status::Status, //
    },
    synthetic::poke, //
};
use proptest::{
    collection::vec as any_vec,
    prelude::*, //
};
use std::{
    boxed::Box,
    cell::RefCell,
    vec,
    vec::Vec, //
};

const CONTROL: Function = Function::GSP_RM_CONTROL;
const EVENT: Function = Function::OS_ERROR_LOG;

/// Bytes as shared memory.
struct Bytes(RefCell<Vec<u8>>);

impl SharedMemory for Bytes {
    fn read(&self, offset: usize, out: &mut [u8]) -> Result<(), OutOfRange> {
        let bytes = self.0.borrow();
        let bytes = bytes.get(offset..offset + out.len()).ok_or(OutOfRange)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), OutOfRange> {
        let mut memory = self.0.borrow_mut();
        let to = memory
            .get_mut(offset..offset + bytes.len())
            .ok_or(OutOfRange)?;
        to.copy_from_slice(bytes);
        Ok(())
    }

    fn load_u32(&self, offset: usize) -> Result<u32, OutOfRange> {
        let mut bytes = [0; 4];
        self.read(offset, &mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn store_u32(&self, offset: usize, value: u32) -> Result<(), OutOfRange> {
        self.write(offset, &value.to_le_bytes())
    }
}

/// The other side, which keeps its own books and does not use the code under test.
struct Gsp {
    memory: Bytes,
    sent: u32,
    write: usize,
    read: usize,
}

impl Gsp {
    fn new() -> Self {
        let memory = Bytes(RefCell::new(vec![0; MEMORY_SIZE]));
        let place = queue::Memory::new(0x10_0000).unwrap();
        set_up(&memory, place, &mut [0xff; PAGE_SIZE]).unwrap();
        let header = TxHeader {
            write: Pointer::FIRST,
        };
        memory.write(STATUS_QUEUE, &header.encode()).unwrap();
        Self {
            memory,
            sent: 0,
            write: 0,
            read: 0,
        }
    }

    /// A message as it lies in the ring, its last entry filled up with zeros.
    fn message(&self, function: Function, payload: &[u8]) -> Vec<u8> {
        let header = Header::from_gsp(self.sent, function, payload.len()).unwrap();
        let mut message = header.encode(payload).unwrap().to_vec();
        message.extend(payload);
        message.resize(message.len().next_multiple_of(ENTRY_SIZE), 0);
        message
    }

    /// Puts bytes into the ring, and publishes as many entries as they take.
    fn put(&mut self, message: &[u8]) {
        for entry in message.chunks(ENTRY_SIZE) {
            let at = STATUS_QUEUE + FIRST_ENTRY + self.write * ENTRY_SIZE;
            self.memory.write(at, entry).unwrap();
            self.write = (self.write + 1) % 63;
        }
        self.sent += 1;
        self.publish(self.write as u32);
    }

    fn publish(&self, write: u32) {
        self.memory
            .store_u32(STATUS_QUEUE + WRITE_POINTER, write)
            .unwrap();
    }

    fn send(&mut self, function: Function, payload: &[u8]) {
        let message = self.message(function, payload);
        self.put(&message);
    }

    /// Reads a command as the firmware does: whole words, whatever they are.
    fn take(&mut self) -> (Function, Vec<u8>) {
        let entry = |index: usize| {
            let mut bytes = vec![0; ENTRY_SIZE];
            let at = COMMAND_QUEUE + FIRST_ENTRY + (index % 63) * ENTRY_SIZE;
            self.memory.read(at, &mut bytes).unwrap();
            bytes
        };
        let first = entry(self.read);
        let word = |at: usize| u32::from_le_bytes(first[at..at + 4].try_into().unwrap());
        let (entries, length) = (word(40) as usize, word(56) as usize);
        assert_eq!(entries, (48 + length).div_ceil(ENTRY_SIZE));
        let message: Vec<u8> = (self.read..self.read + entries).flat_map(entry).collect();
        let sum = message[..(48 + length).next_multiple_of(8)]
            .chunks_exact(8)
            .fold(0, |sum, word| {
                sum ^ u64::from_le_bytes(word.try_into().unwrap())
            });
        assert_eq!((sum >> 32) as u32, sum as u32, "checksum over whole words");
        assert!(message[48 + length..].iter().all(|&byte| byte == 0));
        self.read = (self.read + entries) % 63;
        self.memory
            .store_u32(STATUS_QUEUE + READ_POINTER, self.read as u32)
            .unwrap();
        (Function(word(60)), message[80..48 + length].to_vec())
    }

    fn driver_read(&self) -> u32 {
        self.memory.load_u32(COMMAND_QUEUE + READ_POINTER).unwrap()
    }

    fn driver_write(&self) -> u32 {
        self.memory.load_u32(COMMAND_QUEUE + WRITE_POINTER).unwrap()
    }
}

fn receive(end: &mut StatusEnd, gsp: &Gsp) -> Result<Option<(Function, Vec<u8>)>, ChannelError> {
    let mut payload = Box::new([0xa5; MAX_PAYLOAD]);
    let header = end.receive(&gsp.memory, &mut payload)?;
    Ok(header.map(|header| (header.function, payload[..header.payload_len()].to_vec())))
}

#[test]
fn commands_arrive() {
    let mut gsp = Gsp::new();
    let mut end = CommandEnd::new();
    for (number, len) in [0, 1, 4016, 4017, 65456].into_iter().enumerate() {
        let payload: Vec<u8> = (0..len).map(|it| (it % 251) as u8 | 1).collect();
        let header = end.send(&gsp.memory, CONTROL, &payload).unwrap();
        assert_eq!(header.number as usize, number);
        assert_eq!(header.result, Status::PENDING);
        assert_eq!(gsp.take(), (CONTROL, payload), "{len}");
    }
    assert_eq!(gsp.driver_write(), 1 + 1 + 1 + 2 + 16);
}

#[test]
fn bytes_of_the_lap_before_do_not_show() {
    let mut gsp = Gsp::new();
    let mut end = CommandEnd::new();
    for lap in 0..3 {
        for _ in 0..63 {
            // An odd length, shorter each time.
            let payload = vec![0xff; 4000 - 1001 * lap];
            end.send(&gsp.memory, CONTROL, &payload).unwrap();
            assert_eq!(gsp.take(), (CONTROL, payload));
        }
    }
}

#[test]
fn full_queue_takes_no_more_until_the_gsp_has_read() {
    let mut gsp = Gsp::new();
    let mut end = CommandEnd::new();
    let payload = vec![7; 65456];
    for _ in 0..3 {
        end.send(&gsp.memory, CONTROL, &payload).unwrap();
    }
    let before = gsp.driver_write();
    let full = SendError::Full(NotEnough {
        wanted: 16,
        available: 62 - 48,
    });
    assert_eq!(end.send(&gsp.memory, CONTROL, &payload), Err(full));
    assert_eq!(gsp.driver_write(), before);
    gsp.take();
    let header = end.send(&gsp.memory, CONTROL, &payload).unwrap();
    assert_eq!(header.number, 3, "the one that did not go has no number");
    for _ in 0..3 {
        assert_eq!(gsp.take().1, payload);
    }
}

#[test]
fn too_long_a_message_is_not_sent() {
    let gsp = Gsp::new();
    let error = CommandEnd::new().send(&gsp.memory, CONTROL, &[0; MAX_PAYLOAD + 1]);
    assert_eq!(error, Err(SendError::TooLong(TooLong(MAX_PAYLOAD + 1))));
    assert_eq!(gsp.driver_write(), 0);
}

#[test]
fn messages_of_all_lengths_wrap_at_all_entries() {
    for entries in 1..=16 {
        let mut gsp = Gsp::new();
        let (mut commands, mut status) = (CommandEnd::new(), StatusEnd::new());
        for turn in 0..130u8 {
            let payload = vec![turn; entries * ENTRY_SIZE - HEADERS_SIZE - usize::from(turn % 9)];
            commands.send(&gsp.memory, CONTROL, &payload).unwrap();
            assert_eq!(gsp.take().1, payload);
            gsp.send(EVENT, &payload);
            let received = receive(&mut status, &gsp).unwrap();
            assert_eq!(received, Some((EVENT, payload)), "{entries} in turn {turn}");
            assert_eq!(gsp.driver_read(), gsp.write as u32);
        }
    }
}

#[test]
fn nothing_is_read_where_nothing_is() {
    let mut gsp = Gsp::new();
    let mut end = StatusEnd::new();
    assert_eq!(receive(&mut end, &gsp), Ok(None));
    for _ in 0..62 {
        gsp.send(EVENT, b"full");
    }
    for _ in 0..62 {
        assert!(receive(&mut end, &gsp).unwrap().is_some());
    }
    assert_eq!(receive(&mut end, &gsp), Ok(None));
}

#[test]
fn queue_is_set_up_once() {
    let mut gsp = Gsp::new();
    let mut end = StatusEnd::new();
    gsp.send(EVENT, &[]);
    receive(&mut end, &gsp).unwrap();
    // What it would say later does not matter.
    gsp.memory.store_u32(STATUS_QUEUE + 4, 0).unwrap();
    gsp.send(EVENT, &[1]);
    assert_eq!(receive(&mut end, &gsp), Ok(Some((EVENT, vec![1]))));
}

#[test]
fn queue_need_not_be_set_up_before_the_first_message() {
    let gsp = Gsp::new();
    gsp.memory
        .write(STATUS_QUEUE, &[0; TxHeader::SIZE])
        .unwrap();
    assert_eq!(receive(&mut StatusEnd::new(), &gsp), Ok(None));
    // But then.
    gsp.publish(1);
    let error = receive(&mut StatusEnd::new(), &gsp).unwrap_err();
    assert!(
        matches!(error, ChannelError::Queue(At { offset: 4, .. })),
        "{error}"
    );
}

/// What a message is turned into, and what of it is noticed.
type Lie = (&'static str, fn(&mut Vec<u8>), fn(&ElementError) -> bool);

/// Changes a word and makes the checksum right again, as somebody who lies on purpose would.
fn forge(message: &mut [u8], at: usize, value: u32) {
    let old = u32::from_le_bytes(message[at..at + 4].try_into().unwrap());
    let sum = u32::from_le_bytes(message[32..36].try_into().unwrap());
    poke(message, at, value);
    poke(message, 32, sum ^ old ^ value);
}

const LIES: [Lie; 12] = [
    (
        "a flipped bit",
        |it| it[100] ^= 1,
        |it| matches!(it, ElementError::Checksum(_)),
    ),
    (
        "no checksum",
        |it| poke(it, 32, 0),
        |it| matches!(it, ElementError::Checksum(_)),
    ),
    (
        "the number before",
        |it| forge(it, 36, 4),
        |it| {
            matches!(
                it,
                ElementError::Number {
                    number: 4,
                    expected: 5
                }
            )
        },
    ),
    (
        "a number left out",
        |it| forge(it, 36, 6),
        |it| matches!(it, ElementError::Number { .. }),
    ),
    (
        "no entries",
        |it| forge(it, 40, 0),
        |it| matches!(it, ElementError::Entries { said: 0, needed: 2 }),
    ),
    (
        "more entries",
        |it| forge(it, 40, 3),
        |it| matches!(it, ElementError::Entries { .. }),
    ),
    (
        "length without header",
        |it| forge(it, 56, 31),
        |it| matches!(it, ElementError::Length(31)),
    ),
    (
        "absurd length",
        |it| forge(it, 56, u32::MAX),
        |it| matches!(it, ElementError::Length(u32::MAX)),
    ),
    (
        "length one too many",
        |it| forge(it, 56, 65489),
        |it| matches!(it, ElementError::Length(65489)),
    ),
    (
        "length of unwritten entries",
        |it| {
            forge(it, 56, 65488);
            forge(it, 40, 16)
        },
        |it| {
            matches!(
                it,
                ElementError::NotPublished {
                    needed: 16,
                    available: 2
                }
            )
        },
    ),
    (
        "another version",
        |it| forge(it, 48, 0x0400_0000),
        |it| matches!(it, ElementError::Version(0x0400_0000)),
    ),
    (
        "another signature",
        |it| forge(it, 52, 0),
        |it| matches!(it, ElementError::Signature(0)),
    ),
];

#[test]
fn every_lie_about_a_message_is_noticed() {
    for (name, lie, noticed) in LIES {
        let mut gsp = Gsp::new();
        let mut end = StatusEnd::new();
        for _ in 0..5 {
            gsp.send(EVENT, b"true");
            receive(&mut end, &gsp).unwrap();
        }
        let mut message = gsp.message(EVENT, &[3; 5000]);
        lie(&mut message);
        gsp.put(&message);
        let error = receive(&mut end, &gsp).unwrap_err();
        let ChannelError::Message(At { reason, .. }) = error else {
            panic!("{name}: {error}");
        };
        assert!(noticed(&reason), "{name}: {reason}");
        assert_eq!(gsp.driver_read(), 5, "{name}: nothing is given back");
    }
}

#[test]
fn impossible_pointers_are_noticed() {
    let bad = |raw| RingError::Pointer(BadPointer(raw));
    for raw in [ENTRIES, 64, u32::MAX] {
        let gsp = Gsp::new();
        gsp.publish(raw);
        let error = receive(&mut StatusEnd::new(), &gsp);
        assert_eq!(error, Err(ChannelError::StatusPointer(bad(raw))));
        gsp.memory
            .store_u32(STATUS_QUEUE + READ_POINTER, raw)
            .unwrap();
        let error = CommandEnd::new().send(&gsp.memory, CONTROL, &[]);
        let reason = ChannelError::CommandPointer(bad(raw));
        assert_eq!(error, Err(SendError::Broken(reason)));
        assert_eq!(gsp.driver_write(), 0);
    }
}

#[test]
fn pointers_do_not_go_back() {
    let mut gsp = Gsp::new();
    let mut end = StatusEnd::new();
    for _ in 0..4 {
        gsp.send(EVENT, &[]);
    }
    receive(&mut end, &gsp).unwrap();
    gsp.publish(3);
    let moved = RingError::Moved {
        from: 4,
        to: 3,
        ours: 1,
    };
    let error = receive(&mut end, &gsp);
    assert_eq!(error, Err(ChannelError::StatusPointer(moved)));
}

#[test]
fn commands_that_were_not_written_cannot_have_been_read() {
    let mut gsp = Gsp::new();
    let mut end = CommandEnd::new();
    end.send(&gsp.memory, CONTROL, &[]).unwrap();
    gsp.take();
    gsp.memory
        .store_u32(STATUS_QUEUE + READ_POINTER, 2)
        .unwrap();
    assert!(matches!(
        end.look(&gsp.memory),
        Err(ChannelError::CommandPointer(RingError::Moved { .. }))
    ));
}

#[test]
fn memory_that_is_too_small_is_an_error() {
    let memory = Bytes(RefCell::new(vec![0; MEMORY_SIZE - 1]));
    let mut end = CommandEnd::new();
    // The queue of commands is whole, the other one is not.
    end.send(&memory, CONTROL, &[]).unwrap();
    let none = Bytes(RefCell::new(vec![]));
    assert_eq!(end.look(&none), Err(OutOfRange.into()));
    assert_eq!(
        set_up(
            &none,
            queue::Memory::new(0x1000).unwrap(),
            &mut [0; PAGE_SIZE]
        ),
        Err(OutOfRange)
    );
}

proptest! {
    /// Whatever the GSP's half of the memory holds, the driver neither panics nor reads beyond what is
    /// published nor gives back what it has not read.
    #[test]
    fn any_memory_can_be_read(
        words in any_vec((0..0x1000usize, any::<u32>()), 0..40),
        write in 0..70u32,
        honest in 0..4u8,
    ) {
        let mut gsp = Gsp::new();
        let mut end = StatusEnd::new();
        for _ in 0..honest {
            gsp.send(EVENT, &[1; 40]);
        }
        for (word, value) in words {
            // Mostly in the headers of the first messages.
            let at = STATUS_QUEUE + FIRST_ENTRY + (word % 4) * ENTRY_SIZE + (word / 4) % 128 * 4;
            gsp.memory.store_u32(at, value).unwrap();
        }
        gsp.publish(write);
        for _ in 0..64 {
            let before = gsp.driver_read();
            match receive(&mut end, &gsp) {
                Ok(Some(_)) => prop_assert!(gsp.driver_read() <= write),
                Ok(None) => break,
                Err(_) => {
                    prop_assert_eq!(gsp.driver_read(), before);
                    break;
                }
            }
        }
    }

    /// Both sides keep step over any traffic.
    #[test]
    fn any_traffic_arrives(lens in any_vec(0..=MAX_PAYLOAD, 1..30), byte in any::<u8>()) {
        let mut gsp = Gsp::new();
        let (mut commands, mut status) = (CommandEnd::new(), StatusEnd::new());
        for len in lens {
            let payload = vec![byte; len];
            commands.send(&gsp.memory, CONTROL, &payload).unwrap();
            let (function, received) = gsp.take();
            prop_assert_eq!((function, received.len()), (CONTROL, len));
            gsp.send(function, &received);
            prop_assert_eq!(receive(&mut status, &gsp), Ok(Some((CONTROL, payload))));
        }
    }
}
