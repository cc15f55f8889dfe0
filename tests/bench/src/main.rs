// SPDX-License-Identifier: GPL-2.0

//! Shows what accesses to registers cost, and whether that is as it should be; see the library.

use access_cost::{
    code::{
        Code,
        OBJDUMP, //
    },
    path::{
        self,
        Cost, //
    },
    table,
    verdict::{
        excesses,
        WAYS, //
    }, //
};
use std::{
    collections::BTreeMap,
    env,
    path::{
        Path,
        PathBuf, //
    },
    process::{
        Command,
        ExitCode, //
    }, //
};

const USAGE: &str = "\
usage: access-cost --objects DIR

Counts the instructions of the probes that were built below DIR (make PROBES=1 modules), from call to return.
Exit status: 0 if no way to a register costs more than it should, 1 if one does, 2 if nothing could be counted.
";

/// Where the probes are, below DIR.
const PROBES: [&str; 2] = [
    "tests/bench/probes/nova_probes.o",
    "tests/bench/probes/raw.o",
];
/// The driver, which must not call for a register.
const DRIVER: &str = "nova/core/nova_core.o";

fn disassemble(file: &Path) -> Result<Code, String> {
    let output = Command::new("objdump")
        .args(OBJDUMP)
        .arg(file)
        .output()
        .map_err(|err| format!("objdump: {err}; it is in the package binutils"))?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{}: {}", file.display(), reason.trim()));
    }
    Ok(Code::parse(&String::from_utf8_lossy(&output.stdout)))
}

fn costs(objects: &Path) -> Result<BTreeMap<&'static str, Cost>, String> {
    let files: Vec<Code> = PROBES
        .iter()
        .map(|file| disassemble(&objects.join(file)))
        .collect::<Result<_, _>>()?;
    let cost = |probe| {
        let file = files.iter().find(|it| it.functions.contains_key(probe));
        let file = file.ok_or_else(|| format!("{probe}: no such function"))?;
        Ok((probe, path::cost(file, probe)?))
    };
    WAYS.iter().map(|way| cost(way.probe)).collect()
}

/// Functions of the driver's code that are called for a register.
fn calls_of_driver(objects: &Path) -> Result<Vec<String>, String> {
    let code = disassemble(&objects.join(DRIVER))?;
    if code.instructions.is_empty() {
        return Err(format!("{DRIVER}: has no code"));
    }
    let symbols = code
        .instructions
        .values()
        .filter_map(|it| it.symbol.clone());
    Ok(symbols
        .filter(|name| path::accesses_register(name))
        .collect())
}

fn run(objects: &Path) -> Result<bool, String> {
    let costs = costs(objects)?;
    for line in table::lines(&costs) {
        println!("{line}");
    }
    let mut excesses = excesses(&costs);
    let calls = calls_of_driver(objects)?;
    println!("{DRIVER} calls for registers {} times", calls.len());
    if let Some(name) = calls.first() {
        excesses.push(format!("{DRIVER}: calls {name}"));
    }
    for excess in &excesses {
        println!("more than it should be: {excess}");
    }
    Ok(excesses.is_empty())
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let [option, objects] = &args[..] else {
        eprint!("{USAGE}");
        return ExitCode::from(2);
    };
    if option != "--objects" {
        eprint!("{USAGE}");
        return ExitCode::from(2);
    }
    match run(&PathBuf::from(objects)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(err) => {
            eprintln!("access-cost: {err}");
            ExitCode::from(2)
        }
    }
}
