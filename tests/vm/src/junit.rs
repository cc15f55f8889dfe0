// SPDX-License-Identifier: GPL-2.0

//! The results once more as JUnit XML, for machines that collect test results.

use std::fmt::Write as _;

use crate::results::{
    Outcome,
    Summary,
    Verdict, //
};

/// The XML document of a run.
pub fn document(outcomes: &[Outcome]) -> String {
    let mut summary = Summary::default();
    outcomes.iter().for_each(|o| summary.add(&o.verdict));
    let Summary {
        failed, skipped, ..
    } = summary;
    let total = summary.total();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(text, "<testsuite name=\"nova-vm\" tests=\"{total}\" failures=\"{failed}\" skipped=\"{skipped}\">");
    for outcome in outcomes {
        let (class, name) = (escape(&outcome.scenario), escape(&outcome.claim));
        let seconds = outcome.took.as_secs_f64();
        let _ = write!(
            text,
            "  <testcase classname=\"{class}\" name=\"{name}\" time=\"{seconds:.3}\""
        );
        let details = escape(&outcome.details.join("\n"));
        let _ = match &outcome.verdict {
            Verdict::Pass => writeln!(text, "/>"),
            Verdict::Skip(why) => {
                writeln!(text, "><skipped message=\"{}\"/></testcase>", escape(why))
            }
            Verdict::Fail => {
                let message = escape(outcome.details.first().map_or("", String::as_str));
                writeln!(
                    text,
                    "><failure message=\"{message}\">{details}</failure></testcase>"
                )
            }
        };
    }
    text.push_str("</testsuite>\n");
    text
}

/// Escapes markup and drops what XML cannot hold.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn markup_and_control_characters_cannot_break_the_document() {
        let outcome = |verdict, detail: &str| Outcome {
            scenario: "a".into(),
            claim: "b < c".into(),
            verdict,
            details: vec![detail.into()],
            took: Duration::from_millis(1500),
        };
        let document = document(&[
            outcome(Verdict::Pass, "unseen"),
            outcome(Verdict::Fail, "found \"x\" & \u{1b}[0m"),
            outcome(Verdict::Skip("later".into()), ""),
        ]);
        let wanted = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuite name=\"nova-vm\" tests=\"3\" failures=\"1\" skipped=\"1\">
  <testcase classname=\"a\" name=\"b &lt; c\" time=\"1.500\"/>
  <testcase classname=\"a\" name=\"b &lt; c\" time=\"1.500\"><failure message=\"found &quot;x&quot; &amp; \u{fffd}[0m\">found &quot;x&quot; &amp; \u{fffd}[0m</failure></testcase>
  <testcase classname=\"a\" name=\"b &lt; c\" time=\"1.500\"><skipped message=\"later\"/></testcase>
</testsuite>
";
        assert_eq!(document, wanted);
    }
}
