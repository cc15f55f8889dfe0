// SPDX-License-Identifier: GPL-2.0

//! Putting commands into the data.

use super::{
    rom::{
        edited,
        CODE_SIZE,
        UCODE_SIZE, //
    },
    *, //
};

fn with_frts(rom: &[u8]) -> Result<Vec<u8>, At<VbiosError>> {
    prepare(rom, 0, frts())
}

fn with_sb(rom: &[u8]) -> Result<Vec<u8>, At<VbiosError>> {
    prepare(rom, 0, Command::Sb)
}

/// SYN-V3 with the DMEMMAPPER at that offset in the data.
fn mapper_at(at: u16) -> Vec<u8> {
    let [low, high] = at.to_le_bytes();
    let mut rom = edited(&[(0x175c, &format!("{low:x} {high:x}"))]);
    rom.copy_within(0x176c..0x17ac, 0x172c + usize::from(at));
    rom
}

refused! { with_frts;
    interfaces_one_byte_outside: edited(&[(0x110c, "FD 03 00 00")])
        => Malformed, 0x110c, VbiosError::InterfacesOutside(0x3fd);
    interfaces_at_the_end: edited(&[(0x110c, "00 04 00 00")])
        => Malformed, 0x110c, VbiosError::InterfacesOutside(0x400);
    interfaces_at_ffffffff: edited(&[(0x110c, "FF FF FF FF")])
        => Malformed, 0x110c, VbiosError::InterfacesOutside(0xffff_ffff);
    interfaces_of_v2_outside: rom::with(rom::v2(), &[(0x1110, "FD 03 00 00")])
        => Malformed, 0x1110, VbiosError::InterfacesOutside(0x3fd);
    interfaces_version_2: edited(&[(0x174c, "02")])
        => Malformed, 0x174c, VbiosError::InterfacesVersion(2);
    interfaces_version_0: edited(&[(0x174c, "00")])
        => Malformed, 0x174c, VbiosError::InterfacesVersion(0);
    interfaces_header_of_3_bytes: edited(&[(0x174d, "03")])
        => Malformed, 0x174d, VbiosError::InterfacesHeaderSize(3);
    no_interfaces: edited(&[(0x174f, "00")]) => Unsupported, 0x174f, VbiosError::NoMapper;
    mapper_not_reached: edited(&[(0x174f, "01")]) => Unsupported, 0x174f, VbiosError::NoMapper;
    interfaces_run_off_the_data: edited(&[(0x174f, "FF"), (0x1758, "05")])
        => Malformed, 0x174f, VbiosError::InterfaceOutside(123);
    interfaces_of_0_bytes: edited(&[(0x174e, "00"), (0x174f, "FF")])
        => Malformed, 0x174e, VbiosError::InterfacesEntrySize(0);
    interfaces_of_7_bytes: edited(&[(0x174e, "07")])
        => Malformed, 0x174e, VbiosError::InterfacesEntrySize(7);
    interfaces_of_255_bytes: edited(&[(0x174e, "FF FF")])
        => Malformed, 0x174f, VbiosError::InterfaceOutside(4);
    mapper_one_byte_outside: edited(&[(0x175c, "C1 03 00 00")])
        => Malformed, 0x175c, VbiosError::MapperOutside(0x3c1);
    mapper_at_ffffffff: edited(&[(0x175c, "FF FF FF FF")])
        => Malformed, 0x175c, VbiosError::MapperOutside(0xffff_ffff);
    nothing_where_the_mapper_should_be: edited(&[(0x175c, "C0 03 00 00")])
        => Malformed, 0x1aec, VbiosError::MapperSignature(0);
    mapper_without_signature: edited(&[(0x176c, "00 00 00 00")])
        => Malformed, 0x176c, VbiosError::MapperSignature(0);
    mapper_version_2: edited(&[(0x1770, "02 00")])
        => Malformed, 0x1770, VbiosError::MapperVersion(2);
    mapper_of_63_bytes: edited(&[(0x1772, "3F 00")])
        => Malformed, 0x1772, VbiosError::MapperSize(63);
    frts_buffer_one_byte_outside: edited(&[(0x1774, "D5 03 00 00")])
        => Malformed, 0x1774, VbiosError::CommandOutside(0x3d5);
    frts_buffer_at_ffffffff: edited(&[(0x1774, "FF FF FF FF")])
        => Malformed, 0x1774, VbiosError::CommandOutside(0xffff_ffff);
    frts_buffer_of_0_bytes: edited(&[(0x1778, "00 00 00 00")])
        => Malformed, 0x1778, VbiosError::CommandBufferSize(0);
    frts_buffer_of_43_bytes: edited(&[(0x1778, "2B 00 00 00")])
        => Malformed, 0x1778, VbiosError::CommandBufferSize(43);
}

