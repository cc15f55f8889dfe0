// SPDX-License-Identifier: GPL-2.0

//! Decides whether a finished step proves its claim, and puts the reason first.

use crate::{
    cases::{
        Errno,
        Expect,
        Step, //
    },
    event::Who,
    ktap::{
        self,
        Outcome, //
    },
    session::{
        Fatal,
        Reason,
        StepResult, //
    },
    splat::Splat,
    vm::Failure,
};

/// Name of the PCI driver, as `guest/lib.sh` has it.
const DRIVER: &str = "nova_core";

/// Kernel log lines shown with a failed step.
const LOG_LINES: usize = 20;

/// Whether the claim holds, and what to show.
pub(super) fn step(step: &Step, result: &StepResult) -> (bool, Vec<String>) {
    let mut reasons: Vec<String> = splats(&result.splats);
    if !result.ok {
        let last = result
            .notes
            .last()
            .map_or("the script said nothing", String::as_str);
        reasons.push(format!("{last} ({})", result.why));
    } else if let Err(why) = expectation(&step.expect, result) {
        reasons.extend(why);
    }
    let facts = result
        .facts
        .iter()
        .map(|(name, value)| format!("{name} = {value}"));
    if reasons.is_empty() {
        return (true, facts.collect());
    }
    reasons.extend(facts);
    reasons.extend(result.notes.iter().map(|note| format!("| {note}")));
    let from = result.kernel_log.len().saturating_sub(LOG_LINES);
    reasons.extend(
        result.kernel_log[from..]
            .iter()
            .map(|line| format!("kernel: {line}")),
    );
    (false, reasons)
}

/// What to show for a guest that was lost.
pub fn failure(failure: &Failure) -> Vec<String> {
    match failure {
        Failure::Harness(error) => vec![format!("harness: {error}")],
        Failure::Guest(Fatal {
            reason,
            splats: found,
            tail,
        }) => {
            let mut lines = vec![reason.to_string()];
            lines.extend(splats(found));
            lines.extend(tail.iter().map(|line| format!("kernel: {line}")));
            lines
        }
    }
}

/// Whether a guest was lost because it switched itself off, in peace.
pub(super) fn is_power_off(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Guest(Fatal {
            reason: Reason::Died(Who::Qemu, status),
            splats,
            ..
        }) if status == "exit status 0" && splats.is_empty()
    )
}

/// Kernel reports, each with its stack.
pub(super) fn splats(splats: &[Splat]) -> Vec<String> {
    let mut lines = Vec::new();
    for splat in splats {
        lines.push(format!(
            "the kernel complained ({:?}): {}",
            splat.kind,
            splat.title()
        ));
        lines.extend(splat.lines.iter().skip(1).map(|line| format!("  {line}")));
    }
    lines
}

fn expectation(expect: &Expect, result: &StepResult) -> Result<(), Vec<String>> {
    match expect {
        Expect::Success => Ok(()),
        Expect::Identity { bdf, chip } => {
            identity(bdf, chip, &result.kernel_log).map_err(|why| vec![why])
        }
        Expect::Refusal { bdf, errno, line } => {
            refusal(bdf, *errno, *line, result).map_err(|why| vec![why])
        }
        Expect::Failure { bdf, errno, line } => {
            failed(bdf, *errno, line, result).map_err(|why| vec![why])
        }
        Expect::Says { bdf, line } => says(bdf, line, result).map_err(|why| vec![why]),
        Expect::OneLineEach(cards) => {
            let bad: Vec<String> = cards
                .iter()
                .filter_map(|bdf| one_line(bdf, &result.kernel_log).err())
                .collect();
            if bad.is_empty() {
                Ok(())
            } else {
                Err(bad)
            }
        }
        Expect::Kunit { suites } => kunit(suites, &result.kernel_log),
    }
}

/// The one info line of a good probe names the chip and the firmware.
fn identity(bdf: &str, chip: &str, log: &[String]) -> Result<(), String> {
    let wanted = format!("{DRIVER} {bdf}: NVIDIA {chip} (");
    match log
        .iter()
        .filter(|line| line.starts_with(&wanted))
        .collect::<Vec<_>>()
        .as_slice()
    {
        [line] if line.contains("MiB VRAM, firmware ") => Ok(()),
        found => Err(format!("wanted one line '{wanted}…', found {found:?}")),
    }
}

/// The driver said one line (or none), the driver core added its own unless the errno is a quiet one.
fn refusal(bdf: &str, errno: Errno, line: Option<&str>, result: &StepResult) -> Result<(), String> {
    let (_, own) = lines_about(bdf, &result.kernel_log);
    match (line, own.as_slice()) {
        (None, []) => {}
        (Some(wanted), [one]) if one.contains(wanted) => {}
        (wanted, found) => {
            return Err(format!(
                "wanted one line with {wanted:?}, the driver said {found:?}"
            ))
        }
    }
    returned(bdf, errno, result)
}

