// SPDX-License-Identifier: GPL-2.0

//! Ways in which the synthetic VBIOS can be broken.

use super::{
    Descriptor,
    Rom,
    Spec,
    BIT,
    DESCRIPTOR,
    DMEM_SIZE,
    IMEM_SIZE,
    NPDE,
    PCIR,
    SIGNATURES,
    SIGNATURE_SIZE,
    UCODE_TABLE,
    UNIT, //
};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Nothing can be read.
    AllOnes,
    /// The end is missing.
    Truncated,
    /// It is no ROM.
    BadSignature,
    /// The first image does not add up.
    BadChecksum,
    /// There is no BIOS information table.
    NoBit,
    /// No image is the last.
    Endless,
    /// The ucode table has no FWSEC.
    FwsecAbsent,
    /// FWSEC has no signature for fuse version 0.
    SignatureMissing,
    /// FWSEC's interface table has no DMEM mapper.
    NoMapper,
    /// FWSEC does not fit.
    TooBig,
}

impl Damage {
    /// Breaks `rom`, which was built from `spec`.
    pub fn apply(self, spec: &Spec, rom: &mut Vec<u8>) {
        let [.., stub, fwsec, end] = spec.offsets();
        let mut image = Rom(std::mem::take(rom));
        let descriptor = fwsec + DESCRIPTOR;
        let header = match spec.descriptor {
            Descriptor::V2 => 0x3c,
            Descriptor::V3 => 0x2c + SIGNATURES * SIGNATURE_SIZE,
        };
        let data = descriptor + header + IMEM_SIZE;
        match self {
            Self::AllOnes => image.0.fill(0xff),
            // Headers and table are there, the program is not.
            Self::Truncated => image.0.truncate(fwsec + UNIT / 2),
            Self::BadSignature => image.put(0, &[0x12, 0x34]),
            Self::BadChecksum => image.0[BIT - 1] ^= 1,
            Self::NoBit => image.put(BIT + 2, b"BAT"),
            Self::Endless => {
                for at in [stub, fwsec] {
                    image.0[at + PCIR + 0x15] = 0;
                    image.0[at + NPDE + 0x0a] = 0;
                }
            }
            Self::FwsecAbsent => image.0[fwsec + UCODE_TABLE + 6] = 0x01,
            Self::SignatureMissing => image.put(descriptor + 0x28, &[0x02, 0x00]),
            Self::NoMapper => image.put(data + 0x2c, &[0x05]),
            Self::TooBig => {
                let size = match spec.descriptor {
                    Descriptor::V2 => 0x30,
                    Descriptor::V3 => 0x20,
                };
                image.put_u32(descriptor + size, end - fwsec + DMEM_SIZE);
            }
        }
        *rom = image.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chips::Chip,
        vbios::{
            build,
            fwsec, //
        },
    };

    fn damaged(chip: &str, damage: Damage) -> Vec<u8> {
        let spec = Spec::for_chip(Chip::by_name(chip).unwrap());
        let mut rom = build(&spec);
        damage.apply(&spec, &mut rom);
        rom
    }

    #[test]
    fn program_cannot_be_found_or_used_any_more() {
        for chip in ["tu102", "ga102"] {
            for damage in [
                Damage::AllOnes,
                Damage::Truncated,
                Damage::NoBit,
                Damage::FwsecAbsent,
                Damage::TooBig,
            ] {
                assert_eq!(
                    fwsec::find(&damaged(chip, damage)),
                    None,
                    "{chip} {damage:?}"
                );
            }
        }
        let unsigned = fwsec::find(&damaged("ga102", Damage::SignatureMissing)).unwrap();
        assert_eq!(unsigned.signature(0), None);
        assert!(unsigned.signature(1).is_some());
    }

    #[test]
    fn each_damage_changes_the_rom() {
        let whole = build(&Spec::for_chip(Chip::by_name("ga102").unwrap()));
        for damage in [
            Damage::BadSignature,
            Damage::BadChecksum,
            Damage::Endless,
            Damage::NoMapper,
        ] {
            assert_ne!(damaged("ga102", damage), whole, "{damage:?}");
        }
        let sum = |rom: &[u8]| rom[..0x10000].iter().fold(0u8, |a, b| a.wrapping_add(*b));
        assert_eq!(sum(&whole), 0);
        assert_ne!(sum(&damaged("ga102", Damage::BadChecksum)), 0);
    }

    #[test]
    fn mapper_is_really_gone() {
        for chip in ["tu102", "ga102"] {
            let fwsec = fwsec::find(&damaged(chip, Damage::NoMapper)).unwrap();
            assert_eq!(fwsec.dmem[0x2c], 5, "{chip}");
        }
    }
}
