// SPDX-License-Identifier: GPL-2.0

//! Broken cards, each in one machine with a healthy one: the broken card is refused with its own errno and
//! line, the healthy one works. Then cards whose trouble is no reason to refuse them, or comes later.

use super::{
    Afterwards,
    Errno,
    Expect,
    Scenario,
    Step, //
};
use crate::gpu::{
    pci_address,
    Gpu, //
};

/// Cards with faults in one machine; one more is healthy.
const FAULTS_AT_ONCE: usize = 7;

/// Reads that identification may take in one probe.
const IDENTIFICATION_READS: u64 = 3;

/// Each faulty card is probed when the module loads and once more by name.
const PROBES: u64 = 2;

/// Register that only chips from Fermi on have.
const BOOT_42: u64 = 0xa00;

/// Privilege mask of the boot progress, and the progress.
const GFW_MASK: u64 = 0x11_8128;
const GFW_PROGRESS: u64 = 0x11_8234;

/// BAR0 accesses of probe at which a card vanishes; the first one is a row of the table.
const VANISH_AT: std::ops::RangeInclusive<u32> = 2..=8;

struct Row {
    /// Fault as `gpu-model --fault` takes it.
    fault: &'static str,
    chip: &'static str,
    errno: Errno,
    /// Part of the one line the driver logs, or nothing if it says nothing.
    line: Option<&'static str>,
    /// What the device must not see.
    device: Device,
}

enum Device {
    /// Anything probe does.
    MayBeUsed,
    /// Reads for identification, no write.
    OnlyIdentified,
    /// Not even a read.
    NotAccessed,
    /// Reads of the first identification register only.
    OnlyBoot0,
}

const fn row(
    fault: &'static str,
    chip: &'static str,
    errno: Errno,
    line: Option<&'static str>,
    device: Device,
) -> Row {
    Row {
        fault,
        chip,
        errno,
        line,
        device,
    }
}

use Device::*;
use Errno::*;

const ROWS: &[Row] = &[
    row(
        "gfw-never-completes",
        "ga102",
        Etimedout,
        Some("has not finished within 4 s"),
        MayBeUsed,
    ),
    row(
        "gfw-mask-closed",
        "tu102",
        Etimedout,
        Some("has not opened its progress register within 4 s"),
        MayBeUsed,
    ),
    row(
        "gfw-stuck=0x7f",
        "ad102",
        Etimedout,
        Some("has not finished within 4 s"),
        MayBeUsed,
    ),
    row(
        "unknown-chip",
        "gb100",
        Enodev,
        Some("unsupported"),
        OnlyIdentified,
    ),
    row(
        "unknown-arch",
        "ga102",
        Enodev,
        Some("unsupported"),
        OnlyIdentified,
    ),
    row("ancient-chip", "ga102", Enodev, None, OnlyBoot0),
    row("bar0-small", "ga102", Einval, Some("BAR0"), NotAccessed),
    row(
        "bar0-all-ones-from=1",
        "ga102",
        Enodev,
        Some("does not answer"),
        OnlyIdentified,
    ),
    row(
        "sysmem-flush-stuck",
        "ga102",
        Eio,
        Some("did not take the sysmem flush page"),
        MayBeUsed,
    ),
    row("vram-zero", "ga102", Eio, Some("video memory"), MayBeUsed),
    row(
        "vram-pri-error",
        "ga102",
        Eio,
        Some("video memory"),
        MayBeUsed,
    ),
    row(
        "vga-workspace-outside",
        "ga102",
        Eio,
        Some("VGA workspace"),
        MayBeUsed,
    ),
    row(
        "virtual-function",
        "ga102",
        Enodev,
        Some("drives physical GPUs only"),
        OnlyIdentified,
    ),
];

pub(super) fn scenarios() -> Vec<Scenario> {
    let refused = ROWS
        .chunks(FAULTS_AT_ONCE)
        .enumerate()
        .map(|(n, rows)| refusals(n + 1, rows));
    refused
        .chain([slow_card(), vanishing_cards(), stolen_flush_page()])
        .collect()
}

/// The faults that are tried here, as on the command line.
#[cfg(test)]
pub(super) fn tried() -> impl Iterator<Item = &'static str> {
    let others = ["gfw-slow", "sysmem-flush-stolen", super::dirty::NO_CURE];
    ROWS.iter().map(|row| row.fault).chain(others)
}

