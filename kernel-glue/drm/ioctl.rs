// SPDX-License-Identifier: GPL-2.0

//! The driver's own ioctls.

use crate::{
    driver::{
        c_chars,
        Driver, //
    },
    registration::Node, //
};
use core::{
    marker::PhantomData,
    pin::Pin, //
};
use kernel::{
    bindings,
    error::from_result,
    ioctl::{
        _IOC_NR,
        _IOC_SIZE,
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

    /// Number within the driver's range, which begins at 0.
    const NUMBER: u32;

    /// Name for the DRM core's debug log.
    const NAME: &'static CStr;

    /// Who may call it.
    const ACCESS: Access;

    /// Carries the call out.
    ///
    /// Sleeps. `data` stays valid during the call because unbinding waits for running calls.
    ///
    /// # Errors
    ///
    /// Whatever the ioctl defines; user space then sees its argument unchanged.
    fn call<'a>(data: Pin<&<D::Data as ForLt>::Of<'a>>, arg: Self::Arg) -> Result<Self::Arg>;
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
                cmd: _IOWR::<I::Arg>(
                    bindings::DRM_IOCTL_BASE as u32,
                    bindings::DRM_COMMAND_BASE + I::NUMBER,
                ),
                flags: I::ACCESS.flags(),
                func: Some(handle::<D, I>),
                name: c_chars(I::NAME),
            },
            PhantomData,
        )
    }
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
/// `dev` is a device registered by this crate for `D`; `data` has room for `I::Arg`.
unsafe extern "C" fn handle<D: Driver, I: Ioctl<D>>(
    dev: *mut bindings::drm_device,
    data: *mut c_void,
    _file: *mut bindings::drm_file,
) -> c_int {
    debug_assert!(_IOC_SIZE(Entry::<D>::new::<I>().0.cmd) == size_of::<I::Arg>());

    from_result(|| {
        // SAFETY: `dev` was registered by this crate for `D`.
        let node = unsafe { Node::<D>::from_drm(dev) };
        let arg: *mut I::Arg = data.cast();

        node.while_plugged(|registered| {
            // SAFETY: The DRM core's buffer is at least as long as the size in the table's command,
            // which is that of `I::Arg`; any bytes are a valid `I::Arg`.
            let value = unsafe { arg.read_unaligned() };
            let value = I::call(registered, value)?;
            // SAFETY: As above.
            unsafe { arg.write_unaligned(value) };
            Ok(0)
        })
    })
}
