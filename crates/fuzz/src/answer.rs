//! Answers of Antom's API.

use antom_api::signature::{SignatureError, SignatureHeader, sign, verify};
use antom_api::{Amount, BalanceInquiry, PaymentInquiry, RefundInquiry, UnknownFields};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::bytes::{choice, line};
use crate::costly::Costly;
use crate::signing::ANTOM;

/// Where the question was put.
const PATH: &str = "/ams/api/v1/payments/inquiryPayment";

/// Who asked.
const CLIENT_ID: &str = "5X00000000000000";

/// A member that no body has.
const NEW_MEMBER: &str = r#"{"aMemberOfTomorrow":{"a":[1.50]},"#;

/// The first line is a `signature` header, the second a `response-time`, the rest the body. Nobody but the owner of the key makes a
/// signature that holds, and then for these bytes only; bodies are read the same whatever new members they have, and lose nothing.
pub fn answer(data: &[u8], costly: Costly) {
    let (header, rest) = line(data);
    let (time, body) = line(rest);
    let (Ok(header), Ok(time)) = (std::str::from_utf8(header), std::str::from_utf8(time)) else { return };
    header_comes_back(header);
    let forged = verify(&ANTOM.public, PATH, CLIENT_ID, time, body, header);
    assert!(forged.is_err(), "a forged signature holds: {header:?}");
    // Signing takes a thousand times as long as reading.
    if costly.is_due(choice(data), 0) {
        holds_for_these_bytes_only(time, body);
    }
    let Ok(text) = std::str::from_utf8(body) else { return };
    payment(text);
    refund(text);
    balance(text);
}

fn header_comes_back(header: &str) {
    let Ok(parsed) = SignatureHeader::parse(header) else { return };
    let (version, signature) = (&parsed.key_version, BASE64.encode(&parsed.signature));
    assert!(!version.contains(','), "{version:?}");
    let encoded = signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    for signature in [&signature, &encoded] {
        let written = format!("algorithm=RSA256,keyVersion={version},signature={signature}");
        // An empty signature is one that can be written only as some encoding of nothing.
        if !signature.is_empty() {
            assert_eq!(SignatureHeader::parse(&written).as_ref(), Ok(&parsed), "{written}");
        }
    }
}

fn holds_for_these_bytes_only(time: &str, body: &[u8]) {
    let header = sign(&ANTOM.private, 1, PATH, CLIENT_ID, time, body).expect("the key signs");
    let check = |path, client, time, body: &[u8]| verify(&ANTOM.public, path, client, time, body, &header);
    assert_eq!(check(PATH, CLIENT_ID, time, body), Ok(()));
    let longer = [body, b" "].concat();
    let later = format!("{time}0");
    for other in [
        check(PATH, CLIENT_ID, time, &longer),
        check(PATH, CLIENT_ID, &later, body),
        check(PATH, "5X00000000000001", time, body),
        check("/ams/api/v1/payments/inquiryRefund", CLIENT_ID, time, body),
    ] {
        assert_eq!(other, Err(SignatureError::Mismatch));
    }
}

/// The body with a member that is new, if it has members.
fn with_new_member(text: &str) -> Option<String> {
    let rest = text.trim_start().strip_prefix('{')?;
    (!rest.trim_start().starts_with('}')).then(|| format!("{NEW_MEMBER}{rest}"))
}

/// What nobody asked for is kept as it was written.
fn is_kept(other: &UnknownFields, text: &str) {
    for (name, raw) in other.iter() {
        assert!(text.contains(raw), "`{name}` was not sent as `{raw}`");
    }
}

fn plausible(amount: Option<&Amount>) {
    if let Some(amount) = amount {
        assert!(amount.value >= 0 && amount.currency.len() == 3, "{amount}");
    }
}

fn payment(text: &str) {
    let Ok((result, body)) = PaymentInquiry::from_json(text) else { return };
    is_kept(&body.other, text);
    plausible(body.payment_amount.as_ref());
    body.transactions.iter().for_each(|transaction| plausible(transaction.transaction_amount.as_ref()));
    let Some(more) = with_new_member(text) else { return };
    let (other_result, other) = PaymentInquiry::from_json(&more).expect("a new member changes nothing");
    assert_eq!(other.other.iter().count(), body.other.iter().count() + 1);
    assert_eq!(
        (&result, &body),
        (&other_result, &with_other(other, &body, |body| &mut body.other, |body| &body.other))
    );
}

fn refund(text: &str) {
    let Ok((result, body)) = RefundInquiry::from_json(text) else { return };
    is_kept(&body.other, text);
    plausible(body.refund_amount.as_ref());
    let Some(more) = with_new_member(text) else { return };
    let (other_result, other) = RefundInquiry::from_json(&more).expect("a new member changes nothing");
    assert_eq!(
        (&result, &body),
        (&other_result, &with_other(other, &body, |body| &mut body.other, |body| &body.other))
    );
}

fn balance(text: &str) {
    let Ok((result, body)) = BalanceInquiry::from_json(text) else { return };
    is_kept(&body.other, text);
    let Some(more) = with_new_member(text) else { return };
    let (other_result, other) = BalanceInquiry::from_json(&more).expect("a new member changes nothing");
    assert_eq!(
        (&result, &body),
        (&other_result, &with_other(other, &body, |body| &mut body.other, |body| &body.other))
    );
}

/// A body with the unknown members of another.
fn with_other<B>(mut body: B, of: &B, place: fn(&mut B) -> &mut UnknownFields, other: fn(&B) -> &UnknownFields) -> B {
    *place(&mut body) = other(of).clone();
    body
}
