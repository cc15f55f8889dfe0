// SPDX-License-Identifier: GPL-2.0

//! A machine with a card in it: memory, accesses, and what drivers of all chips do the same way.

use std::{
    fs::File,
    os::unix::fs::FileExt, //
};

use super::firmware::{
    self,
    Firmware, //
};
use crate::{
    boot::dirty::Dirty,
    chips::Chip,
    device::{
        Device,
        Options, //
    },
    dma::MapRequest,
    gsp_rm::{
        tests::guest::{
            element,
            registry,
            system_info,
            words, //
        },
        CardFacts,
        WprLayout, //
    },
    trace::Trace,
    vram::MIB,
};

/// Guest memory begins here, above 4 GiB so that the upper registers matter.
pub(crate) const RAM: u64 = 0x1_2340_0000;
const RAM_SIZE: u64 = 8 * MIB;
pub(crate) const FLUSH_PAGE: u64 = RAM;
/// Start and size of everything behind the flush page, which is one mapping.
pub(crate) const REST: (u64, u64) = (RAM + 0x1000, RAM_SIZE - 0x1000);
pub(crate) const LIBOS: u64 = RAM + 0x1000;
pub(crate) const META: u64 = RAM + 0x2000;
pub(crate) const SIGNATURE: u64 = RAM + 0x3000;
pub(crate) const BOOTLOADER: u64 = RAM + 0x4000;
pub(crate) const LEVEL0: u64 = RAM + 0x10000;
const LEVEL1: u64 = RAM + 0x11000;
const LEVEL2: u64 = RAM + 0x12000;
pub(crate) const IMAGE: u64 = RAM + 0x10_0000;
const GSP: u64 = 0x110000;
const PAGE: u64 = 4096;
pub(crate) const LOGS: u64 = RAM + 0x40_0000;
const LOG_SIZE: u64 = 0x1_0000;
const RMARGS: u64 = RAM + 0x43_0000;
pub(crate) const QUEUES: u64 = RAM + 0x44_0000;
const COMMAND: u64 = QUEUES + 0x1000;
const STATUS: u64 = QUEUES + 0x4_1000;
pub(crate) const SAVE_META: u64 = RAM + 0x6_0000;
const SAVE_TABLE: u64 = RAM + 0x6_1000;

/// Where the machine's firmware puts the BARs.
const BARS: [u64; 3] = [0xf000_0000, 0x40_0000_0000, 0x50_0000_0000];

/// Numbers of the functions that the tests use.
const SET_SYSTEM_INFO: u32 = 72;
const SET_REGISTRY: u32 = 73;
const STATIC_INFO: u32 = 65;
const UNLOADING: u32 = 47;
pub(crate) const INIT_DONE: u32 = 0x1001;

/// Where both sides are in the queues.
#[derive(Default)]
pub(crate) struct Queues {
    written: u32,
    number: u32,
    read: u32,
}

/// The machine.
pub(crate) struct Machine {
    pub(crate) device: Device,
    pub(crate) firmware: Firmware,
    pub(crate) now: u64,
    ram: File,
    pub(crate) queues: Queues,
    /// Microseconds before each access, in turn.
    pub(crate) delays: std::vec::IntoIter<u64>,
}

impl Machine {
    /// A machine with a card of `chip`, BARs placed and all memory mapped.
    pub(crate) fn new(chip: &str, faults: &[&str], dirty: Option<Dirty>) -> Self {
        Self::with_files(chip, faults, dirty, &[])
    }

