// SPDX-License-Identifier: GPL-2.0

//! The falcons on which the programs run.

use super::programs::{
    BootPrograms,
    UnloadPrograms, //
};
use crate::{
    boot::Addresses,
    booter,
    driver::Bar0,
    falcon::{
        Falcon,
        Gsp,
        Mailboxes,
        Sec2, //
    },
    fb,
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
pub(super) struct Engines<'a> {
    pub(super) dev: &'a pci::Device<Bound>,
    pub(super) bar: &'a Bar0<'a>,
    pub(super) gsp: Falcon<'a, Gsp>,
    pub(super) sec2: Falcon<'a, Sec2>,
}

impl<'a> Engines<'a> {
    /// Those of a chip of `family`.
    pub(super) fn new(
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
    /// # Errors
    ///
    /// Those of the programs and of running them, `ETIMEDOUT` if the core does not run, `ENODEV` if the
    /// device has gone; after one log line.
    pub(super) fn boot(
        &self,
        timeline: &Timeline,
        programs: &BootPrograms<'_>,
        Addresses { meta, libos }: Addresses,
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
            booter::run_load(dev, bar, sec2, &programs.booter_load, meta)
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

    /// Runs the programs that take GSP-RM down.
    ///
    /// # Errors
    ///
    /// The first error of any of them, each after one log line. `ENODEV` ends it; after others it goes on.
    pub(super) fn unload(&self, programs: &UnloadPrograms<'_>) -> Result {
        let Self {
            dev,
            bar,
            gsp,
            sec2,
        } = self;
        let sb = fwsec::run_sb(dev, bar, gsp, &programs.fwsec_sb);
        if sb == Err(ENODEV) {
            return sb;
        }
        // Without protected memory Booter would have nothing to do, and fail.
        let unload = match fb::wpr2(dev, bar)? {
            Some(_) => booter::run_unload(dev, bar, sec2, &programs.booter_unload),
            None => Ok(()),
        };
        sb.and(unload)
    }

    /// Stops both engines, because the programs that would have stopped them have failed.
    pub(super) fn halt(&self) {
        self.gsp.stop();
        self.sec2.stop();
    }
}
