//! What lines were that no rule knew: said by a person, rightly or not, and closed.

use serde_json::{Value, json};

use super::actors::{New, Simulation, Wanted};
use super::euros;
use super::fund::{About, FUNDERS, State};

const WHY: &str = "Vérifié avec la banque.";

/// What a line is said to be.
enum Said {
    Contribution(usize),
    Call(usize),
    Mandate(usize),
    Charge,
    Payment(usize),
    Returned(usize),
}

impl Simulation {
    /// Who reads the list finds the same breaks.
    pub async fn open_breaks(&self) -> Vec<Value> {
        let page = self.operator().get("/funding/v1/breaks").await.accepted();
        page["items"].as_array().expect("a list").clone()
    }

    /// The server's break that is this one of ours; of two alike, either.
    async fn id_of(&self, place: usize) -> Value {
        let ours = &self.fund.breaks[place];
        let alike = |one: &&Value| {
            let line = !one["line"].is_null();
            one["kind"] == ours.kind
                && one["amount"] == euros(ours.cents)
                && one["state"] == ours.state
                && line == (ours.about == About::Line)
        };
        let all = self.open_breaks().await;
        let found = all
            .iter()
            .find(alike)
            .unwrap_or_else(|| panic!("{}: no break is {ours:?}: {all:#?}", self.doing));
        found["id"].clone()
    }

    pub async fn explains(&mut self) {
        let lines: Vec<bool> = self
            .fund
            .breaks
            .iter()
            .map(|one| one.about == About::Line && one.state == "open")
            .collect();
        let Some(b) = self.pick_where(&lines, |is| *is) else {
            return;
        };
        let cents = self.fund.breaks[b].cents;
        if self.chance(35) {
            self.explains_as_several(b, cents).await;
            return;
        }
        let Some(said) = self.guess(cents) else { return };
        let (body, wanted) = self.explanation(&said, cents);
        self.says(&format!("explain {cents} {body}"));
        let id = self.id_of(b).await;
        let path = format!("/funding/v1/breaks/{}/explanation", id.as_str().expect("an id"));
        let answer = self
            .operator()
            .put(&path, "application/json", body.to_string().as_bytes())
            .await;
        self.must("explanation", &answer, wanted);
        if wanted.is_err() {
            return;
        }
        assert_eq!(answer.status, 201, "{}: {}", self.doing, answer.told());
        let again = self
            .operator()
            .put(&path, "application/json", body.to_string().as_bytes())
            .await;
        assert_eq!(again.status, 200, "{}: {}", self.doing, again.told());
        let mut other = body;
        other["why"] = json!("Autre raison.");
        let again = self
            .operator()
            .put(&path, "application/json", other.to_string().as_bytes())
            .await;
        assert_eq!(again.kind(), "break-explained", "{}: {}", self.doing, again.told());
        self.is_explained(&said, cents);
        self.fund.breaks[b].state = "explained";
        self.fund.settle_expected();
    }

    /// Something that it may be.
    fn guess(&mut self, cents: i64) -> Option<Said> {
        let wrong = self.chance(8);
        if (cents > 0) == wrong {
            let sent: Vec<bool> = self.fund.payments.iter().map(|one| one.state == State::Sent).collect();
            return match self.pick_where(&sent, |is| *is) {
                Some(payment) if self.chance(20) => Some(Said::Payment(payment)),
                _ => Some(Said::Charge),
            };
        }
        let out: Vec<bool> = self
            .fund
            .payments
            .iter()
            .map(|one| one.state == State::Debited && one.cents == cents)
            .collect();
        let awaited: Vec<i64> = self.fund.mandates.iter().map(|mandate| mandate.awaited).collect();
        match self.pick(6) {
            0 | 1 if !self.fund.calls.is_empty() => Some(Said::Call(self.pick(self.fund.calls.len()))),
            2 => self.pick_where(&awaited, |awaited| *awaited > 0).map(Said::Mandate),
            3 => self.pick_where(&out, |is| *is).map(Said::Returned),
            4 if self.fund.charges_owed > 0 => Some(Said::Charge),
            _ => Some(Said::Contribution(self.pick(FUNDERS))),
        }
    }

    fn explanation(&self, said: &Said, cents: i64) -> (Value, Wanted) {
        let mut body = json!({"why": WHY});
        let id_of = |payment: usize| {
            let hex = &self.fund.payments[payment].end_to_end;
            json!(uuid::Uuid::parse_str(hex).expect("an id without dashes"))
        };
        let misfit = Err("break-misfit");
        let (what, field, value, wanted) = match said {
            Said::Contribution(f) => (
                "contribution",
                "funder_id",
                self.funders[*f].clone(),
                self.can_be_taken_back(*f, cents),
            ),
            Said::Call(call) => {
                let one = &self.fund.calls[*call];
                let fits = if one.paid + cents < 0 || (cents > 0 && one.paid + cents > one.cents) {
                    Err("break-amount")
                } else {
                    self.can_be_taken_back(one.funder, cents)
                };
                ("call", "call_id", json!(one.id), fits)
            }
            Said::Mandate(m) => {
                let mandate = &self.fund.mandates[*m];
                let fits = if cents > mandate.awaited {
                    Err("break-amount")
                } else {
                    Ok(())
                };
                ("mandate", "mandate_id", json!(mandate.id), fits)
            }
            Said::Charge => {
                let fits = if cents > self.fund.charges_owed {
                    Err("break-amount")
                } else {
                    Ok(())
                };
                ("bank_charge", "why", json!(WHY), fits)
            }
            Said::Payment(payment) => {
                let fits = if self.fund.payments[*payment].cents == -cents {
                    Ok(())
                } else {
                    Err("break-amount")
                };
                ("payment", "payment_id", id_of(*payment), fits)
            }
            Said::Returned(payment) => {
                let refund = !matches!(self.fund.payments[*payment].to, super::fund::Paid::Structure(_));
                (
                    "returned",
                    "payment_id",
                    id_of(*payment),
                    if refund { misfit } else { Ok(()) },
                )
            }
        };
        body["what"] = json!(what);
        body[field] = value;
        let fits = match said {
            Said::Contribution(_) | Said::Call(_) | Said::Charge => true,
            Said::Mandate(_) | Said::Returned(_) => cents > 0,
            Said::Payment(_) => cents < 0,
        };
        (body, if fits { wanted } else { misfit })
    }

