//! A run as a page for eyes: what the operator read, then every output, a table each; cells that are empty in all rows are left
//! out, and a discrepancy is a paragraph of its own.

use std::fmt::Write as _;

use super::stage::{Ended, Stage};

/// The columns with which `discrepancies.csv` begins, as the contract says.
const CONTRACT: &str = "discrepancy_id,kind,severity,business_date,first_seen_on,age_days,sub_merchant_id,entry_type,\
                        request_id,antom_id,order_id,currency,ledger_amount,report_amount,delta,ledger_status,\
                        report_status,answer,answer_status,answer_amount,explanation,ledger_entry_id,report_file,\
                        report_line,stage";

/// A run's name in the name of its snapshot.
pub fn slug(args: &str) -> String {
    args.replace("--date ", "").replace("--", "").replace(".csv", "").replace(' ', "_")
}

/// The page of a run.
pub fn step(args: &str, ended: &Ended, stage: &Stage) -> String {
    let mut page = format!("$ antom-recon {args}\n{}exit code {}\n", ended.stdout, ended.code);
    let Some(date) = args.strip_prefix("run --date ").and_then(|rest| rest.get(..10)) else { return page };
    for (name, text) in stage.outputs(date) {
        write!(page, "\n{name}").unwrap();
        if name == "summary.json" {
            writeln!(page, "\n{text}").unwrap();
            continue;
        }
        let (header, rows) = read(&text);
        writeln!(page, ": {} rows", rows.len()).unwrap();
        if name == "discrepancies.csv" {
            assert!(header.join(",").starts_with(CONTRACT), "{header:?}");
            rows.iter().for_each(|row| paragraph(&mut page, &header, row));
        } else if !rows.is_empty() {
            table(&mut page, &header, &rows);
        }
    }
    let superseded = stage.all_outputs().into_keys().filter(|path| path.contains("/superseded/"));
    for path in superseded.filter(|path| path.ends_with("/summary.json")) {
        writeln!(page, "\nkept: {}", path.trim_end_matches("/summary.json")).unwrap();
    }
    page
}

fn read(text: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let cells = |row: csv::StringRecord| row.iter().map(|cell| format!("{cell:?}").trim_matches('"').to_owned()).collect();
    let mut rows = reader.records().map(|row| cells(row.unwrap()));
    let header = rows.next().unwrap();
    (header, rows.collect())
}

/// The cells of a row that say something, a line each.
fn paragraph(page: &mut String, header: &[String], row: &[String]) {
    let cell = |name: &str| &row[header.iter().position(|column| column == name).unwrap()];
    writeln!(page, "  {} {}", cell("kind"), cell("severity")).unwrap();
    for (column, cell) in header.iter().zip(row).filter(|(_, cell)| !cell.is_empty()) {
        if column != "kind" && column != "severity" {
            writeln!(page, "    {column:<18} {cell}").unwrap();
        }
    }
}

fn table(page: &mut String, header: &[String], rows: &[Vec<String>]) {
    let filled: Vec<usize> = (0..header.len()).filter(|&at| rows.iter().any(|row| !row[at].is_empty())).collect();
    for row in std::iter::once(header).chain(rows.iter().map(Vec::as_slice)) {
        let mut line = String::from(" ");
        for &at in &filled {
            let width = rows.iter().map(|row| row[at].chars().count()).chain([header[at].len()]).max().unwrap();
            write!(line, " {:<width$}", if row[at].is_empty() { "." } else { &row[at] }).unwrap();
        }
        writeln!(page, "{}", line.trim_end()).unwrap();
    }
}
