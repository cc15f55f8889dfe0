// SPDX-License-Identifier: GPL-2.0

//! Buffers that two drivers share: ours, and `vgem`, which nobody here wrote.
//!
//! What one side writes the other has to read, so every case looks at bytes where it can.

use std::{
    fs::File,
    io::{
        self,
        Error, //
    },
    os::fd::AsRawFd,
};

use crate::node::{
    self,
    name_of,
    GEM_INFO, //
};
use share::{
    errno,
    export,
    import,
    pattern,
    same,
    Buffer,
    Shared,
    CLOEXEC,
    RDWR, //
};

mod hold;
mod share;

pub use hold::run as hold;

/// Bytes of the buffers; not a power of two, and three pages when rounded up.
const SIZE: u64 = 3 * 4096 - 100;
const ROUNDED: u64 = 3 * 4096;

/// Our render node, and a primary node of vgem, which makes buffers on no other.
struct Nodes<'a> {
    nova: &'a str,
    vgem: &'a str,
}

impl Nodes<'_> {
    fn nova(&self) -> io::Result<File> {
        node::open(self.nova)
    }

    fn vgem(&self) -> io::Result<File> {
        node::open(self.vgem)
    }
}

type Case = (&'static str, fn(&Nodes<'_>) -> io::Result<()>);

const CASES: &[Case] = &[
    ("ours is the same memory in vgem", ours_in_vgem),
    ("vgem's is the same memory in ours", vgems_in_ours),
    ("memory of a process is the same in ours", udmabuf_in_ours),
    ("an export is as long as its buffer", length_of_export),
    ("an export is mapped no further than it goes", map_of_export),
    (
        "an export without DRM_RDWR cannot be written to",
        read_only_export,
    ),
    ("ours comes back as the same handle", self_import),
    (
        "ours comes back in another file as the same buffer",
        self_import_elsewhere,
    ),
    ("vgem's twice is one handle", import_twice),
    ("vgem's exported by us is vgem's export", re_export),
    (
        "an export keeps the memory when file and handle are closed",
        export_outlives_file,
    ),
    (
        "an import keeps the memory when the exporter's file is closed",
        import_outlives_exporter,
    ),
    ("a fence of vgem's holds for our export", implicit_fence),
    (
        "a fence of vgem's waits in our syncobj",
        fence_in_our_syncobj,
    ),
    ("what is no handle is not exported", no_handle),
    ("what is no buffer is not imported", no_buffer),
    ("unknown flags are refused", unknown_flags),
];

/// Tries all that there is, and prints KTAP.
///
/// # Errors
/// When a node cannot be opened.
pub fn run(nova: &str, vgem: &str) -> io::Result<bool> {
    let nodes = Nodes { nova, vgem };
    nodes.nova()?;
    nodes.vgem()?;
    println!("KTAP version 1");
    println!("1..{}", CASES.len());
    let mut fine = true;
    for (index, (name, case)) in CASES.iter().enumerate() {
        match case(&nodes) {
            Ok(()) => println!("ok {} {name}", index + 1),
            Err(error) => {
                println!("# {error}");
                println!("not ok {} {name}", index + 1);
                fine = false;
            }
        }
    }
    Ok(fine)
}

fn ours_in_vgem(nodes: &Nodes<'_>) -> io::Result<()> {
    let (nova, vgem) = (nodes.nova()?, nodes.vgem()?);
    let ours = Buffer::nova(&nova, SIZE)?;
    ours.map(ROUNDED)?.write(&pattern(1))?;
    let shared = Shared::of(&ours, CLOEXEC | RDWR)?;

    // vgem does not map what it has imported, but it hands on what it has got.
    let theirs = import(&vgem, &shared)?;
    let handed_on = Shared::export(&vgem, theirs, CLOEXEC | RDWR)?;
    let seen = handed_on.map(ROUNDED)?;
    same("through vgem", &seen.read()?, &pattern(1))?;
    seen.write(&pattern(2))?;
    same("back in ours", &ours.map(ROUNDED)?.read()?, &pattern(2))
}

