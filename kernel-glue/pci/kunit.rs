// SPDX-License-Identifier: GPL-2.0

//! A driver of a real PCI device: the SATA controller that QEMU's machine `q35` always has, and that
//! no driver of the debug kernel wants.

use super::*;
use crate::{
    bound_init,
    irq::{
        Handler,
        Irq,
        Verdict, //
    },
    testing::no_module, //
};
use core::mem::MaybeUninit;
use kernel::{
    device_id::IdArray,
    driver::Registration,
    pci::{
        DeviceId,
        IrqType,
        Vendor, //
    },
    sync::atomic::{
        Atomic,
        Relaxed, //
    }, //
};

const VENDOR: Vendor = Vendor::INTEL;
/// The AHCI controller of an ICH9.
const DEVICE: u32 = 0x2922;

/// What the driver saw. It has one device, and is registered by one case at a time.
struct Seen {
    probed: Atomic<u32>,
    reset: Atomic<i32>,
    second_irq: Atomic<i32>,
    irq_is_msi: Atomic<bool>,
    shut_down: Atomic<u32>,
    handlers_dropped: Atomic<u32>,
}

static SEEN: Seen = Seen {
    probed: Atomic::new(0),
    reset: Atomic::new(0),
    second_irq: Atomic::new(0),
    irq_is_msi: Atomic::new(false),
    shut_down: Atomic::new(0),
    handlers_dropped: Atomic::new(0),
};

struct Quiet;

impl Handler for Quiet {
    fn hard(&self, _kind: IrqType) -> Verdict {
        Verdict::None
    }

    fn thread(&self) {}
}

impl Drop for Quiet {
    fn drop(&mut self) {
        SEEN.handlers_dropped.add(1, Relaxed);
    }
}

fn irq(dev: &Device<Bound>) -> impl BoundInit<Irq<'_, Quiet>> {
    Irq::new(dev, c"kernel-glue-test", bound::value(Quiet))
}

/// What is left of an interrupt that the device has not got a second time.
struct Refused;

impl Refused {
    fn init(dev: &Device<Bound>) -> impl BoundInit<Self> + '_ {
        let init = move |_: *mut Self| {
            let mut scratch = MaybeUninit::uninit();
            // SAFETY: The slot is valid. Should this succeed, the case fails, and the slot is never
            // used again.
            let refused = unsafe { irq(dev).init(scratch.as_mut_ptr()) };
            let errno = refused.err().map_or(0, Error::to_errno);
            SEEN.second_irq.store(errno, Relaxed);
            Ok(())
        };
        // SAFETY: `Refused` has no bytes.
        unsafe { bound::from_closure(init) }
    }
}

#[pin_data]
struct Data<'bound> {
    #[pin]
    _refused: Refused,
    #[pin]
    irq: Irq<'bound, Quiet>,
    #[pin]
    _enabled: Enabled<'bound>,
}

struct TestDriver;

static TABLE: IdArray<DeviceId, (), 1> = IdArray::new([(DeviceId::from_id(VENDOR, DEVICE), &())]);

impl Driver for TestDriver {
    type IdInfo = ();
    type Data<'bound> = Data<'bound>;
    const ID_TABLE: IdTable<()> = &TABLE;

    fn probe<'bound>(
        mut setup: Setup<'_, 'bound, '_>,
        _info: Option<&'bound ()>,
    ) -> Result<impl BoundInit<Data<'bound>> + 'bound> {
        SEEN.probed.add(1, Relaxed);
        let errno = setup.reset_function().err().map_or(0, Error::to_errno);
        SEEN.reset.store(errno, Relaxed);

        let enabled = setup.enable()?;
        enabled.set_master();
        let dev: &'bound Device<Bound> = setup.finish();
        Ok(bound_init!(Data {
            _enabled <- bound::value(enabled),
            irq <- irq(dev),
            _refused <- Refused::init(dev),
        }))
    }

    fn shutdown<'bound>(dev: &'bound Device<Core<'_>>, data: Pin<&Data<'bound>>) {
        SEEN.shut_down.add(1, Relaxed);
        let msi = matches!(data.get_ref().irq.kind(), IrqType::Msi);
        SEEN.irq_is_msi.store(msi, Relaxed);
        cut_off(dev);
    }
}

