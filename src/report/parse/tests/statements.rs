//! Rows of settlement summaries, movements and balances of accounts.

use std::fmt::Debug;

use super::*;
use crate::money::AmountUnit;
use crate::report::{ActivityLine, BalanceLine, SummaryLine, SummaryRole};

const MARKETPLACE: &str =
    "settlementBatchId,merchantId,referenceMerchantId,settlementTime,settlementAmountValue,settlementCurrency";

const GENERAL: &str = "settlementBatchId,customerId,acquirer,summaryType,settlementTime,count,settlementAmountValue,\
                       settlementCurrency,feeAmountValue,feeCurrency,nonGuaranteeCouponValue,nonGuaranteeCouponCurrency,\
                       interchangeFeeAmountValue,interchangeFeeCurrency,disputeReverseFee,disputeReverseFeeCurrency";

const ACTIVITY: &str = "merchantId,referenceMerchantId,accountNo,accountCurrency,accountLogId,transDirection,amount,transType,settlementBatchId";

const BALANCES: &str = "merchantId,referenceMerchantId,accountNo,accountCurrency,balance,accountDate";

/// A line in the form of the tables below.
trait Shown {
    fn shown(&self, symbols: &Symbols) -> String;
}

impl Shown for SummaryLine {
    fn shown(&self, symbols: &Symbols) -> String {
        let role = match self.role {
            SummaryRole::Party => "party",
            SummaryRole::Type => "type",
            SummaryRole::Correction => "correction",
            SummaryRole::Total => "total",
        };
        let fees = self.fees.iter().map(|fee| format!(" {} {} {}", fee.kind, fee.amount, fee.currency));
        format!(
            "{role} `{}` {}/{}/{} count {} net {} {}{}",
            symbols.text(self.raw_type),
            symbols.text(self.batch),
            symbols.text(self.merchant),
            symbols.text(self.party),
            self.count.map_or("-".to_owned(), |count| count.to_string()),
            self.net,
            self.currency,
            fees.collect::<String>(),
        )
    }
}

impl Shown for ActivityLine {
    fn shown(&self, symbols: &Symbols) -> String {
        let [merchant, party, account, raw_type, batch] =
            [self.merchant, self.party, self.account, self.raw_type, self.batch].map(|symbol| symbols.text(symbol));
        let log = ["log-1", "log-2"].into_iter().find(|id| KEYS.key(0, id.as_bytes()) == self.log).unwrap_or("-");
        let direction = if self.out { "out" } else { "in" };
        let Self { amount, currency, .. } = self;
        format!(
            "{direction} {amount} {currency} {merchant}/{party} account {account} {log} `{raw_type}` batch `{batch}`"
        )
    }
}

impl Shown for BalanceLine {
    fn shown(&self, symbols: &Symbols) -> String {
        let [merchant, party, account] = [self.merchant, self.party, self.account].map(|symbol| symbols.text(symbol));
        format!("{} {} {merchant}/{party} account {account} on {}", self.balance, self.currency, self.on)
    }
}

/// Reads a statement with blocks of some size on some threads.
fn read<K: LineKind<Beside = ()>>(
    (kind, rows): (ReportKind, &K),
    options: &ReportOptions,
    text: &str,
    threads: usize,
    block_bytes: usize,
) -> Result<(Statement<K::Line>, Vec<String>), ReportError>
where
    K::Line: Shown,
{
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let symbols = Symbols::new();
    let source = Source { file: 3, kind, options, keys: KEYS, symbols: &symbols };
    let splitter = Splitter::with_block_bytes(text.as_bytes(), block_bytes);
    let read = pool.install(|| statement(splitter, &source, rows))?;
    let lines = read.lines.iter().map(|line| line.shown(&symbols)).collect();
    Ok((read, lines))
}

/// Each case: one line, and the form it is parsed to or the column and reason for which it is rejected.
fn check<K: LineKind<Beside = ()>>(kind: (ReportKind, &K), header: &str, cases: &[(&str, &str)])
where
    K::Line: Shown + Debug,
{
    for (line, expected) in cases {
        let (report, lines) = read(kind, &ReportOptions::default(), &file(header, &[line]), 1, 1 << 20).unwrap();
        let found = match (&lines[..], &report.rejects[..]) {
            ([line], []) => line.clone(),
            ([], [reject]) => format!("reject {}: {}", reject.column, reject.reason),
            _ => panic!("`{line}` gave {report:?}"),
        };
        assert_eq!(&found, expected, "`{line}`");
        assert!(report.lines.is_empty() || report.rejects.is_empty());
    }
}

