//! What the law wants on the operator's invoices and that nothing else knows: who sells, who buys.
//!
//! CGI, annexe II, art. 242 nonies A: names and addresses of both, the seller's VAT number, the buyer's SIREN, the text of an
//! exemption; Code de commerce, art. L441-9 and R123-237: legal form, days and penalties of payment; for public buyers, what Chorus Pro
//! asks for (SIRET, service code). Each change is a row; the last one counts for papers that are issued from then on, and a paper that
//! was issued never changes.

mod address;
mod buyer;
mod seller;

use bounds::{Form, TextKind};
use web::Problem;

pub use address::Address;
pub(crate) use buyer::ChorusServiceCode;
pub use buyer::{Buyer, buyer, set_buyer};
pub use seller::{Seller, seller, set_seller};

bounds::text_kind! {
    /// Who sells or buys, as an invoice names it.
    pub struct PartyName: 1..=120, Form::Line;
    /// A French VAT number: `FR`, two digits, the SIREN.
    pub struct VatNumber: 13..=13, Form::French;
}

/// Why it was not set.
#[derive(Debug)]
pub enum InvoicingRejection {
    /// With the rule it breaks, in French.
    Field(&'static str, String),
    NoSponsor,
}

impl database::Rejection for InvoicingRejection {}

impl From<InvoicingRejection> for Problem {
    fn from(rejection: InvoicingRejection) -> Self {
        match rejection {
            InvoicingRejection::Field(field, why) => Self::refused("invoicing-field", "Un champ ne convient pas.")
                .detail(format!("« {field} » : {why}."))
                .with("field", field),
            InvoicingRejection::NoSponsor => Self::not_found("Ce commanditaire"),
        }
    }
}

/// A text that says something on one line, within its bound; `None` leaves the field out where it may be.
fn fits<K: TextKind>(field: &'static str, text: &str) -> Result<(), InvoicingRejection> {
    if text.trim().is_empty() {
        return Err(InvoicingRejection::Field(field, "le texte manque".to_owned()));
    }
    if !K::fits(text) {
        return Err(InvoicingRejection::Field(
            field,
            format!("donnez au plus {} caractères, sans retour à la ligne", K::CHARS_MAX),
        ));
    }
    Ok(())
}

fn fits_if_any<K: TextKind>(field: &'static str, text: Option<&str>) -> Result<(), InvoicingRejection> {
    text.map_or(Ok(()), |text| fits::<K>(field, text))
}

/// A French VAT number is `FR`, a key made from the SIREN, and the SIREN (CGI, annexe II, art. 41 quater; the key is 12 plus three times
/// the SIREN's rest by 97, by 97).
fn french_vat(field: &'static str, number: Option<&str>, siren: &str) -> Result<(), InvoicingRejection> {
    let Some(number) = number else { return Ok(()) };
    let key = siren
        .parse::<u64>()
        .map(|siren| (12 + 3 * (siren % 97)) % 97)
        .unwrap_or_default();
    let expected = format!("FR{key:02}{siren}");
    if number == expected {
        return Ok(());
    }
    Err(InvoicingRejection::Field(
        field,
        format!("ce n'est pas le numéro de TVA du SIREN {siren}, qui est {expected} ; écrivez-le sans espace"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vat_number_is_its_sirens() {
        // The example of the European Commission's description of French numbers.
        assert!(french_vat("vat_number", Some("FR83404833048"), "404833048").is_ok());
        assert!(french_vat("vat_number", None, "404833048").is_ok());
        let wrong = french_vat("vat_number", Some("FR82404833048"), "404833048").unwrap_err();
        assert!(matches!(wrong, InvoicingRejection::Field(_, why) if why.contains("FR83404833048")));
    }

    #[test]
    fn texts_say_something_on_one_line() {
        let long = "é".repeat(PartyName::CHARS_MAX + 1);
        assert!(fits::<PartyName>("name", &long[2..]).is_ok());
        for wrong in ["", "  ", &long, "a\nb"] {
            assert!(fits::<PartyName>("name", wrong).is_err(), "{wrong:?}");
        }
    }
}
