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
/// `DRM_IOCTL_NOVA_GEM_CREATE`: 16 bytes, handle, padding and size.
pub const GEM_CREATE: u32 = 0xc010_6441;
/// `DRM_IOCTL_NOVA_GEM_INFO`: 16 bytes, handle, padding and size.
pub const GEM_INFO: u32 = 0xc010_6442;
/// `DRM_IOCTL_NOVA_GEM_MMAP_OFFSET`: 16 bytes, handle, padding and offset.
pub const GEM_MMAP_OFFSET: u32 = 0xc010_6443;
/// `DRM_IOCTL_GEM_CLOSE`: 8 bytes, handle and padding.
pub const GEM_CLOSE: u32 = 0x4008_6409;
/// `DRM_IOCTL_PRIME_HANDLE_TO_FD`: 12 bytes, handle, flags and descriptor.
const PRIME_HANDLE_TO_FD: u32 = 0xc00c_642d;
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

/// An ioctl with a `{ u32 handle, u32 pad, u64 value }` argument; returns the value.
///
/// # Errors
/// The kernel's errno.
pub fn object_query(file: &File, request: u32, handle: u32) -> io::Result<u64> {
    query(file, request, u64::from(handle))
}

/// Makes an object and returns its handle.
///
/// # Errors
/// The kernel's errno.
pub fn create(file: &File, size: u64) -> io::Result<u32> {
    let mut argument = [0_u8; 16];
    argument[8..].copy_from_slice(&size.to_ne_bytes());
    sys::ioctl(file, GEM_CREATE, &mut argument)?;
    let mut handle = [0; 4];
    handle.copy_from_slice(&argument[..4]);
    Ok(u32::from_ne_bytes(handle))
}

/// Exports an object for reading and writing, and returns the descriptor, which the caller closes.
///
/// # Errors
/// The kernel's errno.
pub fn export(file: &File, handle: u32) -> io::Result<i32> {
    let mut argument = [0_u8; 12];
    argument[..4].copy_from_slice(&handle.to_ne_bytes());
    let flags = (libc::O_CLOEXEC | libc::O_RDWR) as u32;
    argument[4..8].copy_from_slice(&flags.to_ne_bytes());
    sys::ioctl(file, PRIME_HANDLE_TO_FD, &mut argument)?;
    let mut fd = [0; 4];
    fd.copy_from_slice(&argument[8..]);
    Ok(i32::from_ne_bytes(fd))
}

/// Closes a handle.
///
/// # Errors
/// The kernel's errno.
pub fn close(file: &File, handle: u32) -> io::Result<()> {
    let mut argument = [0_u8; 8];
    argument[..4].copy_from_slice(&handle.to_ne_bytes());
    sys::ioctl(file, GEM_CLOSE, &mut argument)
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
    match result {
        Ok(_) => "ok".to_owned(),
        Err(error) => match error.raw_os_error() {
            Some(errno) => name_of_errno(errno),
            None => error.to_string(),
        },
    }
}

/// Errors that DRM drivers return.
const NAMES: &[(i32, &str)] = &[
    (libc::EACCES, "EACCES"),
    (libc::EBADF, "EBADF"),
    (libc::EBUSY, "EBUSY"),
    (libc::EFAULT, "EFAULT"),
    (libc::EINVAL, "EINVAL"),
    (libc::EMFILE, "EMFILE"),
    (libc::ENODEV, "ENODEV"),
    (libc::ENOENT, "ENOENT"),
    (libc::ENOMEM, "ENOMEM"),
    (libc::ENOSPC, "ENOSPC"),
    (libc::ENOSYS, "ENOSYS"),
    (libc::ENOTTY, "ENOTTY"),
    (libc::ENXIO, "ENXIO"),
    (libc::EOPNOTSUPP, "EOPNOTSUPP"),
    (libc::EPERM, "EPERM"),
    (libc::ETIME, "ETIME"),
];

/// The symbolic name of an error number, or the C library's words for it.
pub fn name_of_errno(errno: i32) -> String {
    let known = NAMES.iter().find(|(number, _)| *number == errno);
    known.map_or_else(
        || io::Error::from_raw_os_error(errno).to_string(),
        |(_, name)| (*name).to_owned(),
    )
}