refused! { with_sb;
    sb_buffer_one_byte_outside: edited(&[(0x1774, "D5 03 00 00")])
        => Malformed, 0x1774, VbiosError::CommandOutside(0x3d5);
    sb_buffer_at_ffffffff: edited(&[(0x1774, "FF FF FF FF")])
        => Malformed, 0x1774, VbiosError::CommandOutside(0xffff_ffff);
    sb_buffer_of_23_bytes: edited(&[(0x1778, "17 00 00 00")])
        => Malformed, 0x1778, VbiosError::CommandBufferSize(23);
}

#[test]
fn mapper_may_end_with_the_data() {
    let ucode = with_frts(&mapper_at(0x3c0)).unwrap();
    assert_eq!(ucode[CODE_SIZE + 0x3c0 + 0x2c], 0x15);
}

#[test]
fn buffer_may_end_with_the_data() {
    let ucode = with_frts(&edited(&[(0x1774, "D4 03 00 00")])).unwrap();
    assert_eq!(ucode[UCODE_SIZE - 4..], [2, 0, 0, 0]);
}

#[test]
fn buffers_just_long_enough() {
    assert!(with_frts(&edited(&[(0x1778, "2C 00 00 00")])).is_ok());
    assert!(with_sb(&edited(&[(0x1778, "18 00 00 00")])).is_ok());
}

#[test]
fn first_mapper_counts() {
    let rom = edited(&[(0x174f, "03"), (0x1760, "04 00 00 00 FF FF FF FF")]);
    assert!(with_frts(&rom).is_ok());
}

#[test]
fn frts_writes_the_published_bytes() {
    let ucode = with_frts(&rom::v2()).unwrap();
    let want = rom::hex(
        "01 00 00 00 18 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02 00 00 00 01 00 00 00 14 00 00 00
         00 FE 5F 00 00 01 00 00 02 00 00 00",
    );
    assert_eq!(ucode[0x380..0x3ac], want);
    assert_eq!(ucode[0x36c..0x370], [0x15, 0, 0, 0]);
}

#[test]
fn sb_leaves_the_rest_of_the_buffer_alone() {
    let rom = rom::with(rom::v2(), &[(0x14d4, "AA")]);
    let ucode = with_sb(&rom).unwrap();
    assert_eq!(ucode[0x36c..0x370], [0x19, 0, 0, 0]);
    assert_eq!(ucode[0x394..0x398], [2, 0, 0, 0], "the flags");
    assert_eq!(ucode[0x398], 0xaa, "what follows them");
}

#[test]
fn a_refused_command_changes_nothing() {
    let rom = edited(&[(0x1774, "D5 03 00 00")]);
    let fwsec = find(&rom).unwrap();
    let before = ucode(&rom, &fwsec);
    let mut after = before.clone();
    fwsec.patch(&mut after, frts()).unwrap_err();
    assert_eq!(after, before);
}

#[test]
fn buffers_of_wrong_length_are_refused() {
    let rom = rom::v3();
    let fwsec = find(&rom).unwrap();
    for len in [0, UCODE_SIZE - 1, UCODE_SIZE + 1] {
        let mut buffer = vec![0; len];
        let want = At::new(0x142c, VbiosError::BufferLength(len));
        assert_eq!(fwsec.patch(&mut buffer, frts()), Err(want));
        let read = fwsec.read_ucode(&mut Dump(&rom), &mut buffer);
        assert_eq!(read, Err(ReadError::Rom(want)));
    }
}

#[test]
fn regions_frts_can_be_told() {
    let page = 0x1000;
    for (name, address, size, good) in [
        ("at 0", 0, page, true),
        ("1 MiB", 0x5_ffe0_0000, 0x10_0000, true),
        ("the last page", (1 << 44) - page, page, true),
        ("beyond the last page", 1 << 44, page, false),
        ("across the end", (1 << 44) - page, 2 * page, false),
        ("far beyond", u64::MAX - page + 1, page, false),
        ("address misaligned", 0x5_ffe0_0800, 0x10_0000, false),
        ("size misaligned", 0x5_ffe0_0000, 0x10_0800, false),
        ("empty", 0x5_ffe0_0000, 0, false),
        ("everything", 0, 1 << 44, false),
    ] {
        let want = BadFrtsRegion { address, size };
        match FrtsRegion::new(address, size) {
            Ok(_) => assert!(good, "{name}"),
            Err(error) => assert_eq!((error, good), (want, false), "{name}"),
        }
    }
}
