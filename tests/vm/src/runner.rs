// SPDX-License-Identifier: GPL-2.0

//! Walks the table of claims: boots each scenario, runs its steps, looks at what is left.

use std::{
    collections::VecDeque,
    fs,
    path::{
        Path,
        PathBuf, //
    },
    sync::{
        atomic::Ordering,
        mpsc::Sender,
        Mutex, //
    },
    time::{
        Duration,
        Instant, //
    },
};

use crate::{
    accel::Accel,
    cases::{
        self_test,
        Check,
        Claim,
        Scenario,
        Step, //
    },
    clock,
    error::Context,
    firmware, glob,
    initramfs::{
        self,
        Contents, //
    },
    kernel_image,
    paths::{
        Flavour,
        Paths, //
    },
    qemu::{
        Machine,
        PortFds, //
    },
    results::{
        Outcome,
        Verdict, //
    },
    serial::Watch,
    session::{
        Fatal,
        Reason,
        StepResult, //
    },
    splat::Splat,
    store::Store,
    vm::{
        Failure,
        Plan,
        Remains,
        Stop,
        Vm, //
    },
};

mod afterwards;
mod batches;
mod judge;
mod teardown;
mod told;

pub use judge::failure as failure_lines;

/// How long a guest may take to get ready.
pub const BOOT_LIMIT: Duration = Duration::from_secs(60);
/// A mark reaches the model's trace within this time.
const MARK_PAUSE: Duration = Duration::from_millis(30);

/// Whether a guest did not get ready for a reason that has nothing to do with what is tested, of which
/// nothing is loaded yet: under emulation about one boot in ninety hangs, and fewer meet a breakpoint in the
/// kernel's own code that another CPU had put there while it changed the code, and has removed already.
fn spoiled_by_emulation(accel: Accel, fatal: &Fatal) -> bool {
    if accel != Accel::Tcg {
        return false;
    }
    let breakpoint = |splat: &Splat| splat.title().contains("Oops: int3");
    match fatal.reason {
        Reason::Hang { .. } => true,
        Reason::Panic(_) => fatal.splats.first().is_some_and(breakpoint),
        Reason::Died(..) | Reason::Interrupted => false,
    }
}

/// What all scenarios share.
pub struct Env {
    /// Kernels and firmware.
    pub paths: Paths,
    /// Cached parts of guests.
    pub store: Store,
    /// Folder with one folder of modules for each kernel release.
    pub modules: PathBuf,
    /// The emulated GPU's program.
    pub model: PathBuf,
    /// Our programs for the guest.
    pub clients: Vec<PathBuf>,
    /// Folder for logs.
    pub logs: PathBuf,
    /// How CPUs are run.
    pub accel: Accel,
    /// CPUs of a guest.
    pub cpus: u32,
    /// Set when the user asked to stop.
    pub stop: Stop,
}

impl Env {
    /// Boots the scenario's guest.
    ///
    /// A boot that the emulation has spoiled before the first sign of life is tried once more; see
    /// [`spoiled_by_emulation`].
    ///
    /// # Errors
    /// When it does not come up twice, or cannot be started.
    pub fn boot(&self, scenario: &Scenario) -> std::result::Result<Vm, Failure> {
        match self.boot_once(scenario, None) {
            Err(Failure::Guest(fatal)) if spoiled_by_emulation(self.accel, &fatal) => {
                eprintln!(
                    "nova-vm: {}: the guest did not get ready ({}); trying once more",
                    scenario.name, fatal.reason
                );
                self.boot_once(scenario, None)
            }
            other => other,
        }
    }

    /// Boots a guest for a person: `watch` gets every byte of its console.
    ///
    /// # Errors
    /// When it does not come up, or cannot be started.
    pub fn boot_interactive(
        &self,
        scenario: &Scenario,
        watch: Watch,
    ) -> std::result::Result<Vm, Failure> {
        self.boot_once(scenario, Some(watch))
    }

    fn boot_once(
        &self,
        scenario: &Scenario,
        watch: Option<Watch>,
    ) -> std::result::Result<Vm, Failure> {
        let logs = self.logs.join(&scenario.name);
        fs::create_dir_all(&logs).context(|| logs.display().to_string())?;
        let initrd = logs.join("initrd");
        let modules = self.modules.join(self.paths.release(scenario.flavour)?);
        let firmware = match self.paths.firmware()? {
            whole if scenario.short_firmware => firmware::short::folder(&whole, &self.store)?,
            whole => whole,
        };
        let contents = Contents {
            flavour: scenario.flavour,
            driver: scenario.driver,
            tlv: scenario.tlv || scenario.driver.wants_tlv(),
            more_tools: scenario.more_tools,
            chips: scenario.gpus.iter().map(|g| g.chip.clone()).collect(),
            firmware: firmware.clone(),
            modules: Some(modules),
            clients: self.clients.clone(),
        };
        initramfs::build(&self.paths, &self.store, &contents, &initrd)?;
        let interactive = watch.is_some();
        let vm = self.start(scenario, &initrd, &firmware, &logs, watch);
        if !interactive {
            // The guest is up, so QEMU has read it; it is large and can be made again.
            let _ = fs::remove_file(&initrd);
        }
        vm
    }

