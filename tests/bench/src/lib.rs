// SPDX-License-Identifier: GPL-2.0

//! What an access to a register costs, in instructions.
//!
//! The functions in `tests/bench/probes` are compiled with the modules, by the same commands. Each accesses
//! one register, by one of the ways that a driver has. Here they are disassembled ([`code`]), the
//! instructions from call to return are counted ([`path`](mod@path)), and it is checked that no way costs
//! more than it should ([`verdict`]).

pub mod code;
pub mod path;
pub mod table;
pub mod verdict;

/// Where the register is that all probes access, and nothing else in them is.
pub const AT: u64 = 0x5a4;
