//! Structures are paid: what is due, what a debt takes off, who is held.

use chrono::Days;
use serde_json::{Value, json};

use super::actors::{New, Simulation, Wanted};
use super::euros;
use super::fund::{File, PROGRAMMES, Paid, Payment, Programme, Proposal, STRUCTURES, State};

/// What a settlement is, before it is asked for.
struct Decided {
    payments: Vec<Planned>,
    /// (structure, cents, why).
    held: Vec<(usize, i64, &'static str)>,
}

/// One payment: out of each programme, what a debt took off there, and what it covers (programme, claim, cents).
struct Planned {
    structure: usize,
    parts: [i64; PROGRAMMES],
    deducted: [i64; PROGRAMMES],
    lines: Vec<(usize, usize, i64)>,
}

impl Simulation {
    /// The month before, mostly, and everything older.
    pub async fn settles(&mut self) {
        let running = self.chance(8);
        let late = self.chance(5);
        let first = self
            .day
            .format("%Y-%m-01")
            .to_string()
            .parse::<chrono::NaiveDate>()
            .expect("a day");
        let last = first - Days::new(1);
        if !running && last < e2e::DAY {
            return;
        }
        let month = if running { first } else { last }.format("%Y-%m").to_string();
        let execute_on = if late {
            self.day - Days::new(1)
        } else {
            self.day + Days::new(1)
        };
        let wanted: Wanted = if running {
            Err("month-not-over")
        } else if late {
            Err("execute-on-past")
        } else {
            Ok(())
        };
        let cutoff = standards::calendar::paris_start_of_day(first);
        let decided = self.decide(cutoff);
        let id = self.new_id("settlement");
        let body = json!({"id": id, "month": month, "execute_on": execute_on});
        let new = New::of(&self.operator(), "/funding/v1/settlements", body)
            .showing_how_it_stands()
            .otherwise("execute_on", json!(execute_on + Days::new(1)));
        let Some(made) = self.creates("settlement", new, wanted).await else {
            return;
        };
        let total: i64 = decided
            .payments
            .iter()
            .map(|payment| payment.parts.iter().sum::<i64>())
            .sum();
        assert_eq!(made["total"], euros(total), "{}: {made:#}", self.doing);
        let mut held: Vec<(Value, Value, Value)> = items(&made, "held")
            .map(|one| {
                (
                    one["structure_id"].clone(),
                    one["amount"].clone(),
                    one["reason"].clone(),
                )
            })
            .collect();
        let mut expected: Vec<(Value, Value, Value)> = decided
            .held
            .iter()
            .map(|&(s, cents, why)| (json!(self.structures[s].id), json!(euros(cents)), json!(why)))
            .collect();
        held.sort_by_key(|one| format!("{one:?}"));
        expected.sort_by_key(|one| format!("{one:?}"));
        assert_eq!(held, expected, "{}: {made:#}", self.doing);
        let proposed = self.fund.approval_above.is_some_and(|above| total > above);
        assert_eq!(
            made["approval"]["state"],
            if proposed { "waiting" } else { "not_needed" },
            "{}",
            self.doing
        );
        self.keep(&made, id, decided, execute_on, proposed);
    }

    fn keep(&mut self, made: &Value, id: uuid::Uuid, decided: Decided, execute_on: chrono::NaiveDate, proposed: bool) {
        let file = self.fund.files.len();
        let mut payments = Vec::new();
        for planned in decided.payments {
            let Planned {
                structure: s,
                parts,
                deducted,
                lines,
            } = planned;
            let structure = json!(self.structures[s].id);
            let found = items(made, "payments").find(|one| one["structure_id"] == structure);
            let found = found.unwrap_or_else(|| panic!("{}: {structure} is not paid: {made:#}", self.doing));
            let cents: i64 = parts.iter().sum();
            assert_eq!(found["amount"], euros(cents), "{}: {made:#}", self.doing);
            let payment = self.fund.payments.len();
            for (p, claim, cents) in lines {
                self.fund.programmes[p].claims[claim].lines.push((payment, cents));
            }
            for (programme, (part, debt)) in self.fund.programmes.iter_mut().zip(parts.into_iter().zip(deducted)) {
                programme.payable[s] -= part + debt;
                programme.recoverable[s] -= debt;
            }
            self.fund.payments.push(Payment {
                end_to_end: found["end_to_end"].as_str().expect("an id").to_owned(),
                to: Paid::Structure(s),
                cents,
                parts,
                state: if proposed { State::Proposed } else { State::Sent },
                account: self.fund.accounts[s].expect("it is paid somewhere"),
                file,
                at: self.now,
            });
            payments.push(payment);
        }
        assert_eq!(
            items(made, "payments").count(),
            payments.len(),
            "{}: {made:#}",
            self.doing
        );
        self.fund.files.push(File {
            id,
            of_settlement: true,
            execute_on,
            payments,
            proposal: if proposed {
                Proposal::Waiting
            } else {
                Proposal::NotNeeded
            },
            message_id: None,
        });
    }

    /// Structure by structure; a programme whose debts are more than its dues waits.
    fn decide(&self, cutoff: chrono::DateTime<chrono::Utc>) -> Decided {
        let mut decided = Decided {
            payments: Vec::new(),
            held: Vec::new(),
        };
        for s in 0..STRUCTURES {
            let (mut parts, mut deducted, mut lines, mut set_off) = ([0; PROGRAMMES], [0; PROGRAMMES], Vec::new(), 0);
            for (p, programme) in self.fund.programmes.iter().enumerate() {
                let due = |(c, claim): (usize, &super::fund::Claim)| {
                    let cents = Programme::due(claim, &self.fund.payments);
                    let counts = claim.structure == s && (cents < 0 || cents > 0 && claim.at < cutoff);
                    counts.then_some((p, c, cents))
                };
                let mine: Vec<(usize, usize, i64)> = programme.claims.iter().enumerate().filter_map(due).collect();
                let sum: i64 = mine.iter().map(|(_, _, cents)| cents).sum();
                if sum > 0 {
                    (parts[p], deducted[p]) = (sum, programme.recoverable[s]);
                    lines.extend(mine);
                } else {
                    set_off += mine.iter().map(|(_, _, cents)| (*cents).max(0)).sum::<i64>();
                }
            }
            let sum: i64 = parts.iter().sum();
            let held = match self.fund.accounts[s] {
                _ if sum == 0 => Some((set_off, "deductions")),
                None => Some((sum + set_off, "no_bank_details")),
                Some(account) if self.came_back_from(s) == Some(account) => Some((sum + set_off, "returned_by_bank")),
                Some(_) => {
                    decided.payments.push(Planned {
                        structure: s,
                        parts,
                        deducted,
                        lines,
                    });
                    Some((set_off, "deductions"))
                }
            };
            decided
                .held
                .extend(held.filter(|(cents, _)| *cents > 0).map(|(cents, why)| (s, cents, why)));
        }
        decided
    }

    /// The account to which the structure's last payment did not get.
    pub fn came_back_from(&self, s: usize) -> Option<u32> {
        let mine = self
            .fund
            .payments
            .iter()
            .filter(|payment| payment.to == Paid::Structure(s) && payment.state != State::Withdrawn);
        let last = mine.max_by_key(|payment| payment.at)?;
        matches!(last.state, State::Returned | State::Rejected).then_some(last.account)
    }
}

fn items<'a>(made: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    made[name].as_array().expect("a list").iter()
}
