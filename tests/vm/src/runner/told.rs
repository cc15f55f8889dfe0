// SPDX-License-Identifier: GPL-2.0

//! What a driver has really told the firmware of the layout of video memory: FSP in its chain-of-trust
//! message, word by word through the port; the FMC in the structure that the emulated GPU read from memory.

use crate::{
    cases::layouts::{
        Layout,
        FRTS_SIZE,
        VGA_SIZE, //
    },
    trace::Trace,
};

/// Port through which words go into FSP's memory.
const FSP_DATA: u64 = 0x8f_2ac4;
/// First words of the message, and places in it, in words.
const COT: [u64; 2] = [0xc000_0000, 0x1410_de7e];
const FRTS_END_LOW: usize = 8;
const FRTS_END_HIGH: usize = 9;
const FRTS_BYTES: usize = 10;

/// Compares each boot that the trace shows with what is right.
pub(super) fn check(trace: &Trace, layout: &Layout) -> Result<Vec<String>, Vec<String>> {
    let words = trace.writes_to(FSP_DATA);
    let starts = (0..words.len()).filter(|at| words[*at..].starts_with(&COT));
    let messages: Vec<&[u64]> = starts.map(|at| &words[at..]).collect();
    let mut wrong = Vec::new();
    let mut compare = |boot: usize, what: &str, found: Option<u64>, wanted: u64| {
        if found != Some(wanted) {
            wrong.push(format!(
                "boot {boot}: {what}: found {found:x?}, wanted {wanted:x}"
            ));
        }
    };
    for (message, boot) in messages.iter().zip(1..) {
        let word = |at: usize| message.get(at).copied();
        let end = word(FRTS_END_LOW).zip(word(FRTS_END_HIGH));
        let end = end.map(|(low, high)| high << 32 | low);
        let offset = layout.frts_end_offset;
        compare(boot, "distance of FRTS from the end", end, offset);
        let size = word(FRTS_BYTES);
        compare(boot, "bytes of FRTS told to FSP", size, FRTS_SIZE);
    }
    for (name, wanted) in [
        ("gspFwHeapSize", layout.heap),
        ("nonWprHeapSize", layout.plain_heap),
        ("frtsSize", FRTS_SIZE),
        ("pmuReservedSize", layout.pmu_size),
        ("vgaWorkspaceSize", VGA_SIZE),
        ("gspFwHeapVfPartitionCount", 0),
    ] {
        let told = trace.told(name);
        for boot in 1..=messages.len() {
            compare(boot, name, told.get(boot - 1).copied(), wanted);
        }
    }
    if messages.is_empty() {
        wrong.push("no chain-of-trust message was sent".to_owned());
    }
    if wrong.is_empty() {
        Ok(vec![format!("boots = {}", messages.len())])
    } else {
        Err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::{
        self,
        Afterwards,
        Check, //
    };

    fn layout() -> Layout {
        cases::all(cases::REBINDS)
            .iter()
            .flat_map(|scenario| &scenario.claims)
            .find_map(|claim| match &claim.check {
                Check::Afterwards(Afterwards::Told { layout, .. }) => Some(*layout),
                _ => None,
            })
            .unwrap()
    }

    /// A trace of one boot that told this of FRTS and the heap, and all else as it should be.
    fn trace(frts: u64, heap: u64) -> Trace {
        let write = |value: u64| {
            format!(r#"{{"kind":"bar0","op":"W","addr":"{FSP_DATA:#x}","value":"{value:#x}"}}"#)
        };
        let told = |(name, value): (&str, u64)| {
            format!(r#"{{"kind":"fmc","op":"told","name":"{name}","value":"{value:#x}"}}"#)
        };
        let words = [COT[0], COT[1], 0, 0, 0, 0, 0, 0, frts, 0, FRTS_SIZE];
        let sizes = [
            ("gspFwHeapSize", heap),
            ("nonWprHeapSize", 0x20_0000),
            ("frtsSize", FRTS_SIZE),
            ("pmuReservedSize", 0),
            ("vgaWorkspaceSize", VGA_SIZE),
            ("gspFwHeapVfPartitionCount", 0),
        ];
        let lines = words.into_iter().map(write).chain(sizes.map(told));
        Trace::read(lines)
    }

    #[test]
    fn both_messages_are_compared() {
        let layout = layout();
        assert_eq!((layout.chip, layout.gib), ("gh100", 80));
        let good = check(&trace(0x20_0000, 0x8c0_0000), &layout);
        assert_eq!(good, Ok(vec!["boots = 1".to_owned()]));
        let frts = check(&trace(0x1c0_0000, 0x8c0_0000), &layout).unwrap_err();
        assert!(frts[0].contains("distance of FRTS"), "{frts:?}");
        let heap = check(&trace(0x20_0000, 0x8b0_0000), &layout).unwrap_err();
        assert!(heap[0].contains("gspFwHeapSize"), "{heap:?}");
    }

    #[test]
    fn a_trace_without_a_boot_shows_nothing() {
        let none = check(&Trace::read(std::iter::empty()), &layout()).unwrap_err();
        assert_eq!(none, ["no chain-of-trust message was sent"]);
    }
}
