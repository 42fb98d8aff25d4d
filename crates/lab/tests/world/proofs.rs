//! The auditor's own proofs of settlement lines, against answers that were worked out by hand.

use chrono::{Days, NaiveDate};
use lab::audit::proofs::{Audited, Proofs, audit_proofs, prove};
use lab::xlsx::{Numbers, Options, workbook_with};
use std::fs;
use std::path::PathBuf;

pub const PLATFORM: &str = "2188120000000001";

/// Antom's files of some days, and a schedule.
pub struct Folder {
    pub dir: tempfile::TempDir,
    schedule: Option<PathBuf>,
}

pub fn date() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 18).unwrap()
}

impl Folder {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), schedule: None }
    }

    /// A file in the directory of the date, or of some days before it.
    pub fn file(self, days_before: u64, name: &str, text: &str) -> Self {
        self.bytes(days_before, name, text.as_bytes())
    }

    pub fn bytes(self, days_before: u64, name: &str, bytes: &[u8]) -> Self {
        let day = (date() - Days::new(days_before)).format("%Y%m%d").to_string();
        let folder = self.dir.path().join("remote/v1/settlements").join(PLATFORM).join(day);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), bytes).unwrap();
        self
    }

    pub fn schedule(mut self, text: &str) -> Self {
        let path = self.dir.path().join("fees.toml");
        fs::write(&path, text).unwrap();
        self.schedule = Some(path);
        self
    }

    /// Looks back over 40 days.
    fn audited<T>(&self, look: impl FnOnce(&Audited<'_>) -> T) -> T {
        let days: Vec<NaiveDate> = (1..40).map(|days| date() - Days::new(days)).collect();
        look(&Audited {
            remote: &self.dir.path().join("remote"),
            platform: PLATFORM,
            schedule: self.schedule.as_deref(),
            date: date(),
            days_before: &days,
            payout_types: &[],
            minor_units: false,
        })
    }

    pub fn prove(&self) -> anyhow::Result<Proofs> {
        self.audited(prove)
    }

    /// What the auditor finds wrong with the outputs in `out`.
    pub fn problems(&self) -> Vec<String> {
        self.audited(|audited| audit_proofs(audited, &self.dir.path().join("out"))).unwrap()
    }

    /// The discrepancies must be these, in any order, one in a line; columns as in `Proofs::discrepancies`.
    pub fn must_list(&self, expected: &str) {
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut expected: Vec<String> = expected.lines().map(words).filter(|line| !line.is_empty()).collect();
        expected.sort();
        assert_eq!(self.prove().unwrap().discrepancies(), expected.join("\n"));
    }
}

/// A report from a table of words: header, rows, end; `-` is an empty cell.
pub fn report(table: &str) -> String {
    let lines = table.lines().filter(|line| !line.trim().is_empty());
    let cells = lines.map(|line| {
        let cells = line.split_whitespace().map(|cell| if cell == "-" { "" } else { cell });
        cells.collect::<Vec<_>>().join(",")
    });
    cells.collect::<Vec<_>>().join("\n") + "\n<END>\n"
}

/// Settlement details of one batch of one party, from the columns that the formula needs.
pub fn lines(table: &str) -> String {
    let head = "settlementBatchId merchantId referenceMerchantId transactionId transactionType transactionAmountValue \
        transactionCurrency settlementAmountValue settlementCurrency quoteCurrencyPair quotePrice \
        paymentMethodFeeAmountValue paymentMethodFeeCurrency";
    let rows = table.lines().filter(|line| !line.trim().is_empty()).map(|line| format!("B1 M1 S1 {line}"));
    report(&format!("{head}\n{}", rows.collect::<Vec<_>>().join("\n")))
}