    fn start(
        &self,
        scenario: &Scenario,
        initrd: &Path,
        firmware: &Path,
        logs: &Path,
        watch: Option<Watch>,
    ) -> std::result::Result<Vm, Failure> {
        let image = self.paths.kernel_image(scenario.flavour)?;
        let machine = Machine {
            kernel: kernel_image::bootable(&image, &self.store)?,
            initrd: initrd.to_path_buf(),
            append: scenario.append.to_owned(),
            memory_mib: scenario.memory_mib,
            cpus: self.cpus,
            accel: self.accel,
            clock_khz: clock::of_guest(self.accel),
            iommu: scenario.iommu,
            gpus: Vec::new(),
            devices: scenario.driver.devices(),
            console: PortFds::default(),
            control: PortFds::default(),
            monitor_fd: -1,
        };
        let plan = Plan {
            machine,
            firmware,
            gpus: &scenario.gpus,
            model: &self.model,
            logs,
            boot_limit: BOOT_LIMIT,
            watch,
        };
        Vm::boot(plan, self.stop.clone())
    }
}

/// Chooses scenarios with at least one claim that fits the pattern.
pub fn select(scenarios: Vec<Scenario>, only: Option<&str>) -> Vec<Scenario> {
    let Some(pattern) = only else {
        return scenarios;
    };
    scenarios
        .into_iter()
        .filter(|s| s.claims.iter().any(|c| wanted(s, c, Some(pattern))))
        .collect()
}

fn wanted(scenario: &Scenario, claim: &Claim, only: Option<&str>) -> bool {
    only.is_none_or(|pattern| {
        glob::matches(pattern, &scenario.full_name(claim)) || glob::matches(pattern, &scenario.name)
    })
}

/// What one thread does at a time.
enum Job {
    /// The claims about the harness, one after the other.
    SelfTests,
    Guest(Box<Scenario>),
}

/// Runs the claims about the harness itself and the scenarios, `jobs` at a time, and sends each claim's outcome
/// as soon as it is known. Claims that do not fit `only` are carried out where later ones build on them, and
/// not reported.
pub fn run(
    env: &Env,
    scenarios: Vec<Scenario>,
    only: Option<&str>,
    jobs: usize,
    results: &Sender<Outcome>,
) {
    let guests = scenarios.into_iter().map(Box::new).map(Job::Guest);
    let queue: VecDeque<Job> = std::iter::once(Job::SelfTests).chain(guests).collect();
    let queue = Mutex::new(queue);
    let next = || queue.lock().map(|mut q| q.pop_front()).unwrap_or(None);
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            let results = results.clone();
            scope.spawn(move || {
                while let Some(job) = next() {
                    if env.stop.load(Ordering::Relaxed) {
                        break;
                    }
                    match job {
                        Job::SelfTests => run_self_tests(env, only, &results),
                        Job::Guest(scenario) => {
                            for outcome in run_scenario(env, &scenario, only) {
                                let _ = results.send(outcome);
                            }
                        }
                    }
                }
            });
        }
    });
}

/// Why claims of a scenario cannot be tried any more.
enum Lost {
    /// A claim they build on does not hold.
    Gate(String),
    /// The guest is gone.
    Guest(String),
}

