// SPDX-License-Identifier: GPL-2.0

use super::*;

const WELL: &str = "\
INFO: Seed: 1103899617
#2	INITED cov: 88 ft: 90 corp: 17/9Kb exec/s: 0 rss: 27Mb
#1048576	pulse  cov: 102 ft: 130 corp: 31/15Kb lim: 2048 exec/s: 524288 rss: 38Mb
#2000000	DONE   cov: 104 ft: 131 corp: 32/15Kb lim: 2048 exec/s: 500000 rss: 38Mb
Done 2000000 runs in 4 second(s)
stat::number_of_executed_units: 2000000
stat::average_exec_per_sec:     500000
";

const CRASH: &str = "\
#2	INITED cov: 88 ft: 90 corp: 17/9Kb exec/s: 0 rss: 27Mb

thread '<unnamed>' panicked at src/targets/booter.rs:47:5:
assertion failed: is_inside(payload, file)
stack backtrace:
==198== ERROR: libFuzzer: deadly signal
artifact_prefix='/x/artifacts/booter-'; Test unit written to /x/artifacts/booter-crash-ba91
stat::number_of_executed_units: 1234
";

fn read(log: &str, status: Option<&str>) -> Outcome {
    outcome(
        "booter",
        log,
        Duration::from_secs(4),
        status.map(String::from),
    )
}

#[test]
fn numbers_are_the_last_ones_printed() {
    let outcome = read(WELL, None);
    assert_eq!(
        (outcome.executions, outcome.coverage, outcome.corpus),
        (2_000_000, 104, 32)
    );
    assert_eq!(outcome.failure, None);
    let line = outcome.to_string();
    assert_eq!(
        line,
        "booter                   2 000 000    500000      4    104     32  ok"
    );
    assert!(heading().starts_with("target") && heading().len() <= line.len());
}

#[test]
fn a_crash_names_the_input() {
    let outcome = read(CRASH, Some("exit status: 77"));
    let path = PathBuf::from("/x/artifacts/booter-crash-ba91");
    assert_eq!(outcome.failure, Some(Failure::Input(path)));
    assert_eq!(outcome.executions, 1234);
    assert!(outcome.to_string().ends_with("FAILED"));
}

#[test]
fn an_end_that_nobody_explains_is_a_failure() {
    let outcome = read("", Some("signal: 9 (SIGKILL)"));
    assert_eq!(
        outcome.failure,
        Some(Failure::Program("signal: 9 (SIGKILL)".into()))
    );
    assert_eq!((outcome.executions, outcome.coverage), (0, 0));
}

#[test]
fn numbers_can_be_read() {
    for (number, want) in [
        (0, "0"),
        (999, "999"),
        (1000, "1 000"),
        (12_345_678, "12 345 678"),
    ] {
        assert_eq!(thousands(number), want);
    }
}

#[test]
fn a_program_is_run_with_its_inputs_and_judged() {
    let work = std::env::temp_dir().join(format!("nova-fuzz-test-{}", std::process::id()));
    let programs = work.join("programs");
    fs::create_dir_all(&programs).unwrap();
    let target = &crate::targets::ALL[9];
    let places = Places {
        programs: programs.clone(),
        work: work.clone(),
    };
    // A stand-in that fails if it is not given the corpus, and says how many inputs there are.
    let script =
        "#!/bin/sh\nset -e\necho \"stat::number_of_executed_units: $(ls \"$1\" | wc -l)\"\n\
        for a; do [ \"$a\" = -runs=7 ] && exit 0; done\n\
        echo \"panicked at somewhere.rs:1:2:\"; echo 'a reason'\n\
        echo \"Test unit written to $1\"; exit 77\n";
    let program = programs.join(target.name);
    fs::write(&program, script).unwrap();
    let mut mode = fs::metadata(&program).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
    fs::set_permissions(&program, mode).unwrap();

    write_seeds(&places, target, &Seeds::synthetic()).unwrap();
    let well = run(&places, target, Limit::Executions(7)).unwrap();
    assert_eq!((well.executions, &well.failure), (4, &None));
    assert_eq!(reproduce(&places, &well), None);
    let bad = run(&places, target, Limit::Seconds(1)).unwrap();
    assert_eq!(bad.failure, Some(Failure::Input(places.corpus(target))));
    let text = reproduce(&places, &bad).unwrap();
    assert!(
        text.starts_with("log_buffer: a reason (somewhere.rs:1:2)\n"),
        "{text}"
    );
    fs::remove_dir_all(&work).unwrap();
}
