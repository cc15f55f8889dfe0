// SPDX-License-Identifier: GPL-2.0

//! The chip table against a second statement of it, and recognition against known silicon.

use super::*;
use crate::cases::{
    cases,
    check,
    same,
    Text, //
};
use crate::{
    fb::VramSizeSource,
    sysmem_flush::SysmemFlush, //
};
use nova_firmware::{
    booter::LoadMethod,
    fmc::Scheme, //
};

const MIB: u64 = 1 << 20;

/// Chip ids as published, by family.
const IDS: [(&str, &[(&str, u32)]); 8] = [
    (
        "tu10x",
        &[("tu102", 0x162), ("tu104", 0x164), ("tu106", 0x166)],
    ),
    ("tu11x", &[("tu117", 0x167), ("tu116", 0x168)]),
    ("ga100", &[("ga100", 0x170)]),
    (
        "ga10x",
        &[
            ("ga102", 0x172),
            ("ga103", 0x173),
            ("ga104", 0x174),
            ("ga106", 0x176),
            ("ga107", 0x177),
        ],
    ),
    ("gh100", &[("gh100", 0x180)]),
    (
        "ad10x",
        &[
            ("ad102", 0x192),
            ("ad103", 0x193),
            ("ad104", 0x194),
            ("ad106", 0x196),
            ("ad107", 0x197),
        ],
    ),
    ("gb10x", &[("gb100", 0x1a0), ("gb102", 0x1a2)]),
    (
        "gb20x",
        &[
            ("gb202", 0x1b2),
            ("gb203", 0x1b3),
            ("gb205", 0x1b5),
            ("gb206", 0x1b6),
            ("gb207", 0x1b7),
        ],
    ),
];

fn family(name: &str) -> &'static Family {
    let chip = Chip::ALL
        .into_iter()
        .find(|chip| chip.family().name == name);
    chip.unwrap_or_else(|| panic!("no chip of family {name}"))
        .family()
}

