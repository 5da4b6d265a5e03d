use serde_json::{Value, json};
use sqlx::PgPool;

use crate::phone::{PHONE, address, all_logs, browser, digits, opens, scene, site};

/// Bytes that opening a voucher may cost a phone.
const TRANSFER_BYTES_MAX: u64 = 100_000;

/// Digits in a row that no request, log or file shares with a token by chance.
const RUN: usize = 10;

/// Whether a text holds a part of the token.
fn holds(text: &str, token: &str) -> bool {
    token
        .as_bytes()
        .windows(RUN)
        .any(|run| text.contains(str::from_utf8(run).expect("digits")))
}

#[testkit::test]
async fn the_token_leaves_neither_the_phone_nor_a_trace_in_it(pool: PgPool) {
    let (scene, vouchers) = scene(pool).await;
    let token = digits(&vouchers[0].token).to_owned();
    let browser = browser(&scene, PHONE).await;
    let logged_before = all_logs().text().len();
    browser.network().await;
    let said = opens(&browser, &address(&scene, &vouchers[0].token)).await;
    assert!(said.contains("vrai chèque"), "{said}");
    browser.wait_for("document.querySelector('#places li.place')").await;

    let events = browser.network().await;
    let sent: Vec<&Value> = events
        .iter()
        .filter(|event| {
            event["method"] == "Network.requestWillBeSent" || event["method"] == "Network.requestWillBeSentExtraInfo"
        })
        .collect();
    assert!(sent.len() > 8, "nothing was recorded: {sent:#?}");
    let mut paths = Vec::new();
    for event in &sent {
        let mut params = event["params"].clone();
        // What DevTools knows of the address and the network does not: it stays behind the #.
        if let Some(request) = params["request"].as_object_mut() {
            request.remove("urlFragment");
        }
        params.as_object_mut().expect("an object").remove("documentURL");
        assert!(
            !holds(&params.to_string(), &token),
            "a request holds a part of the token: {params:#}"
        );
        if let Some(url) = params["request"]["url"].as_str().filter(|url| url.starts_with("http")) {
            let path = url
                .strip_prefix(&site(&scene))
                .unwrap_or_else(|| panic!("a request to somebody else: {url}"));
            paths.push(path.to_owned());
        }
        assert!(
            params["headers"]["Referer"].is_null() && params["headers"]["Cookie"].is_null(),
            "{params:#}"
        );
    }
    assert!(paths.iter().any(|path| path == "/lieux?departement=21"), "{paths:?}");

    let bytes = |event: &Value| event["params"]["encodedDataLength"].as_u64();
    let finished = events
        .iter()
        .filter(|event| event["method"] == "Network.loadingFinished");
    let transferred: u64 = finished.filter_map(bytes).sum();
    assert!(
        (10_000..TRANSFER_BYTES_MAX).contains(&transferred),
        "{transferred} bytes"
    );
    eprintln!("transferred for a first visit: {transferred} bytes");

    let logged = all_logs().text();
    assert!(
        logged.len() > logged_before && logged.contains("/redemption/v1/public/series/{series}"),
        "the server logged nothing"
    );
    assert!(!holds(&logged, &token), "the server's log holds a part of the token");

    assert_eq!(
        browser.eval("location.href").await,
        json!(format!("{}/v", site(&scene)))
    );
    // Not among them: the browser's own note of how this document was opened, which no page can clear and which goes with it.
    let kept =
        "JSON.stringify([history.state, document.cookie, {...localStorage}, {...sessionStorage}, window.ccnTakeToken(),
        performance.getEntries().filter((one) => one.entryType !== 'navigation').map((one) => one.name),
        document.documentElement.outerHTML])";
    let kept = browser.eval(kept).await;
    assert!(
        !holds(kept.as_str().expect("a text"), &token),
        "the page keeps a part of the token: {kept}"
    );
    let history = browser.devtools("Page.getNavigationHistory", json!({})).await;
    // What the browser notes of how it was sent there is its own; what « back » shows and what is shared is the address.
    let addresses: Vec<&Value> = history["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|entry| &entry["url"])
        .collect();
    assert!(
        !holds(&format!("{addresses:?}"), &token),
        "the tab's history holds the token: {addresses:#?}"
    );
    browser.visit(&format!("{}/lieux", site(&scene))).await;
    // Over the blank page between two visits.
    browser.goes_back().await;
    browser.goes_back().await;
    browser.wait_for("document.querySelector('#verdict .title')").await;
    assert_eq!(browser.eval("location.hash").await, "");
}

#[testkit::test]
async fn the_position_sorts_the_places_and_is_told_to_nobody(pool: PgPool) {
    let (scene, _) = scene(pool).await;
    let browser = browser(&scene, PHONE).await;
    let beaune = json!({ "latitude": 47.0260, "longitude": 4.8401, "accuracy": 20 });
    let permitted = json!({ "origin": site(&scene), "permissions": ["geolocation"] });
    browser.devtools("Browser.grantPermissions", permitted).await;
    browser.devtools("Emulation.setGeolocationOverride", beaune).await;
    browser.visit(&format!("{}/lieux?ou=Dijon", site(&scene))).await;
    let first = "document.querySelector('li.place h3').textContent";
    assert_ne!(browser.eval(first).await, "Bus numérique", "Dijon's come first");
    browser.wait_for("document.querySelector('#places button')").await;
    browser.network().await;
    browser.click("#places button").await;
    browser.wait_for("document.querySelector('.distance')").await;
    assert_eq!(browser.eval(first).await, "Bus numérique");
    assert_eq!(browser.text("li.place .distance").await, "à moins de 1 km de vous");
    let sent = browser.network().await;
    assert!(
        !sent.iter().any(|event| event["method"] == "Network.requestWillBeSent"),
        "{sent:#?}"
    );
    assert_eq!(browser.complaints().await, Vec::<Value>::new());
}
