// SPDX-License-Identifier: GPL-2.0

//! A small driver with some memory. What it sends and checks is written down once more.

use std::collections::BTreeMap;

use crate::{
    chips::Chip,
    dma::DmaError,
    gsp_rm::{
        faults::Faults,
        habits::Habits,
        memory::GuestMemory,
        Access,
        CardFacts,
        GspEffect,
        GspRm,
        WprLayout, //
    },
    recorder::Op,
    vram::MIB,
};

pub const PAGE: u64 = 4096;
pub const LIBOS: u64 = 0x10_0000;
pub const LOGINIT: u64 = 0x20_0000;
pub const LOGINTR: u64 = 0x24_0000;
pub const LOGRM: u64 = 0x28_0000;
pub const RMARGS: u64 = 0x30_0000;
pub const QUEUES: u64 = 0x100_0000;
pub const COMMAND: u64 = 0x1000;
pub const STATUS: u64 = 0x4_1000;

/// Memory of which only some pages are there.
#[derive(Default)]
pub struct Ram {
    pages: BTreeMap<u64, Vec<u8>>,
}

impl Ram {
    pub fn map(&mut self, address: u64, size: u64) {
        for page in (address..address + size).step_by(PAGE as usize) {
            self.pages.insert(page, vec![0; PAGE as usize]);
        }
    }

    pub fn unmap(&mut self, address: u64) {
        self.pages.remove(&address).unwrap();
    }

    pub fn u32(&self, address: u64) -> u32 {
        let mut bytes = [0; 4];
        self.read(address, &mut bytes).unwrap();
        u32::from_le_bytes(bytes)
    }

    pub fn u64(&self, address: u64) -> u64 {
        let mut bytes = [0; 8];
        self.read(address, &mut bytes).unwrap();
        u64::from_le_bytes(bytes)
    }

    pub fn put(&mut self, address: u64, data: &[u8]) {
        self.write(address, data).unwrap();
    }
}

impl GuestMemory for Ram {
    fn read(&self, address: u64, out: &mut [u8]) -> Result<(), DmaError> {
        let mut done = 0;
        while done < out.len() {
            let at = address + done as u64;
            let page = self.pages.get(&(at & !(PAGE - 1)));
            let rest = &page.ok_or(DmaError::Unmapped(at))?[(at % PAGE) as usize..];
            let len = rest.len().min(out.len() - done);
            out[done..done + len].copy_from_slice(&rest[..len]);
            done += len;
        }
        Ok(())
    }

    fn write(&mut self, address: u64, data: &[u8]) -> Result<(), DmaError> {
        let mut done = 0;
        while done < data.len() {
            let at = address + done as u64;
            let page = self.pages.get_mut(&(at & !(PAGE - 1)));
            let rest = &mut page.ok_or(DmaError::Unmapped(at))?[(at % PAGE) as usize..];
            let len = rest.len().min(data.len() - done);
            rest[..len].copy_from_slice(&data[done..done + len]);
            done += len;
        }
        Ok(())
    }
}

/// A message from GSP-RM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub function: u32,
    pub result: u32,
    pub sequence: u32,
    pub payload: Vec<u8>,
}

pub struct Guest {
    pub ram: Ram,
    pub rm: GspRm,
    pub now: u64,
    pub written: u32,
    pub number: u32,
    pub read: u32,
    pub expected: u32,
    pub sequence: u32,
    pub effects: Vec<GspEffect>,
    /// Registers of the sequencer's interpreter.
    pub registers: BTreeMap<u32, u32>,
    /// Let the events of the boot's noise be delivered as well.
    pub skipped: Vec<Received>,
}

pub fn card(name: &str) -> CardFacts {
    let chip = Chip::by_name(name).unwrap();
    let vram = chip.vram_mib * MIB;
    CardFacts {
        chip,
        vram,
        registers: 0xf000_0000,
        framebuffer: 0x40_0000_0000,
        instance: 0x50_0000_0000,
        device_id: u32::from(chip.device) << 16 | 0x10de,
        subsystem_id: 0x1467_10de,
        revision: 0xa1,
        config_mirror: chip.family.config_mirror(),
        wpr: WprLayout {
            non_wpr_heap_offset: vram - 192 * MIB,
            frts_offset: vram - 2 * MIB,
        },
    }
}

