use std::num::NonZeroU32;
use std::sync::Arc;

use access::OrganisationId;
use catalogue::{NewProgramme, ProgrammeId, Spendable};
use chrono::{DateTime, Utc};
use ledger::{
    Account, AccountNumber, BatchId, BookId, EventId, Outcome, PartyId, Posting, Transfer, TransferId, TransferKind,
};
use redemption::status_lists::{Maker, Round, Work};
use redemption::{ClaimSecrets, Config, StructureId};
use serde_json::json;
use shares::Plan;
use sqlx::PgPool;
use standards::Cents;
use testkit::{Client, Leg, Paper};
use uuid::Uuid;
use voucher::{LastDay, SigningKey};
use web::{Clock, ClockHand};

use crate::actor::Mediator;

/// 10 March 2026, 11:00 in Paris.
pub const MORNING: &str = "2026-03-10T10:00:00Z";

pub const TEN_EUROS: Cents = Cents::new(1000);

/// A database, the service over it, and what the other services would have put there.
pub struct Fixture {
    /// Connected as the owner.
    pub admin: PgPool,
    /// Connected as `ccn_redemption`.
    pub pool: PgPool,
    pub operator: Client,
    pub hand: ClockHand,
    pub clock: Clock,
    pub key: SigningKey,
    pub status_key: Arc<SigningKey>,
    pub host: voucher::Host,
}

/// A programme whose vouchers exist.
#[derive(Debug, Clone, Copy)]
pub struct Dispositif {
    pub id: ProgrammeId,
    pub book: BookId,
    pub series: u16,
}

/// The last day that the fixture's vouchers are accepted.
const LAST_DAY: &str = "2027-01-31";

/// The paper of a voucher of 10 €.
pub fn paper(series: u16, idx: u32) -> Paper {
    paper_of(series, idx, 1000, LAST_DAY)
}

pub fn paper_of(series: u16, idx: u32, cents: u16, last_day: &str) -> Paper {
    let day = LastDay::from_date(last_day.parse().unwrap()).unwrap();
    Paper::of(AccountNumber::voucher(series, idx), Cents::new(cents.into())).until(day)
}

pub fn claim_secrets() -> ClaimSecrets {
    ClaimSecrets {
        codes: testkit::code_keys().into(),
        evidence: testkit::evidence_keys().into(),
    }
}

pub fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Two funders that never share a voucher evenly.
pub fn funders() -> [PartyId; 2] {
    [
        PartyId::from_uuid(Uuid::from_u128(0xf1)),
        PartyId::from_uuid(Uuid::from_u128(0xf2)),
    ]
}

fn plan() -> Plan {
    let [first, second] = funders();
    Plan::new(vec![
        (first, "0.3339".parse().unwrap()),
        (second, "0.6661".parse().unwrap()),
    ])
    .unwrap()
}

fn config(pool: &PgPool, clock: &Clock, host: &voucher::Host, status_key: &Arc<SigningKey>) -> Config {
    Config {
        pool: pool.clone(),
        clock: clock.clone(),
        host: host.clone(),
        status_signer: Some(status_key.clone()),
        claim_secrets: claim_secrets(),
    }
}

