//! A pen that speaks tenths of a millimetre and tags all that it draws.

use std::num::NonZeroU16;

use document::typeface::{Fonts, Weight, printable};
use krilla::color::luma;
use krilla::geom::{Path, PathBuilder, Point, Size, Transform};
use krilla::image::Image;
use krilla::paint::{Fill, LineCap, LineJoin, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, Identifier, SpanTag, Tag, TagGroup};
use krilla::text::TextDirection;
use voucher::Qr;

use super::outlines::outlines;

/// Points (1/72 inch) in a tenth of a millimetre.
const POINTS_PER_UNIT: f32 = 0.283_464_57;

/// Width of a cut mark: a hairline that every printer shows.
const MARK_WIDTH: f32 = 2.0;

pub(super) struct Pen<'a> {
    surface: Surface<'a>,
    fonts: &'a Fonts,
}

impl<'a> Pen<'a> {
    pub(super) fn new(mut surface: Surface<'a>, fonts: &'a Fonts) -> Self {
        surface.push_transform(&Transform::from_scale(POINTS_PER_UNIT, POINTS_PER_UNIT));
        surface.set_fill(Some(black()));
        Self { surface, fonts }
    }

    pub(super) fn finish(mut self) {
        self.surface.pop();
        self.surface.finish();
    }

    pub(super) const fn fonts(&self) -> &'a Fonts {
        self.fonts
    }

    /// One line of text whose baseline starts at (x, y).
    pub(super) fn regular(&mut self, x: i16, y: i16, size: i16, text: &str) -> Identifier {
        self.line(Weight::Regular, x, y, size, text)
    }

    /// The same in bold.
    pub(super) fn bold(&mut self, x: i16, y: i16, size: i16, text: &str) -> Identifier {
        self.line(Weight::Bold, x, y, size, text)
    }

    pub(super) fn line(&mut self, weight: Weight, x: i16, y: i16, size: i16, text: &str) -> Identifier {
        let tagged = self.surface.start_tagged(ContentTag::Span(SpanTag::empty()));
        self.text(weight, x, y, size, text);
        self.surface.end_tagged();
        tagged
    }

    fn text(&mut self, weight: Weight, x: i16, y: i16, size: i16, text: &str) {
        let start = Point::from_xy(x.into(), y.into());
        let font = self.fonts.font(weight);
        let text = printable(text);
        self.surface
            .draw_text(start, font, size.into(), &text, false, TextDirection::LeftToRight);
    }

    /// A QR code whose top left module is at (x, y); `side` does not count the quiet zone.
    pub(super) fn qr(&mut self, x: i16, y: i16, side: i16, qr: &Qr) -> Identifier {
        let mut path = PathBuilder::new();
        for line in outlines(qr) {
            polygon(&mut path, &line);
        }
        let modules = i16::try_from(qr.size())
            .expect("a symbol has at most 177 modules")
            .into();
        let module = Transform::from_scale(modules, modules)
            .invert()
            .expect("a symbol has modules");
        let tagged = self.surface.start_tagged(ContentTag::Other);
        self.surface.push_transform(&Transform::from_row(
            side.into(),
            0.0,
            0.0,
            side.into(),
            x.into(),
            y.into(),
        ));
        self.surface.push_transform(&module);
        self.surface
            .draw_path(&path.finish().expect("a symbol has dark modules"));
        self.surface.pop();
        self.surface.pop();
        self.surface.end_tagged();
        tagged
    }

    /// An image in the rectangle whose top left corner is at (x, y).
    pub(super) fn image(&mut self, x: i16, y: i16, width: i16, height: i16, image: Image) -> Identifier {
        let tagged = self.surface.start_tagged(ContentTag::Other);
        self.surface
            .push_transform(&Transform::from_translate(x.into(), y.into()));
        let size = Size::from_wh(width.into(), height.into()).expect("an image has a positive size");
        self.surface.draw_image(image, size);
        self.surface.pop();
        self.surface.end_tagged();
        tagged
    }

    /// Lines that mean nothing to a screen reader, moved to (x, y).
    pub(super) fn strokes(&mut self, x: i16, y: i16, width: f32, path: PathBuilder) {
        let stroke = Stroke {
            paint: luma::Color::black().into(),
            width,
            line_cap: LineCap::Round,
            line_join: LineJoin::Round,
            ..Stroke::default()
        };
        if let Some(path) = path.finish() {
            self.decoration(x, y, &path, None, Some(stroke));
        }
    }

    /// A black shape that means nothing to a screen reader, moved to (x, y).
    pub(super) fn shape(&mut self, x: i16, y: i16, path: PathBuilder) {
        if let Some(path) = path.finish() {
            self.decoration(x, y, &path, Some(black()), None);
        }
    }

    fn decoration(&mut self, x: i16, y: i16, path: &Path, fill: Option<Fill>, stroke: Option<Stroke>) {
        self.surface.start_tagged(layout());
        self.surface
            .push_transform(&Transform::from_translate(x.into(), y.into()));
        self.surface.set_fill(fill);
        self.surface.set_stroke(stroke);
        self.surface.draw_path(path);
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(black()));
        self.surface.pop();
        self.surface.end_tagged();
    }

    /// A frame of thin lines.
    pub(super) fn frame(&mut self, left: i16, top: i16, width: i16, height: i16) {
        let mut path = PathBuilder::new();
        polygon(&mut path, &[(0, 0), (width, 0), (width, height), (0, height)]);
        self.strokes(left, top, 3.0, path);
    }

    /// Short lines for a guillotine or scissors, each from a point to another; decoration to a screen reader.
    pub(super) fn cut_marks(&mut self, marks: &[[i16; 4]]) {
        let mut path = PathBuilder::new();
        for [x1, y1, x2, y2] in marks.iter().copied() {
            path.move_to(x1.into(), y1.into());
            path.line_to(x2.into(), y2.into());
        }
        self.strokes(0, 0, MARK_WIDTH, path);
    }

    /// Grey letters aslant over what must not be taken for the real thing; decoration to a screen reader.
    pub(super) fn across(&mut self, x: i16, y: i16, size: i16, text: &str) {
        self.surface.start_tagged(layout());
        self.surface
            .push_transform(&Transform::from_rotate_at(-14.0, x.into(), y.into()));
        self.surface.set_fill(Some(Fill {
            paint: luma::Color::new(150).into(),
            ..Fill::default()
        }));
        self.text(Weight::Bold, x, y, size, text);
        self.surface.set_fill(Some(black()));
        self.surface.pop();
        self.surface.end_tagged();
    }
}

