// SPDX-License-Identifier: GPL-2.0

//! The falcons that the driver uses, and where their registers are.

use super::regs::{
    PFalcon,
    PFalcon2, //
};
use kernel::io::register::RegisterBase;

/// A falcon of the GPU.
pub(crate) trait Engine:
    RegisterBase<PFalcon> + RegisterBase<PFalcon2> + Sync + 'static
{
    /// Its name in the log.
    const NAME: &'static str;
}

macro_rules! engines {
    ($($(#[$doc:meta])* $engine:ident = $name:literal @ $base:literal;)*) => {
        $(
            $(#[$doc])*
            pub(crate) struct $engine;

            impl RegisterBase<PFalcon> for $engine {
                const BASE: usize = $base;
            }

            // On every chip the second page of the engine's window.
            impl RegisterBase<PFalcon2> for $engine {
                const BASE: usize = $base + 0x1000;
            }

            impl Engine for $engine {
                const NAME: &'static str = $name;
            }
        )*
    };
}

engines! {
    /// Runs FWSEC, and then GSP-RM on its RISC-V core.
    Gsp = "GSP" @ 0x0011_0000;
    /// Runs Booter.
    Sec2 = "SEC2" @ 0x0084_0000;
}
