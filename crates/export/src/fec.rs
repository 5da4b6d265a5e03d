use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use chrono::{Datelike, NaiveDate};
use ledger::{AccountKind, PartyId};
use sealed_log::{Leaf, LeafAccount};
use standards::calendar::paris_date;
use standards::fec::{self, FecLine, Side};
use standards::{Cents, Siren};

use crate::chart::Chart;

const BANK: (&str, &str) = ("BQ", "Banque");
const OTHER: (&str, &str) = ("OD", "Opérations diverses");
const OPENING: (&str, &str) = ("AN", "À nouveaux");

/// One file a calendar year, also for a year without entries. An entry's number is its place among the year's, from 1, so without
/// a gap as the log is; the balances that the year opens with are its first entry. The fund has no charges and no products, so no
/// result: all of it is owed to others. Batches and single vouchers are not told apart: the FEC's accounts are (`CompteNum`, third
/// party).
pub(crate) struct Fec<'f> {
    folder: &'f Path,
    siren: &'f Siren,
    chart: &'f Chart,
    year: Option<Year>,
    /// Debits less credits.
    balances: BTreeMap<(AccountKind, Option<PartyId>), i64>,
    names: Vec<String>,
}

struct Year {
    of: i32,
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
        let mut year = self.year_of(leaf.booked_on)?;
        let piece = if leaf.reference.is_empty() {
            leaf.event.to_string()
        } else {
            leaf.reference.clone()
        };
        let label = self.label(leaf);
        for (account, side, signed) in [
            (&leaf.debit, Side::Debit, leaf.cents.get()),
            (&leaf.credit, Side::Credit, -leaf.cents.get()),
        ] {
            let line = FecLine {
                journal: journal(leaf),
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
            self.write(&mut year, &line, account.party)?;
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

    /// What happened, for which programme; and the day of the fact, when its month was closed before it was booked.
    fn label(&self, leaf: &Leaf) -> String {
        let mut label = self.chart.labels.transfer(leaf.kind).to_owned();
        if let Some(programme) = self.chart.names.get(&leaf.debit.book.uuid()) {
            label.push_str(" - ");
            label.push_str(programme);
        }
        if leaf.is_late() {
            label.push_str(" (tardive : fait du ");
            label.push_str(&paris_date(leaf.at).format("%d/%m/%Y").to_string());
            label.push(')');
        }
        label
    }

    /// The file of the year of `date`: the one that is open, or a new one with its opening entry.
    fn year_of(&mut self, date: NaiveDate) -> anyhow::Result<Year> {
        let Some(mut open) = self.year.take() else {
            return self.begin(date.year());
        };
        while open.of < date.year() {
            open.out.flush()?;
            open = self.begin(open.of + 1)?;
        }
        Ok(open)
    }

    fn begin(&mut self, number: i32) -> anyhow::Result<Year> {
        let day = |month, day| NaiveDate::from_ymd_opt(number, month, day).expect("every year has both its ends");
        let name = fec::file_name(self.siren, day(12, 31));
        let mut year = Year {
            of: number,
            next: 1,
            out: crate::create(&self.folder.join(&name))?,
        };
        self.names.push(name);
        fec::write_header(&mut year.out)?;
        let piece = format!("AN-{number}");
        let opening = |account, cents: i64| FecLine {
            journal: OPENING,
            number: 1,
            date: day(1, 1),
            account,
            auxiliary: None,
            piece: &piece,
            piece_date: day(1, 1),
            label: "Report à nouveau",
            side: if cents > 0 { Side::Debit } else { Side::Credit },
            cents: Cents::new(cents.saturating_abs()),
        };
        for (&(kind, party), &cents) in self.balances.iter().filter(|(_, cents)| **cents != 0) {
            let account = (kind.compte_num(), self.chart.labels.account(kind));
            self.write(&mut year, &opening(account, cents), party)?;
            year.next = 2;
        }
        Ok(year)
    }

    fn write(&self, year: &mut Year, line: &FecLine<'_>, party: Option<PartyId>) -> anyhow::Result<()> {
        let named = party.map(|party| (party.to_string(), self.chart.party(party)));
        let auxiliary = named.as_ref().map(|(number, name)| (number.as_str(), name.as_ref()));
        FecLine { auxiliary, ..*line }.write(&mut year.out)?;
        Ok(())
    }
}

fn journal(leaf: &Leaf) -> (&'static str, &'static str) {
    if [leaf.debit.kind, leaf.credit.kind].contains(&AccountKind::Bank) {
        BANK
    } else {
        OTHER
    }
}

const fn key(account: &LeafAccount) -> (AccountKind, Option<PartyId>) {
    (account.kind, account.party)
}
