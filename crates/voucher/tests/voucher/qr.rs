//! The QR code: its size, its drawing, and that an independent reader reads it.

use rxing::common::HybridBinarizer;
use rxing::qrcode::cpp_port::QrReader;
use rxing::{BinaryBitmap, Luma8LuminanceSource, Reader};
use voucher::{CoverCode, HOST_CHARS_MAX, Host, QUIET_ZONE_MODULES, Qr, QrLevel, Token};

use crate::support::{VECTORS, host, key, terms};

const LEVELS: [QrLevel; 2] = [QrLevel::Quartile, QrLevel::Medium];
const MODULE_PIXELS: usize = 4;

/// What rxing reads in a picture of the code, with its port of zxing-cpp: the older port of zxing for Java fails
/// on one perfect picture in fifty.
fn scanned(qr: &Qr) -> String {
    let side = (qr.size() + 2 * QUIET_ZONE_MODULES) * MODULE_PIXELS;
    let module = |pixel: usize| (pixel / MODULE_PIXELS).wrapping_sub(QUIET_ZONE_MODULES);
    let luma = (0..side * side)
        .map(|at| {
            if qr.is_dark(module(at % side), module(at / side)) {
                0
            } else {
                255
            }
        })
        .collect();
    let side = u32::try_from(side).expect("small");
    let source = Luma8LuminanceSource::new(luma, side, side).expect("as many pixels as said");
    let mut picture = BinaryBitmap::new(HybridBinarizer::new(source));
    QrReader
        .decode(&mut picture)
        .expect("a readable code")
        .getText()
        .to_owned()
}

#[test]
fn an_independent_reader_gives_back_every_vector() {
    for vector in &VECTORS.valid {
        let token = Token::from_digits(&vector.digits).expect("a token");
        for level in LEVELS {
            assert_eq!(scanned(&Qr::new(&token, &host(), level)), vector.url);
        }
    }
}

#[test]
fn every_host_gives_the_same_size() {
    for length in 1..=HOST_CHARS_MAX {
        let host: Host = "abcdefghijklmnopqrstuv"[..length].parse().expect("a host");
        let token = key("01").sign(&terms());
        for level in LEVELS {
            let qr = Qr::new(&token, &host, level);
            assert_eq!(qr.size(), level.modules());
            assert_eq!(scanned(&qr), token.to_url(&host));
        }
    }
}

#[test]
fn a_code_is_version_9_at_level_q_and_7_at_level_m() {
    // Bits of the level in the format information, ISO/IEC 18004 § 7.9.1, beside the upper left finder; masked with 10.
    for (level, version, level_bits) in [
        (QrLevel::Quartile, 9, [true, true]),
        (QrLevel::Medium, 7, [false, false]),
    ] {
        let qr = Qr::new(&key("01").sign(&terms()), &host(), level);
        assert_eq!(qr.size(), 17 + 4 * version);
        let masked = [!qr.is_dark(0, 8), qr.is_dark(1, 8)];
        assert_eq!(masked, level_bits);
    }
}

#[test]
fn the_drawing_covers_exactly_the_dark_modules() {
    let qr = Qr::new(&key("01").sign(&terms()), &host(), QrLevel::Quartile);
    let mut drawn = vec![false; qr.size() * qr.size()];
    for (x, y, length) in qr.dark_runs() {
        assert!(!qr.is_dark(x + length, y), "a run is as long as it can be");
        for x in x..x + length {
            drawn[y * qr.size() + x] = true;
        }
    }
    for (at, drawn) in drawn.into_iter().enumerate() {
        assert_eq!(drawn, qr.is_dark(at % qr.size(), at / qr.size()));
    }
}

#[test]
fn the_picture_has_its_quiet_zone() {
    let svg = Qr::new(&key("01").sign(&terms()), &host(), QrLevel::Medium).to_svg();
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 53 53\""));
    assert!(
        svg.contains("d=\"M4 4h7v1h-7z"),
        "the upper left finder begins after four light modules"
    );
    assert!(svg.ends_with("\"/></svg>"));
}

#[test]
fn every_cover_is_read_and_all_are_of_one_size() {
    for length in [1, 9, HOST_CHARS_MAX] {
        let host: Host = "abcdefghijklmnopqrstuv"[..length].parse().expect("a host");
        for (series, booklet) in [(1, 1), (263, 1042), (u16::MAX, 99_999_999)] {
            let code = CoverCode::new(series, booklet).expect("eight digits");
            let qr = Qr::of_cover(code, &host);
            assert_eq!(qr.size(), 33);
            assert_eq!(CoverCode::read(&scanned(&qr)), Ok(code));
        }
    }
}
