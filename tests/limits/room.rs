//! Too little memory: the run says so and what is left of what; nothing of it is visible, and with enough it works.

use super::MIB;
use super::day::{Day, entry, line};

#[test]
fn a_run_that_would_not_fit_says_so() {
    let day = Day::new();
    day.transactions((0..10).map(|number| line(number, &format!("r{number}"))));
    day.entries((0..10).map(|number| entry(number, &format!("r{number}"))));
    let run = "run --date 2026-03-02 --threads 2";
    // One arena for all threads: how many the allocator reserves addresses for otherwise differs from run to run.
    let one_arena = "MALLOC_ARENA_MAX=1";
    let idle = Day::new().within(&["env", one_arena], run).with_code(0);
    // As many addresses as the program takes for nothing, and less beside them than it keeps in reserve.
    let limited = format!("ulimit -v {}; exec \"$0\" \"$@\"", (idle.addresses + 16 * MIB) / 1_024);
    let ran = day.within(&["env", one_arena, "sh", "-c", &limited], run).with_code(2);
    ran.says(&[
        "configuration: ",
        "memory gets short: ",
        " MiB are left, its own limit (`ulimit -v`)",
        "give the process more memory",
    ]);
    assert!(!day.path("out/2188120000000001/2026-03-02").exists(), "nothing half-written is visible");
    day.run("--threads 2").with_code(0);
    assert_eq!(day.kinds(), [].into());
}

/// Where memory is limited, the process begins anew, and is found all the same by whoever looks for it.
#[test]
fn a_limited_run_goes_by_the_programs_name() {
    let day = Day::new();
    day.transactions((0..2_000).map(|number| line(number, &format!("r{number}"))));
    day.entries((0..2_000).map(|number| entry(number, &format!("r{number}"))));
    for flags in ["--threads 2", "--threads 2 --memory-limit 128MiB"] {
        assert_eq!(day.run(flags).with_code(0).name, "antom-recon", "{flags}");
    }
    // A program that was deleted meanwhile, as an update does, runs on as what it was.
    let (program, run) = (env!("CARGO_BIN_EXE_antom-recon"), "run --date 2026-03-02 --memory-limit 128MiB");
    std::fs::copy(program, day.path("program")).unwrap();
    let script = format!("exec 3<program; rm program; exec -a older /proc/self/fd/3 {run}");
    let ran = day.within(&["bash", "-c", &script], "").with_code(0);
    assert_eq!(ran.name, "older");
}
