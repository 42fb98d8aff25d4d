//! The way from a connection into the archive: a thread of its own hashes and compresses while the next block arrives.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use super::FetchError;
use super::archive::{Archive, ArchiveWriter, Stored};
use super::bounds::BLOCKS_WAITING;
use super::ending::{EndWatch, Ending};

/// What is known of a file once it is in the archive.
pub(super) struct Taken {
    pub(super) stored: Stored,
    pub(super) ending: Ending,
}

enum Message {
    Block(Vec<u8>),
    /// The file is whole; without it, a closed channel means that it is to be forgotten.
    End,
}

/// A file that is being taken in. Dropped before [`Intake::finish`], it leaves nothing.
pub(super) struct Intake {
    blocks: Option<SyncSender<Message>>,
    thread: Option<JoinHandle<Result<Option<Taken>, FetchError>>>,
    received: u64,
}

impl Intake {
    pub(super) fn start(archive: &Archive) -> Result<Self, FetchError> {
        let writer = archive.writer()?;
        let (sender, receiver) = sync_channel(BLOCKS_WAITING);
        let thread = thread::Builder::new()
            .name("fetch-archive".into())
            .spawn(move || take_in(writer, &receiver))
            .map_err(FetchError::archive("start a thread for", &archive.path_of(super::Digest::of(b""))))?;
        Ok(Self { blocks: Some(sender), thread: Some(thread), received: 0 })
    }

    /// Bytes so far: where a broken transfer goes on.
    pub(super) const fn received(&self) -> u64 {
        self.received
    }

    /// Takes the next bytes; waits while the archive is behind.
    pub(super) fn push(&mut self, block: Vec<u8>) -> Result<(), FetchError> {
        self.received += block.len() as u64;
        self.send(Message::Block(block))
    }

    /// Finishes the file and waits until it is safe in the archive.
    pub(super) fn finish(mut self) -> Result<Taken, FetchError> {
        self.send(Message::End)?;
        self.join().map(|taken| taken.expect("a thread that was told the end says what it took"))
    }

    fn send(&mut self, message: Message) -> Result<(), FetchError> {
        let sent = self.blocks.as_ref().is_some_and(|blocks| blocks.send(message).is_ok());
        if sent {
            return Ok(());
        }
        // The thread ended early, which it does only with an error.
        self.join().and(Err(FetchError::Cancelled))
    }

    fn join(&mut self) -> Result<Option<Taken>, FetchError> {
        self.blocks = None;
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => Ok(None),
        }
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        self.blocks = None;
        if let Some(thread) = self.thread.take() {
            // Whatever it says, the file was given up.
            let _ = thread.join();
        }
    }
}

fn take_in(mut writer: ArchiveWriter, blocks: &Receiver<Message>) -> Result<Option<Taken>, FetchError> {
    let mut end_watch = EndWatch::default();
    while let Ok(message) = blocks.recv() {
        match message {
            Message::Block(block) => {
                end_watch.push(&block);
                writer.push(&block)?;
            }
            Message::End => return Ok(Some(Taken { stored: writer.commit()?, ending: end_watch.ending() })),
        }
    }
    Ok(None)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_archived_when_it_is_finished_and_only_then() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        let mut given_up = Intake::start(&archive).unwrap();
        given_up.push(b"h\n<END>".to_vec()).unwrap();
        drop(given_up);
        assert!(!archive.path_of(crate::fetch::Digest::of(b"h\n<END>")).exists());

        let mut intake = Intake::start(&archive).unwrap();
        intake.push(b"h\n".to_vec()).unwrap();
        intake.push(b"<END>".to_vec()).unwrap();
        assert_eq!(intake.received(), 7);
        let taken = intake.finish().unwrap();
        assert_eq!(taken.ending, Ending::Whole);
        assert_eq!(archive.read_all(taken.stored.digest).unwrap(), b"h\n<END>");
    }
}
