//! Booklets: ordered, paid for, activated, handed over, revoked, given up.

use e2e::{Batch as Printed, Voucher as Paper};
use serde_json::{Value, json};

use super::actors::{New, Simulation, Wanted};
use super::fund::{BOOKLET, Batch, Each, FACE, FUNDERS, PROGRAMMES, Sheet, Voucher, add};
use super::shares::split;

impl Simulation {
    /// A batch of one to three booklets under the newest plan; printed at once.
    pub async fn orders(&mut self) {
        let p = self.pick(PROGRAMMES);
        let least = if p == 0 { 1 } else { 2 };
        let booklets = if self.chance(8) {
            least - 1
        } else {
            least + self.pick(2)
        };
        let wanted: Wanted = match booklets {
            few if few < least => Err("order-too-small"),
            _ if self.day > Self::last_day(p) => Err("programme-over"),
            _ => Ok(()),
        };
        let id = self.new_id("batch");
        let sponsor = self.sponsors[p].clone();
        let new = New::of(
            &sponsor.client,
            sponsor.path("/orders"),
            json!({"id": id, "booklets": booklets}),
        )
        .showing_how_it_stands()
        .otherwise("booklets", json!(booklets + 1));
        if self.creates("order", new, wanted).await.is_none() {
            return;
        }
        let first_booklet = 1 + self.fund.programmes[p]
            .batches
            .iter()
            .map(Batch::booklets)
            .sum::<usize>();
        let printed = Printed {
            id,
            first_booklet: u32::try_from(first_booklet).expect("few"),
            vouchers: Vec::new(),
        };
        sponsor.mints(&printed).await.accepted();
        let vouchers: Vec<Paper> = sponsor.prints(&printed).await;
        assert_eq!(vouchers.len(), booklets * BOOKLET, "{}", self.doing);
        let programme = &mut self.fund.programmes[p];
        let version = programme.plans.len() - 1;
        let sheet = |paper: Paper| Sheet {
            token: paper.token,
            state: Voucher::Paper,
            blocked: false,
            handed_over: false,
            reserved: false,
        };
        programme.batches.push(Batch {
            id,
            first_booklet,
            version,
            rates: programme.plans[version].rates,
            sheets: vouchers.into_iter().map(sheet).collect(),
            funded: false,
            activated: false,
            cancelled: false,
            invoiced: false,
        });
    }

    /// (programme, batch): one of those for which it is so, mostly.
    fn a_batch(&mut self, is: impl Fn(&Batch) -> bool) -> Option<(usize, usize)> {
        let p = self.pick(PROGRAMMES);
        let any = self.chance(15);
        let batches = &self.fund.programmes[p].batches;
        let those: Vec<usize> = (0..batches.len()).filter(|&k| any || is(&batches[k])).collect();
        (!those.is_empty()).then(|| (p, those[self.pick(those.len())]))
    }

    pub async fn funds_a_batch(&mut self) {
        let Some((p, k)) = self.a_batch(|batch| !batch.funded && !batch.cancelled) else {
            return;
        };
        let programme = &self.fund.programmes[p];
        let batch = &programme.batches[k];
        let committed = programme.committed[0] - programme.came_back[0];
        let vouchers = i64::try_from(batch.sheets.len()).expect("small");
        let rates = programme.plans[batch.version].for_batch(vouchers, committed);
        let mut needed: Each = [0; FUNDERS];
        for (place, sheet) in batch.sheets.iter().enumerate() {
            if !sheet.blocked {
                add(&mut needed, split(&rates, i64::try_from(place + 1).expect("small")));
            }
        }
        let short = (0..FUNDERS).filter(|&f| needed[f] > programme.available[f]).count();
        let (wanted, status): (Wanted, u16) = match batch {
            batch if batch.cancelled => (Err("batch-cancelled"), 422),
            batch if batch.funded => (Ok(()), 200),
            _ if programme.over => (Err("programme-over"), 422),
            _ if short > 0 => (Err("not-funded"), 422),
            _ => (Ok(()), 201),
        };
        let path = self.sponsors[p].path(&format!("/batches/{}/funding", batch.id));
        self.says(&format!("fund {path}"));
        let answer = self.sponsors[p].client.post(&path, &json!({})).await;
        if wanted == Err("not-funded") {
            let told = answer.json()["shortfalls"].as_array().map_or(0, Vec::len);
            assert_eq!(told, short, "{}: {}", self.doing, answer.told());
        }
        self.must("batch funded", &answer, wanted);
        if wanted.is_err() || status == 200 {
            return;
        }
        let programme = &mut self.fund.programmes[p];
        add(&mut programme.committed, needed);
        add(&mut programme.available, needed.map(|cents| -cents));
        let batch = &mut programme.batches[k];
        (batch.rates, batch.funded) = (rates, true);
        for sheet in batch.sheets.iter_mut().filter(|sheet| !sheet.blocked) {
            sheet.reserved = true;
        }
        let whole = batch.sheets.iter().all(|sheet| sheet.reserved);
        if whole && committed == 0 {
            self.simulates(p, k, needed).await;
        }
    }

