//! What moves on the fund's account: who pays it, what the bank takes and gives back, which of its payments leave and return.

use e2e::iban;
use rand::RngExt;

use super::actors::Simulation;
use super::fund::{About, Call, FUNDERS, File, State};
use super::line::{Is, Line, Used};

impl Simulation {
    /// A movement of any kind, or nothing yet could move. What leaves is no more than is left.
    pub fn movement(&mut self, used: &mut Used, left: i64) -> Option<Line> {
        match self.pick(13) {
            0..=3 => self.a_call_is_paid(used),
            4 => self.a_mandate_is_paid(used),
            5 => self.a_call_is_paid_without_a_word(used),
            6 => self.an_invoice_is_paid(),
            7 => Some(self.somebody_pays()),
            8 => self.something_is_taken(used),
            9 => self.something_is_refunded(used),
            10 => self.a_payment_returns(used),
            _ => self.payments_leave(used, left),
        }
        .filter(|line| left + line.cents >= 0)
    }

    fn a_call_is_paid(&mut self, used: &mut Used) -> Option<Line> {
        let calls: Vec<bool> = self.fund.calls.iter().map(|call| call.paid < call.cents).collect();
        let any = self.chance(10);
        let c = self.pick_where(&calls, |open| any || *open)?;
        let call = &self.fund.calls[c];
        let (left, funder, reference) = ((call.cents - call.paid).max(0), call.funder, call.reference.clone());
        let cents = match self.pick(8) {
            0 => left + 1,
            1 | 2 => self.random.random_range(1..=left.max(2)),
            _ => left.max(1),
        };
        if !used.takes("call", c) || used.has("funder", funder) {
            return None;
        }
        used.takes("funder", funder);
        let spelling = if self.chance(30) {
            reference.replace('-', " ").to_lowercase()
        } else {
            reference
        };
        // Its mandate's money, if it has one: it counts already.
        let mut mandates: Vec<usize> = (0..self.fund.mandates.len())
            .filter(|&m| self.fund.mandates[m].call == Some(c) && self.fund.mandates[m].awaited > 0)
            .collect();
        if mandates.len() > 1 {
            mandates.retain(|&m| self.fund.mandates[m].awaited == cents);
        }
        let line = if let [m] = mandates[..] {
            used.takes("mandate", m).then(|| {
                let come = cents.min(self.fund.mandates[m].awaited);
                Line::new(cents, Is::Mandate(m, come, cents - come), Some("mandate"))
            })?
        } else if cents <= left {
            Line::new(cents, Is::Call(c), Some("call-reference"))
        } else {
            Line::new(
                cents,
                Is::Unknown(if left > 0 { "amount_differs" } else { "duplicate" }),
                None,
            )
        };
        let from = iban(900_001 + u32::try_from(funder).expect("few"));
        let from = self.chance(50).then_some(from);
        Some(Line {
            from,
            ..line.saying(format!("VIREMENT APPEL DE FONDS {spelling}"))
        })
    }

    fn a_mandate_is_paid(&mut self, used: &mut Used) -> Option<Line> {
        let awaited: Vec<i64> = self.fund.mandates.iter().map(|mandate| mandate.awaited).collect();
        let m = self.pick_where(&awaited, |awaited| *awaited > 0)?;
        let (number, funder) = (self.fund.mandates[m].number, self.fund.mandates[m].funder);
        if used.has("funder", funder) || !used.takes("mandate", m) {
            return None;
        }
        used.takes("funder", funder);
        let cents = match self.pick(4) {
            0 => awaited[m] + 137,
            1 => self.random.random_range(1..=awaited[m]),
            _ => awaited[m],
        };
        let come = cents.min(awaited[m]);
        let line = Line::new(cents, Is::Mandate(m, come, cents - come), Some("mandate"));
        Some(line.saying(format!("TRESOR PUBLIC MDT {number} BORD 77")))
    }

    /// Only the account and the amount tell what it is, if they do.
    fn a_call_is_paid_without_a_word(&mut self, used: &mut Used) -> Option<Line> {
        let f = self.pick(FUNDERS);
        let open: Vec<bool> = self
            .fund
            .calls
            .iter()
            .map(|call| call.funder == f && call.paid < call.cents)
            .collect();
        let c = self.pick_where(&open, |is| *is)?;
        if used.has("funder", f) || !used.takes("call", c) {
            return None;
        }
        used.takes("funder", f);
        let cents = self.fund.calls[c].cents - self.fund.calls[c].paid;
        let day = self.day;
        let may_be = |call: &Call| {
            let late = day.signed_duration_since(call.due_on).num_days();
            call.funder == f && call.cents - call.paid == cents && call.called_on <= day && late <= 15
        };
        let those = self.fund.calls.iter().filter(|call| may_be(call)).count();
        let mandated = self.fund.mandates.iter().any(|mandate| {
            let may_be = match mandate.call {
                Some(answered) => answered == c || mandate.awaited == cents,
                None => mandate.awaited <= cents,
            };
            mandate.awaited > 0 && mandate.funder == f && may_be
        });
        let it_is = those == 1 && may_be(&self.fund.calls[c]) && !mandated;
        let line = if it_is {
            Line::new(cents, Is::Call(c), Some("amount-and-account"))
        } else {
            Line::new(cents, Is::Unknown("unexpected"), None)
        };
        let from = Some(iban(900_001 + u32::try_from(f).expect("few")));
        Some(Line { from, ..line })
    }

