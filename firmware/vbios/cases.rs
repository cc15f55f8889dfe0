// SPDX-License-Identifier: GPL-2.0

//! Made-up ROMs as they are, and what is said of them when single bytes differ.

use super::{
    made_up::{
        UCODE_SIZE,
        V2_ROM,
        V3_ROM, //
    },
    *, //
};
use crate::{
    cases::{
        cases,
        same,
        Text, //
    },
    crc32::crc32, //
};
use core::convert::Infallible;

/// A ROM with other bytes at some offsets.
struct Edited {
    rom: &'static [u8],
    edits: &'static [(usize, &'static str)],
}

impl Edited {
    /// The byte at `at`, if it is edited.
    fn byte(&self, at: usize) -> Option<u8> {
        let edit = |&(start, bytes): &(usize, &'static str)| {
            let byte = bytes.split(' ').nth(at.checked_sub(start)?)?;
            u8::from_str_radix(byte, 16).ok()
        };
        self.edits.iter().rev().find_map(edit)
    }
}

impl RomSource for Edited {
    type Error = Infallible;

    fn read(&mut self, offset: usize, out: &mut [u8]) -> Result<(), Infallible> {
        Dump(self.rom).read(offset, out)?;
        for (at, byte) in out.iter_mut().enumerate() {
            *byte = self.byte(offset + at).unwrap_or(*byte);
        }
        Ok(())
    }
}

fn plain(rom: &'static [u8]) -> Edited {
    Edited { rom, edits: &[] }
}

/// The error of a source that cannot fail.
fn rom_error(error: ReadError<Infallible>) -> At<VbiosError> {
    match error {
        ReadError::Rom(error) => error,
        ReadError::Source(never) => match never {},
    }
}

/// All that is done before FWSEC's code is read.
fn find(mut rom: Edited) -> Result<Fwsec, At<VbiosError>> {
    Vbios::read(&mut rom)
        .and_then(|vbios| vbios.fwsec(&mut rom, Application::FwsecProduction))
        .map_err(rom_error)
}

/// The checksum of what the falcon is given on a card with that fuse, to run `command`.
fn prepared(mut rom: Edited, fuse: u32, command: Command) -> Result<u32, At<VbiosError>> {
    let mut ucode = [0; UCODE_SIZE];
    let fwsec = find(Edited { ..rom })?;
    fwsec.read_ucode(&mut rom, &mut ucode).map_err(rom_error)?;
    fwsec.patch(&mut ucode, command)?;
    if let Some(signatures) = fwsec.signatures()? {
        signatures
            .choose(fuse)?
            .read(&mut rom, &mut ucode)
            .map_err(rom_error)?;
    }
    Ok(crc32(&ucode))
}

cases! { vbios_cases at vbios::cases:
    fn places_in_both_small_roms() {
        for (name, rom, end, ucode) in [
            ("V3", &V3_ROM[..], 0x1c00, 0x142c),
            ("V2", &V2_ROM[..], 0x1a00, 0x113c),
        ] {
            let mut source = plain(rom);
            let vbios = Vbios::read(&mut source).unwrap();
            same!(vbios.pci_at(), 0..0x800, "{name}");
            same!(vbios.fwsec_region(), 0xc00..end, "{name}");
            same!(vbios.bit_offset(), 0x80, "{name}");
            let fwsec = find(source).unwrap();
            same!(fwsec.offset(), 0x1100, "{name}");
            same!(fwsec.ucode(), ucode..ucode + UCODE_SIZE, "{name}");
        }
    }

    fn commands_and_signatures_go_to_their_places() {
        let frts = FrtsRegion::new(0x5_ffe0_0000, 0x10_0000).unwrap();
        for (name, rom, fuse, command, want) in [
            ("FRTS, V2", &V2_ROM[..], 0, Command::Frts(frts), 0xaaf4_92d8),
            ("FRTS, V3, fuse 0", &V3_ROM, 0, Command::Frts(frts), 0xb236_08b2),
            ("FRTS, V3, fuse 1", &V3_ROM, 1, Command::Frts(frts), 0x74df_b593),
            ("SB, V2", &V2_ROM, 0, Command::Sb, 0x41d8_15bd),
            ("SB, V3, fuse 0", &V3_ROM, 0, Command::Sb, 0x591a_8fd7),
            ("SB, V3, fuse 1", &V3_ROM, 1, Command::Sb, 0x9ff3_32f6),
        ] {
            same!(prepared(plain(rom), fuse, command), Ok(want), "{name}");
        }
    }

    fn a_fuse_without_signature_is_told() {
        let error = prepared(plain(&V3_ROM), 4, Command::Sb).unwrap_err();
        same!(
            Text::of(error),
            "no signature for fuse version 3 (2 signatures for versions 0x0003) at offset 0x1128"
        );
    }
}

