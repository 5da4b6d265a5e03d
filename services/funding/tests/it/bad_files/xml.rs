//! camt.053 that no bank writes.

use super::change::{billion_laughs, doubled, external, half, with};
use crate::bank::{moved, statement};
use crate::payment_reports::report;

type Broken = Vec<(&'static str, Vec<u8>, &'static str)>;

/// What is wrong, the file, a part of the reason.
pub fn corpus() -> Broken {
    let xml = statement(1, "0.00", vec![moved("30.00")]);
    [unreadable(&xml), untrue(&xml)].concat()
}

fn unreadable(xml: &[u8]) -> Broken {
    let deep = "<a>".repeat(300_000).into_bytes();
    let attributes = (0..5000).map(|n| format!(" a{n}=\">\"")).collect::<Vec<_>>().concat();
    vec![
        ("empty", Vec::new(), "Ni du XML"),
        ("a spreadsheet", b"PK\x03\x04".to_vec(), "Ni du XML"),
        ("XML cut in two", half(xml), "mal formé"),
        (
            "XML in EBCDIC",
            with(xml, "UTF-8", "EBCDIC-FR"),
            "demandez à la banque un fichier en UTF-8",
        ),
        ("XML and half as much", [xml, &half(xml)].concat(), "mal formé"),
        (
            "XML of a later version",
            with(xml, "camt.053.001.08", "camt.053.001.14"),
            "camt.053.001.14",
        ),
        ("XML with a NUL", with(xml, "RELEVE-1", "RELEVE\0"), "mal formé"),
        ("XML of another file's text", external(xml), "DTD"),
        ("XML with entities", billion_laughs(xml), "DTD"),
        ("XML without end", deep, "mal formé"),
        (
            "XML of many attributes",
            format!("<a{attributes}/>").into_bytes(),
            "trop grand",
        ),
        (
            "XML of another kind",
            report(1, "X", "", &[]),
            "ce n'est pas un relevé camt.053",
        ),
    ]
}

fn untrue(xml: &[u8]) -> Broken {
    vec![
        ("XML in dollars", with(xml, "EUR", "USD"), "« USD » n'est pas l'euro"),
        (
            "XML of three decimals",
            with(xml, ">30.00<", ">30.001<"),
            "deux décimales",
        ),
        (
            "XML of a comma",
            with(xml, ">30.00<", ">30,00<"),
            "« 30,00 » n'est pas un montant",
        ),
        (
            "XML of an exponent",
            with(xml, ">30.00<", ">3e1<"),
            "« 3e1 » n'est pas un montant",
        ),
        (
            "XML of a sign",
            with(xml, ">30.00<", ">-30.00<"),
            "« -30.00 » n'est pas un montant",
        ),
        (
            "XML of a sum beyond all",
            with(xml, ">30.00<", &format!(">{}.00<", "9".repeat(30))),
            "n'est pas un montant",
        ),
        (
            "XML of half an amount",
            with(xml, ">30.00<", ">3<!-- -->0.00<"),
            "n'est pas un montant",
        ),
        ("XML of no currency", with(xml, " Ccy=\"EUR\"", ""), "n'est pas l'euro"),
        (
            "XML of neither in nor out",
            with(xml, "CRDT", "CREDIT"),
            "ni CRDT ni DBIT",
        ),
        ("XML without a closing balance", with(xml, "CLBD", "XXXX"), "CLBD"),
        ("XML of a movement twice", doubled(xml, "<Ntry>", "</Ntry>"), "solde"),
        ("XML of a balance twice", doubled(xml, "<Bal>", "</Bal>"), "répété"),
        (
            "XML of balances of 30 February",
            with(xml, "2026-04-10", "2026-02-30"),
            "« 2026-02-30 » n'est pas une date",
        ),
    ]
}
