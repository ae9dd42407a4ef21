//! Roads that are closed: all that lead out of a governorate, or those between two of them.
//!
//! What is entered stands until its end, or until somebody says that the roads are open again; nothing is taken
//! back. Who entered it is in the audit.

use std::collections::BTreeSet;

use diesel::prelude::*;
use shiryan_kernel::ids::{ClosureId, UserId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};

use crate::audit::{self, Line};
use crate::db::tables::closures;
use crate::db::{Conn, Tx, feed};
use crate::vault::Vault;

/// The longest closure whose end is told, in days; a longer one has no end until it is ended.
pub const LONGEST_DAYS: i64 = 400;
/// How far from now a closure may begin, in days.
const FARTHEST_DAYS: i64 = 400;

/// A closure to be entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewClosure {
    pub governorate: Governorate,
    /// The road to this one alone; `None`: every road out.
    pub other: Option<Governorate>,
    pub from: Moment,
    /// `None`: until it is ended.
    pub until: Option<Moment>,
}

/// A closure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    pub id: ClosureId,
    pub governorate: Governorate,
    pub other: Option<Governorate>,
    pub from: Moment,
    /// When it was to end, or was ended before.
    pub until: Option<Moment>,
    pub is_ended: bool,
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = closures)]
struct Row {
    id: ClosureId,
    governorate: Governorate,
    other: Option<Governorate>,
    from_at: chrono::NaiveDateTime,
    until_at: Option<chrono::NaiveDateTime>,
    ended_at: Option<chrono::NaiveDateTime>,
}

impl From<Row> for Closure {
    fn from(row: Row) -> Self {
        let until = match (row.until_at, row.ended_at) {
            (Some(until), Some(ended)) => Some(until.min(ended)),
            (until, ended) => until.or(ended),
        };
        Self {
            id: row.id,
            governorate: row.governorate,
            other: row.other,
            from: row.from_at.and_utc(),
            until: until.map(|until| until.and_utc()),
            is_ended: row.ended_at.is_some(),
        }
    }
}

/// Which roads are open at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roads {
    shut: BTreeSet<Governorate>,
    between: BTreeSet<(Governorate, Governorate)>,
}

impl Roads {
    /// Those that these closures leave.
    #[must_use]
    pub fn but(closed: &[Closure]) -> Self {
        let mut roads = Self::default();
        for closure in closed {
            match closure.other {
                None => roads.shut.insert(closure.governorate),
                Some(other) => roads.between.insert(ordered(closure.governorate, other)),
            };
        }
        roads
    }

    /// Whether blood and people get from one to the other. Inside a governorate they always do; between regions
    /// that share nothing, never.
    #[must_use]
    pub fn lead(&self, from: Governorate, to: Governorate) -> bool {
        from == to
            || (from.region() == to.region()
                && !self.shut.contains(&from)
                && !self.shut.contains(&to)
                && !self.between.contains(&ordered(from, to)))
    }

    /// The governorates of `from`'s region that can still be reached, by way of others too; itself among them.
    #[must_use]
    pub fn reach(&self, from: Governorate) -> Vec<Governorate> {
        let mut reached = vec![from];
        let mut at = 0;
        while let Some(here) = reached.get(at).copied() {
            let next = from.region().members().filter(|there| self.lead(here, *there));
            let fresh: Vec<Governorate> = next.filter(|there| !reached.contains(there)).collect();
            reached.extend(fresh);
            at += 1;
        }
        reached.sort_unstable();
        reached
    }
}

fn ordered(one: Governorate, other: Governorate) -> (Governorate, Governorate) {
    if one.code() < other.code() { (one, other) } else { (other, one) }
}

/// Enters a closure.
///
/// # Errors
/// `invalid_value` of an `other` that is the same governorate or of a region with which no road is shared;
/// `out_of_range` of `from` and `until`.
pub fn enter(tx: &mut Tx, vault: &Vault, by: UserId, new: NewClosure) -> Result<ClosureId> {
    let mut faults = Faults::none();
    if new.other.is_some_and(|other| other == new.governorate || other.region() != new.governorate.region()) {
        faults.add("other", Code::InvalidValue);
    }
    if (new.from - tx.now).num_days().abs() > FARTHEST_DAYS {
        faults.add("from", Code::OutOfRange);
    }
    if new.until.is_some_and(|until| {
        until <= new.from || until <= tx.now || until - new.from > chrono::Duration::days(LONGEST_DAYS)
    }) {
        faults.add("until", Code::OutOfRange);
    }
    faults.settle()?;
    let (governorate, other) = match new.other.map(|other| ordered(new.governorate, other)) {
        Some((low, high)) => (low, Some(high)),
        None => (new.governorate, None),
    };
    let id = ClosureId(tx.id());
    diesel::insert_into(closures::table)
        .values((
            closures::id.eq(id),
            closures::governorate.eq(governorate),
            closures::other.eq(other),
            closures::from_at.eq(new.from.naive_utc()),
            closures::until_at.eq(new.until.map(|until| until.naive_utc())),
            closures::entered_at.eq(tx.now.naive_utc()),
            closures::entered_by.eq(by),
        ))
        .execute(tx.conn)?;
    let mut line = Line::new(Some(by), "places.roads_closed").on(id).with("governorate", governorate);
    if let Some(other) = other {
        line = line.with("other", other);
    }
    audit::made(&CLOSURE, id.0).record(tx, vault, line)?;
    feed::append(tx, "closure", id.0, "made")?;
    Ok(id)
}

