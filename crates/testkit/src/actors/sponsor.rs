use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Answer, Batch, Client, Ids, Voucher};

/// Runs a programme (commanditaire).
#[derive(Debug, Clone)]
pub struct Sponsor {
    pub client: Client,
    pub programme: Uuid,
    /// New ids.
    pub ids: Ids,
}

impl Sponsor {
    /// An address of the issuer inside its programme.
    #[must_use]
    pub fn path(&self, rest: &str) -> String {
        format!("/issuer/v1/programmes/{}{rest}", self.programme)
    }

    /// An address of the funding service inside its programme.
    #[must_use]
    pub fn funding_path(&self, rest: &str) -> String {
        format!("/funding/v1/programmes/{}{rest}", self.programme)
    }

    /// Lets a prescriber act in its programme.
    pub async fn admits_prescriber(&self, prescriber: Uuid) -> Answer {
        self.client
            .post(&self.path("/prescribers"), &json!({"id": prescriber}))
            .await
    }

    fn batch_path(&self, batch: &Batch, rest: &str) -> String {
        self.path(&format!("/batches/{}{rest}", batch.id))
    }

    /// Orders booklets, mints their vouchers and has them printed. Nothing is worth anything yet.
    pub async fn orders(&self, booklets: u32) -> Batch {
        let ordered = self.places_order(self.ids.next("batch"), booklets).await;
        let mut batch = Batch::of(&ordered.created());
        self.mints(&batch).await.accepted();
        batch.vouchers = self.prints(&batch).await;
        batch
    }

    /// Orders, and nothing more.
    pub async fn places_order(&self, batch: Uuid, booklets: u32) -> Answer {
        self.client
            .post(&self.path("/orders"), &json!({"id": batch, "booklets": booklets}))
            .await
    }

    /// Makes the vouchers' numbers.
    pub async fn mints(&self, batch: &Batch) -> Answer {
        self.client.post(&self.batch_path(batch, "/mint"), &json!({})).await
    }

    /// The printer's list.
    pub async fn prints(&self, batch: &Batch) -> Vec<Voucher> {
        let csv = self
            .client
            .get(&self.batch_path(batch, "/vouchers.csv?accept=local_host,expired_programme"))
            .await
            .file();
        let rows = csv::Reader::from_reader(csv.as_slice()).into_deserialize();
        rows.collect::<Result<_, _>>().expect("the printer's columns")
    }

    /// Has money reserved behind a batch.
    pub async fn funds(&self, batch: &Batch) -> Answer {
        self.client.post(&self.batch_path(batch, "/funding"), &json!({})).await
    }

    /// Makes a whole batch spendable.
    pub async fn activates(&self, batch: &Batch) -> Answer {
        self.client
            .post(&self.batch_path(batch, "/activation"), &json!({}))
            .await
    }

    /// Gives a batch up.
    pub async fn cancels(&self, batch: &Batch) -> Answer {
        self.client
            .post(
                &self.batch_path(batch, "/cancellation"),
                &json!({"reason": "Commande en double"}),
            )
            .await
    }

    /// Looks at a batch.
    pub async fn looks_at(&self, batch: &Batch) -> Value {
        self.client.get(&self.batch_path(batch, "")).await.accepted()
    }

    /// Blocks the first, second, … booklet of a batch.
    pub async fn revokes(&self, batch: &Batch, booklet: u32, reason: &str) -> Answer {
        let id = self.ids.next("revocation");
        let body = json!({"id": id, "batch_id": batch.id, "booklet": batch.number(booklet), "reason": reason});
        self.client.post(&self.path("/revocations"), &body).await
    }

    /// Blocks one voucher.
    pub async fn revokes_voucher(&self, batch: &Batch, voucher: &Voucher, reason: &str) -> Answer {
        let id = self.ids.next("revocation");
        let body = json!({"id": id, "batch_id": batch.id, "serial": voucher.serial, "reason": reason});
        self.client.post(&self.path("/revocations"), &body).await
    }

    /// Declares the end of the programme.
    pub async fn ends_programme(&self) -> Answer {
        self.client
            .post(&self.path("/expiry"), &json!({"id": self.ids.next("expiry")}))
            .await
    }

    /// How many vouchers are in each state.
    pub async fn counts_states(&self) -> Value {
        self.client.get(&self.path("/voucher-states")).await.accepted()
    }
}
