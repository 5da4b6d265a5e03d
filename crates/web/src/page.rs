use serde::Serialize;
use utoipa::ToSchema;

/// One page of a list; `next` is the cursor to send as `after` for the following one.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    /// In a stable order.
    pub items: Vec<T>,
    /// Absent on the last page.
    pub next: Option<String>,
}
