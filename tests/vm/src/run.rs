// SPDX-License-Identifier: GPL-2.0

//! `nova-vm run`: one guest for a person to look at, or to talk to.

use std::{
    fs,
    io::{
        self,
        Read,
        Write, //
    },
    path::PathBuf,
    time::{
        Duration,
        Instant, //
    },
};

use rustix::termios::{
    self,
    OptionalActions,
    Termios, //
};

use crate::{
    cases::Scenario,
    error::{
        Context,
        Result, //
    },
    gpu::{
        pci_address,
        Gpu, //
    },
    paths::Flavour,
    report::Report,
    runner::{
        failure_lines,
        Env, //
    },
    timeline,
    trace::Trace,
    vm::{
        Remains,
        Vm, //
    },
};

/// Ends the guest when typed in the shell: Ctrl-A x, as in QEMU.
const ESCAPE: u8 = 1;
const QUIT: u8 = b'x';

/// How long the guest may take to show everything.
const SHOW_LIMIT: Duration = Duration::from_secs(60);

/// What the user asked for.
pub struct Request {
    /// The card.
    pub gpu: Gpu,
    /// Which kernel.
    pub flavour: Flavour,
    /// Behind an IOMMU.
    pub iommu: bool,
    /// Interactive.
    pub shell: bool,
    /// Where to put the trace.
    pub trace: Option<PathBuf>,
    /// Where to put a picture of the bring-up.
    pub timeline: Option<PathBuf>,
}

/// Boots, shows, and returns whether both drivers are bound and the device has nothing to object.
///
/// # Errors
/// When the harness cannot do its part.
pub fn run(env: &Env, request: &Request) -> Result<bool> {
    let started = Instant::now();
    let mut scenario = Scenario::new(
        if request.shell { "shell" } else { "run" },
        vec![request.gpu.clone()],
    );
    scenario.flavour = request.flavour;
    scenario.iommu = request.iommu;
    if request.shell {
        scenario.append = "nova_vm.shell";
    }
    if request.flavour == Flavour::Debug && !request.shell {
        scenario.append = "kunit.enable=0";
    }
    let release = env.paths.release(request.flavour)?;
    let faults = request.gpu.faults.join(", ");
    let fault = if faults.is_empty() {
        String::new()
    } else {
        format!(", fault {faults}")
    };
    let chip = request.gpu.chip.to_uppercase();
    println!(
        "booting {release} with an emulated {chip}{fault} ({})",
        env.accel.name()
    );

    let Shown {
        good,
        remains,
        stages,
    } = if request.shell {
        shell(env, &scenario)?
    } else {
        show(env, &scenario)?
    };
    if let Some(remains) = &remains {
        device_view(remains);
        if let Some(target) = &request.timeline {
            draw(remains, &stages, &format!("{chip} on {release}"), target)?;
        }
        if let Some(target) = &request.trace {
            copy_trace(remains, target)?;
        }
    }
    let clean = remains.as_ref().is_some_and(accepted);
    if !request.shell {
        let verdict = match (good, clean) {
            (true, true) => "both drivers are bound",
            (true, false) => "both drivers are bound, but the device objects",
            (false, _) => "the drivers are not bound",
        };
        println!(
            "verdict: {verdict} ({:.1} s)",
            started.elapsed().as_secs_f64()
        );
    }
    Ok(good && clean)
}

/// What came of a guest.
struct Shown {
    good: bool,
    remains: Option<Remains>,
    stages: Vec<timeline::Stage>,
}

impl Shown {
    fn new(good: bool, remains: Option<Remains>) -> Self {
        Self {
            good,
            remains,
            stages: Vec::new(),
        }
    }
}

fn show(env: &Env, scenario: &Scenario) -> Result<Shown> {
    let mut vm = match env.boot(scenario) {
        Ok(vm) => vm,
        Err(failure) => {
            failure_lines(&failure)
                .iter()
                .for_each(|line| println!("{line}"));
            return Ok(Shown::new(false, None));
        }
    };
    println!("guest ready after {:.1} s", vm.boot_time.as_secs_f64());
    println!();
    vm.mark();
    let args = [("bdf".to_owned(), pci_address(0))];
    let mut stages = Vec::new();
    let good = match vm.step("show", &args, SHOW_LIMIT) {
        Ok(result) => {
            let (file, notes): (Vec<_>, Vec<_>) = result
                .notes
                .iter()
                .partition(|line| line.starts_with(timeline::MARK));
            notes.iter().for_each(|line| println!("{line}"));
            let file = file.iter().filter_map(|l| l.strip_prefix(timeline::MARK));
            stages = timeline::parse(file)?;
            if !stages.is_empty() {
                println!();
                println!("Timeline of probe:");
                timeline::table(&stages)
                    .iter()
                    .for_each(|line| println!("  {line}"));
            }
            for splat in &result.splats {
                splat.lines.iter().for_each(|line| println!("{line}"));
            }
            result.ok && result.splats.is_empty()
        }
        Err(failure) => {
            failure_lines(&failure)
                .iter()
                .for_each(|line| println!("{line}"));
            false
        }
    };
    println!();
    let remains = Some(vm.finish());
    Ok(Shown {
        good,
        remains,
        stages,
    })
}

