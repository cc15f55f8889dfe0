// SPDX-License-Identifier: GPL-2.0

//! A small driver. Its steps read like the specification, and each can be replaced by a test.

use std::ops::{
    Deref,
    DerefMut, //
};

use super::{
    firmware::{
        Booter,
        BOOTLOADER_CODE, //
    },
    machine::{
        Machine,
        BOOTLOADER,
        FLUSH_PAGE,
        LEVEL0,
        LIBOS,
        META,
        RAM,
        SIGNATURE, //
    },
};
use crate::{
    boot::dirty::Dirty,
    vbios::{
        self,
        fwsec::{
            Fwsec,
            Signing, //
        },
    },
    vram::MIB,
};

pub(crate) const GSP: u64 = 0x110000;
pub(crate) const SEC2: u64 = 0x840000;
/// FWSEC, or a booter.
pub(crate) const UCODE: u64 = RAM + 0x20000;

/// A machine, and what the driver of a chip that boots through SEC2 knows.
pub(crate) struct Driver {
    machine: Machine,
    pub(crate) fwsec: Fwsec,
    pub(crate) by_dma: bool,
    boot_0: u32,
    has_frts: bool,
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
    pub(crate) fn new(chip: &str) -> Self {
        Self::with(chip, &[], None)
    }

    pub(crate) fn with_faults(chip: &str, faults: &[&str]) -> Self {
        Self::with(chip, faults, None)
    }

    pub(crate) fn with(chip: &str, faults: &[&str], dirty: Option<Dirty>) -> Self {
        let machine = Machine::new(chip, faults, dirty);
        let chip = machine.device.chip();
        let mut driver = Self {
            machine,
            fwsec: vbios::fwsec::find(&vbios::build(&vbios::Spec::for_chip(chip))).unwrap(),
            by_dma: chip.family.loads_by_dma(),
            boot_0: chip.id << 20 | 0xa1,
            has_frts: chip.name != "ga100",
        };
        driver.identify();
        driver.write_image();
        driver.write_libos();
        driver
    }

    /// Who is it, has it booted, and here is a flush page.
    pub(crate) fn identify(&mut self) {
        self.identify_only();
        self.set_flush_page(FLUSH_PAGE);
    }

    pub(crate) fn identify_only(&mut self) {
        self.read(0x000);
        self.read(0xa00);
        assert_eq!(self.read(0x118128) & 1, 1);
        assert_eq!(self.read(0x118234), 0xff);
    }

    pub(crate) fn has_frts(&self) -> bool {
        self.has_frts
    }

    pub(crate) fn set_flush_page(&mut self, page: u64) {
        // Turing has the low half only, and all of the page fits it.
        if self.boot_0 >> 24 != 0x16 {
            self.write(0x100c40, (page >> 40) as u32);
        }
        self.write(0x100c10, (page >> 8) as u32);
    }

    // Falcons --------------------------------------------------------------------------------

    /// Asserts and releases reset, and nothing else.
    pub(crate) fn pulse(&mut self, falcon: u64) {
        self.modify(falcon + 0x3c0, 1, 1);
        self.now += 10;
        self.modify(falcon + 0x3c0, 1, 0);
    }

    pub(crate) fn wait_scrubbed(&mut self, falcon: u64) -> Result<(), ()> {
        if self.by_dma {
            self.poll(falcon + 0xf4, 1 << 12, 0)
        } else {
            self.poll(falcon + 0x10c, 6, 0)
        }
    }

    pub(crate) fn reset(&mut self, falcon: u64) {
        if self.by_dma {
            let _ = self.poll(falcon + 0xf4, 1 << 31, 1 << 31);
        }
        self.pulse(falcon);
        self.wait_scrubbed(falcon).unwrap();
        if self.by_dma && self.read(falcon + 0x1668) & 0x10 != 0 {
            self.write(falcon + 0x1668, 0);
            self.poll(falcon + 0x1668, 1, 1).unwrap();
        }
        self.read(0);
        let boot_0 = self.boot_0;
        self.write(falcon + 0x84, boot_0);
    }

