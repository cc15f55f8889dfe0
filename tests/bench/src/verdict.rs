// SPDX-License-Identifier: GPL-2.0

//! Which way may cost how much.

use crate::path::Cost;
use std::collections::BTreeMap;

/// A way to a register.
pub struct Way {
    /// What a driver has and does.
    pub name: &'static str,
    /// The probe.
    pub probe: &'static str,
    /// The probe that it may cost no more than, if there is one.
    pub limit: Option<&'static str>,
}

const fn way(name: &'static str, probe: &'static str, limit: Option<&'static str>) -> Way {
    Way { name, probe, limit }
}

/// All ways, in the order in which they are shown.
pub const WAYS: [Way; 14] = [
    way("C: readl() of a pointer", "probe_raw_read", None),
    way("Bar: read", "probe_bar_read", Some("probe_raw_read")),
    way("kernel crate's Bar: read", "probe_kernel_bar_read", None),
    way("C: writel() to a pointer", "probe_raw_write", None),
    way("Bar: write", "probe_bar_write", Some("probe_raw_write")),
    way("kernel crate's Bar: write", "probe_kernel_bar_write", None),
    way(
        "DevresLt: access",
        "probe_access",
        Some("probe_kernel_access"),
    ),
    way("kernel crate's: access", "probe_kernel_access", None),
    way(
        "DevresLt: access_with",
        "probe_access_with",
        Some("probe_kernel_access_with"),
    ),
    way(
        "kernel crate's: access_with",
        "probe_kernel_access_with",
        None,
    ),
    way(
        "DevresLt: try_access",
        "probe_try_access",
        Some("probe_kernel_try_access"),
    ),
    way(
        "kernel crate's: try_access",
        "probe_kernel_try_access",
        None,
    ),
    way(
        "DevresLt: try_access_with",
        "probe_try_access_with",
        Some("probe_kernel_try_access_with"),
    ),
    way(
        "kernel crate's: try_access_with",
        "probe_kernel_try_access_with",
        None,
    ),
];

/// Says what costs more than it may.
///
/// # Panics
///
/// If a probe of [`WAYS`] has no cost.
pub fn excesses(costs: &BTreeMap<&str, Cost>) -> Vec<String> {
    let mut excesses = Vec::new();
    for way in &WAYS {
        let cost = &costs[way.probe];
        if cost.registers != 1 {
            excesses.push(format!(
                "{}: accesses the register {} times",
                way.name, cost.registers
            ));
        }
        let Some(limit) = way.limit.map(|limit| &costs[limit]) else {
            continue;
        };
        for (what, found, most) in [
            ("instructions", cost.instructions, limit.instructions),
            ("accesses", cost.accesses, limit.accesses),
            ("calls", cost.calls.len(), limit.calls.len()),
        ] {
            if found > most {
                excesses.push(format!("{}: {found} {what}, and {most} would do", way.name));
            }
        }
    }
    excesses
}

#[cfg(test)]
mod tests {
    use super::*;

    fn costs() -> BTreeMap<&'static str, Cost> {
        let cost = Cost {
            instructions: 3,
            accesses: 2,
            registers: 1,
            calls: vec![],
        };
        WAYS.iter().map(|way| (way.probe, cost.clone())).collect()
    }

    #[test]
    fn equal_costs_are_no_excess() {
        assert_eq!(excesses(&costs()), [""; 0]);
    }

    #[test]
    fn each_way_with_a_limit_is_held_to_it() {
        let ways = WAYS.iter().filter(|way| way.limit.is_some());
        for way in ways {
            let mut costs = costs();
            let cost = costs.get_mut(way.probe).unwrap();
            cost.instructions += 1;
            cost.calls.push("f".into());
            let text = excesses(&costs);
            assert_eq!(
                text,
                [
                    format!("{}: 4 instructions, and 3 would do", way.name),
                    format!("{}: 1 calls, and 0 would do", way.name)
                ]
            );
        }
    }

    #[test]
    fn a_register_that_is_accessed_twice_is_an_excess() {
        let mut costs = costs();
        costs.get_mut("probe_raw_read").unwrap().registers = 2;
        assert_eq!(
            excesses(&costs),
            ["C: readl() of a pointer: accesses the register 2 times"]
        );
    }
}
