use std::collections::BTreeMap;
use std::path::Path;

use sealed_log::{BookId, PartyId};
use standards::Cents;
use uuid::Uuid;

use super::figures::{Concluded, InFund, InProgramme};
use crate::books::{Unreadable, open};

/// What is compared of the report: the rest is of promises, orders and hand-overs, which are in nobody's books.
pub(super) const PART: &str =
    "ses colonnes funded, activated, claimed, paid, expired, revoked, owed, received, returned et free";

/// A row's amounts, by column.
type Row = BTreeMap<String, i64>;

/// What `waterfall.csv` says otherwise than the entries.
pub(super) fn faults(path: &Path, books: &Concluded) -> Result<Vec<String>, Unreadable> {
    let mut faults = Vec::new();
    let mut programmes: BTreeMap<(PartyId, BookId), InProgramme> = BTreeMap::new();
    let mut funders: BTreeMap<PartyId, InFund> = BTreeMap::new();
    let mut reader = csv::Reader::from_reader(open(path)?);
    let columns = match reader.headers() {
        Ok(columns) => columns.clone(),
        Err(error) => return Ok(vec![format!("« waterfall.csv » est illisible : {error}")]),
    };
    for (number, record) in (2..).zip(reader.records()) {
        let row = match record {
            Ok(record) => read(&columns, &record),
            Err(error) => Err(error.to_string()),
        };
        let (funder, programme, row) = match row {
            Ok(row) => row,
            Err(why) => {
                faults.push(format!("« waterfall.csv », ligne {number} : {why}"));
                continue;
            }
        };
        let of = |column: &str| row.get(column).copied().unwrap_or_default();
        if of("owed") != of("claimed").saturating_sub(of("paid")) {
            faults.push(format!(
                "« waterfall.csv », ligne {number} : « owed » n'est pas « claimed » moins « paid »"
            ));
        }
        let fund = funders.entry(funder).or_default();
        for (sum, column) in [
            (&mut fund.received, "received"),
            (&mut fund.returned, "returned"),
            (&mut fund.free, "free"),
        ] {
            *sum = sum.saturating_add(of(column));
        }
        let in_programme = programmes.entry((funder, programme)).or_default();
        let revoked = of("revoked");
        for (sum, cents) in [
            // The report takes off what was revoked since.
            (&mut in_programme.funded, of("funded").saturating_add(revoked)),
            (&mut in_programme.activated, of("activated").saturating_add(revoked)),
            (&mut in_programme.claimed, of("claimed")),
            (&mut in_programme.paid, of("paid")),
            (&mut in_programme.expired, of("expired")),
            (&mut in_programme.revoked, revoked),
        ] {
            *sum = sum.saturating_add(cents);
        }
    }
    let keys = programmes.keys().chain(books.programmes.keys()).copied();
    for (funder, programme) in sorted(keys) {
        let told = programmes.get(&(funder, programme)).copied().unwrap_or_default();
        let proven = books.programmes.get(&(funder, programme)).copied().unwrap_or_default();
        let figures = [
            ("funded + revoked", told.funded, proven.funded),
            ("activated + revoked", told.activated, proven.activated),
            ("claimed", told.claimed, proven.claimed),
            ("paid", told.paid, proven.paid),
            ("expired", told.expired, proven.expired),
            ("revoked", told.revoked, proven.revoked),
        ];
        faults.extend(differing(
            &format!("financeur {funder}, dispositif {programme}"),
            &figures,
        ));
    }
    for funder in sorted(funders.keys().chain(books.funders.keys()).copied()) {
        let told = funders.get(&funder).copied().unwrap_or_default();
        let proven = books.funders.get(&funder).copied().unwrap_or_default();
        let figures = [
            ("received", told.received, proven.received),
            ("returned", told.returned, proven.returned),
            ("free", told.free, proven.free),
        ];
        faults.extend(differing(&format!("financeur {funder}, tous dispositifs"), &figures));
    }
    Ok(faults)
}

fn sorted<K: Ord>(keys: impl Iterator<Item = K>) -> Vec<K> {
    let mut keys: Vec<K> = keys.collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn differing(of: &str, figures: &[(&str, i64, i64)]) -> Vec<String> {
    let wrong = figures.iter().filter(|(_, told, proven)| told != proven);
    let say = |(name, told, proven): &(&str, i64, i64)| {
        format!(
            "« waterfall.csv », {of} : « {name} » dit {}, les écritures disent {} (à moins qu'il ne compte des écritures trop récentes pour être scellées : refaites alors l'export)",
            Cents::new(*told),
            Cents::new(*proven)
        )
    };
    wrong.map(say).collect()
}

/// Whose row, of which programme (of the fund where it has none), and its amounts.
fn read(columns: &csv::StringRecord, record: &csv::StringRecord) -> Result<(PartyId, BookId, Row), String> {
    let (mut funder, mut programme, mut row) = (None, BookId::fund(), Row::new());
    let id = |text: &str| {
        text.parse::<Uuid>()
            .map_err(|_| format!("« {text} » n'est pas un identifiant"))
    };
    for (column, text) in columns.iter().zip(record) {
        match column {
            "funder" | "programme" => {}
            "funder_id" => funder = Some(PartyId::from_uuid(id(text)?)),
            "programme_id" if text.is_empty() => {}
            "programme_id" => programme = BookId::from_uuid(id(text)?),
            amount => {
                let cents: Cents = text
                    .parse()
                    .map_err(|_| format!("« {amount} » : « {text} » n'est pas un montant"))?;
                row.insert(amount.to_owned(), cents.get());
            }
        }
    }
    let funder = funder.ok_or("la colonne « funder_id » manque")?;
    Ok((funder, programme, row))
}
