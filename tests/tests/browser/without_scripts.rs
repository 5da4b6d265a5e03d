use sqlx::PgPool;

use crate::phone::{PHONE, address, browser, photograph, scene};

#[testkit::test]
async fn without_scripts_the_page_explains_the_paper_and_finds_places(pool: PgPool) {
    let (scene, vouchers) = scene(pool).await;
    let browser = browser(&scene, PHONE).await;
    browser.without_scripts().await;
    browser.visit(&address(&scene, &vouchers[0].token)).await;
    let said = browser.text("main").await;
    for words in [
        "Cette page ne peut pas vérifier le chèque.",
        "le papier suffit",
        "C'est quoi ?",
        "Vous avez perdu votre chèque ?",
    ] {
        assert!(said.contains(words), "{words} is not in\n{said}");
    }
    photograph(&browser, "no-scripts-phone").await;
    browser.types("#ou", "dijon").await;
    browser.click("form button").await;
    browser.wait_for("document.querySelector('#places')").await;
    let said = browser.text("main").await;
    assert!(
        said.contains("3 lieux à Dijon")
            && said.contains("Bus numérique")
            && said.contains("Horaires : Jan-Mar Mo 09:00-12:00"),
        "{said}"
    );
    photograph(&browser, "places-no-scripts-phone").await;
}
