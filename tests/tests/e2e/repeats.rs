//! The caller makes the ids, so every creation can be repeated: 201, then 200 with the same answer, 409 with another content.

use e2e::{Client, DAY, Deployment, Place, Refusal, Scene, Settings, iban, id, siren};
use serde_json::{Value, json};
use sqlx::PgPool;

/// A creation, and what would be another content under the same id.
struct Creation<'a> {
    who: &'a Client,
    path: String,
    body: Value,
    /// Fields that differ the second time. None: there is nothing but the id.
    other: Option<(&'static str, Value)>,
    /// Fields of the first answer that are not shown again.
    once: &'static [&'static str],
}

impl<'a> Creation<'a> {
    fn new(who: &'a Client, path: impl Into<String>, body: Value, other: Option<(&'static str, Value)>) -> Self {
        Self {
            who,
            path: path.into(),
            body,
            other,
            once: &[],
        }
    }

    async fn check(&self) {
        let mut unknown = self.body.clone();
        unknown["inconnu"] = json!(1);
        self.who.post(&self.path, &unknown).await.refused(Refusal::BadRequest);
        let mut first = self.who.post(&self.path, &self.body).await.created();
        let mut again = self.who.post(&self.path, &self.body).await.ok();
        for field in self.once {
            first[*field] = Value::Null;
            again[*field] = Value::Null;
        }
        assert_eq!(first, again, "{}: the second answer differs", self.path);
        if let Some((field, value)) = &self.other {
            let mut other = self.body.clone();
            other[*field] = value.clone();
            self.who
                .post(&self.path, &other)
                .await
                .refused(Refusal::SameIdOtherContent);
        }
    }
}

#[testkit::test]
async fn organisations_programmes_and_promises_can_be_created_again(pool: PgPool) {
    let scene = Scene::set(pool).await;
    let (operator, sponsor) = (&scene.operator().client, &scene.sponsor.client);
    let programme = scene.programme();
    let funder = &scene.funders[0];
    let new = |kind: &str| id(&format!("new {kind}"));
    let programme_body = json!({
        "id": new("programme"), "name": "Été", "territory": "21", "face_value": "5.00", "booklet_size": 5, "spendable": "batch",
        "printed_day": "2026-12-31", "booklets_min": 1, "booklets_per_person_max": 1,
    });
    let shares = |first: &str, second: &str| json!([{"funder_id": scene.funders[0].id, "rate": first}, {"funder_id": scene.funders[1].id, "rate": second}]);
    let convention = json!({
        "id": new("convention"), "funder_id": funder.id, "programme_id": programme, "amount": "10.00", "signed_on": DAY,
        "starts_on": DAY, "ends_on": "2026-12-31",
    });
    let call =
        json!({"id": new("call"), "convention_id": funder.convention, "amount": "10.00", "due_on": "2026-04-01"});
    let body =
        json!({"id": new("funder"), "siren": siren(123), "name": "Fondation", "iban": iban(123), "bic": "AGRIFRPPXXX"});
    let key = Creation {
        once: &["secret"],
        ..Creation::new(
            operator,
            format!("/issuer/v1/organisations/{}/api-keys", funder.id),
            json!({"id": new("key")}),
            None,
        )
    };
    let organisation = json!({"id": new("organisation"), "name": "CCAS", "roles": ["prescriber"]});
    let creations = [
        Creation::new(
            operator,
            "/issuer/v1/organisations",
            organisation,
            Some(("name", json!("CIAS"))),
        ),
        Creation::new(
            sponsor,
            scene.sponsor.path("/prescribers"),
            json!({"id": new("organisation")}),
            None,
        ),
        key,
        Creation::new(
            sponsor,
            "/issuer/v1/programmes",
            programme_body,
            Some(("name", json!("Hiver"))),
        ),
        Creation::new(operator, "/funding/v1/funders", body, Some(("name", json!("Autre")))),
        Creation::new(
            operator,
            "/funding/v1/conventions",
            convention,
            Some(("amount", json!("11.00"))),
        ),
        Creation::new(operator, "/funding/v1/calls", call, Some(("amount", json!("11.00")))),
        Creation::new(
            sponsor,
            scene.sponsor.funding_path("/plans"),
            json!({"id": new("plan"), "shares": shares("0.4", "0.6")}),
            Some(("shares", shares("0.6", "0.4"))),
        ),
        Creation::new(
            sponsor,
            scene.sponsor.path("/orders"),
            json!({"id": new("order"), "booklets": 3}),
            Some(("booklets", json!(4))),
        ),
    ];
    for creation in &creations {
        creation.check().await;
    }
}

