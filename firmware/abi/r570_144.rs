// SPDX-License-Identifier: GPL-2.0

//! The interface of GSP-RM 570.144.
//!
//! | module | what it is |
//! |---|---|
//! | [`wpr_meta`] | what the secure booter is told: sources of the firmware, places in video memory |
//! | [`libos`] | the table of memory regions that the GSP's operating system starts with; log buffers |
//! | [`log_buffer`] | what the GSP writes into a log buffer |
//! | [`rm_args`] | GSP-RM's own arguments: the queues, and whether it resumes |
//! | [`fmc_boot_params`] | on Hopper and later, where FSP finds the first two |
//! | [`radix3`] | the page tables through which the GPU reads the image |
//! | [`queue`] | memory shared by driver and GSP: page table, headers, rings |
//! | [`element`] | one message in a ring: its two headers and its checksum |
//! | [`channel`] | the driver's ends of the rings, over memory that the GSP writes |
//! | [`continuation`] | calls longer than one message |
//! | [`inbox`] | what a received message is: answer, event, neither |
//! | [`history`] | the last messages, for when the GSP has died |
//! | [`function`], [`status`] | the numbers of calls and events, and of results |
//! | [`system_info`], [`registry`], [`static_info`], [`unloading`] | payloads of calls |
//! | [`rm_control`], [`interrupt_table`] | calls of RM's methods, and the answer of one |
//! | [`sequencer`], [`event`] | payloads of events |
//!
//! All numbers are little-endian; all offsets, lengths and sizes are bytes; a page has 4096 bytes,
//! whatever the machine's are.

pub mod channel;
pub mod continuation;
pub mod element;
pub mod event;
pub mod fmc_boot_params;
pub mod function;
pub mod history;
pub mod inbox;
pub mod interrupt_table;
pub mod libos;
pub mod log_buffer;
pub mod queue;
pub mod radix3;
pub mod registry;
pub mod rm_args;
pub mod rm_control;
pub mod sequencer;
pub mod static_info;
pub mod status;
pub mod system_info;
pub mod unloading;
pub mod wpr_meta;

use crate::wire;

/// Bytes of a page, to the GSP.
pub const PAGE_SIZE: usize = wire::PAGE_SIZE;
