/// How a test says what it expects.
#[derive(Debug, Clone, Copy)]
pub struct Expected {
    pub(crate) word: &'static str,
    pub(crate) status: Option<u16>,
}

impl From<Refusal> for Expected {
    fn from(refusal: Refusal) -> Self {
        Self {
            word: refusal.word(),
            status: Some(refusal.status()),
        }
    }
}

impl From<&'static str> for Expected {
    fn from(word: &'static str) -> Self {
        Self { word, status: None }
    }
}

/// The ways to be refused that tests speak of: the last word of the problem's type, and its HTTP status.
macro_rules! refusals {
    ($($(#[$meta:meta])* $name:ident = $status:literal $word:literal,)+) => {
        /// A way to be refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Refusal {$(
            $(#[$meta])* $name,
        )+}

        impl Refusal {
            /// The stable word.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)+ }
            }
        }
    };
}

refusals! {
    /// The request cannot be read.
    BadRequest = 400 "bad-request",
    /// Nobody known asks.
    Unauthorized = 401 "unauthorized",
    /// Somebody else may.
    Forbidden = 403 "forbidden",
    /// Not there, or not to be seen.
    NotFound = 404 "not-found",
    /// Somebody else registered this person.
    NotYourBeneficiary = 404 "not-your-beneficiary",
    /// The id served for something else.
    SameIdOtherContent = 409 "same-id-other-content",
    /// The signature is false, or the key unknown.
    Forged = 422 "forged",
    /// The text is no token.
    Unreadable = 422 "unreadable",
    /// Well signed, and never minted.
    Unknown = 422 "unknown",
    /// Printed, and not yet handed over.
    NotActive = 422 "not-active",
    /// Spent at the same structure.
    AlreadyUsedByYou = 422 "already-used-by-you",
    /// Spent at another structure.
    AlreadyUsedElsewhere = 422 "already-used-elsewhere",
    /// The programme ends soon: nothing is handed over any more.
    DistributionStopped = 422 "distribution-stopped",
    /// Lost, stolen, …
    Revoked = 422 "revoked",
    /// The last day is over.
    Expired = 422 "expired",
    /// The structure may not claim at present.
    StructureSuspended = 403 "structure-suspended",
    /// Vouchers of two programmes make two claims.
    MixedProgrammes = 422 "mixed-programmes",
    /// More than a claim takes.
    TooManyVouchers = 422 "too-many-vouchers",
    /// The same voucher twice in one claim.
    TwiceInOneClaim = 422 "twice-in-one-claim",
    /// Not in the catalogue of services.
    UnknownService = 422 "unknown-service",
    /// In the future, or too long ago.
    DateOutOfRange = 422 "date-out-of-range",
    /// The money is not there.
    NotFunded = 422 "not-funded",
    /// Somebody has this booklet.
    BookletAlreadyHandedOver = 422 "booklet-already-handed-over",
    /// It was declared lost.
    BookletBlocked = 422 "booklet-blocked",
    /// The person has all that was granted.
    CapReached = 422 "cap-reached",
    /// The programme is over.
    ProgrammeOver = 422 "programme-over",
    /// Claims may still arrive.
    TooEarly = 422 "too-early",
    /// Fewer booklets than the programme's minimum.
    OrderTooSmall = 422 "order-too-small",
    /// The structure does not meet a criterion.
    NotAccreditable = 422 "not-accreditable",
    /// A statement does not follow the last one.
    StatementGap = 422 "statement-gap",
    /// A statement cannot be read.
    StatementInvalid = 422 "statement-invalid",
    /// More is allocated than was received.
    NotEnoughDeposited = 422 "not-enough-deposited",
    /// Something else would happen than what was previewed.
    PreviewOutdated = 422 "preview-outdated",
    /// A commit without preview.
    DigestMissing = 422 "digest-missing",
}
