// SPDX-License-Identifier: GPL-2.0

//! Takes the compressed kernel out of its bzImage, so that the guest does not have to.
//!
//! Unpacking inside an emulated CPU costs 1.5 s of each boot; the bytes are the same. QEMU enters an
//! uncompressed kernel through its PVH entry point. A kernel built without one boots from its bzImage.
//!
//! Source: Linux `Documentation/arch/x86/boot.rst` (`setup_sects`, `payload_offset`, `payload_length`).

use std::{
    io::Write,
    path::{
        Path,
        PathBuf, //
    },
    process::{
        Command,
        Stdio, //
    },
};

use crate::{
    elf,
    error::{
        Context,
        Error,
        Result, //
    },
    store::{
        Key,
        Store, //
    },
};

/// The fastest file QEMU can boot for this bzImage.
///
/// # Errors
/// When the image cannot be read or is no bzImage.
pub fn bootable(image: &Path, store: &Store) -> Result<PathBuf> {
    let key = Key::new("vmlinux-1").stamp(image)?;
    let unpacked = store.file("vmlinux", key, || {
        let bytes = std::fs::read(image).context(|| image.display().to_string())?;
        let payload = payload(&bytes).context(|| image.display().to_string())?;
        let kernel = decompress(payload)?;
        // An empty file remembers that this kernel has no direct entry.
        Ok(if elf::has_pvh_entry(&kernel) {
            kernel
        } else {
            Vec::new()
        })
    })?;
    let usable = std::fs::metadata(&unpacked).is_ok_and(|m| m.len() > 0);
    Ok(if usable {
        unpacked
    } else {
        image.to_path_buf()
    })
}

/// The compressed part of a bzImage.
///
/// # Errors
/// When a header field is missing or points outside.
pub fn payload(image: &[u8]) -> Result<&[u8]> {
    let word = |at: usize| -> Option<usize> {
        let bytes = image.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    };
    if image.get(0x202..0x206) != Some(b"HdrS".as_slice()) {
        return Err(Error::new("no boot header: not a bzImage"));
    }
    let setup_sectors = match image.get(0x1f1).copied() {
        Some(0) | None => 4,
        Some(n) => usize::from(n),
    };
    let (offset, length) = word(0x248)
        .zip(word(0x24c))
        .ok_or_else(|| Error::new("short boot header"))?;
    let start = (setup_sectors + 1) * 512 + offset;
    image
        .get(start..start + length)
        .ok_or_else(|| Error::new("the boot header's payload lies outside the file"))
}

fn decompress(payload: &[u8]) -> Result<Vec<u8>> {
    for (magic, program) in [
        (b"\x28\xb5\x2f\xfd".as_slice(), "zstd"),
        (b"\xfd7zXZ\0", "xz"),
        (b"\x1f\x8b", "gzip"),
    ] {
        if payload.starts_with(magic) {
            return pipe_through(program, payload);
        }
    }
    // Another compression: the caller boots the bzImage.
    Ok(Vec::new())
}

/// Runs `program -dc` over bytes.
///
/// The kernel build appends the unpacked size after the compressed stream, which the programs report as
/// trailing garbage; what they wrote before is complete, and the ELF check of the caller proves it.
pub fn pipe_through(program: &str, bytes: &[u8]) -> Result<Vec<u8>> {
    let mut child = Command::new(program)
        .arg("-dc")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context(|| format!("starting {program}"))?;
    let mut stdin = child.stdin.take().ok_or_else(|| Error::new("no pipe"))?;
    let output = std::thread::scope(|scope| {
        scope.spawn(move || {
            // The reader may stop early at trailing bytes; that is no error here.
            let _ = stdin.write_all(bytes);
        });
        child.wait_with_output()
    });
    let output = output.context(|| format!("running {program}"))?;
    if output.stdout.is_empty() {
        return Err(Error::new(format!(
            "{program} could not unpack {} bytes ({})",
            bytes.len(),
            output.status
        )));
    }
    Ok(output.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(setup_sectors: u8, offset: u32, length: u32) -> Vec<u8> {
        let mut bytes = vec![0; 4096];
        bytes[0x1f1] = setup_sectors;
        bytes[0x202..0x206].copy_from_slice(b"HdrS");
        bytes[0x248..0x24c].copy_from_slice(&offset.to_le_bytes());
        bytes[0x24c..0x250].copy_from_slice(&length.to_le_bytes());
        bytes[2048 + 16..2048 + 20].copy_from_slice(b"load");
        bytes
    }

    #[test]
    fn the_payload_is_found_behind_the_setup_sectors() {
        assert_eq!(payload(&image(3, 16, 4)).unwrap(), b"load");
    }

    #[test]
    fn fields_that_point_outside_are_refused() {
        for (name, bytes, wanted) in [
            ("too long", image(3, 16, 4096), "lies outside"),
            ("too far", image(3, 1 << 31, 4), "lies outside"),
            ("no header", vec![0; 4096], "not a bzImage"),
            ("empty", Vec::new(), "not a bzImage"),
        ] {
            let error = payload(&bytes).unwrap_err().to_string();
            assert!(error.contains(wanted), "{name}: {error}");
        }
    }
}
