// SPDX-License-Identifier: GPL-2.0

//! The nova uAPI, as `uapi/nova_drm.h` defines it.
//!
//! The structures are declared anew because safe code cannot read those of the `uapi` crate from bytes.
//! The assertions below hold them to those of the kernel's header, and `uapi/header.c` holds our header to
//! that. Of what is only in our header, both assert the same numbers.

use core::mem::offset_of;
use kernel::{
    prelude::*,
    uapi, //
};
use kernel_glue_drm::ioctl::number;

pub(crate) use kernel::uapi::{
    DRM_IOCTL_NOVA_GEM_CREATE,
    DRM_IOCTL_NOVA_GEM_INFO,
    DRM_IOCTL_NOVA_GETPARAM, //
};

/// Where to map a buffer; an addition of this driver.
pub(crate) const DRM_IOCTL_NOVA_GEM_MMAP_OFFSET: u32 = number::<GemMmapOffsetArg>(3);

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

/// Argument of `DRM_IOCTL_NOVA_GEM_CREATE`.
#[derive(FromBytes, IntoBytes)]
#[repr(C)]
pub(crate) struct GemCreateArg {
    /// A handle of the new buffer; out.
    pub(crate) handle: u32,
    /// Ignored, as Linux does.
    pub(crate) pad: u32,
    /// Length in bytes; in.
    pub(crate) size: u64,
}

/// Argument of `DRM_IOCTL_NOVA_GEM_INFO`.
#[derive(FromBytes, IntoBytes)]
#[repr(C)]
pub(crate) struct GemInfoArg {
    /// A handle of the buffer; in.
    pub(crate) handle: u32,
    /// Ignored, as Linux does.
    pub(crate) pad: u32,
    /// Length in bytes, a multiple of the page size; out.
    pub(crate) size: u64,
}

/// Argument of `DRM_IOCTL_NOVA_GEM_MMAP_OFFSET`.
#[derive(FromBytes, IntoBytes)]
#[repr(C)]
pub(crate) struct GemMmapOffsetArg {
    /// A handle of the buffer; in.
    pub(crate) handle: u32,
    /// Must be zero.
    pub(crate) pad: u32,
    /// Offset for `mmap()`; out.
    pub(crate) offset: u64,
}

/// Asserts that a structure is laid out as the kernel's.
macro_rules! same_layout {
    ($ours:ident, $kernel:ident { $($field:ident),+ }) => {
        const _: () = assert!(
            size_of::<$ours>() == size_of::<uapi::$kernel>()
                $(&& offset_of!($ours, $field) == offset_of!(uapi::$kernel, $field))+
        );
    };
}

same_layout!(GetParamArg, drm_nova_getparam { param, value });
same_layout!(GemCreateArg, drm_nova_gem_create { handle, pad, size });
same_layout!(GemInfoArg, drm_nova_gem_info { handle, pad, size });

// As in uapi/header.c.
const _: () = assert!(
    size_of::<GemMmapOffsetArg>() == 16
        && offset_of!(GemMmapOffsetArg, handle) == 0
        && offset_of!(GemMmapOffsetArg, pad) == 4
        && offset_of!(GemMmapOffsetArg, offset) == 8
        && DRM_IOCTL_NOVA_GEM_MMAP_OFFSET == 0xc010_6443
);
