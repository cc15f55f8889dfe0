// SPDX-License-Identifier: GPL-2.0

//! All cases, in parallel.

use crate::{
    case::{
        Case,
        Stage, //
    },
    command::Command,
    diagnostic::Output,
    verdict::{
        judge,
        Compiled, //
    }, //
};
use std::{
    ffi::OsStr,
    fs,
    io,
    path::{
        Path,
        PathBuf, //
    },
    sync::{
        atomic::{
            AtomicUsize,
            Ordering, //
        },
        mpsc, //
    },
    thread, //
};

/// Objects whose recorded commands are used: cases are compiled as the first, and also see the crates
/// that the others see.
const OBJECTS: [&str; 3] = [
    "nova/drm/nova_drm.o",
    "nova/core/nova_core.o",
    "kernel-glue/drm/kernel_glue_drm.o",
];

/// Compiles the programs of cases.
pub struct Compiler {
    command: Command,
    objects: PathBuf,
    scratch: PathBuf,
}

/// A case and what came of it.
pub struct Outcome {
    /// Name of the case: that of its file, without extension.
    pub name: String,
    /// What was found out; or lines that say what was wrong.
    pub result: Result<Found, String>,
}

/// What was found out of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The attack is refused as expected, and the twin is not.
    AsExpected,
    /// Nothing, since the modules were not compiled with this `cfg`.
    Needs(String),
}

impl Compiler {
    /// Prepares to compile as the modules in `objects` were compiled, with results below `scratch`.
    ///
    /// # Errors
    ///
    /// A text that names the recorded command which is missing or cannot be understood.
    pub fn new(objects: &Path, scratch: &Path) -> Result<Self, String> {
        let objects = fs::canonicalize(objects)
            .map_err(|err| format!("{}: {err}; build the modules first", objects.display()))?;
        let [first, others @ ..] = OBJECTS;

        let mut command = recorded(&objects, first)?.without_input_and_output();
        for object in others {
            for value in recorded(&objects, object)?.externs() {
                command.add_extern(value);
            }
        }
        Ok(Self {
            command,
            objects,
            scratch: scratch.to_owned(),
        })
    }

    /// Compiles both programs of the case in `file` and judges them.
    ///
    /// # Errors
    ///
    /// Lines that say what is wrong with the case, or what was seen and wanted.
    pub fn check(&self, file: &Path) -> Result<Found, String> {
        let text = fs::read_to_string(file).map_err(|err| err.to_string())?;
        let case = Case::parse(&text)?;
        if let Some(needs) = case.needs.as_ref().filter(|it| !self.command.has_cfg(it)) {
            return Ok(Found::Needs(needs.clone()));
        }
        let name = stem(file);

        let compile = |which: &str, text: &str| {
            let dir = self.scratch.join(format!("{name}.{which}"));
            self.compile(&dir, text, case.stage, case.unsafe_twin)
        };
        let attack = compile("attack", &case.failing);
        let twin = compile("twin", &case.passing);
        judge(
            &case,
            &attack.map_err(|err| err.to_string())?,
            &twin.map_err(|err| err.to_string())?,
        )?;
        Ok(Found::AsExpected)
    }

    fn compile(
        &self,
        dir: &Path,
        text: &str,
        stage: Stage,
        allow_unsafe: bool,
    ) -> io::Result<Compiled> {
        fs::create_dir_all(dir)?;
        let source = dir.join("case.rs");
        fs::write(&source, text)?;

        let mut process = self.command.to_process(&self.objects);
        process
            .arg("--crate-name=case")
            .arg("--error-format=json")
            .arg(match stage {
                Stage::Check => "--emit=metadata",
                Stage::Codegen => "--emit=metadata,obj",
            })
            .arg("--out-dir")
            .arg(dir)
            .arg(&source);
        // What matters is what safe code can do.
        if !allow_unsafe {
            process.arg("-Funsafe_code");
        }
        let done = process.output()?;
        Ok(Compiled {
            success: done.status.success(),
            output: Output::parse(
                &String::from_utf8_lossy(&done.stderr),
                &source.to_string_lossy(),
            ),
        })
    }
}

/// Reads the command that Kbuild recorded for `object`.
fn recorded(objects: &Path, object: &str) -> Result<Command, String> {
    let object = Path::new(object);
    let name = object.file_name().unwrap_or_default().to_string_lossy();
    let file = objects.join(object).with_file_name(format!(".{name}.cmd"));
    let text = fs::read_to_string(&file)
        .map_err(|err| format!("{}: {err}; build the modules first", file.display()))?;
    Command::parse(&text).map_err(|err| format!("{}: {err}", file.display()))
}

/// The case files in `dir` whose names contain `only`, sorted.
///
/// # Errors
///
/// Those of reading the folder.
pub fn cases(dir: &Path, only: &str) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension() == Some(OsStr::new("case")) && stem(&path).contains(only) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Checks all `files` on `jobs` threads and hands the outcomes to `report`, in the order of `files`.
pub fn check_all(
    compiler: &Compiler,
    files: &[PathBuf],
    jobs: usize,
    mut report: impl FnMut(usize, Outcome),
) {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();

    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, files.len().max(1)) {
            let sender = sender.clone();
            let next = &next;
            scope.spawn(move || {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = Outcome {
                        name: stem(file),
                        result: compiler.check(file),
                    };
                    // Nobody listens only if the report panicked.
                    if sender.send((file, outcome)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);

        let mut early: Vec<(&PathBuf, Outcome)> = Vec::new();
        for (index, file) in files.iter().enumerate() {
            let outcome = loop {
                if let Some(at) = early.iter().position(|(done, _)| *done == file) {
                    break early.swap_remove(at).1;
                }
                match receiver.recv() {
                    Ok(done) => early.push(done),
                    Err(_) => {
                        break Outcome {
                            name: stem(file),
                            result: Err("the thread that checked it has died\n".into()),
                        }
                    }
                }
            };
            report(index, outcome);
        }
    });
}

