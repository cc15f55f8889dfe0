// SPDX-License-Identifier: GPL-2.0

//! What each call, right or wrong, must return: a table, printed as KTAP.

use std::{
    fs::{
        File,
        OpenOptions, //
    },
    io,
    os::unix::fs::OpenOptionsExt,
};

use crate::{
    node::{
        self,
        create,
        name_of,
        object_query,
        query,
        GEM_CLOSE,
        GEM_CREATE,
        GEM_INFO,
        GEM_MMAP_OFFSET,
        GETPARAM,
        GET_CAP,
        VRAM_BAR_SIZE, //
    },
    sys,
};

const SET_CLIENT_CAP: u32 = 0x4010_640d;
const GEM_FLINK: u32 = 0xc008_640a;
/// A driver number behind the table of any driver: the last one the core gives to drivers.
const LAST_DRIVER_NUMBER: u32 = 0xc010_649f;
/// A core number no kernel has.
const UNKNOWN_CORE: u32 = 0xc010_64ff;
/// [`GETPARAM`] with another subsystem's letter.
const FOREIGN_TYPE: u32 = 0xc010_6540;
/// [`GETPARAM`] with the first 8 bytes of its argument only, and with 16 more than it has.
const GETPARAM_SHORT: u32 = 0xc008_6440;
const GETPARAM_LONG: u32 = 0xc020_6440;
const CAP_DUMB_BUFFER: u64 = 1;
const CAP_PRIME: u64 = 5;
const CAP_TIMESTAMP_MONOTONIC: u64 = 6;
const CAP_SYNCOBJ: u64 = 0x13;
const CAP_SYNCOBJ_TIMELINE: u64 = 0x14;
const CAP_UNKNOWN: u64 = 0xffff;
const NO_HANDLE: u32 = 0x7fff_fff0;
/// An mmap offset no object was given.
const NO_OFFSET: i64 = 0x7000_0000_0000;

/// What a call returned, as text: `ok`, `ok = value`, or an errno.
type Found = String;

struct Row {
    name: &'static str,
    call: fn(&File, &str) -> Found,
    primary: &'static str,
    render: &'static str,
}

const fn row(name: &'static str, call: fn(&File, &str) -> Found, both: &'static str) -> Row {
    Row {
        name,
        call,
        primary: both,
        render: both,
    }
}

const ROWS: &[Row] = &[
    row(
        "the video memory BAR has a size",
        |f, _| name_of(&query(f, GETPARAM, VRAM_BAR_SIZE)),
        "ok",
    ),
    row(
        "parameter 0 is unknown",
        |f, _| name_of(&query(f, GETPARAM, 0)),
        "EINVAL",
    ),
    row(
        "parameter 2^64-1 is unknown",
        |f, _| name_of(&query(f, GETPARAM, u64::MAX)),
        "EINVAL",
    ),
    row(
        "an object of no bytes is refused",
        |f, _| name_of(&create(f, 0)),
        "EINVAL",
    ),
    row(
        "an object that cannot be rounded up is refused",
        |f, _| name_of(&create(f, u64::MAX)),
        "EINVAL",
    ),
    row(
        "an object that is larger than memory is refused",
        |f, _| name_of(&create(f, 1 << 62)),
        "ENOMEM",
    ),
    row(
        "an object of one byte is a page long",
        |f, _| value(create(f, 1).and_then(|handle| object_query(f, GEM_INFO, handle))),
        "ok = 4096",
    ),
    row(
        "nothing is known of a handle nobody has",
        |f, _| name_of(&object_query(f, GEM_INFO, NO_HANDLE)),
        "ENOENT",
    ),
    row(
        "a handle nobody has cannot be mapped",
        |f, _| name_of(&object_query(f, GEM_MMAP_OFFSET, NO_HANDLE)),
        "ENOENT",
    ),
    row(
        "the padding of an addition is checked",
        |f, _| name_of(&query(f, GEM_MMAP_OFFSET, 1 << 32 | 1)),
        "EINVAL",
    ),
    row(
        "an unmapped argument is a fault for objects, too",
        |f, _| name_of(&sys::ioctl_bad_pointer(f, GEM_CREATE)),
        "EFAULT",
    ),
    row(
        "a driver number beyond the table is refused",
        |f, _| name_of(&query(f, LAST_DRIVER_NUMBER, 1)),
        "EINVAL",
    ),
    row(
        "a core number beyond the table is refused",
        |f, _| name_of(&query(f, UNKNOWN_CORE, 1)),
        "EINVAL",
    ),
    row(
        "another subsystem's ioctl is none of ours",
        |f, _| name_of(&query(f, FOREIGN_TYPE, 1)),
        "ENOTTY",
    ),
    row(
        "a shorter argument is extended with zeros",
        |f, _| short_argument(f),
        "ok",
    ),
    row(
        "a longer argument keeps its tail",
        |f, _| long_argument(f),
        "ok, tail kept",
    ),
    row(
        "an unmapped argument is a fault",
        |f, _| name_of(&sys::ioctl_bad_pointer(f, GETPARAM)),
        "EFAULT",
    ),
    row(
        "exclusive opening is refused",
        |_, path| name_of(&open_exclusive(path)),
        "EBUSY",
    ),
    row(
        "PRIME import and export are there",
        |f, _| value(query(f, GET_CAP, CAP_PRIME)),
        "ok = 3",
    ),
    row(
        "time stamps are monotonic",
        |f, _| value(query(f, GET_CAP, CAP_TIMESTAMP_MONOTONIC)),
        "ok = 1",
    ),
    row(
        "there are syncobjs",
        |f, _| value(query(f, GET_CAP, CAP_SYNCOBJ)),
        "ok = 1",
    ),
    row(
        "syncobjs can be timelines",
        |f, _| value(query(f, GET_CAP, CAP_SYNCOBJ_TIMELINE)),
        "ok = 1",
    ),
    row(
        "there are no dumb buffers",
        |f, _| name_of(&query(f, GET_CAP, CAP_DUMB_BUFFER)),
        "EOPNOTSUPP",
    ),
    row(
        "an unknown capability is refused",
        |f, _| name_of(&query(f, GET_CAP, CAP_UNKNOWN)),
        "EOPNOTSUPP",
    ),
    Row {
        name: "client capabilities need a display",
        call: |f, _| name_of(&sys::ioctl(f, SET_CLIENT_CAP, &mut [0; 16])),
        primary: "EOPNOTSUPP",
        render: "EACCES",
    },
    row(
        "closing a handle nobody has is an error",
        |f, _| name_of(&close_handle(f)),
        "EINVAL",
    ),
    Row {
        name: "global names are not for render nodes",
        call: |f, _| name_of(&flink(f)),
        primary: "ENOENT",
        render: "EACCES",
    },
    row(
        "an offset nobody was given cannot be mapped",
        |f, _| name_of(&sys::try_map(f, NO_OFFSET)),
        "EINVAL",
    ),
];

