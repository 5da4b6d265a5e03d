//! CFONB 120 that no bank writes.

use super::change::{half, with};
use crate::statements::cfonb;

/// What is wrong, the file, a part of the reason.
pub fn corpus() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let records = &cfonb(0, &[(3000, &[("LIB", "VIREMENT")])])[..];
    vec![
        ("records cut in two", half(records), "ligne"),
        (
            "records without the last",
            records[..records.len() - 121].to_vec(),
            "avant le nouveau solde",
        ),
        (
            "records whose first is missing",
            records[121..].to_vec(),
            "enregistrement",
        ),
        (
            "records of a movement twice",
            {
                let movement = records[121..242].to_vec();
                [&records[..242], &movement, &records[242..]].concat()
            },
            "solde",
        ),
        (
            "records of an unknown sign",
            with(records, "000300{", "0003000"),
            "montant",
        ),
        ("records of a column too many", with(records, "\n", "x\n"), "120"),
        (
            "records with a NUL",
            with(records, "LIBVIREMENT", "LIBVIREMEN\0"),
            "n'est pas du texte",
        ),
        (
            "records with a line of XML",
            [&records[..121], b"<a/>\n", &records[121..]].concat(),
            "ligne 2",
        ),
        (
            "records in EBCDIC",
            [0xF0, 0xF1].into_iter().chain([0x40; 118]).collect(),
            "ligne 1",
        ),
        (
            "records in dollars",
            with(records, "EUR", "USD"),
            "« USD » n'est pas l'euro",
        ),
        (
            "records of three decimals",
            with(records, "EUR2", "EUR3"),
            "« 3 » décimales",
        ),
        (
            "records of 30 February",
            with(records, "100426", "300226"),
            "« 300226 » n'est pas une date",
        ),
        ("records and half as many", [records, &half(records)].concat(), "ligne"),
    ]
}
