// SPDX-License-Identifier: GPL-2.0

//! The calls a client can make on a render node, as data: what each field of an argument means, and which errors
//! the uAPI knows.
//!
//! Source: `nova/drm/uapi/nova_drm.h`, and `include/uapi/drm/drm.h` of the kernel.

use libc::{
    EACCES,
    EBADF,
    EFAULT,
    EINVAL,
    EMFILE,
    ENODEV,
    ENOENT,
    ENOMEM,
    ENOSPC,
    ENOSYS,
    ENOTTY,
    EOPNOTSUPP,
    ETIME, //
};

/// What a field is for, which decides what is put into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Handle of a buffer object.
    Object,
    /// Handle of a syncobj.
    Syncobj,
    /// Bytes of an object to be.
    Size,
    /// Parameter of `GETPARAM`.
    Param,
    /// A capability.
    Capability,
    /// Zero, says the uAPI.
    Pad,
    /// Some of these bits.
    Flags(u32),
    /// A file descriptor, mostly of this kind.
    Fd(FdKind),
    /// Only written by the kernel.
    Out,
    /// Number of elements behind a pointer.
    Count,
    /// Number of characters behind a pointer.
    Length,
    /// Where an array of syncobj handles is.
    Syncobjs,
    /// Where an array of 64-bit points on a timeline is.
    Points,
    /// Where a text is.
    Text,
    /// A point on a timeline.
    Point,
    /// A moment that is never far in the future, so that no call waits for ever.
    Moment,
}

/// What a file descriptor stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FdKind {
    /// A buffer object.
    Buffer,
    /// A syncobj, or its fence.
    Sync,
    /// An eventfd.
    Event,
}

/// One field of an argument.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// What it is for.
    pub kind: Kind,
    /// Where it begins.
    pub offset: usize,
    /// Its bytes: 4 or 8.
    pub size: usize,
}

/// One ioctl.
#[derive(Debug)]
pub struct Call {
    /// Name, without its prefix.
    pub name: &'static str,
    /// The whole number, with the size of the argument.
    pub number: u32,
    /// Its fields.
    pub fields: &'static [Field],
    /// What it may return besides success, on a node whose device is there.
    pub errors: &'static [i32],
    /// Whether it can succeed on a render node.
    pub can_succeed: bool,
    /// Where it returns a new file descriptor, and of what.
    pub new_fd: Option<(usize, FdKind)>,
}

impl Call {
    /// Bytes of the argument.
    pub fn size(&self) -> usize {
        ((self.number >> 16) & 0x3fff) as usize
    }

    /// Whether it is the driver's own, and not the DRM core's.
    pub fn is_ours(&self) -> bool {
        (0x40..0xa0).contains(&(self.number & 0xff))
    }
}

const fn field(kind: Kind, offset: usize, size: usize) -> Field {
    Field { kind, offset, size }
}

const fn call(
    name: &'static str,
    number: u32,
    fields: &'static [Field],
    errors: &'static [i32],
) -> Call {
    Call {
        name,
        number,
        fields,
        errors,
        can_succeed: true,
        new_fd: None,
    }
}

const fn refused(name: &'static str, number: u32, errors: &'static [i32]) -> Call {
    Call {
        can_succeed: false,
        ..call(name, number, &[], errors)
    }
}

const CREATE_SIGNALED: u32 = 1;
/// `EXPORT_SYNC_FILE` and `TIMELINE`.
const FD_FLAGS: u32 = 3;
/// Never with `TIMELINE`: with it, the DRM core of Linux 7.3 makes a point on a timeline of a sync file's fence without
/// looking whether that is a chain of points itself, and its fences then warn (`dma_fence_chain_init`). That is so for
/// every driver with timelines.
const IMPORT_SYNC_FILE: u32 = 1;
/// `WAIT_ALL`, `WAIT_FOR_SUBMIT`, `WAIT_AVAILABLE`, `WAIT_DEADLINE`.
const WAIT_FLAGS: u32 = 0xf;
/// `DRM_CLOEXEC` and `DRM_RDWR`.
const PRIME_FLAGS: u32 = 0o2_000_002;

