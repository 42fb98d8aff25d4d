//! From the text of a key file to DER: PEM, or the bare base64 that Antom's dashboard shows.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::KeyError;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";

/// Base64 with or without its padding: copying from a web page loses a trailing `=` easily, and DER
/// says its own length.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The DER bytes of a key's text. Every copy that is made on the way is wiped.
pub(super) fn decode(text: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err(KeyError::Empty);
    }
    let base64 = if text.contains(BEGIN) { pem_body(text)? } else { text };
    let mut compact = Zeroizing::new(String::with_capacity(base64.len()));
    compact.extend(base64.chars().filter(|character| !character.is_ascii_whitespace()));
    // Decoding into a buffer of the final size: a buffer that grows would leave copies of the key
    // behind.
    let mut der = Zeroizing::new(vec![0; base64::decoded_len_estimate(compact.len())]);
    let length = LENIENT.decode_slice(compact.as_bytes(), &mut der).map_err(|_| KeyError::NotBase64)?;
    der.truncate(length);
    Ok(der)
}

/// What stands between the only BEGIN line and its END line.
fn pem_body(text: &str) -> Result<&str, KeyError> {
    let blocks = text.matches(BEGIN).count();
    if blocks > 1 {
        return Err(KeyError::SeveralKeys { blocks });
    }
    let (_, from_label) = text.split_once(BEGIN).ok_or(KeyError::BrokenPem)?;
    let (label, from_body) = from_label.split_once("-----").ok_or(KeyError::BrokenPem)?;
    let (body, from_end) = from_body.split_once(END).ok_or(KeyError::BrokenPem)?;
    if !from_end.strip_prefix(label).is_some_and(|rest| rest.starts_with("-----")) {
        return Err(KeyError::BrokenPem);
    }
    match label {
        "PRIVATE KEY" | "RSA PRIVATE KEY" | "PUBLIC KEY" | "RSA PUBLIC KEY" if body.contains("Proc-Type:") => {
            Err(KeyError::Encrypted)
        }
        "PRIVATE KEY" | "RSA PRIVATE KEY" | "PUBLIC KEY" | "RSA PUBLIC KEY" => Ok(body),
        "ENCRYPTED PRIVATE KEY" => Err(KeyError::Encrypted),
        "CERTIFICATE" => Err(KeyError::Certificate),
        "EC PRIVATE KEY" => Err(KeyError::NotRsa),
        _ => Err(KeyError::BrokenPem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pem(label: &str, body: &str) -> String {
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    }

    #[test]
    fn texts_and_what_is_wrong_with_them() {
        let public = pem("PUBLIC KEY", "AAAA");
        let cases = [
            (String::new(), "is empty"),
            (" \n ".to_owned(), "is empty"),
            ("secrets/merchant.pem".to_owned(), "neither PEM nor base64"),
            ("-----BEGIN PRIVATE KEY-----\nAAAA".to_owned(), "incomplete"),
            (public.replace("END PUBLIC", "END PRIVATE"), "incomplete"),
            (pem("DH PARAMETERS", "AAAA"), "no key"),
            (pem("CERTIFICATE", "AAAA"), "a certificate"),
            (pem("EC PRIVATE KEY", "AAAA"), "not RSA"),
            (pem("ENCRYPTED PRIVATE KEY", "AAAA"), "is encrypted"),
            (pem("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\n\nAAAA"), "is encrypted"),
            (public.repeat(2), "2 PEM blocks"),
        ];
        for (text, expected) in cases {
            let error = decode(&text).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(expected), "{text:?} gave {error:?}");
        }
    }

    #[test]
    fn line_breaks_a_byte_order_mark_and_missing_padding_are_no_obstacle() {
        for text in [
            "AQIDBA==",
            "AQID\r\nBA==\n",
            "\u{feff} AQ ID BA",
            "-----BEGIN PUBLIC KEY-----\nAQIDBA==\n-----END PUBLIC KEY-----\n",
        ] {
            assert_eq!(decode(text).ok().as_deref(), Some(&vec![1, 2, 3, 4]), "{text:?}");
        }
    }
}
