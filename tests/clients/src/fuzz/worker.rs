// SPDX-License-Identifier: GPL-2.0

//! One thread that calls, maps, touches and closes.

use std::{
    fs::File,
    io,
    os::fd::{
        AsRawFd,
        RawFd, //
    },
    sync::{
        atomic::{
            AtomicU64,
            Ordering, //
        },
        Arc,
    },
    thread,
    time::{
        Duration,
        Instant, //
    },
};

use super::{
    argument::{
        self,
        Ready,
        SCRATCH, //
    },
    calls::{
        Call,
        FdKind,
        CALLS, //
    },
    nodes::{
        Nodes,
        SLOTS, //
    },
    random::Random,
    tally::Tally, //
};
use crate::{
    memory::{
        self,
        Mapping,
        Scratch, //
    },
    node::{
        self,
        GEM_INFO,
        GEM_MMAP_OFFSET, //
    },
    sys, vgem,
};

/// Descriptors and mappings that a thread holds at most.
const HELD: usize = 8;
/// Calls to a device that has gone, before its file is closed.
const AFTERWARDS: u32 = 50;
/// Objects are mapped up to this many bytes.
const MAPPED: u64 = 1 << 20;
const PAGE: u64 = 4096;

/// A thread's belongings.
pub struct Worker<'a> {
    nodes: &'a Nodes,
    random: Random,
    scratch: Scratch,
    zero: File,
    sink: File,
    /// What calls have made; the first ones were there before, and are kept.
    fds: Vec<(RawFd, FdKind)>,
    foreign: usize,
    mappings: Vec<Mapping>,
    /// The file in each slot that this thread knows to be dead, and how many calls it is still to get.
    dead: [Option<(Arc<File>, u32)>; SLOTS],
    tally: Tally,
}

impl<'a> Worker<'a> {
    /// A thread's belongings; `stream` is its number.
    ///
    /// # Errors
    /// The kernel's errno.
    pub fn new(nodes: &'a Nodes, seed: u64, stream: u64) -> io::Result<Self> {
        let fds = foreign()?;
        Ok(Self {
            nodes,
            foreign: fds.len(),
            fds,
            random: Random::new(seed, stream),
            scratch: Scratch::new(SCRATCH)?,
            zero: File::open("/dev/zero")?,
            sink: memory::memory_file()?,
            mappings: Vec::new(),
            dead: Default::default(),
            tally: Tally::default(),
        })
    }

    /// Goes on until `left` calls have been made by all threads, or time is up.
    pub fn run(mut self, left: &AtomicU64, deadline: Instant) -> Tally {
        while Instant::now() < deadline {
            let slot = self.random.index(SLOTS);
            let Some(file) = self.nodes.file(slot) else {
                thread::sleep(Duration::from_millis(2));
                continue;
            };
            match self.random.below(64) {
                0..=3 => self.map(&file),
                4..=9 => self.touch(),
                10..=11 => self.unmap(),
                12 => self.close_fd(),
                13 if self.random.once_in(8) => {
                    self.nodes.drop_file(slot, &file);
                    self.tally.other("close the node", true);
                }
                _ => {
                    let take = |n: u64| n.checked_sub(1);
                    if left
                        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
                        .is_err()
                    {
                        break;
                    }
                    self.call(slot, &file);
                }
            }
        }
        for (fd, _) in self.fds.drain(..) {
            memory::close(fd);
        }
        self.tally
    }

    fn call(&mut self, slot: usize, file: &Arc<File>) {
        let index = self.random.index(CALLS.len());
        let call = &CALLS[index];
        let now = sys::monotonic();
        let ready = argument::prepare(call, &mut self.random, &self.scratch, &self.fds, now);
        let gone = self.known_dead(slot, file);
        let result = self
            .scratch
            .ioctl(file.as_raw_fd(), ready.number, ready.address);
        self.tally.call(index, &result, gone);
        match &result {
            Ok(()) => self.returned(call, &ready),
            Err(_) => self.unchanged(call, &ready),
        }
        // Only the ioctls about the device itself: an import may say so of the exporter.
        if call.is_ours() && is_gone(&result) {
            self.count_dead(slot, file);
        }
    }

    /// What a call that succeeded has brought.
    fn returned(&mut self, call: &Call, ready: &Ready) {
        if let (Some((offset, kind)), Some(place)) = (call.new_fd, ready.place) {
            let mut raw = [0; 4];
            if offset + 4 <= ready.bytes.len() && ready.number & 0x8000_0000 != 0 {
                self.scratch.get(place + offset, &mut raw);
                self.keep(RawFd::from_ne_bytes(raw), kind);
            }
        }
    }

