// SPDX-License-Identifier: GPL-2.0

//! The "newc" cpio archive that the kernel unpacks into its first root file system.
//!
//! Source: Linux `Documentation/driver-api/early-userspace/buffer-format.rst`. Archives may follow each
//! other in one image; the kernel wants each to start on a 4-byte boundary, which [`Archive::finish`]
//! guarantees by padding to 512 bytes.

use std::collections::BTreeSet;

const MAGIC: &[u8; 6] = b"070701";
const TRAILER: &str = "TRAILER!!!";
const HEADER_LEN: usize = 110;
const S_IFREG: u32 = 0o100_000;
const S_IFDIR: u32 = 0o040_000;
const S_IFLNK: u32 = 0o120_000;

/// An archive being written. Parents are created as needed; the same inputs give the same bytes.
#[derive(Debug, Default)]
pub struct Archive {
    bytes: Vec<u8>,
    inode: u32,
    directories: BTreeSet<String>,
}

impl Archive {
    /// An empty archive.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a regular file; `mode` holds the permission bits only.
    pub fn file(&mut self, path: &str, mode: u32, data: &[u8]) {
        self.parents(path);
        self.entry(path, S_IFREG | (mode & 0o7777), data);
    }

    /// Adds a symbolic link.
    pub fn symlink(&mut self, path: &str, target: &str) {
        self.parents(path);
        self.entry(path, S_IFLNK | 0o777, target.as_bytes());
    }

    /// Adds a directory, once.
    pub fn directory(&mut self, path: &str) {
        let path = path.trim_matches('/');
        if path.is_empty() || !self.directories.insert(path.to_owned()) {
            return;
        }
        self.parents(path);
        self.entry(path, S_IFDIR | 0o755, &[]);
    }

    /// Closes the archive and returns its bytes.
    pub fn finish(mut self) -> Vec<u8> {
        self.entry(TRAILER, 0, &[]);
        self.pad(512);
        self.bytes
    }

    fn parents(&mut self, path: &str) {
        if let Some((parent, _)) = path.trim_matches('/').rsplit_once('/') {
            self.directory(parent);
        }
    }

    fn entry(&mut self, path: &str, mode: u32, data: &[u8]) {
        let name = path.trim_start_matches('/');
        let size = u32::try_from(data.len()).expect("a file of an initramfs is below 4 GiB");
        self.inode += 1;
        let fields = [
            self.inode,
            mode,
            0, // owner
            0, // group
            1, // links
            0, // time: fixed, so that equal contents give equal archives
            size,
            0,
            0,
            0,
            0, // device numbers
            u32::try_from(name.len() + 1).expect("a path is short"),
            0, // checksum, unused by this format
        ];
        self.bytes.extend_from_slice(MAGIC);
        for field in fields {
            self.bytes
                .extend_from_slice(format!("{field:08x}").as_bytes());
        }
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.pad(4);
        self.bytes.extend_from_slice(data);
        self.pad(4);
    }

    fn pad(&mut self, to: usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(to), 0);
    }
}

/// One entry of an archive, as [`read`] found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path without a leading slash.
    pub path: String,
    /// Type and permission bits.
    pub mode: u32,
    /// File contents or link target.
    pub data: Vec<u8>,
}

/// Reads one archive back, up to its trailer.
///
/// # Errors
/// Says at which offset the archive stops making sense.
pub fn read(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let mut entries = Vec::new();
    let mut at = 0;
    loop {
        let header = bytes
            .get(at..at + HEADER_LEN)
            .ok_or(format!("offset {at:#x}: short header"))?;
        if &header[..6] != MAGIC {
            return Err(format!("offset {at:#x}: not a newc header"));
        }
        let field = |n: usize| -> Result<usize, String> {
            let digits = &header[6 + 8 * n..14 + 8 * n];
            std::str::from_utf8(digits)
                .ok()
                .and_then(|d| usize::from_str_radix(d, 16).ok())
                .ok_or(format!("offset {at:#x}: field {n} is not hexadecimal"))
        };
        let (mode, size, name_len) = (field(1)?, field(6)?, field(11)?);
        let name_at = at + HEADER_LEN;
        let data_at = (name_at + name_len).next_multiple_of(4);
        let name = bytes
            .get(name_at..(name_at + name_len).saturating_sub(1))
            .ok_or(format!("offset {name_at:#x}: short name"))?;
        let data = bytes
            .get(data_at..data_at + size)
            .ok_or(format!("offset {data_at:#x}: short data"))?;
        let path = String::from_utf8_lossy(name).into_owned();
        if path == TRAILER {
            return Ok(entries);
        }
        let mode = u32::try_from(mode).map_err(|_| format!("offset {at:#x}: mode too large"))?;
        entries.push(Entry {
            path,
            mode,
            data: data.to_vec(),
        });
        at = (data_at + size).next_multiple_of(4);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_with_parents_first() {
        let mut archive = Archive::new();
        archive.file("/lib/firmware/a.bin", 0o644, b"12345");
        archive.file("init", 0o755, b"#!/bin/sh\n");
        archive.symlink("/lib/firmware/b.bin", "a.bin");
        archive.file("/lib/empty", 0o600, b"");
        let entries = read(&archive.finish()).unwrap();
        let seen: Vec<_> = entries
            .iter()
            .map(|e| (e.path.as_str(), e.mode, e.data.as_slice()))
            .collect();
        let wanted: Vec<(&str, u32, &[u8])> = vec![
            ("lib", 0o040_755, b""),
            ("lib/firmware", 0o040_755, b""),
            ("lib/firmware/a.bin", 0o100_644, b"12345"),
            ("init", 0o100_755, b"#!/bin/sh\n"),
            ("lib/firmware/b.bin", 0o120_777, b"a.bin"),
            ("lib/empty", 0o100_600, b""),
        ];
        assert_eq!(seen, wanted);
    }

    #[test]
    fn every_length_of_name_and_data_survives_the_padding() {
        for name_len in 1..9 {
            for data_len in 0..9 {
                let name = "n".repeat(name_len);
                let data = vec![b'd'; data_len];
                let mut archive = Archive::new();
                archive.file(&name, 0o644, &data);
                archive.file("after", 0o644, b"x");
                let entries = read(&archive.finish()).unwrap();
                assert_eq!(entries[0].path, name, "name {name_len}, data {data_len}");
                assert_eq!(entries[0].data, data, "name {name_len}, data {data_len}");
                assert_eq!(entries[1].path, "after", "name {name_len}, data {data_len}");
            }
        }
    }

    #[test]
    fn equal_inputs_give_equal_bytes_that_can_be_concatenated() {
        let build = || {
            let mut archive = Archive::new();
            archive.file("/a/b", 0o644, b"same");
            archive.finish()
        };
        assert_eq!(build(), build());
        assert_eq!(build().len() % 512, 0);
    }

    #[test]
    fn cut_archives_are_refused_with_an_offset() {
        let mut archive = Archive::new();
        archive.file("a", 0o644, b"data");
        let bytes = archive.finish();
        for (cut, wanted) in [
            (50, "short header"),
            (112, "short data"),
            (120, "short header"),
        ] {
            let error = read(&bytes[..cut]).unwrap_err();
            assert!(error.contains(wanted), "cut at {cut}: {error}");
        }
        assert!(read(b"070702").unwrap_err().contains("short header"));
        assert!(read(&[b'x'; 200])
            .unwrap_err()
            .contains("not a newc header"));
    }
}
