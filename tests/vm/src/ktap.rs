// SPDX-License-Identifier: GPL-2.0

//! Reads KUnit's KTAP out of a kernel log.
//!
//! Other messages may stand between the lines, a suite may end in a panic, and plans may be missing. The
//! rule is that a promised result that did not arrive is a crash, never a pass.

use crate::log;

/// How a case or a suite ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It said `ok`.
    Pass,
    /// It said `not ok`.
    Fail,
    /// It said `ok … # SKIP` with this reason.
    Skip(String),
    /// It was promised or started, and never said how it ended.
    Crash,
}

/// One test case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Name, or `case <n>` if it never told.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Its `#` lines.
    pub notes: Vec<String>,
}

/// One suite with its cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// Name, or `suite <n>` if it never told.
    pub name: String,
    /// How it ended as a whole.
    pub outcome: Outcome,
    /// Cases in order of their numbers.
    pub cases: Vec<Case>,
}

/// Reads all suites of all batches in a console log (lines may carry printk prefixes).
pub fn parse<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<Suite> {
    let mut parser = Parser::default();
    for line in lines {
        parser.line(log::message(line));
    }
    parser.end_batch();
    parser.suites
}

#[derive(Default)]
struct Parser {
    suites: Vec<Suite>,
    /// Suites promised by the current batch, if it said.
    batch_plan: Option<usize>,
    /// Suites ended in the current batch.
    batch_done: usize,
    open: Option<OpenSuite>,
}

#[derive(Default)]
struct OpenSuite {
    name: Option<String>,
    plan: Option<usize>,
    cases: Vec<(usize, Case)>,
    notes: Vec<String>,
}

impl Parser {
    fn line(&mut self, text: &str) {
        let body = text.trim_start_matches(' ');
        match text.len() - body.len() {
            0 => self.top(body),
            4 => self.inner(body),
            // Parameters of a case: their sum shows in the case's own result.
            _ => {
                if let (Some(open), true) = (
                    &mut self.open,
                    body.starts_with('#') || body.starts_with("not ok"),
                ) {
                    open.notes.push(body.to_owned());
                }
            }
        }
    }

    fn top(&mut self, body: &str) {
        if body.starts_with("KTAP version ") {
            self.end_batch();
        } else if let Some(plan) = parse_plan(body) {
            self.batch_plan = Some(plan);
        } else if let Some(result) = parse_result(body) {
            // A result without a suite before it still counts, as a suite without cases.
            let mut suite = self.open.take().unwrap_or_default();
            suite.name.get_or_insert(result.name);
            self.suites.push(suite.close(result.outcome));
            self.batch_done += 1;
        }
    }

    fn inner(&mut self, body: &str) {
        if body.starts_with("KTAP version ") || body.starts_with("# Subtest: ") {
            let name = body
                .strip_prefix("# Subtest: ")
                .map(|n| n.trim().to_owned());
            // "KTAP version" opens a suite, "# Subtest" names it; either may be lost.
            let fresh = self
                .open
                .as_ref()
                .is_some_and(|o| o.name.is_none() && o.cases.is_empty());
            if fresh && name.is_some() {
                self.open.get_or_insert_with(OpenSuite::default).name = name;
                return;
            }
            if let Some(lost) = self.open.take() {
                self.suites.push(lost.close(Outcome::Crash));
                self.batch_done += 1;
            }
            self.open = Some(OpenSuite {
                name,
                ..OpenSuite::default()
            });
            return;
        }
        let Some(open) = &mut self.open else { return };
        if let Some(plan) = parse_plan(body) {
            open.plan = Some(plan);
        } else if let Some(result) = parse_result(body) {
            let notes = std::mem::take(&mut open.notes);
            open.cases.push((
                result.number,
                Case {
                    name: result.name,
                    outcome: result.outcome,
                    notes,
                },
            ));
        } else if body.starts_with('#') {
            open.notes.push(body.to_owned());
        }
    }

