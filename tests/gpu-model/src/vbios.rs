// SPDX-License-Identifier: GPL-2.0

//! A synthetic VBIOS: an option-ROM chain with everything a driver looks for, of a real card's
//! size, and nothing else that is meaningful.
//!
//! The chain is PciAt, EFI, and two FwSec images. The first FwSec image is a stub; the second
//! holds the falcon ucode table, the FWSEC descriptor, its signatures and a fake ucode. Falcon
//! pointers count as if the first FwSec image followed PciAt directly.

pub mod damage;
pub mod fwsec;

use crate::{
    chips::{
        Chip,
        Family, //
    },
    vram::MIB,
};

/// Image lengths are counted in these.
pub const UNIT: usize = 512;

const HEADER: usize = 0x18;
const PCIR: usize = 0x40;
const NPDE: usize = 0x60;
const BIT: usize = 0x80;
const BIT_DATA: usize = 0xa0;
const UCODE_TABLE: usize = 0x80;
const DESCRIPTOR: usize = 0x100;
const SIGNATURE_SIZE: usize = 0x180;
const SIGNATURES: usize = 2;
const IMEM_SIZE: usize = 0x300;
const DMEM_SIZE: usize = 0x400;
const CODE_PCIAT: u8 = 0x00;
const CODE_EFI: u8 = 0x03;
const CODE_FWSEC: u8 = 0xe0;
const LAST: u8 = 0x80;
const VERSION: [u8; 5] = [0x40, 0x42, 0x02, 0x94, 0x1b];

/// Which FWSEC descriptor the ROM carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Descriptor {
    /// Version 2: Turing and GA100, no signatures.
    V2,
    /// Version 3: GA10x and Ada, signatures chosen by a fuse.
    V3,
}

/// What to build.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// PCI device id.
    pub device: u16,
    /// Descriptor version.
    pub descriptor: Descriptor,
    /// Lengths of PciAt, EFI, first and second FwSec image, in units of 512 bytes.
    pub units: [u16; 4],
    /// Fill what has no meaning with noise, as compressed firmware looks.
    pub noise: bool,
}

impl Spec {
    /// The ROM of `chip`'s board: PciAt of 64 KiB, about 1 MiB in all. It leaves room in front for
    /// an IFR header, and 4 KiB at the end, which some readers want after the last image's start.
    pub fn for_chip(chip: &Chip) -> Self {
        let descriptor = match chip.family {
            Family::Turing | Family::Ga100 => Descriptor::V2,
            _ => Descriptor::V3,
        };
        Self {
            device: chip.device,
            descriptor,
            units: [128, 160, 64, 1664],
            noise: true,
        }
    }

    /// The same ROM with 32 KiB in all, for drivers that read it word by word.
    pub fn short(chip: &Chip) -> Self {
        Self {
            units: [8, 8, 4, 44],
            ..Self::for_chip(chip)
        }
    }

    /// Offsets of the four images, and the end.
    fn offsets(&self) -> [usize; 5] {
        let mut offsets = [0; 5];
        for (i, units) in self.units.iter().enumerate() {
            offsets[i + 1] = offsets[i] + usize::from(*units) * UNIT;
        }
        offsets
    }
}

/// Builds the ROM that `spec` describes.
pub fn build(spec: &Spec) -> Vec<u8> {
    let [pciat, efi, stub, fwsec, end] = spec.offsets();
    let mut rom = Rom(vec![0; end]);
    if spec.noise {
        rom.noise(pciat + 0x100..efi - 1);
        rom.noise(efi + 0x100..stub);
        rom.noise(stub + 0x100..fwsec);
        rom.noise(fwsec + 0x1000..end);
    }
    let logical = |offset: usize| offset - stub + efi;

    // CAST: 128 units at most.
    rom.put(pciat, &[0x55, 0xaa, spec.units[0] as u8, 0xcb]);
    rom.header(spec, 0, pciat, b"PCIR", CODE_PCIAT, 0, 0);
    rom.bit(logical(fwsec + UCODE_TABLE));

    rom.put(efi, &[0x55, 0xaa]);
    rom.put(efi + 2, &spec.units[1].to_le_bytes());
    rom.put(efi + 4, &[0xf1, 0x0e, 0, 0, 0x0b, 0x00, 0x64, 0x86]);
    rom.put(efi + 0x16, &[0x80, 0x00]);
    // The chain that the machine's firmware sees ends here; the driver's goes on.
    rom.header(spec, 1, efi, b"PCIR", CODE_EFI, LAST, 0);

    rom.put(stub, &[0x56, 0x4e]);
    rom.header(spec, 2, stub, b"NPDS", CODE_FWSEC, 0, 0);

    rom.put(fwsec, &[0x56, 0x4e]);
    rom.header(spec, 3, fwsec, b"NPDS", CODE_FWSEC, LAST, LAST);
    rom.ucode(spec, fwsec, logical(fwsec + DESCRIPTOR));

    let sum = rom.0[pciat..efi]
        .iter()
        .fold(0u8, |a, b| a.wrapping_add(*b));
    rom.0[efi - 1] = rom.0[efi - 1].wrapping_sub(sum);
    rom.0
}

