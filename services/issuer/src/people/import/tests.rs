use access::OrganisationId;
use chrono::NaiveDate;
use zeroize::Zeroizing;

use super::row::{self, Parsed, Rules};
use super::verdict::{RegisteredPeople, judge};
use crate::people::identity::IdentityKey;

const HEADER: &str = "identifiant_externe,nom_naissance,prenoms,date_naissance,sexe,code_insee_naissance,\
    code_insee_residence,public,telephone,courriel,carnets";
const GOOD: &str = "B1,Garnier,Jacques Daniel,1941-06-01,M,89385,21231,Seniors,0612345678,,1";

fn parse(rows: &[&str]) -> Parsed {
    let key = IdentityKey::new(Zeroizing::new([7; 32]));
    let rules = Rules {
        today: NaiveDate::from_ymd_opt(2026, 5, 1).unwrap(),
        booklets_max: 2,
        audiences: vec!["Seniors".into(), "Autre".into()],
        key: &key,
    };
    row::parse(format!("{HEADER}\n{}\n", rows.join("\n")).as_bytes(), None, &rules)
}

/// (column, problem) of a good row in which one text is replaced.
fn told(from: &str, to: &str) -> Vec<(String, String)> {
    let parsed = parse(&[&GOOD.replacen(from, to, 1)]);
    assert_eq!(parsed.people.len(), usize::from(parsed.problems.is_empty()));
    parsed
        .problems
        .into_vec()
        .into_iter()
        .map(|problem| (problem.column, problem.problem))
        .collect()
}

#[test]
fn each_wrong_cell_is_told_with_its_column() {
    for (from, to, column) in [
        ("B1", "", "identifiant_externe"),
        ("Garnier", "", "nom_naissance"),
        ("Garnier", "-", "nom_naissance"),
        ("Jacques Daniel", "", "prenoms"),
        ("1941-06-01", "1981-02-30", "date_naissance"),
        ("1941-06-01", "1941-6-1", "date_naissance"),
        ("1941-06-01", "15128", "date_naissance"),
        ("1941-06-01", "01/06/41", "date_naissance"),
        ("B1", "\"9,87631E+13\"", "identifiant_externe"),
        ("0612345678", "\"6,12346E+08\"", "telephone"),
        ("1941-06-01", "2026-05-02", "date_naissance"),
        ("1941-06-01", "1899-12-31", "date_naissance"),
        ("1941-06-01", "", "date_naissance"),
        (",M,", ",H,", "sexe"),
        ("89385", "8938", "code_insee_naissance"),
        ("21231", "99999", "code_insee_residence"),
        ("21231", "99352", "code_insee_residence"),
        ("Seniors", "Inconnu", "public"),
        ("0612345678", "061234567", "telephone"),
        (",,1", ",nom@,1", "courriel"),
        (",,1", ",,0", "carnets"),
        (",,1", ",,3", "carnets"),
        (",,1", ",,1.5", "carnets"),
    ] {
        let told = told(from, to);
        assert_eq!(
            told.iter().map(|(column, _)| column.as_str()).collect::<Vec<_>>(),
            [column],
            "{from} → {to}: {told:?}"
        );
    }
}

#[test]
fn cells_that_may_be_empty_or_unusual_are_taken() {
    for (from, to) in [
        ("", ""),
        (",M,", ",,"),
        (",M,", ",X,"),
        ("89385", "99352"),
        ("0612345678", ""),
        ("0612345678", "+33 6 12 34 56 78"),
        ("0612345678", "06.12.34.56.78"),
        (",,1", ",a.b@exemple.fr,2"),
        ("1941-06-01", "2026-05-01"),
        ("1941-06-01", "01/06/1941"),
        ("1941-06-01", "01-06-1941"),
        ("1941-06-01", "01.06.1941"),
        ("1941-06-01", "1941-06-01 00:00:00"),
        ("Seniors", "SENIORS"),
        (",M,", ",m,"),
        (",,1", ",,1.0"),
        ("89385", "20004"),
    ] {
        assert!(told(from, to).is_empty(), "{from} → {to}");
    }
}

