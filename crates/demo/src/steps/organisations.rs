//! Before step 1: who takes part, and the two programmes.

use serde_json::{Value, json};

use crate::story::{Demo, id};

const SPONSOR: &str = "Département de démonstration";
const SPONSOR_SIREN: &str = "987690013";

/// The sponsor is the second funder too, as départements are.
pub fn sponsor_id() -> uuid::Uuid {
    id(SPONSOR)
}

pub const SPONSOR_FUNDER: (&str, &str) = (SPONSOR, SPONSOR_SIREN);

pub async fn create(demo: &mut Demo) -> anyhow::Result<()> {
    demo.sponsor = demo
        .organisation(sponsor_id(), SPONSOR, Some(SPONSOR_SIREN), &["sponsor", "funder"])
        .await?;
    Ok(())
}

/// The main programme spends a booklet at its hand-over, the short one a whole batch at once.
pub async fn create_programmes(demo: &mut Demo, territory: &str) -> anyhow::Result<()> {
    let main = json!({
        "id": demo.main.id, "name": demo.main.name, "territory": territory, "face_value": "10.00", "booklet_size": 10,
        "spendable": "hand_over", "printed_day": demo.main.printed_day, "booklets_min": 10, "booklets_per_person_max": 2,
    });
    let short = json!({
        "id": demo.short.id, "name": demo.short.name, "territory": territory, "face_value": "10.00", "booklet_size": 10,
        "spendable": "batch", "printed_day": demo.short.printed_day, "tolerance_days": 3, "booklets_min": 5,
        "booklets_per_person_max": 1,
    });
    for (programme, body) in [(&mut demo.main, main), (&mut demo.short, short)] {
        let made: Value = demo.sponsor.post("/issuer/v1/programmes", &body).await?;
        programme.last_day = serde_json::from_value(made["last_day"].clone())?;
    }
    // Its booklets are handed over less than a month before its end, when the days by default would have stopped that.
    let days = json!({"alert_days": 4, "block_days": 2, "acceptance_days": 1});
    let path = format!("/issuer/v1/programmes/{}/expiry-settings", demo.short.id);
    let _: Value = demo.sponsor.put(&path, &days).await?;
    Ok(())
}
