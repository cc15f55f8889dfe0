// SPDX-License-Identifier: GPL-2.0

//! Boots and stops a GSP through FSP, as drivers do, on a whole device.

mod chaos;
mod dirty;
mod driver;
mod faults;
mod firmware;
mod sequences;
mod steps;
mod violations;

const CHIPS: [&str; 3] = ["gh100", "gb100", "gb202"];
