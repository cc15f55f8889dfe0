// SPDX-License-Identifier: GPL-2.0

//! Falcons of GA10x and later.

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
    },
    wait, //
};
use kernel::{
    io::{
        register::WithBase,
        Io, //
    },
    prelude::*,
    time::Delta, //
};

/// How long existing drivers wait until the engine may be reset, and then reset it all the same: some
/// engines never say so.
const RESET_READY_DEADLINE: Delta = Delta::from_micros(150);

/// How long existing drivers give the engine to change cores.
const SELECT_DEADLINE: Delta = Delta::from_millis(10);

/// Time between two looks.
const INTERVAL: Delta = Delta::from_micros(20);

pub(super) struct Ga102;

impl<E: Engine> Hal<E> for Ga102 {
    fn scrub_deadline(&self) -> Delta {
        Delta::from_millis(20)
    }

    fn read_scrubbing(&self, bar: &Bar0<'_>) -> u32 {
        bar.read(NV_PFALCON_FALCON_HWCFG2::of::<E>()).into_raw()
    }

    fn is_scrubbing(&self, register: u32) -> bool {
        NV_PFALCON_FALCON_HWCFG2::from_raw(register).mem_scrubbing()
    }

    fn wait_reset_ready(&self, falcon: &Falcon<'_, E>) {
        let _ = wait::until(INTERVAL, RESET_READY_DEADLINE, || {
            let hwcfg2 = falcon.bar.read(NV_PFALCON_FALCON_HWCFG2::of::<E>());
            Ok(hwcfg2.reset_ready().then_some(()))
        });
    }

    fn select(&self, falcon: &Falcon<'_, E>, core: Core) -> Result<bool> {
        let bar = falcon.bar;
        match core {
            Core::Falcon => {
                let selected = bar.read(NV_PRISCV_RISCV_BCR_CTRL::of::<E>());
                if !selected.core_select() {
                    return Ok(false);
                }
                bar.write(WithBase::of::<E>(), NV_PRISCV_RISCV_BCR_CTRL::zeroed());
                falcon.wait(
                    fmt!("change of cores"),
                    INTERVAL,
                    SELECT_DEADLINE,
                    || bar.read(NV_PRISCV_RISCV_BCR_CTRL::of::<E>()).into_raw(),
                    |raw| NV_PRISCV_RISCV_BCR_CTRL::from_raw(raw).valid(),
                )?;
            }
            // Takes effect when Booter starts the core. `VALID` is written because all drivers that do
            // this write it.
            Core::RiscV => bar.write(
                WithBase::of::<E>(),
                NV_PRISCV_RISCV_BCR_CTRL::zeroed()
                    .with_core_select(true)
                    .with_brfetch(true)
                    .with_valid(true),
            ),
        }
        Ok(true)
    }

    fn is_riscv_active(&self, bar: &Bar0<'_>) -> bool {
        let cpuctl = bar.read(NV_PRISCV_RISCV_CPUCTL::of::<E>());
        cpuctl.into_raw() != u32::MAX && cpuctl.active_stat()
    }
}
