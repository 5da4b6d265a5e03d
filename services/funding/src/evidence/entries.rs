use ledger::proof::{AnyLeaf, EntryProofs, Hash, ProveError, prove_event};
use ledger::{GroupId, PartyId};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{PaymentId, breaks};

/// What a payment does to the books, each an event whose group is made from its id.
const PAYMENT_EVENTS: [&[u8]; 4] = [b"settled", b"debited", b"returned", b"rejected"];

/// What of an event could be proven.
pub(super) enum Proven {
    /// Lines for `ecritures.ndjson`.
    Lines(Vec<u8>),
    /// Too recent.
    NotSealed,
    /// The books no longer say what was sealed at this place.
    Changed(u64),
}

/// All of a claim that concerns the structure: its transfers, those that reversed it, the lines that say who paid it.
pub(super) async fn of_claim(
    connection: &mut PgConnection,
    structure: PartyId,
    claim: Uuid,
    reversal: Option<Uuid>,
) -> sqlx::Result<Proven> {
    let groups: Vec<Uuid> = [claim].into_iter().chain(reversal).collect();
    proven(connection, structure, &groups, |_| true).await
}

/// All transfers of a payment that concern the structure, those of what a person said of it among them; its lines are those of the
/// claims.
pub(super) async fn of_payment(
    connection: &mut PgConnection,
    structure: PartyId,
    payment: PaymentId,
) -> sqlx::Result<Proven> {
    let own = PAYMENT_EVENTS.map(|event| GroupId::derive(event, &[payment.uuid().as_bytes()]).uuid());
    let explained = breaks::explained_payment(connection, payment).await?;
    let groups: Vec<Uuid> = own.into_iter().chain(explained).collect();
    proven(connection, structure, &groups, |leaf| leaf.transfer().is_some()).await
}

async fn proven(
    connection: &mut PgConnection,
    structure: PartyId,
    groups: &[Uuid],
    wanted: impl Fn(&AnyLeaf) -> bool,
) -> sqlx::Result<Proven> {
    match prove_event(connection, groups).await {
        Ok(EntryProofs { entries, .. }) => {
            let mut lines = Vec::new();
            let own = |leaf: &AnyLeaf| leaf.accounts().any(|account| account.party == Some(structure));
            for (leaf, path) in entries.iter().filter(|(leaf, _)| own(leaf) && wanted(leaf)) {
                lines.extend_from_slice(line(leaf, path).as_bytes());
            }
            Ok(Proven::Lines(lines))
        }
        Err(ProveError::NotSealed) => Ok(Proven::NotSealed),
        Err(ProveError::Changed(seq)) => Ok(Proven::Changed(seq)),
        Err(ProveError::Database(error)) => Err(error),
        Err(ProveError::Beyond(error)) => Err(sqlx::Error::Decode(error.into())),
    }
}

fn line(leaf: &AnyLeaf, path: &[Hash]) -> String {
    let path: Vec<String> = path.iter().map(Hash::to_base64).collect();
    format!("{}\n", json!({ "transfer": leaf.to_json(), "path": path }))
}
