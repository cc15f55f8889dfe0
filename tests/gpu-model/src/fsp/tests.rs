// SPDX-License-Identifier: GPL-2.0

mod commands;
mod machine;
mod traces;
mod transport;
