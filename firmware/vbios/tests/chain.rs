// SPDX-License-Identifier: GPL-2.0

//! The chain of images.

use super::{
    rom::{
        behind_ifr,
        cut,
        edited,
        images,
        pcir_at,
        EFI,
        FWSEC_1,
        FWSEC_2_IMAGE,
        PCI_AT, //
    },
    *, //
};
use CodeType::{
    Efi,
    FwSec,
    Nbsi,
    Other,
    PciAt, //
};

/// The images of a ROM: offset, size, type, whether it is the last.
fn list(rom: &[u8]) -> Vec<(usize, usize, CodeType, bool)> {
    let mut source = Counting::new(rom);
    Images::new(&mut source)
        .expect("no IFR header")
        .map(|image| image.expect("a good image"))
        .map(|image| {
            (
                image.range.start,
                image.range.len(),
                image.code_type,
                image.last,
            )
        })
        .collect()
}

refused! { find;
    all_ones: [0xff; 0x1c00] => Malformed, 0, VbiosError::RomSignature(0xffff);
    all_zeros: [0; 0x1c00] => Malformed, 0, VbiosError::RomSignature(0);
    nothing: Vec::new() => Malformed, 0, VbiosError::RomSignature(0xffff);
    rom_signature_1234: edited(&[(0, "34 12")]) => Malformed, 0, VbiosError::RomSignature(0x1234);
    rom_signature_bb77: edited(&[(0, "77 BB")]) => Malformed, 0, VbiosError::RomSignature(0xbb77);
    pcir_pointer_ffff: edited(&[(0x18, "FF FF")])
        => Malformed, 0x18, VbiosError::PcirOutside(0xffff);
    pcir_pointer_0: edited(&[(0x18, "00 00")])
        => Malformed, 0, VbiosError::PcirSignature(0xcb04_aa55);
    pcir_ends_one_byte_after_the_headers: pcir_at(0x3e9)
        => Malformed, 0x18, VbiosError::PcirOutside(0x3e9);
    pcir_signature_xxxx: edited(&[(0x40, "58 58 58 58")])
        => Malformed, 0x40, VbiosError::PcirSignature(0x5858_5858);
    pcir_signature_rgis: edited(&[(0x40, "52 47 49 53")])
        => Malformed, 0x40, VbiosError::PcirSignature(0x5349_4752);
    pcir_length_0_in_spite_of_npde: edited(&[(0x50, "00 00")])
        => Malformed, 0x50, VbiosError::ImageEmpty;
    pcir_ends_the_chain_without_npde: edited(&[(0x60, "58 58 58 58"), (0x55, "80")])
        => Malformed, 0x800, VbiosError::NoFwSec;
    no_last_image: edited(&[(0x1055, "00"), (0x106a, "00")])
        => Malformed, 0x1c00, VbiosError::RomSignature(0xffff);
    chain_ends_at_efi: edited(&[(0x86a, "80")]) => Malformed, 0xc00, VbiosError::NoFwSec;
    no_pci_at: edited(&[(0x54, "03")]) => Malformed, 0x1c00, VbiosError::NoPciAt;
    nbsi_instead_of_pci_at: edited(&[(0x54, "70")]) => Malformed, 0x800, VbiosError::NoPciAt;
    nbsi_instead_of_efi: edited(&[(0x854, "70")]) => Malformed, 0xc00, VbiosError::NoFwSec;
    no_fwsec: edited(&[(0xc54, "03"), (0x1054, "03")]) => Malformed, 0x1c00, VbiosError::NoFwSec;
    first_fwsec_is_something_else: edited(&[(0xc54, "03")])
        => Malformed, 0x1480, VbiosError::TableVersion(0x15);
    last_image_of_32_mib: edited(&[(0x1068, "FF FF")])
        => Malformed, 0x1000, VbiosError::ImageOutside(0x1ff_fe00);
    rom_ends_512_bytes_after_the_window: edited(&[(0x1068, "F9 07")])
        => Malformed, 0x1000, VbiosError::ImageOutside(0xf_f200);
    last_image_too_small: edited(&[(0x1068, "01 00")])
        => OutOfRange, 0x1114, VbiosError::UcodeOutside;
    cut_before_the_last_image: cut(0x1000) => Malformed, 0x1000, VbiosError::RomSignature(0xffff);
    fwsec_before_pci_at: images(&[FWSEC_1, PCI_AT, EFI, FWSEC_2_IMAGE])
        => Malformed, 0x1c00, VbiosError::NoPciAt;
    pci_at_again_between_fwsecs: images(&[PCI_AT, EFI, FWSEC_1, PCI_AT, FWSEC_2_IMAGE])
        => Malformed, 0x1080, VbiosError::TableVersion(0xff);
}

