// SPDX-License-Identifier: GPL-2.0

//! What is shared with those who may outlive the binding.
//!
//! A `Bar<'bound>` cannot be used after unbinding, and cannot be given to anyone who might: an open file,
//! a debugfs file that stays. Those get a [`DevresLt`]. It may live for ever; what it holds lives until
//! the device is unbound, or until the last handle to it is dropped if that is before.
//!
//! # Differences from the kernel crate
//!
//! [`kernel::devres::DevresGuard`] dereferences to `F::Of<'a>` for the `'a` for which the handle is
//! borrowed. What has that lifetime and can be copied or cloned out, a reference or a view of registers,
//! can be used when the guard has been dropped and the device has gone. [`Guard`] lends an `F::Of<'g>` for
//! the `'g` for which the *guard* is borrowed, and no type of what is in there can make that longer. The
//! price is that it cannot be [`Deref`](core::ops::Deref), which has no name for that lifetime.

use crate::{
    compat::devres::{
        self,
        DevresGuard, //
    },
    for_lt::{
        CovariantForLt,
        ForLt, //
    },
    pci::Bar, //
};
use kernel::{
    device::{
        Bound,
        Device, //
    },
    io::mem::{
        ExclusiveIoMem,
        IoMem, //
    },
    prelude::*, //
};

/// A BAR that is shared with those who may outlive the binding.
pub type DevresBar<const SIZE: usize = 0> = DevresLt<Bar<'static, SIZE>>;

/// Memory-mapped registers that are shared with those who may outlive the binding.
pub type DevresIoMem<const SIZE: usize = 0> = DevresLt<IoMem<'static, SIZE>>;

/// The same, where nobody else maps them.
pub type DevresExclusiveIoMem<const SIZE: usize = 0> = DevresLt<ExclusiveIoMem<'static, SIZE>>;

/// An `F::Of<'_>` that is dropped when its device is unbound, or when this is dropped.
pub struct DevresLt<F: ForLt>
where
    for<'a> F::Of<'a>: Send,
{
    // Private: its guard is not sound.
    inner: devres::DevresLt<F>,
}

impl<const SIZE: usize> DevresBar<SIZE> {
    /// Shares a BAR for as long as its device is bound.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; the BAR is unmapped then.
    pub fn new(bar: Bar<'_, SIZE>) -> Result<Self> {
        // SAFETY: A BAR refers to nothing but its device.
        unsafe { Self::share(bar.device(), Ok(bar)) }
    }
}

impl<const SIZE: usize> DevresIoMem<SIZE> {
    /// Shares registers for as long as their device is bound.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; they are unmapped then.
    pub fn new(mem: IoMem<'_, SIZE>) -> Result<Self> {
        mem.into_devres()
            .map(devres::mapping)
            .map(Self::from_kernel)
    }
}

impl<const SIZE: usize> DevresExclusiveIoMem<SIZE> {
    /// Shares registers for as long as their device is bound.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; they are unmapped then.
    pub fn new(mem: ExclusiveIoMem<'_, SIZE>) -> Result<Self> {
        mem.into_devres()
            .map(devres::mapping)
            .map(Self::from_kernel)
    }
}

impl<F: ForLt> DevresLt<F>
where
    for<'a> F::Of<'a>: Send,
{
    fn from_kernel(inner: devres::DevresLt<F>) -> Self {
        Self { inner }
    }

    /// Shares what `data` builds until `dev` is unbound. Drivers get at this by
    /// [`Setup::share`](crate::pci::Setup::share).
    ///
    /// # Errors
    ///
    /// `ENOMEM`, and those of `data`.
    ///
    /// # Safety
    ///
    /// What is built stays valid for as long as `dev` is bound, which may be longer than `'a`.
    pub unsafe fn share<'a>(
        dev: &'a Device<Bound>,
        data: impl PinInit<F::Of<'a>, Error>,
    ) -> Result<Self> {
        // SAFETY: The caller promises what is asked for.
        unsafe { devres::DevresLt::new(dev, data) }.map(Self::from_kernel)
    }

    /// Returns the device. It need not be bound.
    pub fn device(&self) -> &Device {
        self.inner.device()
    }

    /// Calls `f` with what is shared, given that the device is bound.
    ///
    /// # Errors
    ///
    /// `EINVAL` if `dev` is another device.
    pub fn access_with<R>(
        &self,
        dev: &Device<Bound>,
        f: impl for<'r, 'a> FnOnce(&'r F::Of<'a>) -> R,
    ) -> Result<R> {
        self.inner.access_with(dev, f)
    }

    /// Calls `f` with what is shared, unless the device has been unbound.
    ///
    /// `f` must not sleep: unbinding waits for it in an RCU grace period.
    pub fn try_access_with<R>(&self, f: impl for<'r, 'a> FnOnce(&'r F::Of<'a>) -> R) -> Option<R> {
        self.inner.try_access_with(f)
    }
}