fn refusals(number: usize, rows: &[Row]) -> Scenario {
    let healthy = Gpu::new("ga102");
    let broken = rows.iter().map(|row| Gpu::with_fault(row.chip, row.fault));
    let gpus = std::iter::once(healthy).chain(broken).collect();
    let mut scenario = Scenario::new(format!("faults-{number}"), gpus);
    scenario.short_firmware = true;
    scenario
        .step(
            "the modules load among broken cards",
            Step::new("load_modules", 90),
        )
        .gate();
    scenario.step(
        "the healthy card is bound",
        Step::new("fault_elsewhere", 20).on(0),
    );
    for (row, index) in rows.iter().zip(1..) {
        let bdf = pci_address(index);
        let refusal = Expect::Refusal {
            bdf,
            errno: row.errno,
            line: row.line,
        };
        let step = Step::new("fault_refused", 30)
            .on(index)
            .expecting(refusal)
            .together();
        scenario.step(
            format!("{} is refused with {:?}", row.fault, row.errno),
            step,
        );
    }
    scenario.step(
        "the healthy card still answers",
        Step::new("fault_elsewhere", 20).on(0),
    );
    scenario.step("both modules unload", Step::new("unload", 30).on(0));
    for (row, gpu) in rows.iter().zip(1..) {
        untouched(&mut scenario, row, gpu);
    }
    scenario.close()
}

fn untouched(scenario: &mut Scenario, row: &Row, gpu: usize) {
    let reads = match row.device {
        MayBeUsed => return,
        OnlyIdentified => IDENTIFICATION_READS * PROBES,
        NotAccessed => 0,
        OnlyBoot0 => PROBES,
    };
    scenario.afterwards(
        format!("{} is left untouched", row.fault),
        Afterwards::Untouched { gpu, reads },
    );
    if matches!(row.device, OnlyBoot0) {
        let not_read = Afterwards::NotRead {
            gpu,
            offset: BOOT_42,
        };
        scenario.afterwards(format!("{} is not asked for BOOT_42", row.fault), not_read);
    }
}

/// A card whose own firmware begins when the driver first looks, and takes its time: the driver has to
/// wait for the privilege mask and then for the progress. The first look always finds the mask closed,
/// and whoever does not wait leaves violations.
fn slow_card() -> Scenario {
    let gpu = Gpu::with_fault("ga102", "gfw-slow=300");
    let mut scenario = Scenario::new("gfw-slow", vec![gpu]);
    scenario.short_firmware = true;
    let identity = Expect::Identity {
        bdf: pci_address(0),
        chip: "GA102".to_owned(),
    };
    scenario
        .step(
            "both drivers bind to a card that needs 300 ms to boot",
            Step::new("bound", 30).on(0).expecting(identity),
        )
        .gate();
    scenario.step("both modules unload", Step::new("unload", 30).on(0));
    for (name, offset) in [("privilege mask", GFW_MASK), ("progress", GFW_PROGRESS)] {
        scenario.afterwards(
            format!("the driver waits for the {name}"),
            Afterwards::Polled { gpu: 0, offset },
        );
    }
    scenario.afterwards(
        "the sysmem flush register is cleared at the end",
        Afterwards::FlushCleared(0),
    );
    scenario.close()
}

/// Cards that vanish in the middle of probe, each at a later access: from then on they read all ones. A
/// second probe would find them gone from the start, so the first one is looked at.
fn vanishing_cards() -> Scenario {
    let gpus = VANISH_AT.map(|n| Gpu::with_fault("ga102", &format!("bar0-all-ones-from={n}")));
    let mut scenario = Scenario::new("vanish", gpus.collect());
    scenario.short_firmware = true;
    let lines = Expect::OneLineEach((0..scenario.gpus.len()).map(pci_address).collect());
    let step = Step::new("load_modules", 90).expecting(lines);
    scenario
        .step(
            "a card that vanishes at any access of probe is told in one line",
            step,
        )
        .gate();
    for (index, access) in VANISH_AT.enumerate() {
        let step = Step::new("not_bound", 10).on(index);
        scenario.step(
            format!("the card that vanishes at access {access} is not bound"),
            step,
        );
    }
    scenario.step("both modules unload", Step::new("unload", 30).on(0));
    scenario.close()
}

/// Someone else takes the flush register while the driver is bound: not ours to clear any more.
fn stolen_flush_page() -> Scenario {
    let gpu = Gpu::with_fault("ga102", "sysmem-flush-stolen");
    let mut scenario = Scenario::new("flush-stolen", vec![gpu]);
    scenario.short_firmware = true;
    scenario
        .step("both drivers bind", Step::new("bound", 30).on(0))
        .gate();
    scenario.step("unbind warns once", Step::new("flush_stolen", 20).on(0));
    scenario.afterwards("the foreign value is left alone", Afterwards::FlushLeft(0));
    scenario.close()
}
