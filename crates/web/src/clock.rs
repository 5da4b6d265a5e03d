use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::extract::{FromRef, FromRequestParts};
use chrono::{DateTime, Utc};
use http::request::Parts;

/// The one clock of a process. Only the front door reads it; every use case takes the instant as an argument.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    #[default]
    System,
    /// One that stands still until its [`ClockHand`] moves it: the demo's and the tests'.
    Set(Arc<AtomicI64>),
}

/// Moves a clock that was made with [`Clock::set`]. No request can do it, whatever its headers say.
#[derive(Debug, Clone)]
pub struct ClockHand(Arc<AtomicI64>);

impl Clock {
    /// A clock that shows `at` (to the microsecond, as PostgreSQL keeps it), and the hand that moves it.
    #[must_use]
    pub fn set(at: DateTime<Utc>) -> (Self, ClockHand) {
        let micros = Arc::new(AtomicI64::new(at.timestamp_micros()));
        (Self::Set(Arc::clone(&micros)), ClockHand(micros))
    }

    /// The present instant, whole microseconds: what PostgreSQL gives back is what was put in.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now(&self) -> DateTime<Utc> {
        let micros = match self {
            Self::System => Utc::now().timestamp_micros(),
            Self::Set(micros) => micros.load(Ordering::SeqCst),
        };
        DateTime::from_timestamp_micros(micros).expect("an i64 of microseconds that came from an instant")
    }
}

impl ClockHand {
    /// Shows `at` from now on.
    pub fn move_to(&self, at: DateTime<Utc>) {
        self.0.store(at.timestamp_micros(), Ordering::SeqCst);
    }
}

/// The instant of a request, read once.
#[derive(Debug, Clone, Copy)]
pub struct Now(pub DateTime<Utc>);

impl<S> FromRequestParts<S> for Now
where
    S: Send + Sync,
    Clock: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(Clock::from_ref(state).now()))
    }
}
