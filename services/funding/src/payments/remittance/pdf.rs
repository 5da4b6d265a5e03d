use chrono::NaiveDate;
use document::{Column, Document, DocumentError, Meta, Table, french_day};

use super::{ProgrammePart, Remittance, RemittanceLine, state_in_words};
use crate::{support::FundAccount, support::french};

/// The advice as a letter.
pub fn pdf(remittance: &Remittance, fund: &FundAccount) -> Result<Vec<u8>, DocumentError> {
    let siret = remittance.siret.as_deref().map(french::siret);
    let recipient = [Some(remittance.structure.clone()), siret].into_iter().flatten();
    let meta = Meta::new("Avis de virement", remittance.end_to_end.clone(), remittance.made_on)
        .issuer([fund.name.clone()])
        .recipient(recipient);
    let mut letter = Document::new(meta)
        .paragraph(format!(
            "Ce virement règle vos encaissements de chèques culture numérique acceptés jusqu'au {}.",
            french_day(remittance.month.last_day())
        ))
        .facts(facts(remittance));
    for part in &remittance.programmes {
        letter = letter
            .heading(format!("Dispositif « {} »", part.programme))
            .table(table(part));
    }
    if remittance.deducted.is_positive() {
        letter = letter.heading("Pourquoi une reprise").paragraph(
            "Un encaissement que nous vous avions payé a été annulé ensuite. Sa valeur est reprise ici, une seule fois, sur les \
             encaissements du même dispositif. L'annulation figure sur le reçu de l'encaissement.",
        );
    }
    letter
        .heading("Pour vos comptes")
        .list([
            "La référence de bout en bout ci-dessus figure sur le relevé de votre compte.",
            "Chaque ligne porte le numéro de l'encaissement : c'est celui de votre reçu.",
            "Une question, une erreur : écrivez à l'opérateur du fonds en citant la référence de cet avis.",
        ])
        .render()
}

fn facts(remittance: &Remittance) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Encaissements", remittance.claimed.to_french())];
    if remittance.deducted.is_positive() {
        facts.push(("Reprise", format!("− {}", remittance.deducted.to_french())));
    }
    facts.extend([
        ("Montant du virement", remittance.amount.to_french()),
        ("Référence de bout en bout", remittance.end_to_end.clone()),
        ("Titulaire du compte crédité", remittance.holder.clone()),
        (
            "Compte crédité, fin du numéro",
            format!("… {}", remittance.account_ends),
        ),
        ("Exécution demandée", french_day(remittance.execute_on)),
        ("État", state_in_words(&remittance.state).to_owned()),
    ]);
    facts
}

fn table(part: &ProgrammePart) -> Table {
    let vouchers: i64 = part.lines.iter().map(|line| i64::from(line.vouchers)).sum();
    Table::new([
        Column::text("Encaissé le", 3),
        Column::text("Prestation", 5),
        Column::text("Encaissement", 9).head(),
        Column::amount("Chèques", 2),
        Column::amount("Montant", 3),
    ])
    .rows(part.lines.iter().map(row))
    .total([
        "Total".to_owned(),
        String::new(),
        String::new(),
        vouchers.to_string(),
        part.total.to_french(),
    ])
}

fn row(line: &RemittanceLine) -> [String; 5] {
    let short = |day: NaiveDate| day.format("%d/%m/%Y").to_string();
    let service = if line.amount.is_negative() {
        let on = line
            .reversed_on
            .map(|day| format!(" le {}", short(day)))
            .unwrap_or_default();
        format!("Reprise : encaissement annulé{on} ({})", line.service)
    } else {
        line.service.clone()
    };
    [
        short(line.claimed_on),
        service,
        line.claim_id.to_string(),
        line.vouchers.to_string(),
        line.amount.to_french(),
    ]
}

#[cfg(test)]
mod tests {
    use ledger::PartyId;
    use standards::Cents;
    use uuid::Uuid;

    use super::*;
    use crate::support::ids::PaymentId;

    const LONG: &str =
        "Médiathèque intercommunale du Val-de-Saône-et-Bourgogne-du-Nord, antenne de la vallée de l'Ouche";

    fn part(name: &str, lines: u128) -> ProgrammePart {
        let day: NaiveDate = "2026-03-12".parse().unwrap();
        let line = |n: u128| RemittanceLine {
            claim_id: Uuid::from_u128((n << 64) | 0xabcd_ef01),
            claimed_on: day,
            service_on: day,
            service: format!("Être accompagné dans une démarche en ligne longue et difficile, {n}e séance à domicile"),
            vouchers: 50,
            reversed_on: n.is_multiple_of(7).then_some(day),
            amount: Cents::new(if n.is_multiple_of(7) { -123_456_789 } else { 987_654_321 }),
        };
        let mut part = ProgrammePart {
            programme_id: Uuid::from_u128(1),
            programme: name.to_owned(),
            lines: (1..=lines).map(line).collect(),
            claimed: Cents::ZERO,
            deducted: Cents::ZERO,
            total: Cents::ZERO,
        };
        part.add_up().unwrap();
        part
    }

    #[test]
    fn an_advice_of_several_pages_is_written_and_always_the_same() {
        let programmes = vec![
            part(&format!("Chèque de la {LONG}"), 60),
            part("Semaine du numérique", 2),
        ];
        let day: NaiveDate = "2026-04-03".parse().unwrap();
        let remittance = Remittance {
            payment_id: PaymentId::from_uuid(Uuid::from_u128(5)),
            end_to_end: "0".repeat(32),
            structure_id: PartyId::from_uuid(Uuid::from_u128(6)),
            structure: LONG.to_owned(),
            siret: Some("21210231300013".to_owned()),
            holder: LONG.to_owned(),
            account_ends: "2606".to_owned(),
            month: "2026-03".parse().unwrap(),
            made_on: day,
            execute_on: day,
            state: "returned".to_owned(),
            claimed: Cents::new(5_135_802_469_000),
            deducted: Cents::new(987_654_312),
            amount: Cents::new(5_135_802_469_000),
            programmes,
        };
        let fund = FundAccount {
            name: "Fonds de soutien pour l'inclusion numérique en Bourgogne-Franche-Comté".to_owned(),
            iban: "FR7630006000011234567890189".parse().unwrap(),
            bic: None,
        };
        let written = pdf(&remittance, &fund).unwrap();
        assert_eq!(pdf(&remittance, &fund).unwrap(), written);
        if let Ok(folder) = std::env::var("CCN_KEEP_PDF") {
            std::fs::write(format!("{folder}/grand-avis.pdf"), &written).unwrap();
        }
    }
}
