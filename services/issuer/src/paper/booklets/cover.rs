//! The cover in easy-to-read French (FALC): one idea a sentence, common words, each advice with a pictogram and its words.
//!
//! It is written for who has no phone at hand: what the vouchers are for, a number or a counter to ask, what to do when they are lost. Its
//! QR code and its typed code are of the [booklet](CoverCode), never of a voucher: who finds a cover holds nothing of value.
//!
//! **Nothing is cut.** Words and names take the lines that they need: the advices go on to a second page, the partners to one of their own.
//! What even that cannot hold is refused ([`CoverFull`]).

use document::french_day;
use document::typeface::{Fonts, Weight};
use krilla::image::Image;
use krilla::tagging::{Tag, TagGroup};
use voucher::{CoverCode, Qr};

use super::drawing::{Pen, figure, heading, paragraph};
use super::format::PAGE_WIDTH;
use super::pictograms::Pictogram;
use super::words::french_value;
use super::{Paper, Partner};
use crate::paper::logos::LogoInk;

const LEFT: i16 = 150;
const RIGHT: i16 = PAGE_WIDTH - 120;

/// Where the words of a page end.
const BOTTOM: i16 = 2900;

/// Where they begin on a page that goes on.
const CONTINUED_TOP: i16 = 300;

/// Space above the partners.
const PARTNERS_SPACE: i16 = 60;

/// A number of lines that no text reaches: [`Fonts::wrapped`] cuts beyond it, and nothing is cut on a cover.
const LINES_MAX: usize = 1000;

/// Logos on a cover; the partners beyond are named only.
const LOGOS_MAX: usize = 8;
const LOGOS_IN_ROW: i16 = 4;

/// Side of the cover's QR code, quiet zone not counted: its modules are as large as those of a voucher.
const QR_SIDE: i16 = 190;
/// Its quiet zone.
const QR_QUIET: i16 = 23;

/// The partners' names do not fit a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CoverFull;

/// One question and its answers.
struct Advice {
    pictogram: Pictogram,
    question: &'static str,
    sentences: Vec<String>,
}

/// A partner with the image of its logo, shared by all covers of a document.
pub(super) struct Shown<'p> {
    pub name: &'p str,
    /// Width and height in pixels with the image.
    pub logo: Option<(u16, u16, Image)>,
}

impl<'p> Shown<'p> {
    pub(super) fn new(partner: &'p Partner, ink: LogoInk) -> Self {
        let logo = partner.logo.as_ref().and_then(|logo| {
            let image = Image::from_png(logo.printed(ink).ok()?.into(), false).ok()?;
            Some((logo.width, logo.height, image))
        });
        Self {
            name: &partner.name,
            logo,
        }
    }
}

/// What one page of a cover holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    /// Of the advices, in order.
    advices: std::ops::Range<usize>,
    partners: bool,
}

/// The pages of the cover of a booklet of so many vouchers; the same for all booklets of a paper.
pub(super) fn pages(fonts: &Fonts, paper: &Paper, vouchers: usize) -> Result<Vec<Page>, CoverFull> {
    // No booklet has a longer number.
    let heights: Vec<i16> = advices(paper, 99_999_999, vouchers)
        .iter()
        .map(|advice| height(fonts, paper, advice))
        .collect();
    let partners = partners_height(fonts, paper);
    let (first, all) = (title_height(fonts, paper), heights.len());
    let end = |top: i16, advices: std::ops::Range<usize>| {
        let words = heights.get(advices).unwrap_or_default();
        words.iter().fold(top, |y, height| y.saturating_add(*height))
    };
    let page = |advices, partners| Page { advices, partners };
    if end(first, 0..all).saturating_add(partners) <= BOTTOM {
        return Ok(vec![page(0..all, true)]);
    }
    // As even as can be.
    let halves = (0..all).rev().filter(|&half| end(first, 0..half) <= BOTTOM);
    let half = halves
        .min_by_key(|&half| end(first, 0..half).abs_diff(end(CONTINUED_TOP, half..all).saturating_add(partners)))
        .unwrap_or_default();
    let mut pages = vec![page(0..half, false), page(half..all, true)];
    let second = end(CONTINUED_TOP, half..all);
    if second.saturating_add(partners) <= BOTTOM {
        return Ok(pages);
    }
    if second > BOTTOM || CONTINUED_TOP.saturating_add(partners) > BOTTOM {
        return Err(CoverFull);
    }
    pages[1].partners = false;
    pages.push(page(all..all, true));
    Ok(pages)
}

