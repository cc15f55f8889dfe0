// SPDX-License-Identifier: GPL-2.0

//! The GPU's clock as a file that stays when the driver is unbound.
//!
//! Logs of GSP-RM are stamped with that clock, so who collects them over several bindings reads it now and then
//! to know what it says at what time. Such a program holds the file open; while no driver is bound, reading says
//! `ENODEV`.

use crate::{
    driver::Bar0,
    registers::Registers, //
};
use core::pin::Pin;
use kernel::{
    debugfs::{
        BinaryWriter,
        File, //
    },
    device::Bound,
    fs::file,
    io::{
        register,
        Io, //
    },
    pci,
    prelude::*,
    revocable::Revocable,
    str::CString,
    sync::Arc,
    uaccess::UserSliceWriter, //
};
use kernel_glue::debugfs::ModuleDir;

// Source: open-gpu-kernel-modules, `dev_timer.h`.
register! {
    /// Low half of the GPU's clock, in nanoseconds; it counts in steps of 32.
    NV_PTIMER_TIME_0(u32) @ 0x00009400 {
        31:0 nanoseconds;
    }

    /// High half.
    NV_PTIMER_TIME_1(u32) @ 0x00009410 {
        28:0 nanoseconds;
    }
}

/// How often the clock is read before it is taken for broken: its high half changes every four seconds.
const TRIES: usize = 3;

/// The clock of a GPU that is or was bound.
#[pin_data]
struct Clock {
    registers: Arc<Registers>,
    /// That the GPU may be asked. It may not from the moment in which it is taken down, a while before its
    /// registers go.
    #[pin]
    open: Revocable<()>,
}

impl Clock {
    /// Reads the clock, in nanoseconds.
    ///
    /// # Errors
    ///
    /// `ENODEV` if the driver is not bound any more, or the device has gone; `EIO` if the clock is broken.
    fn read(&self) -> Result<u64> {
        let _open = self.open.try_access().ok_or(ENODEV)?;
        let bar = self.registers.bar.try_access().ok_or(ENODEV)?;
        read(bar.get())
    }
}

/// Reads both halves, again if the high one has changed meanwhile.
fn read(bar: &Bar0<'_>) -> Result<u64> {
    let high = || bar.read(NV_PTIMER_TIME_1).into_raw();
    let mut before = high();
    for _ in 0..TRIES {
        let low = bar.read(NV_PTIMER_TIME_0).into_raw();
        let after = high();
        if after == u32::MAX {
            return Err(ENODEV);
        }
        if before == after {
            return Ok(u64::from(after) << 32 | u64::from(low));
        }
        before = after;
    }
    Err(EIO)
}

/// Lets the clock be read until this is dropped.
pub(crate) struct OpenClock(Arc<Clock>);

impl OpenClock {
    /// Makes the file `clock-ADDRESS` in the module's directory, in place of that of an earlier binding.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; `ENOENT` if the module has no directory.
    pub(crate) fn new(dev: &pci::Device<Bound>, registers: Arc<Registers>) -> Result<Self> {
        let address = dev.as_ref().name();
        let name = CString::try_from_fmt(fmt!("clock-{}", address.to_str().map_err(|_| EINVAL)?))?;
        let clock = Arc::pin_init(
            try_pin_init!(Clock {
                registers,
                open <- Revocable::new::<Error>(Ok(())),
            }? Error),
            GFP_KERNEL,
        )?;

        ModuleDir::discard(&name);
        let parent = ModuleDir::handle().ok_or(ENOENT)?;
        let file = parent.read_binary_file(&name, Ok::<_, Error>(ClockFile(clock.clone())));
        let file: Pin<KBox<File<ClockFile>>> = KBox::pin_init(file, GFP_KERNEL)?;
        ModuleDir::keep(&name, KBox::new(file, GFP_KERNEL)?)?;
        Ok(Self(clock))
    }

    /// Lets nobody read the clock any more, and waits for who is reading.
    ///
    /// Sleeps.
    pub(crate) fn close(&self) {
        self.0.open.revoke();
    }
}

impl Drop for OpenClock {
    fn drop(&mut self) {
        self.close();
    }
}

/// The file: one line with the time. It is as long at any time, so that reading on finds the end.
struct ClockFile(Arc<Clock>);

impl BinaryWriter for ClockFile {
    fn write_to_slice(
        &self,
        writer: &mut UserSliceWriter,
        offset: &mut file::Offset,
    ) -> Result<usize> {
        let line = CString::try_from_fmt(fmt!("{:020}\n", self.0.read()?))?;
        writer.write_slice_file(line.to_bytes(), offset)
    }
}
