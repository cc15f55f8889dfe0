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
    header_does_not_fit: bit_at(0x7f6)
        => Malformed, 0x7f6, VbiosError::BitOutside;
    header_ends_with_the_image: bit_at(0x7f4)
        => Malformed, 0x7fe, VbiosError::TokensOutside(3);
    signature_cut_by_the_images_end: bit_at(0x7fb)
        => Malformed, 0, VbiosError::NoBit;
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
