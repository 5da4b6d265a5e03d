use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Answer, Batch, Client, Ids};

/// Hands booklets over (prescripteur).
#[derive(Debug, Clone)]
pub struct Prescriber {
    /// Its organisation.
    pub id: Uuid,
    pub client: Client,
    /// The programme it hands over for.
    pub programme: Uuid,
    /// New ids.
    pub ids: Ids,
}

/// A person of the prescriber's own list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Person {
    pub id: Uuid,
    /// Its id at the prescriber.
    pub external_id: String,
    /// Booklets granted.
    pub booklets: u32,
    /// Booklets it has.
    pub handed_over: u32,
}

impl Prescriber {
    /// An address of the issuer inside its programme.
    #[must_use]
    pub fn path(&self, rest: &str) -> String {
        format!("/issuer/v1/programmes/{}{rest}", self.programme)
    }

    /// Sends a file of people; with a digest, for good.
    pub async fn sends(&self, import: Uuid, csv: &[u8], digest: Option<&str>) -> Answer {
        let commit = digest
            .map(|digest| format!("&commit=true&digest={digest}"))
            .unwrap_or_default();
        let path = self.path(&format!("/beneficiary-imports/{import}?file=personnes.csv{commit}"));
        self.client.put(&path, "text/csv", csv).await
    }

    /// Previews a file of people, then commits exactly what it saw.
    pub async fn imports(&self, csv: &[u8]) -> Value {
        let import = self.ids.next("import");
        let preview = self.sends(import, csv, None).await.accepted();
        self.sends(import, csv, preview["digest"].as_str()).await.accepted()
    }

    /// Everybody on its list, page by page.
    pub async fn people(&self) -> Vec<Person> {
        #[derive(Deserialize)]
        struct Page {
            items: Vec<Person>,
            next: Option<String>,
        }
        let mut people = Vec::new();
        let mut after = String::new();
        loop {
            let page: Page = self
                .client
                .get(&self.path(&format!("/beneficiaries{after}")))
                .await
                .read_as();
            people.extend(page.items);
            match page.next {
                Some(next) => after = format!("?after={next}"),
                None => return people,
            }
        }
    }

    /// Gives the first, second, … booklet of a batch to a person.
    pub async fn hands_over(&self, batch: &Batch, booklet: u32, person: &Person) -> Answer {
        self.hands_over_as(self.ids.next("hand-over"), batch, booklet, person)
            .await
    }

    /// Gives a booklet to a person, under this id.
    pub async fn hands_over_as(&self, id: Uuid, batch: &Batch, booklet: u32, person: &Person) -> Answer {
        let body =
            json!({"id": id, "batch_id": batch.id, "booklet": batch.number(booklet), "beneficiary_id": person.id});
        self.client.post(&self.path("/hand-overs"), &body).await
    }

    /// Blocks a booklet that was lost.
    pub async fn declares_lost(&self, batch: &Batch, booklet: u32) -> Answer {
        let id = self.ids.next("revocation");
        let body = json!({"id": id, "batch_id": batch.id, "booklet": batch.number(booklet), "reason": "lost"});
        self.client.post(&self.path("/revocations"), &body).await
    }

    /// Gives another booklet in place of a lost one.
    pub async fn replaces(&self, lost: &Value, batch: &Batch, booklet: u32) -> Answer {
        let id = self.ids.next("replacement");
        let body =
            json!({"id": id, "hand_over_id": lost["id"], "batch_id": batch.id, "booklet": batch.number(booklet)});
        self.client.post(&self.path("/replacements"), &body).await
    }
}
