//! SIGINT and SIGTERM: the command is dropped where it waits, and the process ends with 130 or 143.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a stage that does not wait anywhere is ended with the process"
)]

use std::future::Future;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use crate::failure::{Failure, Kind, OrFail};
use crate::progress;

/// How long a stopped command may take to come to a place where it waits. Pure stages of a large day take seconds; Kubernetes
/// kills after 30. Ending the process earlier is safe as well: nothing half-written is ever visible.
const PATIENCE: Duration = Duration::from_millis(900);

/// How long saying so may take, if nobody reads it.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Resolves when the process is told to stop, with the failure that names the signal. From then on, the process ends by itself
/// after [`PATIENCE`], or at once with a second signal. Needs a runtime with more than one thread.
///
/// # Errors
/// If the signals cannot be listened to.
pub async fn stopped() -> anyhow::Result<Failure> {
    let listen = |kind| signal(kind).or_fail(Kind::Unforeseen, || "cannot listen for signals");
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    let (sender, receiver) = tokio::sync::oneshot::channel();
    // A task of its own: it is polled even while the command computes without waiting.
    tokio::spawn(async move {
        let kind = tokio::select! {
            _ = interrupt.recv() => Kind::Interrupted,
            _ = terminate.recv() => Kind::Terminated,
        };
        if sender.send(kind).is_err() {
            return; // the command has ended
        }
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = tokio::time::sleep(PATIENCE) => {}
        }
        // The command cannot say it any more; if nobody reads what is said, the process ends all the same.
        std::thread::spawn(move || {
            std::thread::sleep(LAST_WORDS);
            std::process::exit(kind.exit_code().into());
        });
        progress::clear();
        tracing::error!("{}: {}", kind.prefix(), sentence(kind));
        std::process::exit(kind.exit_code().into());
    });
    let kind = receiver.await.or_fail(Kind::Unforeseen, || "the signals are no longer listened to")?;
    Ok(Failure::new(kind, sentence(kind)))
}

/// What is said of a signal.
fn sentence(kind: Kind) -> String {
    let name = if kind == Kind::Interrupted { "SIGINT" } else { "SIGTERM" };
    format!("stopped by {name}; nothing half-written is visible, the same command starts anew")
}

/// Ends the process hard where `ANTOM_RECON_DIE_AT` says: no destructor runs and nothing is flushed, as if it were killed from
/// outside. The tests prove with it that the next run goes on as if nothing had happened. Where `ANTOM_RECON_HANG_AT` says, it says
/// so and goes on for ever without waiting anywhere: the tests prove that a signal ends it even then. A release build has neither.
#[cfg(debug_assertions)]
pub fn obey_points(environment: &crate::environment::Environment) {
    use crate::environment::{DIE_AT, HANG_AT};
    use crate::points::{self, Point};
    use std::sync::atomic::{AtomicU32, Ordering};
    let order = [DIE_AT, HANG_AT].into_iter().find_map(|name| Some((name, environment.get(name)?.to_owned())));
    let Some((name, text)) = order else { return };
    let (label, number) = text.rsplit_once('#').unwrap_or((&text, "1"));
    let (Some(place), Ok(number)) = (Point::parse(label), number.parse::<u32>()) else {
        tracing::warn!("there is no place `{text}` at which this process could end");
        return;
    };
    let passed = AtomicU32::new(0);
    points::watch(move |point| {
        if point != place || passed.fetch_add(1, Ordering::Relaxed) + 1 != number {
            return;
        }
        if name == DIE_AT {
            std::process::abort();
        }
        tracing::error!("hangs at `{text}`");
        loop {
            std::thread::park();
        }
    });
}

/// Runs a command until it ends or the process is told to stop.
///
/// # Errors
/// Those of the command; [`Kind::Interrupted`] or [`Kind::Terminated`] when it was stopped.
pub async fn until_stopped<T>(command: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::select! {
        biased;
        failure = stopped() => Err(failure?.into()),
        result = command => result,
    }
}
