// SPDX-License-Identifier: GPL-2.0

//! `nova_drm`: gives user space the GPU that `nova_core` has brought up.
//!
//! It binds to the auxiliary device that `nova_core` registers for each GPU, and knows nothing of
//! registers or firmware: what it may use is [`nova_core::api::NovaApi`].

mod driver;
mod ioctl;
#[cfg(CONFIG_KUNIT = "y")]
mod kunit;
mod uapi;

kernel::module_driver! { <T>, kernel_glue::auxiliary::Adapter<T>, {
    type: driver::NovaDrm,
    name: "nova_drm",
    authors: ["The Nova developers"],
    description: "DRM driver for NVIDIA GPUs, from Turing on",
    license: "GPL v2",
}}
