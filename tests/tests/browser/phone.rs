//! A person with a voucher and a phone.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use e2e::{Browser, Logs, Place, Scene, Voucher, logs};
use sqlx::PgPool;

pub const PHONE: (u32, u32) = (360, 740);

/// A small desktop.
pub const DESKTOP: (u32, u32) = (1280, 800);

/// A place that says all it can, and a second one far away.
pub const PLACES: [Place; 2] = [
    Place {
        number: 71,
        labels: "Chèque culture numérique",
        more: &[
            ("nom", "Espace numérique des Grésilles <b>&amp;"),
            ("adresse", "6 avenue des Grésilles"),
            ("telephone", "+33380000001"),
            ("site_web", "javascript:alert(1)|https://exemple.fr/gresilles"),
            ("horaires", "Mo-Fr 09:00-12:00,14:00-18:30; Sa 08:30-12:00"),
            ("frais_a_charge", "Gratuit sous condition"),
            ("latitude", "47.3350"),
            ("longitude", "5.0680"),
        ],
    },
    Place {
        number: 72,
        labels: "Chèque culture numérique",
        more: &[
            ("nom", "Bus numérique"),
            ("commune", "Beaune"),
            ("code_postal", "21200"),
            ("code_insee", "21054"),
            ("adresse", "Place Carnot"),
            ("horaires", "Jan-Mar Mo 09:00-12:00"),
            ("latitude", "47.0250"),
            ("longitude", "4.8400"),
        ],
    },
];

/// All that this process logs.
pub fn all_logs() -> &'static Logs {
    static LOGS: OnceLock<Logs> = OnceLock::new();
    LOGS.get_or_init(logs)
}

/// A scene with a booklet in somebody's hands and places that accept it.
pub async fn scene(pool: PgPool) -> (Scene, Vec<Voucher>) {
    all_logs();
    let mut scene = Scene::set(pool).await;
    let (_, vouchers) = scene.booklet_in_hand().await;
    let operator = scene.operator();
    operator.imports_structures(&Place::file(&PLACES)).await;
    for structure in operator.structures().await {
        let named = PLACES.iter().any(|place| structure["siret"] == place.siret().as_str());
        if named {
            let id = serde_json::from_value(structure["id"].clone()).expect("an id");
            operator.accredits(id).await.created();
        }
    }
    (scene, vouchers)
}

/// The server as a phone reaches it; the name is a printed one, so that the origin is the real one but for TLS.
pub fn site(scene: &Scene) -> String {
    format!("http://{}:{}", Scene::host(), scene.deployment.addr().port())
}

/// The address in a printed QR code, on the server of the test.
pub fn address(scene: &Scene, token: &str) -> String {
    let printed = format!("https://{}", Scene::host());
    let path = token
        .strip_prefix(&printed)
        .unwrap_or_else(|| panic!("printed for {}", Scene::host()));
    format!("{}{path}", site(scene))
}

/// What the QR code holds behind #.
pub fn digits(token: &str) -> &str {
    token.split_once('#').expect("an address").1
}

/// A browser that believes in the test's day, and gets no status lists: they follow the books within a minute, which is
/// too late for a test that is about something else.
pub async fn browser(scene: &Scene, size: (u32, u32)) -> Browser {
    let browser = browser_with_lists(scene, size).await;
    browser.blocks(&["*/redemption/sl/*"]).await;
    browser
}

/// The same, with the lists.
pub async fn browser_with_lists(scene: &Scene, size: (u32, u32)) -> Browser {
    let browser = Browser::open(size.0, size.1).await;
    browser
        .believes_it_is(scene.deployment.clock.now().timestamp_millis())
        .await;
    browser
}

/// Opens a voucher's address and waits for the verdict; its words.
pub async fn opens(browser: &Browser, url: &str) -> String {
    browser.visit(url).await;
    browser.wait_for("document.querySelector('#verdict .title')").await;
    browser
        .wait_for("!document.querySelector('#verdict').innerText.includes('Nous vérifions')")
        .await;
    browser.text("#verdict").await
}

/// Keeps a picture of the page, if somebody wants to look (`TEST_SCREENSHOTS` names the folder).
pub async fn photograph(browser: &Browser, name: &str) {
    if let Some(folder) = std::env::var_os("TEST_SCREENSHOTS") {
        browser
            .photograph(&Path::new(&folder).join(format!("{name}.png")))
            .await;
    }
}

/// A file of an npm package of `tests/package.json`.
pub fn npm(path: &str) -> PathBuf {
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("node_modules").join(path);
    assert!(
        found.exists(),
        "{} is not there: run scripts/test, or « npm ci » in tests/",
        found.display()
    );
    found
}