impl<F: CovariantForLt> DevresLt<F>
where
    for<'a> F::Of<'a>: Send,
{
    /// Returns what is shared, for as long as the device is known to be bound.
    ///
    /// # Errors
    ///
    /// `EINVAL` if `dev` is another device.
    pub fn access<'a>(&'a self, dev: &'a Device<Bound>) -> Result<&'a F::Of<'a>> {
        self.inner.access(dev)
    }

    /// Keeps the device from being unbound for as long as the returned guard lives; `None` if it has been.
    ///
    /// Nobody may sleep meanwhile: unbinding waits for the guard in an RCU grace period.
    pub fn try_access(&self) -> Option<Guard<'_, F>> {
        self.inner.try_access().map(Guard)
    }
}

/// Keeps what a [`DevresLt`] shares from being dropped.
#[must_use = "what is shared may be gone when the guard is"]
pub struct Guard<'a, F: CovariantForLt>(DevresGuard<'a, F>);

impl<F: CovariantForLt> Guard<'_, F> {
    /// Returns what is shared. Nothing that comes from it outlives the borrow of the guard.
    pub fn get<'g>(&'g self) -> &'g F::Of<'g> {
        F::cast_ref(&self.0)
    }
}

#[kunit_tests(kernel_glue_devres)]
mod tests {
    use super::*;
    use crate::testing::{
        any_processor,
        TestDevice, //
    };
    use kernel::{
        new_mutex,
        sync::{
            atomic::{
                Atomic,
                Relaxed, //
            },
            Arc,
            Completion,
            Mutex, //
        },
        time::{
            delay::{
                fsleep,
                udelay, //
            },
            Delta, //
        }, //
    };

