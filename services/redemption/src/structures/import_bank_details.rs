//! Where each structure is to be paid. The newest account counts; earlier ones stay, to say where money went.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgTransaction;
use standards::bank_details::BankDetails;
use standards::{Bic, CellProblem};
use uuid::Uuid;

use crate::structures::import::{CHANGED, Findings, Import, ImportError, Kind, NEW, StructureImportReport, Upload};

/// A file of bank details.
pub(crate) enum BankDetailsFile {}

/// An account that is new to its structure.
pub(crate) struct NewAccount {
    structure: Uuid,
    details: BankDetails,
}

struct StoredAccount {
    structure: Uuid,
    holder: Option<String>,
    iban: Option<String>,
    bic: Option<String>,
}

impl Import for BankDetailsFile {
    type Change = NewAccount;
    const KIND: Kind = Kind::BankDetails;
    const ACTION: &'static str = "bank_details.import";

    async fn examine(
        tx: &mut PgTransaction<'_>,
        upload: &Upload,
    ) -> Result<(StructureImportReport, Vec<NewAccount>), ImportError> {
        let parsed = standards::bank_details::parse(&upload.bytes, upload.sheet.as_deref());
        let sirets: Vec<String> = parsed
            .rows
            .iter()
            .map(|(_, details)| details.siret.to_string())
            .collect();
        let known = known(tx, &sirets).await?;
        let (mut problems, mut found) = (parsed.problems, Findings::default());
        let mut accounts = Vec::new();
        for (line, details) in parsed.rows {
            match known.get(details.siret.as_str()) {
                None => problems.push(CellProblem::new(
                    line,
                    "siret",
                    details.siret.as_str(),
                    "aucune structure connue n'a ce SIRET",
                    "vérifiez le SIRET, ou importez d'abord le lieu avec le fichier des structures",
                )),
                Some(known) if known.is(&details) => found.unchanged.push(line),
                Some(known) => {
                    found
                        .accepted
                        .push((line, if known.iban.is_some() { CHANGED } else { NEW }));
                    accounts.push(NewAccount {
                        structure: known.structure,
                        details,
                    });
                }
            }
        }
        let found = Findings {
            problem_count: problems.count(),
            problems: problems.into_vec(),
            sent_rows: parsed.sent_rows,
            notices: parsed.notices,
            samples: parsed.samples,
            ..found
        };
        Ok((upload.report(found), accounts))
    }

    async fn store(
        tx: &mut PgTransaction<'_>,
        upload: &Upload,
        accounts: &[NewAccount],
        at: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        let structures: Vec<_> = accounts.iter().map(|account| account.structure).collect();
        let holders: Vec<_> = accounts.iter().map(|account| account.details.holder.clone()).collect();
        let ibans: Vec<_> = accounts
            .iter()
            .map(|account| account.details.iban.electronic().to_owned())
            .collect();
        let bics: Vec<_> = accounts
            .iter()
            .map(|account| account.details.bic.as_ref().map(|bic| bic.as_str().to_owned()))
            .collect();
        sqlx::query!(
            "insert into redemption.bank_details (structure_id, version, given_at, holder, iban, bic, import_id)
             select a.structure_id,
                 1 + coalesce((select max(version) from redemption.bank_details d where d.structure_id = a.structure_id), 0),
                 $5, a.holder, a.iban, a.bic, $6
             from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as a (structure_id, holder, iban, bic)",
            &structures,
            &holders,
            &ibans,
            &bics as &[Option<String>],
            at,
            upload.id.uuid(),
        )
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}

impl StoredAccount {
    fn is(&self, details: &BankDetails) -> bool {
        self.iban.as_deref() == Some(details.iban.electronic())
            && self.holder.as_deref() == Some(details.holder.as_str())
            && self.bic.as_deref() == details.bic.as_ref().map(Bic::as_str)
    }
}

async fn known(tx: &mut PgTransaction<'_>, sirets: &[String]) -> Result<HashMap<String, StoredAccount>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select siret as "siret!", structure_id as "structure_id!", holder, iban, bic
           from redemption.payee where siret = any($1)"#,
        sirets
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            (
                row.siret,
                StoredAccount {
                    structure: row.structure_id,
                    holder: row.holder,
                    iban: row.iban,
                    bic: row.bic,
                },
            )
        })
        .collect())
}