impl Fixture {
    pub async fn new(admin: PgPool) -> Self {
        let pool = testkit::as_role(&admin, database::Role::Redemption, 6).await;
        let key = Paper::key();
        let status_key = Arc::new(SigningKey::from_seed(&zeroize::Zeroizing::new([8; 32])));
        let mut tx = admin.begin().await.unwrap();
        let (from, until) = (instant("2026-01-01T00:00:00Z"), instant("2030-01-01T00:00:00Z"));
        catalogue::publish_key(
            &mut tx,
            &catalogue::NewKey::unbounded(key.public_bytes(), voucher::Purpose::Voucher, from, until),
            from,
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();

        let (clock, hand) = Clock::set(instant(MORNING));
        let host: voucher::Host = "cheque.example.fr".parse().unwrap();
        let config = config(&pool, &clock, &host, &status_key);
        let operator = testkit::operator_of(&admin, &clock, redemption::routes(config)).await;
        Self {
            admin,
            pool,
            operator,
            hand,
            clock,
            key,
            status_key,
            host,
        }
    }

    /// The service's configuration, as it runs here.
    pub fn config(&self) -> Config {
        config(&self.pool, &self.clock, &self.host, &self.status_key)
    }

    /// A programme with money for 1,000 vouchers.
    pub async fn programme(&self, id: u128) -> Dispositif {
        let new = NewProgramme {
            id: ProgrammeId::from_uuid(Uuid::from_u128(id)),
            name: format!("Dispositif {id}"),
            territory: "R27".parse().unwrap(),
            face_value: TEN_EUROS,
            booklet_size: 10,
            spendable: Spendable::HandOver,
            printed_day: "2026-12-31".parse().unwrap(),
            tolerance_days: None,
            booklets_min: 1,
            booklets_per_person_max: 2,
        };
        let sponsor = OrganisationId::from_uuid(Uuid::from_u128(0x50));
        let mut tx = self.admin.begin().await.unwrap();
        catalogue::create(&mut tx, sponsor, &new, instant(MORNING))
            .await
            .unwrap();
        let series = catalogue::open_series(&mut tx, new.id, instant(MORNING)).await.unwrap();
        tx.commit().await.unwrap();
        let programme = Dispositif {
            id: new.id,
            book: new.id.book(),
            series,
        };
        let (book, fund) = (programme.book, BookId::fund());
        let mut legs = Vec::new();
        for funder in funders() {
            let cents = Cents::new(1_000_000);
            legs.push((
                TransferKind::Received,
                Account::bank(),
                Account::deposited(funder),
                cents,
            ));
            legs.push((
                TransferKind::Allocated,
                Account::deposited(funder),
                Account::clearing(fund),
                cents,
            ));
            legs.push((
                TransferKind::Allocated,
                Account::clearing(book),
                Account::available(book, funder),
                cents,
            ));
            let reserved = Account::reserved(book, batch(programme), funder);
            legs.push((
                TransferKind::BatchFunded,
                Account::available(book, funder),
                reserved,
                cents,
            ));
        }
        self.book(&format!("money of {id}"), legs).await;
        programme
    }

    /// The token of voucher `idx`, which may or may not exist.
    pub fn token(&self, programme: Dispositif, idx: u32) -> String {
        self.token_of(programme.series, idx, 1000, "2027-01-31")
    }

    pub fn token_of(&self, series: u16, idx: u32, cents: u16, last_day: &str) -> String {
        paper_of(series, idx, cents, last_day).token().to_url(&self.host)
    }

    /// Prints vouchers: they exist and are worth nothing.
    pub async fn prints(&self, programme: Dispositif, idxs: impl IntoIterator<Item = u32>) {
        let mut connection = self.admin.acquire().await.unwrap();
        // The issuer's batches are the issuer's business: only its view is read here.
        sqlx::query("set session_replication_role = replica")
            .execute(&mut *connection)
            .await
            .unwrap();
        sqlx::query(
            "insert into issuer.batch (book_id, id, plan_id, series, series_position, booklets, booklet_size, face_value_cents,
                 last_day, ordered_by, ordered_at)
             values ($1, $2, $2, $3, 0, 100, 10, 1000, '2027-01-31', $2, $4) on conflict do nothing",
        )
        .bind(programme.id.uuid())
        .bind(batch(programme).uuid())
        .bind(i32::from(programme.series))
        .bind(instant(MORNING))
        .execute(&mut *connection)
        .await
        .unwrap();
        sqlx::query("set session_replication_role = default")
            .execute(&mut *connection)
            .await
            .unwrap();
        for idx in idxs {
            let serial = i32::try_from(idx).unwrap();
            let paper = paper(programme.series, idx);
            paper
                .minted(&self.admin, programme.book, batch(programme), serial)
                .await;
        }
    }

    /// Prints vouchers and gives them their value; their tokens.
    pub async fn activates(&self, programme: Dispositif, idxs: std::ops::RangeInclusive<u32>) -> Vec<String> {
        self.prints(programme, idxs.clone()).await;
        self.hands_over(programme, idxs).await
    }

    /// Gives printed vouchers their value; their tokens.
    pub async fn hands_over(&self, programme: Dispositif, idxs: std::ops::RangeInclusive<u32>) -> Vec<String> {
        self.opens(programme, idxs, LAST_DAY).await
    }

    /// Prints vouchers of another last day and gives them their value; their tokens.
    pub async fn activates_until(
        &self,
        programme: Dispositif,
        idxs: std::ops::RangeInclusive<u32>,
        last_day: &str,
    ) -> Vec<String> {
        self.prints(programme, idxs.clone()).await;
        self.opens(programme, idxs, last_day).await
    }

