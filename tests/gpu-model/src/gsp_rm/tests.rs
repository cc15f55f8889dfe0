// SPDX-License-Identifier: GPL-2.0

//! GSP-RM against a driver in memory.

mod boot;
mod calls;
mod events;
mod faults;
pub(crate) mod guest;
mod queues;
mod registry;
mod sequencer;
mod start;
mod unload;
