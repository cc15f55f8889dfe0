// SPDX-License-Identifier: GPL-2.0

//! Firmware files made up for tests; none of their bytes are NVIDIA's.

use std::{
    fs,
    path::Path, //
};

/// What a driver would take out of a booter's file.
pub(crate) struct Booter {
    /// The block in front of the code.
    pub(crate) front: Vec<u8>,
    /// Secure code.
    pub(crate) code: Vec<u8>,
    /// Data, with zeros for the signature.
    pub(crate) data: Vec<u8>,
    /// Offset of the signature in the data.
    pub(crate) signature_at: usize,
    /// Signatures, as they are in the file.
    pub(crate) signatures: Vec<Vec<u8>>,
}

impl Booter {
    fn new(seed: u8, by_dma: bool, signature_size: usize, count: usize) -> Self {
        Self {
            front: vec![if by_dma { 0 } else { seed ^ 0xff }; 0x100],
            code: (0..0x300u32).map(|i| seed.wrapping_add(i as u8)).collect(),
            data: vec![0; 0x400],
            signature_at: if by_dma { 0x10 } else { 0x200 },
            signatures: (0..count)
                // As on GA10x, where the last one of two is all zeros.
                .map(|i| vec![if i == 0 { seed | 1 } else { 0 }; signature_size])
                .collect(),
        }
    }

    fn file(&self) -> Vec<u8> {
        let words = |words: &[usize]| -> Vec<u8> {
            words
                .iter()
                .flat_map(|word| (*word as u32).to_le_bytes())
                .collect()
        };
        let signatures = self.signatures.concat();
        let after = 0x3c + signatures.len();
        let load = after + 6 * 4;
        let payload_at = load + 36;
        let data_at = self.front.len() + self.code.len();
        let payload = [&self.front[..], &self.code, &self.data].concat();
        let count = self.signatures.len();
        let mut file = words(&[
            0x10de,
            1,
            payload_at + payload.len(),
            0x18,
            payload_at,
            payload.len(),
        ]);
        file.extend(words(&[
            0x3c,
            signatures.len(),
            after,
            after + 4,
            after + 8,
            12,
            after + 20,
            load,
            36,
        ]));
        file.extend(&signatures);
        file.extend(words(&[
            data_at + self.signature_at,
            0,
            count - 1,
            1,
            3,
            count,
        ]));
        file.extend(words(&[
            0,
            self.front.len(),
            data_at,
            self.data.len(),
            1,
            self.front.len(),
            self.code.len(),
            0,
            0,
        ]));
        file.extend(payload);
        file
    }
}

/// Code that the tests use as the generic bootloader.
pub(crate) const BOOTLOADER_CODE: [u8; 0x200] = [0xbb; 0x200];

fn generic_bootloader_file() -> Vec<u8> {
    let words = [
        0x10deu32, 1, 0x330, 0x18, 0x30, 0x300, 0xfd, 0, 0, 0x200, 0x200, 0x100,
    ];
    let mut file: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
    file.extend(BOOTLOADER_CODE);
    file.extend([0; 0x100]);
    file
}

/// Writes one file below `root`.
pub(crate) fn write_file(root: &Path, chip: &str, name: &str, bytes: &[u8]) {
    let place = root.join("nvidia").join(chip).join("gsp");
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join(format!("{name}-570.144.bin")), bytes).unwrap();
}

/// All files of one chip, but FMC's.
pub(crate) struct Firmware {
    pub(crate) load: Booter,
    pub(crate) unload: Booter,
    /// Bootloader of the GSP.
    pub(crate) bootloader: Vec<u8>,
    /// GSP-RM.
    pub(crate) image: Vec<u8>,
    /// Its signature.
    pub(crate) signature: Vec<u8>,
}

