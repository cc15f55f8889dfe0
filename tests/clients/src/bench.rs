// SPDX-License-Identifier: GPL-2.0

//! What objects cost, beside those of `vgem`: the kernel's own driver without hardware, on the same DRM core and the
//! same shmem helpers.
//!
//! Both take turns, many short ones, so that whatever else the machine does hits both alike; the middle of the times
//! counts.

use std::{
    fs::File,
    io,
    os::fd::AsRawFd,
    time::Instant, //
};

use crate::{
    memory::Mapping,
    node::{
        self,
        GEM_MMAP_OFFSET, //
    },
    vgem,
};

/// Bytes of the objects that are made, and of the one that is mapped.
const SMALL: u64 = 4096;
const MAPPED: u64 = 1 << 20;
const PAGE: u64 = 4096;
/// Objects that are made and closed in one turn.
const OBJECTS: u32 = 50;
/// How often an object is mapped, touched page by page, and unmapped in one turn.
const MAPS: u32 = 1;

/// A driver whose objects are measured.
struct Driver {
    file: File,
    create: fn(&File, u64) -> io::Result<u32>,
    offset: fn(&File, u32) -> io::Result<u64>,
}

/// Nanoseconds of each turn.
#[derive(Default)]
struct Times {
    create: Vec<u64>,
    fault: Vec<u64>,
}

/// Measures `rounds` turns of each driver. `node` is the primary node of the card, like the one that vgem's objects
/// are made on. Prints nanoseconds for each object and for each page, and how many times as fast as vgem it was.
///
/// # Errors
/// When vgem is not there, or a call fails.
pub fn run(node: &str, rounds: u32) -> io::Result<bool> {
    let drivers = [
        Driver {
            file: node::open(node)?,
            create: node::create,
            offset: |file, handle| node::object_query(file, GEM_MMAP_OFFSET, handle),
        },
        Driver {
            file: vgem::open()?,
            create: vgem::create,
            offset: vgem::offset,
        },
    ];
    let mut times = [Times::default(), Times::default()];
    for round in 0..rounds {
        // The one that begins differs, too.
        for turn in 0..drivers.len() {
            let which = (turn + round as usize) % drivers.len();
            times[which].create.push(creation(&drivers[which])?);
            times[which].fault.push(faults(&drivers[which])?);
        }
    }
    let [ours, theirs] = times;
    told("create_close", &ours.create, &theirs.create);
    told("fault", &ours.fault, &theirs.fault);
    Ok(true)
}

/// The lines of the result are `name_ns`, `name_vgem_ns` and `name_ratio`, and the same of the best turn.
fn told(name: &str, ours: &[u64], theirs: &[u64]) {
    let choices: [(&str, fn(&[u64]) -> u64); 2] = [("", middle), ("_best", best)];
    for (choice, choose) in choices {
        let (ours, theirs) = (choose(ours), choose(theirs));
        println!("{name}{choice}_ns {ours}");
        println!("{name}{choice}_vgem_ns {theirs}");
        println!("{name}{choice}_ratio {:.3}", theirs as f64 / ours as f64);
    }
}

fn best(times: &[u64]) -> u64 {
    times.iter().copied().min().unwrap_or_default()
}

fn middle(times: &[u64]) -> u64 {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Nanoseconds for each object that is made and closed.
fn creation(driver: &Driver) -> io::Result<u64> {
    let started = Instant::now();
    for _ in 0..OBJECTS {
        let handle = (driver.create)(&driver.file, SMALL)?;
        node::close(&driver.file, handle)?;
    }
    Ok(started.elapsed().as_nanos() as u64 / u64::from(OBJECTS))
}

/// Nanoseconds for each page of an object that has its memory and is mapped anew.
fn faults(driver: &Driver) -> io::Result<u64> {
    let handle = (driver.create)(&driver.file, MAPPED)?;
    let offset = (driver.offset)(&driver.file, handle)?;
    let map = || Mapping::new(driver.file.as_raw_fd(), offset, MAPPED as usize);
    map()?.touch_pages();
    let started = Instant::now();
    for _ in 0..MAPS {
        map()?.touch_pages();
    }
    let took = started.elapsed().as_nanos() as u64;
    node::close(&driver.file, handle)?;
    Ok(took / (u64::from(MAPS) * MAPPED / PAGE))
}

#[cfg(test)]
mod tests {
    use super::{
        best,
        middle, //
    };

    #[test]
    fn the_middle_is_not_moved_by_what_is_far_off() {
        assert_eq!(middle(&[7, 5, 1_000_000]), 7);
        assert_eq!(middle(&[]), 0);
        assert_eq!(best(&[7, 5, 1_000_000]), 5);
    }
}
