// SPDX-License-Identifier: GPL-2.0

//! The interrupt of a device, for as long as its driver is bound.
//!
//! The kernel crate leaves it to the driver to drop a registration before what its handler borrows, and
//! before the interrupt vector that it uses. Here an [`Irq`] owns handler and vector, and cannot be
//! forgotten.

use crate::{
    bound::{
        self,
        BoundInit, //
    },
    bound_init,
    compat::c_enum::{
        IRQ_HANDLED,
        IRQ_NONE,
        IRQ_WAKE_THREAD, //
    },
    for_lt::CovariantForLt,
    pci::as_raw,
    tether::{
        Borrow,
        Tether, //
    }, //
};
use core::{
    marker::PhantomData,
    pin::Pin,
    ptr, //
};
use kernel::{
    bindings,
    device::Bound,
    error::to_result,
    pci::{
        self,
        IrqType, //
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
#[pin_data]
pub struct Irq<'a, H: Handler> {
    // Declared first, hence dropped first.
    #[pin]
    line: Line<H>,
    #[pin]
    _vector: Vector<'a>,
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
        bound::scope(move || {
            let vector = Vector::alloc(dev)?;
            let irq = vector.irq()?;
            Ok(bound_init!(Irq {
                line <- listen(irq, kind(dev), name, handler),
                _vector <- bound::value(vector),
            }))
        })
    }

    /// Returns the handler.
    pub fn handler(&self) -> &H {
        &self.listener().handler
    }

    /// Returns what kind of interrupt the device has been given.
    pub fn kind(&self) -> IrqType {
        self.listener().kind
    }

    fn listener(&self) -> &Listener<H> {
        self.line.as_pin().owner().get_ref()
    }

    /// Waits until every call of the handler that has begun has ended. Sleeps.
    ///
    /// Must not be called by the handler, or with a lock held that the handler takes.
    pub fn synchronize(&self) {
        let irq = self.line.as_pin().borrower().irq;
        // SAFETY: The interrupt is requested for as long as `self` lives.
        unsafe { bindings::synchronize_irq(irq) }
    }
}

/// The interrupt vector of a device, for as long as this value lives.
struct Vector<'a> {
    dev: &'a pci::Device<Bound>,
}

impl<'a> Vector<'a> {
    /// Allocates it: for MSI-X if the device can do that, else for MSI, else for a line.
    fn alloc(dev: &'a pci::Device<Bound>) -> Result<Self> {
        // Of a device that has some, the second owner would free those of the first.
        if !matches!(kind(dev), IrqType::Intx) {
            return Err(EBUSY);
        }
        // SAFETY: `dev` is a valid PCI device.
        to_result(unsafe {
            bindings::pci_alloc_irq_vectors(as_raw(dev), 1, 1, bindings::PCI_IRQ_ALL_TYPES)
        })?;
        Ok(Self { dev })
    }

    /// Its number.
    fn irq(&self) -> Result<u32> {
        // SAFETY: `dev` is a valid PCI device with an interrupt vector.
        let irq = unsafe { bindings::pci_irq_vector(as_raw(self.dev), 0) };
        u32::try_from(irq).map_err(|_| Error::from_errno(irq))
    }
}

impl Drop for Vector<'_> {
    fn drop(&mut self) {
        // SAFETY: `dev` is a valid PCI device; `alloc` gave it vectors, which nobody uses any more.
        unsafe { bindings::pci_free_irq_vectors(as_raw(self.dev)) }
    }
}

/// What kind of interrupt `dev` has been given; a line, if it has been given none.
fn kind(dev: &pci::Device<Bound>) -> IrqType {
    let pdev = as_raw(dev);
    // SAFETY: `dev` is a valid PCI device.
    let (msi, msix) = unsafe { ((*pdev).msi_enabled(), (*pdev).msix_enabled()) };
    match (msi, msix) {
        (0, 0) => IrqType::Intx,
        (_, 0) => IrqType::Msi,
        _ => IrqType::MsiX,
    }
}

/// A handler, and the interrupt that was requested for it. The request ends before the handler is dropped.
type Line<H> = Tether<Listener<H>, RequestLt>;

/// Who is told of an interrupt.
#[pin_data]
struct Listener<H> {
    #[pin]
    kind: IrqType,
    #[pin]
    handler: H,
}

/// An interrupt that was requested for a listener that lives for `'a`. Dropping it waits for the callbacks,
/// which are not called afterwards.
///
/// # Invariants
///
/// `irq` was requested with `cookie`.
struct Request<'a> {
    irq: u32,
    /// The listener's address.
    cookie: usize,
    _listener: PhantomData<&'a ()>,
}