/// A case for each ROM that is refused: how it differs from SYN-V3, what sort of mistake that is, and where.
macro_rules! refused {
    (
        $list:ident at $($path:ident)::+:
        $($name:ident: $edits:expr => $kind:ident, $offset:expr, $reason:expr;)+
    ) => {
        cases! { $list at $($path)::+:
            $(
                fn $name() {
                    let edited = Edited {
                        rom: &V3_ROM,
                        edits: &$edits,
                    };
                    let error = find(edited).err();
                    same!(error, Some(At::new($offset, $reason)));
                    same!(error.map(|it| it.reason.kind()), Some(Kind::$kind));
                }
            )+
        }
    };
}

pub mod bit {
    //! BIT and its tokens.

    use super::*;

    refused! { vbios_bit_cases at vbios::cases::bit:
        signature_bat: [(0x82, "42 41 54 00")] => Malformed, 0, VbiosError::NoBit;
        signature_without_nul: [(0x85, "01")] => Malformed, 0, VbiosError::NoBit;
        header_size_13: [(0x88, "0D")] => NotFound, 0x80, VbiosError::NoToken(b'p');
        header_size_11: [(0x88, "0B")] => Malformed, 0x88, VbiosError::BitHeaderSize(11);
        token_size_0: [(0x89, "00")] => Malformed, 0x89, VbiosError::TokenSize(0);
        token_size_5: [(0x89, "05")] => Malformed, 0x89, VbiosError::TokenSize(5);
        token_size_255: [(0x89, "FF")] => NotFound, 0x80, VbiosError::NoToken(b'p');
        no_tokens: [(0x8a, "00")] => NotFound, 0x80, VbiosError::NoToken(b'p');
        two_tokens: [(0x8a, "02")] => NotFound, 0x80, VbiosError::NoToken(b'p');
        all_255_tokens_are_others:
            [(0x8a, "FF"), (0x98, "71")]
            => NotFound, 0x80, VbiosError::NoToken(b'p');
        too_many_tokens:
            [(0x89, "09"), (0x8a, "FF"), (0x98, "71")]
            => Malformed, 0x8a, VbiosError::TokensOutside(255);
        falcon_data_version_1: [(0x99, "01")] => Malformed, 0x99, VbiosError::TokenVersion(1);
        falcon_data_of_3_bytes: [(0x9a, "03 00")] => Malformed, 0x9a, VbiosError::TokenDataSize(3);
        falcon_data_one_byte_short:
            [(0x9c, "FD 07")]
            => Malformed, 0x9c, VbiosError::TokenDataOutside(0x7fd);
        falcon_data_far_outside:
            [(0x9c, "FF FF")]
            => Malformed, 0x9c, VbiosError::TokenDataOutside(0xffff);
        falcon_data_nowhere: [(0x9c, "00 00")] => Malformed, 0x9c, VbiosError::TokenDataOutside(0);
        pointer_into_pci_at:
            [(0xb0, "FF 07 00 00")]
            => Malformed, 0xb0, VbiosError::PointerOutside(0x7ff);
        pointer_0: [(0xb0, "00 00 00 00")] => Malformed, 0xb0, VbiosError::PointerOutside(0);
        pointer_to_the_first_fwsecs_header:
            [(0xb0, "00 08 00 00")]
            => Malformed, 0xc00, VbiosError::TableVersion(0x56);
        pointer_three_bytes_before_the_end:
            [(0xb0, "FD 17 00 00")]
            => Malformed, 0xb0, VbiosError::PointerOutside(0x17fd);
        pointer_to_the_end:
            [(0xb0, "00 18 00 00")]
            => Malformed, 0xb0, VbiosError::PointerOutside(0x1800);
        pointer_ffffffff:
            [(0xb0, "FF FF FF FF")]
            => Malformed, 0xb0, VbiosError::PointerOutside(0xffff_ffff);
        pointer_off_by_one:
            [(0xb0, "81 0C 00 00")]
            => Malformed, 0x1081, VbiosError::TableVersion(6);
    }
}