impl Firmware {
    /// Small files for `chip`.
    pub(crate) fn new(chip: &str) -> Self {
        let by_dma = chip.starts_with("ga102") || chip.starts_with("ad");
        let (size, count) = match (by_dma, chip) {
            (true, _) => (384, 2),
            (false, "ga100") => (384, 1),
            _ => (16, 1),
        };
        let mut load = Booter::new(0x21, by_dma, size, count);
        let mut unload = Booter::new(0x72, by_dma, size, count);
        if chip.starts_with("ad") {
            // Its cards ask for the second one.
            load.signatures[1].fill(0x77);
            unload.signatures[1].fill(0x78);
        }
        Self {
            load,
            unload,
            bootloader: vec![0xb7; 0x1000],
            // More than one page of the lowest level of its table, and not whole pages.
            image: (0..513 * 4096 + 0x123u32)
                .map(|i| (i / 4096 * 7 + i) as u8)
                .collect(),
            signature: vec![0x51; 4096],
        }
    }

    /// Writes the files below `root`.
    pub(crate) fn write(&self, root: &Path, chip: &str) {
        let write = |name: &str, bytes: &[u8]| write_file(root, chip, name, bytes);
        write("booter_load", &self.load.file());
        write("booter_unload", &self.unload.file());
        write("bootloader", &self.bootloader_file());
        write("gen_bootloader", &generic_bootloader_file());
        let section = match chip {
            "tu102" => ".fwsignature_tu10x",
            "tu116" => ".fwsignature_tu11x",
            "ga100" => ".fwsignature_ga100",
            "ga102" => ".fwsignature_ga10x",
            "gh100" => ".fwsignature_gh100",
            "gb100" | "gb102" => ".fwsignature_gb10x",
            _ if chip.starts_with("gb20") => ".fwsignature_gb20x",
            _ => ".fwsignature_ad10x",
        };
        write("gsp", &self.elf(section));
    }

    fn bootloader_file(&self) -> Vec<u8> {
        let mut words = vec![0x10de, 1, 0, 0x18, 0x18 + 76, self.bootloader.len() as u32];
        words.extend([4]);
        words.extend([0; 18]);
        let mut file: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        file.extend(&self.bootloader);
        file
    }

    /// An ELF file with image, version and signature.
    fn elf(&self, signature_section: &str) -> Vec<u8> {
        let sections: [(&str, &[u8]); 3] = [
            (".fwimage", &self.image),
            (".fwversion", b"570.144\0"),
            (signature_section, &self.signature),
        ];
        let mut names = vec![0u8];
        let mut file = vec![0u8; 64];
        let mut rows = vec![[0u64; 4]];
        for (name, bytes) in sections {
            rows.push([names.len() as u64, 1, file.len() as u64, bytes.len() as u64]);
            names.extend(name.as_bytes());
            names.push(0);
            file.extend(bytes);
        }
        rows.push([
            names.len() as u64,
            3,
            file.len() as u64,
            names.len() as u64 + 10,
        ]);
        names.extend(b".shstrtab\0");
        file.extend(&names);
        let table = file.len() as u64;
        for [name, kind, offset, size] in &rows {
            let mut row = [0u8; 64];
            row[0..4].copy_from_slice(&(*name as u32).to_le_bytes());
            row[4..8].copy_from_slice(&(*kind as u32).to_le_bytes());
            row[0x18..0x20].copy_from_slice(&offset.to_le_bytes());
            row[0x20..0x28].copy_from_slice(&size.to_le_bytes());
            row[0x30] = 1;
            file.extend(row);
        }
        file[..16].copy_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
        let put = |file: &mut Vec<u8>, at: usize, bytes: &[u8]| {
            file[at..at + bytes.len()].copy_from_slice(bytes)
        };
        put(&mut file, 0x10, &[1, 0, 243, 0, 1, 0, 0, 0]);
        put(&mut file, 0x28, &table.to_le_bytes());
        put(&mut file, 0x34, &[64, 0]);
        put(
            &mut file,
            0x3a,
            &[64, 0, rows.len() as u8, 0, rows.len() as u8 - 1, 0],
        );
        file
    }
}
