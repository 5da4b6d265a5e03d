use access::OrganisationId;
use catalogue::ProgrammeId;
use database::UseCaseError;
use sqlx::PgTransaction;

use super::report::StoredReport;
use super::row::Person;
use super::verdict::RegisteredPeople;
use super::{BeneficiaryImportReport, CommitRejection, Importing};
use crate::{BeneficiaryId, BeneficiaryImportId, people::identity::IdentityHash};

/// What is registered among these people, by identity and by the prescriber's own numbers. Joined, not `= any(…)`: of a table that just
/// grew, PostgreSQL compares an array with every row.
pub(super) async fn known(
    tx: &mut PgTransaction<'_>,
    by: &Importing<'_>,
    people: &[Person],
) -> Result<RegisteredPeople, sqlx::Error> {
    let by_bytes: std::collections::HashMap<&[u8], IdentityHash> = people
        .iter()
        .map(|person| (&person.hash.bytes()[..], person.hash))
        .collect();
    let hashes: Vec<&[u8]> = by_bytes.keys().copied().collect();
    let mut known = RegisteredPeople::default();
    let rows = sqlx::query!(
        r#"select b.identity_hash, b.prescriber_id as "prescriber: OrganisationId", b.external_id
           from unnest($2::bytea[]) as file (hash)
           join issuer.beneficiary b on b.book_id = $1 and b.identity_hash = file.hash"#,
        by.programme.id.uuid(),
        &hashes as &[&[u8]],
    )
    .fetch_all(&mut **tx)
    .await?;
    for row in rows {
        let hash = by_bytes.get(&row.identity_hash[..]).copied();
        known
            .people
            .extend(hash.map(|hash| (hash, (row.prescriber, row.external_id))));
    }
    let numbers: Vec<&str> = people.iter().map(|person| person.external_id.as_str()).collect();
    known.numbers = sqlx::query_scalar!(
        "select b.external_id from unnest($3::text[]) as file (number)
         join issuer.beneficiary b on b.book_id = $1 and b.prescriber_id = $2 and b.external_id = file.number",
        by.programme.id.uuid(),
        by.prescriber().uuid(),
        &numbers as &[&str],
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .collect();
    Ok(known)
}

/// An import that was committed.
pub(super) struct Committed {
    pub prescriber: OrganisationId,
    pub sha256: Vec<u8>,
    pub report: BeneficiaryImportReport,
}

pub(super) async fn find(
    tx: &mut PgTransaction<'_>,
    programme: ProgrammeId,
    import: BeneficiaryImportId,
) -> Result<Option<Committed>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select prescriber_id as "prescriber: OrganisationId", file_name, sha256, report as "report: sqlx::types::Json<StoredReport>"
           from issuer.import where book_id = $1 and id = $2"#,
        programme.uuid(),
        import.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| Committed {
        prescriber: row.prescriber,
        report: row.report.0.into_report(import, row.file_name, &row.sha256),
        sha256: row.sha256,
    }))
}

pub(super) async fn import(
    tx: &mut PgTransaction<'_>,
    by: &Importing<'_>,
    import: BeneficiaryImportId,
    report: &BeneficiaryImportReport,
) -> Result<(), UseCaseError<CommitRejection>> {
    let stored = serde_json::to_value(StoredReport::of(report)).expect("a report is plain data");
    let sha256 = data_encoding::HEXLOWER
        .decode(report.sha256.as_bytes())
        .expect("encoded by us");
    sqlx::query!(
        "insert into issuer.import (book_id, id, prescriber_id, file_name, sha256, report, committed_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        by.programme.id.uuid(),
        import.uuid(),
        by.prescriber().uuid(),
        report.file,
        sha256,
        stored,
        by.at,
    )
    .execute(&mut **tx)
    .await
    .map_err(CommitRejection::of_insert)?;
    Ok(())
}

/// The pseudonymous half, then the identities, by arrays; in order of hash, so that two imports wait in one order.
pub(super) async fn beneficiaries(
    tx: &mut PgTransaction<'_>,
    by: &Importing<'_>,
    import: BeneficiaryImportId,
    people: &[Person],
) -> Result<(), UseCaseError<CommitRejection>> {
    let mut people: Vec<&Person> = people.iter().collect();
    people.sort_by_key(|person| person.hash);
    let ids: Vec<uuid::Uuid> = people.iter().map(|person| id(by, person).uuid()).collect();
    let column = |value: fn(&Person) -> String| people.iter().map(|person| value(person)).collect::<Vec<_>>();
    sqlx::query!(
        "insert into issuer.beneficiary (book_id, id, prescriber_id, external_id, identity_hash, audience, residence, booklets,
             import_id, registered_at)
         select $1, p.id, $2, p.external_id, p.identity_hash, p.audience, p.residence, p.booklets, $3, $4
         from unnest($5::uuid[], $6::text[], $7::bytea[], $8::text[], $9::text[], $10::int[])
             as p (id, external_id, identity_hash, audience, residence, booklets)",
        by.programme.id.uuid(),
        by.prescriber().uuid(),
        import.uuid(),
        by.at,
        &ids,
        &column(|person| person.external_id.clone()),
        &people.iter().map(|person| &person.hash.bytes()[..]).collect::<Vec<_>>() as &[&[u8]],
        &column(|person| person.audience.clone()),
        &column(|person| person.residence.to_string()),
        &people.iter().map(|person| person.booklets).collect::<Vec<_>>(),
    )
    .execute(&mut **tx)
    .await
    .map_err(CommitRejection::of_insert)?;
    sqlx::query!(
        "insert into issuer.identity (book_id, beneficiary_id, birth_name, first_names, birth_date, sex, birth_place, phone, email,
             last_contact)
         select $1, p.id, p.birth_name, p.first_names, p.birth_date, p.sex, p.birth_place, p.phone, p.email, $2
         from unnest($3::uuid[], $4::text[], $5::text[], $6::date[], $7::text[], $8::text[], $9::text[], $10::text[])
             as p (id, birth_name, first_names, birth_date, sex, birth_place, phone, email)",
        by.programme.id.uuid(),
        standards::calendar::paris_date(by.at),
        &ids,
        &column(|person| person.birth_name.clone()),
        &column(|person| person.first_names.clone()),
        &people.iter().map(|person| person.birth_date).collect::<Vec<_>>(),
        &column(|person| person.sex.clone()),
        &column(|person| person.birth_place.to_string()),
        &people.iter().map(|person| person.phone.clone()).collect::<Vec<_>>() as &[Option<String>],
        &people.iter().map(|person| person.email.clone()).collect::<Vec<_>>() as &[Option<String>],
    )
    .execute(&mut **tx)
    .await
    .map_err(CommitRejection::of_insert)?;
    Ok(())
}

/// The same person in the same programme has one id, and the id tells nothing to whoever lacks the identity key.
fn id(by: &Importing<'_>, person: &Person) -> BeneficiaryId {
    BeneficiaryId::derive(
        b"beneficiary",
        &[by.programme.id.uuid().as_bytes(), person.hash.bytes()],
    )
}
