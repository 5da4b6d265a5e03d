//! The short code: its vectors, and everything that two check symbols promise.

use proptest::prelude::*;
use voucher::{SHORT_CODE_SYMBOLS, ShortCode, ShortCodeError, VoucherId};

use crate::support::VECTORS;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The symbols of a code, without its dashes.
fn symbols(code: ShortCode) -> [u8; SHORT_CODE_SYMBOLS] {
    let text = code.to_string().replace('-', "");
    text.into_bytes().try_into().expect("15 symbols")
}

fn parse(symbols: &[u8]) -> Result<ShortCode, ShortCodeError> {
    std::str::from_utf8(symbols).expect("ASCII").parse()
}

fn restore(symbols: &[u8]) -> Result<ShortCode, ShortCodeError> {
    ShortCode::restore(std::str::from_utf8(symbols).expect("ASCII"))
}

fn places() -> impl Iterator<Item = (usize, usize)> {
    (0..SHORT_CODE_SYMBOLS).flat_map(|a| (a + 1..SHORT_CODE_SYMBOLS).map(move |b| (a, b)))
}

fn any_code() -> impl Strategy<Value = ShortCode> {
    any::<[u8; 8]>().prop_map(|id| ShortCode::new(VoucherId::new(id)))
}

#[test]
fn the_same_code_may_be_typed_in_several_ways() {
    let expected: ShortCode = VECTORS.valid[0].short_code.parse().expect("a code");
    for typed in &VECTORS.short_codes.same {
        assert_eq!(typed.parse(), Ok(expected), "{typed}");
    }
}

#[test]
fn spaces_dashes_and_a_french_keyboard_change_no_code() {
    for (exact, typed) in [
        ("F6GVF-A2SFF-WB1XY", "F6GVF-A2SFF-WB1XY\r\n"),
        ("F6GVF-A2SFF-WB1XY", "\u{feff}F6GVF\u{a0}A2SFF\u{202f}WB1XY\t"),
        ("F6GVF-A2SFF-WB1XY", "F6GVF–A2SFF—WB1XY"),
        ("F6GVF-A2SFF-WB1XY", "F6GVF\u{2011}A2SFF\u{2212}WB1XY"),
        // Without the shift key: 6 and the dash are one key.
        ("F6GVF-A2SFF-WB1XY", "f-gvf-aésff-wb&xy"),
        ("F6GVF-A2SFF-WB1XY", "f-gvfaésffwb&xy"),
        ("F6GVF-A2SFF-WB1XY", "f§gvf aésff wb&xy"),
        ("00000-00000-00000", "ààààà-ààààà-ààààà"),
        ("9SBTC-4GJJY-DGQCJ", "çsbtc-'gjjy-dgqcj"),
        ("4Y5SA-J1R72-AY4QJ", "'y(sa-j&rèé-ay’qj"),
        ("8YASB-W4WFN-VSX2T", "_yasb-w'wfn-vsxét"),
    ] {
        assert_eq!(
            typed.parse::<ShortCode>().map(|code| code.to_string()),
            Ok(exact.to_owned()),
            "{typed}"
        );
    }
    // Fifteen signs without one group's end: too short, not a 6.
    assert_eq!("F6GVF-A2SFF-WB1".parse::<ShortCode>(), Err(ShortCodeError::Length));
}

#[test]
fn every_mistyped_code_of_the_vectors_is_refused() {
    for typed in &VECTORS.short_codes.refused {
        typed.parse::<ShortCode>().expect_err(typed);
    }
}

#[test]
fn every_code_of_the_vectors_leads_to_its_voucher() {
    for vector in &VECTORS.valid {
        assert_eq!(
            vector.short_code.parse::<ShortCode>().map(ShortCode::id),
            Ok(vector.terms().id)
        );
    }
}

#[test]
fn each_refusal_says_what_to_look_at() {
    let error = |text: &str| text.parse::<ShortCode>().expect_err(text);
    assert_eq!(error("F6GVF-A2SFF-WB1X"), ShortCodeError::Length);
    assert_eq!(error("F6GVF-A2SFF-WB1XY0"), ShortCodeError::Length);
    assert_eq!(error("F6GVF-A2SFF-WB1XU"), ShortCodeError::Symbol('U'));
    assert_eq!(error("F6GVF-A2SFF-WB1X?"), ShortCodeError::Symbol('?'));
    assert_eq!(error("F6GVF-A2SFF-WB1XX"), ShortCodeError::Check);
    assert_eq!(ShortCode::restore("F6GVF-A2SFF-W???Y"), Err(ShortCodeError::Illegible));
}

#[test]
fn a_code_above_64_bits_is_refused_although_its_checks_hold() {
    // G followed by twelve zeros is 2⁶⁴; its two check symbols are those of no voucher.
    let overflowing = ALPHABET.iter().flat_map(|&a| ALPHABET.iter().map(move |&b| [a, b]));
    for [a, b] in overflowing {
        let text = format!("G000000000000{}{}", char::from(a), char::from(b));
        assert_eq!(text.parse::<ShortCode>(), Err(ShortCodeError::Check));
    }
}

#[test]
fn a_log_line_never_shows_a_code() {
    let code: ShortCode = VECTORS.valid[0].short_code.parse().expect("a code");
    assert_eq!(format!("{code:?}"), "ShortCode(…)");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_single_error_is_detected(code in any_code()) {
        let right = symbols(code);
        prop_assert_eq!(parse(&right), Ok(code));
        for place in 0..SHORT_CODE_SYMBOLS {
            for &other in ALPHABET.iter().filter(|&&other| other != right[place]) {
                let mut wrong = right;
                wrong[place] = other;
                prop_assert_eq!(parse(&wrong), Err(ShortCodeError::Check));
            }
        }
    }

    #[test]
    fn every_swap_is_detected(code in any_code()) {
        let right = symbols(code);
        for (a, b) in places().filter(|&(a, b)| right[a] != right[b]) {
            let mut wrong = right;
            wrong.swap(a, b);
            prop_assert_eq!(parse(&wrong), Err(ShortCodeError::Check));
        }
    }

    #[test]
    fn one_or_two_illegible_symbols_are_restored(code in any_code()) {
        let right = symbols(code);
        for (a, b) in places() {
            let mut illegible = right;
            illegible[a] = b'?';
            prop_assert_eq!(restore(&illegible), Ok(code));
            illegible[b] = b'?';
            prop_assert_eq!(restore(&illegible), Ok(code));
        }
    }

    #[test]
    fn with_one_illegible_symbol_one_error_is_still_detected(code in any_code()) {
        let right = symbols(code);
        for (a, b) in places() {
            for (illegible, wrong) in [(a, b), (b, a)] {
                for &other in ALPHABET.iter().filter(|&&other| other != right[wrong]) {
                    let mut typed = right;
                    typed[illegible] = b'?';
                    typed[wrong] = other;
                    prop_assert_eq!(restore(&typed), Err(ShortCodeError::Check));
                }
            }
        }
    }
}

/// The code is linear, so what is shown for one word holds for all; the top-bit rule can only refuse more.
#[test]
fn every_double_error_is_detected() {
    for vector in &VECTORS.valid[..2] {
        let right = symbols(vector.short_code.parse().expect("a code"));
        for (a, b) in places() {
            for (&x, &y) in ALPHABET.iter().flat_map(|x| ALPHABET.iter().map(move |y| (x, y))) {
                if x != right[a] && y != right[b] {
                    let mut wrong = right;
                    (wrong[a], wrong[b]) = (x, y);
                    assert_eq!(parse(&wrong), Err(ShortCodeError::Check));
                }
            }
        }
    }
}
