//! The file of bank details that structures send: `siret,titulaire,iban,bic`.

use std::collections::HashMap;

use crate::bank::iban::{Bic, Iban};
use crate::siret::Siret;
use crate::table::{self, Columns, Problems, Reading, Row};

const COLUMNS: Columns = Columns {
    required: &["siret", "titulaire", "iban"],
    optional: &["bic"],
};

/// Most characters of an account holder's name (ISO 20022 `Max140Text`). A SEPA transfer carries 70: the payment file shortens.
pub const HOLDER_CHARS_MAX: usize = 140;

/// One account to pay a structure on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankDetails {
    pub siret: Siret,
    /// Who holds the account.
    pub holder: String,
    /// The account; always one that a SEPA transfer reaches.
    pub iban: Iban,
    /// The bank; optional in SEPA since 2016.
    pub bic: Option<Bic>,
}

/// A file read: the good rows with their lines, and what is wrong with the others.
#[derive(Debug, Default)]
pub struct ParsedBankDetails {
    /// Good rows with their physical line.
    pub rows: Vec<(u64, BankDetails)>,
    /// What is wrong; whoever knows the structures may add to it.
    pub problems: Problems,
    /// How many rows were sent, good or not.
    pub sent_rows: usize,
    /// What was read otherwise than the sender may think.
    pub notices: Vec<String>,
    /// Some holders, when the encoding was found out.
    pub samples: Vec<String>,
}

/// Reads a file of bank details: CSV, or a workbook (its first sheet when none is named). A SIRET that comes twice keeps its first row.
#[must_use]
pub fn parse(bytes: &[u8], sheet: Option<&str>) -> ParsedBankDetails {
    let reading = Reading {
        columns: &COLUMNS,
        sheet,
    };
    let mut table = table::read(bytes, &reading);
    let mut problems = table.take_problems();
    let mut seen = HashMap::new();
    let mut rows = Vec::new();
    for row in table.rows() {
        let Some(details) = details(row, &mut problems) else {
            continue;
        };
        if let Some(first) = seen.get(&details.siret) {
            problems.push(row.problem(
                "siret",
                format!("ce SIRET est déjà à la ligne {first}"),
                "gardez une seule ligne par structure",
            ));
        } else {
            seen.insert(details.siret, row.line());
            rows.push((row.line(), details));
        }
    }
    ParsedBankDetails {
        rows,
        problems,
        sent_rows: table.sent_rows(),
        notices: table.notices().to_vec(),
        samples: table.samples(&["titulaire"]),
    }
}

fn details(row: Row<'_>, problems: &mut Problems) -> Option<BankDetails> {
    let siret = row.parsed::<Siret>("siret", problems);
    let holder = holder(row, problems);
    let iban = row.parsed::<Iban>("iban", problems).filter(|iban| {
        if !iban.is_sepa() {
            problems.push(row.problem(
                "iban",
                "ce compte est hors de la zone SEPA",
                "donnez un compte que les virements SEPA peuvent atteindre",
            ));
        }
        iban.is_sepa()
    });
    let bic = match row.filled("bic") {
        Some(_) => Some(row.parsed::<Bic>("bic", problems)?),
        None => None,
    };
    Some(BankDetails {
        siret: siret?,
        holder: holder?,
        iban: iban?,
        bic,
    })
}