    fn end_batch(&mut self) {
        if let Some(open) = self.open.take() {
            self.suites.push(open.close(Outcome::Crash));
            self.batch_done += 1;
        }
        for number in self.batch_done + 1..=self.batch_plan.unwrap_or(0) {
            self.suites.push(Suite {
                name: format!("suite {number}"),
                outcome: Outcome::Crash,
                cases: Vec::new(),
            });
        }
        self.batch_plan = None;
        self.batch_done = 0;
    }
}

impl OpenSuite {
    fn close(mut self, outcome: Outcome) -> Suite {
        let promised = self
            .plan
            .unwrap_or(0)
            .max(self.cases.iter().map(|(n, _)| *n).max().unwrap_or(0));
        for number in 1..=promised {
            if !self.cases.iter().any(|(n, _)| *n == number) {
                let notes = std::mem::take(&mut self.notes);
                let case = Case {
                    name: format!("case {number}"),
                    outcome: Outcome::Crash,
                    notes,
                };
                self.cases.push((number, case));
            }
        }
        self.cases.sort_by_key(|(n, _)| *n);
        let cases: Vec<Case> = self.cases.into_iter().map(|(_, case)| case).collect();
        let broken = cases.iter().any(|c| c.outcome == Outcome::Crash);
        let outcome = if broken && outcome == Outcome::Pass {
            Outcome::Crash
        } else {
            outcome
        };
        Suite {
            name: self.name.unwrap_or_else(|| "unnamed suite".to_owned()),
            outcome,
            cases,
        }
    }
}

struct TestResult {
    number: usize,
    name: String,
    outcome: Outcome,
}

fn parse_plan(body: &str) -> Option<usize> {
    body.trim_end().strip_prefix("1..")?.parse().ok()
}

