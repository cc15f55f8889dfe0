// SPDX-License-Identifier: GPL-2.0

//! From a GPU that only its own firmware has touched to a GSP that runs GSP-RM, and back.
//!
//! There are two ways, and a chip knows one of them: the driver runs signed programs on the falcons of two
//! engines ([`sec2`]), or asks FSP to do it all ([`fsp`]). Which one it is, is decided once, by [`method`];
//! nobody else asks. The rest is common: the memory that the GSP boots from, the conversation with GSP-RM,
//! and what is done about a GPU that somebody has left running.

mod fsp;
mod gsp_rm;
pub(crate) mod leftovers;
mod memory;
mod sec2;

pub(crate) use gsp_rm::GspRm;
pub(crate) use memory::BootMemory;

use crate::{
    driver::Bar0,
    fb::sysmem_flush::Page,
    firmware::Files,
    gsp::SequencerTarget,
    timeline::Timeline, //
};
use kernel::{
    device::Bound,
    pci,
    prelude::*, //
};
use kernel_glue::pci::Enabled;
use nova_hw::{
    chip::{
        BootMethod,
        Chip, //
    },
    fb::Layout,
    leftovers::Leftovers, //
};

/// A GPU that is to be booted, and what is known of it.
pub(crate) struct Unbooted<'a> {
    pub(crate) dev: &'a pci::Device<Bound>,
    pub(crate) bar: &'a Bar0<'a>,
    pub(crate) chip: Chip,
    /// Bytes of video memory.
    pub(crate) vram_size: u64,
    /// How many virtual functions it could have.
    pub(crate) total_vfs: u16,
}

/// A way to boot GSP-RM.
pub(crate) trait Method: Sync {
    /// Looks for what somebody else has left in the GPU. Changes nothing.
    ///
    /// # Errors
    ///
    /// `EIO` if the GPU answers nonsense, `ENODEV` if it has gone; after one log line.
    fn find_leftovers(
        &self,
        dev: &pci::Device<Bound>,
        bar: &Bar0<'_>,
        chip: Chip,
    ) -> Result<Leftovers>;

    /// Takes down what has been found and needs no reset. If it takes the sysmem flush page, `page` is
    /// known to the GPU afterwards, and that is told.
    ///
    /// Sleeps.
    ///
    /// # Errors
    ///
    /// Any, if that has not helped; after one log line each. `ENODEV` if the device has gone.
    fn take_leftovers_down(
        &self,
        dev: &pci::Device<Bound>,
        enabled: &Enabled<'_>,
        bar: &Bar0<'_>,
        chip: Chip,
        page: &Page,
    ) -> Result<bool>;

    /// Makes ready all that it takes to boot GSP-RM and to take it down, as far as that is up to the driver.
    ///
    /// The GPU is looked at, and nothing in it is set up. Sleeps.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; those of waiting for the card's own firmware, of reading the ROM, of computing the layout and of
    /// preparing programs, after one log line.
    fn prepare<'a>(
        &self,
        gpu: &Unbooted<'a>,
        files: &Files<'a>,
        timeline: &Timeline,
    ) -> Result<Prepared<'a>>;
}

/// The way of `chip`.
pub(crate) fn method(chip: Chip) -> &'static dyn Method {
    match chip.boot_method() {
        BootMethod::Sec2 => &sec2::Sec2,
        BootMethod::Fsp => &fsp::Fsp,
    }
}

/// What it takes to boot GSP-RM and to take it down.
pub(crate) struct Prepared<'a> {
    /// Where GSP-RM's regions will lie.
    pub(crate) layout: Layout,
    /// Not needed any more once GSP-RM runs. Until then, the GPU may use its memory.
    pub(crate) start: KBox<dyn Start + 'a>,
    pub(crate) stop: KBox<dyn Stop + 'a>,
}

/// Where the GPU finds what is to be booted.
#[derive(Clone, Copy)]
pub(crate) struct Addresses {
    /// DMA address of `GspFwWprMeta`, which names GSP-RM's image.
    pub(crate) meta: u64,
    /// DMA address of the arguments of GSP-RM's operating system.
    pub(crate) libos: u64,
}

/// Boots a GSP.
pub(crate) trait Start {
    /// Boots the GSP up to where GSP-RM can be expected to talk. What is at `addresses` must stay until it
    /// has said that it is up, or the GSP has been taken down, even if this fails.
    ///
    /// Sleeps.
    ///
    /// # Errors
    ///
    /// Those of each step, after one log line; `ENODEV` if the device has gone. The GPU is then somewhere
    /// in between, and must be taken down.
    fn start(&mut self, timeline: &Timeline, addresses: Addresses) -> Result;
}

/// Takes a GSP down, and does what GSP-RM wants to be done with the cores while it runs.
pub(crate) trait Stop: SequencerTarget + Send + Sync {
    /// Takes the GSP down, whatever it has come to. GSP-RM has been asked to stop, if that was possible.
    ///
    /// No processor of the GPU uses system memory of this driver afterwards, whatever else goes wrong, which
    /// is logged. Sleeps.
    fn stop(&self);
}
