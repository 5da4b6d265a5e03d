//! Mediation places in the national schema *lieux de médiation numérique* 1.0.2 (LaMednum/standard-mediation-num).
//!
//! The columns that the schema requires are asked for, the others may be missing, and one more is left out; both are told. The words of the
//! schema's lists are found whatever their case, accents and apostrophes, and kept as the schema writes them. Two rules are the project's
//! own: a SIRET has true check digits, and it comes once, because a structure is paid by its SIRET. A place without a number in a register
//! (`00000000000000`, or nothing) is known by its own `id`.

mod fields;
mod lists;
mod pivot;

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::cog::CommuneCode;
use crate::table::{self, CellProblem, Columns, Problems, Reading, Row};
use fields::Fields;

pub use pivot::{Pivot, PivotError};

const COLUMNS: Columns = Columns {
    required: &["id", "pivot", "nom", "commune", "code_postal", "adresse", "date_maj"],
    optional: &[
        "code_insee",
        "complement_adresse",
        "latitude",
        "longitude",
        "typologie",
        "telephone",
        "courriels",
        "site_web",
        "horaires",
        "presentation_resume",
        "presentation_detail",
        "source",
        "itinerance",
        "structure_parente",
        "services",
        "publics_specifiquement_adresses",
        "prise_en_charge_specifique",
        "frais_a_charge",
        "dispositif_programmes_nationaux",
        "formations_labels",
        "autres_formations_labels",
        "modalites_acces",
        "modalites_accompagnement",
        "fiche_acces_libre",
        "prise_rdv",
    ],
};

/// One place. Fields keep the schema's French names, so that a reader finds them in its documentation; cells with several values,
/// separated by `|` in the file, are lists.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields and their meaning are the national schema's")]
pub struct Lieu {
    pub id: String,
    /// None when its number is in no register that the file knows.
    pub pivot: Option<Pivot>,
    pub nom: String,
    pub commune: String,
    pub code_postal: String,
    pub code_insee: Option<CommuneCode>,
    pub adresse: String,
    pub complement_adresse: Option<String>,
    /// Degrees, WGS 84, for maps only.
    pub latitude: Option<f64>,
    /// Degrees, WGS 84, for maps only.
    pub longitude: Option<f64>,
    pub typologie: Vec<String>,
    pub telephone: Option<String>,
    pub courriels: Vec<String>,
    pub site_web: Vec<String>,
    pub horaires: Option<String>,
    pub presentation_resume: Option<String>,
    pub presentation_detail: Option<String>,
    pub source: Option<String>,
    pub itinerance: Vec<String>,
    pub structure_parente: Option<String>,
    pub date_maj: NaiveDate,
    pub services: Vec<String>,
    pub publics_specifiquement_adresses: Vec<String>,
    pub prise_en_charge_specifique: Vec<String>,
    pub frais_a_charge: Vec<String>,
    pub dispositif_programmes_nationaux: Vec<String>,
    pub formations_labels: Vec<String>,
    pub autres_formations_labels: Option<String>,
    pub modalites_acces: Vec<String>,
    pub modalites_accompagnement: Vec<String>,
    pub fiche_acces_libre: Option<String>,
    pub prise_rdv: Option<String>,
}

/// A file read: the good rows with their lines, and what is wrong with the others.
#[derive(Debug, Default)]
pub struct ParsedPlaces {
    /// Good rows with their physical line.
    pub rows: Vec<(u64, Lieu)>,
    /// What is wrong, by line; cut when there is too much.
    pub problems: Vec<CellProblem>,
    /// How many problems there are, told or not.
    pub problem_count: usize,
    /// How many rows were sent, good or not.
    pub sent_rows: usize,
    /// What was read otherwise than the sender may think.
    pub notices: Vec<String>,
    /// Some names, when the encoding was found out.
    pub samples: Vec<String>,
}

