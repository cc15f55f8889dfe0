#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Rust tools that Kbuild does not offer for modules outside of the kernel tree.

Both start from the compiler commands that Kbuild recorded when it built the modules, so there is no second
list of crates, of dependencies between them, or of flags.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, Iterator, List, NoReturn, Optional, Tuple

# Options of rustc that are followed by their value.
WITH_VALUE = {"--cfg", "--crate-name", "--crate-type", "--emit", "--extern", "--out-dir", "-C", "-L", "-Z"}
# Those of them, also in the form `--option=value`, that say what becomes of the crate; rustdoc has its own.
OUTPUTS = {"--crate-name", "--crate-type", "--emit", "--out-dir"}

EDITIONS = {"2015", "2018", "2021", "2024"}


def fail(message: str) -> NoReturn:
    sys.exit(f"rust-tools: {message}")


class Crate:
    """A crate of the modules, as Kbuild compiled it."""

    def __init__(self, cmd_file: Path, source: Path, command: str) -> None:
        self.name = source.stem
        self.source = source
        # Kbuild wrote the command as a make variable.
        command = command.replace("$(pound)", "#").replace("$$", "$")
        lexer = shlex.shlex(command, posix=True, punctuation_chars=";")
        lexer.whitespace_split = True
        lexer.commenters = ""
        words = list(lexer)
        self.env: Dict[str, str] = {}
        while words and "=" in words[0]:
            name, value = words.pop(0).split("=", 1)
            self.env[name] = value
        if not words:
            fail(f"{cmd_file}: the recorded command is empty")
        if ";" in words:
            words = words[: words.index(";")]
        self.args = words[1:]

    def options(self) -> Iterator[Tuple[str, str]]:
        """All arguments as (option, value); the value is empty where the option has none."""
        args = iter(self.args)
        for arg in args:
            if arg in WITH_VALUE:
                yield arg, next(args, "")
            elif arg.startswith("--") and "=" in arg:
                option, value = arg.split("=", 1)
                yield option, value
            else:
                yield arg, ""

    def values(self, wanted: str) -> List[str]:
        return [value for option, value in self.options() if option == wanted]

    def externs(self) -> List[str]:
        """Names of the crates in scope, apart from core."""
        return [value.split("=", 1)[0] for value in self.values("--extern")]

    def macro_library(self, objects: Path) -> Optional[Path]:
        """The library that the compiler loads, if this is a crate of macros."""
        if "proc-macro" not in self.values("--crate-type"):
            return None
        written = [v.partition("=")[2] for v in self.values("--emit") if v.startswith("link=")]
        return objects / written[-1] if written else None

    def edition(self) -> str:
        return (self.values("--edition") or ["2021"])[-1]


def read_crates(kdir: Path, objects: Path) -> List[Crate]:
    """The crates built in `objects`, each after those it depends on."""
    found: Dict[str, Crate] = {}
    for cmd_file in sorted([*objects.rglob(".*.o.cmd"), *objects.rglob(".*.so.cmd")]):
        command = source = None
        for line in cmd_file.read_text().splitlines():
            if line.startswith("savedcmd_"):
                command = line.partition(" := ")[2]
            elif line.startswith("source_"):
                source = Path(line.partition(" := ")[2].strip())
        if command and source and source.suffix == ".rs":
            crate = Crate(cmd_file, (objects / source).resolve(), command)
            found[crate.name] = crate
    if not found:
        fail(f"{objects}: no Rust crate was built here; build the modules first")

    for crate in found.values():
        built_for = Path(crate.env.get("OBJTREE", kdir)).resolve()
        if built_for != kdir:
            fail(f"{objects}: {crate.name} was built for {built_for}, not for {kdir}; build it again")

    ordered: List[Crate] = []
    while found:
        ready = [c for c in found.values() if not any(e in found for e in c.externs())]
        if not ready:
            fail(f"these crates depend on each other: {', '.join(found)}")
        for crate in ready:
            ordered.append(found.pop(crate.name))
    return ordered


def environment(crate: Crate) -> Dict[str, str]:
    # The kernel uses unstable options of a stable compiler, which wants to be told.
    return {**os.environ, **crate.env, "RUSTC_BOOTSTRAP": "1"}


def rustdoc(kdir: Path, objects: Path, output: Path) -> None:
    program = os.environ.get("RUSTDOC", "rustdoc")
    for crate in read_crates(kdir, objects):
        print(f"  RUSTDOC {crate.name}", flush=True)
        command = [program, "--crate-name", crate.name, "--output", str(output)]
        # A module is no library: what its reader looks for is not public.
        command += ["--document-private-items", "-Arustdoc::private_intra_doc_links"]
        if crate.macro_library(objects):
            command += ["--crate-type", "proc-macro"]
        for option, value in crate.options():
            if option in OUTPUTS or (not option.startswith(("-", "@")) and option.endswith(".rs")):
                continue
            if value and option.startswith("--") and option not in WITH_VALUE:
                command.append(f"{option}={value}")
            else:
                command += [option, value] if value else [option]
        command.append(str(crate.source))
        try:
            done = subprocess.run(command, cwd=objects, env=environment(crate), check=False)
        except OSError as err:
            fail(f"cannot run {program}: {err.strerror}; set RUSTDOC to that of the kernel's compiler")
        if done.returncode != 0:
            fail(f"rustdoc failed on {crate.name} (status {done.returncode})")
    print(f"documentation: {output / 'nova_core' / 'index.html'}")


