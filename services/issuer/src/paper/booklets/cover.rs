//! The cover in easy-to-read French (FALC): one idea a sentence, common words, each advice with a pictogram and its words.

use document::french_day;
use document::typeface::{Fonts, Weight};
use krilla::image::Image;
use krilla::tagging::{Tag, TagGroup};

use super::drawing::{Pen, figure, heading, paragraph};
use super::format::PAGE_WIDTH;
use super::pictograms::Pictogram;
use super::words::french_value;
use super::{Paper, Partner};
use crate::paper::logos::LogoInk;

const LEFT: i16 = 150;
const RIGHT: i16 = PAGE_WIDTH - 120;

/// Lines that one sentence may take.
const SENTENCE_LINES_MAX: usize = 3;

/// Logos on a cover; the partners beyond are named only.
const LOGOS_MAX: usize = 8;
const LOGOS_IN_ROW: i16 = 4;

/// Top of the partners' part, from which the page's foot is theirs.
const PARTNERS_TOP: i16 = 2470;

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

/// How many pages a cover takes: one, unless its words reach the partners' part.
pub(super) fn pages(fonts: &Fonts, paper: &Paper) -> usize {
    let advices = advices(paper, usize::from(u16::MAX));
    let end = advices
        .iter()
        .fold(TITLE_HEIGHT, |y, advice| y + height(fonts, paper, advice));
    if end <= PARTNERS_TOP - 30 { 1 } else { 2 }
}

