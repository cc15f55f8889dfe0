// SPDX-License-Identifier: GPL-2.0

//! A driver of platform devices that the suite makes itself.

use super::*;
use crate::testing::no_module;
use kernel::{
    bindings,
    device::Bound,
    devres,
    driver::Registration,
    error::from_err_ptr,
    sync::atomic::{
        Atomic,
        Relaxed, //
    }, //
};

/// Name of driver and devices, by which they are matched.
const NAME: &CStr = c"kernel-glue-platform";

/// What happened, as decimal digits in that order. One case runs at a time.
static SEEN: Atomic<u32> = Atomic::new(0);

fn note(digit: u32) {
    SEEN.store(SEEN.load(Relaxed) * 10 + digit, Relaxed);
}

/// Returns what happened since it was asked last.
fn seen() -> u32 {
    SEEN.xchg(0, Relaxed)
}

const PROBED: u32 = 1;
const REFUSED: u32 = 2;
const DATA_DROPPED: u32 = 3;
const RESOURCE_DROPPED: u32 = 4;

/// What the driver core keeps for a device while it is bound.
struct Resource;

impl Drop for Resource {
    fn drop(&mut self) {
        note(RESOURCE_DROPPED);
    }
}

/// Borrows from the device, as private data may.
struct Data<'bound> {
    dev: &'bound Device<Bound>,
}

impl Drop for Data<'_> {
    fn drop(&mut self) {
        // The device is still bound, so that its resources are still there.
        note(if has_registers(self.dev) {
            DATA_DROPPED
        } else {
            9
        });
    }
}

fn has_registers(dev: &Device<Bound>) -> bool {
    dev.resource_by_index(0).is_some()
}

struct TestDriver;

impl Driver for TestDriver {
    type IdInfo = ();
    type Data<'bound> = Data<'bound>;

    fn probe<'bound>(
        dev: &'bound Device<Core<'_>>,
        info: Option<&'bound ()>,
    ) -> Result<impl BoundInit<Data<'bound>> + 'bound> {
        // No table says anything of it.
        if info.is_some() || !has_registers(dev) {
            note(REFUSED);
            return Err(ENODEV);
        }
        note(PROBED);
        devres::register::<Resource, Error>(dev.as_ref(), Ok(Resource), GFP_KERNEL)?;
        Ok(bound::value(Data { dev }))
    }
}

fn register() -> Result<Pin<KBox<Registration<Adapter<TestDriver>>>>> {
    KBox::pin_init(Registration::new(NAME, no_module()), GFP_KERNEL)
}

/// A platform device.
struct TestDevice(*mut bindings::platform_device);

impl TestDevice {
    /// Makes one, with or without registers, which nobody will look for at the bottom of memory.
    fn new(id: i32, registers: bool) -> Result<Self> {
        let resource = bindings::resource {
            // CAST: A bit.
            flags: bindings::IORESOURCE_MEM as usize,
            ..Default::default()
        };
        let info = bindings::platform_device_info {
            name: NAME.as_char_ptr(),
            id,
            res: &resource,
            num_res: registers.into(),
            ..Default::default()
        };
        // SAFETY: What `info` points to is copied.
        let dev = unsafe { bindings::platform_device_register_full(&info) };
        from_err_ptr(dev).map(Self)
    }
}

impl Drop for TestDevice {
    fn drop(&mut self) {
        // SAFETY: `new` registered it.
        unsafe { bindings::platform_device_unregister(self.0) }
    }
}

#[kunit_tests(kernel_glue_platform)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_bound_while_its_driver_is_registered() -> Result {
        seen();
        let _device = TestDevice::new(0, true)?;
        assert_eq!(seen(), 0);
        let registration = register()?;
        assert_eq!(seen(), 1);
        drop(registration);
        assert_eq!(seen(), 34);
        Ok(())
    }

    #[test]
    fn a_device_that_goes_is_unbound_and_private_data_go_first() -> Result {
        seen();
        let _registration = register()?;
        let device = TestDevice::new(0, true)?;
        assert_eq!(seen(), 1);
        drop(device);
        assert_eq!(seen(), 34);
        Ok(())
    }

    #[test]
    fn a_device_that_is_not_wanted_leaves_nothing_behind() -> Result {
        seen();
        let _registration = register()?;
        let device = TestDevice::new(0, false)?;
        assert_eq!(seen(), 2);
        drop(device);
        assert_eq!(seen(), 0);
        Ok(())
    }

    #[test]
    fn each_device_has_its_own_data() -> Result {
        seen();
        let registration = register()?;
        let (first, second) = (TestDevice::new(0, true)?, TestDevice::new(1, true)?);
        assert_eq!(seen(), 11);
        drop(first);
        assert_eq!(seen(), 34);
        drop(registration);
        assert_eq!(seen(), 34);
        drop(second);
        assert_eq!(seen(), 0);
        Ok(())
    }

    #[test]
    fn a_device_can_be_bound_again() -> Result {
        seen();
        let _device = TestDevice::new(0, true)?;
        for _ in 0..3 {
            drop(register()?);
            assert_eq!(seen(), 134);
        }
        Ok(())
    }
}
