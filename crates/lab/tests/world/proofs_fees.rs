//! The auditor's own judgement of fees against a schedule.

use crate::proofs::{Folder, report};

const HEAD: &str = "settlementBatchId merchantId referenceMerchantId paymentMethodType cardBrand transactionId transactionType \
    transactionAmountValue transactionCurrency settlementAmountValue settlementCurrency quoteCurrencyPair quotePrice \
    paymentMethodFeeAmountValue paymentMethodFeeCurrency interchangeFeeAmountValue interchangeFeeCurrency \
    taxFeeAmountValue taxFeeCurrency";
const NAME: &str = "settlementItems_USD_B1_000.csv";

fn details(rows: &str) -> String {
    report(&format!("{HEAD}\n{rows}"))
}

const SCHEDULE: &str = r#"
[[rule]]
kind = "payment_method"
percent = "2.2"

[[rule]]
kind = "payment_method"
types = ["REFUND"]
percent = "-2.2"

[[rule]]
kind = "payment_method"
method = "KAKAOPAY"
currency = "USD"
percent = "1"
fixed = "0.30"
min = "0.50"
max = "2.00"
rounding = "up"
"#;

#[test]
fn a_fee_is_what_the_contract_says() {
    let text = details(
        "B1 M1 S1 ALIPAY   - R1  PAYMENT  100.00 USD  97.80 USD - - -2.20 USD - - - -
         B1 M1 S1 ALIPAY   - R2  PAYMENT  100.00 USD  97.79 USD - - -2.21 USD - - - -
         B1 M1 S1 ALIPAY   - R3  PAYMENT  100.00 USD  97.81 USD - - -2.19 USD - - - -
         B1 M1 S1 ALIPAY   - R4  PAYMENT  100.00 USD 100.00 USD - -  -    -   - - - -
         B1 M1 S1 ALIPAY   - R5  REFUND   -50.00 USD -48.90 USD - -  1.10 USD - - - -
         B1 M1 S1 ALIPAY   - R6  REFUND   -50.00 USD -49.00 USD - -  1.00 USD - - - -
         B1 M1 S1 KAKAOPAY - R7  PAYMENT   10.00 USD   9.50 USD - - -0.50 USD - - - -
         B1 M1 S1 KAKAOPAY - R8  PAYMENT  333.33 USD 331.33 USD - - -2.00 USD - - - -
         B1 M1 S1 KAKAOPAY - R9  PAYMENT   33.33 USD  32.69 USD - - -0.64 USD - - - -
         B1 M1 S1 ALIPAY   - R10 DISPUTE  -10.00 USD -11.00 USD - - -1.00 USD - - - -
         B1 M1 S1 ALIPAY   - R11 PAYMENT    7.50 USD   7.34 USD - - -0.16 USD - - - -
         B1 M1 S1 CARD  VISA R12 PAYMENT  100.00 USD  97.65 USD - - -2.20 USD -0.10 USD -0.05 USD
         B1 M1 S1 ALIPAY   - R13 PAYMENT  118725 KRW  97.80 USD USD/KRW 1187.25 -2.20 USD - - - -
         B1 M1 S1 ALIPAY   - R14 PAYMENT  118725 KRW  97.80 USD - - -2.20 USD - - - -
         B1 M1 S1 ALIPAY   - R15 PAYMENT  100.00 USD  95.00 USD - - -3.00 USD - - - -
         B1 M1 S1 -        - R16 SETTLEMENT_FEE - -   -0.50 USD - - - - - - - -
         B1 M1 S1 -        - R17 RESERVE  -      -    -5.00 USD - - - - - - - -
         B1 M1 S1 ALIPAY   - R18 PAYMENT  100.00 USD  97.80 USD - - -330 JPY - - - -",
    );
    let folder = Folder::new().file(0, NAME, &text);
    // Without a contract only the formulas are judged.
    folder.must_list(
        "
        FX_VARIANCE proof R14 S1 USD - 100.00 settlementItems_USD_B1_000.csv:15
        NET_FORMULA proof R15 S1 USD 97.00 95.00 settlementItems_USD_B1_000.csv:16
        FEE_CURRENCY proof R18 S1 JPY - -330 settlementItems_USD_B1_000.csv:19
        ",
    );
    folder.schedule(SCHEDULE).must_list(
        "
        FEE_OVERCHARGED  proof R2  S1 USD -2.20 -2.21 settlementItems_USD_B1_000.csv:3
        FEE_UNDERCHARGED proof R3  S1 USD -2.20 -2.19 settlementItems_USD_B1_000.csv:4
        FEE_UNDERCHARGED proof R4  S1 USD -2.20 0.00  settlementItems_USD_B1_000.csv:5
        FEE_OVERCHARGED  proof R6  S1 USD 1.10  1.00  settlementItems_USD_B1_000.csv:7
        FEE_WITHOUT_RULE proof R10 S1 USD -     -1.00 settlementItems_USD_B1_000.csv:11
        FEE_WITHOUT_RULE proof R12 S1 USD -     -0.05 settlementItems_USD_B1_000.csv:13
        FX_VARIANCE      proof R14 S1 USD -     100.00 settlementItems_USD_B1_000.csv:15
        FEE_OVERCHARGED  proof R15 S1 USD -2.20 -3.00 settlementItems_USD_B1_000.csv:16
        FEE_CURRENCY     proof R18 S1 JPY -     -330  settlementItems_USD_B1_000.csv:19
        ",
    );
}

