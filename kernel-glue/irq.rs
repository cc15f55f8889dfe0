// SPDX-License-Identifier: GPL-2.0

//! The interrupt of a device, for as long as its driver is bound.
//!
//! The kernel crate leaves it to the driver to drop a registration before what its handler borrows, and
//! before the interrupt vector that it uses. Here an [`Irq`] owns handler and vector, and cannot be
//! forgotten.

use crate::bound::{
    self,
    BoundInit, //
};
use core::{
    marker::PhantomPinned,
    ptr, //
};
use kernel::{
    bindings,
    device::Bound,
    error::to_result,
    irq::IrqRequest,
    pci::{
        self,
        IrqType,
        IrqTypes,
        IrqVectorRegistration, //
    },
    prelude::*, //
};

/// What a hard handler says of an interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was not of this device. Only for [`IrqType::Intx`], which devices share.
    None,
    /// Nothing is left to be done.
    Handled,
    /// [`Handler::thread`] is to be called.
    WakeThread,
}

/// What is done when the device interrupts.
///
/// The first interrupt may come before the constructor of the [`Irq`] returns.
pub trait Handler: Sync {
    /// Looks at the device and makes it stop interrupting until [`thread`](Self::thread) has run.
    ///
    /// Runs with interrupts disabled, and must not sleep. With [`IrqType::Intx`] it is also called for
    /// the interrupts of other devices, and a device that is not silenced will interrupt for ever.
    fn hard(&self, kind: IrqType) -> Verdict;

    /// Does the work, and lets the device interrupt again.
    ///
    /// Runs in a thread of its own, and may sleep. [`hard`](Self::hard) may run at the same time. However
    /// often `hard` asks for it before it begins, it is called once.
    fn thread(&self);
}

/// An interrupt with its handler.
///
/// Dropping it waits until the handler has returned for the last time; then the handler is dropped, and
/// then the interrupt vector is freed.
pub struct Irq<'a, H: Handler> {
    // Declared first, hence dropped first.
    line: Line<H>,
    _vectors: IrqVectorRegistration<'a>,
}

impl<'a, H: Handler> Irq<'a, H> {
    /// Builds `handler` and has it called when `dev` interrupts: by MSI-X if it can, else by MSI, else by
    /// a line that it may share with others. The first two need the device to be a bus master.
    ///
    /// `name` is shown in `/proc/interrupts`.
    ///
    /// # Errors
    ///
    /// `EBUSY` if the device has message-signalled interrupts already, `ENOSPC` if it has no interrupt
    /// at all, `ENOMEM`, those of `handler`, and those of `request_threaded_irq()`.
    pub fn new(
        dev: &'a pci::Device<Bound>,
        name: &'static CStr,
        handler: impl BoundInit<H>,
    ) -> impl BoundInit<Self> {
        let init = move |slot: *mut Self| {
            let vectors = vector(dev)?;
            let irq = IrqRequest::from(vectors.index(0)?).irq();
            let line = Line::new(irq, vectors.irq_type(), name, handler);

            // SAFETY: What is promised of the slot holds for its fields.
            unsafe { line.init(&raw mut (*slot).line)? };
            // SAFETY: As above. Nothing fails any more, so the line needs no undoing.
            unsafe { (&raw mut (*slot)._vectors).write(vectors) };
            Ok(())
        };

        // SAFETY: On `Ok` both fields are initialised; on `Err` the line was not, and the other not yet.
        unsafe { bound::from_closure(init) }
    }

    /// Returns the handler.
    pub fn handler(&self) -> &H {
        &self.line.handler
    }

    /// Returns what kind of interrupt the device has been given.
    pub fn kind(&self) -> IrqType {
        self.line.kind
    }

    /// Waits until every call of the handler that has begun has ended. Sleeps.
    ///
    /// Must not be called by the handler, or with a lock held that the handler takes.
    pub fn synchronize(&self) {
        // SAFETY: The interrupt is requested for as long as `self` lives.
        unsafe { bindings::synchronize_irq(self.line.irq) }
    }
}

