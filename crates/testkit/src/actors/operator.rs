use serde_json::{Value, json};
use standards::Cents;
use uuid::Uuid;

use crate::{Answer, Client, Ids};

/// Runs the platform; admits structures too.
#[derive(Debug, Clone)]
pub struct Operator {
    pub client: Client,
    ids: Ids,
}

impl Operator {
    /// With new ids from `ids`.
    #[must_use]
    pub const fn new(client: Client, ids: Ids) -> Self {
        Self { client, ids }
    }

    /// Creates an organisation and gives the client that holds its key.
    pub async fn admits(&self, id: Uuid, name: &str, roles: &[&str]) -> Client {
        let body = json!({"id": id, "name": name, "roles": roles});
        self.client.post("/issuer/v1/organisations", &body).await.created();
        self.gives_key(id).await
    }

    /// Makes an API key for an organisation.
    pub async fn gives_key(&self, organisation: Uuid) -> Client {
        self.client.gives_key(organisation, self.ids.next("key")).await
    }

    /// Sends a file of structures or bank details; with a digest, for good.
    pub async fn sends(&self, what: &str, import: Uuid, csv: &[u8], digest: Option<&str>) -> Answer {
        let commit = digest
            .map(|digest| format!("&commit=true&digest={digest}"))
            .unwrap_or_default();
        self.client
            .put(
                &format!("/redemption/v1/{what}/{import}?file=lieux.csv{commit}"),
                "text/csv",
                csv,
            )
            .await
    }

    async fn imports(&self, what: &str, csv: &[u8]) -> Value {
        let import = self.ids.next("import");
        let preview = self.sends(what, import, csv, None).await.accepted();
        self.sends(what, import, csv, preview["digest"].as_str())
            .await
            .accepted()
    }

    /// Imports structures in the national schema.
    pub async fn imports_structures(&self, csv: &[u8]) -> Value {
        self.imports("structure-imports", csv).await
    }

    /// Imports where structures are paid.
    pub async fn imports_bank_details(&self, csv: &[u8]) -> Value {
        self.imports("bank-details-imports", csv).await
    }

    /// Every structure known, page by page.
    pub async fn structures(&self) -> Vec<Value> {
        let mut all = Vec::new();
        let mut after = String::new();
        loop {
            let page = self
                .client
                .get(&format!("/redemption/v1/structures{after}"))
                .await
                .accepted();
            all.extend(page["items"].as_array().expect("a page has items").clone());
            match page["next"].as_str() {
                Some(next) => after = format!("?after={next}"),
                None => return all,
            }
        }
    }

    /// Admits a structure, if it meets the criteria.
    pub async fn accredits(&self, structure: Uuid) -> Answer {
        let body = json!({"id": self.ids.next("accreditation")});
        self.client
            .post(&format!("/redemption/v1/structures/{structure}/accreditation"), &body)
            .await
    }

    /// Stops a structure from claiming, until [lifted](Self::lifts).
    pub async fn suspends(&self, structure: Uuid) -> Uuid {
        let suspension = self.ids.next("suspension");
        let body = json!({"id": suspension, "reason": "Contrôle en cours"});
        self.client
            .post(&format!("/redemption/v1/structures/{structure}/suspensions"), &body)
            .await
            .created();
        suspension
    }

    /// Lets a suspended structure claim again.
    pub async fn lifts(&self, structure: Uuid, suspension: Uuid) -> Answer {
        self.client
            .post(
                &format!("/redemption/v1/structures/{structure}/suspensions/{suspension}/lift"),
                &json!({}),
            )
            .await
    }

    /// Loads a bank statement.
    pub async fn loads_statement(&self, xml: &[u8]) -> Answer {
        self.client
            .put(
                &format!("/funding/v1/statements/{}", self.ids.next("statement")),
                "application/xml",
                xml,
            )
            .await
    }

    /// Gives deposited money to a programme.
    pub async fn allocates(&self, funder: Uuid, programme: Uuid, amount: &Value) -> Answer {
        let id = self.ids.next("allocation");
        let body = json!({"id": id, "funder_id": funder, "programme_id": programme, "amount": amount});
        self.client.post("/funding/v1/allocations", &body).await
    }

    /// Pays a month's claims, on `execute_on`.
    pub async fn settles(&self, month: &str, execute_on: chrono::NaiveDate) -> Answer {
        let body = json!({"id": self.ids.next("settlement"), "month": month, "execute_on": execute_on});
        self.client.post("/funding/v1/settlements", &body).await
    }

    /// The same, asked again with the same id while the services say that it is not done yet.
    pub async fn settles_patiently(&self, month: &str, execute_on: chrono::NaiveDate) -> Value {
        let body = json!({"id": self.ids.next("settlement"), "month": month, "execute_on": execute_on});
        loop {
            let answer = self.client.post("/funding/v1/settlements", &body).await;
            if !matches!(answer.status, 503 | 504) {
                return answer.accepted();
            }
        }
    }

    /// Gives back what a programme owes a funder.
    pub async fn refunds(&self, funder: Uuid, programme: Uuid, way: &str, execute_on: chrono::NaiveDate) -> Answer {
        let body = json!({
            "id": self.ids.next("refund"), "funder_id": funder, "programme_id": programme, "method": way, "execute_on": execute_on,
        });
        self.client.post("/funding/v1/refunds", &body).await
    }

    /// The report of all money.
    pub async fn waterfall(&self) -> Value {
        self.client.get("/funding/v1/waterfall").await.accepted()
    }

    /// Checks every invariant of the books, to the cent.
    pub async fn balances_the_books(&self) {
        let invariants = self.client.get("/funding/v1/invariants").await.accepted();
        let all = invariants["invariants"].as_array().expect("a list");
        let broken: Vec<&Value> = all.iter().filter(|invariant| !holds(invariant)).collect();
        assert!(
            broken.is_empty() && invariants["all_hold"] == true,
            "the books do not balance: {broken:#?}"
        );
    }
}

/// Whether an invariant holds, by its two sides and not by its word alone. One is an upper bound, and says so in its name.
#[must_use]
pub fn holds(invariant: &Value) -> bool {
    let side = |name: &str| invariant[name].as_str().and_then(|text| text.parse::<Cents>().ok());
    let bound = invariant["name"].as_str().is_some_and(|name| name.contains('≤'));
    let (Some(left), Some(right)) = (side("left"), side("right")) else {
        return false;
    };
    invariant["holds"] == true && if bound { left <= right } else { left == right }
}
