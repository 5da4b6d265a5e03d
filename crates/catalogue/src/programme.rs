use access::OrganisationId;
use bounds::{AmountKind, Name, NumberKind, TextKind};
use chrono::{DateTime, Days, NaiveDate, Utc};
use database::{Rejection, UseCaseError};
use sealed_log::BookId;
use serde::{Deserialize, Serialize};
use sqlx::{PgPool, PgTransaction};
use standards::Cents;
use standards::cog::Territory;
use utoipa::ToSchema;
use web::{Created, Problem};

ids::id_type! {
    /// A programme (dispositif): one sponsor, one territory, one kind of voucher.
    pub struct ProgrammeId;
}

impl ProgrammeId {
    /// Its book: every row that grows with its vouchers carries this id first.
    #[must_use]
    pub const fn book(self) -> BookId {
        BookId::from_uuid(self.uuid())
    }
}

impl From<BookId> for ProgrammeId {
    fn from(book: BookId) -> Self {
        Self::from_uuid(book.uuid())
    }
}

/// When reserved money becomes vouchers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Spendable {
    /// A whole batch at its activation, as the historic scheme did.
    Batch,
    /// Each booklet at its hand-over: stolen stock is worth nothing.
    HandOver,
}

impl Spendable {
    const fn word(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::HandOver => "hand_over",
        }
    }
}

/// Days after the printed date during which structures may still claim, unless the programme says otherwise.
const TOLERANCE_DAYS: u16 = 31;

bounds::amount_kind! {
    /// What one voucher is worth: the token holds it in 16 bits.
    pub struct FaceValue: 1..=65_535;
}

bounds::number_kind! {
    /// Booklets in a programme's limits: 31 bits, as every count of booklets.
    pub struct BookletsLimit: 1..=i32::MAX as i64;
    /// Days of tolerance after the printed date.
    pub struct ToleranceDays: 0..=u16::MAX as i64;
}

/// A programme to be created.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProgramme {
    /// Made by the caller.
    pub id: ProgrammeId,
    /// As printed on the booklet.
    #[schema(value_type = Name, example = "Chèque culture numérique de Côte-d'Or 2026")]
    pub name: String,
    /// COG: a commune (`21231`), a département (`21`), a région (`R27`) or `FR`.
    pub territory: Territory,
    /// Value of one voucher.
    #[schema(value_type = FaceValue)]
    pub face_value: Cents,
    /// Vouchers in a booklet: 5 or 10.
    pub booklet_size: u16,
    /// When vouchers gain their value.
    pub spendable: Spendable,
    /// Last day printed on the paper (Europe/Paris).
    pub printed_day: NaiveDate,
    /// Days of tolerance after it; 31 when absent.
    #[schema(value_type = Option<ToleranceDays>)]
    pub tolerance_days: Option<u16>,
    /// Smallest order, in booklets.
    #[schema(value_type = BookletsLimit)]
    pub booklets_min: u32,
    /// Most booklets for one person.
    #[schema(value_type = BookletsLimit)]
    pub booklets_per_person_max: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Programme {
    /// Its id, also its book's.
    pub id: ProgrammeId,
    pub sponsor_id: OrganisationId,
    /// As printed on the booklet.
    pub name: String,
    /// COG code.
    pub territory: String,
    /// Value of one voucher.
    pub face_value: Cents,
    /// Vouchers in a booklet.
    pub booklet_size: u16,
    /// When vouchers gain their value.
    pub spendable: Spendable,
    /// Last day printed on the paper.
    pub printed_day: NaiveDate,
    /// Last day accepted.
    pub last_day: NaiveDate,
    /// Smallest order, in booklets.
    pub booklets_min: u32,
    /// Most booklets for one person.
    pub booklets_per_person_max: u32,
}

#[derive(Debug)]
pub enum CreateRejection {
    Field {
        field: &'static str,
        /// In French.
        rule: String,
    },
}

impl Rejection for CreateRejection {}

impl From<CreateRejection> for Problem {
    fn from(rejection: CreateRejection) -> Self {
        match rejection {
            CreateRejection::Field { field, rule } => {
                Self::refused("programme-field", "Ce dispositif ne peut pas être créé.")
                    .detail(format!("« {field} » : {rule}"))
            }
        }
    }
}