/// Draws one page of the cover.
pub(super) fn draw(
    pen: &mut Pen<'_>,
    paper: &Paper,
    partners: &[Shown<'_>],
    booklet: u32,
    vouchers: usize,
    page: usize,
) -> TagGroup {
    let sizes = &paper.format.geometry().cover;
    let pages = pages(pen.fonts(), paper);
    if paper.specimen {
        pen.across(300, 2300, 330, super::voucher_cell::SPECIMEN);
    }
    let mut section = TagGroup::new(Tag::Section);
    let mut y = if page == 0 {
        title(pen, &mut section, paper, booklet, vouchers)
    } else {
        let line = format!("Carnet n° {booklet}, suite");
        section.push(paragraph([pen.bold(LEFT, 190, sizes.body, &line)]));
        300
    };
    let advices = advices(paper, vouchers);
    let share = advices.len().div_ceil(pages);
    for advice in advices.chunks(share).nth(page).unwrap_or_default() {
        advise(pen, &mut section, paper, advice, y);
        y += height(pen.fonts(), paper, advice);
    }
    if page + 1 == pages {
        section.push(thanks(pen, partners));
    }
    section
}

/// Where the first advice begins when the programme's name takes two lines.
const TITLE_HEIGHT: i16 = 190 + 2 * 68 + 310;

fn title(pen: &mut Pen<'_>, section: &mut TagGroup, paper: &Paper, booklet: u32, vouchers: usize) -> i16 {
    let title = format!("Carnet n° {booklet}");
    let heading_line = pen.bold(LEFT, 190, 100, "Chèques culture numérique");
    section.push(heading(
        1,
        &format!("{title} de chèques culture numérique"),
        heading_line,
    ));
    let name = pen
        .fonts()
        .wrapped(Weight::Regular, 55, RIGHT - LEFT, 2, &paper.programme);
    let mut y = 190;
    let mut lines = Vec::new();
    for line in name {
        y += 68;
        lines.push(pen.regular(LEFT, y, 55, &format!("{line} ")));
    }
    if !lines.is_empty() {
        section.push(paragraph(lines));
    }
    let count = format!("{vouchers} chèques de {}", french_value(paper.face_value));
    section.push(paragraph([pen.bold(LEFT, y + 150, 130, &count)]));
    section.push(paragraph([pen.bold(LEFT, y + 235, 60, &title)]));
    y + 310
}

/// Left edge and lines of each sentence.
fn sentences(fonts: &Fonts, paper: &Paper, advice: &Advice) -> (i16, Vec<Vec<String>>) {
    let sizes = &paper.format.geometry().cover;
    let left = LEFT + sizes.pictogram + 60;
    let wrapped =
        |sentence: &String| fonts.wrapped(Weight::Regular, sizes.body, RIGHT - left, SENTENCE_LINES_MAX, sentence);
    (left, advice.sentences.iter().map(wrapped).collect())
}

/// Height of an advice with the space below it.
fn height(fonts: &Fonts, paper: &Paper, advice: &Advice) -> i16 {
    let sizes = &paper.format.geometry().cover;
    let (_, sentences) = sentences(fonts, paper, advice);
    let lines = i16::try_from(sentences.iter().map(Vec::len).sum::<usize>()).unwrap_or(i16::MAX / 200);
    (sizes.heading * 3 / 4 + lines * sizes.pitch + sizes.pitch * 2 / 3).max(230)
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

/// Who pays and who runs the programme, with their logos.
fn thanks(pen: &mut Pen<'_>, partners: &[Shown<'_>]) -> TagGroup {
    let mut section = TagGroup::new(Tag::Section);
    if partners.is_empty() {
        return section;
    }
    let title = "Ce carnet vous est offert par :";
    let line = pen.bold(LEFT, PARTNERS_TOP, 50, title);
    section.push(heading(2, title, line));
    let with_logo: Vec<&Shown<'_>> = partners.iter().filter(|partner| partner.logo.is_some()).collect();
    let shown = with_logo.len().min(LOGOS_MAX);
    let one_row = shown <= usize::try_from(LOGOS_IN_ROW).expect("a few");
    let (box_width, box_height) = ((RIGHT - LEFT) / LOGOS_IN_ROW - 40, if one_row { 210 } else { 110 });
    for (place, partner) in (0_i16..).zip(with_logo.iter().take(LOGOS_MAX)) {
        let x = LEFT + place % LOGOS_IN_ROW * (box_width + 40);
        let y = PARTNERS_TOP + 30 + place / LOGOS_IN_ROW * (box_height + 25);
        if let Some((pixels_wide, pixels_high, image)) = &partner.logo {
            let (width, height) = fitted(*pixels_wide, *pixels_high, box_width, box_height);
            let drawn = pen.image(x, y + (box_height - height) / 2, width, height, image.clone());
            section.push(figure(&format!("Logo : {}", partner.name), drawn));
        }
    }
    let names_top = match (shown, one_row) {
        (0, _) => PARTNERS_TOP + 65,
        (_, true) => PARTNERS_TOP + 300,
        (_, false) => PARTNERS_TOP + 335,
    };
    let names = partners
        .iter()
        .map(|partner| partner.name)
        .collect::<Vec<_>>()
        .join(", ");
    let (size, lines_max) = if shown == 0 { (50, 5) } else { (40, 3) };
    let lines = pen
        .fonts()
        .wrapped(Weight::Regular, size, RIGHT - LEFT, lines_max, &names);
    let drawn = lines
        .iter()
        .zip(0_i16..)
        .map(|(text, line)| pen.regular(LEFT, names_top + line * (size + 8), size, &format!("{text} ")));
    section.push(paragraph(drawn.collect::<Vec<_>>()));
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

fn advices(paper: &Paper, vouchers: usize) -> Vec<Advice> {
    let (value, day) = (french_value(paper.face_value), french_day(paper.printed_day));
    let contact = &paper.contact;
    let text = |sentence: &str| sentence.to_owned();
    let ways = [
        contact
            .web_page
            .as_ref()
            .map(|page| ("Cherchez", format!(" un lieu sur Internet : {page}"))),
        contact.phone.as_ref().map(|phone| ("Appelez", format!(" le {phone}."))),
        contact
            .address
            .as_ref()
            .map(|address| ("Demandez", format!(" ici : {address}"))),
    ];
    let mut places: Vec<String> = Vec::new();
    for (verb, rest) in ways.into_iter().flatten() {
        places.push(if places.is_empty() {
            format!("{verb}{rest}")
        } else {
            format!("Ou {}{rest}", verb.to_lowercase())
        });
    }
    if places.is_empty() {
        places.push(text("La personne qui vous donne ce carnet vous dit où aller."));
    }
    // The page behind every QR code lists the structures near the reader.
    places.push(text("Un téléphone qui lit le code montre aussi où aller."));
    let mut lost = vec![
        text("Dites-le vite à la personne qui vous a donné ce carnet."),
        text("Les chèques perdus seront bloqués."),
    ];
    lost.extend(
        contact
            .phone
            .as_ref()
            .map(|phone| format!("Vous pouvez aussi appeler le {phone}.")),
    );
    vec![
        Advice {
            pictogram: Pictogram::Voucher,
            question: "C'est quoi ?",
            sentences: vec![
                format!("Vous avez {vouchers} chèques. Un chèque vaut {value}."),
                text("Avec un chèque, vous payez une aide ou un atelier numérique."),
            ],
        },
        Advice {
            pictogram: Pictogram::Give,
            question: "Comment faire ?",
            sentences: vec![
                text("Donnez un chèque à la personne qui vous aide."),
                text("Elle lit le code avec son téléphone."),
                text("Découpez un chèque seulement pour le donner."),
            ],
        },
        Advice {
            pictogram: Pictogram::Place,
            question: "Où aller ?",
            sentences: places,
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
                text("Ne donnez jamais un chèque à une personne inconnue."),
                text("Un chèque ne se vend pas."),
                text("Ne montrez pas le code à tout le monde."),
            ],
        },
    ]
}
