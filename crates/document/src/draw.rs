//! Second pass: pages are drawn, and every piece is tagged with what it is.

use std::num::NonZeroU16;

use chrono::{Datelike, NaiveDate};
use krilla::color::luma;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Transform};
use krilla::metadata::Metadata;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, ListNumbering, SpanTag, TableHeaderScope, Tag, TagGroup, TagTree,
};
use krilla::text::TextDirection;
use krilla::{Document as Pdf, SerializeSettings};

use crate::blocks::{DocumentError, Meta};
use crate::factur_x;
use crate::flow::{Item, Kind, Laid, Mark, Paper};
use crate::typeface::{Fonts, Weight, printable};

/// Points (1/72 inch) in a tenth of a millimetre.
const POINTS_PER_UNIT: f32 = 0.283_464_57;
/// Size of the foot of a page.
const FOOT_SIZE: i16 = 28;

pub(crate) fn draw(meta: &Meta, laid: &Laid, fonts: &Fonts) -> Result<Vec<u8>, DocumentError> {
    let failed = |what: &dyn std::fmt::Debug| DocumentError::Pdf(format!("{what:?}"));
    let configuration = ConfigurationBuilder::new()
        .with_accessibility_validator(Accessibility::UA1)
        .with_archival_validator(if meta.factur_x.is_some() {
            Archival::A3_A
        } else {
            Archival::A2_A
        })
        .finish()
        .map_err(|error| failed(&error))?;
    let mut pdf = Pdf::new_with(SerializeSettings {
        configuration,
        ..SerializeSettings::default()
    });
    let mut content: Vec<Vec<Identifier>> = laid.nodes.iter().map(|_| Vec::new()).collect();
    for (index, items) in laid.pages.iter().enumerate() {
        let size = page_points(laid.paper);
        let mut page = pdf.start_page_with(PageSettings::from_wh(size.0, size.1).expect("A4 has a positive size"));
        let mut surface = page.surface();
        surface.push_transform(&Transform::from_scale(POINTS_PER_UNIT, POINTS_PER_UNIT));
        surface.set_fill(Some(black()));
        let mut pen = Pen { surface, fonts };
        for item in items {
            pen.item(item, &mut content);
        }
        pen.foot(meta, laid.paper, index + 1, laid.pages.len());
        pen.finish();
        page.finish();
    }
    let mut tags = TagTree::new();
    for root in &laid.roots {
        tags.push(group(laid, &mut content, *root));
    }
    let metadata = Metadata::new()
        .language("fr-FR".to_owned())
        .title(printable(&meta.title))
        .authors(meta.issuer.first().map(|name| printable(name)).into_iter().collect());
    pdf.set_metadata(metadata.creation_date(date(meta.day)));
    pdf.set_outline(outline(&laid.marks));
    pdf.set_tag_tree(tags.with_lang(Some("fr-FR".to_owned())));
    let Some(xml) = &meta.factur_x else {
        return pdf.finish().map_err(|error| failed(&error));
    };
    pdf.embed_file(factur_x::file(xml.clone(), date(meta.day)))
        .ok_or_else(|| failed(&"two files of one name"))?;
    let pdf = pdf.finish().map_err(|error| failed(&error))?;
    factur_x::declared(pdf)
}

/// A4 in points.
const fn page_points(paper: Paper) -> (f32, f32) {
    if paper.width < paper.height {
        (595.276, 841.89)
    } else {
        (841.89, 595.276)
    }
}

