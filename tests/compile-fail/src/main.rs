// SPDX-License-Identifier: GPL-2.0

//! Compiles attacks on the driver's types and checks that each is refused; see the library.

use compile_fail::run::{
    cases,
    check_all,
    Compiler,
    Found, //
};
use std::{
    env,
    fs,
    path::PathBuf,
    process::ExitCode,
    thread::available_parallelism, //
};

const USAGE: &str = "\
usage: compile-fail --objects DIR --cases DIR [--only TEXT] [--jobs N]

  --objects DIR  where the modules were built; the compiler commands recorded there are used
  --cases DIR    the case files, NAME.case
  --only TEXT    only cases whose name contains this
  --jobs N       how many run at once; all processors if not given

Exit status: 0 if all cases pass, 1 if some do not, 2 if nothing could be checked.
";

struct Options {
    objects: PathBuf,
    cases: PathBuf,
    only: String,
    jobs: usize,
}

impl Options {
    /// Reads the command line; `None` if it asks for help.
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut objects = None;
        let mut cases = None;
        let mut only = String::new();
        let mut jobs = available_parallelism().map_or(1, usize::from);

        while let Some(name) = args.next() {
            let mut value = || args.next().ok_or(format!("{name} needs a value"));
            match name.as_str() {
                "--objects" => objects = Some(value()?.into()),
                "--cases" => cases = Some(value()?.into()),
                "--only" => only = value()?,
                "--jobs" => {
                    let text = value()?;
                    jobs = match text.parse() {
                        Ok(jobs) if jobs > 0 => jobs,
                        _ => return Err(format!("--jobs {text}: not a number above 0")),
                    };
                }
                "--help" => return Ok(None),
                _ => return Err(format!("unknown option {name}")),
            }
        }
        Ok(Some(Self {
            objects: objects.ok_or("--objects is missing")?,
            cases: cases.ok_or("--cases is missing")?,
            only,
            jobs,
        }))
    }
}

/// A folder for what the compiler writes, removed with its contents at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, String> {
        let dir = env::temp_dir().join(format!("compile-fail.{}", std::process::id()));
        fs::create_dir_all(&dir).map_err(|err| format!("{}: {err}", dir.display()))?;
        Ok(Self(dir))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(err) = fs::remove_dir_all(&self.0) {
            eprintln!("compile-fail: {} stays behind: {err}", self.0.display());
        }
    }
}

/// Runs the cases and returns how many failed.
fn run(options: &Options) -> Result<usize, String> {
    let files = cases(&options.cases, &options.only)
        .map_err(|err| format!("{}: {err}", options.cases.display()))?;
    if files.is_empty() {
        return Err(format!(
            "{}: no case file `*{}*.case`",
            options.cases.display(),
            options.only
        ));
    }
    let scratch = Scratch::new()?;
    let compiler = Compiler::new(&options.objects, &scratch.0)?;

    let (mut passed, mut failed) = (0, 0);
    check_all(&compiler, &files, options.jobs, |index, outcome| {
        let number = index + 1;
        match outcome.result {
            Ok(Found::AsExpected) => {
                passed += 1;
                println!("ok {number} {}", outcome.name);
            }
            Ok(Found::Needs(cfg)) => {
                println!("ok {number} {} # SKIP for modules with {cfg}", outcome.name);
            }
            Err(complaint) => {
                failed += 1;
                println!("not ok {number} {}", outcome.name);
                for line in complaint.lines() {
                    println!("# {line}");
                }
            }
        }
    });
    println!("{passed} passed, {failed} failed");
    Ok(failed)
}

fn main() -> ExitCode {
    let options = match Options::parse(env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(err) => {
            eprint!("compile-fail: {err}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(err) => {
            eprintln!("compile-fail: {err}");
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Option<Options>, String> {
        Options::parse(args.iter().map(|arg| arg.to_string()))
    }

    #[test]
    fn options_are_read() {
        let args = [
            "--objects",
            "o",
            "--cases",
            "c",
            "--only",
            "x",
            "--jobs",
            "3",
        ];
        let options = parse(&args).unwrap().unwrap();
        assert_eq!(options.objects, PathBuf::from("o"));
        assert_eq!(options.cases, PathBuf::from("c"));
        assert_eq!(options.only, "x");
        assert_eq!(options.jobs, 3);
    }

    #[test]
    fn help_is_no_run() {
        assert!(parse(&["--help"]).unwrap().is_none());
    }

    #[test]
    fn wrong_options_are_refused() {
        for (args, want) in [
            (&["--cases", "c"][..], "--objects is missing"),
            (&["--objects", "o"], "--cases is missing"),
            (&["--objects"], "--objects needs a value"),
            (&["--jobs", "0"], "--jobs 0"),
            (&["--jobs", "two"], "--jobs two"),
            (&["--verbose"], "unknown option --verbose"),
        ] {
            let err = parse(args).err().unwrap_or_else(|| panic!("{args:?}"));
            assert!(err.contains(want), "{args:?}: {err}");
        }
    }
}
