use std::io::Write;

use data_encoding::BASE64;
use ledger::proof::{AnyLeaf, Entry, Hash, LeafAccount};
use serde::Serialize;
use uuid::Uuid;

/// A line of `transfers.ndjson`, in the order in which people read it. The same members as [`AnyLeaf::to_json`], written without
/// building a tree: there are ten million of them.
#[derive(Serialize)]
struct Line<'l> {
    seq: u64,
    id: Uuid,
    kind: &'static str,
    debit: Account,
    credit: Account,
    cents: i64,
    at: String,
    booked_on: chrono::NaiveDate,
    grp: Uuid,
    reverses: Option<Uuid>,
    reference: &'l str,
    leaf: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    claim: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<Uuid>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    late: bool,
}

#[derive(Serialize)]
struct Account {
    book: Uuid,
    kind: &'static str,
    party: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    series: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idx: Option<u32>,
}

/// What stands in the place of a transfer that is gone: what is missing must show.
#[derive(Serialize)]
struct Missing {
    seq: u64,
    id: Uuid,
    missing: bool,
}

/// Writes an entry's line. True if the books still say what was sealed.
pub(super) fn write_line(out: &mut impl Write, entry: &Entry) -> anyhow::Result<bool> {
    let holds = match &entry.leaf {
        Some(leaf) => {
            let bytes = leaf.to_bytes();
            serde_json::to_writer(&mut *out, &line(leaf, &bytes))?;
            Hash::leaf(&bytes) == entry.sealed
        }
        None => {
            let gone = Missing {
                seq: entry.seq,
                id: entry.id,
                missing: true,
            };
            serde_json::to_writer(&mut *out, &gone)?;
            false
        }
    };
    out.write_all(b"\n")?;
    Ok(holds)
}

/// A record stands on one account, so it is on both its sides.
fn line<'l>(leaf: &'l AnyLeaf, bytes: &[u8]) -> Line<'l> {
    let (debit, credit, at, grp, reverses, reference) = match leaf {
        AnyLeaf::Transfer(leaf) => (
            leaf.debit,
            leaf.credit,
            leaf.at,
            leaf.grp,
            leaf.reverses,
            &leaf.reference,
        ),
        AnyLeaf::Record(leaf) => (leaf.account, leaf.account, leaf.at, leaf.grp, None, &leaf.reference),
    };
    let (claim, payment) = match leaf {
        AnyLeaf::Transfer(_) => (None, None),
        AnyLeaf::Record(leaf) => (Some(leaf.claim), Some(leaf.payment)),
    };
    Line {
        seq: leaf.seq(),
        id: leaf.id(),
        kind: leaf.kind_name(),
        debit: account(&debit),
        credit: account(&credit),
        cents: leaf.cents().get(),
        at: at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        booked_on: leaf.booked_on(),
        grp: grp.uuid(),
        reverses: reverses.map(ledger::TransferId::uuid),
        reference,
        leaf: BASE64.encode(bytes),
        claim,
        payment,
        late: leaf.is_late(),
    }
}

fn account(account: &LeafAccount) -> Account {
    let (series, idx) = account.voucher.unzip();
    Account {
        book: account.book.uuid(),
        kind: account.kind.name(),
        party: account.party.map(ledger::PartyId::uuid),
        batch: account.batch.map(ledger::BatchId::uuid),
        series,
        idx,
    }
}

#[cfg(test)]
mod tests {
    use ledger::proof::{Leaf, RecordLeaf};
    use ledger::{AccountKind, BatchId, BookId, GroupId, PartyId, RecordId, RecordKind, TransferId, TransferKind};
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
                grp: GroupId::from_uuid(id(5)),
                reverses,
                reference: reference.to_owned(),
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
            grp: GroupId::from_uuid(id(5)),
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
