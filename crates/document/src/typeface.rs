//! The letters: the embedded typeface, how wide a text is, where its lines break, and what it has no letter for.

use krilla::text::Font;
use skrifa::raw::TableProvider;
use skrifa::{FontRef, GlyphId, MetadataProvider};
use unicode_normalization::UnicodeNormalization;

/// Atkinson Hyperlegible (SIL OFL), made by the Braille Institute for people with low vision.
pub const REGULAR: &[u8] = include_bytes!("../assets/fonts/AtkinsonHyperlegible-Regular.ttf");
/// Its bold weight.
pub const BOLD: &[u8] = include_bytes!("../assets/fonts/AtkinsonHyperlegible-Bold.ttf");

/// A weight of the typeface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    Regular,
    /// For headings and what must be found.
    Bold,
}

/// Both weights, loaded once a document.
pub struct Fonts {
    regular: Face,
    bold: Face,
}

struct Face {
    font: Font,
    measured: FontRef<'static>,
    units_per_em: u32,
}

impl Face {
    fn load(bytes: &'static [u8]) -> Self {
        let read = "the embedded fonts are read by the tests";
        let measured = FontRef::new(bytes).expect(read);
        Self {
            font: Font::new(bytes.into(), 0).expect(read),
            units_per_em: u32::from(measured.head().expect(read).units_per_em()),
            measured,
        }
    }

    fn advance(&self, letter: char) -> u32 {
        let glyph = self.measured.charmap().map(letter).unwrap_or(GlyphId::NOTDEF);
        let widths = self.measured.hmtx().ok();
        u32::from(widths.and_then(|widths| widths.advance(glyph)).unwrap_or_default())
    }
}

impl Fonts {
    /// Reads the embedded fonts.
    #[must_use]
    pub fn load() -> Self {
        Self {
            regular: Face::load(REGULAR),
            bold: Face::load(BOLD),
        }
    }

    fn face(&self, weight: Weight) -> &Face {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    /// The font to draw with.
    #[must_use]
    pub fn font(&self, weight: Weight) -> Font {
        self.face(weight).font.clone()
    }

    /// Width of a line, in the unit of `size`, rounded up. Kerning only makes it narrower.
    #[must_use]
    pub fn width(&self, weight: Weight, size: i16, text: &str) -> i16 {
        let face = self.face(weight);
        let advances: u32 = printable(text).chars().map(|letter| face.advance(letter)).sum();
        let size = u32::from(size.unsigned_abs());
        i16::try_from((advances * size).div_ceil(face.units_per_em)).unwrap_or(i16::MAX)
    }

    /// The text on lines of at most `width`. A word that is wider than a line (an address on the web) is broken; what does not fit
    /// on `lines_max` lines is cut with an ellipsis. Lines break at spaces, never at a no-break space: an amount stays in one piece.
    #[must_use]
    pub fn wrapped(&self, weight: Weight, size: i16, width: i16, lines_max: usize, text: &str) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in printable(text).split(' ').filter(|word| !word.is_empty()) {
            let mut rest = word.to_owned();
            match lines.last_mut() {
                Some(last) if self.width(weight, size, &format!("{last} {rest}")) <= width => {
                    last.push(' ');
                    last.push_str(&rest);
                    continue;
                }
                _ => {}
            }
            while !rest.is_empty() {
                let fitting = self.fitting(weight, size, width, &rest);
                let after = rest.split_off(fitting);
                lines.push(std::mem::replace(&mut rest, after));
            }
        }
        if lines.len() > lines_max {
            let beyond = lines.split_off(lines_max);
            if let (Some(last), Some(next)) = (lines.last_mut(), beyond.first()) {
                *last = self.cut(weight, size, width, &format!("{last} {next} …"));
            }
        }
        lines
    }

    /// Bytes of the longest beginning that fits, at least one letter.
    fn fitting(&self, weight: Weight, size: i16, width: i16, word: &str) -> usize {
        let ends = word.char_indices().map(|(start, letter)| start + letter.len_utf8());
        let fits = |end: &usize| {
            word.get(..*end)
                .is_some_and(|part| self.width(weight, size, part) <= width)
        };
        let first = word.chars().next().map_or(0, char::len_utf8);
        ends.take_while(fits).last().unwrap_or(first)
    }

