//! Which roles may call an operation: the member `x-roles` of the description.
//!
//! The rule itself is the caller in a handler's arguments (`access::Operator`, `access::FunderReader`, …), which the description cannot read;
//! a test asks every operation as each role and compares (`description::the_roles_of_every_operation_are_those_that_are_let_in`).
//! An operation that is not listed is open to whoever has a key, as far as what it asks for is its own: its description says whose.

use utoipa::openapi::path::Operation;

/// By roles, the verbs and addresses.
const OPERATIONS: [(&[&str], &[&str]); 14] = [
    (
        &["accreditor"],
        &[
            "put /redemption/v1/structure-imports/{import}",
            "post /redemption/v1/structures/{structure}/accreditation",
            "post /redemption/v1/structures/{structure}/suspensions",
            "post /redemption/v1/structures/{structure}/suspensions/{suspension}/lift",
        ],
    ),
    (
        &["accreditor", "operator"],
        &[
            "put /redemption/v1/bank-details-imports/{import}",
            "get /redemption/v1/structures",
        ],
    ),
    (
        &["funder"],
        &["post /funding/v1/programmes/{programme}/expiry-statement/choices"],
    ),
    (
        &["operator"],
        &[
            "post /funding/v1/allocations",
            "post /funding/v1/announcements",
            "put /funding/v1/breaks/{id}/closing",
            "put /funding/v1/breaks/{id}/explanation",
            "put /funding/v1/breaks/{id}/owner",
            "post /funding/v1/calls",
            "post /funding/v1/closes",
            "post /funding/v1/conventions",
            "post /funding/v1/expiry/statement-rounds",
            "post /funding/v1/explanations",
            "post /funding/v1/fees",
            "post /funding/v1/fees/{id}/credit-notes",
            "post /funding/v1/fees/{id}/payments",
            "post /funding/v1/funders",
            "put /funding/v1/invoicing/buyers/{sponsor}",
            "put /funding/v1/invoicing/seller",
            "post /funding/v1/mandates",
            "post /funding/v1/mandates/{id}/cancellation",
            "get /funding/v1/payment-rules",
            "put /funding/v1/payment-rules",
            "post /funding/v1/payment-rules/{number}/confirmation",
            "post /funding/v1/payment-status-reports",
            "get /funding/v1/payment-status-reports/{id}",
            "post /funding/v1/programmes/{programme}/expiry-statement/refunds",
            "put /funding/v1/programmes/{programme}/funding-terms",
            "post /funding/v1/programmes/{programme}/true-up",
            "post /funding/v1/reconciliations",
            "post /funding/v1/refunds",
            "post /funding/v1/refunds/{id}/approval",
            "get /funding/v1/refunds/{id}/pain.001.xml",
            "post /funding/v1/refunds/{id}/rejection",
            "post /funding/v1/settlements",
            "get /funding/v1/settlements/{id}",
            "post /funding/v1/settlements/{id}/approval",
            "get /funding/v1/settlements/{id}/pain.001.xml",
            "post /funding/v1/settlements/{id}/rejection",
            "get /funding/v1/statements/{id}",
            "put /funding/v1/statements/{id}",
            "put /funding/v1/tolerance",
            "delete /issuer/v1/api-keys/{id}",
            "post /issuer/v1/expiry/rounds",
            "get /issuer/v1/keys",
            "post /issuer/v1/keys",
            "post /issuer/v1/keys/delegations",
            "post /issuer/v1/keys/{kid}/withdrawal",
            "post /issuer/v1/organisations",
            "post /issuer/v1/organisations/{id}/api-keys",
        ],
    ),
    (
        &["operator", "auditor"],
        &[
            "get /funding/v1/breaks",
            "get /funding/v1/breaks/ageing",
            "get /funding/v1/breaks/ageing.csv",
            "get /funding/v1/breaks/{id}",
            "get /funding/v1/holds",
            "get /funding/v1/reconciliations",
            "get /funding/v1/reconciliations/{id}",
            "get /funding/v1/reconciliations/{id}/compare/{other}",
            "get /funding/v1/reconciliations/{id}/report.csv",
            "get /funding/v1/reconciliations/{id}/report.txt",
            "get /funding/v1/reconciliations/{id}/signed",
            "get /funding/v1/settlements",
            "get /funding/v1/statements",
            "get /funding/v1/tolerance",
        ],
    ),
    (
        &["operator", "auditor", "funder"],
        &[
            "get /funding/v1/allocations",
            "get /funding/v1/announcements",
            "get /funding/v1/announcements/{id}",
            "get /funding/v1/calls",
            "get /funding/v1/calls/overdue",
            "get /funding/v1/calls/{id}",
            "get /funding/v1/calls/{id}/letter.pdf",
            "get /funding/v1/calls/{id}/reminders/{days}/letter.pdf",
            "get /funding/v1/conventions",
            "get /funding/v1/conventions/{id}",
            "get /funding/v1/cosigners",
            "get /funding/v1/mandates",
            "get /funding/v1/mandates/ageing",
            "get /funding/v1/mandates/{id}",
            "get /funding/v1/refunds",
            "get /funding/v1/refunds/{id}",
            "get /funding/v1/reports/claims",
        ],
    ),
    (
        &["operator", "auditor", "funder", "sponsor"],
        &[
            "get /funding/v1/closes",
            "get /funding/v1/invariants",
            "get /funding/v1/reports/waterfall",
            "get /funding/v1/waterfall",
            "get /funding/v1/waterfall.csv",
        ],
    ),
    (
        &["operator", "auditor", "sponsor"],
        &[
            "get /funding/v1/credit-notes/{id}",
            "get /funding/v1/credit-notes/{id}/credit-note.pdf",
            "get /funding/v1/fees",
            "get /funding/v1/fees/{id}",
            "get /funding/v1/fees/{id}/credit-notes",
            "get /funding/v1/fees/{id}/invoice.pdf",
            "get /funding/v1/fees/{id}/payments",
            "get /funding/v1/invoicing/buyers/{sponsor}",
            "get /funding/v1/invoicing/seller",
        ],
    ),
    (
        &["operator", "funder", "auditor"],
        &[
            "post /funding/v1/checkpoints/{size}/cosignatures",
            "post /funding/v1/cosigners",
            "post /funding/v1/cosigners/retirements",
        ],
    ),
    (
        &["operator", "sponsor", "prescriber"],
        &[
            "get /issuer/v1/booklets",
            "get /issuer/v1/programmes/{programme}/booklets/{booklet}",
        ],
    ),
    (
        &["prescriber"],
        &[
            "get /issuer/v1/programmes/{programme}/beneficiaries",
            "put /issuer/v1/programmes/{programme}/beneficiary-imports/{import}",
            "post /issuer/v1/programmes/{programme}/hand-overs",
            "post /issuer/v1/programmes/{programme}/replacements",
        ],
    ),
    (
        &["sponsor"],
        &[
            "post /issuer/v1/print-runs",
            "post /issuer/v1/programmes",
            "post /issuer/v1/programmes/{programme}/batches/{batch}/activation",
            "get /issuer/v1/programmes/{programme}/batches/{batch}/booklets.pdf",
            "post /issuer/v1/programmes/{programme}/batches/{batch}/cancellation",
            "post /issuer/v1/programmes/{programme}/batches/{batch}/funding",
            "post /issuer/v1/programmes/{programme}/batches/{batch}/mint",
            "post /issuer/v1/programmes/{programme}/batches/{batch}/printer-files",
            "get /issuer/v1/programmes/{programme}/batches/{batch}/printer-files/{print}/carnets.zip",
            "post /issuer/v1/programmes/{programme}/batches/{batch}/reissues",
            "get /issuer/v1/programmes/{programme}/batches/{batch}/voucher-states.csv",
            "get /issuer/v1/programmes/{programme}/batches/{batch}/vouchers.csv",
            "get /issuer/v1/programmes/{programme}/batches/{batch}/vouchers/{image}",
            "post /issuer/v1/programmes/{programme}/distribution-decisions",
            "post /issuer/v1/programmes/{programme}/expiry-acceptance",
            "put /issuer/v1/programmes/{programme}/expiry-settings",
            "delete /issuer/v1/programmes/{programme}/logos/{organisation}",
            "get /issuer/v1/programmes/{programme}/logos/{organisation}",
            "put /issuer/v1/programmes/{programme}/logos/{organisation}",
            "post /issuer/v1/programmes/{programme}/orders",
            "get /issuer/v1/programmes/{programme}/paper",
            "put /issuer/v1/programmes/{programme}/paper",
            "post /issuer/v1/programmes/{programme}/prescribers",
            "post /issuer/v1/programmes/{programme}/proofs",
            "get /issuer/v1/programmes/{programme}/proofs/{proof}",
            "post /issuer/v1/programmes/{programme}/proofs/{proof}/approval",
            "get /issuer/v1/programmes/{programme}/proofs/{proof}/proof.pdf",
        ],
    ),
    (&["structure"], &["post /redemption/v1/claims"]),
    (
        &["structure", "operator"],
        &[
            "get /redemption/v1/claims",
            "get /redemption/v1/claims/{id}",
            "get /redemption/v1/claims/{id}/receipt.pdf",
            "post /redemption/v1/programmes/{programme}/claims/{claim}/reversal",
        ],
    ),
];

/// Says it of an operation.
pub(super) fn describe(verb: &str, path: &str, operation: &mut Operation) {
    let is_it = |listed: &&str| listed.split_once(' ') == Some((verb, path));
    if let Some((roles, _)) = OPERATIONS.iter().find(|(_, operations)| operations.iter().any(&is_it)) {
        let extensions = operation.extensions.get_or_insert_default();
        extensions.insert("x-roles".to_owned(), serde_json::json!(roles));
    }
}
