// SPDX-License-Identifier: GPL-2.0

//! Looks at what a finished guest left: reports and traces of its emulated GPUs, and stray kernel reports.

use super::{
    judge,
    teardown,
    told, //
};
use crate::{
    cases::{
        flush,
        Afterwards,
        Scenario, //
    },
    report::{
        Report,
        Violation, //
    },
    trace::Trace,
    vm::Remains,
};

/// Part of a trace between the two marks of the marked step.
const MARKED_PART: usize = 1;

/// Kinds of violations told for each GPU.
const KINDS_SHOWN: usize = 20;

type Findings = Result<Vec<String>, Vec<String>>;

/// Whether a claim can be judged although the guest was lost on the way.
pub(super) fn holds_early(what: &Afterwards) -> bool {
    matches!(what, Afterwards::ProbeCost(_))
}

/// What to show, if the claim holds; why it does not, otherwise.
pub(super) fn check(what: &Afterwards, scenario: &Scenario, remains: &Remains) -> Findings {
    match what {
        Afterwards::NoViolation => no_violation(scenario, remains),
        Afterwards::QuietKernel if remains.splats.is_empty() => Ok(Vec::new()),
        Afterwards::QuietKernel => Err(judge::splats(&remains.splats)),
        Afterwards::FlushCleared(gpu) => flush_cleared(scenario, remains, *gpu),
        Afterwards::FlushLeft(gpu) => flush_left(scenario, remains, *gpu),
        Afterwards::ProbeCost(gpu) => probe_cost(remains, *gpu),
        Afterwards::Untouched { gpu, reads } => untouched(remains, *gpu, *reads),
        Afterwards::NotRead { gpu, offset } => not_read(remains, *gpu, *offset),
        Afterwards::Polled { gpu, offset } => polled(remains, *gpu, *offset),
        Afterwards::Teardown { gpu, part } => {
            let (files, _) = remains
                .gpus
                .get(*gpu)
                .ok_or_else(|| vec![format!("there is no GPU {gpu}")])?;
            let flush = flush::low_halves(&scenario.gpus[*gpu].chip);
            teardown::check(&files.trace, *part, flush)
        }
        Afterwards::Told { gpu, layout } => told::check(&trace(remains, *gpu)?, layout),
    }
}

fn report(remains: &Remains, gpu: usize) -> Result<Report, Vec<String>> {
    let (files, _) = remains
        .gpus
        .get(gpu)
        .ok_or_else(|| vec![format!("there is no GPU {gpu}")])?;
    Report::load(&files.report).map_err(|error| vec![error.to_string()])
}

fn trace(remains: &Remains, gpu: usize) -> Result<Trace, Vec<String>> {
    let (files, _) = remains
        .gpus
        .get(gpu)
        .ok_or_else(|| vec![format!("there is no GPU {gpu}")])?;
    Trace::load(&files.trace).map_err(|error| vec![error.to_string()])
}

fn no_violation(scenario: &Scenario, remains: &Remains) -> Findings {
    let mut bad = Vec::new();
    for (index, (gpu, (_, end))) in scenario.gpus.iter().zip(&remains.gpus).enumerate() {
        let name = format!("gpu-model {index} ({})", gpu.chip);
        match report(remains, index) {
            Ok(report) => bad.extend(folded(&report.violations, &name)),
            Err(why) => bad.extend(why.into_iter().map(|line| format!("{name}: {line}"))),
        }
        // 3 says "violations", which are listed above.
        if !["exit status 0", "exit status 3"].contains(&end.as_str()) {
            bad.push(format!("{name}: {end}"));
        }
    }
    if bad.is_empty() {
        Ok(Vec::new())
    } else {
        Err(bad)
    }
}

/// One line for each kind of violation: the first of it, and how often it came. A driver that polls a
/// register which it must not read makes thousands.
fn folded(violations: &[Violation], gpu: &str) -> Vec<String> {
    let mut kinds: Vec<(&Violation, usize)> = Vec::new();
    for violation in violations {
        match kinds.iter_mut().find(|(first, _)| first.is_like(violation)) {
            Some((_, count)) => *count += 1,
            None => kinds.push((violation, 1)),
        }
    }
    let mut lines: Vec<String> = kinds
        .iter()
        .take(KINDS_SHOWN)
        .map(|(first, count)| match count {
            1 => format!("{gpu}: {first}"),
            _ => format!("{gpu}: {count} times {first}"),
        })
        .collect();
    if kinds.len() > KINDS_SHOWN {
        let more = kinds.len() - KINDS_SHOWN;
        lines.push(format!("{gpu}: and {more} more kinds; see its report"));
    }
    lines
}

