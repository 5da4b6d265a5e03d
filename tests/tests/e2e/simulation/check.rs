//! What the services show, beside the oracle: the report figure by figure, each structure's account, the breaks, the states of
//! vouchers, and every invariant of the books.

use e2e::holds;
use serde_json::{Value, json};
use testkit::until;

use super::actors::Simulation;
use super::batches::states;
use super::end::is_funded;
use super::euros;
use super::fund::{Each, FUNDERS, Fund, PROGRAMMES, Paid, Programme, STRUCTURES, State, Voucher};

impl Simulation {
    pub async fn checks(&self) {
        self.checks_the_report().await;
        self.checks_structures().await;
        self.checks_breaks().await;
        self.checks_vouchers().await;
        self.checks_invariants().await;
    }

    pub async fn checks_the_report(&self) {
        let report = self.scene.operator().waterfall().await;
        assert_eq!(
            report["bank_charges_owed"],
            euros(self.fund.charges_owed),
            "{}",
            self.doing
        );
        let rows = report["rows"].as_array().expect("rows");
        for f in 0..FUNDERS {
            let mine = |row: &&Value| row["funder_id"] == self.funders[f];
            for p in 0..PROGRAMMES {
                let programme = json!(self.sponsors[p].programme);
                let row = rows.iter().filter(mine).find(|row| row["programme_id"] == programme);
                let figures = figures(&self.fund, p);
                for (name, each) in figures {
                    let shown = row.map_or(&Value::Null, |row| &row[name]);
                    let told = (p, f, name);
                    assert_eq!(shown, &json!(euros(each[f])), "{}: {told:?} {row:#?}", self.doing);
                }
            }
            let apart = rows.iter().filter(mine).find(|row| row["programme_id"].is_null());
            let placed: i64 = (0..PROGRAMMES).map(|p| received(&self.fund.programmes[p])[f]).sum();
            let mandated: i64 = (0..PROGRAMMES).map(|p| mandated(&self.fund, p)[f]).sum();
            let funder = &self.fund.funders[f];
            let rest = [
                ("received", funder.received - placed),
                ("free", funder.deposited),
                ("mandated", self.fund.awaited(f) - mandated),
                ("returned", funder.returned),
                (
                    "cash",
                    funder.received - placed - (self.fund.awaited(f) - mandated) - funder.returned,
                ),
            ];
            for (name, cents) in rest {
                let shown = apart.map_or(json!("0.00"), |row| row[name].clone());
                assert_eq!(
                    shown,
                    euros(cents),
                    "{}: without programme {f} {name} {apart:#?}",
                    self.doing
                );
            }
        }
    }

    async fn checks_structures(&self) {
        for s in 0..STRUCTURES {
            let path = format!("/funding/v1/structures/{}/account", self.structures[s].id);
            let account = self.operator().get(&path).await.accepted();
            let mine = |wanted: &[State]| -> i64 {
                let payments = self.fund.payments.iter();
                let those = payments.filter(|one| one.to == Paid::Structure(s) && wanted.contains(&one.state));
                those.map(|one| one.cents).sum()
            };
            let sum = |of: fn(&Programme) -> &[i64; STRUCTURES]| -> i64 {
                self.fund.programmes.iter().map(|one| of(one)[s]).sum()
            };
            let expected = json!({
                "payable": euros(sum(|programme| &programme.payable)),
                "recoverable": euros(sum(|programme| &programme.recoverable)),
                "in_transit": euros(mine(&[State::Sent, State::Proposed])),
                "paid": euros(mine(&[State::Debited])),
            });
            let shown: Value = ["payable", "recoverable", "in_transit", "paid"]
                .into_iter()
                .map(|name| (name.to_owned(), account[name].clone()))
                .collect::<serde_json::Map<_, _>>()
                .into();
            assert_eq!(shown, expected, "{}: structure {s} {account:#}", self.doing);
            // What it is owed less what it owes is what its claims still ask for.
            for (p, programme) in self.fund.programmes.iter().enumerate() {
                let claims = programme.claims.iter().filter(|claim| claim.structure == s);
                let due: i64 = claims.map(|claim| Programme::due(claim, &self.fund.payments)).sum();
                assert_eq!(
                    programme.payable[s] - programme.recoverable[s],
                    due,
                    "{}: {p} {s}",
                    self.doing
                );
            }
            let mut states: Vec<(String, String)> = account["payments"]
                .as_array()
                .expect("payments")
                .iter()
                .map(|one| (text(&one["end_to_end"]), text(&one["state"])))
                .collect();
            let mut expected: Vec<(String, String)> = self
                .fund
                .payments
                .iter()
                .filter(|one| one.to == Paid::Structure(s))
                .map(|one| (one.end_to_end.clone(), word(one.state).to_owned()))
                .collect();
            states.sort();
            expected.sort();
            if expected.len() < 24 {
                assert_eq!(states, expected, "{}: structure {s}", self.doing);
            }
        }
    }

    async fn checks_breaks(&self) {
        let mut shown: Vec<(String, String, String)> = self
            .open_breaks()
            .await
            .iter()
            .map(|one| (text(&one["kind"]), text(&one["amount"]), text(&one["state"])))
            .collect();
        let open = self.fund.breaks.iter().filter(|one| one.state != "closed");
        let mut expected: Vec<(String, String, String)> = open
            .map(|one| (one.kind.to_owned(), euros(one.cents), one.state.to_owned()))
            .collect();
        shown.sort();
        expected.sort();
        assert_eq!(shown, expected, "{}", self.doing);
    }

