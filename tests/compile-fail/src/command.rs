// SPDX-License-Identifier: GPL-2.0

//! The compiler command that Kbuild recorded, turned into one that compiles a case.
//!
//! Kbuild writes the command of `a/b.o` to `a/.b.o.cmd`, as a make variable `savedcmd_a/b.o`. All paths
//! in it are absolute or relative to the folder of the module.

use std::path::Path;

/// A command of one program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Environment variables that stand before the program.
    pub env: Vec<(String, String)>,
    /// The program.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
}

impl Command {
    /// Reads the contents of a `.cmd` file.
    ///
    /// # Errors
    ///
    /// A text that says what the file lacks.
    pub fn parse(cmd_file: &str) -> Result<Self, String> {
        let recorded = cmd_file
            .lines()
            .find_map(|line| line.strip_prefix("savedcmd_")?.split_once(" := "))
            .ok_or("no line `savedcmd_… := …`")?
            .1;
        let mut words = split(&unescape(recorded))?.into_iter().peekable();

        let mut env = Vec::new();
        while let Some((name, value)) = words.peek().and_then(|word| assignment(word)) {
            env.push((name.to_owned(), value.to_owned()));
            words.next();
        }
        Ok(Self {
            env,
            program: words.next().ok_or("the recorded command is empty")?,
            args: words.collect(),
        })
    }

    /// Forgets what the command compiles, under what name, and where the results go. What stays is how.
    pub fn without_input_and_output(mut self) -> Self {
        let mut kept = Vec::with_capacity(self.args.len());
        let mut args = self.args.into_iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--emit" | "--out-dir" | "--crate-name" | "-o" => {
                    args.next();
                }
                // Options whose value is the next argument.
                "--extern" | "-L" | "--cfg" | "--crate-type" | "-C" | "-Z" => {
                    kept.push(arg);
                    kept.extend(args.next());
                }
                _ if arg.starts_with("--emit=")
                    || arg.starts_with("--out-dir=")
                    || arg.starts_with("--crate-name=") => {}
                _ if !arg.starts_with(['-', '@']) && arg.ends_with(".rs") => {}
                _ => kept.push(arg),
            }
        }
        self.args = kept;
        self
    }

    /// Whether `cfg(name)` holds for what is compiled.
    pub fn has_cfg(&self, name: &str) -> bool {
        let mut pairs = self.args.windows(2);
        pairs.any(|pair| pair[0] == "--cfg" && pair[1] == name)
    }

    /// The `--extern NAME=PATH` of the command, as `NAME=PATH`.
    pub fn externs(&self) -> impl Iterator<Item = &str> {
        self.args
            .windows(2)
            .filter(|pair| pair[0] == "--extern")
            .map(|pair| pair[1].as_str())
            .filter(|value| value.contains('='))
    }

    /// Makes `value` (`NAME=PATH`) a crate in scope, unless the command has one of that name.
    pub fn add_extern(&mut self, value: &str) {
        let name = |value: &str| value.split('=').next().map(str::to_owned);
        if self.externs().any(|known| name(known) == name(value)) {
            return;
        }
        self.args.extend(["--extern".into(), value.into()]);
    }

    /// The command as something that can be run, with `dir` as its working directory.
    pub fn to_process(&self, dir: &Path) -> std::process::Command {
        let mut process = std::process::Command::new(&self.program);
        process.args(&self.args).current_dir(dir);
        process.envs(self.env.iter().map(|(name, value)| (name, value)));
        // The kernel uses unstable options of a stable compiler, which wants to be told.
        process.env("RUSTC_BOOTSTRAP", "1");
        process
    }
}

/// Undoes what Kbuild did to the command to make it a make variable.
fn unescape(value: &str) -> String {
    value.replace("$(pound)", "#").replace("$$", "$")
}

/// `NAME=VALUE`, if that is what the word is.
fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let first = name.chars().next()?;
    let is_name = (first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some((name, value))
}

/// The words of the first command in `line`, as a shell splits them; there are no expansions.
fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();

    while let Some(c) = chars.next() {
        match c {
            ';' => break,
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or("a ' is never closed")? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or("a \" is never closed")? {
                        '"' => break,
                        '\\' => word.push(chars.next().ok_or("the line ends in a backslash")?),
                        c => word.push(c),
                    }
                }
            }
            '\\' => word
                .get_or_insert_default()
                .push(chars.next().ok_or("the line ends in a backslash")?),
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shortened real one.
    const CMD: &str = "\
savedcmd_nova/drm/nova_drm.o := OBJTREE=/k/obj RUST_MODFILE=./nova_drm rustc --edition=2021 \
-Cpanic=abort --target=/k/obj/scripts/target.json --emit=metadata=./nova/drm/libnova_drm.rmeta \
-L ./firmware --extern kernel_glue=./kernel-glue/libkernel_glue.rmeta --cfg MODULE  \
@/k/obj/include/generated/rustc_cfg -Zcrate-attr='feature(a,b)' --extern kernel --crate-type rlib \
-L /k/obj/rust/ --sysroot=/dev/null --out-dir nova/drm/ --emit=dep-info=nova/drm/.nova_drm.o.d \
--emit=obj=nova/drm/nova_drm.o /src/nova/drm/nova_drm.rs  ; ./objtool --orc nova/drm/nova_drm.o

