// SPDX-License-Identifier: GPL-2.0

//! System calls that need no memory of their own; the others are in `memory.rs`. No `unsafe` elsewhere.

use std::{
    io,
    os::fd::{
        AsFd,
        AsRawFd, //
    },
    ptr,
    time::Duration,
};

/// Bits of an ioctl number that hold the argument's size.
const SIZE_SHIFT: u32 = 16;
const SIZE_MASK: u32 = 0x3fff;
/// `DRM_IOCTL_VERSION`: its argument holds pointers, so [`ioctl`] does not take it.
const VERSION: u32 = 0xc040_6400;
/// Bits of an ioctl number that say which one it is: type and number.
const IDENTITY: u32 = 0xffff;
/// An address nothing is ever mapped at.
const NOWHERE: usize = 8;

/// An ioctl whose argument holds no pointers. The kernel reads and writes at most the size that is part of
/// `request`, and `argument` must be that long.
///
/// # Errors
/// The kernel's errno.
pub fn ioctl(fd: impl AsFd, request: u32, argument: &mut [u8]) -> io::Result<()> {
    ioctl_value(fd, request, argument).map(drop)
}

/// The same, for ioctls that return something, such as a descriptor.
///
/// # Errors
/// The kernel's errno.
pub fn ioctl_value(fd: impl AsFd, request: u32, argument: &mut [u8]) -> io::Result<i32> {
    let size = ((request >> SIZE_SHIFT) & SIZE_MASK) as usize;
    assert!(
        size <= argument.len(),
        "ioctl {request:#x} needs {size} bytes"
    );
    assert!(request & IDENTITY != VERSION & IDENTITY, "use version()");
    // SAFETY: the descriptor is open for the call's duration, and the argument is writable for the size
    // the request announces; DRM ioctls without embedded pointers touch nothing else.
    let result = unsafe {
        libc::ioctl(
            fd.as_fd().as_raw_fd(),
            u64::from(request),
            argument.as_mut_ptr(),
        )
    };
    check(result).map(|()| result)
}

/// Whether reading would not wait: for a dma-buf and a sync file, whether fences have ended.
///
/// # Errors
/// The kernel's errno.
pub fn is_readable(fd: impl AsFd) -> io::Result<bool> {
    let mut poll = libc::pollfd {
        fd: fd.as_fd().as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: one structure, writable for the call's duration.
    check(unsafe { libc::poll(&raw mut poll, 1, 0) })?;
    Ok(poll.revents & libc::POLLIN != 0)
}

/// An ioctl with an address where nothing is mapped.
///
/// # Errors
/// The kernel's errno; `EFAULT` is what should come.
pub fn ioctl_bad_pointer(fd: impl AsFd, request: u32) -> io::Result<()> {
    // SAFETY: the kernel checks user addresses; page 0 is never mapped (`vm.mmap_min_addr`), so that it can
    // write nothing.
    check(unsafe { libc::ioctl(fd.as_fd().as_raw_fd(), u64::from(request), NOWHERE) })
}

/// `struct drm_version` of `include/uapi/drm/drm.h`.
#[repr(C)]
struct DrmVersion {
    numbers: [i32; 3],
    name_len: usize,
    name: *mut u8,
    date_len: usize,
    date: *mut u8,
    desc_len: usize,
    desc: *mut u8,
}

/// What a driver says about itself.
pub struct Version {
    /// Major, minor, patch level.
    pub numbers: [i32; 3],
    /// Short name, such as `nova-drm`.
    pub name: String,
    /// Description for people.
    pub desc: String,
}

/// `DRM_IOCTL_VERSION`.
///
/// # Errors
/// The kernel's errno.
pub fn version(fd: impl AsFd) -> io::Result<Version> {
    const { assert!(size_of::<DrmVersion>() == 64) };
    let (mut name, mut desc) = ([0_u8; 128], [0_u8; 256]);
    let mut argument = DrmVersion {
        numbers: [0; 3],
        name_len: name.len(),
        name: name.as_mut_ptr(),
        date_len: 0,
        date: ptr::null_mut(),
        desc_len: desc.len(),
        desc: desc.as_mut_ptr(),
    };
    // SAFETY: the argument has the layout of this ioctl, and its two pointers lead to buffers of the stated
    // lengths that outlive the call; the third has length 0.
    check(unsafe {
        libc::ioctl(
            fd.as_fd().as_raw_fd(),
            u64::from(VERSION),
            &raw mut argument,
        )
    })?;
    // The kernel returns full lengths, which may exceed what it copied.
    let text = |bytes: &[u8], len: usize| {
        String::from_utf8_lossy(&bytes[..len.min(bytes.len())]).into_owned()
    };
    Ok(Version {
        numbers: argument.numbers,
        name: text(&name, argument.name_len),
        desc: text(&desc, argument.desc_len),
    })
}

/// Tries to map a page of the node at `offset`, and unmaps it again.
///
/// # Errors
/// The kernel's errno.
pub fn try_map(fd: impl AsFd, offset: i64) -> io::Result<()> {
    const PAGE: usize = 4096;
    // SAFETY: a new mapping at an address of the kernel's choice disturbs no existing memory.
    let address = unsafe {
        libc::mmap(
            ptr::null_mut(),
            PAGE,
            libc::PROT_READ,
            libc::MAP_SHARED,
            fd.as_fd().as_raw_fd(),
            offset,
        )
    };
    if address == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: exactly the mapping made above, to which no reference exists.
    check(unsafe { libc::munmap(address, PAGE) })
}

/// Lets this process have `count` files open at a time. Only root may go beyond the usual limit.
///
/// # Errors
/// The kernel's errno.
pub fn allow_files(count: u64) -> io::Result<()> {
    let limit = libc::rlimit {
        rlim_cur: count,
        rlim_max: count,
    };
    // SAFETY: the structure is readable.
    check(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) })
}

/// Time of `CLOCK_MONOTONIC`.
pub fn monotonic() -> Duration {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the structure is writable, and this clock is always there.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

fn check(result: i32) -> io::Result<()> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}
