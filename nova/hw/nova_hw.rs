// SPDX-License-Identifier: GPL-2.0

//! Arithmetic about NVIDIA GPUs that needs no GPU.
//!
//! Nothing here reads or writes a register: values read from the hardware come in as plain integers,
//! and values to be written go out as plain integers. Which register they belong to is the business of
//! the driver. That is what lets all of it be tested on any machine.
//!
//! - [`chip`]: which chips exist, how one is recognised, and every number that differs between them.
//! - [`firmware_files`]: the names of the firmware files of each chip.
//! - [`falcon`]: how a program is put into a falcon.
//! - [`fb`]: how much video memory there is, and where in it the firmware's regions lie.
//! - [`fsp`]: what FSP and the GSP say in their registers where FSP boots the GSP.
//! - [`bars`]: which PCI BAR is which.
//! - [`interrupt`]: vectors, and what differs between chips in handling them.
//! - [`gfw`]: what the boot progress of the GPU's own firmware means.
//! - [`leftovers`]: what someone else has left in the GPU, and what has to happen then.
//! - [`sysmem_flush`]: how the address of the flush page is put into its registers.
//! - [`wpr2`]: what the registers of protected memory say.

// Kbuild asks for `no_std` itself.
#![cfg_attr(not(MODULE), no_std)]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod bars;
#[cfg(any(test, CONFIG_KUNIT = "y"))]
#[path = "../../firmware/cases.rs"]
pub mod cases;
pub mod chip;
pub mod falcon;
pub mod fb;
pub mod firmware_files;
pub mod fsp;
pub mod gfw;
pub mod interrupt;
pub mod leftovers;
pub mod sysmem_flush;
pub mod wpr2;
