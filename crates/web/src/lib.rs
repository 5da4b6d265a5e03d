//! How the services show themselves over HTTP, in one place: errors as problem+json (RFC 9457) or as a page for a person, time as an argument,
//! extractors that refuse in French, request ids, spans, metrics, health.
//!
//! A front door parses, calls one use case and renders; it holds no rule.

mod clock;
mod created;
mod detach;
mod download;
mod extract;
mod frame;
mod health;
mod openapi;
mod page;
mod problem;
mod request_id;
mod spreadsheet;

pub use clock::{Clock, ClockHand, Now};
pub use created::Created;
pub use detach::detach_from_request;
pub use download::download;
pub use extract::{Bytes, Json, LIST_ITEMS_MAX, NoParameters, Path, Query, TEXT_CHARS_MAX, UPLOAD_BYTES_MAX};
pub use frame::{REQUEST_SECONDS_MAX, frame};
pub use health::{Ready, health_routes, install_metrics};
pub use openapi::{BodyBounds, CommonProblems, OpenParts};
pub use page::{PAGE_ROWS_MAX, Page, PageQuery};
pub use problem::{Problem, ProblemBody};
pub use request_id::{RequestId, current_request_id};
pub use spreadsheet::CsvFor;
