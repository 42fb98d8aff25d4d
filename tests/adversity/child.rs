//! The program as a child process: what it said, and its death.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// No command here takes longer, however busy the machine is; one that does hangs.
const PATIENCE: Duration = Duration::from_secs(90);

/// How often a process is looked at.
const GLANCE: Duration = Duration::from_millis(3);

/// A program that ended by itself.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Ended {
    /// Checks the exit code and shows everything if it is another one.
    #[track_caller]
    pub fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Checks that stderr has all of these.
    #[track_caller]
    pub fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stderr.contains(part), "`{part}` is not in stderr:\n{}", self.stderr);
        }
        self
    }

    /// Checks that stdout has all of these.
    #[track_caller]
    pub fn shows(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stdout.contains(part), "`{part}` is not in stdout:\n{}", self.stdout);
        }
        self
    }

    /// Checks that neither stdout nor stderr has this.
    #[track_caller]
    pub fn hides(self, secret: &str) -> Self {
        assert!(!self.stdout.contains(secret) && !self.stderr.contains(secret), "`{secret}` was shown: {self:?}");
        self
    }
}

/// A program that runs.
pub struct Running {
    child: Child,
    stdout: File,
    stderr: Stderr,
    started: Instant,
}

enum Stderr {
    File(File),
    Pipe(BufReader<std::process::ChildStderr>),
}

impl Running {
    /// Starts it with its output in files.
    pub fn start(command: Command) -> Self {
        let stderr = tempfile::tempfile().unwrap();
        let piped = stderr.try_clone().unwrap().into();
        Self::launch(command, piped, |_| Stderr::File(stderr))
    }

    /// Starts it with stderr in a pipe, for [`Running::kill_at`].
    pub fn start_watched(command: Command) -> Self {
        Self::launch(command, Stdio::piped(), |child| Stderr::Pipe(BufReader::new(child.stderr.take().unwrap())))
    }

    fn launch(mut command: Command, stderr: Stdio, keep: impl FnOnce(&mut Child) -> Stderr) -> Self {
        let stdout = tempfile::tempfile().unwrap();
        command.stdin(Stdio::null()).stdout(stdout.try_clone().unwrap()).stderr(stderr);
        let started = Instant::now();
        let mut child = command.spawn().unwrap();
        let stderr = keep(&mut child);
        Self { child, stdout, stderr, started }
    }

    /// Waits until it ends by itself; one that does not is killed and fails the test.
    pub fn wait(mut self) -> Ended {
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if self.started.elapsed() > PATIENCE {
                self.child.kill().unwrap();
                self.child.wait().unwrap();
                panic!("the program hangs; so far it said:\n{}", read(self.stderr));
            }
            std::thread::sleep(GLANCE);
        };
        assert_eq!(status.signal(), None, "it ends by itself");
        let took = self.started.elapsed();
        Ended { code: status.code(), stdout: text(self.stdout), stderr: read(self.stderr), took }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal by name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success(), "kill -{name}");
    }

    /// Kills it as soon as it wrote a line to stderr that has all of these; false if it ended before that.
    pub fn kill_at(mut self, parts: &[&str]) -> bool {
        let Stderr::Pipe(stderr) = &mut self.stderr else { panic!("start it with `start_watched`") };
        let mut lines = stderr.lines().map(Result::unwrap);
        let found = lines.any(|line| parts.iter().all(|part| line.contains(part)));
        self.kill();
        found
    }

    /// Kills it after so long; false if it ended before that.
    pub fn kill_after(mut self, delay: Duration) -> bool {
        std::thread::sleep(delay.saturating_sub(self.started.elapsed()));
        let alive = self.child.try_wait().unwrap().is_none();
        self.kill();
        alive
    }

    fn kill(&mut self) {
        // It may have ended by itself by now.
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }
}

fn read(stderr: Stderr) -> String {
    match stderr {
        Stderr::File(file) => text(file),
        Stderr::Pipe(mut pipe) => {
            let mut text = String::new();
            pipe.read_to_string(&mut text).unwrap();
            text
        }
    }
}

fn text(mut file: File) -> String {
    let mut text = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut text).unwrap();
    text
}
