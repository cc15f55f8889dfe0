// SPDX-License-Identifier: GPL-2.0

//! A small driver for chips that boot through FSP. Its steps read like the specification, and each
//! can be replaced by a test.

use std::ops::{
    Deref,
    DerefMut, //
};

use crate::{
    boot::{
        dirty::Dirty,
        tests::machine::{
            Machine,
            BOOTLOADER,
            FLUSH_PAGE,
            INIT_DONE,
            LEVEL0,
            LIBOS,
            META,
            RAM,
            SIGNATURE, //
        },
    },
    chips::Chip,
    fsp::tests::firmware::Fmc,
    vram::MIB,
};

pub(super) const GSP: u64 = 0x110000;
pub(super) const PARAMS: u64 = RAM + 0x5000;
pub(super) const FMC: u64 = RAM + 0x3_0000;

/// A machine, and what the driver knows.
pub(super) struct Driver {
    machine: Machine,
    pub(super) fmc: Fmc,
    /// Where this generation says that FSP is ready.
    ready: u64,
    /// Low and high register of the flush page, and a second pair.
    flush: Vec<(u64, u64)>,
}

impl Deref for Driver {
    type Target = Machine;

    fn deref(&self) -> &Machine {
        &self.machine
    }
}

impl DerefMut for Driver {
    fn deref_mut(&mut self) -> &mut Machine {
        &mut self.machine
    }
}

impl Driver {
    pub(super) fn new(chip: &str) -> Self {
        Self::with(chip, &[], None)
    }

    pub(super) fn with_faults(chip: &str, faults: &[&str]) -> Self {
        Self::with(chip, faults, None)
    }

    /// A driver that has looked who the card is, and prepared everything in memory.
    pub(super) fn with(chip: &str, faults: &[&str], dirty: Option<Dirty>) -> Self {
        let fmc = Fmc::new(Chip::by_name(chip).unwrap(), 0x2345);
        let file = fmc.elf();
        let machine = Machine::with_files(chip, faults, dirty, &[("fmc", &file)]);
        let (ready, flush) = match machine.device.chip().name {
            "gh100" => (0x2_00bc, vec![(0x10_0a34, 0x10_0a38)]),
            "gb100" | "gb102" => (
                0x2_00bc,
                vec![(0x87_0e50, 0x87_0e54), (0x87_06c0, 0x87_06c4)],
            ),
            _ => (0xad_00bc, vec![(0x8a_1d58, 0x8a_1d5c)]),
        };
        let mut driver = Self {
            machine,
            fmc,
            ready,
            flush,
        };
        driver.identify();
        driver.set_flush_page(FLUSH_PAGE);
        driver.write_image();
        driver.prepare();
        driver
    }

    /// Who is it, and is FSP ready?
    pub(super) fn identify(&mut self) {
        self.read(0x000);
        self.read(0xa00);
        let ready = self.ready;
        assert_eq!(self.read(ready), 0xff);
    }

    pub(super) fn set_flush_page(&mut self, page: u64) {
        for (lo, hi) in self.flush.clone() {
            self.write(hi, (page >> 32) as u32);
            self.write(lo, page as u32);
        }
    }

    /// Writes what a boot is described by.
    pub(super) fn prepare(&mut self) {
        self.write_libos();
        let image = self.fmc.image.clone();
        self.memory_write(FMC, &image);
        let meta = self.meta();
        self.write_this_meta(&meta);
        let params = Self::params();
        self.write_params(&params);
    }

    /// The description, by dwords.
    pub(super) fn meta(&self) -> [u64; 32] {
        let chip = self.device.chip();
        let is_gh100 = chip.name == "gh100";
        let mut words = [0; 32];
        words[..11].copy_from_slice(&[
            0xdc3a_ae21_371a_60b3,
            1,
            LEVEL0,
            self.firmware.image.len() as u64,
            BOOTLOADER,
            0x1000,
            0,
            0,
            0,
            SIGNATURE,
            4096,
        ]);
        words[13] = if chip.name.starts_with("gb20") {
            0x22_0000
        } else {
            0x20_0000
        };
        // A card with 4 GiB.
        words[16] = 133 * MIB;
        words[20] = MIB;
        words[24] = 0x2_0000;
        words[30] = if is_gh100 { 0 } else { 0x182_0000 << 32 };
        words
    }

