// SPDX-License-Identifier: GPL-2.0

//! What the driver and GSP-RM say to each other, one module for each release of GSP-RM.
//!
//! Builders turn plain numbers into the bytes of a message; parsers turn bytes into owned values that
//! have been checked. Neither knows a register, a device or an allocator.
//!
//! The bytes given to a parser must be a private copy: memory that the GPU can write is to be read
//! once, before anything in it is believed.

pub mod r570_144;