impl NewProgramme {
    fn checked(&self, sponsor: OrganisationId) -> Result<Programme, CreateRejection> {
        let broken = |field, rule: &str| CreateRejection::Field {
            field,
            rule: rule.to_owned(),
        };
        if self.id.book().is_fund() {
            return Err(broken("id", "cet identifiant est celui du fonds ; prenez-en un autre."));
        }
        if !Name::fits(&self.name) {
            let rule = format!(
                "donnez un nom, il sera imprimé sur le carnet : une ligne de {} caractères au plus.",
                Name::CHARS_MAX
            );
            return Err(broken("name", &rule));
        }
        if !FaceValue::fits(self.face_value) {
            return Err(broken("face_value", &format!("{}.", FaceValue::range())));
        }
        if !matches!(self.booklet_size, 5 | 10) {
            return Err(broken("booklet_size", "5 ou 10 chèques par carnet."));
        }
        let limits = [
            ("booklets_min", self.booklets_min),
            ("booklets_per_person_max", self.booklets_per_person_max),
        ];
        if let Some((field, _)) = limits.iter().find(|(_, booklets)| !BookletsLimit::fits(*booklets)) {
            return Err(broken(field, &format!("entre 1 et {}.", BookletsLimit::MAX)));
        }
        let tolerance = Days::new(self.tolerance_days.unwrap_or(TOLERANCE_DAYS).into());
        let last_day = self
            .printed_day
            .checked_add_days(tolerance)
            .filter(|day| standards::calendar::token_day(*day).is_some())
            .ok_or_else(|| broken("printed_day", "une date entre 2020 et 2199."))?;
        Ok(Programme {
            id: self.id,
            sponsor_id: sponsor,
            name: self.name.trim().to_owned(),
            territory: self.territory.to_string(),
            face_value: self.face_value,
            booklet_size: self.booklet_size,
            spendable: self.spendable,
            printed_day: self.printed_day,
            last_day,
            booklets_min: self.booklets_min,
            booklets_per_person_max: self.booklets_per_person_max,
        })
    }
}

/// Creates a programme, or finds that it was created before with the same content.
pub async fn create(
    tx: &mut PgTransaction<'_>,
    sponsor: OrganisationId,
    new: &NewProgramme,
    at: DateTime<Utc>,
) -> Result<Created<Programme>, UseCaseError<CreateRejection>> {
    let wanted = new.checked(sponsor)?;
    let checked = "BookletsLimit is checked";
    let inserted = sqlx::query!(
        "insert into catalogue.programme (id, sponsor_id, name, territory, face_value_cents, booklet_size, spendable,
             printed_day, last_day, booklets_min, booklets_per_person_max, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         on conflict (id) do nothing",
        wanted.id.uuid(),
        wanted.sponsor_id.uuid(),
        wanted.name,
        wanted.territory,
        wanted.face_value.get(),
        i32::from(wanted.booklet_size),
        wanted.spendable.word(),
        wanted.printed_day,
        wanted.last_day,
        i32::try_from(wanted.booklets_min).expect(checked),
        i32::try_from(wanted.booklets_per_person_max).expect(checked),
        at,
    )
    .execute(&mut **tx)
    .await?
    .rows_affected()
        == 1;
    if inserted {
        return Ok(Created::New(wanted));
    }
    match read(&mut **tx, Some(wanted.id)).await?.pop() {
        Some(known) if known == wanted => Ok(Created::Existing(known)),
        _ => Err(UseCaseError::IdReused),
    }
}

/// The programme of this id.
pub async fn programme(db: impl sqlx::PgExecutor<'_>, id: ProgrammeId) -> Result<Option<Programme>, sqlx::Error> {
    Ok(read(db, Some(id)).await?.pop())
}

/// All programmes, in order of creation.
pub async fn programmes(pool: &PgPool) -> Result<Vec<Programme>, sqlx::Error> {
    read(pool, None).await
}

async fn read(db: impl sqlx::PgExecutor<'_>, id: Option<ProgrammeId>) -> Result<Vec<Programme>, sqlx::Error> {
    let rows = sqlx::query!(
        "select id, sponsor_id, name, territory, face_value_cents, booklet_size, spendable, printed_day, last_day,
             booklets_min, booklets_per_person_max
         from catalogue.programme where $1::uuid is null or id = $1 order by created_at, id",
        id.map(ProgrammeId::uuid),
    )
    .fetch_all(db)
    .await?;
    let kept = "the constraints of catalogue.programme keep it in range";
    Ok(rows
        .into_iter()
        .map(|row| Programme {
            id: ProgrammeId::from_uuid(row.id),
            sponsor_id: OrganisationId::from_uuid(row.sponsor_id),
            name: row.name,
            territory: row.territory,
            face_value: Cents::new(row.face_value_cents),
            booklet_size: u16::try_from(row.booklet_size).expect(kept),
            spendable: if row.spendable == Spendable::Batch.word() {
                Spendable::Batch
            } else {
                Spendable::HandOver
            },
            printed_day: row.printed_day,
            last_day: row.last_day,
            booklets_min: u32::try_from(row.booklets_min).expect(kept),
            booklets_per_person_max: u32::try_from(row.booklets_per_person_max).expect(kept),
        })
        .collect())
}

/// Whether there is such a programme.
pub(crate) async fn exists(tx: &mut PgTransaction<'_>, id: ProgrammeId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from catalogue.programme where id = $1) as "known!""#,
        id.uuid()
    )
    .fetch_one(&mut **tx)
    .await
}