    pub(crate) fn allow_dma(&mut self, falcon: u64) {
        self.modify(falcon + 0x624, 0x80, 0x80);
        self.write(falcon + 0x10c, 0);
    }

    /// Starts the core and waits until it halts.
    pub(crate) fn run(&mut self, falcon: u64) -> Result<(), ()> {
        self.start(falcon);
        self.poll(falcon + 0x100, 0x10, 0x10)
    }

    pub(crate) fn start(&mut self, falcon: u64) {
        let alias = self.read(falcon + 0x100) & 0x40 != 0;
        self.write(falcon + if alias { 0x130 } else { 0x100 }, 2);
    }

    pub(crate) fn set_mailboxes(&mut self, falcon: u64, value: u64) {
        self.write(falcon + 0x40, value as u32);
        self.write(falcon + 0x44, (value >> 32) as u32);
    }

    /// Moves `len` bytes at bus address `base + offset` to `destination`.
    pub(crate) fn transfer(
        &mut self,
        falcon: u64,
        (base, offset): (u64, u32),
        destination: u32,
        len: usize,
        command: u32,
    ) {
        self.write(falcon + 0x110, (base >> 8) as u32);
        self.write(falcon + 0x128, (base >> 40) as u32);
        for i in (0..len as u32).step_by(256) {
            self.write(falcon + 0x114, destination + i);
            self.write(falcon + 0x11c, offset + i);
            self.write(falcon + 0x118, command);
            self.poll(falcon + 0x118, 2, 2).expect("transfer finishes");
        }
    }

    pub(crate) fn port_imem(&mut self, falcon: u64, at: u32, tag: u32, secure: bool, code: &[u8]) {
        let secure = if secure { 1 << 28 } else { 0 };
        self.write(falcon + 0x180, at | 1 << 24 | secure);
        for (i, block) in code.chunks(256).enumerate() {
            self.write(falcon + 0x188, tag + i as u32);
            for word in block.chunks(4) {
                self.write(falcon + 0x184, u32::from_le_bytes(word.try_into().unwrap()));
            }
        }
    }

    pub(crate) fn port_dmem(&mut self, falcon: u64, data: &[u8]) {
        self.write(falcon + 0x1c0, 1 << 24);
        for word in data.chunks(4) {
            self.write(falcon + 0x1c4, u32::from_le_bytes(word.try_into().unwrap()));
        }
    }

    pub(crate) fn brom(&mut self, falcon: u64, signature: u32, mask: u32, id: u32) {
        self.write(falcon + 0x1210, signature);
        self.write(falcon + 0x119c, mask);
        self.write(falcon + 0x1198, id);
        self.write(falcon + 0x1180, 1);
    }

    // FWSEC ----------------------------------------------------------------------------------

    /// Start and end of FRTS.
    pub(crate) fn frts(&self) -> (u64, u64) {
        let end = self.device.vram_size() - MIB;
        (end - MIB, end)
    }

    /// Data of FWSEC with a command in it.
    pub(crate) fn command(&self, init: u32, region: Option<(u64, u64)>) -> Vec<u8> {
        let mut data = self.fwsec.dmem.clone();
        let mut words = vec![1u32, 24, 0, 0, 0, 2];
        if let Some((start, end)) = region {
            words.extend([1, 20, (start >> 12) as u32, ((end - start) >> 12) as u32, 2]);
        }
        data[0x6c..0x70].copy_from_slice(&init.to_le_bytes());
        for (i, word) in words.iter().enumerate() {
            data[0x80 + 4 * i..0x84 + 4 * i].copy_from_slice(&word.to_le_bytes());
        }
        if let Signing::Outside { at, .. } = self.fwsec.signing {
            let at = at as usize;
            let signature = self.fwsec.signature(0).unwrap();
            data[at..at + 384].copy_from_slice(signature);
        }
        data
    }

