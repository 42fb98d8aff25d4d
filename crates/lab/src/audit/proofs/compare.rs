//! The job's outputs of a date against the proofs.

use anyhow::Result;
use chrono::NaiveDate;
use std::collections::BTreeMap;
use std::path::Path;

use super::super::Table;
use super::output_rows::{Row, account_rows, batch_rows, fee_row, held_rows};
use super::wanted::Wanted;
use super::{Proofs, described};

/// Everything in which the outputs in `folder` disagree with the proofs.
pub(super) fn compare(proofs: &Proofs, date: NaiveDate, folder: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let rows = Table::read(&folder.join("discrepancies.csv"))?;
    discrepancies(&rows, date, proofs, &mut problems);
    let batches = Table::read(&folder.join("settlement_batches.csv"))?;
    let key = ["settlement_batch_id", "merchant_id", "sub_merchant_id", "currency"];
    table("settlement_batches.csv", &batches, &key, batch_rows(proofs, &batches), &mut problems);
    let balances = Table::read(&folder.join("balances.csv"))?;
    let key = ["kind", "merchant_id", "sub_merchant_id", "account_no", "currency"];
    let rows = account_rows(&proofs.accounts, proofs.has_balances).into_iter().chain(held_rows(&proofs.held)).collect();
    table("balances.csv", &balances, &key, rows, &mut problems);
    let fees = Table::read(&folder.join("fees.csv"))?;
    let key = ["fee_kind", "method", "brand", "sub_merchant_id", "currency", "model"];
    table("fees.csv", &fees, &key, proofs.fees.iter().map(|(key, total)| fee_row(key, total)).collect(), &mut problems);
    Ok(problems)
}

/// A cell without the shield that text gets which a spreadsheet could take for a formula.
pub(super) fn plain<'t>(table: &'t Table, row: usize, column: &str) -> &'t str {
    let cell = table.cell(row, column);
    cell.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@', '\t', '\r'])).unwrap_or(cell)
}

/// The rows of the date at stage `proof` and the control totals. What the ledger does not explain is none of the proofs' business.
fn discrepancies(rows: &Table, date: NaiveDate, proofs: &Proofs, problems: &mut Vec<String>) {
    let date = date.to_string();
    let is_doubtful = |row: usize| {
        let (number, code) = (plain(rows, row, "antom_id"), rows.cell(row, "currency"));
        let mut accounts = proofs.accounts.iter();
        accounts.any(|((own, currency), account)| account.is_doubtful && own == number && currency.code() == code)
    };
    let is_proof = |row: usize| {
        let (kind, stage) = (rows.cell(row, "kind"), rows.cell(row, "stage"));
        let is_ours = (stage == "proof" && kind != "UNEXPLAINED_ADJUSTMENT") || kind == "CONTROL_TOTAL";
        let is_open = ["BALANCE_ROLL", "DUPLICATE_IN_REPORT"].contains(&kind) && is_doubtful(row);
        is_ours && !is_open && rows.cell(row, "business_date") == date
    };
    let mut left: Vec<usize> = (0..rows.len()).filter(|row| is_proof(*row)).collect();
    let mut take = |is: &dyn Fn(usize) -> bool| left.iter().position(|row| is(*row)).map(|at| left.remove(at));
    let mut unanswered = Vec::new();
    for want in &proofs.wanted {
        let fits =
            |row: usize| std::iter::once(want).chain(&want.or).any(|want| wrong_cells(rows, row, want).is_empty());
        if take(&fits).is_none() {
            unanswered.push(want);
        }
    }
    for want in unanswered {
        let is_about =
            |row: usize| rows.cell(row, "kind") == want.kind && plain(rows, row, "antom_id") == want.antom_id;
        match take(&is_about) {
            Some(row) => {
                let wrong = wrong_cells(rows, row, want).join(", ");
                problems.push(format!("wrong row: `{}` has {wrong}", described(want)));
            }
            None => problems.push(format!("missing row: `{}`", described(want))),
        }
    }
    for row in left {
        let shown = ["kind", "stage", "antom_id", "sub_merchant_id", "currency", "ledger_amount", "report_amount"];
        let shown = shown.map(|column| super::or_dash(rows.cell(row, column))).join(" ");
        problems.push(format!("row too many: `{shown}` ({})", rows.cell(row, "explanation")));
    }
}

/// The cells of a row that are not as wanted.
fn wrong_cells(rows: &Table, row: usize, want: &Wanted) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |column: &str, text: Option<&str>| {
        let is = plain(rows, row, column);
        if let Some(text) = text.filter(|text| *text != is) {
            wrong.push(format!("{column} `{is}`, not `{text}`"));
        }
    };
    check("kind", Some(want.kind));
    check("stage", Some(want.stage));
    check("antom_id", Some(&want.antom_id));
    check("sub_merchant_id", Some(&want.sub_merchant_id));
    check("request_id", want.request_id.as_deref());
    check("entry_type", want.entry_type.as_deref());
    check("currency", want.currency.as_deref());
    check("ledger_amount", want.ledger_amount.as_deref());
    check("report_amount", want.report_amount.as_deref());
    if let Some(place) = &want.place {
        check("report_line", Some(&place.line.to_string()));
        if !rows.cell(row, "report_file").ends_with(&place.file) {
            wrong.push(format!("report_file `{}`, not `{}`", rows.cell(row, "report_file"), place.file));
        }
    }
    wrong
}

/// Compares a table by key, whatever its order.
fn table(name: &str, table: &Table, key: &[&str], rows: Vec<Row>, problems: &mut Vec<String>) {
    let mut there: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for row in 0..table.len() {
        let cells: Vec<String> = key.iter().map(|column| plain(table, row, column).to_owned()).collect();
        if there.insert(cells.clone(), row).is_some() {
            problems.push(format!("{name} has two rows for `{}`", cells.join(" ")));
        }
    }
    for want in rows {
        let shown = want.key.join(" ");
        let Some(row) = there.remove(&want.key) else {
            if !want.optional {
                problems.push(format!("{name} has no row for `{shown}`"));
            }
            continue;
        };
        for (column, texts) in want.cells {
            let is = plain(table, row, &column);
            if !table.header().contains(&column) {
                problems.push(format!("{name} has no column `{column}`"));
            } else if !texts.iter().any(|text| text == is) {
                problems.push(format!("{name}: `{shown}` has {column} `{is}`, not `{}`", texts.join("` or `")));
            }
        }
    }
    for key in there.keys() {
        problems.push(format!("{name} has a row too many for `{}`", key.join(" ")));
    }
}
