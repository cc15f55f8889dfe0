// SPDX-License-Identifier: GPL-2.0

//! Shows what the driver would see in a VBIOS, a firmware file, a log buffer, a queue, a packet of FSP's or
//! a card.
//!
//! The parsers are the driver's own, so that what is refused here is refused there, for the same reason and
//! with the same errno. Each command turns its input into a [`report::Report`]: what was found, and the
//! verdict. How that is printed is the business of [`report`] alone.

#![forbid(unsafe_code)]

pub mod cli;
pub mod firmware;
pub mod fsp;
pub mod gsp_log;
pub mod hw;
pub mod report;
pub mod rpc;
pub mod vbios;
pub mod verdict;
