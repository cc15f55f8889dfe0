// SPDX-License-Identifier: GPL-2.0

//! The virtual machine harness: boots a kernel with emulated GPUs behind it, runs claims inside, and
//! judges what the guest, its kernel log and the emulated GPUs said.
//!
//! A boot flows through the modules in this order:
//!
//! 1. [`paths`] and [`env`] say where kernels, firmware, modules and tools are;
//! 2. [`initramfs`] packs what the guest needs ([`cpio`], [`elf`], [`kmod`], [`firmware`], [`tlv`]);
//! 3. [`qemu`] writes the command line, [`process`] starts the programs and never leaves one behind;
//! 4. [`vm`] and [`serial`] turn everything they say into [`event`]s, which [`session`] judges against deadlines;
//! 5. [`cases`] is the table of claims, [`runner`] walks it, [`results`] and [`junit`] print it.

pub mod accel;
pub mod bench;
pub mod cases;
pub mod cli;
pub mod clock;
pub mod control;
pub mod cpio;
pub mod driver;
pub mod elf;
pub mod env;
pub mod error;
pub mod event;
pub mod firmware;
pub mod glob;
pub mod gpu;
pub mod initramfs;
pub mod junit;
pub mod kernel_image;
pub mod kmod;
pub mod ktap;
pub mod log;
pub mod monitor;
pub mod paths;
pub mod process;
pub mod qemu;
pub mod report;
pub mod results;
pub mod run;
pub mod runner;
pub mod serial;
pub mod session;
pub mod splat;
pub mod store;
pub mod timeline;
pub mod tlv;
pub mod trace;
pub mod vm;
