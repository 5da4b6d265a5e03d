//! Programmes, series and plans, under the roles that may write them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in its helpers")]

use access::OrganisationId;
use catalogue::{
    CreatePlanRejection, CreateRejection, NewPlan, NewProgramme, NewShare, PlanId, ProgrammeId, Spendable,
};
use chrono::{DateTime, Utc};
use database::Role;
use database::UseCaseError::{self, Rejected};
use sqlx::PgPool;
use standards::Cents;
use testkit::as_role;
use uuid::Uuid;
use web::Created;

fn at() -> DateTime<Utc> {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn programme(n: u128) -> NewProgramme {
    NewProgramme {
        id: ProgrammeId::from_uuid(uuid(n)),
        name: "Chèque culture numérique de Côte-d'Or".to_owned(),
        territory: "21".parse().unwrap(),
        face_value: Cents::new(1_000),
        booklet_size: 10,
        spendable: Spendable::HandOver,
        printed_day: "2026-12-31".parse().unwrap(),
        tolerance_days: None,
        booklets_min: 10,
        booklets_per_person_max: 2,
    }
}

async fn create(
    pool: &PgPool,
    new: &NewProgramme,
) -> Result<Created<catalogue::Programme>, UseCaseError<CreateRejection>> {
    let mut tx = pool.begin().await.unwrap();
    let made = catalogue::create(&mut tx, OrganisationId::from_uuid(uuid(7)), new, at()).await;
    tx.commit().await.unwrap();
    made
}

#[testkit::test]
async fn a_programme_accepts_its_vouchers_31_days_longer_than_its_paper_says(pool: PgPool) {
    let issuer = as_role(&pool, Role::Issuer, 4).await;
    let made = create(&issuer, &programme(1)).await.unwrap();
    assert!(matches!(made, Created::New(ref made) if made.last_day.to_string() == "2027-01-31"));
    assert!(matches!(create(&issuer, &programme(1)).await, Ok(Created::Existing(_))));
    let other = NewProgramme {
        booklets_min: 11,
        ..programme(1)
    };
    assert!(matches!(create(&issuer, &other).await, Err(UseCaseError::IdReused)));
}

#[testkit::test]
async fn a_programme_that_paper_or_token_cannot_hold_is_refused_by_field(pool: PgPool) {
    let issuer = as_role(&pool, Role::Issuer, 4).await;
    let broken = [
        (
            "id",
            NewProgramme {
                id: sealed_log::BookId::fund().into(),
                ..programme(1)
            },
        ),
        (
            "booklets_min",
            NewProgramme {
                booklets_min: 1 << 31,
                ..programme(1)
            },
        ),
        (
            "booklets_per_person_max",
            NewProgramme {
                booklets_per_person_max: u32::MAX,
                ..programme(1)
            },
        ),
        (
            "booklets_per_person_max",
            NewProgramme {
                booklets_per_person_max: 0,
                ..programme(1)
            },
        ),
        (
            "name",
            NewProgramme {
                name: "  ".to_owned(),
                ..programme(1)
            },
        ),
        (
            "face_value",
            NewProgramme {
                face_value: Cents::new(65_536),
                ..programme(1)
            },
        ),
        (
            "face_value",
            NewProgramme {
                face_value: Cents::ZERO,
                ..programme(1)
            },
        ),
        (
            "booklet_size",
            NewProgramme {
                booklet_size: 7,
                ..programme(1)
            },
        ),
        (
            "printed_day",
            NewProgramme {
                printed_day: "2200-01-01".parse().unwrap(),
                ..programme(1)
            },
        ),
        (
            "printed_day",
            NewProgramme {
                printed_day: "2019-01-01".parse().unwrap(),
                ..programme(1)
            },
        ),
    ];
    for (wanted, new) in broken {
        match create(&issuer, &new).await {
            Err(Rejected(CreateRejection::Field { field, .. })) => assert_eq!(field, wanted),
            other => panic!("{wanted}: {other:?}"),
        }
    }
}

#[testkit::test]
async fn programmes_created_at_once_get_series_of_their_own(pool: PgPool) {
    let issuer = as_role(&pool, Role::Issuer, 4).await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 1..=12 {
        let issuer = issuer.clone();
        tasks.spawn(async move {
            let new = programme(n);
            create(&issuer, &new).await.unwrap();
            let mut series = Vec::new();
            for _ in 0..2 {
                let mut tx = issuer.begin().await.unwrap();
                series.push(catalogue::open_series(&mut tx, new.id, at()).await.unwrap());
                tx.commit().await.unwrap();
            }
            assert_eq!(series[0], series[1], "opening again finds the same");
            assert_eq!(
                catalogue::programme_of_series(&issuer, series[0]).await.unwrap(),
                Some(new.id)
            );
            series[0]
        });
    }
    let mut series = tasks.join_all().await;
    series.sort_unstable();
    assert_eq!(series, (1..=12).collect::<Vec<u16>>());
}

fn plan(n: u128, rates: &[&str]) -> NewPlan {
    let share =
        |(funder, rate): (u128, &&str)| NewShare::new(OrganisationId::from_uuid(uuid(funder)), rate.parse().unwrap());
    NewPlan {
        id: PlanId::from_uuid(uuid(n)),
        shares: (100..).zip(rates).map(share).collect(),
    }
}

#[testkit::test]
async fn plans_are_versions_and_only_whole_ones_are_agreed(pool: PgPool) {
    let (issuer, funding) = (
        as_role(&pool, Role::Issuer, 4).await,
        as_role(&pool, Role::Funding, 4).await,
    );
    let new = programme(1);
    create(&issuer, &new).await.unwrap();
    let mut tx = funding.begin().await.unwrap();
    let agree = async |tx: &mut sqlx::PgTransaction<'static>, plan: NewPlan| {
        catalogue::create_plan(tx, new.id, &plan, at()).await
    };

    let first = agree(&mut tx, plan(1, &["0.35", "0.50", "0.15"])).await.unwrap();
    assert!(matches!(first, Created::New(ref view) if view.version == 1));
    let again = agree(&mut tx, plan(1, &["0.350", "0.5", "0.15"])).await.unwrap();
    assert_eq!(
        again,
        Created::Existing(first.into_inner()),
        "0.50 and 0.5 are the same rate"
    );
    assert!(matches!(
        agree(&mut tx, plan(1, &["0.5", "0.5"])).await,
        Err(UseCaseError::IdReused)
    ));
    let second = agree(&mut tx, plan(2, &["0.3339", "0.33305", "0.33305"]))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(second.version, 2);
    assert_eq!(catalogue::current_plan(&mut tx, new.id).await.unwrap(), Some(second));

    for rates in [
        &["0.5", "0.4"][..],
        &["0.9999", "0.0001"],
        &[],
        &["0.333333333", "0.666666667"],
    ] {
        assert!(agree(&mut tx, plan(3, rates)).await.is_err(), "{rates:?}");
    }
    // Another programme's versions are another act.
    drop(tx);
    let mut tx = funding.begin().await.unwrap();
    assert!(matches!(
        catalogue::create_plan(&mut tx, ProgrammeId::from_uuid(uuid(99)), &plan(3, &["1"]), at()).await,
        Err(Rejected(CreatePlanRejection::NoProgramme))
    ));
}

#[testkit::test]
async fn each_service_writes_only_what_is_its_own(pool: PgPool) {
    let issuer = as_role(&pool, Role::Issuer, 4).await;
    create(&issuer, &programme(1)).await.unwrap();
    for (role, statement) in [
        (Role::Redemption, "insert into catalogue.series values (9, $1, now())"),
        (Role::Funding, "insert into catalogue.series values (9, $1, now())"),
        (Role::Issuer, "insert into catalogue.plan values ($1, $1, 1, now())"),
        (
            Role::Issuer,
            "update catalogue.programme set face_value_cents = 2000 where id = $1",
        ),
        (Role::Audit, "select * from catalogue.programme where id = $1"),
    ] {
        let who = as_role(&pool, role, 4).await;
        let refused = sqlx::query(statement).bind(uuid(1)).execute(&who).await.unwrap_err();
        assert!(refused.to_string().contains("permission denied"), "{role:?}: {refused}");
    }
}
