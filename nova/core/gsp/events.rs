// SPDX-License-Identifier: GPL-2.0

//! What GSP-RM says without having been asked.

use kernel::{
    device::{
        Bound,
        Device, //
    },
    prelude::*,
    sync::{
        aref::ARef,
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    }, //
};
use kernel_glue::fmt::Plain;
use nova_firmware::abi::r570_144::{
    event::{
        OsErrorLog,
        RcTriggered, //
    },
    function::Function, //
};

/// Somebody who wants to be told of events.
pub(super) trait Listener: Send + Sync {
    /// Takes an event.
    ///
    /// Runs in process context, in the order in which the events came. Nothing else is received
    /// meanwhile, so it must not call GSP-RM; it may sleep, but had better not for long.
    fn event(&self, function: Function, payload: &[u8]);
}

/// Who wants to be told of what.
pub(super) struct Listeners(KVec<(Function, Arc<dyn Listener>)>);

impl Listeners {
    /// Nobody.
    pub(super) const fn new() -> Self {
        Self(KVec::new())
    }

    /// Adds one, for as long as the GSP is there.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(super) fn add(&mut self, function: Function, listener: Arc<dyn Listener>) -> Result {
        Ok(self.0.push((function, listener), GFP_KERNEL)?)
    }

    /// Tells all who want to be told of the event; gives how many they are.
    pub(super) fn tell(&self, function: Function, payload: &[u8]) -> usize {
        let interested = self.0.iter().filter(|(wanted, _)| *wanted == function);
        interested
            .map(|(_, listener)| listener.event(function, payload))
            .count()
    }
}

/// Lines that are logged of what one GSP says, lest it fill the log.
const MAX_LINES: u32 = 200;

/// Logs what a person should know.
pub(super) struct Reporter {
    dev: ARef<Device>,
    lines: Atomic<u32>,
}

impl Reporter {
    /// The events it reports. For the others the driver has no use yet; they are counted all the same.
    pub(super) const EVENTS: [Function; 3] = [
        Function::OS_ERROR_LOG,
        Function::RC_TRIGGERED,
        Function::GSP_RUN_CPU_SEQUENCER,
    ];

    /// Reports what the GSP of `dev` says.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(super) fn new(dev: &Device<Bound>) -> Result<Arc<Self>> {
        let reporter = Self {
            dev: dev.into(),
            lines: Atomic::new(0),
        };
        Ok(Arc::new(reporter, GFP_KERNEL)?)
    }

    fn malformed(&self, function: Function, err: impl core::fmt::Display) {
        dev_warn!(
            self.dev,
            "GSP-RM sent a malformed {}: {}\n",
            Plain(function),
            Plain(err)
        );
    }
}

impl Listener for Reporter {
    fn event(&self, function: Function, payload: &[u8]) {
        // Events are told one at a time.
        let lines = self.lines.load(Relaxed);
        if lines == MAX_LINES {
            return;
        }
        self.lines.store(lines + 1, Relaxed);

        match function {
            Function::OS_ERROR_LOG => match OsErrorLog::parse(payload) {
                Ok(log) => dev_err!(
                    self.dev,
                    "GSP-RM: Xid {}, channel {:#x}: {}\n",
                    log.xid,
                    log.channel,
                    Plain(log.text())
                ),
                Err(err) => self.malformed(function, err),
            },
            Function::RC_TRIGGERED => match RcTriggered::parse(payload) {
                Ok(event) => dev_err!(
                    self.dev,
                    "GSP-RM: channel {:#x} of engine {:#x} failed (Xid {}, address {:#x})\n",
                    event.channel,
                    event.engine,
                    event.xid,
                    event.fault_address
                ),
                Err(err) => self.malformed(function, err),
            },
            Function::GSP_RUN_CPU_SEQUENCER => dev_warn!(
                self.dev,
                "GSP-RM wants a sequence of register accesses after it has booted: not done\n"
            ),
            _ => {}
        }
    }
}
