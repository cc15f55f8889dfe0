// SPDX-License-Identifier: GPL-2.0

//! A log buffer of GSP-RM's, as debugfs gives it.
//!
//! Where records begin stands in an ELF file that only NVIDIA has. A record ends with a place in the GSP's
//! program and a time, so that records can be guessed: times never go back, and the places are close to each
//! other. The newest record's end is certain.

use crate::{
    report::{
        hex,
        Fields,
        Report, //
    },
    verdict::{
        Errno,
        Refusal, //
    },
};
use nova_firmware::abi::r570_144::{
    log_buffer::{
        LogBuffer,
        LogWord, //
    },
    PAGE_SIZE, //
};

/// Two places in one program are not further apart than this.
const PROGRAM: u64 = 1 << 28;

/// No record has more arguments.
const MAX_ARGUMENTS: usize = 32;

/// Reads a whole buffer; shows the newest `limit` records, or all.
pub fn inspect(subject: String, bytes: &[u8], limit: Option<usize>) -> Report {
    let mut found = Fields::new();
    found.put_hex("size", bytes.len());
    let verdict = match LogBuffer::parse(bytes) {
        Ok(log) => {
            describe(&log, bytes.len(), limit, &mut found);
            Ok(())
        }
        Err(error) => Err(Refusal::at(Errno::Einval, "", &error)),
    };
    Report {
        subject,
        found,
        verdict,
    }
}

fn describe(log: &LogBuffer<'_>, size: usize, limit: Option<usize>, found: &mut Fields) {
    found.put("words written", log.written());
    found.put("words kept", log.kept());
    found.put("words overwritten", log.written() - log.kept());
    if let Some(pages) = log.page_addresses(size / PAGE_SIZE) {
        found.put("pages", pages.map(hex).collect::<Vec<_>>());
        return;
    }
    let words: Vec<LogWord> = log.words().collect();
    let records = records(&words);
    found.put("records, as guessed", records.len());
    let skipped = records.len().saturating_sub(limit.unwrap_or(usize::MAX));
    let shown: Vec<_> = records
        .iter()
        .skip(skipped)
        .map(|record| record.describe())
        .collect();
    found.put("records", shown);
}

/// The words of one record. The last two are its place and its time.
#[derive(Debug, PartialEq, Eq)]
struct Record<'a>(&'a [LogWord]);

impl Record<'_> {
    fn describe(&self) -> Fields {
        let fields = Fields::new();
        let (arguments, [site, time]) = match self.0 {
            [arguments @ .., site, time] => (arguments, [site, time]),
            // The rest of a record whose other words were overwritten.
            _ => {
                let words = self
                    .0
                    .iter()
                    .map(|word| hex(word.value))
                    .collect::<Vec<_>>();
                return fields.with("words", words);
            }
        };
        let arguments: Vec<String> = arguments
            .iter()
            .map(|word| format!("{:#x}", word.value))
            .collect();
        fields
            .with("word", site.number)
            .with_hex("offset", site.offset)
            .with_hex("site", site.value)
            .with("time", time.value)
            .with(
                "arguments",
                (!arguments.is_empty()).then(|| arguments.join(" ")),
            )
    }
}

/// Cuts the words into records, from the newest to the oldest, which may be the rest of one.
fn records(words: &[LogWord]) -> Vec<Record<'_>> {
    let mut records = Vec::new();
    let mut rest = words;
    while let [older @ .., site, time] = rest {
        // The first pair further back that could end a record ends the one before this.
        let earliest = older.len().saturating_sub(MAX_ARGUMENTS);
        let end = (earliest..=older.len())
            .rev()
            .find(|&end| matches!(&older[..end], [.., s, t] if is_before(s, t, site, time)));
        let start = end.unwrap_or(if older.len() <= MAX_ARGUMENTS {
            0
        } else {
            older.len()
        });
        let (before, record) = rest.split_at(start);
        records.push(Record(record));
        rest = before;
    }
    if !rest.is_empty() {
        records.push(Record(rest));
    }
    records.reverse();
    records
}

/// Whether a record that ends like that may come before one that ends with `site` and `time`.
fn is_before(earlier_site: &LogWord, earlier: &LogWord, site: &LogWord, time: &LogWord) -> bool {
    let close = earlier_site.value.abs_diff(site.value) < PROGRAM;
    // A time is counted in ticks since power-on, far from small numbers and from addresses.
    let plausible = earlier
        .value
        .leading_zeros()
        .abs_diff(time.value.leading_zeros())
        <= 4;
    close && plausible && earlier.value <= time.value
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A buffer of `capacity` words after these were written.
    fn buffer(capacity: usize, log: &[u64]) -> Vec<u8> {
        let mut words = vec![0; 1 + capacity];
        words[0] = log.len() as u64;
        for (number, word) in log.iter().enumerate() {
            words[1 + number % capacity] = *word;
        }
        words.into_iter().flat_map(u64::to_le_bytes).collect()
    }

    const SITE: u64 = 0x4_0010_0000;

    /// Three records with two, no and one argument.
    const LOG: [u64; 9] = [
        7,
        8,
        SITE,
        100_000,
        SITE + 0x40,
        100_100,
        9,
        SITE + 0x80,
        100_200,
    ];

    fn cut(bytes: &[u8]) -> Vec<usize> {
        let words: Vec<_> = LogBuffer::parse(bytes).unwrap().words().collect();
        records(&words)
            .iter()
            .map(|record| record.0.len())
            .collect()
    }

    #[test]
    fn records_are_guessed() {
        for (name, capacity, log, want) in [
            ("whole", 16, &LOG[..], &[4, 2, 3][..]),
            ("begun anew", 8, &LOG, &[3, 2, 3]),
            ("one", 16, &LOG[..4], &[4]),
            ("one word", 16, &LOG[..1], &[1]),
            (
                "a time that goes back",
                16,
                &[1, 1 << 60, SITE, 100_000],
                &[4],
            ),
        ] {
            assert_eq!(cut(&buffer(capacity, log)), want, "{name}");
        }
    }

    #[test]
    fn all_words_are_in_some_record() {
        for len in 0..200usize {
            // Numbers with nothing to go by.
            let log: Vec<u64> = (0..len as u64)
                .map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
                .collect();
            assert_eq!(
                cut(&buffer(128, &log)).iter().sum::<usize>(),
                len.min(128),
                "{len}"
            );
        }
    }

    #[test]
    fn the_newest_records_are_shown() {
        let report = inspect("log".into(), &buffer(16, &LOG), Some(1));
        assert_eq!(
            report.text(),
            "\
log
  size: 0x88
  words written: 9
  words kept: 9
  words overwritten: 0
  records, as guessed: 3
  records:
    - word 7, offset 0x40, site 0x400100080, time 100200, arguments 0x9
  verdict: ok
"
        );
    }
}