fn date(day: NaiveDate) -> krilla::metadata::DateTime {
    let small = |number: u32| u8::try_from(number).unwrap_or_default();
    krilla::metadata::DateTime::new(u16::try_from(day.year()).unwrap_or_default())
        .month(small(day.month()))
        .day(small(day.day()))
        .hour(0)
        .minute(0)
        .second(0)
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

struct Pen<'a, 'f> {
    surface: Surface<'a>,
    fonts: &'f Fonts,
}

impl Pen<'_, '_> {
    fn finish(mut self) {
        self.surface.pop();
        self.surface.finish();
    }

    fn item(&mut self, item: &Item, content: &mut [Vec<Identifier>]) {
        match item {
            Item::Text {
                x,
                y,
                size,
                weight,
                text,
                node,
            } => {
                let place = node.and_then(|node| content.get_mut(node));
                let tag = match &place {
                    Some(_) => ContentTag::Span(SpanTag::empty()),
                    None => artifact(ArtifactType::PaginationOther),
                };
                let tagged = self.surface.start_tagged(tag);
                self.text(*x, *y, *size, *weight, text);
                self.surface.end_tagged();
                if let Some(place) = place {
                    place.push(tagged);
                }
            }
            Item::Rule { x, y, width, thickness } => self.rule(*x, *y, *width, *thickness),
        }
    }

    fn text(&mut self, x: i16, y: i16, size: i16, weight: Weight, text: &str) {
        let (start, font) = (Point::from_xy(x.into(), y.into()), self.fonts.font(weight));
        self.surface
            .draw_text(start, font, size.into(), text, false, TextDirection::LeftToRight);
    }

    fn rule(&mut self, x: i16, y: i16, width: i16, thickness: i16) {
        let (right, bottom) = (x + width, y + thickness);
        let mut path = PathBuilder::new();
        path.move_to(x.into(), y.into());
        path.line_to(right.into(), y.into());
        path.line_to(right.into(), bottom.into());
        path.line_to(x.into(), bottom.into());
        path.close();
        if let Some(path) = path.finish() {
            self.surface.start_tagged(artifact(ArtifactType::Layout));
            self.surface.draw_path(&path);
            self.surface.end_tagged();
        }
    }

    fn foot(&mut self, meta: &Meta, paper: Paper, page: usize, pages: usize) {
        let y = paper.height - 130;
        self.rule(Paper::LEFT, y - 48, paper.text_width(), 2);
        let number = format!("page {page} sur {pages}");
        let width = self.fonts.width(Weight::Regular, FOOT_SIZE, &number);
        let left = paper.text_width() - width - 60;
        let about = format!("{} – {}", meta.reference, meta.title);
        let about = self.fonts.wrapped(Weight::Regular, FOOT_SIZE, left, 1, &about).concat();
        self.surface.start_tagged(artifact(ArtifactType::Footer));
        self.text(Paper::LEFT, y, FOOT_SIZE, Weight::Regular, &about);
        let right = Paper::LEFT + paper.text_width() - width;
        self.text(right, y, FOOT_SIZE, Weight::Regular, &number);
        self.surface.end_tagged();
    }
}

fn black() -> Fill {
    Fill {
        paint: luma::Color::black().into(),
        ..Fill::default()
    }
}

fn artifact(kind: ArtifactType) -> ContentTag<'static> {
    ContentTag::Artifact(Artifact::with_kind(kind))
}

/// A piece with all that is in it; depth is at most a table's.
fn group(laid: &Laid, content: &mut [Vec<Identifier>], index: usize) -> TagGroup {
    let Some(node) = laid.nodes.get(index) else {
        return TagGroup::new(Tag::NonStruct);
    };
    let mut group = match &node.kind {
        Kind::Heading(level, title) => {
            let level = NonZeroU16::new(*level).expect("levels start at 1");
            TagGroup::new(Tag::Hn(level, Some(printable(title))))
        }
        Kind::Paragraph => TagGroup::new(Tag::P),
        Kind::List => TagGroup::new(Tag::L(ListNumbering::None)),
        Kind::Dashes => TagGroup::new(Tag::L(ListNumbering::Disc)),
        Kind::Item => TagGroup::new(Tag::LI),
        Kind::Label => TagGroup::new(Tag::Lbl),
        Kind::Body => TagGroup::new(Tag::LBody),
        Kind::Table => TagGroup::new(Tag::Table),
        Kind::Caption => TagGroup::new(Tag::Caption),
        Kind::Head => TagGroup::new(Tag::THead),
        Kind::Rows => TagGroup::new(Tag::TBody),
        Kind::Row => TagGroup::new(Tag::TR),
        Kind::ColumnHead => TagGroup::new(Tag::TH(TableHeaderScope::Column)),
        Kind::RowHead => TagGroup::new(Tag::TH(TableHeaderScope::Row)),
        Kind::Cell => TagGroup::new(Tag::TD),
    };
    for tagged in content.get_mut(index).map(std::mem::take).unwrap_or_default() {
        group.push(tagged);
    }
    for child in &node.children {
        group.push(self::group(laid, content, *child));
    }
    group
}

/// The title with its sections.
fn outline(marks: &[Mark]) -> Outline {
    let mut outline = Outline::new();
    let mut title: Option<OutlineNode> = None;
    for mark in marks {
        // 2.83 points are a millimetre; a little above the letters.
        let y = i16::try_from(i32::from(mark.y) * 2835 / 10_000 - 6)
            .unwrap_or_default()
            .max(0);
        let place = XyzDestination::new(mark.page, Point::from_xy(0.0, y.into()));
        let node = OutlineNode::new(printable(&mark.text), place);
        match &mut title {
            None => title = Some(node),
            Some(title) if mark.level == 2 => title.push_child(node),
            Some(_) => {}
        }
    }
    if let Some(title) = title {
        outline.push_child(title);
    }
    outline
}
