// SPDX-License-Identifier: GPL-2.0

use super::*;
use crate::chips::CHIPS;
use sha2::{
    Digest,
    Sha256, //
};

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

fn small(device: u16, descriptor: Descriptor) -> Vec<u8> {
    let last = match descriptor {
        Descriptor::V2 => 5,
        Descriptor::V3 => 6,
    };
    build(&Spec {
        device,
        descriptor,
        units: [4, 2, 2, last],
        noise: false,
    })
}

fn u16_at(rom: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes([rom[at], rom[at + 1]]))
}

fn u32_at(rom: &[u8], at: usize) -> usize {
    u16_at(rom, at) | u16_at(rom, at + 2) << 16
}

fn count(rom: &[u8], needle: &[u8]) -> usize {
    rom.windows(needle.len())
        .filter(|window| *window == needle)
        .count()
}

/// The images of a chain: offset, length, code type. Panics where the chain is broken.
fn walk(rom: &[u8]) -> Vec<(usize, usize, u8)> {
    let mut images = Vec::new();
    let mut at = 0;
    loop {
        let signature = u16_at(rom, at);
        assert!(
            [0xaa55, 0x4e56].contains(&signature),
            "signature at {at:#x}"
        );
        let pcir = at + u16_at(rom, at + 0x18);
        assert!([b"PCIR", b"NPDS"]
            .iter()
            .any(|s| rom[pcir..].starts_with(*s)));
        let npde = (pcir + u16_at(rom, pcir + 0xa) + 15) & !15;
        assert!(
            npde + 12 <= at + 1024,
            "both structures in the first 1024 bytes"
        );
        assert!(rom[npde..].starts_with(b"NPDE"));
        assert_eq!((u16_at(rom, npde + 4), u16_at(rom, npde + 6)), (0x101, 12));
        let units = u16_at(rom, npde + 8);
        assert_ne!(units, 0);
        assert_eq!(units, u16_at(rom, pcir + 0x10), "both lengths agree");
        images.push((at, units * UNIT, rom[pcir + 0x14]));
        at += units * UNIT;
        if rom[npde + 0xa] & 0x80 != 0 {
            assert_eq!(at, rom.len(), "last image ends the ROM");
            return images;
        }
    }
}

#[test]
fn small_roms_are_byte_exact() {
    let v2 = small(0x20b0, Descriptor::V2);
    for (name, rom, want) in [
        (
            "V3 2204",
            small(0x2204, Descriptor::V3),
            "768afb932e076392d0faef42c7a93bdc56589b93a8c3982c8c7113b8d0f6febc",
        ),
        (
            "V2 1e02",
            small(0x1e02, Descriptor::V2),
            "2fd24114b549db31d6e8cd199a961beef2098b53586037060f2774820790a699",
        ),
        (
            "V2 20b0",
            v2.clone(),
            "7cb4ea85cf96fc81ca807c4831364854254a058693959ac6b864ac9c317979c8",
        ),
        (
            "IFR v1",
            with_ifr_v1(v2.clone()),
            "29eee4ec0f951743e16426e62f00664cf3da92382c0a5a5358bf7d99222835ac",
        ),
        (
            "IFR v3",
            with_ifr_v3(v2),
            "9db76b27887dc47501de32cb15e97187cc786c299f235f76a3e52c1bf4104227",
        ),
        (
            "ucode",
            ucode(),
            "79074375a435c3c24b05b7ba46988e49dcc3e8fa0310515fd969fd919f4f3414",
        ),
    ] {
        assert_eq!(hash(&rom), want, "{name}");
    }
}

