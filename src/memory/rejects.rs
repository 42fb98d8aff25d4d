//! Rejected lines, and the sums of settlement batches, as bytes: few per file, with their texts.

use super::bytes::{Put, Take};
use super::rows::{Names, put_currency, put_word, take_currency, take_word};
use crate::id::Key;
use crate::money::Currency;
use crate::movement::EntryType;
use crate::proof::{BatchKey, BatchSum, BatchSums, TypeSum};
use crate::report::{FeeKind, LineText, Place, Reject};

/// The texts of a line in one order, to be written and to be read into.
fn texts(text: &mut LineText) -> [&mut String; 12] {
    let LineText {
        request_id,
        antom_id,
        original_request_id,
        original_antom_id,
        order_id,
        sub_merchant_id,
        merchant_id,
        batch_id,
        raw_type,
        raw_status,
        account_no,
        log_id,
    } = text;
    [
        request_id,
        antom_id,
        original_request_id,
        original_antom_id,
        order_id,
        sub_merchant_id,
        merchant_id,
        batch_id,
        raw_type,
        raw_status,
        account_no,
        log_id,
    ]
}

fn put_place(put: &mut Put, place: Place) {
    put.u32(place.line);
    put.u64(place.offset);
    put.u32(place.length);
}

fn take_place(take: &mut Take<'_>, file: u32) -> Option<Place> {
    Some(Place { file, line: take.u32()?, offset: take.u64()?, length: take.u32()? })
}

pub(super) fn put_reject(put: &mut Put, reject: &Reject) {
    put_place(put, reject.place);
    put.text(&reject.raw);
    put.text(&reject.column);
    put.text(&reject.reason);
    put_word(put, EntryType::ALL, reject.entry_type);
    put.text(reject.currency.as_ref().map_or("", Currency::code));
    put.u128(reject.by_request.to_bits());
    put.u128(reject.by_antom.to_bits());
    for text in texts(&mut reject.text.clone()) {
        put.text(text);
    }
}

pub(super) fn take_reject(take: &mut Take<'_>, file: u32) -> Option<Reject> {
    let mut reject = Reject {
        place: take_place(take, file)?,
        raw: take.text()?,
        column: take.text()?,
        reason: take.text()?,
        entry_type: take_word(take, EntryType::ALL)?,
        currency: Currency::parse(take.bytes()?),
        by_request: Key::from_bits(take.u128()?),
        by_antom: Key::from_bits(take.u128()?),
        text: LineText::default(),
    };
    for text in texts(&mut reject.text) {
        *text = take.text()?;
    }
    Some(reject)
}

pub(super) fn put_sums(put: &mut Put, sums: &BatchSums) {
    put.length(sums.len());
    for (key, sum) in sums {
        for symbol in [key.batch, key.merchant, key.party] {
            put.u32(symbol.number());
        }
        put_currency(put, Some(key.currency));
        put.u64(sum.lines);
        put.length(sum.gross.len());
        for (&entry_type, &amount) in &sum.gross {
            put_word(put, EntryType::ALL, Some(entry_type));
            put.i128(amount);
        }
        put.length(sum.fees.len());
        for (&kind, &amount) in &sum.fees {
            put_word(put, FeeKind::ALL, Some(kind));
            put.i128(amount);
        }
        for amount in parts(&mut sum.clone()) {
            put.i128(*amount);
        }
        put.length(sum.types.len());
        for (&raw_type, of_type) in &sum.types {
            put.u32(raw_type.number());
            put.u64(of_type.lines);
            put.i128(of_type.net);
        }
        put.u8(u8::from(sum.first.is_some()));
        if let Some(first) = sum.first {
            put_place(put, first);
        }
    }
}

/// The single amounts of a sum in one order.
fn parts(sum: &mut BatchSum) -> [&mut i128; 7] {
    [
        &mut sum.corrections,
        &mut sum.reserve_taken,
        &mut sum.reserve_given,
        &mut sum.collateral_taken,
        &mut sum.collateral_given,
        &mut sum.unknown,
        &mut sum.net,
    ]
}

pub(super) fn take_sums(take: &mut Take<'_>, file: u32, names: &Names) -> Option<BatchSums> {
    let one = |take: &mut Take<'_>| {
        let key = BatchKey {
            batch: names.symbol(take.u32()?)?,
            merchant: names.symbol(take.u32()?)?,
            party: names.symbol(take.u32()?)?,
            currency: take_currency(take)??,
        };
        let mut sum = BatchSum { lines: take.u64()?, ..BatchSum::default() };
        sum.gross = take.list(|take| Some((take_word(take, EntryType::ALL)??, take.i128()?)))?.into_iter().collect();
        sum.fees = take.list(|take| Some((take_word(take, FeeKind::ALL)??, take.i128()?)))?.into_iter().collect();
        for amount in parts(&mut sum) {
            *amount = take.i128()?;
        }
        let of_type =
            |take: &mut Take<'_>| Some((names.symbol(take.u32()?)?, TypeSum { lines: take.u64()?, net: take.i128()? }));
        sum.types = take.list(of_type)?.into_iter().collect();
        sum.first = if take.u8()? == 1 { Some(take_place(take, file)?) } else { None };
        Some((key, sum))
    };
    Some(take.list(one)?.into_iter().collect())
}
