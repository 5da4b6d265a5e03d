//! Tables on pages: a row is never cut in two, the header comes back on each page, the total never stands alone.

use super::spaces::bound;
use super::{Flow, Item, Kind, Paper, Style, style};
use crate::table::{Align, Column, Table};
use crate::typeface::Weight;

const CELL: Style = style(Weight::Regular, 32, 44);
const CELL_BOLD: Style = style(Weight::Bold, 32, 44);
/// Lines of a cell: a row must fit a page.
const CELL_LINES_MAX: usize = 20;
/// Between the edge of a column and its text.
const INSET: i16 = 14;
/// Above and below the text of a row.
const PADDING: i16 = 12;
/// A table that is no higher than this part of a page is not cut.
const WHOLE_PART: i16 = 3;
/// More rows than fit that part.
const SMALL_ROWS_MAX: usize = 12;
const THIN: i16 = 2;
const THICK: i16 = 6;

/// A row whose texts are broken into lines.
struct Row {
    cells: Vec<Vec<String>>,
    height: i16,
}

/// How a row is drawn and tagged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Header,
    /// The header on a further page: decoration to a screen reader, which heard it once.
    HeaderAgain,
    Body,
    Total,
}

struct Setting<'t> {
    columns: &'t [Column],
    places: Vec<(i16, i16)>,
}

/// Letters of words that are kept in one piece where there is room for all of them: an identifier (a UUID has 36), or else a date, an
/// amount.
const WORDS_MAX: [usize; 2] = [36, 16];

/// The width that each column takes for its longest word.
fn least(flow: &Flow<'_>, table: &Table) -> Vec<i16> {
    let [long, short] = WORDS_MAX.map(|letters| least_for(flow, table, letters));
    let needed: i32 = long.iter().map(|width| i32::from(*width)).sum();
    if needed <= i32::from(flow.laid.paper.text_width()) {
        long
    } else {
        short
    }
}

fn least_for(flow: &Flow<'_>, table: &Table, letters_max: usize) -> Vec<i16> {
    let titles = table
        .columns
        .iter()
        .map(|column| flow.widest_word(CELL_BOLD, &column.title, letters_max));
    let mut least: Vec<i16> = titles.collect();
    let rows = table.rows.iter().map(|cells| (CELL, cells));
    for (style, cells) in rows.chain(table.total.iter().map(|cells| (CELL_BOLD, cells))) {
        for (cell, least) in cells.iter().zip(&mut least) {
            *least = (*least).max(flow.widest_word(style, cell, letters_max));
        }
    }
    least.iter().map(|width| width + 2 * INSET).collect()
}

impl Flow<'_> {
    fn widest_word(&self, style: Style, text: &str, letters_max: usize) -> i16 {
        let text = bound(text);
        let words = text.split(' ').filter(|word| word.chars().count() <= letters_max);
        words
            .map(|word| self.fonts.width(style.weight, style.size, word))
            .max()
            .unwrap_or_default()
    }
}

pub(super) fn table(flow: &mut Flow<'_>, table: &Table) {
    let setting = Setting::of(flow, table);
    let titles: Vec<String> = table.columns.iter().map(|column| column.title.clone()).collect();
    let header = setting.row(flow, CELL_BOLD, &titles);
    let total = table.total.as_ref().map(|cells| setting.row(flow, CELL_BOLD, cells));
    let node = flow.node(Kind::Table, None);
    flow.room(together(flow, table, &setting));
    if let Some(text) = &table.caption {
        let caption = flow.node(Kind::Caption, Some(node));
        flow.lines(super::STRONG, Paper::LEFT, flow.laid.paper.text_width(), text, caption);
        flow.y += 8;
    }
    let head = flow.node(Kind::Head, Some(node));
    setting.put(flow, &header, Role::Header, Some(head));
    if table.rows.is_empty() && total.is_none() {
        flow.y += 40;
        return;
    }
    let body = flow.node(Kind::Rows, Some(node));
    for (index, cells) in table.rows.iter().enumerate() {
        let row = setting.row(flow, CELL, cells);
        let last = index + 1 == table.rows.len();
        let with = total.as_ref().filter(|_| last).map_or(0, |total| total.height);
        if flow.room(row.height + with) {
            setting.put(flow, &header, Role::HeaderAgain, None);
        }
        setting.put(flow, &row, Role::Body, Some(body));
    }
    if let Some(total) = &total {
        setting.put(flow, total, Role::Total, Some(body));
    }
    flow.y += 40;
}

