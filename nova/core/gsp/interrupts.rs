// SPDX-License-Identifier: GPL-2.0

//! The interrupt by which GSP-RM says that it has sent a message.
//!
//! Which vector it is, GSP-RM says itself, so the first calls are waited for by polling. Polling also
//! remains if there is no vector, and takes over if messages arrive without interrupts.
//!
//! # Order
//!
//! The hard handler clears the interrupt **before** the thread reads the queue: a message that arrives
//! meanwhile interrupts again. It is clear when the write has arrived, which a read makes sure of. The subtree is masked while the handler looks, because a
//! message-signalled interrupt is sent when something becomes pending, and when a subtree with something
//! pending is let through again.

use super::{
    regs,
    Gsp, //
};
use crate::driver::Bar0;
use kernel::{
    device::Bound,
    io::{
        register::Array,
        Io, //
    },
    pci::{
        self,
        IrqType, //
    },
    prelude::*,
    sync::atomic::{
        Acquire,
        Atomic,
        Relaxed,
        Release, //
    }, //
};
use kernel_glue::{
    bound::{
        self,
        BoundInit, //
    },
    bound_init,
    irq::{
        Handler,
        Irq,
        Verdict, //
    }, //
};
use nova_hw::interrupt::{
    Handling,
    RiscvIrqMask,
    Vector, //
};

/// "The status queue has changed".
const SWGEN0: u32 = 1 << 6;
/// The core has halted.
const HALT: u32 = 1 << 4;

/// What the interrupt tree is for the GSP.
pub(super) struct Tree {
    handling: Handling,
    /// Number of the vector that is let through; [`NO_VECTOR`] if none is.
    vector: Atomic<u32>,
    others_forbidden: Atomic<bool>,
}

const NO_VECTOR: u32 = u32::MAX;

/// What a register reads that may not be read; the other bits say why.
const PRI_ERROR: u32 = 0xbadf_0000;
const PRI_ERROR_MASK: u32 = 0xffff_0000;

/// What the falcon has interrupted for.
struct Cause {
    message: bool,
    halted: bool,
}

impl Tree {
    /// The tree with nothing let through.
    pub(super) fn new(handling: Handling) -> Self {
        Self {
            handling,
            vector: Atomic::new(NO_VECTOR),
            others_forbidden: Atomic::new(false),
        }
    }

    /// The vector of that number, if the chip has it.
    pub(super) fn vector_of(&self, number: u32) -> Option<Vector> {
        self.handling.leaves.vector(number)
    }

    /// The vector that is let through.
    fn vector(&self) -> Option<Vector> {
        self.handling.leaves.vector(self.vector.load(Acquire))
    }

    /// Lets `vector` through. What was let through before goes when it [turns up](Self::forbid_others).
    fn enable(&self, bar: &Bar0<'_>, vector: Vector) {
        self.vector.store(vector.number(), Release);

        self.acknowledge(bar, vector);
        if let Some(at) = regs::NV_VIRTUAL_FUNCTION_PRIV_CPU_INTR_LEAF_EN_SET::try_at(vector.leaf())
        {
            bar.write(at, vector.leaf_bit().into());
        }
        self.unmask(bar, vector);
    }

    /// Lets nothing through but `vector`, because something else seems to have interrupted: whoever used the
    /// GPU before has left it so. Once is enough, and an interrupt line may be shared with other devices.
    fn forbid_others(&self, bar: &Bar0<'_>, vector: Vector) {
        if self.others_forbidden.xchg(true, Relaxed) {
            return;
        }
        bar.write_reg(
            regs::NV_VIRTUAL_FUNCTION_PRIV_CPU_INTR_TOP_EN_CLEAR::from_raw(!vector.top_bit()),
        );
        for leaf in vector.subtree_leaves() {
            let ours = if leaf == vector.leaf() {
                vector.leaf_bit()
            } else {
                0
            };
            self.forbid(bar, leaf, !ours);
        }
    }

    /// Lets nothing through any more.
    fn disable(&self, bar: &Bar0<'_>) {
        if let Some(vector) = self.vector() {
            self.forbid(bar, vector.leaf(), vector.leaf_bit());
            self.mask(bar, vector);
            self.acknowledge(bar, vector);
        }
    }