    /// The simulator, which supposes that nothing is behind earlier batches, says what was done.
    async fn simulates(&mut self, p: usize, k: usize, reserved: Each) {
        let programme = &self.fund.programmes[p];
        let batch = &programme.batches[k];
        let shares = programme.plans[batch.version].shares(&self.funders);
        let body = json!({"shares": shares, "vouchers": batch.sheets.len(), "used": 0});
        self.says(&format!("simulate {body}"));
        let path = self.sponsors[p].funding_path("/plan-simulations");
        let answer = self.operator().post(&path, &body).await;
        let made = self.must("simulation", &answer, Ok(())).expect("a simulation");
        for (f, cents) in reserved.into_iter().enumerate() {
            let told = &made["funders"][f];
            assert_eq!(
                (&told["funder_id"], &told["reserved"]),
                (&self.funders[f], &json!(super::euros(cents))),
                "{}: {made:#}",
                self.doing
            );
        }
    }

    pub async fn activates_a_batch(&mut self) {
        let Some((p, k)) = self.a_batch(|batch| batch.funded && !batch.cancelled && !batch.activated) else {
            return;
        };
        let programme = &self.fund.programmes[p];
        let batch = &programme.batches[k];
        let (wanted, now): (Wanted, bool) = match batch {
            _ if p == 0 => (Err("activated-by-hand-over"), false),
            batch if batch.cancelled => (Err("batch-cancelled"), false),
            batch if batch.activated => (Ok(()), false),
            batch if !batch.funded => (Err("not-funded"), false),
            _ => (Ok(()), true),
        };
        let path = self.sponsors[p].path(&format!("/batches/{}/activation", batch.id));
        self.says(&format!("activate {path}"));
        let answer = self.sponsors[p].client.post(&path, &json!({})).await;
        self.must("batch activated", &answer, wanted);
        if !now {
            return;
        }
        let batch = &mut self.fund.programmes[p].batches[k];
        batch.activated = true;
        for sheet in batch.sheets.iter_mut().filter(|sheet| !sheet.blocked) {
            sheet.state = Voucher::Alive;
        }
    }

    pub async fn hands_over(&mut self) {
        let usable =
            |batch: &Batch| batch.funded && !batch.cancelled && batch.sheets.iter().any(|sheet| !sheet.handed_over);
        let Some((p, k)) = self.a_batch(usable) else { return };
        let fresh = self.chance(85);
        let batch = &self.fund.programmes[p].batches[k];
        let booklets: Vec<usize> = (0..batch.booklets())
            .filter(|n| !fresh || !batch.sheets[n * BOOKLET].handed_over)
            .collect();
        if booklets.is_empty() {
            return;
        }
        let booklet = booklets[self.pick(booklets.len())];
        let full = self.chance(5);
        let people: Vec<bool> = self.people[p]
            .iter()
            .map(|(person, has)| *has >= person.booklets)
            .collect();
        let Some(person) = self.pick_where(&people, |is| *is == full) else {
            return;
        };
        let programme = &self.fund.programmes[p];
        let batch = &programme.batches[k];
        let sheets = booklet * BOOKLET..(booklet + 1) * BOOKLET;
        let of = &batch.sheets[sheets.clone()];
        let wanted: Wanted = match batch {
            batch if batch.cancelled => Err("batch-cancelled"),
            batch if !batch.funded => Err("not-funded"),
            batch if p == 1 && !batch.activated => Err("not-activated"),
            _ if programme.over || self.day > Self::last_day(p) => Err("programme-over"),
            _ if self.day >= Self::hand_overs_stop_on(p) => Err("distribution-stopped"),
            _ if of.iter().any(|sheet| sheet.blocked) => Err("booklet-blocked"),
            _ if full => Err("cap-reached"),
            _ if of[0].handed_over => Err("booklet-already-handed-over"),
            _ => Ok(()),
        };
        let body = json!({"id": self.new_id("hand-over"), "batch_id": batch.id, "booklet": batch.first_booklet + booklet,
            "beneficiary_id": self.people[p][person].0.id});
        let other = json!(batch.first_booklet + booklet + 1);
        let prescriber = self.prescribers[p].clone();
        let mut new = New::of(&prescriber.client, prescriber.path("/hand-overs"), body);
        if booklet + 1 < batch.booklets() {
            new = new.otherwise("booklet", other);
        }
        if self.creates("hand-over", new, wanted).await.is_none() {
            return;
        }
        self.people[p][person].1 += 1;
        for sheet in &mut self.fund.programmes[p].batches[k].sheets[sheets] {
            sheet.handed_over = true;
            if p == 0 {
                sheet.state = Voucher::Alive;
            }
        }
    }