    async fn checks_vouchers(&self) {
        for p in 0..PROGRAMMES {
            assert_eq!(
                self.sponsors[p].counts_states().await,
                states(self, p),
                "{}: programme {p}",
                self.doing
            );
        }
    }

    async fn checks_invariants(&self) {
        let answer = self.operator().get("/funding/v1/invariants").await.accepted();
        let all = answer["invariants"].as_array().expect("invariants");
        let broken: Vec<&Value> = all.iter().filter(|one| !holds(one)).collect();
        assert!(
            broken.is_empty() && answer["all_hold"] == true,
            "{}: {broken:#?}",
            self.doing
        );
        let bank = all.iter().find(|one| {
            one["name"]
                .as_str()
                .is_some_and(|name| name.starts_with("Compte bancaire"))
        });
        let bank = bank.unwrap_or_else(|| panic!("no invariant of the bank: {all:#?}"));
        assert_eq!(bank["left"], euros(self.fund.bank), "{}: {bank:#}", self.doing);
    }

    /// A stored run says the same.
    pub async fn reconciles(&mut self) {
        self.says("reconciliation");
        let body = json!({"id": self.new_id("reconciliation")});
        // The clock that was moved may have begun the night's own.
        let answer = until("the nightly run is over", async || {
            let answer = self.operator().post("/funding/v1/reconciliations", &body).await;
            (answer.kind() != "reconciliation-under-way").then_some(answer)
        })
        .await;
        let run = self.must("reconciliation", &answer, Ok(())).expect("a run");
        let verdict = &run["document"]["verdict"];
        let open = self.fund.breaks.iter().filter(|one| one.state != "closed").count();
        assert_eq!(
            (&verdict["all_hold"], &verdict["open_breaks"]),
            (&json!(true), &json!(open)),
            "{}: {run:#}",
            self.doing
        );
        if let Some(last) = run["document"]["statements"]["last"].as_object() {
            assert_eq!(last["closing"], euros(self.bank.balance), "{}", self.doing);
        }
        let again = self.operator().post("/funding/v1/reconciliations", &body).await;
        assert_eq!((again.status, again.json()), (200, run), "{}", self.doing);
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

const fn word(state: State) -> &'static str {
    match state {
        State::Proposed => "proposed",
        State::Sent => "sent",
        State::Debited => "debited",
        State::Returned => "returned",
        State::Rejected => "rejected",
        State::Withdrawn => "withdrawn",
    }
}

fn received(programme: &Programme) -> Each {
    let each = |f: usize| programme.allocated[f] - programme.credited[f];
    [each(0), each(1), each(2)]
}

/// What its mandates still await, as far as the programme got that much.
fn mandated(fund: &Fund, p: usize) -> Each {
    let each = |f: usize| {
        let mine = fund
            .mandates
            .iter()
            .filter(|mandate| mandate.programme == p && mandate.funder == f);
        let awaited: i64 = mine.map(|mandate| mandate.awaited).sum();
        awaited.min(received(&fund.programmes[p])[f].max(0))
    };
    [each(0), each(1), each(2)]
}

/// A programme's columns of the report.
fn figures(fund: &Fund, p: usize) -> Vec<(&'static str, Each)> {
    let programme = &fund.programmes[p];
    let became = |states: &'static [Voucher]| programme.sum(|_, sheet| states.contains(&sheet.state));
    let activated = became(&[Voucher::Alive, Voucher::Spent, Voucher::Expired]);
    let claimed = became(&[Voucher::Spent]);
    let paid = paid(fund, programme);
    let owed = [0, 1, 2].map(|f| claimed[f] - paid[f]);
    vec![
        ("announced", programme.agreed),
        ("agreed", programme.agreed),
        ("called", programme.called),
        ("received", received(programme)),
        ("mandated", mandated(fund, p)),
        (
            "ordered",
            programme
                .sum(|batch, sheet| !batch.cancelled && !matches!(sheet.state, Voucher::Revoked | Voucher::GivenUp)),
        ),
        ("funded", programme.sum(is_funded)),
        ("activated", activated),
        (
            "handed_over",
            programme.sum(|_, sheet| {
                sheet.handed_over && matches!(sheet.state, Voucher::Alive | Voucher::Spent | Voucher::Expired)
            }),
        ),
        ("claimed", claimed),
        ("paid", paid),
        ("owed", owed),
        ("expired", became(&[Voucher::Expired, Voucher::Unused])),
        ("revoked", became(&[Voucher::Revoked])),
        (
            "at_risk",
            programme.sum(|_, sheet| sheet.state == Voucher::Alive && !sheet.handed_over),
        ),
        ("free", programme.available),
        ("returned", programme.returned),
    ]
}

/// By who paid each voucher of what left the bank for structures and did not come back, less what was deducted.
fn paid(fund: &Fund, programme: &Programme) -> Each {
    let mut paid = [0; FUNDERS];
    for claim in &programme.claims {
        let debited = claim
            .lines
            .iter()
            .filter(|(payment, _)| fund.payments[*payment].state == State::Debited);
        let sign = debited.map(|(_, cents)| cents).sum::<i64>().signum();
        for &(k, place) in &claim.vouchers {
            for (sum, cents) in paid.iter_mut().zip(programme.batches[k].split(place)) {
                *sum += sign * cents;
            }
        }
    }
    paid
}
