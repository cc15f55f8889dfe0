// SPDX-License-Identifier: GPL-2.0

use super::{
    board::{
        build,
        Choices, //
    },
    *,
};
use crate::chips::{
    BoardClass,
    Chip,
    Family,
    CHIPS, //
};

fn config(chip: &str) -> ConfigSpace {
    build(Chip::by_name(chip).unwrap(), Choices::default())
}

fn every_board() -> impl Iterator<Item = (&'static Chip, ConfigSpace)> {
    CHIPS
        .iter()
        .map(|chip| (chip, build(chip, Choices::default())))
}

fn write_dword(config: &mut ConfigSpace, offset: u64, value: u32) -> Vec<Effect> {
    config.write(offset, &value.to_le_bytes())
}

/// Length in bytes of the capability with header `dword`.
fn capability_len(dword: u32) -> u32 {
    match dword & 0xff {
        0x00 => 4,
        0x01 => 8,
        0x05 if dword >> 24 & 1 != 0 => 0x18,
        0x05 => 0xe,
        0x09 => dword >> 16 & 0xff,
        0x10 => 0x3c,
        0x11 => 0xc,
        id => panic!("unexpected capability {id:#x}"),
    }
}

#[test]
fn capability_lists_are_those_of_the_sheets() {
    for (chip, want) in [
        (
            "tu102",
            &[(0x60, 0x01), (0x68, 0x05), (0x78, 0x10), (0xb4, 0x09)][..],
        ),
        (
            "ad107",
            &[(0x60, 0x01), (0x68, 0x05), (0x78, 0x10), (0xb4, 0x09)],
        ),
        (
            "ga100",
            &[
                (0x60, 0x01),
                (0x68, 0x00),
                (0x78, 0x10),
                (0xb4, 0x09),
                (0xc8, 0x11),
            ],
        ),
        (
            "gh100",
            &[
                (0x40, 0x01),
                (0x48, 0x05),
                (0x60, 0x10),
                (0x9c, 0x09),
                (0xb0, 0x11),
            ],
        ),
        (
            "gb100",
            &[
                (0x40, 0x10),
                (0x7c, 0x11),
                (0x88, 0x01),
                (0x90, 0x09),
                (0xa4, 0x09),
            ],
        ),
        ("gb202", &[(0x40, 0x01), (0x48, 0x05), (0x60, 0x10)]),
    ] {
        let config = config(chip);
        let mut seen = Vec::new();
        let mut at = config.dword(0x34) & 0xff;
        while at != 0 {
            let header = config.dword(u64::from(at));
            seen.push((at, header & 0xff));
            at = header >> 8 & 0xff;
        }
        assert_eq!(seen, want, "{chip}");
    }
}

#[test]
fn no_capability_overlaps_the_next() {
    for (chip, config) in every_board() {
        let mut at = config.dword(0x34) & 0xff;
        while at != 0 {
            let header = config.dword(u64::from(at));
            let next = header >> 8 & 0xff;
            let end = at + capability_len(header);
            assert!(
                next == 0 || next >= end,
                "{}: {at:#x} ends at {end:#x}",
                chip.name
            );
            assert!(end <= 0x100, "{}", chip.name);
            at = next;
        }
    }
}

#[test]
fn extended_capabilities_ascend_and_end() {
    for (chip, config) in every_board() {
        let mut at = 0x100;
        let mut seen = 0;
        while at != 0 {
            let header = config.dword(at);
            assert_ne!(header, 0, "{}: nothing at {at:#x}", chip.name);
            let next = u64::from(header >> 20);
            assert!(
                next == 0 || next >= at + 8,
                "{}: {at:#x} to {next:#x}",
                chip.name
            );
            at = next;
            seen += 1;
        }
        assert!(seen >= 7, "{}: {seen} capabilities", chip.name);
    }
}

