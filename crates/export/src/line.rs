use std::io::Write;

use ledger::seal::Entry;
use sealed_log::Hash;
use serde::Serialize;
use uuid::Uuid;

/// What stands in the place of a transfer that is gone: what is missing must show.
#[derive(Serialize)]
struct MissingEntry {
    seq: u64,
    id: Uuid,
    missing: bool,
}

/// Writes an entry's line. True if the books still say what was sealed.
pub(crate) fn write_line(out: &mut impl Write, entry: &Entry) -> anyhow::Result<bool> {
    let holds = if let Some(leaf) = &entry.leaf {
        let bytes = leaf.to_bytes();
        serde_json::to_writer(&mut *out, &leaf.line(&bytes))?;
        Hash::leaf(&bytes) == entry.sealed
    } else {
        let missing = MissingEntry {
            seq: entry.seq,
            id: entry.id,
            missing: true,
        };
        serde_json::to_writer(&mut *out, &missing)?;
        false
    };
    out.write_all(b"\n")?;
    Ok(holds)
}

#[cfg(test)]
mod tests {
    use ledger::{AccountKind, BatchId, BookId, EventId, PartyId, RecordId, RecordKind, TransferId, TransferKind};
    use sealed_log::{AnyLeaf, Leaf, LeafAccount, RecordLeaf};
    use standards::Cents;

    use super::*;

    const fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn side(kind: AccountKind) -> LeafAccount {
        LeafAccount {
            book: BookId::from_uuid(id(1)),
            kind,
            party: None,
            batch: None,
            voucher: None,
        }
    }

    /// What `ccn verify` reads again is what the library says.
    #[test]
    fn a_line_has_the_members_of_the_leaf() {
        let reserve = LeafAccount {
            party: Some(PartyId::from_uuid(id(2))),
            batch: Some(BatchId::from_uuid(id(3))),
            ..side(AccountKind::Reserved)
        };
        let voucher = LeafAccount {
            voucher: Some((7, 70_000)),
            ..side(AccountKind::Voucher)
        };
        let at = "2026-03-31T23:00:00.000001Z".parse().unwrap();
        let transfer = |reverses, reference: &str, booked_on: &str| {
            AnyLeaf::Transfer(Leaf {
                seq: 12,
                id: TransferId::from_uuid(id(4)),
                kind: TransferKind::Activated,
                debit: reserve,
                credit: voucher,
                cents: Cents::new(334),
                at,
                booked_on: booked_on.parse().unwrap(),
                event: EventId::from_uuid(id(5)),
                reverses,
                reference: reference.to_owned(),
                commitment: None,
                evidence: None,
            })
        };
        let record = AnyLeaf::Record(RecordLeaf {
            seq: 12,
            id: RecordId::from_uuid(id(4)),
            kind: RecordKind::SettlementLine,
            account: side(AccountKind::Payable),
            cents: Cents::new(334),
            at,
            booked_on: "2026-05-02".parse().unwrap(),
            event: EventId::from_uuid(id(5)),
            claim: id(6),
            payment: id(7),
            reference: String::new(),
        });
        let reversing = Some(TransferId::from_uuid(id(9)));
        for leaf in [
            transfer(None, "", "2026-04-01"),
            transfer(reversing, "Réf \"7\"", "2026-05-02"),
            record,
        ] {
            let entry = Entry {
                seq: leaf.seq(),
                id: leaf.id(),
                sealed: leaf.hash(),
                leaf: Some(leaf.clone()),
            };
            let mut out = Vec::new();
            assert!(write_line(&mut out, &entry).unwrap());
            let read: serde_json::Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(read, leaf.to_json());
            assert!(out.starts_with(br#"{"seq":12,"id":"#) && out.ends_with(b"}\n"));
        }
    }
}
