//! The program behind a line on which things go wrong (`lab::wire`), to each of its three partners.
//!
//! No test here says how long something may take: the program is given short time-outs and must end by itself, with the message
//! and the exit code that belong to it. Then the line is mended, and the same command must end as if nothing had happened.

mod api;
mod postgres;
mod sftp;

use std::time::Duration;

use lab::wire::{Disturbance, Ending, Fault};

/// Cut in good order after so many bytes from the server.
fn cut(after: u64) -> Disturbance {
    Disturbance::of(Fault::Cut { after, ending: Ending::Fin })
}

/// Cut with a reset.
fn reset(after: u64) -> Disturbance {
    Disturbance::of(Fault::Cut { after, ending: Ending::Reset })
}

fn half_open(after: u64) -> Disturbance {
    Disturbance::of(Fault::HalfOpen { after })
}

fn flip(at: u64) -> Disturbance {
    Disturbance::of(Fault::Flip { at })
}

fn stall() -> Disturbance {
    Disturbance::of(Fault::Stall)
}

/// So many bytes a second, in drops ten times a second.
fn trickle(bytes_per_second: usize) -> Disturbance {
    Disturbance::of(Fault::Trickle { bytes: bytes_per_second / 10, pause: Duration::from_millis(100) })
}

fn late(millis: u64) -> Disturbance {
    Disturbance::of(Fault::Late(Duration::from_millis(millis)))
}
