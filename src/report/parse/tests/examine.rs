//! What an examiner sees.

use super::*;
use crate::report::Pricing;

/// The money of a settlement line in all ways in which it may be written.
const PRICED: &str = "settlementBatchId,merchantId,referenceMerchantId,transactionId,originalTransactionId,\
                      transactionRequestId,referenceTransactionId,transactionType,transactionAmountValue,\
                      transactionCurrency,convertedTransactionAmountValue,convertedCurrency,settlementAmountValue,\
                      settlementCurrency,feeAmountValue,feeCurrency,interchangeFeeAmountValue,interchangeFeeCurrency,\
                      schemeFeeAmountValue,schemeFeeCurrency,nonGuaranteeCouponValue,nonGuaranteeCouponCurrency,\
                      quoteCurrencyPair,quotePrice,paymentMethodType,cardBrand,cardCountry,issuingCountry,PSP,extra,other";

/// Writes down what it sees.
struct Scribe<'a>(&'a Symbols);

impl Examiner for Scribe<'_> {
    type Notes = Vec<(super::super::super::Place, String)>;

    fn examine(&self, seen: &Pricing<'_>, notes: &mut Self::Notes) {
        let money = |(amount, currency): (i64, crate::money::Currency)| format!("{amount} {currency}");
        let maybe = |sum: Option<(i64, crate::money::Currency)>| sum.map_or("-".to_owned(), money);
        let pair = seen.quote.pair.map_or("-".to_owned(), |(left, right)| format!("{left}/{right}"));
        let fees = seen.fees.iter().map(|fee| format!("{} {}", fee.kind, money((fee.amount, fee.currency))));
        let unknown = seen.unknown.iter().map(|(name, cell)| format!("{name}={}", String::from_utf8_lossy(cell)));
        let words = [seen.method, seen.brand, seen.country, seen.acquirer].map(|word| self.0.text(word));
        let text = format!(
            "net {} quote {pair} {} converted {} coupon {} aggregate {} fees [{}] unknown [{}] {}",
            seen.line.net,
            String::from_utf8_lossy(seen.quote.price),
            maybe(seen.converted),
            maybe(seen.coupon),
            maybe(seen.aggregate),
            fees.collect::<Vec<_>>().join(", "),
            unknown.collect::<Vec<_>>().join(", "),
            words.join("/"),
        );
        notes.push((seen.line.place, text));
    }

    fn append(&self, notes: &mut Self::Notes, next: Self::Notes) {
        notes.extend(next);
    }
}

/// Each case: what follows the ids and the type of a payment, and what is seen of it.
#[test]
fn the_money_of_a_line() {
    let cases = [
        (
            "PAYMENT,10,EUR,11,USD,10.5,USD,-0.5,USD,-0.3,USD,-0.2,USD,1,EUR,EUR/USD,1.1,CARD,VISA,FR,DE,ADYEN,9.99,x",
            "net 1050 quote EUR/USD 1.1 converted 1100 USD coupon 100 EUR aggregate -50 USD fees [interchange -30 USD, scheme -20 \
             USD] unknown [extra=9.99, other=x] CARD/VISA/FR/ADYEN",
        ),
        (
            "PAYMENT,10,USD,,,10,USD,,,,,,,,,,,None,,,DE,,,x",
            "net 1000 quote -  converted - coupon - aggregate - fees [] unknown [other=x] //DE/",
        ),
        // A quote that says too little is for the examiner to judge, and a fee of another currency is its own.
        (
            "PAYMENT,10,EUR,0,,10,USD,,,0,USD,-1,EUR,,,,0,,,,,,,",
            "net 1000 quote - 0 converted 0 USD coupon - aggregate - fees [interchange 0 USD, scheme -100 EUR] unknown [] ///",
        ),
        ("PAYMENT,10,EUR,,,oops,USD,,,,,,,,,,,,,,,,,", "reject"),
        ("PAYMENT,10,EUR,,,10,USD,,,,,,,,,,1e3,,,,,,,", "reject"),
        ("PAYMENT,10,EUR,oops,USD,10,USD,,,,,,,,,,,,,,,,,", "reject"),
    ];
    for (line, expected) in cases {
        let symbols = Symbols::new();
        let text = file(PRICED, &[&format!("B,M,s1,p1,,r1,,{line}")]);
        let options = ReportOptions::default();
        let (report, _, notes) =
            parse_settlement(text.as_bytes(), 0, &options, KEYS, &symbols, |_| Scribe(&symbols)).unwrap();
        assert_eq!(notes.len(), report.lines.len(), "`{line}`");
        let found = notes.first().map_or("reject", |(_, text)| text);
        assert_eq!(found, expected, "`{line}`");
    }
}

/// The examiner sees the accepted lines, in the order of the file, however it is cut and on however many threads.
#[test]
fn threads_and_blocks_change_nothing() {
    let lines: Vec<String> = (0..2_000)
        .map(|at| match at % 4 {
            0 => format!("B,M,s,p{at},,r{at},,PAYMENT,{at}.25,EUR,,,{at}.20,USD,-0.05,USD,,,,,,,EUR/USD,1.1,CARD,VISA,FR,,A,{at},"),
            1 => format!("B,M,\"s,\n{at}\",f{at},p{at},r{at},,REFUND,-{at},USD,,,-{at},USD,,,,,,,,,,,,,,,,,\"x\"\"{at}\""),
            2 => format!("B,M,s,p{at},,r{at},,PAYMENT,oops,EUR,,,1,USD,,,,,,,,,,,,,,,,,"),
            _ => format!("B,M,s,x{at},,,,RESERVE,,,,,-{at},USD,,,,,,,,,,,,,,,,,"),
        })
        .collect();
    let text = file(PRICED, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    let read = |threads: usize, block_bytes: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let symbols = Symbols::new();
        let options = ReportOptions::default();
        let kind = ReportKind::SettlementDetails;
        let source = Source { file: 3, kind, options: &options, keys: KEYS, symbols: &symbols };
        let splitter = Splitter::with_block_bytes(text.as_bytes(), block_bytes);
        let parsed = pool.install(|| super::super::details(splitter, &source, |_| Scribe(&symbols), &())).unwrap();
        let (report, notes) = (parsed.report, parsed.notes);
        let places: Vec<_> = report.lines.iter().map(|line| line.place).collect();
        assert_eq!(notes.iter().map(|(place, _)| *place).collect::<Vec<_>>(), places);
        notes
    };
    let expected = read(1, 1 << 20);
    assert_eq!(expected.len(), 1_500);
    assert!(expected.is_sorted_by_key(|(place, _)| place.offset));
    assert_eq!(expected[0].0.file, 3);
    for threads in [1, 2, 8] {
        for block_bytes in [97, 1_000, 40_000] {
            assert!(read(threads, block_bytes) == expected, "{threads} threads, blocks of {block_bytes} differ");
        }
    }
}
