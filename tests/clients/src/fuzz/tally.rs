// SPDX-License-Identifier: GPL-2.0

//! Counts what each call returned, and judges it.

use std::{
    collections::BTreeMap,
    io, //
};

use libc::ENODEV;

use super::calls::{
    Call,
    CALLS, //
};
use crate::node::name_of_errno;

/// Wrong answers that are told one by one; the others are counted.
const TOLD: usize = 10;

/// What the calls of one or more threads returned.
#[derive(Debug, Clone)]
pub struct Tally {
    /// For each call of the table: how often it succeeded, and how often it returned which errno.
    calls: Vec<(u64, BTreeMap<i32, u64>)>,
    /// Everything else that was done, by name: how often, and how often it worked.
    others: BTreeMap<&'static str, (u64, u64)>,
    /// The first wrong answers, in words.
    wrong: Vec<String>,
    wrong_count: u64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            calls: vec![(0, BTreeMap::new()); CALLS.len()],
            others: BTreeMap::new(),
            wrong: Vec::new(),
            wrong_count: 0,
        }
    }
}

impl Tally {
    /// A call of the table has returned. `gone`: this thread has seen before that the device has gone.
    pub fn call(&mut self, index: usize, result: &io::Result<()>, gone: bool) {
        let call = &CALLS[index];
        let Err(error) = result else {
            self.calls[index].0 += 1;
            if gone {
                self.wrong(format!("{} succeeded after ENODEV", call.name));
            } else if !call.can_succeed {
                self.wrong(format!("{} succeeded", call.name));
            }
            return;
        };
        let errno = error.raw_os_error().unwrap_or(0);
        *self.calls[index].1.entry(errno).or_insert(0) += 1;
        if errno == ENODEV {
            return;
        }
        if gone {
            let name = name_of_errno(errno);
            self.wrong(format!("{} returned {name} after ENODEV", call.name));
        } else if !call.errors.contains(&errno) {
            self.wrong(format!("{} returned {}", call.name, name_of_errno(errno)));
        }
    }

    /// Something else was tried.
    pub fn other(&mut self, name: &'static str, worked: bool) {
        let (tried, fine) = self.others.entry(name).or_insert((0, 0));
        *tried += 1;
        *fine += u64::from(worked);
    }

    /// An answer that must not be.
    pub fn wrong(&mut self, what: String) {
        self.wrong_count += 1;
        if self.wrong.len() < TOLD && !self.wrong.contains(&what) {
            self.wrong.push(what);
        }
    }

    /// Adds what another thread has counted.
    pub fn add(&mut self, other: &Self) {
        for (sum, part) in self.calls.iter_mut().zip(&other.calls) {
            sum.0 += part.0;
            for (errno, count) in &part.1 {
                *sum.1.entry(*errno).or_insert(0) += count;
            }
        }
        for (name, (tried, fine)) in &other.others {
            let sum = self.others.entry(name).or_insert((0, 0));
            sum.0 += tried;
            sum.1 += fine;
        }
        for what in &other.wrong {
            if self.wrong.len() < TOLD && !self.wrong.contains(what) {
                self.wrong.push(what.clone());
            }
        }
        self.wrong_count += other.wrong_count;
    }

    /// Calls of the table that were made.
    pub fn made(&self) -> u64 {
        self.calls
            .iter()
            .map(|(fine, errors)| fine + errors.values().sum::<u64>())
            .sum()
    }

    /// Names of the calls that had no chance: never a success where there is one, or never an error of the table.
    pub fn untried(&self) -> Vec<&'static str> {
        let tried = |call: &Call, fine: u64, errors: &BTreeMap<i32, u64>| {
            (fine > 0 || !call.can_succeed) && call.errors.iter().any(|e| errors.contains_key(e))
        };
        let rows = CALLS.iter().zip(&self.calls);
        rows.filter(|(call, (fine, errors))| !tried(call, *fine, errors))
            .map(|(call, _)| call.name)
            .collect()
    }

    /// Prints the table. Returns whether nothing was wrong.
    pub fn print(&self) -> bool {
        for (call, (fine, errors)) in CALLS.iter().zip(&self.calls) {
            let errors: Vec<String> = errors
                .iter()
                .map(|(errno, count)| format!("{} {count}", name_of_errno(*errno)))
                .collect();
            println!("{}: ok {fine} {}", call.name, errors.join(" "));
        }
        for (name, (tried, fine)) in &self.others {
            println!("{name}: {fine} of {tried}");
        }
        for what in &self.wrong {
            println!("wrong: {what}");
        }
        if self.wrong_count > 0 {
            println!("wrong answers: {}", self.wrong_count);
        }
        self.wrong_count == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(errno: i32) -> io::Result<()> {
        Err(io::Error::from_raw_os_error(errno))
    }

    fn index(name: &str) -> usize {
        CALLS.iter().position(|call| call.name == name).unwrap()
    }

    #[test]
    fn answers_of_the_table_are_right_and_others_are_wrong() {
        let mut tally = Tally::default();
        tally.call(index("NOVA_GEM_INFO"), &failed(libc::ENOENT), false);
        tally.call(index("NOVA_GEM_INFO"), &Ok(()), false);
        tally.call(index("NOVA_GEM_INFO"), &failed(ENODEV), false);
        tally.call(index("NOVA_GEM_INFO"), &failed(ENODEV), true);
        assert_eq!(tally.wrong_count, 0);
        assert_eq!(tally.made(), 4);
        tally.call(index("NOVA_GEM_INFO"), &failed(libc::EIO), false);
        tally.call(index("NOVA_GEM_INFO"), &Ok(()), true);
        tally.call(index("NOVA_GEM_INFO"), &failed(libc::ENOENT), true);
        tally.call(index("GEM_OPEN"), &Ok(()), false);
        assert_eq!(tally.wrong_count, 4);
        assert!(!tally.print());
    }

    #[test]
    fn a_call_counts_as_tried_when_it_has_succeeded_and_failed() {
        let mut tally = Tally::default();
        let name = "NOVA_GEM_INFO";
        tally.call(index(name), &failed(ENODEV), false);
        tally.call(index(name), &Ok(()), false);
        assert!(tally.untried().contains(&name));
        let mut other = Tally::default();
        other.call(index(name), &failed(libc::ENOENT), false);
        tally.add(&other);
        assert!(!tally.untried().contains(&name));
        assert!(tally.untried().contains(&"GEM_OPEN"));
        tally.call(index("GEM_OPEN"), &failed(libc::EACCES), false);
        assert!(!tally.untried().contains(&"GEM_OPEN"));
    }
}
