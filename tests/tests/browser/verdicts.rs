use chrono::{NaiveDate, TimeDelta};
use e2e::morning;
use sqlx::PgPool;

use crate::phone::{DESKTOP, PHONE, address, browser, digits, opens, photograph, scene, site};

#[testkit::test]
async fn a_printed_voucher_opens_a_page_that_says_what_it_is_until_when_and_where(pool: PgPool) {
    let (scene, vouchers) = scene(pool).await;
    let browser = browser(&scene, PHONE).await;
    let said = opens(&browser, &address(&scene, &vouchers[0].token)).await;
    assert!(said.contains("C'est un vrai chèque."), "{said}");
    assert!(said.contains("10\u{a0}€"), "{said}");
    // The paper's date, not the last day of the token, a month later.
    assert!(said.contains("31\u{a0}décembre\u{a0}2026"), "{said}");
    assert!(said.contains("Commanditaire") || said.contains("Offert par"), "{said}");
    browser.wait_for("document.querySelector('#places li.place')").await;
    let places = browser.text("#places-here").await;
    for words in [
        "Espace numérique des Grésilles <b>&amp;",
        "6 avenue des Grésilles",
        "03 80 00 00 01",
        "du lundi au vendredi : de 9\u{a0}h à 12\u{a0}h et de 14\u{a0}h à 18\u{a0}h\u{a0}30",
    ] {
        assert!(places.contains(words), "{words} is not in\n{places}");
    }
    assert_eq!(
        browser.eval("document.querySelector('#places a.phone').href").await,
        "tel:+33380000001"
    );
    assert_eq!(
        browser
            .eval("document.querySelectorAll('[href^=javascript]').length")
            .await,
        0
    );
    assert_eq!(browser.complaints().await, Vec::<serde_json::Value>::new());
    photograph(&browser, "valid-phone").await;
    browser.resize(DESKTOP.0, DESKTOP.1).await;
    photograph(&browser, "valid-desktop").await;
}

#[testkit::test]
async fn each_bad_voucher_gets_its_own_plain_message(pool: PgPool) {
    let (scene, vouchers) = scene(pool).await;
    let phone = browser(&scene, PHONE).await;
    let good = address(&scene, &vouchers[0].token);
    let own = digits(&good);
    // The last digits are the signature's.
    let changed = |place: usize| {
        let other = if &own[place..=place] == "1" { "2" } else { "1" };
        format!("{}/v#{}{other}{}", site(&scene), &own[..place], &own[place + 1..])
    };
    for place in [40, 120, 208] {
        let said = opens(&phone, &changed(place)).await;
        assert!(
            said.contains("ce n'est pas un vrai chèque") && !said.contains('€'),
            "{place}: {said}"
        );
    }
    photograph(&phone, "forged-phone").await;
    for text in [&own[1..], "bonjour", "%3Cscript%3E"] {
        let said = opens(&phone, &format!("{}/v#{text}", site(&scene))).await;
        assert!(said.contains("Nous n'arrivons pas à lire ce chèque."), "{text}: {said}");
    }
    photograph(&phone, "unreadable-phone").await;
    // The code of a booklet's cover says what it is, and leads to the places as a voucher does.
    let cover = voucher::CoverCode::new(1, 42).unwrap();
    let said = opens(&phone, &format!("{}/v#{cover}", site(&scene))).await;
    assert!(
        said.contains("Ceci est la couverture du carnet.") && said.contains("n° 42") && !said.contains('€'),
        "{said}"
    );
    phone.wait_for("document.querySelector('#places li.place')").await;
    photograph(&phone, "cover-phone").await;
    let said = opens(&phone, &format!("{}/v", site(&scene))).await;
    assert!(said.contains("Aucun chèque n'est lu en ce moment."), "{said}");
    photograph(&phone, "none-phone").await;

    // The day after the printed one, the token itself lives another month.
    let new_year = NaiveDate::from_ymd_opt(2027, 1, 1).expect("a day");
    for at in [morning(new_year), morning(new_year) + TimeDelta::days(60)] {
        phone.believes_it_is(at.timestamp_millis()).await;
        let said = opens(&phone, &good).await;
        assert!(
            said.contains("La date de ce chèque est passée.") && said.contains("31\u{a0}décembre\u{a0}2026"),
            "{at}: {said}"
        );
    }
    photograph(&phone, "expired-phone").await;

    sqlx::query(
        "update catalogue.signing_key set withdrawn_at = now(), withdrawn_reason = 'volée' where purpose = 'voucher'",
    )
    .execute(&scene.deployment.pool)
    .await
    .expect("withdrawn");
    let said = opens(&phone, &good).await;
    assert!(said.contains("Ce chèque a été annulé."), "{said}");
    photograph(&phone, "withdrawn-phone").await;
}

#[testkit::test]
async fn without_the_keys_nothing_is_said_against_the_voucher_and_it_can_be_tried_again(pool: PgPool) {
    let (scene, vouchers) = scene(pool).await;
    let browser = browser(&scene, PHONE).await;
    browser.blocks(&["*jwks*", "*/redemption/sl/*"]).await;
    let said = opens(&browser, &address(&scene, &vouchers[0].token)).await;
    assert!(
        said.contains("Nous ne pouvons pas vérifier maintenant.") && said.contains("le papier suffit"),
        "{said}"
    );
    photograph(&browser, "offline-phone").await;
    browser.blocks(&["*/redemption/sl/*"]).await;
    browser.click("button[data-again]").await;
    browser
        .wait_for("document.querySelector('#verdict').innerText.includes('vrai chèque')")
        .await;
}
