use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{Datelike, NaiveDate};
use sealed_log::{AccountKind, Leaf, PartyId};
use standards::Cents;
use standards::calendar::paris_date;
use standards::fec::{COLUMNS, FecError, FecLine, Side};

use super::text::{Text, shown};
use crate::books::Unreadable;

/// Columns of names and labels, which no leaf says.
const NAMES: [usize; 4] = [1, 5, 7, 10];

/// Where the label stands.
const LABEL: usize = 10;

/// Stands for a name.
const ANY: &str = "…";

/// The FEC, one file a calendar year: of each line, the columns that follow from the entries.
pub(super) struct Fec {
    files: BTreeMap<i32, PathBuf>,
    year: Option<Year>,
    /// Debits less credits.
    balances: BTreeMap<(AccountKind, Option<PartyId>), i64>,
    faults: Vec<String>,
    compared: Vec<String>,
}

struct Year {
    of: i32,
    next: u64,
    /// None once a line is another than it should be, and where there is no file.
    text: Option<Text>,
}

impl Fec {
    pub fn among(folder: &Path, names: &[String]) -> Self {
        let file = |name: &String| Some((year_in(name)?, folder.join(name)));
        let mut files = BTreeMap::new();
        let mut faults = Vec::new();
        for (year, path) in names.iter().filter_map(file) {
            if files.insert(year, path).is_some() {
                faults.push(format!(
                    "il y a deux FEC de l'année {year} : ils ne sont pas d'un même export"
                ));
            }
        }
        Self {
            files,
            year: None,
            balances: BTreeMap::new(),
            faults,
            compared: Vec::new(),
        }
    }

    pub fn entry(&mut self, leaf: &Leaf) -> Result<(), Unreadable> {
        if self.files.is_empty() {
            return Ok(());
        }
        let year = leaf.booked_on.year();
        while self.year.as_ref().is_none_or(|open| open.of < year) {
            let next = self.year.as_ref().map_or(year, |open| open.of + 1);
            self.close()?;
            self.begin(next)?;
        }
        let number = self.year.as_ref().map_or(1, |year| year.next);
        let event = leaf.event.to_string();
        let piece = if leaf.reference.is_empty() {
            &event
        } else {
            &leaf.reference
        };
        let late = leaf
            .is_late()
            .then(|| format!("(tardive : fait du {})", paris_date(leaf.at).format("%d/%m/%Y")));
        let bank = [leaf.debit.kind, leaf.credit.kind].contains(&AccountKind::Bank);
        for (account, side, signed) in [
            (&leaf.debit, Side::Debit, leaf.cents.get()),
            (&leaf.credit, Side::Credit, -leaf.cents.get()),
        ] {
            let line = FecLine {
                journal: (if bank { "BQ" } else { "OD" }, ANY),
                number,
                date: leaf.booked_on,
                account: (account.kind.compte_num(), ANY),
                auxiliary: None,
                piece,
                piece_date: paris_date(leaf.at),
                label: ANY,
                side,
                cents: leaf.cents,
            };
            self.expect(&line, account.party, late.as_deref())?;
            let balance = self.balances.entry((account.kind, account.party)).or_insert(0);
            *balance = balance.saturating_add(signed);
        }
        if let Some(year) = &mut self.year {
            year.next += 1;
        }
        Ok(())
    }

    /// What is wrong, and the files that were compared.
    pub fn end(mut self) -> Result<(Vec<String>, Vec<String>), Unreadable> {
        self.close()?;
        for (year, path) in &self.files {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !self.compared.contains(&name) {
                self.faults
                    .push(format!("« {name} » : il n'y a pas d'écriture de l'année {year}"));
            }
            self.compared.push(name);
        }
        self.compared.sort_unstable();
        self.compared.dedup();
        Ok((self.faults, self.compared))
    }