fn flush_cleared(scenario: &Scenario, remains: &Remains, gpu: usize) -> Findings {
    let trace = trace(remains, gpu)?;
    for offset in flush::low_halves(&scenario.gpus[gpu].chip) {
        let writes = trace.writes_to(*offset);
        if !writes.iter().any(|v| *v != 0) {
            return Err(vec![format!(
                "register {offset:#x} was never set; values written: {writes:x?}"
            )]);
        }
        if writes.last() != Some(&0) {
            return Err(vec![format!(
                "the last value of register {offset:#x} is {:x?}, wanted 0",
                writes.last()
            )]);
        }
    }
    Ok(Vec::new())
}

fn flush_left(scenario: &Scenario, remains: &Remains, gpu: usize) -> Findings {
    let trace = trace(remains, gpu)?;
    for offset in flush::low_halves(&scenario.gpus[gpu].chip) {
        let writes = trace.writes_to(*offset);
        if writes.is_empty() || writes.contains(&0) {
            return Err(vec![format!(
                "wanted no write of 0 to register {offset:#x}, found {writes:x?}"
            )]);
        }
    }
    Ok(Vec::new())
}

fn probe_cost(remains: &Remains, gpu: usize) -> Findings {
    let (reads, writes) = trace(remains, gpu)?.counts(MARKED_PART);
    if reads == 0 || writes == 0 {
        return Err(vec![format!(
            "the trace shows {reads} reads and {writes} writes between the marks"
        )]);
    }
    Ok(vec![
        format!("BAR0 reads from probe to bound = {reads}"),
        format!("BAR0 writes from probe to bound = {writes}"),
    ])
}

fn untouched(remains: &Remains, gpu: usize, allowed: u64) -> Findings {
    let report = report(remains, gpu)?;
    let (reads, writes) = (report.counter("bar0_reads"), report.counter("bar0_writes"));
    if reads > allowed || writes > 0 {
        return Err(vec![format!(
            "{reads} reads and {writes} writes, wanted at most {allowed} reads and no write"
        )]);
    }
    Ok(Vec::new())
}

fn not_read(remains: &Remains, gpu: usize, offset: u64) -> Findings {
    let found = trace(remains, gpu)?
        .accesses()
        .filter(|a| a.offset == offset)
        .count();
    if found > 0 {
        return Err(vec![format!(
            "register {offset:#x} was accessed {found} times"
        )]);
    }
    Ok(Vec::new())
}

fn polled(remains: &Remains, gpu: usize, offset: u64) -> Findings {
    let reads = trace(remains, gpu)?
        .accesses()
        .filter(|a| a.offset == offset && !a.write)
        .count();
    if reads < 2 {
        return Err(vec![format!(
            "register {offset:#x} was read {reads} times, wanted more than once"
        )]);
    }
    Ok(vec![format!("reads of register {offset:#x} = {reads}")])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_violations_are_told_once_with_their_number() {
        let violation = |address: &str| Violation {
            id: "PV-07".into(),
            what: "read of an unknown register".into(),
            address: address.into(),
            value: 0.into(),
            phase: "reset".into(),
        };
        let many = [violation("0x4"), violation("0x8"), violation("0x4")];
        let lines = folded(&many, "gpu");
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("gpu: 2 times PV-07: "), "{lines:?}");
        assert!(lines[1].starts_with("gpu: PV-07: "), "{lines:?}");

        let kinds: Vec<_> = (0..KINDS_SHOWN + 3)
            .map(|n| violation(&n.to_string()))
            .collect();
        let lines = folded(&kinds, "gpu");
        assert_eq!(lines.len(), KINDS_SHOWN + 1);
        assert!(lines[KINDS_SHOWN].contains("and 3 more kinds"), "{lines:?}");
    }
}
