// SPDX-License-Identifier: GPL-2.0

//! `drm-probe`: asks a DRM node questions, one subcommand a question, without libdrm in between.

use std::{
    env,
    process::ExitCode, //
};

mod bench;
mod clock;
mod errno_table;
mod fuzz;
mod hold;
mod memory;
mod node;
mod prime;
mod stress;
mod sys;
mod vgem;

const USAGE: &str = "\
usage: drm-probe version NODE          name, description and version of the driver
       drm-probe getparam NODE N       value of parameter N (1: bytes of the video memory BAR)
       drm-probe hold NODE             open, wait for a line on standard input, then try everything again
       drm-probe errno-table NODE      what each wrong call must return, as KTAP
       drm-probe stress NODE SECONDS   threads that call until time is up or the device is gone
       drm-probe prime NODE VGEM       buffers shared with vgem, as KTAP; VGEM is its primary node
       drm-probe prime-hold NODE VGEM all|ours-in-vgem|vgems-in-ours
                                       share, wait for a line on standard input, look at what is left
       drm-probe clock FILE THREADS COUNT
                                       threads that read a clock in debugfs until it has answered so often
       drm-probe bench NODE ROUNDS     what objects cost beside those of vgem; NODE is a primary node
       drm-probe fuzz CARD CALLS SEED THREADS SECONDS [unbind]
                                       calls that nobody meant; CARD is a PCI address
";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["version", path] => node::print_version(path),
        ["getparam", path, param] => match param.parse() {
            Ok(param) => node::print_param(path, param),
            Err(_) => return usage(),
        },
        ["hold", path] => hold::run(path),
        ["errno-table", path] => errno_table::run(path),
        ["stress", path, seconds] => match seconds.parse() {
            Ok(seconds) => stress::run(path, seconds),
            Err(_) => return usage(),
        },
        ["prime", nova, vgem] => prime::run(nova, vgem),
        ["prime-hold", nova, vgem, what] => prime::hold(nova, vgem, what),
        ["clock", path, threads, count] => match (threads.parse(), count.parse()) {
            (Ok(threads), Ok(count)) => clock::run(path, threads, count),
            _ => return usage(),
        },
        ["bench", path, rounds] => match rounds.parse() {
            Ok(rounds) => bench::run(path, rounds),
            Err(_) => return usage(),
        },
        ["fuzz", card, rest @ ..] => match fuzz_plan(card, rest) {
            Some(plan) => fuzz::run(&plan),
            None => return usage(),
        },
        _ => return usage(),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("drm-probe: {error}");
            ExitCode::FAILURE
        }
    }
}

fn fuzz_plan<'a>(bdf: &'a str, words: &[&str]) -> Option<fuzz::Plan<'a>> {
    let (numbers, unbind) = match words {
        [numbers @ .., "unbind"] => (numbers, true),
        numbers => (numbers, false),
    };
    let numbers: Vec<u64> = numbers
        .iter()
        .map(|word| word.parse().ok())
        .collect::<Option<_>>()?;
    let [calls, seed, threads, seconds] = *numbers.as_slice() else {
        return None;
    };
    Some(fuzz::Plan {
        bdf,
        calls,
        seed,
        threads,
        seconds,
        unbind,
    })
}

fn usage() -> ExitCode {
    eprint!("{USAGE}");
    ExitCode::from(2)
}
