// SPDX-License-Identifier: GPL-2.0

//! Threads that read a file as fast as they can, while the driver behind it comes and goes.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    sync::atomic::{
        AtomicU64,
        Ordering, //
    },
    thread,
    time::{
        Duration,
        Instant, //
    },
};

/// Longest time without a single answer.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Tally {
    /// Reads that gave the time.
    answered: AtomicU64,
    /// Reads of an open file whose driver was not bound.
    gone: AtomicU64,
    /// Files that were found to belong to an earlier binding.
    replaced: AtomicU64,
}

/// Reads until `count` reads have been answered. Fails if a read gives anything but a time that is later than the
/// one before, or `ENODEV`; a file of an earlier binding says `EIO` or cannot be opened, and is opened anew.
///
/// # Errors
/// What is wrong; `TimedOut` if there is no answer for a minute.
pub fn run(path: &str, threads: usize, count: u64) -> io::Result<bool> {
    println!("ready");
    let tally = Tally::default();
    let results: Vec<io::Result<()>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| reads(path, count, &tally)))
            .collect();
        let join = |thread: thread::ScopedJoinHandle<'_, io::Result<()>>| {
            thread
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("a thread has panicked")))
        };
        threads.into_iter().map(join).collect()
    });
    println!("answered {}", tally.answered.load(Ordering::Relaxed));
    println!("gone {}", tally.gone.load(Ordering::Relaxed));
    println!("replaced {}", tally.replaced.load(Ordering::Relaxed));
    results.into_iter().collect::<io::Result<()>>()?;
    Ok(true)
}

fn reads(path: &str, count: u64, tally: &Tally) -> io::Result<()> {
    let mut last_answer = Instant::now();
    while tally.answered.load(Ordering::Relaxed) < count {
        let Ok(file) = File::open(path) else {
            thread::sleep(Duration::from_millis(1));
            patient(last_answer)?;
            continue;
        };
        let mut before = 0;
        while tally.answered.load(Ordering::Relaxed) < count {
            match read(&file) {
                Ok(now) if now <= before => {
                    return Err(io::Error::other(format!("{now} ns after {before} ns")));
                }
                Ok(now) => {
                    before = now;
                    last_answer = Instant::now();
                    tally.answered.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) if error.raw_os_error() == Some(libc::ENODEV) => {
                    tally.gone.fetch_add(1, Ordering::Relaxed);
                    thread::sleep(Duration::from_millis(1));
                }
                Err(error) if error.raw_os_error() == Some(libc::EIO) => {
                    tally.replaced.fetch_add(1, Ordering::Relaxed);
                    break;
                }
                Err(error) => return Err(error),
            }
            patient(last_answer)?;
        }
    }
    Ok(())
}

fn patient(last_answer: Instant) -> io::Result<()> {
    if last_answer.elapsed() > PATIENCE {
        return Err(io::Error::new(io::ErrorKind::TimedOut, "nobody answers"));
    }
    Ok(())
}

/// The time that the file shows, in nanoseconds.
fn read(file: &File) -> io::Result<u64> {
    let mut line = [0; 32];
    let length = file.read_at(&mut line, 0)?;
    let text = String::from_utf8_lossy(&line[..length]);
    text.strip_suffix('\n')
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| io::Error::other(format!("no time: {text:?}")))
}