    fn forbid(&self, bar: &Bar0<'_>, leaf: usize, vectors: u32) {
        if let Some(at) = regs::NV_VIRTUAL_FUNCTION_PRIV_CPU_INTR_LEAF_EN_CLEAR::try_at(leaf) {
            bar.write(at, vectors.into());
        }
    }

    fn acknowledge(&self, bar: &Bar0<'_>, vector: Vector) {
        if let Some(at) = regs::NV_VIRTUAL_FUNCTION_PRIV_CPU_INTR_LEAF::try_at(vector.leaf()) {
            bar.write(at, vector.leaf_bit().into());
        }
    }

    fn mask(&self, bar: &Bar0<'_>, vector: Vector) {
        bar.write_reg(
            regs::NV_VIRTUAL_FUNCTION_PRIV_CPU_INTR_TOP_EN_CLEAR::from_raw(vector.top_bit()),
        );
    }

    fn unmask(&self, bar: &Bar0<'_>, vector: Vector) {
        bar.write_reg(
            regs::NV_VIRTUAL_FUNCTION_PRIV_CPU_INTR_TOP_EN_SET::from_raw(vector.top_bit()),
        );
    }

    /// Whether `vector` is pending. A device that has gone seems to have everything pending, and has not.
    fn is_pending(&self, bar: &Bar0<'_>, vector: Vector) -> bool {
        regs::NV_VIRTUAL_FUNCTION_PRIV_CPU_INTR_LEAF::try_at(vector.leaf())
            .map(|at| bar.read(at).into_raw())
            .is_some_and(|leaf| leaf != u32::MAX && leaf & vector.leaf_bit() != 0)
    }

    /// Asks for the next message-signalled interrupt, where that is needed.
    fn rearm(&self, bar: &Bar0<'_>, kind: IrqType) {
        if self.handling.rearm_msi && !matches!(kind, IrqType::Intx) {
            bar.write_reg(regs::NV_XVE_CYA_2::from_raw(0));
        }
    }

    /// Clears interrupts of the GSP's falcon, and waits until they are: writes take their time, and a message
    /// that came meanwhile would not interrupt and not be in the queue yet.
    fn clear(&self, bar: &Bar0<'_>, interrupts: u32) {
        bar.write_reg(regs::NV_PGSP_FALCON_IRQSCLR::from_raw(interrupts));
        bar.read(regs::NV_PGSP_FALCON_IRQSTAT);
    }

    /// Reads and clears what the GSP's falcon has interrupted for. What is not expected is masked, lest it
    /// interrupt for ever.
    fn clear_cause(&self, bar: &Bar0<'_>) -> Cause {
        let status = bar.read(regs::NV_PGSP_FALCON_IRQSTAT).into_raw();
        if status & PRI_ERROR_MASK == PRI_ERROR {
            // The GSP has locked its registers. The queue says so, if the driver does not know yet.
            return Cause {
                message: true,
                halted: false,
            };
        }
        let mask = match self.handling.riscv_mask {
            RiscvIrqMask::Tu102 => bar.read(regs::NV_PGSP_RISCV_IRQMASK_TU102).into_raw(),
            RiscvIrqMask::Ga102 => bar.read(regs::NV_PGSP_RISCV_IRQMASK_GA102).into_raw(),
        };
        let pending = status & mask;
        let unexpected = pending & !SWGEN0;
        if unexpected != 0 {
            bar.write_reg(regs::NV_PGSP_FALCON_IRQMCLR::from_raw(unexpected));
        }
        if pending != 0 {
            self.clear(bar, pending);
        }
        if self.handling.retrigger {
            bar.write_reg(regs::NV_PGSP_FALCON_INTR_RETRIGGER::from_raw(1));
        }
        Cause {
            message: pending & SWGEN0 != 0,
            halted: pending & HALT != 0,
        }
    }
}

