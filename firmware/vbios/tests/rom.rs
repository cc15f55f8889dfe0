// SPDX-License-Identifier: GPL-2.0

//! The ROMs made up for tests, and edits of them.

pub(super) use crate::vbios::made_up::{
    CODE_SIZE,
    DATA_SIZE,
    UCODE_SIZE, //
};
use crate::vbios::made_up::{
    V2_ROM,
    V3_ROM, //
};
use std::{
    format,
    ops::Range,
    string::String,
    vec,
    vec::Vec, //
};

/// The images of the small ROMs.
pub(super) const PCI_AT: Range<usize> = 0..0x800;
pub(super) const EFI: Range<usize> = 0x800..0xc00;
pub(super) const FWSEC_1: Range<usize> = 0xc00..0x1000;
pub(super) const FWSEC_2: usize = 0x1000;

/// The bytes of a line of hexadecimal numbers.
pub(super) fn hex(line: &str) -> Vec<u8> {
    line.split_whitespace()
        .map(|byte| u8::from_str_radix(byte, 16).expect("hexadecimal"))
        .collect()
}

/// Writes each line of `table` into `rom`.
fn write(rom: &mut [u8], table: &str) {
    for line in table.lines().filter(|line| !line.trim().is_empty()) {
        let (at, bytes) = line.split_once(':').expect("offset: bytes");
        let at = usize::from_str_radix(at.trim(), 16).expect("hexadecimal");
        let bytes = hex(bytes);
        rom[at..at + bytes.len()].copy_from_slice(&bytes);
    }
}

/// Code and data of the small ROMs.
pub(super) fn ucode() -> Vec<u8> {
    V3_ROM[0x142c..][..UCODE_SIZE].to_vec()
}

/// SYN-V3: a ROM of a GA102 with 7 KiB.
pub(super) fn v3() -> Vec<u8> {
    V3_ROM.to_vec()
}

/// SYN-V2: a ROM of a TU102 with 6.5 KiB.
pub(super) fn v2() -> Vec<u8> {
    V2_ROM.to_vec()
}

/// SYN-V2 as a ROM of a GA100.
pub(super) fn ga100() -> Vec<u8> {
    let ids = ["0046", "0846", "0C46", "1046"].map(|at| format!("{at}: B0 20"));
    let mut rom = v2();
    write(&mut rom, &ids.join("\n"));
    rom[0x7ff] = 0x93;
    rom
}

/// `rom` with other bytes at some offsets.
pub(super) fn with(mut rom: Vec<u8>, edits: &[(usize, &str)]) -> Vec<u8> {
    let lines: Vec<String> = edits
        .iter()
        .map(|(at, bytes)| format!("{at:x}: {bytes}"))
        .collect();
    write(&mut rom, &lines.join("\n"));
    rom
}

/// SYN-V3 with other bytes at some offsets.
pub(super) fn edited(edits: &[(usize, &str)]) -> Vec<u8> {
    with(v3(), edits)
}

/// SYN-V3 with other bytes at some offsets, and cut there.
pub(super) fn cut(at: usize) -> Vec<u8> {
    let mut rom = v3();
    rom.truncate(at);
    rom
}

/// The images of SYN-V3, as many and in the order that is given.
pub(super) fn images(order: &[Range<usize>]) -> Vec<u8> {
    let rom = v3();
    order
        .iter()
        .flat_map(|range| rom[range.clone()].to_vec())
        .collect()
}

/// The second FwSec image, to be given to [`images`].
pub(super) const FWSEC_2_IMAGE: Range<usize> = FWSEC_2..0x1c00;

/// SYN-V3 whose PciAt has its PCI data structure at `pcir`, and the extension behind that.
pub(super) fn pcir_at(pcir: usize) -> Vec<u8> {
    let mut rom = v3();
    let npde = (pcir + 0x18).next_multiple_of(16);
    rom.copy_within(0x60..0x6c, npde);
    rom.copy_within(0x40..0x58, pcir);
    rom[0x40..0x6c].fill(0);
    rom[0x18..0x1a].copy_from_slice(&(pcir as u16).to_le_bytes());
    rom
}

