//! Deferrals as people enter and read them: inside the caller's scope, cut to what the reader may learn.
//!
//! Anyone who screens may enter any cause; afterwards only the physician reads a sealed one. For others
//! it is not in the list at all: a line without a cause would say that there is one.

use chrono::NaiveDate;
use shiryan_kernel::ids::{DeferralId, DonorId};
use shiryan_kernel::time::past_day;
use shiryan_kernel::{Code, Problem, Result};

use super::ledger::{DeferralLine, Event, StandingDeferral, standing_deferrals};
use super::{DeferralFact, NewDeferral, Rulebook, Viewer, Visibility, defer, rewrite_windows, store};
use crate::accounts::Principal;
use crate::audit::{self, Line, Thing};
use crate::db::{Conn, Tx};
use crate::donors::{self, Known, Scope};
use crate::vault::Vault;

/// Records a deferral of a donor whom the caller may know of, and rewrites the donor's windows.
///
/// # Errors
/// `not_found`, outside the scope too; as [`defer`].
pub fn enter_deferral(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    new: &NewDeferral,
) -> Result<DeferralId> {
    let scope = Scope::of(tx.conn, by)?;
    donors::donor(tx.conn, &scope, new.donor)?;
    defer(tx, vault, book, Some(by.user), new)
}

/// The donor's deferrals after `after` that the caller may learn, oldest first, withdrawn ones too. A code
/// that the catalogue lacks is as a sealed one.
///
/// # Errors
/// `not_found`, outside the scope too; `identity_damaged` when a cause was changed or moved.
pub fn list_deferrals(
    conn: &mut Conn,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    donor: DonorId,
    after: i64,
) -> Result<Vec<StandingDeferral>> {
    let scope = Scope::of(conn, by)?;
    donors::donor(conn, &scope, donor)?;
    let known = donors::known(conn, vault, donor)?;
    let all = standing_deferrals(&store::deferral_lines(conn, donor, &known.key)?, None);
    let viewer = Viewer::of(by.role)?;
    Ok(all.into_iter().filter(|one| one.id.0 > after && sees(book, viewer, &one.fact.code)).collect())
}

pub(super) fn sees(book: &Rulebook, viewer: Viewer, code: &str) -> bool {
    viewer.sees(book.catalogue().get(code).map_or(Visibility::Sealed, |entry| entry.visibility))
}

/// One deferral whose cause the caller may learn, and the donor with the key that opened it.
///
/// # Errors
/// `not_found`, outside the scope and for a cause that the caller may not learn too.
pub(super) fn find_deferral(
    conn: &mut Conn,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    id: DeferralId,
) -> Result<(Known, StandingDeferral)> {
    let donor = store::deferred(conn, id)?;
    let scope = Scope::of(conn, by)?;
    donors::donor(conn, &scope, donor)?;
    let known = donors::known(conn, vault, donor)?;
    let all = standing_deferrals(&store::deferral_lines(conn, donor, &known.key)?, None);
    let viewer = Viewer::of(by.role)?;
    let one = all.into_iter().find(|one| one.id == id && sees(book, viewer, &one.fact.code));
    one.map(|one| (known, one)).ok_or_else(|| Problem::new(Code::NotFound))
}

/// A donor's deferrals in the record of changes: all that was ever said of them.
pub(super) const DEFERRALS: Thing = Thing { name: "deferrals", tables: &[("deferrals", "donor")] };

/// Records the event that closes an open cause: the end of a pregnancy, weaning, release.
///
/// # Errors
/// `not_found` as [`find_deferral`]; `invalid_value` of `ended_on` for a cause that no event ends;
/// `out_of_range` of a day to come, before 1900 or before the base; `state_conflict` for one that has ended
/// or was withdrawn.
pub fn end_deferral(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    id: DeferralId,
    ended_on: NaiveDate,
) -> Result<()> {
    let (known, deferral) = find_deferral(tx.conn, vault, book, by, id)?;
    let today = book.today(tx.now);
    if !book.catalogue().get(&deferral.fact.code).is_some_and(super::Entry::ends_by_event) {
        return Err(Problem::field("ended_on", Code::InvalidValue));
    }
    past_day(ended_on, today).map_err(|problem| problem.on("ended_on"))?;
    if deferral.fact.base.is_some_and(|base| ended_on < base) {
        return Err(Problem::field("ended_on", Code::OutOfRange));
    }
    still_stands(&deferral.fact)?;
    let seen = audit::seen(tx.conn, vault, &DEFERRALS, known.id.0)?;
    let id = DeferralId(tx.id());
    let says = DeferralFact { ended_on: Some(ended_on), recorded_on: today, ..deferral.fact };
    let line = DeferralLine { id, about: deferral.id, event: Event::Ended, says };
    store::insert_deferral(tx, known.id, Some(by.user), &known.key, &line, None)?;
    seen.record(tx, vault, Line::new(Some(by.user), "eligibility.deferral_ended").on(known.id))?;
    rewrite_windows(tx, vault, book, known.id)
}

/// # Errors
/// `state_conflict` for one that has ended or was withdrawn.
fn still_stands(fact: &DeferralFact) -> Result<()> {
    if fact.withdrawn_on.is_some() {
        return Err(Problem::new(Code::StateConflict).with("state", "withdrawn"));
    }
    if fact.ended_on.is_some() {
        return Err(Problem::new(Code::StateConflict).with("state", "ended"));
    }
    Ok(())
}