accepted! {
    unchanged: edited(&[]);
    unchanged_v2: rom::v2();
    rom_signature_4e56: edited(&[(0, "56 4E")]);
    pcir_ends_with_the_headers: pcir_at(0x3e8);
    npde_length_0_leaves_it_to_pcir: edited(&[(0x68, "00 00")]);
    no_npde_leaves_it_to_pcir: edited(&[(0x60, "58 58 58 58")]);
    one_bit_only_says_last: edited(&[(0x6a, "7F")]);
    npde_of_unknown_revision: edited(&[(0x1064, "00 02")]);
    efi_of_unknown_type: edited(&[(0x854, "FF")]);
    second_fwsec_of_unknown_type: edited(&[(0x1054, "55")]);
    rom_ends_with_the_window: edited(&[(0x1068, "F8 07")]);
    no_efi: images(&[PCI_AT, FWSEC_1, FWSEC_2_IMAGE]);
    efi_twice: images(&[PCI_AT, EFI, EFI, FWSEC_1, FWSEC_2_IMAGE]);
    pci_at_twice: images(&[PCI_AT, PCI_AT, EFI, FWSEC_1, FWSEC_2_IMAGE]);
    efi_first: images(&[EFI, PCI_AT, FWSEC_1, FWSEC_2_IMAGE]);
    efi_of_512_bytes: {
        let mut rom = edited(&[(0x850, "01 00"), (0x868, "01 00")]);
        rom.drain(0xa00..0xc00);
        rom
    };
    pcir_length_more_than_npde_length: edited(&[(0x50, "20 00")]);
    pcir_length_more_than_the_window: edited(&[(0x50, "FF 7F")]);
    npde_length_field_10: edited(&[(0x66, "0A 00")]);
    table_in_the_first_fwsec: {
        let mut rom = edited(&[(0xb0, "80 0B 00 00")]);
        rom.copy_within(0x1080..0x1092, 0xf80);
        rom
    };
    chain_ends_with_the_window_without_a_last_image:
        edited(&[(0x1068, "F8 07"), (0x106a, "00")]);
}

#[test]
fn images_of_both_small_roms() {
    let three = [
        (0, 0x800, PciAt, false),
        (0x800, 0x400, Efi, false),
        (0xc00, 0x400, FwSec, false),
    ];
    assert_eq!(
        list(&rom::v3()),
        [&three[..], &[(0x1000, 0xc00, FwSec, true)]].concat()
    );
    assert_eq!(
        list(&rom::v2()),
        [&three[..], &[(0x1000, 0xa00, FwSec, true)]].concat()
    );
}

#[test]
fn images_behind_an_ifr_header() {
    let starts: Vec<_> = list(&behind_ifr(1, 0x200, &rom::ga100()))
        .into_iter()
        .map(|(start, ..)| start)
        .collect();
    assert_eq!(starts, [0x200, 0xa00, 0xe00, 0x1200]);
}

#[test]
fn nbsi_is_last_whatever_its_flags() {
    let rom = edited(&[(0x854, "70"), (0x855, "00"), (0x86a, "00")]);
    assert_eq!(list(&rom)[1..], [(0x800, 0x400, Nbsi, true)]);
}

#[test]
fn npde_length_wins_and_places_the_pointers() {
    // PCIR says 32 units; the falcon pointers are right only if PciAt has 4.
    let rom = edited(&[(0x50, "20 00")]);
    let mut source = Counting::new(&rom);
    let vbios = Vbios::read(&mut source).unwrap();
    assert_eq!(
        (vbios.pci_at(), vbios.fwsec_region()),
        (0..0x800, 0xc00..0x1c00)
    );
}

#[test]
fn npde_outside_the_headers_has_no_length_but_a_flag() {
    // PCIR ends with the headers and NPDE begins behind them: its 99 units do not count, but that it
    // is not the last image does.
    let mut rom = pcir_at(0x3e8);
    assert_eq!(rom[0x400..0x404], *b"NPDE");
    rom[0x408] = 99;
    rom[0x3e8 + 0x15] = 0x80;
    assert_eq!(list(&rom)[0], (0, 0x800, PciAt, false));
}

#[test]
fn npde_outside_the_image_has_a_length_but_no_flag() {
    // The EFI image has 512 bytes and NPDE right behind it, in the next image.
    let mut rom = edited(&[]);
    rom.copy_within(0x840..0x858, 0x9e8);
    rom[0x818..0x81a].copy_from_slice(&[0xe8, 0x01]);
    rom.copy_within(0x860..0x86c, 0xa00);
    rom[0xa08] = 1;
    rom[0xa0a] = 0;
    assert_eq!(rom[0x9e8 + 0x15], 0x80, "PCIR says that it is the last");
    assert_eq!(list(&rom)[1], (0x800, 0x200, Efi, true));
    // With one more unit it is inside the image, and then its flag counts.
    rom[0xa08] = 2;
    let mut source = Counting::new(&rom);
    let efi = Images::new(&mut source).unwrap().nth(1).unwrap().unwrap();
    assert_eq!((efi.range, efi.last), (0x800..0xc00, false));
}

#[test]
fn pcir_outside_its_image_is_refused() {
    // PciAt of one unit, with PCIR in the second.
    let mut rom = pcir_at(0x200);
    let npde = 0x220;
    assert_eq!(rom[npde..npde + 4], *b"NPDE");
    rom[npde + 8] = 1;
    let want = At::new(0x18, VbiosError::PcirOutside(0x200));
    assert_eq!(refusal(find(&rom)), (Kind::Malformed, want));
}

#[test]
fn a_chain_ends_after_2047_images() {
    let rom = edited(&[(0x850, "01 00"), (0x868, "01 00")])[0x800..0xa00].repeat(2048);
    let mut source = Counting::new(&rom);
    let mut images = Images::new(&mut source).unwrap();
    let good = images.by_ref().take_while(Result::is_ok).count();
    assert_eq!((good, images.next()), (2047, None));
    let want = At::new(0xf_fe00, VbiosError::ImageTooLate);
    assert_eq!(refusal(find(&rom)), (Kind::Malformed, want));
}

#[test]
fn unknown_types_are_told() {
    assert_eq!(list(&edited(&[(0x854, "FE")]))[1].2, Other(0xfe));
}
