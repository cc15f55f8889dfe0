// SPDX-License-Identifier: GPL-2.0

//! `nova-vm bench`: what it costs to bring a card up, for our driver and for those nobody here wrote, on the
//! same emulated card.
//!
//! Each driver gets a guest of its own. It is loaded first, with nothing bound; what is measured is one write
//! to `bind`: registers, DMA, messages and interrupts from the emulated GPU's trace, time and memory in the
//! guest. Times under emulation say nothing about hardware; they compare drivers.

use std::{
    path::Path,
    time::Duration, //
};

use serde::Serialize;

use crate::{
    cases::{
        Scenario,
        Step, //
    },
    driver::Driver,
    error::{
        Context,
        Error,
        Result, //
    },
    gpu::{
        pci_address,
        Gpu, //
    },
    report::Report,
    runner::{
        failure_lines,
        Env, //
    },
    session::StepResult,
    trace::Trace,
    vm::Vm,
};

mod objects;
mod polling;
mod table;

pub use objects::{
    measure as measure_objects,
    Objects, //
};
pub use polling::Poll;
pub use table::lines;

/// Drivers in the order of the table.
pub const DRIVERS: &[Driver] = &[Driver::Ours, Driver::UpstreamNova, Driver::Nouveau];

/// How long a step may take.
const LIMIT: Duration = Duration::from_secs(120);
/// A mark reaches the trace within this time.
const MARK_PAUSE: Duration = Duration::from_millis(50);

/// What one driver needed for one card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Measurement {
    /// Chip.
    pub chip: String,
    /// Whose driver.
    pub driver: &'static str,
    /// Reads of registers.
    pub reads: usize,
    /// Writes of registers.
    pub writes: usize,
    /// Accesses to the other BARs.
    pub aperture: usize,
    /// Bytes the device moved.
    pub dma_bytes: u64,
    /// Messages to and from GSP-RM.
    pub messages: usize,
    /// Interrupts sent.
    pub interrupts: usize,
    /// Time from the beginning of probe to its end, in milliseconds.
    pub wall_ms: u64,
    /// Time that the guest's CPUs were busy meanwhile, in milliseconds.
    pub cpu_ms: u64,
    /// Memory that is not available any more while it binds, at most, in KiB.
    pub peak_kib: i64,
    /// The same afterwards.
    pub held_kib: i64,
    /// Longest time for which one register was read again and again without a pause.
    pub poll: Option<Poll>,
    /// The same after the first interrupt.
    pub late_poll: Option<Poll>,
    /// What the emulated GPU objects to.
    pub violations: usize,
}

/// Measures one driver on one chip.
///
/// # Errors
/// Tells what went wrong: a driver that does not bind has nothing to be measured.
pub fn measure(env: &Env, chip: &str, driver: Driver) -> Result<Measurement> {
    let name = format!("bench-{chip}-{}", driver.pci_name());
    let mut scenario = Scenario::new(name, vec![Gpu::new(chip)]);
    scenario.driver = driver;
    let mut vm = env.boot(&scenario).map_err(|failure| {
        Error::new(format!("no guest: {}", failure_lines(&failure).join("; ")))
    })?;
    step(&mut vm, driver, "bench_prepare")?;
    mark(&mut vm);
    let bind = step(&mut vm, driver, "bench_bind");
    mark(&mut vm);
    let bind = bind?;
    let memory = step(&mut vm, driver, "bench_memory")?;
    let remains = vm.finish();
    let (files, _) = remains
        .gpus
        .first()
        .ok_or_else(|| Error::new("the guest had no GPU"))?;
    let trace = Trace::load(&files.trace)?;
    let part = trace
        .part(1)
        .ok_or_else(|| Error::new("the trace has no marks"))?;
    let (reads, writes) = trace.counts(1);
    let first_interrupt = part.of_kind("irq").map(|line| line.t_us).next();
    let measurement = Measurement {
        chip: chip.to_owned(),
        driver: driver.title(),
        reads,
        writes,
        aperture: (1..6)
            .map(|n| part.of_kind(&format!("bar{n}")).count())
            .sum(),
        dma_bytes: part.of_kind("dma").map(|line| line.size).sum(),
        messages: part.of_kind("rpc").count(),
        interrupts: part.of_kind("irq").count(),
        wall_ms: fact(&bind, "wall_ms")?,
        cpu_ms: fact(&bind, "cpu_ms")?,
        peak_kib: fact(&memory, "peak_kib")?,
        held_kib: fact(&memory, "held_kib")?,
        poll: polling::longest(&part.accesses, 0),
        late_poll: first_interrupt.and_then(|from| polling::longest(&part.accesses, from)),
        violations: Report::load(&files.report)?.violations.len(),
    };
    let _ = std::fs::remove_file(&files.trace);
    Ok(measurement)
}

/// Writes the measurements for programs.
///
/// # Errors
/// When the file cannot be written.
pub fn save(drivers: &[Measurement], objects: Option<&Objects>, file: &Path) -> Result<()> {
    let all = serde_json::json!({ "drivers": drivers, "objects": objects });
    let text = serde_json::to_string_pretty(&all).context(|| "measurements")?;
    std::fs::write(file, text + "\n").context(|| file.display().to_string())
}

fn step(vm: &mut Vm, driver: Driver, script: &'static str) -> Result<StepResult> {
    run(vm, driver, &Step::for_driver(script, driver).on(0))
}

fn run(vm: &mut Vm, driver: Driver, step: &Step) -> Result<StepResult> {
    let script = step.script;
    let result = vm
        .step(script, &step.args, LIMIT)
        .map_err(|failure| Error::new(failure_lines(&failure).join("; ")))?;
    if result.ok {
        return Ok(result);
    }
    let notes = result.notes.join("; ");
    let log = result
        .kernel_log
        .iter()
        .filter(|l| l.contains(&pci_address(0)));
    let log: Vec<&str> = log.map(String::as_str).collect();
    Err(Error::new(format!(
        "{script} of {}: {notes} ({}); {}",
        driver.title(),
        result.why,
        log.join("; ")
    )))
}

fn mark(vm: &mut Vm) {
    vm.mark();
    std::thread::sleep(MARK_PAUSE);
}

fn fact<T: std::str::FromStr>(result: &StepResult, name: &str) -> Result<T> {
    result
        .facts
        .iter()
        .find(|(key, _)| key == name)
        .and_then(|(_, value)| value.parse().ok())
        .ok_or_else(|| Error::new(format!("the guest did not measure {name}")))
}
