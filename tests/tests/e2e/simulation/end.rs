//! Time passes: the first programme ends by its calendar, unused value goes back, months are closed.

use chrono::{Days, NaiveDate};
use e2e::DAY;
use serde_json::{Value, json};
use standards::Month;
use uuid::Uuid;

use super::actors::{New, Simulation, Wanted};
use super::euros;
use super::fund::{Batch, Each, FUNDERS, File, PROGRAMMES, Paid, Payment, Proposal, Sheet, State, Voucher, add};
use super::shares::{Used, true_up};

impl Simulation {
    fn printed_day(p: usize) -> NaiveDate {
        ["2026-04-30", "2026-12-31"][p].parse().expect("a day")
    }

    /// The last one on which claims are taken.
    pub fn last_day(p: usize) -> NaiveDate {
        Self::printed_day(p) + Days::new([10, 31][p])
    }

    pub fn hand_overs_stop_on(p: usize) -> NaiveDate {
        Self::printed_day(p) - Days::new(15)
    }

    /// Some days, and in the morning what the clock does of each programme's end.
    pub async fn time_passes(&mut self) {
        let days = self.pick(9);
        self.goes_on(u64::try_from(days + 1).expect("few"));
        let mut expected = Vec::new();
        for p in 0..PROGRAMMES {
            let (printed, last) = (Self::printed_day(p), Self::last_day(p));
            // Claims may arrive for three days after the last one; the sponsor has the whole day of its acceptance.
            let steps = [
                ("alert", printed - Days::new(30)),
                ("block", printed - Days::new(15)),
                ("acceptance", printed - Days::new(6)),
                ("sweep", last + Days::new(4)),
            ];
            for (step, from) in steps {
                if self.day >= from && self.steps.insert((p, step)) {
                    expected.push((json!(self.sponsors[p].programme), json!(step)));
                }
            }
        }
        self.says("round of the calendar");
        let answer = self.operator().post("/issuer/v1/expiry/rounds", &json!({})).await;
        let round = self.must("time", &answer, Ok(())).expect("a round");
        let gave = |step: &Value| (step["programme_id"].clone(), step["step"].clone());
        let done: Vec<(Value, Value)> = round["steps"].as_array().expect("steps").iter().map(gave).collect();
        assert_eq!((&done, &round["failed"]), (&expected, &json!([])), "{}", self.doing);
        for p in 0..PROGRAMMES {
            if self.steps.contains(&(p, "sweep")) && !self.fund.programmes[p].over {
                self.is_swept(p);
            }
        }
        self.statement_round().await;
    }

    fn is_swept(&mut self, p: usize) {
        let programme = &mut self.fund.programmes[p];
        programme.over = true;
        let mut back: Each = [0; FUNDERS];
        for batch in programme
            .batches
            .iter_mut()
            .filter(|batch| batch.funded && !batch.cancelled)
        {
            for place in 0..batch.sheets.len() {
                let shares = batch.split(place);
                let sheet = &mut batch.sheets[place];
                sheet.state = match sheet.state {
                    Voucher::Alive => Voucher::Expired,
                    Voucher::Paper if sheet.reserved => Voucher::Unused,
                    other => other,
                };
                if matches!(sheet.state, Voucher::Expired | Voucher::Unused) {
                    add(&mut back, shares);
                }
            }
        }
        programme.owe_back(back);
    }

    /// The adversarial statement, 37 days after the printed one; when nobody can contest it any more, credits are given.
    async fn statement_round(&mut self) {
        let mut issued = Vec::new();
        let mut given = Vec::new();
        for p in 0..PROGRAMMES {
            let programme = json!(self.sponsors[p].programme);
            let due = self.day >= Self::printed_day(p) + Days::new(37);
            match self.fund.programmes[p].stated_until {
                None if due && self.fund.programmes[p].over => {
                    self.fund.programmes[p].stated_until = Some(self.day + Days::new(15));
                    issued.push(programme);
                }
                Some(until) if self.day > until => {
                    // What was not used, and what never stood behind a batch; in a later round what came since.
                    let first = self.steps.insert((p, "given back"));
                    let programme_money = &mut self.fund.programmes[p];
                    let mut any = first;
                    for f in 0..FUNDERS {
                        let unused = std::mem::take(&mut programme_money.refundable[f]);
                        let cents = unused + std::mem::take(&mut programme_money.available[f]);
                        programme_money.credited[f] += cents;
                        self.fund.funders[f].deposited += cents;
                        any |= cents > 0;
                    }
                    if any {
                        given.push(programme);
                    }
                }
                _ => {}
            }
        }
        self.says("round of the statements");
        let answer = self
            .operator()
            .post("/funding/v1/expiry/statement-rounds", &json!({}))
            .await;
        let round = self.must("time", &answer, Ok(())).expect("a round");
        assert_eq!(
            round,
            json!({"issued": issued, "refunded": given, "failed": []}),
            "{}",
            self.doing
        );
    }

