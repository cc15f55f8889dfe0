// SPDX-License-Identifier: GPL-2.0

//! What was seen held against what was wanted.

use crate::{
    case::{
        Case,
        Expected, //
    },
    diagnostic::{
        Diagnostic,
        Output, //
    }, //
};
use std::fmt::Write;

/// One run of the compiler.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compiled {
    /// Whether the compiler said that it succeeded.
    pub success: bool,
    /// What it said.
    pub output: Output,
}

/// Judges both programs of a case.
///
/// # Errors
///
/// Lines that show what was seen next to what was wanted.
pub fn judge(case: &Case, attack: &Compiled, twin: &Compiled) -> Result<(), String> {
    let mut complaint = String::new();
    judge_attack(case, attack, &mut complaint);
    judge_twin(twin, &mut complaint);
    if complaint.is_empty() {
        Ok(())
    } else {
        Err(complaint)
    }
}

fn judge_attack(case: &Case, attack: &Compiled, complaint: &mut String) {
    let errors = &attack.output.errors;
    let matched = !attack.success
        && attack.output.stray.is_empty()
        && errors.len() == case.errors.len()
        && errors
            .iter()
            .zip(&case.errors)
            .all(|(seen, wanted)| is_match(seen, wanted, case.line));
    if matched {
        return;
    }

    for wanted in &case.errors {
        line(
            complaint,
            "attack, wanted",
            &describe(wanted.code.as_deref(), case.line.as_slice(), &wanted.text),
        );
    }
    if errors.is_empty() {
        let seen = if attack.success {
            "it compiles: the types do not stop this attack"
        } else {
            "the compiler failed without an error"
        };
        line(complaint, "attack, saw", seen);
    }
    for seen in errors {
        line(
            complaint,
            "attack, saw",
            &describe(seen.code.as_deref(), &seen.lines, &seen.message),
        );
    }
    show_details("attack", &attack.output, complaint);
}

fn judge_twin(twin: &Compiled, complaint: &mut String) {
    if twin.success && twin.output == Output::default() {
        return;
    }
    line(complaint, "twin, wanted", "it compiles");
    if twin.output.errors.is_empty() {
        line(
            complaint,
            "twin, saw",
            "the compiler failed without an error",
        );
    }
    for seen in &twin.output.errors {
        line(
            complaint,
            "twin, saw",
            &describe(seen.code.as_deref(), &seen.lines, &seen.message),
        );
    }
    show_details("twin", &twin.output, complaint);
}

fn is_match(seen: &Diagnostic, wanted: &Expected, wanted_line: Option<usize>) -> bool {
    let right_place = match wanted_line {
        Some(line) => seen.lines.contains(&line),
        None => seen.lines.is_empty(),
    };
    right_place && seen.code == wanted.code && seen.text.contains(&wanted.text)
}

fn describe(code: Option<&str>, lines: &[usize], text: &str) -> String {
    let code = code.unwrap_or("nocode");
    match lines {
        [] => format!("{code} in another file: {text}"),
        [line] => format!("{code} at line {line}: {text}"),
        lines => format!("{code} at lines {lines:?}: {text}"),
    }
}

fn show_details(who: &str, output: &Output, complaint: &mut String) {
    let rendered = output.errors.iter().flat_map(|e| e.rendered.lines());
    for text in rendered.chain(output.stray.iter().map(String::as_str)) {
        line(complaint, who, text);
    }
}

fn line(complaint: &mut String, who: &str, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(complaint, "{who}: {text}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Stage;

    fn case() -> Case {
        Case {
            attack: String::new(),
            errors: vec![expected()],
            stage: Stage::Check,
            needs: None,
            line: Some(7),
            failing: String::new(),
            passing: String::new(),
            unsafe_twin: false,
        }
    }

    fn expected() -> Expected {
        Expected {
            code: Some("E0597".into()),
            text: "does not live".into(),
        }
    }

    fn seen() -> Diagnostic {
        Diagnostic {
            code: Some("E0597".into()),
            message: "`bar` does not live long enough".into(),
            text: "`bar` does not live long enough\n".into(),
            lines: vec![7],
            rendered: String::new(),
        }
    }

    fn refused(errors: Vec<Diagnostic>) -> Compiled {
        Compiled {
            success: false,
            output: Output {
                errors,
                stray: vec![],
            },
        }
    }

    fn accepted() -> Compiled {
        Compiled {
            success: true,
            output: Output::default(),
        }
    }

    fn complaint(attack: &Compiled, twin: &Compiled) -> String {
        judge(&case(), attack, twin).unwrap_err()
    }

    #[test]
    fn attack_refused_as_told_and_twin_accepted_is_a_pass() {
        assert_eq!(judge(&case(), &refused(vec![seen()]), &accepted()), Ok(()));
    }

    #[test]
    fn attack_that_compiles_is_a_failure() {
        let text = complaint(&accepted(), &accepted());
        assert_eq!(
            text,
            "attack, wanted: E0597 at line 7: does not live\n\
             attack, saw: it compiles: the types do not stop this attack\n"
        );
    }

    #[test]
    fn twin_that_does_not_compile_is_a_failure() {
        let text = complaint(&refused(vec![seen()]), &refused(vec![seen()]));
        assert_eq!(
            text,
            "twin, wanted: it compiles\n\
             twin, saw: E0597 at line 7: `bar` does not live long enough\n"
        );
    }

    #[test]
    fn compiler_that_dies_silently_is_a_failure_of_both() {
        let text = complaint(&refused(vec![]), &refused(vec![]));
        assert_eq!(text.matches("failed without an error").count(), 2);
    }

    #[test]
    fn other_code_line_or_text_is_a_failure() {
        type Edit = fn(&mut Diagnostic);
        let edits: [(&str, Edit); 5] = [
            ("other code", |seen| seen.code = Some("E0505".into())),
            ("no code", |seen| seen.code = None),
            ("other line", |seen| seen.lines = vec![8]),
            ("other file", |seen| seen.lines.clear()),
            ("other text", |seen| seen.text = "type mismatch".into()),
        ];
        for (name, edit) in edits {
            let mut error = seen();
            edit(&mut error);
            let result = judge(&case(), &refused(vec![error]), &accepted());
            assert!(result.is_err(), "{name}");
        }
    }

    #[test]
    fn error_wanted_elsewhere_may_not_be_in_the_case() {
        let mut wanted = case();
        wanted.line = None;
        assert!(judge(&wanted, &refused(vec![seen()]), &accepted()).is_err());

        let mut error = seen();
        error.lines.clear();
        assert_eq!(judge(&wanted, &refused(vec![error]), &accepted()), Ok(()));
    }

    #[test]
    fn error_too_many_or_too_few_is_a_failure() {
        let twice = refused(vec![seen(), seen()]);
        assert!(judge(&case(), &twice, &accepted()).is_err());

        let mut wants_two = case();
        wants_two.errors.push(expected());
        assert!(judge(&wants_two, &refused(vec![seen()]), &accepted()).is_err());
        assert_eq!(judge(&wants_two, &twice, &accepted()), Ok(()));
    }

    #[test]
    fn output_that_is_no_diagnostic_is_a_failure() {
        let mut attack = refused(vec![seen()]);
        attack.output.stray.push("thread 'rustc' panicked".into());
        assert!(complaint(&attack, &accepted()).contains("panicked"));

        let mut twin = accepted();
        twin.output.stray.push("warning: strange".into());
        assert!(complaint(&refused(vec![seen()]), &twin).contains("strange"));
    }
}