    /// FMC's boot parameters, by words.
    pub(super) fn params() -> [u32; 20] {
        let mut words = [0; 20];
        words[2] = 1;
        words[3] = 256;
        words[4] = META as u32;
        words[5] = (META >> 32) as u32;
        words[9] = 1;
        words[10] = 2;
        words[12] = LIBOS as u32;
        words[13] = (LIBOS >> 32) as u32;
        words
    }

    pub(super) fn write_params(&mut self, words: &[u32; 20]) {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.memory_write(PARAMS, &bytes);
    }

    /// The chain of trust message, for a cold boot.
    pub(super) fn packet(&self) -> Vec<u8> {
        self.fmc.packet(self.device.chip(), FMC, PARAMS)
    }

    // FSP ------------------------------------------------------------------------------------

    pub(super) fn send_packet(&mut self, packet: &[u8]) {
        self.write(0x8f_2ac0, 1 << 24);
        for word in packet.chunks(4) {
            self.write(0x8f_2ac4, u32::from_le_bytes(word.try_into().unwrap()));
        }
        self.write(0x8f_2c04, packet.len() as u32 - 4);
        self.write(0x8f_2c00, 0);
    }

    /// Waits for FSP's answer, and returns its error code.
    pub(super) fn answer(&mut self) -> Option<u32> {
        for _ in 0..100 {
            let (head, tail) = (self.read(0x8f_2c80), self.read(0x8f_2c84));
            if head != tail {
                self.write(0x8f_2ac0, 1 << 25);
                let words: Vec<u32> = (0..tail / 4 + 1).map(|_| self.read(0x8f_2ac4)).collect();
                self.write(0x8f_2c84, 0);
                self.write(0x8f_2c80, 0);
                assert_eq!(words[3], 0x14, "answers the chain of trust");
                return Some(words[4]);
            }
            self.tick();
        }
        None
    }

    /// Sends the message, which FSP has to accept.
    pub(super) fn start(&mut self) {
        let packet = self.packet();
        self.send_packet(&packet);
        let code = self.answer();
        assert_eq!(code, Some(0), "{:?}", self.complaints());
    }

    // GSP ------------------------------------------------------------------------------------

    pub(super) fn is_unreadable(config: u32) -> bool {
        config == 0 || config & 0xffff_ff00 == 0xbadf_4100
    }

    /// Waits until the lockdown is released.
    ///
    /// # Errors
    /// FMC's error code; zero if there is no end of it.
    pub(super) fn wait_released(&mut self) -> Result<(), u32> {
        for _ in 0..100 {
            self.tick();
            if Self::is_unreadable(self.read(GSP + 0xf4)) {
                continue;
            }
            let mailbox = [self.read(GSP + 0x40), self.read(GSP + 0x44)];
            let address = u64::from(mailbox[0]) | u64::from(mailbox[1]) << 32;
            if mailbox[0] != 0 && address != PARAMS {
                return Err(mailbox[0]);
            }
            if mailbox[0] == 0 && self.read(GSP + 0xf4) & 1 << 13 == 0 {
                return Ok(());
            }
        }
        Err(0)
    }

    pub(super) fn riscv(&mut self) -> u32 {
        self.read(GSP + 0x1388)
    }

    pub(super) fn wait_halted(&mut self) -> Result<(), ()> {
        for _ in 0..100 {
            if !Self::is_unreadable(self.read(GSP + 0xf4)) && self.riscv() & 0x10 != 0 {
                return Ok(());
            }
            self.tick();
        }
        Err(())
    }

    // All of it ------------------------------------------------------------------------------

    /// Up to the release of the lockdown.
    pub(super) fn start_gsp(&mut self) {
        self.prepare();
        self.start();
        let released = self.wait_released();
        assert_eq!(released, Ok(()), "{:?}", self.complaints());
    }

    pub(super) fn boot(&mut self) {
        self.start_gsp();
        self.write(GSP + 0x80, 0);
        assert_eq!(self.riscv(), 0x80);
        self.send_settings();
        self.wait_for(INIT_DONE)
            .unwrap_or_else(|| panic!("GSP-RM has not booted: {:?}", self.complaints()));
        self.static_info().expect("an answer");
    }

    pub(super) fn unload(&mut self) {
        self.stop(0);
        self.wait_halted().unwrap();
    }
}