def kernel_project(kdir: Path) -> dict:
    """The project description of the kernel's own crates, from the kernel's own script."""
    with tempfile.TemporaryDirectory(prefix="rust-analyzer.") as empty:
        # An external module without sources: what remains is the kernel.
        (Path(empty) / "Kbuild").touch()
        # Variables given to the make that runs this script are not meant for this one.
        env = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
        command = ["make", "-s", "-C", str(kdir), f"M={empty}", "rust-analyzer"]
        done = subprocess.run(command, env=env, check=False)
        if done.returncode != 0:
            fail(f"`{shlex.join(command)}` failed; is there a kernel source below {kdir}?")
        project = Path(empty) / "rust-project.json"
        if not project.exists():
            fail(f"`{shlex.join(command)}` wrote no rust-project.json")
        return json.loads(project.read_text())


def describe(
    crate: Crate, crates: List[Crate], kdir: Path, objects: Path, index: Dict[str, int]
) -> dict:
    """What rust-analyzer has to know of one of our crates."""
    cfg = [
        line.strip().removeprefix("--cfg=")
        for line in (kdir / "include/generated/rustc_cfg").read_text().splitlines()
        if line.startswith("--cfg=")
    ]
    library = crate.macro_library(objects)
    names = ["std" if library else "core", *crate.externs()]
    unknown = [name for name in names if name not in index]
    if unknown:
        fail(f"{crate.name} depends on {', '.join(unknown)}, which the kernel does not describe")
    root = crate.source.parent
    nested = [c.source.parent for c in crates if root in c.source.parent.parents]
    description = {
        "display_name": crate.name,
        "root_module": str(crate.source),
        "edition": crate.edition(),
        "deps": [{"crate": index[name], "name": name} for name in names],
        "cfg": cfg + crate.values("--cfg"),
        "env": crate.env,
        "is_workspace_member": True,
        "source": {
            "include_dirs": [str(root)],
            "exclude_dirs": [str(path) for path in nested],
        },
    }
    if library:
        description.update(is_proc_macro=True, proc_macro_dylib_path=str(library))
    return description


def check_project(project: dict) -> List[str]:
    """What is wrong with a project description."""
    wrong = []
    crates = project["crates"]
    for number, crate in enumerate(crates):
        name = crate["display_name"]
        if not Path(crate["root_module"]).is_file():
            wrong.append(f"{name}: root module {crate['root_module']} does not exist")
        if crate["edition"] not in EDITIONS:
            wrong.append(f"{name}: no such edition: {crate['edition']}")
        library = crate.get("proc_macro_dylib_path")
        if library and not Path(library).is_file():
            wrong.append(f"{name}: library {library} does not exist")
        for dep in crate["deps"]:
            # Crates stand after their dependencies, so there are no cycles.
            if not 0 <= dep["crate"] < number:
                wrong.append(f"{name}: dependency {dep['name']} has index {dep['crate']}")
            elif crates[dep["crate"]]["display_name"] != dep["name"]:
                other = crates[dep["crate"]]["display_name"]
                wrong.append(f"{name}: dependency {dep['name']} has the index of {other}")
    return wrong


def rust_analyzer(kdir: Path, objects: Path, output: Path) -> None:
    project = kernel_project(kdir)
    index = {crate["display_name"]: i for i, crate in enumerate(project["crates"])}
    # They belong to the kernel, not to this project.
    for crate in project["crates"]:
        crate["is_workspace_member"] = False

    ours = read_crates(kdir, objects)
    for crate in ours:
        project["crates"].append(describe(crate, ours, kdir, objects, index))
        index[crate.name] = len(project["crates"]) - 1

    text = json.dumps(project, indent=1)
    wrong = check_project(json.loads(text))
    if wrong:
        fail("the description would not work:\n  " + "\n  ".join(wrong))

    output.parent.mkdir(parents=True, exist_ok=True)
    unfinished = output.with_name(output.name + ".new")
    unfinished.write_text(text + "\n")
    unfinished.replace(output)
    print(f"{output}: {len(project['crates'])} crates, {len(ours)} of them ours")


def main() -> None:
    tools = {"rustdoc": rustdoc, "rust-analyzer": rust_analyzer}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tool", choices=tools, help="what to make: HTML pages, or rust-project.json")
    parser.add_argument("--kdir", type=Path, required=True, help="the kernel's build directory")
    parser.add_argument("--objects", type=Path, required=True, help="where the modules were built")
    parser.add_argument("--output", type=Path, required=True, help="folder, or file, to write")
    args = parser.parse_args()

    for folder in (args.kdir, args.objects):
        if not folder.is_dir():
            fail(f"{folder}: no such folder")
    tools[args.tool](args.kdir.resolve(), args.objects.resolve(), args.output.absolute())


if __name__ == "__main__":
    main()