/// Draws one page of the cover.
pub(super) fn draw(
    pen: &mut Pen<'_>,
    paper: &Paper,
    partners: &[Shown<'_>],
    booklet: u32,
    vouchers: usize,
    page: &Page,
) -> TagGroup {
    let sizes = &paper.format.geometry().cover;
    if paper.specimen {
        pen.across(300, 2300, 330, super::voucher_cell::SPECIMEN);
    }
    let mut section = TagGroup::new(Tag::Section);
    let mut y = if page.advices.start == 0 {
        title(pen, &mut section, paper, booklet, vouchers)
    } else {
        let line = format!("Carnet n° {booklet}, suite");
        section.push(paragraph([pen.bold(LEFT, 190, sizes.body, &line)]));
        CONTINUED_TOP
    };
    let advices = advices(paper, booklet, vouchers);
    for advice in advices.get(page.advices.clone()).unwrap_or_default() {
        advise(pen, &mut section, paper, advice, y);
        y += height(pen.fonts(), paper, advice);
    }
    if page.partners && !partners.is_empty() {
        let top = if page.advices.is_empty() {
            y
        } else {
            BOTTOM - partners_height(pen.fonts(), paper) + PARTNERS_SPACE
        };
        section.push(thanks(pen, paper, partners, top));
    }
    section
}

/// Space between lines of letters of this size.
const fn pitch(size: i16) -> i16 {
    size + size / 5
}

fn programme_lines(fonts: &Fonts, paper: &Paper) -> Vec<String> {
    let size = paper.format.geometry().cover.programme;
    fonts.wrapped(Weight::Regular, size, RIGHT - LEFT, LINES_MAX, &paper.programme)
}

/// Where the first advice begins.
fn title_height(fonts: &Fonts, paper: &Paper) -> i16 {
    let lines = count(programme_lines(fonts, paper).len());
    190 + lines.saturating_mul(pitch(paper.format.geometry().cover.programme)) + 385
}

fn count(lines: usize) -> i16 {
    i16::try_from(lines).unwrap_or(i16::MAX / 200)
}

fn title(pen: &mut Pen<'_>, section: &mut TagGroup, paper: &Paper, booklet: u32, vouchers: usize) -> i16 {
    let sizes = &paper.format.geometry().cover;
    let title = format!("Carnet n° {booklet}");
    let heading_line = pen.bold(LEFT, 190, 100, "Chèques culture numérique");
    section.push(heading(
        1,
        &format!("{title} de chèques culture numérique"),
        heading_line,
    ));
    let mut y = 190;
    let mut lines = Vec::new();
    for line in programme_lines(pen.fonts(), paper) {
        y += pitch(sizes.programme);
        lines.push(pen.regular(LEFT, y, sizes.programme, &format!("{line} ")));
    }
    if !lines.is_empty() {
        section.push(paragraph(lines));
    }
    let count = format!("{vouchers} chèques de {}", french_value(paper.face_value));
    let size = fitting(pen.fonts(), 130, RIGHT - QR_SIDE - 2 * QR_QUIET - LEFT, &count);
    section.push(paragraph([pen.bold(LEFT, y + 150, size, &count)]));
    section.push(paragraph([pen.bold(LEFT, y + 235, 60, &title)]));
    if let Some(code) = CoverCode::new(paper.series, booklet) {
        let words = format!("Code de la couverture : {code}");
        section.push(paragraph([pen.regular(LEFT, y + 310, sizes.note, &words)]));
        let alt = format!("Code QR de la couverture du carnet n° {booklet}. Ce n'est pas un chèque.");
        let qr = Qr::of_cover(code, &paper.host);
        section.push(figure(&alt, pen.qr(RIGHT - QR_SIDE, y + 65, QR_SIDE, &qr)));
    }
    y + 385
}

/// The size of bold letters, `size` at most, in which a line is no wider than this.
fn fitting(fonts: &Fonts, size: i16, width_max: i16, line: &str) -> i16 {
    let width = fonts.width(Weight::Bold, size, line);
    if width <= width_max {
        return size;
    }
    i16::try_from(i32::from(size) * i32::from(width_max) / i32::from(width)).expect("smaller than it was")
}

/// Left edge and lines of each sentence.
fn sentences(fonts: &Fonts, paper: &Paper, advice: &Advice) -> (i16, Vec<Vec<String>>) {
    let sizes = &paper.format.geometry().cover;
    let left = LEFT + sizes.pictogram + 60;
    let wrapped = |sentence: &String| fonts.wrapped(Weight::Regular, sizes.body, RIGHT - left, LINES_MAX, sentence);
    (left, advice.sentences.iter().map(wrapped).collect())
}

/// Height of an advice with the space below it.
fn height(fonts: &Fonts, paper: &Paper, advice: &Advice) -> i16 {
    let sizes = &paper.format.geometry().cover;
    let (_, sentences) = sentences(fonts, paper, advice);
    let lines = count(sentences.iter().map(Vec::len).sum());
    (sizes.heading * 3 / 4 + lines.saturating_mul(sizes.pitch) + sizes.pitch * 2 / 3).max(230)
}

fn advise(pen: &mut Pen<'_>, section: &mut TagGroup, paper: &Paper, advice: &Advice, top: i16) {
    let sizes = &paper.format.geometry().cover;
    let (left, sentences) = sentences(pen.fonts(), paper, advice);
    advice.pictogram.draw(pen, LEFT + (sizes.pictogram - 200) / 2, top);
    let mut y = top + sizes.heading * 3 / 4;
    let line = pen.bold(left, y, sizes.heading, advice.question);
    section.push(heading(2, advice.question, line));
    for sentence in &sentences {
        let drawn = sentence.iter().map(|line| {
            y += sizes.pitch;
            pen.regular(left, y, sizes.body, &format!("{line} "))
        });
        section.push(paragraph(drawn.collect::<Vec<_>>()));
    }
}

/// Height of the rows of logos, with the space below each row.
fn logos_height(logos: usize) -> i16 {
    match i16::try_from(logos.min(LOGOS_MAX)).expect("a few") {
        0 => 0,
        shown if shown <= LOGOS_IN_ROW => 210 + 30,
        _ => 2 * (110 + 25) + 5,
    }
}

fn names_lines(fonts: &Fonts, paper: &Paper) -> Vec<String> {
    let names: Vec<&str> = paper.partners.iter().map(|partner| partner.name.as_str()).collect();
    let size = paper.format.geometry().cover.names;
    fonts.wrapped(Weight::Regular, size, RIGHT - LEFT, LINES_MAX, &names.join(", "))
}

/// Height of the partners' part, with the space above it.
fn partners_height(fonts: &Fonts, paper: &Paper) -> i16 {
    if paper.partners.is_empty() {
        return 0;
    }
    let sizes = &paper.format.geometry().cover;
    let logos = paper.partners.iter().filter(|partner| partner.logo.is_some()).count();
    let names = count(names_lines(fonts, paper).len()).saturating_mul(pitch(sizes.names));
    names.saturating_add(PARTNERS_SPACE + pitch(sizes.thanks) + logos_height(logos))
}

/// Who pays and who runs the programme, with their logos.
fn thanks(pen: &mut Pen<'_>, paper: &Paper, partners: &[Shown<'_>], top: i16) -> TagGroup {
    let sizes = &paper.format.geometry().cover;
    let mut section = TagGroup::new(Tag::Section);
    let title = "Ce carnet vous est offert par :";
    let line = pen.bold(LEFT, top, sizes.thanks, title);
    section.push(heading(2, title, line));
    let with_logo: Vec<&Shown<'_>> = partners.iter().filter(|partner| partner.logo.is_some()).collect();
    let one_row = with_logo.len() <= usize::try_from(LOGOS_IN_ROW).expect("a few");
    let (box_width, box_height) = ((RIGHT - LEFT) / LOGOS_IN_ROW - 40, if one_row { 210 } else { 110 });
    for (place, partner) in (0_i16..).zip(with_logo.iter().take(LOGOS_MAX)) {
        let x = LEFT + place % LOGOS_IN_ROW * (box_width + 40);
        let y = top + 25 + place / LOGOS_IN_ROW * (box_height + 25);
        if let Some((pixels_wide, pixels_high, image)) = &partner.logo {
            let (width, height) = fitted(*pixels_wide, *pixels_high, box_width, box_height);
            let drawn = pen.image(x, y + (box_height - height) / 2, width, height, image.clone());
            section.push(figure(&format!("Logo : {}", partner.name), drawn));
        }
    }
    let mut y = top + logos_height(with_logo.len());
    let mut drawn = Vec::new();
    for text in names_lines(pen.fonts(), paper) {
        y += pitch(sizes.names);
        drawn.push(pen.regular(LEFT, y, sizes.names, &format!("{text} ")));
    }
    section.push(paragraph(drawn));
    section
}