    /// What is shared: a number, and a place where it is noted that it was dropped.
    struct Part<'a> {
        number: u32,
        device: &'a Device<Bound>,
        drops: Arc<Atomic<u32>>,
    }

    impl Drop for Part<'_> {
        fn drop(&mut self) {
            self.number = 0;
            self.drops.fetch_add(1, Relaxed);
        }
    }

    type PartLt = CovariantForLt!(for<'a> Part<'a>);

    fn share(device: &TestDevice, number: u32) -> Result<(DevresLt<PartLt>, Arc<Atomic<u32>>)> {
        let device = device.bound();
        let drops = Arc::new(Atomic::new(0), GFP_KERNEL)?;
        let part = Part {
            number,
            device,
            drops: drops.clone(),
        };
        // SAFETY: The part refers to nothing but the device.
        Ok((unsafe { DevresLt::share(device, Ok(part)) }?, drops))
    }

    #[test]
    fn what_is_shared_can_be_accessed_while_the_device_is_bound() -> Result {
        let device = TestDevice::new()?;
        let (shared, _) = share(&device, 3)?;
        assert_eq!(shared.access(device.bound())?.number, 3);
        assert_eq!(shared.access_with(device.bound(), |it| it.number)?, 3);
        assert_eq!(shared.try_access_with(|it| it.number), Some(3));
        assert_eq!(shared.try_access().map(|guard| guard.get().number), Some(3));
        Ok(())
    }

    #[test]
    fn another_device_does_not_give_access() -> Result {
        let (device, other) = (TestDevice::new()?, TestDevice::new()?);
        let (shared, _) = share(&device, 3)?;
        assert_eq!(shared.access(other.bound()).err(), Some(EINVAL));
        assert_eq!(
            shared.access_with(other.bound(), |_| ()).err(),
            Some(EINVAL)
        );
        Ok(())
    }

    #[test]
    fn unbinding_drops_what_is_shared_and_ends_access() -> Result {
        let device = TestDevice::new()?;
        let (shared, drops) = share(&device, 3)?;
        drop(device);
        assert_eq!(drops.load(Relaxed), 1);
        assert!(shared.try_access().is_none());
        assert!(shared.try_access_with(|_| ()).is_none());
        drop(shared);
        assert_eq!(drops.load(Relaxed), 1);
        Ok(())
    }

    #[test]
    fn dropping_the_handle_drops_what_is_shared() -> Result {
        let device = TestDevice::new()?;
        let (shared, drops) = share(&device, 3)?;
        drop(shared);
        assert_eq!(drops.load(Relaxed), 1);
        drop(device);
        assert_eq!(drops.load(Relaxed), 1);
        Ok(())
    }

    #[test]
    fn several_guards_may_exist() -> Result {
        let device = TestDevice::new()?;
        let (shared, drops) = share(&device, 3)?;
        let (first, second) = (shared.try_access(), shared.try_access());
        drop(first);
        assert_eq!(second.map(|guard| guard.get().number), Some(3));
        assert_eq!(drops.load(Relaxed), 0);
        Ok(())
    }

    #[test]
    fn the_device_can_be_named_but_need_not_be_bound() -> Result {
        let device = TestDevice::new()?;
        let (shared, _) = share(&device, 3)?;
        let same = shared.try_access_with(|it| {
            let bound: &Device = it.device;
            core::ptr::eq(bound, shared.device())
        });
        assert_eq!(same, Some(true));
        Ok(())
    }

    /// Not covariant: what is in the lock could be exchanged for something that lives shorter.
    type SlotLt = ForLt!(for<'a> Pin<KBox<Mutex<Option<&'a Device<Bound>>>>>);

    #[test]
    fn what_is_not_covariant_is_accessed_by_closures() -> Result {
        let device = TestDevice::new()?;
        let bound = device.bound();
        let slot = KBox::pin_init(new_mutex!(Some(bound)), GFP_KERNEL)?;
        // SAFETY: The slot refers to nothing but the device.
        let shared: DevresLt<SlotLt> = unsafe { DevresLt::share(bound, Ok::<_, Error>(slot)) }?;
        let taken = shared.access_with(bound, |slot| slot.lock().take().is_some())?;
        assert!(taken);
        let left = shared.access_with(bound, |slot| slot.lock().is_some())?;
        assert!(!left);
        drop(device);
        assert_eq!(shared.try_access_with(|_| ()), None);
        Ok(())
    }

    /// How often what is shared is accessed while its device is being unbound, all in all.
    const ACCESSES: u32 = 1_000_000;
    /// How many devices are unbound meanwhile.
    const ROUNDS: u32 = 50;

    /// A race of two threads with an unbinding.
    #[pin_data]
    struct Race {
        shared: DevresLt<PartLt>,
        accesses: Atomic<u32>,
        wrong: Atomic<u32>,
        /// Whether the device is about to be unbound, so that accesses shall take long.
        ending: Atomic<bool>,
        /// How many of those have begun.
        held: Atomic<u32>,
        #[pin]
        ended: [Completion; 2],
    }

    impl Race {
        fn new(shared: DevresLt<PartLt>) -> Result<Arc<Self>> {
            let init = pin_init!(Self {
                shared,
                accesses: Atomic::new(0),
                wrong: Atomic::new(0),
                ending: Atomic::new(false),
                held: Atomic::new(0),
                ended <- pin_init::pin_init_array_from_fn(|_| Completion::new()),
            });
            Arc::pin_init(init, GFP_KERNEL)
        }

        /// Reads a number, after a while that is longer than an RCU grace period.
        fn read(&self, part: &Part<'_>) -> u32 {
            if self.ending.load(Relaxed) {
                self.held.add(1, Relaxed);
                for _ in 0..20 {
                    udelay(Delta::from_millis(1));
                }
            }
            part.number
        }

        /// Accesses what is shared until it is gone.
        fn run(&self, which: usize) {
            loop {
                let number = if which == 0 {
                    self.shared.try_access().map(|guard| self.read(guard.get()))
                } else {
                    self.shared.try_access_with(|part| self.read(part))
                };
                match number {
                    Some(3) => self.accesses.add(1, Relaxed),
                    Some(_) => self.wrong.add(1, Relaxed),
                    None => break,
                }
            }
            self.ended[which].complete_all();
        }
    }

    #[test]
    fn a_million_accesses_race_with_unbinding() -> Result {
        for _ in 0..ROUNDS {
            let device = TestDevice::new()?;
            let (shared, drops) = share(&device, 3)?;
            let race = Race::new(shared)?;
            for which in 0..2 {
                let race = race.clone();
                any_processor().try_spawn(GFP_KERNEL, move || race.run(which))?;
            }
            while race.accesses.load(Relaxed) < ACCESSES / ROUNDS {
                fsleep(Delta::from_micros(100));
            }
            race.ending.store(true, Relaxed);
            while race.held.load(Relaxed) < 2 {
                fsleep(Delta::from_micros(100));
            }
            drop(device);
            assert_eq!(drops.load(Relaxed), 1);
            for ended in &race.ended {
                ended.wait_for_completion();
            }
            assert_eq!(race.wrong.load(Relaxed), 0);
        }
        Ok(())
    }
}
