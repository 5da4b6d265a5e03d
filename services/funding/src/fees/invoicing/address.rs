use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{InvoicingRejection, fits};

/// Lines before the postcode: a building, a street, a place (Afnor NF Z10-011 has three).
const LINES_MAX: usize = 3;
/// Characters of a line (Afnor NF Z10-011 has 38; envelopes are not our business).
const LINE_CHARS_MAX: usize = 80;

/// A postal address in France.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// One to three lines.
    #[schema(example = json!(["53 bis rue de la Préfecture"]))]
    pub lines: Vec<String>,
    #[schema(example = "21000")]
    pub postcode: String,
    #[schema(example = "Dijon")]
    pub city: String,
}

impl Address {
    pub(super) fn check(&self) -> Result<(), InvoicingRejection> {
        if !(1..=LINES_MAX).contains(&self.lines.len()) {
            let why = format!("donnez de 1 à {LINES_MAX} lignes avant le code postal");
            return Err(InvoicingRejection::Field("address.lines", why));
        }
        for line in &self.lines {
            fits("address.lines", line, LINE_CHARS_MAX)?;
        }
        if self.postcode.len() != 5 || !self.postcode.bytes().all(|byte| byte.is_ascii_digit()) {
            let why = "un code postal a 5 chiffres".to_owned();
            return Err(InvoicingRejection::Field("address.postcode", why));
        }
        fits("address.city", &self.city, LINE_CHARS_MAX)
    }

    /// As on an envelope.
    pub(crate) fn on_paper(&self) -> Vec<String> {
        let mut lines = self.lines.clone();
        lines.push(format!("{} {}", self.postcode, self.city));
        lines
    }
}
