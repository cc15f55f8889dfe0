// SPDX-License-Identifier: GPL-2.0

//! What the emulated GPU saw, as lanes of a picture: registers by the unit they belong to, and what the
//! device did by itself.

use crate::trace::{
    Access,
    Line,
    Part, //
};

/// Accesses this close together are one span, in microseconds.
const GAP_US: u64 = 400;

/// Units of the register BAR: first and last address, and name.
const UNITS: &[(u64, u64, &str)] = &[
    (0x30_0000, 0x3f_ffff, "VBIOS"),
    (0x11_0000, 0x11_3fff, "GSP falcon"),
    (0x84_0000, 0x84_3fff, "SEC2 falcon"),
    (0x70_0000, 0x7f_ffff, "PRAMIN"),
    (0xb8_1000, 0xb8_1fff, "interrupt tree"),
    (0x8f_0000, 0x8f_3fff, "FSP"),
];
const OTHER: &str = "other registers";

/// Kinds of events that have a lane, and its name. The last one gets its words from the event.
const EVENTS: &[(&str, &str)] = &[
    ("dma", "DMA"),
    ("rpc", "messages"),
    ("irq", "interrupts"),
    ("gsp_rm", "GSP-RM"),
];

/// Something that lasted, or happened in an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Microseconds from the first access to a register.
    pub start_us: u64,
    /// The same for its end.
    pub end_us: u64,
    /// What a reader is told about it.
    pub label: String,
}

/// Spans of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Its name.
    pub name: &'static str,
    /// In order.
    pub spans: Vec<Span>,
}

/// The lanes of a part of a trace; those without spans are left out.
pub fn lanes(part: &Part) -> Vec<Lane> {
    let Some(first) = part.accesses.first() else {
        return Vec::new();
    };
    let zero = first.t_us;
    let units = UNITS.iter().map(|(_, _, name)| *name).chain([OTHER]);
    let registers = units.map(|unit| {
        let accesses = part.accesses.iter().filter(|a| unit_of(a.offset) == unit);
        Lane {
            name: unit,
            spans: accesses_of(accesses, zero),
        }
    });
    let events = EVENTS.iter().map(|(kind, name)| Lane {
        name,
        spans: events_of(part.of_kind(kind), zero),
    });
    registers
        .chain(events)
        .filter(|lane| !lane.spans.is_empty())
        .collect()
}

fn unit_of(offset: u64) -> &'static str {
    UNITS
        .iter()
        .find(|(first, last, _)| (*first..=*last).contains(&offset))
        .map_or(OTHER, |(_, _, name)| name)
}

fn accesses_of<'a>(accesses: impl Iterator<Item = &'a Access>, zero: u64) -> Vec<Span> {
    let mut runs: Vec<(u64, u64, usize, usize)> = Vec::new();
    for access in accesses {
        let at = access.t_us.saturating_sub(zero);
        let (reads, writes) = if access.write { (0, 1) } else { (1, 0) };
        match runs.last_mut() {
            Some((_, end, r, w)) if at.saturating_sub(*end) <= GAP_US => {
                *end = at;
                *r += reads;
                *w += writes;
            }
            _ => runs.push((at, at, reads, writes)),
        }
    }
    let span = |(start_us, end_us, reads, writes)| Span {
        start_us,
        end_us,
        label: format!("{reads} reads, {writes} writes"),
    };
    runs.into_iter().map(span).collect()
}

fn events_of<'a>(events: impl Iterator<Item = &'a Line>, zero: u64) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for event in events {
        let at = event.t_us.saturating_sub(zero);
        let label = label(event);
        match spans.last_mut() {
            // A burst of the same is one span.
            Some(last) if last.label == label && at.saturating_sub(last.end_us) <= GAP_US => {
                last.end_us = at;
            }
            _ => spans.push(Span {
                start_us: at,
                end_us: at,
                label,
            }),
        }
    }
    spans
}

fn label(event: &Line) -> String {
    let words = [event.name.as_str(), event.op.as_str()];
    let words: Vec<&str> = words.into_iter().filter(|w| !w.is_empty()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(t_us: u64, offset: u64, write: bool) -> Access {
        Access {
            t_us,
            write,
            offset,
            value: 0,
        }
    }

    fn event(t_us: u64, kind: &str, op: &str, name: &str) -> Line {
        Line {
            t_us,
            kind: kind.into(),
            op: op.into(),
            addr: String::new(),
            value: String::new(),
            size: 0,
            name: name.into(),
        }
    }

    #[test]
    fn near_accesses_to_one_unit_are_one_span() {
        let part = Part {
            accesses: vec![
                access(1000, 0, false),
                access(1100, 0x30_0000, false),
                access(1200, 0x30_0004, false),
                access(1300, 0x11_0040, true),
                access(9000, 0x30_0008, false),
            ],
            events: vec![],
        };
        let lanes = lanes(&part);
        let names: Vec<_> = lanes.iter().map(|l| l.name).collect();
        assert_eq!(names, ["VBIOS", "GSP falcon", OTHER]);
        let spans: Vec<_> = lanes[0]
            .spans
            .iter()
            .map(|s| (s.start_us, s.end_us))
            .collect();
        assert_eq!(spans, [(100, 200), (8000, 8000)]);
        assert_eq!(lanes[0].spans[0].label, "2 reads, 0 writes");
        assert_eq!(lanes[1].spans[0].label, "0 reads, 1 writes");
    }

    #[test]
    fn bursts_of_equal_events_are_one_span_and_others_are_told_apart() {
        let part = Part {
            accesses: vec![access(0, 0, false)],
            events: vec![
                event(10, "dma", "R", "SEC2"),
                event(20, "dma", "R", "SEC2"),
                event(30, "dma", "R", "GSP"),
                event(40, "fault", "", "x"),
            ],
        };
        let lanes = lanes(&part);
        assert_eq!(lanes.len(), 2);
        let labels: Vec<_> = lanes[1].spans.iter().map(|s| s.label.as_str()).collect();
        assert_eq!(labels, ["SEC2 R", "GSP R"]);
    }

    #[test]
    fn nothing_is_made_of_nothing() {
        assert!(lanes(&Part::default()).is_empty());
    }
}