/// Runs the table on a node and prints KTAP.
///
/// # Errors
/// When the node cannot be opened.
pub fn run(path: &str) -> io::Result<bool> {
    let file = node::open(path)?;
    let is_render = path.contains("renderD");
    println!("KTAP version 1");
    println!("1..{}", ROWS.len());
    let mut fine = true;
    for (index, row) in ROWS.iter().enumerate() {
        let wanted = if is_render { row.render } else { row.primary };
        let found = (row.call)(&file, path);
        if found == wanted {
            println!("ok {} {}", index + 1, row.name);
        } else {
            println!("# found {found}, wanted {wanted}");
            println!("not ok {} {}", index + 1, row.name);
            fine = false;
        }
    }
    Ok(fine)
}

fn value(result: io::Result<u64>) -> Found {
    match result {
        Ok(value) => format!("ok = {value}"),
        error => name_of(&error),
    }
}

fn short_argument(file: &File) -> Found {
    name_of(&sys::ioctl(
        file,
        GETPARAM_SHORT,
        &mut VRAM_BAR_SIZE.to_ne_bytes(),
    ))
}

fn long_argument(file: &File) -> Found {
    let mut argument = [0xa5_u8; 32];
    argument[..8].copy_from_slice(&VRAM_BAR_SIZE.to_ne_bytes());
    let result = sys::ioctl(file, GETPARAM_LONG, &mut argument);
    let kept = argument[16..].iter().all(|&b| b == 0xa5);
    format!(
        "{}, tail {}",
        name_of(&result),
        if kept { "kept" } else { "changed" }
    )
}

fn open_exclusive(path: &str) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_EXCL)
        .open(path)
}

fn close_handle(file: &File) -> io::Result<()> {
    let mut argument = [0_u8; 8];
    argument[..4].copy_from_slice(&NO_HANDLE.to_ne_bytes());
    sys::ioctl(file, GEM_CLOSE, &mut argument)
}

fn flink(file: &File) -> io::Result<()> {
    let mut argument = [0_u8; 8];
    argument[..4].copy_from_slice(&NO_HANDLE.to_ne_bytes());
    sys::ioctl(file, GEM_FLINK, &mut argument)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_name_of_its_own() {
        for (index, row) in ROWS.iter().enumerate() {
            assert!(
                !ROWS[..index].iter().any(|r| r.name == row.name),
                "{}",
                row.name
            );
        }
    }

    #[test]
    fn the_numbers_differ_only_in_what_they_try() {
        assert_eq!(GETPARAM_SHORT & 0xffff, GETPARAM & 0xffff);
        assert_eq!(GETPARAM_LONG & 0xffff, GETPARAM & 0xffff);
        assert_eq!(FOREIGN_TYPE & 0xff, GETPARAM & 0xff);
    }

    #[test]
    fn a_file_that_is_no_drm_node_has_other_answers() {
        let null = node::open("/dev/null").unwrap();
        assert_eq!(name_of(&query(&null, GETPARAM, VRAM_BAR_SIZE)), "ENOTTY");
        assert_eq!(name_of(&sys::version(&null).map(|_| ())), "ENOTTY");
        assert_eq!(name_of(&node::open("/no/such/node")), "ENOENT");
    }
}