#[test]
fn a_net_is_gross_plus_signed_fees_to_the_smallest_unit() {
    let text = lines(
        "
        R1 PAYMENT             100.00 USD  97.80 USD - -  -2.20 USD
        R2 PAYMENT             100.00 USD  97.81 USD - -  -2.20 USD
        R3 PAYMENT             1000   JPY  977   JPY - -  -22   JPY
        R4 PAYMENT             12.345 KWD 12.074 KWD - - -0.270 KWD
        R5 REFUND              -50.00 USD -48.90 USD - -   1.10 USD
        R6 payment             100.00 USD  97.80 USD - -  -2.20 None
        R7 PAYMENT  99999999999999.99 USD 99999999999997.79 USD - - -2.20 USD
        R8 PAYMENT  99999999999999.99 USD 99999999999997.80 USD - - -2.20 USD
        R9 CDRN                -10.00 USD -10.00 USD None null 1.00 USD
        ",
    );
    Folder::new().file(0, "settlementItems_USD_B1_000.csv", &text).must_list(
        "
        NET_FORMULA proof R2 S1 USD 97.80  97.81  settlementItems_USD_B1_000.csv:3
        NET_FORMULA proof R3 S1 JPY 978    977    settlementItems_USD_B1_000.csv:4
        NET_FORMULA proof R4 S1 KWD 12.075 12.074 settlementItems_USD_B1_000.csv:5
        NET_FORMULA proof R8 S1 USD 99999999999997.79 99999999999997.80 settlementItems_USD_B1_000.csv:9
        NET_FORMULA proof R9 S1 USD -9.00  -10.00 settlementItems_USD_B1_000.csv:10
        ",
    );
}

#[test]
fn lines_without_a_formula_and_lines_that_cannot_be_read_are_not_judged() {
    let text = lines(
        "
        R1 SETTLEMENT_FEE      -      -   -0.50  USD - - - -
        R2 ADJUSTMENT_FEE      -      -   -0.70  USD - - - -
        R3 RESERVE_WITHHOLDING -      -   -5.00  USD - - - -
        R4 COLLATERAL_RELEASED -      -    5.00  USD - - - -
        R5 DEFAULT             -      -    -     USD - - - -
        R6 LOYALTY_TOP_UP      1.00   USD  7.00  USD - - - -
        R7 PAYMENT             1.001  USD  7.00  USD - - - -
        R8 PAYMENT             1.00   US$  7.00  USD - - - -
        R9 PAYMENT             1.00   USD  -     USD - - - -
        R10 PAYMENT            1.00   USD  7.00  USD - - x -
        R11 PAYMENT            1.00   USD  7.00
        R12 PAYMENT            1.00   USD  7.00  USD - 1,1 - -
        ",
    );
    Folder::new().file(0, "settlementItems_USD_B1_000.csv", &text).must_list("");
}

#[test]
fn a_quote_multiplies_or_divides_and_two_units_are_allowed() {
    // 118,725 KRW at 1,187.25 KRW per USD is 100.00 USD. 100.00 SGD at 0.74165 is 74.165, half to even 74.16 USD; turned around it
    // would be 134.83. 1.000 KWD at 500 JPY per KWD is 500 JPY. What `net - fees` says is in the last column.
    let text = lines(
        "
        R1 PAYMENT 118725 KRW  97.82 USD USD/KRW 1187.25  -2.20 USD
        R2 PAYMENT 118725 KRW  97.83 USD USD/KRW 1187.25  -2.20 USD
        R3 PAYMENT 100.00 SGD  72.51 USD SGD/USD 0.741650 -1.63 USD
        R4 PAYMENT 100.00 SGD 133.20 USD SGD/USD 0.741650 -1.63 USD
        R5 PAYMENT 100.00 SGD  72.53 USD SGD/USD 0        -1.63 USD
        R6 PAYMENT 100.00 SGD  72.53 USD SGD/USD -        -1.63 USD
        R7 PAYMENT 100.00 SGD  72.53 USD -       0.741650 -1.63 USD
        R8 PAYMENT 100.00 SGD  72.53 USD EUR/USD 0.741650 -1.63 USD
        R9 PAYMENT 1.000  KWD  497   JPY KWD/JPY 500      -     JPY
        R10 REFUND -100.00 SGD -133.20 USD SGD/USD 0.741650 1.63 USD
        ",
    );
    Folder::new().file(0, "settlementItems_USD_B1_000.csv", &text).must_list(
        "
        NET_FORMULA proof R2  S1 USD 97.80  97.83   settlementItems_USD_B1_000.csv:3
        FX_VARIANCE proof R4  S1 USD 74.16  134.83  settlementItems_USD_B1_000.csv:5
        FX_VARIANCE proof R5  S1 USD -      74.16   settlementItems_USD_B1_000.csv:6
        FX_VARIANCE proof R6  S1 USD -      74.16   settlementItems_USD_B1_000.csv:7
        FX_VARIANCE proof R7  S1 USD -      74.16   settlementItems_USD_B1_000.csv:8
        FX_VARIANCE proof R8  S1 USD -      74.16   settlementItems_USD_B1_000.csv:9
        NET_FORMULA proof R9  S1 JPY 500    497     settlementItems_USD_B1_000.csv:10
        FX_VARIANCE proof R10 S1 USD -74.16 -134.83 settlementItems_USD_B1_000.csv:11
        ",
    );
}

