use serde::Deserialize;

use crate::client::Client;
use crate::error::ClientError;

/// What an import of a table did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ImportReport {
    /// Lines of the file, without its header.
    pub rows: u64,
    /// Lines that change something.
    pub accepted: u64,
    /// Lines that say what is known already.
    pub unchanged: u64,
    /// Fixes what was previewed: an import for good names it.
    pub digest: String,
    /// Cells that were refused; a line may have several.
    pub refused: Vec<ImportCell>,
    /// Lines that repeat another one.
    pub duplicates: Vec<ImportCell>,
}

/// A refused cell or a duplicate line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ImportCell {
    /// From 1, the header included.
    pub line: u64,
    /// The column's name in the file.
    pub column: String,
    /// As it was found.
    pub value: String,
    /// What is wrong, in French.
    pub problem: String,
    /// How to mend it, in French.
    pub remedy: String,
}

impl Client {
    /// Sends a CSV file to `path`, an import with its id. Without a `digest` it is a preview; with that of a preview it is for good.
    /// Of `file_name`, what a URL takes as it is.
    pub async fn import(
        &self,
        path: &str,
        file_name: &str,
        csv: Vec<u8>,
        digest: Option<&str>,
    ) -> Result<ImportReport, ClientError> {
        let name: String = file_name
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c))
            .collect();
        let commit = digest.map_or_else(String::new, |digest| format!("&commit=true&digest={digest}"));
        self.put_file(&format!("{path}?file={name}{commit}"), "text/csv", csv)
            .await
    }
}
