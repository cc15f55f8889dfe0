// SPDX-License-Identifier: GPL-2.0

//! A case file, split into its two programs.
//!
//! It is Rust but for the two lines in one place, so its name does not end in `.rs`.
//!
//! ```text
//! // SPDX-License-Identifier: GPL-2.0
//! // Attack: what the program tries, and
//! // what it would gain.
//! // Error: E0597: `bar` does not live long enough
//! // Stage: codegen
//!
//! fn attack() {
//!     wrong();   //~ fail
//!     right();   //~ pass
//! }              //~ error
//! ```
//!
//! There is one `fail` line, which only the attack has, and one `pass` line beside it, which only the
//! twin has. The error is expected at the `fail` line, or at the `error` line where there is one.
//! `Error:` may be repeated; `nocode` stands for an error without a code. With `Stage: codegen` the
//! programs are compiled to the end, which is when constants of generic types are evaluated; such an
//! error is reported where the constant is, so `Where: elsewhere` expects it outside of the case. A case with
//! `Needs: NAME` is for modules only that were compiled with `--cfg NAME`: it names what other kernels lack.

/// Marks the line that only the attack has.
const FAIL: &str = "//~ fail";
/// Marks the line that only the twin has.
const PASS: &str = "//~ pass";
/// Marks the line at which the error is expected.
const ERROR: &str = "//~ error";

/// How far the compiler has to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// To the crate's metadata: types and borrows are checked.
    Check,
    /// To an object file: generic code is instantiated as well.
    Codegen,
}

/// One error that an attack must meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The code, such as `E0597`; `None` for errors that have none.
    pub code: Option<String>,
    /// Part of what the compiler says.
    pub text: String,
}

/// A case file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// What is tried.
    pub attack: String,
    /// The errors the attack must meet, all of them and no others.
    pub errors: Vec<Expected>,
    /// How far the compiler has to go.
    pub stage: Stage,
    /// What must be configured for the case to make sense.
    pub needs: Option<String>,
    /// Number of the line at which the errors are expected, from 1; `None` if in another file.
    pub line: Option<usize>,
    /// Source of the attack. Line numbers are those of the file.
    pub failing: String,
    /// Source of the twin. Line numbers are those of the file.
    pub passing: String,
    /// Whether the line that only the twin has is `unsafe`. Neither program is then held to safe code:
    /// what they share may exist only for the sake of that line.
    pub unsafe_twin: bool,
}

impl Case {
    /// Reads a case file.
    ///
    /// # Errors
    ///
    /// A text that says what the file lacks.
    pub fn parse(text: &str) -> Result<Self, String> {
        let header = Header::parse(text)?;
        let fail = the_line(text, FAIL)?;
        let pass = the_line(text, PASS)?;
        if fail.abs_diff(pass) != 1 {
            return Err(format!(
                "lines {fail} and {pass} are one place only if they are neighbours"
            ));
        }
        let line = match lines_marked(text, ERROR)[..] {
            [] if header.elsewhere => None,
            _ if header.elsewhere => {
                return Err(format!(
                    "`{ERROR}` and `Where: elsewhere` exclude each other"
                ))
            }
            [] => Some(fail),
            [line] => Some(line),
            ref lines => return Err(format!("lines {lines:?} all say `{ERROR}`, one may")),
        };
        let twin_line = text.lines().nth(pass - 1).unwrap_or_default();

        Ok(Self {
            attack: header.attack,
            errors: header.errors,
            stage: header.stage,
            needs: header.needs,
            line,
            failing: without_line(text, pass),
            passing: without_line(text, fail),
            unsafe_twin: twin_line.split_whitespace().any(|word| word == "unsafe"),
        })
    }
}

/// The comments before the program.
struct Header {
    attack: String,
    errors: Vec<Expected>,
    stage: Stage,
    needs: Option<String>,
    elsewhere: bool,
}

