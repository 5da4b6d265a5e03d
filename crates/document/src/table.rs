//! Tables.

use crate::DocumentError;

/// More would be too narrow to read, even on the long side.
const COLUMNS_MAX: usize = 12;

/// On which side the text of a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    /// Numbers, so that their units stand under one another.
    Right,
}

/// A column of a table.
#[derive(Debug, Clone)]
pub struct Column {
    pub(crate) title: String,
    pub(crate) share: u8,
    pub(crate) align: Align,
    pub(crate) head: bool,
}

impl Column {
    /// Words, taking `share` parts of the width that all columns share.
    #[must_use]
    pub fn text(title: impl Into<String>, share: u8) -> Self {
        Self {
            title: title.into(),
            share,
            align: Align::Left,
            head: false,
        }
    }

    /// Amounts and counts.
    #[must_use]
    pub fn amount(title: impl Into<String>, share: u8) -> Self {
        Self {
            align: Align::Right,
            ..Self::text(title, share)
        }
    }

    /// Its cells name their rows: a screen reader says them with every other cell.
    #[must_use]
    pub const fn head(mut self) -> Self {
        self.head = true;
        self
    }
}

/// A table: a header, rows, perhaps a total.
#[derive(Debug, Clone)]
pub struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) caption: Option<String>,
    pub(crate) rows: Vec<Vec<String>>,
    pub(crate) total: Option<Vec<String>>,
}

impl Table {
    /// A table of these columns.
    #[must_use]
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            caption: None,
            rows: Vec::new(),
            total: None,
        }
    }

    /// What it shows, above it.
    #[must_use]
    pub fn caption(mut self, text: impl Into<String>) -> Self {
        self.caption = Some(text.into());
        self
    }

    #[must_use]
    pub fn row<T: Into<String>>(mut self, cells: impl IntoIterator<Item = T>) -> Self {
        self.rows.push(cells.into_iter().map(Into::into).collect());
        self
    }

    #[must_use]
    pub fn rows<R: IntoIterator<Item = T>, T: Into<String>>(mut self, rows: impl IntoIterator<Item = R>) -> Self {
        let rows = rows.into_iter().map(|row| row.into_iter().map(Into::into).collect());
        self.rows.extend(rows);
        self
    }

    /// The last row, in bold; never alone on a page.
    #[must_use]
    pub fn total<T: Into<String>>(mut self, cells: impl IntoIterator<Item = T>) -> Self {
        self.total = Some(cells.into_iter().map(Into::into).collect());
        self
    }

    pub(crate) fn check(&self, table: usize) -> Result<(), DocumentError> {
        let columns = self.columns.len();
        if !(1..=COLUMNS_MAX).contains(&columns) {
            return Err(DocumentError::Columns { table, columns });
        }
        for (index, cells) in self.rows.iter().chain(&self.total).enumerate() {
            if cells.len() != columns {
                return Err(DocumentError::Cells {
                    table,
                    row: index + 1,
                    cells: cells.len(),
                    columns,
                });
            }
        }
        Ok(())
    }

    /// Left edge and width of each column in a line that starts at `left`: as their shares say, but no column narrower than
    /// `least`, if all of them fit.
    pub(crate) fn places(&self, left: i16, width: i16, least: &[i16]) -> Vec<(i16, i16)> {
        let mut columns: Vec<(i32, i32)> = Vec::new();
        for (column, least) in self.columns.iter().zip(least) {
            columns.push((i32::from(column.share.max(1)), i32::from(*least)));
        }
        if columns.iter().map(|(_, least)| least).sum::<i32>() > i32::from(width) {
            for (_, least) in &mut columns {
                *least = 0;
            }
        }
        let widths = widths(i32::from(width), &columns);
        let mut x = i32::from(left);
        let mut placed = Vec::new();
        for width in widths {
            let small = |length: i32| i16::try_from(length).expect("on a page");
            placed.push((small(x), small(width)));
            x += width;
        }
        placed
    }
}

/// Shares of a width; a column whose share is too little gets the least it takes, and the others share the rest.
fn widths(width: i32, columns: &[(i32, i32)]) -> Vec<i32> {
    let mut kept_least = vec![false; columns.len()];
    loop {
        let (mut rest, mut shares) = (width, 0);
        for ((share, least), kept) in columns.iter().zip(&kept_least) {
            if *kept { rest -= least } else { shares += share }
        }
        let wide = |share: i32| rest * share / shares.max(1);
        let tight = |(index, (share, least)): (usize, &(i32, i32))| {
            let kept = kept_least.get(index).copied().unwrap_or(true);
            (!kept && wide(*share) < *least).then_some(index)
        };
        let Some(index) = columns.iter().enumerate().find_map(tight) else {
            let each = columns.iter().zip(&kept_least);
            return each
                .map(|((share, least), kept)| if *kept { *least } else { wide(*share) })
                .collect();
        };
        if let Some(kept) = kept_least.get_mut(index) {
            *kept = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_never_narrower_than_its_longest_word_while_there_is_room() {
        let table = Table::new([Column::text("A", 1), Column::text("B", 8), Column::text("C", 1)]);
        let widths = |least: [i16; 3]| {
            table
                .places(0, 1000, &least)
                .iter()
                .map(|place| place.1)
                .collect::<Vec<_>>()
        };
        assert_eq!(widths([0, 0, 0]), [100, 800, 100]);
        assert_eq!(widths([200, 0, 0]), [200, 711, 88]);
        assert_eq!(widths([200, 500, 300]), [200, 500, 300]);
        assert_eq!(widths([600, 500, 0]), [100, 800, 100], "no room: as the shares say");
    }
}
