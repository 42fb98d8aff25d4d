//! From the results of blocks to the whole file: order, and the end.

use crate::report::{Reject, ReportError};

use super::block::{BlockResult, LineKind};
use super::error::MAX_REJECTS;
use super::evidence::Evidence;

/// What the blocks gave so far, in file order.
pub(super) struct Gathered<K: LineKind> {
    pub(super) lines: Vec<K::Line>,
    pub(super) beside: K::Beside,
    pub(super) rejects: Vec<Reject>,
    pub(super) evidence: Evidence,
    last_line: u32,
    end: Option<u32>,
}

impl<K: LineKind> Gathered<K> {
    pub(super) fn new() -> Self {
        Self {
            lines: Vec::new(),
            beside: K::Beside::default(),
            rejects: Vec::new(),
            evidence: Evidence::default(),
            last_line: 0,
            end: None,
        }
    }

    /// Takes the next block.
    pub(super) fn take(&mut self, kind: &K, block: Result<BlockResult<K>, ReportError>) -> Result<(), ReportError> {
        let mut block = block?;
        let after_end = if self.end.is_some() { block.first_line } else { block.after_end };
        self.end = self.end.or(block.end);
        if let (Some(end), Some(line)) = (self.end, after_end) {
            return Err(ReportError::AfterEnd { end, line });
        }
        self.last_line = block.last_line.unwrap_or(self.last_line);
        kind.append(&mut self.beside, block.beside, &mut block.lines);
        self.lines.append(&mut block.lines);
        self.rejects.extend(block.rejects);
        if self.rejects.len() > MAX_REJECTS {
            let first = &self.rejects[0];
            return Err(ReportError::TooManyRejects { line: first.place.line, reason: first.reason.clone() });
        }
        self.evidence.merge(&block.evidence);
        Ok(())
    }

    /// Checks that the file is complete.
    pub(super) fn check_end(&self) -> Result<(), ReportError> {
        match self.end {
            Some(_) => Ok(()),
            None => Err(ReportError::Incomplete { line: self.last_line.max(1) }),
        }
    }
}
