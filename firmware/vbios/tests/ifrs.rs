// SPDX-License-Identifier: GPL-2.0

//! IFR headers.

use super::{
    rom::{
        behind_ifr,
        ifr,
        v3,
        with, //
    },
    *, //
};

refused! { find;
    start_no_multiple_of_512: behind_ifr(1, 0x204, &v3())
        => Malformed, 0x24, VbiosError::RomStart(0x204);
    start_a_multiple_of_16_only: behind_ifr(1, 0x210, &v3())
        => Malformed, 0x24, VbiosError::RomStart(0x210);
    start_not_even_aligned: behind_ifr(1, 0x202, &v3())
        => Malformed, 0x24, VbiosError::RomStart(0x202);
    version_0: behind_ifr(0, 0x200, &v3()) => Malformed, 5, VbiosError::IfrVersion(0);
    version_4: behind_ifr(4, 0x200, &v3()) => Malformed, 5, VbiosError::IfrVersion(4);
    directory_damaged: with(behind_ifr(3, 0x2200, &v3()), &[(0x2003, "45")])
        => Malformed, 0x2000, VbiosError::RomDirectory(0x4552_4652);
    flash_status_ffffffff: with(behind_ifr(3, 0x2200, &v3()), &[(0x40, "FF FF FF FF")])
        => Malformed, 0x40, VbiosError::IfrPointer(0x1_0000_0fff);
    start_behind_the_window: ifr(1, 0x10_0000)
        => Malformed, 0x24, VbiosError::RomStart(0x10_0000);
    start_in_empty_flash: ifr(1, 0xf_fc00)
        => Malformed, 0xf_fc00, VbiosError::RomSignature(0xffff);
    start_too_late_for_headers: ifr(1, 0xf_fe00)
        => Malformed, 0xf_fe00, VbiosError::ImageTooLate;
    fixed_data_size_unaligned: with(ifr(1, 0x200), &[(6, "FE 7F")])
        => Malformed, 4, VbiosError::IfrPointer(0x8002);
    flash_status_at_the_end_of_the_window: with(behind_ifr(3, 0x2200, &v3()), &[(0x40, "00 F0 0F 00")])
        => Malformed, 0x40, VbiosError::IfrPointer(0x10_0000);
    directory_at_the_end_of_the_window: {
        let mut rom = with(behind_ifr(3, 0x2200, &v3()), &[(0x40, "FC EF 0F 00")]);
        rom.resize(WINDOW_SIZE, 0xff);
        with(rom, &[(0xf_fffc, "52 46 52 44")])
    } => Malformed, 0xf_fffc, VbiosError::IfrPointer(0x10_0004);
    start_is_the_ifr_header_itself: ifr(1, 0) => Malformed, 0, VbiosError::RomSignature(0x564e);
}

accepted! {
    version_1: behind_ifr(1, 0x200, &v3());
    version_2: behind_ifr(2, 0x400, &v3());
    version_3: behind_ifr(3, 0x2200, &v3());
    reserved_bits_are_ignored:
        with(behind_ifr(1, 0x200, &v3()), &[(4, "FF 01 20 80")]);
    total_size_has_20_bits:
        with(behind_ifr(3, 0x2200, &v3()), &[(8, "40 00 F0 FF")]);
    rom_at_the_end_of_the_window: behind_ifr(1, 0xf_e400, &v3());
}
