use serde_json::{Value, json};
use standards::calendar::paris_date;
use uuid::Uuid;
use web::Clock;

use crate::{Answer, Client, Ids, Voucher};

/// Redeems vouchers (structure de médiation).
#[derive(Debug, Clone)]
pub struct Structure {
    pub id: Uuid,
    pub name: String,
    pub client: Client,
    /// New ids.
    pub ids: Ids,
    /// What day it is.
    pub clock: Clock,
}

impl Structure {
    /// Claims vouchers for a workshop of today.
    pub async fn claims(&self, vouchers: &[Voucher]) -> Answer {
        self.claims_as(self.ids.next("claim"), vouchers).await
    }

    /// Claims one voucher.
    pub async fn claims_one(&self, voucher: &Voucher) -> Answer {
        self.claims(std::slice::from_ref(voucher)).await
    }

    /// Claims under an id that the phone made before.
    pub async fn claims_as(&self, claim: Uuid, vouchers: &[Voucher]) -> Answer {
        self.client
            .post("/redemption/v1/claims", &self.claim(claim, vouchers))
            .await
    }

    /// Claims texts that may be anything.
    pub async fn claims_texts(&self, texts: &[String]) -> Answer {
        let mut body = self.claim(self.ids.next("claim"), &[]);
        body["tokens"] = json!(texts);
        self.client.post("/redemption/v1/claims", &body).await
    }

    /// The claim as the phone sends it.
    #[must_use]
    pub fn claim(&self, claim: Uuid, vouchers: &[Voucher]) -> Value {
        let tokens: Vec<&str> = vouchers.iter().map(|voucher| voucher.token.as_str()).collect();
        let today = paris_date(self.clock.now());
        json!({"id": claim, "tokens": tokens, "service": "atelier-premiers-pas", "date": today})
    }

    /// Takes a claim back.
    pub async fn reverses(&self, receipt: &Value) -> Answer {
        let text = |name: &str| receipt[name].as_str().expect("a receipt names it").to_owned();
        let path = format!(
            "/redemption/v1/programmes/{}/claims/{}/reversal",
            text("programme_id"),
            text("claim_id")
        );
        let body = json!({"id": self.ids.next("reversal"), "reason": "Atelier annulé"});
        self.client.post(&path, &body).await
    }
}
