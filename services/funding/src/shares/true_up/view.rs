//! The computation as people read it: each step with its figures and its words.
//!
//! A count of fewer than five people is left out. The amounts beside it are exact, because they are paid and must be checked by who pays
//! them; who knows the plan can work the count out from them. So the computation is for those who fund the programme, not for publication.

use std::collections::{BTreeMap, BTreeSet};

use access::OrganisationId;
use ledger::PartyId;
use serde::{Deserialize, Serialize};
use shares::Step;
use standards::Cents;
use utoipa::ToSchema;

/// Step by step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Computation {
    /// One a funder and version of the plan, in the order of the computation.
    pub steps: Vec<TrueUpStepView>,
    /// What each funder pays of what was used.
    pub parts: Vec<PartView>,
    pub payments: Vec<TrueUpPaymentView>,
}

/// One funder in one version of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrueUpStepView {
    /// The plan's version; 0 in a simulation of shares that are not stored.
    pub version: i32,
    pub funder_id: OrganisationId,
    pub funder: Option<String>,
    /// What its shares of the used vouchers sum to.
    pub paid: Cents,
    /// What it takes over from others in this computation.
    pub taken_over: Cents,
    /// Face value used of the batches that it takes part in.
    pub used: Cents,
    /// Vouchers used of these batches.
    pub used_vouchers: u64,
    /// Its most by the share of use.
    pub most_by_rate: Option<Cents>,
    /// Its most by amount.
    pub most_by_amount: Option<Cents>,
    /// Used vouchers that reached its audience; absent without a quota, and when fewer than five people are behind it.
    pub reached: Option<u64>,
    /// What a missed quota leaves of its part.
    pub after_quota: Option<Cents>,
    /// What it pays of this version in the end.
    pub part: Cents,
    /// What goes to who takes over.
    pub passed_on: Cents,
    pub taken_over_by: Option<OrganisationId>,
    /// The same in sentences.
    pub words: Vec<String>,
}

/// What a funder pays of everything used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartView {
    pub funder_id: OrganisationId,
    pub funder: Option<String>,
    /// Before the true-up.
    pub paid: Cents,
    /// After it.
    pub part: Cents,
    /// What earlier true-ups settled of the difference: paid to others, or (negative) got back from them.
    #[serde(default)]
    pub settled: Cents,
}

/// What one funder owes another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrueUpPaymentView {
    pub from_id: OrganisationId,
    pub from: Option<String>,
    /// Who gets it back.
    pub to_id: OrganisationId,
    pub to: Option<String>,
    pub amount: Cents,
}

/// A computation to be shown.
pub(crate) struct Shown<'a> {
    pub computed: &'a shares::TrueUp,
    /// The number of each version, by its place in the computation.
    pub versions: Vec<i32>,
    /// Counts that are too small to be shown.
    pub hidden: &'a BTreeSet<(usize, PartyId)>,
    pub names: &'a BTreeMap<PartyId, String>,
}

const fn organisation(party: PartyId) -> OrganisationId {
    OrganisationId::from_uuid(party.uuid())
}

/// The computation with names and words, and without small counts.
pub(crate) fn render(shown: &Shown<'_>) -> Computation {
    let name = |party: PartyId| shown.names.get(&party).cloned();
    let part = |part: &shares::Part| PartView {
        funder_id: organisation(part.funder),
        funder: name(part.funder),
        paid: part.paid,
        part: part.part,
        settled: part.settled,
    };
    Computation {
        steps: shown.computed.steps.iter().map(|step| shown.step(step)).collect(),
        parts: shown.computed.parts.iter().map(part).collect(),
        payments: payments(&shown.computed.payments, shown.names),
    }
}

/// Who pays whom, with names.
pub(super) fn payments(payments: &[shares::Payment], names: &BTreeMap<PartyId, String>) -> Vec<TrueUpPaymentView> {
    let view = |payment: &shares::Payment| TrueUpPaymentView {
        from_id: organisation(payment.from),
        from: names.get(&payment.from).cloned(),
        to_id: organisation(payment.to),
        to: names.get(&payment.to).cloned(),
        amount: payment.cents,
    };
    payments.iter().map(view).collect()
}

impl Shown<'_> {
    fn step(&self, step: &Step) -> TrueUpStepView {
        let hidden = self.hidden.contains(&(step.version, step.funder));
        TrueUpStepView {
            version: self.versions.get(step.version).copied().unwrap_or(0),
            funder_id: organisation(step.funder),
            funder: self.names.get(&step.funder).cloned(),
            paid: step.paid,
            taken_over: step.taken_over,
            used: step.used,
            used_vouchers: step.vouchers,
            most_by_rate: step.most_by_rate,
            most_by_amount: step.most_by_amount,
            reached: step.reached.filter(|_| !hidden),
            after_quota: step.after_quota,
            part: step.part,
            passed_on: step.passed_on,
            taken_over_by: step.to.map(organisation),
            words: self.words(step, hidden),
        }
    }

    fn words(&self, step: &Step, hidden: bool) -> Vec<String> {
        let mut words = vec![format!(
            "Ses parts dans les {} chèques utilisés des lots où il participe ({}) font {}.",
            step.vouchers,
            step.used.to_french(),
            step.paid.to_french()
        )];
        if step.taken_over.is_positive() {
            words.push(format!(
                "Il reprend {} d'autres financeurs.",
                step.taken_over.to_french()
            ));
        }
        if let Some(most) = step.most_by_rate {
            words.push(format!("Son plafond en part de l'utilisé est de {}.", most.to_french()));
        }
        if let Some(most) = step.most_by_amount {
            words.push(format!(
                "Il reste {} de son plafond en montant utilisé.",
                most.to_french()
            ));
        }
        if let Some(reached) = step.reached {
            let count = if hidden {
                "un nombre trop petit pour être montré".to_owned()
            } else {
                reached.to_string()
            };
            words.push(format!(
                "Chèques utilisés par le public visé : {count}, sur {}.",
                step.vouchers
            ));
            words.push(match step.after_quota {
                Some(left) => format!(
                    "Le public visé n'est pas assez touché : sa part devient {}.",
                    left.to_french()
                ),
                None => "Le public visé est assez touché : sa part ne change pas.".to_owned(),
            });
        }
        let taker = step.to.and_then(|taker| self.names.get(&taker));
        if step.passed_on.is_positive() {
            let taker = taker.map_or_else(|| "un autre financeur".to_owned(), |name| format!("« {name} »"));
            words.push(format!(
                "Le dépassement, {}, est payé par {taker}.",
                step.passed_on.to_french()
            ));
        }
        words.push(format!("Il paie donc {}.", step.part.to_french()));
        words
    }
}
