// SPDX-License-Identifier: GPL-2.0

//! The smallest module that needs the kernel crate: proves that a KDIR can build Rust.

use kernel::prelude::*;

module! {
    type: Hello,
    name: "hello",
    authors: ["nova-gpu developers"],
    description: "KDIR probe module",
    license: "GPL",
}

struct Hello;

impl kernel::Module for Hello {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        pr_info!("loaded\n");
        Ok(Hello)
    }
}
