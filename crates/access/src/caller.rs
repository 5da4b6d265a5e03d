use axum::extract::{FromRef, FromRequestParts};
use http::header::AUTHORIZATION;
use http::request::Parts;
use sqlx::PgPool;
use uuid::Uuid;
use web::{Problem, RequestId};

use crate::{OPERATOR, OrganisationId, Role, Secret};

/// The organisation that asks, known by its API key.
#[derive(Debug, Clone)]
pub struct Caller {
    organisation: OrganisationId,
    name: String,
    roles: Vec<Role>,
    key: Uuid,
    request: Uuid,
}

impl Caller {
    #[must_use]
    pub const fn organisation(&self) -> OrganisationId {
        self.organisation
    }

    /// Its name on the screen.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it has this role.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// The id of the API key: one device, or one machine. Never the key itself.
    #[must_use]
    pub const fn key(&self) -> Uuid {
        self.key
    }

    /// The request's id, for the audit trail.
    #[must_use]
    pub const fn request(&self) -> Uuid {
        self.request
    }

    /// Nobody: what the clock does by itself. It holds no role and no key, so no front door lets it in; the trail names it by the nil
    /// organisation. `act` names what is done, as a request's id would.
    #[must_use]
    pub fn clock(act: Uuid) -> Self {
        Self {
            organisation: OrganisationId::from_uuid(Uuid::nil()),
            name: "Système".to_owned(),
            roles: Vec::new(),
            key: Uuid::nil(),
            request: act,
        }
    }

    /// Whoever runs a command with the database and the keys in hand: the operator, since nobody else has them. It holds no role and
    /// no API key, so no front door lets it in. `act` names what is done, as a request's id would.
    #[must_use]
    pub fn command(act: Uuid) -> Self {
        Self {
            organisation: OPERATOR,
            name: "Opérateur, en ligne de commande".to_owned(),
            ..Self::clock(act)
        }
    }

    /// Whether this is [`clock`](Self::clock).
    #[must_use]
    pub const fn is_clock(&self) -> bool {
        self.organisation.uuid().is_nil()
    }

    fn own_unless(&self, all: &[Role]) -> Option<OrganisationId> {
        let reads_all = all.iter().any(|&role| self.has(role));
        (!reads_all).then_some(self.organisation)
    }

    fn with_one_of(self, roles: &[Role]) -> Result<Self, Problem> {
        if roles.iter().any(|&role| self.has(role)) {
            return Ok(self);
        }
        let mut words: Vec<String> = roles.iter().map(|role| format!("« {} »", role.french())).collect();
        let last = words.pop().unwrap_or_default();
        Err(Problem::forbidden(if words.is_empty() {
            format!("Cette action est réservée au rôle {last}.")
        } else {
            format!("Cette action est réservée aux rôles {} et {last}.", words.join(", "))
        }))
    }
}

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    PgPool: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let secret = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
            .and_then(Secret::parse)
            .ok_or_else(Problem::unauthorized)?;
        let RequestId(request) = RequestId::from_request_parts(parts, state)
            .await
            .unwrap_or_else(|never| match never {});
        let known = sqlx::query!(
            "select o.id, o.name, o.roles, k.id as key_id
             from access.api_key k join access.organisation o on o.id = k.organisation_id
             where k.secret_sha256 = $1 and k.revoked_at is null",
            &secret.sha256(),
        )
        .fetch_optional(&PgPool::from_ref(state))
        .await
        .map_err(|error| Problem::internal(&error))?
        .ok_or_else(Problem::unauthorized)?;
        Ok(Self {
            organisation: OrganisationId::from_uuid(known.id),
            name: known.name,
            roles: known.roles.iter().filter_map(|word| Role::from_word(word)).collect(),
            key: known.key_id,
            request,
        })
    }
}

macro_rules! callers {
    ($($(#[$meta:meta])* $name:ident: $($role:ident)|+;)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone)]
        pub struct $name(Caller);

        impl std::ops::Deref for $name {
            type Target = Caller;

            fn deref(&self) -> &Caller {
                &self.0
            }
        }

        impl<S> FromRequestParts<S> for $name
        where
            S: Send + Sync,
            PgPool: FromRef<S>,
        {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
                let caller = Caller::from_request_parts(parts, state).await?;
                caller.with_one_of(&[$(Role::$role),+]).map(Self)
            }
        }
    )+};
}

callers! {
    /// A caller that is the operator.
    Operator: Operator;
    /// A caller that is a sponsor.
    Sponsor: Sponsor;
    /// A caller that is a prescriber.
    Prescriber: Prescriber;
    /// A caller that is a mediation structure.
    Structure: Structure;
    /// A caller that admits structures.
    Accreditor: Accreditor;
    /// A caller that funds.
    Funder: Funder;
    /// A caller that audits.
    Auditor: Auditor;
    /// A caller that may read what concerns the whole fund.
    OperatorOrAuditor: Operator | Auditor;
    /// A caller that looks after structures.
    AccreditorOrOperator: Accreditor | Operator;
    /// A caller that may read reports: all of them, or its own part.
    ReportReader: Operator | Auditor | Funder | Sponsor;
    /// A caller that reads what concerns funders: everybody's, or its own.
    FunderReader: Operator | Auditor | Funder;
    /// A caller that reads what concerns sponsors: everybody's, or its own.
    SponsorReader: Operator | Auditor | Sponsor;
    /// A caller that co-signs checkpoints: with anybody's key, or with its own.
    Cosigner: Operator | Funder | Auditor;
    /// A caller that looks for booklets: anybody's, or those of the programmes that it runs or acts in.
    BookletReader: Operator | Sponsor | Prescriber;
    /// A caller that reads or undoes claims: everybody's, or its own.
    ClaimReader: Structure | Operator;
}

impl FunderReader {
    /// The funder whose own are shown; nothing for who reads everybody's.
    #[must_use]
    pub fn own(&self) -> Option<OrganisationId> {
        self.own_unless(&[Role::Operator, Role::Auditor])
    }
}

impl SponsorReader {
    /// The sponsor whose own are shown; nothing for who reads everybody's.
    #[must_use]
    pub fn own(&self) -> Option<OrganisationId> {
        self.own_unless(&[Role::Operator, Role::Auditor])
    }
}

impl Cosigner {
    /// The organisation whose keys alone it may speak for; nothing for who speaks for anybody.
    #[must_use]
    pub fn own(&self) -> Option<OrganisationId> {
        self.own_unless(&[Role::Operator])
    }
}

impl ClaimReader {
    /// The structure whose own are shown; nothing for who reads everybody's.
    #[must_use]
    pub fn own(&self) -> Option<OrganisationId> {
        self.own_unless(&[Role::Operator])
    }
}
