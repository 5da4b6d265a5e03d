use bounds::{Form, ListKind, TextKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{InvoicingRejection, fits};

bounds::text_kind! {
    /// A line of an address (Afnor NF Z10-011 has 38 characters; envelopes are not our business).
    pub struct AddressLine: 1..=80, Form::Line;
    /// A French postcode.
    pub struct Postcode: 5..=5, Form::Digits;
}

bounds::list_kind! {
    /// Lines before the postcode: a building, a street, a place (Afnor NF Z10-011 has three).
    pub struct AddressLines: [AddressLine; 1..=3];
}

/// A postal address in France.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// One to three lines.
    #[schema(value_type = AddressLines, example = json!(["53 bis rue de la Préfecture"]))]
    pub lines: Vec<String>,
    #[schema(value_type = Postcode, example = "21000")]
    pub postcode: String,
    #[schema(value_type = AddressLine, example = "Dijon")]
    pub city: String,
}

impl Address {
    pub(super) fn check(&self) -> Result<(), InvoicingRejection> {
        if !AddressLines::fits(self.lines.len()) {
            let why = format!("donnez de 1 à {} lignes avant le code postal", AddressLines::ITEMS_MAX);
            return Err(InvoicingRejection::Field("address.lines", why));
        }
        for line in &self.lines {
            fits::<AddressLine>("address.lines", line)?;
        }
        if !Postcode::fits(&self.postcode) {
            let why = "un code postal a 5 chiffres".to_owned();
            return Err(InvoicingRejection::Field("address.postcode", why));
        }
        fits::<AddressLine>("address.city", &self.city)
    }

    /// As on an envelope.
    pub(crate) fn on_paper(&self) -> Vec<String> {
        let mut lines = self.lines.clone();
        lines.push(format!("{} {}", self.postcode, self.city));
        lines
    }
}
