// SPDX-License-Identifier: GPL-2.0

//! Claims about the harness itself, tried on real guests: whatever dies or hangs is told within seconds,
//! and nothing is left running.

use std::time::{
    Duration,
    Instant, //
};

use super::Scenario;
use crate::{
    gpu::Gpu,
    runner::Env,
    session::{
        Fatal,
        Reason, //
    },
    splat::Kind,
    vm::{
        Failure,
        Vm, //
    },
};

/// Name of the scenario these claims belong to.
pub const NAME: &str = "harness";

/// Nothing may take longer to be noticed.
const NOTICE: Duration = Duration::from_secs(3);

/// How long the sabotaged step would take if nobody interfered.
const LONG: &str = "600";

/// A claim about the harness; the check returns what it saw, or what is wrong.
pub struct SelfTest {
    /// The sentence.
    pub name: &'static str,
    /// The check.
    pub check: fn(&Env) -> Result<Vec<String>, String>,
}

/// All of them.
pub const ALL: &[SelfTest] = &[
    SelfTest {
        name: "a killed QEMU is told within 3 s",
        check: killed_qemu,
    },
    SelfTest {
        name: "a killed model is told within 3 s",
        check: killed_model,
    },
    SelfTest {
        name: "a hanging step is a result with the kernel's last lines",
        check: hang,
    },
    SelfTest {
        name: "a guest panic is told as such within 3 s",
        check: panic,
    },
    SelfTest {
        name: "the agent reports facts, takes arguments, and tells scripts apart",
        check: agent,
    },
];

fn killed_qemu(env: &Env) -> Result<Vec<String>, String> {
    let (fatal, noticed) = sabotage(env, Vec::new(), |vm| vm.sabotage(None))?;
    match &fatal.reason {
        Reason::Died(who, _) if who.to_string() == "QEMU" => in_time(noticed, &fatal),
        other => Err(format!("told as: {other}")),
    }
}

fn killed_model(env: &Env) -> Result<Vec<String>, String> {
    let (fatal, noticed) = sabotage(env, vec![Gpu::new("ga102")], |vm| vm.sabotage(Some(0)))?;
    match &fatal.reason {
        Reason::Died(who, _) if who.to_string() == "gpu-model 0 (ga102)" => {
            in_time(noticed, &fatal)
        }
        other => Err(format!("told as: {other}")),
    }
}

fn hang(env: &Env) -> Result<Vec<String>, String> {
    let mut vm = boot(env, Vec::new())?;
    let limit = Duration::from_secs(1);
    let started = Instant::now();
    let fatal = lost(vm.step("sleep", &[("seconds".to_owned(), LONG.to_owned())], limit))?;
    if !matches!(fatal.reason, Reason::Hang { .. }) {
        return Err(format!("told as: {}", fatal.reason));
    }
    if !fatal
        .tail
        .iter()
        .any(|line| line.contains("Show Blocked State"))
    {
        return Err(format!(
            "the kernel was not asked for its blocked tasks: {:?}",
            fatal.tail
        ));
    }
    in_time(started.elapsed() - limit, &fatal)
}

fn panic(env: &Env) -> Result<Vec<String>, String> {
    let mut vm = boot(env, Vec::new())?;
    let started = Instant::now();
    let fatal = lost(vm.step("crash", &[], Duration::from_secs(60)))?;
    match &fatal.reason {
        Reason::Panic(_) if fatal.splats.iter().any(|s| s.kind == Kind::Panic) => {
            in_time(started.elapsed(), &fatal)
        }
        other => Err(format!("told as: {other}, with reports {:?}", fatal.splats)),
    }
}

fn agent(env: &Env) -> Result<Vec<String>, String> {
    let mut vm = boot(env, Vec::new())?;
    let ids = vm.process_ids();
    let args = [("word".to_owned(), "spoken".to_owned())];
    let result = vm
        .step("hello_agent", &args, Duration::from_secs(10))
        .map_err(|f| format!("{f:?}"))?;
    if !result.ok {
        return Err(format!("{}: {:?}", result.why, result.notes));
    }
    let release = result
        .facts
        .iter()
        .find(|(name, _)| name == "release")
        .map(|(_, value)| value.clone());
    together(&mut vm)?;
    if release.as_deref() != env.paths.release(crate::paths::Flavour::Stock).ok() {
        return Err(format!("the guest runs {release:?}"));
    }
    let boot = format!(
        "boot to agent = {:.2} s, of which in the kernel {} s",
        vm.boot_time.as_secs_f64(),
        vm.guest_uptime
    );
    vm.finish();
    gone(&ids)?;
    Ok(vec![boot])
}

/// Of two scripts that run at the same time, one has nothing to complain about.
fn together(vm: &mut Vm) -> Result<(), String> {
    let args = |card: &str, word: &str| {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        [pair("bdf", card), pair("word", word)]
    };
    let (good, bad) = (
        args("0000:01:00.0", "spoken"),
        args("0000:02:00.0", "silent"),
    );
    let scripts: [(&str, &[(String, String)]); 2] = [("hello_agent", &bad), ("hello_agent", &good)];
    let results = vm
        .steps(&scripts, Duration::from_secs(10))
        .map_err(|f| format!("{f:?}"))?;
    let told: Vec<(bool, usize)> = results.iter().map(|r| (r.ok, r.facts.len())).collect();
    if told == [(false, 0), (true, 1)] {
        Ok(())
    } else {
        Err(format!("two scripts at the same time: {results:?}"))
    }
}

fn boot(env: &Env, gpus: Vec<Gpu>) -> Result<Vm, String> {
    env.boot(&Scenario::new(NAME, gpus))
        .map_err(|failure| format!("no guest: {failure:?}"))
}

fn lost<T: std::fmt::Debug>(result: Result<T, Failure>) -> Result<Fatal, String> {
    match result {
        Err(Failure::Guest(fatal)) => Ok(fatal),
        other => Err(format!("the guest should have been lost: {other:?}")),
    }
}

/// Starts a long step, hurts the guest, and returns how it was told and how long that took. Afterwards no
/// process of the guest may be left.
fn sabotage(
    env: &Env,
    gpus: Vec<Gpu>,
    hurt: impl FnOnce(&mut Vm),
) -> Result<(Fatal, Duration), String> {
    let mut vm = boot(env, gpus)?;
    let ids = vm.process_ids();
    let short = [("seconds".to_owned(), "0".to_owned())];
    vm.step("sleep", &short, Duration::from_secs(10))
        .map_err(|f| format!("{f:?}"))?;
    hurt(&mut vm);
    let started = Instant::now();
    let long = [("seconds".to_owned(), LONG.to_owned())];
    let fatal = lost(vm.step("sleep", &long, Duration::from_secs(60)))?;
    let noticed = started.elapsed();
    drop(vm);
    gone(&ids)?;
    Ok((fatal, noticed))
}

fn in_time(noticed: Duration, fatal: &Fatal) -> Result<Vec<String>, String> {
    if noticed > NOTICE {
        return Err(format!(
            "told only after {:.1} s: {}",
            noticed.as_secs_f64(),
            fatal.reason
        ));
    }
    Ok(vec![format!(
        "told after {:.1} s: {}",
        noticed.as_secs_f64(),
        fatal.reason
    )])
}

fn gone(ids: &[i32]) -> Result<(), String> {
    match ids
        .iter()
        .find(|id| std::path::Path::new(&format!("/proc/{id}")).exists())
    {
        None => Ok(()),
        Some(id) => Err(format!("process {id} is still there")),
    }
}