#[test]
fn the_rule_with_the_most_fields_wins_within_its_days() {
    let text = details(
        "B1 M1 S1 CARD VISA       R1 CAPTURE 100.00 USD 97.00 USD - - -3.00 USD - - - -
         B1 M1 S2 CARD MASTERCARD R2 CAPTURE 100.00 USD 97.00 USD - - -3.00 USD - - - -
         B1 M1 S1 CARD MASTERCARD R3 CAPTURE 100.00 USD 97.00 USD - - -3.00 USD - - - -",
    );
    let schedule = r#"
[[rule]]
kind = "payment_method"
percent = "1"
[[rule]]
kind = "payment_method"
brand = "VISA"
method = "CARD"
percent = "3"
[[rule]]
kind = "payment_method"
sub_merchant = "S2"
valid_from = 2026-11-18
percent = "3.00"
[[rule]]
kind = "payment_method"
brand = "MASTERCARD"
method = "CARD"
valid_to = "2026-11-17"
percent = "3"
"#;
    let folder = Folder::new().file(0, NAME, &text).schedule(schedule);
    folder.must_list("FEE_OVERCHARGED proof R3 S1 USD -1.00 -3.00 settlementItems_USD_B1_000.csv:4");
    let tie = schedule.replace("valid_to = \"2026-11-17\"", "").replace("MASTERCARD", "visa");
    let error = Folder::new().file(0, NAME, &text).schedule(&tie).prove().unwrap_err();
    assert!(format!("{error:#}").contains("two rules for `payment_method` name"), "{error:#}");
}

#[test]
fn tiers_follow_the_volume_of_the_month() {
    let line = |id: &str, amount: &str, net: &str, fee: &str| {
        details(&format!("B-{id} M1 S1 ALIPAY - {id} PAYMENT {amount} USD {net} USD - - {fee} USD - - - -"))
    };
    let schedule = |volume: &str| {
        format!(
            "[[rule]]\nkind = \"payment_method\"\ncurrency = \"USD\"\npercent = \"3\"\n{volume}\n\
             tiers = [{{ from = \"500.00\", percent = \"2\" }}, {{ from = \"1000.00\", percent = \"1\", fixed = \"0.10\" }}]\n"
        )
    };
    // October: 999.99. November before the 18th: 1,000.00 exactly. The day itself never counts.
    let folder = || {
        Folder::new()
            .file(20, NAME, &line("R0", "999.99", "979.99", "-20.00"))
            .file(1, NAME, &line("R1", "1000.00", "980.00", "-20.00"))
            .file(0, NAME, &line("R2", "5000.00", "4900.00", "-100.00"))
    };
    folder().schedule(&schedule("")).must_list("");
    folder()
        .schedule(&schedule("tier_volume = \"month_to_date\""))
        .must_list(&format!("FEE_OVERCHARGED proof R2 S1 USD -50.10 -100.00 {NAME}:2"));
}

#[test]
fn an_aggregate_is_judged_as_a_kind_of_its_own() {
    let head = "settlementBatchId merchantId acquirer referenceMerchantId transactionId transactionType transactionAmountValue \
        transactionCurrency settlementAmountValue settlementCurrency feeAmountValue feeCurrency acquirerMarkupAmountValue \
        acquirerMarkupCurrency";
    // The acquirer of R3 and R4 writes charged fees as positive.
    let rows = "
        B1 M1 A S1 R1 PAYMENT 200 JPY 192 JPY -8 JPY -  -
        B1 M1 A S1 R2 PAYMENT 200 JPY 190 JPY -10 JPY -3 JPY
        B1 M1 H S1 R3 PAYMENT 200 JPY 192 JPY  8 JPY  -  -
        B1 M1 H S1 R4 PAYMENT 200 JPY 190 JPY  10 JPY -  -";
    let folder = || Folder::new().file(0, NAME, &report(&format!("{head}{rows}")));
    let rule = |kind: &str| format!("[[rule]]\nkind = \"{kind}\"\npercent = \"4\"\n");
    folder().schedule(&rule("total")).must_list(
        "
        FEE_OVERCHARGED proof R2 S1 JPY -8 -10 settlementItems_USD_B1_000.csv:3
        FEE_OVERCHARGED proof R4 S1 JPY 8  10  settlementItems_USD_B1_000.csv:5
        ",
    );
    folder().schedule(&rule("tax")).must_list(
        "
        FEE_WITHOUT_RULE proof R1 S1 JPY - -8 settlementItems_USD_B1_000.csv:2
        FEE_WITHOUT_RULE proof R2 S1 JPY - -3 settlementItems_USD_B1_000.csv:3
        FEE_WITHOUT_RULE proof R3 S1 JPY - 8  settlementItems_USD_B1_000.csv:4
        FEE_WITHOUT_RULE proof R4 S1 JPY - 10 settlementItems_USD_B1_000.csv:5
        ",
    );
}

