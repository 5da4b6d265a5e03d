use sqlx::PgPool;

use crate::phone::{DESKTOP, browser, photograph, scene, site};

#[testkit::test]
async fn places_are_found_as_people_write_them(pool: PgPool) {
    let (scene, _) = scene(pool).await;
    let browser = browser(&scene, DESKTOP).await;
    let visit = async |query: &str| {
        browser.visit(&format!("{}/lieux?ou={query}", site(&scene))).await;
        browser.text("main").await
    };
    assert!(visit("21200").await.contains("1 lieu à 21200"));
    photograph(&browser, "places-desktop").await;
    assert!(visit("C%C3%B4te-d%27Or").await.contains("4 lieux."));
    assert!(
        visit("Fontaine-l%C3%A8s-Dijon")
            .await
            .contains("Aucun lieu à Fontaine-lès-Dijon")
    );
    assert!(
        visit("Paris")
            .await
            .contains("Aucun lieu n'accepte encore le chèque dans ce département.")
    );
    let choice = visit("Chalon").await;
    assert!(
        choice.contains("Quelle ville ?") && choice.contains("Chalon-sur-Saône (Saône-et-Loire)"),
        "{choice}"
    );
    photograph(&browser, "choice-desktop").await;
    let nothing = visit("%3Cscript%3Ealert(1)%3C/script%3E").await;
    assert!(nothing.contains("Nous ne trouvons pas cet endroit."), "{nothing}");
    assert_eq!(
        browser.eval("document.querySelector('#ou').value").await,
        "<script>alert(1)</script>"
    );
    assert_eq!(browser.complaints().await, Vec::<serde_json::Value>::new());
}