    /// The same; `files` are more files that the model finds on disk, by name.
    pub(crate) fn with_files(
        chip: &str,
        faults: &[&str],
        dirty: Option<Dirty>,
        files: &[(&str, &[u8])],
    ) -> Self {
        let chip = Chip::by_name(chip).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let firmware = Firmware::new(chip.name);
        firmware.write(directory.path(), chip.name);
        for (name, bytes) in files {
            firmware::write_file(directory.path(), chip.name, name, bytes);
        }
        let mut options = Options::new(chip);
        options.faults = faults.iter().map(|fault| (*fault).to_owned()).collect();
        options.firmware_dir = Some(directory.path().to_owned());
        options.vram = Some(4096 * MIB);
        options.dirty = dirty;
        let device = Device::new(options, Trace::off()).unwrap();
        let fd = rustix::fs::memfd_create("driver-test", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
        let ram = File::from(fd);
        ram.set_len(RAM_SIZE).unwrap();
        let mut machine = Self {
            device,
            firmware,
            now: 10_000_000,
            ram,
            queues: Queues::default(),
            delays: Vec::new().into_iter(),
        };
        machine.place_bars();
        machine.map(FLUSH_PAGE, 0x1000);
        machine.map(REST.0, REST.1);
        machine.device.config_write(4, &[0x06, 0x00]);
        machine
    }

    pub(crate) fn map(&mut self, address: u64, size: u64) {
        let request = MapRequest {
            address,
            size,
            readable: true,
            writable: true,
            memory: Some((self.ram.try_clone().unwrap(), address - RAM)),
        };
        self.device.dma_map(request).unwrap();
    }

    // Access ---------------------------------------------------------------------------------

    pub(crate) fn read(&mut self, address: u64) -> u32 {
        self.now += 1 + self.delays.next().unwrap_or(0);
        let mut out = [0; 4];
        self.device.bar0_read_at(self.now, address, &mut out);
        u32::from_le_bytes(out)
    }

    pub(crate) fn write(&mut self, address: u64, value: u32) {
        self.now += self.delays.next().unwrap_or(0);
        self.device
            .bar0_write_at(self.now, address, &value.to_le_bytes());
    }

    pub(crate) fn modify(&mut self, address: u64, mask: u32, value: u32) {
        let old = self.read(address);
        self.write(address, old & !mask | value);
    }

    pub(crate) fn poll(&mut self, address: u64, mask: u32, want: u32) -> Result<(), ()> {
        for _ in 0..100 {
            if self.read(address) & mask == want {
                return Ok(());
            }
        }
        Err(())
    }

    pub(crate) fn memory_write(&mut self, address: u64, bytes: &[u8]) {
        self.ram.write_all_at(bytes, address - RAM).unwrap();
    }

    pub(crate) fn memory_read(&self, address: u64, out: &mut [u8]) {
        self.ram.read_exact_at(out, address - RAM).unwrap();
    }

    pub(crate) fn rules(&self) -> Vec<&str> {
        let violations = self.device.recorder.violations();
        violations
            .iter()
            .map(|violation| violation.id.as_str())
            .collect()
    }

    /// What the violations say, for messages.
    pub(crate) fn complaints(&self) -> Vec<&str> {
        let violations = self.device.recorder.violations();
        violations
            .iter()
            .map(|violation| violation.what.as_str())
            .collect()
    }

    /// Lets the device work for a millisecond.
    pub(crate) fn tick(&mut self) {
        self.now += 1000;
        self.device.tick_at(self.now);
    }

    pub(crate) fn wpr2(&mut self) -> (u64, u64) {
        let address = |register: u32| u64::from(register >> 4) << 12;
        (address(self.read(0x1fa824)), address(self.read(0x1fa828)))
    }

    // What the driver puts into memory -------------------------------------------------------

    /// Writes the image with its table, its signature and the bootloader.
    pub(crate) fn write_image(&mut self) {
        let (image, signature) = (self.firmware.image.clone(), self.firmware.signature.clone());
        let bootloader = self.firmware.bootloader.clone();
        self.memory_write(IMAGE, &image);
        self.memory_write(SIGNATURE, &signature);
        self.memory_write(BOOTLOADER, &bootloader);
        self.memory_write(LEVEL0, &LEVEL1.to_le_bytes());
        for i in 0..2u64 {
            self.memory_write(LEVEL1 + 8 * i, &(LEVEL2 + 0x1000 * i).to_le_bytes());
        }
        for i in 0..514u64 {
            self.memory_write(LEVEL2 + 8 * i, &(IMAGE + 0x1000 * i).to_le_bytes());
        }
    }

    pub(crate) fn write_this_meta(&mut self, meta: &[u64; 32]) {
        let bytes: Vec<u8> = meta.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.memory_write(META, &bytes);
    }

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

    pub(crate) fn send(&mut self, function: u32, payload: &[u8]) {
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
    pub(crate) fn receive(&mut self) -> Option<(u32, Vec<u8>)> {
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
        // A broken one may be shorter than its header.
        let message = (word(60), bytes.get(80..end).unwrap_or_default().to_vec());
        self.queues.read = (self.queues.read + word(40)) % 63;
        let read = self.queues.read.to_le_bytes();
        self.memory_write(COMMAND + 32, &read);
        Some(message)
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

    // Conversation ---------------------------------------------------------------------------

    /// What is true about the card.
    pub(crate) fn facts(&self) -> CardFacts {
        let chip = self.device.chip();
        let config = self.device.config();
        CardFacts {
            chip,
            vram: self.device.vram_size(),
            registers: BARS[0],
            framebuffer: BARS[1],
            instance: BARS[2],
            device_id: config.dword(0),
            subsystem_id: config.dword(0x2c),
            revision: 0xa1,
            config_mirror: if chip.family.boots_by_fsp() {
                0x92000
            } else {
                0x88000
            },
            wpr: WprLayout {
                non_wpr_heap_offset: 0,
                frts_offset: 0,
            },
        }
    }

    /// Sends the two commands that come before all others.
    pub(crate) fn send_settings(&mut self) {
        let info = system_info(&self.facts());
        self.send(SET_SYSTEM_INFO, &info);
        self.send(SET_REGISTRY, &registry(4));
    }

    /// Waits for a message of `function`.
    pub(crate) fn wait_for(&mut self, function: u32) -> Option<Vec<u8>> {
        for _ in 0..100 {
            while let Some((number, payload)) = self.receive() {
                if number == function {
                    return Some(payload);
                }
            }
            self.tick();
        }
        None
    }

    /// Asks for the static information.
    pub(crate) fn static_info(&mut self) -> Option<Vec<u8>> {
        self.send(STATIC_INFO, &[0; 1656]);
        self.wait_for(STATIC_INFO)
    }

    /// Tells GSP-RM to stop, and waits for the answer.
    pub(crate) fn tell_to_stop(&mut self) {
        self.tell_to_stop_at(0);
    }

    fn tell_to_stop_at(&mut self, level: u32) {
        self.send(UNLOADING, &words(&[u32::from(level != 0), level]));
        self.wait_for(UNLOADING).expect("an answer");
    }

    /// Has GSP-RM stop; `level` other than 0 suspends it.
    pub(crate) fn stop(&mut self, level: u32) {
        self.tell_to_stop_at(level);
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

    /// Programs the BARs, as the machine's firmware does.
    pub(crate) fn place_bars(&mut self) {
        let offsets = if self.device.chip().family.bar0_is_64bit() {
            [0x10, 0x18, 0x20]
        } else {
            [0x10, 0x14, 0x1c]
        };
        for (offset, address) in offsets.into_iter().zip(BARS) {
            let bytes = address.to_le_bytes();
            self.device.config_write(offset, &bytes[..4]);
            if offset != 0x10 || offsets[1] == 0x18 {
                self.device.config_write(offset + 4, &bytes[4..]);
            }
        }
    }
}
