use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use chrono::{Datelike, NaiveDate};
use ledger::proof::{Leaf, LeafAccount};
use ledger::{AccountKind, PartyId};
use standards::calendar::paris_date;
use standards::fec::{self, Line, Side};
use standards::{Cents, Siren};

use crate::export::chart::Chart;

const BANK: (&str, &str) = ("BQ", "Banque");
const OTHER: (&str, &str) = ("OD", "Opérations diverses");
const OPENING: (&str, &str) = ("AN", "À nouveaux");

/// One file a calendar year. An entry's number is its place among the year's, from 1, so without a gap as the log is; the
/// balances that the year opens with are its first entry. Batches and single vouchers are not told apart: the FEC's accounts are
/// (`CompteNum`, third party).
pub(super) struct Fec<'f> {
    folder: &'f Path,
    siren: &'f Siren,
    chart: &'f Chart,
    year: Option<Year>,
    /// Debits less credits.
    balances: BTreeMap<(AccountKind, Option<PartyId>), i64>,
    names: Vec<String>,
}

struct Year {
    year: i32,
    next: u64,
    out: BufWriter<File>,
}

impl<'f> Fec<'f> {
    pub const fn new(folder: &'f Path, siren: &'f Siren, chart: &'f Chart) -> Self {
        Self {
            folder,
            siren,
            chart,
            year: None,
            balances: BTreeMap::new(),
            names: Vec::new(),
        }
    }

    pub fn entry(&mut self, leaf: &Leaf) -> anyhow::Result<()> {
        let mut year = self.open(leaf.booked_on)?;
        let bank = [leaf.debit.kind, leaf.credit.kind].contains(&AccountKind::Bank);
        let piece = if leaf.reference.is_empty() {
            leaf.grp.to_string()
        } else {
            leaf.reference.clone()
        };
        let label = match self.chart.names.get(&leaf.debit.book.uuid()) {
            Some(programme) => format!("{} – {programme}", self.chart.labels.transfer(leaf.kind)),
            None => self.chart.labels.transfer(leaf.kind).to_owned(),
        };
        for (account, side, signed) in [
            (&leaf.debit, Side::Debit, leaf.cents.get()),
            (&leaf.credit, Side::Credit, -leaf.cents.get()),
        ] {
            let line = Line {
                journal: if bank { BANK } else { OTHER },
                number: year.next,
                date: leaf.booked_on,
                account: (account.kind.compte_num(), self.chart.labels.account(account.kind)),
                auxiliary: None,
                piece: &piece,
                piece_date: paris_date(leaf.at),
                label: &label,
                side,
                cents: leaf.cents,
            };
            self.line(&mut year, line, account.kind, account.party)?;
            let balance = self.balances.entry(key(account)).or_insert(0);
            *balance = balance.saturating_add(signed);
        }
        year.next += 1;
        self.year = Some(year);
        Ok(())
    }

    /// Ends the last file; gives the names of all.
    pub fn end(mut self) -> anyhow::Result<Vec<String>> {
        if let Some(mut year) = self.year.take() {
            year.out.flush()?;
        }
        Ok(self.names)
    }

    /// The file of the year of `date`: the one that is open, or a new one with its opening entry.
    fn open(&mut self, date: NaiveDate) -> anyhow::Result<Year> {
        match self.year.take() {
            Some(year) if year.year == date.year() => return Ok(year),
            Some(mut before) => before.out.flush()?,
            None => {}
        }
        let closing = NaiveDate::from_ymd_opt(date.year(), 12, 31).unwrap_or(date);
        let first = NaiveDate::from_ymd_opt(date.year(), 1, 1).unwrap_or(date);
        let name = fec::file_name(self.siren, closing);
        let mut year = Year {
            year: date.year(),
            next: 1,
            out: super::create(&self.folder.join(&name))?,
        };
        self.names.push(name);
        fec::write_header(&mut year.out)?;
        let piece = format!("AN-{}", date.year());
        let open: Vec<_> = self
            .balances
            .iter()
            .filter(|(_, cents)| **cents != 0)
            .map(|(key, cents)| (*key, *cents))
            .collect();
        for &((kind, party), cents) in &open {
            let line = Line {
                journal: OPENING,
                number: year.next,
                date: first,
                account: (kind.compte_num(), self.chart.labels.account(kind)),
                auxiliary: None,
                piece: &piece,
                piece_date: first,
                label: "Report à nouveau",
                side: if cents > 0 { Side::Debit } else { Side::Credit },
                cents: Cents::new(cents.saturating_abs()),
            };
            self.line(&mut year, line, kind, party)?;
        }
        year.next += u64::from(!open.is_empty());
        Ok(year)
    }

    fn line(&self, year: &mut Year, line: Line<'_>, kind: AccountKind, party: Option<PartyId>) -> anyhow::Result<()> {
        let number = party.map(|party| party.to_string());
        let auxiliary = number.as_deref().zip(party.map(|party| self.chart.party(kind, party)));
        Line { auxiliary, ..line }.write(&mut year.out)?;
        Ok(())
    }
}

const fn key(account: &LeafAccount) -> (AccountKind, Option<PartyId>) {
    (account.kind, account.party)
}
