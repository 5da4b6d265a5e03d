//! The sizes of each format, in tenths of a millimetre.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How booklets are laid out on A4.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaperFormat {
    /// Ten vouchers a page, 95 × 54 mm each.
    #[default]
    Sheet,
    /// Four vouchers a page, 190 × 68 mm each, letters of at least 16 points, a QR code of 40 mm; the cover takes two pages or more.
    LargePrint,
}

impl PaperFormat {
    /// The word in JSON and in the database.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Sheet => "sheet",
            Self::LargePrint => "large_print",
        }
    }

    /// The format of a stored word; the database's constraint knows no other.
    pub(crate) fn of_word(word: &str) -> Self {
        if word == Self::LargePrint.word() {
            Self::LargePrint
        } else {
            Self::Sheet
        }
    }

    pub(super) const fn geometry(self) -> &'static Geometry {
        match self {
            Self::Sheet => &SHEET,
            Self::LargePrint => &LARGE_PRINT,
        }
    }
}

/// Least distance from the typed code to the cut below it. `tests/checkers/check_clearances.py` measures both on the PDF.
#[cfg(test)]
const CODE_FROM_CUT: i16 = 40;
/// And to the frame of the stamp above it.
#[cfg(test)]
const CODE_FROM_STAMP: i16 = 30;

/// A4 (ISO 216).
pub(super) const PAGE_WIDTH: i16 = 2100;

/// Where things are: the grid of vouchers on a page, and what is in a voucher, from its top left corner.
pub(super) struct Geometry {
    pub columns: i16,
    pub rows: i16,
    pub left: i16,
    pub top: i16,
    pub width: i16,
    pub height: i16,
    /// Size of the line above the vouchers.
    pub header: i16,
    /// Left edge of the words.
    pub inset: i16,
    pub value: TextLine,
    /// The value is made smaller when it is wider than this.
    pub value_width_max: i16,
    /// Baselines of the words *Chèque culture numérique* beside the value.
    pub title: &'static [(&'static str, i16)],
    pub title_size: i16,
    pub programme: [i16; 2],
    pub programme_size: i16,
    pub programme_right: i16,
    pub valid: TextLine,
    pub day: TextLine,
    /// The frame for a stamp: left, top, width, height. A stamp misses it by a millimetre or two, scissors miss the cut by as much:
    /// the typed code stays clear of both.
    pub stamp: [i16; 4],
    pub stamp_size: i16,
    /// Left, top and side of the QR code, quiet zone not counted.
    pub qr: [i16; 3],
    pub serial: TextLine,
    pub booklet: TextLine,
    pub code: TextLine,
    pub code_label_size: i16,
    /// Sizes of the cover.
    pub cover: Cover,
}

/// A baseline and a size of letters.
#[derive(Clone, Copy)]
pub(super) struct TextLine {
    pub y: i16,
    pub size: i16,
}

/// The cover's sizes.
pub(super) struct Cover {
    pub heading: i16,
    pub body: i16,
    pub pitch: i16,
    pub pictogram: i16,
    /// The programme's name.
    pub programme: i16,
    /// The cover's typed code.
    pub note: i16,
    /// Who pays: the heading, and the names.
    pub thanks: i16,
    pub names: i16,
}

const fn line(y: i16, size: i16) -> TextLine {
    TextLine { y, size }
}

/// 30 mm at level Q (docs/PAPER.md): a module is 0.57 mm.
static SHEET: Geometry = Geometry {
    columns: 2,
    rows: 5,
    left: 110,
    top: 150,
    width: 950,
    height: 540,
    header: 38,
    inset: 30,
    value: line(122, 138),
    value_width_max: 330,
    title: &[("Chèque", 44), ("culture", 84), ("numérique", 124)],
    title_size: 39,
    programme: [166, 199],
    programme_size: 33,
    programme_right: 580,
    valid: line(238, 33),
    day: line(281, 45),
    stamp: [30, 296, 550, 122],
    stamp_size: 27,
    qr: [617, 30, 300],
    serial: line(386, 42),
    booklet: line(424, 34),
    code: line(496, 66),
    code_label_size: 36,
    cover: Cover {
        heading: 60,
        body: 51,
        pitch: 61,
        pictogram: 190,
        programme: 55,
        note: 46,
        thanks: 50,
        names: 40,
    },
};

static LARGE_PRINT: Geometry = Geometry {
    columns: 1,
    rows: 4,
    left: 110,
    top: 150,
    width: 1900,
    height: 680,
    header: 57,
    inset: 40,
    value: line(205, 240),
    value_width_max: 700,
    title: &[("Chèque culture", 115), ("numérique", 205)],
    title_size: 80,
    programme: [285, 348],
    programme_size: 58,
    programme_right: 1380,
    valid: line(428, 58),
    day: line(505, 72),
    stamp: [770, 370, 610, 164],
    stamp_size: 57,
    qr: [1455, 45, 400],
    serial: line(535, 72),
    booklet: line(605, 58),
    code: line(634, 96),
    code_label_size: 58,
    cover: Cover {
        heading: 80,
        body: 66,
        pitch: 84,
        pictogram: 240,
        programme: 66,
        note: 58,
        thanks: 66,
        names: 58,
    },
};

