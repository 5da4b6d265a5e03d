use std::collections::{BTreeMap, HashMap, HashSet};

use sealed_log::{AccountKind, BookId, Side, TransferKind};
use sealed_log::{Leaf, LeafAccount};
use standards::Cents;
use uuid::Uuid;

/// Every account's balance, added up from the transfers alone.
#[derive(Default)]
pub(super) struct Balances {
    /// Debits less credits of what is no voucher.
    accounts: BTreeMap<LeafAccount, i64>,
    books: BTreeMap<BookId, u32>,
    /// By book, series and index: face value, and what is left of it.
    vouchers: HashMap<(u32, u16, u32), (u32, i32)>,
    reversed: HashSet<Uuid>,
    too_large: bool,
}

impl Balances {
    /// Adds a transfer; says what cannot be by itself.
    pub fn add(&mut self, leaf: &Leaf) -> Vec<String> {
        let mut faults = Vec::new();
        if leaf.debit.book != leaf.credit.book {
            faults.push("le débit et le crédit sont dans deux livres".to_owned());
        }
        if !leaf.cents.is_positive() || !leaf.kind.joins(leaf.debit.kind, leaf.credit.kind) {
            faults.push(format!(
                "une écriture « {} » de {} ne va pas de « {} » à « {} »",
                leaf.kind.name(),
                leaf.cents,
                leaf.debit.kind.name(),
                leaf.credit.kind.name()
            ));
        }
        if let Some(earlier) = leaf.reverses.filter(|earlier| !self.reversed.insert(earlier.uuid())) {
            faults.push(format!("l'écriture {earlier} est annulée deux fois"));
        }
        self.side(&leaf.debit, leaf.cents.get(), false);
        self.side(&leaf.credit, -leaf.cents.get(), leaf.kind == TransferKind::Activated);
        faults
    }

    fn side(&mut self, account: &LeafAccount, cents: i64, opens: bool) {
        let sum = match account.voucher {
            None => {
                let balance = self.accounts.entry(*account).or_insert(0);
                balance.checked_add(cents).map(|sum| *balance = sum)
            }
            Some((series, idx)) => {
                let next = u32::try_from(self.books.len()).unwrap_or(u32::MAX);
                let book = *self.books.entry(account.book).or_insert(next);
                let (face, left) = self.vouchers.entry((book, series, idx)).or_insert((0, 0));
                let opened = if opens { u32::try_from(-cents).ok() } else { Some(0) };
                let sums = opened
                    .and_then(|opened| face.checked_add(opened))
                    .zip(i32::try_from(-cents).ok().and_then(|grown| left.checked_add(grown)));
                sums.map(|sums| (*face, *left) = sums)
            }
        };
        self.too_large |= sum.is_none();
    }

    /// What does not add up at the end. Bounds hold at the end only: the order of the log is not that of the commits.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.too_large {
            faults.push("des montants dépassent 64 bits".to_owned());
        }
        for (account, &balance) in &self.accounts {
            let wrong = match account.kind.side() {
                Side::Debit => balance < 0,
                Side::Credit => balance > 0,
                Side::Either => false,
            };
            if wrong {
                let owner = account.party.map_or_else(|| "–".to_owned(), |party| party.to_string());
                faults.push(format!(
                    "le compte « {} » de {owner}, livre {}, est du mauvais côté : {}",
                    account.kind.name(),
                    account.book,
                    Cents::new(balance)
                ));
            }
        }
        let wrong = |(face, left): &&(u32, i32)| u32::try_from(*left).is_err() || left.unsigned_abs() > *face;
        let vouchers = self.vouchers.values().filter(wrong).count();
        if vouchers > 0 {
            faults.push(format!(
                "{vouchers} chèques valent moins que rien, ou plus que leur valeur faciale"
            ));
        }
        let clearing = self
            .accounts
            .iter()
            .filter(|(account, _)| account.kind == AccountKind::Clearing);
        let clearing: i64 = clearing.map(|(_, balance)| *balance).sum();
        if clearing != 0 {
            faults.push(format!(
                "les virements internes ne s'annulent pas : {}",
                Cents::new(clearing)
            ));
        }
        faults
    }

    /// By book and kind: number of accounts and balance, debits positive.
    pub fn lines(&self) -> Vec<String> {
        let mut sums: BTreeMap<(BookId, AccountKind), (usize, i64)> = BTreeMap::new();
        for (account, balance) in &self.accounts {
            let sum = sums.entry((account.book, account.kind)).or_insert((0, 0));
            *sum = (sum.0 + 1, sum.1.saturating_add(*balance));
        }
        for (&book, &n) in &self.books {
            let of = self.vouchers.iter().filter(|((of, _, _), _)| *of == n);
            let sum = of.fold((0, 0_i64), |(count, sum), (_, (_, left))| {
                (count + 1, sum - i64::from(*left))
            });
            sums.insert((book, AccountKind::Voucher), sum);
        }
        let line = |((book, kind), (count, cents)): (&(BookId, AccountKind), &(usize, i64))| {
            let book = if book.is_fund() {
                "fonds".to_owned()
            } else {
                book.to_string()
            };
            format!("{book}  {}  {count}  {}", kind.name(), Cents::new(*cents))
        };
        sums.iter().map(line).collect()
    }
}
