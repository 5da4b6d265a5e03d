//! One line of the file: is it right, taken alone? Pure.

use chrono::NaiveDate;
use standards::cog::{BirthPlace, Cog, CommuneCode};
use standards::spreadsheet::without_zero_decimals;
use standards::table::{self, Columns, Problems, Reading, Row};
use standards::written::date;
use standards::written::words::{choice, words};

use crate::{people::identity::Identity, people::identity::IdentityHash, people::identity::IdentityKey};

const COLUMNS: Columns = Columns {
    required: &[
        "identifiant_externe",
        "nom_naissance",
        "prenoms",
        "date_naissance",
        "code_insee_naissance",
        "code_insee_residence",
        "public",
        "carnets",
    ],
    // May be empty, so they may be left out.
    optional: &["sexe", "telephone", "courriel"],
};

/// Nobody alive was born before; an earlier date is a typing error.
const BIRTH_YEAR_MIN: i32 = 1900;

/// Characters of a name or a number in the prescriber's files.
const TEXT_CHARS_MAX: usize = 200;

/// What a line must satisfy.
pub(super) struct Rules<'a> {
    pub today: NaiveDate,
    pub booklets_max: u32,
    pub audiences: Vec<String>,
    pub key: &'a IdentityKey,
}

#[derive(Debug, Clone)]
pub(super) struct Person {
    pub line: u64,
    pub external_id: String,
    pub hash: IdentityHash,
    pub birth_name: String,
    pub first_names: String,
    pub birth_date: NaiveDate,
    pub sex: String,
    pub birth_place: BirthPlace,
    pub residence: CommuneCode,
    pub audience: String,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub booklets: i32,
}

/// A whole file: its good lines, and what is wrong with the others.
pub(super) struct Parsed {
    pub rows: usize,
    pub people: Vec<Person>,
    pub problems: Problems,
    /// What was read otherwise than the sender may think.
    pub notices: Vec<String>,
    /// Some names, when the encoding was found out.
    pub samples: Vec<String>,
}

/// A column that nobody asked for is not read, so nothing of it is kept: it may hold what must not be sent of a person.
pub(super) fn parse(bytes: &[u8], sheet: Option<&str>, rules: &Rules<'_>) -> Parsed {
    let reading = Reading {
        columns: &COLUMNS,
        sheet,
    };
    let mut table = table::read(bytes, &reading);
    let mut problems = table.take_problems();
    let people = table
        .rows()
        .filter_map(|row| person(row, rules, &mut problems))
        .collect();
    Parsed {
        rows: table.sent_rows(),
        people,
        problems,
        notices: table.notices().to_vec(),
        samples: table.samples(&["prenoms", "nom_naissance"]),
    }
}

/// Every cell is looked at, so that one reading of the report mends the whole line.
fn person(row: Row<'_>, rules: &Rules<'_>, problems: &mut Problems) -> Option<Person> {
    let external_id = text(
        row,
        "identifiant_externe",
        "le numéro de la personne dans vos fichiers",
        problems,
    );
    let birth_name = name(row, "nom_naissance", "le nom de naissance", problems);
    let first_names = name(row, "prenoms", "les prénoms", problems);
    let birth_date = birth_date(row, rules.today, problems);
    let sex = one_of(
        row,
        "sexe",
        &["", "F", "M", "X"],
        "écrivez F, M ou X, ou laissez vide",
        problems,
    );
    let birth_place = row.parsed::<BirthPlace>("code_insee_naissance", problems);
    let residence = residence(row, problems);
    let audiences: Vec<&str> = rules.audiences.iter().map(String::as_str).collect();
    let choices = format!("choisissez parmi : {}", rules.audiences.join(", "));
    let audience = one_of(row, "public", &audiences, &choices, problems);
    let phone = shaped(
        row,
        "telephone",
        is_phone,
        "écrivez les 10 chiffres, par exemple 06 12 34 56 78, ou laissez vide",
        problems,
    );
    let email = shaped(
        row,
        "courriel",
        is_email,
        "écrivez une adresse comme nom@exemple.fr, ou laissez vide",
        problems,
    );
    let booklets = booklets(row, rules.booklets_max, problems);
    let (birth_name, first_names, birth_date, birth_place) = (birth_name?, first_names?, birth_date?, birth_place?);
    let identity = Identity {
        birth_name: &birth_name,
        first_names: &first_names,
        birth_date,
        birth_place,
    };
    Some(Person {
        line: row.line(),
        external_id: external_id?,
        hash: identity.hash(rules.key),
        birth_name,
        first_names,
        birth_date,
        sex: sex?,
        birth_place,
        residence: residence?,
        audience: audience?,
        phone: phone?,
        email: email?,
        booklets: booklets?,
    })
}

