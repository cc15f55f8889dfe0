// SPDX-License-Identifier: GPL-2.0

//! Finds the FWSEC program in a ROM, to know what the driver has to load.
//!
//! This is how the card's own firmware would know; nothing here forgives a malformed ROM.

use super::{
    CODE_FWSEC,
    CODE_PCIAT,
    LAST,
    SIGNATURE_SIZE,
    UNIT, //
};

/// Application id of FWSEC in the ucode table.
const FWSEC: u8 = 0x85;

/// How the program is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signing {
    /// Descriptor version 2: by the code itself.
    Inside {
        /// Bytes of code that are not secure; they come first.
        non_secure: usize,
    },
    /// Descriptor version 3: by one of several signatures that the driver puts into data memory.
    Outside {
        /// Offset of the signature in data memory.
        at: u32,
        /// Engines the program may run on.
        engine_mask: u32,
        /// Ucode id.
        ucode_id: u32,
        /// Bit v set: there is a signature for fuse version v.
        versions: u16,
        /// The signatures, in ascending order of version.
        signatures: Vec<Vec<u8>>,
    },
}

/// The program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fwsec {
    /// Instruction memory.
    pub imem: Vec<u8>,
    /// Data memory.
    pub dmem: Vec<u8>,
    /// Offset of the application interface table in data memory.
    pub interface: usize,
    /// Signatures.
    pub signing: Signing,
}

impl Fwsec {
    /// The signature for a fuse version: `None` if the program has none that would do.
    pub fn signature(&self, version: u32) -> Option<&[u8]> {
        let Signing::Outside {
            versions,
            signatures,
            ..
        } = &self.signing
        else {
            return None;
        };
        let bit = 1u16.checked_shl(version)?;
        let index = (versions & (bit - 1)).count_ones() as usize;
        (versions & bit != 0).then(|| signatures.get(index).map(Vec::as_slice))?
    }
}

struct Rom<'a>(&'a [u8]);

impl<'a> Rom<'a> {
    fn bytes(&self, at: usize, len: usize) -> Option<&'a [u8]> {
        self.0.get(at..at.checked_add(len)?)
    }

    fn u8(&self, at: usize) -> Option<u8> {
        self.0.get(at).copied()
    }

    fn u16(&self, at: usize) -> Option<usize> {
        let bytes = self.bytes(at, 2)?;
        Some(usize::from(bytes[0]) | usize::from(bytes[1]) << 8)
    }

    fn u32(&self, at: usize) -> Option<usize> {
        let bytes = self.bytes(at, 4)?;
        // CAST: usize has at least 32 bits wherever this runs.
        Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize)
    }
}

/// The FWSEC program of `rom`, which is what the VBIOS window shows.
pub fn find(rom: &[u8]) -> Option<Fwsec> {
    let flash = Rom(rom);
    let rom = Rom(rom.get(start(&flash)?..)?);
    let (pciat_size, fwsec_start) = images(&rom)?;
    let to_rom = |pointer: usize| Some(pointer.checked_sub(pciat_size)? + fwsec_start);
    let table = to_rom(ucode_table_pointer(&rom, pciat_size)?)?;
    let header = usize::from(rom.u8(table + 1)?);
    let entry_size = usize::from(rom.u8(table + 2)?);
    let entries = usize::from(rom.u8(table + 3)?);
    let entry = (0..entries)
        .map(|i| table + header + i * entry_size)
        .find(|at| rom.u8(*at) == Some(FWSEC))?;
    program(&rom, to_rom(rom.u32(entry + 2)?)?)
}

/// Where the chain of images begins: after an IFR header, if there is one.
fn start(flash: &Rom<'_>) -> Option<usize> {
    if flash.bytes(0, 4)? != b"NVGI" {
        return Some(0);
    }
    match flash.u8(5)? {
        1 | 2 => flash.u32((flash.u16(6)? & 0x7fff) + 4),
        3 => flash.u32(flash.u32(flash.u32(8)? & 0xf_ffff)? + 0x1000 + 8),
        _ => None,
    }
}

/// Size of the PciAt image, which has to come first, and start of the first FwSec image.
fn images(rom: &Rom<'_>) -> Option<(usize, usize)> {
    let mut pciat = None;
    let mut at = 0;
    loop {
        let pcir = at + rom.u16(at + 0x18)?;
        let npde = (pcir + rom.u16(pcir + 0x0a)?).next_multiple_of(16);
        let has_npde = rom.bytes(npde, 4) == Some(b"NPDE");
        let (size, last) = if has_npde {
            (rom.u16(npde + 8)?, rom.u8(npde + 0x0a)?)
        } else {
            (rom.u16(pcir + 0x10)?, rom.u8(pcir + 0x15)?)
        };
        match rom.u8(pcir + 0x14)? {
            CODE_PCIAT if pciat.is_none() => pciat = Some(size * UNIT),
            CODE_FWSEC => return Some((pciat?, at)),
            _ => {}
        }
        if size == 0 || last & LAST != 0 {
            return None;
        }
        at += size * UNIT;
    }
}

