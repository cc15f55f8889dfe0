// SPDX-License-Identifier: GPL-2.0

//! Costs as a table for a terminal.

use crate::{
    path::Cost,
    verdict::WAYS, //
};
use std::collections::BTreeMap;

/// The table, a line for each way.
///
/// # Panics
///
/// If a probe of [`WAYS`] has no cost.
pub fn lines(costs: &BTreeMap<&str, Cost>) -> Vec<String> {
    let width = WAYS.iter().map(|way| way.name.len()).max().unwrap_or(0);
    let head = format!(
        "{:width$}  instructions  accesses  calls",
        "way to a register"
    );
    let rows = WAYS.iter().map(|way| {
        let cost = &costs[way.probe];
        let calls: Vec<&str> = cost.calls.iter().map(|name| plain(name)).collect();
        let line = format!(
            "{:width$}  {:>12}  {:>8}  {}",
            way.name,
            cost.instructions,
            cost.accesses,
            calls.join(", ")
        );
        line.trim_end().to_owned()
    });
    std::iter::once(head).chain(rows).collect()
}

fn plain(name: &str) -> &str {
    name.strip_prefix("rust_helper_").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_has_a_line() {
        let cost = Cost {
            instructions: 12,
            accesses: 3,
            registers: 1,
            calls: vec!["rust_helper_rcu_read_lock".into(), "f".into()],
        };
        let costs = WAYS.iter().map(|way| (way.probe, cost.clone())).collect();
        let lines = lines(&costs);
        assert_eq!(lines.len(), WAYS.len() + 1);
        assert!(lines[2].starts_with("Bar: read "), "{}", lines[2]);
        assert!(
            lines[2].ends_with("  12         3  rcu_read_lock, f"),
            "{}",
            lines[2]
        );
    }
}
