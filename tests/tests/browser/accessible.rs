use std::fs;

use e2e::Browser;
use sqlx::PgPool;

use crate::phone::{DESKTOP, PHONE, address, browser, npm, opens, photograph, scene, site};

/// The narrowest page of WCAG 2.1 (1.4.10), which is also a wide one at 400 %.
const NARROW: (u32, u32) = (320, 640);

#[testkit::test]
async fn axe_finds_nothing_wrong_on_a_phone_nor_on_a_desktop(pool: PgPool) {
    let (scene, vouchers) = scene(pool).await;
    let axe = fs::read_to_string(npm("axe-core/axe.min.js")).expect("axe-core");
    let browser = browser(&scene, PHONE).await;
    let valid = address(&scene, &vouchers[0].token);
    let on = |path: &str| format!("{}{path}", site(&scene));
    let pages = [
        valid,
        on("/"),
        on("/no-such-page"),
        on("/v#1"),
        on("/v"),
        on("/lieux"),
        on("/lieux?ou=dijon"),
        on("/lieux?ou=chalon"),
        on("/lieux?ou=xyzzy"),
    ];
    for (number, url) in pages.into_iter().enumerate() {
        if url.contains("/v") {
            opens(&browser, &url).await;
        } else {
            browser.visit(&url).await;
        }
        for (size, scheme) in [(PHONE, "light"), (PHONE, "dark"), (DESKTOP, "light"), (DESKTOP, "dark")] {
            browser.resize(size.0, size.1).await;
            browser.likes(scheme).await;
            let found = browser.axe(&axe).await;
            assert!(found.is_empty(), "{size:?} {scheme} {url:.60}: {found:#?}");
            fits(&browser, &url).await;
            photograph(&browser, &format!("page-{number}-{}-{scheme}", size.0)).await;
        }
        browser.resize(NARROW.0, NARROW.1).await;
        fits(&browser, &url).await;
    }
    browser.resize(NARROW.0, NARROW.1).await;
    photograph(&browser, "narrow").await;
}

/// Nothing is wider than the page, and letters are large.
async fn fits(browser: &Browser, url: &str) {
    let overflow = browser
        .eval("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        .await;
    assert_eq!(overflow, 0, "{url:.60} scrolls sideways");
    let smallest = "Math.min(...[...document.querySelectorAll('main *, footer *')].filter((one) => one.innerText)
        .map((one) => parseFloat(getComputedStyle(one).fontSize)))";
    let smallest = browser.eval(smallest).await.as_f64().expect("pixels");
    assert!(smallest >= 18.0, "{url:.60} has letters of {smallest} px");
}