fn ucode_table_pointer(rom: &Rom<'_>, pciat_size: usize) -> Option<usize> {
    let pciat = rom.bytes(0, pciat_size)?;
    let bit = pciat
        .windows(6)
        .position(|bytes| bytes == b"\xff\xb8BIT\0")?;
    let header = usize::from(rom.u8(bit + 8)?);
    let token_size = usize::from(rom.u8(bit + 9)?);
    let tokens = usize::from(rom.u8(bit + 10)?);
    let token = (0..tokens)
        .map(|i| bit + header + i * token_size)
        .find(|at| rom.u8(*at) == Some(b'p'))?;
    rom.u32(rom.u16(token + 4)?)
}

fn program(rom: &Rom<'_>, at: usize) -> Option<Fwsec> {
    let blob = at + rom.u16(at + 2)?;
    let word = |offset: usize| rom.u32(at + offset);
    match rom.u8(at + 1)? {
        2 => {
            let imem_size = word(0x18)?;
            Some(Fwsec {
                imem: rom.bytes(blob, imem_size)?.to_vec(),
                dmem: rom.bytes(blob + word(0x28)?, word(0x30)?)?.to_vec(),
                interface: word(0x10)?,
                signing: Signing::Inside {
                    non_secure: imem_size.checked_sub(word(0x24)?)?,
                },
            })
        }
        3 => {
            let imem_size = word(0x14)?;
            let count = usize::from(rom.u8(at + 0x27)?);
            let signatures = (0..count)
                .map(|i| rom.bytes(at + 0x2c + i * SIGNATURE_SIZE, SIGNATURE_SIZE))
                .map(|bytes| bytes.map(<[u8]>::to_vec))
                .collect::<Option<_>>()?;
            Some(Fwsec {
                imem: rom.bytes(blob, imem_size)?.to_vec(),
                dmem: rom.bytes(blob + imem_size, word(0x20)?)?.to_vec(),
                interface: word(0x0c)?,
                signing: Signing::Outside {
                    // CAST: read as 32, 16, 8 and 16 bits.
                    at: word(0x08)? as u32,
                    engine_mask: rom.u16(at + 0x24)? as u32,
                    ucode_id: u32::from(rom.u8(at + 0x26)?),
                    versions: rom.u16(at + 0x28)? as u16,
                    signatures,
                },
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chips::Chip,
        vbios::{
            build,
            ucode,
            with_ifr_v1,
            with_ifr_v3,
            Spec, //
        },
    };

    fn rom(chip: &str) -> Vec<u8> {
        build(&Spec::for_chip(Chip::by_name(chip).unwrap()))
    }

    #[test]
    fn both_descriptors_lead_to_the_ucode() {
        for chip in ["tu102", "ga102"] {
            let fwsec = find(&rom(chip)).unwrap();
            let blob: Vec<_> = fwsec.imem.iter().chain(&fwsec.dmem).copied().collect();
            assert_eq!(blob, ucode(), "{chip}");
            assert_eq!(fwsec.interface, 0x20, "{chip}");
        }
    }

    #[test]
    fn signatures_are_chosen_by_fuse_version() {
        let fwsec = find(&rom("ga102")).unwrap();
        assert_eq!(fwsec.signature(0).unwrap()[0], 0xa0);
        assert_eq!(fwsec.signature(1).unwrap()[0], 0xa1);
        assert_eq!(fwsec.signature(2), None);
        assert_eq!(fwsec.signature(16), None);
        assert_eq!(find(&rom("tu102")).unwrap().signature(0), None);
    }

    #[test]
    fn non_secure_part_of_turing_is_what_the_secure_size_leaves() {
        let fwsec = find(&rom("tu102")).unwrap();
        assert_eq!(fwsec.signing, Signing::Inside { non_secure: 0x100 });
    }

    #[test]
    fn header_in_front_of_the_chain_is_skipped() {
        let plain = find(&rom("ga100")).unwrap();
        assert_eq!(find(&with_ifr_v1(rom("ga100"))), Some(plain.clone()));
        assert_eq!(find(&with_ifr_v3(rom("ga100"))), Some(plain));
    }

    #[test]
    fn rom_without_fwsec_has_none() {
        let rom = rom("ga102");
        assert_eq!(find(&rom[..0x20000]), None);
        assert_eq!(find(&[0xff; 4096]), None);
        assert_eq!(find(&[]), None);
        assert_eq!(find(b"NVGI\0\x09"), None);
    }
}
