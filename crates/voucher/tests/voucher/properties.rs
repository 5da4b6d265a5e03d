//! Properties over any terms, any key and any input.

use proptest::prelude::*;
use voucher::{Idx, JwkSet, Keyring, LastDay, ShortCode, SigningKey, Terms, Token, VoucherId};
use zeroize::Zeroizing;

use crate::support::{AT, host, key, keyring, terms, unbounded};

prop_compose! {
    fn any_terms()(
        series: u16, idx in 0..=Idx::MAX.get(), cents: u16, day: u16, id: [u8; 8],
    ) -> Terms {
        let idx = Idx::new(idx).expect("24 bits");
        Terms { series, idx, cents, day: LastDay::new(day), id: VoucherId::new(id) }
    }
}

fn flip(token: &Token, bit: usize) -> [u8; voucher::TOKEN_BYTES] {
    let mut bytes = token.to_bytes();
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_signed_is_what_is_verified(seed: [u8; 32], terms in any_terms()) {
        let key = SigningKey::from_seed(&Zeroizing::new(seed));
        let ring = Keyring::new(host(), vec![unbounded(&key)]);
        let token = key.sign(&terms);
        let verified = ring.verify(&token.to_url(&host()), terms.day.exp_unix_seconds() - 1).expect("valid");
        prop_assert_eq!(verified.terms(), &terms);
        prop_assert_eq!(Token::from_bytes(&token.to_bytes()), Ok(token));
    }

    #[test]
    fn a_token_and_its_digits_determine_one_another(bytes in prop::array::uniform32(any::<u8>())) {
        let mut all = [1; voucher::TOKEN_BYTES];
        for (at, byte) in all[1..].iter_mut().enumerate() {
            *byte = bytes[at % 32].rotate_left(u32::try_from(at / 32).expect("small"));
        }
        let token = Token::from_bytes(&all).expect("format 1");
        prop_assert_eq!(token.to_bytes(), all);
        prop_assert_eq!(Token::from_digits(&token.digits()), Ok(token));
    }

    #[test]
    fn a_changed_bit_of_any_voucher_is_refused(terms in any_terms(), bit in 0usize..688) {
        let key = key("01");
        let ring = Keyring::new(host(), vec![unbounded(&key)]);
        if let Ok(changed) = Token::from_bytes(&flip(&key.sign(&terms), bit)) {
            let error = ring.verify(&changed.digits(), i64::MIN).expect_err("changed");
            prop_assert!(matches!(error.reason(), "forged" | "unknown_key"));
        }
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in any::<String>(), at: i64, grace: i64) {
        prop_assert!(keyring().verify_with_grace(&text, at, grace).is_err());
        let _ = text.parse::<ShortCode>();
        let _ = ShortCode::restore(&text);
        prop_assert!(JwkSet::read(&text).is_err());
    }

    #[test]
    fn no_text_that_looks_right_makes_a_reader_panic(
        text in "(https://cheque\\.example\\.fr/v#|http://|https://)?[0-9]{205,211}",
        code in "[0-9A-Za-z?-]{13,17}",
    ) {
        prop_assert!(keyring().verify(&text, AT).is_err());
        let _ = ShortCode::restore(&code);
    }
}

#[test]
fn every_single_bit_change_of_one_voucher_is_refused() {
    let key = key("01");
    let ring = Keyring::new(host(), vec![unbounded(&key)]);
    let token = key.sign(&terms());
    assert!(ring.verify(&token.digits(), AT).is_ok());
    for bit in 0..8 * voucher::TOKEN_BYTES {
        let changed = flip(&token, bit);
        match (bit / 8, Token::from_bytes(&changed)) {
            (0, changed) => assert_eq!(changed, Err(voucher::UnknownFormat)),
            (byte, changed) => {
                let error = ring
                    .verify(&changed.expect("format 1").digits(), AT)
                    .expect_err("changed");
                assert_eq!(
                    error.reason(),
                    if byte < 5 { "unknown_key" } else { "forged" },
                    "bit {bit}"
                );
            }
        }
    }
}
