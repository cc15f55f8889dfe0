// SPDX-License-Identifier: GPL-2.0

//! The program: see [`nova_inspect::cli`].

#![forbid(unsafe_code)]

use clap::Parser;
use nova_inspect::cli::Cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    Cli::parse().run()
}
