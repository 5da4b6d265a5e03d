//! Every vector, made with Python's `cryptography` and `cbor2`.

use data_encoding::HEXLOWER;
use voucher::{Keyring, Kid, Terms, TextError, Token, UnknownFormat, VerifyError};

use crate::support::{AT, VECTORS, bytes, host, keyring, unbounded};

#[test]
fn every_key_has_the_thumbprint_of_its_cose_key() {
    for key in &VECTORS.keys {
        let public = unbounded(&key.signing());
        assert_eq!(HEXLOWER.encode(&public.to_bytes()), key.public);
        assert_eq!(HEXLOWER.encode(&public.to_cose_key()), key.cose);
        assert_eq!(HEXLOWER.encode(&public.thumbprint()), key.thumbprint);
        assert_eq!(public.kid().to_string(), key.kid);
        assert_eq!(key.kid.parse(), Ok(public.kid()));
    }
}

#[test]
fn every_valid_token_is_made_again_byte_for_byte() {
    for vector in &VECTORS.valid {
        let key = VECTORS
            .keys
            .iter()
            .find(|key| key.kid == vector.kid)
            .expect("the vector's key");
        let token = key.signing().sign(&vector.terms());
        assert_eq!(HEXLOWER.encode(&token.to_bytes()), vector.token);
        assert_eq!(token.digits(), vector.digits);
        assert_eq!(token.to_url(&host()), vector.url);
        assert_eq!(HEXLOWER.encode(&token.expand()), vector.cwt);
        assert_eq!(vector.terms().day.exp_unix_seconds(), vector.exp);
        assert_eq!(vector.terms().id.short_code().to_string(), vector.short_code);
    }
}

#[test]
fn every_valid_token_is_read_back_and_verified() {
    for vector in &VECTORS.valid {
        let token = Token::from_bytes(&bytes(&vector.token)).expect("the known format");
        assert_eq!(token.unverified_terms(), &vector.terms());
        for text in [&vector.url, &vector.digits] {
            assert_eq!(Token::from_text(text, &host()).as_ref(), Ok(&token));
            let verified = keyring()
                .verify(text, vector.exp - 1)
                .expect("valid until its last second");
            assert_eq!(verified.terms(), &vector.terms());
            assert_eq!(verified.kid().to_string(), vector.kid);
            assert_eq!(verified.short_code().to_string(), vector.short_code);
            assert_eq!(verified.token(), &token);
        }
    }
}

#[test]
fn every_invalid_token_is_refused_for_its_own_reason() {
    for vector in &VECTORS.invalid {
        let text = vector.url.as_ref().or(vector.digits.as_ref()).expect("a text");
        let error = keyring().verify(text, AT).expect_err(&vector.why);
        let expected = match vector.why.as_str() {
            "bit 0 flipped" | "format 0x02" => TextError::UnknownFormat(UnknownFormat).into(),
            "bit 9 flipped" => VerifyError::UnknownKey(Kid::new([0xc9, 0xf6, 0x5c, 0x8a])),
            "unknown key" => VerifyError::UnknownKey("1d55826b".parse().expect("a kid")),
            "one digit short" | "one digit more" | "empty" => TextError::Length.into(),
            "group too large" | "last group too large" => TextError::GroupTooLarge.into(),
            "letter" => TextError::NotADigit.into(),
            "space inside" => TextError::Space.into(),
            "other host" => TextError::OtherHost.into(),
            "plain http" => TextError::PlainHttp.into(),
            _ => VerifyError::Forged,
        };
        assert_eq!(error, expected, "{}", vector.why);
    }
}

#[test]
fn a_ring_without_keys_knows_nobody() {
    let error = Keyring::new(host(), vec![])
        .verify(&VECTORS.valid[0].url, AT)
        .expect_err("no key");
    assert_eq!(error.reason(), "unknown_key");
}

#[test]
fn the_worked_example_of_the_documentation_is_a_vector() {
    let page = include_str!("../../../../docs/TOKEN.md");
    let example = &VECTORS.valid[0];
    for cell in [
        &example.kid,
        &example.id,
        &example.cwt,
        &example.digits,
        &example.short_code,
    ] {
        assert!(page.contains(&format!("| `{cell}` |")), "{cell}");
    }
    let Terms {
        series,
        idx,
        cents,
        day,
        ..
    } = example.terms();
    assert!(page.contains(&format!(
        "| {series}, {}, {cents}, {} (31 December 2028) |",
        idx.get(),
        day.days()
    )));
    assert_eq!(day.date().to_string(), "2028-12-31");
    assert_eq!(VECTORS.keys[0].private_seed, "07".repeat(32));
}