/// The fold as the sheets word it: 64-bit words, upper half over lower half.
pub fn sum(bytes: &[u8]) -> u32 {
    let mut padded = bytes.to_vec();
    padded.resize(bytes.len().next_multiple_of(8), 0);
    let folded = padded.chunks_exact(8).fold(0, |sum, word| {
        sum ^ u64::from_le_bytes(word.try_into().unwrap())
    });
    (folded >> 32) as u32 ^ folded as u32
}

/// A command's bytes up to its end.
pub fn element(number: u32, function: u32, sequence: u32, payload: &[u8]) -> Vec<u8> {
    let length = 32 + payload.len() as u32;
    let words = [
        0,
        number,
        (48 + length).div_ceil(4096),
        0,
        0x0300_0000,
        0x4350_5256,
        length,
        function,
        u32::MAX,
        u32::MAX,
        sequence,
        0,
    ];
    let mut bytes = vec![0; 32];
    bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    bytes.extend(payload);
    reseal(&mut bytes);
    bytes
}

pub fn reseal(bytes: &mut [u8]) {
    bytes[32..36].fill(0);
    let sum = sum(bytes);
    bytes[32..36].copy_from_slice(&sum.to_le_bytes());
}

pub fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

pub fn system_info(card: &CardFacts) -> Vec<u8> {
    let mut info = vec![0; 928];
    info[0..8].copy_from_slice(&card.registers.to_le_bytes());
    info[8..16].copy_from_slice(&card.framebuffer.to_le_bytes());
    info[16..24].copy_from_slice(&card.instance.to_le_bytes());
    info[32..40].copy_from_slice(&0x100u64.to_le_bytes());
    info[72..80].copy_from_slice(&0x7fff_ffff_f000u64.to_le_bytes());
    for (at, value) in [
        (80, card.config_mirror),
        (84, 0x1000),
        (88, card.device_id),
        (92, card.subsystem_id),
        (96, u32::from(card.revision)),
    ] {
        info[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    info
}

/// The registry of the golden message, entries with this length.
pub fn registry(length: u32) -> Vec<u8> {
    let mut table = words(&[
        0x75, 3, 0x38, 1, 1, length, 0x4c, 1, 1, length, 0x62, 1, 1, length,
    ]);
    table.extend(b"RMSecBusResetEnable\0RMForcePcieConfigSave\0RMDevidCheckIgnore\0");
    table
}

impl Guest {
    /// Memory as a driver leaves it before it starts GSP-RM, which has not done anything yet.
    pub fn new(chip: &str, habits: Habits, faults: Faults) -> Self {
        let mut ram = Ram::default();
        ram.map(LIBOS, PAGE);
        ram.map(RMARGS, PAGE);
        for (slot, (name, address, size)) in [
            ("LOGINIT", LOGINIT, 0x1_0000),
            ("LOGINTR", LOGINTR, 0x1_0000),
            ("LOGRM", LOGRM, 0x1_0000),
            ("RMARGS", RMARGS, PAGE),
        ]
        .into_iter()
        .enumerate()
        {
            let id = name.bytes().fold(0, |id, c| id << 8 | u64::from(c));
            let slot = LIBOS + 32 * slot as u64;
            ram.put(slot, &id.to_le_bytes());
            ram.put(slot + 8, &u64::to_le_bytes(address));
            ram.put(slot + 16, &u64::to_le_bytes(size));
            ram.put(slot + 24, &[1, 1]);
            if name != "RMARGS" {
                ram.map(address, size);
                for page in 0..size / PAGE {
                    let at = address + PAGE * page;
                    ram.put(address + 8 + 8 * page, &at.to_le_bytes());
                }
            }
        }
        let mut args = words(&[QUEUES as u32, 0, 129, 0, 0x1000, 0, 0x4_1000, 0]);
        args.extend(words(&[0, 0, 0, 0, 1]));
        ram.put(RMARGS, &args);
        for page in 0..129 {
            ram.map(Self::queue(page * PAGE), PAGE);
        }
        for page in 0..129 {
            let at = Self::queue(page * PAGE);
            ram.put(QUEUES + 8 * page, &at.to_le_bytes());
        }
        let header = words(&[0, 0x4_0000, 0x1000, 63, 0, 1, 0x20, 0x1000]);
        ram.put(Self::queue(COMMAND), &header);
        Self {
            ram,
            rm: GspRm::start(card(chip), LIBOS, None, habits, faults),
            now: 1000,
            written: 0,
            number: 0,
            read: 0,
            expected: 0,
            sequence: 0,
            effects: Vec::new(),
            registers: BTreeMap::new(),
            skipped: Vec::new(),
        }
    }

    /// Booted, without noise and with an empty sequencer.
    pub fn booted(chip: &str) -> Self {
        let mut guest = Self::new(chip, quiet(), Faults::default());
        guest.boot();
        guest
    }

    /// Bus address of an offset in the queue memory, whose pages are not next to each other.
    pub fn queue(offset: u64) -> u64 {
        QUEUES + 2 * (offset & !(PAGE - 1)) + offset % PAGE
    }

    /// Some time passes; GSP-RM looks around.
    pub fn tick(&mut self, us: u64) {
        self.now += us;
        let effects = self.rm.step(self.now, &mut self.ram);
        self.note(effects);
    }

    fn note(&mut self, effects: Vec<GspEffect>) {
        for effect in &effects {
            if let GspEffect::SetMailbox0(value) = effect {
                self.registers.insert(0x11_0040, *value);
            }
        }
        self.effects.extend(effects);
    }

    pub fn access(&mut self, op: Op, address: u32, value: u32) {
        self.now += 1;
        let access = Access { op, address, value };
        let effects = self.rm.observe(self.now, access, &mut self.ram);
        self.note(effects);
    }

    pub fn write_register(&mut self, address: u32, value: u32) {
        self.registers.insert(address, value);
        self.access(Op::Write, address, value);
    }

    pub fn doorbell(&mut self) {
        self.access(Op::Write, 0x11_0c00, 0);
    }

    /// Copies bytes into the command queue from the next entry on; publishes nothing.
    pub fn place(&mut self, bytes: &[u8]) {
        for (i, piece) in bytes.chunks(PAGE as usize).enumerate() {
            let index = (u64::from(self.written) + i as u64) % 63;
            let entry = Self::queue(COMMAND + PAGE + PAGE * index);
            self.ram.put(entry, piece);
        }
    }

    /// Publishes `entries` more entries.
    pub fn publish(&mut self, entries: u32) {
        self.written = (self.written + entries) % 63;
        let at = Self::queue(COMMAND) + 16;
        self.ram.put(at, &self.written.to_le_bytes());
    }

    /// Sends bytes as one message, padded with zeros.
    pub fn send_raw(&mut self, bytes: &[u8]) {
        let mut padded = bytes.to_vec();
        padded.resize(bytes.len().next_multiple_of(PAGE as usize), 0);
        self.place(&padded);
        self.publish((padded.len() / PAGE as usize) as u32);
        self.number += 1;
        self.doorbell();
    }

    /// Sends one message.
    pub fn send(&mut self, function: u32, payload: &[u8]) {
        let bytes = element(self.number, function, self.sequence, payload);
        self.send_raw(&bytes);
    }

    /// Takes the next message from the status queue, as a strict driver does.
    pub fn receive(&mut self) -> Option<Received> {
        let written = self.ram.u32(Self::queue(STATUS) + 16);
        assert!(written < 63, "write pointer {written}");
        if written == self.read {
            return None;
        }
        let start = Self::queue(STATUS + PAGE + PAGE * u64::from(self.read));
        let length = self.ram.u32(start + 56);
        assert!((32..=65488).contains(&length), "length {length:#x}");
        let entries = (48 + length).div_ceil(4096);
        assert!(entries <= (written + 63 - self.read) % 63, "unpublished");
        let mut bytes = Vec::new();
        for i in 0..entries {
            let index = u64::from((self.read + i) % 63);
            let mut entry = vec![0; PAGE as usize];
            let at = Self::queue(STATUS + PAGE + PAGE * index);
            self.ram.read(at, &mut entry).unwrap();
            bytes.extend(entry);
        }
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        assert_eq!(sum(&bytes), 0, "checksum");
        assert_eq!(word(36), self.expected, "number");
        assert_eq!(word(40), entries, "elemCount");
        assert_eq!((word(48), word(52)), (0x0300_0000, 0x4350_5256));
        self.expected += 1;
        self.read = (self.read + entries) % 63;
        self.ram
            .put(Self::queue(COMMAND) + 32, &self.read.to_le_bytes());
        Some(Received {
            function: word(60),
            result: word(64),
            sequence: word(72),
            payload: bytes[80..48 + length as usize].to_vec(),
        })
    }

    /// Waits for a message of `function`; runs the sequencer on the way.
    pub fn wait_for(&mut self, function: u32) -> Option<Received> {
        for _ in 0..5000 {
            while let Some(message) = self.receive() {
                if message.function == function {
                    return Some(message);
                }
                if message.function == 0x1002 {
                    self.run_sequencer(&message.payload);
                }
                self.skipped.push(message);
            }
            self.tick(1000);
        }
        None
    }

    /// Sends and waits for the answer.
    pub fn call(&mut self, function: u32, payload: &[u8]) -> Received {
        self.send(function, payload);
        self.wait_for(function)
            .unwrap_or_else(|| panic!("no answer to {function}: {:?}", self.effects))
    }

    pub fn settings(&mut self) {
        let info = system_info(&card(self.chip()));
        self.send(72, &info);
        self.send(73, &registry(4));
    }

    pub fn chip(&self) -> &'static str {
        self.rm.card.chip.name
    }

    /// From the first step to GSP_INIT_DONE.
    pub fn boot(&mut self) {
        self.tick(0);
        self.settings();
        self.wait_for(0x1001)
            .unwrap_or_else(|| panic!("no INIT_DONE: {:?}", self.effects));
    }

    /// Does what a sequencer's program says, well-behaved.
    pub fn run_sequencer(&mut self, payload: &[u8]) {
        let word = |at: usize| u32::from_le_bytes(payload[at..at + 4].try_into().unwrap());
        let count = word(4) as usize;
        assert_eq!(payload.len(), 40 + 4 * count, "nothing behind the program");
        assert!(word(0) as usize > count, "buffer size");
        let op = |i: usize| word(40 + 4 * i);
        let mut i = 0;
        while i < count {
            let code = op(i);
            match code {
                0 => self.write_register(op(i + 1), op(i + 2)),
                1 => {
                    let old = self.read_register(op(i + 1));
                    self.write_register(op(i + 1), (old & !op(i + 2)) | op(i + 3));
                }
                2 => {
                    let is = self.read_register(op(i + 1)) & op(i + 2);
                    assert_eq!(is, op(i + 3), "poll of {:#x}", op(i + 1));
                }
                3 => self.now += u64::from(op(i + 1)),
                4 => {
                    assert!(op(i + 2) < 8);
                    self.read_register(op(i + 1));
                }
                5 => {
                    self.reset();
                    self.write_register(0x11_0624, 0x80);
                    self.write_register(0x11_010c, 0);
                }
                6 => {
                    assert!(self.rm.awaits_image());
                    self.write_register(0x11_0100, 2);
                    self.registers.insert(0x11_0040, 0);
                    self.registers.insert(0x11_0100, 0x10);
                }
                7 => assert_eq!(self.read_register(0x11_0100) & 0x10, 0x10),
                8 => self.resume(LIBOS),
                _ => panic!("operation {code}"),
            }
            i += [3, 4, 6, 2, 3, 1, 1, 1, 1][code as usize];
        }
    }

    pub fn read_register(&mut self, address: u32) -> u32 {
        let value = match address {
            0x11_0118 => 2,
            _ => self.registers.get(&address).copied().unwrap_or_default(),
        };
        self.access(Op::Read, address, value);
        value
    }

    pub fn reset(&mut self) {
        self.write_register(0x11_03c0, 1);
        self.write_register(0x11_03c0, 0);
        self.write_register(0x11_0084, 0x1720_00a1);
    }

    pub fn resume(&mut self, mailboxes: u64) {
        self.reset();
        self.write_register(0x11_0040, mailboxes as u32);
        self.write_register(0x11_0044, (mailboxes >> 32) as u32);
        self.write_register(0x84_0100, 2);
    }

    /// Rules broken so far, in order.
    pub fn broken(&self) -> Vec<String> {
        self.effects
            .iter()
            .filter_map(|effect| match effect {
                GspEffect::Complain(complaint) => Some(complaint.rule.id()),
                _ => None,
            })
            .collect()
    }

    /// Asserts that nothing was broken.
    pub fn assert_clean(&self) {
        let complaints: Vec<_> = self
            .effects
            .iter()
            .filter(|effect| matches!(effect, GspEffect::Complain(_)))
            .collect();
        assert!(complaints.is_empty(), "{complaints:?}");
    }

    pub fn faults(&self) -> Vec<&'static str> {
        self.effects
            .iter()
            .filter_map(|effect| match effect {
                GspEffect::Fault(name) => Some(*name),
                _ => None,
            })
            .collect()
    }
}

/// No noise, and nothing for the CPU to do.
pub fn quiet() -> Habits {
    Habits {
        sequencer: crate::gsp_rm::habits::Sequencer::Empty,
        noise: false,
        ..Habits::default()
    }
}
