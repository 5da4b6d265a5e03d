//! No answer and no log line holds what is secret or whose name it is. In a process of its own, because all that the process
//! logs is read.

use e2e::{Scene, id, logs};
use serde_json::{Value, json};
use sqlx::PgPool;

#[testkit::test]
async fn no_answer_and_no_log_line_holds_a_token_or_a_key(pool: PgPool) {
    let logs = logs();
    let mut scene = Scene::set(pool).await;
    let (_, vouchers) = scene.booklet_in_hand().await;
    let [here, elsewhere]: [e2e::Structure; 2] = scene.structures.clone().try_into().expect("two structures");
    let mut answers = vec![
        here.claims(&vouchers[..2]).await,
        elsewhere.claims(&vouchers[1..4]).await,
    ];
    answers.push(
        here.claims_texts(&[format!("{}0", vouchers[5].token), vouchers[6].short_code.clone()])
            .await,
    );
    let mut wrong = here.claim(id("wrong"), &vouchers[7..8]);
    wrong["unknown"] = json!(vouchers[8].token);
    answers.push(here.client.post("/redemption/v1/claims", &wrong).await);
    wrong["tokens"] = json!(vouchers[9].token);
    answers.push(here.client.post("/redemption/v1/claims", &wrong).await);
    let receipt: Value = answers[0].json();
    answers.push(here.reverses(&receipt).await);
    answers.push(scene.operator().client.get("/funding/v1/waterfall").await);
    answers.push(scene.deployment.anyone.get("/metrics").await);
    answers.push(
        scene
            .deployment
            .anyone
            .with_key(&format!("{}x", here.client.key()))
            .get("/redemption/v1/claims")
            .await,
    );

    let text = logs.text();
    assert!(
        text.contains("answered") && text.contains("/redemption/v1/claims"),
        "nothing was captured"
    );
    let mut secrets: Vec<String> = vouchers.iter().map(|voucher| digits(&voucher.token)).collect();
    secrets.extend(vouchers.iter().map(|voucher| voucher.short_code.clone()));
    for client in [
        &here.client,
        &elsewhere.client,
        &scene.sponsor.client,
        &scene.prescriber.client,
        &scene.operator().client,
    ] {
        secrets.push(client.key().trim_start_matches("ccn_").to_owned());
    }
    let people: [&str; 2] = ["Duponta", "1950-06-15"];
    for secret in secrets.iter().map(String::as_str).chain(people) {
        assert!(secret.len() > 6);
        if let Some(place) = text.find(secret) {
            let from = text[..place].rfind('\n').map_or(0, |end| end + 1);
            panic!("a log line holds a secret or a person: {}", &text[from..place]);
        }
        for answer in &answers {
            assert!(
                !answer.text().contains(secret),
                "an answer holds a secret: {}",
                answer.asked
            );
        }
    }
}

/// The part of a token that is worth money, without what comes before.
fn digits(token: &str) -> String {
    token.rsplit('#').next().unwrap_or(token).to_owned()
}
