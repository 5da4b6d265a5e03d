use std::collections::{HashMap, HashSet};

use sealed_log::{AccountKind, PartyId, TransferKind};
use sealed_log::{AnyLeaf, Checkpoint, Hash, Leaf, verify_inclusion};
use serde::Deserialize;
use serde_json::Value;
use standards::Cents;
use uuid::Uuid;

use super::EvidenceVerdict;
use crate::books::read_line;

/// What the entries say, added up.
#[derive(Debug, Default)]
pub(super) struct Claims {
    structure: Option<PartyId>,
    seen: HashSet<u64>,
    claimed: HashMap<Uuid, Cents>,
    vouchers: HashSet<(u16, u32)>,
    reversed: Cents,
    owed: Cents,
}

/// A line of `ecritures.ndjson`.
#[derive(Debug, Deserialize)]
struct ProvenLine {
    transfer: Value,
    path: Vec<String>,
}

/// What is read of a line of `encaissements.csv`.
#[derive(Debug, Deserialize)]
struct TableLine {
    encaissement: Uuid,
    montant: Cents,
    preuve: String,
}

impl Claims {
    /// Adds a line, if it is proven. The error says why not, in French.
    pub fn add(&mut self, line: &[u8], checkpoint: &Checkpoint) -> Result<(), String> {
        let line: ProvenLine = serde_json::from_slice(line).map_err(|error| format!("illisible : {error}"))?;
        let transfer = serde_json::to_vec(&line.transfer).map_err(|error| error.to_string())?;
        let leaf = read_line(&transfer)?;
        let path: Option<Vec<Hash>> = line.path.iter().map(|text| Hash::from_base64(text)).collect();
        let path = path.ok_or("une empreinte n'est pas en base64")?;
        verify_inclusion(leaf.hash(), leaf.seq(), checkpoint.size, &path, checkpoint.root)
            .map_err(|error| format!("le chemin ne mène pas à la racine signée : {error}"))?;
        if !self.seen.insert(leaf.seq()) {
            return Err(format!("l'écriture de rang {} y est deux fois", leaf.seq()));
        }
        let structure = leaf
            .accounts()
            .filter(|account| of_structures(account.kind))
            .find_map(|account| account.party)
            .ok_or("l'écriture ne concerne aucune structure")?;
        if *self.structure.get_or_insert(structure) != structure {
            return Err(format!("l'écriture est celle d'une autre structure, {structure}"));
        }
        if let AnyLeaf::Transfer(leaf) = &leaf {
            self.sum(leaf, structure).ok_or("les montants dépassent 64 bits")?;
        }
        Ok(())
    }

    fn sum(&mut self, leaf: &Leaf, structure: PartyId) -> Option<()> {
        let own = |account: &sealed_log::LeafAccount| of_structures(account.kind) && account.party == Some(structure);
        if own(&leaf.credit) {
            self.owed = self.owed.checked_add(leaf.cents)?;
        }
        if own(&leaf.debit) {
            self.owed = self.owed.checked_sub(leaf.cents)?;
        }
        if leaf.kind == TransferKind::Claimed {
            let claimed = self.claimed.entry(leaf.event.uuid()).or_default();
            *claimed = claimed.checked_add(leaf.cents)?;
            self.vouchers.extend(leaf.debit.voucher);
        }
        if leaf.kind == TransferKind::ClaimReversed && own(&leaf.debit) {
            self.reversed = self.reversed.checked_add(leaf.cents)?;
        }
        Some(())
    }

    /// Whether a voucher is one of those claimed.
    pub fn has(&self, series: u16, idx: u32) -> bool {
        self.vouchers.contains(&(series, idx))
    }

    /// Compares the table that people read with what is proven.
    pub fn compare(&self, table: &[u8], verdict: &mut EvidenceVerdict) {
        let mut listed = 0_u64;
        for (number, line) in (2..).zip(csv::Reader::from_reader(table).deserialize::<TableLine>()) {
            let line = match line {
                Ok(line) => line,
                Err(error) => {
                    verdict.fault(format!("encaissements.csv, ligne {number} : {error}"));
                    continue;
                }
            };
            let proven = self.claimed.get(&line.encaissement);
            match (proven, line.preuve.as_str()) {
                (Some(cents), "oui") if *cents == line.montant => listed += 1,
                (Some(cents), "oui") => verdict.fault(format!(
                    "encaissements.csv, ligne {number} : {} €, les écritures prouvent {cents} €",
                    line.montant
                )),
                (None, "oui") => verdict.fault(format!(
                    "encaissements.csv, ligne {number} : l'encaissement {} n'a pas de preuve dans l'archive",
                    line.encaissement
                )),
                (_, "non : trop récent") => verdict.recent += 1,
                (_, state) => verdict.fault(format!("encaissements.csv, ligne {number} : {state}")),
            }
        }
        let unlisted = (self.claimed.len() as u64).saturating_sub(listed);
        if unlisted > 0 {
            verdict.fault(format!(
                "{unlisted} encaissements prouvés ne sont pas dans encaissements.csv, ou pas avec leur montant"
            ));
        }
    }

    /// What it all sums to.
    pub fn tell(&self, verdict: &mut EvidenceVerdict) {
        verdict.structure = self.structure.map(|id| id.to_string());
        verdict.claims = self.claimed.len() as u64;
        match Cents::try_sum(self.claimed.values().copied()) {
            Some(claimed) => verdict.claimed = claimed,
            None => verdict.fault("les montants dépassent 64 bits"),
        }
        (verdict.reversed, verdict.owed) = (self.reversed, self.owed);
    }
}

/// Accounts whose party is a structure.
const fn of_structures(kind: AccountKind) -> bool {
    matches!(
        kind,
        AccountKind::Payable | AccountKind::InTransit | AccountKind::Recoverable
    )
}
