//! Booklets on paper: A4, printed on one side, stapled on the left.
//!
//! **A booklet is** a cover in easy-to-read French (FALC: one idea a sentence, large type, pictograms with their words), then its
//! vouchers. Each voucher says its value first. Pages are printed on one side only: cutting a voucher out must cut nothing else. The
//! left margin takes two staples; trim marks in the margins and small crosses where vouchers meet guide a guillotine or scissors,
//! and no cut or fold runs through a QR code.
//!
//! | format | vouchers a page | a voucher | QR code | cover |
//! |---|---|---|---|---|
//! | [`PaperFormat::Sheet`], the default: fewest pages | 10 | 95 × 54 mm | 30 mm | 1 page; 2 when its words are long |
//! | [`PaperFormat::LargePrint`]: letters of 16 points or more | 4 | 190 × 68 mm | 40 mm | 2 pages |
//!
//! Many or long names of partners take one page more.
//!
//! The typeface is Atkinson Hyperlegible, made for people with low vision. The PDF is tagged (PDF/UA-1), checked by the
//! writer: language, title, headings in reading order, and a text for each QR code and logo.
//!
//! **One plate.** Black is `DeviceGray`: a printer puts it on the black plate and on no other. The archival profile (PDF/A) would make it
//! a grey of an ICC profile, which a press separates into four plates of rich black; booklets go to a printer and are not kept, so
//! they leave it out. Logos are grey too, unless the print asks for [colour](LogoInk).
//!
//! **Numbers are tenths of a millimetre**, whole; one transform turns them into points, so no length is ever computed in floats.
//!
//! **The QR code is one shape**, the outline of its dark modules: sharp at any resolution, whatever a viewer does to pictures that it
//! enlarges, and without hairlines between rows drawn apart. It is at level Q (docs/PAPER.md), the quiet zone is kept by the layout.
//!
//! **Rejected.** Booklets of strips cut from a pile (one voucher a page, five booklets side by side): the cover would have no room
//! for large type. Saddle-stitched A5: vouchers would stand back to back.

mod cover;
mod drawing;
mod format;
mod outlines;
mod pictograms;
mod voucher_cell;
mod words;

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use document::typeface::{Fonts, printable};
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::Point;
use krilla::metadata::Metadata;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::tagging::{Tag, TagGroup, TagTree};
use krilla::{Document, SerializeSettings};
use standards::Cents;
use voucher::{Host, Qr, ShortCode};

use crate::{paper::logos::Logo, paper::logos::LogoInk, paper::settings::Contact};
use crate::{paper::print::PrintError, paper::print::PrintRejection};
use drawing::{Pen, paragraph};

pub use format::PaperFormat;
pub(crate) use words::french_value;

/// What all vouchers of a print share, and the booklets.
#[derive(Debug)]
pub struct Paper {
    /// The programme's name.
    pub programme: String,
    /// Value of one voucher.
    pub face_value: Cents,
    /// Last day printed.
    pub printed_day: NaiveDate,
    /// How it is laid out.
    pub format: PaperFormat,
    pub contact: Contact,
    /// The sponsor, then the funders in the order of their plan.
    pub partners: Vec<Partner>,
    pub logos: LogoInk,
    /// What the QR codes of the covers lead to.
    pub host: Host,
    /// The series of the tokens, which is in the code of a cover.
    pub series: u16,
    /// Not to be taken for vouchers: it says so across each.
    pub specimen: bool,
    /// Booklet numbers with their vouchers.
    pub booklets: Vec<(u32, Vec<PaperVoucher>)>,
}

/// An organisation named on the cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    /// Its name, also the text of its logo.
    pub name: String,
    pub logo: Option<Logo>,
}

/// One voucher on paper.
#[derive(Debug)]
pub struct PaperVoucher {
    /// Serial number in the batch.
    pub serial: u32,
    pub short_code: ShortCode,
    /// For cameras; level Q.
    pub qr: Qr,
}

/// A4 in points (ISO 216: 210 × 297 mm).
const PAGE_POINTS: (f32, f32) = (595.276, 841.89);

