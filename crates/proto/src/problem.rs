use http::StatusCode;
use serde_json::Value;
use tonic::{Code, Status};
use web::Problem;

use crate::v1;

/// Word for word what REST shows: a message is filled from the members of the JSON, which have the same names.
impl From<Problem> for v1::Problem {
    fn from(problem: Problem) -> Self {
        serde_json::from_value(Value::Object(problem.into_members()))
            .expect("members of a problem have the types that proto/ccn/v1/problem.proto gives them")
    }
}

/// A problem that ends a call: the code for the machine, title and detail for whoever reads its log.
#[must_use]
pub fn status(problem: Problem) -> Status {
    let code = match problem.status() {
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::FORBIDDEN => Code::PermissionDenied,
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::CONFLICT => Code::AlreadyExists,
        StatusCode::UNPROCESSABLE_ENTITY => Code::FailedPrecondition,
        StatusCode::TOO_MANY_REQUESTS => Code::ResourceExhausted,
        StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
        StatusCode::GATEWAY_TIMEOUT => Code::DeadlineExceeded,
        status if status.is_client_error() => Code::InvalidArgument,
        _ => Code::Internal,
    };
    let shown = v1::Problem::from(problem);
    Status::new(
        code,
        format!("{} {}", shown.title, shown.detail.unwrap_or_default()).trim_end(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_problem_keeps_every_member_that_a_machine_needs() {
        let problem = Problem::refused("expired", "Ce chèque est périmé.").detail("Retirez-le.").with(
            "vouchers",
            [json!({ "index": 1, "reason": "expired", "explanation": "Ce chèque est périmé.", "used_on": "2026-03-01" })],
        );
        let shown = v1::Problem::from(problem);
        assert_eq!(shown.r#type, "urn:ccn:problem:expired");
        assert_eq!(shown.title, "Ce chèque est périmé.");
        assert_eq!(shown.detail.as_deref(), Some("Retirez-le."));
        assert_eq!(shown.status, 422);
        assert_eq!(shown.vouchers[0].index, 1);
        assert_eq!(shown.vouchers[0].used_on.as_deref(), Some("2026-03-01"));
        assert_eq!(shown.vouchers[0].same_as, None);
    }

    #[test]
    fn a_refused_key_and_a_refused_role_have_the_codes_of_grpc() {
        assert_eq!(status(Problem::unauthorized()).code(), Code::Unauthenticated);
        let refused = status(Problem::forbidden("Réservé aux structures."));
        assert_eq!(refused.code(), Code::PermissionDenied);
        assert_eq!(
            refused.message(),
            "Votre organisation n'a pas ce droit. Réservé aux structures."
        );
    }

    #[test]
    fn an_error_of_ours_tells_nothing_of_its_cause() {
        let ended = status(Problem::internal(&std::io::Error::other("secret cause")));
        assert_eq!(ended.code(), Code::Internal);
        assert!(!ended.message().contains("secret"));
    }
}