fn vgems_in_ours(nodes: &Nodes<'_>) -> io::Result<()> {
    let (nova, vgem) = (nodes.nova()?, nodes.vgem()?);
    let theirs = Buffer::vgem(&vgem, SIZE)?;
    theirs.map(ROUNDED)?.write(&pattern(3))?;
    let shared = Shared::of(&theirs, CLOEXEC | RDWR)?;

    let imported = Buffer::of_nova(&nova, import(&nova, &shared)?);
    let size = node::object_query(&nova, GEM_INFO, imported.handle)?;
    same("length", &size, &ROUNDED)?;
    let seen = imported.map(ROUNDED)?;
    same("in ours", &seen.read()?, &pattern(3))?;
    seen.write(&pattern(4))?;
    same("back in vgem", &theirs.map(ROUNDED)?.read()?, &pattern(4))
}

fn udmabuf_in_ours(nodes: &Nodes<'_>) -> io::Result<()> {
    let nova = nodes.nova()?;
    let (memory, shared) = Shared::memory_of_this_process(ROUNDED)?;
    memory.write(&pattern(5))?;

    let imported = Buffer::of_nova(&nova, import(&nova, &shared)?);
    let seen = imported.map(ROUNDED)?;
    same("in ours", &seen.read()?, &pattern(5))?;
    seen.write(&pattern(6))?;
    same("back in the process", &memory.read()?, &pattern(6))
}

fn length_of_export(nodes: &Nodes<'_>) -> io::Result<()> {
    let nova = nodes.nova()?;
    let shared = Shared::of(&Buffer::nova(&nova, SIZE)?, CLOEXEC)?;
    same("length", &shared.length()?, &ROUNDED)
}

fn map_of_export(nodes: &Nodes<'_>) -> io::Result<()> {
    let nova = nodes.nova()?;
    let shared = Shared::of(&Buffer::nova(&nova, SIZE)?, CLOEXEC | RDWR)?;
    let found = name_of(&shared.map(ROUNDED + 4096));
    same("a page too many", found.as_str(), "EINVAL")
}

fn read_only_export(nodes: &Nodes<'_>) -> io::Result<()> {
    let nova = nodes.nova()?;
    let shared = Shared::of(&Buffer::nova(&nova, SIZE)?, CLOEXEC)?;
    let found = name_of(&shared.map(ROUNDED));
    same("mapped for writing", found.as_str(), "EACCES")
}

fn self_import(nodes: &Nodes<'_>) -> io::Result<()> {
    let nova = nodes.nova()?;
    let ours = Buffer::nova(&nova, SIZE)?;
    let shared = Shared::of(&ours, CLOEXEC)?;
    same("handle", &import(&nova, &shared)?, &ours.handle)
}

fn self_import_elsewhere(nodes: &Nodes<'_>) -> io::Result<()> {
    let (nova, other) = (nodes.nova()?, nodes.nova()?);
    let ours = Buffer::nova(&nova, SIZE)?;
    ours.map(ROUNDED)?.write(&pattern(7))?;
    let shared = Shared::of(&ours, CLOEXEC)?;

    let seen = Buffer::of_nova(&other, import(&other, &shared)?);
    same("contents", &seen.map(ROUNDED)?.read()?, &pattern(7))?;
    let again = Shared::export(&other, seen.handle, CLOEXEC)?;
    same("export", &again.identity()?, &shared.identity()?)
}

fn import_twice(nodes: &Nodes<'_>) -> io::Result<()> {
    let (nova, vgem) = (nodes.nova()?, nodes.vgem()?);
    let shared = Shared::of(&Buffer::vgem(&vgem, SIZE)?, CLOEXEC)?;
    let (first, second) = (import(&nova, &shared)?, import(&nova, &shared)?);
    same("handle", &second, &first)?;
    node::close(&nova, first)?;
    let gone = node::object_query(&nova, GEM_INFO, first);
    same("closed once", name_of(&gone).as_str(), "ENOENT")
}

fn re_export(nodes: &Nodes<'_>) -> io::Result<()> {
    let (nova, vgem) = (nodes.nova()?, nodes.vgem()?);
    let shared = Shared::of(&Buffer::vgem(&vgem, SIZE)?, CLOEXEC)?;
    let imported = import(&nova, &shared)?;
    let again = Shared::export(&nova, imported, CLOEXEC)?;
    same("export", &again.identity()?, &shared.identity()?)
}

