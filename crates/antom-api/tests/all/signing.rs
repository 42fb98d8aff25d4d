use antom_api::signature::{self, SignatureHeader};

use crate::openssl::{ANTOM, MERCHANT, STRANGER};

const PATH: &str = "/ams/sandbox/api/v1/payments/inquiryPayment";
const CLIENT_ID: &str = "SANDBOX_5X00000000000000";
const TIME: &str = "1685599933871";
const BODY: &[u8] = "{\"paymentRequestId\":\"ordre-4711-é\"}".as_bytes();

/// What Antom documents, spelled out once more.
fn content(time: &str, body: &[u8]) -> Vec<u8> {
    [b"POST ", PATH.as_bytes(), b"\n", CLIENT_ID.as_bytes(), b".", time.as_bytes(), b".", body].concat()
}

#[test]
fn our_signature_is_the_one_that_openssl_makes() {
    let header = signature::sign(&MERCHANT.private_key(), 3, PATH, CLIENT_ID, TIME, BODY).unwrap();
    let expected = MERCHANT.sign(&content(TIME, BODY));
    assert!(header.starts_with("algorithm=RSA256,keyVersion=3,signature="), "{header}");
    assert!(header.ends_with("%3D%3D") && !header.contains(['+', '/', ' ']), "{header}");
    let parsed = SignatureHeader::parse(&header).unwrap();
    assert_eq!((parsed.key_version.as_str(), parsed.signature), ("3", expected.clone()));
    assert!(MERCHANT.verifies(&content(TIME, BODY), &expected));
}

#[test]
fn openssls_signature_is_verified_by_us_and_nothing_else_is() {
    use base64::Engine as _;
    let signature = ANTOM.sign(&content("2026-11-20T12:12:14+08:00", BODY));
    let base64 = base64::engine::general_purpose::STANDARD.encode(signature);
    let encoded = base64.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let key = ANTOM.public_key();
    for header in [
        format!("algorithm=RSA256,keyVersion=1,signature={encoded}"),
        format!("algorithm=RSA256, keyVersion=1, signature={encoded}"),
        format!(" signature={base64} ,keyVersion=1, algorithm=RSA256"),
    ] {
        let verify = |key, path, client_id, time, body| signature::verify(key, path, client_id, time, body, &header);
        let time = "2026-11-20T12:12:14+08:00";
        assert_eq!(verify(&key, PATH, CLIENT_ID, time, BODY), Ok(()));
        let longer = [BODY, b" "].concat();
        for refused in [
            verify(&STRANGER.public_key(), PATH, CLIENT_ID, time, BODY),
            verify(&key, "/ams/api/v1/payments/inquiryPayment", CLIENT_ID, time, BODY),
            verify(&key, PATH, "5X00000000000000", time, BODY),
            verify(&key, PATH, CLIENT_ID, "2026-11-20T12:12:15+08:00", BODY),
            verify(&key, PATH, CLIENT_ID, time, &longer),
        ] {
            assert_eq!(refused, Err(signature::SignatureError::Mismatch));
        }
    }
}