#[test]
fn known_dwords_have_their_known_values() {
    for (chip, offset, want) in [
        ("ga102", 0x00, 0x2204_10de),
        ("ga102", 0x04, 0x0010_0000),
        ("ga102", 0x08, 0x0300_00a1),
        ("ga102", 0x60, 0x4803_6801),
        ("ga102", 0x68, 0x0080_7805),
        ("ga102", 0x78, 0x0012_b410),
        ("ga102", 0x7c, 0x1000_8de1),
        ("ga102", 0x80, 0x0000_2910),
        ("ga102", 0x84, 0x0045_3d04),
        ("ga102", 0x88, 0x1104_0040),
        ("ga102", 0xa4, 0x0000_001e),
        ("ga102", 0xbb4, 0x0000_0100),
        ("ga102", 0xbb8, 0x0000_0460),
        ("ga102", 0xbc0, 0x0000_0801),
        ("ga102", 0xbc8, 0x0000_0503),
        ("tu102", 0x84, 0x0045_3d03),
        ("ga100", 0x08, 0x0302_00a1),
        ("ga100", 0x2c, 0x145f_10de),
        ("ga100", 0x68, 0x0080_7800),
        ("ga100", 0xc8, 0x0005_0011),
        ("gh100", 0x40, 0x0003_4801),
        ("gh100", 0x48, 0x0188_6005),
        ("gh100", 0x60, 0x0002_9c10),
        ("gh100", 0x9c, 0x0114_b009),
        ("gh100", 0xb0, 0x0008_0011),
        ("gh100", 0xb4, 0x00b9_0000),
        ("gb202", 0x60, 0x0012_0010),
    ] {
        assert_eq!(config(chip).dword(offset), want, "{chip} {offset:#x}");
    }
}

#[test]
fn bars_follow_the_width_of_bar0() {
    for (chip, config) in every_board() {
        let wide = matches!(chip.family, Family::Hopper | Family::Gb10x);
        let bars = config.bars();
        let first = bars[0].unwrap();
        assert_eq!(
            (first.is_64bit, first.prefetchable),
            (wide, wide),
            "{}",
            chip.name
        );
        let (aperture, instance) = if wide { (2, 4) } else { (1, 3) };
        assert_eq!(
            bars[aperture].unwrap().size,
            chip.aperture_mib << 20,
            "{}",
            chip.name
        );
        assert_eq!(bars[instance].unwrap().size, 32 << 20, "{}", chip.name);
        let is_vga = chip.class == BoardClass::Vga;
        assert_eq!(bars[5].is_some_and(|bar| bar.io), is_vga, "{}", chip.name);
        let type_bits = config.dword(0x10) & 0xf;
        assert_eq!(type_bits, if wide { 0xc } else { 0 }, "{}", chip.name);
    }
}

#[test]
fn sizing_write_answers_the_size_and_is_not_an_address() {
    let mut config = config("ga102");
    write_dword(&mut config, 0x10, 0xfd00_0000);
    write_dword(&mut config, 0x14, 0xd000_000c);
    write_dword(&mut config, 0x18, 0x0000_0012);
    for (offset, want) in [
        (0x10, 0xff00_0000),
        (0x14, 0xf000_000c),
        (0x18, 0xffff_ffff),
    ] {
        write_dword(&mut config, offset, 0xffff_ffff);
        assert_eq!(config.dword(offset), want, "{offset:#x}");
    }
    write_dword(&mut config, 0x24, 0xffff_ffff);
    assert_eq!(config.dword(0x24), 0xffff_ff81, "128 bytes of I/O");
    assert_eq!(config.bar_address(0), Some(0xfd00_0000));
    assert_eq!(config.bar_address(1), Some(0x12_d000_0000));
    assert_eq!(config.bar_address(2), None, "upper half of BAR1");
    assert_eq!(config.bar_address(6), None);
}

#[test]
fn rom_bar_is_hidden_unless_asked_for_and_answers_sizing() {
    let chip = Chip::by_name("ga102").unwrap();
    let mut hidden = config("ga102");
    write_dword(&mut hidden, 0x30, 0xffff_ffff);
    assert_eq!(hidden.rom_register(), 0);
    for (name, chip, want) in [("VGA", "ga102", Some(512 << 10)), ("3D", "ga100", None)] {
        let choices = Choices {
            rom_bar: true,
            ..Choices::default()
        };
        let config = build(Chip::by_name(chip).unwrap(), choices);
        assert_eq!(config.rom_size(), want, "{name}");
    }
    let mut shown = build(
        chip,
        Choices {
            rom_bar: true,
            ..Choices::default()
        },
    );
    for (value, want) in [
        (0xffff_f800, 0xfff8_0000),
        (0xffff_fffe, 0xfff8_0000),
        (0xffff_ffff, 0xfff8_0001),
        (0xfe00_0001, 0xfe00_0001),
    ] {
        write_dword(&mut shown, 0x30, value);
        assert_eq!(shown.rom_register(), want, "{value:#x}");
    }
}

