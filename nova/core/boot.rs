// SPDX-License-Identifier: GPL-2.0

//! From a GPU that only its own firmware has touched to a GSP that runs, and back: Turing to Ada.
//!
//! ```text
//! FWSEC-FRTS on the GSP   sets up protected memory, except on GA100
//! the GSP is reset        and told where its operating system finds its arguments
//! booter_load on SEC2     copies GSP-RM into protected memory and starts the GSP's RISC-V core
//!
//! FWSEC-SB on the GSP     puts back what the GPU needs without a driver
//! booter_unload on SEC2   takes protected memory down
//! ```
//!
//! The programs of the way back are prepared before the way there is begun, because files may be out of
//! reach when they are needed.

mod gsp_rm;
pub(crate) mod leftovers;
mod memory;
mod programs;
mod resume;

pub(crate) use gsp_rm::GspRm;
pub(crate) use memory::BootMemory;
pub(crate) use programs::{
    prepare,
    BootPrograms,
    UnloadPrograms, //
};

use crate::{
    booter,
    driver::Bar0,
    falcon::{
        Falcon,
        Gsp,
        Mailboxes,
        Sec2, //
    },
    fwsec,
    identify::is_gone,
    timeline::Timeline,
    wait, //
};
use kernel::{
    device::Bound,
    pci,
    prelude::*,
    time::Delta, //
};
use nova_hw::chip::Family;

/// How long the most patient of the existing drivers gives the GSP to start after Booter has ended; the
/// others find it running at once.
const START_DEADLINE: Delta = Delta::from_secs(5);

/// Time between two looks.
const START_INTERVAL: Delta = Delta::from_millis(1);

/// The falcons that take part.
pub(crate) struct Engines<'a> {
    dev: &'a pci::Device<Bound>,
    bar: &'a Bar0<'a>,
    gsp: Falcon<'a, Gsp>,
    sec2: Falcon<'a, Sec2>,
}

impl<'a> Engines<'a> {
    /// Those of a chip of `family`, which is not booted by FSP.
    pub(crate) fn new(
        dev: &'a pci::Device<Bound>,
        bar: &'a Bar0<'a>,
        family: &'static Family,
    ) -> Self {
        Self {
            dev,
            bar,
            gsp: Falcon::new(dev, bar, family),
            sec2: Falcon::new(dev, bar, family),
        }
    }

    /// Boots the GSP up to where its RISC-V core runs.
    ///
    /// `libos` is the DMA address of the arguments of its operating system.
    ///
    /// # Errors
    ///
    /// Those of the programs and of running them, `ETIMEDOUT` if the core does not run, `ENODEV` if the
    /// device has gone; after one log line. The GPU is then somewhere in between, and must be taken down.
    fn boot(
        &self,
        timeline: &Timeline,
        programs: &BootPrograms<'_>,
        memory: &BootMemory<'_>,
        libos: u64,
    ) -> Result {
        let Self {
            dev,
            bar,
            gsp,
            sec2,
        } = self;
        if let Some(frts) = &programs.frts {
            timeline.stage("fwsec-frts", || {
                fwsec::run_frts(dev, bar, gsp, &frts.ucode, frts.region)
            })?;
        }
        timeline.stage("booter-load", || {
            gsp.reset_for_riscv(Mailboxes::from(libos))?;
            booter::run_load(dev, bar, sec2, &programs.booter_load, memory.meta_address())
        })?;
        timeline.stage("riscv-start", || {
            gsp.write_os_version(programs.app_version);
            self.wait_started()
        })
    }

    fn wait_started(&self) -> Result {
        wait::until(START_INTERVAL, START_DEADLINE, || {
            Ok(self.gsp.is_riscv_active().then_some(()))
        })
        .map_err(|err| {
            if is_gone(self.dev, self.bar) {
                return ENODEV;
            }
            dev_err!(
                self.dev,
                "GSP has not started within {} s after Booter; power-cycle the machine\n",
                START_DEADLINE.as_millis() / 1000
            );
            err
        })
    }
}
