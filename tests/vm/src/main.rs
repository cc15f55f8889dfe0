// SPDX-License-Identifier: GPL-2.0

//! `nova-vm`: see `nova-vm --help`, and the library's documentation for how it works.

use std::{
    env::args,
    path::Path,
    process::ExitCode,
    sync::{
        atomic::Ordering,
        mpsc::channel, //
    },
    time::Instant,
};

use nova_vm::{
    bench,
    cases::{
        self,
        self_test,
        Scenario, //
    },
    cli::{
        self,
        Command,
        Common, //
    },
    env,
    error::{
        Context,
        Result, //
    },
    firmware,
    glob,
    gpu::Gpu,
    junit,
    paths::{
        Flavour,
        Paths, //
    },
    results::{
        self,
        Summary, //
    },
    run,
    runner, //
};

/// Exit status for a command line that makes no sense, and for a harness that could not do its part.
const USAGE_STATUS: u8 = 2;
/// Exit status after SIGINT, as shells have it.
const INTERRUPTED_STATUS: u8 = 130;

fn main() -> ExitCode {
    let (common, command) = match cli::parse(args().skip(1)) {
        Ok(parsed) => parsed,
        Err(error) => {
            eprintln!("nova-vm: {error}");
            return ExitCode::from(USAGE_STATUS);
        }
    };
    match execute(&common, command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("nova-vm: {error}");
            ExitCode::from(USAGE_STATUS)
        }
    }
}

