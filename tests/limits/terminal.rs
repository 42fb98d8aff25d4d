//! On a terminal: bars, and Ctrl-C. `script` of util-linux gives the program one.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::day::{Day, entry, line};

/// No test here takes longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(120);

/// The program on a terminal of a hundred columns.
struct Terminal {
    script: Child,
    screen: std::fs::File,
}

impl Terminal {
    fn start(day: &Day, words: &str, environment: &[(&str, &str)]) -> Self {
        let program = env!("CARGO_BIN_EXE_antom-recon");
        let line = format!("stty cols 100 rows 30; exec {program} {words}");
        let screen = tempfile::tempfile().unwrap();
        let mut command = Command::new("script");
        command.args(["-q", "-e", "-f", "-c", &line, "/dev/null"]).current_dir(day.path(""));
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("TERM", "xterm").env("SHELL", "/bin/sh");
        command.env("ANTOM_RECON_LOG", "error").envs(environment.iter().copied());
        command.stdin(Stdio::piped()).stdout(screen.try_clone().unwrap()).stderr(Stdio::null());
        Self { script: command.spawn().unwrap(), screen }
    }

    /// What was shown so far.
    fn shown(&self) -> String {
        use std::os::unix::fs::FileExt;
        let mut bytes = vec![0; usize::try_from(self.screen.metadata().unwrap().len()).unwrap()];
        self.screen.read_exact_at(&mut bytes, 0).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[cfg(debug_assertions)]
    fn wait_for(&self, text: &str) {
        let started = Instant::now();
        while !self.shown().contains(text) {
            assert!(started.elapsed() < PATIENCE, "`{text}` was never shown, but: {}", self.shown());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[cfg(debug_assertions)]
    fn presses(&mut self, key: u8) {
        use std::io::Write;
        self.script.stdin.as_mut().unwrap().write_all(&[key]).unwrap();
    }

    /// Waits for the end: exit code, and all that was shown.
    fn ends(mut self) -> (Option<i32>, String) {
        let started = Instant::now();
        loop {
            if let Some(status) = self.script.try_wait().unwrap() {
                return (status.code(), self.shown());
            }
            if started.elapsed() > PATIENCE {
                self.script.kill().unwrap();
                panic!("the program does not end; it showed: {}", self.shown());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn day_of(count: usize) -> Day {
    let day = Day::new();
    day.transactions((0..count).map(|number| line(number, &format!("r{number}"))));
    day.entries((0..count).map(|number| entry(number, &format!("r{number}"))));
    day
}

#[test]
fn stages_show_how_fast_they_are_and_what_is_left() {
    // Long enough in a build of the tests that a bar is drawn while lines are parsed.
    let day = day_of(60_000);
    let (code, shown) = Terminal::start(&day, "run --date 2026-03-02 --threads 1", &[]).ends();
    assert_eq!(code, Some(0), "{shown}");
    for part in ["parse ", "ledger ", "classify ", " lines/s", " left", "\u{1b}["] {
        assert!(shown.contains(part), "`{part}` was not shown: {shown}");
    }
    assert!(shown.contains("report   USD"), "the page is shown as well: {shown}");
}

#[test]
fn nothing_is_shown_in_a_pipe() {
    let ran = day_of(60_000).run("--threads 1").with_code(0);
    assert_eq!(ran.stderr, "");
}

#[cfg(debug_assertions)] // A release build hangs nowhere.
#[test]
fn control_c_ends_a_stage_that_waits_for_nothing() {
    let day = day_of(10);
    let hang = [("ANTOM_RECON_HANG_AT", "publication: output written#2")];
    let mut terminal = Terminal::start(&day, "run --date 2026-03-02", &hang);
    terminal.wait_for("hangs at `publication: output written#2`");
    terminal.wait_for("write ");
    terminal.presses(3);
    let (code, shown) = terminal.ends();
    assert_eq!(code, Some(130), "{shown}");
    assert!(shown.contains("interrupted: stopped by SIGINT; nothing half-written is visible"), "{shown}");
    assert!(!day.path("out/2188120000000001/2026-03-02").exists());
    day.run("").with_code(0);
}