#[test]
fn a_converted_amount_is_compared_with_the_quote() {
    let text = report(
        "
        settlementBatchId customerId referenceMerchantId transactionId transactionType transactionAmountValue transactionCurrency convertedTransactionAmountValue convertedCurrency settlementAmountValue settlementCurrency quoteCurrencyPair quotePrice
        B1 M1 S1 R1 PAYMENT 100.00 SGD  74.18 USD  74.18 USD SGD/USD 0.741650
        B1 M1 S1 R2 PAYMENT 100.00 SGD  74.19 USD  74.19 USD SGD/USD 0.741650
        B1 M1 S1 R3 PAYMENT 100.00 SGD 134.83 USD 134.83 USD SGD/USD 0.741650
        B1 M1 S1 R4 PAYMENT 100.00 SGD  74.19 USD  70.00 USD SGD/USD 0.741650
        B1 M1 S1 R5 PAYMENT 100.00 SGD  74.16 USD 134.83 USD SGD/USD 0.741650
        B1 M1 S1 R6 PAYMENT 100.00 SGD   0.00 USD 134.83 USD SGD/USD 0.741650
        B1 M1 S1 R7 PAYMENT 100.00 USD  99.99 USD  99.99 USD -       -
        B1 M1 S1 R8 PAYMENT 100.00 USD 100.00 USD 100.00 USD -       -
        B1 M1 S1 R9 PAYMENT 100.00 USD 100.00 SGD 100.00 USD -       -
        ",
    );
    Folder::new().file(0, "settlementItems_USD_B1_000.csv", &text).must_list(
        "
        FX_VARIANCE proof R2 S1 USD 74.16 74.19   settlementItems_USD_B1_000.csv:3
        FX_VARIANCE proof R3 S1 USD 74.16 134.83  settlementItems_USD_B1_000.csv:4
        FX_VARIANCE proof R4 S1 USD 74.16 74.19   settlementItems_USD_B1_000.csv:5
        NET_FORMULA proof R5 S1 USD 74.16 134.83  settlementItems_USD_B1_000.csv:6
        FX_VARIANCE proof R6 S1 USD 74.16 134.83  settlementItems_USD_B1_000.csv:7
        FX_VARIANCE proof R7 S1 USD 100.00 99.99  settlementItems_USD_B1_000.csv:8
        FX_VARIANCE proof R9 S1 USD 100.00 -      settlementItems_USD_B1_000.csv:10
        ",
    );
}

#[test]
fn a_fee_in_another_currency_is_named_and_converted_where_the_quote_can() {
    // R1 and R2: nothing converts yen. R3: 2,612 KRW are 2.20 USD, so that the line fits and the fee's currency is all.
    let text = lines(
        "
        R1 PAYMENT 100.00 USD  97.80 USD -       -       -330  JPY
        R2 PAYMENT 100.00 USD  97.80 USD -       -       0     JPY
        R3 PAYMENT 118725 KRW  97.80 USD USD/KRW 1187.25 -2612 KRW
        R4 PAYMENT 118725 KRW  90.00 USD USD/KRW 1187.25 -2612 KRW
        ",
    );
    Folder::new().file(0, "settlementItems_USD_B1_000.csv", &text).must_list(
        "
        FEE_CURRENCY proof R1 S1 JPY -      -330  settlementItems_USD_B1_000.csv:2
        NET_FORMULA  proof R2 S1 USD 100.00 97.80 settlementItems_USD_B1_000.csv:3
        FEE_CURRENCY proof R3 S1 KRW -      -2612 settlementItems_USD_B1_000.csv:4
        FEE_CURRENCY proof R4 S1 KRW -      -2612 settlementItems_USD_B1_000.csv:5
        ",
    );
}

const WITH_ACQUIRER: &str = "settlementBatchId customerId acquirer referenceMerchantId transactionId transactionType \
    transactionAmountValue transactionCurrency settlementAmountValue settlementCurrency feeAmountValue feeCurrency \
    interchangeFeeAmountValue interchangeFeeCurrency schemeFeeAmountValue schemeFeeCurrency";

