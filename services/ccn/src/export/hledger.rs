use std::collections::BTreeSet;
use std::io::Write;

use ledger::proof::{Leaf, LeafAccount};
use standards::Cents;

/// The journal for hledger: an entry a transfer, accounts as `book:kind:party`, all vouchers of a book in one account.
pub(super) struct Journal<W> {
    out: W,
    accounts: BTreeSet<String>,
}

impl<W: Write> Journal<W> {
    pub fn begin(mut out: W) -> std::io::Result<Self> {
        writeln!(
            out,
            "; Les livres du fonds, une écriture par transfert ; le nombre entre parenthèses est son rang dans le journal scellé.\n\
             ; Les comptes : livre (« fonds », ou le dispositif) : nature : financeur ou structure. À vérifier par : hledger check --strict\n\
             decimal-mark .\ncommodity 1000.00 EUR\n"
        )?;
        Ok(Self {
            out,
            accounts: BTreeSet::new(),
        })
    }

    pub fn entry(&mut self, leaf: &Leaf) -> std::io::Result<()> {
        // A semicolon would begin a comment, a bar a note.
        let reference = leaf.reference.replace([';', '|'], ",");
        let reference = if reference.is_empty() {
            String::new()
        } else {
            format!(" | {reference}")
        };
        writeln!(
            self.out,
            "{} * ({}) {}{reference}\n    ; id:{}",
            leaf.booked_on,
            leaf.seq,
            leaf.kind.name(),
            leaf.id
        )?;
        for (account, sign) in [(&leaf.debit, ""), (&leaf.credit, "-")] {
            let name = account_name(account);
            writeln!(self.out, "    {name}  {sign}{} EUR", amount(leaf.cents))?;
            self.accounts.insert(name);
        }
        writeln!(self.out)
    }

    /// Declares the accounts that were met: a misspelt one in a later hand-written entry is then an error.
    pub fn end(mut self) -> std::io::Result<()> {
        for account in &self.accounts {
            writeln!(self.out, "account {account}")?;
        }
        self.out.flush()
    }
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

fn amount(cents: Cents) -> String {
    cents.to_string()
}
