use std::collections::BTreeSet;
use std::path::Path;

use sealed_log::{Leaf, LeafAccount};

use super::text::{Text, shown};
use crate::books::Unreadable;

/// What may stand before the first entry, beside comments: a directive more could change what the entries mean.
const DIRECTIVES: [&str; 2] = ["decimal-mark .", "commodity 1000.00 EUR"];

/// `journal.hledger`, of which each line is recomputed; of the declarations at its end, the accounts and not what they are called.
pub(super) struct Journal {
    text: Text,
    begun: bool,
    accounts: BTreeSet<String>,
    /// The first line that is another; nothing is compared after it.
    fault: Option<String>,
}

impl Journal {
    pub fn open(path: &Path) -> Result<Self, Unreadable> {
        Ok(Self {
            text: Text::open(path)?,
            begun: false,
            accounts: BTreeSet::new(),
            fault: None,
        })
    }

    pub fn entry(&mut self, leaf: &Leaf) -> Result<(), Unreadable> {
        let mut head = format!("{} * ({}) {}", leaf.booked_on, leaf.seq, leaf.kind.name());
        if !leaf.reference.is_empty() {
            head.push_str(" | ");
            head.push_str(&plain(&leaf.reference));
        }
        self.expect(&head)?;
        self.expect(&format!("    ; id:{}", leaf.id))?;
        for (account, sign) in [(&leaf.debit, ""), (&leaf.credit, "-")] {
            let name = account_name(account);
            self.expect(&format!("    {name}  {sign}{} EUR", leaf.cents))?;
            self.accounts.insert(name);
        }
        self.expect("")
    }

    /// What is wrong with the file, if something is.
    pub fn end(mut self) -> Result<Option<String>, Unreadable> {
        for account in std::mem::take(&mut self.accounts) {
            if self.fault.is_some() {
                break;
            }
            let line = self.next()?;
            let declared = format!("account {account}  ; ");
            if !line.as_ref().is_some_and(|line| line.starts_with(declared.as_bytes())) {
                self.fault = Some(self.text.differs(line.as_deref(), &format!("« {declared}… »")));
            }
        }
        if self.fault.is_none()
            && let Some(line) = self.next()?
        {
            self.fault = Some(self.text.differs(Some(&line), "que le journal s'arrête là"));
        }
        Ok(self.fault)
    }

    fn expect(&mut self, expected: &str) -> Result<(), Unreadable> {
        if self.fault.is_none() {
            let line = self.next()?;
            if line.as_deref() != Some(expected.as_bytes()) {
                self.fault = Some(self.text.differs(line.as_deref(), &format!("« {} »", shown(expected))));
            }
        }
        Ok(())
    }

    /// The next line; the first time, the first that is no comment and none of the directives.
    fn next(&mut self) -> Result<Option<Vec<u8>>, Unreadable> {
        loop {
            let line = self.text.next()?;
            let of_the_head = |line: &[u8]| {
                line.is_empty() || line.starts_with(b";") || DIRECTIVES.iter().any(|known| known.as_bytes() == line)
            };
            if self.begun || !line.as_deref().is_some_and(of_the_head) {
                self.begun = true;
                return Ok(line);
            }
        }
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
    let book = if account.book.is_fund() {
        "fonds".to_owned()
    } else {
        account.book.to_string()
    };
    let party = account.party.map(|id| id.to_string());
    let batch = account.batch.map(|id| id.to_string());
    let levels = [Some(book), Some(account.kind.name().to_owned()), party, batch];
    levels.into_iter().flatten().collect::<Vec<_>>().join(":")
}
