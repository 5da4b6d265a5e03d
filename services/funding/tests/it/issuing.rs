//! The real issuer on a fixture's database: its batch, its prescriber, its vouchers.

use std::sync::Arc;

use sqlx::PgPool;
use testkit::{Batch, Ids, Prescriber, Sponsor, people};
use uuid::Uuid;
use voucher::{Purpose, SigningKey};
use web::Clock;

use crate::fixture::instant;

/// Of the key that signs the issuer's vouchers.
pub const SIGNING_SEED: [u8; 32] = [9; 32];

pub struct Issuing {
    sponsor: Sponsor,
    prescriber: Prescriber,
}

impl Issuing {
    /// In front of a programme of this sponsor, whose organisation there is already.
    pub async fn start(owner: &PgPool, clock: &Clock, programme: Uuid, sponsor: Uuid) -> Self {
        let pool = testkit::as_role(owner, database::Role::Issuer, 4).await;
        let signing = SigningKey::from_seed(&SIGNING_SEED.into());
        let (from, until) = (instant("2026-01-01T00:00:00Z"), instant("2028-01-01T00:00:00Z"));
        issuer::publish_first_key(&pool, &signing, Purpose::Voucher, from, until)
            .await
            .unwrap();
        let config = issuer::Config {
            pool,
            clock: clock.clone(),
            host: "cheque.example.fr".parse().unwrap(),
            signers: issuer::Signers::new(Arc::new(signing), []),
            key_sets: issuer::KeySets::under(Vec::new()),
            identity_key: issuer::IdentityKey::new([5; 32].into()),
            voucher_secrets: issuer::VoucherSecrets::new(testkit::id_keys(), testkit::code_keys()),
        };
        let operator = testkit::operator_of(owner, clock, issuer::routes(config)).await;
        let ids = Ids::default();
        let sponsor = Sponsor {
            client: operator.gives_key(sponsor, ids.next("key")).await,
            programme,
            ids: ids.clone(),
        };
        let id = ids.next("prescriber");
        let prescriber = Prescriber {
            id,
            client: operator.admits(id, "CCAS de Dijon", &["prescriber"]).await,
            programme,
            ids,
        };
        sponsor.admits_prescriber(id).await.created();
        prescriber.imports(&people(1, 1)).await;
        Self { sponsor, prescriber }
    }

    /// Orders a batch, makes its vouchers and puts the money behind them.
    pub async fn funds(&self, batch: Uuid, booklets: u32) {
        let batch = Self::batch(batch);
        self.sponsor.places_order(batch.id, booklets).await.created();
        self.sponsor.mints(&batch).await.ok();
        self.sponsor.funds(&batch).await.created();
    }

    /// Hands the first booklet of a batch to the one person on the list.
    pub async fn hands_over(&self, id: Uuid, batch: Uuid) {
        let people = self.prescriber.people().await;
        let batch = Batch::of(&self.sponsor.looks_at(&Self::batch(batch)).await);
        let handed = self.prescriber.hands_over_as(id, &batch, 1, &people[0]);
        handed.await.created();
    }

    const fn batch(id: Uuid) -> Batch {
        Batch {
            id,
            first_booklet: 1,
            vouchers: Vec::new(),
        }
    }
}
