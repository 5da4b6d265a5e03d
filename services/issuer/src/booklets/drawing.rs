//! A pen that speaks tenths of a millimetre and tags all that it draws.

use std::num::NonZeroU16;

use krilla::color::luma;
use krilla::geom::{PathBuilder, Point, Size, Transform};
use krilla::image::{BitsPerComponent, CustomImage, Image, ImageColorspace};
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, Identifier, SpanTag, Tag, TagGroup};
use krilla::text::{Font, TextDirection};
use unicode_normalization::UnicodeNormalization;
use voucher::Qr;

/// Points (1/72 inch) in a tenth of a millimetre.
const POINTS_PER_UNIT: f32 = 0.283_464_57;

/// Length of a cut mark, in tenths of a millimetre.
const MARK: i16 = 25;

/// Characters of a line of a programme's name, and how many lines it may take.
const WRAP_CHARS: usize = 38;
const WRAP_LINES: usize = 2;

const REGULAR: &[u8] = include_bytes!("../../assets/fonts/AtkinsonHyperlegible-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../assets/fonts/AtkinsonHyperlegible-Bold.ttf");

pub(super) struct Fonts {
    regular: Font,
    bold: Font,
}

impl Fonts {
    pub(super) fn load() -> Self {
        let font = |bytes: &'static [u8]| Font::new(bytes.into(), 0).expect("the embedded fonts are read by the tests");
        Self {
            regular: font(REGULAR),
            bold: font(BOLD),
        }
    }
}

pub(super) struct Pen<'a> {
    surface: Surface<'a>,
    fonts: &'a Fonts,
}

impl<'a> Pen<'a> {
    pub(super) fn new(mut surface: Surface<'a>, fonts: &'a Fonts) -> Self {
        surface.push_transform(&Transform::from_scale(POINTS_PER_UNIT, POINTS_PER_UNIT));
        surface.set_fill(Some(Fill {
            paint: luma::Color::black().into(),
            ..Fill::default()
        }));
        Self { surface, fonts }
    }

    pub(super) fn finish(mut self) {
        self.surface.pop();
        self.surface.finish();
    }

    /// One line of text whose baseline starts at (x, y).
    pub(super) fn regular(&mut self, x: i16, y: i16, size: i16, text: &str) -> Identifier {
        self.line(self.fonts.regular.clone(), x, y, size, text)
    }

    /// The same in bold.
    pub(super) fn bold(&mut self, x: i16, y: i16, size: i16, text: &str) -> Identifier {
        self.line(self.fonts.bold.clone(), x, y, size, text)
    }

    fn line(&mut self, font: Font, x: i16, y: i16, size: i16, text: &str) -> Identifier {
        let tagged = self.surface.start_tagged(ContentTag::Span(SpanTag::empty()));
        let start = Point::from_xy(x.into(), y.into());
        self.surface.draw_text(
            start,
            font,
            size.into(),
            &printable(text),
            false,
            TextDirection::LeftToRight,
        );
        self.surface.end_tagged();
        tagged
    }

    /// A QR code whose top left module is at (x, y); `side` does not count the quiet zone.
    pub(super) fn qr(&mut self, x: i16, y: i16, side: i16, qr: &Qr) -> Identifier {
        let image = Image::from_custom(Modules::of(qr), false).expect("one byte a module");
        let tagged = self.surface.start_tagged(ContentTag::Other);
        self.surface
            .push_transform(&Transform::from_translate(x.into(), y.into()));
        self.surface.draw_image(
            image,
            Size::from_wh(side.into(), side.into()).expect("a symbol has a positive side"),
        );
        self.surface.pop();
        self.surface.end_tagged();
        tagged
    }

    /// Crosses at the four corners of a cell, for scissors; decoration to a screen reader.
    pub(super) fn cut_marks(&mut self, left: i16, top: i16, width: i16, height: i16) {
        self.surface
            .start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
        let mut path = PathBuilder::new();
        for (x, y) in [
            (left, top),
            (left + width, top),
            (left, top + height),
            (left + width, top + height),
        ] {
            path.move_to((x - MARK).into(), y.into());
            path.line_to((x + MARK).into(), y.into());
            path.move_to(x.into(), (y - MARK).into());
            path.line_to(x.into(), (y + MARK).into());
        }
        let stroke = Stroke {
            paint: luma::Color::new(130).into(),
            width: 2.0,
            ..Stroke::default()
        };
        let fill = self.surface.get_fill().cloned();
        self.surface.set_fill(None);
        self.surface.set_stroke(Some(stroke));
        self.surface.draw_path(&path.finish().expect("eight lines are a path"));
        self.surface.set_stroke(None);
        self.surface.set_fill(fill);
        self.surface.end_tagged();
    }

