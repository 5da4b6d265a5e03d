//! The QR code of a token.
//!
//! Two explicit segments, bytes for the address and numeric for the digits, because the automatic choice comes out
//! a version too large. The versions are fixed, so that all codes of a sheet have one size.

use std::fmt::Write;

use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};

use crate::{CoverCode, Host, Token};

/// The light border that a reader needs on each side, in modules (ISO/IEC 18004 § 6.3.8).
pub const QUIET_ZONE_MODULES: usize = 4;

/// How much of the symbol may be damaged, and with it its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QrLevel {
    /// Level Q, version 9, 53 modules: paper at 30 mm.
    Quartile,
    /// Level M, version 7, 45 modules: paper at 25 mm, and screens.
    Medium,
}

impl QrLevel {
    const fn parameters(self) -> (Version, EcLevel) {
        match self {
            Self::Quartile => (Version::Normal(9), EcLevel::Q),
            Self::Medium => (Version::Normal(7), EcLevel::M),
        }
    }

    /// Modules on each side, without the quiet zone.
    #[must_use]
    pub const fn modules(self) -> usize {
        match self {
            Self::Quartile => 53,
            Self::Medium => 45,
        }
    }
}

/// A square of dark and light modules, without the quiet zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qr {
    size: usize,
    modules: Vec<bool>,
}

impl Qr {
    /// The QR code of `token`, with the address of `host` for phones that know nothing of vouchers.
    #[must_use]
    pub fn new(token: &Token, host: &Host, level: QrLevel) -> Self {
        let (version, ec_level) = level.parameters();
        let mut bits = Bits::new(version);
        bits.push_byte_data(host.prefix().as_bytes())
            .and_then(|()| bits.push_numeric_data(token.digits().as_bytes()))
            .and_then(|()| bits.push_terminator(ec_level))
            .expect("the longest host makes 987 bits; version 9-Q holds 1056 and 7-M holds 992");
        Self::of(bits, ec_level)
    }

    /// The small QR code of a booklet's cover: level M, version 4, 33 modules, whatever the host and the number.
    #[must_use]
    pub fn of_cover(code: CoverCode, host: &Host) -> Self {
        let (version, ec_level) = (Version::Normal(4), EcLevel::M);
        let mut bits = Bits::new(version);
        bits.push_byte_data(code.to_url(host).as_bytes())
            .and_then(|()| bits.push_terminator(ec_level))
            .expect("the longest host and number make 55 bytes; version 4-M holds 62");
        Self::of(bits, ec_level)
    }

    fn of(bits: Bits, ec_level: EcLevel) -> Self {
        let code = QrCode::with_bits(bits, ec_level).expect("each version has the level that goes with it");
        Self {
            size: code.width(),
            modules: code
                .into_colors()
                .into_iter()
                .map(|colour| colour == Color::Dark)
                .collect(),
        }
    }

    /// Modules on each side, without the quiet zone.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Whether the module in column `x` from the left and row `y` from the top is dark. All outside is light.
    #[must_use]
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        x < self.size && y < self.size && self.modules[y * self.size + x]
    }

    /// The horizontal runs of dark modules as (x, y, length): what a vector drawing needs.
    pub fn dark_runs(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        self.modules.chunks(self.size).enumerate().flat_map(|(y, row)| {
            let mut x = 0;
            row.chunk_by(|a, b| a == b).filter_map(move |run| {
                let start = x;
                x += run.len();
                run[0].then_some((start, y, run.len()))
            })
        })
    }

    /// An SVG image with its quiet zone, one user unit a module, black on white whatever the page's theme.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let side = self.size + 2 * QUIET_ZONE_MODULES;
        let mut path = String::new();
        for (x, y, length) in self.dark_runs() {
            let (x, y) = (x + QUIET_ZONE_MODULES, y + QUIET_ZONE_MODULES);
            write!(path, "M{x} {y}h{length}v1h-{length}z").expect("a String takes every write");
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" role=\"img\" \
             aria-label=\"QR code du chèque\" shape-rendering=\"crispEdges\">\
             <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
        )
    }
}
