use e2e::{Scene, id};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use voucher::{Idx, LastDay, SigningKey, Status, StatusList, StatusShard, Terms, VoucherId};

use crate::phone::{PHONE, address, all_logs, browser_with_lists, opens, photograph};

/// A series of no programme: whoever makes lists here leaves it alone.
const SERIES: u16 = 60_000;

/// Publishes a list as the process that makes lists does.
async fn publishes(scene: &Scene, key: &SigningKey, place: u32, status: Status) {
    let at = scene.deployment.clock.now();
    let mut shard = StatusShard::new();
    shard.set(place, status);
    let uri = Scene::host().status_list_uri(SERIES, 0);
    let list = StatusList::new(shard, at.timestamp() - 60, at.timestamp() + 3600, 60)
        .sign(&uri, key)
        .expect("signed");
    let sha256: [u8; 32] = Sha256::digest(&list).into();
    sqlx::query(
        "insert into redemption.status_list (series, shard, token, sha256, kid, signed_at, changed_at)
         values ($1, 0, $2, $3, $4, $5, $5) on conflict (series, shard) do update set token = $2, sha256 = $3",
    )
    .bind(i32::from(SERIES))
    .bind(&list)
    .bind(sha256)
    .bind(key.kid().to_bytes())
    .bind(at)
    .execute(&scene.deployment.pool)
    .await
    .expect("a list");
}

#[testkit::test]
async fn what_became_of_a_voucher_is_told_from_the_published_list(pool: PgPool) {
    all_logs();
    let scene = Scene::set(pool).await;
    let key = SigningKey::from_seed(&[21; 32].into());
    sqlx::query(
        "insert into catalogue.signing_key (public_key, kid, purpose, valid_from, valid_until, series_from, series_to,
             max_cents, latest_day, published_at)
         values ($1, $2, 'status', $3, $3 + interval '1 year', 0, 65535, 65535, '2199-06-06', $3)",
    )
    .bind(key.public_bytes())
    .bind(key.kid().to_bytes())
    .bind(scene.deployment.clock.now())
    .execute(&scene.deployment.pool)
    .await
    .expect("a key");
    let terms = Terms {
        series: SERIES,
        idx: Idx::new(734_219).expect("24 bits"),
        cents: 1000,
        day: LastDay::new(3287),
        id: VoucherId::new(id("a voucher").as_bytes()[..8].try_into().expect("8 bytes")),
    };
    let url = address(
        &scene,
        &scene.deployment.signing_key.sign(&terms).to_url(&Scene::host()),
    );
    let browser = browser_with_lists(&scene, PHONE).await;
    assert!(
        opens(&browser, &url)
            .await
            .contains("Cette page ne sait pas si le chèque a déjà servi."),
        "without a list"
    );
    for (status, words, name) in [
        (Status::Valid, "Il n'a pas encore servi.", "unused"),
        (Status::Used, "Ce chèque a déjà servi.", "used"),
        (Status::Suspended, "Ce chèque n'est pas encore prêt.", "inactive"),
        (Status::Invalid, "Ce chèque est bloqué.", "blocked"),
    ] {
        publishes(&scene, &key, terms.idx.place(), status).await;
        browser.network().await;
        let said = opens(&browser, &url).await;
        assert!(
            said.contains(words) && said.contains("Vérifié le 2\u{a0}mars\u{a0}2026"),
            "{said}"
        );
        photograph(&browser, &format!("{name}-phone")).await;
        let asked: Vec<_> = browser
            .network()
            .await
            .iter()
            .filter_map(|event| event["params"]["request"]["url"].as_str().map(str::to_owned))
            .collect();
        let list = format!("/redemption/sl/{SERIES}/0");
        assert!(asked.iter().any(|asked| asked.ends_with(&list)), "{asked:?}");
    }
    // Signed by somebody else: as if there was none.
    publishes(
        &scene,
        &SigningKey::from_seed(&[22; 32].into()),
        terms.idx.place(),
        Status::Invalid,
    )
    .await;
    let said = opens(&browser, &url).await;
    assert!(said.contains("Cette page ne sait pas"), "{said}");
    assert_eq!(
        browser
            .complaints()
            .await
            .iter()
            .filter(|one| one["source"] != "network")
            .count(),
        0,
        "{}",
        json!(said)
    );
}
