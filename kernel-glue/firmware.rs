// SPDX-License-Identifier: GPL-2.0

//! Parts of firmware files.
//!
//! `kernel::firmware` reads whole files, and keeps a copy of its own. A file that is bigger than what a
//! driver wants of it, or that has to lie somewhere else in the end, is better read in parts.

use core::ptr;
use kernel::{
    bindings,
    device::{
        Bound,
        Device, //
    },
    error::to_result,
    firmware::Firmware,
    prelude::*, //
};

/// A firmware file of which parts are read.
///
/// A file that is there as it is gets read part by part and is never in memory as a whole. The firmware
/// loader cannot do that with a compressed file; such a file is decompressed once, and is in memory for
/// as long as this value lives.
///
/// A driver that wants parts of a file should not have requested the whole of it while it is bound: the
/// firmware loader then keeps the file for resuming, and refuses to read parts.
pub struct FirmwareFile<'a> {
    dev: &'a Device<Bound>,
    name: &'a CStr,
    /// The contents, if the file cannot be read in parts.
    whole: Option<Firmware>,
}

impl<'a> FirmwareFile<'a> {
    /// Looks for the file and for how it can be read. Sleeps.
    ///
    /// If it is not there as it is, the firmware loader warns, even if there is a compressed one.
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is no such file, and those of the firmware loader.
    pub fn open(dev: &'a Device<Bound>, name: &'a CStr) -> Result<Self> {
        let mut file = Self {
            dev,
            name,
            whole: None,
        };
        if file.read(0, &mut [0]).is_err() {
            file.whole = Some(Firmware::request_nowarn(name, dev)?);
        }
        Ok(file)
    }

    /// Returns the device for which the file is read.
    pub(crate) fn device(&self) -> &'a Device<Bound> {
        self.dev
    }

    /// Reads the bytes from `offset` on into `buffer`. Sleeps.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the file ends before `buffer` is full, and those of the firmware loader. The contents
    /// of `buffer` may have changed then.
    pub fn read(&self, offset: usize, buffer: &mut [u8]) -> Result {
        // SAFETY: `buffer` is valid for writes of its length.
        unsafe { self.read_raw(offset, buffer.as_mut_ptr(), buffer.len()) }
    }

    /// Reads `len` bytes from `offset` on to `target`; on `Ok` all of them are initialised.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    ///
    /// # Safety
    ///
    /// `target` is valid for writes of `len` bytes, which nobody else uses meanwhile.
    pub(crate) unsafe fn read_raw(&self, offset: usize, target: *mut u8, len: usize) -> Result {
        // The firmware loader takes an empty buffer for none.
        if len == 0 {
            return Ok(());
        }
        let Some(whole) = &self.whole else {
            // SAFETY: The caller keeps the same promises, and `len` is not 0.
            return unsafe { self.read_part(offset, target, len) };
        };

        let end = offset.checked_add(len).ok_or(EINVAL)?;
        let part = whole.data().get(offset..end).ok_or(EINVAL)?;
        // SAFETY: `part` has `len` bytes; that `target` takes as many is promised by the caller.
        unsafe { ptr::copy_nonoverlapping(part.as_ptr(), target, len) };
        Ok(())
    }

    /// As [`read_raw`](Self::read_raw), for a file that is not in memory.
    ///
    /// # Safety
    ///
    /// As there; and `len` is not 0.
    unsafe fn read_part(&self, offset: usize, target: *mut u8, len: usize) -> Result {
        // CAST: `Device` is a transparent wrapper of an `Opaque<device>`.
        let dev = ptr::from_ref(self.dev).cast::<bindings::device>();
        let mut read: *const bindings::firmware = ptr::null();

        // SAFETY: `name` and `dev` are valid, and so is `target` by the promise of the caller. The
        // function does not change what `dev` is borrowed for.
        to_result(unsafe {
            bindings::request_partial_firmware_into_buf(
                &mut read,
                self.name.as_char_ptr(),
                dev.cast_mut(),
                target.cast(),
                len,
                offset,
            )
        })
        .map_err(|err| {
            // That the file is there is known from `open`: the offset lies behind its end.
            if err == ENOENT {
                EINVAL
            } else {
                err
            }
        })?;

        // SAFETY: The request succeeded, so `read` is valid until it is released below.
        let (data, size) = unsafe { ((*read).data, (*read).size) };
        // SAFETY: As above; the buffer remains with the caller.
        unsafe { bindings::release_firmware(read) };

        // Of a file that is part of the kernel image, the loader copies the beginning, whatever the
        // offset, and tells by pointing at the original.
        if !ptr::eq(data, target) || size != len {
            return Err(EINVAL);
        }
        Ok(())
    }
}

