// SPDX-License-Identifier: GPL-2.0

//! Writes the page on unsafe code, or checks it; see the library.

use std::{
    env,
    fs,
    path::Path,
    process::ExitCode, //
};
use unsafe_count::{
    page,
    tree, //
};

const USAGE: &str = "\
usage: unsafe-count --check|--write

Counts the unsafe blocks of the tree in the working directory, and checks or writes the page
Documentation/unsafe.rst. Exit status: 0 if the page is right, 1 if not, 2 usage.
";

fn run(write: bool) -> Result<(), String> {
    let root = Path::new(".");
    let text = page::page(&tree::count(root)?);
    if write {
        return fs::write(root.join(page::PATH), text)
            .map_err(|err| format!("{}: {err}", page::PATH));
    }
    match fs::read_to_string(root.join(page::PATH)) {
        Ok(old) if old == text => Ok(()),
        Ok(_) => Err(format!(
            "{}: not what the source says; use --write",
            page::PATH
        )),
        Err(err) => Err(format!("{}: {err}", page::PATH)),
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let write = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--check"] => false,
        ["--write"] => true,
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(write) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("unsafe-count: {}", err.trim_end());
            ExitCode::from(1)
        }
    }
}
