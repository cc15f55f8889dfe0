// SPDX-License-Identifier: GPL-2.0

//! Booting the GSP by programs that the driver runs on falcons, and taking it down: Turing to Ada.
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

mod engines;
mod programs;
mod resume;

use super::{
    Addresses,
    Method,
    Prepared,
    Start,
    Stop,
    Unbooted, //
};
use crate::{
    driver::Bar0,
    fb::{
        self,
        sysmem_flush::{
            self,
            Page,
            SysmemFlush, //
        },
    },
    firmware::Files,
    gsp::SequencerTarget,
    identify::is_gone,
    timeline::Timeline, //
};
use engines::Engines;
use kernel::{
    device::Bound,
    pci,
    prelude::*, //
};
use kernel_glue::pci::Enabled;
use nova_hw::{
    chip::Chip,
    fb::Layout,
    leftovers::{
        falcon_runs,
        Gsp,
        Leftovers,
        Remedy, //
    }, //
};
use programs::{
    BootPrograms,
    UnloadPrograms, //
};

/// The way of chips without FSP.
pub(super) struct Sec2;

impl Method for Sec2 {
    fn find_leftovers(
        &self,
        dev: &pci::Device<Bound>,
        bar: &Bar0<'_>,
        chip: Chip,
    ) -> Result<Leftovers> {
        let engines = Engines::new(dev, bar, chip.family());
        let wpr2 = fb::wpr2(dev, bar)?;
        let gsp = Gsp::decode(engines.gsp.is_riscv_active(), || engines.gsp.mailbox0());
        let sec2 = engines.sec2.cpuctl();
        if sec2 == u32::MAX && is_gone(dev, bar) {
            return Err(ENODEV);
        }
        Ok(Leftovers {
            wpr2,
            gsp,
            sec2_runs: falcon_runs(sec2),
            flush_page: sysmem_flush::found(bar, chip),
        })
    }

    /// Runs the programs that take protected memory down, and checks that it is gone.
    fn take_leftovers_down(
        &self,
        dev: &pci::Device<Bound>,
        enabled: &Enabled<'_>,
        bar: &Bar0<'_>,
        chip: Chip,
        page: &Page,
    ) -> Result<bool> {
        enabled.set_master();
        let files = Files::find(dev, chip)?;
        let programs = UnloadPrograms::prepare(dev, bar, chip, &files)?;
        let flush = SysmemFlush::new(dev, bar, page.clone())?;
        Engines::new(dev, bar, chip.family()).unload(&programs)?;
        match self.find_leftovers(dev, bar, chip)?.remedy() {
            Remedy::None => {
                flush.leave();
                Ok(true)
            }
            _ => Err(EBUSY),
        }
    }

    fn prepare<'a>(
        &self,
        gpu: &Unbooted<'a>,
        files: &Files<'a>,
        timeline: &Timeline,
    ) -> Result<Prepared<'a>> {
        let &Unbooted { dev, bar, chip, .. } = gpu;
        let layout = fb::sec2_layout(dev, bar, chip, gpu.vram_size, &files.info())?;
        let (boot, unload) = timeline.stage("prepare-programs", || {
            programs::prepare(dev, bar, chip, files, &layout)
        })?;
        let app_version = boot.app_version;
        let start = Starter {
            engines: Engines::new(dev, bar, chip.family()),
            programs: boot,
        };
        let stop = Stopper {
            engines: Engines::new(dev, bar, chip.family()),
            programs: unload,
            app_version,
        };
        Ok(Prepared {
            layout: Layout::Sec2(layout),
            start: KBox::new(start, GFP_KERNEL)?,
            stop: KBox::new(stop, GFP_KERNEL)?,
        })
    }
}

/// Boots the GSP.
struct Starter<'a> {
    engines: Engines<'a>,
    programs: BootPrograms<'a>,
}

impl Start for Starter<'_> {
    fn start(&mut self, timeline: &Timeline, addresses: Addresses) -> Result {
        self.engines.boot(timeline, &self.programs, addresses)
    }
}

/// Takes the GSP down.
struct Stopper<'a> {
    engines: Engines<'a>,
    /// Without them all that can be done is to stop it.
    programs: Option<UnloadPrograms<'a>>,
    app_version: u32,
}

impl Stop for Stopper<'_> {
    fn stop(&self) {
        // Whether or not GSP-RM has stopped by itself, the first program resets the processor that it runs
        // on.
        let result = match &self.programs {
            Some(programs) => self.engines.unload(programs),
            None => {
                dev_warn!(
                    self.engines.dev,
                    "no firmware to take GSP-RM down with: reset the GPU before a driver binds again\n"
                );
                Err(ENOENT)
            }
        };
        match result {
            Ok(()) | Err(ENODEV) => {}
            Err(_) => self.engines.halt(),
        }
    }
}

impl SequencerTarget for Stopper<'_> {
    fn core_reset(&self) -> Result {
        self.engines.core_reset()
    }

    fn core_start(&self) -> Result {
        self.engines.core_start();
        Ok(())
    }

    fn core_wait_for_halt(&self) -> Result {
        self.engines.core_wait_for_halt()
    }

    fn core_resume(&self, libos: u64) -> Result {
        self.engines.core_resume(libos, self.app_version)
    }
}