/// What of a table stays on one page: a small one whole, else what makes sense of its first row.
pub(super) fn opening(flow: &Flow<'_>, table: &Table) -> i16 {
    if table.rows.len() <= SMALL_ROWS_MAX {
        return together(flow, table, &Setting::of(flow, table));
    }
    // All rows of a long one would be measured for the widths of its columns, and then again when it is set.
    let beginning = Table {
        columns: table.columns.clone(),
        caption: table.caption.clone(),
        rows: table.rows.iter().take(1).cloned().collect(),
        total: None,
    };
    together(flow, &beginning, &Setting::of(flow, &beginning))
}

fn together(flow: &Flow<'_>, table: &Table, setting: &Setting<'_>) -> i16 {
    let paper = flow.laid.paper;
    let caption = table.caption.as_ref().map_or(0, |text| {
        super::height(
            super::STRONG,
            flow.wrapped(super::STRONG, paper.text_width(), text).len(),
        ) + 8
    });
    let titles: Vec<String> = table.columns.iter().map(|column| column.title.clone()).collect();
    let head = caption + setting.row(flow, CELL_BOLD, &titles).height;
    let whole = (paper.last() - Paper::TOP) / WHOLE_PART;
    let rows = table.rows.iter().map(|cells| (CELL, cells));
    let mut heights = rows
        .chain(table.total.iter().map(|cells| (CELL_BOLD, cells)))
        .map(|(style, cells)| setting.row(flow, style, cells).height);
    let first = head + heights.next().unwrap_or_default();
    let mut all = first;
    for height in heights {
        all += height;
        // Of a long table no more is looked at than is needed.
        if all > whole {
            return first;
        }
    }
    all
}

impl<'t> Setting<'t> {
    fn of(flow: &Flow<'_>, table: &'t Table) -> Self {
        Self {
            columns: &table.columns,
            places: table.places(Paper::LEFT, flow.laid.paper.text_width(), &least(flow, table)),
        }
    }
}

impl Setting<'_> {
    fn row(&self, flow: &Flow<'_>, style: Style, cells: &[String]) -> Row {
        let cells: Vec<Vec<String>> = cells
            .iter()
            .zip(&self.places)
            .map(|(text, (_, width))| {
                let width = width - 2 * INSET;
                flow.fonts
                    .wrapped(style.weight, style.size, width, CELL_LINES_MAX, &bound(text))
            })
            .collect();
        let lines = cells.iter().map(Vec::len).max().unwrap_or_default().max(1);
        let lines = i16::try_from(lines).expect("at most CELL_LINES_MAX");
        Row {
            cells,
            height: lines * style.line + 2 * PADDING,
        }
    }

    fn put(&self, flow: &mut Flow<'_>, row: &Row, role: Role, parent: Option<usize>) {
        let style = if role == Role::Body { CELL } else { CELL_BOLD };
        let top = flow.y + PADDING;
        if role == Role::Total {
            self.rule(flow, flow.y, THICK);
        }
        let tagged = parent.map(|parent| flow.node(Kind::Row, Some(parent)));
        let columns = self.columns.iter().zip(&self.places).zip(&row.cells).enumerate();
        for (index, ((column, &(left, width)), lines)) in columns {
            let node = tagged.map(|parent| flow.node(kind(role, column, index), Some(parent)));
            for (line, number) in lines.iter().zip(0..) {
                let x = match column.align {
                    Align::Left => left + INSET,
                    Align::Right => left + width - INSET - flow.fonts.width(style.weight, style.size, line),
                };
                flow.text((x, top + number * style.line), style, line.clone(), node);
            }
        }
        flow.y += row.height;
        let thickness = if role == Role::Body { THIN } else { THICK };
        self.rule(flow, flow.y, thickness);
    }

    fn rule(&self, flow: &mut Flow<'_>, y: i16, thickness: i16) {
        let (x, width) = (Paper::LEFT, self.places.iter().map(|(_, width)| width).sum());
        flow.item(Item::Rule { x, y, width, thickness });
    }
}

fn kind(role: Role, column: &Column, index: usize) -> Kind {
    match role {
        Role::Header | Role::HeaderAgain => Kind::ColumnHead,
        Role::Total if index == 0 => Kind::RowHead,
        Role::Body if column.head => Kind::RowHead,
        Role::Body | Role::Total => Kind::Cell,
    }
}