/// Writes the booklets of several batches into one document, in the order given. `at` is the document's date.
pub fn booklets_pdf(papers: &[Paper], at: DateTime<Utc>) -> Result<Vec<u8>, PrintError> {
    let failed = |what: &dyn std::fmt::Debug| PrintError::failed(format!("pdf: {what:?}"));
    let configuration = ConfigurationBuilder::new()
        .with_accessibility_validator(Accessibility::UA1)
        .finish();
    let configuration = configuration.map_err(|error| failed(&error))?;
    let mut document = Document::new_with(SerializeSettings {
        configuration,
        ..SerializeSettings::default()
    });
    let mut writer = Writer {
        fonts: Fonts::load(),
        tags: TagTree::new(),
        outline: Outline::new(),
        pages: 0,
    };
    for paper in papers {
        let partners: Vec<_> = paper
            .partners
            .iter()
            .map(|partner| cover::Shown::new(partner, paper.logos))
            .collect();
        for (booklet, vouchers) in &paper.booklets {
            writer.booklet(&mut document, paper, &partners, *booklet, vouchers)?;
        }
    }
    let title = "Carnets de chèques culture numérique".to_owned();
    let metadata = Metadata::new().language("fr-FR".to_owned()).title(title);
    document.set_metadata(metadata.creation_date(date(at)));
    document.set_outline(writer.outline);
    document.set_tag_tree(writer.tags.with_lang(Some("fr-FR".to_owned())));
    document.finish().map_err(|error| failed(&error))
}

/// How many pages a booklet of so many vouchers takes.
pub(crate) fn booklet_pages(paper: &Paper, vouchers: usize) -> Result<usize, PrintRejection> {
    let cover = cover::pages(&Fonts::load(), paper, vouchers)?;
    Ok(cover.len() + vouchers.div_ceil(paper.format.geometry().page_vouchers()))
}

impl From<cover::CoverFull> for PrintRejection {
    fn from(_: cover::CoverFull) -> Self {
        Self::CoverFull
    }
}

