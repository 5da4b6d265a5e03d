//! Every record has its transfers and every transfer its record: a full join for each kind of record, so that a missing,
//! an added and a changed one all show, even when the sums agree.

mod awaited;
mod invoices;
mod payments;
mod statements;

use sqlx::PgConnection;
use standards::Cents;

use crate::controls::invariants::InvariantView;

/// Both sums, and how many records differ from their transfers.
pub(super) struct Sides {
    pub left: Cents,
    pub right: Cents,
    pub mismatches: i64,
}

impl Sides {
    fn named(self, name: &str) -> InvariantView {
        let Self {
            left,
            right,
            mismatches,
        } = self;
        InvariantView {
            name: name.to_owned(),
            left,
            right,
            holds: mismatches == 0 && left == right,
        }
    }
}

pub(super) async fn check(connection: &mut PgConnection) -> Result<Vec<InvariantView>, sqlx::Error> {
    let mut all = vec![
        claims(&mut *connection)
            .await?
            .named("Encaissements acceptés = écritures d'encaissement"),
        reversals(&mut *connection)
            .await?
            .named("Encaissements annulés = écritures d'annulation"),
        activations(&mut *connection)
            .await?
            .named("Chèques remis ou lots activés = écritures d'activation"),
        allocations(&mut *connection)
            .await?
            .named("Affectations = écritures d'affectation"),
        payments::sent(&mut *connection)
            .await?
            .named("Virements préparés = écritures d'envoi"),
        payments::covered(&mut *connection)
            .await?
            .named("Virements aux structures = encaissements qu'ils couvrent"),
        payments::proven(&mut *connection)
            .await?
            .named("Lignes de contre-paiement = lignes du journal scellé"),
        payments::debited(&mut *connection)
            .await?
            .named("Virements vus au débit = écritures de paiement"),
        payments::returned(&mut *connection)
            .await?
            .named("Virements revenus = écritures de retour"),
        payments::rejected(&mut *connection)
            .await?
            .named("Virements rejetés avant débit = écritures de rejet"),
        payments::refunded(&mut *connection)
            .await?
            .named("Valeur rendue aux financeurs = écritures de restitution"),
        statements::contributions(&mut *connection)
            .await?
            .named("Versements reconnus au relevé = écritures de versement"),
        statements::unexplained(&mut *connection)
            .await?
            .named("Lignes de relevé non expliquées = écritures en attente"),
        statements::explained(&mut *connection)
            .await?
            .named("Lignes expliquées à la main = écritures d'explication"),
        statements::tolerated(&mut *connection)
            .await?
            .named("Débits au-delà de leur virement = écritures de frais"),
        statements::explained_whole(&mut *connection)
            .await?
            .named("Lignes expliquées ensemble = leurs parts"),
        statements::suspense(&mut *connection)
            .await?
            .named("Lignes qui attendent une explication, chacune avec son écart = compte d'attente"),
        statements::continuous(&mut *connection)
            .await?
            .named("Relevés : ouverture + lignes = clôture, sans trou"),
        invoices::numbered(&mut *connection)
            .await?
            .named("Factures et avoirs de l'opérateur = leur calcul, numéros sans trou"),
    ];
    all.extend(awaited::check(connection).await?);
    Ok(all)
}

async fn claims(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with booked as (
               select book_id, claim_id, sum(cents) as cents from ledger.claimed_voucher group by book_id, claim_id)
           select coalesce(sum(c.cents), 0)::bigint as "left!: Cents", coalesce(sum(b.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where c.cents is distinct from b.cents) as "mismatches!"
           from redemption.claim_status c full join booked b using (book_id, claim_id)"#
    )
    .fetch_one(connection)
    .await
}

async fn reversals(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with reversed as (
               select book_id, claim_id, cents from redemption.claim_status where reversed_at is not null
           ), booked as (
               select v.book_id, v.claim_id, sum(r.cents) as cents
               from ledger.claim_reversal r
               join ledger.claimed_voucher v on v.book_id = r.book_id and v.transfer_id = r.claim_transfer_id
               group by v.book_id, v.claim_id)
           select coalesce(sum(c.cents), 0)::bigint as "left!: Cents", coalesce(sum(b.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where c.cents is distinct from b.cents) as "mismatches!"
           from reversed c full join booked b using (book_id, claim_id)"#
    )
    .fetch_one(connection)
    .await
}

/// By batch. Of one that is activated whole, the issuer counts what each chunk opened: vouchers revoked before stay closed.
async fn activations(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with handed_over as (
               select book_id, batch_id, count(*) as vouchers from issuer.handed_over_voucher group by book_id, batch_id
           ), batch as (
               select b.book_id, b.batch_id,
                   case when p.spendable = 'hand_over' then coalesce(h.vouchers, 0) else b.activated_vouchers end
                       * b.face_value_cents as cents
               from issuer.batch_memo b
               join catalogue.programme p on p.id = b.book_id
               left join handed_over h on h.book_id = b.book_id and h.batch_id = b.batch_id
           ), booked as (
               select o.book_id, r.batch_id, sum(o.cents) as cents
               from (select book_id, reserve_account, sum(cents) as cents from ledger.voucher_share group by 1, 2) o
               left join ledger.funder_balance r on r.book_id = o.book_id and r.account = o.reserve_account
               group by o.book_id, r.batch_id)
           select coalesce(sum(a.cents), 0)::bigint as "left!: Cents", coalesce(sum(b.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where coalesce(a.cents, 0) <> coalesce(b.cents, 0)) as "mismatches!"
           from batch a full join booked b using (book_id, batch_id)"#
    )
    .fetch_one(connection)
    .await
}

async fn allocations(connection: &mut PgConnection) -> Result<Sides, sqlx::Error> {
    sqlx::query_as!(
        Sides,
        r#"with allocated as (
               select programme_id as book_id, funder_id, sum(cents) as cents
               from funding.allocation group by programme_id, funder_id
           ), booked as (
               select book_id, credit_party_id as funder_id, sum(cents) as cents
               from ledger.fund_movement where kind = 'allocated' and credit_kind = 'available' group by book_id, credit_party_id)
           select coalesce(sum(a.cents), 0)::bigint as "left!: Cents", coalesce(sum(b.cents), 0)::bigint as "right!: Cents",
               count(*) filter (where a.cents is distinct from b.cents) as "mismatches!"
           from allocated a full join booked b using (book_id, funder_id)"#
    )
    .fetch_one(connection)
    .await
}
