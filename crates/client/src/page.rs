use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::error::ClientError;

#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
}

impl Client {
    /// Reads the list at `path` to its end, page by page.
    pub async fn all_pages<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, ClientError> {
        let mut items = Vec::new();
        let mut page: Page<T> = self.get(path).await?;
        loop {
            items.append(&mut page.items);
            let Some(next) = page.next else { return Ok(items) };
            let separator = if path.contains('?') { '&' } else { '?' };
            page = self.get(&format!("{path}{separator}after={next}")).await?;
        }
    }
}