    fn begin(&mut self, number: i32) -> Result<(), Unreadable> {
        let text = match self.files.get(&number) {
            Some(path) => Some(Text::open(path)?),
            None => None,
        };
        let mut year = Year {
            of: number,
            next: 1,
            text,
        };
        if let Some(text) = &mut year.text {
            self.compared.push(text.name.clone());
            let header = text.next()?;
            if header.as_deref() != Some(format!("{}\r", COLUMNS.join("\t")).as_bytes()) {
                self.faults
                    .push(text.differs(header.as_deref(), "les 18 colonnes du FEC"));
                year.text = None;
            }
        }
        self.year = Some(year);
        let first = NaiveDate::from_ymd_opt(number, 1, 1).unwrap_or_default();
        let piece = format!("AN-{number}");
        let opening = |account, cents: i64| FecLine {
            journal: ("AN", ANY),
            number: 1,
            date: first,
            account: (account, ANY),
            auxiliary: None,
            piece: &piece,
            piece_date: first,
            label: ANY,
            side: if cents > 0 { Side::Debit } else { Side::Credit },
            cents: Cents::new(cents.saturating_abs()),
        };
        let carried: Vec<_> = self
            .balances
            .iter()
            .filter(|(_, cents)| **cents != 0)
            .map(|(key, cents)| (*key, *cents))
            .collect();
        for ((kind, party), cents) in &carried {
            self.expect(&opening(kind.compte_num(), *cents), *party, None)?;
        }
        if let Some(year) = self.year.as_mut().filter(|_| !carried.is_empty()) {
            year.next = 2;
        }
        Ok(())
    }

    /// Nothing follows the last entry of a year.
    fn close(&mut self) -> Result<(), Unreadable> {
        let Some(mut text) = self.year.take().and_then(|year| year.text) else {
            return Ok(());
        };
        if let Some(line) = text.next()? {
            self.faults
                .push(text.differs(Some(&line), "que le fichier s'arrête là"));
        }
        Ok(())
    }

    /// The file's next line has these columns, and a label that ends with what is said of what came late.
    fn expect(&mut self, line: &FecLine<'_>, party: Option<PartyId>, late: Option<&str>) -> Result<(), Unreadable> {
        let Some(text) = self.year.as_mut().and_then(|year| year.text.as_mut()) else {
            return Ok(());
        };
        let found = text.next()?;
        let party = party.map(|party| party.to_string());
        let line = FecLine {
            auxiliary: party.as_deref().map(|number| (number, ANY)),
            ..*line
        };
        let expected = written(&line);
        let same = found
            .as_deref()
            .zip(expected.as_deref().ok())
            .is_some_and(|(found, expected)| {
                let (found, expected) = (columns(found), columns(expected));
                let label = found.get(LABEL).copied().unwrap_or_default();
                found.len() == expected.len()
                    && late.as_ref().is_none_or(|late| label.ends_with(late.as_bytes()))
                    && (0..found.len()).all(|n| NAMES.contains(&n) || found.get(n) == expected.get(n))
            });
        if !same {
            let expected = match expected {
                Ok(expected) => format!("« {} »", shown(&String::from_utf8_lossy(&expected))),
                Err(error) => format!("ce qui ne peut pas être une ligne : {error}"),
            };
            self.faults.push(text.differs(found.as_deref(), &expected));
            if let Some(year) = &mut self.year {
                year.text = None;
            }
        }
        Ok(())
    }
}

/// The line's bytes, without the last.
fn written(line: &FecLine<'_>) -> Result<Vec<u8>, FecError> {
    let mut bytes = Vec::new();
    line.write(&mut bytes)?;
    bytes.pop();
    Ok(bytes)
}

fn columns(line: &[u8]) -> Vec<&[u8]> {
    line.split(|byte| *byte == b'\t').collect()
}

/// The year of `SirenFECAAAA1231.txt`.
fn year_in(name: &str) -> Option<i32> {
    let (siren, rest) = name.split_once("FEC")?;
    let year = rest.strip_suffix("1231.txt")?;
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(siren, 9) && digits(year, 4)).then(|| year.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_of_a_fec_is_one() {
        assert_eq!(year_in("732829320FEC20261231.txt"), Some(2026));
        for other in [
            "732829320FEC20260630.txt",
            "FEC20261231.txt",
            "732829320FEC1231.txt",
            "waterfall.csv",
        ] {
            assert_eq!(year_in(other), None, "{other}");
        }
    }
}
