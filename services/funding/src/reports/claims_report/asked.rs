use access::FunderReader;
use chrono::{DateTime, NaiveDate, Utc};
use ledger::{BookId, PartyId};
use serde::Deserialize;
use standards::calendar::{paris_end_of_day, paris_start_of_day};
use utoipa::IntoParams;
use web::Problem;

/// Which claims a caller asks for.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimsReportQuery {
    /// Only this funder's shares; a funder gets its own and no other.
    #[param(value_type = Option<uuid::Uuid>)]
    funder_id: Option<PartyId>,
    /// Only claims of this programme.
    #[param(value_type = Option<uuid::Uuid>)]
    programme_id: Option<BookId>,
    /// Only claims of this day and later (Paris).
    from: Option<NaiveDate>,
    /// Only claims of this day and earlier (Paris).
    to: Option<NaiveDate>,
}

/// What a caller gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClaimsReportFilter {
    pub funder: Option<PartyId>,
    pub programme: Option<BookId>,
    pub from: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
}

/// Why there is no report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClaimsReportRejection {
    AnotherFunder,
    /// It ends before it begins.
    Period,
}

impl From<ClaimsReportRejection> for Problem {
    fn from(rejection: ClaimsReportRejection) -> Self {
        match rejection {
            ClaimsReportRejection::AnotherFunder => {
                Self::forbidden("Un financeur ne lit que ses propres parts : retirez « funder_id ».")
            }
            ClaimsReportRejection::Period => Self::bad_request(
                "« to » est avant « from » : donnez le premier jour dans « from », le dernier dans « to ».",
            ),
        }
    }
}

impl ClaimsReportQuery {
    /// What `who` may have of it: operators and auditors everything, a funder its own shares.
    pub fn by(self, who: &FunderReader) -> Result<ClaimsReportFilter, ClaimsReportRejection> {
        let funder = match (who.own().map(|own| PartyId::from_uuid(own.uuid())), self.funder_id) {
            (None, asked) => asked,
            (Some(own), asked) if asked.is_none_or(|asked| asked == own) => Some(own),
            (Some(_), _) => return Err(ClaimsReportRejection::AnotherFunder),
        };
        if self.from.zip(self.to).is_some_and(|(from, to)| to < from) {
            return Err(ClaimsReportRejection::Period);
        }
        Ok(ClaimsReportFilter {
            funder,
            programme: self.programme_id,
            from: self.from.map(paris_start_of_day),
            until: self.to.map(paris_end_of_day),
        })
    }
}
