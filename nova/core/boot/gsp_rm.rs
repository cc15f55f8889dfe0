// SPDX-License-Identifier: GPL-2.0

//! GSP-RM from the first program that is run to boot it until the last one that takes it down.

use super::{
    Addresses,
    BootMemory,
    Start,
    Stop, //
};
use crate::{
    driver::Bar0,
    gsp::Gsp,
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
use nova_hw::{
    chip::Chip,
    fb::Layout, //
};

/// GSP-RM. Takes it down when it is dropped, whatever it has come to.
///
/// The memory that it shares with the driver is freed after that.
#[pin_data(PinnedDrop)]
pub(crate) struct GspRm<'a> {
    #[pin]
    gsp: Gsp<'a>,
    bar: &'a Bar0<'a>,
    stop: KBox<dyn Stop + 'a>,
    timeline: Arc<Timeline>,
    is_down: Atomic<bool>,
}

impl<'a> GspRm<'a> {
    /// Allocates the memory that it shares with the driver. Nothing is run yet, but from now on it will be
    /// taken down, by `stop`.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, and `EINVAL` if the memory is where GSP-RM cannot use it.
    pub(crate) fn new(
        dev: &'a pci::Device<Bound>,
        bar: &'a Bar0<'a>,
        chip: Chip,
        stop: KBox<dyn Stop + 'a>,
        timeline: Arc<Timeline>,
    ) -> impl PinInit<Self, Error> + use<'a> {
        try_pin_init!(Self {
            gsp <- Gsp::new(dev, bar, chip, timeline.clone()),
            bar,
            stop,
            timeline,
            is_down: Atomic::new(false),
        })
    }

    /// Boots it from `memory` by `start`, up to where it has told what it knows about the GPU.
    ///
    /// Neither is needed afterwards.
    ///
    /// # Errors
    ///
    /// Those of [`Start::start`] and [`Gsp::start_conversation`], after one log line.
    pub(crate) fn boot(
        &self,
        start: &mut (dyn Start + 'a),
        memory: &BootMemory<'_>,
        layout: &Layout,
        vram_size: u64,
    ) -> Result<StaticInfo> {
        self.gsp.introduce(layout.is_for_vgpu())?;
        let addresses = Addresses {
            meta: memory.meta_address(),
            libos: self.gsp.libos_address(),
        };
        start.start(&self.timeline, addresses)?;
        self.gsp.start_conversation(&*self.stop, vram_size)
    }

    /// The conversation with it.
    pub(crate) fn gsp(&self) -> &Gsp<'a> {
        &self.gsp
    }

    /// Whether the device still answers.
    pub(crate) fn answers(&self) -> bool {
        answers(self.bar)
    }

    /// Notes that it is down without being taken there.
    pub(crate) fn forget(&self) {
        self.is_down.store(true, Relaxed);
    }

    /// Takes it down, unless that has been done.
    ///
    /// What fails is logged; the rest is done all the same, unless it is the device that has gone. Either
    /// way no processor of the GPU runs a program of this driver afterwards, or none that reaches memory.
    pub(crate) fn take_down(&self) {
        if self.is_down.xchg(true, Relaxed) {
            return;
        }
        // Who found that out has logged it.
        if !self.answers() {
            return;
        }
        if self.gsp.unload() == Err(ENODEV) {
            return;
        }
        self.stop.stop();
    }
}

#[pinned_drop]
impl PinnedDrop for GspRm<'_> {
    fn drop(self: Pin<&mut Self>) {
        self.take_down();
    }
}
