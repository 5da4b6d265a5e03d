//! What the law wants in so many words.

use document::{Column, Table};
use rust_decimal::Decimal;
use standards::Cents;

use super::InvoiceFacts;
use crate::fees::invoicing::{Buyer, Seller};
use crate::support::french::{percent, siret};

/// Code de commerce, art. L441-9, in one sentence.
pub(super) const NO_DISCOUNT: &str = "Aucun escompte n'est accordé pour un paiement anticipé.";

/// What being late costs. Public buyers: Code de la commande publique, art. L2192-13, R2192-31 (eight points above the central bank's
/// rate) and D2192-35 (40 €), which took over the décret n° 2013-269; others: Code de commerce, art. L441-10 (ten points, unless the
/// parties agree otherwise) and D441-5 (40 €).
pub(super) const fn penalties(buyer: &Buyer) -> &'static str {
    if buyer.public {
        "En cas de retard, des intérêts moratoires sont dus de plein droit, au taux principal de refinancement de la Banque centrale \
         européenne majoré de 8 points (Code de la commande publique, art. R2192-31), avec une indemnité forfaitaire de 40 € pour \
         frais de recouvrement (art. D2192-35)."
    } else {
        "En cas de retard, des pénalités sont exigibles sans rappel le jour suivant l'échéance, au taux de refinancement le plus récent \
         de la Banque centrale européenne majoré de 10 points (Code de commerce, art. L441-10), avec une indemnité forfaitaire de 40 € \
         pour frais de recouvrement (art. D441-5)."
    }
}

/// At the head, at the left.
pub(super) fn from(seller: &Seller) -> Vec<String> {
    let mut lines = vec![seller.name.clone(), seller.legal_form.clone()];
    lines.extend(seller.address.on_paper());
    lines.push(siret(seller.siret.as_str()));
    lines.extend(seller.vat_number.as_ref().map(|number| format!("TVA {number}")));
    lines.extend(seller.contact.clone());
    lines
}

/// At the head, at the right.
pub(super) fn to(buyer: &Buyer) -> Vec<String> {
    let mut lines = vec![buyer.name.clone()];
    lines.extend(buyer.address.on_paper());
    lines.push(siret(buyer.siret.as_str()));
    lines.extend(buyer.vat_number.as_ref().map(|number| format!("TVA {number}")));
    lines
}

/// What the buyer's accountant looks for (Chorus Pro).
pub(super) fn order(facts: &InvoiceFacts) -> Vec<(&'static str, String)> {
    let service = facts.fee.service_code.as_ref().or(facts.buyer.service_code.as_ref());
    let service = service.map(|code| ("Code service", code.clone()));
    let engagement = facts.fee.engagement.as_ref();
    let engagement = engagement.map(|number| ("Numéro d'engagement", number.clone()));
    service.into_iter().chain(engagement).collect()
}

/// Net, VAT by rate, and their sum.
pub(super) fn totals(rate: Decimal, (net, vat, gross): (Cents, Cents, Cents), last: &str) -> Table {
    let rows = if rate.is_zero() {
        vec![["Total hors taxe".to_owned(), net.to_french()]]
    } else {
        vec![
            ["Total hors taxe".to_owned(), net.to_french()],
            [
                format!("TVA à {} sur {}", percent(rate), net.to_french()),
                vat.to_french(),
            ],
        ]
    };
    Table::new([Column::text("Récapitulatif", 3).head(), Column::amount("Montant", 1)])
        .rows(rows)
        .total([last.to_owned(), gross.to_french()])
}

/// Why there is none, or when it is due, if there is something to say.
pub(super) fn tax(seller: &Seller, rate: Decimal) -> Option<String> {
    if rate.is_zero() {
        seller
            .vat_exemption
            .as_ref()
            .map(|text| format!("{}.", text.trim_end_matches('.')))
    } else {
        seller
            .vat_on_debits
            .then(|| "Option pour le paiement de la taxe d'après les débits.".to_owned())
    }
}
