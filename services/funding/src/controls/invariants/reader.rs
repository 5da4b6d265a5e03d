use std::collections::BTreeSet;

use access::{Caller, Role};
use ledger::read::Subject;
use ledger::{BookId, PartyId};
use sqlx::PgConnection;

/// Whose amounts a caller may see.
pub(super) struct Reader {
    /// Operators and auditors.
    everything: bool,
    me: PartyId,
    programmes: BTreeSet<BookId>,
}

impl Reader {
    /// The programmes are those that the caller sponsors, signed for or gave money to, in a role that it has.
    pub(super) async fn of(connection: &mut PgConnection, who: &Caller) -> Result<Self, sqlx::Error> {
        let programmes = sqlx::query_scalar!(
            r#"select p.id as "id: BookId" from catalogue.programme p
               where ($2 and p.sponsor_id = $1)
                   or ($3 and exists (
                       select from funding.convention c where c.funder_id = $1 and c.programme_id = p.id))
                   or ($3 and exists (
                       select from funding.allocation a where a.funder_id = $1 and a.programme_id = p.id))"#,
            who.organisation().uuid(),
            who.has(Role::Sponsor),
            who.has(Role::Funder),
        )
        .fetch_all(connection)
        .await?;
        Ok(Self {
            everything: who.has(Role::Operator) || who.has(Role::Auditor),
            me: PartyId::from_uuid(who.organisation().uuid()),
            programmes: programmes.into_iter().collect(),
        })
    }

    pub(super) fn sees(&self, subject: Subject) -> bool {
        self.everything
            || match subject {
                Subject::Fund => true,
                Subject::Book(book) => self.programmes.contains(&book),
                Subject::Funder(party) | Subject::Structure(party) => party == self.me,
            }
    }
}
