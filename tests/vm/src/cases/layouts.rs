// SPDX-License-Identifier: GPL-2.0

//! Boards with different amounts of video memory, and what GSP-RM gets of it on chips that FSP boots: as the
//! driver tells it in debugfs, as it has told FSP and the FMC, and as the numbers of the release say.

use super::{
    Afterwards,
    Scenario,
    Step, //
};
use crate::gpu::Gpu;

/// A board, and its layout in bytes. Everything else is the same for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Chip.
    pub chip: &'static str,
    /// Video memory in GiB.
    pub gib: u64,
    /// From the end of video memory down to the end of FRTS.
    pub frts_end_offset: u64,
    /// FRTS.
    pub frts: (u64, u64),
    /// The region of the PMU.
    pub pmu: Option<(u64, u64)>,
    /// Bytes that are told to be kept for the PMU.
    pub pmu_size: u64,
    /// Heap in protected memory.
    pub heap: u64,
    /// Heap outside of it.
    pub plain_heap: u64,
}

/// Bytes of FRTS.
pub const FRTS_SIZE: u64 = 0x10_0000;
/// Bytes of the VGA workspace.
pub const VGA_SIZE: u64 = 0x2_0000;

const HOPPER: Layout = Layout {
    chip: "gh100",
    gib: 80,
    frts_end_offset: 0x20_0000,
    frts: (0x13_ffd0_0000, 0x13_ffe0_0000),
    pmu: None,
    pmu_size: 0,
    heap: 0x8c0_0000,
    plain_heap: 0x20_0000,
};

const BLACKWELL: Layout = Layout {
    chip: "gb202",
    gib: 32,
    frts_end_offset: 0x1c0_0000,
    frts: (0x7_fe30_0000, 0x7_fe40_0000),
    pmu: Some((0x7_fe40_0000, 0x7_ffc2_0000)),
    pmu_size: 0x182_0000,
    heap: 0x870_0000,
    plain_heap: 0x22_0000,
};

/// By machine. A machine has room for one card with a huge aperture.
const MACHINES: &[&[Layout]] = &[
    &[
        HOPPER,
        BLACKWELL,
        Layout {
            chip: "gb207",
            gib: 8,
            frts: (0x1_fe30_0000, 0x1_fe40_0000),
            pmu: Some((0x1_fe40_0000, 0x1_ffc2_0000)),
            heap: 0x850_0000,
            ..BLACKWELL
        },
    ],
    &[Layout {
        gib: 141,
        frts: (0x23_3fd0_0000, 0x23_3fe0_0000),
        heap: 0x920_0000,
        ..HOPPER
    }],
    &[Layout {
        chip: "gb100",
        gib: 180,
        frts: (0x2c_fe30_0000, 0x2c_fe40_0000),
        pmu: Some((0x2c_fe40_0000, 0x2c_ffc2_0000)),
        heap: 0x950_0000,
        plain_heap: 0x20_0000,
        ..BLACKWELL
    }],
];

pub(super) fn scenarios() -> Vec<Scenario> {
    let machines = MACHINES.iter().zip(1..);
    machines
        .map(|(layouts, number)| machine(layouts, number))
        .collect()
}

fn machine(layouts: &[Layout], number: usize) -> Scenario {
    let gpus = layouts.iter().map(|layout| Gpu {
        vram: Some(format!("{}G", layout.gib)),
        ..Gpu::new(layout.chip)
    });
    let mut scenario = Scenario::new(format!("layouts-{number}"), gpus.collect());
    // What is told to the firmware does not depend on the size of the image.
    scenario.short_firmware = true;
    scenario
        .step("both modules load", Step::new("load_modules", 60))
        .gate();
    for (layout, gpu) in layouts.iter().zip(0..) {
        let range = |(start, end): (u64, u64)| format!("{start:#x}..{end:#x}");
        let step = Step::new("layout", 10)
            .on(gpu)
            .arg("vram", format!("{:#x}", layout.gib << 30))
            .arg("frts", range(layout.frts))
            .arg("pmu", layout.pmu.map_or("none".to_owned(), range))
            .arg("heap", format!("{:#x}", layout.heap))
            .arg("plain_heap", format!("{:#x}", layout.plain_heap));
        scenario.step(
            format!("debugfs tells the layout of {}", name(layout)),
            step,
        );
    }
    scenario.step("both modules unload", Step::new("unload", 30).on(0));
    for (layout, gpu) in layouts.iter().zip(0..) {
        scenario.afterwards(
            format!("FSP and the FMC were told the layout of {}", name(layout)),
            Afterwards::Told {
                gpu,
                layout: *layout,
            },
        );
    }
    scenario.close()
}

fn name(layout: &Layout) -> String {
    format!("a {} with {} GiB", layout.chip, layout.gib)
}
