// SPDX-License-Identifier: GPL-2.0

//! Everything the model remembers about a run: counters, register footprint, violations, trace.

use std::{
    collections::BTreeMap,
    time::Instant, //
};

#[cfg(test)]
use std::time::Duration;

use serde::Serialize;

use crate::{
    dma::Direction,
    engines::Transfer,
    trace::{
        Line,
        Trace, //
    },
    violations::{
        Complaint,
        Violation, //
    },
};

/// Violations kept in full; the rest is only counted, so that a runaway guest cannot fill memory.
const KEPT_VIOLATIONS: usize = 4096;

/// How often things happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Reads of BAR0.
    pub bar0_reads: u64,
    /// Writes to BAR0.
    pub bar0_writes: u64,
    /// Reads of the other BARs and of the ROM.
    pub other_reads: u64,
    /// Writes to the other BARs.
    pub other_writes: u64,
    /// DMA_MAP messages.
    pub dma_maps: u64,
    /// DMA_UNMAP messages.
    pub dma_unmaps: u64,
    /// Device resets and function-level resets.
    pub resets: u64,
    /// Function-level resets alone.
    pub function_level_resets: u64,
    /// Interrupts sent.
    pub irqs: u64,
    /// Reads of the configuration space.
    pub config_reads: u64,
    /// Writes to the configuration space.
    pub config_writes: u64,
    /// Bytes that the device read from or wrote to memory by itself.
    pub dma_bytes: u64,
    /// Blocks of falcon memory that were filled by DMA.
    pub falcon_blocks: u64,
    /// Packets between driver and FSP, in both directions.
    pub fsp_packets: u64,
    /// Messages between driver and GSP-RM, in both directions.
    pub rpcs: u64,
    /// Times that an injected fault changed what the guest saw.
    pub faults_fired: u64,
    /// Violations not kept in the list because there were too many.
    pub violations_dropped: u64,
}

/// How often one register was touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Touches {
    /// Reads.
    pub reads: u64,
    /// Writes.
    pub writes: u64,
}

/// Direction of an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// The guest reads.
    Read,
    /// The guest writes.
    Write,
}

impl Op {
    fn letter(self) -> &'static str {
        match self {
            Self::Read => "R",
            Self::Write => "W",
        }
    }
}

/// The memory of a run.
pub struct Recorder {
    start: Instant,
    /// By how much the clock is ahead: a test need not wait until much time has passed.
    #[cfg(test)]
    ahead: Duration,
    trace: Trace,
    violations: Vec<Violation>,
    registers: BTreeMap<u32, (String, Touches)>,
    /// Counters, bumped by whoever sees the event.
    pub counters: Counters,
}

impl Recorder {
    /// A recorder whose clock starts now.
    pub fn new(trace: Trace) -> Self {
        Self {
            start: Instant::now(),
            #[cfg(test)]
            ahead: Duration::ZERO,
            trace,
            violations: Vec::new(),
            registers: BTreeMap::new(),
            counters: Counters::default(),
        }
    }

    /// Microseconds since the recorder was made.
    pub fn now_us(&self) -> u64 {
        let elapsed = self.start.elapsed();
        #[cfg(test)]
        let elapsed = elapsed + self.ahead;
        // CAST: 2^64 microseconds are half a million years.
        elapsed.as_micros() as u64
    }

    /// Lets time pass.
    #[cfg(test)]
    pub(crate) fn skip(&mut self, micros: u64) {
        self.ahead += Duration::from_micros(micros);
    }

    /// Traces an access to a region. `kind` is the region's name in the trace.
    pub fn access(&mut self, t_us: u64, kind: &str, op: Op, addr: u64, data: &[u8], name: &str) {
        if !self.trace.is_on() {
            return;
        }
        let mut value = [0; 8];
        let shown = data.len().min(8);
        value[..shown].copy_from_slice(&data[..shown]);
        self.trace.write(&Line {
            op: op.letter(),
            addr: Some(addr),
            size: Some(data.len() as u64),
            value: Some(u64::from_le_bytes(value)),
            name,
            ..Line::new(t_us, kind)
        });
    }