fn date(at: DateTime<Utc>) -> krilla::metadata::DateTime {
    let small = |number: u32| u8::try_from(number).unwrap_or_default();
    krilla::metadata::DateTime::new(u16::try_from(at.year()).unwrap_or_default())
        .month(small(at.month()))
        .day(small(at.day()))
        .hour(small(at.hour()))
        .minute(small(at.minute()))
        .second(small(at.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

struct Writer {
    fonts: Fonts,
    tags: TagTree,
    outline: Outline,
    pages: usize,
}

impl Writer {
    fn booklet(
        &mut self,
        document: &mut Document,
        paper: &Paper,
        partners: &[cover::Shown<'_>],
        booklet: u32,
        vouchers: &[PaperVoucher],
    ) -> Result<(), PrintRejection> {
        let top = XyzDestination::new(self.pages, Point::from_xy(0.0, 0.0));
        let programme = printable(&paper.programme);
        let mut entry = OutlineNode::new(format!("{programme} – carnet n° {booklet}"), top);
        for page in cover::pages(&self.fonts, paper, vouchers.len())? {
            self.page(document, |pen| {
                cover::draw(pen, paper, partners, booklet, vouchers.len(), &page)
            });
        }
        for chunk in vouchers.chunks(paper.format.geometry().page_vouchers()) {
            let [first, .., last] = [chunk.first(), chunk.last()].map(|voucher| voucher.map_or(0, |v| v.serial));
            let top = XyzDestination::new(self.pages, Point::from_xy(0.0, 0.0));
            entry.push_child(OutlineNode::new(format!("Chèques n° {first} à {last}"), top));
            self.page(document, |pen| voucher_page(pen, paper, booklet, chunk));
        }
        self.outline.push_child(entry);
        Ok(())
    }

    fn page(&mut self, document: &mut Document, draw: impl FnOnce(&mut Pen<'_>) -> TagGroup) {
        let settings = PageSettings::from_wh(PAGE_POINTS.0, PAGE_POINTS.1).expect("A4 has a positive size");
        let mut page = document.start_page_with(settings);
        let mut pen = Pen::new(page.surface(), &self.fonts);
        self.tags.push(draw(&mut pen));
        pen.finish();
        page.finish();
        self.pages += 1;
    }
}

fn voucher_page(pen: &mut Pen<'_>, paper: &Paper, booklet: u32, vouchers: &[PaperVoucher]) -> TagGroup {
    let geometry = paper.format.geometry();
    let mut section = TagGroup::new(Tag::Section);
    let header = if paper.specimen {
        format!("ÉPREUVE, bon à tirer. Carnet n° {booklet}.")
    } else {
        format!("Carnet n° {booklet}. Découpez un chèque seulement pour le donner.")
    };
    let (x, y) = (geometry.left, geometry.top - 65);
    section.push(paragraph([pen.regular(x, y, geometry.header, &header)]));
    let shared = voucher_cell::Shared::new(pen, paper);
    for ((left, top), voucher) in geometry.corners().zip(vouchers) {
        section.push(voucher_cell::draw(pen, &shared, booklet, voucher, left, top));
    }
    pen.cut_marks(&geometry.marks());
    section
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn sample(format: PaperFormat, programme: &str, value: i64) -> Paper {
        use voucher::{Idx, LastDay, QrLevel, SigningKey, Terms, VoucherId};
        let key = SigningKey::from_seed(&zeroize::Zeroizing::new([7; 32]));
        let on_paper = |serial: u32| {
            let id = VoucherId::new(u64::from(serial).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
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
        Paper {
            programme: programme.to_owned(),
            face_value: Cents::new(value),
            printed_day: NaiveDate::from_ymd_opt(2026, 12, 31).unwrap(),
            format,
            contact: Contact {
                phone: Some("03 80 12 34 56".to_owned()),
                ..Contact::default()
            },
            partners: Vec::new(),
            logos: LogoInk::Grey,
            host: "cheque.example.fr".parse().unwrap(),
            series: 1,
            specimen: false,
            booklets: vec![
                (1, (1..=10).map(on_paper).collect()),
                (123_456, (11..=15).map(on_paper).collect()),
            ],
        }
    }

    fn keep(name: &str, pdf: &[u8]) {
        if let Ok(folder) = std::env::var("CCN_KEEP_PDF") {
            std::fs::write(format!("{folder}/{name}.pdf"), pdf).unwrap();
        }
    }

    fn at() -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_000_000, 0).unwrap()
    }

    #[test]
    fn booklets_of_five_and_ten_make_an_accessible_pdf_in_every_format() {
        for format in [PaperFormat::Sheet, PaperFormat::LargePrint] {
            let plain = sample(format, "Chèques de Côte-d'Or – « inclusion » 日 2026", 1000);
            // The writer itself checks PDF/UA-1: text for images, titles, language, outline, glyphs.
            let pdf = booklets_pdf(&[plain], at()).unwrap();
            assert!(pdf.starts_with(b"%PDF-1.7"));
            keep(&format!("plain-{}", format.word()), &pdf);
        }
    }

    #[test]
    fn long_names_high_values_and_many_partners_still_fit() {
        let logo = |width, height| {
            let pixels: Vec<u8> = (0..u32::from(width) * u32::from(height) * 3)
                .map(|n| (n % 251) as u8)
                .collect();
            Some(Logo::from_pixels(width, height, &pixels).unwrap())
        };
        for format in [PaperFormat::Sheet, PaperFormat::LargePrint] {
            let name = "Chèque culture numérique pour toutes et tous en Bourgogne-Franche-Comté, territoires ruraux et quartiers";
            let mut paper = sample(format, name, 65_535);
            paper.contact = Contact {
                phone: Some("03 80 12 34 56".to_owned()),
                web_page: Some("www.cheque-numerique-bourgogne-franche-comte.example.fr/lieux".to_owned()),
                address: Some(
                    "Maison France Services de Semur-en-Auxois, 10 place de l'Ancienne-Comédie, 21140".to_owned(),
                ),
            };
            paper.specimen = format == PaperFormat::LargePrint;
            let partner = |name: &str, logo| Partner {
                name: name.to_owned(),
                logo,
            };
            paper.partners = vec![
                partner("Département de la Côte-d'Or", logo(900, 100)),
                partner("État – Agence nationale de la cohésion des territoires", logo(60, 300)),
                partner("Caisse d'allocations familiales de la Côte-d'Or", None),
                partner(
                    "Fondation pour l'inclusion numérique des personnes éloignées",
                    logo(300, 300),
                ),
            ];
            let pdf = booklets_pdf(&[paper], at()).unwrap();
            keep(&format!("long-{}", format.word()), &pdf);
        }
    }

    #[test]
    fn more_partners_take_more_pages_and_more_than_a_page_of_them_is_refused() {
        for format in [PaperFormat::Sheet, PaperFormat::LargePrint] {
            let pages = |partners: usize| {
                let mut paper = sample(format, "Chèques de Côte-d'Or 2026", 1000);
                let partner = |number| Partner {
                    name: format!("Communauté de communes des Terres d'Auxois et du Morvan n° {number}"),
                    logo: None,
                };
                paper.partners = (0..partners).map(partner).collect();
                let pdf = booklets_pdf(&[paper], at());
                let paper = sample(format, "Chèques de Côte-d'Or 2026", 1000);
                let with_partners = Paper {
                    partners: (0..partners).map(partner).collect(),
                    ..paper
                };
                let pages = booklet_pages(&with_partners, 10);
                if partners == 25 {
                    keep(&format!("partners-{}", format.word()), pdf.as_ref().unwrap());
                }
                assert_eq!(pdf.is_ok(), pages.is_ok());
                pages.ok()
            };
            let few = pages(1).unwrap();
            assert_eq!(few, if format == PaperFormat::Sheet { 2 } else { 5 });
            assert!(pages(25).unwrap() > few);
            assert_eq!(pages(400), None);
        }
    }
}
