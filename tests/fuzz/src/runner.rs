// SPDX-License-Identifier: GPL-2.0

//! Runs the programs of libFuzzer one after another, and says what came of it.

use crate::{
    seeds::Seeds,
    targets::Target, //
};
use std::{
    fmt,
    fs,
    io,
    path::{
        Path,
        PathBuf, //
    },
    process::{
        Command,
        Stdio, //
    },
    time::{
        Duration,
        Instant, //
    }, //
};

/// When to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// After so many seconds for each target.
    Seconds(u64),
    /// After so many executions of each target.
    Executions(u64),
}

/// Where things are.
#[derive(Clone, Debug)]
pub struct Places {
    /// The programs, named after their targets.
    pub programs: PathBuf,
    /// What is kept: inputs found so far, logs, and inputs that crashed a target.
    pub work: PathBuf,
}

impl Places {
    fn corpus(&self, target: &Target) -> PathBuf {
        self.work.join("corpus").join(target.name)
    }

    fn log(&self, target: &Target) -> PathBuf {
        self.work.join("logs").join(format!("{}.log", target.name))
    }

    fn artifacts(&self) -> PathBuf {
        self.work.join("artifacts")
    }
}

/// What came of one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The target's name.
    pub name: &'static str,
    /// Inputs tried.
    pub executions: u64,
    /// How long that took.
    pub time: Duration,
    /// Places in the code that some input has reached.
    pub coverage: u64,
    /// Inputs worth keeping, of which each reaches something that no other does.
    pub corpus: u64,
    /// What went wrong.
    pub failure: Option<Failure>,
}

/// How a target failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// This input crashes it, or takes too long or too much memory.
    Input(PathBuf),
    /// The program ended in another way, as the log tells.
    Program(String),
}

/// The line of a table.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_second = self.executions as f64 / self.time.as_secs_f64().max(0.001);
        write!(
            f,
            "{:<20} {:>13} {:>9.0} {:>6.0} {:>6} {:>6}  {}",
            self.name,
            thousands(self.executions),
            per_second,
            self.time.as_secs_f64(),
            self.coverage,
            self.corpus,
            if self.failure.is_some() {
                "FAILED"
            } else {
                "ok"
            },
        )
    }
}

/// The head of that table.
pub fn heading() -> String {
    format!(
        "{:<20} {:>13} {:>9} {:>6} {:>6} {:>6}",
        "target", "executions", "each s", "s", "edges", "corpus"
    )
}

/// A number in groups of three digits.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect();
    groups.join(" ")
}

/// Writes the first inputs of a target to where its program looks for them, beside those found before.
///
/// # Errors
///
/// They cannot be written.
pub fn write_seeds(places: &Places, target: &Target, seeds: &Seeds) -> io::Result<()> {
    let corpus = places.corpus(target);
    fs::create_dir_all(&corpus)?;
    for (name, bytes) in seeds.of(target.name) {
        fs::write(corpus.join(format!("seed-{name}")), bytes)?;
    }
    Ok(())
}

/// Runs the program of a target.
///
/// # Errors
///
/// It cannot be started. What the program finds is part of the [`Outcome`].
pub fn run(places: &Places, target: &Target, limit: Limit) -> io::Result<Outcome> {
    let (log, artifacts) = (places.log(target), places.artifacts());
    for directory in log.parent().into_iter().chain([artifacts.as_path()]) {
        fs::create_dir_all(directory)?;
    }
    let prefix = artifacts.join(format!("{}-", target.name));
    let mut command = Command::new(places.programs.join(target.name));
    command.arg(places.corpus(target));
    command.arg(format!("-max_len={}", target.max_len));
    command.arg(format!("-artifact_prefix={}", prefix.display()));
    command.args([
        "-timeout=10",
        "-rss_limit_mb=1024",
        "-print_final_stats=1",
        "-verbosity=1",
    ]);
    command.arg(match limit {
        Limit::Seconds(seconds) => format!("-max_total_time={seconds}"),
        Limit::Executions(runs) => format!("-runs={runs}"),
    });
    let file = fs::File::create(&log)?;
    command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file);
    let start = Instant::now();
    let status = command.status()?;
    let time = start.elapsed();
    let text = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    Ok(outcome(
        target.name,
        &text,
        time,
        (!status.success()).then(|| status.to_string()),
    ))
}

/// Reads what a program of libFuzzer has printed; `status` says how it ended, if not well.
fn outcome(name: &'static str, log: &str, time: Duration, status: Option<String>) -> Outcome {
    let written = log
        .lines()
        .rev()
        .find_map(|line| line.split_once("Test unit written to "));
    let failure = match (status, written) {
        (None, _) => None,
        (Some(_), Some((_, path))) => Some(Failure::Input(PathBuf::from(path.trim()))),
        (Some(status), None) => Some(Failure::Program(status)),
    };
    Outcome {
        name,
        executions: last_number(log, "stat::number_of_executed_units:"),
        time,
        coverage: last_number(log, " cov: "),
        corpus: last_number(log, " corp: "),
        failure,
    }
}

/// The number behind the last occurrence of `label`; 0 if there is none.
fn last_number(log: &str, label: &str) -> u64 {
    let rest = log
        .rsplit_once(label)
        .map_or("", |(_, rest)| rest)
        .trim_start();
    let digits = rest
        .find(|c: char| !c.is_ascii_digit())
        .map_or(rest, |end| &rest[..end]);
    digits.parse().unwrap_or(0)
}

/// How a person sees the failure again.
pub fn reproduce(places: &Places, outcome: &Outcome) -> Option<String> {
    let program = places.programs.join(outcome.name);
    let log = places
        .work
        .join("logs")
        .join(format!("{}.log", outcome.name));
    Some(match outcome.failure.as_ref()? {
        Failure::Input(path) => format!(
            "{}: {}\n  again: tests/vm/setup/in-sandbox -- {} {}\n  log:   {}",
            outcome.name,
            last_panic(&log).unwrap_or_else(|| "failed without a panic".into()),
            program.display(),
            path.display(),
            log.display()
        ),
        Failure::Program(status) => format!(
            "{}: ended with {status}, and left no input; see {}",
            outcome.name,
            log.display()
        ),
    })
}

/// What the log says about a panic: the line with its place and the one with its reason.
fn last_panic(log: &Path) -> Option<String> {
    let text = String::from_utf8_lossy(&fs::read(log).ok()?).into_owned();
    let mut lines = text
        .lines()
        .skip_while(|line| !line.contains("panicked at"));
    let place = lines
        .next()?
        .split_once("panicked at ")?
        .1
        .trim_end_matches(':');
    Some(format!("{} ({place})", lines.next().unwrap_or_default()))
}

#[cfg(test)]
mod tests;
