// SPDX-License-Identifier: GPL-2.0

use super::*;
use crate::abi::r570_144::libos::{
    log_header,
    LOG_SIZE, //
};
use proptest::{
    collection::vec as any_vec,
    prelude::*, //
};
use std::{
    string::ToString,
    vec,
    vec::Vec, //
};

/// A buffer for `capacity` words, as GSP leaves it after it has written `log`.
fn buffer(capacity: usize, log: &[u64]) -> Vec<u8> {
    let mut words = vec![0; 1 + capacity];
    words[0] = log.len() as u64;
    for (number, word) in log.iter().enumerate() {
        words[1 + number % capacity] = *word;
    }
    words.into_iter().flat_map(u64::to_le_bytes).collect()
}

fn values(bytes: &[u8]) -> Vec<u64> {
    let log = LogBuffer::parse(bytes).unwrap();
    log.words().map(|word| word.value).collect()
}

#[test]
fn an_empty_buffer_has_its_pages_only() {
    let mut bytes = log_header(0x1_2345_0000).unwrap().to_vec();
    bytes.resize(LOG_SIZE, 0);
    let log = LogBuffer::parse(&bytes).unwrap();
    assert_eq!((log.written(), log.kept(), log.capacity()), (0, 0, 8191));
    assert_eq!((log.words().count(), log.newest()), (0, None));
    let pages: Vec<u64> = log.page_addresses(16).unwrap().collect();
    let want: Vec<u64> = (0..16).map(|page| 0x1_2345_0000 + page * 0x1000).collect();
    assert_eq!(pages, want);
}

#[test]
fn words_come_oldest_first() {
    for (name, log, want) in [
        ("one", &[7][..], &[7][..]),
        ("some", &[7, 8, 9], &[7, 8, 9]),
        ("full", &[1, 2, 3, 4, 5], &[1, 2, 3, 4, 5]),
        ("one overwritten", &[1, 2, 3, 4, 5, 6], &[2, 3, 4, 5, 6]),
        (
            "round twice",
            &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
            &[8, 9, 10, 11, 12],
        ),
    ] {
        assert_eq!(values(&buffer(5, log)), want, "{name}");
    }
}

#[test]
fn words_say_where_they_are() {
    let bytes = buffer(5, &[1, 2, 3, 4, 5, 6, 7]);
    let words: Vec<LogWord> = LogBuffer::parse(&bytes).unwrap().words().collect();
    let places: Vec<_> = words
        .iter()
        .map(|word| (word.number, word.offset))
        .collect();
    assert_eq!(
        places,
        [(2, 0x18), (3, 0x20), (4, 0x28), (5, 0x08), (6, 0x10)]
    );
    for word in words {
        assert_eq!(u64_at(&bytes, word.offset), Some(word.value));
    }
}

#[test]
fn the_newest_record_ends_in_place_and_time() {
    for (name, log, want) in [
        ("one word", &[7][..], None),
        (
            "a record without arguments",
            &[0x5000, 100],
            Some((0x5000, 100)),
        ),
        (
            "across the end",
            &[1, 2, 3, 4, 0x5000, 100],
            Some((0x5000, 100)),
        ),
    ] {
        let bytes = buffer(5, log);
        let newest = LogBuffer::parse(&bytes).unwrap().newest();
        let newest = newest.map(|newest| (newest.site.value, newest.time.value));
        assert_eq!(newest, want, "{name}");
    }
}

#[test]
fn pages_are_gone_once_a_word_is_written() {
    let bytes = buffer(5, &[7]);
    assert!(LogBuffer::parse(&bytes)
        .unwrap()
        .page_addresses(16)
        .is_none());
}

#[test]
fn what_has_no_words_is_refused() {
    for (len, want, text) in [
        (
            0,
            LogBufferError::Short,
            "log buffer without a word at offset 0x0",
        ),
        (
            15,
            LogBufferError::Short,
            "log buffer without a word at offset 0xf",
        ),
        (
            23,
            LogBufferError::PartialWord(23),
            "log buffer of 0x17 bytes, no whole words at offset 0x10",
        ),
    ] {
        let error = LogBuffer::parse(&vec![0; len]).unwrap_err();
        assert_eq!(error.reason, want);
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn a_counter_that_cannot_be_is_only_a_number() {
    let mut bytes = buffer(5, &[1, 2, 3, 4, 5]);
    bytes[..8].fill(0xff);
    let log = LogBuffer::parse(&bytes).unwrap();
    assert_eq!((log.written(), log.kept()), (u64::MAX, 5));
    assert_eq!(log.words().last().unwrap().number, u64::MAX - 1);
}

proptest! {
    #[test]
    fn as_many_words_as_are_kept_come_out(
        written in prop_oneof![0..64u64, any::<u64>()],
        ring in any_vec(any::<u64>(), 1..32),
    ) {
        let bytes: Vec<u8> = [written].iter().chain(&ring).flat_map(|word| word.to_le_bytes()).collect();
        let log = LogBuffer::parse(&bytes).unwrap();
        prop_assert_eq!(log.words().count() as u64, written.min(ring.len() as u64));
        for word in log.words() {
            prop_assert!(word.number < written);
            prop_assert_eq!(u64_at(&bytes, word.offset), Some(word.value));
        }
    }
}
