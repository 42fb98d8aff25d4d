//! Rows of what proofs remember: from values to cells, and from rows to values.

use super::bulk::{Cell, Table};
use super::remembered::{AcceptedHeader, Volume};
use super::rows::{amount, code, date, known_currency, number, unexpected, whole, word};
use crate::movement::ReportKind;
use crate::proof::{Held, HeldKind};

pub(super) const HEADERS: Table =
    Table { name: "run_headers", columns: &["run_id", "position", "kind", "columns"], on_conflict: "" };

pub(super) const VOLUMES: Table = Table {
    name: "run_volumes",
    columns: &[
        "run_id",
        "position",
        "volume_on",
        "method",
        "brand",
        "country",
        "sub_merchant_id",
        "currency",
        "base_minor",
    ],
    on_conflict: "",
};

pub(super) const HELD: Table = Table {
    name: "run_held",
    columns: &["run_id", "position", "merchant_id", "sub_merchant_id", "currency", "kind", "amount_minor"],
    on_conflict: "",
};

pub(super) fn header_cells(at: usize, header: &AcceptedHeader) -> [Cell<'_>; 3] {
    // In JSON even a NUL character is plain text.
    let columns = serde_json::json!(header.columns).to_string();
    [number(at as u64), Cell::text(header.kind.as_str()), Cell::text(columns)]
}

pub(super) fn volume_cells(at: usize, volume: &Volume) -> [Cell<'_>; 8] {
    [
        number(at as u64),
        Cell::text(volume.on.to_string()),
        Cell::text(&*volume.method),
        Cell::text(&*volume.brand),
        Cell::text(&*volume.country),
        Cell::text(&*volume.sub_merchant_id),
        code(Some(volume.currency)),
        amount(Some(volume.base_minor)),
    ]
}

pub(super) fn held_cells(at: usize, held: &Held) -> [Cell<'_>; 6] {
    [
        number(at as u64),
        Cell::text(&*held.merchant),
        Cell::text(&*held.party),
        code(Some(held.currency)),
        Cell::text(held.kind.as_str()),
        amount(Some(held.amount)),
    ]
}

#[derive(sqlx::FromRow)]
pub(super) struct HeaderRow {
    kind: String,
    columns: String,
}

impl HeaderRow {
    pub(super) fn into_header(self) -> Result<AcceptedHeader, String> {
        Ok(AcceptedHeader {
            kind: word("kind", &self.kind, ReportKind::parse(&self.kind))?,
            columns: serde_json::from_str(&self.columns)
                .map_err(|_| unexpected("columns", &self.columns, "a JSON list of texts"))?,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct VolumeRow {
    volume_on: String,
    method: String,
    brand: String,
    country: String,
    sub_merchant_id: String,
    currency: String,
    base_minor: String,
}

impl VolumeRow {
    pub(super) fn into_volume(self) -> Result<Volume, String> {
        Ok(Volume {
            on: date("volume_on", &self.volume_on)?,
            currency: known_currency("currency", &self.currency)?,
            base_minor: whole("base_minor", &self.base_minor)?,
            method: self.method,
            brand: self.brand,
            country: self.country,
            sub_merchant_id: self.sub_merchant_id,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct HeldRow {
    merchant_id: String,
    sub_merchant_id: String,
    currency: String,
    kind: String,
    amount_minor: String,
}

impl HeldRow {
    pub(super) fn into_held(self) -> Result<Held, String> {
        Ok(Held {
            currency: known_currency("currency", &self.currency)?,
            kind: word("kind", &self.kind, HeldKind::parse(&self.kind))?,
            amount: whole("amount_minor", &self.amount_minor)?,
            merchant: self.merchant_id,
            party: self.sub_merchant_id,
        })
    }
}
