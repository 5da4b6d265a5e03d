use krilla::tagging::{Tag, TagGroup};
use voucher::QrLevel;

use super::PaperVoucher;
use super::drawing::{Pen, heading};

/// What every voucher of a print says.
pub(super) struct Shared {
    pub programme: Vec<String>,
    pub value: String,
    pub day: String,
}

/// Side of the QR code, quiet zone not counted: 30 mm at level Q (token.md), so a module is 0.57 mm.
const QR_SIDE: i16 = 300;

/// Four modules of quiet zone, rounded up: nothing is drawn nearer to the symbol.
const QUIET: i16 = 23;

const _: () = assert!(QUIET * 53 >= 4 * QR_SIDE && QrLevel::Quartile.modules() == 53);

const INSET: i16 = 30;
const QR_LEFT: i16 = 615;
const QR_TOP: i16 = 40;

/// Draws one voucher in the cell whose top left corner is given, in reading order.
pub(super) fn draw(pen: &mut Pen<'_>, shared: &Shared, voucher: &PaperVoucher, left: i16, top: i16) -> TagGroup {
    let x = left + INSET;
    let mut section = TagGroup::new(Tag::Section);
    let line = pen.bold(x, top + 70, 40, "Chèque culture numérique");
    section.push(heading(2, &format!("Chèque n° {}", voucher.serial), line));
    let mut programme = TagGroup::new(Tag::P);
    for (text, y) in shared.programme.iter().zip([top + 108, top + 138]) {
        programme.push(pen.regular(x, y, 27, text));
    }
    section.push(programme);
    section.push(paragraph(pen.bold(x, top + 245, 120, &shared.value)));
    let mut valid = TagGroup::new(Tag::P);
    valid.push(pen.regular(x, top + 300, 32, "Valable jusqu'au "));
    valid.push(pen.bold(x, top + 340, 38, &shared.day));
    section.push(valid);
    let alt = format!(
        "Code QR du chèque n° {}. La personne qui vous aide le lit avec un téléphone.",
        voucher.serial
    );
    let mut figure = TagGroup::new(Tag::Figure(Some(alt)));
    figure.push(pen.qr(left + QR_LEFT, top + QR_TOP, QR_SIDE, &voucher.qr));
    section.push(figure);
    let mut code = TagGroup::new(Tag::P);
    code.push(pen.regular(x, top + 412, 28, "Code : "));
    code.push(pen.bold(x + 95, top + 415, 54, &voucher.short_code.to_string()));
    section.push(code);
    let mut help = TagGroup::new(Tag::P);
    help.push(pen.regular(x, top + 462, 29, "Donnez ce chèque à la personne qui vous aide. "));
    help.push(pen.regular(x, top + 496, 29, "Le chèque paie votre aide ou votre atelier."));
    section.push(help);
    section.push(paragraph(pen.regular(
        left + 690,
        top + 496,
        29,
        &format!("Chèque n° {}", voucher.serial),
    )));
    section
}

fn paragraph(line: krilla::tagging::Identifier) -> TagGroup {
    let mut paragraph = TagGroup::new(Tag::P);
    paragraph.push(line);
    paragraph
}