    /// In vain until the end was declared; then the shares limited by use are settled, once.
    pub async fn trues_up(&mut self) {
        let p = usize::from(self.chance(10));
        let programme = &self.fund.programmes[p];
        if programme.trued_up {
            return;
        }
        let used: Vec<_> = (0..programme.plans.len())
            .map(|version| (programme.plans[version].clone(), self.used(p, version)))
            .collect();
        let owed = true_up(&used);
        let last = FUNDERS - 1;
        let wanted: Wanted = if !programme.over {
            Err("programme-not-ended")
        } else if owed > programme.available[last] {
            Err("true-up-short")
        } else {
            Ok(())
        };
        let sponsor = self.sponsors[p].clone();
        let body = json!({"id": self.new_id("true-up")});
        let other = json!(self.new_id("true-up"));
        let new = New::of(&self.operator(), sponsor.funding_path("/true-up"), body).otherwise("id", other);
        let Some(made) = self.creates("true-up", new, wanted).await else {
            return;
        };
        let payments = if owed == 0 {
            json!([])
        } else {
            let (from, to) = (&self.funders[last], &self.funders[0]);
            json!([(from, to, euros(owed))])
        };
        let told: Vec<_> = made["payments"]
            .as_array()
            .expect("payments")
            .iter()
            .map(|one| (one["from_id"].clone(), one["to_id"].clone(), one["amount"].clone()))
            .collect();
        assert_eq!(json!(told), payments, "{}: {made:#}", self.doing);
        let programme = &mut self.fund.programmes[p];
        programme.trued_up = true;
        programme.available[last] -= owed;
        programme.owe_back([owed, 0, 0]);
    }

    /// Of the batches of a version that the first funder takes part in.
    fn used(&self, p: usize, version: usize) -> Used {
        let mut used = Used::default();
        let batches = self.fund.programmes[p].batches.iter();
        for batch in
            batches.filter(|batch| batch.version == version && batch.funded && !batch.cancelled && batch.rates[0] > 0)
        {
            for (place, sheet) in batch.sheets.iter().enumerate() {
                if sheet.state == Voucher::Spent {
                    used.value += super::fund::FACE;
                    used.paid += batch.split(place)[0];
                }
            }
        }
        used
    }

    /// What a programme owes a funder, as free money or to its bank.
    pub async fn refunds(&mut self) {
        let (p, f) = (self.pick(PROGRAMMES), self.pick(FUNDERS));
        let (bank, late) = (self.chance(50), self.chance(5));
        let cents = self.fund.programmes[p].refundable[f];
        let execute_on = if late {
            self.day - Days::new(1)
        } else {
            self.day + Days::new(2)
        };
        let wanted: Wanted = if late {
            Err("execute-on-past")
        } else if cents == 0 {
            Err("nothing-to-refund")
        } else if bank && self.fund.own_after(p, f, cents).is_some_and(|own| own < cents) {
            Err("money-awaited")
        } else {
            Ok(())
        };
        let id = self.new_id("refund");
        let body = json!({"id": id, "funder_id": self.funders[f], "programme_id": self.sponsors[p].programme,
            "method": if bank { "bank" } else { "credit" }, "execute_on": execute_on});
        let new = New::of(&self.operator(), "/funding/v1/refunds", body)
            .showing_how_it_stands()
            .otherwise("execute_on", json!(execute_on + Days::new(1)));
        let Some(made) = self.creates("refund", new, wanted).await else {
            return;
        };
        assert_eq!(made["amount"], euros(cents), "{}: {made:#}", self.doing);
        self.fund.programmes[p].refundable[f] = 0;
        if !bank {
            self.fund.programmes[p].credited[f] += cents;
            self.fund.funders[f].deposited += cents;
            return;
        }
        self.goes_to_the_bank(&made, id, Paid::Funder(p, f), cents, execute_on);
    }

