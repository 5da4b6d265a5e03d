//! Step 3: conventions and plans, order, mint, print; the batch is refused while the money is not there.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use standards::Cents;
use uuid::Uuid;

use crate::calendar::morning;
use crate::steps::organisations::SPONSOR_FUNDER;
use crate::story::{Demo, Funder, Programme, id, load_statement};

/// Spare booklets of an order: for replacements, and some that stay in the drawer.
const SPARE_PERCENT: u32 = 4;
const SPARE_MIN: u32 = 3;

/// Smallest order of both programmes.
pub const BOOKLETS_MIN: u32 = 10;

/// Funders sign for a little more than the first order, in whole hundreds of euros.
const CONVENTION_PERCENT: i64 = 110;
const CONVENTION_STEP_CENTS: i64 = 10_000;

/// Face value of a booklet: 10 × 10 €.
const BOOKLET_CENTS: i64 = 10_000;

pub async fn finance(demo: &mut Demo, pdf: &mut Vec<u8>) -> anyhow::Result<()> {
    create_funders(demo).await?;
    for mut programme in [demo.main.clone(), demo.short.clone()] {
        programme.booklets += (programme.booklets * SPARE_PERCENT / 100).max(SPARE_MIN);
        programme.booklets = programme.booklets.max(BOOKLETS_MIN);
        sign(demo, &programme).await?;
        plan_and_order(demo, &mut programme).await?;
        if programme.id == demo.main.id {
            demo.main = programme;
        } else {
            demo.short = programme;
        }
    }
    print(demo, pdf).await?;
    let programmes = [demo.main.clone(), demo.short.clone()];
    for programme in &programmes {
        refused_while_short(demo, programme).await?;
    }
    let calls = call_for_funds(demo, &programmes).await?;
    money_arrives(demo, &calls).await?;
    for programme in &programmes {
        let _: Value = demo
            .sponsor
            .post(&batch_path(programme, "/funding"), &json!({}))
            .await?;
        demo.progress.say(format!("« {} » : lot financé", programme.name));
    }
    let _: Value = demo
        .sponsor
        .post(&batch_path(&demo.short, "/activation"), &json!({}))
        .await?;
    demo.progress.say(format!(
        "« {} » : lot activé d'un coup, comme dans l'ancien dispositif",
        demo.short.name
    ));
    Ok(())
}

pub fn batch_path(programme: &Programme, rest: &str) -> String {
    format!(
        "/issuer/v1/programmes/{}/batches/{}{rest}",
        programme.id, programme.batch
    )
}

async fn create_funders(demo: &mut Demo) -> anyhow::Result<()> {
    let funders = [
        ("État (stratégie nationale)", "987690021", "FR7630006006119999000001109"),
        (SPONSOR_FUNDER.0, SPONSOR_FUNDER.1, "FR7630006006119999000002176"),
        ("Fondation Lien et Savoirs", "987690039", "FR7630006006119999000003146"),
    ];
    for (name, siren, iban) in funders {
        let funder_id = id(name);
        let body = json!({"id": funder_id, "siren": siren, "name": name, "iban": iban, "bic": "AGRIFRPPXXX"});
        let _: Value = demo.operator.post("/funding/v1/funders", &body).await?;
        demo.funders.push(Funder {
            id: funder_id,
            name,
            iban,
        });
    }
    Ok(())
}

async fn plan_and_order(demo: &Demo, programme: &mut Programme) -> anyhow::Result<()> {
    let shares: Vec<_> = demo
        .funders
        .iter()
        .zip(programme.rates)
        .map(|(funder, rate)| json!({"funder_id": funder.id, "rate": rate}))
        .collect();
    let plan = json!({"id": id(&format!("plan {}", programme.name)), "shares": shares});
    let _: Value = demo
        .sponsor
        .post(&format!("/funding/v1/programmes/{}/plans", programme.id), &plan)
        .await?;
    let order = json!({"id": programme.batch, "booklets": programme.booklets});
    let _: Value = demo
        .sponsor
        .post(&format!("/issuer/v1/programmes/{}/orders", programme.id), &order)
        .await?;
    let _: Value = demo.sponsor.post(&batch_path(programme, "/mint"), &json!({})).await?;
    // This site answers on this machine only, and its vouchers with it: said by name, or nothing is printed.
    let csv = demo
        .sponsor
        .file(&batch_path(programme, "/vouchers.csv?accept=local_host"))
        .await?;
    programme.vouchers = csv::Reader::from_reader(csv.as_slice())
        .deserialize()
        .collect::<Result<_, _>>()?;
    demo.progress.say(format!(
        "« {} » : {} carnets commandés, {} chèques émis, plan {}",
        programme.name,
        programme.booklets,
        programme.vouchers.len(),
        programme.rates.map(percent).join(" / "),
    ));
    Ok(())
}

/// `0.3339` as people say it: `33,39 %`.
fn percent(rate: &str) -> String {
    let rate: Decimal = rate.parse().unwrap_or_default();
    format!(
        "{} %",
        (rate * Decimal::ONE_HUNDRED).normalize().to_string().replace('.', ",")
    )
}

/// Booklets of one PDF, for the issuer; the rest of a larger batch would be printed in parts.
const PRINT_BOOKLETS_MAX: u32 = 480;