/// Reads a file of places: CSV, a workbook (its first sheet when none is named) or a JSON array. An `id` or a `pivot` that comes twice
/// keeps its first row.
#[must_use]
pub fn parse(bytes: &[u8], sheet: Option<&str>) -> ParsedPlaces {
    let reading = Reading {
        columns: &COLUMNS,
        sheet,
    };
    let mut table = if table::is_json(bytes) {
        table::read_objects(bytes, &reading)
    } else {
        table::read(bytes, &reading)
    };
    let mut problems = table.take_problems();
    let (mut ids, mut pivots) = (HashMap::new(), HashMap::new());
    let mut rows = Vec::new();
    for row in table.rows() {
        // Told even when another cell is wrong: the file should not need a second round.
        let id = row.filled("id").map(str::to_owned);
        let unique = first_of("id", id, &mut ids, row, &mut problems)
            & first_of("pivot", pivot::key(row.cell("pivot")), &mut pivots, row, &mut problems);
        if let Some(lieu) = lieu(row, &mut problems).filter(|_| unique) {
            rows.push((row.line(), lieu));
        }
    }
    ParsedPlaces {
        rows,
        problem_count: problems.count(),
        problems: problems.into_vec(),
        sent_rows: table.sent_rows(),
        notices: table.notices().to_vec(),
        samples: table.samples(&["nom"]),
    }
}

/// Whether a value of a column comes here for the first time; a place without one has no double.
fn first_of(
    column: &str,
    value: Option<String>,
    seen: &mut HashMap<String, u64>,
    row: Row<'_>,
    problems: &mut Problems,
) -> bool {
    let Some(value) = value else { return true };
    let first = *seen.entry(value).or_insert(row.line());
    if first != row.line() {
        problems.push(row.problem(
            column,
            format!("cette valeur est déjà à la ligne {first}"),
            "chaque lieu a sa valeur : corrigez-la ou supprimez la ligne en double",
        ));
    }
    first == row.line()
}

fn lieu(row: Row<'_>, problems: &mut Problems) -> Option<Lieu> {
    let mut fields = Fields::new(row, problems);
    // All fields are read before any is asked for, so that every wrong cell of the row is told.
    let id = fields.required("id");
    let pivot = fields.pivot();
    let nom = fields.required("nom");
    let commune = fields.required("commune");
    let code_postal = fields.code_postal();
    let code_insee = fields.code_insee();
    let adresse = fields.required("adresse");
    let latitude = fields.degrees("latitude", 90);
    let longitude = fields.degrees("longitude", 180);
    let telephone = fields.telephone();
    let presentation_resume = fields.resume();
    let date_maj = fields.date_maj();
    let mut list = |column, words| fields.words(column, words);
    let itinerance = list("itinerance", lists::ITINERANCE);
    let services = list("services", lists::SERVICES);
    let publics_specifiquement_adresses = list("publics_specifiquement_adresses", lists::PUBLICS);
    let prise_en_charge_specifique = list("prise_en_charge_specifique", lists::PRISES_EN_CHARGE);
    let frais_a_charge = list("frais_a_charge", lists::FRAIS);
    let dispositif_programmes_nationaux = list("dispositif_programmes_nationaux", lists::DISPOSITIFS);
    let formations_labels = list("formations_labels", lists::FORMATIONS);
    let modalites_acces = list("modalites_acces", lists::MODALITES_ACCES);
    let modalites_accompagnement = list("modalites_accompagnement", lists::MODALITES_ACCOMPAGNEMENT);
    if fields.wrong {
        return None;
    }
    let text = |column| row.filled(column).map(str::to_owned);
    Some(Lieu {
        id: id?,
        pivot,
        nom: nom?,
        commune: commune?,
        code_postal: code_postal?,
        code_insee,
        adresse: adresse?,
        complement_adresse: text("complement_adresse"),
        latitude,
        longitude,
        typologie: fields::split(row, "typologie"),
        telephone,
        courriels: fields::split(row, "courriels"),
        site_web: fields::split(row, "site_web"),
        horaires: text("horaires"),
        presentation_resume,
        presentation_detail: text("presentation_detail"),
        source: text("source"),
        itinerance,
        structure_parente: text("structure_parente"),
        date_maj: date_maj?,
        services,
        publics_specifiquement_adresses,
        prise_en_charge_specifique,
        frais_a_charge,
        dispositif_programmes_nationaux,
        formations_labels,
        autres_formations_labels: text("autres_formations_labels"),
        modalites_acces,
        modalites_accompagnement,
        fiche_acces_libre: text("fiche_acces_libre"),
        prise_rdv: text("prise_rdv"),
    })
}

#[cfg(test)]
mod tests;
