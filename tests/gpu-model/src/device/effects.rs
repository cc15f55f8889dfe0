// SPDX-License-Identifier: GPL-2.0

//! Carries out what accesses have set off.

use super::{
    Device,
    FLUSH_PAGE_SIZE, //
};
use crate::{
    dma::{
        Direction,
        DmaError, //
    },
    engines::{
        Effect,
        Effects, //
    },
    phase::Stage,
    trace::Line,
    violations::{
        BusRule,
        Complaint, //
    },
};

impl Device {
    pub(super) fn carry_out(&mut self, now: u64, address: u32, value: u32, effects: Effects) {
        for effect in effects {
            match effect {
                Effect::Complain(complaint) => {
                    self.complain(now, complaint, u64::from(address), u64::from(value));
                }
                Effect::FlushPage { address: page, or } => self.flush_page(now, page, or),
                Effect::FlushHalfSet(half) => self.progress.set_flush_half(half),
                Effect::BootSeenComplete => self.progress.boot_complete_seen(),
                Effect::Config {
                    offset,
                    value,
                    mask,
                } => self.config.write_private(offset, value, mask),
                Effect::Interrupt => self.interrupt(),
                Effect::TlbInvalidated => self.apertures.invalidate(),
                Effect::Fault(name) => {
                    self.recorder.fault(now, name, Some(u64::from(address)));
                }
                Effect::Transfer(transfer) => self.recorder.transfer(now, &transfer),
                Effect::Event(event) => self.recorder.event(&Line {
                    op: event.op,
                    value: event.value,
                    name: &event.name,
                    ..Line::new(now, event.kind)
                }),
                Effect::Stage(stage) => self.reach(now, stage),
                Effect::Rpc {
                    to_driver,
                    function,
                    name,
                    bytes,
                } => {
                    self.recorder.counters.rpcs += 1;
                    self.recorder.event(&Line {
                        op: if to_driver { "to-driver" } else { "to-gsp" },
                        size: Some(bytes as u64),
                        value: Some(u64::from(function)),
                        name,
                        ..Line::new(now, "rpc")
                    });
                }
                Effect::Fsp {
                    to_driver,
                    command,
                    name,
                    bytes,
                } => {
                    self.recorder.counters.fsp_packets += 1;
                    self.recorder.event(&Line {
                        op: if to_driver { "to-driver" } else { "to-fsp" },
                        size: Some(bytes as u64),
                        value: Some(u64::from(command)),
                        name,
                        ..Line::new(now, "fsp")
                    });
                }
                Effect::WindowRoots { bar1, bar2 } => self.set_aperture_roots(bar1, bar2),
                Effect::WindowEntry { window, entry } => self.set_aperture_entry(window, 0, entry),
                Effect::Vector(vector) => {
                    let effects = self.bar0.raise_vector(vector);
                    self.carry_out(now, address, value, effects);
                }
            }
        }
    }

    fn reach(&mut self, now: u64, stage: Stage) {
        self.progress.reached(stage);
        self.recorder.event(&Line {
            name: stage.name(),
            ..Line::new(now, "stage")
        });
        if self.plan.boot.vanish_at == Some(stage) {
            self.vanished = true;
        }
    }

    /// The driver gave the device a flush page, which must be memory it can write now.
    fn flush_page(&mut self, now: u64, address: u64, or: Option<u64>) {
        let usable = |address: u64| {
            let page = address & !(FLUSH_PAGE_SIZE - 1);
            let master = self.config.bus_master();
            self.dma
                .check(master, Direction::Write, page, FLUSH_PAGE_SIZE)
        };
        let mut page = address;
        let mut verdict = if address == 0 {
            Ok(())
        } else {
            usable(address)
        };
        if let (Err(_), Some(or)) = (&verdict, or) {
            if usable(or).is_ok() {
                page = or;
                verdict = Ok(());
            }
        }
        if page == 0 && self.progress.flush_page() != 0 {
            let effects = self.bar0.released();
            self.carry_out(now, 0, 0, effects);
        }
        self.progress.set_flush_page(page);
        if let Err(error) = verdict {
            let rule = match error {
                DmaError::BusMasterOff => BusRule::BusMasterOff,
                _ => BusRule::StrayDma,
            };
            let what = format!("sysmem flush page is unusable: {error}");
            self.complain(now, Complaint::new(rule, what), address, 0);
        }
    }
}