const SUMMARY: (ReportKind, &Summaries) = (ReportKind::SettlementSummary, &Summaries);
const MOVEMENTS: (ReportKind, &Activity) = (ReportKind::AccountActivity, &Activity);
const BALANCE: (ReportKind, &Balances) = (ReportKind::DailyEndingBalance, &Balances);

#[test]
fn rows_of_the_marketplaces_summary() {
    let expected_time =
        "reject settlementTime: `soon`: no time; expected `YYYY-MM-DDTHH:MM:SS±hh:mm`, `YYYY-MM-DD` or `YYYYMMDD`";
    check(
        SUMMARY,
        MARKETPLACE,
        &[
            ("B,M,s1,2026-03-03T10:00:00+08:00,1234.50,USD", "party `` B/M/s1 count - net 123450 USD"),
            ("B,M,None,20260303,-7,JPY", "party `` B/M/ count - net -7 JPY"),
            ("B,M,null,2026-03-03,0,KWD", "party `` B/M/ count - net 0 KWD"),
            ("B,M,-,,1.5,USD", "party `` B/M/ count - net 150 USD"),
            ("B,M,,,999999999999999.99,USD", "party `` B/M/ count - net 99999999999999999 USD"),
            ("B,M,s1,,,USD", "reject settlementAmountValue: empty; expected an amount"),
            ("B,M,s1,,1,", "reject settlementCurrency: empty; expected the currency of the amount beside it"),
            ("B,M,s1,,,", "reject settlementAmountValue: empty; expected an amount"),
            ("B,M,s1,,1.005,USD", "reject settlementAmountValue: `1.005`: too many decimals: the currency has 2"),
            ("B,M,s1,soon,1,USD", expected_time),
            ("B,M,s1,,1", "reject : 5 cells; expected 6, as many as the header has"),
        ],
    );
}

#[test]
fn rows_of_a_general_summary() {
    check(
        SUMMARY,
        GENERAL,
        &[
            (
                "B,C,A,TOTAL,2018-12-26T10:00:00+08:30,2,7.25,USD,-0.25,USD,,,,,,",
                "total `TOTAL` B/C/ count 2 net 725 USD total -25 USD",
            ),
            (
                "B,C,A,CAPTURE,,1,96,HKD,-4,HKD,0,HKD,-1,HKD,-2,SGD",
                "type `CAPTURE` B/C/ count 1 net 9600 HKD interchange -100 HKD dispute_reverse -200 SGD total -400 HKD",
            ),
            ("B,C,A,total,,,1,USD,0,,,,,,,", "total `total` B/C/ count - net 100 USD total 0 USD"),
            ("B,C,A,Commission,,3,1,USD,,,,,,,,", "type `Commission` B/C/ count 3 net 100 USD"),
            ("B,C,A,None,,None,1,USD,,,,,,,,", "type `` B/C/ count - net 100 USD"),
            // A correction moves its settlement amount, or else its aggregate fee.
            ("B,C,A,DEFAULT,,1,,HKD,-5,HKD,,,,,,", "correction `DEFAULT` B/C/ count 1 net -500 HKD total -500 HKD"),
            ("B,C,A,default,,1,,,-5,HKD,,,,,,", "correction `default` B/C/ count 1 net -500 HKD total -500 HKD"),
            ("B,C,A,DEFAULT,,1,24,JPY,0,JPY,,,,,,", "correction `DEFAULT` B/C/ count 1 net 24 JPY total 0 JPY"),
            ("B,C,A,DEFAULT,,1,,HKD,,,,,-1,HKD,,", "reject settlementAmountValue: empty; expected an amount"),
            (
                "B,C,A,DEFAULT,,1,,HKD,-5,SGD,,,,,,",
                "reject feeCurrency: `SGD`: a correction without a settlement amount moves its fee; expected it in `HKD`",
            ),
            ("B,C,A,TOTAL,,1,,HKD,-5,HKD,,,,,,", "reject settlementAmountValue: empty; expected an amount"),
            ("B,C,A,PAYMENT,,1,,HKD,-5,HKD,,,,,,", "reject settlementAmountValue: empty; expected an amount"),
            ("B,C,A,PAYMENT,,1.0,1,HKD,,,,,,,,", "reject count: `1.0`: no count; expected digits"),
            ("B,C,A,PAYMENT,,-1,1,HKD,,,,,,,,", "reject count: `-1`: no count; expected digits"),
            (
                "B,C,A,PAYMENT,,99999999999999999999,1,HKD,,,,,,,,",
                "reject count: `99999999999999999999`: no count; expected digits",
            ),
            (
                "B,C,A,PAYMENT,,1,1,HKD,x,HKD,,,,,,",
                "reject feeAmountValue: `x`: not an amount: expected an optional sign, digits and at most one decimal point",
            ),
            (
                "B,C,A,PAYMENT,,1,1,HKD,,,1,HKX,,,,",
                "reject nonGuaranteeCouponCurrency: `HKX`: no currency that is known; expected a code of ISO 4217",
            ),
        ],
    );
}

