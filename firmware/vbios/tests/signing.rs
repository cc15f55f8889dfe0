// SPDX-License-Identifier: GPL-2.0

//! Choosing signatures and putting them into the data.

use super::{
    rom::{
        edited,
        UCODE_SIZE, //
    },
    *, //
};
use crate::booter::FuseBank;

/// Tries a ROM on a card whose fuse register is 0.
fn fuse_0(rom: &[u8]) -> Result<Vec<u8>, At<VbiosError>> {
    prepare(rom, 0, frts())
}

fn no_signature(wanted: u8, versions: u16, count: u8) -> VbiosError {
    VbiosError::NoSignature {
        wanted,
        versions,
        count,
    }
}

/// Which signature a card with that fuse register gets.
fn index(versions: u16, count: u8, fuse: u32) -> Result<usize, At<VbiosError>> {
    let [low, high] = versions.to_le_bytes();
    let rom = edited(&[
        (0x1127, &format!("{count:x}")),
        (0x1128, &format!("{low:x} {high:x}")),
    ]);
    let signatures = find(&rom)?.signatures()?.expect("signatures");
    let signature = signatures.choose(fuse)?;
    Ok((signature.offset() - 0x112c) / SIGNATURE_SIZE)
}

refused! { fuse_0;
    place_one_byte_outside: edited(&[(0x1108, "81 02 00 00")])
        => Malformed, 0x1108, VbiosError::SignaturePlace(0x281);
    place_at_ffffffff: edited(&[(0x1108, "FF FF FF FF")])
        => Malformed, 0x1108, VbiosError::SignaturePlace(0xffff_ffff);
    no_versions_fuse_0: edited(&[(0x1128, "00 00")])
        => Malformed, 0x1128, no_signature(0, 0, 2);
    ucode_id_0: edited(&[(0x1126, "00")]) => Malformed, 0x1126, VbiosError::UcodeId(0);
    ucode_id_17: edited(&[(0x1126, "11")]) => Malformed, 0x1126, VbiosError::UcodeId(17);
    ucode_id_255: edited(&[(0x1126, "FF")]) => Malformed, 0x1126, VbiosError::UcodeId(255);
    engine_mask_0: edited(&[(0x1124, "00 00")]) => Malformed, 0x1124, VbiosError::EngineMask(0);
    engine_mask_of_unknown_engines: edited(&[(0x1124, "FA FB")])
        => Malformed, 0x1124, VbiosError::EngineMask(0xfbfa);
}

refused! { |(versions, count, fuse): &(u16, u8, u32)| index(*versions, *count, *fuse);
    no_versions_fuse_1: (0, 2, 1) => Malformed, 0x1128, no_signature(1, 0, 2);
    no_versions_fuse_ffff: (0, 2, 0xffff) => Malformed, 0x1128, no_signature(16, 0, 2);
    fuse_version_2_of_register_2: (0b11, 2, 2) => Malformed, 0x1128, no_signature(2, 0b11, 2);
    fuse_version_2_of_register_3: (0b11, 2, 3) => Malformed, 0x1128, no_signature(2, 0b11, 2);
    more_versions_than_signatures: (0b111, 2, 2) => Malformed, 0x1128, no_signature(2, 0b111, 2);
    one_signature_for_two_versions: (0b11, 1, 1) => Malformed, 0x1128, no_signature(1, 0b11, 1);
    fuse_version_16: (0xffff, 2, 0x8000) => Malformed, 0x1128, no_signature(16, 0xffff, 2);
    versions_from_1_fuse_0: (0b110, 2, 0) => Malformed, 0x1128, no_signature(0, 0b110, 2);
    versions_from_1_fuse_4: (0b110, 2, 4) => Malformed, 0x1128, no_signature(3, 0b110, 2);
}

#[test]
fn signature_chosen_by_the_highest_fuse() {
    for (name, versions, fuse, want) in [
        ("version 0", 0b11, 0, 0),
        ("version 1", 0b11, 1, 1),
        ("version 1, the first that is there", 0b110, 1, 0),
        ("version 2", 0b110, 2, 1),
        ("version 2 with lower fuses", 0b110, 3, 1),
        ("version 15 alone", 0x8000, 0x4000, 0),
        ("upper half of the register", 0b11, 0xffff_0001, 1),
    ] {
        assert_eq!(index(versions, 2, fuse), Ok(want), "{name}");
    }
}

#[test]
fn fuse_is_named_by_engine_and_ucode_id() {
    for (mask, want) in [
        ("00 04", FuseBank::Gsp),
        ("04 00", FuseBank::Nvdec),
        ("01 00", FuseBank::Sec2),
        ("04 04", FuseBank::Nvdec),
        ("05 04", FuseBank::Sec2),
    ] {
        let fwsec = find(&edited(&[(0x1124, mask)])).unwrap();
        let signatures = fwsec.signatures().unwrap().unwrap();
        assert_eq!((signatures.bank(), signatures.ucode_id()), (want, 9));
    }
}

#[test]
fn signature_may_end_with_the_data() {
    let ucode = fuse_0(&edited(&[(0x1108, "80 02 00 00")])).unwrap();
    assert_eq!(ucode[UCODE_SIZE - SIGNATURE_SIZE..], [0xa0; SIGNATURE_SIZE]);
}

#[test]
fn none_is_needed_without_signatures_or_with_v2() {
    // Not even the fuse's name has to make sense.
    let rom = edited(&[(0x1124, "00 00 00 00")]);
    assert_eq!(find(&rom).unwrap().signatures(), Ok(None));
    assert_eq!(find(&rom::v2()).unwrap().signatures(), Ok(None));
}

#[test]
fn a_signature_changes_exactly_its_place() {
    let rom = rom::v3();
    let fwsec = find(&rom).unwrap();
    let signatures = fwsec.signatures().unwrap().unwrap();
    let signature = signatures.choose(1).unwrap();
    assert_eq!(signature.offset(), 0x12ac);
    assert_eq!(signature.place(), 0x500..0x680);
    let mut want = rom::ucode();
    want[0x500..0x680].fill(0xa1);
    let mut ucode = rom::ucode();
    signature.read(&mut Dump(&rom), &mut ucode).unwrap();
    assert_eq!(ucode, want);
}

#[test]
fn buffers_of_wrong_length_are_refused() {
    let rom = rom::v3();
    let signatures = find(&rom).unwrap().signatures().unwrap().unwrap();
    for len in [0, UCODE_SIZE - 1, UCODE_SIZE + 1] {
        let result = signatures
            .choose(0)
            .unwrap()
            .read(&mut Dump(&rom), &mut vec![0; len]);
        let want = At::new(0x112c, VbiosError::BufferLength(len));
        assert_eq!(result, Err(ReadError::Rom(want)));
    }
}
