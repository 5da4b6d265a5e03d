use std::collections::BTreeMap;
use std::io::Write;

use sealed_log::{Leaf, LeafAccount};

use crate::chart::Chart;

/// The journal for hledger: an entry a transfer, accounts as `book:kind:party`, all vouchers of a book in one account.
pub(crate) struct Journal<W> {
    out: W,
    accounts: BTreeMap<String, LeafAccount>,
}

impl<W: Write> Journal<W> {
    pub fn begin(mut out: W) -> std::io::Result<Self> {
        writeln!(
            out,
            "; Les livres du fonds, une écriture par transfert ; le nombre entre parenthèses est son rang dans le journal scellé.\n\
             ; Les comptes : livre (« fonds », ou le dispositif) : nature : financeur ou structure ; leurs noms sont à la fin.\n\
             ; À vérifier par : hledger check --strict\n\
             decimal-mark .\ncommodity 1000.00 EUR\n"
        )?;
        Ok(Self {
            out,
            accounts: BTreeMap::new(),
        })
    }

    pub fn entry(&mut self, leaf: &Leaf) -> std::io::Result<()> {
        write!(self.out, "{} * ({}) {}", leaf.booked_on, leaf.seq, leaf.kind.name())?;
        if !leaf.reference.is_empty() {
            write!(self.out, " | {}", plain(&leaf.reference))?;
        }
        write!(self.out, "\n    ; id:{}\n", leaf.id)?;
        for (account, sign) in [(&leaf.debit, ""), (&leaf.credit, "-")] {
            let name = account_name(account);
            writeln!(self.out, "    {name}  {sign}{} EUR", leaf.cents)?;
            self.accounts.entry(name).or_insert(*account);
        }
        writeln!(self.out)
    }

    /// Declares the accounts that were met, with what they are called: a misspelt one in a later hand-written entry is then an error.
    pub fn end(mut self, chart: &Chart) -> std::io::Result<()> {
        for (name, account) in &self.accounts {
            let kind = chart.labels.account(account.kind);
            let of = |id| chart.names.get(&id).map_or("", String::as_str);
            let words = [
                kind,
                account.party.map_or("", |party| of(party.uuid())),
                of(account.book.uuid()),
            ];
            let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).map(plain).collect();
            writeln!(self.out, "account {name}  ; {}", words.join(" - "))?;
        }
        self.out.flush()
    }
}

/// A semicolon would begin a comment, a bar a note, a colon a tag.
fn plain(text: &str) -> String {
    let replaced = |c: char| match c {
        ';' | '|' => ',',
        ':' => '.',
        c if c.is_control() => ' ',
        c => c,
    };
    text.chars().map(replaced).collect()
}

fn account_name(account: &LeafAccount) -> String {
    let mut name = if account.book.is_fund() {
        "fonds".to_owned()
    } else {
        account.book.to_string()
    };
    name.push(':');
    name.push_str(account.kind.name());
    let (party, batch) = (
        account.party.map(|id| id.to_string()),
        account.batch.map(|id| id.to_string()),
    );
    for part in [party, batch].into_iter().flatten() {
        name.push(':');
        name.push_str(&part);
    }
    name
}