/// Draws what driver and device did from loading the modules on.
fn draw(
    remains: &Remains,
    stages: &[timeline::Stage],
    title: &str,
    target: &PathBuf,
) -> Result<()> {
    for (files, _) in &remains.gpus {
        let trace = Trace::load(&files.trace)?;
        let lanes = trace
            .part(1)
            .map(timeline::device::lanes)
            .unwrap_or_default();
        let svg = timeline::svg::document(title, stages, &lanes);
        fs::write(target, svg).context(|| target.display().to_string())?;
        println!("timeline: {}", target.display());
    }
    Ok(())
}

/// What the device saw.
fn device_view(remains: &Remains) {
    for (files, end) in &remains.gpus {
        let Ok(report) = Report::load(&files.report) else {
            println!("the emulated GPU left no report ({end})");
            continue;
        };
        let total = |name| report.counter(name);
        println!(
            "device: {} BAR0 reads, {} BAR0 writes, {} DMA mappings, {} violations",
            total("bar0_reads"),
            total("bar0_writes"),
            total("dma_maps"),
            report.violations.len()
        );
        report
            .violations
            .iter()
            .for_each(|violation| println!("  {violation}"));
        if let Ok((reads, writes)) = Trace::load(&files.trace).map(|t| t.counts(1)) {
            println!(
                "device: {reads} reads and {writes} writes from loading the modules to the end"
            );
        }
    }
}

fn accepted(remains: &Remains) -> bool {
    remains
        .gpus
        .iter()
        .all(|(files, _)| Report::load(&files.report).is_ok_and(|r| r.violations.is_empty()))
}

fn copy_trace(remains: &Remains, target: &PathBuf) -> Result<()> {
    for (files, _) in &remains.gpus {
        fs::copy(&files.trace, target).context(|| target.display().to_string())?;
        println!("trace: {}", target.display());
    }
    Ok(())
}

/// Connects the terminal to the guest's console until the guest is off.
fn shell(env: &Env, scenario: &Scenario) -> Result<Shown> {
    println!("(Ctrl-A x ends the guest)");
    let terminal = Terminal::raw();
    let mut vm = match env.boot_interactive(
        scenario,
        Box::new(|bytes| {
            let mut out = io::stdout().lock();
            let _ = out.write_all(bytes).and_then(|()| out.flush());
        }),
    ) {
        Ok(vm) => vm,
        Err(failure) => {
            drop(terminal);
            failure_lines(&failure)
                .iter()
                .for_each(|line| println!("{line}"));
            return Ok(Shown::new(false, None));
        }
    };
    forward_keys(&vm)?;
    let clean = vm.wait_until_off();
    drop(terminal);
    println!();
    Ok(Shown::new(clean, Some(vm.finish())))
}

/// Sends what is typed to the guest, on a thread that ends with this program.
fn forward_keys(vm: &Vm) -> Result<()> {
    let mut console = vm.console()?;
    std::thread::spawn(move || {
        let mut escaped = false;
        let mut key = [0];
        while let Ok(1) = io::stdin().read(&mut key) {
            match (escaped, key[0]) {
                (true, QUIT) => break,
                (false, ESCAPE) => {
                    escaped = true;
                    continue;
                }
                _ => escaped = false,
            }
            if console.write_all(&key).is_err() {
                return;
            }
        }
        // Ends the guest: its console is the only thing it waits for.
        let _ =
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM);
    });
    Ok(())
}

/// A terminal that passes every key on; restored when dropped.
struct Terminal(Option<Termios>);

impl Terminal {
    fn raw() -> Self {
        let stdin = io::stdin();
        let Ok(before) = termios::tcgetattr(&stdin) else {
            return Self(None);
        };
        let mut raw = before.clone();
        raw.make_raw();
        // Line feeds of our own messages still return the carriage.
        raw.output_modes |= termios::OutputModes::OPOST | termios::OutputModes::ONLCR;
        let _ = termios::tcsetattr(&stdin, OptionalActions::Flush, &raw);
        Self(Some(before))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = termios::tcsetattr(io::stdin(), OptionalActions::Flush, before);
        }
    }
}