/// `rom` behind an IFR header of `version`, with its first image at `start`.
pub(super) fn behind_ifr(version: u8, start: u32, rom: &[u8]) -> Vec<u8> {
    let mut all = ifr(version, start);
    all.resize(start as usize, 0);
    all.extend(rom);
    all
}

/// An IFR header of `version` which says that the first image is at `start`.
pub(super) fn ifr(version: u8, start: u32) -> Vec<u8> {
    let mut header = vec![0; 0x2200];
    let [a, b, c, d] = start.to_le_bytes();
    let start = format!("{a:x} {b:x} {c:x} {d:x}");
    if version == 3 {
        write(
            &mut header,
            "0000: 4E 56 47 49 00 03 00 00 40
             0040: 00 10 00 00
             2000: 52 46 52 44",
        );
        write(&mut header, &format!("2008: {start}"));
    } else {
        write(
            &mut header,
            &format!("0: 4E 56 47 49 00 {version:x} 20 00\n24: {start}"),
        );
        header.truncate(0x200);
    }
    header
}

/// A ROM as large as a real card's: 1 MiB, with SYN-V3's or SYN-V2's tables in it.
///
/// PciAt has 64 KiB, with BIT as far inside as given, EFI 128 KiB, the first FwSec image 16 KiB and the
/// second the rest; the code has `code` bytes and the data `data`.
pub(super) fn large(small: &[u8], bit: usize, code: u32, data: u32) -> Vec<u8> {
    const SIZES: [usize; 4] = [0x1_0000, 0x2_0000, 0x4000, 0xc_c000];
    let mut rom = Vec::new();
    let ends = [EFI.start, FWSEC_1.start, FWSEC_2, small.len()];
    for (index, (size, end)) in SIZES.into_iter().zip(ends).enumerate() {
        let start = [0, EFI.start, FWSEC_1.start, FWSEC_2][index];
        let mut image = small[start..end].to_vec();
        image.resize(size, 0);
        let units = ((size / 512) as u16).to_le_bytes();
        image[0x50..0x52].copy_from_slice(&units);
        image[0x68..0x6a].copy_from_slice(&units);
        rom.extend(image);
    }
    // BIT with its tokens and their data, whose offsets are in the tokens.
    rom[0x7ff] = 0;
    rom.copy_within(0x80..0xb4, bit);
    rom[0x80..0xb4].fill(0);
    for token in [0x0c, 0x12, 0x18] {
        let offset = bit + usize::from(rom[bit + token + 4]) - 0x80;
        rom[bit + token + 4..bit + token + 6].copy_from_slice(&(offset as u16).to_le_bytes());
    }
    let put = |rom: &mut [u8], at: usize, value: u32| {
        rom[at..at + 4].copy_from_slice(&value.to_le_bytes());
    };
    let fwsec_2 = SIZES[0] + SIZES[1] + SIZES[2];
    let table = (SIZES[0] + SIZES[2] + 0x80) as u32;
    put(&mut rom, bit + 0x30, table);
    put(&mut rom, fwsec_2 + 0x88, table + 0x80);
    put(&mut rom, fwsec_2 + 0x8e, table + 0x80);
    let descriptor = fwsec_2 + 0x100;
    let is_v3 = rom[descriptor + 1] == 3;
    let ucode = descriptor + if is_v3 { 0x32c } else { 0x3c };
    if is_v3 {
        put(&mut rom, descriptor + 0x14, code);
        put(&mut rom, descriptor + 0x20, data);
    } else {
        put(&mut rom, descriptor + 0x18, code);
        put(&mut rom, descriptor + 0x24, code - 0x100);
        put(&mut rom, descriptor + 0x28, code);
        put(&mut rom, descriptor + 0x30, data);
    }
    let old_data = rom[ucode + CODE_SIZE..ucode + UCODE_SIZE].to_vec();
    rom[ucode + CODE_SIZE..ucode + UCODE_SIZE].fill(0);
    let data_at = ucode + code as usize;
    rom[data_at..data_at + DATA_SIZE].copy_from_slice(&old_data);
    rom
}
