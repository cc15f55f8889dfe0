// SPDX-License-Identifier: GPL-2.0

//! Falcons of Turing and GA100.

use super::{
    Core,
    Hal, //
};
use crate::{
    driver::Bar0,
    falcon::{
        regs::*,
        Engine,
        Falcon, //
    }, //
};
use kernel::{
    io::{
        register::WithBase,
        Io, //
    },
    prelude::*,
    time::Delta, //
};

pub(super) struct Tu102;

impl<E: Engine> Hal<E> for Tu102 {
    fn scrub_deadline(&self) -> Delta {
        Delta::from_millis(10)
    }

    fn read_scrubbing(&self, bar: &Bar0<'_>) -> u32 {
        bar.read(NV_PFALCON_FALCON_DMACTL::of::<E>()).into_raw()
    }

    fn is_scrubbing(&self, register: u32) -> bool {
        let dmactl = NV_PFALCON_FALCON_DMACTL::from_raw(register);
        dmactl.imem_scrubbing() || dmactl.dmem_scrubbing()
    }

    fn wait_reset_ready(&self, _falcon: &Falcon<'_, E>) {}

    // The program that is started decides which core runs.
    fn select(&self, _falcon: &Falcon<'_, E>, _core: Core) -> Result<bool> {
        Ok(false)
    }

    fn is_riscv_active(&self, bar: &Bar0<'_>) -> bool {
        let status = bar.read(NV_PRISCV_RISCV_CORE_SWITCH_RISCV_STATUS::of::<E>());
        status.into_raw() != u32::MAX && status.active_stat()
    }
}
