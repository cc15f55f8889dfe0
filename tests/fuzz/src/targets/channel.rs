// SPDX-License-Identifier: GPL-2.0

//! The driver's ends of the queues, over memory in which the GSP writes what it likes.
//!
//! The input is what happens, four bytes each: what, and three numbers `a`, `b`, `c`.
//!
//! | what | |
//! |---|---|
//! | 0 | the GSP sends a message of function `0x1000 + a` with [`length`] of `b` bytes of value `c` |
//! | 1 | the driver reads a message |
//! | 2 | the driver sends a message of function `a` with [`length`] of `b` bytes of value `c` |
//! | 3 | the GSP reads all messages |
//! | 4 | **lie**: `c` is added to byte `b` of the entry that is `a` after the last one written |
//! | 5 | **lie**: the GSP's write pointer becomes `b`, or its read pointer if `a` is odd |
//! | 6 | **lie**: `b` is added to byte `a` of the GSP's queue header |
//!
//! Without a lie everything arrives as it was sent, and nothing is refused but what has no room. With one,
//! an error ends the conversation, as it does in the driver.

use super::{
    judge,
    print, //
};
use nova_firmware::abi::r570_144::{
    channel::{
        set_up,
        CommandEnd,
        OutOfRange,
        SendError,
        SharedMemory,
        StatusEnd, //
    },
    element::{
        Header,
        HEADERS_SIZE,
        MAX_PAYLOAD, //
    },
    function::Function,
    queue::{
        Memory,
        Pointer,
        TxHeader,
        COMMAND_QUEUE,
        ENTRIES,
        ENTRY_SIZE,
        FIRST_ENTRY,
        MEMORY_SIZE,
        READ_POINTER,
        STATUS_QUEUE,
        WRITE_POINTER, //
    },
    PAGE_SIZE, //
};
use std::{
    cell::RefCell,
    collections::VecDeque,
    ops::Range, //
};

/// Memory that is all zero again when it is dropped, without touching more of it than was written.
struct Shared(RefCell<Dirty>);

struct Dirty {
    bytes: Vec<u8>,
    written: Vec<Range<usize>>,
}

thread_local! {
    static MEMORY: RefCell<Vec<u8>> = RefCell::new(vec![0; MEMORY_SIZE]);
    static PAYLOAD: RefCell<Box<[u8; MAX_PAYLOAD]>> = RefCell::new(Box::new([0; MAX_PAYLOAD]));
}

impl Shared {
    fn new() -> Self {
        Self(RefCell::new(Dirty {
            bytes: MEMORY.take(),
            written: Vec::new(),
        }))
    }

    fn add(&self, at: usize, value: u8) {
        let mut byte = [0];
        self.read(at, &mut byte)
            .expect("lies are told inside the memory");
        self.write(at, &[byte[0].wrapping_add(value)])
            .expect("as above");
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let Dirty { bytes, written } = self.0.get_mut();
        for range in written {
            bytes[range.clone()].fill(0);
        }
        MEMORY.set(std::mem::take(bytes));
    }
}

impl SharedMemory for Shared {
    fn read(&self, offset: usize, out: &mut [u8]) -> Result<(), OutOfRange> {
        let memory = self.0.borrow();
        let bytes = memory
            .bytes
            .get(offset..)
            .and_then(|rest| rest.get(..out.len()));
        out.copy_from_slice(bytes.ok_or(OutOfRange)?);
        Ok(())
    }

