//! What activities are to one another: a harvest day hosts a drive, a ceremony follows a campaign.
//!
//! One link for a pair, seen from both ends. Each end is shown to an asker as much as the asker may see of it.

use shiryan_kernel::ids::ActivityId;
use shiryan_kernel::status::{ActivityStatus, LinkKind};
use shiryan_kernel::time::Zone;
use shiryan_kernel::{Code, Problem, Result};

use super::{Seen, look, run_by, store};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::vault::Vault;

shiryan_kernel::word! {
    /// From which end a link is told.
    pub enum Direction {
        /// This activity to the other.
        Out = "out",
        /// The other to this one.
        In = "in",
        /// It is the same from both.
        Both = "both",
    }
}

/// A link of an activity.
#[derive(Debug, Clone, PartialEq)]
pub struct Linked {
    pub kind: LinkKind,
    pub direction: Direction,
    /// The other end.
    pub other: Seen,
}

/// An activity's links in the record of changes.
const LINKS: audit::Thing =
    audit::Thing { name: "activity_links", tables: &[("activity_links", "low"), ("activity_links", "high")] };

/// Links an activity that `by` runs to another one.
///
/// # Errors
/// `not_found` of an activity that others run; `unknown_reference` of `to` that is not there; `invalid_value` of the
/// same one; `state_conflict` when either is cancelled, with `state`, or when the two are linked.
pub fn link(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    from: ActivityId,
    to: ActivityId,
    kind: LinkKind,
) -> Result<()> {
    let own = run_by(tx.conn, by, from)?;
    if from == to {
        return Err(Problem::field("to", Code::InvalidValue));
    }
    let other = store::get(tx.conn, to).map_err(|problem| match problem.code {
        Code::NotFound => Problem::field("to", Code::UnknownReference),
        _ => problem,
    })?;
    if [own.status, other.status].contains(&ActivityStatus::Cancelled) {
        return Err(Problem::new(Code::StateConflict).with("state", ActivityStatus::Cancelled));
    }
    let seen = audit::seen(tx.conn, vault, &LINKS, from.0)?;
    store::links::insert(tx, from, to, kind, by.user)?;
    let line = Line::new(Some(by.user), "activities.linked").on(from).with("to", to).with("kind", kind);
    seen.record(tx, vault, line)?;
    feed::append(tx, "activity", from.0, "linked")?;
    feed::append(tx, "activity", to.0, "linked")
}

/// Takes the link between an activity that `by` runs and another one away, from whichever end it was made.
///
/// # Errors
/// `not_found` of an activity that others run; `state_conflict` when the two are not linked.
pub fn unlink(tx: &mut Tx, vault: &Vault, by: &Principal, from: ActivityId, to: ActivityId) -> Result<()> {
    run_by(tx.conn, by, from)?;
    let seen = audit::seen(tx.conn, vault, &LINKS, from.0)?;
    if !store::links::remove(tx, from, to)? {
        return Err(Problem::new(Code::StateConflict).with("state", "not_linked"));
    }
    seen.record(tx, vault, Line::new(Some(by.user), "activities.unlinked").on(from).with("to", to))?;
    feed::append(tx, "activity", from.0, "unlinked")?;
    feed::append(tx, "activity", to.0, "unlinked")
}

/// The links of an activity, by the other end's start.
///
/// # Errors
/// `not_found`; `identity_damaged`.
pub fn links(
    conn: &mut Conn,
    vault: &Vault,
    zone: Zone,
    by: &Principal,
    id: ActivityId,
) -> Result<Vec<Linked>> {
    store::get(conn, id)?;
    let found = store::links::of(conn, id)?;
    let others: Vec<ActivityId> = found.iter().map(|link| link.other).collect();
    let rows = store::links::ends(conn, &others)?;
    let seen = look::look(conn, vault, zone, by, rows)?;
    let told = seen.into_iter().filter_map(|other| {
        let link = found.iter().find(|link| link.other == other.id)?;
        let direction = match link.kind {
            LinkKind::HostedWith | LinkKind::CompetesWith => Direction::Both,
            LinkKind::InSupportOf | LinkKind::Follows if link.is_out => Direction::Out,
            LinkKind::InSupportOf | LinkKind::Follows => Direction::In,
        };
        Some(Linked { kind: link.kind, direction, other })
    });
    Ok(told.collect())
}
