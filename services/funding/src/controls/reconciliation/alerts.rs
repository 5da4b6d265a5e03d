//! A run that fails is heard: a gauge for whoever watches, a line for whoever reads.

use crate::controls::reconciliation::document::{Document, Verdict};

/// The metrics of the last run, also after a restart.
pub(super) fn show(document: &Document) {
    let verdict = document.verdict;
    let yes = |yes: bool| f64::from(u8::from(yes));
    metrics::gauge!("ccn_reconciliation_all_hold").set(yes(verdict.all_hold));
    metrics::gauge!("ccn_reconciliation_good").set(yes(verdict.is_good()));
    metrics::gauge!("ccn_reconciliation_failing_invariants").set(f64::from(verdict.failing));
    metrics::gauge!("ccn_reconciliation_open_breaks").set(f64::from(verdict.open_breaks));
    metrics::gauge!("ccn_reconciliation_old_breaks").set(f64::from(verdict.old_breaks));
    metrics::gauge!("ccn_reconciliation_number").set(f64::from(document.number));
    let points = u32::try_from(document.open_points.len()).unwrap_or(u32::MAX);
    metrics::gauge!("ccn_reconciliation_open_points").set(f64::from(points));
    let seconds = u32::try_from(document.at.timestamp()).unwrap_or(u32::MAX);
    metrics::gauge!("ccn_reconciliation_timestamp_seconds").set(f64::from(seconds));
}

/// The metrics and the log's line. Invariants are named by their number in the document: some bear names.
pub(super) fn tell(document: &Document) {
    show(document);
    let Verdict {
        failing,
        open_breaks,
        old_breaks,
        ..
    } = document.verdict;
    let number = document.number;
    if !document.verdict.all_hold {
        let places = (1_u32..).zip(&document.invariants);
        let places: Vec<u32> = places.filter(|(_, one)| !one.holds).map(|(place, _)| place).collect();
        tracing::error!(number, failing, ?places, "reconciliation: an invariant does not hold");
    }
    if old_breaks > 0 {
        tracing::error!(
            number,
            old_breaks,
            open_breaks,
            "reconciliation: breaks wait for too long"
        );
    }
    if !document.open_points.is_empty() {
        let open_points = document.open_points.len();
        tracing::warn!(number, open_points, "reconciliation: somebody has to act");
    }
    if document.verdict.is_good() {
        tracing::info!(number, open_breaks, "reconciliation: all invariants hold");
    }
}