    /// To the fund, which is the wrong account.
    fn an_invoice_is_paid(&mut self) -> Option<Line> {
        let last = self.fund.invoices;
        let line = Line::new(self.random.random_range(1..5_000), Is::Unknown("unexpected"), None);
        (last > 0).then(|| line.saying(format!("REGLEMENT FACTURE F-2026-{last:05}")))
    }

    fn somebody_pays(&mut self) -> Line {
        let cents = self.random.random_range(1..5_000);
        Line::new(cents, Is::Unknown("unexpected"), None).saying("DON ANONYME".to_owned())
    }

    /// Its own charge, or a payment for the second time.
    fn something_is_taken(&mut self, used: &mut Used) -> Option<Line> {
        let debited: Vec<bool> = self
            .fund
            .payments
            .iter()
            .map(|payment| payment.state == State::Debited)
            .collect();
        if self.chance(35) {
            let n = self.pick_where(&debited, |is| *is)?;
            let payment = &self.fund.payments[n];
            let line = Line::new(-payment.cents, Is::Unknown("duplicate"), None).naming(&payment.end_to_end.clone());
            return used.takes("payment", n).then_some(line);
        }
        let cents = self.random.random_range(1..400);
        // It must be no payment file's total.
        (!self.totals().contains(&cents))
            .then(|| Line::new(-cents, Is::Unknown("unexpected"), None).saying("FRAIS".to_owned()))
    }

    /// What it took and should not have.
    fn something_is_refunded(&mut self, used: &mut Used) -> Option<Line> {
        let open: Vec<bool> = self
            .fund
            .breaks
            .iter()
            .map(|one| one.about == About::Line && one.cents < 0 && one.state == "open")
            .collect();
        let b = self.pick_where(&open, |is| *is)?;
        let cents = -self.fund.breaks[b].cents;
        used.takes("break", b)
            .then(|| Line::new(cents, Is::Unknown("unexpected"), None).saying("REGULARISATION".to_owned()))
    }

    fn a_payment_returns(&mut self, used: &mut Used) -> Option<Line> {
        let debited: Vec<bool> = self
            .fund
            .payments
            .iter()
            .map(|payment| payment.state == State::Debited)
            .collect();
        let n = self.pick_where(&debited, |is| *is)?;
        if !used.takes("payment", n) {
            return None;
        }
        let payment = &self.fund.payments[n];
        let (cents, end_to_end) = (payment.cents, payment.end_to_end.clone());
        let line = if self.chance(10) {
            Line::new(cents + 1, Is::Unknown("amount_differs"), None)
        } else {
            Line::new(cents, Is::Returned(n), Some("return"))
        };
        Some(Line {
            reason: Some("AC04"),
            ..line.naming(&end_to_end)
        })
    }

    /// A payment, or a file of them, as far as there is money.
    fn payments_leave(&mut self, used: &mut Used, left: i64) -> Option<Line> {
        let way = self.pick(10);
        if way < 3 {
            return self.a_file_leaves(used, way == 0);
        }
        let sent: Vec<bool> = self
            .fund
            .payments
            .iter()
            .map(|payment| payment.state == State::Sent && self.fund.files[payment.file].message_id.is_some())
            .collect();
        let n = self.pick_where(&sent, |is| *is)?;
        let payment = &self.fund.payments[n];
        let (cents, end_to_end) = (payment.cents, payment.end_to_end.clone());
        if used.has("file", payment.file) || cents + 60 > left || !used.takes("payment", n) {
            return None;
        }
        used.takes("part of", self.fund.payments[n].file);
        let line = match way {
            3 => {
                let charge = self.random.random_range(1..60);
                if charge <= self.fund.tolerance {
                    Line::new(-cents - charge, Is::Charged(n, charge), Some("end-to-end-tolerance"))
                } else {
                    Line::new(-cents - charge, Is::Unknown("amount_differs"), None)
                }
            }
            _ => Line::new(-cents, Is::Debited(n), Some("end-to-end")),
        };
        Some(line.naming(&if way == 4 {
            end_to_end.to_uppercase()
        } else {
            end_to_end
        }))
    }

    /// Named by the bank, or only by its amount.
    fn a_file_leaves(&mut self, used: &mut Used, named: bool) -> Option<Line> {
        let totals = self.totals();
        let known: Vec<bool> = self.fund.files.iter().map(|file| file.message_id.is_some()).collect();
        let n = self.pick_where(&known, |is| *is)?;
        let total = totals[n];
        if total == 0 || used.has("part of", n) || !used.takes("file", n) {
            return None;
        }
        let alone = totals.iter().filter(|other| **other == total).count() == 1;
        let payments: Vec<usize> = self.fund.files[n]
            .payments
            .iter()
            .copied()
            .filter(|&one| self.fund.payments[one].state == State::Sent)
            .collect();
        if !payments.iter().all(|&one| used.takes("payment", one)) || !named && !alone {
            return None;
        }
        let rule = if named { "payment-file" } else { "payment-file-total" };
        let file = if named {
            self.fund.files[n].message_id.clone()
        } else {
            None
        };
        Some(Line {
            file,
            ..Line::new(-total, Is::File(payments), Some(rule))
        })
    }

    /// What each file still has under way.
    fn totals(&self) -> Vec<i64> {
        let sent = |&payment: &usize| &self.fund.payments[payment];
        let total = |file: &File| {
            file.payments
                .iter()
                .map(sent)
                .filter(|one| one.state == State::Sent)
                .map(|one| one.cents)
                .sum()
        };
        self.fund.files.iter().map(total).collect()
    }
}