#[test]
fn a_short_rom_has_the_same_images_and_the_same_ucode() {
    for chip in CHIPS.iter().filter(|chip| !chip.family.boots_by_fsp()) {
        let name = chip.name;
        let rom = build(&Spec::short(chip));
        assert_eq!(rom.len(), 32 << 10, "{name}");
        let types: Vec<_> = walk(&rom).iter().map(|image| image.2).collect();
        assert_eq!(types, [0x00, 0x03, 0xe0, 0xe0], "{name}");
        let ucode = |rom: &[u8]| {
            let found = fwsec::find(rom).unwrap_or_else(|| panic!("{name}: no FWSEC"));
            (found.imem, found.dmem)
        };
        let long = build(&Spec::for_chip(chip));
        assert_eq!(ucode(&rom), ucode(&long), "{name}");
    }
}

#[test]
fn every_board_has_a_well_formed_rom_of_a_real_cards_size() {
    for chip in CHIPS.iter().filter(|chip| !chip.family.boots_by_fsp()) {
        let name = chip.name;
        let spec = Spec::for_chip(chip);
        let rom = build(&spec);
        let images = walk(&rom);
        let types: Vec<_> = images.iter().map(|image| image.2).collect();
        assert_eq!(types, [0x00, 0x03, 0xe0, 0xe0], "{name}");
        assert_eq!(images[0].1, 64 << 10, "{name}: PciAt is 64 KiB");
        assert!(
            with_ifr_v3(rom.clone()).len() <= 0xff000,
            "{name}: fits the window"
        );
        assert!(rom.len() > 0xf0000, "{name}: about 1 MiB");

        let sum = rom[..images[0].1]
            .iter()
            .fold(0u8, |a, b| a.wrapping_add(*b));
        assert_eq!(sum, 0, "{name}: PciAt checksum");
        assert_eq!(count(&rom, b"\xff\xb8BIT\0"), 1, "{name}: one BIT");
        assert_eq!(count(&rom, b"\xff\x7fNV\0"), 0, "{name}: no BMP");
        let bit = rom.windows(6).position(|w| w == b"\xff\xb8BIT\0").unwrap();
        let sum = rom[bit..bit + 12]
            .iter()
            .fold(0u8, |a, b| a.wrapping_add(*b));
        assert_eq!(sum, 0, "{name}: BIT checksum");
    }
}

#[test]
fn falcon_pointers_lead_to_the_descriptor_and_its_ucode() {
    for chip in CHIPS.iter().filter(|chip| !chip.family.boots_by_fsp()) {
        let name = chip.name;
        let rom = build(&Spec::for_chip(chip));
        let images = walk(&rom);
        let (pciat_size, fwsec) = (images[0].1, images[2].0);
        let physical = |pointer: usize| pointer - pciat_size + fwsec;
        let token = (0..3)
            .map(|i| BIT + 12 + 6 * i)
            .find(|at| rom[*at] == b'p')
            .unwrap();
        assert_eq!(rom[token + 1], 2, "{name}: token version");
        let table = physical(u32_at(&rom, u16_at(&rom, token + 4)));
        assert_eq!(rom[table..table + 4], [1, 6, 6, 2], "{name}");
        let entries = [table + 6, table + 12];
        assert_eq!(entries.map(|at| rom[at]), [0x85, 0x45], "{name}");
        let descriptor = physical(u32_at(&rom, entries[0] + 2));
        let header = u32_at(&rom, descriptor);
        assert_eq!(header & 1, 1, "{name}: descriptor is marked present");
        let want = match Spec::for_chip(chip).descriptor {
            Descriptor::V2 => (2, 0x3c),
            Descriptor::V3 => (3, 0x2c + 2 * 384),
        };
        assert_eq!((header >> 8 & 0xff, header >> 16), want, "{name}");
        let blob = descriptor + (header >> 16);
        assert_eq!(rom[blob..blob + 0x700], ucode(), "{name}");
    }
}

#[test]
fn noise_differs_from_zero_but_not_between_builds() {
    let spec = Spec::for_chip(Chip::by_name("ga102").unwrap());
    let (a, b) = (build(&spec), build(&spec));
    assert_eq!(hash(&a), hash(&b));
    let zeroes = a[0x100..0x1_0000].iter().filter(|byte| **byte == 0).count();
    assert!(zeroes < 0x400, "{zeroes} zero bytes in PciAt");
}