fn execute(common: &Common, command: Command) -> Result<ExitCode> {
    match command {
        Command::Help => {
            print!("{}", cli::USAGE);
            Ok(ExitCode::SUCCESS)
        }
        Command::Run {
            chip,
            vram,
            faults,
            debug,
            iommu,
            shell,
            trace,
            timeline,
            start,
        } => {
            let env = env::prepare(common, env::stop_on_signals()?)?;
            let request = run::Request {
                gpu: Gpu {
                    vram,
                    faults,
                    dirty: start,
                    ..Gpu::new(&chip)
                },
                flavour: if debug {
                    Flavour::Debug
                } else {
                    Flavour::Stock
                },
                iommu,
                shell,
                trace,
                timeline,
            };
            let good = run::run(&env, &request)?;
            Ok(if good {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
        Command::Bench { chips, json } => {
            let env = env::prepare(common, env::stop_on_signals()?)?;
            Ok(compare(&env, &chips, json.as_deref())?)
        }
        Command::Tlv {
            chip,
            firmware,
            output,
        } => {
            let root = match firmware {
                Some(root) => root,
                None => Paths::of_tree(&common.tree)?.firmware()?,
            };
            for file in firmware::convert(&root, &chip)? {
                let path = output.join(&file.name);
                std::fs::create_dir_all(&output).context(|| output.display().to_string())?;
                std::fs::write(&path, &file.bytes).context(|| path.display().to_string())?;
                println!("{}: {} bytes", path.display(), file.bytes.len());
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Test {
            only,
            list: true,
            rebinds,
            short,
            ..
        } => {
            list(only.as_deref(), scenarios(short, rebinds));
            Ok(ExitCode::SUCCESS)
        }
        Command::Test {
            only,
            jobs,
            junit,
            rebinds,
            short,
            ..
        } => {
            let env = env::prepare(common, env::stop_on_signals()?)?;
            let scenarios = runner::select(scenarios(short, rebinds), only.as_deref());
            test(&env, scenarios, only.as_deref(), jobs, junit.as_deref())
        }
        Command::Fuzz { calls, seed } => {
            let env = env::prepare(common, env::stop_on_signals()?)?;
            let scenarios = vec![cases::clients::fuzzing(calls, seed)];
            test(&env, scenarios, Some(cases::clients::FUZZING), 1, None)
        }
    }
}

/// Measures all drivers on these chips, and prints the table. A driver that cannot be measured is told.
fn compare(env: &runner::Env, chips: &[String], json: Option<&Path>) -> Result<ExitCode> {
    let mut measurements = Vec::new();
    let mut whole = true;
    for chip in chips {
        for driver in bench::DRIVERS {
            if env.stop.load(Ordering::Relaxed) {
                return Ok(ExitCode::from(INTERRUPTED_STATUS));
            }
            eprintln!("nova-vm: measuring {} on {chip}", driver.title());
            match bench::measure(env, chip, *driver) {
                Ok(measurement) => measurements.push(measurement),
                Err(error) => {
                    whole = false;
                    println!("{chip}, {}: not measured: {error}", driver.title());
                }
            }
        }
    }
    for line in bench::lines(&measurements) {
        println!("{line}");
    }
    eprintln!("nova-vm: measuring objects");
    let objects = match bench::measure_objects(env) {
        Ok(objects) => Some(objects),
        Err(error) => {
            whole = false;
            println!("objects: not measured: {error}");
            None
        }
    };
    for line in objects.iter().flat_map(bench::Objects::lines) {
        println!("{line}");
    }
    if let Some(file) = json {
        bench::save(&measurements, objects.as_ref(), file)?;
    }
    Ok(if whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What is to be tried.
fn scenarios(short: bool, rebinds: u32) -> Vec<Scenario> {
    if short {
        cases::short()
    } else {
        cases::all(rebinds)
    }
}

fn list(only: Option<&str>, scenarios: Vec<Scenario>) {
    let fits = |name: &str, scenario: &str| {
        only.is_none_or(|p| glob::matches(p, name) || glob::matches(p, scenario))
    };
    for scenario in scenarios {
        for claim in &scenario.claims {
            let name = scenario.full_name(claim);
            if fits(&name, &scenario.name) {
                println!("{name}");
            }
        }
    }
    for test in self_test::ALL {
        let name = format!("{}: {}", self_test::NAME, test.name);
        if fits(&name, self_test::NAME) {
            println!("{name}");
        }
    }
}

/// Runs claims, printing each result as it comes, and their sum in the end.
fn test(
    env: &runner::Env,
    scenarios: Vec<Scenario>,
    only: Option<&str>,
    jobs: usize,
    junit: Option<&Path>,
) -> Result<ExitCode> {
    let outcomes = outcomes(env, scenarios, only, jobs);
    if let Some(path) = junit {
        std::fs::write(path, junit::document(&outcomes)).context(|| path.display().to_string())?;
    }
    let mut summary = Summary::default();
    outcomes.iter().for_each(|o| summary.add(&o.verdict));
    let interrupted = env.stop.load(Ordering::Relaxed);
    if summary.total() == 0 && !interrupted {
        eprintln!("nova-vm: no claim fits the pattern; nova-vm test --list shows all");
    }
    if summary.skipped > 0 {
        println!("# {} skipped, for the reasons above", summary.skipped);
    }
    println!("{}", summary.line());
    Ok(match (interrupted, summary.good()) {
        (true, _) => ExitCode::from(INTERRUPTED_STATUS),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => ExitCode::FAILURE,
    })
}

fn outcomes(
    env: &runner::Env,
    scenarios: Vec<Scenario>,
    only: Option<&str>,
    jobs: usize,
) -> Vec<results::Outcome> {
    let started = Instant::now();
    println!("KTAP version 1");
    for flavour in [Flavour::Stock, Flavour::Debug] {
        if let Ok(release) = env.paths.release(flavour) {
            println!("# {} kernel: {release}", flavour.name());
        }
    }
    let (send, receive) = channel();
    let mut outcomes = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(move || runner::run(env, scenarios, only, jobs, &send));
        for outcome in receive {
            print!("{}", results::ktap(outcomes.len() + 1, &outcome));
            outcomes.push(outcome);
        }
    });
    println!("1..{}", outcomes.len());
    println!("# {:.0} s", started.elapsed().as_secs_f64());
    outcomes
}
