// SPDX-License-Identifier: GPL-2.0

//! vgem, the kernel's own driver without hardware: objects to compare ours with, and to share.

use std::{
    fs::{
        self,
        File, //
    },
    io, //
};

use crate::{
    node,
    sys, //
};

const MODE_CREATE_DUMB: u32 = 0xc020_64b2;
const MODE_MAP_DUMB: u32 = 0xc010_64b3;
const PAGE: u64 = 4096;

/// Opens its primary node: only there it makes objects.
///
/// # Errors
/// When it is not there.
pub fn open() -> io::Result<File> {
    for entry in fs::read_dir("/dev/dri")?.flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if !name.to_string_lossy().starts_with("card") {
            continue;
        }
        let file = node::open(&path.to_string_lossy())?;
        if sys::version(&file)?.name == "vgem" {
            return Ok(file);
        }
    }
    Err(io::Error::other("there is no vgem"))
}

/// Makes an object of whole pages and returns its handle. vgem has no call of its own for that: it is a picture whose
/// lines are pages.
///
/// # Errors
/// The kernel's errno.
pub fn create(file: &File, size: u64) -> io::Result<u32> {
    const BITS: u32 = 32;
    let width = (PAGE / 4) as u32;
    let height = (size / PAGE) as u32;
    let mut argument = [0_u8; 32];
    for (word, value) in argument.chunks_exact_mut(4).zip([height, width, BITS]) {
        word.copy_from_slice(&value.to_ne_bytes());
    }
    sys::ioctl(file, MODE_CREATE_DUMB, &mut argument)?;
    let mut handle = [0; 4];
    handle.copy_from_slice(&argument[16..20]);
    Ok(u32::from_ne_bytes(handle))
}

/// Where to map an object.
///
/// # Errors
/// The kernel's errno.
pub fn offset(file: &File, handle: u32) -> io::Result<u64> {
    node::object_query(file, MODE_MAP_DUMB, handle)
}
