//! The few requests that bring a programme to its first printed vouchers.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

pub struct Hand {
    base: String,
    operator: String,
    sponsor: String,
}

fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x2000_0000_0000_4000_8000_0000_0000_0000 + n)
}

impl Hand {
    pub fn new(addr: &str, operator: &str) -> Self {
        Self {
            base: format!("http://{addr}"),
            operator: operator.to_owned(),
            sponsor: String::new(),
        }
    }

    fn send(&self, method: Method, key: &str, path: &str, body: Option<Value>) -> Vec<u8> {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let mut request = reqwest::Client::new()
                .request(method, format!("{}{path}", self.base))
                .bearer_auth(key);
            if let Some(body) = body {
                request = request.json(&body);
            }
            let response = request.send().await.unwrap();
            let status = response.status();
            let bytes = response.bytes().await.unwrap();
            assert!(status.is_success(), "{path}: {}", String::from_utf8_lossy(&bytes));
            bytes.to_vec()
        })
    }

    fn post(&self, key: &str, path: &str, body: Value) -> Value {
        serde_json::from_slice(&self.send(Method::POST, key, path, Some(body))).unwrap()
    }

    /// What anybody may read.
    pub fn bytes(&self, path: &str) -> Vec<u8> {
        self.send(Method::GET, &self.operator, path, None)
    }

    /// A sponsor with a programme of 10 € vouchers that it pays alone.
    pub fn sets_the_scene(&mut self) {
        let operator = self.operator.clone();
        let organisation = json!({"id": id(1), "name": "Département", "roles": ["sponsor"]});
        self.post(&operator, "/issuer/v1/organisations", organisation);
        let key = self.post(
            &operator,
            &format!("/issuer/v1/organisations/{}/api-keys", id(1)),
            json!({"id": id(2)}),
        );
        key["secret"].as_str().unwrap().clone_into(&mut self.sponsor);
        let programme = json!({
            "id": id(3), "name": "Chèques d'essai", "territory": "21", "face_value": "10.00", "booklet_size": 5,
            "spendable": "hand_over", "printed_day": last_day(), "tolerance_days": 31, "booklets_min": 1, "booklets_per_person_max": 2,
        });
        self.post(&self.sponsor, "/issuer/v1/programmes", programme);
        let funder = json!({
            "id": id(6), "siren": "732829320", "name": "Financeur", "iban": "FR7630006006119999000000139", "bic": "AGRIFRPPXXX",
        });
        self.post(&operator, "/funding/v1/funders", funder);
        let convention = json!({
            "id": id(4), "funder_id": id(6), "programme_id": id(3), "amount": "1000000.00", "signed_on": "2020-01-01",
            "starts_on": "2020-01-01", "ends_on": "2199-01-01",
        });
        self.post(&operator, "/funding/v1/conventions", convention);
        let plan = json!({"id": id(5), "shares": [{"funder_id": id(6), "rate": "1"}]});
        self.post(&self.sponsor, &format!("/funding/v1/programmes/{}/plans", id(3)), plan);
    }

    /// The texts of the QR codes of a new batch of one booklet.
    pub fn mints(&self, n: u128) -> Vec<String> {
        let programme = format!("/issuer/v1/programmes/{}", id(3));
        let batch = id(100 + n);
        self.post(
            &self.sponsor,
            &format!("{programme}/orders"),
            json!({"id": batch, "booklets": 1}),
        );
        self.post(&self.sponsor, &format!("{programme}/batches/{batch}/mint"), json!({}));
        let csv = self.send(
            Method::GET,
            &self.sponsor,
            &format!("{programme}/batches/{batch}/vouchers.csv?accept=local_host"),
            None,
        );
        let rows = String::from_utf8(csv).unwrap();
        rows.lines()
            .skip(1)
            .map(|row| row.split(',').nth(1).unwrap().to_owned())
            .collect()
    }
}

/// A validity date some months ahead of the real clock.
fn last_day() -> String {
    let days = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() / 86_400 + 200;
    let date = chrono::NaiveDate::from_ymd_opt(1970, 1, 1).unwrap() + chrono::Days::new(days);
    date.to_string()
}
