// SPDX-License-Identifier: GPL-2.0

//! Accesses to the windows onto memory, byte by byte where they belong.

use super::{
    Device,
    BAR_KINDS, //
};
use crate::{
    apertures::{
        Step,
        Window, //
    },
    gmmu::{
        Fault,
        Memory, //
    },
    recorder::Op,
    violations::{
        BusRule,
        Complaint, //
    },
};

/// One direction of an access, with its bytes.
enum Bytes<'a> {
    Read(&'a mut [u8]),
    Write(&'a [u8]),
}

impl Bytes<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Read(out) => out.len(),
            Self::Write(data) => data.len(),
        }
    }

    /// The part from `start` on with `len` bytes.
    fn part(&mut self, start: usize, len: usize) -> Bytes<'_> {
        match self {
            Self::Read(out) => Bytes::Read(&mut out[start..start + len]),
            Self::Write(data) => Bytes::Write(&data[start..start + len]),
        }
    }

    /// What a read sees where there is nothing; a write vanishes.
    fn fill(self, value: u8) {
        if let Self::Read(out) = self {
            out.fill(value);
        }
    }
}

impl Device {
    /// Reads an aperture (`bar` 1 to 4) or the I/O BAR (5).
    pub fn aperture_read(&mut self, bar: usize, offset: u64, out: &mut [u8]) {
        let now = self.recorder.now_us();
        self.recorder.counters.other_reads += 1;
        self.window_access(now, bar, offset, Bytes::Read(out));
        self.recorder
            .access(now, BAR_KINDS[bar], Op::Read, offset, out, "");
    }

    /// Writes an aperture (`bar` 1 to 4) or the I/O BAR (5).
    pub fn aperture_write(&mut self, bar: usize, offset: u64, data: &[u8]) {
        let now = self.recorder.now_us();
        self.recorder.counters.other_writes += 1;
        self.recorder
            .access(now, BAR_KINDS[bar], Op::Write, offset, data, "");
        self.window_access(now, bar, offset, Bytes::Write(data));
    }

    /// GSP-RM has set up page tables for the windows, whose roots are at these addresses of video memory.
    pub fn set_aperture_roots(&mut self, bar1: u64, bar2: u64) {
        self.apertures.set_roots(bar1, bar2);
    }

    /// GSP-RM writes an entry into the root of a window's tables, on behalf of the driver.
    pub fn set_aperture_entry(&mut self, window: Window, index: u64, entry: u64) {
        if let Some(address) = self.apertures.root_entry(window, index) {
            self.video(address, Bytes::Write(&entry.to_le_bytes()));
        }
    }

    fn window_access(&mut self, now: u64, bar: usize, offset: u64, mut bytes: Bytes<'_>) {
        let Some(window) = Window::of(self.chip.family, bar) else {
            bytes.fill(0);
            self.complain_io(now, offset, 0);
            return;
        };
        let mut done = 0;
        while done < bytes.len() {
            let (at, left) = (offset + done as u64, bytes.len() - done);
            let Some(step) = self.step(window, at) else {
                self.video(at, bytes.part(done, left));
                return;
            };
            if step.stale {
                self.complain_window(
                    now,
                    window,
                    at,
                    "a mapping that was changed without a TLB invalidation",
                );
            }
            // CAST: not more than `left`.
            let run = |place_left: u64| (left as u64).min(place_left) as usize;
            let len = match step.place {
                Ok(place) => {
                    let len = run(place.left);
                    let part = bytes.part(done, len);
                    if place.read_only && matches!(part, Bytes::Write(_)) {
                        self.complain_window(now, window, at, "a read-only mapping, to write");
                    } else if place.memory == Memory::Video {
                        self.video(place.address, part);
                    } else {
                        self.system(now, place.address, part);
                    }
                    len
                }
                Err(fault) => {
                    // Nothing is mapped by less than a small page.
                    let len = run(0x1000 - at % 0x1000);
                    bytes
                        .part(done, len)
                        .fill(if fault == Fault::Sparse { 0 } else { 0xff });
                    if fault != Fault::Sparse {
                        let what = format!("an address that is not mapped ({fault:?})");
                        self.complain_window(now, window, at, &what);
                    }
                    len
                }
            };
            done += len;
        }
    }

    fn step(&mut self, window: Window, offset: u64) -> Option<Step> {
        let master = self.config.bus_master();
        let read = |memory, address| {
            let mut entry = [0; 8];
            match memory {
                Memory::Video => self.vram.read(address, &mut entry).ok(),
                Memory::System => self.dma.read(master, address, &mut entry).ok(),
            }?;
            Some(u64::from_le_bytes(entry))
        };
        self.apertures.step(window, offset, &read)
    }

    fn video(&self, address: u64, bytes: Bytes<'_>) {
        let result = match bytes {
            Bytes::Read(out) => self.vram.read(address, out).inspect_err(|_| out.fill(0xff)),
            Bytes::Write(data) => self.vram.write(address, data),
        };
        if let Err(error) = result {
            eprintln!("gpu-model: VRAM at {address:#x} cannot be accessed: {error}");
        }
    }

    fn system(&mut self, now: u64, address: u64, bytes: Bytes<'_>) {
        let master = self.config.bus_master();
        let result = match bytes {
            Bytes::Read(out) => self
                .dma
                .read(master, address, out)
                .inspect_err(|_| out.fill(0xff)),
            Bytes::Write(data) => self.dma.write(master, address, data),
        };
        if let Err(error) = result {
            let what = format!("an aperture shows system memory that cannot be used: {error}");
            self.complain(now, Complaint::new(BusRule::StrayDma, what), address, 0);
        }
    }

    fn complain_window(&mut self, now: u64, window: Window, offset: u64, what: &str) {
        let complaint = Complaint::new(
            BusRule::Aperture,
            format!("{window:?} accessed through {what}"),
        );
        self.complain(now, complaint, offset, 0);
    }
}
