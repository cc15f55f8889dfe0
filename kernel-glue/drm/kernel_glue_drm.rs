// SPDX-License-Identifier: GPL-2.0

//! DRM for drivers that must work where the kernel crate has none.
//!
//! `kernel::drm` exists only in kernels with `CONFIG_DRM=y`; distributions build DRM as a module. The C
//! interface is the same in both, and its bindings are always there, so this crate wraps it anew. It
//! belongs to the module that links against `drm.ko`, which is why it is a crate of its own.
//!
//! | module | gives |
//! |---|---|
//! | [`device`] | the part of a device that open files keep |
//! | [`driver`] | what a driver says of itself |
//! | [`fdinfo`] | what is said of an open file in `/proc` |
//! | [`fence`] | promises that something will be over, kept or broken exactly once |
//! | [`file`] | open files, and what a driver keeps for each |
//! | [`gem`] | buffers: handles, mappings |
//! | [`ioctl`] | the table of driver ioctls, checked by the compiler |
//! | [`registration`] | a DRM device that exists for as long as the driver is bound |
//! | [`syncobj`] | places for fences that user space has handles of |

mod counted;
pub mod device;
pub mod driver;
pub mod fdinfo;
pub mod fence;
pub mod file;
pub mod gem;
pub mod ioctl;
mod layout;
mod prime;
pub mod registration;
pub mod syncobj;
#[cfg(CONFIG_KUNIT = "y")]
pub mod testing;
