// SPDX-License-Identifier: GPL-2.0

//! What buffer objects cost, beside those of `vgem`: both drivers in one guest, in turns.

use serde::Serialize;

use super::{
    fact,
    run, //
};
use crate::{
    cases::{
        clients,
        Check, //
    },
    driver::Driver,
    error::{
        Error,
        Result, //
    },
    runner::{
        failure_lines,
        Env, //
    },
};

/// Nanoseconds of guest time, the middle of many turns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Objects {
    /// To make an object of a page and to close it.
    pub create_close_ns: u64,
    /// The same with vgem.
    pub create_close_vgem_ns: u64,
    /// To touch a page of an object that has memory and was mapped anew.
    pub fault_ns: u64,
    /// The same with vgem.
    pub fault_vgem_ns: u64,
}

impl Objects {
    /// Two lines for a terminal.
    pub fn lines(&self) -> Vec<String> {
        let line = |what: &str, ours: u64, theirs: u64| {
            let times = theirs as f64 / ours.max(1) as f64;
            format!("{what}: nova {ours} ns, vgem {theirs} ns: {times:.2} times as fast")
        };
        vec![
            line(
                "object of a page, made and closed",
                self.create_close_ns,
                self.create_close_vgem_ns,
            ),
            line(
                "page of a mapping, touched first",
                self.fault_ns,
                self.fault_vgem_ns,
            ),
        ]
    }
}

/// Measures both drivers.
///
/// # Errors
/// Tells what went wrong.
pub fn measure(env: &Env) -> Result<Objects> {
    let scenario = clients::measuring();
    let mut vm = env.boot(&scenario).map_err(|failure| {
        Error::new(format!("no guest: {}", failure_lines(&failure).join("; ")))
    })?;
    let mut results = Vec::new();
    for claim in &scenario.claims {
        if let Check::Guest(step) = &claim.check {
            results.push(run(&mut vm, Driver::Ours, step)?);
        }
    }
    drop(vm.finish());
    let result = results
        .last()
        .ok_or_else(|| Error::new("nothing was measured"))?;
    Ok(Objects {
        create_close_ns: fact(result, "create_close_ns")?,
        create_close_vgem_ns: fact(result, "create_close_vgem_ns")?,
        fault_ns: fact(result, "fault_ns")?,
        fault_vgem_ns: fact(result, "fault_vgem_ns")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_how_many_times_as_fast() {
        let objects = Objects {
            create_close_ns: 40,
            create_close_vgem_ns: 50,
            fault_ns: 10,
            fault_vgem_ns: 5,
        };
        let lines = objects.lines();
        assert!(lines[0].ends_with("nova 40 ns, vgem 50 ns: 1.25 times as fast"));
        assert!(lines[1].ends_with("nova 10 ns, vgem 5 ns: 0.50 times as fast"));
    }
}
