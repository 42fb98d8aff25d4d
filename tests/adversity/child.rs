//! The program as a child process: what it said, and its death.

use std::fs::File;
use std::io::{Read, Seek};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
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
    stderr: File,
    started: Instant,
}

impl Running {
    /// Starts it with its output in files.
    pub fn start(mut command: Command) -> Self {
        let [stdout, stderr] = [(); 2].map(|()| tempfile::tempfile().unwrap());
        command.stdin(Stdio::null()).stdout(stdout.try_clone().unwrap()).stderr(stderr.try_clone().unwrap());
        let started = Instant::now();
        Self { child: command.spawn().unwrap(), stdout, stderr, started }
    }

    /// Waits until it ends by itself; one that does not is killed and fails the test.
    pub fn wait(self) -> Ended {
        let (status, ended) = self.end();
        assert_eq!(status.signal(), None, "it ends by itself");
        ended
    }

    /// Waits until it ends, and tells whether it died by `abort`, as the places of `antom_recon::points` make it.
    #[cfg(debug_assertions)]
    pub fn dies(self) -> bool {
        const SIGABRT: i32 = 6;
        let (status, ended) = self.end();
        assert!(matches!(status.signal(), None | Some(SIGABRT)), "{status}: {ended:?}");
        status.signal().is_some()
    }

    fn end(mut self) -> (ExitStatus, Ended) {
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if self.started.elapsed() > PATIENCE {
                self.child.kill().unwrap();
                self.child.wait().unwrap();
                panic!("the program hangs; so far it said:\n{}", text(self.stderr));
            }
            std::thread::sleep(GLANCE);
        };
        let took = self.started.elapsed();
        (status, Ended { code: status.code(), stdout: text(self.stdout), stderr: text(self.stderr), took })
    }

    /// What it has said on stderr so far.
    #[cfg(debug_assertions)]
    pub fn stderr_so_far(&self) -> String {
        use std::os::unix::fs::FileExt;
        let mut bytes = vec![0; usize::try_from(self.stderr.metadata().unwrap().len()).unwrap()];
        // Its place in the file is the program's as well, and stays.
        self.stderr.read_exact_at(&mut bytes, 0).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
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

fn text(mut file: File) -> String {
    let mut text = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut text).unwrap();
    text
}
