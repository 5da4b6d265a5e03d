//! The end of a programme by its calendar, from the alert to the credit for the next order. D is 31 December 2026.

use chrono::NaiveDate;
use e2e::{Client, Refusal, Scene, check, write_temporarily};
use serde_json::{Value, json};
use sqlx::PgPool;

/// In the morning of a day, each service does what is due: the steps done, and the statements issued.
async fn rounds(scene: &Scene, day: &str) -> (Vec<Value>, Vec<Value>) {
    scene.deployment.go_to(day.parse::<NaiveDate>().expect("a day"));
    let operator = &scene.operator().client;
    let steps = operator.post("/issuer/v1/expiry/rounds", &json!({})).await.accepted();
    let statements = operator
        .post("/funding/v1/expiry/statement-rounds", &json!({}))
        .await
        .accepted();
    assert_eq!((&steps["failed"], &statements["failed"]), (&json!([]), &json!([])));
    let steps = steps["steps"].as_array().expect("steps").iter();
    (
        steps.map(|step| step["step"].clone()).collect(),
        statements["issued"].as_array().expect("statements").clone(),
    )
}

async fn get(client: &Client, scene: &Scene, what: &str) -> Value {
    let path = format!("/funding/v1/programmes/{}/{what}", scene.programme());
    client.get(&path).await.accepted()
}

#[testkit::test]
async fn a_programme_ends_by_its_calendar(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let batch = scene.funded_batch(3).await;
    for (booklet, person) in [1, 2].into_iter().zip(&scene.people) {
        scene.prescriber.hands_over(&batch, booklet, person).await.created();
    }
    scene.structures[0].claims(&batch.booklet(1)[..7]).await.created();
    let programme = json!(scene.programme());

    assert_eq!(rounds(&scene, "2026-12-01").await.0, ["alert"]);
    let alert = get(&scene.sponsor.client, &scene, "expiry-calendar").await["steps"][0].clone();
    let counts = ["issued", "handed_over", "never_handed_over", "started"]
        .map(|sum| alert["data"]["sums"][sum]["booklets"].as_i64().expect("a count"));
    assert_eq!((counts, &alert["state"]), ([3, 2, 1, 1], &json!("done")));

    assert_eq!(rounds(&scene, "2026-12-16").await.0, ["block"]);
    let last = scene.prescriber.hands_over(&batch, 3, &scene.people[2]).await;
    last.refused(Refusal::DistributionStopped);
    let [issued, handed_over, never_handed_over, started] = counts;
    let accepted = json!({"id": scene.deployment.ids.next("acceptance"), "issued": issued, "handed_over": handed_over,
        "never_handed_over": never_handed_over, "started": started});
    let path = format!("/issuer/v1/programmes/{}/expiry-acceptance", scene.programme());
    scene.sponsor.client.post(&path, &accepted).await.created();

    assert_eq!(rounds(&scene, "2027-02-01").await.0, Vec::<Value>::new());
    assert_eq!(rounds(&scene, "2027-02-04").await.0, ["sweep"]);
    scene.operator().balances_the_books().await;
    assert_eq!(rounds(&scene, "2027-02-06").await.1, std::slice::from_ref(&programme));

    // The same files for everybody who is concerned, each with the digest that the signed one names.
    let statement = get(&scene.funders[0].client, &scene, "expiry-statement").await;
    assert_eq!(statement["content"]["total"]["refundable"], "230.00");
    let base = format!("/funding/v1/programmes/{}/expiry-statement", scene.programme());
    let pdf = scene.funders[1].client.get(&format!("{base}.pdf")).await;
    assert_eq!((pdf.status, pdf.content_type()), (200, "application/pdf"));
    check(
        "check_document.py",
        &[&write_temporarily(&pdf.bytes).path(), &"--signed"],
    );
    let data = scene.sponsor.client.get(&format!("{base}.json")).await;
    check("check_statement.py", &[&write_temporarily(&data.bytes).path()]);

    let answer = json!({"id": scene.deployment.ids.next("answer"), "answer": "accepted"});
    scene
        .sponsor
        .client
        .post(&format!("{base}/responses"), &answer)
        .await
        .created();
    let choice = json!({"id": scene.deployment.ids.next("choice"), "method": "bank"});
    scene.funders[0]
        .client
        .post(&format!("{base}/choices"), &choice)
        .await
        .created();
    rounds(&scene, "2027-02-22").await;
    let give = json!({"execute_on": "2027-02-25"});
    let given = scene
        .operator()
        .client
        .post(&format!("{base}/refunds"), &give)
        .await
        .created();
    let mut ways: Vec<&str> = given
        .as_array()
        .expect("a row a funder")
        .iter()
        .filter_map(|one| one["method"].as_str())
        .collect();
    ways.sort_unstable();
    assert_eq!(ways, ["bank", "credit", "credit"]);
    scene.operator().balances_the_books().await;
}

#[testkit::test]
async fn the_statement_shows_a_capped_batch_as_it_was_funded(pool: PgPool) {
    let mut scene = Scene::set(pool).await;
    let share = |place: usize, rate: &str| json!({"funder_id": scene.funders[place].id, "rate": rate});
    let mut shares = json!([share(0, "0.35"), share(1, "0.5"), share(2, "0.15")]);
    shares[0]["cap"] = json!("20.00");
    shares[0]["taken_over_by"] = json!(scene.funders[2].id);
    let plan = json!({"id": scene.deployment.ids.next("plan"), "shares": shares});
    let path = scene.sponsor.funding_path("/plans");
    scene.sponsor.client.post(&path, &plan).await.created();
    scene.funded_batch(1).await;
    rounds(&scene, "2027-02-06").await;
    let statement = get(&scene.sponsor.client, &scene, "expiry-statement").await;
    let batch = &statement["content"]["batches"][0]["funders"];
    let of = |name: &str| -> Vec<Value> { (0..3).map(|place| batch[place][name].clone()).collect() };
    assert_eq!(of("rate"), [json!("0.2"), json!("0.5"), json!("0.3")], "{batch:#}");
    assert_eq!(of("funded"), [json!("20.00"), json!("50.00"), json!("30.00")]);
    assert_eq!(of("ordered"), of("funded"));
}