#[testkit::test]
async fn acts_on_booklets_and_claims_can_be_repeated(pool: PgPool) {
    let mut scene = Scene::with(
        pool,
        Settings {
            people: 4,
            ..Settings::default()
        },
    )
    .await;
    let batch = scene.funded_batch(4).await;
    let (prescriber, structure) = (&scene.prescriber, &scene.structures[0]);
    let hand_over = |booklet: u32| {
        json!({"id": id(&format!("hand-over {booklet}")), "batch_id": batch.id, "booklet": booklet,
            "beneficiary_id": scene.people[booklet as usize - 1].id})
    };
    Creation::new(
        &prescriber.client,
        prescriber.path("/hand-overs"),
        hand_over(1),
        Some(("booklet", json!(2))),
    )
    .check()
    .await;
    Creation::new(&prescriber.client, prescriber.path("/hand-overs"), hand_over(2), None)
        .check()
        .await;
    let claim = structure.claim(id("claim"), &batch.booklet(1)[..4]);
    let fewer = structure.claim(id("claim"), &batch.booklet(1)[..3])["tokens"].clone();
    Creation::new(
        &structure.client,
        "/redemption/v1/claims",
        claim,
        Some(("tokens", fewer)),
    )
    .check()
    .await;
    let receipt = structure.claims_as(id("claim"), &batch.booklet(1)[..4]).await.ok();
    let reversal = format!(
        "/redemption/v1/programmes/{}/claims/{}/reversal",
        scene.programme(),
        receipt["claim_id"].as_str().expect("an id")
    );
    let body = json!({"id": id("reversal"), "reason": "Atelier annulé"});
    Creation::new(
        &structure.client,
        reversal,
        body,
        Some(("reason", json!("Autre chose"))),
    )
    .check()
    .await;
    let body = json!({"id": id("revocation"), "batch_id": batch.id, "booklet": 2, "reason": "lost"});
    Creation::new(
        &prescriber.client,
        prescriber.path("/revocations"),
        body,
        Some(("reason", json!("stolen"))),
    )
    .check()
    .await;
    let body = json!({"id": id("replacement"), "hand_over_id": id("hand-over 2"), "batch_id": batch.id, "booklet": 3});
    Creation::new(
        &prescriber.client,
        prescriber.path("/replacements"),
        body,
        Some(("booklet", json!(4))),
    )
    .check()
    .await;
    scene.operator().balances_the_books().await;
}

#[testkit::test]
async fn acts_on_money_can_be_repeated(pool: PgPool) {
    let settings = Settings {
        printed_day: DAY,
        tolerance_days: 30,
        ..Settings::default()
    };
    let mut scene = Scene::with(pool, settings).await;
    let funder = scene.funders[0].clone();
    scene.pays(&funder, standards::Cents::new(10_000)).await;
    scene.statement(DAY).await;
    let (_, vouchers) = scene.booklet_in_hand().await;
    scene.structures[0].claims(&vouchers[..2]).await.created();
    let operator = scene.operator().client.clone();
    let allocation =
        json!({"id": id("a"), "funder_id": funder.id, "programme_id": scene.programme(), "amount": "10.00"});
    Creation::new(
        &operator,
        "/funding/v1/allocations",
        allocation,
        Some(("amount", json!("11.00"))),
    )
    .check()
    .await;
    scene.deployment.go_to("2026-04-08".parse().expect("a day"));
    let settlement = json!({"id": id("s"), "month": "2026-03", "execute_on": "2026-04-09"});
    Creation::new(
        &operator,
        "/funding/v1/settlements",
        settlement,
        Some(("execute_on", json!("2026-04-10"))),
    )
    .check()
    .await;
    let expiry = json!({"id": id("e")});
    Creation::new(&scene.sponsor.client, scene.sponsor.path("/expiry"), expiry, None)
        .check()
        .await;
    let refund = json!({"id": id("r"), "funder_id": funder.id, "programme_id": scene.programme(), "method": "bank", "execute_on": "2026-04-09"});
    Creation::new(
        &operator,
        "/funding/v1/refunds",
        refund,
        Some(("method", json!("credit"))),
    )
    .check()
    .await;
    scene.operator().balances_the_books().await;
}

#[testkit::test]
async fn accreditations_and_suspensions_can_be_repeated(pool: PgPool) {
    let deployment = Deployment::new(pool).await;
    let operator = &deployment.operator;
    operator.imports_structures(&Place::file(&[Place::new(1)])).await;
    let structure = operator.structures().await[0]["id"].as_str().expect("an id").to_owned();
    let path = |rest: &str| format!("/redemption/v1/structures/{structure}/{rest}");
    Creation::new(
        &operator.client,
        path("accreditation"),
        json!({"id": id("accreditation")}),
        None,
    )
    .check()
    .await;
    let suspension = json!({"id": id("suspension"), "reason": "Contrôle"});
    Creation::new(
        &operator.client,
        path("suspensions"),
        suspension,
        Some(("reason", json!("Autre"))),
    )
    .check()
    .await;
    let lift = path(&format!("suspensions/{}/lift", id("suspension")));
    operator.client.post(&lift, &json!({})).await.accepted();
    operator.client.post(&lift, &json!({})).await.accepted();
}

#[testkit::test]
async fn minting_funding_and_activation_can_be_repeated(pool: PgPool) {
    let mut scene = Scene::with(
        pool,
        Settings {
            spendable: "batch",
            ..Settings::default()
        },
    )
    .await;
    let batch = scene.funded_batch(2).await;
    let sponsor = scene.sponsor.clone();
    sponsor.activates(&batch).await.accepted();
    let before = (sponsor.looks_at(&batch).await, sponsor.counts_states().await);
    for answer in [
        sponsor.mints(&batch).await,
        sponsor.funds(&batch).await,
        sponsor.activates(&batch).await,
    ] {
        answer.ok();
    }
    assert_eq!((sponsor.looks_at(&batch).await, sponsor.counts_states().await), before);
    assert_eq!(
        sponsor.prints(&batch).await,
        batch.vouchers,
        "a voucher is signed again, always the same"
    );
    scene.operator().balances_the_books().await;
}
