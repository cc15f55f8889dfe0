// SPDX-License-Identifier: GPL-2.0

//! `drm-probe`: asks a DRM node questions, one subcommand a question, without libdrm in between.

use std::{
    env,
    process::ExitCode, //
};

mod errno_table;
mod hold;
mod node;
mod stress;
mod sys;

const USAGE: &str = "\
usage: drm-probe version NODE          name, description and version of the driver
       drm-probe getparam NODE N       value of parameter N (1: bytes of the video memory BAR)
       drm-probe hold NODE             open, wait for a line on standard input, then try everything again
       drm-probe errno-table NODE      what each wrong call must return, as KTAP
       drm-probe stress NODE SECONDS   threads that call until time is up or the device is gone
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

fn usage() -> ExitCode {
    eprint!("{USAGE}");
    ExitCode::from(2)
}