fn black() -> Fill {
    Fill {
        paint: luma::Color::black().into(),
        ..Fill::default()
    }
}

fn layout() -> ContentTag<'static> {
    ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout))
}

/// A closed line through these points.
pub(super) fn polygon(path: &mut PathBuilder, points: &[(i16, i16)]) {
    open_line(path, points);
    path.close();
}

/// A line through these points.
pub(super) fn open_line(path: &mut PathBuilder, points: &[(i16, i16)]) {
    for (index, (x, y)) in points.iter().enumerate() {
        if index == 0 {
            path.move_to((*x).into(), (*y).into());
        } else {
            path.line_to((*x).into(), (*y).into());
        }
    }
}

/// A circle, of four Bézier curves.
pub(super) fn circle(path: &mut PathBuilder, x: i16, y: i16, radius: i16) {
    // 4/3·(√2 − 1) of the radius: the usual approximation of a quarter.
    let pull = i16::try_from(i32::from(radius) * 5523 / 10_000).expect("a part of the radius");
    let r = radius;
    path.move_to((x + r).into(), y.into());
    for [x1, y1, x2, y2, x3, y3] in [
        [x + r, y + pull, x + pull, y + r, x, y + r],
        [x - pull, y + r, x - r, y + pull, x - r, y],
        [x - r, y - pull, x - pull, y - r, x, y - r],
        [x + pull, y - r, x + r, y - pull, x + r, y],
    ] {
        path.cubic_to(x1.into(), y1.into(), x2.into(), y2.into(), x3.into(), y3.into());
    }
    path.close();
}

pub(super) fn heading(level: u16, title: &str, line: Identifier) -> TagGroup {
    let level = NonZeroU16::new(level).expect("levels start at 1");
    let mut group = TagGroup::new(Tag::Hn(level, Some(printable(title))));
    group.push(line);
    group
}

pub(super) fn paragraph(lines: impl IntoIterator<Item = Identifier>) -> TagGroup {
    let mut paragraph = TagGroup::new(Tag::P);
    for line in lines {
        paragraph.push(line);
    }
    paragraph
}

pub(super) fn figure(alt: &str, image: Identifier) -> TagGroup {
    let mut figure = TagGroup::new(Tag::Figure(Some(printable(alt))));
    figure.push(image);
    figure
}
