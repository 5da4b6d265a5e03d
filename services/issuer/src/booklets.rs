//! Booklets on paper: A4, one page a booklet, its vouchers in two columns with cut marks.
//!
//! Plain-language rules (FALC): one idea a sentence, large type, the value first. The typeface is Atkinson Hyperlegible, made for
//! people with low vision. The PDF is tagged (PDF/UA-1, checked by the writer): language, title, headings, and a text for each QR
//! code.
//!
//! **Numbers are tenths of a millimetre**, whole; one transform turns them into points, so no length is ever computed in floats.
//!
//! **The QR code is an image of one pixel a module**, not a drawing: three times faster to write, and no hairlines between the rows
//! when a viewer smooths edges. Its side is 30 mm at level Q, the quiet zone is kept by the layout.

mod drawing;
mod voucher_cell;

use chrono::{Datelike, NaiveDate};
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::Point;
use krilla::metadata::Metadata;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::tagging::{Tag, TagGroup, TagTree};
use krilla::{Document, SerializeSettings};
use standards::Cents;
use voucher::{Qr, ShortCode};

use crate::PrintError;
use drawing::{Fonts, Pen, heading};

/// What all vouchers of a print share, and the booklets.
#[derive(Debug)]
pub struct Paper {
    /// The programme's name.
    pub programme: String,
    /// Value of one voucher.
    pub face_value: Cents,
    /// Last day printed.
    pub printed_day: NaiveDate,
    /// Booklet numbers with their vouchers.
    pub booklets: Vec<(u32, Vec<PaperVoucher>)>,
}

/// One voucher on paper.
#[derive(Debug)]
pub struct PaperVoucher {
    /// Serial number in the batch.
    pub serial: u32,
    /// For fingers.
    pub short_code: ShortCode,
    /// For cameras; level Q.
    pub qr: Qr,
}

/// A4 in points (ISO 216: 210 × 297 mm).
const PAGE_POINTS: (f32, f32) = (595.276, 841.89);

const MARGIN: i16 = 100;
const COLUMN_WIDTH: i16 = 950;
const FIRST_ROW_TOP: i16 = 270;
const ROW_HEIGHT: i16 = 530;

const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

/// Writes the booklets of several batches into one document, one page a booklet, in the order given.
pub fn booklets_pdf(papers: &[Paper]) -> Result<Vec<u8>, PrintError> {
    let failed = |what: &dyn std::fmt::Debug| PrintError::Pdf(format!("{what:?}"));
    let configuration = ConfigurationBuilder::new()
        .with_accessibility_validator(Accessibility::UA1)
        .finish();
    let configuration = configuration.map_err(|error| failed(&error))?;
    let mut document = Document::new_with(SerializeSettings {
        configuration,
        ..SerializeSettings::default()
    });
    let fonts = Fonts::load();
    let mut tags = TagTree::new();
    let mut outline = Outline::new();
    let pages = papers
        .iter()
        .flat_map(|paper| paper.booklets.iter().map(move |booklet| (paper, booklet)));
    for (page_index, (paper, (booklet, vouchers))) in pages.enumerate() {
        let top = XyzDestination::new(page_index, Point::from_xy(0.0, 0.0));
        let programme = drawing::printable(&paper.programme);
        outline.push_child(OutlineNode::new(format!("{programme} – carnet n° {booklet}"), top));
        let settings = PageSettings::from_wh(PAGE_POINTS.0, PAGE_POINTS.1).expect("A4 has a positive size");
        let mut page = document.start_page_with(settings);
        let mut pen = Pen::new(page.surface(), &fonts);
        tags.push(booklet_page(&mut pen, paper, *booklet, vouchers));
        pen.finish();
        page.finish();
    }
    let title = "Carnets de chèques culture numérique".to_owned();
    document.set_metadata(Metadata::new().language("fr-FR".to_owned()).title(title));
    document.set_outline(outline);
    document.set_tag_tree(tags.with_lang(Some("fr-FR".to_owned())));
    document.finish().map_err(|error| failed(&error))
}