source_nova/drm/nova_drm.o := /src/nova/drm/nova_drm.rs

deps_nova/drm/nova_drm.o := \\
  /src/nova/drm/driver.rs \\
";

    fn command(line: &str) -> Command {
        Command::parse(&format!("savedcmd_a.o := {line}\n")).unwrap()
    }

    #[test]
    fn recorded_command_is_read() {
        let command = Command::parse(CMD).unwrap();
        assert_eq!(
            command.env,
            [
                ("OBJTREE".into(), "/k/obj".into()),
                ("RUST_MODFILE".into(), "./nova_drm".into())
            ]
        );
        assert_eq!(command.program, "rustc");
        assert_eq!(command.args.first().unwrap(), "--edition=2021");
        assert_eq!(command.args.last().unwrap(), "/src/nova/drm/nova_drm.rs");
    }

    #[test]
    fn what_stays_is_how_to_compile() {
        let command = Command::parse(CMD).unwrap().without_input_and_output();
        assert_eq!(
            command.args,
            [
                "--edition=2021",
                "-Cpanic=abort",
                "--target=/k/obj/scripts/target.json",
                "-L",
                "./firmware",
                "--extern",
                "kernel_glue=./kernel-glue/libkernel_glue.rmeta",
                "--cfg",
                "MODULE",
                "@/k/obj/include/generated/rustc_cfg",
                "-Zcrate-attr=feature(a,b)",
                "--extern",
                "kernel",
                "--crate-type",
                "rlib",
                "-L",
                "/k/obj/rust/",
                "--sysroot=/dev/null",
            ]
        );
    }

    #[test]
    fn outputs_as_separate_arguments_are_forgotten_too() {
        let command = command("rustc --emit obj -o a.o --crate-name a --crate-name=b -O a.rs");
        assert_eq!(command.without_input_and_output().args, ["-O"]);
    }

    #[test]
    fn shell_and_make_quoting_is_undone() {
        let command = command(r#"rustc 'a b' "c \" d" e\ f g'h'"i" '' $(pound)x $$y"#);
        assert_eq!(
            command.args,
            ["a b", "c \" d", "e f", "ghi", "", "#x", "$y"]
        );
    }

    #[test]
    fn only_words_before_the_program_are_environment() {
        let command = command("A=1 _B2=x=y 3C=no D=2");
        assert_eq!(
            command.env,
            [("A".into(), "1".into()), ("_B2".into(), "x=y".into())]
        );
        assert_eq!(command.program, "3C=no");
        assert_eq!(command.args, ["D=2"]);
    }

    #[test]
    fn externs_are_added_once() {
        let mut command = Command::parse(CMD).unwrap();
        command.add_extern("kernel_glue=./other/libkernel_glue.rmeta");
        command.add_extern("nova_hw=./nova/hw/libnova_hw.rmeta");
        assert_eq!(
            command.externs().collect::<Vec<_>>(),
            [
                "kernel_glue=./kernel-glue/libkernel_glue.rmeta",
                "nova_hw=./nova/hw/libnova_hw.rmeta"
            ]
        );
    }

    #[test]
    fn broken_files_are_refused() {
        for (name, text, want) in [
            ("empty", "", "savedcmd_"),
            ("no command", "savedcmd_a.o := \n", "empty"),
            ("only environment", "savedcmd_a.o := A=1\n", "empty"),
            ("open quote", "savedcmd_a.o := rustc 'a\n", "never closed"),
            (
                "open double quote",
                "savedcmd_a.o := rustc \"a\n",
                "never closed",
            ),
            ("backslash", "savedcmd_a.o := rustc \\", "backslash"),
        ] {
            let err = Command::parse(text).unwrap_err();
            assert!(err.contains(want), "{name}: {err}");
        }
    }

    #[test]
    fn process_runs_in_the_module_folder_with_the_recorded_environment() {
        let process = Command::parse(CMD).unwrap().to_process(Path::new("/out"));
        assert_eq!(process.get_current_dir(), Some(Path::new("/out")));
        let env: Vec<_> = process.get_envs().collect();
        assert!(env.contains(&("RUSTC_BOOTSTRAP".as_ref(), Some("1".as_ref()))));
        assert!(env.contains(&("OBJTREE".as_ref(), Some("/k/obj".as_ref()))));
    }
}