fn parse_result(body: &str) -> Option<TestResult> {
    let (ok, rest) = match body.strip_prefix("not ok ") {
        Some(rest) => (false, rest),
        None => (true, body.strip_prefix("ok ")?),
    };
    let (number, name) = rest.split_once(' ')?;
    let number = number.parse().ok()?;
    let (name, directive) = name.split_once(" # ").unwrap_or((name, ""));
    let name = name.trim().trim_start_matches("- ").to_owned();
    let outcome = match directive.strip_prefix("SKIP") {
        Some(reason) if ok => Outcome::Skip(reason.trim().to_owned()),
        _ if ok => Outcome::Pass,
        _ => Outcome::Fail,
    };
    Some(TestResult {
        number,
        name,
        outcome,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Vec<Suite> {
        parse(text.lines())
    }

    fn outcomes(suite: &Suite) -> Vec<(&str, &Outcome)> {
        suite
            .cases
            .iter()
            .map(|c| (c.name.as_str(), &c.outcome))
            .collect()
    }

    const CLEAN: &str = "\
[    1.0] KTAP version 1
[    1.0] 1..2
[    1.0]     KTAP version 1
[    1.0]     # Subtest: nova_layout
[    1.0]     # module: nova_core
[    1.0]     1..2
[    1.0]     ok 1 frts_is_below_the_end
[    1.0]     ok 2 heap_grows # SKIP needs DRM
[    1.0] # nova_layout: pass:1 fail:0 skip:1 total:2
[    1.0] ok 1 nova_layout
[    1.1]     KTAP version 1
[    1.1]     # Subtest: nova_chip
[    1.1]     1..1
[    1.1]     # every_id: EXPECTATION FAILED at nova/x.rs:3
[    1.1]     not ok 1 every_id
[    1.1] not ok 2 nova_chip
";

    #[test]
    fn passes_skips_and_failures_are_told_apart() {
        let suites = one(CLEAN);
        assert_eq!(suites.len(), 2);
        assert_eq!(suites[0].outcome, Outcome::Pass);
        assert_eq!(
            outcomes(&suites[0]),
            [
                ("frts_is_below_the_end", &Outcome::Pass),
                ("heap_grows", &Outcome::Skip("needs DRM".into()))
            ]
        );
        assert_eq!(outcomes(&suites[1]), [("every_id", &Outcome::Fail)]);
        assert!(suites[1].cases[0].notes[0].contains("EXPECTATION FAILED"));
    }

    #[test]
    fn foreign_messages_between_the_lines_change_nothing() {
        let mut noisy = String::new();
        for line in CLEAN.lines() {
            noisy.push_str(line);
            noisy.push_str(
                "\n[    1.0] random: crng init done\nvery early text\n[    1.0] 1 ok nonsense\n\n",
            );
        }
        assert_eq!(one(&noisy), one(CLEAN));
    }

    #[test]
    fn a_panic_in_a_case_is_a_crash_of_that_case_and_all_after_it() {
        let text = "\
KTAP version 1
1..2
    KTAP version 1
    # Subtest: s
    1..3
    ok 1 first
Kernel panic - not syncing: Fatal exception
";
        let suites = one(text);
        assert_eq!(suites.len(), 2);
        assert_eq!(suites[0].outcome, Outcome::Crash);
        assert_eq!(
            outcomes(&suites[0]),
            [
                ("first", &Outcome::Pass),
                ("case 2", &Outcome::Crash),
                ("case 3", &Outcome::Crash)
            ]
        );
        assert_eq!(suites[1].outcome, Outcome::Crash);
    }

    #[test]
    fn a_hole_in_the_numbers_is_a_crash_even_if_the_suite_says_ok() {
        let text =
            "KTAP version 1\n1..1\n    # Subtest: s\n    1..3\n    ok 1 a\n    ok 3 c\nok 1 s\n";
        let suites = one(text);
        assert_eq!(suites[0].outcome, Outcome::Crash);
        assert_eq!(outcomes(&suites[0])[1], ("case 2", &Outcome::Crash));
    }

    #[test]
    fn a_missing_plan_does_not_hide_results() {
        let text = "KTAP version 1\n    # Subtest: s\n    ok 1 a\n    not ok 2 b\nnot ok 1 s\n";
        let suites = one(text);
        assert_eq!(
            outcomes(&suites[0]),
            [("a", &Outcome::Pass), ("b", &Outcome::Fail)]
        );
    }

    #[test]
    fn a_batch_per_module_load_starts_counting_again() {
        let batch = |name: &str| {
            format!("KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: {name}\n    1..1\n    ok 1 c\nok 1 {name}\n")
        };
        let suites = one(&(batch("a") + &batch("b")));
        let names: Vec<_> = suites
            .iter()
            .map(|s| (s.name.as_str(), &s.outcome))
            .collect();
        assert_eq!(names, [("a", &Outcome::Pass), ("b", &Outcome::Pass)]);
    }

    #[test]
    fn a_suite_cut_by_the_next_one_is_a_crash() {
        let text = "KTAP version 1\n1..2\n    # Subtest: a\n    1..1\n    KTAP version 1\n    # Subtest: b\n    1..1\n    ok 1 c\nok 2 b\n";
        let suites = one(text);
        assert_eq!(
            (suites[0].name.as_str(), &suites[0].outcome),
            ("a", &Outcome::Crash)
        );
        assert_eq!(
            (suites[1].name.as_str(), &suites[1].outcome),
            ("b", &Outcome::Pass)
        );
    }

    #[test]
    fn parameters_of_a_case_are_notes_not_cases() {
        let text = "KTAP version 1\n1..1\n    # Subtest: s\n    1..1\n        KTAP version 1\n        # Subtest: c\n        ok 1 p1\n        not ok 2 p2\n    not ok 1 c\nnot ok 1 s\n";
        let suites = one(text);
        assert_eq!(outcomes(&suites[0]), [("c", &Outcome::Fail)]);
        assert!(suites[0].cases[0].notes.contains(&"not ok 2 p2".to_owned()));
    }

    #[test]
    fn no_ktap_at_all_is_no_suites() {
        assert!(one("[    0.0] Linux version 7\n").is_empty());
    }
}
