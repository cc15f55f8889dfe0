// SPDX-License-Identifier: GPL-2.0

//! GSP-RM while it runs: the memory it shares with the driver, and the conversation with it.
//!
//! How it gets to run is not told here.

mod card;
mod conversation;
mod diagnostics;
mod events;
mod files;
mod interrupts;
mod kunit;
mod logs;
mod memory;
mod regs;
mod rpc;
mod sequencer;

pub(crate) use files::Files;
pub(crate) use interrupts::Interrupts;
pub(crate) use sequencer::SequencerTarget;

use crate::{
    driver::Bar0,
    falcon::Falcon,
    timeline::Timeline, //
};
use card::Card;
use diagnostics::{
    Diagnostics,
    State, //
};
use interrupts::Tree;
use kernel::{
    device::Bound,
    fmt,
    pci,
    prelude::*,
    sync::{
        atomic::Atomic,
        Arc,
        SetOnce, //
    }, //
};
use logs::Logs;
use memory::{
    Arguments,
    QueueMemory, //
};
use nova_hw::{
    chip::Chip,
    interrupt::{
        Handling,
        Vector, //
    }, //
};
use rpc::Rpc;

/// GSP-RM, and all memory that it uses for as long as it runs.
///
/// Dropping it frees that memory: whoever does has made sure that the GSP has stopped. What can be told
/// of a GSP that did not come up, or has died, is kept.
#[pin_data(PinnedDrop)]
pub(crate) struct Gsp<'a> {
    dev: &'a pci::Device<Bound>,
    bar: &'a Bar0<'a>,
    chip: Chip,
    #[pin]
    rpc: Rpc<'a, Card<'a>>,
    arguments: Arguments<'a>,
    logs: Arc<Logs>,
    diagnostics: Arc<Diagnostics>,
    timeline: Arc<Timeline>,
    tree: Tree,
    /// By which vector GSP-RM says that it interrupts.
    vector: SetOnce<Vector>,
    /// The core has halted.
    halted: Atomic<bool>,
    /// GSP-RM has booted, so that it can be asked to stop.
    booted: SetOnce<()>,
    /// All that the driver wants of it at first has been done.
    ready: SetOnce<()>,
}

impl<'a> Gsp<'a> {
    /// Allocates all that GSP-RM is started with. What was kept of an earlier one is forgotten.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; `EINVAL` if the memory is where GSP-RM cannot use it.
    pub(crate) fn new(
        dev: &'a pci::Device<Bound>,
        bar: &'a Bar0<'a>,
        chip: Chip,
        timeline: Arc<Timeline>,
    ) -> impl PinInit<Self, Error> + 'a {
        pin_init::pin_init_scope(move || {
            logs::discard(dev);
            let logs = Logs::alloc(dev)?;
            let queues = QueueMemory::alloc(dev.as_ref())?;
            let arguments = Arguments::alloc(dev, &logs, &queues)?;
            let diagnostics = Diagnostics::new()?;
            let card = Card {
                dev,
                bar,
                falcon: Falcon::new(dev, bar, chip.family()),
                queues,
            };
            let rpc = Rpc::new(dev.as_ref(), card, timeline.clone(), diagnostics.clone())?;
            Ok(try_pin_init!(Self {
                dev,
                bar,
                chip,
                rpc <- rpc,
                arguments,
                logs,
                diagnostics,
                timeline,
                tree: Tree::new(Handling::of(chip.family())),
                vector: SetOnce::new(),
                halted: Atomic::new(false),
                booted: SetOnce::new(),
                ready: SetOnce::new(),
            }))
        })
    }

    /// DMA address of the arguments that GSP-RM's operating system is started with.
    pub(crate) fn libos_address(&self) -> u64 {
        self.arguments.libos_address()
    }

    /// What shows the conversation in debugfs.
    pub(crate) fn files(&self) -> Files {
        Files::new(
            self.logs.clone(),
            self.diagnostics.clone(),
            self.timeline.clone(),
        )
    }

    /// Ends the conversation because of something that is not seen in it; it is logged, with the last
    /// messages, unless the conversation has ended already. Every call fails with `EIO` from now on.
    pub(crate) fn kill(&self, why: impl fmt::Display) {
        self.rpc.die(why);
    }

    /// Whether the GSP has died: it has broken the rules, fallen silent, or been killed.
    pub(crate) fn is_dead(&self) -> bool {
        self.diagnostics.state() == State::Dead
    }
}

#[pinned_drop]
impl PinnedDrop for Gsp<'_> {
    fn drop(self: Pin<&mut Self>) {
        if self.ready.as_ref().is_none() || self.is_dead() {
            self.keep_remains();
        }
    }
}
