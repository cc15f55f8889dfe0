// SPDX-License-Identifier: GPL-2.0

//! The driver's part of the conversation with GSP-RM, through registers and guest memory.

use super::driver::{
    Driver,
    GSP,
    LIBOS,
    RAM,
    SEC2, //
};
use crate::gsp_rm::{
    tests::guest::{
        element,
        registry,
        system_info,
        words, //
    },
    CardFacts,
    WprLayout, //
};

const PAGE: u64 = 4096;
pub(crate) const LOGS: u64 = RAM + 0x40_0000;
const LOG_SIZE: u64 = 0x1_0000;
const RMARGS: u64 = RAM + 0x43_0000;
pub(crate) const QUEUES: u64 = RAM + 0x44_0000;
const COMMAND: u64 = QUEUES + 0x1000;
const STATUS: u64 = QUEUES + 0x4_1000;
pub(crate) const SAVE_META: u64 = RAM + 0x6_0000;
const SAVE_TABLE: u64 = RAM + 0x6_1000;

/// Where the machine's firmware puts the BARs: register and address.
const BARS: [(u64, u64); 3] = [
    (0x10, 0xf000_0000),
    (0x14, 0x40_0000_0000),
    (0x1c, 0x50_0000_0000),
];

/// Numbers of the functions that the tests use.
const SET_SYSTEM_INFO: u32 = 72;
const SET_REGISTRY: u32 = 73;
const STATIC_INFO: u32 = 65;
const UNLOADING: u32 = 47;
const RUN_SEQUENCER: u32 = 0x1002;
const INIT_DONE: u32 = 0x1001;

/// Where both sides are in the queues.
#[derive(Default)]
pub(crate) struct Queues {
    written: u32,
    number: u32,
    read: u32,
}

impl Driver {
    /// Writes everything that GSP-RM reads when it starts.
    pub(crate) fn write_libos(&mut self) {
        let mut table = vec![0; PAGE as usize];
        for (slot, (name, address, size)) in [
            ("LOGINIT", LOGS, LOG_SIZE),
            ("LOGINTR", LOGS + LOG_SIZE, LOG_SIZE),
            ("LOGRM", LOGS + 2 * LOG_SIZE, LOG_SIZE),
            ("RMARGS", RMARGS, PAGE),
        ]
        .into_iter()
        .enumerate()
        {
            let id = name.bytes().fold(0u64, |id, c| id << 8 | u64::from(c));
            let at = 32 * slot;
            table[at..at + 8].copy_from_slice(&id.to_le_bytes());
            table[at + 8..at + 16].copy_from_slice(&address.to_le_bytes());
            table[at + 16..at + 24].copy_from_slice(&size.to_le_bytes());
            table[at + 24..at + 26].copy_from_slice(&[1, 1]);
            if name != "RMARGS" {
                let mut log = vec![0; 8];
                log.extend((0..size / PAGE).flat_map(|i| (address + PAGE * i).to_le_bytes()));
                log.resize(size as usize, 0);
                self.memory_write(address, &log);
            }
        }
        self.memory_write(LIBOS, &table);
        let queues = [QUEUES as u32, (QUEUES >> 32) as u32];
        let mut args = words(&[queues[0], queues[1], 129, 0, 0x1000, 0, 0x4_1000, 0]);
        args.extend(words(&[0, 0, 0, 0, 1]));
        args.resize(PAGE as usize, 0);
        self.memory_write(RMARGS, &args);
        self.memory_write(QUEUES, &vec![0; 0x8_1000]);
        for page in 0..129 {
            self.memory_write(QUEUES + 8 * page, &(QUEUES + PAGE * page).to_le_bytes());
        }
        let header = words(&[0, 0x4_0000, 0x1000, 63, 0, 1, 0x20, 0x1000]);
        self.memory_write(COMMAND, &header);
        self.queues = Queues::default();
    }

    fn send(&mut self, function: u32, payload: &[u8]) {
        let mut bytes = element(self.queues.number, function, 0, payload);
        bytes.resize(bytes.len().next_multiple_of(PAGE as usize), 0);
        let entry = COMMAND + PAGE + PAGE * u64::from(self.queues.written);
        self.memory_write(entry, &bytes);
        self.queues.written = (self.queues.written + (bytes.len() / PAGE as usize) as u32) % 63;
        self.queues.number += 1;
        let written = self.queues.written.to_le_bytes();
        self.memory_write(COMMAND + 16, &written);
        self.write(GSP + 0xc00, 0);
    }

    /// The next message, as function and payload. Only short ones come here.
    fn receive(&mut self) -> Option<(u32, Vec<u8>)> {
        let mut word = [0; 4];
        self.memory_read(STATUS + 16, &mut word);
        if u32::from_le_bytes(word) == self.queues.read {
            return None;
        }
        let start = STATUS + PAGE + PAGE * u64::from(self.queues.read);
        let mut bytes = vec![0; PAGE as usize];
        self.memory_read(start, &mut bytes);
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        let end = (48 + word(56) as usize).min(PAGE as usize);
        let message = (word(60), bytes[80..end].to_vec());
        self.queues.read = (self.queues.read + word(40)) % 63;
        let read = self.queues.read.to_le_bytes();
        self.memory_write(COMMAND + 32, &read);
        Some(message)
    }

