//! CSV with a header row: the findings of `check`, the steps of `plan`, the losses of `impact`.

use csv::QuoteStyle;
use csv::WriterBuilder;

use crate::render::brief::Brief;
use crate::render::brief::line;

pub(super) fn write(brief: &Brief) -> String {
    let mut writer = WriterBuilder::new()
        .quote_style(QuoteStyle::Necessary)
        .from_writer(Vec::new());
    if let Some(table) = brief.tables.first() {
        // Writing into a vector cannot fail, and all rows are as long as the header.
        let _ = writer.write_record(table.columns);
        for row in &table.rows {
            let _ = writer.write_record(row.iter().map(|cell| harmless(cell)));
        }
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A spreadsheet takes a cell that begins so for a formula; behind an apostrophe it is text.
fn harmless(cell: &str) -> String {
    let cell = line(cell);
    if cell.starts_with(['=', '+', '-', '@']) {
        return format!("'{cell}");
    }
    cell
}
