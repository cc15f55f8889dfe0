// SPDX-License-Identifier: GPL-2.0

//! The nova uAPI, as `include/uapi/drm/nova_drm.h` defines it.
//!
//! The structures are declared anew because safe code cannot read those of the `uapi` crate from bytes.
//! The assertions below hold the two together.

use core::mem::offset_of;
use kernel::{
    prelude::*,
    uapi, //
};

/// Number of `DRM_IOCTL_NOVA_GETPARAM` within the driver's range.
pub(crate) const NOVA_GETPARAM: u32 = uapi::DRM_NOVA_GETPARAM;

/// [`GetParamArg::param`]: the length in bytes of the BAR through which video memory is reached.
pub(crate) const NOVA_GETPARAM_VRAM_BAR_SIZE: u64 = uapi::NOVA_GETPARAM_VRAM_BAR_SIZE as u64;

/// Argument of `DRM_IOCTL_NOVA_GETPARAM`.
#[derive(FromBytes, IntoBytes)]
#[repr(C)]
pub(crate) struct GetParamArg {
    /// Which property is asked for; in.
    pub(crate) param: u64,
    /// Its value; out.
    pub(crate) value: u64,
}

const _: () = assert!(
    size_of::<GetParamArg>() == size_of::<uapi::drm_nova_getparam>()
        && offset_of!(GetParamArg, param) == offset_of!(uapi::drm_nova_getparam, param)
        && offset_of!(GetParamArg, value) == offset_of!(uapi::drm_nova_getparam, value)
);
