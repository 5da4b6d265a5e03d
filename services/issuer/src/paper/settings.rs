//! What a programme's paper says beside its vouchers: where to ask, who pays.

use access::{Caller, OrganisationId, audit};
use bounds::{Form, TextKind};
use catalogue::{PlanId, Programme, ProgrammeId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgTransaction};
use utoipa::ToSchema;
use voucher::Host;
use web::Problem;

use crate::{paper::booklets::PaperFormat, paper::booklets::Partner, paper::logos, paper::logos::LogoInk};

bounds::text_kind! {
    /// A phone number on a cover.
    pub struct CoverPhone: 0..=24, Form::Phone;
    /// The address of a page on a cover.
    pub struct CoverPage: 0..=80, Form::Line;
    /// A counter where people ask, on a cover.
    pub struct CoverAddress: 0..=120, Form::Line;
}

/// Digits of the shortest French numbers: `3939`.
const PHONE_DIGITS_MIN: usize = 4;

/// Changes whenever what is drawn changes: a proof approved before must be approved again.
const LAYOUT_VERSION: u32 = 3;

/// Where people ask, as printed on the cover. What is absent is not printed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// A phone number as people write it.
    #[schema(value_type = Option<CoverPhone>, example = "03 80 12 34 56")]
    pub phone: Option<String>,
    /// The page that says where vouchers are taken, without `https://`.
    #[schema(value_type = Option<CoverPage>, example = "www.exemple.fr/cheques")]
    pub web_page: Option<String>,
    /// A counter where people ask.
    #[schema(value_type = Option<CoverAddress>, example = "Maison France Services, 10 rue de la Gare, Semur-en-Auxois")]
    pub address: Option<String>,
}

#[derive(Debug)]
pub enum ContactRejection {
    Field {
        field: &'static str,
        /// In French.
        rule: String,
    },
}

impl From<ContactRejection> for Problem {
    fn from(rejection: ContactRejection) -> Self {
        match rejection {
            ContactRejection::Field { field, rule } => {
                Self::refused("paper-field", "Ce texte ne peut pas être imprimé.")
                    .detail(format!("« {field} » : {rule}"))
            }
        }
    }
}

impl Contact {
    /// Whether it helps a person who has no phone that goes online: a page alone does not.
    pub(crate) const fn reaches_somebody(&self) -> bool {
        self.phone.is_some() || self.address.is_some()
    }

    /// Trimmed, without the address's scheme, and within what the cover has room for.
    pub fn checked(&self) -> Result<Self, ContactRejection> {
        let text = |field, value: &Option<String>, chars_max: usize| {
            let value = value.as_deref().map(str::trim).filter(|value| !value.is_empty());
            let broken = |rule| Err(ContactRejection::Field { field, rule });
            match value {
                Some(value) if value.chars().count() > chars_max => broken(format!(
                    "{chars_max} caractères au plus, pour tenir sur la couverture en grands caractères."
                )),
                Some(value) if value.chars().any(char::is_control) => broken("une seule ligne de texte.".to_owned()),
                value => Ok(value.map(str::to_owned)),
            }
        };
        let phone = text("phone", &self.phone, CoverPhone::CHARS_MAX)?;
        let number = |phone: &str| {
            CoverPhone::fits(phone) && phone.chars().filter(char::is_ascii_digit).count() >= PHONE_DIGITS_MIN
        };
        if phone.as_deref().is_some_and(|phone| !number(phone)) {
            let rule = "des chiffres et des espaces, par exemple « 03 80 12 34 56 ».".to_owned();
            return Err(ContactRejection::Field { field: "phone", rule });
        }
        let web_page = text("web_page", &self.web_page, CoverPage::CHARS_MAX)?.map(|page| {
            let short = page.strip_prefix("https://").or_else(|| page.strip_prefix("http://"));
            short.unwrap_or(&page).trim_end_matches('/').to_owned()
        });
        if web_page
            .as_deref()
            .is_some_and(|page| page.contains(char::is_whitespace) || !page.contains('.'))
        {
            let rule = "l'adresse d'une page, par exemple « www.exemple.fr/cheques ».".to_owned();
            return Err(ContactRejection::Field {
                field: "web_page",
                rule,
            });
        }
        let address = text("address", &self.address, CoverAddress::CHARS_MAX)?;
        Ok(Self {
            phone,
            web_page,
            address,
        })
    }
}

/// Keeps the contact in place of the one before; it is [`Contact::checked`]. The same one again changes nothing.
pub(crate) async fn put(
    tx: &mut PgTransaction<'_>,
    who: &Caller,
    programme: ProgrammeId,
    contact: &Contact,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let changed = sqlx::query!(
        "insert into issuer.paper (book_id, phone, web_page, address, changed_at) values ($1, $2, $3, $4, $5)
         on conflict (book_id) do update
         set phone = excluded.phone, web_page = excluded.web_page, address = excluded.address, changed_at = excluded.changed_at
         where (paper.phone, paper.web_page, paper.address) is distinct from (excluded.phone, excluded.web_page, excluded.address)",
        programme.uuid(),
        contact.phone,
        contact.web_page,
        contact.address,
        at,
    )
    .execute(&mut **tx)
    .await?;
    if changed.rows_affected() == 1 {
        audit(tx, who, at, "paper.change", Some(programme.uuid()), ()).await?;
    }
    Ok(())
}