#[kunit_tests(kernel_glue_firmware)]
mod tests {
    use super::*;
    use crate::{
        dma::DevicePages,
        testing::TestDevice, //
    };

    // The test harness puts these files into the guest.

    /// A file that is there as it is.
    const PLAIN: &CStr = c"kernel-glue-test/plain.bin";
    /// A file with the same contents of which there is only a `.xz`.
    const COMPRESSED: &CStr = c"kernel-glue-test/compressed.bin";
    /// Their length in bytes.
    const LEN: usize = 10_000;

    /// What the files have at `offset`.
    fn byte(offset: usize) -> u8 {
        // CAST: A remainder by 7 is a byte.
        b'0' + (offset % 7) as u8
    }

    fn is_from(bytes: &[u8], offset: usize) -> bool {
        (offset..).zip(bytes).all(|(at, &found)| found == byte(at))
    }

    #[test]
    fn parts_are_read_from_where_they_are() -> Result {
        let device = TestDevice::new()?;
        for (name, in_memory) in [(PLAIN, false), (COMPRESSED, true)] {
            let file = FirmwareFile::open(device.bound(), name)?;
            assert_eq!(file.whole.is_some(), in_memory);
            for (offset, len) in [(0, 9), (5000, 4096), (LEN - 3, 3)] {
                let mut part = KVec::from_elem(0, len, GFP_KERNEL)?;
                file.read(offset, &mut part)?;
                assert!(is_from(&part, offset));
            }
            assert_eq!(file.read(0, &mut []), Ok(()));
        }
        Ok(())
    }

    #[test]
    fn a_file_that_ends_too_early_is_an_error() -> Result {
        let device = TestDevice::new()?;
        for name in [PLAIN, COMPRESSED] {
            let file = FirmwareFile::open(device.bound(), name)?;
            for offset in [LEN - 3, LEN, LEN + 1, usize::MAX] {
                assert_eq!(file.read(offset, &mut [0; 4]), Err(EINVAL));
            }
        }
        Ok(())
    }

    #[test]
    fn a_file_that_was_requested_as_a_whole_can_be_read_in_parts_too() -> Result {
        let device = TestDevice::new()?;
        let _whole = Firmware::request(PLAIN, device.bound())?;
        let mut part = [0; 20];
        FirmwareFile::open(device.bound(), PLAIN)?.read(40, &mut part)?;
        assert!(is_from(&part, 40));
        Ok(())
    }

    #[test]
    fn a_missing_file_is_told_from_one_that_is_too_short() -> Result {
        let device = TestDevice::new()?;
        let file = FirmwareFile::open(device.bound(), c"kernel-glue-test/missing.bin");
        assert_eq!(file.err(), Some(ENOENT));
        Ok(())
    }

    #[test]
    fn pages_hold_the_part_of_the_file_that_was_asked_for() -> Result {
        let device = TestDevice::new()?;
        for name in [PLAIN, COMPRESSED] {
            let file = FirmwareFile::open(device.bound(), name)?;
            let pages = DevicePages::from_firmware(&file, 0x40, 9000)?;
            assert_eq!(pages.data().len(), 9000);
            assert!(is_from(pages.data(), 0x40));
            for (offset, len) in [(0x40, LEN), (LEN, 1), (0, 0), (0, usize::MAX)] {
                let pages = DevicePages::from_firmware(&file, offset, len);
                assert_eq!(pages.err(), Some(EINVAL));
            }
        }
        Ok(())
    }
}