/// Probe failed with this errno, and the driver said why among other things.
fn failed(bdf: &str, errno: Errno, line: &str, result: &StepResult) -> Result<(), String> {
    says(bdf, line, result)?;
    returned(bdf, errno, result)
}

fn says(bdf: &str, line: &str, result: &StepResult) -> Result<(), String> {
    match lines_about(bdf, &result.kernel_log) {
        (_, own) if own.iter().any(|said| said.contains(line)) => Ok(()),
        (_, own) => Err(format!(
            "wanted a line with {line:?}, the driver said {own:?}"
        )),
    }
}

/// The script saw this errno, and the driver core logged it unless it is a quiet one.
fn returned(bdf: &str, errno: Errno, result: &StepResult) -> Result<(), String> {
    let (number, text) = errno.describe();
    let said = result
        .facts
        .iter()
        .find(|(name, _)| name == "errno")
        .map_or("", |(_, value)| value);
    if said != text {
        return Err(format!(
            "probe returned '{said}', wanted '{text}' ({errno:?})"
        ));
    }
    let (core, _) = lines_about(bdf, &result.kernel_log);
    let logged = format!("probe with driver {DRIVER} failed with error -{number}");
    let wanted: &[&str] = if errno == Errno::Enodev {
        &[]
    } else {
        &[&logged]
    };
    if core != wanted {
        return Err(format!("the driver core said {core:?}, wanted {wanted:?}"));
    }
    Ok(())
}

fn one_line(bdf: &str, log: &[String]) -> Result<(), String> {
    match lines_about(bdf, log) {
        (_, own) if own.len() == 1 => Ok(()),
        (_, own) => Err(format!("{bdf}: wanted one line, the driver said {own:?}")),
    }
}

/// What the driver core and what the driver said about a card.
fn lines_about<'a>(bdf: &str, log: &'a [String]) -> (Vec<&'a str>, Vec<&'a str>) {
    let prefix = format!("{DRIVER} {bdf}: ");
    log.iter()
        .filter_map(|l| l.strip_prefix(&prefix))
        .partition(|l| l.starts_with("probe with driver"))
}

