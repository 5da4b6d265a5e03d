//! What is promised and what is put where: plans, calls for funds, mandates, allocations, the operator's fee.

use chrono::Days;
use rand::RngExt;
use serde_json::json;

use super::actors::{AGREED, New, Simulation, Wanted};
use super::euros;
use super::fund::{Call, FUNDERS, Mandate, PROGRAMMES};
use super::shares::{Limits, ONE, Plan};

impl Simulation {
    /// A new version: rates that do not divide, and perhaps limits on the first funder, which the last takes over.
    pub async fn agrees_a_plan(&mut self) {
        let p = self.pick(PROGRAMMES);
        let first = self.random.random_range(5..60) * 97;
        let second = self.random.random_range(5..30) * 101;
        let unit = ONE / 10_000;
        let rates = [first * unit, second * unit, ONE - (first + second) * unit];
        let mut limits = Limits::default();
        match self.pick(6) {
            0 | 1 => limits.cap = Some(self.random.random_range(20..150) * 100 + 1),
            2 => limits.order_minimum = Some(15_000),
            3 => limits.used_rate = Some(250_000_000),
            4 => limits.used_cap = Some(self.random.random_range(5..60) * 100),
            _ => {}
        }
        let plan = Plan { rates, limits };
        let mut shares = plan.shares(&self.funders);
        let mut wanted: Wanted = Ok(());
        if limits != Limits::default() && self.chance(10) {
            shares[0].as_object_mut().expect("a share").remove("taken_over_by");
            wanted = Err("not-a-plan");
        }
        let sponsor = self.sponsors[p].clone();
        let body = json!({"id": self.new_id("plan"), "shares": shares});
        let mut other = body["shares"].clone();
        other[0]["rate"] = json!("0.5");
        other[1]["rate"] = json!("0.3");
        other[2]["rate"] = json!("0.2");
        let new = New::of(&sponsor.client, sponsor.funding_path("/plans"), body).otherwise("shares", other);
        if self.creates("plan", new, wanted).await.is_some() {
            self.fund.programmes[p].plans.push(plan);
        }
    }

    pub async fn calls_for_funds(&mut self) {
        let (p, f) = (self.pick(PROGRAMMES), self.pick(FUNDERS));
        let cents = match self.pick(12) {
            0 => 0,
            1 => AGREED[p] - self.fund.programmes[p].called[f] + 1,
            _ => self.random.random_range(1_000..30_000),
        };
        let due_on = self.day + Days::new(self.random.random_range(3..30));
        self.calls(p, f, cents, due_on).await;
    }

    async fn calls(&mut self, p: usize, f: usize, cents: i64, due_on: chrono::NaiveDate) {
        let called = self.fund.programmes[p].called[f];
        let wanted = match cents {
            0 => Err("call-amount"),
            cents if called + cents > AGREED[p] => Err("above-convention"),
            _ => Ok(()),
        };
        let id = self.new_id("call");
        let body = json!({"id": id, "convention_id": self.conventions[p][f], "amount": euros(cents), "due_on": due_on});
        let new = New::of(&self.operator(), "/funding/v1/calls", body).otherwise("amount", json!(euros(cents + 1)));
        let Some(made) = self.creates("call", new, wanted).await else {
            return;
        };
        self.fund.programmes[p].called[f] += cents;
        self.fund.calls.push(Call {
            id,
            reference: made["reference"].as_str().expect("a reference").to_owned(),
            programme: p,
            funder: f,
            cents,
            paid: 0,
            called_on: self.day,
            due_on,
        });
    }

    /// Every funder is called by both programmes, pays, and has half of it put behind each; first batches are ordered, funded and
    /// given away: else a simulation would begin with waiting.
    pub async fn has_money(&mut self) {
        for p in 0..PROGRAMMES {
            for f in 0..FUNDERS {
                let cents = 40_000 + self.random.random_range(0..10_000);
                self.calls(p, f, cents, self.day + Days::new(20)).await;
            }
        }
        self.every_call_is_paid().await;
        for f in 0..FUNDERS {
            for p in 0..PROGRAMMES {
                let left = i64::try_from(PROGRAMMES - p).expect("few");
                self.puts(p, f, self.fund.funders[f].deposited / left).await;
            }
        }
        for _ in 0..4 {
            self.orders().await;
        }
        for _ in 0..8 {
            self.funds_a_batch().await;
            self.activates_a_batch().await;
            self.hands_over().await;
        }
        self.checks().await;
    }

    pub async fn accepts_a_mandate(&mut self) {
        let (mut p, mut f) = (usize::from(!self.chance(15)), self.pick(FUNDERS));
        let call = if self.chance(40) { self.pick_where_call() } else { None };
        if let Some(call) = call {
            (p, f) = (self.fund.calls[call].programme, self.fund.calls[call].funder);
        }
        let number = 4_000 + self.requests;
        let left = self.left_to_mandate(p, f, call);
        let cents = match self.pick(8) {
            0 => (left + 1).max(1),
            _ => self.random.random_range(500..9_000),
        };
        let wanted = if p == 0 {
            Err("mandate-not-allowed")
        } else if cents > left {
            Err("mandate-above")
        } else {
            Ok(())
        };
        let id = self.new_id("mandate");
        let mut body = json!({"id": id, "convention_id": self.conventions[p][f], "number": number.to_string(), "bordereau": "77",
            "amount": euros(cents), "issued_on": self.day});
        if let Some(call) = call {
            body["call_id"] = json!(self.fund.calls[call].id);
        }
        let new = New::of(&self.operator(), "/funding/v1/mandates", body)
            .showing_how_it_stands()
            .otherwise("amount", json!(euros(cents + 1)));
        if self.creates("mandate", new, wanted).await.is_none() {
            return;
        }
        self.fund.funders[f].received += cents;
        self.fund.funders[f].deposited += cents;
        self.fund.mandates.push(Mandate {
            id,
            number,
            programme: p,
            funder: f,
            call,
            cents,
            cancelled: 0,
            awaited: cents,
        });
    }

