// SPDX-License-Identifier: GPL-2.0

//! BIT and its tokens.

use super::{
    rom::edited,
    *, //
};

fn read(rom: &[u8]) -> Vbios {
    Vbios::read(&mut Counting::new(rom)).expect("good images")
}

fn version(rom: &[u8]) -> Result<Option<VbiosVersion>, At<VbiosError>> {
    read(rom)
        .version(&mut Counting::new(rom))
        .map_err(rom_error)
}

/// SYN-V3 with BIT's header at `at`.
fn bit_at(at: usize) -> Vec<u8> {
    let mut rom = rom::v3();
    let bit = rom[0x80..0x8c].to_vec();
    rom[0x80..0x8c].fill(0);
    let end = (at + bit.len()).min(rom::PCI_AT.end);
    rom[at..end].copy_from_slice(&bit[..end - at]);
    rom
}

refused! { find;
    signature_bat: edited(&[(0x82, "42 41 54 00")]) => Malformed, 0, VbiosError::NoBit;
    signature_without_nul: edited(&[(0x85, "01")]) => Malformed, 0, VbiosError::NoBit;
    header_does_not_fit: bit_at(0x7f6) => Malformed, 0x7f6, VbiosError::BitOutside;
    header_ends_with_the_image: bit_at(0x7f4) => Malformed, 0x7fe, VbiosError::TokensOutside(3);
    signature_cut_by_the_images_end: bit_at(0x7fb) => Malformed, 0, VbiosError::NoBit;
    header_size_13: edited(&[(0x88, "0D")]) => NotFound, 0x80, VbiosError::NoToken(b'p');
    header_size_11: edited(&[(0x88, "0B")]) => Malformed, 0x88, VbiosError::BitHeaderSize(11);
    token_size_0: edited(&[(0x89, "00")]) => Malformed, 0x89, VbiosError::TokenSize(0);
    token_size_5: edited(&[(0x89, "05")]) => Malformed, 0x89, VbiosError::TokenSize(5);
    token_size_255: edited(&[(0x89, "FF")]) => NotFound, 0x80, VbiosError::NoToken(b'p');
    no_tokens: edited(&[(0x8a, "00")]) => NotFound, 0x80, VbiosError::NoToken(b'p');
    two_tokens: edited(&[(0x8a, "02")]) => NotFound, 0x80, VbiosError::NoToken(b'p');
    all_255_tokens_are_others: edited(&[(0x8a, "FF"), (0x98, "71")])
        => NotFound, 0x80, VbiosError::NoToken(b'p');
    too_many_tokens: edited(&[(0x89, "09"), (0x8a, "FF"), (0x98, "71")])
        => Malformed, 0x8a, VbiosError::TokensOutside(255);
    falcon_data_version_1: edited(&[(0x99, "01")]) => Malformed, 0x99, VbiosError::TokenVersion(1);
    falcon_data_of_3_bytes: edited(&[(0x9a, "03 00")])
        => Malformed, 0x9a, VbiosError::TokenDataSize(3);
    falcon_data_one_byte_short: edited(&[(0x9c, "FD 07")])
        => Malformed, 0x9c, VbiosError::TokenDataOutside(0x7fd);
    falcon_data_far_outside: edited(&[(0x9c, "FF FF")])
        => Malformed, 0x9c, VbiosError::TokenDataOutside(0xffff);
    falcon_data_nowhere: edited(&[(0x9c, "00 00")])
        => Malformed, 0x9c, VbiosError::TokenDataOutside(0);
    pointer_into_pci_at: edited(&[(0xb0, "FF 07 00 00")])
        => Malformed, 0xb0, VbiosError::PointerOutside(0x7ff);
    pointer_0: edited(&[(0xb0, "00 00 00 00")]) => Malformed, 0xb0, VbiosError::PointerOutside(0);
    pointer_to_the_first_fwsecs_header: edited(&[(0xb0, "00 08 00 00")])
        => Malformed, 0xc00, VbiosError::TableVersion(0x56);
    pointer_three_bytes_before_the_end: edited(&[(0xb0, "FD 17 00 00")])
        => Malformed, 0xb0, VbiosError::PointerOutside(0x17fd);
    pointer_to_the_end: edited(&[(0xb0, "00 18 00 00")])
        => Malformed, 0xb0, VbiosError::PointerOutside(0x1800);
    pointer_ffffffff: edited(&[(0xb0, "FF FF FF FF")])
        => Malformed, 0xb0, VbiosError::PointerOutside(0xffff_ffff);
    pointer_off_by_one: edited(&[(0xb0, "81 0C 00 00")])
        => Malformed, 0x1081, VbiosError::TableVersion(6);
}

accepted! {
    wrong_checksum: edited(&[(0x8b, "55")]);
    second_bit_does_not_count: {
        let mut rom = rom::v3();
        rom.copy_within(0x80..0x8b, 0x400);
        rom
    };
    falcon_data_ends_with_the_image: {
        let mut rom = edited(&[(0x9c, "FC 07")]);
        rom.copy_within(0xb0..0xb4, 0x7fc);
        rom
    };
}

#[test]
fn where_bit_is() {
    let vbios = read(&rom::v3());
    assert_eq!(
        (vbios.bit_offset(), vbios.bit_checksum_matches()),
        (0x80, true)
    );
    assert!(!read(&edited(&[(0x8b, "55")])).bit_checksum_matches());
}

#[test]
fn bit_is_found_at_every_alignment() {
    for at in 0x70..0x80 {
        let mut rom = rom::v3();
        rom.copy_within(0x80..0x9e, at);
        rom[at + 0x1e..0x9e].fill(0);
        assert_eq!(read(&rom).bit_offset(), at);
        let fwsec = find(&rom).unwrap_or_else(|error| panic!("BIT at {at:#x}: {error}"));
        assert_eq!(fwsec.offset(), 0x1100, "BIT at {at:#x}");
    }
}

#[test]
fn version_is_printed_as_by_other_drivers() {
    let version = version(&rom::v3()).unwrap().expect("a version");
    assert_eq!(format!("{version}"), "94.02.42.40.1b");
}

#[test]
fn a_rom_may_have_no_version() {
    assert_eq!(version(&edited(&[(0x92, "6A")])), Ok(None));
    assert_eq!(version(&edited(&[(0x94, "04 00")])), Ok(None));
}

#[test]
fn version_outside_the_image() {
    let want = At::new(0x96, VbiosError::TokenDataOutside(0x7fc));
    assert_eq!(version(&edited(&[(0x96, "FC 07")])), Err(want));
}
