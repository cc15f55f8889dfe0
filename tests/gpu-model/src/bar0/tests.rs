// SPDX-License-Identifier: GPL-2.0

use super::*;
use crate::{
    chips::{
        Chip,
        CHIPS, //
    },
    config_space::{
        board::{
            build,
            Choices, //
        },
        ConfigSpace, //
    },
    dma::DmaSpace,
    engines::testing::complaints,
    phase::Progress,
    vram::{
        Vram,
        MIB, //
    },
};

struct Bench {
    bar0: Bar0,
    config: ConfigSpace,
    vram: Vram,
    dma: DmaSpace,
    progress: Progress,
}

fn parts(chip: &'static Chip) -> Parts {
    Parts {
        chip,
        vram: MIB,
        vram_register: 0x6000,
        rom: vec![0x55, 0xaa],
        known: crate::boot::Known::default(),
        dirty: None,
        habits: Default::default(),
    }
}

fn bench_with(chip: &str, faults: &[&str]) -> Bench {
    let chip = Chip::by_name(chip).unwrap();
    let plan = Plan::parse(chip, faults).unwrap();
    let mut bar0 = Bar0::new(parts(chip), &plan);
    bar0.reset(0);
    Bench {
        bar0,
        config: build(chip, Choices::default()),
        vram: Vram::new(MIB).unwrap(),
        dma: DmaSpace::new(47),
        progress: Progress::default(),
    }
}

fn bench(chip: &str) -> Bench {
    bench_with(chip, &[])
}

impl Bench {
    fn cx(&mut self) -> (&mut Bar0, Cx<'_>) {
        let cx = Cx {
            now_us: 1_000_000,
            config: &self.config,
            vram: &self.vram,
            dma: &self.dma,
            progress: &self.progress,
            last_read_us: 0,
        };
        (&mut self.bar0, cx)
    }

    fn read(&mut self, address: u32) -> Access {
        let (bar0, cx) = self.cx();
        bar0.read(address, 0, &mut [0; 4], &cx)
    }

    fn write(&mut self, address: u32, value: u32) -> Access {
        let (bar0, cx) = self.cx();
        bar0.write(address, 0, &value.to_le_bytes(), &cx)
    }
}

#[test]
fn registers_exist_on_their_chips_and_are_violations_on_others() {
    for (address, chips_with, chips_without) in [
        (
            0x100c10,
            &["tu102", "ga100", "ga102", "ad102"][..],
            &["gh100", "gb100", "gb202"][..],
        ),
        (0x100c40, &["ga100", "ga102", "ad102"], &["tu102", "gh100"]),
        (0x100a34, &["gh100"], &["tu102", "ga102", "gb100", "gb202"]),
        (0x870e50, &["gb100", "gb102"], &["ga102", "gh100", "gb202"]),
        (0x8a1d58, &["gb202", "gb207"], &["ga102", "gh100", "gb100"]),
        (0x0200bc, &["gh100", "gb100"], &["ga102"]),
        (0xad00bc, &["gb202"], &["ga102"]),
        (0x021c04, &["tu102", "tu117"], &["ga100", "ga102", "gh100"]),
        (0x820c04, &["ga100", "ga102", "ad107"], &["tu102"]),
        (
            0x118128,
            &["tu102", "ga100", "ad102"],
            &["gh100", "gb100", "gb202"],
        ),
        (
            0x118234,
            &["tu102", "ga100", "ad102"],
            &["gh100", "gb100", "gb202"],
        ),
        (0x1fa824, &["tu102", "ga102", "gh100", "gb202"], &[]),
        (0x1fa828, &["tu102", "ga102", "gh100", "gb202"], &[]),
        (
            0x625f04,
            &["tu102", "ga102", "ad102"],
            &["ga100", "gh100", "gb202"],
        ),
        (0x100ce0, &["tu102", "ga100"], &["ga102", "gh100"]),
        (0x1183a4, &["ga102", "gh100", "gb202"], &["tu102", "ga100"]),
        (0x001700, &["tu102", "ad102"], &["gh100", "gb202"]),
        (0x10fd40, &["gh100", "gb202"], &["tu102", "ad102"]),
        (0x088000, &["tu102", "ad102"], &["gh100", "gb202"]),
        (0x092000, &["gh100", "gb202"], &["tu102", "ad102"]),
    ] {
        for chip in chips_with {
            let effects = bench(chip).read(address).effects;
            assert_eq!(complaints(&effects), [""; 0], "{address:#x} on {chip}");
        }
        for chip in chips_without {
            let access = bench(chip).read(address);
            assert_eq!(
                complaints(&access.effects),
                ["PV-07"],
                "{address:#x} on {chip}"
            );
            assert_eq!(access.value, PRI_ERROR, "{address:#x} on {chip}");
            assert!(access.name.starts_with("NV_"), "{} on {chip}", access.name);
        }
    }
}