fn run_scenario(env: &Env, scenario: &Scenario, only: Option<&str>) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let mut report = |claim: &Claim, verdict: Verdict, details: Vec<String>, took: Duration| {
        if wanted(scenario, claim, only) {
            let (scenario, claim) = (scenario.name.clone(), claim.name.clone());
            outcomes.push(Outcome {
                scenario,
                claim,
                verdict,
                details,
                took,
            });
        }
    };
    if scenario.flavour == Flavour::Debug && env.paths.find("NOVA_DEBUG_IMAGE").is_none() {
        let why = "no debug kernel (tests/vm/setup/prepare --debug-kernel)".to_owned();
        scenario
            .claims
            .iter()
            .for_each(|c| report(c, Verdict::Skip(why.clone()), Vec::new(), Duration::ZERO));
        return outcomes;
    }

    let whole = scenario;
    let (scenario, newer) = match for_kernel(&env.paths, scenario) {
        Ok(parts) => parts,
        Err(error) => {
            let details = vec![error.to_string()];
            let fail = |c| report(c, Verdict::Fail, details.clone(), Duration::ZERO);
            whole.claims.iter().for_each(fail);
            return outcomes;
        }
    };
    for claim in &newer {
        report(
            claim,
            Verdict::Skip(NEWER.to_owned()),
            Vec::new(),
            Duration::ZERO,
        );
    }
    if scenario.claims.is_empty() {
        return outcomes;
    }
    let scenario = &scenario;

    let started = Instant::now();
    let mut vm = match env.boot(scenario) {
        Ok(vm) => Some(vm),
        Err(failure) => {
            let details = judge::failure(&failure);
            scenario
                .claims
                .iter()
                .for_each(|c| report(c, Verdict::Fail, details.clone(), started.elapsed()));
            return outcomes;
        }
    };
    let mut lost: Option<Lost> = None;
    for batch in batches::of(scenario) {
        if let Some(lost) = &lost {
            let why = match lost {
                Lost::Gate(name) => format!("not tried, because this does not hold: {name}"),
                Lost::Guest(name) => format!("not tried, because the guest was lost at: {name}"),
            };
            for (claim, _) in batch {
                report(claim, Verdict::Fail, vec![why.clone()], Duration::ZERO);
            }
            continue;
        }
        let started = Instant::now();
        let Some(guest) = vm.as_mut() else { continue };
        match run_batch(guest, &batch) {
            Ok(results) => {
                for ((claim, step), result) in batch.into_iter().zip(results) {
                    let (good, details) = judge::step(step, &result);
                    if !good && claim.gate {
                        lost = Some(Lost::Gate(claim.name.clone()));
                    }
                    let verdict = if good { Verdict::Pass } else { Verdict::Fail };
                    report(claim, verdict, details, result.took);
                }
            }
            Err(failure) => {
                let ended = judge::is_power_off(&failure);
                for (claim, step) in batch {
                    if step.ends && ended {
                        report(claim, Verdict::Pass, Vec::new(), started.elapsed());
                        continue;
                    }
                    lost.get_or_insert_with(|| Lost::Guest(claim.name.clone()));
                    let details = judge::failure(&failure);
                    report(claim, Verdict::Fail, details, started.elapsed());
                }
            }
        }
    }
    let remains: Option<Remains> = vm.map(Vm::finish);
    for claim in &scenario.claims {
        let (Check::Afterwards(what), Some(remains)) = (&claim.check, &remains) else {
            continue;
        };
        let started = Instant::now();
        let (good, details) = match (&lost, afterwards::check(what, scenario, remains)) {
            // A lost guest proves nothing about what comes last in its life.
            (Some(Lost::Guest(name)), Ok(_)) if !afterwards::holds_early(what) => (
                false,
                vec![format!("not known, because the guest was lost at: {name}")],
            ),
            (_, Ok(details)) => (true, details),
            (_, Err(details)) => (false, details),
        };
        report(
            claim,
            if good { Verdict::Pass } else { Verdict::Fail },
            details,
            started.elapsed(),
        );
    }
    if !outcomes.iter().any(|o| o.verdict == Verdict::Fail) {
        remove_traces(remains.as_ref());
    }
    outcomes
}

/// Why claims that are not meant for a kernel are not tried on it.
const NEWER: &str = "for kernels of newer series than this one";

/// The scenario with the claims that are meant for its kernel, and the others.
fn for_kernel(paths: &Paths, scenario: &Scenario) -> crate::error::Result<(Scenario, Vec<Claim>)> {
    let series = paths.series(scenario.flavour)?;
    let mut meant = scenario.clone();
    let claims = std::mem::take(&mut meant.claims).into_iter();
    let (tried, newer) = claims.partition(|c| c.since.is_none_or(|since| series >= since));
    meant.claims = tried;
    Ok((meant, newer))
}

fn run_batch(
    vm: &mut Vm,
    batch: &[(&Claim, &Step)],
) -> std::result::Result<Vec<StepResult>, Failure> {
    let mark = |vm: &mut Vm| {
        vm.mark();
        std::thread::sleep(MARK_PAUSE);
    };
    let steps = || batch.iter().map(|(_, step)| *step);
    for gpu in steps().filter_map(|step| step.mends) {
        vm.mend(gpu);
    }
    for error in steps().filter_map(|step| step.injects) {
        vm.inject_error(error)?;
    }
    if steps().any(|step| step.mends.is_some()) {
        std::thread::sleep(MARK_PAUSE);
    }
    let marked = steps().any(|step| step.marked);
    if marked {
        mark(vm);
    }
    let scripts: Vec<_> = steps().map(|s| (s.script, s.args.as_slice())).collect();
    let results = vm.steps(&scripts, batches::limit(batch))?;
    if marked {
        mark(vm);
    }
    Ok(results)
}