fn holder(row: Row<'_>, problems: &mut Problems) -> Option<String> {
    let Some(holder) = row.filled("titulaire") else {
        problems.push(row.problem(
            "titulaire",
            "le titulaire du compte manque",
            "recopiez-le depuis le relevé d'identité bancaire",
        ));
        return None;
    };
    if holder.chars().count() > HOLDER_CHARS_MAX {
        problems.push(row.problem(
            "titulaire",
            format!("le titulaire dépasse {HOLDER_CHARS_MAX} caractères"),
            "abrégez-le",
        ));
        return None;
    }
    Some(holder.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::CellProblem;

    const GOOD: &str = "21210231300013,Onlineformapro,FR76 3000 6424 4626 0181 5908 634,AGRIFRPPXXX";

    type Accounts = Vec<(u64, BankDetails)>;

    fn read(file: &[u8]) -> (Accounts, Vec<CellProblem>) {
        let parsed = parse(file, None);
        (parsed.rows, parsed.problems.into_vec())
    }

    fn parse_rows(rows: &[&str]) -> (Accounts, Vec<CellProblem>) {
        read(format!("siret,titulaire,iban,bic\n{}\n", rows.join("\n")).as_bytes())
    }

    fn told(problems: &[CellProblem]) -> Vec<(u64, &str)> {
        let places = problems.iter().map(|problem| (problem.line, problem.column.as_str()));
        places.collect()
    }

    #[test]
    fn a_good_row_becomes_an_account() {
        let (rows, problems) = parse_rows(&[GOOD]);
        assert_eq!(problems, []);
        let (line, details) = &rows[0];
        assert_eq!(
            (*line, details.siret.as_str(), details.holder.as_str()),
            (2, "21210231300013", "Onlineformapro")
        );
        assert_eq!(details.iban.electronic(), "FR7630006424462601815908634");
        assert_eq!(details.bic.as_ref().map(Bic::as_str), Some("AGRIFRPPXXX"));
    }

    #[test]
    fn the_bic_may_be_left_empty_but_not_wrong() {
        let without = GOOD.replace("AGRIFRPPXXX", "");
        assert_eq!(parse_rows(&[&without]).0[0].1.bic, None);
        let (_, problems) = parse_rows(&[&GOOD.replace("AGRIFRPPXXX", "AGRI")]);
        assert_eq!(told(&problems), [(2, "bic")]);
    }

    #[test]
    fn a_column_less_that_may_be_empty_and_a_column_more_refuse_nothing() {
        let account = GOOD.replace(",AGRIFRPPXXX", "");
        for (file, named) in [
            (format!("siret,titulaire,iban\n{account}\n"), "« bic »"),
            (format!("siret,titulaire,iban,bic,banque\n{GOOD},CA\n"), "« banque »"),
            (format!("note,siret,titulaire,iban,bic\nx,{GOOD}\n"), "« note »"),
        ] {
            let parsed = parse(file.as_bytes(), None);
            assert_eq!((parsed.rows.len(), parsed.problems.count()), (1, 0), "{file}");
            assert!(
                matches!(&parsed.notices[..], [notice] if notice.contains(named)),
                "{file}"
            );
        }
    }

    #[test]
    fn every_wrong_cell_of_a_row_is_told() {
        let (_, problems) = parse_rows(&["21210231300014,,FR7630006424462601815908635,AGRI"]);
        assert_eq!(
            told(&problems),
            [(2, "siret"), (2, "titulaire"), (2, "iban"), (2, "bic")]
        );
        assert_eq!(
            problems[2].problem,
            "l'IBAN est faux, sa clé de contrôle ne correspond pas"
        );
        assert!(
            problems[2]
                .remedy
                .starts_with("un caractère est sans doute mal recopié")
        );
    }

    #[test]
    fn a_structure_has_one_account() {
        let (rows, problems) = parse_rows(&[GOOD, GOOD]);
        assert_eq!(rows.len(), 1);
        assert_eq!(problems[0].problem, "ce SIRET est déjà à la ligne 2");
    }

    #[test]
    fn accounts_that_no_sepa_transfer_reaches_are_refused() {
        let turkish = GOOD.replace("FR76 3000 6424 4626 0181 5908 634", "TR330006100519786457841326");
        assert_eq!(told(&parse_rows(&[&turkish]).1), [(2, "iban")]);
    }

    #[test]
    fn exactly_the_seven_wrong_accounts_of_the_region_are_found() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/bfc");
        let (Ok(file), Ok(expected)) = (
            std::fs::read(format!("{path}/bank-details.csv")),
            std::fs::read(format!("{path}/expected.json")),
        ) else {
            eprintln!("skipped: the region's data is not beside the repository");
            return;
        };
        let expected: serde_json::Value = serde_json::from_slice(&expected).unwrap();
        let wrong = expected["bank"]["bad"]
            .as_object()
            .unwrap()
            .iter()
            .filter(|(_, why)| *why == "wrong check digits");
        let mut wrong: Vec<&str> = wrong.map(|(siret, _)| siret.as_str()).collect();
        wrong.sort_unstable();
        let (rows, problems) = read(&file);
        let text = String::from_utf8(file).unwrap();
        let line = |number: u64| text.lines().nth(usize::try_from(number).unwrap() - 1).unwrap();
        let mut found: Vec<&str> = problems.iter().map(|problem| &line(problem.line)[..14]).collect();
        found.sort_unstable();
        assert_eq!((wrong.len(), found), (7, wrong));
        assert!(
            problems
                .iter()
                .all(|problem| problem.problem.contains("clé de contrôle"))
        );
        assert_eq!(rows.len(), 656);
    }
}