/// The GSP's interrupt, for as long as this value lives. It tells of messages from
/// [`Gsp::enable_interrupts`] on.
///
/// Dropped top to bottom: the vector is forbidden, then no handler runs any more, and what the last one
/// may have let through again is forbidden for good.
#[pin_data]
pub(crate) struct Interrupts<'a> {
    #[pin]
    forbidden: Forbid<'a>,
    #[pin]
    irq: Irq<'a, Service<'a>>,
    #[pin]
    forbidden_for_good: Forbid<'a>,
}

impl<'a> Interrupts<'a> {
    /// Has the messages of `gsp` announced by interrupts of `dev`, once it is told to.
    ///
    /// # Errors
    ///
    /// Those of [`Irq::new`].
    pub(crate) fn new(dev: &'a pci::Device<Bound>, gsp: &'a Gsp<'a>) -> impl BoundInit<Self> {
        bound_init!(Interrupts {
            forbidden_for_good <- bound::value(Forbid(gsp)),
            irq <- Irq::new(dev, c"nova_core", bound::value(Service(gsp))),
            forbidden <- bound::value(Forbid(gsp)),
        })
    }
}

/// Forbids the GSP's interrupts when it is dropped.
struct Forbid<'a>(&'a Gsp<'a>);

impl Drop for Forbid<'_> {
    fn drop(&mut self) {
        self.0.disable_interrupts();
    }
}

/// The handler.
struct Service<'a>(&'a Gsp<'a>);

impl Handler for Service<'_> {
    fn hard(&self, kind: IrqType) -> Verdict {
        let gsp = self.0;
        let (tree, bar) = (&gsp.tree, gsp.bar);
        let not_ours = if matches!(kind, IrqType::Intx) {
            Verdict::None
        } else {
            Verdict::Handled
        };
        let Some(vector) = tree.vector() else {
            return not_ours;
        };

        tree.mask(bar, vector);
        tree.rearm(bar, kind);
        if !tree.is_pending(bar, vector) {
            tree.forbid_others(bar, vector);
            tree.unmask(bar, vector);
            return not_ours;
        }
        tree.acknowledge(bar, vector);
        gsp.diagnostics.interrupts.fetch_add(1u64, Relaxed);
        let verdict = if gsp.rpc.is_locked_down() {
            // The falcon cannot be asked. The end of the lockdown is in the queue.
            Verdict::WakeThread
        } else {
            let cause = tree.clear_cause(bar);
            if cause.halted {
                gsp.halted.store(true, Release);
            }
            if cause.message || cause.halted {
                Verdict::WakeThread
            } else {
                Verdict::Handled
            }
        };
        tree.unmask(bar, vector);
        verdict
    }

    fn thread(&self) {
        let gsp = self.0;
        gsp.rpc.interrupted();
        if gsp.halted.load(Acquire) {
            gsp.kill(fmt!("its core has halted"));
        }
        if gsp.rpc.check().is_err() {
            gsp.disable_interrupts();
        }
    }
}

impl Gsp<'_> {
    /// Has GSP-RM interrupt from now on, if it has said by which vector; tells whether it has.
    ///
    /// # Errors
    ///
    /// `EIO` if the GSP is dead or dies.
    pub(crate) fn enable_interrupts(&self) -> Result<bool> {
        let Some(vector) = self.vector.copy() else {
            return Ok(false);
        };
        self.rpc.check()?;
        self.tree.enable(self.bar, vector);
        self.diagnostics.interrupts_on.store(true, Relaxed);
        // What has arrived so far has been announced to nobody; what arrives after this will be. That the
        // registers are locked may be among it.
        self.rpc.drain()?;
        if !self.rpc.is_locked_down() {
            self.tree.clear(self.bar, SWGEN0);
        }
        self.rpc.drain()?;
        Ok(true)
    }

    /// Has GSP-RM interrupt no more. Calls are possible all the same.
    pub(crate) fn disable_interrupts(&self) {
        self.diagnostics.interrupts_on.store(false, Relaxed);
        self.tree.disable(self.bar);
    }

    /// Leaves the interrupt tree alone from now on, because the GPU has been reset.
    pub(crate) fn forget_interrupts(&self) {
        self.tree.vector.store(NO_VECTOR, Release);
    }
}
