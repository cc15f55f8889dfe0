// SPDX-License-Identifier: GPL-2.0

//! Threads that call the driver as fast as they can, while someone else takes it away.

use std::{
    io, thread,
    time::{
        Duration,
        Instant, //
    },
};

use crate::node::{
    self,
    name_of,
    GETPARAM,
    VRAM_BAR_SIZE, //
};

const THREADS: usize = 4;

/// Calls until the device is gone for all threads or `seconds` are over. Fails if a call returns anything
/// but success or `ENODEV`, or succeeds after `ENODEV`.
///
/// # Errors
/// When the node cannot be opened to begin with.
pub fn run(path: &str, seconds: u64) -> io::Result<bool> {
    let file = node::open(path)?;
    println!("ready");
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let results: Vec<Tally> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| scope.spawn(|| calls(&file, deadline)))
            .collect();
        threads
            .into_iter()
            .map(|t| t.join().unwrap_or_default())
            .collect()
    });
    let answered: u64 = results.iter().map(|t| t.answered).sum();
    let gone = results.iter().filter(|t| t.gone).count();
    println!("answered {answered}");
    println!("gone {gone} of {THREADS}");
    let mut fine = true;
    for wrong in results.iter().filter_map(|t| t.wrong.as_deref()) {
        println!("wrong {wrong}");
        fine = false;
    }
    Ok(fine)
}

#[derive(Default)]
struct Tally {
    answered: u64,
    gone: bool,
    wrong: Option<String>,
}

fn calls(file: &std::fs::File, deadline: Instant) -> Tally {
    /// Calls after the device is gone, to see that it stays gone.
    const AFTERWARDS: u32 = 100;
    let mut tally = Tally::default();
    let mut left = AFTERWARDS;
    while Instant::now() < deadline && left > 0 {
        let result = node::query(file, GETPARAM, VRAM_BAR_SIZE);
        match &result {
            Ok(_) if tally.gone => tally.wrong = Some("success after ENODEV".to_owned()),
            Ok(_) => tally.answered += 1,
            Err(e) if e.raw_os_error() == Some(libc::ENODEV) => {
                tally.gone = true;
                left -= 1;
            }
            Err(_) => tally.wrong = Some(name_of(&result)),
        }
    }
    tally
}
