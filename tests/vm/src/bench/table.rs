// SPDX-License-Identifier: GPL-2.0

//! Measurements as a table for a terminal.

use super::{
    Measurement,
    Poll, //
};

const HEAD: &[&str] = &[
    "chip",
    "driver",
    "reads",
    "writes",
    "both",
    "other BARs",
    "DMA KiB",
    "messages",
    "IRQs",
    "wall ms",
    "CPU ms",
    "peak MiB",
    "held MiB",
    "longest busy wait",
    "after 1st IRQ",
    "violations",
];

/// The table, columns as wide as they need to be. The first two are flush left, numbers flush right.
pub fn lines(measurements: &[Measurement]) -> Vec<String> {
    let head = HEAD.iter().map(|word| (*word).to_owned()).collect();
    let rows: Vec<Vec<String>> = std::iter::once(head)
        .chain(measurements.iter().map(row))
        .collect();
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate();
        let cells = cells.map(|(column, (cell, width))| match column {
            0 | 1 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn row(m: &Measurement) -> Vec<String> {
    vec![
        m.chip.clone(),
        m.driver.to_owned(),
        m.reads.to_string(),
        m.writes.to_string(),
        (m.reads + m.writes).to_string(),
        m.aperture.to_string(),
        (m.dma_bytes / 1024).to_string(),
        m.messages.to_string(),
        m.interrupts.to_string(),
        m.wall_ms.to_string(),
        m.cpu_ms.to_string(),
        mib(m.peak_kib),
        mib(m.held_kib),
        poll(m.poll),
        poll(m.late_poll),
        m.violations.to_string(),
    ]
}

fn mib(kib: i64) -> String {
    let tenths = kib * 10 / 1024;
    format!("{}.{}", tenths / 10, (tenths % 10).abs())
}

fn poll(poll: Option<Poll>) -> String {
    poll.map_or_else(
        || "none".to_owned(),
        |p| {
            let (ms, rest) = (p.us / 1000, p.us % 1000 / 10);
            format!("{ms}.{rest:02} ms at {:#x}", p.offset)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_numbers_have_units() {
        let one = Measurement {
            chip: "ga102".into(),
            driver: "upstream nova-core",
            reads: 2092,
            writes: 774,
            aperture: 0,
            dma_bytes: 65_536,
            messages: 5,
            interrupts: 2,
            wall_ms: 1240,
            cpu_ms: 900,
            peak_kib: 129_228,
            held_kib: -512,
            poll: Some(Poll {
                offset: 0x11_0100,
                reads: 9,
                us: 1_230,
            }),
            late_poll: None,
            violations: 0,
        };
        let found = lines(&[one]);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].chars().count(), found[1].chars().count());
        for wanted in [
            " 2866 ",
            " 64 ",
            " 126.1 ",
            " 0.5 ",
            "1.23 ms at 0x110100",
            " none ",
        ] {
            assert!(found[1].contains(wanted), "{wanted}: {}", found[1]);
        }
    }
}