/// The largest size of these proportions inside a box.
fn fitted(pixels_wide: u16, pixels_high: u16, box_width: i16, box_height: i16) -> (i16, i16) {
    let (wide, high) = (i32::from(pixels_wide).max(1), i32::from(pixels_high).max(1));
    let (width, height) = (i32::from(box_width), i32::from(box_height));
    let (fit_width, fit_height) = if wide * height >= width * high {
        (width, (width * high / wide).max(1))
    } else {
        ((height * wide / high).max(1), height)
    };
    let small = "inside the box";
    (
        i16::try_from(fit_width).expect(small),
        i16::try_from(fit_height).expect(small),
    )
}

fn advices(paper: &Paper, booklet: u32, vouchers: usize) -> Vec<Advice> {
    let (value, day) = (french_value(paper.face_value), french_day(paper.printed_day));
    let contact = &paper.contact;
    // In one piece.
    let phone = contact.phone.as_ref().map(|phone| phone.replace(' ', "\u{a0}"));
    let (value, day) = (value.replace(' ', "\u{a0}"), day.replace(' ', "\u{a0}"));
    let text = |sentence: &str| sentence.to_owned();
    let ways = [
        phone
            .as_ref()
            .map(|phone| ("Appelez", format!(" le {phone} : on vous dit où aller."))),
        contact
            .address
            .as_ref()
            .map(|address| ("Demandez", format!(" ici : {address}"))),
        contact
            .web_page
            .as_ref()
            .map(|page| ("Regardez", format!(" sur Internet : {page}"))),
    ];
    let mut places: Vec<String> = Vec::new();
    for (verb, rest) in ways.into_iter().flatten() {
        places.push(if places.is_empty() {
            format!("{verb}{rest}")
        } else {
            format!("Ou {}{rest}", verb.to_lowercase())
        });
    }
    places.push(text(
        "Un téléphone qui lit le code de cette page montre aussi les lieux.",
    ));
    let mut lost = vec![text("Dites-le vite à la personne qui vous a donné ce carnet.")];
    lost.push(match &phone {
        Some(phone) => format!("Ou appelez le {phone}."),
        None => text("Ou dites-le à l'adresse écrite plus haut."),
    });
    lost.push(text(
        "Les chèques perdus seront bloqués : personne ne pourra les utiliser.",
    ));
    lost.push(format!("Notez ailleurs le numéro de ce carnet : {booklet}."));
    vec![
        Advice {
            pictogram: Pictogram::Voucher,
            question: "C'est quoi ?",
            sentences: vec![
                format!("Ce carnet contient {vouchers} chèques. Un chèque vaut {value}."),
                text("Avec un chèque, vous payez une aide ou un atelier numérique."),
                text("Le numérique, c'est le téléphone, l'ordinateur, Internet."),
                text("Par exemple : envoyer un message, faire une démarche en ligne."),
            ],
        },
        Advice {
            pictogram: Pictogram::Place,
            question: "Où aller ?",
            sentences: places,
        },
        Advice {
            pictogram: Pictogram::Give,
            question: "Comment faire ?",
            sentences: vec![
                text("Allez dans un lieu qui accepte les chèques. On vous y aide."),
                text("Le lieu vous dit combien de chèques il faut donner."),
                text("Découpez un chèque seulement pour le donner."),
                text("Gardez les autres chèques dans le carnet, avec cette couverture."),
            ],
        },
        Advice {
            pictogram: Pictogram::Calendar,
            question: "Jusqu'à quand ?",
            sentences: vec![
                format!("Utilisez vos chèques jusqu'au {day}."),
                text("Après cette date, les chèques ne valent plus rien."),
            ],
        },
        Advice {
            pictogram: Pictogram::Lost,
            question: "Carnet perdu ou volé ?",
            sentences: lost,
        },
        Advice {
            pictogram: Pictogram::Warning,
            question: "Attention",
            sentences: vec![
                text("Les chèques sont comme de l'argent : gardez-les bien."),
                text("Donnez-les seulement dans un lieu qui accepte les chèques."),
                text("Un chèque ne se vend pas. Ne le photographiez pas."),
            ],
        },
    ]
}
