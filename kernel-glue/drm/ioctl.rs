// SPDX-License-Identifier: GPL-2.0

//! The driver's own ioctls.

#[cfg(CONFIG_KUNIT = "y")]
mod kunit;

use crate::{
    device::Device,
    driver::{
        c_chars,
        Driver, //
    },
    file::File, //
};
use core::{
    marker::PhantomData,
    pin::Pin, //
};
use kernel::{
    bindings,
    error::from_result,
    ioctl::{
        _IOC_DIR,
        _IOC_NR,
        _IOC_SIZE,
        _IOC_TYPE,
        _IOWR, //
    },
    prelude::*, //
};
use kernel_glue::for_lt::ForLt;

/// One ioctl of a driver `D`.
///
/// The argument is copied in and out: the handler never sees memory that user space or another thread
/// could change, and what it returns reaches user space only if it succeeds.
pub trait Ioctl<D: Driver> {
    /// The structure that user space passes.
    type Arg: FromBytes + IntoBytes;

    /// The whole number, as user space passes it: direction, size of the argument, index.
    ///
    /// The direction is read and write, always: see [`call`](Self::call).
    const COMMAND: u32;

    /// Name for the DRM core's debug log.
    const NAME: &'static CStr;

    /// Who may call it.
    const ACCESS: Access;

    /// Carries the call out.
    ///
    /// Sleeps. `data` stays valid during the call because unbinding waits for running calls. `file` is the
    /// one that the call was made on.
    ///
    /// User space may pass an argument of another size or direction than the driver knows. What it does
    /// not pass is zero here; what it did not ask for does not reach it.
    ///
    /// # Errors
    ///
    /// Whatever the ioctl defines; user space then sees its argument unchanged.
    fn call<'a>(
        data: Pin<&<D::Data as ForLt>::Of<'a>>,
        file: &File<D>,
        arg: Self::Arg,
    ) -> Result<Self::Arg>;
}

/// Who may call an ioctl.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everyone who can open the render node, and authenticated clients of the primary node.
    Render,
    /// The same, and also clients of the primary node that are not authenticated.
    RenderUnauthenticated,
}

impl Access {
    const fn flags(self) -> bindings::drm_ioctl_flags {
        match self {
            Self::Render => {
                bindings::drm_ioctl_flags_DRM_AUTH | bindings::drm_ioctl_flags_DRM_RENDER_ALLOW
            }
            Self::RenderUnauthenticated => bindings::drm_ioctl_flags_DRM_RENDER_ALLOW,
        }
    }
}

/// One row of the ioctl table of `D`.
#[repr(transparent)]
pub struct Entry<D>(bindings::drm_ioctl_desc, PhantomData<fn(D) -> D>);

impl<D: Driver> Entry<D> {
    /// The row of ioctl `I`.
    pub const fn new<I: Ioctl<D>>() -> Self {
        Self(
            bindings::drm_ioctl_desc {
                cmd: const { command::<I::Arg>(I::COMMAND) },
                flags: I::ACCESS.flags(),
                func: Some(handle::<D, I>),
                name: c_chars(I::NAME),
            },
            PhantomData,
        )
    }
}

/// Number `index` of the ioctls of a driver, whose argument is an `Arg`; for [`Ioctl::COMMAND`].
pub const fn number<Arg>(index: u32) -> u32 {
    _IOWR::<Arg>(
        bindings::DRM_IOCTL_BASE as u32,
        bindings::DRM_COMMAND_BASE + index,
    )
}

/// Refuses, when the driver is compiled, a number that says otherwise than the type of the argument.
const fn command<Arg>(number: u32) -> u32 {
    assert!(
        _IOC_TYPE(number) == bindings::DRM_IOCTL_BASE as u32,
        "the number is not that of an ioctl of DRM"
    );
    assert!(
        _IOC_DIR(number) == bindings::_IOC_READ | bindings::_IOC_WRITE,
        "the argument of an ioctl is read and written, and its number says otherwise"
    );
    assert!(
        _IOC_SIZE(number) == size_of::<Arg>(),
        "the number of an ioctl tells another size than its argument has"
    );
    number
}

/// Refuses, when the driver is compiled, a table whose rows are not where their numbers say.
pub(crate) const fn check_table<D>(table: &[Entry<D>]) {
    assert!(
        table.len() <= (bindings::DRM_COMMAND_END - bindings::DRM_COMMAND_BASE) as usize,
        "more ioctls than a driver may have"
    );
    let mut i = 0;
    while i < table.len() {
        assert!(
            _IOC_NR(table[i].0.cmd) as usize == bindings::DRM_COMMAND_BASE as usize + i,
            "an ioctl does not stand at the index of its number"
        );
        i += 1;
    }
}

/// What the DRM core calls.
///
/// # Safety
///
/// `dev` is a device registered by this crate for `D`; `data` has room for `I::Arg`; `file` is open on
/// `dev`.
unsafe extern "C" fn handle<D: Driver, I: Ioctl<D>>(
    dev: *mut bindings::drm_device,
    data: *mut c_void,
    file: *mut bindings::drm_file,
) -> c_int {
    from_result(|| {
        let arg: *mut I::Arg = data.cast();
        // SAFETY: As the caller promises; the file stays open during the call, and keeps the device. The DRM
        // core's buffer is at least as long as the size in the table's command, which is that of `I::Arg`; any
        // bytes are a valid `I::Arg`.
        let (device, file, value) = unsafe {
            (
                Device::<D>::from_drm(dev),
                File::from_raw(file),
                arg.read_unaligned(),
            )
        };

        device.while_plugged(|registered| {
            let value = I::call(registered, file, value)?;
            // SAFETY: As above.
            unsafe { arg.write_unaligned(value) };
            Ok(0)
        })
    })
}