/// Allocates the interrupt vector of `dev`.
fn vector(dev: &pci::Device<Bound>) -> Result<IrqVectorRegistration<'_>> {
    // CAST: `Device` is a transparent wrapper of an `Opaque<pci_dev>`.
    let pdev = ptr::from_ref(dev).cast::<bindings::pci_dev>();

    // Of a device that has some, the second owner would free those of the first.
    //
    // SAFETY: `dev` is a valid PCI device.
    if unsafe { (*pdev).msi_enabled() != 0 || (*pdev).msix_enabled() != 0 } {
        return Err(EBUSY);
    }
    dev.alloc_irq_vectors(1, 1, IrqTypes::all())
}

/// A requested interrupt.
///
/// # Invariants
///
/// The interrupt `irq` is requested, with the address of `self` as cookie; `self` does not move.
struct Line<H: Handler> {
    irq: u32,
    kind: IrqType,
    handler: H,
    /// Others may hold a reference to this while it is dropped.
    _pinned: PhantomPinned,
}

impl<H: Handler> Line<H> {
    /// Builds the handler and requests the interrupt.
    fn new(
        irq: u32,
        kind: IrqType,
        name: &'static CStr,
        handler: impl BoundInit<H>,
    ) -> impl BoundInit<Self> {
        // Only a line that devices share may be shared.
        let flags = match kind {
            // CAST: `c_ulong` is no narrower.
            IrqType::Intx => bindings::IRQF_SHARED as c_ulong,
            IrqType::Msi | IrqType::MsiX => 0,
        };

        let init = move |slot: *mut Self| {
            // SAFETY: What is promised of the slot holds for its fields.
            let handler_slot = unsafe { &raw mut (*slot).handler };
            // SAFETY: As above. The handler is dropped with the line, or below.
            unsafe { handler.init(handler_slot)? };
            // SAFETY: As above.
            unsafe { (&raw mut (*slot).irq).write(irq) };
            // SAFETY: As above.
            unsafe { (&raw mut (*slot).kind).write(kind) };

            // SAFETY: All of the slot is initialised, so the callbacks may run at once; it stays where it
            // is until its `Drop` has freed the interrupt. `name` lives for ever.
            to_result(unsafe {
                bindings::request_threaded_irq(
                    irq,
                    Some(hard::<H>),
                    Some(thread::<H>),
                    flags,
                    name.as_char_ptr(),
                    slot.cast(),
                )
            })
            .inspect_err(|_| {
                // SAFETY: The handler was initialised, and nobody else knows of it.
                unsafe { ptr::drop_in_place(handler_slot) }
            })
            // INVARIANT: The interrupt is requested, the cookie is the slot, and it does not move.
        };

        // SAFETY: On `Ok` all fields are initialised (the marker has no bytes); on `Err` the handler was
        // dropped or never came up, and the rest needs no dropping.
        unsafe { bound::from_closure(init) }
    }
}

impl<H: Handler> Drop for Line<H> {
    fn drop(&mut self) {
        // SAFETY: By the invariants. This waits for the callbacks, which are not called afterwards.
        unsafe { bindings::free_irq(self.irq, ptr::from_mut(self).cast()) };
    }
}

/// # Safety
///
/// `cookie` points to a `Line<H>` that is not dropped meanwhile.
unsafe extern "C" fn hard<H: Handler>(_irq: c_int, cookie: *mut c_void) -> bindings::irqreturn_t {
    // SAFETY: By the promise of the caller.
    let line = unsafe { &*cookie.cast::<Line<H>>() };
    match line.handler.hard(line.kind) {
        Verdict::None => bindings::irqreturn::IRQ_NONE,
        Verdict::Handled => bindings::irqreturn::IRQ_HANDLED,
        Verdict::WakeThread => bindings::irqreturn::IRQ_WAKE_THREAD,
    }
}

/// # Safety
///
/// `cookie` points to a `Line<H>` that is not dropped meanwhile.
unsafe extern "C" fn thread<H: Handler>(_irq: c_int, cookie: *mut c_void) -> bindings::irqreturn_t {
    // SAFETY: By the promise of the caller.
    let line = unsafe { &*cookie.cast::<Line<H>>() };
    line.handler.thread();
    bindings::irqreturn::IRQ_HANDLED
}