    /// A whole booklet, or one voucher.
    pub async fn revokes(&mut self) {
        let Some((p, k)) = self.a_batch(|batch| batch.funded && !batch.cancelled) else {
            return;
        };
        let whole = self.chance(50);
        let sheets = self.fund.programmes[p].batches[k].sheets.len();
        let place = self.pick(sheets);
        let places = if whole {
            let first = place / BOOKLET * BOOKLET;
            first..first + BOOKLET
        } else {
            place..place + 1
        };
        let programme = &self.fund.programmes[p];
        let batch = &programme.batches[k];
        let wanted: Wanted = if programme.over { Err("programme-over") } else { Ok(()) };
        let mut body = json!({"id": self.new_id("revocation"), "batch_id": batch.id, "reason": "stolen"});
        if whole {
            body["booklet"] = json!(batch.first_booklet + place / BOOKLET);
        } else {
            body["serial"] = json!(place + 1);
        }
        let sponsor = self.sponsors[p].clone();
        let new = New::of(&sponsor.client, sponsor.path("/revocations"), body).otherwise("reason", json!("fraud"));
        let Some(made) = self.creates("revocation", new, wanted).await else {
            return;
        };
        let (mut revoked, mut claimed, mut returned) = (0, 0, 0);
        for place in places {
            let programme = &mut self.fund.programmes[p];
            let shares = programme.batches[k].split(place);
            let held = programme.batches[k].funded && !programme.batches[k].cancelled;
            let sheet = &mut programme.batches[k].sheets[place];
            if sheet.blocked {
                continue;
            }
            (sheet.blocked, revoked) = (true, revoked + 1);
            let back = match sheet.state {
                Voucher::Alive => Some(Voucher::Revoked),
                Voucher::Paper if held => Some(Voucher::GivenUp),
                Voucher::Paper => {
                    sheet.state = Voucher::GivenUp;
                    None
                }
                _ => {
                    claimed += 1;
                    None
                }
            };
            if let Some(state) = back {
                sheet.state = state;
                returned += FACE;
                programme.owe_back(shares);
            }
        }
        let told = json!({"revoked": revoked, "already_claimed": claimed, "returned": super::euros(returned)});
        let gave = |name: &str| made[name].clone();
        let gave = json!({"revoked": gave("revoked"), "already_claimed": gave("already_claimed"), "returned": gave("returned")});
        assert_eq!(gave, told, "{}", self.doing);
    }

    pub async fn cancels_a_batch(&mut self) {
        let idle = |batch: &Batch| !batch.cancelled && batch.sheets.iter().all(|sheet| !sheet.handed_over);
        let Some((p, k)) = self.a_batch(idle) else { return };
        let programme = &self.fund.programmes[p];
        let batch = &programme.batches[k];
        // What a programme's end gave back is no batch's any more.
        if programme.over {
            return;
        }
        let opened = |sheet: &Sheet| !matches!(sheet.state, Voucher::Paper | Voucher::GivenUp);
        let wanted: Wanted = match batch {
            batch if batch.cancelled => Ok(()),
            batch if batch.sheets.iter().any(|sheet| sheet.handed_over) => Err("already-handed-over"),
            batch if batch.sheets.iter().any(opened) => Err("already-activated"),
            _ => Ok(()),
        };
        let path = self.sponsors[p].path(&format!("/batches/{}/cancellation", batch.id));
        self.says(&format!("cancel {path}"));
        let answer = self.sponsors[p]
            .client
            .post(&path, &json!({"reason": "Commande en double"}))
            .await;
        let before = batch_is_cancelled(&self.fund.programmes[p].batches[k]);
        self.must("batch cancelled", &answer, wanted);
        if wanted.is_err() || before {
            return;
        }
        let programme = &mut self.fund.programmes[p];
        let mut back: Each = [0; FUNDERS];
        let batch = &mut programme.batches[k];
        batch.cancelled = true;
        if batch.funded {
            for place in 0..batch.sheets.len() {
                if batch.sheets[place].reserved && batch.sheets[place].state == Voucher::Paper {
                    add(&mut back, batch.split(place));
                }
            }
        }
        programme.owe_back(back);
    }
}

fn batch_is_cancelled(batch: &Batch) -> bool {
    batch.cancelled
}

/// How many vouchers are in each state, as the sponsor is told.
pub fn states(simulation: &Simulation, p: usize) -> Value {
    let programme = &simulation.fund.programmes[p];
    let mut counts = [0; 6];
    for (k, batch) in programme.batches.iter().enumerate() {
        for (place, sheet) in batch.sheets.iter().enumerate() {
            let of = |claim: &&super::fund::Claim| !claim.reversed && claim.vouchers.contains(&(k, place));
            let settled = programme
                .claims
                .iter()
                .find(of)
                .is_some_and(|claim| super::fund::Programme::covered(claim, &simulation.fund.payments) > 0);
            let state = match sheet.state {
                Voucher::Spent if settled => 3,
                Voucher::Spent => 2,
                _ if sheet.blocked => 4,
                _ if programme.over => 5,
                Voucher::Alive => 1,
                _ => 0,
            };
            counts[state] += 1;
        }
    }
    json!({"minted": counts[0], "activated": counts[1], "claimed": counts[2], "settled": counts[3], "revoked": counts[4],
        "expired": counts[5]})
}
