// SPDX-License-Identifier: GPL-2.0

//! What resetting a falcon takes, which differs between generations.

mod ga102;
mod tu102;

use super::{
    Engine,
    Falcon, //
};
use crate::driver::Bar0;
use kernel::{
    prelude::*,
    time::Delta, //
};
use nova_hw::chip::FalconGeneration;

/// The two cores that an engine may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Core {
    Falcon,
    RiscV,
}

/// One generation's ways.
pub(super) trait Hal<E: Engine>: Sync {
    /// How long a reset may take to clear the memories. Those of all existing drivers.
    fn scrub_deadline(&self) -> Delta;

    /// Reads the register that tells whether it still does.
    fn read_scrubbing(&self, bar: &Bar0<'_>) -> u32;

    /// Whether it does, by that register's value.
    fn is_scrubbing(&self, register: u32) -> bool;

    /// Waits until the engine may be reset.
    fn wait_reset_ready(&self, falcon: &Falcon<'_, E>);

    /// After a reset: lets the engine use `core`. Tells whether that took a change, after which the
    /// memories may be cleared once more.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT`, `ENODEV`, after one log line.
    fn select(&self, falcon: &Falcon<'_, E>, core: Core) -> Result<bool>;

    /// Whether the RISC-V core runs. A register that reads all ones says no.
    fn is_riscv_active(&self, bar: &Bar0<'_>) -> bool;
}

/// The ways of falcons of `generation`.
pub(super) fn of<E: Engine>(generation: FalconGeneration) -> &'static dyn Hal<E> {
    match generation {
        FalconGeneration::Tu102 => &tu102::Tu102,
        FalconGeneration::Ga102 => &ga102::Ga102,
    }
}
