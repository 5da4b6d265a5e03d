use chrono::{Datelike, NaiveDate};
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};
use standards::Cents;

use crate::reports::waterfall::french::HEADINGS;
use crate::reports::waterfall::{Waterfall, WaterfallRow};

/// Widths of columns, in characters.
const NAME_WIDTH: u16 = 34;
const AMOUNT_WIDTH: u16 = 16;
const COUNTS_WIDTH: u16 = 90;

/// Where the table begins: after the title and what it is of.
const HEAD_ROW: u32 = 3;

/// A4, as the format numbers papers.
const A4: u8 = 9;

const EUROS: &str = "#,##0.00\\ \"€\";[Red]-#,##0.00\\ \"€\"";

/// The report as a workbook: the rows, the totals by funder, and a sheet that says what each column counts. Amounts are numbers, so
/// that people can go on calculating. Written row by row: memory does not grow with the rows.
pub fn xlsx(waterfall: &Waterfall, of: &str, day: NaiveDate) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let properties = DocProperties::new()
        .set_title("Cascade des montants")
        .set_subject(of)
        // The same report gives the same bytes.
        .set_creation_datetime(&date(day)?);
    workbook.set_properties(&properties);
    let look = Look::new();
    rows(
        workbook.add_worksheet_with_constant_memory()?,
        &look,
        "Par dispositif",
        of,
        &waterfall.rows,
        true,
    )?;
    rows(
        workbook.add_worksheet_with_constant_memory()?,
        &look,
        "Par financeur",
        of,
        &waterfall.totals,
        false,
    )?;
    explained(workbook.add_worksheet_with_constant_memory()?, &look)?;
    workbook.save_to_buffer()
}

struct Look {
    title: Format,
    text: Format,
    wrapped: Format,
    head: Format,
    amount: Format,
}

impl Look {
    fn new() -> Self {
        let head = Format::new()
            .set_bold()
            .set_text_wrap()
            .set_background_color(0x00DC_E6F1);
        Self {
            title: Format::new().set_bold().set_font_size(14),
            text: Format::new(),
            wrapped: Format::new().set_text_wrap().set_align(FormatAlign::Top),
            head: head
                .set_border_bottom(FormatBorder::Thin)
                .set_align(FormatAlign::VerticalCenter),
            amount: Format::new().set_num_format(EUROS),
        }
    }
}

fn rows(
    sheet: &mut Worksheet,
    look: &Look,
    name: &str,
    of: &str,
    rows: &[WaterfallRow],
    programmes: bool,
) -> Result<(), XlsxError> {
    sheet.set_name(name)?;
    let names: &[&str] = if programmes {
        &["Financeur", "Dispositif"]
    } else {
        &["Financeur"]
    };
    let first_amount = u16::try_from(names.len()).expect("two columns of names");
    for column in 0..first_amount {
        sheet.set_column_width(column, NAME_WIDTH)?;
    }
    for (column, _) in (first_amount..).zip(&HEADINGS) {
        sheet.set_column_width(column, AMOUNT_WIDTH)?;
    }
    sheet.set_freeze_panes(HEAD_ROW + 1, first_amount)?;
    sheet.set_landscape().set_paper_size(A4).set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(HEAD_ROW, HEAD_ROW)?;
    sheet.set_footer("&L&A&RPage &P sur &N");
    sheet.write_string_with_format(0, 0, "Cascade des montants", &look.title)?;
    sheet.write_string_with_format(1, 0, of, &look.text)?;
    for (column, title) in (0..).zip(
        names
            .iter()
            .copied()
            .chain(HEADINGS.iter().map(|heading| heading.title)),
    ) {
        sheet.write_string_with_format(HEAD_ROW, column, title, &look.head)?;
    }
    for (line, row) in (HEAD_ROW + 1..).zip(rows) {
        sheet.write_string_with_format(line, 0, &row.funder, &look.text)?;
        if programmes {
            let programme = row.programme.as_deref().unwrap_or("(non affecté)");
            sheet.write_string_with_format(line, 1, programme, &look.text)?;
        }
        for (column, cents) in (first_amount..).zip(row.amounts()) {
            sheet.write_number_with_format(line, column, number(cents), &look.amount)?;
        }
    }
    Ok(())
}

fn explained(sheet: &mut Worksheet, look: &Look) -> Result<(), XlsxError> {
    sheet.set_name("Que veulent dire les colonnes")?;
    sheet
        .set_column_width(0, 22)?
        .set_column_width(1, COUNTS_WIDTH)?
        .set_column_width(2, 16)?;
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_paper_size(A4).set_print_fit_to_pages(1, 0);
    for (column, title) in (0..).zip(["Colonne", "Ce qu'elle compte", "Nom dans le CSV"]) {
        sheet.write_string_with_format(0, column, title, &look.head)?;
    }
    for (line, heading) in (1..).zip(&HEADINGS) {
        sheet.write_string_with_format(line, 0, heading.title, &look.wrapped)?;
        sheet.write_string_with_format(line, 1, heading.counts, &look.wrapped)?;
        sheet.write_string_with_format(line, 2, heading.column, &look.wrapped)?;
    }
    Ok(())
}

fn date(day: NaiveDate) -> Result<ExcelDateTime, XlsxError> {
    let small = |number: u32| u8::try_from(number).expect("a month or a day");
    let year = u16::try_from(day.year()).unwrap_or(1900);
    ExcelDateTime::from_ymd(year, small(day.month()), small(day.day()))
}

/// The number that a workbook keeps for these cents: the nearest to its decimal spelling, which a spreadsheet shows again to the
/// cent (up to fifteen digits). Nothing is calculated with it.
fn number(cents: Cents) -> f64 {
    cents.to_string().parse().expect("an amount is a decimal number")
}
