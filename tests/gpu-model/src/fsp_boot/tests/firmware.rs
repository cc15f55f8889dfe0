// SPDX-License-Identifier: GPL-2.0

//! The file of an FMC made up for tests.

use crate::fsp::tests::firmware::Fmc;

impl Fmc {
    /// An ELF file with image, hash, key and signature.
    pub(super) fn elf(&self) -> Vec<u8> {
        const NAMES: &[u8] = b"\0.shstrtab\0hash\0signature\0publickey\0image\0";
        let sections: [(u32, u32, u32, &[u8]); 5] = [
            (1, 3, 0x20, NAMES),
            (11, 1, 0xfff0_0102, &self.hash),
            (16, 1, 0xfff0_0102, &self.signature),
            (26, 1, 0xfff0_0102, &self.key),
            (36, 1, 0xfff0_0102, &self.image),
        ];
        let words = |words: &[u32]| -> Vec<u8> {
            words.iter().flat_map(|word| word.to_le_bytes()).collect()
        };
        let mut file = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
        file.extend(words(&[0, 1, 0, 0, 0x34, 0, 52, 40 << 16, 6 | 1 << 16]));
        file.extend(words(&[0; 10]));
        let mut data = Vec::new();
        for (name, kind, flags, bytes) in sections {
            let offset = (0x124 + data.len()) as u32;
            let size = bytes.len() as u32;
            file.extend(words(&[name, kind, flags, 0, offset, size, 0, 0, 1, 0]));
            data.extend(bytes);
            data.resize(data.len().next_multiple_of(4), 0);
        }
        file.extend(data);
        file
    }
}
