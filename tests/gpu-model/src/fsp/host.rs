// SPDX-License-Identifier: GPL-2.0

//! How the driver uses the port of its channel: the rules about bursts.
//!
//! Hardware forgives most of this; what comes out is then not what was meant.

use super::emem::{
    Port,
    CHANNEL_SIZE, //
};
use crate::{
    engines::{
        flag,
        Effects, //
    },
    recorder::Op,
    violations::FspRule,
};

/// A run of accesses in one direction.
#[derive(Debug)]
struct Burst {
    op: Op,
    complained_of_step: bool,
    complained_of_extent: bool,
    complained_of_use: bool,
}

/// What the driver has done to the channel since the last exchange.
#[derive(Debug, Default)]
pub struct Host {
    burst: Option<Burst>,
    /// Dwords of the last burst of writes.
    pub written: usize,
    /// The command queue's tail was written since FSP took the last command.
    pub tail_written: bool,
}

impl Host {
    /// The port was set up: what comes now is another burst.
    pub fn port_set(&mut self) {
        self.burst = None;
    }

    /// The driver moves a dword through the port, which is as `port` says before it moves on.
    /// `in_use` says why nothing may be written now, if there is a reason.
    pub fn access(&mut self, op: Op, port: Port, in_use: Option<&str>) -> Effects {
        let mut effects = Effects::new();
        let verb = match op {
            Op::Read => "read from",
            Op::Write => "written to",
        };
        let goes_on = self.burst.as_ref().is_some_and(|burst| burst.op == op);
        if !goes_on {
            effects.extend(self.begin(op, port).map(|what| {
                flag(
                    FspRule::PortNotArmed,
                    format!("EMEM {verb} {what} (EMEMC {:#010x})", port.value()),
                )
            }));
        }
        if op == Op::Write {
            self.written += 1;
        }
        let Some(burst) = &mut self.burst else {
            return effects;
        };
        if goes_on && !port.moves(op) && !burst.complained_of_step {
            burst.complained_of_step = true;
            effects.push(flag(
                FspRule::IncrementMode,
                format!(
                    "EMEM {verb} again at {:#x}, where the address does not move",
                    port.address
                ),
            ));
        }
        if usize::from(port.address) >= CHANNEL_SIZE && !burst.complained_of_extent {
            burst.complained_of_extent = true;
            effects.push(flag(
                FspRule::Extent,
                format!("EMEM {verb} at {:#x}, outside of channel 0", port.address),
            ));
        }
        if let (Op::Write, Some(why), false) = (op, in_use, burst.complained_of_use) {
            burst.complained_of_use = true;
            effects.push(flag(
                FspRule::EmemInUse,
                format!("EMEM written while {why}"),
            ));
        }
        effects
    }

    /// Begins a burst, and says what is wrong with its beginning.
    fn begin(&mut self, op: Op, port: Port) -> Option<&'static str> {
        self.burst = Some(Burst {
            op,
            complained_of_step: false,
            complained_of_extent: false,
            complained_of_use: false,
        });
        if op == Op::Write {
            self.written = 0;
        }
        if port.address != 0 {
            Some("from another address than 0")
        } else if port.moves_by_read && port.moves_by_write {
            Some("with both increments set")
        } else if !port.moves(op) {
            Some("without the increment for it")
        } else {
            None
        }
    }
}
