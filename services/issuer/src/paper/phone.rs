//! One voucher as an image, for e-mail and phones: a QR code at level M (docs/PAPER.md), and the same words as on paper.
//!
//! The SVG is written here; the PNG is that SVG, drawn with the embedded typeface, so both say the same.

use std::fmt::Write;
use std::sync::Arc;

use chrono::NaiveDate;
use document::french_day;
use document::typeface::{BOLD, REGULAR, printable};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};
use standards::Cents;
use voucher::{QUIET_ZONE_MODULES, Qr, ShortCode};

use crate::paper::booklets::french_value;
use crate::paper::print::PrintError;

/// What is on the screen.
pub(crate) struct PhoneVoucher<'v> {
    pub programme: &'v str,
    pub face_value: Cents,
    pub printed_day: NaiveDate,
    pub serial: u32,
    pub short_code: ShortCode,
    pub qr: Qr,
}

/// Units of the drawing; the PNG has as many pixels, times [`PNG_SCALE`].
const WIDTH: u32 = 540;
const HEIGHT: u32 = 860;

/// Pixels a unit: 1080 pixels wide, as phones are.
const PNG_SCALE: u16 = 2;

/// Units a module of the QR code.
const MODULE: usize = 9;

/// Letters of a line of the programme's name; it takes up to two.
const LINE_CHARS: usize = 34;

impl PhoneVoucher<'_> {
    /// With a title and a description for screen readers; letters fall back to what the phone has.
    pub(crate) fn svg(&self) -> String {
        let (value, day) = (french_value(self.face_value), french_day(self.printed_day));
        let (serial, code) = (self.serial, self.short_code);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
             role=\"img\" aria-labelledby=\"titre texte\" xml:lang=\"fr\">\
             <title id=\"titre\">Chèque culture numérique de {value}, n° {serial}</title>\
             <desc id=\"texte\">Valable jusqu'au {day}. Code : {code}. Montrez le code QR à la personne qui vous aide.</desc>\
             <path fill=\"#fff\" d=\"M0 0h{WIDTH}v{HEIGHT}H0z\"/>\
             <g fill=\"#000\" font-family=\"'Atkinson Hyperlegible', Verdana, sans-serif\">"
        );
        let mut text = |y: u32, size: u32, weight: &str, words: &str| {
            write!(
                svg,
                "<text x=\"36\" y=\"{y}\" font-size=\"{size}\" font-weight=\"{weight}\">{}</text>",
                escaped(words)
            )
            .expect("a String takes every write");
        };
        text(108, 96, "bold", &value);
        text(152, 30, "bold", "Chèque culture numérique");
        for (line, y) in lines(self.programme).iter().zip([188, 218]) {
            text(y, 24, "normal", line);
        }
        text(262, 27, "normal", "Valable jusqu'au");
        text(298, 34, "bold", &day);
        text(784, 26, "normal", &format!("Chèque n° {serial}. Code :"));
        text(832, 46, "bold", &code.to_string());
        svg.push_str("</g>");
        self.symbol(&mut svg);
        svg.push_str("</svg>");
        svg
    }

    /// The QR code in the middle, with its quiet zone.
    fn symbol(&self, svg: &mut String) {
        let side = (self.qr.size() + 2 * QUIET_ZONE_MODULES) * MODULE;
        let left = usize::try_from(WIDTH).unwrap_or_default().saturating_sub(side) / 2 + QUIET_ZONE_MODULES * MODULE;
        let top = 310 + QUIET_ZONE_MODULES * MODULE - MODULE;
        let mut path = String::new();
        for (x, y, length) in self.qr.dark_runs() {
            let (x, y, length) = (left + x * MODULE, top + y * MODULE, length * MODULE);
            write!(path, "M{x} {y}h{length}v{MODULE}h-{length}z").expect("a String takes every write");
        }
        write!(svg, "<path fill=\"#000\" shape-rendering=\"crispEdges\" d=\"{path}\"/>")
            .expect("a String takes every write");
    }

    /// The same as pixels: 1080 × 1720, grey.
    pub(crate) fn png(&self) -> Result<Vec<u8>, PrintError> {
        let failed = |what: &dyn std::fmt::Display| PrintError::failed(format!("png: {what}"));
        let mut fonts = fontdb::Database::new();
        fonts.load_font_data(REGULAR.to_vec());
        fonts.load_font_data(BOLD.to_vec());
        let options = Options {
            fontdb: Arc::new(fonts),
            ..Options::default()
        };
        let tree = Tree::from_str(&self.svg(), &options).map_err(|error| failed(&error))?;
        let scale = u32::from(PNG_SCALE);
        let (width, height) = (WIDTH * scale, HEIGHT * scale);
        let mut canvas = Pixmap::new(width, height).ok_or_else(|| failed(&"size"))?;
        let larger = Transform::from_scale(PNG_SCALE.into(), PNG_SCALE.into());
        resvg::render(&tree, larger, &mut canvas.as_mut());
        // Black and white have one colour.
        let grey: Vec<u8> = canvas.pixels().iter().map(|pixel| pixel.green()).collect();
        crate::paper::logos::write_png(width, height, png::ColorType::Grayscale, &grey).map_err(|error| failed(&error))
    }
}

/// A long name on two lines, by number of letters: the phone chooses the typeface.
fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in printable(text).split_whitespace() {
        match lines.last_mut() {
            Some(last) if last.chars().count() + 1 + word.chars().count() <= LINE_CHARS => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(word.chars().take(LINE_CHARS).collect()),
        }
    }
    if lines.len() > 2 {
        lines.truncate(2);
        if let Some(last) = lines.last_mut() {
            last.push('…');
        }
    }
    lines
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use voucher::{Idx, LastDay, QrLevel, SigningKey, Terms, VoucherId};

    #[test]
    fn the_image_says_value_date_and_code_and_its_markup_holds_any_name() {
        let id = VoucherId::new([0xf3, 0x43, 0x6f, 0x50, 0xb2, 0xf7, 0xf1, 0x61]);
        let terms = Terms {
            series: 1,
            idx: Idx::new(7).unwrap(),
            cents: 1000,
            day: LastDay::new(2587),
            id,
        };
        let token = SigningKey::from_seed(&zeroize::Zeroizing::new([7; 32])).sign(&terms);
        let voucher = PhoneVoucher {
            programme: "Ateliers « numérique » & <culture> en Bourgogne-Franche-Comté pour toutes et tous",
            face_value: Cents::new(1050),
            printed_day: NaiveDate::from_ymd_opt(2026, 12, 31).unwrap(),
            serial: 42,
            short_code: id.short_code(),
            qr: Qr::new(&token, &"cheque.example.fr".parse().unwrap(), QrLevel::Medium),
        };
        let svg = voucher.svg();
        let document = roxmltree::Document::parse(&svg).unwrap();
        let words: String = document.descendants().filter_map(|node| node.text()).collect();
        for said in [
            "10,50 €",
            "31 décembre 2026",
            "F6GVF-A2SFF-WB1XY",
            "n° 42",
            "& <culture>",
        ] {
            assert!(words.contains(said), "{said} in {words}");
        }
        let png = voucher.png().unwrap();
        assert!(png.starts_with(b"\x89PNG"));
        if let Ok(folder) = std::env::var("CCN_KEEP_PDF") {
            std::fs::write(format!("{folder}/voucher.png"), &png).unwrap();
            std::fs::write(format!("{folder}/voucher.svg"), &svg).unwrap();
        }
    }
}