/// All calls; those with `NOVA_` are the driver's, the others the DRM core's.
pub const CALLS: &[Call] = &[
    call(
        "NOVA_GETPARAM",
        0xc010_6440,
        &[field(Kind::Param, 0, 8), field(Kind::Out, 8, 8)],
        &[EINVAL, EFAULT],
    ),
    call(
        "NOVA_GEM_CREATE",
        0xc010_6441,
        &[
            field(Kind::Out, 0, 4),
            field(Kind::Pad, 4, 4),
            field(Kind::Size, 8, 8),
        ],
        &[EINVAL, EFAULT, ENOMEM, ENOSPC],
    ),
    call(
        "NOVA_GEM_INFO",
        0xc010_6442,
        &[
            field(Kind::Object, 0, 4),
            field(Kind::Pad, 4, 4),
            field(Kind::Out, 8, 8),
        ],
        &[EFAULT, ENOENT],
    ),
    call(
        "NOVA_GEM_MMAP_OFFSET",
        0xc010_6443,
        &[
            field(Kind::Object, 0, 4),
            field(Kind::Pad, 4, 4),
            field(Kind::Out, 8, 8),
        ],
        &[EINVAL, EFAULT, ENOENT, ENOMEM],
    ),
    call(
        "VERSION",
        0xc040_6400,
        &[
            field(Kind::Out, 0, 4),
            field(Kind::Out, 4, 4),
            field(Kind::Out, 8, 4),
            field(Kind::Length, 16, 8),
            field(Kind::Text, 24, 8),
            field(Kind::Length, 32, 8),
            field(Kind::Text, 40, 8),
            field(Kind::Length, 48, 8),
            field(Kind::Text, 56, 8),
        ],
        &[EFAULT],
    ),
    call(
        "GET_CAP",
        0xc010_640c,
        &[field(Kind::Capability, 0, 8), field(Kind::Out, 8, 8)],
        &[EINVAL, EOPNOTSUPP, EFAULT],
    ),
    call(
        "GEM_CLOSE",
        0x4008_6409,
        &[field(Kind::Object, 0, 4), field(Kind::Pad, 4, 4)],
        &[EINVAL, EFAULT],
    ),
    Call {
        new_fd: Some((8, FdKind::Buffer)),
        ..call(
            "PRIME_HANDLE_TO_FD",
            0xc00c_642d,
            &[
                field(Kind::Object, 0, 4),
                field(Kind::Flags(PRIME_FLAGS), 4, 4),
                field(Kind::Out, 8, 4),
            ],
            &[EINVAL, EFAULT, ENOENT, ENOMEM, EMFILE, ENOSYS],
        )
    },
    call(
        "PRIME_FD_TO_HANDLE",
        0xc00c_642e,
        &[
            field(Kind::Out, 0, 4),
            field(Kind::Flags(PRIME_FLAGS), 4, 4),
            field(Kind::Fd(FdKind::Buffer), 8, 4),
        ],
        // An attachment to a buffer whose device has gone since may be refused with ENODEV.
        &[EINVAL, EFAULT, EBADF, ENOENT, ENOMEM, ENOSYS, ENODEV],
    ),
    call(
        "SYNCOBJ_CREATE",
        0xc008_64bf,
        &[
            field(Kind::Out, 0, 4),
            field(Kind::Flags(CREATE_SIGNALED), 4, 4),
        ],
        &[EINVAL, EFAULT, ENOMEM],
    ),
    call(
        "SYNCOBJ_DESTROY",
        0xc008_64c0,
        &[field(Kind::Syncobj, 0, 4), field(Kind::Pad, 4, 4)],
        &[EINVAL, EFAULT],
    ),
    Call {
        new_fd: Some((8, FdKind::Sync)),
        ..call(
            "SYNCOBJ_HANDLE_TO_FD",
            0xc018_64c1,
            &[
                field(Kind::Syncobj, 0, 4),
                field(Kind::Flags(FD_FLAGS), 4, 4),
                field(Kind::Out, 8, 4),
                field(Kind::Pad, 12, 4),
                field(Kind::Point, 16, 8),
            ],
            &[EINVAL, EFAULT, ENOENT, ENOMEM, EMFILE],
        )
    },
    call(
        "SYNCOBJ_FD_TO_HANDLE",
        0xc018_64c2,
        &[
            field(Kind::Syncobj, 0, 4),
            field(Kind::Flags(IMPORT_SYNC_FILE), 4, 4),
            field(Kind::Fd(FdKind::Sync), 8, 4),
            field(Kind::Pad, 12, 4),
            field(Kind::Point, 16, 8),
        ],
        &[EINVAL, EFAULT, ENOENT, EBADF, ENOMEM],
    ),
    call(
        "SYNCOBJ_WAIT",
        0xc028_64c3,
        &[
            field(Kind::Syncobjs, 0, 8),
            field(Kind::Moment, 8, 8),
            field(Kind::Count, 16, 4),
            field(Kind::Flags(WAIT_FLAGS & !4), 20, 4),
            field(Kind::Out, 24, 4),
            field(Kind::Pad, 28, 4),
            field(Kind::Moment, 32, 8),
        ],
        &[EINVAL, EFAULT, ENOENT, ENOMEM, ETIME],
    ),
    call(
        "SYNCOBJ_RESET",
        0xc010_64c4,
        &[
            field(Kind::Syncobjs, 0, 8),
            field(Kind::Count, 8, 4),
            field(Kind::Pad, 12, 4),
        ],
        &[EINVAL, EFAULT, ENOENT, ENOMEM],
    ),
    call(
        "SYNCOBJ_SIGNAL",
        0xc010_64c5,
        &[
            field(Kind::Syncobjs, 0, 8),
            field(Kind::Count, 8, 4),
            field(Kind::Pad, 12, 4),
        ],
        &[EINVAL, EFAULT, ENOENT, ENOMEM],
    ),
    call(
        "SYNCOBJ_TIMELINE_WAIT",
        0xc030_64ca,
        &[
            field(Kind::Syncobjs, 0, 8),
            field(Kind::Points, 8, 8),
            field(Kind::Moment, 16, 8),
            field(Kind::Count, 24, 4),
            field(Kind::Flags(WAIT_FLAGS), 28, 4),
            field(Kind::Out, 32, 4),
            field(Kind::Pad, 36, 4),
            field(Kind::Moment, 40, 8),
        ],
        &[EINVAL, EFAULT, ENOENT, ENOMEM, ETIME],
    ),
    call(
        "SYNCOBJ_QUERY",
        0xc018_64cb,
        &[
            field(Kind::Syncobjs, 0, 8),
            field(Kind::Points, 8, 8),
            field(Kind::Count, 16, 4),
            field(Kind::Flags(1), 20, 4),
        ],
        &[EINVAL, EFAULT, ENOENT, ENOMEM],
    ),
    call(
        "SYNCOBJ_TRANSFER",
        0xc020_64cc,
        &[
            field(Kind::Syncobj, 0, 4),
            field(Kind::Syncobj, 4, 4),
            field(Kind::Point, 8, 8),
            field(Kind::Point, 16, 8),
            field(Kind::Flags(0), 24, 4),
            field(Kind::Pad, 28, 4),
        ],
        &[EINVAL, EFAULT, ENOENT, ENOMEM],
    ),
    call(
        "SYNCOBJ_TIMELINE_SIGNAL",
        0xc018_64cd,
        &[
            field(Kind::Syncobjs, 0, 8),
            field(Kind::Points, 8, 8),
            field(Kind::Count, 16, 4),
            field(Kind::Flags(0), 20, 4),
        ],
        &[EINVAL, EFAULT, ENOENT, ENOMEM],
    ),
    call(
        "SYNCOBJ_EVENTFD",
        0xc018_64cf,
        &[
            field(Kind::Syncobj, 0, 4),
            field(Kind::Flags(4), 4, 4),
            field(Kind::Point, 8, 8),
            field(Kind::Fd(FdKind::Event), 16, 4),
            field(Kind::Pad, 20, 4),
        ],
        &[EINVAL, EFAULT, ENOENT, EBADF, ENOMEM],
    ),
    call(
        "SET_CLIENT_NAME",
        0xc010_64d1,
        &[field(Kind::Length, 0, 8), field(Kind::Text, 8, 8)],
        &[EINVAL, EFAULT, ENOMEM],
    ),
    // What follows must be refused: on render nodes, without a display, or everywhere.
    refused("GEM_CHANGE_HANDLE", 0xc008_64d2, &[EINVAL, EFAULT]),
    refused("GET_UNIQUE", 0xc010_6401, &[EACCES, EFAULT]),
    refused("GET_MAGIC", 0x8004_6402, &[EACCES, EFAULT]),
    refused("SET_VERSION", 0xc010_6407, &[EACCES, EFAULT]),
    refused("GEM_FLINK", 0xc008_640a, &[EACCES, EFAULT]),
    refused("GEM_OPEN", 0xc010_640b, &[EACCES, EFAULT]),
    refused("SET_CLIENT_CAP", 0x4010_640d, &[EACCES, EFAULT]),
    refused("AUTH_MAGIC", 0x4004_6411, &[EACCES, EFAULT]),
    refused("SET_MASTER", 0x0000_641e, &[EACCES, EFAULT]),
    refused("MODE_GETRESOURCES", 0xc040_64a0, &[EACCES, EFAULT]),
    refused("MODE_CREATE_DUMB", 0xc020_64b2, &[EACCES, EFAULT]),
    refused(
        "driver number behind the last",
        0xc010_649f,
        &[EINVAL, EFAULT],
    ),
    refused(
        "core number behind the last",
        0xc010_64ff,
        &[EINVAL, EFAULT],
    ),
    refused("another subsystem's number", 0xc010_6540, &[ENOTTY]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_aligned_and_inside_their_argument() {
        for call in CALLS {
            let mut end = 0;
            for field in call.fields {
                assert!(field.size == 4 || field.size == 8, "{}", call.name);
                assert_eq!(field.offset % field.size, 0, "{}: {field:?}", call.name);
                assert!(field.offset >= end, "{}: {field:?}", call.name);
                end = field.offset + field.size;
            }
            let described = call.fields.is_empty() || end == call.size();
            assert!(described, "{}: {end} of {} bytes", call.name, call.size());
        }
    }

    #[test]
    fn names_and_numbers_differ() {
        for (index, call) in CALLS.iter().enumerate() {
            for other in &CALLS[..index] {
                assert_ne!(call.name, other.name);
                assert_ne!(call.number, other.number, "{}", call.name);
            }
        }
    }

    #[test]
    fn the_drivers_own_calls_are_all_those_of_its_header() {
        let ours = CALLS
            .iter()
            .filter(|call| call.is_ours() && call.can_succeed);
        let header = include_str!("../../../../nova/drm/uapi/nova_drm.h");
        let named = header.matches("DRM_IOWR(DRM_COMMAND_BASE").count();
        assert_eq!(ours.count(), named, "a call of nova_drm.h is not fuzzed");
    }
}
