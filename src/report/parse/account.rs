//! Lines about accounts: account activity, and ending balances.

use crate::id::Symbol;
use crate::records::Row;
use crate::report::{ActivityLine, BalanceLine, Column, Place};

use super::block::{LineKind, LineReader};
use super::cells::Unreadable;

/// Movements of accounts.
pub(super) struct Activity;

/// Balances of accounts.
pub(super) struct Balances;

/// The key space of the ids of account movements, which meet no other ids.
const LOG_SPACE: u8 = 0;

impl LineKind for Activity {
    type Line = ActivityLine;
    type Beside = ();
    const LINE_BYTES: usize = 100;

    fn read(
        &self,
        reader: &mut LineReader<'_, '_>,
        (): &mut (),
        place: Place,
        row: Row<'_>,
    ) -> Result<ActivityLine, Unreadable> {
        let layout = reader.context.layout;
        let account = reader.account(row)?;
        let log = layout.id(row, Column::AccountLogId);
        if log.is_empty() {
            return Err(reader.missing(Column::AccountLogId, "the id of the movement"));
        }
        let out = reader.is_out(row)?;
        let sum = reader.pair(row, Column::Amount, Column::AccountCurrency, None)?;
        let (written, currency) = reader.must_have(sum, Column::Amount, Column::AccountCurrency)?;
        let evidence = &mut reader.evidence;
        evidence.note_point(layout.cell(row, Column::Amount), written, currency);
        // The page's sentence about the sign of OUT amounts is cut off (`antom.md` 9.5).
        evidence.outgoing_positive += u64::from(out && written > 0);
        evidence.incoming_negative += u64::from(!out && written < 0);
        Ok(ActivityLine {
            place,
            log: reader.context.keys.key(LOG_SPACE, log),
            merchant: reader.caches.symbol(layout.id(row, Column::MerchantId)),
            party: reader.caches.symbol(layout.id(row, Column::ReferenceMerchantId)),
            account,
            raw_type: reader.caches.symbol(layout.cell(row, Column::TransType)),
            batch: reader.caches.symbol(layout.id(row, Column::BatchId)),
            amount: if out { -written.abs() } else { written },
            currency,
            out,
        })
    }

    fn append(&self, (): &mut (), (): (), _: &mut [ActivityLine]) {}
}

impl LineKind for Balances {
    type Line = BalanceLine;
    type Beside = ();
    const LINE_BYTES: usize = 80;

    fn read(
        &self,
        reader: &mut LineReader<'_, '_>,
        (): &mut (),
        place: Place,
        row: Row<'_>,
    ) -> Result<BalanceLine, Unreadable> {
        let layout = reader.context.layout;
        let account = reader.account(row)?;
        let sum = reader.pair(row, Column::Balance, Column::AccountCurrency, None)?;
        let (balance, currency) = reader.must_have(sum, Column::Balance, Column::AccountCurrency)?;
        reader.evidence.note_point(layout.cell(row, Column::Balance), balance, currency);
        let date = layout.cell(row, Column::AccountDate);
        let on = match layout.position(Column::AccountDate) {
            Some(at) if !date.is_empty() => reader.caches.date(at, date)?,
            _ => return Err(reader.missing(Column::AccountDate, "the day of the balance")),
        };
        Ok(BalanceLine {
            place,
            merchant: reader.caches.symbol(layout.id(row, Column::MerchantId)),
            party: reader.caches.symbol(layout.id(row, Column::ReferenceMerchantId)),
            account,
            balance,
            currency,
            on,
        })
    }

    fn append(&self, (): &mut (), (): (), _: &mut [BalanceLine]) {}
}

impl LineReader<'_, '_> {
    /// The number of a line's account.
    fn account(&mut self, row: Row<'_>) -> Result<Symbol, Unreadable> {
        let number = self.context.layout.id(row, Column::AccountNo);
        if number.is_empty() {
            return Err(self.missing(Column::AccountNo, "the number of the account"));
        }
        Ok(self.caches.symbol(number))
    }

    /// Whether a movement takes money out of its account.
    fn is_out(&self, row: Row<'_>) -> Result<bool, Unreadable> {
        let layout = self.context.layout;
        let word = layout.cell(row, Column::Direction);
        match (layout.position(Column::Direction), word) {
            (_, word) if word.eq_ignore_ascii_case(b"OUT") => Ok(true),
            (_, word) if word.eq_ignore_ascii_case(b"IN") => Ok(false),
            (Some(at), [_, ..]) => Err(Unreadable::cell(at, word, "no direction; expected `IN` or `OUT`")),
            _ => Err(self.missing(Column::Direction, "`IN` or `OUT`")),
        }
    }
}
