// SPDX-License-Identifier: GPL-2.0

//! The places in all source files.

use crate::{
    kind,
    scan::{
        scan,
        Form, //
    }, //
};
use std::{
    collections::BTreeMap,
    fs,
    path::{
        Path,
        PathBuf, //
    },
};

/// The folder that may say `unsafe`, and those that may not.
pub const MAY: &str = "kernel-glue";
/// Sources of modules that are safe Rust only.
pub const MAY_NOT: [&str; 4] = ["firmware", "nova", "tests/samples", "tests/bench/probes"];

/// How many places there are.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// In what is part of the modules.
    pub modules: usize,
    /// In KUnit suites.
    pub tests: usize,
}

/// What was counted.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// For each kind, by index of [`kind::KINDS`].
    pub kinds: BTreeMap<usize, Count>,
    /// Blocks for each file.
    pub files: BTreeMap<String, Count>,
    /// All blocks.
    pub blocks: Count,
}

/// Counts the places below `root`.
///
/// # Errors
///
/// A line for each file that cannot be read, each place of no known kind, and each place where there may
/// be none.
pub fn count(root: &Path) -> Result<Counted, String> {
    let mut counted = Counted::default();
    let mut wrong = String::new();
    for file in sources(&root.join(MAY))? {
        if let Err(err) = count_file(root, &file, &mut counted) {
            wrong += &format!("{}: {err}\n", file.display());
        }
    }
    for folder in MAY_NOT {
        for file in sources(&root.join(folder))? {
            for place in scan(&read(&file)?).map_err(|err| format!("{}: {err}", file.display()))? {
                wrong += &format!("{}: `unsafe {}`\n", file.display(), place.text.trim());
            }
        }
    }
    if wrong.is_empty() {
        Ok(counted)
    } else {
        Err(wrong)
    }
}

fn count_file(root: &Path, file: &Path, counted: &mut Counted) -> Result<(), String> {
    let name = file
        .strip_prefix(root)
        .unwrap_or(file)
        .display()
        .to_string();
    // A file that only KUnit kernels have; the line that includes it says so.
    let all_tests = name.ends_with("/kunit.rs") || name.ends_with("/testing.rs");

    let mut wrong = Vec::new();
    for place in scan(&read(file)?)? {
        let kind = match kind::of(&place) {
            Ok(kind) => kind,
            Err(err) => {
                wrong.push(err);
                continue;
            }
        };
        let add = |count: &mut Count| {
            if place.test || all_tests {
                count.tests += 1;
            } else {
                count.modules += 1;
            }
        };
        add(counted.kinds.entry(kind).or_default());
        if place.form == Form::Block {
            add(counted.files.entry(name.clone()).or_default());
            add(&mut counted.blocks);
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n"))
    }
}

fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|err| format!("{}: {err}", file.display()))
}

/// All Rust sources below `folder`, sorted.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(&folder).map_err(|err| format!("{}: {err}", folder.display()))?;
        for entry in entries {
            let path = entry
                .map_err(|err| format!("{}: {err}", folder.display()))?
                .path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source tree that is removed again.
    struct Tree(PathBuf);

    impl Tree {
        fn new(name: &str, files: &[(&str, &str)]) -> Self {
            let root =
                std::env::temp_dir().join(format!("unsafe-count-{name}.{}", std::process::id()));
            for folder in MAY_NOT.iter().chain([&MAY]) {
                fs::create_dir_all(root.join(folder)).unwrap();
            }
            for (file, text) in files {
                fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
                fs::write(root.join(file), text).unwrap();
            }
            Self(root)
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    const CALL: &str = "fn f() { unsafe { bindings::f() } }";

    #[test]
    fn places_are_counted_by_kind_and_file() {
        let tree = Tree::new(
            "sum",
            &[
                ("kernel-glue/a.rs", CALL),
                (
                    "kernel-glue/deep/b.rs",
                    &format!("{CALL}\n{CALL} unsafe fn g() {{}}"),
                ),
                ("kernel-glue/deep/kunit.rs", CALL),
                ("nova/c.rs", "fn f() {}"),
            ],
        );
        let counted = count(&tree.0).unwrap();
        let blocks = Count {
            modules: 3,
            tests: 1,
        };
        assert_eq!(counted.blocks, blocks);
        assert_eq!(counted.kinds[&0], blocks);
        assert_eq!(counted.kinds.len(), 2);
        assert_eq!(
            counted.files["kernel-glue/deep/b.rs"],
            Count {
                modules: 2,
                tests: 0
            }
        );
        assert_eq!(counted.files.len(), 3);
    }

    #[test]
    fn drivers_and_samples_may_not_be_unsafe() {
        for folder in MAY_NOT {
            let file = format!("{folder}/deep/x.rs");
            let tree = Tree::new("driver", &[(&file, CALL)]);
            let err = count(&tree.0).unwrap_err();
            assert!(err.contains("deep/x.rs: `unsafe { bindings"), "{err}");
            assert!(err.contains(folder), "{err}");
        }
    }

    #[test]
    fn every_place_of_no_kind_is_named() {
        let odd = "fn f() { unsafe { odd() } }";
        let tree = Tree::new(
            "odd",
            &[
                ("kernel-glue/a.rs", odd),
                ("kernel-glue/b.rs", &odd.repeat(2)),
            ],
        );
        let err = count(&tree.0).unwrap_err();
        assert_eq!(err.lines().count(), 3, "{err}");
    }
}
