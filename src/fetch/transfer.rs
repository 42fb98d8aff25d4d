//! One file from the source into the archive: watched for changes, resumed where the connection broke.

use super::FetchError;
use super::archive::Archive;
use super::bounds::{AHEAD_BYTES, BLOCK_BYTES, MAX_FILE_BYTES, READ_BYTES};
use super::control::{Control, Progress};
use super::endpoint::{Attempts, Connection, Endpoint, Trouble};
use super::intake::{Intake, Taken};
use super::listing::Stamp;
use crate::points::{Point, reached};

/// How a transfer ended, if not with an error.
pub(super) enum Transferred {
    /// The file is in the archive.
    Taken(Taken),
    /// It changed while it was read, twice.
    Unstable { before: Stamp, after: Stamp },
    /// It was listed and then was gone.
    Vanished,
}

/// A file to transfer.
pub(super) struct Transfer<'a> {
    pub(super) endpoint: &'a dyn Endpoint,
    pub(super) archive: &'a Archive,
    pub(super) control: &'a Control<'a>,
    pub(super) name: &'a str,
    pub(super) path: &'a str,
}

/// What one pass over a file found.
enum Pass {
    /// Every byte of it was taken in.
    Whole,
    /// It is another file now, so what was taken in is worthless.
    Changed(Stamp),
}

/// A transfer under way.
struct Progressing {
    /// What the file was when reading began; `None` before that.
    stamp: Option<Stamp>,
    intake: Option<Intake>,
}

impl Progressing {
    fn received(&self) -> u64 {
        self.intake.as_ref().map_or(0, Intake::received)
    }
}

impl Transfer<'_> {
    /// Transfers the file over a connection, which is replaced when it breaks and left for the next file.
    pub(super) fn run(&self, connection: &mut Option<Box<dyn Connection>>) -> Result<Transferred, FetchError> {
        let address = self.endpoint.address();
        let what = format!("reading `{}`", self.path);
        let mut attempts = Attempts::new(self.endpoint.patience(), &what, &address);
        let mut state = Progressing { stamp: None, intake: None };
        let mut changed_once = false;
        loop {
            self.control.cancel.check()?;
            let start = state.received();
            match self.connected(connection).and_then(|connection| self.pass(connection, &mut state)) {
                Ok(Pass::Whole) => return self.finish(state),
                Ok(Pass::Changed(after)) => {
                    let before = state.stamp.unwrap_or(after);
                    if changed_once {
                        return Ok(Transferred::Unstable { before, after });
                    }
                    changed_once = true;
                    self.restart(&mut state);
                    self.control.cancel.sleep(self.endpoint.patience().back_off)?;
                }
                Err(Trouble::Broken(why)) => {
                    *connection = None;
                    if state.received().saturating_sub(start) >= AHEAD_BYTES {
                        attempts.got_ahead();
                    }
                    attempts.failed(&why, self.control)?;
                }
                Err(Trouble::Absent) => return Ok(Transferred::Vanished),
                Err(Trouble::Fatal(error)) => return Err(error),
            }
        }
    }

    fn connected<'c>(
        &self,
        connection: &'c mut Option<Box<dyn Connection>>,
    ) -> Result<&'c mut Box<dyn Connection>, Trouble> {
        match connection {
            Some(connection) => Ok(connection),
            None => Ok(connection.insert(self.endpoint.connect(self.control)?)),
        }
    }

    /// Reads on from where the last pass ended, to the end of the file.
    fn pass(&self, connection: &mut Box<dyn Connection>, state: &mut Progressing) -> Result<Pass, Trouble> {
        let now = connection.stamp(self.path)?;
        let stamp = *state.stamp.get_or_insert(now);
        if now != stamp {
            return Ok(Pass::Changed(now));
        }
        self.check_bound(stamp)?;
        let intake = match &mut state.intake {
            Some(intake) => intake,
            none => none.insert(Intake::start(self.archive)?),
        };
        self.read(connection, intake, stamp)?;
        let now = connection.stamp(self.path)?;
        if now != stamp {
            return Ok(Pass::Changed(now));
        }
        let received = intake.received();
        if received > stamp.size {
            return Ok(Pass::Changed(Stamp { size: received, ..now }));
        }
        if received < stamp.size {
            return Err(Trouble::Broken(format!("the file ended after {received} of its {} bytes", stamp.size)));
        }
        Ok(Pass::Whole)
    }

    /// Reads until the file ends, or goes on longer than it was. What arrived before a break is taken in all the same.
    fn read(&self, connection: &mut Box<dyn Connection>, intake: &mut Intake, stamp: Stamp) -> Result<(), Trouble> {
        let mut file = connection.open(self.path, intake.received())?;
        let (mut buffer, mut block) = (vec![0; READ_BYTES], Vec::with_capacity(BLOCK_BYTES));
        while intake.received() + block.len() as u64 <= stamp.size {
            self.control.cancel.check()?;
            let length = match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => length,
                Err(trouble) => {
                    self.push(intake, block)?;
                    return Err(trouble);
                }
            };
            // A file of a folder gives more at once than a block has, and only so many blocks may wait.
            for piece in buffer[..length].chunks(BLOCK_BYTES) {
                block.extend_from_slice(piece);
                if block.len() >= BLOCK_BYTES {
                    self.push(intake, std::mem::replace(&mut block, Vec::with_capacity(BLOCK_BYTES)))?;
                }
            }
        }
        Ok(self.push(intake, block)?)
    }

    fn push(&self, intake: &mut Intake, block: Vec<u8>) -> Result<(), FetchError> {
        if block.is_empty() {
            return Ok(());
        }
        let bytes = block.len() as u64;
        intake.push(block)?;
        reached(Point::FetchPartReceived);
        (self.control.progress)(Progress::Received { name: self.name, bytes });
        Ok(())
    }

    fn check_bound(&self, stamp: Stamp) -> Result<(), FetchError> {
        if stamp.size <= MAX_FILE_BYTES {
            return Ok(());
        }
        Err(FetchError::Bounds(format!(
            "`{}` has {} bytes; a file may have at most {MAX_FILE_BYTES}; ask Antom's technical support whether it is meant \
             to be that large",
            self.path, stamp.size
        )))
    }

    /// Forgets what was taken in and lets the next pass find the file anew.
    fn restart(&self, state: &mut Progressing) {
        let bytes = state.received();
        (state.stamp, state.intake) = (None, None);
        (self.control.progress)(Progress::Restarted { name: self.name, bytes });
    }

    fn finish(&self, state: Progressing) -> Result<Transferred, FetchError> {
        let Some(intake) = state.intake else { return Ok(Transferred::Vanished) };
        let taken = intake.finish()?;
        (self.control.progress)(Progress::Archived { name: self.name });
        Ok(Transferred::Taken(taken))
    }
}

#[cfg(test)]
#[path = "transfer_tests.rs"]
mod tests;
