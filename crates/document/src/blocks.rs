//! What a document says, in reading order.

use chrono::NaiveDate;

use crate::table::Table;
use crate::{draw, flow};

/// Who writes what to whom.
#[derive(Debug, Clone)]
pub struct Meta {
    pub(crate) title: String,
    pub(crate) reference: String,
    pub(crate) day: NaiveDate,
    pub(crate) issuer: Vec<String>,
    pub(crate) recipient: Vec<String>,
    pub(crate) landscape: bool,
    pub(crate) factur_x: Option<Vec<u8>>,
}

impl Meta {
    /// A document of this title and reference (repeated at the foot of each page), written on this day.
    #[must_use]
    pub fn new(title: impl Into<String>, reference: impl Into<String>, day: NaiveDate) -> Self {
        Self {
            title: title.into(),
            reference: reference.into(),
            day,
            issuer: Vec::new(),
            recipient: Vec::new(),
            landscape: false,
            factur_x: None,
        }
    }

    /// Who writes: the name first, then its address or number, line by line.
    #[must_use]
    pub fn issuer<T: Into<String>>(mut self, lines: impl IntoIterator<Item = T>) -> Self {
        self.issuer = lines.into_iter().map(Into::into).collect();
        self
    }

    /// To whom, at the right as on a letter: the name first.
    #[must_use]
    pub fn recipient<T: Into<String>>(mut self, lines: impl IntoIterator<Item = T>) -> Self {
        self.recipient = lines.into_iter().map(Into::into).collect();
        self
    }

    /// The same invoice as data, Factur-X of level BASIC: the XML goes into the file, which is then PDF/A-3a.
    #[must_use]
    pub fn factur_x(mut self, xml: Vec<u8>) -> Self {
        self.factur_x = Some(xml);
        self
    }

    /// A4 on its long side, for wide tables.
    #[must_use]
    pub const fn landscape(mut self) -> Self {
        self.landscape = true;
        self
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Block {
    /// Level 2 or 3: the title is level 1.
    Heading(u16, String),
    Paragraph(String),
    Facts(Vec<(String, String)>),
    List(Vec<String>),
    Table(Table),
}

/// A document being written.
#[derive(Debug, Clone)]
pub struct Document {
    pub(crate) meta: Meta,
    pub(crate) blocks: Vec<Block>,
}

/// Why there is no PDF. All are mistakes of the program that wrote the document.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// A row of a table has more or fewer cells than the table has columns.
    #[error("row {row} of table {table} has {cells} cells for {columns} columns")]
    Cells {
        /// The table, from 1.
        table: usize,
        /// Its row, from 1; the total comes after the last.
        row: usize,
        cells: usize,
        columns: usize,
    },
    /// A table without columns, or too many to be read.
    #[error("table {table} has {columns} columns: 1 to 12 fit a page")]
    Columns {
        /// The table, from 1.
        table: usize,
        columns: usize,
    },
    /// The writer found that the document would break PDF/UA-1 or PDF/A.
    #[error("not written: {0}")]
    Pdf(String),
}

impl Document {
    /// A document that says nothing yet.
    #[must_use]
    pub const fn new(meta: Meta) -> Self {
        Self {
            meta,
            blocks: Vec::new(),
        }
    }

    /// A heading of a section.
    #[must_use]
    pub fn heading(self, text: impl Into<String>) -> Self {
        self.with(Block::Heading(2, text.into()))
    }

    /// A heading inside a section.
    #[must_use]
    pub fn subheading(self, text: impl Into<String>) -> Self {
        self.with(Block::Heading(3, text.into()))
    }

    #[must_use]
    pub fn paragraph(self, text: impl Into<String>) -> Self {
        self.with(Block::Paragraph(text.into()))
    }

    /// Names with their values, one a line.
    #[must_use]
    pub fn facts<N: Into<String>, V: Into<String>>(self, facts: impl IntoIterator<Item = (N, V)>) -> Self {
        let facts = facts.into_iter().map(|(name, value)| (name.into(), value.into()));
        self.with(Block::Facts(facts.collect()))
    }

    /// Items with a dash.
    #[must_use]
    pub fn list<T: Into<String>>(self, items: impl IntoIterator<Item = T>) -> Self {
        self.with(Block::List(items.into_iter().map(Into::into).collect()))
    }

    /// A table, on as many pages as it takes; its header is repeated on each.
    #[must_use]
    pub fn table(self, table: Table) -> Self {
        self.with(Block::Table(table))
    }

    fn with(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    pub fn render(&self) -> Result<Vec<u8>, DocumentError> {
        let tables = self.blocks.iter().filter_map(|block| match block {
            Block::Table(table) => Some(table),
            _ => None,
        });
        for (index, table) in tables.enumerate() {
            table.check(index + 1)?;
        }
        let fonts = crate::typeface::Fonts::load();
        let laid = flow::lay_out(self, &fonts);
        draw::draw(&self.meta, &laid, &fonts)
    }
}
