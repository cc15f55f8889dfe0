// SPDX-License-Identifier: GPL-2.0

//! The page of the documentation.

use crate::{
    kind::KINDS,
    tree::{
        Count,
        Counted, //
    },
};
use std::fmt::Write;

/// Where the page is, from the top of the tree.
pub const PATH: &str = "Documentation/unsafe.rst";

const HEAD: &str = "\
.. SPDX-License-Identifier: GPL-2.0

===========
Unsafe code
===========

This page is made by ``cargo run -p unsafe-count -- --write``, and a test holds it against the source.

Only ``kernel-glue`` may say ``unsafe``; ``nova``, ``firmware``, the samples and the probes of ``make
bench`` are safe Rust, and the same test refuses it there. Every block has a comment that proves what it
relies on. What the blocks have in common is said here, once for each kind. What is part of KUnit suites
exists in test kernels only, and is counted apart.
";

/// Writes the page.
pub fn page(counted: &Counted) -> String {
    let mut out = HEAD.to_owned();
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "\n**{} unsafe blocks** in the modules, {} in KUnit suites.\n",
        counted.blocks.modules, counted.blocks.tests
    );
    heading(&mut out, "By kind");
    for (index, kind) in KINDS.iter().enumerate() {
        let Some(count) = counted.kinds.get(&index) else {
            continue;
        };
        let _ = writeln!(
            out,
            "{} ({})\n{}\n",
            kind.name,
            numbers(count),
            indented(kind.reason)
        );
    }
    heading(&mut out, "Blocks by file");
    let width = counted
        .files
        .keys()
        .map(|it| it.len() + 4)
        .max()
        .unwrap_or(4);
    let rule = format!("{} ======= =====", "=".repeat(width));
    let _ = writeln!(out, "{rule}\n{:width$} modules KUnit\n{rule}", "File");
    for (file, count) in &counted.files {
        let file = format!("``{file}``");
        let _ = writeln!(out, "{file:width$} {:7} {:5}", count.modules, count.tests);
    }
    let _ = writeln!(out, "{rule}");
    out
}

/// Fills lines of up to 110 bytes, each after four blanks.
fn indented(text: &str) -> String {
    let mut lines = vec![String::from("   ")];
    for word in text.split_whitespace() {
        if lines
            .last()
            .is_some_and(|line| line.len() + word.len() >= 110)
        {
            lines.push(String::from("   "));
        }
        if let Some(line) = lines.last_mut() {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines.join("\n")
}

fn heading(out: &mut String, text: &str) {
    let _ = writeln!(out, "{text}\n{}\n", "=".repeat(text.len()));
}

fn numbers(count: &Count) -> String {
    match (count.modules, count.tests) {
        (modules, 0) => modules.to_string(),
        (0, tests) => format!("{tests} in KUnit suites"),
        (modules, tests) => format!("{modules}, and {tests} in KUnit suites"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn page_shows_what_was_counted_and_nothing_else() {
        let count = |modules, tests| Count { modules, tests };
        let counted = Counted {
            kinds: BTreeMap::from([(0, count(3, 1)), (2, count(0, 2))]),
            files: BTreeMap::from([("kernel-glue/a.rs".into(), count(3, 3))]),
            blocks: count(3, 3),
        };
        let page = page(&counted);
        for want in [
            "**3 unsafe blocks** in the modules, 3 in KUnit suites.",
            "C function (3, and 1 in KUnit suites)\n    The kernel",
            "pinned reference (2 in KUnit suites)\n",
            "``kernel-glue/a.rs``       3     3\n",
        ] {
            assert!(page.contains(want), "{want}\n{page}");
        }
        assert!(!page.contains(KINDS[1].name));
        assert!(page.lines().all(|line| line.len() <= 112), "{page}");
    }
}
