// SPDX-License-Identifier: GPL-2.0

mod commands;
mod cot;
mod faults;
pub(crate) mod firmware;
pub(crate) mod machine;
mod random;
mod traces;
mod transport;