impl Geometry {
    /// Vouchers on a page.
    pub(super) fn page_vouchers(&self) -> usize {
        usize::try_from(self.columns * self.rows).expect("a grid is small")
    }

    /// Top left corners of the vouchers of a page, row by row.
    pub(super) fn corners(&self) -> impl Iterator<Item = (i16, i16)> {
        (0..self.rows).flat_map(move |row| {
            (0..self.columns).map(move |column| (self.left + column * self.width, self.top + row * self.height))
        })
    }

    /// Trim marks in the margins, in line with every cut, and small crosses where four vouchers meet. None comes near a QR code: a
    /// cut runs between vouchers only.
    pub(super) fn marks(&self) -> Vec<[i16; 4]> {
        const GAP: i16 = 10;
        const LENGTH: i16 = 35;
        const CROSS: i16 = 15;
        let (right, bottom) = (
            self.left + self.columns * self.width,
            self.top + self.rows * self.height,
        );
        let columns: Vec<i16> = (0..=self.columns).map(|n| self.left + n * self.width).collect();
        let rows: Vec<i16> = (0..=self.rows).map(|n| self.top + n * self.height).collect();
        let mut marks = Vec::new();
        for &x in &columns {
            marks.push([x, self.top - GAP - LENGTH, x, self.top - GAP]);
            marks.push([x, bottom + GAP, x, bottom + GAP + LENGTH]);
        }
        for &y in &rows {
            marks.push([self.left - GAP - LENGTH, y, self.left - GAP, y]);
            marks.push([right + GAP, y, right + GAP + LENGTH, y]);
        }
        for &x in &columns {
            for &y in &rows {
                if x > self.left && x < right && y > self.top && y < bottom {
                    marks.push([x - CROSS, y, x + CROSS, y]);
                    marks.push([x, y - CROSS, x, y + CROSS]);
                }
            }
        }
        marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use voucher::{QUIET_ZONE_MODULES, QrLevel};

    #[test]
    fn large_print_has_no_letter_of_less_than_16_points() {
        // 16 points are 5.65 mm.
        let (g, least) = (PaperFormat::LargePrint.geometry(), 57);
        let lines = [g.value, g.valid, g.day, g.serial, g.booklet, g.code];
        let others = [
            g.header,
            g.title_size,
            g.programme_size,
            g.stamp_size,
            g.code_label_size,
        ];
        let Cover {
            heading,
            body,
            programme,
            note,
            thanks,
            names,
            ..
        } = g.cover;
        let cover = [heading, body, programme, note, thanks, names];
        let sizes = lines.iter().map(|line| line.size).chain(others).chain(cover);
        assert!(sizes.into_iter().all(|size| size >= least));
    }

    #[test]
    fn nothing_is_nearer_to_a_symbol_than_its_quiet_zone_and_all_fits_the_page() {
        for format in [PaperFormat::Sheet, PaperFormat::LargePrint] {
            let g = format.geometry();
            let [left, top, side] = g.qr;
            let modules = i16::try_from(QrLevel::Quartile.modules()).unwrap();
            let quiet = (side * i16::try_from(QUIET_ZONE_MODULES).unwrap() + modules - 1) / modules;
            assert!(side >= 300, "30 mm at least (docs/PAPER.md)");
            assert!(left + side + quiet <= g.width);
            assert!(left - quiet >= g.programme_right && left - quiet >= g.stamp[0] + g.stamp[2]);
            // A cut may be half a millimetre off and still leave the quiet zone.
            assert!(top - quiet >= 5 && left + side + quiet + 5 <= g.width);
            assert!(
                g.serial.y - g.serial.size >= top + side,
                "words begin below the quiet zone"
            );
            // Capitals of the typeface are less than seven tenths of its size high.
            let code_top = g.code.y - g.code.size * 7 / 10;
            assert!(
                code_top >= g.stamp[1] + g.stamp[3] + CODE_FROM_STAMP,
                "the code under a stamp"
            );
            assert!(g.code.y + CODE_FROM_CUT <= g.height, "the code under the scissors");
            assert!(g.left >= 100, "room for staples");
            assert!(g.left + g.columns * g.width <= PAGE_WIDTH - 50);
            assert!(g.top + g.rows * g.height <= 2970 - 50, "A4 is 297 mm high");
            for [x1, y1, x2, y2] in g.marks() {
                for (corner_x, corner_y) in g.corners() {
                    let (x, y) = (corner_x + left, corner_y + top);
                    let apart = x2 < x - quiet || x1 > x + side + quiet || y2 < y - quiet || y1 > y + side + quiet;
                    assert!(apart, "a mark in the quiet zone");
                }
            }
        }
    }
}
