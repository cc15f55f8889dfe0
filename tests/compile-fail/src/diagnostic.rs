// SPDX-License-Identifier: GPL-2.0

//! What rustc says with `--error-format=json`, as values.

use serde::Deserialize;

/// One error of the compiler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The code, such as `E0597`, if the error has one.
    pub code: Option<String>,
    /// The first line.
    pub message: String,
    /// All there is to read: the message, the labels below the source, the notes. One a line.
    pub text: String,
    /// Lines of the source file that the error is about, from 1. For an error inside a macro, the lines
    /// where the macro is called.
    pub lines: Vec<usize>,
    /// The error as rustc shows it to people.
    pub rendered: String,
}

/// Everything that a compiler run said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// The errors, without the closing summary.
    pub errors: Vec<Diagnostic>,
    /// Lines that are no diagnostics, such as a panic of the compiler.
    pub stray: Vec<String>,
}

impl Output {
    /// Reads the standard error of a compiler that compiled `source`.
    pub fn parse(stderr: &str, source: &str) -> Self {
        let mut output = Self::default();
        for line in stderr.lines().filter(|line| !line.trim().is_empty()) {
            match serde_json::from_str::<Message>(line) {
                Ok(message) if message.is_error() => output.errors.push(message.digest(source)),
                Ok(_) => {}
                Err(_) => output.stray.push(line.to_owned()),
            }
        }
        output
    }
}

/// A line of rustc's output.
#[derive(Deserialize)]
struct Message {
    message: String,
    code: Option<Code>,
    level: String,
    spans: Vec<Span>,
    children: Vec<Message>,
    rendered: Option<String>,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Deserialize)]
struct Span {
    file_name: String,
    line_start: usize,
    is_primary: bool,
    label: Option<String>,
    expansion: Option<Box<Expansion>>,
}

#[derive(Deserialize)]
struct Expansion {
    span: Span,
}

impl Message {
    /// Tells errors from warnings and from the line `aborting due to 2 previous errors`.
    fn is_error(&self) -> bool {
        let summary = self.spans.is_empty() && self.message.starts_with("aborting due to ");
        self.level.starts_with("error") && !summary
    }

    fn digest(self, source: &str) -> Diagnostic {
        let mut text = String::new();
        self.collect_text(&mut text);
        Diagnostic {
            lines: self
                .spans
                .iter()
                .filter(|span| span.is_primary)
                .filter_map(|span| span.line_in(source))
                .collect(),
            code: self.code.map(|code| code.code),
            message: self.message,
            text,
            rendered: self.rendered.unwrap_or_default(),
        }
    }

    fn collect_text(&self, text: &mut String) {
        let labels = self.spans.iter().filter_map(|span| span.label.as_deref());
        for line in [self.message.as_str()].into_iter().chain(labels) {
            text.push_str(line);
            text.push('\n');
        }
        for child in &self.children {
            child.collect_text(text);
        }
    }
}

impl Span {
    /// The line of `source` that this is about, going out of macros until it is reached.
    fn line_in(&self, source: &str) -> Option<usize> {
        if self.file_name == source {
            return Some(self.line_start);
        }
        self.expansion.as_ref()?.span.line_in(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ERROR: &str = r#"{"$message_type":"diagnostic","message":"`x` does not live long enough","code":{"code":"E0597","explanation":"…"},"level":"error","spans":[{"file_name":"/t/case.rs","byte_start":1,"byte_end":2,"line_start":4,"line_end":4,"column_start":9,"column_end":11,"is_primary":true,"text":[],"label":"borrowed value does not live long enough","suggested_replacement":null,"suggestion_applicability":null,"expansion":null},{"file_name":"/t/case.rs","byte_start":1,"byte_end":2,"line_start":5,"line_end":5,"column_start":1,"column_end":2,"is_primary":false,"text":[],"label":"`x` dropped here","suggested_replacement":null,"suggestion_applicability":null,"expansion":null}],"children":[{"message":"a note","code":null,"level":"note","spans":[],"children":[],"rendered":null}],"rendered":"error[E0597]: …\n"}"#;
    const SUMMARY: &str = r#"{"$message_type":"diagnostic","message":"aborting due to 1 previous error","code":null,"level":"error","spans":[],"children":[],"rendered":"error: aborting\n"}"#;
    const MORE: &str = r#"{"$message_type":"diagnostic","message":"For more information about this error, try `rustc --explain E0597`.","code":null,"level":"failure-note","spans":[],"children":[],"rendered":"…"}"#;
    const WARNING: &str = r#"{"$message_type":"diagnostic","message":"unused","code":{"code":"dead_code","explanation":null},"level":"warning","spans":[],"children":[],"rendered":"…"}"#;
    const IN_MACRO: &str = r#"{"$message_type":"diagnostic","message":"no","code":null,"level":"error","spans":[{"file_name":"/k/glue/bound.rs","line_start":120,"is_primary":true,"label":null,"expansion":{"span":{"file_name":"/t/case.rs","line_start":8,"is_primary":false,"label":null,"expansion":null},"macro_decl_name":"bound_init!","def_site_span":null}}],"children":[],"rendered":"…"}"#;
    const ICE: &str = r#"{"$message_type":"diagnostic","message":"broken","code":null,"level":"error: internal compiler error","spans":[],"children":[],"rendered":"…"}"#;

    fn one(line: &str) -> Diagnostic {
        let output = Output::parse(line, "/t/case.rs");
        assert!(output.stray.is_empty(), "{:?}", output.stray);
        let [error] = &output.errors[..] else {
            panic!("{:?}", output.errors);
        };
        error.clone()
    }

    #[test]
    fn error_is_read() {
        let error = one(ERROR);
        assert_eq!(error.code.as_deref(), Some("E0597"));
        assert_eq!(error.message, "`x` does not live long enough");
        assert_eq!(error.rendered, "error[E0597]: …\n");
    }

    #[test]
    fn only_the_primary_span_says_where() {
        assert_eq!(one(ERROR).lines, [4]);
    }

    #[test]
    fn text_has_message_labels_and_notes() {
        assert_eq!(
            one(ERROR).text,
            "`x` does not live long enough\n\
             borrowed value does not live long enough\n\
             `x` dropped here\n\
             a note\n"
        );
    }

    #[test]
    fn error_in_a_macro_is_where_the_macro_is_called() {
        assert_eq!(one(IN_MACRO).lines, [8]);
    }

    #[test]
    fn error_elsewhere_has_no_line() {
        let output = Output::parse(ERROR, "/t/other.rs");
        assert!(output.errors[0].lines.is_empty());
    }

    #[test]
    fn summaries_and_warnings_are_no_errors() {
        let output = Output::parse(&[SUMMARY, MORE, WARNING, ""].join("\n"), "/t/case.rs");
        assert_eq!(output, Output::default());
    }

    #[test]
    fn crash_of_the_compiler_is_an_error() {
        assert_eq!(one(ICE).message, "broken");
    }

    #[test]
    fn what_is_no_diagnostic_is_kept() {
        let output = Output::parse("thread 'rustc' panicked\n{\"a\":1}\n", "/t/case.rs");
        assert!(output.errors.is_empty());
        assert_eq!(output.stray, ["thread 'rustc' panicked", "{\"a\":1}"]);
    }
}