    /// The beginning of a line that is too wide.
    fn cut(&self, weight: Weight, size: i16, width: i16, line: &str) -> String {
        if self.width(weight, size, line) <= width {
            return line.to_owned();
        }
        let mut kept: Vec<char> = line.chars().filter(|letter| *letter != '…').collect();
        while !kept.is_empty() {
            let shorter = format!("{}…", kept.iter().collect::<String>().trim_end());
            if self.width(weight, size, &shorter) <= width {
                return shorter;
            }
            kept.pop();
        }
        "…".to_owned()
    }
}

/// The text in letters that the embedded font has: others lose their marks, or become a question mark.
/// What the fonts lack and have the like of becomes it: narrow no-break spaces, the minus sign, typographic hyphens.
#[must_use]
pub fn printable(text: &str) -> String {
    text.nfc()
        .map(|c| match c {
            NARROW_NO_BREAK_SPACE => NO_BREAK_SPACE,
            MINUS => '–',
            HYPHEN | NO_BREAK_HYPHEN => '-',
            c if has_glyph(c) => c,
            c if c.is_whitespace() => ' ',
            c => c.nfkd().find(|part| has_glyph(*part)).unwrap_or('?'),
        })
        .collect()
}

const NO_BREAK_SPACE: char = '\u{a0}';
const NARROW_NO_BREAK_SPACE: char = '\u{202f}';
const MINUS: char = '\u{2212}';
const HYPHEN: char = '\u{2010}';
const NO_BREAK_HYPHEN: char = '\u{2011}';

/// Whether both embedded fonts have the character: French and its neighbours.
const fn has_glyph(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='ÿ' | 'ą'..='ć' | 'Č'..='ē' | 'Ė'..='ě' | 'Ł'..='ń' | 'ň' | 'ő' | 'Œ'..='ŕ'
        | 'Ř'..='ś' | 'Ş'..='ť' | 'Ū'..='ū' | 'Ů'..='ų' | 'Ÿ'..='ž' | 'Ș'..='ț' | '–' | '—' | '‘'..='‚' | '“'..='„' | '…' | '€')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_font_lacks_is_replaced_by_what_it_has() {
        assert_eq!(
            printable("Chèque « été » d'Łódź – 10 €"),
            "Chèque « été » d'Łódź – 10 €"
        );
        assert_eq!(
            printable("\u{2212}\u{202f}20 rendez\u{2011}vous"),
            "–\u{a0}20 rendez-vous"
        );
        assert_eq!(printable("Thị Đức 1\u{202f}000 日"), "Thi Đuc 1\u{a0}000 ?");
    }

    #[test]
    fn no_line_is_wider_than_its_place_and_what_is_left_out_is_marked() {
        let fonts = Fonts::load();
        let lines = |text: &str| fonts.wrapped(Weight::Regular, 33, 550, 2, text);
        assert_eq!(lines("Côte-d'Or 2026"), ["Côte-d'Or 2026"]);
        let fits = lines("Chèque culture numérique du Département de la Côte-d'Or");
        assert_eq!((fits.len(), fits[1].ends_with('…')), (2, false));
        let address = "www.cheque-numerique-bourgogne.fr/lieux";
        assert_eq!(
            fonts.wrapped(Weight::Regular, 33, 550, 3, address).concat(),
            address,
            "broken, not cut"
        );
        for long in [
            "Inclusion numérique pour toutes et tous en Bourgogne ".repeat(4),
            "Anticonstitutionnellement".repeat(9),
            format!("Un {} deux", "mot".repeat(60)),
        ] {
            let lines = lines(&long);
            assert!(
                lines.len() <= 2 && lines.iter().any(|line| line.ends_with('…')),
                "{lines:?}"
            );
            assert!(lines.iter().all(|line| fonts.width(Weight::Regular, 33, line) <= 550));
        }
        assert!(lines("").is_empty());
    }
}
