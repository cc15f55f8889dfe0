// SPDX-License-Identifier: GPL-2.0

//! What can happen while a guest runs, as values. Everything that prints or judges reads these.

use std::fmt;

/// A program the harness started for one guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// QEMU itself.
    Qemu,
    /// The emulated GPU with this index and chip name.
    Gpu(usize, String),
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Qemu => f.write_str("QEMU"),
            Self::Gpu(index, chip) => write!(f, "gpu-model {index} ({chip})"),
        }
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A line of the kernel's console.
    Console(String),
    /// The console's connection closed: no more lines will come.
    ConsoleClosed,
    /// A line of the guest agent.
    Control(String),
    /// A line a program wrote to its standard error.
    Output(Who, String),
    /// A program ended, with its status in words.
    Exited(Who, String),
    /// The user asked to stop.
    Interrupted,
}
