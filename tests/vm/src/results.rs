// SPDX-License-Identifier: GPL-2.0

//! Results of claims, and how they are printed: KTAP lines for each claim, one summary at the end.

use std::{
    fmt::Write as _,
    time::Duration, //
};

/// How a claim turned out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Pass,
    /// It does not, or it was never found out.
    Fail,
    /// It was not tried, for this reason.
    Skip(String),
}

/// A claim and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Name of the scenario.
    pub scenario: String,
    /// The claim.
    pub claim: String,
    /// How it turned out.
    pub verdict: Verdict,
    /// What was seen; for a failure, the reason is the first line.
    pub details: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

/// Numbers of a whole run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Claims that hold.
    pub passed: usize,
    /// Claims that do not.
    pub failed: usize,
    /// Claims that were not tried.
    pub skipped: usize,
}

impl Summary {
    /// Counts one more.
    pub fn add(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Pass => self.passed += 1,
            Verdict::Fail => self.failed += 1,
            Verdict::Skip(_) => self.skipped += 1,
        }
    }

    /// All claims counted so far.
    pub fn total(self) -> usize {
        self.passed + self.failed + self.skipped
    }

    /// The last line of a run: `12 passed, 0 failed`.
    pub fn line(self) -> String {
        format!("{} passed, {} failed", self.passed, self.failed)
    }

    /// Whether the run as a whole succeeded; one in which nothing was tried did not.
    pub fn good(self) -> bool {
        self.failed == 0 && self.passed > 0
    }
}

/// KTAP text of one outcome, numbered `number`.
pub fn ktap(number: usize, outcome: &Outcome) -> String {
    let mut text = String::new();
    for line in &outcome.details {
        let _ = writeln!(text, "# {line}");
    }
    let Outcome {
        scenario,
        claim,
        took,
        ..
    } = outcome;
    let seconds = took.as_secs_f64();
    let _ = match &outcome.verdict {
        Verdict::Pass => writeln!(text, "ok {number} {scenario}: {claim} # {seconds:.1} s"),
        Verdict::Fail => writeln!(text, "not ok {number} {scenario}: {claim} # {seconds:.1} s"),
        Verdict::Skip(why) => writeln!(text, "ok {number} {scenario}: {claim} # SKIP {why}"),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(verdict: Verdict) -> Outcome {
        Outcome {
            scenario: "ga102".into(),
            claim: "both drivers bind".into(),
            verdict,
            details: vec!["driver is none".into()],
            took: Duration::from_millis(1240),
        }
    }

    #[test]
    fn each_verdict_has_its_line_and_details_come_first() {
        for (verdict, wanted) in [
            (Verdict::Pass, "ok 3 ga102: both drivers bind # 1.2 s\n"),
            (Verdict::Fail, "not ok 3 ga102: both drivers bind # 1.2 s\n"),
            (
                Verdict::Skip("no kernel".into()),
                "ok 3 ga102: both drivers bind # SKIP no kernel\n",
            ),
        ] {
            assert_eq!(
                ktap(3, &outcome(verdict)),
                format!("# driver is none\n{wanted}")
            );
        }
    }

    #[test]
    fn the_summary_counts_and_an_empty_run_is_no_success() {
        let mut summary = Summary::default();
        assert!(!summary.good());
        summary.add(&Verdict::Pass);
        assert_eq!(
            (summary.line().as_str(), summary.good()),
            ("1 passed, 0 failed", true)
        );
        summary.add(&Verdict::Skip(String::new()));
        assert_eq!(
            (summary.line().as_str(), summary.skipped),
            ("1 passed, 0 failed", 1)
        );
        summary.add(&Verdict::Fail);
        assert!(!summary.good());
        assert_eq!(summary.total(), 3);
    }
}