#[test]
fn movements_of_accounts() {
    check(
        MOVEMENTS,
        ACTIVITY,
        &[
            ("M,s1,A1,USD,log-1,IN,10.25,PAYMENT,B", "in 1025 USD M/s1 account A1 log-1 `PAYMENT` batch `B`"),
            ("M,None,A1,USD,log-2,OUT,-10.25,,", "out -1025 USD M/ account A1 log-2 `` batch ``"),
            ("M,-,A1,JPY,log-1,out,5,None,null", "out -5 JPY M/ account A1 log-1 `` batch ``"),
            ("M,,A1,JPY,log-1,In,-5,x,-", "in -5 JPY M/ account A1 log-1 `x` batch ``"),
            ("M,,A1,USD,log-1,OUT,0,,", "out 0 USD M/ account A1 log-1 `` batch ``"),
            ("M,,,USD,log-1,IN,1,,", "reject accountNo: empty; expected the number of the account"),
            ("M,,A1,USD,,IN,1,,", "reject accountLogId: empty; expected the id of the movement"),
            ("M,,A1,USD,log-1,,1,,", "reject transDirection: empty; expected `IN` or `OUT`"),
            ("M,,A1,USD,log-1,INN,1,,", "reject transDirection: `INN`: no direction; expected `IN` or `OUT`"),
            ("M,,A1,USD,log-1,IN,,,", "reject amount: empty; expected an amount"),
            ("M,,A1,,log-1,IN,1,,", "reject accountCurrency: empty; expected the currency of the amount beside it"),
            (
                "M,,A1,USD,log-1,IN,1234567890123456789,,",
                "reject amount: `1234567890123456789`: too large: an amount has at most 18 digits in the smallest unit",
            ),
        ],
    );
}

#[test]
fn balances_of_accounts() {
    let no_date = "no date; expected `YYYYMMDD` or `YYYY-MM-DD`";
    check(
        BALANCE,
        BALANCES,
        &[
            ("M,None,A1,BRL,1177,20230901", "117700 BRL M/ account A1 on 2023-09-01"),
            ("M,s1,A1,BRL,-2.77,2023-09-01", "-277 BRL M/s1 account A1 on 2023-09-01"),
            ("M,s1,A1,BRL,0,20240229", "0 BRL M/s1 account A1 on 2024-02-29"),
            ("M,s1,A1,BRL,0,20230229", &format!("reject accountDate: `20230229`: {no_date}")),
            ("M,s1,A1,BRL,0,2023-9-1", &format!("reject accountDate: `2023-9-1`: {no_date}")),
            ("M,s1,A1,BRL,0,01.09.2023", &format!("reject accountDate: `01.09.2023`: {no_date}")),
            ("M,s1,A1,BRL,0,", "reject accountDate: empty; expected the day of the balance"),
            ("M,s1,A1,BRL,,20230901", "reject balance: empty; expected an amount"),
            ("M,s1,,BRL,1,20230901", "reject accountNo: empty; expected the number of the account"),
        ],
    );
}

