// SPDX-License-Identifier: GPL-2.0

//! Gives each fuzzer its first inputs, runs it, and prints a table.

use nova_fuzz::{
    runner::{
        self,
        Limit,
        Places, //
    },
    seeds::Seeds,
    targets, //
};
use std::{
    io,
    path::PathBuf,
    process::ExitCode, //
};

const USAGE: &str = "\
usage: nova-fuzz --programs DIR --work DIR [--firmware DIR] [--time SECONDS | --runs N] [TARGET]...

Runs the fuzzer of each target, or of those named, for SECONDS (30), or until N inputs have been tried.
--programs  where they are, each named after its target
--work      where inputs worth keeping (corpus/), logs (logs/) and inputs that crash a target (artifacts/)
            are put
--firmware  directory that holds nvidia/, for first inputs made from NVIDIA's files
";

struct Options {
    places: Places,
    firmware: Option<PathBuf>,
    limit: Limit,
    targets: Vec<String>,
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let (mut programs, mut work, mut firmware) = (None, None, None);
    let mut limit = Limit::Seconds(30);
    let mut targets = Vec::new();
    while let Some(argument) = arguments.next() {
        if !argument.starts_with('-') {
            if !targets::ALL.iter().any(|target| target.name == argument) {
                let names: Vec<_> = targets::ALL.iter().map(|target| target.name).collect();
                return Err(format!(
                    "no target {argument}; there are {}",
                    names.join(", ")
                ));
            }
            targets.push(argument);
            continue;
        }
        let value = arguments
            .next()
            .ok_or_else(|| format!("{argument} needs a value"))?;
        let number = || {
            value
                .parse()
                .map_err(|_| format!("{argument} {value} is not a number"))
        };
        match argument.as_str() {
            "--programs" => programs = Some(PathBuf::from(&value)),
            "--work" => work = Some(PathBuf::from(&value)),
            "--firmware" => firmware = Some(PathBuf::from(&value)),
            "--time" => limit = Limit::Seconds(number()?),
            "--runs" => limit = Limit::Executions(number()?),
            _ => return Err(format!("unknown option {argument}")),
        }
    }
    Ok(Options {
        places: Places {
            programs: programs.ok_or("--programs is missing")?,
            work: work.ok_or("--work is missing")?,
        },
        firmware,
        limit,
        targets,
    })
}

/// Runs the targets; gives whether all ended well.
fn run(options: &Options) -> io::Result<bool> {
    let mut seeds = Seeds::synthetic();
    if let Some(firmware) = &options.firmware {
        seeds.add_firmware(firmware)?;
    }
    println!("{}", runner::heading());
    let mut failures = Vec::new();
    for target in &targets::ALL {
        if !options.targets.is_empty() && !options.targets.iter().any(|name| name == target.name) {
            continue;
        }
        runner::write_seeds(&options.places, target, &seeds)?;
        let outcome = runner::run(&options.places, target, options.limit)?;
        println!("{outcome}");
        failures.extend(runner::reproduce(&options.places, &outcome));
    }
    for failure in &failures {
        println!("\n{failure}");
    }
    Ok(failures.is_empty())
}

fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprint!("nova-fuzz: {error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("nova-fuzz: {error}");
            ExitCode::FAILURE
        }
    }
}