async fn print(demo: &Demo, pdf: &mut Vec<u8>) -> anyhow::Result<()> {
    let part = |programme: &Programme| {
        let to = programme.booklets.min(PRINT_BOOKLETS_MAX);
        json!({"programme_id": programme.id, "batch_id": programme.batch, "from": 1, "to": to})
    };
    // Where people ask who have no phone: without it nothing is printed.
    let contact = json!({"phone": "03 80 00 00 00", "address": "Maison France Services, 10 rue de la Gare, 21140 Semur-en-Auxois"});
    for programme in [&demo.main, &demo.short] {
        let path = format!("/issuer/v1/programmes/{}/paper", programme.id);
        let _: Value = demo.sponsor.put(&path, &contact).await?;
    }
    let run = json!({"parts": [part(&demo.main), part(&demo.short)], "accept": ["local_host"]});
    *pdf = demo.sponsor.post_for_file("/issuer/v1/print-runs", &run).await?;
    let printed = demo.main.booklets.min(PRINT_BOOKLETS_MAX) + demo.short.booklets;
    let left = demo.main.booklets.saturating_sub(PRINT_BOOKLETS_MAX);
    let rest = if left > 0 {
        format!(" (les {left} autres s'impriment par parties)")
    } else {
        String::new()
    };
    demo.progress.say(format!(
        "{printed} carnets imprimés dans un PDF de {} Kio{rest}",
        pdf.len() / 1024
    ));
    Ok(())
}

async fn refused_while_short(demo: &mut Demo, programme: &Programme) -> anyhow::Result<()> {
    let answer = demo
        .sponsor
        .post::<Value>(&batch_path(programme, "/funding"), &json!({}))
        .await;
    let refusal = demo.must_refuse(answer, "not-funded")?;
    demo.progress.say(format!("« {} » : {refusal:#}", programme.name));
    Ok(())
}

async fn sign(demo: &Demo, programme: &Programme) -> anyhow::Result<()> {
    for (funder, rate) in demo.funders.iter().zip(programme.rates) {
        let convention = json!({
            "id": convention_id(programme, funder), "funder_id": funder.id, "programme_id": programme.id,
            "amount": convention_amount(programme, rate)?, "signed_on": demo.story.first_day,
            "starts_on": demo.story.first_day, "ends_on": programme.last_day,
        });
        let _: Value = demo.operator.post("/funding/v1/conventions", &convention).await?;
    }
    demo.progress.say(format!(
        "« {} » : {} conventions signées",
        programme.name,
        demo.funders.len()
    ));
    Ok(())
}

fn convention_id(programme: &Programme, funder: &Funder) -> Uuid {
    id(&format!("convention {} {}", programme.name, funder.name))
}

/// What a funder owes for a programme.
struct Call {
    funder: Funder,
    programme: Uuid,
    amount: Cents,
    reference: String,
}

async fn call_for_funds(demo: &Demo, programmes: &[Programme]) -> anyhow::Result<Vec<Call>> {
    let mut calls = Vec::new();
    for programme in programmes {
        for (funder, rate) in demo.funders.iter().zip(programme.rates) {
            let amount = convention_amount(programme, rate)?;
            let call = json!({
                "id": id(&format!("appel {} {}", programme.name, funder.name)),
                "convention_id": convention_id(programme, funder), "amount": amount, "due_on": demo.story.money(),
            });
            let made: Value = demo.operator.post("/funding/v1/calls", &call).await?;
            let reference = made["reference"].as_str().unwrap_or_default().to_owned();
            calls.push(Call {
                funder: funder.clone(),
                programme: programme.id,
                amount,
                reference,
            });
        }
    }
    Ok(calls)
}

fn convention_amount(programme: &Programme, rate: &str) -> anyhow::Result<Cents> {
    let rate: Decimal = rate.parse()?;
    let face_values = i64::from(programme.booklets) * BOOKLET_CENTS;
    let exact = Decimal::from(face_values * CONVENTION_PERCENT / 100) * rate;
    let steps = (exact / Decimal::from(CONVENTION_STEP_CENTS)).ceil();
    Ok(Cents::new(i64::try_from(steps)? * CONVENTION_STEP_CENTS))
}

async fn money_arrives(demo: &mut Demo, calls: &[Call]) -> anyhow::Result<()> {
    let day = demo.story.money();
    demo.go_to(day, 0);
    for call in calls {
        demo.bank.receive(
            call.funder.name,
            call.funder.iban,
            call.amount,
            &format!("Appel de fonds {}", call.reference),
        )?;
    }
    let xml = demo.bank.statement(day, morning(day, 0))?;
    let statement = load_statement(demo, "relevé versements", xml).await?;
    anyhow::ensure!(
        statement["unexplained"] == 0,
        "des lignes du relevé restent inexpliquées : {statement}"
    );
    for call in calls {
        let allocation = json!({
            "id": id(&format!("affectation {}", call.reference)), "funder_id": call.funder.id,
            "programme_id": call.programme, "amount": call.amount,
        });
        let _: Value = demo.operator.post("/funding/v1/allocations", &allocation).await?;
    }
    let total = Cents::try_sum(calls.iter().map(|call| call.amount)).unwrap_or(Cents::ZERO);
    demo.progress.say(format!(
        "{} versements reçus sur le relevé et affectés : {}",
        calls.len(),
        total.to_french()
    ));
    Ok(())
}