    async fn opens(&self, programme: Dispositif, idxs: std::ops::RangeInclusive<u32>, last_day: &str) -> Vec<String> {
        let paper = |idx| paper_of(programme.series, idx, 1000, last_day);
        for idx in idxs.clone() {
            let voucher = paper(idx).account(programme.book);
            let shares = plan().split(NonZeroU32::new(idx).unwrap(), TEN_EUROS);
            let leg = |(funder, cents)| {
                (
                    TransferKind::Activated,
                    Account::reserved(programme.book, batch(programme), funder),
                    voucher,
                    cents,
                )
            };
            let legs = funders().into_iter().zip(shares).map(leg).collect();
            self.book(&format!("activation of {} {idx}", programme.id), legs).await;
        }
        idxs.map(|idx| paper(idx).token().to_url(&self.host)).collect()
    }

    /// A maker of status lists, under the service's role.
    pub fn maker(&self) -> Maker {
        Maker::new(self.pool.clone(), self.host.clone(), self.status_key.clone()).unwrap()
    }

    /// Brings the status lists in step, alone.
    pub async fn makes_lists(&self) -> Work {
        match self.maker().round(self.clock.now()).await.unwrap() {
            Round::InStep(work) => work,
            Round::Elsewhere => panic!("nobody else makes lists"),
        }
    }

    /// Blocks a voucher; what is left on it goes back.
    pub async fn revokes(&self, programme: Dispositif, idx: u32) {
        let mut connection = self.admin.acquire().await.unwrap();
        sqlx::query("set session_replication_role = replica")
            .execute(&mut *connection)
            .await
            .unwrap();
        sqlx::query("insert into issuer.revocation (book_id, number, act_id, at) values ($1, $2, $3, $4)")
            .bind(programme.id.uuid())
            .bind(number(programme, idx).get())
            .bind(Uuid::from_u128(1))
            .bind(instant(MORNING))
            .execute(&mut *connection)
            .await
            .unwrap();
        sqlx::query("set session_replication_role = default")
            .execute(&mut *connection)
            .await
            .unwrap();
        self.gives_back(programme, idx, TransferKind::Revoked).await;
    }

    /// Ends a programme; what is left on these vouchers goes back.
    pub async fn expires(&self, programme: Dispositif, idxs: impl IntoIterator<Item = u32>) {
        sqlx::query("insert into issuer.expiry (book_id, id, at) values ($1, $2, $3)")
            .bind(programme.id.uuid())
            .bind(Uuid::from_u128(1))
            .bind(instant(MORNING))
            .execute(&self.admin)
            .await
            .unwrap();
        for idx in idxs {
            self.gives_back(programme, idx, TransferKind::Expired).await;
        }
    }

    async fn gives_back(&self, programme: Dispositif, idx: u32, kind: TransferKind) {
        let account = Account::voucher(programme.book, number(programme, idx));
        if self.balance(account).await == Cents::ZERO {
            return;
        }
        let shares = plan().split(NonZeroU32::new(idx).unwrap(), TEN_EUROS);
        let leg = |(funder, cents)| (kind, account, Account::refundable(programme.book, funder), cents);
        let legs = funders().into_iter().zip(shares).map(leg).collect();
        self.book(&format!("end of {} {idx}", programme.id), legs).await;
    }

    /// Pays a claim, as a settlement of the funding service does.
    pub async fn settles(&self, programme: Dispositif, claim: Uuid, structure: StructureId, cents: Cents) {
        let (book, party) = (programme.book, structure.party());
        let (out, through) = (Account::payable(book, party), Account::clearing(book));
        let (fund, transit) = (Account::clearing(BookId::fund()), Account::in_transit(party));
        let legs = vec![
            (TransferKind::Settled, out, through, cents),
            (TransferKind::Settled, fund, transit, cents),
        ];
        self.book(&format!("settlement of {claim}"), legs).await;
        sqlx::query(
            "insert into funding.settlement_line (book_id, claim_id, payment_id, structure_id, cents) values ($1, $2, $3, $4, $5)",
        )
        .bind(programme.id.uuid())
        .bind(claim)
        .bind(Uuid::from_u128(9))
        .bind(structure.uuid())
        .bind(cents.get())
        .execute(&self.admin)
        .await
        .unwrap();
    }