/// The directions of the movements, what their amounts are, and what the operator is told.
#[test]
fn signs_of_movements_are_remarked_once_per_file() {
    let [income, paid, written_positive, returned] =
        ["M,,A1,USD,l1,IN,1.00,,", "M,,A1,USD,l2,OUT,-2.00,,", "M,,A1,USD,l3,OUT,3.00,,", "M,,A1,USD,l4,IN,-4.00,,"];
    let positive = |count: u32| {
        format!("{count} OUT amounts are written as positive: they are read as negative, as money that leaves")
    };
    let negative = "1 IN amounts are negative: they are taken as written".to_owned();
    let cases = [
        (vec![income, paid], "100 -200", vec![]),
        (vec![income, written_positive, written_positive], "100 -300 -300", vec![positive(2)]),
        (vec![paid, written_positive, returned], "-200 -300 -400", vec![positive(1), negative]),
    ];
    for (lines, expected, remarks) in cases {
        let (report, _) = read(MOVEMENTS, &ReportOptions::default(), &file(ACTIVITY, &lines), 1, 50).unwrap();
        let found: Vec<String> = report.lines.iter().map(|line| line.amount.to_string()).collect();
        assert_eq!(found.join(" "), expected);
        assert_eq!(report.remarks, remarks);
    }
}

#[test]
fn units_are_those_of_the_configuration() {
    let lines = ["M,None,21590000000000010986,BRL,1177,20230901"; 10];
    let text = file(BALANCES, &lines);
    let (report, _) = read(BALANCE, &ReportOptions::default(), &text, 1, 1 << 20).unwrap();
    assert!(report.remarks[0].contains("none of 10 amounts"), "{:?}", report.remarks);
    let minor = ReportOptions { amount_unit: AmountUnit::Minor, ..ReportOptions::default() };
    let (report, _) = read(BALANCE, &minor, &text, 1, 1 << 20).unwrap();
    assert_eq!((report.lines[0].balance, report.remarks.len()), (1177, 0));
    let (report, _) = read(BALANCE, &minor, &text.replace("1177", "11.77"), 1, 1 << 20).unwrap();
    assert_eq!(report.rejects.len(), 10);
    assert!(report.rejects[0].reason.contains("`11.77`"), "{}", report.rejects[0].reason);
}

