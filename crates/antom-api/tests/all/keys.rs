use antom_api::{KeyError, PrivateKey, PublicKey, signature};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::openssl::{KeyFiles, MERCHANT};

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

fn wrapped(base64: &str) -> String {
    base64.as_bytes().chunks(64).map(|line| text(line.to_vec()) + "\r\n").collect()
}

fn sign(key: &PrivateKey) -> String {
    signature::sign(key, 1, "/path", "client", "0", b"{}").unwrap()
}

#[test]
fn a_private_key_is_the_same_key_in_every_form() {
    let pkcs8 = BASE64.encode(MERCHANT.convert(&["pkey", "-outform", "DER"]));
    let pkcs8_lines = wrapped(&pkcs8);
    let pkcs1 = text(MERCHANT.convert(&["rsa", "-traditional"]));
    assert!(pkcs1.contains("BEGIN RSA PRIVATE KEY"));
    let pkcs1_bare = BASE64.encode(MERCHANT.convert(&["rsa", "-traditional", "-outform", "DER"]));
    let expected = sign(&MERCHANT.private_key());
    for form in [&pkcs8, &pkcs8_lines, &pkcs1, &pkcs1_bare] {
        let key = PrivateKey::from_text(form).unwrap();
        assert_eq!(sign(&key), expected);
        assert_eq!(key.public_key(), MERCHANT.public_key());
    }
}

#[test]
fn a_public_key_is_the_same_key_in_every_form() {
    let spki = BASE64.encode(MERCHANT.convert(&["pkey", "-pubin", "-outform", "DER"]));
    let pkcs1 = text(MERCHANT.convert(&["rsa", "-pubin", "-RSAPublicKey_out"]));
    assert!(pkcs1.contains("BEGIN RSA PUBLIC KEY"));
    for form in [spki.clone(), wrapped(&spki), spki.trim_end_matches('=').to_owned(), pkcs1] {
        assert_eq!(PublicKey::from_text(&form).unwrap(), MERCHANT.public_key(), "{form}");
    }
}

#[test]
fn exchanged_keys_are_named() {
    let error = PrivateKey::from_file(&MERCHANT.public).unwrap_err().to_string();
    assert!(
        error.contains("public.pem") && error.contains("found a public key where the merchant's private"),
        "{error}"
    );
    let error = PublicKey::from_file(&MERCHANT.private).unwrap_err().to_string();
    assert!(error.contains("private.pem") && error.contains("found a private key where Antom's public"), "{error}");
    let bare = BASE64.encode(MERCHANT.convert(&["rsa", "-traditional", "-outform", "DER"]));
    assert!(matches!(PublicKey::from_text(&bare), Err(KeyError::PrivateForPublic)));
}

#[test]
fn short_keys_are_refused() {
    let short = KeyFiles::generate("RSA", "rsa_keygen_bits:1024");
    let (private, public) = (PrivateKey::from_file(&short.private), PublicKey::from_file(&short.public));
    for error in [private.unwrap_err().to_string(), public.unwrap_err().to_string()] {
        assert!(error.contains("has 1024 bits; expected at least 2048"), "{error}");
    }
}

#[test]
fn longer_keys_work() {
    let long = KeyFiles::generate("RSA", "rsa_keygen_bits:3072");
    let header = sign(&long.private_key());
    assert_eq!(signature::verify(&long.public_key(), "/path", "client", "0", b"{}", &header), Ok(()));
}

#[test]
fn keys_of_another_algorithm_encrypted_keys_and_certificates_are_named() {
    let elliptic = KeyFiles::generate("EC", "ec_paramgen_curve:P-256");
    let error = PrivateKey::from_file(&elliptic.private).unwrap_err().to_string();
    assert!(error.contains("not RSA"), "{error}");
    let error = PublicKey::from_file(&elliptic.public).unwrap_err().to_string();
    assert!(error.contains("not RSA"), "{error}");

    let encrypted = text(MERCHANT.convert(&["pkey", "-aes256", "-passout", "pass:secret"]));
    assert!(matches!(PrivateKey::from_text(&encrypted), Err(KeyError::Encrypted)));
    let encrypt = ["pkcs8", "-topk8", "-outform", "DER", "-v2", "aes256", "-passout", "pass:secret"];
    let bare = BASE64.encode(MERCHANT.convert(&encrypt));
    assert!(matches!(PrivateKey::from_text(&bare), Err(KeyError::Encrypted)));

    let key = MERCHANT.private.to_str().unwrap();
    let certificate = crate::openssl::run(&["req", "-x509", "-key", key, "-subj", "/CN=x", "-outform", "DER"], b"");
    assert!(matches!(PublicKey::from_text(&BASE64.encode(certificate)), Err(KeyError::Certificate)));
}

#[test]
fn a_damaged_key_is_refused_when_it_is_read() {
    let der = MERCHANT.convert(&["rsa", "-traditional", "-outform", "DER"]);
    assert!(PrivateKey::from_text(&BASE64.encode(&der)).is_ok());
    // The last bytes belong to the coefficient, which only signing uses.
    let mut damaged = der.clone();
    let last = damaged.len() - 1;
    damaged[last] ^= 0x55;
    let error = PrivateKey::from_text(&BASE64.encode(&damaged)).unwrap_err().to_string();
    assert!(error.contains("damaged"), "{error}");
    assert!(PrivateKey::from_text(&BASE64.encode(&der[..der.len() - 9])).is_err());
}

#[test]
fn nothing_of_a_private_key_is_shown() {
    let key = MERCHANT.private_key();
    assert_eq!(format!("{key:?}"), "PrivateKey(2048 bits, not shown)");
    assert_eq!(format!("{:?}", key.public_key()), "PublicKey(2048 bits)");
    let mut broken = BASE64.encode(MERCHANT.convert(&["pkey", "-outform", "DER"]));
    broken.insert(100, '!');
    let error = PrivateKey::from_text(&broken).unwrap_err();
    assert!(!format!("{error} {error:?}").contains(&broken[40..60]));
}

#[test]
fn a_file_that_is_missing_or_binary_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("antom.der");
    let error = PublicKey::from_file(&path).unwrap_err().to_string();
    assert!(error.contains("antom.der`: cannot be read"), "{error}");
    std::fs::write(&path, MERCHANT.convert(&["pkey", "-pubin", "-outform", "DER"])).unwrap();
    let error = PublicKey::from_file(&path).unwrap_err().to_string();
    assert!(error.contains("antom.der`: not a text file"), "{error}");
}
