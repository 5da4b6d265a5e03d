use redemption::StructureId;
use serde_json::json;
use testkit::{Answer, Client};
use uuid::Uuid;

/// A structure with its phone.
#[derive(Clone)]
pub struct Mediator {
    pub structure: StructureId,
    pub client: Client,
}

impl Mediator {
    pub async fn claims(&self, id: u128, tokens: &[String]) -> Answer {
        self.claims_for(id, tokens, "atelier-premiers-pas", "2026-03-10").await
    }

    pub async fn claims_for(&self, id: u128, tokens: &[String], service: &str, date: &str) -> Answer {
        let id = Uuid::from_u128(id);
        self.client
            .post(
                "/redemption/v1/claims",
                json!({ "id": id, "tokens": tokens, "service": service, "date": date }),
            )
            .await
    }
}
