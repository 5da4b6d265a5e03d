use document::french_day;
use document::typeface::Weight;
use krilla::tagging::{Tag, TagGroup};

use super::drawing::{Pen, figure, heading, paragraph};
use super::format::Geometry;
use super::words::french_value;
use super::{Paper, PaperVoucher};

/// Written across what must not be taken for a voucher.
pub(super) const SPECIMEN: &str = "SPÉCIMEN";

/// What every voucher of a print says.
pub(super) struct Shared {
    geometry: &'static Geometry,
    programme: Vec<String>,
    value: String,
    value_size: i16,
    title_left: i16,
    day: String,
    code_left: i16,
    specimen: bool,
}

impl Shared {
    pub(super) fn new(pen: &Pen<'_>, paper: &Paper) -> Self {
        let geometry = paper.format.geometry();
        let (fonts, value) = (pen.fonts(), french_value(paper.face_value));
        let width = fonts.width(Weight::Bold, geometry.value.size, &value);
        let value_size = if width <= geometry.value_width_max {
            geometry.value.size
        } else {
            let smaller = i32::from(geometry.value.size) * i32::from(geometry.value_width_max) / i32::from(width);
            i16::try_from(smaller).expect("smaller than it was")
        };
        let value_width = fonts.width(Weight::Bold, value_size, &value);
        let programme_width = geometry.programme_right - geometry.inset;
        let label_width = fonts.width(Weight::Regular, geometry.code_label_size, CODE);
        Self {
            geometry,
            programme: fonts.wrapped(
                Weight::Regular,
                geometry.programme_size,
                programme_width,
                geometry.programme.len(),
                &paper.programme,
            ),
            value,
            value_size,
            title_left: geometry.inset + value_width + geometry.title_size / 2,
            day: french_day(paper.printed_day),
            code_left: geometry.inset + label_width + geometry.code_label_size / 2,
            specimen: paper.specimen,
        }
    }
}

const CODE: &str = "Code";

/// Draws one voucher in the cell whose top left corner is given, in reading order: the value first.
pub(super) fn draw(
    pen: &mut Pen<'_>,
    shared: &Shared,
    booklet: u32,
    voucher: &PaperVoucher,
    left: i16,
    top: i16,
) -> TagGroup {
    let g = shared.geometry;
    let x = left + g.inset;
    if shared.specimen {
        pen.across(
            x + g.inset,
            top + g.stamp[1] + g.stamp[3],
            g.value.size * 2 / 3,
            SPECIMEN,
        );
    }
    let mut section = TagGroup::new(Tag::Section);
    let number = format!("Chèque n° {}", voucher.serial);
    let value = pen.bold(x, top + g.value.y, shared.value_size, &shared.value);
    section.push(heading(2, &format!("{number} : {}", shared.value), value));
    section.push(paragraph(g.title.iter().map(|(word, y)| {
        pen.bold(left + shared.title_left, top + y, g.title_size, &format!("{word} "))
    })));
    if !shared.programme.is_empty() {
        section.push(paragraph(
            shared
                .programme
                .iter()
                .zip(g.programme)
                .map(|(text, y)| pen.regular(x, top + y, g.programme_size, &format!("{text} "))),
        ));
    }
    section.push(paragraph([
        pen.regular(x, top + g.valid.y, g.valid.size, "Valable jusqu'au "),
        pen.bold(x, top + g.day.y, g.day.size, &shared.day),
    ]));
    let [qr_left, qr_top, side] = g.qr;
    let alt = format!(
        "Code QR du chèque n° {}. La personne qui vous aide le lit avec un téléphone.",
        voucher.serial
    );
    section.push(figure(&alt, pen.qr(left + qr_left, top + qr_top, side, &voucher.qr)));
    section.push(paragraph([
        pen.bold(left + qr_left, top + g.serial.y, g.serial.size, &format!("{number} ")),
        pen.regular(
            left + qr_left,
            top + g.booklet.y,
            g.booklet.size,
            &format!("Carnet n° {booklet}"),
        ),
    ]));
    let [stamp_left, stamp_top, stamp_width, stamp_height] = g.stamp;
    pen.frame(left + stamp_left, top + stamp_top, stamp_width, stamp_height);
    section.push(paragraph([pen.regular(
        left + stamp_left + g.stamp_size / 2,
        top + stamp_top + g.stamp_size * 5 / 4,
        g.stamp_size,
        "Cachet du lieu",
    )]));
    section.push(paragraph([
        pen.regular(x, top + g.code.y, g.code_label_size, &format!("{CODE} ")),
        pen.bold(
            left + shared.code_left,
            top + g.code.y,
            g.code.size,
            &voucher.short_code.to_string(),
        ),
    ]));
    section
}