/// Puts a version 1 IFR header of 512 bytes in front of `rom`.
pub fn with_ifr_v1(rom: Vec<u8>) -> Vec<u8> {
    let mut out = Rom(vec![0; 0x200]);
    out.put(0x00, b"NVGI\x00\x01\x20\x00");
    out.put(0x24, &0x200u32.to_le_bytes());
    out.0.extend(rom);
    out.0
}

/// Puts a version 3 IFR header with a ROM directory, 0x2200 bytes in all, in front of `rom`.
pub fn with_ifr_v3(rom: Vec<u8>) -> Vec<u8> {
    let mut out = Rom(vec![0; 0x2200]);
    out.put(0x00, b"NVGI\x00\x03\x00\x00\x40\x00\x00\x00");
    out.put(0x40, &0x1000u32.to_le_bytes());
    out.put(0x2000, b"RFRD");
    out.put(0x2008, &0x2200u32.to_le_bytes());
    out.0.extend(rom);
    out.0
}

struct Rom(Vec<u8>);

impl Rom {
    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn put_u32(&mut self, at: usize, value: usize) {
        // CAST: offsets and sizes in a ROM of at most 1 MiB.
        debug_assert!((value as u64) < MIB * 4096);
        self.put(at, &(value as u32).to_le_bytes());
    }

    /// Reproducible noise. It never contains 0xff, so no signature of a table can arise in it.
    fn noise(&mut self, range: std::ops::Range<usize>) {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        for byte in &mut self.0[range] {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            // CAST: below 0xff.
            *byte = (state % 0xff) as u8;
        }
    }

