// SPDX-License-Identifier: GPL-2.0

//! Published results: the made-up ROMs, and what other drivers' parsers make of them.

use super::{
    rom::{
        behind_ifr,
        ga100,
        ucode as rom_ucode,
        v2,
        v3,
        PCI_AT, //
    },
    *, //
};

/// The sum of the bytes.
fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().copied().fold(0, u8::wrapping_add)
}

#[test]
fn made_up_roms_are_the_published_ones() {
    for (name, rom, want) in [
        (
            "SYN-V3",
            v3(),
            "768afb932e076392d0faef42c7a93bdc56589b93a8c3982c8c7113b8d0f6febc",
        ),
        (
            "SYN-V2 of a TU102",
            v2(),
            "2fd24114b549db31d6e8cd199a961beef2098b53586037060f2774820790a699",
        ),
        (
            "SYN-V2 of a GA100",
            ga100(),
            "7cb4ea85cf96fc81ca807c4831364854254a058693959ac6b864ac9c317979c8",
        ),
        (
            "GA100 behind IFR version 1",
            behind_ifr(1, 0x200, &ga100()),
            "29eee4ec0f951743e16426e62f00664cf3da92382c0a5a5358bf7d99222835ac",
        ),
        (
            "GA100 behind IFR version 3",
            behind_ifr(3, 0x2200, &ga100()),
            "9db76b27887dc47501de32cb15e97187cc786c299f235f76a3e52c1bf4104227",
        ),
        (
            "ucode",
            rom_ucode(),
            "79074375a435c3c24b05b7ba46988e49dcc3e8fa0310515fd969fd919f4f3414",
        ),
    ] {
        assert_eq!(sha256(&rom), want, "{name}");
    }
}

#[test]
fn prepared_ucode_is_what_other_drivers_load() {
    for (name, rom, fuse, command, want) in [
        (
            "FRTS, V2",
            v2(),
            0,
            frts(),
            "74e30bfce2155de7123e1c6dce4020042b58dc1cf817884e6b925a0f2d1225f8",
        ),
        (
            "FRTS, V3, fuse 0",
            v3(),
            0,
            frts(),
            "a95e2d3d0ae70bd36e7eb3b4bcd3e695e5e26fb69d2c8c6341101c64f51d5662",
        ),
        (
            "FRTS, V3, fuse 1",
            v3(),
            1,
            frts(),
            "3893cca5596738cb0ec4f6c0c2bef19cae7c1bc74821645eeccbeb6f3f2416ca",
        ),
        (
            "SB, V2",
            v2(),
            0,
            Command::Sb,
            "3b56ac87698bfd983c4f4119f4a35ee1fc5961a8ed490c28a8b20ea4d450540a",
        ),
        (
            "SB, GA100 behind IFR",
            behind_ifr(3, 0x2200, &ga100()),
            0,
            Command::Sb,
            "3b56ac87698bfd983c4f4119f4a35ee1fc5961a8ed490c28a8b20ea4d450540a",
        ),
        (
            "SB, V3, fuse 0",
            v3(),
            0,
            Command::Sb,
            "769c20631df495ddfcc14c7821fc5eae7ef196b85abbcbe85f7c26f0379b476b",
        ),
        (
            "SB, V3, fuse 1",
            v3(),
            1,
            Command::Sb,
            "411204b507197ee0b97b2fda31cc97dce7d51119c68af0091031ac56c2d18b1e",
        ),
    ] {
        let ucode = prepare(&rom, fuse, command).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(sha256(&ucode), want, "{name}");
    }
}

#[test]
fn places_in_both_small_roms() {
    for (name, rom, end, ucode_at) in [("V3", v3(), 0x1c00, 0x142c), ("V2", v2(), 0x1a00, 0x113c)] {
        let mut source = Counting::new(&rom);
        let vbios = Vbios::read(&mut source).unwrap();
        assert_eq!(vbios.pci_at(), 0..0x800, "{name}");
        assert_eq!(vbios.fwsec_region(), 0xc00..end, "{name}");
        assert_eq!(vbios.bit_offset(), 0x80, "{name}");
        let fwsec = vbios
            .fwsec(&mut source, Application::FwsecProduction)
            .unwrap();
        assert_eq!(fwsec.offset(), 0x1100, "{name}");
        assert_eq!(fwsec.ucode(), ucode_at..ucode_at + 0x700, "{name}");
        assert_eq!(
            ucode(&rom, &fwsec)[..8],
            rom::hex("00 00 DE C0 01 00 DE C0"),
            "{name}"
        );
    }
}

#[test]
fn checksums_of_the_made_up_roms() {
    for rom in [v3(), v2(), ga100()] {
        assert_eq!(sum(&rom[PCI_AT]), 0);
        assert_eq!(sum(&rom[0x80..0x8c]), 0);
    }
}