    /// Spends a voucher in a transaction that its caller commits.
    pub async fn books_claim_in(&self, tx: &mut sqlx::PgTransaction<'_>, programme: Dispositif, idx: u32) {
        let payable = Account::payable(programme.book, PartyId::from_uuid(Uuid::from_u128(0x99)));
        let voucher = Account::voucher(programme.book, number(programme, idx));
        let id = TransferId::derive(b"test", &[b"late", &idx.to_be_bytes()]);
        let event = EventId::derive(b"test", &[b"late"]);
        let shown = paper(programme.series, idx).typed();
        let transfer = Transfer::claim(id, event, voucher, payable, TEN_EUROS, &shown).unwrap();
        let posting = Posting::new(event, vec![transfer]).unwrap();
        let outcomes = ledger::post(tx, &[posting], instant(MORNING)).await.unwrap();
        assert_eq!(outcomes, [Outcome::Posted]);
    }

    /// Books what another service would.
    pub async fn book(&self, name: &str, legs: Vec<Leg>) {
        testkit::book(&self.admin, name, &legs, instant(MORNING)).await;
    }

    pub async fn balance(&self, account: Account) -> Cents {
        ledger::read::balance(&mut self.admin.acquire().await.unwrap(), account)
            .await
            .unwrap()
    }

    pub async fn owed(&self, programme: Dispositif, structure: StructureId) -> Cents {
        self.balance(Account::payable(programme.book, structure.party())).await
    }

    pub async fn claims_booked(&self, programme: Dispositif) -> i64 {
        sqlx::query_scalar("select count(*) from redemption.claim where book_id = $1")
            .bind(programme.id.uuid())
            .fetch_one(&self.admin)
            .await
            .unwrap()
    }

    /// A structure that was imported, accredited and given a key, all through the front door.
    pub async fn structure(&self, nth: usize) -> Mediator {
        let siret = SIRETS[nth];
        self.imports(&[place(siret, "APTIC")]).await;
        let id = StructureId::derive(b"structure", &[siret.as_bytes()]);
        let accreditation = json!({ "id": Uuid::from_u128(nth as u128 + 1) });
        self.operator
            .post(&format!("/redemption/v1/structures/{id}/accreditation"), accreditation)
            .await
            .created();
        let key = Uuid::from_u128(0xbb00 + nth as u128);
        Mediator {
            structure: id,
            client: self.operator.gives_key(id.uuid(), key).await,
        }
    }

    /// Previews and commits a file of places.
    pub async fn imports(&self, rows: &[String]) {
        let file = file(rows);
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, file.as_bytes());
        let path = format!("/redemption/v1/structure-imports/{id}?file=lieux.csv");
        let preview = self.operator.put(&path, "text/csv", &file).await.ok();
        let digest = preview["digest"].as_str().unwrap();
        self.operator
            .put(&format!("{path}&commit=true&digest={digest}"), "text/csv", file)
            .await
            .created();
    }
}

pub const SIRETS: [&str; 3] = ["21210231300013", "21210231300021", "43493312300029"];

const COLUMNS: &str = "id,pivot,nom,commune,code_postal,code_insee,adresse,complement_adresse,latitude,longitude,typologie,\
    telephone,courriels,site_web,horaires,presentation_resume,presentation_detail,source,itinerance,structure_parente,\
    date_maj,services,publics_specifiquement_adresses,prise_en_charge_specifique,frais_a_charge,\
    dispositif_programmes_nationaux,formations_labels,autres_formations_labels,modalites_acces,\
    modalites_accompagnement,fiche_acces_libre,prise_rdv";

pub fn place(pivot: &str, labels: &str) -> String {
    place_with(pivot, "Utilisation sécurisée du numérique", labels, "")
}

pub fn place_with(pivot: &str, services: &str, labels: &str, access: &str) -> String {
    format!(
        "lieu-{pivot},{pivot},Lieu {pivot},Dijon,21000,21231,1 rue de la Liberté,,47.32,5.04,ASSO,,,,,,,,,,2026-01-02,\
         {services},,,,,,{labels},{access},,,"
    )
}

pub fn file(rows: &[String]) -> String {
    format!("{COLUMNS}\n{}\n", rows.join("\n"))
}

pub fn number(programme: Dispositif, idx: u32) -> AccountNumber {
    AccountNumber::voucher(programme.series, idx)
}

pub fn batch(programme: Dispositif) -> BatchId {
    BatchId::from_uuid(programme.id.uuid())
}

/// The series of the first programme of a test.
const SERIES: u16 = 1;

/// The code printed beside the QR code of voucher `idx` of the first programme.
pub fn code(idx: u32) -> String {
    paper(SERIES, idx).terms().id.short_code().to_string()
}
