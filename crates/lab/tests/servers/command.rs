//! Running the tools that the servers are tried with.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs a tool in `folder` and gives it `input`; when it is missing, says which Debian package to install.
pub fn run<S: AsRef<OsStr>>(folder: &Path, program: &str, arguments: &[S], input: &[u8]) -> Output {
    let package = match program {
        "sftp" | "ssh" => "openssh-client",
        tool => tool,
    };
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("`{program}` cannot be started ({error}): install the Debian package `{package}`")
        });
    let mut stdin = child.stdin.take().expect("stdin is piped");
    // A tool that ends before it has read everything is judged by its exit code.
    let _closed_early = stdin.write_all(input);
    drop(stdin);
    child.wait_with_output().expect("a started tool ends")
}

/// Both streams of a tool as text, for assertions and their messages.
pub fn said(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}{err}")
}
