//! Structures are paid: settlements, their approval, payment files, and what the bank refuses of them.

use chrono::Days;
use serde_json::{Value, json};

use super::euros;
use super::fund::{File, PROGRAMMES, Paid, Payment, Programme, STRUCTURES, State};
use super::life::{Life, New, Wanted, bank_details};

/// What a settlement is, before it is asked for.
struct Decided {
    /// (structure, out of each programme, deducted in each, its lines: programme, claim, cents).
    payments: Vec<(usize, [i64; PROGRAMMES], [i64; PROGRAMMES], Vec<(usize, usize, i64)>)>,
    /// (structure, cents, why).
    held: Vec<(usize, i64, &'static str)>,
}

impl Life {
    /// The month before, mostly, and everything older.
    pub async fn settles(&mut self) {
        let running = self.chance(8);
        let late = self.chance(5);
        let first = self.day.format("%Y-%m-01").to_string().parse::<chrono::NaiveDate>().expect("a day");
        let last = first - Days::new(1);
        if !running && last < e2e::DAY {
            return;
        }
        let month = if running { first } else { last }.format("%Y-%m").to_string();
        let execute_on = if late { self.day - Days::new(1) } else { self.day + Days::new(1) };
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
        let new = New::of(&self.operator(), "/v1/settlements", body)
            .as_it_stands()
            .otherwise("execute_on", json!(execute_on + Days::new(1)));
        let Some(made) = self.creates("settlement", new, wanted).await else { return };
        let total: i64 = decided.payments.iter().map(|payment| payment.1.iter().sum::<i64>()).sum();
        assert_eq!(made["total"], euros(total), "{}: {made:#}", self.doing);
        let mut held: Vec<(Value, Value, Value)> = items(&made, "held")
            .map(|one| (one["structure_id"].clone(), one["amount"].clone(), one["reason"].clone()))
            .collect();
        let mut expected: Vec<(Value, Value, Value)> = decided
            .held
            .iter()
            .map(|&(s, cents, why)| (json!(self.structures[s].id), json!(euros(cents)), json!(why)))
            .collect();
        held.sort_by_key(ToString::to_string_of);
        expected.sort_by_key(ToString::to_string_of);
        assert_eq!(held, expected, "{}: {made:#}", self.doing);
        let proposed = self.fund.approval_above.is_some_and(|above| total > above);
        assert_eq!(made["approval"]["state"], if proposed { "waiting" } else { "not_needed" }, "{}", self.doing);
        self.keep(&made, id, decided, execute_on, proposed);
    }

    fn keep(&mut self, made: &Value, id: uuid::Uuid, decided: Decided, execute_on: chrono::NaiveDate, proposed: bool) {
        let file = self.fund.files.len();
        let mut payments = Vec::new();
        for (s, parts, deducted, lines) in decided.payments {
            let structure = json!(self.structures[s].id);
            let found = items(made, "payments").find(|one| one["structure_id"] == structure);
            let found = found.unwrap_or_else(|| panic!("{}: {structure} is not paid: {made:#}", self.doing));
            let cents: i64 = parts.iter().sum();
            assert_eq!(found["amount"], euros(cents), "{}: {made:#}", self.doing);
            let payment = self.fund.payments.len();
            for (p, claim, cents) in lines {
                self.fund.programmes[p].claims[claim].lines.push((payment, cents));
            }
            for p in 0..PROGRAMMES {
                self.fund.programmes[p].payable[s] -= parts[p] + deducted[p];
                self.fund.programmes[p].recoverable[s] -= deducted[p];
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
        assert_eq!(items(made, "payments").count(), payments.len(), "{}: {made:#}", self.doing);
        self.fund.files.push(File {
            id,
            of_settlement: true,
            execute_on,
            payments,
            proposal: proposed.then_some(None),
            message_id: None,
        });
    }

    /// Structure by structure; a programme whose debts are more than its dues waits.
    fn decide(&self, cutoff: chrono::DateTime<chrono::Utc>) -> Decided {
        let mut decided = Decided { payments: Vec::new(), held: Vec::new() };
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
                    decided.payments.push((s, parts, deducted, lines));
                    Some((set_off, "deductions"))
                }
            };
            decided.held.extend(held.filter(|(cents, _)| *cents > 0).map(|(cents, why)| (s, cents, why)));
        }
        decided
    }

