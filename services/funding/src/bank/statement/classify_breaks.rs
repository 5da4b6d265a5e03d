//! What kind of break an unexplained line is: pure.

use crate::bank::breaks::NewBreak;
use crate::bank::statement::expected_receipt::speaks_of_mandates;
use crate::bank::statement::match_candidates::MatchCandidates;
use crate::bank::statement::matching::Match;
use crate::bank::statement::statement_line::StatementLine;

/// One opening for each line that no rule took and that moved money.
pub(super) fn classify_breaks(
    lines: &[StatementLine],
    matches: &[Option<Match>],
    candidates: &MatchCandidates,
) -> Vec<NewBreak> {
    let left = lines
        .iter()
        .zip(matches)
        .filter(|(line, found)| found.is_none() && !line.cents.is_zero());
    let opening = |line: &StatementLine| NewBreak {
        line: line.number,
        kind: kind(line, candidates),
        cents: line.cents.get(),
        on: line.booked_on,
    };
    left.map(|(line, _)| opening(line)).collect()
}

fn kind(line: &StatementLine, candidates: &MatchCandidates) -> &'static str {
    let came_back = line.cents.is_positive() && line.return_reason.is_some();
    let Some(payment) = line.payment().and_then(|id| candidates.payments.get(&id)) else {
        return if came_back {
            "returned"
        } else {
            contribution(line, candidates)
        };
    };
    let out = if line.cents.is_negative() {
        line.cents.checked_neg()
    } else {
        Some(line.cents)
    };
    if out != Some(payment.cents) {
        return "amount_differs";
    }
    // Of the right amount: taken only if it was the first of its direction.
    let before = if line.cents.is_negative() {
        payment.debited
    } else {
        payment.returned
    };
    match (before, line.cents.is_positive()) {
        (true, _) => "duplicate",
        (false, true) => "returned",
        (false, false) => "unexpected",
    }
}

/// Money in that quotes one call: more than is left of it, or a second time.
fn contribution(line: &StatementLine, candidates: &MatchCandidates) -> &'static str {
    let mut quoted = line.references();
    quoted.retain(|reference| candidates.calls.contains_key(reference.as_str()));
    let [reference] = &quoted[..] else { return "unexpected" };
    match candidates.calls.get(reference.as_str()) {
        Some(_) if !line.cents.is_positive() => "unexpected",
        // Whose money it is comes first.
        Some(call) if candidates.is_of_another_funder(line, call.funder) => "unexpected",
        // Its amount is not the call's, but that of mandates, or not: nobody can say.
        Some(_) if speaks_of_mandates(line, candidates) => "unexpected",
        Some(call) if call.left.is_positive() => "amount_differs",
        Some(_) => "duplicate",
        None => "unexpected",
    }
}