/// Judges the KUnit suites in a log: all of `wanted` are there, and whatever is there has passed.
fn kunit(wanted: &[&str], log: &[String]) -> Result<(), Vec<String>> {
    let suites = ktap::parse(log.iter().map(String::as_str));
    let missing = wanted
        .iter()
        .filter(|name| !suites.iter().any(|suite| suite.name == **name));
    let mut bad: Vec<_> = missing
        .map(|name| format!("suite {name} did not run"))
        .collect();
    for suite in &suites {
        for case in suite
            .cases
            .iter()
            .filter(|c| !matches!(c.outcome, Outcome::Pass | Outcome::Skip(_)))
        {
            bad.push(format!("{}.{}: {:?}", suite.name, case.name, case.outcome));
            bad.extend(case.notes.iter().map(|note| format!("  {note}")));
        }
        if suite.outcome != Outcome::Pass {
            bad.push(format!("{}: {:?}", suite.name, suite.outcome));
        }
    }
    if bad.is_empty() {
        Ok(())
    } else {
        Err(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn guest_and_judge_mean_the_same_driver() {
        assert!(crate::cases::scripts::LIBRARY.contains(&format!("\ndriver={DRIVER}\n")));
    }

    const BDF: &str = "0000:02:00.0";

    fn result(errno: &str, log: &[&str]) -> StepResult {
        StepResult {
            ok: true,
            why: String::new(),
            notes: vec![],
            facts: vec![("errno".into(), errno.into())],
            splats: vec![],
            kernel_log: log.iter().map(|l| (*l).to_owned()).collect(),
            took: Duration::ZERO,
        }
    }

    #[test]
    fn a_refusal_is_one_line_one_errno_and_the_driver_cores_line() {
        let own = "nova_core 0000:02:00.0: BAR0 is 8 MiB";
        let core = "nova_core 0000:02:00.0: probe with driver nova_core failed with error -22";
        let other = "nova_core 0000:01:00.0: NVIDIA GA102";
        let einval = "Invalid argument";
        for (name, errno, log, holds) in [
            ("as it should be", einval, vec![other, own, core], true),
            ("another errno", "No such device", vec![own, core], false),
            ("said twice", einval, vec![own, own, core], false),
            ("said nothing", einval, vec![core], false),
            ("driver core silent", einval, vec![own], false),
        ] {
            let found = refusal(BDF, Errno::Einval, Some("BAR0"), &result(errno, &log));
            assert_eq!(found.is_ok(), holds, "{name}: {found:?}");
        }
    }

    #[test]
    fn a_failure_may_be_told_in_several_lines_of_which_one_has_the_reason() {
        let own = "nova_core 0000:02:00.0: GSP-RM is dead: message checksum is off by 0x1";
        let more = "nova_core 0000:02:00.0: last message: GSP_INIT_DONE";
        let core = "nova_core 0000:02:00.0: probe with driver nova_core failed with error -5";
        let eio = "Input/output error";
        for (name, errno, log, holds) in [
            ("as it should be", eio, vec![own, more, core], true),
            (
                "another errno",
                "No such device",
                vec![own, more, core],
                false,
            ),
            ("without the reason", eio, vec![more, core], false),
            ("driver core silent", eio, vec![own], false),
        ] {
            let found = failed(BDF, Errno::Eio, "checksum", &result(errno, &log));
            assert_eq!(found.is_ok(), holds, "{name}: {found:?}");
        }
    }

    #[test]
    fn a_silent_refusal_must_be_silent() {
        let quiet = result("No such device", &[]);
        assert_eq!(refusal(BDF, Errno::Enodev, None, &quiet), Ok(()));
        let chatty = result("No such device", &["nova_core 0000:02:00.0: too old"]);
        assert!(refusal(BDF, Errno::Enodev, None, &chatty).is_err());
    }

    #[test]
    fn only_a_machine_that_ends_in_peace_was_switched_off() {
        let ended = |status: &str, splats: Vec<Splat>| {
            Failure::Guest(Fatal {
                reason: Reason::Died(Who::Qemu, status.into()),
                splats,
                tail: vec![],
            })
        };
        let splat = Splat {
            kind: crate::splat::Kind::Warning,
            lines: vec!["WARNING: a.c:1".into()],
        };
        assert!(is_power_off(&ended("exit status 0", vec![])));
        assert!(!is_power_off(&ended("signal 9", vec![])));
        assert!(!is_power_off(&ended("exit status 0", vec![splat])));
        let panic = Fatal {
            reason: Reason::Panic("oops".into()),
            splats: vec![],
            tail: vec![],
        };
        assert!(!is_power_off(&Failure::Guest(panic)));
    }

    #[test]
    fn a_splat_fails_a_step_that_succeeded() {
        let mut good = result("", &[]);
        let plain = Step {
            script: "bound",
            args: vec![],
            limit: Duration::ZERO,
            expect: Expect::Success,
            marked: false,
            mends: None,
            injects: None,
            ends: false,
            together: false,
        };
        assert!(step(&plain, &good).0);
        let lines = vec!["WARNING: a.c:1".to_owned(), "Call Trace:".to_owned()];
        good.splats.push(Splat {
            kind: crate::splat::Kind::Warning,
            lines,
        });
        let (holds, details) = step(&plain, &good);
        assert!(!holds);
        assert_eq!(
            details[0],
            "the kernel complained (Warning): WARNING: a.c:1"
        );
    }

    #[test]
    fn a_failed_script_is_told_by_its_last_words() {
        let mut bad = result("", &[]);
        bad.ok = false;
        bad.why = "exit 1".into();
        bad.notes = vec![
            "first".into(),
            "driver: found 'none', wanted 'nova_core'".into(),
        ];
        let plain = Step {
            script: "bound",
            args: vec![],
            limit: Duration::ZERO,
            expect: Expect::Success,
            marked: false,
            mends: None,
            injects: None,
            ends: false,
            together: false,
        };
        let (holds, details) = step(&plain, &bad);
        assert!(!holds);
        assert_eq!(
            details[0],
            "driver: found 'none', wanted 'nova_core' (exit 1)"
        );
    }

    #[test]
    fn suites_must_be_there_and_pass() {
        let log = |text: &str| -> Vec<String> { text.lines().map(str::to_owned).collect() };
        let good =
            "KTAP version 1\n1..1\n    # Subtest: nova_x\n    1..1\n    ok 1 c\nok 1 nova_x\n";
        assert_eq!(kunit(&["nova_x"], &log(good)), Ok(()));
        assert!(kunit(&["nova_x"], &[]).is_err());
        assert!(kunit(&["nova_x", "nova_y"], &log(good)).is_err());
        assert!(kunit(&["nova_x"], &log(&good.replace("ok 1 c", "not ok 1 c"))).is_err());
        assert!(kunit(
            &["nova_x"],
            &log(&good.replace("1..1\n    ok", "1..2\n    ok"))
        )
        .is_err());
    }
}