    /// Of the convention and of the call, what neither came nor is awaited on a mandate.
    fn left_to_mandate(&self, p: usize, f: usize, call: Option<usize>) -> i64 {
        let mandates = || {
            let own = self.fund.mandates.iter();
            own.filter(move |mandate| mandate.programme == p && mandate.funder == f)
        };
        let calls = self.fund.calls.iter();
        let paid = calls
            .filter(|call| call.programme == p && call.funder == f)
            .map(|call| call.paid);
        // What came on a mandate that answers a call is told by the call.
        let counted = |mandate: &Mandate| match mandate.call {
            Some(_) => mandate.awaited,
            None => mandate.cents - mandate.cancelled,
        };
        let agreed = AGREED[p] - paid.sum::<i64>() - mandates().map(counted).sum::<i64>();
        let called = call.map(|c| {
            let awaited = mandates()
                .filter(|mandate| mandate.call == Some(c))
                .map(|mandate| mandate.awaited);
            self.fund.calls[c].cents - self.fund.calls[c].paid - awaited.sum::<i64>()
        });
        called.map_or(agreed, |called| called.min(agreed))
    }

    fn pick_where_call(&mut self) -> Option<usize> {
        let programmes: Vec<usize> = self.fund.calls.iter().map(|call| call.programme).collect();
        self.pick_where(&programmes, |programme| *programme == 1)
    }

    /// Its money will not come: what it stood for must be free.
    pub async fn cancels_a_mandate(&mut self) {
        if self.fund.mandates.is_empty() {
            return;
        }
        let m = self.pick(self.fund.mandates.len());
        let mandate = &self.fund.mandates[m];
        if mandate.cancelled > 0 {
            return;
        }
        let (p, f, awaited) = (mandate.programme, mandate.funder, mandate.awaited);
        let from_programme = (awaited - self.fund.funders[f].deposited).max(0);
        let wanted = if awaited == 0 {
            Err("mandate-received")
        } else if from_programme > self.fund.programmes[p].available[f] {
            Err("mandate-used")
        } else {
            Ok(())
        };
        let path = format!("/funding/v1/mandates/{}/cancellation", mandate.id);
        let new = New::of(&self.operator(), path, json!({"reason": "Crédits insuffisants"}))
            .showing_how_it_stands()
            .otherwise("reason", json!("Autre motif"));
        if self.creates("mandate cancelled", new, wanted).await.is_none() {
            return;
        }
        self.fund.programmes[p].available[f] -= from_programme;
        self.fund.programmes[p].allocated[f] -= from_programme;
        self.fund.funders[f].deposited += from_programme - awaited;
        self.fund.funders[f].received -= awaited;
        self.fund.mandates[m].cancelled = awaited;
        self.fund.mandates[m].awaited = 0;
    }

    pub async fn allocates(&mut self) {
        let (p, f) = (self.pick(PROGRAMMES), self.pick(FUNDERS));
        let deposited = self.fund.funders[f].deposited;
        let cents = match self.pick(10) {
            0 => deposited + 1,
            1 => 0,
            2 | 3 => self.random.random_range(1..=deposited.max(1)),
            _ => deposited,
        };
        self.puts(p, f, cents).await;
    }

    async fn puts(&mut self, p: usize, f: usize, cents: i64) {
        let deposited = self.fund.funders[f].deposited;
        let own = self.fund.own_after(p, f, 0);
        let wanted = if cents == 0 {
            Err("allocation-amount")
        } else if p == 0 && own.is_some_and(|own| cents > own) {
            Err("mandated-not-received")
        } else if cents > deposited {
            Err("not-enough-deposited")
        } else {
            Ok(())
        };
        let body = json!({"id": self.new_id("allocation"), "funder_id": self.funders[f], "programme_id": self.sponsors[p].programme,
            "amount": euros(cents)});
        let new =
            New::of(&self.operator(), "/funding/v1/allocations", body).otherwise("amount", json!(euros(cents + 1)));
        if self.creates("allocation", new, wanted).await.is_some() {
            self.fund.funders[f].deposited -= cents;
            self.fund.programmes[p].available[f] += cents;
            self.fund.programmes[p].allocated[f] += cents;
        }
    }

    /// 3 % of a funded batch and 20 % VAT, in the programme that pays one.
    pub async fn invoices_its_fee(&mut self) {
        let p = usize::from(!self.chance(15));
        let batches = self.fund.programmes[p].batches.len();
        if batches == 0 {
            return;
        }
        let k = self.pick(batches);
        let batch = &self.fund.programmes[p].batches[k];
        let wanted = if batch.invoiced {
            Err("already-invoiced")
        } else if !batch.funded || batch.cancelled {
            Err("not-funded")
        } else if p == 0 {
            Err("no-fee")
        } else {
            Ok(())
        };
        let body = json!({"id": self.new_id("fee"), "programme_id": self.sponsors[p].programme, "batch_id": batch.id});
        let new = New::of(&self.operator(), "/funding/v1/fees", body).showing_how_it_stands();
        let Some(made) = self.creates("fee", new, wanted).await else {
            return;
        };
        self.fund.programmes[p].batches[k].invoiced = true;
        self.fund.invoices += 1;
        let (number, last) = (made["number"].as_str().expect("a number"), self.fund.invoices);
        assert_eq!(
            number,
            format!("F-2026-{last:05}"),
            "{}: no invoice is missing",
            self.doing
        );
    }
}