#[test]
fn what_a_spreadsheet_did_to_a_date_is_named_with_the_remedy() {
    for serial in ["18295", "15128", "18295.5"] {
        let parsed = parse(&[&GOOD.replace("1941-06-01", serial)]);
        let [problem] = &parsed.problems.into_vec()[..] else {
            panic!("one problem")
        };
        assert!(problem.problem.contains("un tableur a changé cette date en nombre"));
        assert!(
            problem
                .remedy
                .contains("mettez la colonne au format Texte et recopiez les dates")
        );
    }
}

#[test]
fn one_person_is_one_person_in_every_form_of_date_place_and_audience() {
    let same = GOOD.replace("1941-06-01", "01/06/1941").replace("Seniors", "seniors");
    let parsed = parse(&[
        &GOOD.replace("89385", "75115"),
        &same.replace("89385", "75056").replace("B1", "B2"),
    ]);
    let [one, other] = &parsed.people[..] else {
        panic!("two lines")
    };
    assert_eq!((one.hash, &one.audience), (other.hash, &other.audience));
    assert_ne!(one.birth_place, other.birth_place, "what was written is kept");
}

#[test]
fn a_column_less_that_may_be_empty_and_a_column_more_refuse_nothing_and_are_named() {
    let key = IdentityKey::new(Zeroizing::new([7; 32]));
    let rules = Rules {
        today: NaiveDate::from_ymd_opt(2026, 5, 1).unwrap(),
        booklets_max: 2,
        audiences: vec!["Seniors".into()],
        key: &key,
    };
    let header = HEADER.replace("sexe,", "").replace("telephone,courriel,", "");
    let line = GOOD.replace(",M,", ",").replace("0612345678,,", "");
    let parsed = row::parse(format!("{header}\n{line}\n").as_bytes(), None, &rules);
    assert_eq!(
        (parsed.people.len(), parsed.notices.len()),
        (1, 3),
        "{:?}",
        parsed.notices
    );
    for (file, named) in [
        (format!("{HEADER},nir\n{GOOD},1\n"), "« nir »"),
        (format!("Commentaire,{HEADER}\nà rappeler,{GOOD}\n"), "« Commentaire »"),
        (format!("{HEADER},\n{GOOD},x\n"), "n° 12, sans nom,"),
    ] {
        let parsed = row::parse(file.as_bytes(), None, &rules);
        assert_eq!((parsed.people.len(), parsed.problems.count()), (1, 0), "{file}");
        assert!(
            matches!(&parsed.notices[..], [notice] if notice.contains(named)),
            "{file}"
        );
        assert_eq!(parsed.people[0].external_id, "B1", "{file}");
    }
}

#[test]
fn a_line_with_several_wrong_cells_tells_them_all() {
    let parsed = parse(&["B1,,,1981-02-30,M,89385,21231,Seniors,,,0"]);
    let columns: Vec<String> = parsed
        .problems
        .into_vec()
        .into_iter()
        .map(|problem| problem.column)
        .collect();
    assert_eq!(columns, ["nom_naissance", "prenoms", "date_naissance", "carnets"]);
}

#[test]
fn the_order_of_first_names_makes_no_other_person() {
    let swapped = GOOD
        .replace("B1", "B2")
        .replace("Garnier,Jacques Daniel", "GARNIER,daniel JACQUES");
    let judged = judge(
        parse(&[GOOD, &swapped]).people,
        &RegisteredPeople::default(),
        OrganisationId::from_uuid(uuid::Uuid::nil()),
    );
    assert_eq!(judged.accepted.len(), 1);
    assert_eq!(
        (judged.duplicates[0].cell.line, judged.duplicates[0].same_as_line),
        (3, Some(2))
    );
}

#[test]
fn one_number_names_one_person() {
    let other = GOOD.replace("Garnier", "Martin");
    let judged = judge(
        parse(&[GOOD, &other]).people,
        &RegisteredPeople::default(),
        OrganisationId::from_uuid(uuid::Uuid::nil()),
    );
    assert_eq!((judged.accepted.len(), judged.refused[0].line), (1, 3));
}
