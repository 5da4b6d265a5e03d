//! What the columns of the report are called where people read them, and what each of them counts.

/// A column: its name in the data, its heading, what it counts.
pub(super) struct Heading {
    pub column: &'static str,
    pub title: &'static str,
    pub counts: &'static str,
}

const fn heading(column: &'static str, title: &'static str, counts: &'static str) -> Heading {
    Heading { column, title, counts }
}

/// In the report's order.
pub(super) const HEADINGS: [Heading; 18] = [
    heading(
        "announced",
        "Annoncé",
        "Ce qui a été promis : les annonces, et les conventions signées qui n'en suivent aucune.",
    ),
    heading("agreed", "Conventionné", "La somme des conventions signées."),
    heading("called", "Appelé", "La somme des appels de fonds."),
    heading(
        "received",
        "Reçu",
        "L'argent arrivé sur le compte du fonds, ou mandaté par un comptable public. Sur la ligne d'un dispositif : la part qui lui est affectée.",
    ),
    heading(
        "ordered",
        "Commandé",
        "La valeur des chèques commandés, moins les lots annulés et les chèques révoqués.",
    ),
    heading(
        "funded",
        "Financé",
        "La valeur des lots pour lesquels l'argent est réservé, moins les lots annulés et les chèques révoqués.",
    ),
    heading(
        "activated",
        "Activé",
        "La valeur des chèques qui peuvent ou pouvaient être utilisés, moins les chèques révoqués.",
    ),
    heading(
        "handed_over",
        "Remis",
        "La valeur des chèques remis à des personnes, moins les chèques révoqués.",
    ),
    heading(
        "claimed",
        "Encaissé",
        "La valeur des chèques utilisés dans une structure, moins les encaissements annulés.",
    ),
    heading(
        "paid",
        "Payé",
        "Ce qui a été débité du compte du fonds pour les structures, et n'est pas revenu.",
    ),
    heading(
        "expired",
        "Expiré",
        "La valeur des chèques et des lots qui n'ont pas servi avant le dernier jour.",
    ),
    heading(
        "returned",
        "Rendu",
        "Ce qui a été remboursé aux financeurs par virement, et n'est pas revenu.",
    ),
    heading(
        "free",
        "Libre",
        "L'argent qui peut encore être affecté à un dispositif ou à un lot.",
    ),
    heading(
        "at_risk",
        "À risque",
        "La valeur des chèques actifs dont aucune remise n'est enregistrée.",
    ),
    heading(
        "owed",
        "Dû aux structures",
        "Encaissé moins payé ; négatif quand un encaissement a été annulé après son paiement.",
    ),
    heading(
        "revoked",
        "Révoqué",
        "La valeur rendue par les chèques révoqués ; elle est déjà ôtée des colonnes précédentes.",
    ),
    heading(
        "mandated",
        "Mandaté",
        "La part du reçu qui est un mandat public dont l'argent n'est pas encore arrivé, à la fin de la période.",
    ),
    heading(
        "cash",
        "En banque",
        "Ce qui est arrivé (reçu moins mandaté), moins ce qui est payé et rendu, régularisations entre financeurs comprises ; négatif : avancé par les autres financeurs.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::waterfall::WaterfallRow;

    #[test]
    fn every_column_has_its_heading_in_the_reports_order() {
        assert_eq!(HEADINGS.map(|heading| heading.column).as_slice(), WaterfallRow::COLUMNS);
    }
}
