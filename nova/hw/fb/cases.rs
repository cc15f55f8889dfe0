// SPDX-License-Identifier: GPL-2.0

//! Layouts against values worked out by hand, and what holds for all of them.

use super::*;
use crate::cases::{
    cases,
    check,
    same,
    Text, //
};
use crate::chip::{
    BootMethod,
    Chip,
    Family, //
};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Sizes of the r570.144 files.
const TU102_IMAGE: u64 = 0x1b3_4ea0;
const GA102_IMAGE: u64 = 0x3c9_9000;

fn family(chip: &str) -> &'static Family {
    Chip::from_name(chip)
        .unwrap_or_else(|| panic!("no chip {chip}"))
        .family()
}

fn range(start: u64, end: u64) -> VramRange {
    VramRange::new(VramAddr::new(start), VramAddr::new(end)).unwrap()
}

/// Inputs with the workspace register reading `vga`, or without display.
fn inputs(fb_size: u64, vga: Option<u32>, elf_size: u64, bl_size: u64) -> Sec2Inputs {
    let fb_end = VramAddr::new(fb_size);
    Sec2Inputs {
        fb_end,
        vga: vga_workspace(fb_end, vga).unwrap(),
        row_remapper_lock: None,
        elf_size,
        bl_size,
    }
}

fn sec2(chip: &str, inputs: &Sec2Inputs) -> Result<Sec2Layout, LayoutError> {
    Sec2Layout::compute(family(chip), inputs)
}

