// SPDX-License-Identifier: GPL-2.0

//! Tries the driver with calls that nobody meant, from several threads that share files, while the driver is
//! unbound and bound under them.
//!
//! The calls are made from a description of the uAPI, so that most of them get past the first check. What a thread
//! tries is decided by the seed and the thread's number, except where it depends on what the kernel has returned.
//!
//! A call may succeed or return an errno that the uAPI knows for it. Once a thread was told that the device has
//! gone, the file must say so for ever. Everything else is up to the kernel's own checks.

use std::{
    fs, io,
    sync::atomic::{
        AtomicBool,
        AtomicU64,
        Ordering, //
    },
    thread,
    time::{
        Duration,
        Instant, //
    },
};

mod argument;
mod calls;
mod nodes;
mod random;
mod tally;
mod worker;

use nodes::Nodes;
use random::Random;
use tally::Tally;
use worker::Worker;

use crate::sys;

const DRIVER: &str = "/sys/bus/pci/drivers/nova_core";
/// The stream of random numbers that decides when to unbind; threads have those below.
const UNBINDING: u64 = 1 << 32;
/// The driver stays bound for so many calls at most, or for a hundredth of all if that is more.
const BOUND_CALLS: u64 = 8000;
/// It stays unbound for so long at most.
const UNBOUND_MS: u64 = 20;
/// A call that is cut short may make a descriptor that it cannot return: about one in ten thousand does.
const FILES: u64 = 1 << 16;
/// After so many rounds a line says how far it is.
const TOLD_ROUNDS: u64 = 20;

/// What to do.
pub struct Plan<'a> {
    /// PCI address of the card.
    pub bdf: &'a str,
    /// Calls in all.
    pub calls: u64,
    /// Where the random numbers begin.
    pub seed: u64,
    /// Threads that call.
    pub threads: u64,
    /// How long it may take, in seconds.
    pub seconds: u64,
    /// Whether the driver is unbound and bound meanwhile.
    pub unbind: bool,
}

/// Runs the plan and prints what came of it. Fails if an answer was wrong, if a call had no chance, or if the calls
/// were not made in time.
///
/// # Errors
/// When the memory for it is not to be had, or the driver does not bind.
pub fn run(plan: &Plan<'_>) -> io::Result<bool> {
    sys::allow_files(FILES)?;
    let nodes = Nodes::new(plan.bdf);
    if nodes.file(0).is_none() {
        return Err(io::Error::other(format!("{} has no render node", plan.bdf)));
    }
    let left = AtomicU64::new(plan.calls);
    let over = AtomicBool::new(false);
    let started = Instant::now();
    let deadline = started + Duration::from_secs(plan.seconds);
    let (sum, rounds) = thread::scope(|scope| -> io::Result<(Tally, u64)> {
        let mut threads = Vec::new();
        for stream in 0..plan.threads {
            let (nodes, left) = (&nodes, &left);
            threads.push(scope.spawn(move || {
                let worker = Worker::new(nodes, plan.seed, stream)?;
                io::Result::Ok(worker.run(left, deadline))
            }));
        }
        let unbinding = scope.spawn(|| match plan.unbind {
            true => unbind_and_bind(plan, &left, &over),
            false => Ok(0),
        });
        let mut sum = Tally::default();
        for thread in threads {
            match thread.join() {
                Ok(tally) => sum.add(&tally?),
                Err(_) => sum.wrong("a thread of the fuzzer panicked".to_owned()),
            }
        }
        over.store(true, Ordering::Relaxed);
        let rounds = unbinding
            .join()
            .map_err(|_| io::Error::other("the thread that unbinds panicked"))??;
        Ok((sum, rounds))
    })?;
    let mut fine = sum.print();
    println!("seed {} threads {}", plan.seed, plan.threads);
    println!(
        "calls {} seconds {:.1}",
        sum.made(),
        started.elapsed().as_secs_f64()
    );
    println!("rounds {rounds}");
    if sum.made() < plan.calls {
        println!(
            "wrong: {} calls were not made in time",
            plan.calls - sum.made()
        );
        fine = false;
    }
    for name in sum.untried() {
        println!("wrong: {name} has not both succeeded and failed as it can");
        fine = false;
    }
    Ok(fine)
}

/// Takes the device away and brings it back, until the others are done. Returns how often; at the end it is there.
fn unbind_and_bind(plan: &Plan<'_>, left: &AtomicU64, over: &AtomicBool) -> io::Result<u64> {
    let mut random = Random::new(plan.seed, UNBINDING);
    let mut rounds = 0;
    loop {
        let calls = random.below(BOUND_CALLS.max(plan.calls / 100));
        let until = left.load(Ordering::Relaxed).saturating_sub(calls);
        while left.load(Ordering::Relaxed) > until && !over.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(5));
        }
        if over.load(Ordering::Relaxed) {
            return Ok(rounds);
        }
        fs::write(format!("{DRIVER}/unbind"), plan.bdf)?;
        thread::sleep(Duration::from_millis(random.below(UNBOUND_MS)));
        fs::write(format!("{DRIVER}/bind"), plan.bdf)?;
        rounds += 1;
        if rounds % TOLD_ROUNDS == 0 {
            let made = plan.calls - left.load(Ordering::Relaxed);
            println!("{made} calls in {rounds} rounds so far");
        }
    }
}