impl Header {
    fn parse(text: &str) -> Result<Self, String> {
        let mut attack: Option<String> = None;
        let mut errors = Vec::new();
        let mut stage = Stage::Check;
        let mut needs = None;
        let mut elsewhere = false;
        let mut in_attack = false;

        for line in text.lines().map_while(|line| line.strip_prefix("// ")) {
            if let Some(what) = line.strip_prefix("Attack: ") {
                attack = Some(what.trim().to_owned());
                in_attack = true;
            } else if let Some(what) = line.strip_prefix("Error: ") {
                errors.push(Expected::parse(what)?);
                in_attack = false;
            } else if let Some(what) = line.strip_prefix("Stage: ") {
                stage = match what.trim() {
                    "codegen" => Stage::Codegen,
                    other => return Err(format!("unknown stage `{other}`; `codegen` is known")),
                };
                in_attack = false;
            } else if let Some(what) = line.strip_prefix("Needs: ") {
                needs = Some(what.trim().to_owned());
                in_attack = false;
            } else if line.trim_end() == "Where: elsewhere" {
                elsewhere = true;
                in_attack = false;
            } else if let (Some(attack), true) = (&mut attack, in_attack) {
                attack.push(' ');
                attack.push_str(line.trim());
            } else if !line.starts_with("SPDX-") {
                return Err(format!("the header has a line of no meaning: `{line}`"));
            }
        }

        let attack = attack.ok_or("the header does not say `// Attack: …`")?;
        if errors.is_empty() {
            return Err("the header does not say `// Error: CODE: text`".into());
        }
        Ok(Self {
            attack,
            errors,
            stage,
            needs,
            elsewhere,
        })
    }
}

impl Expected {
    fn parse(what: &str) -> Result<Self, String> {
        let (code, text) = what
            .split_once(": ")
            .ok_or_else(|| format!("`Error: {what}` is not of the form `CODE: text`"))?;
        let text = text.trim();
        if text.is_empty() {
            return Err(format!("`Error: {what}` has no text to look for"));
        }
        let digits = code.strip_prefix('E').unwrap_or_default();
        let code = match code {
            "nocode" => None,
            _ if digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()) => {
                Some(code.to_owned())
            }
            _ => return Err(format!("`{code}` is neither an error code nor `nocode`")),
        };
        Ok(Self {
            code,
            text: text.to_owned(),
        })
    }
}

/// Numbers of the lines that end in `mark`, from 1.
fn lines_marked(text: &str, mark: &str) -> Vec<usize> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| line.trim_end().ends_with(mark))
        .map(|(index, _)| index + 1)
        .collect()
}

/// Number of the only line that ends in `mark`.
fn the_line(text: &str, mark: &str) -> Result<usize, String> {
    match lines_marked(text, mark)[..] {
        [line] => Ok(line),
        [] => Err(format!("no line ends in `{mark}`")),
        ref lines => Err(format!("lines {lines:?} all end in `{mark}`, one may")),
    }
}

