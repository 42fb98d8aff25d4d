//! Rows that fit each other by the ten thousand, because they lack ids or share them: what each fits is known without a list for each.

use super::day::{Day, entry, line, settled};
use super::keys::BYTES_PER_ROW;
use super::sized;

/// Runs the day of so many rows in memory that grows with them, and checks how many discrepancies of which kinds there are.
fn finds(day: &Day, rows: usize, expected: &[(&str, usize)]) -> Vec<String> {
    day.run("--threads 2").with_code(0).within(Day::idle_peak() + rows as u64 * BYTES_PER_ROW);
    let (kinds, discrepancies) = (day.kinds(), day.discrepancies());
    assert_eq!(kinds, expected.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect());
    discrepancies.into_iter().map(|mut row| row.remove("explanation").unwrap()).collect()
}

/// Each of these explanations names ten of so many candidates and counts the rest.
fn all_name_ten_of(explanations: &[String], candidates: usize) {
    let end = format!(", and {} more; none was chosen", candidates - 10);
    for text in explanations {
        assert!(text.contains(" fits more than one candidate: "), "{text}");
        assert!(text.ends_with(&end) && text.matches(", ").count() == 10, "{text}");
    }
}

/// A dispute of the newest layout, without an id of its own: the ids that its original has.
fn keyless(original_antom: &str) -> String {
    format!("2188120000000101,seller-1,,{original_antom},,,DISPUTE,2026-03-02T10:00:00+08:00,-10.00,USD")
}

/// A dispute in the ledger.
fn dispute(number: usize, request: &str, original_antom: &str) -> String {
    entry(number, request)
        .replace(",PAYMENT,", ",DISPUTE,")
        .replace(&format!(",a{number},,,"), &format!(",,,{original_antom},"))
        .replace(",1000,", ",-1000,")
}

/// A bounced refund in settlement details, with an id of its own.
fn bounced_line(number: usize, payment: &str) -> String {
    settled(number, &format!("b{number}"))
        .replace(",PAYMENT,", ",REFUND_REVERSAL,")
        .replace(&format!(",a{number},,"), &format!(",,{payment},"))
}

/// A bounced refund in the ledger.
fn bounced_entry(number: usize, request: &str, payment: &str) -> String {
    entry(number, request)
        .replace(",PAYMENT,", ",REFUND_REVERSAL,")
        .replace(&format!(",a{number},,,,"), &format!(",,,{payment},,"))
}

#[test]
fn disputes_that_all_fit_each_other() {
    let (day, count) = (Day::new(), sized(10_000, 500_000));
    day.transactions((0..count).map(|_| keyless("a0")));
    day.entries((0..count).map(|number| dispute(number, &format!("d{number}"), "a0")));
    all_name_ten_of(&finds(&day, 2 * count, &[("AMBIGUOUS", count)]), count);
}

#[test]
fn bounced_refunds_of_one_payment_that_all_fit_each_other() {
    let (day, count) = (Day::new(), sized(10_000, 500_000));
    day.settlements((0..count).map(|number| bounced_line(number, "a0")));
    day.entries((0..count).map(|number| bounced_entry(number, "", "a0")));
    all_name_ten_of(&finds(&day, 2 * count, &[("AMBIGUOUS", count)]), count);
}

#[test]
fn bounced_refunds_of_one_payment_whose_lines_all_have_their_entry() {
    let (day, count) = (Day::new(), sized(10_000, 500_000));
    day.settlements((0..count).map(|number| bounced_line(number, "a0")));
    let known = (0..count).map(|number| bounced_entry(number, &format!("b{number}"), "a0"));
    day.entries(known.chain((count..2 * count).map(|number| bounced_entry(number, "", "a0"))));
    finds(&day, 3 * count, &[("ORPHAN_REVERSAL", count), ("DUPLICATE_IN_LEDGER", count - 1)]);
}

/// What is left for an entry of the one payment is another set each time, and one movement for the last.
#[test]
fn bounced_refunds_of_one_payment_that_other_payments_take_one_after_the_other() {
    let (day, count) = (Day::new(), sized(5_000, 250_000));
    let by_both = |number| [bounced_line(number, "a0"), bounced_line(number, &format!("p{number}"))];
    day.settlements(
        (0..count)
            .flat_map(by_both)
            .enumerate()
            .map(|(at, line)| if at % 2 == 0 { line } else { line.replace(",seller-1,", ",seller-2,") }),
    );
    let taken_by =
        |number| [bounced_entry(2 * number, "", "a0"), bounced_entry(2 * number + 1, "", &format!("p{number}"))];
    day.entries((0..count).flat_map(taken_by));
    finds(&day, 4 * count, &[("AMBIGUOUS", count - 1)]);
}

#[test]
fn one_antom_id_with_very_many_request_ids() {
    let (day, count) = (Day::new(), sized(10_000, 500_000));
    let of_one = |text: String, number: usize| text.replace(&format!(",a{number},"), ",a0,");
    day.transactions((0..count).map(|number| of_one(line(number, &format!("r{number}")), number)));
    day.entries((0..count).map(|number| of_one(entry(number, ""), number)));
    all_name_ten_of(&finds(&day, 2 * count, &[("AMBIGUOUS", count)]), count);
}

#[test]
fn one_antom_id_with_very_many_request_ids_that_all_have_their_entry() {
    let (day, count) = (Day::new(), sized(10_000, 500_000));
    let of_one = |text: String, number: usize| text.replace(&format!(",a{number},"), ",a0,");
    day.transactions((0..count).map(|number| of_one(line(number, &format!("r{number}")), number)));
    let known = (0..count).map(|number| of_one(entry(number, &format!("r{number}")), number));
    day.entries(known.chain((count..2 * count).map(|number| of_one(entry(number, ""), number))));
    finds(&day, 3 * count, &[("DUPLICATE_IN_LEDGER", count)]);
}

#[test]
fn two_request_ids_with_very_many_antom_ids() {
    let (day, count) = (Day::new(), sized(10_000, 500_000));
    day.transactions((0..count).flat_map(|number| ["r1", "r2"].map(|request| line(number, request))));
    day.entries((0..count).map(|number| entry(number, "")));
    all_name_ten_of(&finds(&day, 3 * count, &[("AMBIGUOUS", count)]), 2 * count);
}

/// Every second refund names the request id of one payment and the Antom id of the next; the last ones look the first payment up.
#[test]
fn refunds_that_make_one_of_very_many_payments() {
    let (day, count) = (Day::new(), sized(5_000, 250_000));
    let refund = |id: String, original: String| {
        let text = entry(0, &id).replace(",PAYMENT,", ",REFUND,").replace(",1000,", ",-1,");
        text.replace("e0,", &format!("e{id},")).replace(",a0,,,", &format!(",,{original},"))
    };
    let own = (0..=count).map(|number| refund(format!("f{number}"), format!("r{number},a{number}")));
    let next = (0..count).map(|number| refund(format!("g{number}"), format!("r{number},a{}", number + 1)));
    day.entries(own.chain(next).chain((0..count).map(|number| refund(format!("h{number}"), ",a0".to_owned()))));
    finds(&day, 3 * count, &[("MISSING_IN_REPORT", 3 * count + 1)]);
}