#[test]
fn a_schedule_that_says_nothing_clear_is_refused() {
    let table = [
        ("", "no rules"),
        ("[[rule]]\npercent = \"1\"\n", "`kind` is missing"),
        ("[[rule]]\nkind = \"discount\"\n", "`discount` is no fee kind"),
        ("[[rule]]\nkind = \"settlement_fee\"\n", "`settlement_fee` is no fee kind"),
        ("[[rule]]\nkind = \"tax\"\npercent = 2.5\n", "write decimals in quotes"),
        ("[[rule]]\nkind = \"tax\"\npercent = 2\n", "write decimals in quotes"),
        ("[[rule]]\nkind = \"tax\"\npercent = \"2,5\"\n", "which is no decimal"),
        ("[[rule]]\nkind = \"tax\"\nfixed = \"0.30\"\n", "`currency` is needed"),
        ("[[rule]]\nkind = \"tax\"\nprecent = \"1\"\n", "`precent` is no key"),
        ("[[rule]]\nkind = \"tax\"\nrounding = \"nearest\"\n", "`nearest` is no rounding"),
        ("[[price]]\nkind = \"tax\"\n", "`price` is no list of rules"),
    ];
    for (text, expected) in table {
        let error = format!("{:#}", Folder::new().schedule(text).prove().unwrap_err());
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn rules_hold_on_the_business_date_of_the_line() {
    let head = "settlementBatchId merchantId referenceMerchantId transactionId transactionType paymentTime \
        transactionAmountValue transactionCurrency settlementAmountValue settlementCurrency taxFeeAmountValue taxFeeCurrency";
    // One second before and at midnight of the 18th in +08:00.
    let rows = "
        B1 M1 S1 R1 PAYMENT 2026-11-17T15:59:59+00:00 100.00 USD 99.00 USD -1.00 USD
        B1 M1 S1 R2 PAYMENT 2026-11-17T16:00:00+00:00 100.00 USD 99.00 USD -1.00 USD
        B1 M1 S1 R3 PAYMENT 2026-11-17T23:00:00-07:00 100.00 USD 99.00 USD -1.00 USD
        B1 M1 S1 R4 PAYMENT -                         100.00 USD 99.00 USD -1.00 USD";
    let schedule = r#"
[[rule]]
kind = "tax"
valid_to = "2026-11-17"
percent = "1"
[[rule]]
kind = "tax"
valid_from = "2026-11-18"
percent = "2"
"#;
    Folder::new().file(0, NAME, &report(&format!("{head}{rows}"))).schedule(schedule).must_list(
        "
        FEE_UNDERCHARGED proof R2 S1 USD -2.00 -1.00 settlementItems_USD_B1_000.csv:3
        FEE_UNDERCHARGED proof R3 S1 USD -2.00 -1.00 settlementItems_USD_B1_000.csv:4
        FEE_UNDERCHARGED proof R4 S1 USD -2.00 -1.00 settlementItems_USD_B1_000.csv:5
        ",
    );
}

#[test]
fn a_tier_changes_what_it_names_alone() {
    let line =
        |id: &str| details(&format!("B-{id} M1 S1 ALIPAY - {id} PAYMENT 100.00 USD 98.00 USD - - -2.00 USD - - - -"));
    // 1% and 1.00 before the tier, 1% and 0.50 in it, which October reached.
    let schedule = "[[rule]]\nkind = \"payment_method\"\ncurrency = \"USD\"\npercent = \"1\"\nfixed = \"1.00\"\n\
        tiers = [{ from = \"100.00\", fixed = \"0.50\" }]\n";
    Folder::new().file(0, NAME, &line("R1")).schedule(schedule).must_list("");
    Folder::new()
        .file(20, NAME, &line("R0"))
        .file(0, NAME, &line("R1"))
        .schedule(schedule)
        .must_list(&format!("FEE_OVERCHARGED proof R1 S1 USD -1.50 -2.00 {NAME}:2"));
}
