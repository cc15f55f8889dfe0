// SPDX-License-Identifier: GPL-2.0

//! What the driver and FSP say to each other: how the GSP is started on Hopper and Blackwell.
//!
//! FSP has finished its own boot before the driver comes. The driver writes one request into a window of
//! FSP's memory, FSP puts one response into the same place. Both are packets of MCTP with NVIDIA's
//! messages, NVDM, in them:
//!
//! | offset | size | | |
//! |---|---|---|---|
//! | 0 | 4 | transport | [`mctp`]: that this packet is the whole message |
//! | 4 | 4 | message | [`mctp`]: whose message, and [which](mctp::NvdmType) |
//! | 8 | | payload | [`cot`]: start this FMC; [`prc`]: tell a setting; [`response`]: done, or an error |
//!
//! Builders give the bytes of a packet to be written word for word; parsers take a private copy of what
//! has been read, and neither knows a register. All numbers are little-endian; all offsets and sizes are
//! bytes; addresses are those of system memory as the GPU sends them.
//!
//! # What no hardware has confirmed
//!
//! The layouts and the checks of responses are published. Not public, so that this driver relies on none
//! of it, is which error FSP answers to which mistake in a request; whether it answers a malformed packet
//! at all; whether it looks at the size in [`cot`], at the zeros behind short keys and signatures, or at
//! how FRTS is aligned; and how long a response is that refuses to tell a setting.

pub mod cot;
pub mod mctp;
pub mod prc;
pub mod response;

/// Bytes of the longest packet in either direction: a channel of FSP's window.
pub const PACKET_MAX: usize = 1024;