    /// Lets the device work for a millisecond.
    pub(crate) fn tick(&mut self) {
        self.now += 1000;
        self.device.tick_at(self.now);
    }

    /// Waits for a message of `function`; runs the sequencer on the way.
    pub(crate) fn wait_for(&mut self, function: u32) -> Option<Vec<u8>> {
        for _ in 0..100 {
            while let Some((number, payload)) = self.receive() {
                if number == function {
                    return Some(payload);
                }
                if number == RUN_SEQUENCER && self.run_sequencer(&payload).is_err() {
                    return None;
                }
            }
            self.tick();
        }
        None
    }

    fn facts(&self) -> CardFacts {
        let config = self.device.config();
        CardFacts {
            chip: self.device.chip(),
            vram: self.device.vram_size(),
            registers: BARS[0].1,
            framebuffer: BARS[1].1,
            instance: BARS[2].1,
            device_id: config.dword(0),
            subsystem_id: config.dword(0x2c),
            revision: 0xa1,
            config_mirror: 0x88000,
            wpr: WprLayout {
                non_wpr_heap_offset: 0,
                frts_offset: 0,
            },
        }
    }

    /// From RISC-V active to the static information. `None` if GSP-RM does not say that it has
    /// booted.
    pub(crate) fn converse(&mut self) -> Option<()> {
        let info = system_info(&self.facts());
        self.send(SET_SYSTEM_INFO, &info);
        self.send(SET_REGISTRY, &registry(4));
        self.wait_for(INIT_DONE)?;
        self.send(STATIC_INFO, &[0; 1656]);
        self.wait_for(STATIC_INFO).map(|_| ())
    }

    /// Has GSP-RM stop; `level` other than 0 suspends it.
    pub(crate) fn stop(&mut self, level: u32) {
        self.send(UNLOADING, &words(&[u32::from(level != 0), level]));
        self.wait_for(UNLOADING).expect("an answer");
        for _ in 0..100 {
            self.tick();
            if self.read(GSP + 0x40) == 0x8000_0000 {
                return;
            }
        }
        panic!("the GSP does not say that it has stopped");
    }

    /// Tells GSP-RM's arguments that it is going to be resumed.
    pub(crate) fn tell_resume(&mut self) {
        // oldLevel 3, flags 5, in a transition.
        self.memory_write(RMARGS + 32, &words(&[3, 5, 1]));
    }

    /// Waits for the end of a resume.
    pub(crate) fn resumed(&mut self) -> Option<()> {
        self.wait_for(INIT_DONE).map(|_| ())
    }

    /// Does what a sequencer's program says.
    pub(crate) fn run_sequencer(&mut self, payload: &[u8]) -> Result<(), ()> {
        let word = |i: usize| u32::from_le_bytes(payload[4 * i..4 * i + 4].try_into().unwrap());
        let count = word(1) as usize;
        let op = |i: usize| word(10 + i);
        let mut i = 0;
        while i < count {
            let address = u64::from(if i + 1 < count { op(i + 1) } else { 0 });
            match op(i) {
                0 => self.write(address, op(i + 2)),
                1 => self.modify(address, op(i + 2), op(i + 3)),
                2 => self.poll(address, op(i + 2), op(i + 3))?,
                3 => self.now += u64::from(op(i + 1)),
                4 => {
                    self.read(address);
                }
                5 => {
                    self.reset(GSP);
                    self.allow_dma(GSP);
                }
                6 => self.start(GSP),
                7 => self.poll(GSP + 0x100, 0x10, 0x10)?,
                _ => self.core_resume()?,
            }
            i += [3, 4, 6, 2, 3, 1, 1, 1, 1][op(i) as usize];
        }
        Ok(())
    }

    fn core_resume(&mut self) -> Result<(), ()> {
        self.reset(GSP);
        self.set_mailboxes(GSP, LIBOS);
        self.start(SEC2);
        self.poll(0x1180f8, 1 << 26, 1 << 26)?;
        if self.read(SEC2 + 0x40) != 0 || !self.riscv_active() {
            return Err(());
        }
        Ok(())
    }

    /// Writes a description of where to save, and the table of the pages.
    pub(crate) fn write_save_meta(&mut self) {
        let mut meta = [0u64; 32];
        meta[..4].copy_from_slice(&[0x8a3b_b9e6_c6c3_9d93, 2, SAVE_TABLE, 2 * PAGE]);
        let bytes: Vec<u8> = meta.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.memory_write(SAVE_META, &bytes);
        for (at, entry) in [
            (SAVE_TABLE, SAVE_TABLE + PAGE),
            (SAVE_TABLE + PAGE, SAVE_TABLE + 2 * PAGE),
            (SAVE_TABLE + 2 * PAGE, SAVE_TABLE + 3 * PAGE),
            (SAVE_TABLE + 2 * PAGE + 8, SAVE_TABLE + 4 * PAGE),
        ] {
            self.memory_write(at, &entry.to_le_bytes());
        }
    }

    /// Programs the BARs, as the machine's firmware does.
    pub(crate) fn place_bars(&mut self) {
        for (offset, address) in BARS {
            let bytes = address.to_le_bytes();
            self.device.config_write(offset, &bytes[..4]);
            if offset != 0x10 {
                self.device.config_write(offset + 4, &bytes[4..]);
            }
        }
    }
}