fn stem(file: &Path) -> String {
    file.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// A folder that is removed again.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let dir = std::env::temp_dir().join(format!("{name}.{}", std::process::id()));
            fs::create_dir_all(&dir).unwrap();
            Self(dir)
        }

        fn write(&self, path: &str, text: &str) -> PathBuf {
            let path = self.0.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            path
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    /// Stands for rustc: refuses programs that say `bad`, crashes on those that say `crash`, and wants
    /// `-Funsafe_code` unless the program says `unsafe`.
    const RUSTC: &str = r#"#!/bin/sh
for arg; do
    case $arg in
    */case.rs) source=$arg ;;
    -Funsafe_code) forbid=1 ;;
    esac
done
grep -q '^crash' "$source" && { echo "it panicked" >&2; exit 101; }
[ "$forbid" ] || grep -q 'unsafe' "$source" || { echo "unsafe code is not forbidden" >&2; exit 1; }
line=$(grep -n '^bad' "$source" | cut -d: -f1)
[ "$line" ] || exit 0
cat >&2 <<EOM
{"message":"very bad","code":{"code":"E0999"},"level":"error","spans":[{"file_name":"$source","line_start":$line,"is_primary":true,"label":null,"expansion":null}],"children":[],"rendered":null}
EOM
exit 1
"#;

    /// A build folder whose recorded compiler is [`RUSTC`].
    fn build_folder(name: &str) -> (Scratch, Compiler) {
        let dir = Scratch::new(name);
        let rustc = dir.write("rustc", RUSTC);
        fs::set_permissions(&rustc, fs::Permissions::from_mode(0o755)).unwrap();
        for object in OBJECTS {
            let (folder, file) = object.rsplit_once('/').unwrap();
            dir.write(
                &format!("{folder}/.{file}.cmd"),
                &format!(
                    "savedcmd_{object} := {} -O --cfg new x.rs\n",
                    rustc.display()
                ),
            );
        }
        let compiler = Compiler::new(&dir.0, &dir.0.join("scratch")).unwrap();
        (dir, compiler)
    }

    fn case(fail: &str, pass: &str) -> String {
        format!("// Attack: Try.\n// Error: E0999: very bad\n\n{fail} //~ fail\n{pass} //~ pass\n")
    }

    #[test]
    fn case_is_compiled_twice_and_judged() {
        let (dir, compiler) = build_folder("compile-fail-judged");
        for (name, text, want) in [
            ("good", case("bad", "fine"), Ok(Found::AsExpected)),
            (
                "new",
                format!("// Needs: new\n{}", case("bad", "fine")),
                Ok(Found::AsExpected),
            ),
            (
                "newer",
                format!("// Needs: newer\n{}", case("worse", "bad")),
                Ok(Found::Needs("newer".into())),
            ),
            ("hole", case("worse", "fine"), Err("it compiles")),
            ("twin", case("bad", "bad"), Err("twin, wanted: it compiles")),
            ("crash", case("crash", "fine"), Err("it panicked")),
            (
                "unsafe-twin",
                format!("{}// unsafe\n", case("bad", "unsafe")),
                Ok(Found::AsExpected),
            ),
            ("no-header", "fn f() {}\n".into(), Err("Attack")),
        ] {
            let file = dir.write(&format!("{name}.case"), &text);
            match (compiler.check(&file), want) {
                (Ok(seen), Ok(want)) => assert_eq!(seen, want, "{name}"),
                (Err(seen), Err(want)) => assert!(seen.contains(want), "{name}: {seen}"),
                (seen, want) => panic!("{name}: {seen:?}, wanted {want:?}"),
            }
        }
    }

    #[test]
    fn cases_are_sorted_and_chosen_by_name() {
        let dir = Scratch::new("compile-fail-cases");
        for name in ["b.case", "a.case", "notes.txt", "ab.case"] {
            dir.write(name, "");
        }
        let names = |only| -> Vec<_> {
            let files = cases(&dir.0, only).unwrap();
            files.iter().map(|file| stem(file)).collect()
        };
        assert_eq!(names(""), ["a", "ab", "b"]);
        assert_eq!(names("b"), ["ab", "b"]);
    }

    #[test]
    fn outcomes_come_in_order_from_many_threads() {
        let (dir, compiler) = build_folder("compile-fail-order");
        let files: Vec<_> = (0..12)
            .map(|i| {
                let bad = if i % 3 == 0 { "worse" } else { "bad" };
                dir.write(&format!("{i:02}.case"), &case(bad, "fine"))
            })
            .collect();
        let mut seen = Vec::new();
        check_all(&compiler, &files, 4, |index, outcome| {
            seen.push((index, outcome.name, outcome.result.is_ok()));
        });
        let want: Vec<_> = (0..12)
            .map(|i| (i, format!("{i:02}"), i % 3 != 0))
            .collect();
        assert_eq!(seen, want);
    }

    #[test]
    fn missing_build_is_named() {
        let dir = Scratch::new("compile-fail-missing");
        let Err(err) = Compiler::new(&dir.0, &dir.0) else {
            panic!("an empty folder is no build");
        };
        assert!(err.contains(".nova_drm.o.cmd"), "{err}");
        assert!(err.contains("build the modules first"), "{err}");
    }
}