    /// A part of what a funder has free, while all of it has come.
    pub async fn refunds_free_money(&mut self) {
        let f = self.pick(FUNDERS);
        if self.fund.awaited(f) > 0 || self.fund.idle() < self.fund.funders[f].deposited + 100_000 {
            return;
        }
        let free = self.fund.funders[f].deposited;
        let cents = if self.chance(15) { free + 1 } else { free / 3 };
        let wanted: Wanted = if cents == 0 {
            Err("refund-amount")
        } else if cents > free {
            Err("refund-too-large")
        } else {
            Ok(())
        };
        let (id, execute_on) = (self.new_id("refund"), self.day + Days::new(2));
        let body = json!({"id": id, "funder_id": self.funders[f], "amount": euros(cents), "method": "bank", "execute_on": execute_on});
        let new = New::of(&self.operator(), "/funding/v1/refunds", body)
            .showing_how_it_stands()
            .otherwise("execute_on", json!(execute_on + Days::new(1)));
        if let Some(made) = self.creates("refund of free money", new, wanted).await {
            self.fund.funders[f].deposited -= cents;
            self.goes_to_the_bank(&made, id, Paid::Free(f), cents, execute_on);
        }
    }

    /// A refund that the bank pays, once somebody else has looked if it is large.
    fn goes_to_the_bank(&mut self, made: &Value, id: Uuid, to: Paid, cents: i64, execute_on: NaiveDate) {
        let lately = self.fund.unasked(to.funder(), self.now);
        let proposed = self.fund.approval_above.is_some_and(|above| cents + lately > above);
        let told = if proposed {
            ["waiting", "proposed"]
        } else {
            ["not_needed", "sent"]
        };
        assert_eq!(
            json!([made["approval"]["state"], made["state"]]),
            json!(told),
            "{}",
            self.doing
        );
        let (mut parts, payment) = ([0; PROGRAMMES], self.fund.payments.len());
        match to {
            Paid::Structure(_) => unreachable!("a refund"),
            Paid::Funder(p, f) => {
                parts[p] = cents;
                self.fund.funders[f].under_way += cents;
            }
            Paid::Free(f) => self.fund.funders[f].under_way += cents,
        }
        self.fund.payments.push(Payment {
            end_to_end: made["end_to_end"].as_str().expect("an id").to_owned(),
            to,
            cents,
            parts,
            state: if proposed { State::Proposed } else { State::Sent },
            account: 0,
            file: self.fund.files.len(),
            at: self.now,
        });
        self.fund.files.push(File {
            id,
            of_settlement: false,
            execute_on,
            payments: vec![payment],
            proposal: if proposed {
                Proposal::Waiting
            } else {
                Proposal::NotNeeded
            },
            message_id: None,
        });
    }

    /// The month after the last closed one, or in vain another.
    pub async fn closes_a_month(&mut self) {
        let month_of = |n: u32| Month::containing(DAY).first_day() + chrono::Months::new(n);
        let skip = u32::from(self.chance(15));
        let month = month_of(self.fund.closed + skip);
        let over = self.day >= month + chrono::Months::new(1);
        // Nothing was ever booked: nothing is closed.
        let anything = self.fund.bank != 0 || !self.fund.mandates.is_empty();
        if !anything {
            return;
        }
        let wanted: Wanted = match (over, skip) {
            (false, _) => Err("month-not-over"),
            (true, 1) => Err("close-in-order"),
            _ => Ok(()),
        };
        let body = json!({"month": month.format("%Y-%m").to_string()});
        let new = New::of(&self.operator(), "/funding/v1/closes", body);
        if self.creates("month closed", new, wanted).await.is_some() {
            self.fund.closed += 1;
        }
    }
}

/// Counted as money behind a batch.
pub fn is_funded(batch: &Batch, sheet: &Sheet) -> bool {
    let there = matches!(
        sheet.state,
        Voucher::Paper | Voucher::Unused | Voucher::Alive | Voucher::Spent | Voucher::Expired
    );
    batch.funded && !batch.cancelled && sheet.reserved && there
}
