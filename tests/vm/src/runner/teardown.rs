// SPDX-License-Identifier: GPL-2.0

//! Puts together what two witnesses say of an unbinding: the kernel in the guest, and the device.
//!
//! They share no clock, but see some of the same things, and each has these in one order with what it sees
//! alone. The kernel frees memory, and behind an IOMMU the device is told at once that it is gone. The kernel
//! frees the interrupt and disables the device, and the device sees its configuration written. So if the last
//! register write comes before the end of the last memory for the device, and that before the registers are
//! unmapped for the kernel, then the write was made while they were mapped.

use std::{
    fs::File,
    io::{
        BufRead,
        BufReader, //
    },
    path::Path,
};

use crate::{
    error::Context,
    trace::{
        number,
        Line, //
    },
};

/// Offset of the command register, and its bit that lets the device master the bus.
const COMMAND: u64 = 4;
const COMMAND_MASTER: u64 = 1 << 2;

/// Offsets of the control words for message-signalled interrupts of the emulated GPUs, and the bit for "on": MSI
/// up to Ada, MSI-X on Hopper.
const INTERRUPTS: &[(u64, u64)] = &[(0x6a, 1), (0xb2, 1 << 15)];

type Findings = Result<Vec<String>, Vec<String>>;

/// Compares what is in part `part` of `trace` with what the guest's script has said beside it. `flush` are the
/// registers that are to be written last.
pub(super) fn check(trace: &Path, part: usize, flush: &[u64]) -> Findings {
    let said = trace.with_file_name("control.txt");
    let read = |path: &Path| -> Result<Vec<String>, Vec<String>> {
        let file = File::open(path)
            .context(|| path.display().to_string())
            .map_err(|error| vec![error.to_string()])?;
        Ok(BufReader::new(file).lines().map_while(Result::ok).collect())
    };
    let freed: Vec<u64> = freed(&read(&said)?);
    let device = in_part(read(trace)?.into_iter(), part);
    judge(&device, &freed, flush)
}

/// Addresses that the guest's kernel has freed, in order.
fn freed(said: &[String]) -> Vec<u64> {
    said.iter()
        .filter_map(|line| number(line.split_once(" witness memory_freed ")?.1.trim()))
        .collect()
}

/// What the device saw between mark `part` - 1 and the next.
fn in_part(lines: impl Iterator<Item = String>, part: usize) -> Vec<Line> {
    let mut marks = 0;
    let mut found = Vec::new();
    for line in lines {
        let Ok(line) = serde_json::from_str::<Line>(&line) else {
            continue;
        };
        match line.kind.as_str() {
            "mark" => marks += 1,
            _ if marks == part => found.push(line),
            _ => {}
        }
    }
    found
}

fn judge(device: &[Line], freed: &[u64], flush: &[u64]) -> Findings {
    let last = |what: &str, found: &dyn Fn(&Line) -> bool| {
        let index = device.iter().rposition(found);
        index.ok_or_else(|| vec![format!("the device has not seen {what}")])
    };
    let at = |line: &Line| number(&line.addr);
    let value = |line: &Line| number(&line.value).unwrap_or(0);
    let is_write = |line: &Line, kind: &str| line.kind == kind && line.op == "W";

    let Some(&page) = freed.last() else {
        return Err(vec!["the guest has freed no memory".to_owned()]);
    };
    let no_interrupts = last("its interrupts end", &|line| {
        let off = |(control, enable): &(u64, u64)| {
            at(line) == Some(*control) && value(line) & enable == 0
        };
        is_write(line, "config") && INTERRUPTS.iter().any(off)
    })?;
    let farewell = last("a message to GSP-RM", &|line| {
        line.kind == "rpc" && line.name.contains("UNLOADING_GUEST_DRIVER")
    })?;
    let last_write = last("a register written", &|line| is_write(line, "bar0"))?;
    let page_gone = last("the last memory go that the guest has freed", &|line| {
        let start = at(line);
        line.kind == "dma_unmap"
            && start.is_some_and(|start| (start..start + line.size.max(1)).contains(&page))
    })?;
    let disabled = last("bus mastering go off", &|line| {
        is_write(line, "config") && at(line) == Some(COMMAND) && value(line) & COMMAND_MASTER == 0
    })?;

    let mut wrong = Vec::new();
    let written = at(&device[last_write]).unwrap_or(0);
    if !flush.contains(&written) || value(&device[last_write]) != 0 {
        wrong.push(format!(
            "the last register write is {:#x} to {written:#x}, and not the end of the flush page",
            value(&device[last_write])
        ));
    }
    for (before, after, order) in [
        (
            no_interrupts,
            farewell,
            "GSP-RM is told to stop after its interrupts have ended",
        ),
        (
            farewell,
            last_write,
            "the flush page is withdrawn after GSP-RM was told to stop",
        ),
        (
            last_write,
            page_gone,
            "the flush page is freed after it was withdrawn",
        ),
        (
            page_gone,
            disabled,
            "the device is disabled after the flush page was freed",
        ),
    ] {
        if before > after {
            wrong.push(format!("it does not hold that {order}"));
        }
    }
    if wrong.is_empty() {
        let writes = device.iter().filter(|line| is_write(line, "bar0")).count();
        Ok(vec![format!("register writes while unbinding = {writes}")])
    } else {
        Err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a device sees of a good unbinding.
    const GOOD: [&str; 6] = [
        r#"{"kind":"config","op":"W","addr":"0x6a","size":2,"value":"0x80"}"#,
        r#"{"kind":"rpc","op":">","name":"UNLOADING_GUEST_DRIVER"}"#,
        r#"{"kind":"bar0","op":"W","addr":"0x110804","size":4,"value":"0x1"}"#,
        r#"{"kind":"bar0","op":"W","addr":"0x100c10","size":4,"value":"0x0"}"#,
        r#"{"kind":"dma_unmap","addr":"0xffffe000","size":8192}"#,
        r#"{"kind":"config","op":"W","addr":"0x4","size":2,"value":"0x103"}"#,
    ];

    fn judged(lines: &[&str], page: u64) -> Findings {
        let marked = ["x", r#"{"kind":"mark"}"#].iter().chain(lines);
        let device = in_part(marked.map(|line| (*line).to_owned()), 1);
        judge(&device, &[0x1000, page], &[0x10_0c10])
    }

    #[test]
    fn a_good_unbinding_is_found_good() {
        assert_eq!(judged(&GOOD, 0xffff_f000).unwrap().len(), 1);
    }

    #[test]
    fn any_two_that_have_changed_places_are_found() {
        for first in 0..GOOD.len() - 1 {
            let mut lines = GOOD;
            lines.swap(first, first + 1);
            // What lies between the message and the last write has no place of its own.
            let matters = first != 1;
            assert_eq!(judged(&lines, 0xffff_f000).is_err(), matters, "{first}");
        }
    }

    #[test]
    fn anything_that_is_missing_is_found() {
        for (index, line) in GOOD.iter().enumerate().filter(|(index, _)| *index != 2) {
            let mut lines = GOOD.to_vec();
            lines.remove(index);
            assert!(judged(&lines, 0xffff_f000).is_err(), "{line}");
        }
        assert!(judged(&GOOD, 0xdead_0000).is_err(), "another page");
    }

    #[test]
    fn what_the_guest_has_freed_is_read() {
        let said = [
            "# 4 witness irq_freed",
            "# 4 witness memory_freed 0xfffff000",
        ];
        assert_eq!(freed(&said.map(str::to_owned)), [0xffff_f000]);
    }
}