    /// Our calls leave their argument alone when they fail, so that nothing of the kernel's comes out.
    fn unchanged(&mut self, call: &Call, ready: &Ready) {
        let Some(place) = ready.place.filter(|_| call.is_ours()) else {
            return;
        };
        let mut after = vec![0; ready.bytes.len()];
        self.scratch.get(place, &mut after);
        // A call that the kernel does not read from has zeros to give back.
        let reads = ready.number & 0x4000_0000 != 0;
        if after != ready.bytes && (reads || after.iter().any(|byte| *byte != 0)) {
            self.tally.wrong(format!(
                "{} failed and changed {:02x?} to {after:02x?}",
                call.name, ready.bytes
            ));
        }
    }

    fn known_dead(&self, slot: usize, file: &Arc<File>) -> bool {
        matches!(&self.dead[slot], Some((dead, _)) if Arc::ptr_eq(dead, file))
    }

    fn count_dead(&mut self, slot: usize, file: &Arc<File>) {
        let left = match self.dead[slot].take() {
            Some((dead, left)) if Arc::ptr_eq(&dead, file) => left,
            _ => AFTERWARDS,
        };
        if left == 0 {
            self.nodes.drop_file(slot, file);
        } else {
            self.dead[slot] = Some((Arc::clone(file), left - 1));
        }
    }

    fn keep(&mut self, fd: RawFd, kind: FdKind) {
        if self.fds.len() >= self.foreign + HELD {
            let old = self.foreign + self.random.index(HELD);
            memory::close(self.fds.swap_remove(old).0);
        }
        self.fds.push((fd, kind));
    }

    fn close_fd(&mut self) {
        if self.fds.len() > self.foreign {
            let (fd, _) = self.fds.swap_remove(self.foreign);
            memory::close(fd);
        }
        self.tally.other("close an exported descriptor", true);
    }

    fn map(&mut self, file: &File) {
        let handle = 1 + self.random.below(16) as u32;
        let Ok(size) = node::object_query(file, GEM_INFO, handle) else {
            return;
        };
        // Pages of an object are there as a whole as soon as one of them is mapped.
        if size > MAPPED {
            return;
        }
        let Ok(offset) = node::object_query(file, GEM_MMAP_OFFSET, handle) else {
            return;
        };
        let (offset, len) = match self.random.below(16) {
            0 => (offset, size as usize + 4096),
            1 => (offset + 4096, size as usize),
            2 => (self.random.next() & 0xff_ffff_f000, 4096),
            _ => (offset, size as usize),
        };
        let mapping = Mapping::new(file.as_raw_fd(), offset, len);
        self.tally.other("map", mapping.is_ok());
        if let Ok(mapping) = mapping {
            if self.mappings.len() >= HELD {
                let old = self.random.index(HELD);
                self.mappings.swap_remove(old);
            }
            self.mappings.push(mapping);
        }
    }

    fn touch(&mut self) {
        if self.mappings.is_empty() {
            return;
        }
        let mapping = &self.mappings[self.random.index(self.mappings.len())];
        let page = self.random.index(mapping.len() / 4096) * 4096;
        let (name, result) = if self.random.once_in(2) {
            ("write to a mapping", mapping.fill(page, 16, &self.zero))
        } else {
            ("read from a mapping", mapping.dump(page, 16, &self.sink))
        };
        self.tally.other(name, result.is_ok());
        if let Err(error) = result {
            if error.raw_os_error() != Some(libc::EFAULT) {
                self.tally.wrong(format!("{name}: {error}"));
            }
        }
    }

    fn unmap(&mut self) {
        let Some(mut mapping) = self.mappings.pop() else {
            return;
        };
        if mapping.len() > 4096 && self.random.once_in(2) {
            let half = (mapping.len() / 4096).div_ceil(2) * 4096;
            let done = half == mapping.len() || mapping.shorten(half).is_ok();
            self.tally.other("unmap the end", done);
            self.mappings.push(mapping);
        } else {
            self.tally.other("unmap", true);
        }
    }
}

/// Objects of vgem and an eventfd as descriptors, to be imported and to be taken for something else.
fn foreign() -> io::Result<Vec<(RawFd, FdKind)>> {
    let vgem = vgem::open()?;
    let export = |size| node::export(&vgem, vgem::create(&vgem, size)?);
    Ok(vec![
        (export(PAGE)?, FdKind::Buffer),
        (export(4 * PAGE)?, FdKind::Buffer),
        (memory::event_fd()?, FdKind::Event),
    ])
}

fn is_gone(result: &io::Result<()>) -> bool {
    matches!(result, Err(error) if error.raw_os_error() == Some(libc::ENODEV))
}