cases! { fb_cases at fb::cases:
    fn ga102_with_24_gib() {
        for (name, vga) in [
            ("workspace at the last MiB", Some(0x05ff_f008)),
            ("no display", None),
        ] {
            let layout = sec2("ga102", &inputs(24 * GIB, vga, GA102_IMAGE, 0x6000));
            let want = Sec2Layout {
                fb: range(0, 0x6_0000_0000),
                vga: range(0x5_fff0_0000, 0x6_0000_0000),
                frts: range(0x5_ffe0_0000, 0x5_fff0_0000),
                boot: range(0x5_ffdf_a000, 0x5_ffe0_0000),
                elf: range(0x5_fc16_0000, 0x5_ffdf_9000),
                heap: range(0x5_f400_0000, 0x5_fc10_0000),
                wpr2: range(0x5_f3f0_0000, 0x5_fff0_0000),
                non_wpr_heap: range(0x5_f3e0_0000, 0x5_f3f0_0000),
            };
            same!(layout, Ok(want), "{name}");
            same!(want.heap.len(), 0x810_0000);
            same!(want.wpr2.len(), 0xc00_0000);
            same!(want.reserved().unwrap().len(), 0xc20_0000);
            same!(want.wpr_end(), VramAddr::new(0x5_fff0_0000));
        }
    }

    fn tu106_with_8_gib() {
        let want = Sec2Layout {
            fb: range(0, 0x2_0000_0000),
            vga: range(0x1_fff0_0000, 0x2_0000_0000),
            frts: range(0x1_ffe0_0000, 0x1_fff0_0000),
            boot: range(0x1_ffdf_f000, 0x1_ffe0_0000),
            elf: range(0x1_fe2c_0000, 0x1_ffdf_4ea0),
            heap: range(0x1_f790_0000, 0x1_fe20_0000),
            wpr2: range(0x1_f780_0000, 0x1_fff0_0000),
            non_wpr_heap: range(0x1_f770_0000, 0x1_f780_0000),
        };
        let layout = sec2(
            "tu106",
            &inputs(8 * GIB, Some(0x01ff_f008), TU102_IMAGE, 0x1000),
        );
        same!(layout, Ok(want));
        same!(want.reserved().unwrap().len(), 0x890_0000);
    }

    fn ga100_with_40_gib_has_no_frts() {
        let want = Sec2Layout {
            fb: range(0, 0xa_0000_0000),
            vga: range(0x9_fff0_0000, 0xa_0000_0000),
            frts: range(0x9_fff0_0000, 0x9_fff0_0000),
            boot: range(0x9_ffef_f000, 0x9_fff0_0000),
            elf: range(0x9_fe3c_0000, 0x9_ffef_4ea0),
            heap: range(0x9_f770_0000, 0x9_fe30_0000),
            wpr2: range(0x9_f760_0000, 0x9_fff0_0000),
            non_wpr_heap: range(0x9_f750_0000, 0x9_f760_0000),
        };
        let layout = sec2("ga100", &inputs(40 * GIB, None, TU102_IMAGE, 0x1000));
        same!(layout, Ok(want));
        same!(want.reserved().unwrap().len(), 0x8b0_0000);
    }

    fn workspace_in_the_last_128_kib() {
        for (chip, size, register, image, bootloader, vga, frts, boot, elf, heap, wpr2, non_wpr) in [
            (
                "ga102",
                24,
                0x05ff_fe08,
                GA102_IMAGE,
                0x6000,
                0x5_fffe_0000,
                0x5_ffee_0000,
                0x5_ffed_a000,
                0x5_fc24_0000,
                range(0x5_f410_0000, 0x5_fc20_0000),
                0x5_f400_0000,
                0x5_f3f0_0000,
            ),
            (
                "tu106",
                8,
                0x01ff_fe08,
                TU102_IMAGE,
                0x1000,
                0x1_fffe_0000,
                0x1_ffee_0000,
                0x1_ffed_f000,
                0x1_fe3a_0000,
                range(0x1_f7a0_0000, 0x1_fe30_0000),
                0x1_f790_0000,
                0x1_f780_0000,
            ),
        ] {
            let layout =
                sec2(chip, &inputs(size * GIB, Some(register), image, bootloader)).expect(chip);
            same!(layout.vga.start().raw(), vga, "{chip} vga");
            same!(layout.frts, range(frts, vga), "{chip} frts");
            same!(layout.boot.start().raw(), boot, "{chip} boot");
            same!(layout.elf.start().raw(), elf, "{chip} elf");
            same!(layout.heap, heap, "{chip} heap");
            same!(layout.wpr2.start().raw(), wpr2, "{chip} wpr2");
            same!(
                layout.non_wpr_heap.start().raw(),
                non_wpr,
                "{chip} non-WPR heap"
            );
        }
    }

    fn other_sec2_examples() {
        let ad102 = sec2(
            "ad102",
            &inputs(24 * GIB, Some(0x05ff_f008), GA102_IMAGE, 0x9000),
        )
        .unwrap();
        same!(ad102.boot.start().raw(), 0x5_ffdf_7000);
        same!(ad102.elf.start().raw(), 0x5_fc15_0000);
        same!(ad102.heap, range(0x5_f400_0000, 0x5_fc10_0000));
        same!(ad102.wpr2.start().raw(), 0x5_f3f0_0000);

        let ga107 = sec2("ga107", &inputs(4 * GIB, None, GA102_IMAGE, 0x6000)).unwrap();
        same!(ga107.elf.start().raw(), 0xfc16_0000);
        same!(ga107.heap, range(0xf420_0000, 0xfc10_0000));
        same!(ga107.wpr2.start().raw(), 0xf410_0000);
        same!(ga107.non_wpr_heap.start().raw(), 0xf400_0000);
    }

    fn an_unaligned_workspace_leaves_a_gap() {
        let layout = sec2(
            "ga102",
            &inputs(24 * GIB, Some(0x05ff_fd08), GA102_IMAGE, 0x6000),
        )
        .unwrap();
        same!(layout.vga.start().raw(), 0x5_fffd_0000);
        same!(layout.frts.end().raw(), 0x5_fffc_0000);
        same!(layout.wpr_end(), layout.frts.end());
    }

    fn heap_sizes() {
        // The rows of the published table: GiB, and MiB for LIBOS2, LIBOS3, LIBOS3 on Hopper and later.
        for (gib, libos2, libos3, hopper) in [
            (1, 105, 127, 133),
            (10, 105, 127, 133),
            (11, 106, 128, 134),
            (20, 106, 128, 134),
            (24, 107, 129, 135),
            (32, 107, 129, 135),
            (40, 108, 130, 136),
            (48, 109, 131, 137),
            (64, 110, 132, 138),
            (80, 112, 134, 140),
            (96, 113, 135, 141),
            (128, 116, 138, 144),
        ] {
            for (chip, want) in [
                ("tu102", libos2),
                ("ga100", libos2),
                ("ga102", libos3),
                ("ad107", libos3),
                ("gh100", hopper),
                ("gb202", hopper),
            ] {
                let heap = wpr_heap_size(family(chip), gib * GIB, false);
                same!(heap, Ok(want * MIB), "{chip} {gib} GiB");
            }
        }
    }

    fn heap_sizes_of_the_biggest_cards() {
        for (chip, gib, want) in [
            ("gh100", 141, 146),
            ("gb100", 180, 149),
            ("gb100", 192, 150),
        ] {
            same!(
                wpr_heap_size(family(chip), gib * GIB, false),
                Ok(want * MIB),
                "{chip}"
            );
        }
    }

    fn a_started_gib_counts() {
        let heap = |bytes| wpr_heap_size(family("tu102"), bytes, false).unwrap();
        same!(heap(10 * GIB + GIB / 2), heap(11 * GIB));
        same!(heap(10 * GIB + 1), heap(11 * GIB));
        check!(heap(10 * GIB) != heap(11 * GIB));
    }

    fn heap_limits() {
        for (chip, want) in [
            ("tu102", 0xfff_ffff),
            ("ga102", 0x117f_ffff),
            ("gb202", 0x117f_ffff),
        ] {
            same!(
                wpr_heap_size(family(chip), 2000 * GIB, false),
                Ok(want),
                "{chip}"
            );
        }
        same!(
            wpr_heap_size(family("gb202"), 32 * GIB, true),
            Ok(0x2450_0000)
        );
        // 2^34 GiB, of 96 KiB each, still fit.
        same!(
            wpr_heap_size(family("ga102"), u64::MAX, false),
            Ok(0x117f_ffff)
        );
    }

    fn fsp_examples() {
        for (chip, gib, heap, non_wpr, pmu_size, offset, frts, pmu) in [
            (
                "gh100",
                80,
                0x8c0_0000,
                0x20_0000,
                0,
                0x20_0000,
                range(0x13_ffd0_0000, 0x13_ffe0_0000),
                None,
            ),
            (
                "gb202",
                32,
                0x870_0000,
                0x22_0000,
                0x182_0000,
                0x1c0_0000,
                range(0x7_fe30_0000, 0x7_fe40_0000),
                Some(range(0x7_fe40_0000, 0x7_ffc2_0000)),
            ),
            (
                "gb100",
                180,
                149 * MIB,
                0x20_0000,
                0x182_0000,
                0x1c0_0000,
                range(0x2c_fe30_0000, 0x2c_fe40_0000),
                Some(range(0x2c_fe40_0000, 0x2c_ffc2_0000)),
            ),
            (
                "gb203",
                16,
                134 * MIB,
                0x22_0000,
                0x182_0000,
                0x1c0_0000,
                range(0x3_fe30_0000, 0x3_fe40_0000),
                Some(range(0x3_fe40_0000, 0x3_ffc2_0000)),
            ),
            (
                "gb207",
                8,
                133 * MIB,
                0x22_0000,
                0x182_0000,
                0x1c0_0000,
                range(0x1_fe30_0000, 0x1_fe40_0000),
                Some(range(0x1_fe40_0000, 0x1_ffc2_0000)),
            ),
        ] {
            let layout = FspLayout::compute(family(chip), VramAddr::new(gib * GIB), None).expect(chip);
            same!(layout.heap_size, heap, "{chip}");
            same!(layout.non_wpr_heap_size, non_wpr, "{chip}");
            same!(layout.frts_size, MIB, "{chip}");
            same!(layout.pmu_reserved_size, pmu_size, "{chip}");
            same!(layout.vga_workspace_size, 0x2_0000, "{chip}");
            same!(layout.frts_end_offset, offset, "{chip}");
            same!(layout.frts, frts, "{chip}");
            same!(
                layout.pmu,
                pmu.unwrap_or(range(frts.end().raw(), frts.end().raw())),
                "{chip}"
            );
            same!(layout.vf_partition_count, 0, "{chip}");
        }
    }

    fn vgpu_mode_has_its_own_heap() {
        let compute = |vfs| FspLayout::compute(family("gb202"), VramAddr::new(32 * GIB), Some(vfs));
        let layout = compute(48).unwrap();
        same!(
            (layout.heap_size, layout.vf_partition_count),
            (0x2450_0000, 48)
        );
        same!(compute(255).unwrap().vf_partition_count, 255);
        same!(
            compute(300),
            Err(LayoutError::TooManyVfs { total_vfs: 300 })
        );
    }

    fn each_chip_has_one_kind_of_layout() {
        for chip in Chip::ALL {
            let sec2 = Sec2Layout::compute(chip.family(), &inputs(24 * GIB, None, GA102_IMAGE, 0x6000));
            let fsp = FspLayout::compute(chip.family(), VramAddr::new(24 * GIB), None);
            let (has, has_not) = match chip.boot_method() {
                BootMethod::Sec2 => (sec2.is_ok(), fsp.err()),
                BootMethod::Fsp => (fsp.is_ok(), sec2.err()),
            };
            check!(has, "{chip}");
            same!(has_not, Some(LayoutError::WrongBootMethod), "{chip}");
        }
    }

    fn a_row_remapper_lock_lowers_the_top() {
        let mut with_lock = inputs(40 * GIB, None, TU102_IMAGE, 0x1000);
        with_lock.row_remapper_lock = Some(VramAddr::new(0x9_ff01_0000));
        let ga100 = sec2("ga100", &with_lock).unwrap();
        same!(ga100.wpr_end().raw(), 0x9_ff00_0000);
        same!(ga100.vga.start().raw(), 0x9_fff0_0000);

        // A lock above the workspace changes nothing, and other chips have none.
        with_lock.row_remapper_lock = Some(VramAddr::new(0x9_fff8_0000));
        same!(
            sec2("ga100", &with_lock).unwrap().wpr_end().raw(),
            0x9_fff0_0000
        );
        with_lock.row_remapper_lock = Some(VramAddr::new(0x9_ff01_0000));
        same!(
            sec2("tu102", &with_lock).unwrap().wpr_end().raw(),
            0x9_fff0_0000
        );
    }

    fn row_remapper_lock_registers() {
        for (name, lo, hi, want) in [
            ("locked", 0x09ff_0010, 0x09ff_ff0f, Some(0x9_ff00_1000)),
            (
                "low bits do not count",
                0x09ff_001f,
                0x09ff_ff00,
                Some(0x9_ff00_1000),
            ),
            ("one page", 0x09ff_0010, 0x09ff_0010, Some(0x9_ff00_1000)),
            ("ends before it begins", 0x09ff_0020, 0x09ff_0010, None),
            ("never set", 0, 0, None),
        ] {
            same!(row_remapper_lock(lo, hi), want.map(VramAddr::new), "{name}");
        }
    }

    fn memory_too_small_names_the_region() {
        let compute = |fb_size, image, bootloader| {
            let result = sec2("ga102", &inputs(fb_size, None, image, bootloader));
            result.map_err(|error| match error {
                LayoutError::NoRoom { region, .. } => region,
                other => panic!("unexpected {other}"),
            })
        };
        for (name, fb_size, image, bootloader, want) in [
            ("1 MiB", MIB, GA102_IMAGE, 0x6000, "frts"),
            ("2 MiB", 2 * MIB, GA102_IMAGE, 0x6000, "GSP bootloader"),
            ("3 MiB", 3 * MIB, GA102_IMAGE, 0x6000, "GSP image"),
            ("64 MiB", 64 * MIB, GA102_IMAGE, 0x6000, "GSP heap"),
            (
                "191 MiB",
                191 * MIB,
                GA102_IMAGE,
                0x6000,
                "heap outside WPR2",
            ),
            (
                "bootloader of nonsensical size",
                24 * GIB,
                GA102_IMAGE,
                u64::MAX,
                "GSP bootloader",
            ),
            (
                "image of nonsensical size",
                24 * GIB,
                u64::MAX,
                0x6000,
                "GSP image",
            ),
        ] {
            same!(compute(fb_size, image, bootloader), Err(want), "{name}");
        }
        for chip in ["gh100", "gb100", "gb202"] {
            for fb_size in [0, MIB, 2 * MIB, 28 * MIB, 100 * MIB] {
                let layout = FspLayout::compute(family(chip), VramAddr::new(fb_size), None);
                check!(
                    matches!(layout, Err(LayoutError::NoRoom { .. })),
                    "{chip} {fb_size:#x}: {layout:?}"
                );
            }
        }
    }

    fn the_smallest_memory_that_holds_the_real_ga102_stack() {
        let fits = |mib: &u64| sec2("ga102", &inputs(mib * MIB, None, GA102_IMAGE, 0x6000)).is_ok();
        same!((1..1024).find(fits), Some(192));
    }

    fn frts_must_be_encodable() {
        let compute = |chip, fb_size| sec2(chip, &inputs(fb_size, None, GA102_IMAGE, 0x6000));
        let limit = 1 << 44;
        check!(compute("ga102", limit).is_ok());
        let too_high = VramAddr::new(limit);
        same!(
            compute("ga102", limit + 2 * MIB),
            Err(LayoutError::FrtsTooHigh { start: too_high })
        );
        // GA100 does not run the command.
        check!(compute("ga100", limit + 2 * MIB).is_ok());
    }

    fn a_workspace_that_is_not_at_the_end_is_refused() {
        let mut wrong = inputs(24 * GIB, None, GA102_IMAGE, 0x6000);
        wrong.fb_end = VramAddr::new(23 * GIB);
        let want = LayoutError::VgaNotAtEnd {
            vga: wrong.vga,
            fb_end: wrong.fb_end,
        };
        same!(sec2("ga102", &wrong), Err(want));
    }

    fn printed_layouts() {
        let ga102 = sec2("ga102", &inputs(24 * GIB, None, GA102_IMAGE, 0x6000)).unwrap();
        same!(
            Text::of(Layout::Sec2(ga102)),
            "fb: 0x0..0x600000000\n\
             vga_workspace: 0x5fff00000..0x600000000\n\
             frts: 0x5ffe00000..0x5fff00000\n\
             boot: 0x5ffdfa000..0x5ffe00000\n\
             elf: 0x5fc160000..0x5ffdf9000\n\
             wpr2_heap: 0x5f4000000..0x5fc100000\n\
             wpr2: 0x5f3f00000..0x5fff00000\n\
             non_wpr_heap: 0x5f3e00000..0x5f3f00000\n"
        );
        let gb202 = FspLayout::compute(family("gb202"), VramAddr::new(32 * GIB), None).unwrap();
        same!(
            Text::of(Layout::Fsp(gb202)),
            "fb: 0x0..0x800000000\n\
             pmu_reserved: 0x7fe400000..0x7ffc20000\n\
             frts: 0x7fe300000..0x7fe400000\n\
             vga_workspace: 0x20000 bytes\n\
             wpr2_heap: 0x8700000 bytes\n\
             non_wpr_heap: 0x220000 bytes\n"
        );
        let gh100 = FspLayout::compute(family("gh100"), VramAddr::new(80 * GIB), None).unwrap();
        let layout = Layout::Fsp(gh100);
        let names = layout.regions().map(|(name, _)| name);
        check!(names.eq(["fb", "frts"]));
    }
}
