//! First pass: every line finds its page and its place. Nothing is drawn.

mod spaces;
mod tables;

use spaces::bound;

use crate::blocks::{Block, Document, Meta};
use crate::typeface::{Fonts, Weight};
use crate::words::french_day;

/// Lines a text may take: beyond, it is cut with an ellipsis. Far more than anybody reads in one piece.
const TEXT_LINES_MAX: usize = 400;

/// What a screen reader is told a piece is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Heading(u16, String),
    Paragraph,
    List,
    Dashes,
    Item,
    Label,
    Body,
    Table,
    Caption,
    Head,
    Rows,
    Row,
    /// Names its column.
    ColumnHead,
    RowHead,
    Cell,
}

/// A piece of the structure, in reading order.
#[derive(Debug)]
pub(crate) struct Node {
    pub kind: Kind,
    pub children: Vec<usize>,
}

#[derive(Debug)]
pub(crate) enum Item {
    Text {
        x: i16,
        y: i16,
        size: i16,
        weight: Weight,
        text: String,
        /// The piece that it belongs to; none for what is repeated on each page.
        node: Option<usize>,
    },
    Rule {
        x: i16,
        y: i16,
        width: i16,
        thickness: i16,
    },
}

/// A heading, for the outline: its text, page and height on it.
#[derive(Debug)]
pub(crate) struct Mark {
    pub level: u16,
    pub text: String,
    pub page: usize,
    pub y: i16,
}

#[derive(Debug)]
pub(crate) struct Laid {
    pub paper: Paper,
    pub pages: Vec<Vec<Item>>,
    pub nodes: Vec<Node>,
    /// Pieces that are in no other.
    pub roots: Vec<usize>,
    pub marks: Vec<Mark>,
}

/// A4 (ISO 216) and its margins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paper {
    pub width: i16,
    pub height: i16,
}

impl Paper {
    const fn of(meta: &Meta) -> Self {
        if meta.landscape {
            Self {
                width: 2970,
                height: 2100,
            }
        } else {
            Self {
                width: 2100,
                height: 2970,
            }
        }
    }

    pub const LEFT: i16 = 180;
    const TOP: i16 = 180;
    const BOTTOM: i16 = 240;

    pub const fn text_width(self) -> i16 {
        self.width - 2 * Self::LEFT
    }

    const fn last(self) -> i16 {
        self.height - Self::BOTTOM
    }
}

/// A size of letters and the height of its line.
#[derive(Clone, Copy)]
struct Style {
    weight: Weight,
    size: i16,
    line: i16,
}

const fn style(weight: Weight, size: i16, line: i16) -> Style {
    Style { weight, size, line }
}

// 37 tenths of a millimetre are 10.5 points.
const TITLE: Style = style(Weight::Bold, 64, 78);
const HEADING: Style = style(Weight::Bold, 48, 62);
const SUBHEADING: Style = style(Weight::Bold, 41, 55);
const BODY: Style = style(Weight::Regular, 37, 53);
const STRONG: Style = style(Weight::Bold, 37, 53);
/// A paragraph is cut between pages only where this many of its lines stand on either side: no line stands alone.
const LINES_TOGETHER: usize = 2;

/// Where the recipient's address begins: under one line of whoever writes.
const RECIPIENT_TOP: i16 = Paper::TOP + BODY.line + 60;
/// Space above and below a heading.
const HEADING_ABOVE: i16 = 36;
const HEADING_BELOW: i16 = 14;
const HEADING_GAPS: i16 = HEADING_ABOVE + HEADING_BELOW;
/// Of the text of a list.
const INDENT: i16 = 50;

const fn heading_style(level: u16) -> Style {
    if level == 2 { HEADING } else { SUBHEADING }
}

/// Lines of a paragraph of `count` that stay together at its beginning: three are never cut, because one would stand alone.
const fn opening(count: usize) -> usize {
    if count <= LINES_TOGETHER + 1 {
        count
    } else {
        LINES_TOGETHER
    }
}

/// Of lines, one under another.
fn height(style: Style, lines: usize) -> i16 {
    i16::try_from(lines).unwrap_or(i16::MAX).saturating_mul(style.line)
}

