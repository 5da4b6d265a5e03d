use sqlx::PgPool;
use voucher::{Keyring, ShortCode};

use crate::fixture::{Fixture, HOST, instant};

#[testkit::test]
async fn the_printers_file_holds_tokens_that_verify_with_the_published_keys(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.minted(1, 2).await;
    let path = fixture.path(&format!("batches/{batch}/vouchers.csv"));
    let csv = fixture.sponsor.get(&path).await.text();
    assert_eq!(
        fixture.sponsor.get(&path).await.text(),
        csv,
        "signing again gives the same tokens"
    );

    let jwks = fixture.sponsor.get("/.well-known/jwks.json").await.text();
    let keyring = Keyring::new(HOST.parse().unwrap(), voucher::JwkSet::read(&jwks).unwrap());
    let at = instant("2026-06-01T08:00:00Z").timestamp();
    let mut rows = csv.lines();
    assert_eq!(rows.next(), Some("serial,token,short_code,face_value,booklet"));
    for (row, serial) in rows.by_ref().zip(1..) {
        let cells: Vec<&str> = row.split(',').collect();
        let verified = keyring.verify(cells[1], at).unwrap();
        assert_eq!(cells[0], serial.to_string());
        assert_eq!(cells[2].parse::<ShortCode>().unwrap().id(), verified.terms().id);
        assert_eq!((cells[3], verified.terms().cents), ("10.00", 1000));
        assert_eq!(cells[4], ((serial - 1) / 10 + 1).to_string());
        assert_eq!(verified.terms().day.to_string(), "31/01/2027");
    }
    assert_eq!(csv.lines().count(), 21);
}

#[testkit::test]
async fn booklets_print_and_every_print_leaves_a_trace(pool: PgPool) {
    let fixture = Fixture::new(pool, "hand_over").await;
    let batch = fixture.minted(1, 3).await;
    let path = |range: &str| fixture.path(&format!("batches/{batch}/booklets.pdf{range}"));
    let pdf = fixture.sponsor.get(&path("?from=2&to=3")).await;
    assert!(pdf.status < 300 && pdf.bytes.starts_with(b"%PDF-1.7"), "{}", pdf.text());
    if let Ok(folder) = std::env::var("CCN_KEEP_PDF") {
        std::fs::write(format!("{folder}/carnets.pdf"), &pdf.bytes).unwrap();
        let csv = fixture
            .sponsor
            .get(&fixture.path(&format!("batches/{batch}/vouchers.csv")))
            .await;
        std::fs::write(format!("{folder}/vouchers.csv"), csv.bytes).unwrap();
    }
    for range in ["?from=0&to=1", "?from=2&to=1", "?from=1&to=4"] {
        fixture.sponsor.get(&path(range)).await.refused("print-range");
    }
    let traces: Vec<String> =
        sqlx::query_scalar("select detail::text from access.audit where action = 'batch.print_booklets' order by id")
            .fetch_all(&fixture.owner)
            .await
            .unwrap();
    assert_eq!(traces, ["[2, 3]"]);
}
