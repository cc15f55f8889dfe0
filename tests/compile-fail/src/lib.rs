// SPDX-License-Identifier: GPL-2.0

//! Attacks on the driver's types, and proof that the compiler refuses them.
//!
//! A case is one file that holds two programs which differ in one line: the attack, and the nearest
//! program that does nothing wrong. The attack must be refused for the reason that the case names, at
//! the line that it names, and for nothing else. Its twin must compile: a case whose boilerplate is
//! broken would otherwise pass for ever.
//!
//! The programs are compiled like the modules themselves, with the command that Kbuild recorded for
//! `nova_drm`, so they see the crates as the modules do.
//!
//! | module | gives |
//! |---|---|
//! | [`case`] | a case file, split into its two programs |
//! | [`command`] | the recorded compiler command, turned into one that compiles a case |
//! | [`diagnostic`] | what rustc says, as values |
//! | [`verdict`] | what was seen held against what was wanted |
//! | [`run`] | all cases, in parallel |

pub mod case;
pub mod command;
pub mod diagnostic;
pub mod run;
pub mod verdict;
