//! Step 7, its end: with the bank's answer in the books, the months that are over are closed.

use serde_json::json;
use standards::Month;

use crate::story::{Closed, Demo};

/// From the month of the first money to that of the claims, in order. What comes later is booked later, and says so.
pub async fn close_months(demo: &mut Demo) -> anyhow::Result<()> {
    let mut month = Month::containing(demo.story.money());
    while month <= demo.story.claims_month() {
        let closed: Closed = demo
            .operator
            .post("/funding/v1/closes", &json!({ "month": month }))
            .await?;
        demo.progress.say(format!(
            "{month} est clos : {} écritures scellées, racine {}",
            closed.size, closed.root
        ));
        demo.closes.push(closed);
        month = month.next();
    }
    Ok(())
}