type RequestLt = CovariantForLt!(for<'a> Request<'a>);

impl Drop for Request<'_> {
    fn drop(&mut self) {
        // Nobody looks at what is there any more.
        let cookie = ptr::without_provenance_mut(self.cookie);
        // SAFETY: By the invariants, and nothing else frees the interrupt.
        unsafe { bindings::free_irq(self.irq, cookie) };
    }
}

/// Builds the handler and requests the interrupt.
fn listen<H: Handler>(
    irq: u32,
    kind: IrqType,
    name: &'static CStr,
    handler: impl BoundInit<H>,
) -> impl BoundInit<Line<H>> {
    let listener = bound_init!(Listener {
        kind <- bound::value(kind),
        handler <- handler,
    });
    Tether::new(listener, RequestOf { irq, name })
}

/// Requests an interrupt for a listener.
struct RequestOf {
    irq: u32,
    name: &'static CStr,
}

impl<H: Handler> Borrow<Listener<H>, RequestLt> for RequestOf {
    fn borrow<'a>(self, listener: Pin<&'a Listener<H>>) -> Result<impl BoundInit<Request<'a>>> {
        // Only a line that devices share may be shared.
        let flags = match listener.kind {
            // CAST: `c_ulong` is no narrower.
            IrqType::Intx => bindings::IRQF_SHARED as c_ulong,
            IrqType::Msi | IrqType::MsiX => 0,
        };
        let cookie = ptr::from_ref(listener.get_ref());

        // SAFETY: The callbacks are for this type of listener, which may be shared with them until the
        // request is dropped: that is before `'a` ends. `name` lives for ever.
        to_result(unsafe {
            bindings::request_threaded_irq(
                self.irq,
                Some(hard::<H>),
                Some(thread::<H>),
                flags,
                self.name.as_char_ptr(),
                cookie.cast_mut().cast(),
            )
        })?;
        // INVARIANT: Requested just now.
        Ok(bound::value(Request {
            irq: self.irq,
            cookie: cookie.addr(),
            _listener: PhantomData,
        }))
    }
}

/// # Safety
///
/// `cookie` points to a [`Listener<H>`](Listener) that is not dropped meanwhile.
unsafe extern "C" fn hard<H: Handler>(_irq: c_int, cookie: *mut c_void) -> bindings::irqreturn_t {
    // SAFETY: By the promise of the caller.
    let listener = unsafe { &*cookie.cast::<Listener<H>>() };
    match listener.handler.hard(listener.kind) {
        Verdict::None => IRQ_NONE,
        Verdict::Handled => IRQ_HANDLED,
        Verdict::WakeThread => IRQ_WAKE_THREAD,
    }
}

/// # Safety
///
/// `cookie` points to a [`Listener<H>`](Listener) that is not dropped meanwhile.
unsafe extern "C" fn thread<H: Handler>(_irq: c_int, cookie: *mut c_void) -> bindings::irqreturn_t {
    // SAFETY: By the promise of the caller.
    let listener = unsafe { &*cookie.cast::<Listener<H>>() };
    listener.handler.thread();
    IRQ_HANDLED
}

#[kunit_tests(kernel_glue_irq)]
mod tests {
    use super::*;
    use crate::testing::Log;
    use kernel::time::{
        delay::fsleep,
        Delta, //
    };

    /// An interrupt that nothing but a test can raise.
    struct TestIrq(u32);

    impl TestIrq {
        fn new() -> Result<Self> {
            // SAFETY: -1 asks for any number, and none of the pointers need be given.
            let irq = unsafe {
                bindings::__irq_alloc_descs(
                    -1,
                    0,
                    1,
                    bindings::NUMA_NO_NODE,
                    ptr::null_mut(),
                    ptr::null(),
                )
            };
            let irq = u32::try_from(irq).map_err(|_| Error::from_errno(irq))?;
            // SAFETY: The interrupt was allocated above; chip, handler and name live for ever.
            unsafe {
                bindings::irq_set_chip_and_handler_name(
                    irq,
                    &raw const bindings::dummy_irq_chip,
                    Some(bindings::handle_simple_irq),
                    c"kernel-glue-test".as_char_ptr(),
                )
            };
            Ok(Self(irq))
        }

        fn raise(&self) {
            // SAFETY: The interrupt has a chip and a handler.
            unsafe { bindings::generic_handle_irq_safe(self.0) };
        }
    }

    impl Drop for TestIrq {
        fn drop(&mut self) {
            // SAFETY: `new` allocated it, and each test drops what requested it before.
            unsafe { bindings::irq_free_descs(self.0, 1) }
        }
    }

