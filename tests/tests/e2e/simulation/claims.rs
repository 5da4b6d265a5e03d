//! Vouchers are claimed with their real signatures, and claims are reversed.

use chrono::Days;
use serde_json::json;

use super::actors::{New, Simulation, Wanted};
use super::fund::{Batch, Claim, PROGRAMMES, STRUCTURES, Sheet, Voucher};

impl Simulation {
    /// One to four vouchers of a programme, mostly good ones.
    pub async fn claims(&mut self) {
        let s = self.pick(STRUCTURES);
        let spendable: Vec<bool> = self
            .fund
            .programmes
            .iter()
            .map(|programme| {
                programme
                    .batches
                    .iter()
                    .flat_map(|batch| &batch.sheets)
                    .any(|sheet| sheet.state == Voucher::Alive)
            })
            .collect();
        let found = self.pick_where(&spendable, |is| *is);
        let p = found.unwrap_or_else(|| self.pick(PROGRAMMES));
        let alive = |_: &Batch, sheet: &Sheet| sheet.state == Voucher::Alive;
        let any = |_: &Batch, _: &Sheet| true;
        let mut vouchers = Vec::new();
        for _ in 0..=self.pick(4) {
            let found = if self.chance(94) {
                self.a_voucher(p, alive)
            } else {
                self.a_voucher(p, any)
            };
            if let Some(one) = found
                && !vouchers.contains(&one)
            {
                vouchers.push(one);
            }
        }
        if vouchers.is_empty() {
            return;
        }
        let wanted = self.fault(p, s, &vouchers).map_or(Ok(()), Err);
        let batches = &self.fund.programmes[p].batches;
        let tokens: Vec<&str> = vouchers
            .iter()
            .map(|&(k, place)| batches[k].sheets[place].token.as_str())
            .collect();
        let body =
            json!({"id": self.new_id("claim"), "tokens": tokens, "service": "atelier-premiers-pas", "date": self.day});
        let new = New::of(&self.structures[s].client, "/redemption/v1/claims", body)
            .showing_how_it_stands()
            .otherwise("service", json!("atelier-courriel"));
        let Some(made) = self.creates("claim", new, wanted).await else {
            return;
        };
        let claim = Claim {
            id: made["claim_id"].as_str().expect("an id").to_owned(),
            structure: s,
            vouchers: vouchers.clone(),
            at: self.now,
            reversed: false,
            lines: Vec::new(),
        };
        let programme = &mut self.fund.programmes[p];
        programme.payable[s] += claim.cents();
        programme.claims.push(claim);
        for (k, place) in vouchers {
            programme.batches[k].sheets[place].state = Voucher::Spent;
        }
    }

    fn a_voucher(&mut self, p: usize, is: impl Fn(&Batch, &Sheet) -> bool) -> Option<(usize, usize)> {
        let mut those = Vec::new();
        for (k, batch) in self.fund.programmes[p].batches.iter().enumerate() {
            those.extend(
                (0..batch.sheets.len())
                    .filter(|&place| is(batch, &batch.sheets[place]))
                    .map(|place| (k, place)),
            );
        }
        (!those.is_empty()).then(|| those[self.pick(those.len())])
    }

    /// Why a claim is refused: the first voucher that cannot be spent.
    fn fault(&self, p: usize, s: usize, vouchers: &[(usize, usize)]) -> Option<&'static str> {
        // The server grants one day more.
        if self.day > Self::last_day(p) + Days::new(1) {
            return Some("expired");
        }
        let programme = &self.fund.programmes[p];
        vouchers.iter().find_map(|of| {
            let sheet = &programme.batches[of.0].sheets[of.1];
            let spent = programme
                .claims
                .iter()
                .find(|claim| !claim.reversed && claim.vouchers.contains(of));
            match (spent, sheet.state) {
                (Some(claim), _) if claim.structure == s => Some("already-used-by-you"),
                (Some(_), _) => Some("already-used-elsewhere"),
                (None, _) if sheet.blocked => Some("revoked"),
                (None, Voucher::Alive) => None,
                (None, Voucher::Expired | Voucher::Unused) => Some("expired"),
                (None, _) => Some("not-active"),
            }
        })
    }

    /// By the structure or the operator, before or after it was paid.
    pub async fn reverses(&mut self) {
        let p = self.pick(PROGRAMMES);
        let programme = &self.fund.programmes[p];
        // The close settled what was used by then.
        if programme.claims.is_empty() || programme.trued_up {
            return;
        }
        let (recent, settled) = (self.chance(40), self.chance(50));
        let claims = &self.fund.programmes[p].claims;
        let those: Vec<usize> = (0..claims.len())
            .filter(|&c| !recent || c + 4 >= claims.len())
            .filter(|&c| recent || !settled || !claims[c].lines.is_empty() && !claims[c].reversed)
            .collect();
        if those.is_empty() {
            return;
        }
        let c = those[self.pick(those.len())];
        let programme = &self.fund.programmes[p];
        let claim = &programme.claims[c];
        let (s, cents) = (claim.structure, claim.cents());
        let wanted: Wanted = if claim.reversed {
            Err("already-reversed")
        } else {
            Ok(())
        };
        let path = format!(
            "/redemption/v1/programmes/{}/claims/{}/reversal",
            self.sponsors[p].programme, claim.id
        );
        let settled = super::fund::Programme::covered(claim, &self.fund.payments) > 0;
        let who = if self.chance(50) {
            self.structures[s].client.clone()
        } else {
            self.operator()
        };
        let body = json!({"id": self.new_id("reversal"), "reason": "Atelier annulé"});
        let new = New::of(&who, path, body).otherwise("reason", json!("Autre motif"));
        let Some(made) = self.creates("reversal", new, wanted).await else {
            return;
        };
        assert_eq!(made["after_settlement"], settled, "{}", self.doing);
        let programme = &mut self.fund.programmes[p];
        // What it is not owed any more, it owes.
        if settled || programme.payable[s] < cents {
            programme.recoverable[s] += cents;
        } else {
            programme.payable[s] -= cents;
        }
        programme.claims[c].reversed = true;
        let mut dead = 0;
        for (k, place) in programme.claims[c].vouchers.clone() {
            let shares = programme.batches[k].split(place);
            let sheet = &mut programme.batches[k].sheets[place];
            sheet.state = match sheet.blocked {
                true => Voucher::Revoked,
                false if programme.over => Voucher::Expired,
                false => Voucher::Alive,
            };
            if sheet.state != Voucher::Alive {
                dead += 1;
                programme.owe_back(shares);
            }
        }
        assert_eq!(made["vouchers_dead"], dead, "{}", self.doing);
    }
}