type TestRegistration = Registration<Adapter<TestDriver>>;

fn register() -> Result<Pin<KBox<TestRegistration>>> {
    let init = Registration::new(c"kernel-glue-test", no_module());
    KBox::pin_init(init, GFP_KERNEL)
}

/// The device, found without its driver.
struct Found(*mut bindings::pci_dev);

impl Found {
    fn new() -> Result<Self> {
        // SAFETY: Null asks for the first one.
        let dev = unsafe {
            bindings::pci_get_device(VENDOR.as_raw().into(), DEVICE, core::ptr::null_mut())
        };
        if dev.is_null() {
            return Err(ENODEV);
        }
        Ok(Self(dev))
    }

    fn has_msi(&self) -> bool {
        // SAFETY: The device is valid for as long as `self` lives.
        unsafe { (*self.0).msi_enabled() != 0 }
    }

    /// Whether the device may read and write system memory.
    fn is_master(&self) -> Result<bool> {
        let mut command = 0;
        // SAFETY: As above, and `command` is a place for one word.
        to_result(unsafe { bindings::pci_read_config_word(self.0, COMMAND, &mut command) })?;
        // CAST: the constant is a bit of a word.
        Ok(command & bindings::PCI_COMMAND_MASTER as u16 != 0)
    }

    /// Does what the kernel does to a device when it stops.
    fn shut_down(&self) -> Result {
        // SAFETY: As above; and a driver stays while its registration does.
        let shutdown = unsafe { (*self.0).driver.as_ref() }
            .and_then(|driver| driver.shutdown)
            .ok_or(ENOENT)?;
        // SAFETY: The device is bound to the driver that gave this callback.
        unsafe { shutdown(self.0) };
        Ok(())
    }
}

impl Drop for Found {
    fn drop(&mut self) {
        // SAFETY: `new` took the reference.
        unsafe { bindings::pci_dev_put(self.0) }
    }
}

#[kunit_tests(kernel_glue_pci)]
mod tests {
    use super::*;

    #[test]
    fn a_device_has_one_interrupt_for_as_long_as_it_is_bound() -> Result {
        let device = Found::new()?;
        let dropped = SEEN.handlers_dropped.load(Relaxed);
        assert!(!device.has_msi());

        let registration = register()?;
        assert!(device.has_msi());
        assert_eq!(SEEN.second_irq.load(Relaxed), EBUSY.to_errno());
        // Dropped when it was refused.
        assert_eq!(SEEN.handlers_dropped.load(Relaxed), dropped + 1);

        drop(registration);
        assert!(!device.has_msi());
        assert_eq!(SEEN.handlers_dropped.load(Relaxed), dropped + 2);
        Ok(())
    }

    #[test]
    fn shutdown_sees_the_private_data() -> Result {
        let device = Found::new()?;
        let before = SEEN.shut_down.load(Relaxed);
        let _registration = register()?;
        device.shut_down()?;
        assert_eq!(SEEN.shut_down.load(Relaxed), before + 1);
        assert!(SEEN.irq_is_msi.load(Relaxed));
        // It is still bound.
        assert!(device.has_msi());
        Ok(())
    }

    #[test]
    fn a_device_that_is_cut_off_is_no_master_until_the_next_probe() -> Result {
        let device = Found::new()?;
        let registration = register()?;
        assert!(device.is_master()?);
        device.shut_down()?;
        assert!(!device.is_master()?);

        drop(registration);
        let _registration = register()?;
        assert!(device.is_master()?);
        Ok(())
    }

    #[test]
    fn a_device_that_cannot_be_reset_alone_says_so_and_can_be_used() -> Result {
        let before = SEEN.probed.load(Relaxed);
        let _registration = register()?;
        assert_eq!(SEEN.probed.load(Relaxed), before + 1);
        assert_eq!(SEEN.reset.load(Relaxed), ENOTTY.to_errno());
        assert!(Found::new()?.has_msi());
        Ok(())
    }
}