/// Files of the three kinds without and with what they need: what is said of them, and whether they name the party.
#[test]
fn what_a_statement_cannot_do_without() {
    use ReportKind::*;
    let without = |header: &str, name: &str| {
        let names: Vec<&str> = header.split(',').filter(|&found| found != name).collect();
        format!("{}\n<END>\n", names.join(","))
    };
    let cases = [
        (SettlementSummary, without(MARKETPLACE, "settlementTime"), "names the party"),
        (SettlementSummary, without(MARKETPLACE, "referenceMerchantId"), "the header lacks `referenceMerchantId`"),
        (SettlementSummary, without(GENERAL, "count"), "names no party"),
        (SettlementSummary, without(GENERAL, "summaryType"), "the header lacks `referenceMerchantId`"),
        (SettlementSummary, without(GENERAL, "customerId"), "the header lacks `merchantId`"),
        (AccountActivity, without(ACTIVITY, "transType"), "names the party"),
        (AccountActivity, without(ACTIVITY, "transDirection"), "the header lacks `transDirection`"),
        (AccountActivity, without(ACTIVITY, "amount"), "the header lacks `amount`"),
        (DailyEndingBalance, without(BALANCES, "accountDate"), "the header lacks `accountDate`"),
        (DailyEndingBalance, without(BALANCES, "referenceMerchantId"), "the header lacks `referenceMerchantId`"),
        (DailyEndingBalance, without(BALANCES, ""), "names the party"),
        (
            DailyEndingBalance,
            BALANCES.to_owned(),
            "the last line, 1, is not `<END>`; the file is incomplete, fetch it again",
        ),
    ];
    for (kind, text, expected) in cases {
        let symbols = Symbols::new();
        let (input, options) = (text.as_bytes(), ReportOptions::default());
        let found = match parse_any(input, 0, kind, &options, KEYS, &symbols) {
            Ok(AnyReport::Summary(Statement { names_party: false, .. })) => "names no party".to_owned(),
            Ok(report) => {
                assert_eq!((report.kind(), report.lines(), report.remarks().len()), (kind, 0, 0), "{text}");
                "names the party".to_owned()
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected, "{text}");
    }
    let symbols = Symbols::new();
    let refused = parse_report(BALANCES.as_bytes(), 0, DailyEndingBalance, &ReportOptions::default(), KEYS, &symbols);
    assert!(
        refused.unwrap_err().to_string().starts_with("daily_ending_balance is no report of lines that can be matched")
    );
}

#[test]
fn columns_are_found_under_configured_names_and_what_no_rule_knows_is_kept() {
    let header =
        "merchantId,referenceMerchantId,accountNo,accountCurrency,accountLogId,transDirection,amount,activityType,note";
    let options = ReportOptions {
        column_aliases: [("activityType".to_owned(), "transType".to_owned())].into(),
        ..ReportOptions::default()
    };
    let text = file(header, &["M,s1,A1,USD,log-1,IN,1,SETTLE,x", "M,s1,A1,USD,log-2,IN,oops,SETTLE,x"]);
    let (report, lines) = read(MOVEMENTS, &options, &text, 1, 1 << 20).unwrap();
    assert_eq!(lines, ["in 100 USD M/s1 account A1 log-1 `SETTLE` batch ``"]);
    assert_eq!(report.unknown_columns, ["note"]);
    assert_eq!(report.layout.names().join(","), header);
    let reject = &report.rejects[0];
    assert_eq!(
        (reject.place.file, reject.place.line, reject.raw.as_str(), reject.column.as_str()),
        (3, 3, "M,s1,A1,USD,log-2,IN,oops,SETTLE,x", "amount")
    );
    assert_eq!(
        (reject.entry_type, reject.currency.map(|currency| currency.to_string())),
        (None, Some("USD".to_owned()))
    );
    assert_eq!((reject.text.account_no.as_str(), reject.text.log_id.as_str()), ("A1", "log-2"));
    let place = report.lines[0].place;
    let start = usize::try_from(place.offset).unwrap();
    let again = report.layout.text(&text.as_bytes()[start..start + place.length as usize]);
    assert_eq!(
        [again.merchant_id, again.sub_merchant_id, again.account_no, again.log_id, again.raw_type],
        ["M", "s1", "A1", "log-1", "SETTLE"]
    );
    let (report, _) = read(SUMMARY, &ReportOptions::default(), &file(MARKETPLACE, &["B,M,s1,,1,USD"]), 1, 9).unwrap();
    let again = report.layout.text(b"B,M,s1,,1,USD");
    assert_eq!([again.batch_id, again.merchant_id, again.sub_merchant_id], ["B", "M", "s1"]);
}

/// The result does not depend on the number of threads or on where the borders of blocks fall.
fn check_blocks<K: LineKind<Beside = ()>>(kind: (ReportKind, &K), header: &str, line: impl Fn(usize) -> String)
where
    K::Line: Shown + PartialEq + Debug,
{
    let lines: Vec<String> = (0..900).map(line).collect();
    let text = file(header, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    let options = ReportOptions::default();
    let read = |threads, block_bytes| {
        let (report, lines) = read(kind, &options, &text, threads, block_bytes).unwrap();
        (lines, report.rejects, report.remarks)
    };
    let expected = read(1, 1 << 20);
    assert_eq!((expected.0.len(), expected.1.len()), (600, 300));
    assert!(expected.1.is_sorted_by_key(|reject| reject.place.line));
    for threads in [1, 8] {
        for block_bytes in [61, 1_000, 20_000] {
            assert!(read(threads, block_bytes) == expected, "{threads} threads, blocks of {block_bytes} differ");
        }
    }
}

#[test]
fn threads_and_blocks_change_nothing() {
    check_blocks(SUMMARY, GENERAL, |at| match at % 3 {
        0 => format!("B{at},C,A,PAYMENT,2026-03-03,{at},{at}.5,USD,-{at},USD,,,-1,USD,,"),
        1 => format!("B{at},C,\"A,\n{at}\",TOTAL,,,-{at},JPY,,,,,,,,"),
        _ => format!("B{at},C,A,TOTAL,,x,-{at},JPY,,,,,,,,"),
    });
    check_blocks(MOVEMENTS, ACTIVITY, |at| match at % 3 {
        0 => format!("M,s{},A{at},USD,l{at},IN,{at}.01,PAYMENT,B", at % 7),
        1 => format!("M,s,\"A,\n{at}\",JPY,l{at},OUT,{at},,"),
        _ => format!("M,s,A{at},JPY,l{at},SIDEWAYS,{at},,"),
    });
    check_blocks(BALANCE, BALANCES, |at| match at % 3 {
        0 => format!("M,s{},A{at},USD,{at}.01,202309{:02}", at % 7, at % 30 + 1),
        1 => format!("M,\"s,\n{at}\",A{at},JPY,-{at},2023-09-01"),
        _ => format!("M,s,A{at},JPY,-{at},yesterday"),
    });
}