fn text(row: Row<'_>, column: &str, what: &str, problems: &mut Problems) -> Option<String> {
    if row.is_shortened(column, problems) {
        return None;
    }
    let Some(text) = row.filled(column) else {
        problems.push(row.problem(
            column,
            format!("{what} : cette cellule est vide"),
            "remplissez cette cellule",
        ));
        return None;
    };
    if text.chars().count() > TEXT_CHARS_MAX {
        problems.push(row.problem(
            column,
            format!("plus de {TEXT_CHARS_MAX} caractères"),
            "raccourcissez cette cellule",
        ));
        return None;
    }
    Some(text.to_owned())
}

fn name(row: Row<'_>, column: &str, what: &str, problems: &mut Problems) -> Option<String> {
    let name = text(row, column, what, problems)?;
    if words(&name).is_empty() {
        problems.push(row.problem(
            column,
            "cette cellule ne contient aucune lettre",
            "recopiez le nom depuis une pièce d'identité",
        ));
        return None;
    }
    Some(name)
}

fn birth_date(row: Row<'_>, today: NaiveDate, problems: &mut Problems) -> Option<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(BIRTH_YEAR_MIN, 1, 1).expect("1 January exists");
    let problem = match date::read(row.cell("date_naissance")) {
        Ok(date) if date > today => "la date de naissance est dans le futur",
        Ok(date) if date < first => "la date de naissance est trop ancienne",
        Ok(date) => return Some(date),
        Err(error) => {
            problems.push(row.refusal("date_naissance", &error));
            return None;
        }
    };
    problems.push(row.problem("date_naissance", problem, "vérifiez l'année"));
    None
}

fn residence(row: Row<'_>, problems: &mut Problems) -> Option<CommuneCode> {
    let code = row.parsed::<CommuneCode>("code_insee_residence", problems)?;
    if Cog::embedded().commune(code).is_none() {
        problems.push(row.problem(
            "code_insee_residence",
            "cette commune n'existe pas dans le code officiel géographique",
            "cherchez le code INSEE de la commune (ce n'est pas le code postal)",
        ));
        return None;
    }
    Some(code)
}

fn one_of(row: Row<'_>, column: &str, choices: &[&str], remedy: &str, problems: &mut Problems) -> Option<String> {
    let cell = row.cell(column);
    if let Some(choice) = choice(cell, choices.iter().copied()) {
        return Some(choice.to_owned());
    }
    let problem = if cell.is_empty() {
        "cette cellule est vide"
    } else {
        "cette valeur n'est pas dans la liste"
    };
    problems.push(row.problem(column, problem, remedy));
    None
}

/// A cell that may be empty: `Some(None)`.
#[expect(
    clippy::option_option,
    reason = "the outer says whether the cell is right, the inner whether it is filled"
)]
fn shaped(
    row: Row<'_>,
    column: &str,
    is_right: fn(&str) -> bool,
    remedy: &str,
    problems: &mut Problems,
) -> Option<Option<String>> {
    match row.filled(column) {
        None => Some(None),
        Some(cell) if is_right(cell) => Some(Some(cell.to_owned())),
        Some(_) => {
            problems.push(row.problem(column, "cette valeur n'a pas la bonne forme", remedy));
            None
        }
    }
}

/// French (10 digits) or international (+ and 8 to 15 digits, ITU-T E.164), with the usual separators.
fn is_phone(text: &str) -> bool {
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, ' ' | '.' | '-' | '\u{a0}' | '\u{202f}'))
        .collect();
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match plain.strip_prefix('+') {
        Some(rest) => (8..=15).contains(&rest.len()) && digits(rest),
        None => plain.len() == 10 && plain.starts_with('0') && digits(&plain),
    }
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let labels_filled = domain.split('.').all(|label| !label.is_empty());
    let plain = !text.contains(|c: char| c.is_whitespace() || c.is_control());
    plain && !local.is_empty() && !domain.contains('@') && domain.contains('.') && labels_filled
}

fn booklets(row: Row<'_>, most: u32, problems: &mut Problems) -> Option<i32> {
    let booklets = without_zero_decimals(row.cell("carnets"))
        .parse::<i32>()
        .ok()
        .filter(|count| u32::try_from(*count).is_ok_and(|count| (1..=most).contains(&count)));
    if booklets.is_none() {
        let remedy = format!("écrivez un nombre entier de 1 à {most}, le maximum de ce dispositif");
        problems.push(row.problem("carnets", "ce nombre de carnets n'est pas possible", remedy));
    }
    booklets
}