#[test]
fn read_only_bytes_survive_a_write_of_ones_everywhere() {
    for (chip, mut config) in every_board() {
        let ids = [0x00, 0x08, 0x2c, 0x34].map(|at| config.dword(at));
        for offset in (0..SIZE as u64).step_by(4) {
            let is_device_control = offset == config.caps().express as u64 + 8;
            if !is_device_control {
                write_dword(&mut config, offset, 0xffff_ffff);
            }
        }
        assert_eq!(
            [0x00, 0x08, 0x2c, 0x34].map(|at| config.dword(at)),
            ids,
            "{}",
            chip.name
        );
        assert_eq!(
            config.dword(0x3c) & 0xffff,
            0x01ff,
            "{}: line kept, pin fixed",
            chip.name
        );
        assert_eq!(config.dword(0x04), 0x0010_0547, "{}", chip.name);
        let power = config.caps().power as u64;
        assert_eq!(config.dword(power + 4), 0x0000_010b, "{}", chip.name);
    }
}

#[test]
fn function_level_reset_happens_on_the_write_and_leaves_the_bars_alone() {
    for (chip, mut config) in every_board() {
        let control = config.caps().express as u64 + 8;
        write_dword(&mut config, 0x10, 0xfc00_0000);
        let before: Vec<u32> = (0..1024).map(|i| config.dword(4 * i)).collect();
        config.write(4, &0x0406u16.to_le_bytes());
        assert_eq!(config.write(control, &0x2910u16.to_le_bytes()), []);
        let effects = config.write(control, &0xa910u16.to_le_bytes());
        assert_eq!(effects, [Effect::FunctionLevelReset], "{}", chip.name);
        let after: Vec<u32> = (0..1024).map(|i| config.dword(4 * i)).collect();
        assert_eq!(before, after, "{}", chip.name);
        assert_eq!(config.bar_address(0), Some(0xfc00_0000), "{}", chip.name);
        config.reset();
        assert_eq!(config.bar_address(0), Some(0), "{}", chip.name);
    }
}

#[test]
fn flr_bit_counts_in_byte_and_dword_writes_too() {
    for (name, offset, data) in [
        ("byte", 0x81, &[0xa9][..]),
        ("dword", 0x80, &[0x10, 0xa9, 0, 0]),
        ("straddling", 0x7f, &[0, 0x10, 0xa9]),
    ] {
        assert_eq!(
            config("ga102").write(offset, data),
            [Effect::FunctionLevelReset],
            "{name}"
        );
    }
    assert_eq!(config("ga102").write(0x80, &[0xff]), [], "low byte alone");
}

#[test]
fn moving_a_bar_under_decode_is_noticed() {
    let mut config = config("ga102");
    write_dword(&mut config, 0x10, 0xfd00_0000);
    config.write(4, &[2, 0]);
    assert_eq!(
        write_dword(&mut config, 0x10, 0xfd00_0000),
        [],
        "same address"
    );
    assert_eq!(write_dword(&mut config, 0x10, 0xffff_ffff), [], "sizing");
    assert_eq!(
        write_dword(&mut config, 0x10, 0xfb00_0000),
        [Effect::BarMoved {
            index: 0,
            from: 0xfd00_0000,
            to: 0xfb00_0000
        }]
    );
    config.write(4, &[0, 0]);
    assert_eq!(write_dword(&mut config, 0x10, 0xfc00_0000), []);
}

#[test]
fn state_bits_say_what_was_written() {
    let mut config = config("ga102");
    assert!(!config.memory_enabled() && !config.bus_master() && config.intx_enabled());
    config.write(4, &[6, 4]);
    assert!(config.memory_enabled() && config.bus_master() && !config.intx_enabled());
    config.write(0x64, &[3]);
    assert!(config.in_d3hot());
    config.write(0x64, &[0]);
    assert!(!config.in_d3hot());
}

#[test]
fn accesses_across_the_end_are_cut() {
    let mut config = config("ga102");
    let mut out = [0xee; 8];
    config.read(4092, &mut out);
    assert_eq!(out, [0; 8]);
    config.read(u64::MAX, &mut out);
    assert_eq!(config.write(4094, &[1; 8]), []);
    assert_eq!(config.write(4096, &[1]), []);
    assert_eq!(config.write(u64::MAX, &[1]), []);
    assert_eq!(config.write(0, &[0; 2 * SIZE]), []);
    let mut all = vec![0; SIZE];
    config.read(0, &mut all);
    assert_eq!(all[..4], [0xde, 0x10, 0x04, 0x22]);
}
