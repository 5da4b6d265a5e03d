use std::error::Error;
use std::fmt::Debug;

/// Why a use case did not do what it was asked: the one shape of their errors.
///
/// `R` is the use case's own enumeration of what its rules reject; how each is told stands beside it, as its `From` into a problem. Whatever
/// the reason, the transaction is rolled back: nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum UseCaseError<R> {
    /// A rule rejects it.
    #[error("rejected: {0:?}")]
    Rejected(R),
    /// The id came back with another content.
    #[error("the id was used for something else")]
    IdReused,
    /// PostgreSQL failed.
    #[error("database")]
    Database(#[from] sqlx::Error),
    /// Something else on our side failed: the books, a signature, a document.
    #[error("failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

/// A use case's own enumeration of what its rules reject. The marker lets `?` and `.into()` make an error of it.
pub trait Rejection: Debug {}

impl<R: Rejection> From<R> for UseCaseError<R> {
    fn from(rejection: R) -> Self {
        Self::Rejected(rejection)
    }
}

impl<R> UseCaseError<R> {
    /// What failed on our side, as the caller only learns.
    pub fn failed(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(cause.into())
    }

    /// The error of a use case that another one calls, in the words of the other.
    pub fn map_rejection<S>(self, map: impl FnOnce(R) -> S) -> UseCaseError<S> {
        match self {
            Self::Rejected(rejection) => UseCaseError::Rejected(map(rejection)),
            Self::IdReused => UseCaseError::IdReused,
            Self::Database(error) => UseCaseError::Database(error),
            Self::Failed(cause) => UseCaseError::Failed(cause),
        }
    }
}