/// The text with one line made empty.
fn without_line(text: &str, number: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, line) in text.lines().enumerate() {
        if index + 1 != number {
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
// SPDX-License-Identifier: GPL-2.0
// Attack: Take it,
// and run.
// Error: E0597: does not live

fn f() {
    bad(); //~ fail
    good(); //~ pass
}
";

    /// `GOOD` with one text replaced by another, which must be there.
    fn edited(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from), "{from}");
        GOOD.replace(from, to)
    }

    #[test]
    fn header_is_read() {
        let case = Case::parse(GOOD).unwrap();
        assert_eq!(case.attack, "Take it, and run.");
        assert_eq!(
            case.errors,
            [Expected {
                code: Some("E0597".into()),
                text: "does not live".into()
            }]
        );
        assert_eq!(case.stage, Stage::Check);
    }

    #[test]
    fn programs_differ_in_one_line_and_keep_line_numbers() {
        let case = Case::parse(GOOD).unwrap();
        let differing: Vec<_> = case
            .failing
            .lines()
            .zip(case.passing.lines())
            .enumerate()
            .filter(|(_, (a, b))| a != b)
            .map(|(index, pair)| (index + 1, pair))
            .collect();
        assert_eq!(
            differing,
            [
                (7, ("    bad(); //~ fail", "")),
                (8, ("", "    good(); //~ pass"))
            ]
        );
        assert_eq!(case.failing.lines().count(), GOOD.lines().count());
        assert_eq!(case.passing.lines().count(), GOOD.lines().count());
    }

    #[test]
    fn error_is_expected_at_the_failing_line() {
        assert_eq!(Case::parse(GOOD).unwrap().line, Some(7));
    }

    #[test]
    fn error_line_can_be_another() {
        let case = Case::parse(&edited("\n}\n", "\n} //~ error\n")).unwrap();
        assert_eq!(case.line, Some(9));
    }

    #[test]
    fn error_can_be_in_another_file() {
        let text = edited("\n\nfn", "\n// Where: elsewhere\n\nfn");
        assert_eq!(Case::parse(&text).unwrap().line, None);
        let err = Case::parse(&text.replace("\n}\n", "\n} //~ error\n")).unwrap_err();
        assert!(err.contains("exclude each other"), "{err}");
    }

    #[test]
    fn errors_can_be_several_and_without_code() {
        let text = edited(
            "// Error: E0597: does not live\n",
            "// Error: E0597: does not live\n// Error: nocode: lifetime may not\n",
        );
        let errors = Case::parse(&text).unwrap().errors;
        assert_eq!(errors.len(), 2);
        assert_eq!(errors[1].code, None);
        assert_eq!(errors[1].text, "lifetime may not");
    }

    #[test]
    fn stage_is_read() {
        let text = edited("\n\nfn", "\n// Stage: codegen\n\nfn");
        assert_eq!(Case::parse(&text).unwrap().stage, Stage::Codegen);
    }

    #[test]
    fn only_the_line_of_the_twin_may_be_unsafe() {
        assert!(!Case::parse(GOOD).unwrap().unsafe_twin);
        let text = edited("good();", "unsafe { good() }");
        assert!(Case::parse(&text).unwrap().unsafe_twin);
        let text = edited("bad();", "unsafe { bad() }");
        assert!(!Case::parse(&text).unwrap().unsafe_twin);
    }

    #[test]
    fn broken_cases_are_refused() {
        for (name, text, want) in [
            (
                "no attack",
                edited("// Attack: Take it,\n// and run.\n", ""),
                "does not say `// Attack",
            ),
            (
                "no error",
                edited("// Error: E0597: does not live\n", ""),
                "does not say `// Error",
            ),
            ("no text", edited("E0597: does not live", "E0597"), "form"),
            (
                "empty text",
                edited("E0597: does not live", "E0597:  "),
                "no text",
            ),
            ("no code", edited("E0597", "borrowck"), "neither"),
            ("short code", edited("E0597", "E597"), "neither"),
            (
                "unknown stage",
                edited("\n\nfn", "\n// Stage: link\n\nfn"),
                "unknown stage",
            ),
            (
                "stray header line",
                edited("\n\nfn", "\n// Errors: E0597: x\n\nfn"),
                "no meaning",
            ),
            ("no fail line", edited(" //~ fail", ""), "no line ends in"),
            ("no pass line", edited(" //~ pass", ""), "no line ends in"),
            (
                "two fail lines",
                edited("\n}\n", "\n} //~ fail\n"),
                "all end in",
            ),
            (
                "two error lines",
                edited("\n}\n", "\n} //~ error\n//~ error\n"),
                "all say",
            ),
            (
                "two places",
                edited("fail\n", "fail\n    other();\n"),
                "neighbours",
            ),
        ] {
            let err = Case::parse(&text).unwrap_err();
            assert!(err.contains(want), "{name}: {err}");
        }
    }
}