    /// Counts an access to the register (or window) that starts at `address`.
    pub fn touch(&mut self, address: u32, op: Op, name: impl FnOnce() -> String) {
        let entry = self
            .registers
            .entry(address)
            .or_insert_with(|| (name(), Touches::default()));
        match op {
            Op::Read => entry.1.reads += 1,
            Op::Write => entry.1.writes += 1,
        }
    }

    /// Traces anything that is not an access.
    pub fn event(&mut self, line: &Line<'_>) {
        self.trace.write(line);
    }

    /// Traces and counts a transfer by the device.
    pub fn transfer(&mut self, t_us: u64, transfer: &Transfer) {
        self.counters.dma_bytes += transfer.len;
        self.counters.falcon_blocks += transfer.blocks;
        let op = match transfer.direction {
            Direction::Read => Op::Read,
            Direction::Write => Op::Write,
        };
        self.trace.write(&Line {
            op: op.letter(),
            addr: Some(transfer.address),
            size: Some(transfer.len),
            name: transfer.by,
            ..Line::new(t_us, "dma")
        });
    }

    /// Traces that the injected fault `name` changed something, and counts it.
    pub fn fault(&mut self, t_us: u64, name: &str, addr: Option<u64>) {
        self.counters.faults_fired += 1;
        self.trace.write(&Line {
            addr,
            name,
            ..Line::new(t_us, "fault")
        });
    }

    /// Keeps a violation.
    pub fn violation(
        &mut self,
        t_us: u64,
        complaint: Complaint,
        address: u64,
        value: u64,
        phase: &'static str,
    ) {
        let id = complaint.rule.id();
        self.trace.write(&Line {
            op: &complaint.what,
            addr: Some(address),
            value: Some(value),
            name: &id,
            ..Line::new(t_us, "violation")
        });
        if self.violations.len() == KEPT_VIOLATIONS {
            self.counters.violations_dropped += 1;
            return;
        }
        self.violations.push(Violation {
            id,
            time_us: t_us,
            what: complaint.what,
            address: format!("{address:#x}"),
            value: format!("{value:#x}"),
            phase,
        });
    }

    /// Violations so far, oldest first.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Touched registers: offset, name and counts, in address order.
    pub fn registers(&self) -> impl Iterator<Item = (u32, &str, Touches)> {
        self.registers
            .iter()
            .map(|(address, (name, touches))| (*address, name.as_str(), *touches))
    }

    /// Hands all buffered trace lines to the file.
    pub fn flush(&mut self) {
        self.trace.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        trace::tests::Shared,
        violations::BusRule, //
    };

    #[test]
    fn violation_list_is_bounded_but_all_are_counted() {
        let mut recorder = Recorder::new(Trace::off());
        for i in 0..KEPT_VIOLATIONS as u64 + 3 {
            recorder.violation(i, Complaint::new(BusRule::Alignment, "x"), i, 0, "reset");
        }
        assert_eq!(recorder.violations().len(), KEPT_VIOLATIONS);
        assert_eq!(recorder.counters.violations_dropped, 3);
        assert_eq!(recorder.violations()[1].id, "PV-01");
        assert_eq!(recorder.violations()[1].address, "0x1");
    }

    #[test]
    fn long_access_is_traced_with_its_first_eight_bytes() {
        let shared = Shared::default();
        let mut recorder = Recorder::new(Trace::to_writer(Box::new(shared.clone())));
        recorder.access(5, "config", Op::Read, 0, &[1; 4096], "");
        recorder.flush();
        assert!(shared
            .text()
            .contains("\"size\":4096,\"value\":\"0x101010101010101\""));
    }

    #[test]
    fn touches_are_counted_by_direction() {
        let mut recorder = Recorder::new(Trace::off());
        recorder.touch(0xa00, Op::Read, || "B".into());
        recorder.touch(0xa00, Op::Read, || unreachable!());
        recorder.touch(0x0, Op::Write, || "A".into());
        let seen: Vec<_> = recorder.registers().collect();
        assert_eq!(
            seen[0],
            (
                0,
                "A",
                Touches {
                    reads: 0,
                    writes: 1
                }
            )
        );
        assert_eq!(
            seen[1],
            (
                0xa00,
                "B",
                Touches {
                    reads: 2,
                    writes: 0
                }
            )
        );
    }
}
