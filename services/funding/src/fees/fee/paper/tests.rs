use access::OrganisationId;
use catalogue::ProgrammeId;
use document::Document;
use ledger::BatchId;
use uuid::Uuid;

use super::super::credit::CreditLine;
use super::super::view::FeeLine;
use super::*;
use crate::fees::invoicing::Address;
use crate::support::ids::{CreditNoteId, FeeId};

const LONG: &str = "Communauté de communes du Val-de-Saône-et-Bourgogne-du-Nord et de la vallée de l'Ouche";

fn address() -> Address {
    Address {
        lines: vec![
            "Direction des finances, de la commande publique et des systèmes d'information".to_owned(),
            "Bâtiment C, escalier 4, 2e étage gauche".to_owned(),
            "53 bis rue de la Préfecture-et-des-Anciens-Combattants".to_owned(),
        ],
        postcode: "21000".to_owned(),
        city: "Saint-Germain-lès-Buxy-en-Bourgogne".to_owned(),
    }
}

/// A million vouchers, long names, and the largest sums.
fn facts(vat_rate: Decimal) -> InvoiceFacts {
    let (net, vat) = (Cents::new(30_000_000_000), Cents::new(6_000_000_000));
    let gross = net.checked_add(vat).unwrap();
    let day: NaiveDate = "2026-12-31".parse().unwrap();
    InvoiceFacts {
        fee: Fee {
            id: FeeId::from_uuid(Uuid::from_u128(1)),
            number: "F-2026-00001".to_owned(),
            invoiced_on: day,
            sponsor_id: OrganisationId::from_uuid(Uuid::from_u128(2)),
            sponsor: None,
            sponsor_siren: None,
            programme_id: ProgrammeId::from_uuid(Uuid::from_u128(3)),
            batch_id: BatchId::from_uuid(Uuid::from_u128(0x1234_5678_9abc_def0)),
            service_code: Some("DIRECTION-FINANCES-SERVICE-DEPENSES-1234567890".to_owned()),
            engagement: Some("2026-EJ-00123-ABCDEFGHIJKLMNOPQRSTUVWXYZ".to_owned()),
            lines: vec![FeeLine {
                label: String::new(),
                base: Cents::new(1_000_000_000_000),
                rate: Decimal::new(3, 2),
                net,
                vat_rate,
                vat,
            }],
            net,
            vat,
            gross,
            credited: Cents::ZERO,
            received: Cents::ZERO,
            owed: gross,
        },
        seller: Seller {
            name: format!("Association {LONG}"),
            legal_form: "Société coopérative d'intérêt collectif à capital variable, RCS Dijon 404 833 048".to_owned(),
            address: address(),
            siret: "40483304800022".parse().unwrap(),
            vat_number: Some("FR83404833048".to_owned()),
            vat_exemption: None,
            vat_on_debits: true,
            payment_days: 30,
            iban: "FR7630006000011234567890189".parse().unwrap(),
            bic: Some("AGRIFRPPXXX".parse().unwrap()),
            contact: Some("comptabilite-du-fonds-de-soutien@fonds-de-soutien.example".to_owned()),
        },
        buyer: Buyer {
            name: LONG.to_owned(),
            address: address(),
            siret: "22210001800019".parse().unwrap(),
            vat_number: None,
            public: true,
            service_code: None,
        },
        programme: format!("Chèque culture numérique de la {LONG}"),
        batch: BatchFacts {
            booklets: 100_000,
            booklet_size: 10,
            face_value: Cents::new(1_000_000),
            funded_on: day,
        },
    }
}

fn note() -> CreditNote {
    let line = |n: i64| CreditLine {
        label: format!("Ligne {n} : carnets livrés en double à la {LONG}, repris par le transporteur"),
        net: Cents::new(1_234_567_800 + n),
    };
    CreditNote {
        id: CreditNoteId::from_uuid(Uuid::from_u128(9)),
        number: "A-2026-00002".to_owned(),
        fee_id: FeeId::from_uuid(Uuid::from_u128(1)),
        invoice: "F-2026-00001".to_owned(),
        credited_on: "2027-01-01".parse().unwrap(),
        reason: format!("Une partie du lot n'a jamais été remise. {LONG} l'a constaté le 3 décembre. ").repeat(4),
        lines: (1..=20).map(line).collect(),
        net: Cents::new(24_691_356_210),
        vat: Cents::new(4_938_271_242),
        gross: Cents::new(29_629_627_452),
    }
}

fn kept(name: &str, document: &Document) {
    let pdf = document.render().unwrap();
    assert_eq!(document.render().unwrap(), pdf, "the same bytes");
    if let Ok(folder) = std::env::var("CCN_KEEP_PDF") {
        std::fs::write(format!("{folder}/{name}.pdf"), &pdf).unwrap();
    }
}

#[test]
fn the_largest_papers_are_written_and_always_the_same() {
    let facts = facts(Decimal::new(2, 1));
    kept("grande-facture", &invoice::written(&facts));
    let earlier = Cents::new(1_000_000_000);
    kept("grand-avoir", &credit_note::written(&facts, &note(), earlier));
}

#[test]
fn a_paper_is_refused_while_it_cannot_say_why_there_is_or_is_no_tax() {
    let said = |vat_number: Option<&str>, exemption: Option<&str>, rate: i64| {
        let mut seller = facts(Decimal::ZERO).seller;
        seller.vat_number = vat_number.map(str::to_owned);
        seller.vat_exemption = exemption.map(str::to_owned);
        tax(&seller, Decimal::new(rate, 1)).is_none()
    };
    assert!(said(Some("FR83404833048"), None, 2) && said(None, Some("TVA non applicable"), 0));
    assert!(!said(None, Some("TVA non applicable"), 2) && !said(Some("FR83404833048"), None, 0));
}
