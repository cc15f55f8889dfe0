// SPDX-License-Identifier: GPL-2.0

//! The ucode table and the descriptors.

use super::{
    rom::{
        cut,
        edited,
        v2,
        with, //
    },
    *, //
};

refused! { find;
    v2_descriptor_size_less_than_itself: with(v2(), &[(0x1102, "3B 00")])
        => Malformed, 0x1102, VbiosError::DescriptorSize(0x3b);
    cut_in_the_descriptor: cut(0x1110)
        => OutOfRange, 0x1114, VbiosError::UcodeOutside;
    v2_secure_code_before_the_code: with(v2(), &[(0x111c, "00 02 00 00")])
        => Malformed, 0x1120, VbiosError::SecureCodeOutside;
    v2_secure_code_too_long: with(v2(), &[(0x1124, "01 02 00 00")])
        => Malformed, 0x1120, VbiosError::SecureCodeOutside;
    v2_secure_code_overflows: with(v2(), &[(0x1124, "FF FF FF FF")])
        => Malformed, 0x1120, VbiosError::SecureCodeOutside;
    v2_data_not_behind_the_code: with(v2(), &[(0x1128, "00 02 00 00")])
        => Malformed, 0x1128, VbiosError::DataNotBehindCode(0x200);
}

accepted! {
    second_production_entry_does_not_count: edited(&[(0x108c, "85"), (0x108e, "FF FF FF 00")]);
    no_signatures: edited(&[(0x1127, "00")]);
    no_signatures_and_no_room_for_them: {
        let mut rom = edited(&[(0x1127, "00"), (0x1102, "2C 00")]);
        rom.copy_within(0x142c..0x1b2c, 0x112c);
        rom
    };
}

#[test]
fn code_and_data_up_to_the_last_byte() {
    let rom = edited(&[(0x1114, "D4 03 00 00")]);
    let fwsec = find(&rom).unwrap();
    assert_eq!(fwsec.ucode(), 0x142c..0x1c00);
    // The data start elsewhere now, so that there is no table where the descriptor says.
    let want = At::new(0x1820, VbiosError::InterfacesVersion(0));
    assert_eq!(refusal(prepare(&rom, 0, frts())), (Kind::Malformed, want));
}

#[test]
fn the_debug_application_is_another_entry() {
    let rom = edited(&[(0x1086, "01")]);
    let mut source = Counting::new(&rom);
    let vbios = Vbios::read(&mut source).unwrap();
    let fwsec = vbios.fwsec(&mut source, Application::FwsecDebug).unwrap();
    assert_eq!(fwsec.offset(), 0x1100);
}

#[test]
fn ucode_may_cross_from_one_image_into_the_next() {
    // A descriptor without signatures in the first FwSec image. What follows it, up to its 0x700
    // bytes, includes the second image's headers.
    let mut rom = edited(&[(0x1088, "00 0A 00 00")]);
    rom.copy_within(0x1100..0x112c, 0xe00);
    let rom = with(rom, &[(0xe02, "2C 00"), (0xe27, "00")]);
    let fwsec = find(&rom).unwrap();
    assert_eq!(fwsec.ucode(), 0xe2c..0x152c);
    assert_eq!(ucode(&rom, &fwsec), rom[0xe2c..0x152c]);
}

#[test]
fn ucode_is_read_at_every_alignment() {
    for shift in 0..8 {
        let mut rom = rom::v3();
        rom.truncate(0x1b2c);
        rom.splice(0x1100..0x1100, vec![0; shift]);
        rom.resize(0x1c00, 0);
        rom[0x1088] = shift as u8;
        let fwsec = find(&rom).unwrap();
        assert_eq!(fwsec.offset(), 0x1100 + shift);
        assert_eq!(ucode(&rom, &fwsec), rom::ucode(), "shifted by {shift}");
        let mut signed = rom::ucode();
        let signatures = fwsec.signatures().unwrap().unwrap();
        let signature = signatures.choose(1).unwrap();
        signature.read(&mut Dump(&rom), &mut signed).unwrap();
        assert_eq!(signed[0x500..0x680], [0xa1; 0x180], "shifted by {shift}");
    }
}

#[test]
fn all_fields_of_both_descriptors() {
    // Each field has a value of its own that passes the checks.
    let rom = edited(&[
        (0x1108, "01 02 03 04"),
        (0x110c, "05 06 07 08"),
        (0x1110, "09 0A 0B 0C"),
        (0x1118, "0D 0E 0F 10"),
        (0x111c, "11 12 13 14"),
        (0x1124, "15 16 17 02 18 19"),
    ]);
    let want = DescriptorV3 {
        pkc_data_offset: 0x0403_0201,
        interface_offset: 0x0807_0605,
        imem_phys_base: 0x0c0b_0a09,
        imem_load_size: 0x300,
        imem_virt_base: 0x100f_0e0d,
        dmem_phys_base: 0x1413_1211,
        dmem_load_size: 0x400,
        engine_id_mask: 0x1615,
        ucode_id: 0x17,
        signature_count: 2,
        signature_versions: 0x1918,
    };
    let fwsec = find(&rom).unwrap();
    assert_eq!((fwsec.v3(), fwsec.v2()), (Some(&want), None));

    let rom = with(
        v2(),
        &[
            (0x1110, "01 02 03 04"),
            (0x1114, "05 06 07 08"),
            (0x111c, "01 00 00 10"),
            (0x1120, "81 00 00 10"),
            (0x1124, "80 02 00 00"),
            (0x112c, "09 0A 0B 0C"),
        ],
    );
    let want = DescriptorV2 {
        interface_offset: 0x0403_0201,
        imem_phys_base: 0x0807_0605,
        imem_load_size: 0x300,
        imem_virt_base: 0x1000_0001,
        imem_sec_base: 0x1000_0081,
        imem_sec_size: 0x280,
        dmem_phys_base: 0x0c0b_0a09,
        dmem_load_size: 0x400,
    };
    let fwsec = find(&rom).unwrap();
    assert_eq!((fwsec.v2(), fwsec.v3()), (Some(&want), None));
}
