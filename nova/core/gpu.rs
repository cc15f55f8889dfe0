// SPDX-License-Identifier: GPL-2.0

//! A GPU while the driver is bound to it.

use crate::{
    boot::{
        BootMemory,
        GspRm,
        Method,
        Prepared,
        Unbooted, //
    },
    clock::OpenClock,
    debugfs::{
        Debugfs,
        Facts, //
    },
    driver::Bar0,
    fb::{
        self,
        sysmem_flush::{
            Page,
            SysmemFlush, //
        },
    },
    firmware::Files,
    gsp::Gsp,
    registers::Registers,
    timeline::Timeline, //
};
use kernel::{
    device::Bound,
    pci,
    prelude::*,
    sync::Arc, //
};
use kernel_glue::{
    bound::{
        self,
        BoundInit, //
    },
    fmt::Plain,
    for_lt::CovariantForLt, //
};
use nova_hw::chip::Identity;

/// [`Gpu`] over the lifetime for which BAR0 is mapped.
pub(crate) type GpuLt = CovariantForLt!(for<'a> Gpu<'a>);

/// A GPU that is up.
///
/// Dropped top to bottom: the files that show it; that its clock can be read; GSP-RM, which is taken down; then the page that the
/// GPU's last access to system memory may need.
#[pin_data]
pub(crate) struct Gpu<'a> {
    #[pin]
    debugfs: Debugfs,
    clock: OpenClock,
    vram_size: u64,
    gsp_rm: Pin<KBox<GspRm<'a>>>,
    sysmem_flush: SysmemFlush<'a>,
}

/// What a GPU is brought up from.
pub(crate) struct Found {
    pub(crate) identity: Identity,
    /// How its GSP is booted.
    pub(crate) method: &'static dyn Method,
    /// How many virtual functions it could have.
    pub(crate) total_vfs: u16,
    /// What the clock is read by when the driver may not be bound any more.
    pub(crate) registers: Arc<Registers>,
    pub(crate) flush_page: Page,
    /// The GPU knows the page already, because something had to be taken down.
    pub(crate) flush_page_known: bool,
    pub(crate) timeline: Arc<Timeline>,
}

impl<'a> Gpu<'a> {
    /// Brings the GPU behind `bar` up. The card's own firmware has finished, and nobody has left anything
    /// in the GPU.
    ///
    /// # Errors
    ///
    /// Those of the stages, each after one log line; everything is undone.
    pub(crate) fn new(
        dev: &'a pci::Device<Bound>,
        bar: &'a Bar0<'a>,
        found: Found,
    ) -> impl BoundInit<Self> {
        bound::pinned(pin_init::pin_init_scope(move || {
            let Found {
                identity,
                method,
                total_vfs,
                registers,
                flush_page,
                flush_page_known,
                timeline,
            } = found;
            let chip = identity.chip;
            let known = if flush_page_known {
                Some(SysmemFlush::new(dev, bar, flush_page.clone())?)
            } else {
                None
            };

            let vram_size = fb::vram_size(dev, bar, chip)?;
            let files = timeline.stage("find-firmware", || Files::find(dev, chip))?;
            let firmware = files.info();
            let unbooted = Unbooted {
                dev,
                bar,
                chip,
                vram_size,
                total_vfs,
            };
            let Prepared {
                layout,
                mut start,
                stop,
            } = method.prepare(&unbooted, &files, &timeline)?;
            let memory =
                timeline.stage("load-gsp-image", || BootMemory::load(dev, &files, &layout))?;
            drop(files);

            // Up to here the GPU is only looked at, so that one which cannot be driven is left as it was
            // found; what can be found wrong with it before is all there is to say then.
            let sysmem_flush = match known {
                Some(known) => known,
                None => SysmemFlush::new(dev, bar, flush_page)?,
            };
            dev_info!(
                dev,
                "NVIDIA {}, {} MiB VRAM, firmware {}\n",
                Plain(identity),
                vram_size >> 20,
                firmware.version.as_str()
            );
            let gsp_rm = GspRm::new(dev, bar, chip, stop, timeline);
            let gsp_rm = KBox::try_pin_init(gsp_rm, GFP_KERNEL)?;
            gsp_rm.boot(&mut *start, &memory, &layout, vram_size)?;

            let facts = Facts {
                identity,
                vram_size,
                firmware,
                layout,
                gsp: gsp_rm.gsp().files(),
            };
            let clock = OpenClock::new(dev, registers)?;
            Ok(try_pin_init!(Self {
                clock,
                debugfs <- Debugfs::new(dev, facts),
                vram_size,
                gsp_rm,
                sysmem_flush,
            }))
        }))
    }

    /// Size of video memory in bytes, firmware's part included.
    pub(crate) fn vram_size(&self) -> u64 {
        self.vram_size
    }

    /// The conversation with GSP-RM.
    pub(crate) fn gsp(&self) -> &Gsp<'a> {
        self.gsp_rm.as_ref().get_ref().gsp()
    }

    /// Whether the device still answers.
    pub(crate) fn answers(&self) -> bool {
        self.gsp_rm.answers()
    }

    /// Talks to GSP-RM no more; every call fails from now on. The first reason is logged.
    pub(crate) fn give_up(&self, why: &'static str) {
        self.gsp().kill(why);
    }

    /// Whether GSP-RM has died, or has been given up.
    pub(crate) fn is_dead(&self) -> bool {
        self.gsp().is_dead()
    }

    /// Notes that nothing runs in the GPU any more, because it has been reset: nothing has to be taken down,
    /// and nothing interrupts.
    pub(crate) fn forget_what_runs(&self) {
        self.clock.close();
        self.gsp_rm.forget();
        self.gsp().forget_interrupts();
        self.sysmem_flush.forget();
    }

    /// Takes the GPU down without giving anything back, because the machine is about to stop or to start
    /// another kernel.
    pub(crate) fn shut_down(&self) {
        self.clock.close();
        self.gsp_rm.take_down();
        self.sysmem_flush.withdraw();
    }
}