    fn write(&self, offset: usize, bytes: &[u8]) -> Result<(), OutOfRange> {
        let mut memory = self.0.borrow_mut();
        let range = offset..offset + bytes.len();
        memory
            .bytes
            .get_mut(range.clone())
            .ok_or(OutOfRange)?
            .copy_from_slice(bytes);
        memory.written.push(range);
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

/// Bytes of a payload: most are short, some are almost as long as can be, and one is too long.
fn length(code: u8) -> usize {
    match usize::from(code) {
        code @ ..240 => code * 19,
        code => (code - 239) * 4096,
    }
}

/// A message as somebody sent it.
type Sent = (Function, Vec<u8>);

/// Both sides.
struct Talk {
    memory: Shared,
    commands: CommandEnd,
    status: StatusEnd,
    /// Messages that the driver has not read.
    to_driver: VecDeque<Sent>,
    /// Messages that the GSP has not read.
    to_gsp: VecDeque<Sent>,
    /// Where the GSP writes and reads next, and how many messages it has written.
    write: usize,
    read: usize,
    number: u32,
    /// Entries of the status queue with messages that the driver has not read.
    in_flight: usize,
    lied: bool,
}

pub(super) fn run(data: &[u8]) -> bool {
    let memory = Shared::new();
    let place = Memory::new(0x10_0000).expect("an address like any other");
    set_up(&memory, place, &mut [0; PAGE_SIZE]).expect("it fits");
    let header = TxHeader {
        write: Pointer::FIRST,
    };
    memory
        .write(STATUS_QUEUE, &header.encode())
        .expect("it fits");
    let mut talk = Talk {
        memory,
        commands: CommandEnd::new(),
        status: StatusEnd::new(),
        to_driver: VecDeque::new(),
        to_gsp: VecDeque::new(),
        write: 0,
        read: 0,
        number: 0,
        in_flight: 0,
        lied: false,
    };
    let mut alive = false;
    for event in data.chunks_exact(4) {
        let &[what, a, b, c] = event else { continue };
        alive = talk.happen(what % 7, a, b, c);
        if !alive {
            break;
        }
    }
    alive
}

impl Talk {
    /// Lets one thing happen; gives whether the conversation goes on.
    fn happen(&mut self, what: u8, a: u8, b: u8, c: u8) -> bool {
        let payload = vec![c; length(b)];
        match what {
            0 => self.gsp_sends(Function(0x1000 + u32::from(a)), payload),
            1 => return self.driver_reads(),
            2 => return self.driver_sends(Function(a.into()), payload),
            3 => self.gsp_reads(),
            4 => {
                let entry = (self.write + 62 + usize::from(a)) % 63;
                self.lie(
                    STATUS_QUEUE + FIRST_ENTRY + entry * ENTRY_SIZE + usize::from(b),
                    c,
                );
            }
            5 => {
                let at = [WRITE_POINTER, READ_POINTER][usize::from(a % 2)];
                self.lied = true;
                self.memory
                    .store_u32(STATUS_QUEUE + at, b.into())
                    .expect("it fits");
            }
            _ => self.lie(STATUS_QUEUE + usize::from(a) % TxHeader::SIZE, b),
        }
        true
    }

    fn lie(&mut self, at: usize, value: u8) {
        self.lied = true;
        self.memory.add(at, value);
    }

    fn gsp_sends(&mut self, function: Function, payload: Vec<u8>) {
        let header = Header::from_gsp(self.number, function, payload.len());
        let Ok(header) = header else { return };
        let entries = header.entries() as usize;
        // An honest GSP waits for room.
        if self.in_flight + entries >= ENTRIES as usize {
            return;
        }
        let headers = header.encode(&payload).expect("the same payload");
        let bytes = [&headers[..], &payload].concat();
        for (index, bytes) in bytes.chunks(ENTRY_SIZE).enumerate() {
            let entry = (self.write + index) % 63;
            let at = STATUS_QUEUE + FIRST_ENTRY + entry * ENTRY_SIZE;
            self.memory.write(at, bytes).expect("it fits");
        }
        self.write = (self.write + entries) % 63;
        self.in_flight += entries;
        self.number += 1;
        let write = u32::try_from(self.write).expect("less than 63");
        self.memory
            .store_u32(STATUS_QUEUE + WRITE_POINTER, write)
            .expect("it fits");
        self.to_driver.push_back((function, payload));
    }

    fn driver_reads(&mut self) -> bool {
        PAYLOAD.with_borrow_mut(|buffer| {
            let received = self.status.receive(&self.memory, buffer);
            judge(&received);
            let (_, available) = self.status.position();
            assert!(available < ENTRIES);
            match received {
                Err(error) => {
                    assert!(self.lied, "{error}");
                    false
                }
                Ok(None) => {
                    assert!(self.lied || self.to_driver.is_empty());
                    true
                }
                Ok(Some(header)) => {
                    assert!(header.payload_len() <= MAX_PAYLOAD);
                    let sent = self.to_driver.pop_front();
                    self.in_flight = self.in_flight.saturating_sub(header.entries() as usize);
                    let payload = &buffer[..header.payload_len()];
                    let same = sent.is_some_and(|(function, bytes)| {
                        function == header.function && bytes == payload
                    });
                    assert!(self.lied || same, "what was sent arrives");
                    true
                }
            }
        })
    }

    fn driver_sends(&mut self, function: Function, payload: Vec<u8>) -> bool {
        let sent = self.commands.send(&self.memory, function, &payload);
        if let Err(SendError::Broken(error)) = &sent {
            print(error);
            assert!(self.lied, "{error}");
            return false;
        }
        let (_, free) = self.commands.position();
        assert!(free < ENTRIES);
        if let Ok(header) = sent {
            assert_eq!(header.payload_len(), payload.len());
            self.to_gsp.push_back((function, payload));
        }
        true
    }

    /// Reads as firmware does: whatever is there, word by word.
    fn gsp_reads(&mut self) {
        // Who lies about what it has read has no right to messages.
        if self.lied {
            return;
        }
        let write = self
            .memory
            .load_u32(COMMAND_QUEUE + WRITE_POINTER)
            .expect("it fits");
        while self.read != write as usize {
            let mut first = vec![0; ENTRY_SIZE];
            self.entry(0, &mut first);
            let word = |at: usize| {
                u32::from_le_bytes(*first[at..].first_chunk().expect("inside an entry"))
            };
            let (entries, length, function) =
                (word(40) as usize, word(56) as usize, Function(word(60)));
            let mut bytes = vec![0; entries * ENTRY_SIZE];
            for (index, entry) in bytes.chunks_exact_mut(ENTRY_SIZE).enumerate() {
                self.entry(index, entry);
            }
            assert!(
                bytes[48 + length..].iter().all(|byte| *byte == 0),
                "zeros behind the message"
            );
            let sum = bytes.chunks_exact(8).fold(0, |sum, word| {
                sum ^ u64::from_le_bytes(*word.first_chunk().expect("eight bytes"))
            });
            assert_eq!(sum >> 32, sum & 0xffff_ffff, "the checksum holds");
            let sent = self
                .to_gsp
                .pop_front()
                .expect("the driver has sent as much");
            assert!(sent.0 == function && sent.1 == bytes[HEADERS_SIZE..48 + length]);
            self.read = (self.read + entries) % 63;
        }
        let read = u32::try_from(self.read).expect("less than 63");
        self.memory
            .store_u32(STATUS_QUEUE + READ_POINTER, read)
            .expect("it fits");
    }

    /// The entry of the command queue `index` after the one that is read next.
    fn entry(&self, index: usize, out: &mut [u8]) {
        let at = (self.read + index) % 63 * ENTRY_SIZE;
        self.memory
            .read(COMMAND_QUEUE + FIRST_ENTRY + at, out)
            .expect("it fits");
    }
}
