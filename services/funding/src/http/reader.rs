//! Who may read a promise: operators and auditors all, whoever it concerns its own.

use access::{Caller, OrganisationId, Role};
use web::Problem;

/// Nothing for who may read everything, else the organisation whose own are shown.
pub(super) fn own_or_all(who: &Caller, role: Role) -> Result<Option<OrganisationId>, Problem> {
    if who.has(Role::Operator) || who.has(Role::Auditor) {
        Ok(None)
    } else if who.has(role) {
        Ok(Some(who.organisation()))
    } else {
        Err(Problem::forbidden(format!(
            "Cette action est réservée aux rôles « opérateur », « auditeur » et « {} ».",
            role.french()
        )))
    }
}

/// For what concerns the whole fund.
pub(super) fn operator_or_auditor(who: &Caller) -> Result<(), Problem> {
    if who.has(Role::Operator) || who.has(Role::Auditor) {
        Ok(())
    } else {
        Err(Problem::forbidden(
            "Cette action est réservée aux rôles « opérateur » et « auditeur ».",
        ))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "map_err hands the error over")]
pub(super) fn internal(error: sqlx::Error) -> Problem {
    Problem::internal(&error)
}
