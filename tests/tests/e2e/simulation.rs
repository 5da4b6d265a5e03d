//! Random simulations of a fund through the services' own interfaces: REST requests by everybody concerned, bank files that the
//! test writes as its bank would, and a small oracle in the business's words. What the oracle says must be refused is refused, for
//! its reason; a request that is repeated gets the same answer and changes nothing; another under the same id is refused. The
//! report, the structures' accounts, the breaks, the states of vouchers and every invariant are the oracle's all along.

mod actors;
mod bank;
mod batches;
mod breaks;
mod check;
mod claims;
mod end;
mod fund;
mod line;
mod movements;
mod promises;
mod sending;
mod settling;
mod shares;

use std::collections::BTreeMap;

use sqlx::PgPool;
use standards::Cents;

use actors::Simulation;

/// A simulation's acts; each is one or a few requests.
const ACTS: u32 = 320;
/// Acts after which all that the services show is compared with the oracle; the report is, after each.
const ACTS_PER_CHECK: u32 = 4;

fn euros(cents: i64) -> String {
    Cents::new(cents).to_string()
}

type Seen = BTreeMap<&'static str, [u32; 2]>;

async fn simulate(pool: PgPool, seed: u64) -> (Seen, u32) {
    let mut simulation = Simulation::begins(pool, seed).await;
    simulation.has_money().await;
    for act in 1..=ACTS {
        simulation.ticks();
        let before = simulation.requests;
        simulation.acts().await;
        if simulation.requests > before {
            simulation.checks_the_report().await;
        }
        if act % ACTS_PER_CHECK == 0 {
            simulation.checks().await;
        }
    }
    simulation.reconciles().await;
    simulation.checks().await;
    (simulation.seen, simulation.requests)
}

impl Simulation {
    /// Something happens, or nothing yet could.
    async fn acts(&mut self) {
        match self.pick(100) {
            0..8 => self.time_passes().await,
            8..11 => self.calls_for_funds().await,
            11..22 => self.statement().await,
            22..24 => self.accepts_a_mandate().await,
            24 => self.cancels_a_mandate().await,
            25..29 => self.allocates().await,
            29..31 => self.agrees_a_plan().await,
            31..35 => self.orders().await,
            35..40 => self.funds_a_batch().await,
            40..43 => self.activates_a_batch().await,
            43..50 => self.hands_over().await,
            50..52 => self.revokes().await,
            52 => self.cancels_a_batch().await,
            53..66 => self.claims().await,
            66..71 => self.reverses().await,
            71..75 => self.settles().await,
            75..77 => self.approves().await,
            77 => self.rejects().await,
            78..82 => self.sends_a_file().await,
            82 => self.bank_rejects().await,
            83 => self.sets_the_approval_amount().await,
            84 => self.gives_bank_details().await,
            85..87 => self.explains().await,
            87 => self.closes_a_break().await,
            88 => self.sets_the_tolerance().await,
            89 => self.invoices_its_fee().await,
            90..92 => self.refunds().await,
            92 => self.trues_up().await,
            93 => self.closes_a_month().await,
            94 => self.reconciles().await,
            95 => self.refunds_free_money().await,
            _ => self.retries().await,
        }
    }
}

#[testkit::test]
async fn a_simulation_of_the_fund_through_its_interfaces_is_what_the_oracle_says(pool: PgPool) {
    Box::pin(simulate(pool, 7)).await;
}

/// `SIMULATION_SEEDS=100 cargo test -p e2e --test e2e many_simulations -- --ignored --nocapture`
#[testkit::test]
#[ignore = "as long as one likes"]
async fn many_simulations_through_the_interfaces_are_what_the_oracle_says(_: PgPool) {
    let seeds: u64 = std::env::var("SIMULATION_SEEDS").map_or(10, |seeds| seeds.parse().expect("a number"));
    let first: u64 = std::env::var("SIMULATION_FIRST").map_or(100, |first| first.parse().expect("a number"));
    let mut all = Seen::new();
    for seed in first..first + seeds {
        let database = testkit::Database::new().await;
        let began = std::time::Instant::now();
        let (seen, requests) = Box::pin(simulate(database.pool(), seed)).await;
        println!("seed {seed}: {requests} requests in {} s", began.elapsed().as_secs());
        for (what, counts) in seen {
            let sum = all.entry(what).or_default();
            *sum = [sum[0] + counts[0], sum[1] + counts[1]];
        }
    }
    println!("[answered, refused] {all:#?}");
}
