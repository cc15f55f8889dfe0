// SPDX-License-Identifier: GPL-2.0

//! The ioctls of the nova uAPI; `uapi/nova_drm.h` tells them to user space.

use crate::{
    driver::NovaDrm,
    uapi::{
        self,
        GemCreateArg,
        GemInfoArg,
        GemMmapOffsetArg,
        GetParamArg, //
    }, //
};
use core::pin::Pin;
use kernel::prelude::*;
use kernel_glue_drm::{
    file::File,
    gem::Object,
    ioctl::{
        Access,
        Ioctl, //
    }, //
};
use nova_core::api::NovaApi;

/// `DRM_IOCTL_NOVA_GETPARAM`: one property of the GPU.
///
/// # Errors
///
/// `EINVAL` for a property that this driver does not know.
pub(crate) struct GetParam;

impl Ioctl<NovaDrm> for GetParam {
    type Arg = GetParamArg;

    const COMMAND: u32 = uapi::DRM_IOCTL_NOVA_GETPARAM;
    const NAME: &'static CStr = c"NOVA_GETPARAM";
    const ACCESS: Access = Access::RenderUnauthenticated;

    fn call<'a>(
        api: Pin<&NovaApi<'a>>,
        _file: &File<NovaDrm>,
        mut arg: GetParamArg,
    ) -> Result<GetParamArg> {
        arg.value = match arg.param {
            uapi::NOVA_GETPARAM_VRAM_BAR_SIZE => api.vram_bar_size()?,
            _ => return Err(EINVAL),
        };
        Ok(arg)
    }
}

/// `DRM_IOCTL_NOVA_GEM_CREATE`: a new buffer in system memory, and a handle of it.
///
/// # Errors
///
/// Those of [`Object::new`] and [`Object::create_handle`].
pub(crate) struct GemCreate;

impl Ioctl<NovaDrm> for GemCreate {
    type Arg = GemCreateArg;

    const COMMAND: u32 = uapi::DRM_IOCTL_NOVA_GEM_CREATE;
    const NAME: &'static CStr = c"NOVA_GEM_CREATE";
    const ACCESS: Access = Access::Render;

    fn call<'a>(
        _api: Pin<&NovaApi<'a>>,
        file: &File<NovaDrm>,
        mut arg: GemCreateArg,
    ) -> Result<GemCreateArg> {
        let size = usize::try_from(arg.size).map_err(|_| EINVAL)?;
        let object = Object::new(file.device(), size, Ok(()))?;
        arg.handle = object.create_handle(file)?;
        Ok(arg)
    }
}

/// `DRM_IOCTL_NOVA_GEM_INFO`: the length of a buffer.
///
/// # Errors
///
/// `ENOENT` if there is no such handle.
pub(crate) struct GemInfo;

impl Ioctl<NovaDrm> for GemInfo {
    type Arg = GemInfoArg;

    const COMMAND: u32 = uapi::DRM_IOCTL_NOVA_GEM_INFO;
    const NAME: &'static CStr = c"NOVA_GEM_INFO";
    const ACCESS: Access = Access::Render;

    fn call<'a>(
        _api: Pin<&NovaApi<'a>>,
        file: &File<NovaDrm>,
        mut arg: GemInfoArg,
    ) -> Result<GemInfoArg> {
        // CAST: A `usize` has no more than 64 bits.
        arg.size = file.lookup(arg.handle)?.size() as u64;
        Ok(arg)
    }
}

/// `DRM_IOCTL_NOVA_GEM_MMAP_OFFSET`: where to map a buffer.
///
/// # Errors
///
/// `EINVAL` if the padding is not zero, `ENOENT` if there is no such handle.
pub(crate) struct GemMmapOffset;

impl Ioctl<NovaDrm> for GemMmapOffset {
    type Arg = GemMmapOffsetArg;

    const COMMAND: u32 = uapi::DRM_IOCTL_NOVA_GEM_MMAP_OFFSET;
    const NAME: &'static CStr = c"NOVA_GEM_MMAP_OFFSET";
    const ACCESS: Access = Access::Render;

    fn call<'a>(
        _api: Pin<&NovaApi<'a>>,
        file: &File<NovaDrm>,
        mut arg: GemMmapOffsetArg,
    ) -> Result<GemMmapOffsetArg> {
        if arg.pad != 0 {
            return Err(EINVAL);
        }
        arg.offset = file.lookup(arg.handle)?.mmap_offset();
        Ok(arg)
    }
}
