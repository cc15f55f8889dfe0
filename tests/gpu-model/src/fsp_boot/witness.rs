// SPDX-License-Identifier: GPL-2.0

//! Guest memory that must stay as it is while others work with it.

use std::ops::Range;

use crate::{
    dma::Master,
    engines::{
        flag,
        Effect, //
    },
    gsp_rm::hash,
    violations::FspRule,
};

/// Some memory, as it was when it was first looked at.
#[derive(Debug)]
pub struct Witness {
    what: &'static str,
    range: Range<u64>,
    /// Absent if it could not be read.
    hash: Option<u64>,
}

impl Witness {
    /// Remembers `range`, which is `what`.
    pub fn new(what: &'static str, range: Range<u64>, memory: &Master<'_>) -> Self {
        let hash = fingerprint(&range, memory);
        Self { what, range, hash }
    }

    /// The breach, if the memory is not what it was.
    pub fn check(&self, memory: &Master<'_>) -> Option<Effect> {
        let is_same = self.hash.is_none() || fingerprint(&self.range, memory) == self.hash;
        (!is_same).then(|| {
            flag(
                FspRule::MemoryInUse,
                format!(
                    "{} changed between the message to FSP and the release of the lockdown",
                    self.what
                ),
            )
        })
    }

    /// The breach, if part of the memory has gone with `gone`.
    pub fn unmapped(&self, gone: &Range<u64>) -> Option<Effect> {
        (self.range.start < gone.end && gone.start < self.range.end).then(|| {
            flag(
                FspRule::MemoryInUse,
                format!("{} unmapped before the lockdown was released", self.what),
            )
        })
    }
}

fn fingerprint(range: &Range<u64>, memory: &Master<'_>) -> Option<u64> {
    // CAST: an image of at most 1 MiB.
    let mut bytes = vec![0; (range.end - range.start) as usize];
    memory.read(range.start, &mut bytes).ok()?;
    Some(hash(&bytes))
}
