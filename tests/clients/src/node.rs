// SPDX-License-Identifier: GPL-2.0

//! A DRM node and the calls the nova driver answers.

use std::{
    fs::{
        File,
        OpenOptions, //
    },
    io,
};

use crate::sys;

/// `DRM_IOCTL_NOVA_GETPARAM`: 16 bytes, parameter and value.
pub const GETPARAM: u32 = 0xc010_6440;
/// `DRM_IOCTL_GET_CAP`: 16 bytes, capability and value.
pub const GET_CAP: u32 = 0xc010_640c;
/// `NOVA_GETPARAM_VRAM_BAR_SIZE`.
pub const VRAM_BAR_SIZE: u64 = 1;

/// Opens a node for reading and writing.
///
/// # Errors
/// The kernel's errno.
pub fn open(path: &str) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

/// An ioctl with a `{ u64 key, u64 value }` argument; returns the value.
///
/// # Errors
/// The kernel's errno.
pub fn query(file: &File, request: u32, key: u64) -> io::Result<u64> {
    let mut argument = [0_u8; 16];
    argument[..8].copy_from_slice(&key.to_ne_bytes());
    sys::ioctl(file, request, &mut argument)?;
    let mut value = [0; 8];
    value.copy_from_slice(&argument[8..]);
    Ok(u64::from_ne_bytes(value))
}

/// Prints what the driver says about itself.
///
/// # Errors
/// The kernel's errno.
pub fn print_version(path: &str) -> io::Result<bool> {
    let version = sys::version(open(path)?)?;
    let [major, minor, patch] = version.numbers;
    println!("name {}", version.name);
    println!("desc {}", version.desc);
    println!("version {major}.{minor}.{patch}");
    Ok(true)
}

/// Prints a parameter's value in decimal.
///
/// # Errors
/// The kernel's errno.
pub fn print_param(path: &str, param: u64) -> io::Result<bool> {
    println!("{}", query(&open(path)?, GETPARAM, param)?);
    Ok(true)
}

/// The symbolic name of a result, such as `ok` or `EINVAL`.
pub fn name_of<T>(result: &io::Result<T>) -> String {
    let Err(error) = result else {
        return "ok".to_owned();
    };
    let name = match error.raw_os_error() {
        Some(libc::EACCES) => "EACCES",
        Some(libc::EBUSY) => "EBUSY",
        Some(libc::EFAULT) => "EFAULT",
        Some(libc::EINVAL) => "EINVAL",
        Some(libc::ENODEV) => "ENODEV",
        Some(libc::ENOENT) => "ENOENT",
        Some(libc::ENOTTY) => "ENOTTY",
        Some(libc::EOPNOTSUPP) => "EOPNOTSUPP",
        Some(libc::ENXIO) => "ENXIO",
        _ => return error.to_string(),
    };
    name.to_owned()
}
