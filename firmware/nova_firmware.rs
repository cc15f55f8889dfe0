// SPDX-License-Identifier: GPL-2.0

//! Formats of the files that an NVIDIA GPU is started with.
//!
//! Every parser here takes a whole file as a byte slice and gives back a view into it that has been
//! checked completely: each range lies inside the file, each number is one the boot sequence can use. An
//! error says what is wrong and at which byte, and needs no allocation to be printed. Only [`vbios`] asks
//! for its bytes piece by piece, because a ROM is slow to read.
//!
//! | module | file | what it is |
//! |---|---|---|
//! | [`booter`] | `booter_load`, `booter_unload` | code the SEC2 falcon runs to set up protected memory |
//! | [`riscv`] | `bootloader` | what the GSP's RISC-V core runs first |
//! | [`generic_bootloader`] | `gen_bootloader` | loader of FWSEC on the oldest falcons |
//! | [`gsp_image`] | `gsp` | GSP-RM itself, an ELF64 container |
//! | [`fmc`] | `fmc` | what FSP verifies and starts on Hopper and later, an ELF32 container |
//! | [`tlv`] | any of them | the newer container; the same views are made from it |
//! | [`vbios`] | none: the card's own ROM | FWSEC, which sets up protected memory before GSP-RM |
//! | [`abi`] | none: messages in shared memory | what driver and GSP-RM say to each other |
//! | [`fsp`] | none: messages through a window of registers | what driver and FSP say to each other |
//!
//! # Why no `zerocopy` here
//!
//! The structures in these files sit at offsets that other fields of the same file name, unaligned, and
//! some may be cut short. A reader that takes an offset and returns the number together with that
//! offset gives an error its position for free, which a reference to a struct does not.
//!
//! All numbers in all containers are little-endian; all offsets are bytes.

// Kbuild asks for `no_std` itself.
#![cfg_attr(not(MODULE), no_std)]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod abi;
pub mod booter;
mod bytes;
#[cfg(any(test, CONFIG_KUNIT = "y"))]
pub mod cases;
mod crc32;
mod elf;
mod error;
pub mod fmc;
pub mod fsp;
pub mod generic_bootloader;
pub mod gsp_image;
mod nvfw;
pub mod riscv;
#[cfg(test)]
mod synthetic;
pub mod tlv;
pub mod vbios;
pub mod version;
mod wire;

pub use error::At;
