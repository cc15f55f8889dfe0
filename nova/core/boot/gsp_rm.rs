// SPDX-License-Identifier: GPL-2.0

//! GSP-RM from the first program that is run to boot it until the last one that takes it down.

use super::{
    BootMemory,
    BootPrograms,
    Engines,
    UnloadPrograms, //
};
use crate::{
    booter,
    driver::Bar0,
    fb,
    fwsec,
    gsp::{
        Gsp,
        SequencerTarget, //
    },
    identify::answers,
    timeline::Timeline, //
};
use kernel::{
    device::Bound,
    pci,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    }, //
};
use nova_firmware::abi::r570_144::static_info::StaticInfo;
use nova_hw::chip::Chip;

/// GSP-RM. Takes it down when it is dropped, whatever it has come to.
///
/// The memory that it shares with the driver is freed after that.
#[pin_data(PinnedDrop)]
pub(crate) struct GspRm<'a> {
    #[pin]
    gsp: Gsp<'a>,
    engines: Engines<'a>,
    unload: Option<UnloadPrograms<'a>>,
    app_version: u32,
    timeline: Arc<Timeline>,
    is_down: Atomic<bool>,
}

impl<'a> GspRm<'a> {
    /// Allocates the memory that it shares with the driver. Nothing is run yet, but from now on it will be
    /// taken down. Without `unload` all that can be done then is to stop it.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, and `EINVAL` if the memory is where GSP-RM cannot use it.
    pub(crate) fn new(
        dev: &'a pci::Device<Bound>,
        bar: &'a Bar0<'a>,
        chip: Chip,
        boot: &BootPrograms<'_>,
        unload: Option<UnloadPrograms<'a>>,
        timeline: Arc<Timeline>,
    ) -> impl PinInit<Self, Error> + use<'a> {
        let app_version = boot.app_version;
        try_pin_init!(Self {
            gsp <- Gsp::new(dev, bar, chip, timeline.clone()),
            engines: Engines::new(dev, bar, chip.family()),
            unload,
            app_version,
            timeline,
            is_down: Atomic::new(false),
        })
    }

    /// Boots it, up to where it has told what it knows about the GPU.
    ///
    /// `memory` is not needed afterwards.
    ///
    /// # Errors
    ///
    /// Those of [`Engines::boot`] and [`Gsp::start_conversation`], after one log line.
    pub(crate) fn boot(
        &self,
        programs: &BootPrograms<'_>,
        memory: &BootMemory<'_>,
        vram_size: u64,
    ) -> Result<StaticInfo> {
        let libos = self.gsp.libos_address();
        self.engines.boot(&self.timeline, programs, memory, libos)?;
        self.gsp.start_conversation(self, vram_size)
    }

    /// The conversation with it.
    pub(crate) fn gsp(&self) -> &Gsp<'a> {
        &self.gsp
    }

    /// Takes it down, unless that has been done.
    ///
    /// What fails is logged; the rest is done all the same, unless it is the device that has gone. Either
    /// way no processor of the GPU runs a program of this driver afterwards.
    pub(crate) fn take_down(&self) {
        if self.is_down.xchg(true, Relaxed) {
            return;
        }
        // Who found that out has logged it.
        if !answers(self.engines.bar) {
            return;
        }
        // Whether or not it stops by itself, the first program resets the processor that it runs on.
        if self.gsp.unload() == Err(ENODEV) {
            return;
        }
        let result = match &self.unload {
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

#[pinned_drop]
impl PinnedDrop for GspRm<'_> {
    fn drop(self: Pin<&mut Self>) {
        self.take_down();
    }
}

impl SequencerTarget for GspRm<'_> {
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

    fn core_resume(&self) -> Result {
        let libos = self.gsp.libos_address();
        self.engines.core_resume(libos, self.app_version)
    }
}

impl Engines<'_> {
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
    fn halt(&self) {
        self.gsp.stop();
        self.sec2.stop();
    }
}