    struct Recorder<'l> {
        log: &'l Log,
        verdict: Verdict,
        /// How long the thread takes, in milliseconds.
        millis: i64,
    }

    impl Handler for Recorder<'_> {
        fn hard(&self, kind: IrqType) -> Verdict {
            self.log.note(match kind {
                IrqType::Intx => 1,
                IrqType::Msi => 2,
                IrqType::MsiX => 3,
            });
            self.verdict
        }

        fn thread(&self) {
            self.log.note(4);
            fsleep(Delta::from_millis(self.millis));
            self.log.note(5);
        }
    }

    impl Drop for Recorder<'_> {
        fn drop(&mut self) {
            self.log.note(6);
        }
    }

    fn line<'l>(
        irq: u32,
        kind: IrqType,
        log: &'l Log,
        verdict: Verdict,
        millis: i64,
    ) -> Result<Pin<KBox<Line<Recorder<'l>>>>> {
        let recorder = Recorder {
            log,
            verdict,
            millis,
        };
        let init = listen(irq, kind, c"kernel-glue-test", bound::value(recorder));
        // SAFETY: The box is dropped by each test below, before the log that it borrows.
        KBox::pin_init(unsafe { bound::as_pin_init(init) }, GFP_KERNEL)
    }

    #[test]
    fn thread_runs_when_the_hard_handler_asks_for_it() -> Result {
        let (irq, log) = (TestIrq::new()?, Log::new()?);
        let line = line(irq.0, IrqType::Msi, &log, Verdict::WakeThread, 0)?;
        irq.raise();
        assert_eq!(log.wait_for(245), Ok(()));
        irq.raise();
        assert_eq!(log.wait_for(245_245), Ok(()));
        drop(line);
        assert_eq!(log.digits(), 2_452_456);
        Ok(())
    }

    #[test]
    fn thread_does_not_run_when_the_hard_handler_did_all() -> Result {
        let (irq, log) = (TestIrq::new()?, Log::new()?);
        let line = line(irq.0, IrqType::MsiX, &log, Verdict::Handled, 0)?;
        irq.raise();
        irq.raise();
        drop(line);
        assert_eq!(log.digits(), 336);
        Ok(())
    }

    #[test]
    fn handler_is_dropped_when_it_has_returned_for_the_last_time() -> Result {
        let (irq, log) = (TestIrq::new()?, Log::new()?);
        let line = line(irq.0, IrqType::Msi, &log, Verdict::WakeThread, 50)?;
        irq.raise();
        assert_eq!(log.wait_for(24), Ok(()));
        drop(line);
        assert_eq!(log.digits(), 2456);
        // Nobody is listening any more.
        irq.raise();
        assert_eq!(log.digits(), 2456);
        Ok(())
    }

    #[test]
    fn a_line_is_shared_and_message_signalled_interrupts_are_not() -> Result {
        let (irq, log) = (TestIrq::new()?, Log::new()?);
        let make = |kind| line(irq.0, kind, &log, Verdict::None, 0);

        let first = make(IrqType::Intx)?;
        let second = make(IrqType::Intx)?;
        irq.raise();
        assert_eq!(log.digits(), 11);
        assert_eq!(make(IrqType::Msi).err(), Some(EBUSY));
        drop(first);
        drop(second);

        let _first = make(IrqType::Msi)?;
        assert_eq!(make(IrqType::Msi).err(), Some(EBUSY));
        Ok(())
    }

    #[test]
    fn handler_is_dropped_once_if_there_is_no_such_interrupt() -> Result {
        let log = Log::new()?;
        let line = line(u32::MAX, IrqType::Msi, &log, Verdict::Handled, 0);
        assert_eq!(line.err(), Some(EINVAL));
        assert_eq!(log.digits(), 6);
        Ok(())
    }

    #[test]
    fn verdicts_are_told_to_the_kernel() -> Result {
        let log = Log::new()?;
        for (verdict, told) in [
            (Verdict::None, IRQ_NONE),
            (Verdict::Handled, IRQ_HANDLED),
            (Verdict::WakeThread, IRQ_WAKE_THREAD),
        ] {
            let irq = TestIrq::new()?;
            let line = line(irq.0, IrqType::Intx, &log, verdict, 0)?;
            let cookie = ptr::from_ref(line.as_ref().owner().get_ref())
                .cast_mut()
                .cast();
            // SAFETY: The cookie is a listener that lives until the end of the loop.
            let seen = unsafe { hard::<Recorder<'_>>(0, cookie) };
            assert_eq!(seen.0, told.0);
        }
        Ok(())
    }
}
