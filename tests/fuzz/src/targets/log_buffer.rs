// SPDX-License-Identifier: GPL-2.0

//! A log buffer of GSP-RM's.

use super::judge;
use nova_firmware::abi::r570_144::log_buffer::LogBuffer;

pub(super) fn run(data: &[u8]) -> bool {
    let log = LogBuffer::parse(data);
    judge(&log);
    let Ok(log) = log else { return false };
    assert!(log.capacity() != 0 && log.kept() <= log.capacity() && log.kept() <= log.written());
    let mut number = log.written() - log.kept();
    for word in log.words() {
        assert_eq!(word.number, number);
        let there = data[word.offset..]
            .first_chunk()
            .copied()
            .map(u64::from_le_bytes);
        assert_eq!(there, Some(word.value));
        number += 1;
    }
    assert_eq!(number, log.written());
    if let Some(newest) = log.newest() {
        assert_eq!(
            (newest.site.number + 1, newest.time.number + 1),
            (newest.time.number, number)
        );
    }
    for pages in [0, 16, usize::MAX] {
        let addresses = log.page_addresses(pages).map(Iterator::count);
        assert!(addresses.is_none_or(|count| count <= pages && log.written() == 0));
    }
    true
}
