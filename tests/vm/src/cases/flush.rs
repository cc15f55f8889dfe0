// SPDX-License-Identifier: GPL-2.0

//! Which register tells each chip its sysmem flush page: stated here once more, on its own, so that driver
//! and model cannot agree on a wrong one unnoticed.

/// Offsets of the low halves, by prefix of the chip's name; the first that fits counts.
const LOW_HALVES: &[(&str, &[u64])] = &[
    ("tu", &[0x10_0c10]),
    ("ga", &[0x10_0c10]),
    ("ad", &[0x10_0c10]),
    ("gh", &[0x10_0a34]),
    ("gb10", &[0x87_0e50, 0x87_06c0]),
    ("gb20", &[0x8a_1d58]),
];

/// Registers with the low half of the address.
pub fn low_halves(chip: &str) -> &'static [u64] {
    LOW_HALVES
        .iter()
        .find(|(prefix, _)| chip.starts_with(prefix))
        .map_or(&[], |(_, registers)| registers)
}

#[cfg(test)]
mod tests {
    use super::low_halves;

    #[test]
    fn every_chip_has_a_flush_register() {
        for chip in crate::gpu::CHIPS {
            assert!(!low_halves(chip).is_empty(), "{chip}");
        }
        assert!(low_halves("nv04").is_empty());
    }
}
