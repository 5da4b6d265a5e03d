use std::path::PathBuf;

use crate::ids::{iban, siret};

/// The columns of the national schema of mediation places (1.0.2), with what ours all say.
const PLACE_COLUMNS: [(&str, &str); 32] = [
    ("id", ""),
    ("pivot", ""),
    ("nom", ""),
    ("commune", "Dijon"),
    ("code_postal", "21000"),
    ("code_insee", "21231"),
    ("adresse", "12 rue des Tilleuls"),
    ("complement_adresse", ""),
    ("latitude", ""),
    ("longitude", ""),
    ("typologie", "BIB"),
    ("telephone", ""),
    ("courriels", ""),
    ("site_web", ""),
    ("horaires", ""),
    ("presentation_resume", ""),
    ("presentation_detail", ""),
    ("source", "Tests"),
    ("itinerance", ""),
    ("structure_parente", ""),
    ("date_maj", "2026-01-15"),
    ("services", "Maîtrise des outils numériques du quotidien"),
    ("publics_specifiquement_adresses", ""),
    ("prise_en_charge_specifique", ""),
    ("frais_a_charge", ""),
    ("dispositif_programmes_nationaux", ""),
    ("formations_labels", ""),
    ("autres_formations_labels", ""),
    ("modalites_acces", "Se présenter"),
    ("modalites_accompagnement", "Dans un atelier collectif"),
    ("fiche_acces_libre", ""),
    ("prise_rdv", ""),
];

/// The columns of a prescriber's list, with what our people all say.
const PERSON_COLUMNS: [(&str, &str); 11] = [
    ("identifiant_externe", ""),
    ("nom_naissance", ""),
    ("prenoms", "Marie"),
    ("date_naissance", "1950-06-15"),
    ("sexe", "F"),
    ("code_insee_naissance", "21231"),
    ("code_insee_residence", "21231"),
    ("public", "Seniors"),
    ("telephone", ""),
    ("courriel", ""),
    ("carnets", ""),
];

/// A made-up structure.
#[derive(Debug, Clone)]
pub struct Place {
    /// Distinguishes it from the others.
    pub number: u32,
    /// What it says of its labels.
    pub labels: &'static str,
    /// What it says otherwise than usual, by column.
    pub more: &'static [(&'static str, &'static str)],
}

impl Place {
    /// One that may be accredited.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self {
            number,
            labels: "Chèque culture numérique",
            more: &[],
        }
    }

    #[must_use]
    pub fn name(&self) -> String {
        format!("Médiathèque n° {}", self.number)
    }

    #[must_use]
    pub fn siret(&self) -> String {
        siret(self.number)
    }

    /// A file of places in the national schema.
    #[must_use]
    pub fn file(places: &[Self]) -> Vec<u8> {
        let rows = places.iter().map(|place| {
            let more = place.more.iter().map(|(column, text)| (*column, (*text).to_owned()));
            let own = [
                ("id", format!("lieu-{}", place.number)),
                ("pivot", place.siret()),
                ("nom", place.name()),
                ("autres_formations_labels", place.labels.to_owned()),
            ];
            filled(&PLACE_COLUMNS, &more.chain(own).collect::<Vec<_>>())
        });
        file(&PLACE_COLUMNS.map(|(column, _)| column), rows)
    }

    /// A file of their accounts.
    #[must_use]
    pub fn bank_details(places: &[Self]) -> Vec<u8> {
        let rows = places.iter().map(|place| {
            [
                place.siret(),
                place.name(),
                iban(place.number),
                "AGRIFRPPXXX".to_owned(),
            ]
        });
        file(&["siret", "titulaire", "iban", "bic"], rows)
    }
}

/// A prescriber's file of `people` made-up people, `booklets` granted to each.
#[must_use]
pub fn people(people: usize, booklets: u32) -> Vec<u8> {
    let rows = (1..=people).map(|number| {
        let own = [
            ("identifiant_externe", format!("P-{number:04}")),
            ("nom_naissance", format!("Dupont{}", letters(number))),
            ("carnets", booklets.to_string()),
        ];
        filled(&PERSON_COLUMNS, &own)
    });
    file(&PERSON_COLUMNS.map(|(column, _)| column), rows)
}

/// A row: what is its own, and what all rows say.
fn filled(columns: &[(&str, &str)], own: &[(&str, String)]) -> Vec<String> {
    let text = |&(column, usual): &(&str, &str)| {
        let own = own.iter().find(|(name, _)| *name == column);
        own.map_or_else(|| usual.to_owned(), |(_, text)| text.clone())
    };
    columns.iter().map(text).collect()
}

/// 1 is `a`, 27 is `aa`: names have no digits.
fn letters(mut number: usize) -> String {
    let mut text = String::new();
    while number > 0 {
        number -= 1;
        text.insert(0, char::from(b'a' + u8::try_from(number % 26).expect("below 26")));
        number /= 26;
    }
    text
}

fn file<R: AsRef<[String]>>(columns: &[&str], rows: impl Iterator<Item = R>) -> Vec<u8> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(columns).expect("memory");
    for row in rows {
        csv.write_record(row.as_ref()).expect("memory");
    }
    csv.into_inner().expect("memory")
}

/// A file of the public data beside the repository; `None`, said aloud, where it is not there.
#[must_use]
pub fn real_data(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/bfc")).join(name);
    if !path.exists() {
        eprintln!(
            "SKIPPED: {name} is not beside the repository (../shared/data/bfc), so nothing was checked on real data"
        );
        return None;
    }
    Some(path)
}