    pub(crate) fn run_frts(&mut self) {
        let data = self.command(0x15, Some(self.frts()));
        self.run_fwsec(&data).unwrap();
        assert_eq!(self.read(GSP + 0x40), 0);
        self.read(GSP + 0x44);
    }

    pub(crate) fn run_sb(&mut self) {
        let data = self.command(0x19, None);
        self.run_fwsec(&data).unwrap();
        assert_eq!(self.read(GSP + 0x40), 0);
    }

    pub(crate) fn run_fwsec(&mut self, data: &[u8]) -> Result<(), ()> {
        self.load_fwsec(data);
        self.write(GSP + 0x40, 0);
        self.run(GSP)
    }

    /// Everything up to the mailboxes.
    pub(crate) fn load_fwsec(&mut self, data: &[u8]) {
        let code = self.fwsec.imem.clone();
        self.memory_write(UCODE, &code);
        let data_at = UCODE + code.len() as u64;
        self.memory_write(data_at, data);
        self.reset(GSP);
        self.allow_dma(GSP);
        if self.by_dma {
            self.modify(GSP + 0x600, 7, 5);
            self.transfer(GSP, (UCODE, 0), 0, code.len(), 0x614);
            self.transfer(GSP, (data_at, 0), 0, data.len(), 0x600);
            self.brom(GSP, 0x200, 0x400, 9);
            self.write(GSP + 0x104, 0);
        } else {
            self.port_imem(GSP, 0xfe00, 0xfd, false, &BOOTLOADER_CODE);
            let descriptor = self.descriptor();
            self.port_dmem(GSP, &descriptor);
            self.write(GSP + 0x104, 0xfd00);
            self.modify(GSP + 0x610, 7, 5);
        }
    }