#[test]
fn vbios_window_on_fsp_chips_has_a_rule_of_its_own() {
    for chip in ["gh100", "gb100", "gb203"] {
        let effects = bench(chip).read(0x300000).effects;
        assert_eq!(complaints(&effects), ["PV-14"], "{chip}");
    }
    assert_eq!(bench("ga102").read(0x300000).value & 0xffff, 0xaa55);
}

#[test]
fn unknown_register_names_its_block() {
    for (chip, address, block, rule) in [
        ("ga102", 0x110034, "GSP falcon", "FV-02"),
        ("ga102", 0x843ffc, "SEC2 falcon", "FV-02"),
        ("ga102", 0x8f2c00, "FSP", "PV-07"),
        ("ga102", 0x001004, "PBUS", "PV-07"),
        ("ga102", 0x5ffffc, "no known block", "PV-07"),
        ("gh100", 0x110034, "GSP falcon", "FV-02"),
    ] {
        let mut bench = bench(chip);
        let access = bench.read(address);
        let text = format!("{:?}", access.effects);
        assert!(text.contains(block), "{address:#x}: {text}");
        assert_eq!(complaints(&access.effects), [rule]);
        assert_eq!(complaints(&bench.write(address, 1).effects), [rule]);
    }
}

#[test]
fn writes_to_read_only_registers_and_reserved_bits_are_violations() {
    let mut ga102 = bench("ga102");
    for (name, address, value, want) in [
        ("identity", 0x000000, 1, &["PV-06"][..]),
        ("VRAM size", 0x1183a4, 1, &["PV-06"]),
        ("VBIOS", 0x300000, 0, &["PV-06"]),
        ("fuse", 0x8241e0, 1, &["PV-06"]),
        ("interrupt top", 0xb81600, 1, &["PV-06"]),
        ("flush high, 8th bit", 0x100c40, 0x80, &["PV-06"]),
        ("flush high", 0x100c40, 0x7f, &[]),
        ("window", 0x001700, 0x0000_1234, &[]),
        ("window, reserved", 0x001700, 0x8000_0000, &["PV-06"]),
        ("top enable, all ones", 0xb81608, u32::MAX, &[]),
    ] {
        assert_eq!(
            complaints(&ga102.write(address, value).effects),
            want,
            "{name}"
        );
    }
    assert_eq!(ga102.read(0x1183a4).value, 0x6000, "unchanged");
    assert_eq!(
        complaints(&bench("gh100").write(0x100a38, 0x0010_0000).effects),
        ["PV-06"]
    );
}

#[test]
fn only_whole_dwords_are_accepted_except_at_the_vga_port() {
    let mut bench = bench("ga102");
    let (bar0, cx) = bench.cx();
    let mut byte = [0];
    let access = bar0.read(0x000000, 3, &mut byte, &cx);
    assert_eq!(
        (byte, complaints(&access.effects)),
        ([0x17], vec!["PV-01".to_owned()])
    );
    let access = bar0.read(0x6013d4, 1, &mut byte, &cx);
    assert_eq!(complaints(&access.effects), [""; 0]);
    let access = bar0.read(0x6013d4, 0, &mut [0; 2], &cx);
    assert_eq!(complaints(&access.effects), ["PV-01"]);
    let access = bar0.write(0x001700, 0, &[5, 0], &cx);
    assert_eq!(complaints(&access.effects), ["PV-01"]);
    assert_eq!(bench.read(0x001700).value, 5, "served all the same");
}

