//! Files: a preview first, then the same file for good, then once more to show that nothing happens twice.

use client::{Client, ImportCell, ImportReport};

use crate::input::InputFile;
use crate::story::{Demo, ReportRow, id};

/// Refusals told at once of a file of which nothing is taken.
const REFUSALS_SHOWN_MAX: usize = 5;

/// Imports `file` at `path` (a collection of imports) and reports its refused and duplicate lines.
pub async fn import(demo: &mut Demo, client: &Client, path: &str, file: &InputFile) -> anyhow::Result<ImportReport> {
    let preview = put(client, path, file, 1, None).await?;
    let report = put(client, path, file, 1, Some(&preview.digest)).await?;
    let again = put(client, path, file, 2, None).await?;
    anyhow::ensure!(
        again.accepted == 0 && again.unchanged == report.accepted,
        "{} : chargé deux fois, le fichier changerait quelque chose",
        file.name
    );
    demo.progress.say(format!(
        "{} : {} lignes, {} acceptées, {} ; rechargé, il ne change rien",
        file.name,
        report.rows,
        report.accepted,
        told(lines(&report.refused), lines(&report.duplicates)),
    ));
    // The report is written at the end, which a file of which nothing is taken does not let us reach.
    if report.accepted == 0 {
        for cell in report.refused.iter().take(REFUSALS_SHOWN_MAX) {
            demo.progress
                .say(format!("  ligne {} : {} ; {}", cell.line, cell.problem, cell.remedy));
        }
    }
    demo.report
        .extend(report.refused.iter().chain(&report.duplicates).map(|cell| ReportRow {
            file: file.name.clone(),
            line: cell.line,
            column: cell.column.clone(),
            value: cell.value.clone(),
            problem: cell.problem.clone(),
            remedy: cell.remedy.clone(),
        }));
    Ok(report)
}

/// « 1 refusée, 2 doublons ».
fn told(refused: usize, duplicates: usize) -> String {
    let plural = |count| if count > 1 { "s" } else { "" };
    format!(
        "{refused} refusée{}, {duplicates} doublon{}",
        plural(refused),
        plural(duplicates)
    )
}

/// One line may have several refused cells.
fn lines(cells: &[ImportCell]) -> usize {
    cells
        .iter()
        .map(|cell| cell.line)
        .collect::<std::collections::BTreeSet<_>>()
        .len()
}

async fn put(
    client: &Client,
    path: &str,
    file: &InputFile,
    time: u8,
    digest: Option<&str>,
) -> anyhow::Result<ImportReport> {
    let path = format!("{path}/{}", id(&format!("{} {} {time}", file.owner, file.name)));
    Ok(client.import(&path, &file.name, file.bytes.clone(), digest).await?)
}