cases! { chip_cases at chip::cases:
    fn every_published_chip_is_in_the_table_and_no_other() {
        let published = IDS
            .iter()
            .flat_map(|(family, chips)| chips.iter().map(move |&(name, id)| (name, id, *family)));
        let table = Chip::ALL
            .iter()
            .map(|chip| (chip.name(), chip.id(), chip.family().name));
        check!(table.eq(published));
    }

    fn names_and_rows_belong_together() {
        for chip in Chip::ALL {
            same!(chip.info().chip, chip);
            let upper = chip.name().bytes().map(|it| it.to_ascii_uppercase());
            check!(upper.eq(chip.display_name().bytes()), "{chip}");
            same!(Text::of(chip), chip.display_name());
            same!(Chip::from_name(chip.name()), Some(chip));
            same!(Chip::from_id(chip.id()), Some(chip));
            same!(chip.id() >> 4, chip.architecture().id(), "{chip}");
        }
        for name in ["", "GA102", "ga10", "ga1021", "gv100"] {
            same!(Chip::from_name(name), None, "{name:?}");
        }
    }

    fn what_all_families_have() {
        use SysmemFlush::*;
        use VramSizeSource::*;
        // DMA bits, waits for GFW, flush, size register, mirror, FRTS, heap outside, PMU, LIBOS, base heap.
        let sec2 = (47, true, 0x08_8000);
        let fsp = (52, false, 0x09_2000);
        for (name, (dma, gfw, mirror), flush, size, frts, non_wpr, pmu, libos, base) in [
            (
                "tu10x",
                sec2,
                Niso,
                LocalMemoryRange,
                MIB,
                MIB,
                0,
                Libos::V2,
                8,
            ),
            (
                "tu11x",
                sec2,
                Niso,
                LocalMemoryRange,
                MIB,
                MIB,
                0,
                Libos::V2,
                8,
            ),
            (
                "ga100",
                sec2,
                NisoWide,
                LocalMemoryRange,
                0,
                MIB,
                0,
                Libos::V2,
                8,
            ),
            (
                "ga10x",
                sec2,
                NisoWide,
                UsableMebibytes,
                MIB,
                MIB,
                0,
                Libos::V3,
                8,
            ),
            (
                "ad10x",
                sec2,
                NisoWide,
                UsableMebibytes,
                MIB,
                MIB,
                0,
                Libos::V3,
                8,
            ),
            (
                "gh100",
                fsp,
                Fbhub,
                UsableMebibytes,
                MIB,
                0x20_0000,
                0,
                Libos::V3,
                14,
            ),
            (
                "gb10x",
                fsp,
                Hshub,
                UsableMebibytes,
                MIB,
                0x20_0000,
                0x182_0000,
                Libos::V3,
                14,
            ),
            (
                "gb20x",
                fsp,
                Fbhub0,
                UsableMebibytes,
                MIB,
                0x22_0000,
                0x182_0000,
                Libos::V3,
                14,
            ),
        ] {
            let family = family(name);
            same!(family.dma_mask_bits, dma, "{name}");
            same!(family.uses_gfw_boot, gfw, "{name}");
            same!(
                family.config_mirror,
                ConfigMirror {
                    base: mirror,
                    size: 0x1000
                },
                "{name}"
            );
            same!(family.sysmem_flush, flush, "{name}");
            same!(family.vram_size, size, "{name}");
            same!(family.frts_size, frts, "{name}");
            same!(family.non_wpr_heap_size, non_wpr, "{name}");
            same!(family.pmu_reserved_size, pmu, "{name}");
            same!(family.libos, libos, "{name}");
            same!(family.base_heap_size, base * MIB, "{name}");
            let oldest = libos == Libos::V2;
            same!(family.falcon == FalconGeneration::Tu102, oldest, "{name}");
            same!(family.riscv_halt_readable, !oldest, "{name}");
            same!(family.may_be_vgpu_host, name == "gb20x", "{name}");
            let section = family.gsp_signature_section;
            same!(section.strip_prefix(".fwsignature_"), Some(name));
        }
    }

    fn what_sec2_families_have() {
        for (name, load, through_bootloader, frts, lock, display) in [
            (
                "tu10x",
                LoadMethod::Pio,
                true,
                true,
                false,
                DisplaySource::FuseTu102,
            ),
            (
                "tu11x",
                LoadMethod::Pio,
                true,
                true,
                false,
                DisplaySource::FuseTu102,
            ),
            (
                "ga100",
                LoadMethod::Pio,
                true,
                false,
                true,
                DisplaySource::Never,
            ),
            (
                "ga10x",
                LoadMethod::Dma,
                false,
                true,
                false,
                DisplaySource::FuseGa100,
            ),
            (
                "ad10x",
                LoadMethod::Dma,
                false,
                true,
                false,
                DisplaySource::FuseGa100,
            ),
        ] {
            let family = family(name);
            same!(family.boot_method(), BootMethod::Sec2, "{name}");
            check!(family.fsp().is_none(), "{name}");
            let sec2 = family.sec2().expect(name);
            same!(sec2.load, load, "{name}");
            same!(
                sec2.fwsec_through_generic_bootloader, through_bootloader,
                "{name}"
            );
            same!(sec2.runs_fwsec_frts, frts, "{name}");
            same!(sec2.has_row_remapper_lock, lock, "{name}");
            same!(sec2.display, display, "{name}");
        }
    }

    fn what_fsp_families_have() {
        for (name, status, cot, reserve, scheme) in [
            (
                "gh100",
                FspStatusRegister::Gh100,
                1,
                0x20_0000,
                Scheme::Rsa3072,
            ),
            (
                "gb10x",
                FspStatusRegister::Gh100,
                2,
                0x22_0000,
                Scheme::EcdsaP384,
            ),
            (
                "gb20x",
                FspStatusRegister::Gb202,
                2,
                0x22_0000,
                Scheme::EcdsaP384,
            ),
        ] {
            let family = family(name);
            same!(family.boot_method(), BootMethod::Fsp, "{name}");
            check!(family.sec2().is_none(), "{name}");
            let fsp = family.fsp().expect(name);
            same!(fsp.status, status, "{name}");
            same!(fsp.cot_version, cot, "{name}");
            same!(fsp.fb_end_reserve, reserve, "{name}");
            same!(fsp.fmc_scheme, scheme, "{name}");
        }
    }

    fn every_chip_is_recognised_in_every_revision() {
        for chip in Chip::ALL {
            for (major, minor) in (0..16).flat_map(|major| (0..16).map(move |minor| (major, minor))) {
                let boot0 = chip.id() << 20 | u32::from(major) << 4 | u32::from(minor);
                same!(check_boot0(boot0), Ok(()), "{chip} {major:x}.{minor:x}");
                let boot42 = chip.id() << 20 | u32::from(major) << 16 | u32::from(minor) << 12;
                same!(identify(boot42), Ok(Identity { chip, major, minor }));
            }
        }
    }

    fn no_other_id_is_recognised() {
        for id in 0..1 << 10 {
            let recognised = identify(id << 20 | 0xa_1000).map(|identity| identity.chip.id());
            same!(recognised.is_ok(), Chip::from_id(id).is_some(), "{id:#x}");
            check!(recognised.is_err() || recognised == Ok(id), "{id:#x}");
        }
    }

    fn an_identity_reads_as_people_write_it() {
        for (boot42, want) in [
            (0x172a_1000, "GA102 (Ampere, a.1)"),
            (0x1b20_0000, "GB202 (Blackwell, 0.0)"),
            (0x180f_f000, "GH100 (Hopper, f.f)"),
        ] {
            same!(Text::of(identify(boot42).unwrap()), want);
        }
    }

    fn chips_before_fermi_are_left_alone_silently() {
        for (name, boot0) in [
            ("nothing", 0),
            ("NV04", 0x2000_4001),
            ("GT200", 0x0a00_00a2),
            ("last before Fermi", 0x0bf0_00ff & !(1 << 8)),
        ] {
            // NV04's value is of another layout; its architecture field happens to read 0.
            let refusal = check_boot0(boot0).expect_err(name);
            same!(refusal, Refusal::Ancient { boot0 }, "{name}");
            check!(refusal.is_silent(), "{name}");
        }
        for (name, boot0) in [
            ("GF100", 0x0c00_00a3),
            ("GA102", 0x1720_00a1),
            ("MSB set", 0x0000_0100),
            ("gone", u32::MAX),
        ] {
            same!(check_boot0(boot0), Ok(()), "{name}");
        }
    }

    fn other_chips_are_refused_with_one_line() {
        for (name, boot42, want) in [
            ("GV100", 0x140a_1000, "unsupported GPU (BOOT_42 0x140a1000: unknown architecture 0x14, implementation 0x0)"),
            ("GM107", 0x117a_2000, "unsupported GPU (BOOT_42 0x117a2000: unknown architecture 0x11, implementation 0x7)"),
            ("GA10B", 0x17ba_1000, "unsupported Ampere GPU (BOOT_42 0x17ba1000: architecture 0x17, unknown implementation 0xb)"),
            ("GH100 SoC", 0x181a_1000, "unsupported Hopper GPU (BOOT_42 0x181a1000: architecture 0x18, unknown implementation 0x1)"),
            ("AD100", 0x190a_1000, "unsupported Ada GPU (BOOT_42 0x190a1000: architecture 0x19, unknown implementation 0x0)"),
            ("GB110", 0x1a3a_1000, "unsupported Blackwell GPU (BOOT_42 0x1a3a1000: architecture 0x1a, unknown implementation 0x3)"),
            ("GB20B", 0x1bba_1000, "unsupported Blackwell GPU (BOOT_42 0x1bba1000: architecture 0x1b, unknown implementation 0xb)"),
            ("gone", 0xffff_ffff, "device does not answer (BOOT_42 0xffffffff)"),
        ] {
            let refusal = identify(boot42).expect_err(name);
            same!(Text::of(refusal), want, "{name}");
            check!(!refusal.is_silent(), "{name}");
        }
    }
}
