// SPDX-License-Identifier: GPL-2.0

//! The ioctls of the nova uAPI.

use crate::{
    driver::NovaDrm,
    uapi::{
        self,
        GetParamArg, //
    }, //
};
use core::pin::Pin;
use kernel::prelude::*;
use kernel_glue_drm::ioctl::{
    Access,
    Ioctl, //
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

    const NUMBER: u32 = uapi::NOVA_GETPARAM;
    const NAME: &'static CStr = c"NOVA_GETPARAM";
    const ACCESS: Access = Access::RenderUnauthenticated;

    fn call<'a>(api: Pin<&NovaApi<'a>>, mut arg: GetParamArg) -> Result<GetParamArg> {
        arg.value = match arg.param {
            uapi::NOVA_GETPARAM_VRAM_BAR_SIZE => api.vram_bar_size()?,
            _ => return Err(EINVAL),
        };
        Ok(arg)
    }
}
