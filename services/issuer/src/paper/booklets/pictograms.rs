//! Pictograms for the cover, as lines on a square of 200 × 200; each stands beside the words that say the same.

use krilla::geom::PathBuilder;

use super::drawing::{Pen, circle, open_line, polygon};

#[derive(Debug, Clone, Copy)]
pub(super) enum Pictogram {
    Voucher,
    /// A voucher given to a person.
    Give,
    /// A pin on a map.
    Place,
    /// A leaf of a calendar.
    Calendar,
    /// A question mark where a voucher was.
    Lost,
    /// A triangle with an exclamation mark.
    Warning,
}

/// Width of the lines.
const LINE: f32 = 9.0;

impl Pictogram {
    /// Draws it with its top left corner at (x, y).
    pub(super) fn draw(self, pen: &mut Pen<'_>, x: i16, y: i16) {
        let (mut lines, mut shapes) = (PathBuilder::new(), PathBuilder::new());
        match self {
            Self::Voucher => voucher(&mut lines, &mut shapes, 10, 50),
            Self::Give => give(&mut lines, &mut shapes),
            Self::Place => place(&mut lines, &mut shapes),
            Self::Calendar => calendar(&mut lines, &mut shapes),
            Self::Lost => lost(&mut lines, &mut shapes),
            Self::Warning => warning(&mut lines, &mut shapes),
        }
        pen.strokes(x, y, LINE, lines);
        pen.shape(x, y, shapes);
    }
}

/// A sheet with a QR code in outline, three lines of text.
fn voucher(lines: &mut PathBuilder, shapes: &mut PathBuilder, x: i16, y: i16) {
    polygon(lines, &[(x, y), (x + 180, y), (x + 180, y + 100), (x, y + 100)]);
    for line in [25, 50, 75] {
        open_line(lines, &[(x + 20, y + line), (x + 85, y + line)]);
    }
    for (left, top) in [(110, 22), (140, 22), (110, 52), (148, 60), (125, 72), (140, 46)] {
        square(shapes, x + left, y + top, 16);
    }
}

fn square(path: &mut PathBuilder, x: i16, y: i16, side: i16) {
    polygon(path, &[(x, y), (x + side, y), (x + side, y + side), (x, y + side)]);
}

/// A sheet, an arrow, a person.
fn give(lines: &mut PathBuilder, shapes: &mut PathBuilder) {
    polygon(lines, &[(5, 70), (75, 70), (75, 130), (5, 130)]);
    open_line(lines, &[(18, 90), (45, 90)]);
    open_line(lines, &[(18, 110), (45, 110)]);
    square(shapes, 54, 82, 12);
    open_line(lines, &[(88, 100), (124, 100)]);
    open_line(lines, &[(110, 86), (124, 100), (110, 114)]);
    person(lines, 164, 60);
}

/// A head and shoulders around a middle line.
fn person(lines: &mut PathBuilder, middle: i16, top: i16) {
    circle(lines, middle, top, 21);
    let points = [
        (middle - 30, top + 105),
        (middle - 30, top + 60),
        (middle - 18, top + 40),
        (middle + 18, top + 40),
        (middle + 30, top + 60),
        (middle + 30, top + 105),
    ];
    polygon(lines, &points);
}

fn place(lines: &mut PathBuilder, shapes: &mut PathBuilder) {
    lines.move_to(100.0, 180.0);
    lines.cubic_to(70.0, 130.0, 45.0, 105.0, 45.0, 75.0);
    lines.cubic_to(45.0, 45.0, 70.0, 20.0, 100.0, 20.0);
    lines.cubic_to(130.0, 20.0, 155.0, 45.0, 155.0, 75.0);
    lines.cubic_to(155.0, 105.0, 130.0, 130.0, 100.0, 180.0);
    lines.close();
    circle(shapes, 100, 75, 22);
}

fn calendar(lines: &mut PathBuilder, shapes: &mut PathBuilder) {
    polygon(lines, &[(20, 40), (180, 40), (180, 180), (20, 180)]);
    open_line(lines, &[(20, 80), (180, 80)]);
    open_line(lines, &[(65, 20), (65, 55)]);
    open_line(lines, &[(135, 20), (135, 55)]);
    for (x, y) in [(48, 98), (90, 98), (132, 98), (48, 138), (90, 138)] {
        square(shapes, x, y, 20);
    }
    // The last day is ringed.
    circle(lines, 142, 148, 20);
}

/// A voucher that is not where it was: its outline is broken, and a question mark stands in it.
fn lost(lines: &mut PathBuilder, shapes: &mut PathBuilder) {
    for side in [[(60, 35), (10, 35), (10, 75)], [(10, 125), (10, 165), (60, 165)]] {
        open_line(lines, &side);
        open_line(lines, &side.map(|(x, y)| (200 - x, y)));
    }
    lines.move_to(70.0, 70.0);
    lines.cubic_to(70.0, 28.0, 130.0, 28.0, 130.0, 70.0);
    lines.cubic_to(130.0, 96.0, 100.0, 92.0, 100.0, 124.0);
    circle(shapes, 100, 152, 9);
}

/// The warning triangle.
fn warning(lines: &mut PathBuilder, shapes: &mut PathBuilder) {
    polygon(lines, &[(100, 20), (188, 175), (12, 175)]);
    open_line(lines, &[(100, 75), (100, 125)]);
    circle(shapes, 100, 151, 9);
}
