use e2e::{Browser, Scene, id};
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use voucher::{Idx, LastDay, SigningKey, Status, StatusList, StatusShard, Terms, VoucherId};

use crate::phone::{PHONE, all_logs, browser_with_lists, digits, opens, photograph};

/// A series of no programme: whoever makes lists here leaves it alone.
const SERIES: u16 = 60_000;

const UNKNOWN: &str = "Nous ne savons pas si ce chèque a déjà servi.";

/// Each state, by what its title says and its colour.
const STATES: [(Status, &str, &str); 4] = [
    (Status::Valid, "C'est un vrai chèque. Il n'a pas encore servi.", "good"),
    (Status::Used, "Ce chèque a déjà servi.", "care"),
    (Status::Suspended, "Ce chèque n'est pas encore prêt.", "care"),
    (Status::Invalid, "Ce chèque est bloqué.", "bad"),
];

/// A voucher in a scene, and the key of the lists that tell of it.
struct Told {
    scene: Scene,
    key: SigningKey,
    place: u32,
    /// Behind #.
    digits: String,
}

impl Told {
    async fn set(pool: PgPool) -> Self {
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
        let url = scene.deployment.signing_key.sign(&terms).to_url(&Scene::host());
        Self {
            key,
            place: terms.idx.place(),
            digits: digits(&url).to_owned(),
            scene,
        }
    }

    /// The voucher's address on a host that leads to the server.
    fn on(&self, host: &str) -> String {
        let port = self.scene.deployment.addr().port();
        format!("http://{host}:{port}/v#{}", self.digits)
    }

    fn printed(&self) -> String {
        self.on(&Scene::host().to_string())
    }

    /// Publishes a list as the process that makes lists does, signed some seconds ago.
    async fn publishes(&self, key: &SigningKey, status: Status, seconds_ago: i64) {
        let at = self.scene.deployment.clock.now();
        let signed = at.timestamp() - seconds_ago;
        let mut shard = StatusShard::new();
        shard.set(self.place, status);
        let uri = Scene::host().status_list_uri(SERIES, 0);
        let list = StatusList::new(shard, signed, signed + 72 * 3600, 60)
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
        .execute(&self.scene.deployment.pool)
        .await
        .expect("a list");
    }
}

/// The heading, the document's title and the colour say the same; gives all the words.
async fn says(browser: &Browser, url: &str, title: &str, colour: &str) -> String {
    let said = opens(browser, url).await;
    assert!(browser.text("#verdict h2").await.ends_with(title), "{said}");
    let document = browser.eval("document.title").await;
    assert_eq!(document, format!("{title} – Chèque culture numérique"));
    let class = browser.eval("document.querySelector('#verdict .card').className").await;
    assert_eq!(class, format!("card {colour}"), "{said}");
    said
}

/// No error of a script; what the network refuses is complained of too.
async fn runs_cleanly(browser: &Browser) {
    let complaints = browser.complaints().await;
    let ours: Vec<_> = complaints.iter().filter(|one| one["source"] != "network").collect();
    assert!(ours.is_empty(), "{ours:#?}");
}

#[testkit::test]
async fn what_became_of_a_voucher_is_told_from_the_published_list(pool: PgPool) {
    let told = Told::set(pool).await;
    let browser = browser_with_lists(&told.scene, PHONE).await;
    for (status, title, colour) in STATES {
        told.publishes(&told.key, status, 60).await;
        browser.network().await;
        let said = says(&browser, &told.printed(), title, colour).await;
        assert!(said.contains("Vérifié le 2\u{a0}mars\u{a0}2026"), "{said}");
        for scheme in ["light", "dark"] {
            browser.likes(scheme).await;
            photograph(&browser, &format!("state-{status:?}-{scheme}")).await;
        }
        let asked: Vec<_> = browser
            .network()
            .await
            .iter()
            .filter_map(|event| event["params"]["request"]["url"].as_str().map(str::to_owned))
            .collect();
        let list = format!("/redemption/sl/{SERIES}/0");
        assert!(asked.iter().any(|asked| asked.ends_with(&list)), "{asked:?}");
        assert!(!asked.iter().any(|asked| asked.contains("fflate")), "{asked:?}");
    }
    runs_cleanly(&browser).await;
}

#[testkit::test]
async fn what_is_not_known_is_never_green_and_the_title_says_so(pool: PgPool) {
    let told = Told::set(pool).await;
    let browser = browser_with_lists(&told.scene, PHONE).await;
    let unknown = async || says(&browser, &told.printed(), UNKNOWN, "care").await;
    // No list yet.
    let said = unknown().await;
    assert!(
        said.contains("S'il n'a pas servi, il vaut") && said.contains("10\u{a0}€"),
        "{said}"
    );
    for scheme in ["light", "dark"] {
        browser.likes(scheme).await;
        photograph(&browser, &format!("unknown-{scheme}")).await;
    }
    // Signed by somebody else.
    told.publishes(&SigningKey::from_seed(&[22; 32].into()), Status::Valid, 60)
        .await;
    unknown().await;
    // Its maker stands still: the voucher may have been used since.
    told.publishes(&told.key, Status::Valid, 7 * 3600).await;
    let said = unknown().await;
    assert!(
        said.contains("La dernière liste date du 2\u{a0}mars\u{a0}2026"),
        "{said}"
    );
    // What was used then is used now.
    told.publishes(&told.key, Status::Used, 7 * 3600).await;
    says(&browser, &told.printed(), "Ce chèque a déjà servi.", "care").await;
    // The list cannot be fetched, and then it can.
    browser.blocks(&["*/redemption/sl/*"]).await;
    unknown().await;
    browser.blocks(&["nothing"]).await;
    browser.click("button[data-again]").await;
    browser
        .wait_for("document.title.startsWith('Ce chèque a déjà servi.')")
        .await;
    runs_cleanly(&browser).await;
}

#[testkit::test]
async fn a_page_under_another_host_reads_the_lists_of_the_host_of_the_keys(pool: PgPool) {
    let told = Told::set(pool).await;
    let browser = browser_with_lists(&told.scene, PHONE).await;
    for (status, title, colour) in STATES {
        told.publishes(&told.key, status, 60).await;
        for host in ["127.0.0.1", "localhost"] {
            says(&browser, &told.on(host), title, colour).await;
        }
    }
    runs_cleanly(&browser).await;
}

#[testkit::test]
async fn a_browser_that_cannot_inflate_is_told_the_same(pool: PgPool) {
    let told = Told::set(pool).await;
    let browser = browser_with_lists(&told.scene, PHONE).await;
    browser.runs_before_pages("delete globalThis.DecompressionStream").await;
    for (status, title, colour) in STATES {
        told.publishes(&told.key, status, 60).await;
        says(&browser, &told.printed(), title, colour).await;
    }
    assert_eq!(browser.eval("typeof DecompressionStream").await, "undefined");
    runs_cleanly(&browser).await;
}
