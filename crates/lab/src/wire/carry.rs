//! One connection: bytes both ways, up to the fault.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::fault::{Direction, Disturbance, Ending, Fault};

/// Bytes that are read at once.
const BLOCK_BYTES: usize = 16 << 10;

/// Blocks that may be on their way in one direction: 16 MiB, so that a late line is slow to answer and not narrow.
const BLOCKS_ON_THE_WAY: usize = 1024;

/// The bit that a [`Fault::Flip`] turns: a letter becomes another letter, a digit another sign.
const FLIPPED_BIT: u8 = 0x10;

/// Bytes that passed.
#[derive(Debug, Default)]
pub(super) struct Meter {
    pub(super) to_server: AtomicU64,
    pub(super) to_client: AtomicU64,
}

/// What becomes of a connection whose fault came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Struck {
    Cut(Ending),
    HalfOpen,
}

/// Carries bytes both ways until both sides are done (`None`) or the fault comes.
pub(super) async fn carry(
    client: &mut TcpStream,
    server: &mut TcpStream,
    disturbance: Option<Disturbance>,
    meter: &Meter,
) -> Option<Struck> {
    let fault = |direction| disturbance.filter(|found| found.direction == direction).map(|found| found.fault);
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let up = one_way(from_client, to_server, fault(Direction::ToServer), &meter.to_server);
    let down = one_way(from_server, to_client, fault(Direction::ToClient), &meter.to_client);
    tokio::try_join!(up, down).err()
}

/// Ends a connection with a reset: what is unsent is thrown away.
pub(super) fn reset(stream: &TcpStream) {
    // It fails only when the connection has gone already, which is what was wanted.
    let _gone_already = stream.set_zero_linger();
}

/// What is on its way.
enum Piece {
    Bytes(Instant, Vec<u8>),
    Fault(Struck),
}

/// Carries bytes in one direction until its sender is done.
async fn one_way(
    from: ReadHalf<'_>,
    to: WriteHalf<'_>,
    fault: Option<Fault>,
    passed: &AtomicU64,
) -> Result<(), Struck> {
    let (sender, receiver) = mpsc::channel(BLOCKS_ON_THE_WAY);
    let ((), given) = tokio::join!(take(from, fault, sender), give(to, fault, receiver, passed));
    given
}

/// Reads what the sender sends, up to the fault.
async fn take(mut from: ReadHalf<'_>, fault: Option<Fault>, way: mpsc::Sender<Piece>) {
    let delay = if let Some(Fault::Late(delay)) = fault { delay } else { Duration::ZERO };
    let limit = match fault {
        Some(Fault::Cut { after, ending }) => Some((after, Struck::Cut(ending))),
        Some(Fault::HalfOpen { after }) => Some((after, Struck::HalfOpen)),
        _ => None,
    };
    let (mut block, mut taken) = (vec![0; BLOCK_BYTES], 0_u64);
    loop {
        // A fault after nothing comes before the sender said anything.
        let left = limit.map_or(u64::MAX, |(after, _)| after - taken);
        if let (0, Some((_, struck))) = (left, limit) {
            let _receiver_gone = way.send(Piece::Fault(struck)).await;
            return;
        }
        let most = block.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let Ok(length @ 1..) = from.read(&mut block[..most]).await else { return };
        let mut bytes = block[..length].to_vec();
        if let Some(Fault::Flip { at }) = fault {
            let place = at.checked_sub(taken).and_then(|place| usize::try_from(place).ok());
            if let Some(byte) = place.and_then(|place| bytes.get_mut(place)) {
                *byte ^= FLIPPED_BIT;
            }
        }
        taken += length as u64;
        if way.send(Piece::Bytes(Instant::now() + delay, bytes)).await.is_err() {
            return;
        }
    }
}

/// Writes what is on its way when its time has come.
async fn give(
    mut to: WriteHalf<'_>,
    fault: Option<Fault>,
    mut way: mpsc::Receiver<Piece>,
    passed: &AtomicU64,
) -> Result<(), Struck> {
    let (most, pause) = match fault {
        Some(Fault::Trickle { bytes, pause }) => (bytes.max(1), pause),
        _ => (usize::MAX, Duration::ZERO),
    };
    while let Some(piece) = way.recv().await {
        let (due, bytes) = match piece {
            Piece::Bytes(due, bytes) => (due, bytes),
            Piece::Fault(struck) => return Err(struck),
        };
        sleep_until(due).await;
        for drop in bytes.chunks(most.min(bytes.len())) {
            if !pause.is_zero() {
                sleep(pause).await;
            }
            if to.write_all(drop).await.is_err() {
                // Nobody reads any more: the other direction ends by itself.
                return Ok(());
            }
            passed.fetch_add(drop.len() as u64, Ordering::Relaxed);
        }
    }
    // The sender is done; whoever listens may still have something to say.
    let _gone_already = to.shutdown().await;
    Ok(())
}