/// The contact of a programme; empty when none was given.
pub(crate) async fn contact(db: &mut PgConnection, programme: ProgrammeId) -> Result<Contact, sqlx::Error> {
    let row = sqlx::query_as!(
        Contact,
        "select phone, web_page, address from issuer.paper where book_id = $1",
        programme.uuid()
    );
    Ok(row.fetch_optional(db).await?.unwrap_or_default())
}

/// All that the paper of a programme shows, beside the vouchers.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub contact: Contact,
    pub partners: Vec<Partner>,
    pub logos: LogoInk,
    /// What the QR codes lead to.
    pub host: Host,
}

/// Reads the settings with the funders of this plan.
pub(crate) async fn settings(
    db: &mut PgConnection,
    programme: &Programme,
    plan: Option<PlanId>,
    ink: LogoInk,
    host: &Host,
) -> Result<Settings, sqlx::Error> {
    let organisations = partners(db, programme, plan).await?;
    let ids: Vec<uuid::Uuid> = organisations.iter().map(|organisation| organisation.uuid()).collect();
    let names = sqlx::query!(
        r#"select id as "id: OrganisationId", name from access.organisation where id = any($1)"#,
        &ids
    )
    .fetch_all(&mut *db)
    .await?;
    let mut logos = logos::of_organisations(&mut *db, programme.id, &organisations).await?;
    let partners = organisations.iter().filter_map(|organisation| {
        let name = names.iter().find(|row| row.id == *organisation)?.name.clone();
        let place = logos.iter().position(|(of, _)| of == organisation);
        let logo = place.map(|place| logos.swap_remove(place).1);
        Some(Partner { name, logo })
    });
    let partners = partners.collect();
    Ok(Settings {
        contact: contact(db, programme.id).await?,
        partners,
        logos: ink,
        host: host.clone(),
    })
}

/// The settings that this [digest](Settings::digest) is of, while they are still what they were.
pub(crate) async fn of_digest(
    db: &mut PgConnection,
    programme: &Programme,
    plan: Option<PlanId>,
    format: PaperFormat,
    digest: &[u8],
    host: &Host,
) -> Result<Option<Settings>, sqlx::Error> {
    let settings = settings(db, programme, plan, LogoInk::Grey, host).await?;
    let inks = [LogoInk::Grey, LogoInk::Colour].map(|logos| Settings {
        logos,
        ..settings.clone()
    });
    Ok(inks
        .into_iter()
        .find(|settings| settings.digest(programme, format) == *digest))
}

/// The sponsor, then the funders in the order of the plan, each once.
pub(crate) async fn partners(
    db: &mut PgConnection,
    programme: &Programme,
    plan: Option<PlanId>,
) -> Result<Vec<OrganisationId>, sqlx::Error> {
    let mut organisations = vec![programme.sponsor_id];
    if let Some(plan) = plan
        && let Some(plan) = catalogue::plan(db, plan).await?
    {
        for share in plan.shares {
            if !organisations.contains(&share.funder_id) {
                organisations.push(share.funder_id);
            }
        }
    }
    Ok(organisations)
}

impl Settings {
    /// SHA-256 of all that is the same on every page: two equal ones print the same.
    pub(crate) fn digest(&self, programme: &Programme, format: PaperFormat) -> [u8; 32] {
        let mut digest = Sha256::new();
        let mut add = |part: &[u8]| {
            digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            digest.update(part);
        };
        add(&LAYOUT_VERSION.to_be_bytes());
        add(format.word().as_bytes());
        add(self.host.as_str().as_bytes());
        add(programme.name.as_bytes());
        add(&programme.face_value.get().to_be_bytes());
        add(programme.printed_day.to_string().as_bytes());
        add(&programme.booklet_size.to_be_bytes());
        for text in [&self.contact.phone, &self.contact.web_page, &self.contact.address] {
            add(&[u8::from(text.is_some())]);
            add(text.as_deref().unwrap_or_default().as_bytes());
        }
        for partner in &self.partners {
            add(partner.name.as_bytes());
            add(partner
                .logo
                .as_ref()
                .map(|logo| logo.png.as_slice())
                .unwrap_or_default());
        }
        if self.logos == LogoInk::Colour && self.partners.iter().any(|partner| partner.logo.is_some()) {
            add(b"colour");
        }
        digest.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_tidied_or_refused_with_the_field() {
        let given = |phone: &str, page: &str, address: &str| Contact {
            phone: Some(phone.to_owned()),
            web_page: Some(page.to_owned()),
            address: Some(address.to_owned()),
        };
        let tidy = given(" 03 80 12 34 56 ", "https://www.exemple.fr/", " ")
            .checked()
            .unwrap();
        assert_eq!(
            tidy,
            Contact {
                address: None,
                ..given("03 80 12 34 56", "www.exemple.fr", "")
            }
        );
        for (contact, wrong) in [
            (given("appelez-nous", "a.fr", ""), "phone"),
            (given("(-)", "a.fr", ""), "phone"),
            (given("", "pas une page", ""), "web_page"),
            (given("", "", &"x".repeat(121)), "address"),
            (given("", "", "deux\nlignes"), "address"),
        ] {
            assert!(matches!(contact.checked(), Err(ContactRejection::Field { field, .. }) if field == wrong));
        }
    }
}