fn booklet_page(pen: &mut Pen<'_>, paper: &Paper, booklet: u32, vouchers: &[PaperVoucher]) -> TagGroup {
    let mut section = TagGroup::new(Tag::Section);
    let title = format!("Carnet n° {booklet}");
    let line = pen.bold(MARGIN, 150, 64, &title);
    section.push(heading(1, &title, line));
    let count = format!("{} chèques de {}", vouchers.len(), french_value(paper.face_value));
    let mut about = TagGroup::new(Tag::P);
    about.push(pen.regular(
        MARGIN,
        205,
        34,
        &format!("{count}. Ne séparez pas les chèques avant de les donner."),
    ));
    section.push(about);
    let shared = voucher_cell::Shared {
        programme: pen.wrapped(&paper.programme),
        value: french_value(paper.face_value),
        day: french_day(paper.printed_day),
    };
    for (index, voucher) in (0_i16..).zip(vouchers) {
        let (left, top) = (
            MARGIN + index % 2 * COLUMN_WIDTH,
            FIRST_ROW_TOP + index / 2 * ROW_HEIGHT,
        );
        section.push(voucher_cell::draw(pen, &shared, voucher, left, top));
        pen.cut_marks(left, top, COLUMN_WIDTH, ROW_HEIGHT);
    }
    section
}

/// `10 €`, or `10,50 €`: no cents where there are none.
fn french_value(value: Cents) -> String {
    let text = value.to_string().replace('.', ",");
    format!("{} €", text.strip_suffix(",00").unwrap_or(&text))
}

/// `31 décembre 2026`, `1er mars 2027`.
fn french_day(day: NaiveDate) -> String {
    let number = if day.day() == 1 {
        "1er".to_owned()
    } else {
        day.day().to_string()
    };
    let month = MONTHS.get(day.month0() as usize).expect("a year has 12 months");
    format!("{number} {month} {}", day.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booklets_of_five_and_ten_make_an_accessible_pdf_with_a_page_each() {
        use voucher::{Idx, LastDay, QrLevel, SigningKey, Terms, VoucherId};
        let key = SigningKey::from_seed(&zeroize::Zeroizing::new([7; 32]));
        let on_paper = |serial: u32| {
            let id = VoucherId::new(u64::from(serial).to_be_bytes());
            let terms = Terms {
                series: 1,
                idx: Idx::new(serial).unwrap(),
                cents: 1000,
                day: LastDay::new(2587),
                id,
            };
            let qr = Qr::new(
                &key.sign(&terms),
                &"cheque.example.fr".parse().unwrap(),
                QrLevel::Quartile,
            );
            PaperVoucher {
                serial,
                short_code: id.short_code(),
                qr,
            }
        };
        let paper = Paper {
            programme: "Chèques de Côte-d'Or – « inclusion » 日 2026".to_owned(),
            face_value: Cents::new(1000),
            printed_day: NaiveDate::from_ymd_opt(2026, 12, 31).unwrap(),
            booklets: vec![
                (1, (1..=10).map(on_paper).collect()),
                (2, (11..=15).map(on_paper).collect()),
            ],
        };
        // The writer itself checks PDF/UA-1: text for images, titles, language, outline, glyphs.
        let pdf = booklets_pdf(&[paper]).unwrap();
        assert!(pdf.starts_with(b"%PDF-1.7"));
    }

    #[test]
    fn values_and_days_read_as_people_say_them() {
        assert_eq!(french_value(Cents::new(1000)), "10 €");
        assert_eq!(french_value(Cents::new(1050)), "10,50 €");
        assert_eq!(
            french_day(NaiveDate::from_ymd_opt(2026, 12, 31).unwrap()),
            "31 décembre 2026"
        );
        assert_eq!(
            french_day(NaiveDate::from_ymd_opt(2027, 3, 1).unwrap()),
            "1er mars 2027"
        );
    }
}
