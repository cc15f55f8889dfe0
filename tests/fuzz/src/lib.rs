// SPDX-License-Identifier: GPL-2.0

//! What is tried with bytes that nobody meant: one function for each parser of the driver.
//!
//! A target takes any bytes, has them parsed as the driver would, goes on with what comes out as the driver
//! would, and panics if a promise of the parser is broken: a range outside of its file, a step that cannot
//! be taken, a checksum that holds and does not. It says whether the parser accepted the bytes.
//!
//! libFuzzer calls the targets from `libfuzzer/`, a workspace of its own because it needs a C++ compiler.
//! The tests here call them with the first inputs and with neighbours of these.

pub mod targets;

#[cfg(feature = "runner")]
pub mod runner;
#[cfg(feature = "runner")]
pub mod seeds;