/// Traces of good runs are large and tell nothing new.
fn remove_traces(remains: Option<&Remains>) {
    for (files, _) in remains.iter().flat_map(|r| &r.gpus) {
        let _ = fs::remove_file(&files.trace);
    }
}

/// Runs the claims about the harness itself that fit `only`.
fn run_self_tests(env: &Env, only: Option<&str>, results: &Sender<Outcome>) {
    for test in self_test::ALL {
        let full = format!("{}: {}", self_test::NAME, test.name);
        let fits =
            only.is_none_or(|p| glob::matches(p, &full) || glob::matches(p, self_test::NAME));
        if !fits || env.stop.load(Ordering::Relaxed) {
            continue;
        }
        let started = Instant::now();
        let (verdict, details) = match (test.check)(env) {
            Ok(details) => (Verdict::Pass, details),
            Err(why) => (Verdict::Fail, vec![why]),
        };
        let (scenario, claim) = (self_test::NAME.to_owned(), test.name.to_owned());
        let _ = results.send(Outcome {
            scenario,
            claim,
            verdict,
            details,
            took: started.elapsed(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cases,
        splat, //
    };

    #[test]
    fn patterns_choose_scenarios_by_name_or_by_claim() {
        let names = |only| -> Vec<String> {
            select(cases::all(cases::REBINDS), only)
                .into_iter()
                .map(|s| s.name)
                .collect()
        };
        assert_eq!(names(Some("kunit*")), ["kunit"]);
        assert_eq!(names(Some("gb202")), ["gb202"]);
        assert_eq!(names(Some("*: gfw-mask-closed*")), ["faults-1"]);
        assert!(names(Some("nothing of the kind")).is_empty());
        assert_eq!(names(None).len(), cases::all(cases::REBINDS).len());
    }

    #[test]
    fn claims_for_newer_kernels_are_put_aside() {
        let claims = |release: &str| {
            let paths = Paths::parse(&format!("NOVA_RELEASE={release}")).unwrap();
            let mut all = cases::all(cases::REBINDS).into_iter();
            let samples = all.find(|s| s.name == "samples").unwrap();
            let (meant, newer) = for_kernel(&paths, &samples).unwrap();
            assert_eq!(meant.claims.len() + newer.len(), samples.claims.len());
            newer.into_iter().map(|c| c.name).collect::<Vec<_>>()
        };
        assert_eq!(claims("7.3.4+deb13-amd64"), [""; 0]);
        let aside = claims("7.2.12+deb13-amd64");
        assert_eq!(aside.len(), 1);
        assert!(aside[0].starts_with("sample_devres_before: "), "{aside:?}");
    }

    #[test]
    fn only_hangs_and_stray_breakpoints_are_put_down_to_the_emulation() {
        let splat = |title: &str| Splat {
            kind: splat::Kind::Oops,
            lines: vec![title.to_owned()],
        };
        let fatal = |reason, splats| Fatal {
            reason,
            splats,
            tail: Vec::new(),
        };
        let panic = || Reason::Panic("Kernel panic - not syncing: Fatal exception".to_owned());
        let hang = Reason::Hang {
            waiting_for: "guest".to_owned(),
            limit: BOOT_LIMIT,
        };
        let int3 = splat("Oops: int3: 0000 [#1] SMP NOPTI");
        let other = splat("Oops: general protection fault: 0000 [#1] SMP NOPTI");

        assert!(spoiled_by_emulation(
            Accel::Tcg,
            &fatal(hang.clone(), vec![])
        ));
        assert!(!spoiled_by_emulation(Accel::Kvm, &fatal(hang, vec![])));
        assert!(!spoiled_by_emulation(
            Accel::Kvm,
            &fatal(panic(), vec![int3.clone()])
        ));
        assert!(spoiled_by_emulation(
            Accel::Tcg,
            &fatal(panic(), vec![int3.clone(), other.clone()])
        ));
        assert!(!spoiled_by_emulation(
            Accel::Tcg,
            &fatal(panic(), vec![other, int3])
        ));
        assert!(!spoiled_by_emulation(Accel::Tcg, &fatal(panic(), vec![])));
    }
}
