//! What goes to the bank: where structures are paid, who has to look first, payment files, and what the bank refuses of them.

use bank_simulator::pain002::{PaymentStatus, Report};
use serde_json::json;

use super::actors::{Simulation, Wanted, bank_details};
use super::euros;
use super::fund::{Proposal, STRUCTURES, State};

impl Simulation {
    /// Another account, for who has none or whose payment came back.
    pub async fn gives_bank_details(&mut self) {
        let s = self.pick(STRUCTURES);
        if self.fund.accounts[s].is_some() && self.came_back_from(s).is_none() {
            return;
        }
        let account = 7_000 + self.requests;
        self.says("bank details");
        self.scene
            .operator()
            .imports_bank_details(&bank_details(s, account))
            .await;
        self.fund.accounts[s] = Some(account);
    }

    pub async fn sets_the_approval_amount(&mut self) {
        // Looser rules wait for a colleague, who confirms them here.
        let above = [None, Some(0), Some(6_000), Some(12_000)][self.pick(4)];
        let body = json!({"approval_above": above.map(euros), "delay_days": 30});
        self.says("payment rules");
        let answer = self
            .operator()
            .put(
                "/funding/v1/payment-rules",
                "application/json",
                body.to_string().as_bytes(),
            )
            .await;
        let view = self.must("payment rules", &answer, Ok(())).expect("a view");
        let looser = match (above, self.fund.approval_above) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(new), Some(old)) => new > old,
        };
        assert_eq!(view["waiting"].is_object(), looser, "{}: {view:#}", self.doing);
        if let Some(number) = view["waiting"]["number"].as_i64() {
            let path = format!("/funding/v1/payment-rules/{number}/confirmation");
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
        let (path, past, decided) = (one.path(), one.execute_on < self.day, one.proposal);
        let alone = self.chance(30);
        let wanted: Wanted = match decided {
            Proposal::Waiting if past => Err("execute-on-past"),
            _ if alone => Err("same-person"),
            Proposal::Refused => Err("payment-order-decided"),
            _ => Ok(()),
        };
        let who = if alone { self.operator() } else { self.colleague.clone() };
        self.says(&format!("approve {path}"));
        let answer = who.post(&format!("{path}/approval"), &json!({})).await;
        self.must("approval", &answer, wanted);
        if wanted.is_ok() && decided == Proposal::Waiting {
            self.fund.files[file].proposal = Proposal::Approved;
            for payment in self.fund.files[file].payments.clone() {
                self.fund.payments[payment].state = State::Sent;
            }
        }
    }

    /// Its claims are due again, or the money is its funder's.
    pub async fn rejects(&mut self) {
        let Some(file) = self.a_proposal() else { return };
        let (path, decided) = (self.fund.files[file].path(), self.fund.files[file].proposal);
        let reason = if self.chance(10) { " " } else { "Montant inattendu" };
        let wanted: Wanted = match decided {
            _ if reason == " " => Err("rejection-reason"),
            Proposal::Approved => Err("payment-order-decided"),
            _ => Ok(()),
        };
        self.says(&format!("reject {path}"));
        let answer = self
            .colleague
            .post(&format!("{path}/rejection"), &json!({"reason": reason}))
            .await;
        self.must("rejection", &answer, wanted);
        if wanted.is_ok() && decided == Proposal::Waiting {
            self.fund.files[file].proposal = Proposal::Refused;
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
            Proposal::Waiting => true,
            Proposal::Approved | Proposal::Refused => !open,
            Proposal::NotNeeded => false,
        })
    }

    /// The operator takes a payment file to the bank.
    pub async fn sends_a_file(&mut self) {
        let unsent: Vec<bool> = self.fund.files.iter().map(|file| file.message_id.is_none()).collect();
        let Some(file) = self.pick_where(&unsent, |is| *is) else {
            return;
        };
        let one = &self.fund.files[file];
        let wanted: Wanted = match one.proposal {
            Proposal::Waiting => Err("approval-waiting"),
            Proposal::Refused => Err("payment-order-rejected"),
            _ if one.payments.is_empty() => Err("no-payment"),
            _ => Ok(()),
        };
        let path = format!("{}/pain.001.xml", one.path());
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
        let mut expected: Vec<(String, String)> = self.fund.files[file]
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
            .map(|payment| match payment.state {
                State::Sent => self.fund.files[payment.file].message_id.is_some(),
                // The bank knows nothing of it, whatever somebody sends in its name.
                State::Proposed => true,
                _ => false,
            })
            .collect();
        let Some(payment) = self.pick_where(&sent, |is| *is) else {
            return;
        };
        let one = &self.fund.payments[payment];
        let (known, end_to_end) = (one.state == State::Sent, one.end_to_end.clone());
        let file = &self.fund.files[one.file];
        let message_id = format!("CCN{}", file.id.simple());
        assert!(
            !known || file.message_id.as_ref() == Some(&message_id),
            "{}",
            self.doing
        );
        let status = if self.chance(25) { "ACSP" } else { "RJCT" };
        let payments = [PaymentStatus {
            end_to_end: &end_to_end,
            status,
            amount: None,
        }];
        let report = Report {
            id: &format!("CR-{}", self.requests),
            at: &format!("{}T08:00:00", self.day),
            message_id: &message_id,
            group: "",
            payments: &payments,
        };
        let report = report.write();
        let post = async |who: &e2e::Client| {
            let body = Some((report.clone(), "application/xml"));
            who.send(reqwest::Method::POST, "/funding/v1/payment-status-reports", body)
                .await
        };
        self.says(&format!("report {status} {end_to_end}"));
        let answer = post(&self.operator()).await;
        let wanted: Wanted = if known {
            Ok(())
        } else {
            Err("payment-report-unknown-file")
        };
        let Some(made) = self.must("bank's report", &answer, wanted) else {
            return;
        };
        let outcome = if status == "RJCT" { "rejected" } else { "recorded" };
        assert_eq!(
            (answer.status, &made["lines"][0]["outcome"]),
            (201, &json!(outcome)),
            "{}",
            self.doing
        );
        let again = post(&self.operator()).await;
        assert_eq!((again.status, again.json()), (200, made), "{}", self.doing);
        if status == "RJCT" {
            self.fund.goes_back(payment, State::Rejected);
            self.fund.settle_expected();
        }
    }
}