pub mod ucodes {
    //! The ucode table and the descriptors.

    use super::*;

    refused! { vbios_ucodes_cases at vbios::cases::ucodes:
        table_version_2: [(0x1080, "02")] => Malformed, 0x1080, VbiosError::TableVersion(2);
        table_header_size_4:
            [(0x1081, "04")]
            => Malformed, 0x1080, VbiosError::NoApplication(0x85);
        table_header_size_3: [(0x1081, "03")] => Malformed, 0x1081, VbiosError::TableHeaderSize(3);
        table_header_size_255:
            [(0x1081, "FF")]
            => Malformed, 0x1080, VbiosError::NoApplication(0x85);
        entry_size_0: [(0x1082, "00")] => Malformed, 0x1082, VbiosError::TableEntrySize(0);
        entry_size_5: [(0x1082, "05")] => Malformed, 0x1082, VbiosError::TableEntrySize(5);
        no_entries: [(0x1083, "00")] => Malformed, 0x1080, VbiosError::NoApplication(0x85);
        entries_beyond_the_images:
            [(0x1082, "FF FF")]
            => Malformed, 0x1083, VbiosError::TableOutside(255);
        no_production_fwsec:
            [(0x1086, "01")]
            => Malformed, 0x1080, VbiosError::NoApplication(0x85);
        other_applications_only:
            [(0x1086, "05"), (0x108c, "01")]
            => Malformed, 0x1080, VbiosError::NoApplication(0x85);
        descriptor_in_pci_at:
            [(0x1088, "FF 07 00 00")]
            => Malformed, 0x1088, VbiosError::PointerOutside(0x7ff);
        descriptor_of_zeros_43_bytes_before_the_end:
            [(0x1088, "D5 17 00 00")]
            => Malformed, 0x1bd5, VbiosError::DescriptorUnversioned;
        descriptor_43_bytes_before_the_end:
            [(0x1088, "D5 17 00 00"), (0x1bd5, "01 03 2C 00")]
            => Malformed, 0x1088, VbiosError::PointerOutside(0x17d5);
        v2_descriptor_59_bytes_before_the_end:
            [(0x1088, "C5 17 00 00"), (0x1bc5, "01 02 3C 00")]
            => Malformed, 0x1088, VbiosError::PointerOutside(0x17c5);
        descriptor_at_the_end:
            [(0x1088, "00 18 00 00")]
            => Malformed, 0x1088, VbiosError::PointerOutside(0x1800);
        descriptor_at_ffffffff:
            [(0x1088, "FF FF FF FF")]
            => Malformed, 0x1088, VbiosError::PointerOutside(0xffff_ffff);
        descriptor_without_version:
            [(0x1100, "00")]
            => Malformed, 0x1100, VbiosError::DescriptorUnversioned;
        descriptor_version_0:
            [(0x1101, "00")]
            => Malformed, 0x1101, VbiosError::DescriptorVersion(0);
        descriptor_version_1:
            [(0x1101, "01")]
            => Malformed, 0x1101, VbiosError::DescriptorVersion(1);
        descriptor_version_4:
            [(0x1101, "04")]
            => Malformed, 0x1101, VbiosError::DescriptorVersion(4);
        descriptor_size_ffff: [(0x1102, "FF FF")] => OutOfRange, 0x1114, VbiosError::UcodeOutside;
        descriptor_size_less_than_itself:
            [(0x1102, "2B 00"), (0x1127, "00")]
            => Malformed, 0x1102, VbiosError::DescriptorSize(0x2b);
        descriptor_size_without_signatures:
            [(0x1102, "2B 00")]
            => Malformed, 0x1102, VbiosError::DescriptorSize(0x2b);
        descriptor_size_of_one_signature:
            [(0x1102, "AC 01")]
            => Malformed, 0x1102, VbiosError::DescriptorSize(0x1ac);
        code_size_overflows:
            [(0x1114, "FF FF FF FF")]
            => OutOfRange, 0x1114, VbiosError::UcodeOutside;
        code_one_byte_too_long:
            [(0x1114, "D5 03 00 00")]
            => OutOfRange, 0x1114, VbiosError::UcodeOutside;
        signatures_255: [(0x1127, "FF")] => OutOfRange, 0x1100, VbiosError::SignaturesOutside(255);
    }
}