    /// A long name on a few lines, cut with an ellipsis.
    #[expect(clippy::unused_self, reason = "the width of a line is the pen's business")]
    pub(super) fn wrapped(&self, text: &str) -> Vec<String> {
        wrapped(text)
    }
}

fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in printable(text).split_whitespace() {
        let last = lines.last_mut().expect("there is a line from the start");
        if last.is_empty() {
            last.push_str(word);
        } else if last.chars().count() + 1 + word.chars().count() <= WRAP_CHARS {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    let cut = lines.len() > WRAP_LINES;
    lines.truncate(WRAP_LINES);
    for line in &mut lines {
        *line = line.chars().take(WRAP_CHARS).collect();
    }
    if cut && let Some(last) = lines.last_mut() {
        last.push('…');
    }
    lines
}

pub(super) fn heading(level: u16, title: &str, line: Identifier) -> TagGroup {
    let level = NonZeroU16::new(level).expect("levels start at 1");
    let mut group = TagGroup::new(Tag::Hn(level, Some(title.to_owned())));
    group.push(line);
    group
}

/// The text in letters that the embedded font has: others lose their marks, or become a question mark.
pub(super) fn printable(text: &str) -> String {
    text.nfc()
        .filter_map(|c| {
            let plain = || c.nfkd().find(|part| has_glyph(*part));
            let space = c.is_whitespace().then_some(' ');
            if has_glyph(c) {
                Some(c)
            } else {
                space.or_else(plain).or(Some('?'))
            }
        })
        .collect()
}

/// Whether both embedded fonts have the character: French and its neighbours.
const fn has_glyph(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='ÿ' | 'ą'..='ć' | 'Č'..='ē' | 'Ė'..='ě' | 'Ł'..='ń' | 'ň' | 'ő' | 'Œ'..='ŕ'
        | 'Ř'..='ś' | 'Ş'..='ť' | 'Ū'..='ū' | 'Ů'..='ų' | 'Ÿ'..='ž' | 'Ș'..='ț' | '–' | '—' | '‘'..='‚' | '“'..='„' | '…' | '€')
}

/// One byte a module: 0 is dark.
#[derive(Clone, Hash)]
struct Modules {
    side: u32,
    luma: Vec<u8>,
}

impl Modules {
    fn of(qr: &Qr) -> Self {
        let places = (0..qr.size()).flat_map(|y| (0..qr.size()).map(move |x| (x, y)));
        let luma = places
            .map(|(x, y)| if qr.is_dark(x, y) { 0 } else { u8::MAX })
            .collect();
        Self {
            side: u32::try_from(qr.size()).expect("a symbol has at most 177 modules"),
            luma,
        }
    }
}

impl CustomImage for Modules {
    fn color_channel(&self) -> &[u8] {
        &self.luma
    }

    fn alpha_channel(&self) -> Option<&[u8]> {
        None
    }

    fn bits_per_component(&self) -> BitsPerComponent {
        BitsPerComponent::Eight
    }

    fn size(&self) -> (u32, u32) {
        (self.side, self.side)
    }

    fn icc_profile(&self) -> Option<&[u8]> {
        None
    }

    fn color_space(&self) -> ImageColorspace {
        ImageColorspace::Luma
    }
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
        assert_eq!(printable("Thị Đức 1\u{202f}000 日"), "Thi Đuc 1 000 ?");
    }

    #[test]
    fn long_names_take_two_lines() {
        assert_eq!(wrapped("Côte-d'Or 2026"), ["Côte-d'Or 2026"]);
        let long = wrapped(&"Inclusion numérique pour toutes et tous en Bourgogne ".repeat(4));
        assert_eq!(long.len(), WRAP_LINES);
        assert!(long.iter().all(|line| line.chars().count() <= WRAP_CHARS + 1) && long[1].ends_with('…'));
    }
}