#[test]
fn array_elements_and_windows_are_named_and_counted_sensibly() {
    let mut bench = bench("ga102");
    let fuse = bench.read(0x8241e0);
    assert_eq!(
        (fuse.name.as_str(), fuse.key),
        ("NV_FUSE_OPT_FPF_GSP_UCODE_VERSION(8)", 0x8241e0)
    );
    let prom = bench.read(0x301000);
    assert_eq!((prom.name.as_str(), prom.key), ("NV_PROM_DATA", 0x300000));
    assert_eq!(bench.read(0x000a00).group, Some(Group::Identity));
    assert_eq!(bench.read(0x100c40).group, Some(Group::Flush));
    assert_eq!(bench.read(0x001438).group, Some(Group::AfterBoot));
}

#[test]
fn only_what_known_drivers_do_early_may_be_done_before_boot() {
    let mut ga102 = bench("ga102");
    for address in [
        0x001700, 0x088050, 0x088704, 0x101000, 0x118128, 0x118234, 0x300000, 0x301ffc, 0x6013d4,
        0x625f04, 0x700000, 0x820c04, 0xb81610,
    ] {
        let group = ga102.read(address).group;
        assert_eq!(group, Some(Group::BeforeBoot), "{address:#x}");
    }
    for address in [
        0x001438, 0x009400, 0x1183a4, 0x1fa828, 0x82074c, 0x8241e0, 0xb81608,
    ] {
        let group = ga102.read(address).group;
        assert_eq!(group, Some(Group::AfterBoot), "{address:#x}");
    }
    for address in [0x021c00, 0x021c04, 0x100ce0] {
        let group = bench("tu116").read(address).group;
        assert_eq!(group, Some(Group::BeforeBoot), "{address:#x}");
    }
    for address in [0x0200bc, 0x1183a4] {
        let group = bench("gh100").read(address).group;
        assert_eq!(group, Some(Group::BeforeBoot), "{address:#x}");
    }
}

#[test]
fn ancient_chip_has_no_second_identification() {
    let mut bench = bench_with("ga102", &["ancient-chip"]);
    assert_eq!(bench.read(0).value >> 24, 0x0a);
    assert_eq!(complaints(&bench.read(0xa00).effects), ["PV-07"]);
}

#[test]
fn no_two_registers_of_a_chip_overlap() {
    for chip in CHIPS {
        let bar0 = Bar0::new(parts(chip), &Plan::default());
        let mut ranges: Vec<_> = bar0
            .engines
            .iter()
            .flat_map(|engine| engine.regs())
            .filter(|reg| reg.chips.has(chip.family))
            .map(|reg| (reg.offset, reg.end(), reg.name))
            .collect();
        ranges.sort_unstable();
        for pair in ranges.windows(2) {
            assert!(pair[0].1 <= pair[1].0, "{}: {:?}", chip.name, pair);
        }
        assert!(
            ranges.iter().all(|range| range.1 <= 16 << 20),
            "{}",
            chip.name
        );
    }
}

#[test]
fn readiness_of_fsp_is_looked_for_where_the_generation_has_it() {
    for (address, chips) in [
        (0x0200bc, &["gb202", "gb207"][..]),
        (0xad00bc, &["gh100", "gb100", "gb102"]),
    ] {
        for chip in chips {
            let access = bench(chip).read(address);
            assert_eq!(complaints(&access.effects), ["FSP-27"], "{chip}");
            assert_eq!(access.value, PRI_ERROR, "{chip}");
        }
    }
}