#[test]
fn the_aggregate_is_never_added_to_its_own_parts() {
    // The sample of 2C2P: -4 is interchange and scheme together. A zero aggregate is there and counts.
    let rows = "
        B1 M1 A S1 R1 CAPTURE 100 HKD 96 HKD -4   HKD -1 HKD -3 HKD
        B1 M1 A S1 R2 CAPTURE 100 HKD 96 HKD -    HKD -1 HKD -3 HKD
        B1 M1 A S1 R3 CAPTURE 100 HKD 92 HKD -4   HKD -1 HKD -3 HKD
        B1 M1 A S1 R4 CAPTURE 100 HKD 96 HKD 0.00 HKD -1 HKD -3 HKD";
    let text = report(&format!("{WITH_ACQUIRER}{rows}"));
    Folder::new().file(0, "settlementItems_HKD_B1_000.csv", &text).must_list(
        "
        NET_FORMULA proof R3 S1 HKD 96.00  92.00 settlementItems_HKD_B1_000.csv:4
        NET_FORMULA proof R4 S1 HKD 100.00 96.00 settlementItems_HKD_B1_000.csv:5
        ",
    );
}

#[test]
fn an_acquirer_may_write_charged_fees_as_positive() {
    // Hundsun's sample: 200 JPY less 8 is 192. One line of another acquirer that fits as written keeps that acquirer's signs, and
    // one line that is wrong either way says nothing.
    let rows = "
        B1 M1 Hundsun S1 R1 PAYMENT  200 JPY 192 JPY  8 JPY - - - -
        B1 M1 Hundsun S1 R2 REFUND  -100 JPY -96 JPY -4 JPY - - - -
        B1 M1 Hundsun S1 R3 PAYMENT  200 JPY 150 JPY  8 JPY - - - -
        B1 M1 Other   S1 R4 PAYMENT  200 JPY 192 JPY -8 JPY - - - -
        B1 M1 Other   S1 R5 PAYMENT  200 JPY 192 JPY  8 JPY - - - -";
    let text = report(&format!("{WITH_ACQUIRER}{rows}"));
    let folder = Folder::new().file(0, "settlementItems_JPY_B1_000.csv", &text);
    folder.must_list(
        "
        NET_FORMULA proof R3 S1 JPY 192 150 settlementItems_JPY_B1_000.csv:4
        NET_FORMULA proof R5 S1 JPY 208 192 settlementItems_JPY_B1_000.csv:6
        ",
    );
    let remarks = folder.prove().unwrap().remarks().join("\n");
    assert!(remarks.contains("`settlementItems_JPY_B1_000.csv`: the fees of `Hundsun`"), "{remarks}");
}

#[test]
fn files_may_be_written_in_every_documented_way() {
    let text = "\u{feff}transactionId,orderDescription,referenceMerchantId,merchantId,settlementBatchId,transactionType,\
        transactionAmountValue,transactionCurrency,settlementAmountValue,settlementCurrency,labNote\r\n\
        R1,\"Two, \"\"large\"\"\r\nlines\",None,M1,B1,PAYMENT,1.00,USD,1.00,USD,x\r\n\
        R2,,None,M1,B1,PAYMENT,1.00,USD,1.01,USD,x\r\n<END>,,,,,,,,,,\r\n";
    let folder = Folder::new().file(0, "settlementItems_USD_B1_000.csv", text);
    folder.must_list("NET_FORMULA proof R2 - USD 1.00 1.01 settlementItems_USD_B1_000.csv:4");
    // Without its end nothing of a file counts.
    let folder = Folder::new().file(0, "settlementItems_USD_B1_000.csv", text.split_once("<END>").unwrap().0);
    folder.must_list("");
    assert!(folder.prove().unwrap().remarks()[0].contains("has no end"));
}

#[test]
fn workbooks_are_read_as_well() {
    let text = lines("R1 PAYMENT 1234.56 USD 1234.56 USD - - - -\n R2 PAYMENT 1234.56 USD 1234.55 USD - - - -");
    let rows: Vec<Vec<String>> = text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
    let options = Options { numbers: Numbers::SeventeenDigits, second_sheet: true, ..Options::default() };
    for numbers in [&[][..], &[5, 7]] {
        let book = workbook_with(&rows, numbers, options);
        let folder = Folder::new().bytes(0, "settlementItems_USD_B1_000.xlsx", &book);
        folder.must_list("NET_FORMULA proof R2 S1 USD 1234.56 1234.55 settlementItems_USD_B1_000.xlsx:3");
    }
}