    /// The bank takes back what a funder gave, as far as it is free; money in always fits.
    fn can_be_taken_back(&self, f: usize, cents: i64) -> Wanted {
        if self.fund.funders[f].deposited + cents < 0 {
            Err("break-placed")
        } else {
            Ok(())
        }
    }

    /// The money moves from where nobody knew to what it was.
    fn is_explained(&mut self, said: &Said, cents: i64) {
        self.fund.suspense -= cents;
        match said {
            Said::Contribution(f) => self.fund.funders[*f].gave(cents),
            Said::Call(call) => {
                let call = &mut self.fund.calls[*call];
                call.paid += cents;
                self.fund.funders[call.funder].gave(cents);
            }
            Said::Mandate(m) => {
                let mandate = &mut self.fund.mandates[*m];
                mandate.awaited -= cents;
                if let Some(call) = mandate.call {
                    self.fund.calls[call].paid += cents;
                }
            }
            Said::Charge => self.fund.charges_owed -= cents,
            // The line moved the bank when it came: only what it was is new.
            Said::Payment(payment) => {
                self.fund.is_debited(*payment);
                self.fund.bank -= cents;
            }
            Said::Returned(payment) => {
                self.fund.goes_back(*payment, State::Returned);
                self.fund.bank -= cents;
            }
        }
    }

    /// A contribution less the bank's charge; or a line and another that undoes it.
    async fn explains_as_several(&mut self, b: usize, cents: i64) {
        let undone: Vec<bool> = self
            .fund
            .breaks
            .iter()
            .map(|one| one.about == About::Line && one.state == "open" && one.cents == -cents)
            .collect();
        let (other, f) = (self.pick_where(&undone, |is| *is), self.pick(FUNDERS));
        let (parts, contributed) = match other {
            Some(_) => (json!([]), 0),
            None if cents > 0 => {
                let parts = json!([
                    {"what": "contribution", "amount": euros(cents + 50), "funder_id": self.funders[f]},
                    {"what": "bank_charge", "amount": "-0.50"},
                ]);
                (parts, cents + 50)
            }
            None => return,
        };
        self.says(&format!("explain together {cents} {parts}"));
        let mut breaks = vec![self.id_of(b).await];
        if let Some(other) = other {
            breaks.push(self.id_of(other).await);
        }
        let body = json!({"id": self.new_id("explanation"), "break_ids": breaks, "parts": parts, "why": WHY});
        if contributed > 0 && self.chance(20) {
            let mut wrong = body.clone();
            wrong["parts"][1]["amount"] = json!("-0.51");
            let new = New::of(&self.operator(), "/funding/v1/explanations", wrong);
            self.creates("explanation of several", new, Err("break-sum")).await;
        }
        let new = New::of(&self.operator(), "/funding/v1/explanations", body).otherwise("why", json!("Autre raison."));
        self.creates("explanation of several", new, Ok(())).await;
        self.fund.breaks[b].state = "explained";
        if let Some(other) = other {
            self.fund.breaks[other].state = "explained";
        } else {
            self.fund.suspense -= cents;
            self.fund.funders[f].received += contributed;
            self.fund.funders[f].deposited += contributed;
            self.fund.charges_owed += 50;
        }
        self.fund.settle_expected();
    }

    /// Only what was explained is closed.
    pub async fn closes_a_break(&mut self) {
        let early = self.chance(15);
        let state = if early { "open" } else { "explained" };
        let those: Vec<bool> = self
            .fund
            .breaks
            .iter()
            .map(|one| one.about == About::Line && one.state == state)
            .collect();
        let Some(b) = self.pick_where(&those, |is| *is) else {
            return;
        };
        let wanted: Wanted = if early { Err("break-not-explained") } else { Ok(()) };
        self.says("close a break");
        let id = self.id_of(b).await;
        let path = format!("/funding/v1/breaks/{}/closing", id.as_str().expect("an id"));
        let body = json!({"why": "Vu avec la comptable."}).to_string();
        let answer = self.operator().put(&path, "application/json", body.as_bytes()).await;
        self.must("break closed", &answer, wanted);
        if !early {
            let again = self.operator().put(&path, "application/json", body.as_bytes()).await;
            assert_eq!(again.status, 200, "{}: {}", self.doing, again.told());
            self.fund.breaks[b].state = "closed";
        }
    }

    pub async fn sets_the_tolerance(&mut self) {
        let cents = [0, 25, 50, 501][self.pick(4)];
        let wanted: Wanted = if cents > 500 { Err("tolerance-amount") } else { Ok(()) };
        let body = json!({"amount": euros(cents), "why": "Convention de compte."}).to_string();
        self.says(&format!("tolerance {cents}"));
        let answer = self
            .operator()
            .put("/funding/v1/tolerance", "application/json", body.as_bytes())
            .await;
        self.must("tolerance", &answer, wanted);
        if wanted.is_ok() {
            self.fund.tolerance = cents;
        }
    }
}