pub(crate) struct Flow<'a> {
    fonts: &'a Fonts,
    laid: Laid,
    /// Top of the free part of the page.
    y: i16,
}

pub(crate) fn lay_out(document: &Document, fonts: &Fonts) -> Laid {
    let mut flow = Flow {
        fonts,
        laid: Laid {
            paper: Paper::of(&document.meta),
            pages: vec![Vec::new()],
            nodes: Vec::new(),
            roots: Vec::new(),
            marks: Vec::new(),
        },
        y: Paper::TOP,
    };
    flow.title_block(&document.meta);
    for (index, block) in document.blocks.iter().enumerate() {
        match block {
            Block::Heading(level, text) => {
                let with = flow.opening(document.blocks.get(index + 1..).unwrap_or_default());
                flow.heading(*level, text, with);
            }
            Block::Paragraph(text) => flow.paragraph(text),
            Block::Facts(facts) => flow.facts(facts),
            Block::List(items) => flow.list(items),
            Block::Table(table) => tables::table(&mut flow, table),
        }
    }
    flow.laid
}

impl Flow<'_> {
    fn node(&mut self, kind: Kind, parent: Option<usize>) -> usize {
        let index = self.laid.nodes.len();
        self.laid.nodes.push(Node {
            kind,
            children: Vec::new(),
        });
        match parent.and_then(|parent| self.laid.nodes.get_mut(parent)) {
            Some(parent) => parent.children.push(index),
            None => self.laid.roots.push(index),
        }
        index
    }

    fn item(&mut self, item: Item) {
        let page = self.laid.pages.last_mut().expect("there is a first page");
        page.push(item);
    }

    /// Whether a new page was begun, so that `height` fits.
    fn room(&mut self, height: i16) -> bool {
        let full = self.y + height > self.laid.paper.last() && self.y > Paper::TOP;
        if full {
            self.laid.pages.push(Vec::new());
            self.y = Paper::TOP;
        }
        full
    }

    /// A line whose top is `y`.
    fn text(&mut self, (x, y): (i16, i16), style: Style, text: String, node: Option<usize>) {
        let y = y + style.size;
        let (size, weight) = (style.size, style.weight);
        self.item(Item::Text {
            x,
            y,
            size,
            weight,
            text,
            node,
        });
    }

    fn wrapped(&self, style: Style, width: i16, text: &str) -> Vec<String> {
        let text = bound(text);
        self.fonts
            .wrapped(style.weight, style.size, width, TEXT_LINES_MAX, &text)
    }

    /// Lines one under another, on new pages where they must; neither the first nor the last stands alone.
    fn lines(&mut self, style: Style, x: i16, width: i16, text: &str, node: usize) {
        let lines = self.wrapped(style, width, text);
        let count = lines.len();
        for (index, line) in lines.into_iter().enumerate() {
            let together = if index == 0 {
                opening(count)
            } else if index + LINES_TOGETHER == count {
                LINES_TOGETHER
            } else {
                1
            };
            self.room(height(style, together));
            self.text((x, self.y), style, line, Some(node));
            self.y += style.line;
        }
    }

    /// What of the next pieces must stand under a heading, on its page.
    fn opening(&self, next: &[Block]) -> i16 {
        let width = self.laid.paper.text_width();
        let begun =
            |style: Style, width: i16, text: &str| height(style, opening(self.wrapped(style, width, text).len()));
        match next.split_first() {
            None => 0,
            Some((Block::Heading(level, text), rest)) => {
                let style = heading_style(*level);
                height(style, self.wrapped(style, width, text).len()) + HEADING_GAPS + self.opening(rest)
            }
            Some((Block::Paragraph(text), _)) => begun(BODY, width, text),
            Some((Block::List(items), _)) => items.first().map_or(0, |text| begun(BODY, width - INDENT, text)),
            Some((Block::Facts(facts), _)) => facts.first().map_or(0, |(_, value)| begun(BODY, width * 3 / 5, value)),
            Some((Block::Table(table), _)) => tables::opening(self, table),
        }
    }

    fn title_block(&mut self, meta: &Meta) {
        let half = self.laid.paper.text_width() / 2;
        self.address(Paper::LEFT, half - 40, &meta.issuer);
        if !meta.recipient.is_empty() {
            // Beside a long address of whoever writes, under a short one.
            let under = self.y;
            self.y = RECIPIENT_TOP.min(under + 60);
            self.address(Paper::LEFT + half, half, &meta.recipient);
            self.y = self.y.max(under);
        }
        self.y += if meta.issuer.is_empty() { 0 } else { 90 };
        self.heading_of(1, TITLE, &meta.title);
        self.y += 12;
        let about = self.node(Kind::Paragraph, None);
        let said = format!("Référence : {} – établi le {}", meta.reference, french_day(meta.day));
        self.lines(BODY, Paper::LEFT, self.laid.paper.text_width(), &said, about);
        self.y += 40;
    }

    fn address(&mut self, x: i16, width: i16, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        let node = self.node(Kind::Paragraph, None);
        for (index, line) in lines.iter().enumerate() {
            let style = if index == 0 { STRONG } else { BODY };
            self.lines(style, x, width, line, node);
        }
    }

    /// `with` stays on its page.
    fn heading(&mut self, level: u16, text: &str, with: i16) {
        let style = heading_style(level);
        self.y += if self.y > Paper::TOP { HEADING_ABOVE } else { 0 };
        let own = height(style, self.wrapped(style, self.laid.paper.text_width(), text).len());
        self.room(own + HEADING_BELOW + with);
        self.heading_of(level, style, text);
        self.y += HEADING_BELOW;
    }

    fn heading_of(&mut self, level: u16, style: Style, text: &str) {
        self.laid.marks.push(Mark {
            level,
            text: text.to_owned(),
            page: self.laid.pages.len() - 1,
            y: self.y,
        });
        let node = self.node(Kind::Heading(level, text.to_owned()), None);
        self.lines(style, Paper::LEFT, self.laid.paper.text_width(), text, node);
    }

    fn paragraph(&mut self, text: &str) {
        let node = self.node(Kind::Paragraph, None);
        self.lines(BODY, Paper::LEFT, self.laid.paper.text_width(), text, node);
        self.y += 28;
    }

    /// The names in a column of their own, the values beside them.
    fn facts(&mut self, facts: &[(String, String)]) {
        let width = self.laid.paper.text_width();
        let widest = facts
            .iter()
            .map(|(name, _)| self.fonts.width(STRONG.weight, STRONG.size, name));
        let names = (widest.max().unwrap_or_default() + 50).min(width * 2 / 5);
        let list = self.node(Kind::List, None);
        for (name, value) in facts {
            let item = self.node(Kind::Item, Some(list));
            let label = self.node(Kind::Label, Some(item));
            let body = self.node(Kind::Body, Some(item));
            let names_lines = self.wrapped(STRONG, names - 30, name);
            let values = self.wrapped(BODY, width - names, value).len();
            let height = height(BODY, names_lines.len());
            self.room(height.max(self::height(BODY, opening(values))));
            let (top, page) = (self.y, self.laid.pages.len());
            for (line, index) in names_lines.into_iter().zip(0..) {
                self.text((Paper::LEFT, top + BODY.line * index), STRONG, line, Some(label));
            }
            self.lines(BODY, Paper::LEFT + names, width - names, value, body);
            if self.laid.pages.len() == page {
                self.y = self.y.max(top + height);
            }
            self.y += 6;
        }
        self.y += 28;
    }

    fn list(&mut self, items: &[String]) {
        let list = self.node(Kind::Dashes, None);
        for text in items {
            let item = self.node(Kind::Item, Some(list));
            let label = self.node(Kind::Label, Some(item));
            let body = self.node(Kind::Body, Some(item));
            let lines = self.wrapped(BODY, self.laid.paper.text_width() - INDENT, text).len();
            self.room(height(BODY, opening(lines)));
            self.text((Paper::LEFT, self.y), BODY, "–".to_owned(), Some(label));
            self.lines(
                BODY,
                Paper::LEFT + INDENT,
                self.laid.paper.text_width() - INDENT,
                text,
                body,
            );
            self.y += 10;
        }
        self.y += 24;
    }
}
