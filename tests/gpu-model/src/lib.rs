// SPDX-License-Identifier: GPL-2.0

//! An emulated NVIDIA GPU for testing drivers: a PCI function served over vfio-user.
//!
//! The model is a judge, not a product: each access that hardware or its firmware would not
//! accept is recorded as a *violation*, with register, value and how far the driver had come, and
//! the guest goes on. It states the hardware facts on its own and shares no register number with
//! the driver it tests.
//!
//! An access takes this way: [`backend`] receives it from the client; [`device`] owns all state
//! and carries out effects; [`config_space`] and [`bar0`] find what is addressed and apply the
//! rules that hold everywhere; an engine in [`engines`] turns it into a value and effects.
//! [`recorder`] sees everything and changes nothing.
//!
//! What is modelled: configuration space, interrupts' plumbing, DMA mappings, identification,
//! secure boot progress, sysmem flush page, VRAM size, fuses, VBIOS window, PRAMIN, timer and
//! interrupt tree; the apertures, through page tables once GSP-RM has made some. On chips that
//! boot through SEC2 the machines and programs that boot GSP-RM ([`falcon`], [`boot`]), on the
//! others FSP and what it starts ([`fsp`], [`fsp_boot`]), and on all GSP-RM itself ([`gsp_rm`]).

#![forbid(unsafe_code)]

pub mod apertures;
pub mod backend;
pub mod bar0;
pub mod boot;
pub mod chips;
pub mod config_space;
pub mod device;
pub mod dma;
pub mod engines;
pub mod falcon;
pub mod faults;
pub mod fsp;
pub mod fsp_boot;
pub mod gmmu;
pub mod gsp_rm;
pub mod irq;
pub mod phase;
pub mod recorder;
pub mod regs;
pub mod report;
pub mod resident;
pub mod trace;
pub mod vbios;
pub mod violations;
pub mod vram;