fn export_outlives_file(nodes: &Nodes<'_>) -> io::Result<()> {
    let nova = nodes.nova()?;
    let ours = Buffer::nova(&nova, SIZE)?;
    ours.map(ROUNDED)?.write(&pattern(8))?;
    let shared = Shared::of(&ours, CLOEXEC | RDWR)?;
    node::close(&nova, ours.handle)?;
    drop(nova);

    same("contents", &shared.map(ROUNDED)?.read()?, &pattern(8))?;
    let again = nodes.nova()?;
    let seen = Buffer::of_nova(&again, import(&again, &shared)?);
    same("as a handle", &seen.map(ROUNDED)?.read()?, &pattern(8))
}

fn import_outlives_exporter(nodes: &Nodes<'_>) -> io::Result<()> {
    let (nova, vgem) = (nodes.nova()?, nodes.vgem()?);
    let theirs = Buffer::vgem(&vgem, SIZE)?;
    theirs.map(ROUNDED)?.write(&pattern(9))?;
    let imported = Buffer::of_nova(&nova, import(&nova, &Shared::of(&theirs, CLOEXEC | RDWR)?)?);
    drop(vgem);
    same("contents", &imported.map(ROUNDED)?.read()?, &pattern(9))
}

fn implicit_fence(nodes: &Nodes<'_>) -> io::Result<()> {
    let (nova, vgem) = (nodes.nova()?, nodes.vgem()?);
    let shared = Shared::of(&Buffer::nova(&nova, SIZE)?, CLOEXEC)?;
    let theirs = import(&vgem, &shared)?;
    same("before", &shared.is_readable()?, &true)?;
    let fence = share::attach_fence(&vgem, theirs)?;
    same("while vgem writes", &shared.is_readable()?, &false)?;
    share::signal_fence(&vgem, fence)?;
    same("afterwards", &shared.is_readable()?, &true)
}

fn fence_in_our_syncobj(nodes: &Nodes<'_>) -> io::Result<()> {
    let (nova, vgem) = (nodes.nova()?, nodes.vgem()?);
    let shared = Shared::of(&Buffer::nova(&nova, SIZE)?, CLOEXEC)?;
    let theirs = import(&vgem, &shared)?;
    let fence = share::attach_fence(&vgem, theirs)?;

    let syncobj = share::syncobj(&nova)?;
    share::put_fence(&nova, syncobj, &shared.sync_file()?)?;
    let seen = share::take_fence(&nova, syncobj)?;
    same("while vgem writes", &share::is_readable(&seen)?, &false)?;
    share::signal_fence(&vgem, fence)?;
    same("afterwards", &share::is_readable(&seen)?, &true)
}

fn no_handle(nodes: &Nodes<'_>) -> io::Result<()> {
    let nova = nodes.nova()?;
    errno("handle 0", &export(&nova, 0, CLOEXEC), "ENOENT")?;
    let handle = node::create(&nova, SIZE)?;
    node::close(&nova, handle)?;
    errno("closed", &export(&nova, handle, CLOEXEC), "ENOENT")
}

fn no_buffer(nodes: &Nodes<'_>) -> io::Result<()> {
    let nova = nodes.nova()?;
    let of = |fd| share::import_fd(&nova, fd);
    errno("no descriptor", &of(-1), "EBADF")?;
    errno("a node", &of(nova.as_raw_fd()), "EINVAL")?;
    let file = crate::memory::memory_file()?;
    errno("a file", &of(file.as_raw_fd()), "EINVAL")
}

fn unknown_flags(nodes: &Nodes<'_>) -> io::Result<()> {
    let nova = nodes.nova()?;
    let ours = Buffer::nova(&nova, SIZE)?;
    // O_RDONLY has no bit; O_NONBLOCK is not for buffers.
    let nonblock = libc::O_NONBLOCK as u32;
    errno(
        "O_NONBLOCK",
        &export(&nova, ours.handle, nonblock),
        "EINVAL",
    )
}

/// What a case says when it has seen something else than it wanted.
fn wrong(what: String) -> Error {
    Error::other(what)
}
