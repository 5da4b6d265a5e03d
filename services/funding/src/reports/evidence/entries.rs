use ledger::seal::{Entries, EventProof, ProveError, Prover};
use ledger::{BookId, EventKind, KnownBy, PartyId};
use sealed_log::{AnyLeaf, Hash};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{bank::breaks, support::ids::PaymentId};

/// What of an event could be proven.
pub(super) enum Proven {
    /// Lines for `ecritures.ndjson`.
    Lines(Vec<u8>),
    NotSealed,
    /// The books no longer say what was sealed at this place.
    Changed(u64),
}

/// All of each claim that concerns the structure: its transfers, those that reversed it, the lines that say who paid it.
pub(super) async fn of_claims(
    connection: &mut PgConnection,
    prover: &mut Prover,
    structure: PartyId,
    book: BookId,
    claims: &[(Uuid, Option<Uuid>)],
) -> sqlx::Result<Vec<Proven>> {
    let groups = claims
        .iter()
        .map(|&(claim, reversal)| [claim].into_iter().chain(reversal).collect());
    let events: Vec<Vec<Uuid>> = groups.collect();
    proven(connection, prover, structure, &[book], &events, Entries::All).await
}

/// All transfers of each payment that concern the structure, those of what a person said of it among them; its lines are those of the
/// claims.
pub(super) async fn of_payments(
    connection: &mut PgConnection,
    prover: &mut Prover,
    structure: PartyId,
    books: &[BookId],
    payments: &[PaymentId],
) -> sqlx::Result<Vec<Proven>> {
    let explained = breaks::explained_payments(&mut *connection, payments).await?;
    let groups = |payment: &PaymentId| {
        let own = EventKind::ALL
            .iter()
            .filter(|event| event.known_by() == KnownBy::Payment);
        let own = own.map(|event| event.event_id(payment.uuid()).uuid());
        own.chain(explained.get(payment).into_iter().flatten().copied())
            .collect()
    };
    let events: Vec<Vec<Uuid>> = payments.iter().map(groups).collect();
    proven(connection, prover, structure, books, &events, Entries::Transfers).await
}

async fn proven(
    connection: &mut PgConnection,
    prover: &mut Prover,
    structure: PartyId,
    books: &[BookId],
    events: &[Vec<Uuid>],
    wanted: Entries,
) -> sqlx::Result<Vec<Proven>> {
    let own = |leaf: &AnyLeaf| leaf.accounts().any(|account| account.party == Some(structure));
    let proofs = match prover.events(connection, books, events, wanted).await {
        Ok(proofs) => proofs,
        Err(ProveError::Database(error)) => return Err(error),
        Err(error) => return Err(sqlx::Error::Decode(error.into())),
    };
    let lines = |proof| match proof {
        EventProof::Proven(entries) => {
            let mine = entries.iter().filter(|(leaf, _)| own(leaf));
            Proven::Lines(mine.flat_map(|(leaf, path)| line(leaf, path).into_bytes()).collect())
        }
        EventProof::NotSealed => Proven::NotSealed,
        EventProof::Changed(seq) => Proven::Changed(seq),
    };
    Ok(proofs.into_iter().map(lines).collect())
}

fn line(leaf: &AnyLeaf, path: &[Hash]) -> String {
    let path: Vec<String> = path.iter().map(Hash::to_base64).collect();
    format!("{}\n", json!({ "transfer": leaf.to_json(), "path": path }))
}