    /// What the generic bootloader is told.
    pub(crate) fn descriptor(&self) -> Vec<u8> {
        let mut words = [0u32; 21];
        words[8] = 4;
        words[9] = UCODE as u32;
        words[10] = (UCODE >> 32) as u32;
        words[12] = 0x100;
        words[13] = 0x100;
        words[14] = 0x200;
        let data = UCODE + 0x300;
        words[16] = data as u32;
        words[17] = (data >> 32) as u32;
        words[18] = 0x400;
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    // SEC2 -----------------------------------------------------------------------------------

    /// Gives the GSP the libos address, and starts it without code.
    pub(crate) fn hand_over(&mut self) {
        self.reset(GSP);
        self.set_mailboxes(GSP, LIBOS);
        self.run(GSP).unwrap();
        self.read(GSP + 0x40);
        self.read(GSP + 0x44);
    }

    pub(crate) fn run_booter_load(&mut self) -> u32 {
        self.write_meta();
        self.run_booter(true, META)
    }

    pub(crate) fn run_booter_unload(&mut self) -> u32 {
        self.run_booter(false, 0xff_0000_00ff)
    }

    pub(crate) fn run_booter(&mut self, load: bool, mailboxes: u64) -> u32 {
        self.load_booter(SEC2, load);
        self.set_mailboxes(SEC2, mailboxes);
        self.run(SEC2).unwrap();
        self.read(SEC2 + 0x44);
        self.read(SEC2 + 0x40)
    }

    /// The booter's data with the right signature in it.
    pub(crate) fn signed_data(&self, load: bool) -> Vec<u8> {
        let booter = self.booter(load);
        let fuse_asks_for_first = self.boot_0 >> 24 != 0x19;
        let signature = if fuse_asks_for_first {
            booter.signatures.first()
        } else {
            booter.signatures.last()
        };
        let signature = signature.unwrap();
        let mut data = booter.data.clone();
        data[booter.signature_at..booter.signature_at + signature.len()].copy_from_slice(signature);
        data
    }

    pub(crate) fn booter(&self, load: bool) -> &Booter {
        if load {
            &self.firmware.load
        } else {
            &self.firmware.unload
        }
    }

    /// Everything up to the mailboxes.
    pub(crate) fn load_booter(&mut self, falcon: u64, load: bool) {
        let data = self.signed_data(load);
        self.load_booter_with(falcon, load, &data);
    }

    pub(crate) fn load_booter_with(&mut self, falcon: u64, load: bool, data: &[u8]) {
        let booter = self.booter(load);
        let (front, code) = (booter.front.clone(), booter.code.clone());
        let signature_at = booter.signature_at as u32;
        self.reset(falcon);
        self.allow_dma(falcon);
        if self.by_dma {
            let image = [&front[..], &code, data].concat();
            self.memory_write(UCODE, &image);
            self.modify(falcon + 0x600, 7, 5);
            let data_at = UCODE + (front.len() + code.len()) as u64;
            self.transfer(falcon, (UCODE, 0x100), 0, code.len(), 0x614);
            self.transfer(falcon, (data_at, 0), 0, data.len(), 0x600);
            self.brom(falcon, signature_at, 1, 3);
            self.write(falcon + 0x104, 0x100);
        } else {
            self.port_imem(falcon, 0, 0, false, &front);
            self.port_imem(falcon, 0x100, 1, true, &code);
            self.port_dmem(falcon, data);
            self.write(falcon + 0x104, 0);
        }
    }

    // The plan -------------------------------------------------------------------------------

    /// The structure that tells booter where everything goes.
    pub(crate) fn meta(&self) -> [u64; 32] {
        let vram = self.device.vram_size();
        let frts_size = if self.has_frts { MIB } else { 0 };
        let end = vram - MIB;
        let frts = end - frts_size;
        let image_len = self.firmware.image.len() as u64;
        let bootloader = (frts - 0x1000) & !0xfff;
        let image = (bootloader - image_len) & !0xffff;
        let heap = (image - 128 * MIB) & !(MIB - 1);
        let heap_size = (image & !(MIB - 1)) - heap;
        let start = heap - MIB;
        let plain = start - MIB;
        let mut words = [0; 32];
        words[..25].copy_from_slice(&[
            0xdc3a_ae21_371a_60b3,
            1,
            LEVEL0,
            image_len,
            BOOTLOADER,
            0x1000,
            0,
            0,
            0,
            SIGNATURE,
            4096,
            plain,
            plain,
            MIB,
            start,
            heap,
            heap_size,
            image,
            bootloader,
            frts,
            frts_size,
            end,
            vram,
            end,
            MIB,
        ]);
        words
    }

    pub(crate) fn write_meta(&mut self) {
        let meta = self.meta();
        self.write_this_meta(&meta);
    }

    /// Start and end of the region as booter locks it.
    pub(crate) fn region(&self) -> (u64, u64) {
        let meta = self.meta();
        (meta[14], meta[21])
    }

    pub(crate) fn riscv_active(&mut self) -> bool {
        if self.by_dma {
            self.read(GSP + 0x1388) & 0x80 != 0
        } else {
            self.read(GSP + 0x1240) & 1 != 0
        }
    }

    // All of it ------------------------------------------------------------------------------

    pub(crate) fn boot(&mut self) {
        self.start_gsp();
        self.converse()
            .unwrap_or_else(|| panic!("GSP-RM has not booted: {:?}", self.complaints()));
    }

    /// Up to RISC-V active.
    pub(crate) fn start_gsp(&mut self) {
        self.write_libos();
        if self.has_frts {
            self.run_frts();
        }
        self.hand_over();
        assert_eq!(self.run_booter_load(), 0, "{:?}", self.complaints());
        assert!(self.riscv_active());
    }

    pub(crate) fn unload(&mut self) {
        self.stop(0);
        self.run_sb();
        assert_eq!(self.run_booter_unload(), 0, "{:?}", self.complaints());
        assert_eq!(self.read(0x1fa828), 0);
    }
}
