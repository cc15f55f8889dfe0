// SPDX-License-Identifier: GPL-2.0

//! Buffers that go from one device to another and back, and devices that go meanwhile.

use super::*;
use crate::{
    counted::take,
    device::Device,
    testing::{
        card,
        TestDriver,
        TestObject, //
    },
};
use core::ptr::NonNull;
use kernel::{
    error::from_err_ptr,
    page::PAGE_SIZE, //
};
use kernel_glue::testing::TestDevice;

const PAGES: usize = 3;

type TestBuffer = ARef<Object<TestDriver>>;

fn buffer(dev: &Device<TestDriver>) -> Result<TestBuffer> {
    Object::new(dev, PAGES * PAGE_SIZE, Ok(TestObject { imported: false }))
}

/// An exported buffer.
struct DmaBuf(NonNull<bindings::dma_buf>);

impl DmaBuf {
    fn of(buffer: &TestBuffer) -> Result<Self> {
        let flags = c_int::try_from(bindings::O_RDWR)?;
        // SAFETY: The object is valid by the borrow.
        let exported = unsafe { bindings::drm_gem_prime_export(buffer.as_gem(), flags) };
        NonNull::new(from_err_ptr(exported)?)
            .map(Self)
            .ok_or(ENOMEM)
    }

    fn import(&self, dev: &Device<TestDriver>) -> Result<TestBuffer> {
        // SAFETY: Both are valid by the borrow, and the object comes with a reference.
        unsafe {
            let imported = import::<TestDriver>(dev.as_raw(), self.0.as_ptr());
            take(from_err_ptr(imported)?)
        }
        .ok_or(ENOMEM)
    }
}

impl Drop for DmaBuf {
    fn drop(&mut self) {
        // SAFETY: `of` got a reference.
        unsafe { bindings::dma_buf_put(self.0.as_ptr()) }
    }
}

/// What only C looks into.
#[repr(C)]
struct TestMapping([u8; 0]);

extern "C" {
    /// Attaches a device to a dma-buf, and maps the memory for its DMA.
    fn kernel_glue_test_map(dma_buf: *mut c_void, dev: *mut c_void) -> *mut TestMapping;
    /// Bytes that the device can reach.
    fn kernel_glue_test_mapped(mapping: *const TestMapping) -> usize;
    fn kernel_glue_test_unmap(mapping: *mut TestMapping);
}

/// A device that another driver lets at a buffer.
struct Mapped(NonNull<TestMapping>);

impl Mapped {
    fn new(dma_buf: &DmaBuf, dev: &TestDevice) -> Result<Self> {
        let dev = core::ptr::from_ref(dev.bound()).cast_mut().cast();
        // SAFETY: Both are valid; suites keep the device for longer than this.
        let mapping =
            from_err_ptr(unsafe { kernel_glue_test_map(dma_buf.0.as_ptr().cast(), dev) })?;
        NonNull::new(mapping).map(Self).ok_or(ENOMEM)
    }

    fn length(&self) -> usize {
        // SAFETY: The memory is mapped until this value is dropped.
        unsafe { kernel_glue_test_mapped(self.0.as_ptr()) }
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: As above.
        unsafe { kernel_glue_test_unmap(self.0.as_ptr()) }
    }
}

#[kunit_tests(kernel_glue_drm_prime)]
mod tests {
    use super::*;

    #[test]
    fn an_own_buffer_comes_back_as_itself() -> Result {
        let parent = TestDevice::new()?;
        let card = card(&parent, 1)?;
        let buffer = buffer(card.device())?;
        let back = DmaBuf::of(&buffer)?.import(card.device())?;
        assert_eq!(back.as_gem(), buffer.as_gem());
        assert!(!back.data().imported);
        Ok(())
    }

    #[test]
    fn another_device_gets_a_buffer_of_its_own() -> Result {
        let parents = [TestDevice::new()?, TestDevice::new()?];
        let (one, other) = (card(&parents[0], 1)?, card(&parents[1], 2)?);
        let buffer = buffer(one.device())?;
        let imported = DmaBuf::of(&buffer)?.import(other.device())?;
        assert_ne!(imported.as_gem(), buffer.as_gem());
        assert_eq!(imported.size(), buffer.size());
        assert!(imported.data().imported);
        Ok(())
    }

    #[test]
    fn an_import_keeps_exporter_and_memory() -> Result {
        let parents = [TestDevice::new()?, TestDevice::new()?];
        let (one, other) = (card(&parents[0], 1)?, card(&parents[1], 2)?);
        let imported = {
            let buffer = buffer(one.device())?;
            DmaBuf::of(&buffer)?.import(other.device())?
        };
        drop(one);
        assert_eq!(imported.size(), PAGES * PAGE_SIZE);
        drop(other);
        assert!(imported.data().imported);
        Ok(())
    }

    #[test]
    fn another_driver_can_let_its_device_at_the_memory() -> Result {
        let (parent, foreign) = (TestDevice::new()?, TestDevice::new()?);
        let card = card(&parent, 1)?;
        let exported = DmaBuf::of(&buffer(card.device())?)?;
        let mapped = Mapped::new(&exported, &foreign)?;
        assert_eq!(mapped.length(), PAGES * PAGE_SIZE);
        Ok(())
    }

    #[test]
    fn what_another_device_is_let_at_stays_when_ours_is_unplugged() -> Result {
        let (parent, foreign) = (TestDevice::new()?, TestDevice::new()?);
        let card = card(&parent, 1)?;
        let exported = DmaBuf::of(&buffer(card.device())?)?;
        let mapped = Mapped::new(&exported, &foreign)?;
        drop(card);
        assert_eq!(mapped.length(), PAGES * PAGE_SIZE);
        // And another one may come.
        let late = Mapped::new(&exported, &foreign)?;
        assert_eq!(late.length(), PAGES * PAGE_SIZE);
        Ok(())
    }
}
