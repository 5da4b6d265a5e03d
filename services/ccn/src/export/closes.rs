use funding::CloseView;
use ledger::seal::closes;
use sqlx::PgConnection;

/// The closed months, one a line.
pub(super) async fn lines(connection: &mut PgConnection) -> anyhow::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for close in closes(&mut *connection).await? {
        serde_json::to_writer(&mut lines, &CloseView::read(&mut *connection, close).await?)?;
        lines.push(b'\n');
    }
    Ok(lines)
}