    /// The account to which the structure's last payment did not get.
    fn came_back_from(&self, s: usize) -> Option<u32> {
        let mine = self.fund.payments.iter().filter(|payment| payment.to == Paid::Structure(s) && payment.state != State::Withdrawn);
        let last = mine.max_by_key(|payment| payment.at)?;
        matches!(last.state, State::Returned | State::Rejected).then_some(last.account)
    }

    /// Another account, for who has none or whose payment came back.
    pub async fn gives_bank_details(&mut self) {
        let s = self.pick(STRUCTURES);
        if self.fund.accounts[s].is_some() && self.came_back_from(s).is_none() {
            return;
        }
        let account = 7_000 + self.requests;
        self.says("bank details");
        self.scene.operator().imports_bank_details(&bank_details(s, account)).await;
        self.fund.accounts[s] = Some(account);
    }

    pub async fn sets_the_approval_amount(&mut self) {
        // Looser rules wait for a colleague, who confirms them here.
        let above = [None, Some(0), Some(6_000), Some(12_000)][self.pick(4)];
        let body = json!({"approval_above": above.map(euros), "delay_days": 30});
        self.says("payment rules");
        let answer = self.operator().put("/v1/payment-rules", "application/json", body.to_string().as_bytes()).await;
        let view = self.must("payment rules", &answer, Ok(())).expect("a view");
        let looser = match (above, self.fund.approval_above) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(new), Some(old)) => new > old,
        };
        assert_eq!(view["waiting"].is_object(), looser, "{}: {view:#}", self.doing);
        if let Some(number) = view["waiting"]["number"].as_i64() {
            let path = format!("/v1/payment-rules/{number}/confirmation");
            let answer = self.operator().post(&path, &json!({})).await;
            self.must("payment rules", &answer, Err("same-person"));
            let answer = self.colleague.post(&path, &json!({})).await;
            self.must("payment rules", &answer, Ok(()));
        }
        self.fund.approval_above = above;
    }

    /// By the colleague, or in vain by who proposed it.
    pub async fn approves(&mut self) {
        let Some(file) = self.a_proposal() else { return };
        let one = &self.fund.files[file];
        let (id, past, decided) = (one.id, one.execute_on < self.day, one.proposal.expect("a proposal"));
        let alone = self.chance(30);
        let wanted: Wanted = match decided {
            None if past => Err("execute-on-past"),
            _ if alone => Err("same-person"),
            Some(false) => Err("settlement-decided"),
            _ => Ok(()),
        };
        let who = if alone { self.operator() } else { self.colleague.clone() };
        self.says(&format!("approve {id}"));
        let answer = who.post(&format!("/v1/settlements/{id}/approval"), &json!({})).await;
        self.must("approval", &answer, wanted);
        if wanted.is_ok() && decided.is_none() {
            self.fund.files[file].proposal = Some(Some(true));
            for payment in self.fund.files[file].payments.clone() {
                self.fund.payments[payment].state = State::Sent;
            }
        }
    }

    /// Its claims are due again.
    pub async fn rejects(&mut self) {
        let Some(file) = self.a_proposal() else { return };
        let (id, decided) = (self.fund.files[file].id, self.fund.files[file].proposal.expect("a proposal"));
        let reason = if self.chance(10) { " " } else { "Montant inattendu" };
        let wanted: Wanted = match decided {
            _ if reason == " " => Err("rejection-reason"),
            Some(true) => Err("settlement-decided"),
            _ => Ok(()),
        };
        self.says(&format!("reject {id}"));
        let answer = self.colleague.post(&format!("/v1/settlements/{id}/rejection"), &json!({"reason": reason})).await;
        self.must("rejection", &answer, wanted);
        if wanted.is_ok() && decided.is_none() {
            self.fund.files[file].proposal = Some(Some(false));
            for payment in self.fund.files[file].payments.clone() {
                self.fund.goes_back(payment, State::Withdrawn);
            }
            self.fund.settle_expected();
        }
    }

    fn a_proposal(&mut self) -> Option<usize> {
        let open = self.chance(85);
        let proposals: Vec<_> = self.fund.files.iter().map(|file| file.proposal).collect();
        self.pick_where(&proposals, |proposal| match proposal {
            Some(None) => true,
            Some(Some(_)) => !open,
            None => false,
        })
    }

    /// The operator takes a payment file to the bank.
    pub async fn sends_a_file(&mut self) {
        let unsent: Vec<bool> = self.fund.files.iter().map(|file| file.message_id.is_none()).collect();
        let Some(file) = self.pick_where(&unsent, |is| *is) else { return };
        let one = &self.fund.files[file];
        let wanted: Wanted = match one.proposal {
            Some(None) => Err("approval-waiting"),
            Some(Some(false)) => Err("settlement-rejected"),
            _ if one.payments.is_empty() => Err("no-payment"),
            _ => Ok(()),
        };
        let kind = if one.of_settlement { "settlements" } else { "refunds" };
        let path = format!("/v1/{kind}/{}/pain.001.xml", one.id);
        self.says(&format!("file {path}"));
        let answer = self.operator().get(&path).await;
        self.requests += 1;
        if let Err(kind) = wanted {
            assert_eq!(answer.kind(), kind, "{}: {}", self.doing, answer.told());
            return;
        }
        let xml = String::from_utf8(answer.file()).expect("UTF-8");
        let document = roxmltree::Document::parse(&xml).expect("XML");
        let texts = |name: &str| -> Vec<String> {
            let nodes = document.descendants().filter(|node| node.tag_name().name() == name);
            nodes.filter_map(|node| node.text().map(str::to_owned)).collect()
        };
        let mut named: Vec<(String, String)> = texts("EndToEndId").into_iter().zip(texts("InstdAmt")).collect();
        let mut expected: Vec<(String, String)> = one
            .payments
            .iter()
            .map(|&payment| &self.fund.payments[payment])
            .map(|payment| (payment.end_to_end.clone(), euros(payment.cents)))
            .collect();
        named.sort();
        expected.sort();
        assert_eq!(named, expected, "{}", self.doing);
        self.fund.files[file].message_id = texts("MsgId").into_iter().next();
    }

    /// The bank refuses a payment before it debits it (pain.002), or repeats itself.
    pub async fn bank_rejects(&mut self) {
        let sent: Vec<bool> = self
            .fund
            .payments
            .iter()
            .map(|payment| payment.state == State::Sent && self.fund.files[payment.file].message_id.is_some())
            .collect();
        let Some(payment) = self.pick_where(&sent, |is| *is) else { return };
        let one = &self.fund.payments[payment];
        let message_id = self.fund.files[one.file].message_id.clone().expect("the bank has it");
        let status = if self.chance(25) { "ACSP" } else { "RJCT" };
        let report = format!(
            "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.10\"><CstmrPmtStsRpt>\
             <GrpHdr><MsgId>CR-{}</MsgId><CreDtTm>{}T08:00:00</CreDtTm></GrpHdr>\
             <OrgnlGrpInfAndSts><OrgnlMsgId>{message_id}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId></OrgnlGrpInfAndSts>\
             <OrgnlPmtInfAndSts><OrgnlPmtInfId>X</OrgnlPmtInfId><TxInfAndSts><OrgnlEndToEndId>{}</OrgnlEndToEndId>\
             <TxSts>{status}</TxSts><StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf></TxInfAndSts></OrgnlPmtInfAndSts>\
             </CstmrPmtStsRpt></Document>",
            self.requests, self.day, one.end_to_end
        );
        let post = async |who: &e2e::Client| {
            let body = Some((report.clone().into_bytes(), "application/xml"));
            who.send(reqwest::Method::POST, "/v1/payment-status-reports", body).await
        };
        self.says(&format!("report {status} {}", one.end_to_end));
        let answer = post(&self.operator()).await;
        let made = self.must("bank's report", &answer, Ok(())).expect("a report");
        let outcome = if status == "RJCT" { "rejected" } else { "recorded" };
        assert_eq!((answer.status, &made["lines"][0]["outcome"]), (201, &json!(outcome)), "{}", self.doing);
        let again = post(&self.operator()).await;
        assert_eq!((again.status, again.json()), (200, made), "{}", self.doing);
        if status == "RJCT" {
            self.fund.goes_back(payment, State::Rejected);
            self.fund.settle_expected();
        }
    }
}

fn items<'a>(made: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    made[name].as_array().expect("a list").iter()
}

/// Sorts triples of JSON by what they say.
trait ToString {
    fn to_string_of(&self) -> String;
}

impl ToString for (Value, Value, Value) {
    fn to_string_of(&self) -> String {
        format!("{} {} {}", self.0, self.1, self.2)
    }
}