    /// PCI data structure and NVIDIA's extension of image `index`, which starts at `at`.
    #[expect(
        clippy::too_many_arguments,
        reason = "one argument for each field that differs"
    )]
    fn header(
        &mut self,
        spec: &Spec,
        index: usize,
        at: usize,
        signature: &[u8; 4],
        code: u8,
        pcir_last: u8,
        npde_last: u8,
    ) {
        let units = spec.units[index].to_le_bytes();
        let device = spec.device.to_le_bytes();
        self.put(at + HEADER, &[PCIR as u8, 0]);
        let pcir = at + PCIR;
        self.put(pcir, signature);
        self.put(pcir + 4, &[0xde, 0x10, device[0], device[1]]);
        self.put(pcir + 8, &[0, 0, 0x18, 0, 0, 0, 0, 0x03]);
        self.put(
            pcir + 0x10,
            &[units[0], units[1], 1, 0, code, pcir_last, 0, 0],
        );
        let npde = at + NPDE;
        self.put(npde, b"NPDE\x01\x01\x0c\x00");
        self.put(npde + 8, &[units[0], units[1], npde_last, 0]);
    }

    /// BIOS information table with tokens B, i and p; p points to the ucode table.
    fn bit(&mut self, table: usize) {
        let tokens: [(u8, u8, usize); 3] = [
            (b'B', 6, BIT_DATA),
            (b'i', 5, BIT_DATA + 8),
            (b'p', 4, BIT_DATA + 16),
        ];
        self.put(BIT, b"\xff\xb8BIT\0\x00\x01\x0c\x06\x03");
        let sum = self.0[BIT..BIT + 11]
            .iter()
            .fold(0u8, |a, b| a.wrapping_add(*b));
        self.0[BIT + 11] = 0u8.wrapping_sub(sum);
        for (i, (id, size, data)) in tokens.into_iter().enumerate() {
            let [low, high] = (data as u16).to_le_bytes();
            self.put(BIT + 12 + 6 * i, &[id, 2, size, 0, low, high]);
        }
        self.put(
            BIT_DATA,
            &[
                VERSION[0], VERSION[1], VERSION[2], VERSION[3], VERSION[4], 0,
            ],
        );
        self.put(BIT_DATA + 8, &VERSION);
        self.put_u32(BIT_DATA + 16, table);
    }

    /// Ucode table, descriptor, signatures and ucode in the image at `at`.
    fn ucode(&mut self, spec: &Spec, at: usize, descriptor: usize) {
        let size = match spec.descriptor {
            Descriptor::V2 => 0x3c,
            Descriptor::V3 => 0x2c,
        };
        let table = at + UCODE_TABLE;
        // No reader uses the descriptor version here (3); the descriptor has its own.
        self.put(table, &[1, 6, 6, 2, 3, size]);
        for (i, application) in [0x85, 0x45].into_iter().enumerate() {
            self.put(table + 6 + 6 * i, &[application, 1]);
            self.put_u32(table + 8 + 6 * i, descriptor);
        }
        let at = at + DESCRIPTOR;
        let blob = match spec.descriptor {
            Descriptor::V2 => self.descriptor_v2(at),
            Descriptor::V3 => self.descriptor_v3(at),
        };
        self.put(blob, &ucode());
    }

    fn descriptor_v2(&mut self, at: usize) -> usize {
        let size = 0x3c;
        let both = IMEM_SIZE + DMEM_SIZE;
        let fields = [
            (0x00, size << 16 | 0x0201),
            (0x04, both),
            (0x08, both),
            (0x10, 0x20),
            (0x18, IMEM_SIZE),
            (0x20, 0x100),
            (0x24, 0x200),
            (0x28, IMEM_SIZE),
            (0x30, DMEM_SIZE),
            (0x34, IMEM_SIZE),
            (0x38, DMEM_SIZE),
        ];
        for (offset, value) in fields {
            self.put_u32(at + offset, value);
        }
        at + size
    }

    fn descriptor_v3(&mut self, at: usize) -> usize {
        let size = 0x2c + SIGNATURES * SIGNATURE_SIZE;
        let fields = [
            (0x00, size << 16 | 0x0301),
            (0x04, IMEM_SIZE + DMEM_SIZE),
            (0x08, 0x200),
            (0x0c, 0x20),
            (0x14, IMEM_SIZE),
            (0x20, DMEM_SIZE),
            // Engine mask of the GSP, ucode id 9, two signatures.
            (0x24, 0x0209_0400),
            // There are signatures for fuse versions 0 and 1.
            (0x28, 0x0000_0003),
        ];
        for (offset, value) in fields {
            self.put_u32(at + offset, value);
        }
        for i in 0..SIGNATURES {
            let start = at + 0x2c + i * SIGNATURE_SIZE;
            // CAST: two signatures.
            self.0[start..start + SIGNATURE_SIZE].fill(0xa0 + i as u8);
        }
        at + size
    }
}

/// The fake FWSEC: numbered dwords as code; application interface and DMEMMAPPER as data.
pub fn ucode() -> Vec<u8> {
    let mut blob = Rom(vec![0; IMEM_SIZE + DMEM_SIZE]);
    for i in 0..IMEM_SIZE / 4 {
        blob.put_u32(4 * i, 0xc0de_0000 | i);
    }
    let dmem = IMEM_SIZE;
    blob.put(dmem + 0x20, &[1, 4, 8, 2]);
    for (offset, value) in [
        // Interface 1 (devinit) and 4 (DMEMMAPPER), with their places in DMEM.
        (0x24, 1),
        (0x28, 0x10),
        (0x2c, 4),
        (0x30, 0x40),
        // Command in, command out and image data buffers, each with its size.
        (0x48, 0x80),
        (0x4c, 0x40),
        (0x50, 0xc0),
        (0x54, 0x40),
        (0x58, 0x100),
        (0x5c, 0x40),
        // Commands 0x15 (FRTS) and 0x19 (SB) are allowed.
        (0x74, 1 << 0x15 | 1 << 0x19),
    ] {
        blob.put_u32(dmem + offset, value);
    }
    blob.put(dmem + 0x40, b"DMAP\x03\x00\x40\x00");
    blob.0
}

#[cfg(test)]
mod tests;