/// A closure in the record of changes.
const CLOSURE: audit::Thing = audit::Thing { name: "closure", tables: &[("closures", "id")] };

/// Says that the roads are open again, before or at the time that was told.
///
/// # Errors
/// `not_found`; `state_conflict` of one that is over.
pub fn end(tx: &mut Tx, vault: &Vault, by: UserId, id: ClosureId) -> Result<()> {
    let now = tx.now.naive_utc();
    let seen = audit::seen(tx.conn, vault, &CLOSURE, id.0)?;
    let changed = diesel::update(closures::table.find(id.0))
        .filter(closures::ended_at.is_null())
        .filter(closures::until_at.is_null().or(closures::until_at.gt(now)))
        .set((closures::ended_at.eq(now), closures::ended_by.eq(by)))
        .execute(tx.conn)?;
    if changed == 0 {
        let _: Row = closures::table.find(id.0).select(Row::as_select()).first(tx.conn)?;
        return Err(Problem::new(Code::StateConflict).with("state", "over"));
    }
    seen.record(tx, vault, Line::new(Some(by), "places.roads_opened").on(id))?;
    feed::append(tx, "closure", id.0, "ended")
}

/// Closures that touch the time between two moments, in the order in which they were entered, after `after`.
///
/// # Errors
/// As any read.
pub fn list(
    conn: &mut Conn,
    (from, before): (Option<Moment>, Option<Moment>),
    after: i64,
    limit: i64,
) -> Result<Vec<Closure>> {
    let mut rows = closures::table.filter(closures::id.gt(after)).into_boxed();
    if let Some(from) = from.map(|from| from.naive_utc()) {
        rows = rows
            .filter(closures::until_at.is_null().or(closures::until_at.gt(from)))
            .filter(closures::ended_at.is_null().or(closures::ended_at.gt(from)));
    }
    if let Some(before) = before {
        rows = rows.filter(closures::from_at.lt(before.naive_utc()));
    }
    let rows: Vec<Row> = rows.order(closures::id).limit(limit).select(Row::as_select()).load(conn)?;
    // One that was ended before it began closed nothing.
    let real = |closure: &Closure| closure.until.is_none_or(|until| until > closure.from);
    Ok(rows.into_iter().map(Closure::from).filter(real).collect())
}

/// The roads that are open at a moment.
///
/// # Errors
/// As any read.
pub fn roads(conn: &mut Conn, at: Moment) -> Result<Roads> {
    Ok(Roads::but(&list_at(conn, at)?))
}

/// The closures of a moment.
///
/// # Errors
/// As any read.
pub fn list_at(conn: &mut Conn, at: Moment) -> Result<Vec<Closure>> {
    let instant = at + chrono::Duration::microseconds(1);
    list(conn, (Some(at), Some(instant)), 0, i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Governorate::{
        Bethlehem, Gaza, Hebron, Jenin, Nablus, NorthGaza, Qalqilya, RamallahAlBireh, Tubas, Tulkarm,
    };

    fn closure(governorate: Governorate, other: Option<Governorate>) -> Closure {
        Closure {
            id: ClosureId(1),
            governorate,
            other,
            from: Moment::default(),
            until: None,
            is_ended: false,
        }
    }

    #[test]
    fn without_closures_a_region_is_open_and_regions_are_apart() {
        let roads = Roads::default();
        for from in Governorate::ALL {
            for to in Governorate::ALL {
                assert_eq!(roads.lead(*from, *to), from.region() == to.region(), "{from} {to}");
            }
            assert_eq!(roads.reach(*from), from.region().members().collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_closed_governorate_lives_on_its_own() {
        let roads = Roads::but(&[closure(Hebron, None)]);
        assert_eq!(roads.reach(Hebron), [Hebron]);
        assert_eq!(roads.reach(Bethlehem), [Bethlehem]);
        assert!(roads.lead(Hebron, Hebron) && roads.lead(Gaza, NorthGaza));
        assert!(!roads.lead(RamallahAlBireh, Hebron));
    }

    #[test]
    fn a_closed_road_is_closed_both_ways_and_others_lead_around_it() {
        let roads = Roads::but(&[closure(Nablus, Some(Jenin))]);
        assert!(!roads.lead(Jenin, Nablus) && !roads.lead(Nablus, Jenin));
        assert!(roads.reach(Jenin).contains(&Nablus), "by way of a third");
        let all = [Nablus, Tubas, Tulkarm, Qalqilya].map(|other| closure(Jenin, Some(other)));
        assert_eq!(Roads::but(&all).reach(Jenin), [Jenin]);
        assert_eq!(Roads::but(&all).reach(Nablus).len(), 4);
    }
}
