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
    /// Who asks.
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

    fn with_role(self, role: Role) -> Result<Self, Problem> {
        if self.has(role) {
            Ok(self)
        } else {
            Err(Problem::forbidden(format!(
                "Cette action est réservée au rôle « {} ».",
                role.french()
            )))
        }
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
    ($($(#[$meta:meta])* $name:ident;)+) => {$(
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
                Caller::from_request_parts(parts, state).await?.with_role(Role::$name).map(Self)
            }
        }
    )+};
}

callers! {
    /// A caller that is the operator.
    Operator;
    /// A caller that is a sponsor.
    Sponsor;
    /// A caller that is a prescriber.
    Prescriber;
    /// A caller that is a mediation structure.
    Structure;
    /// A caller that admits structures.
    Accreditor;
    /// A caller that funds.
    Funder;
    /// A caller that audits.
    Auditor;
}
