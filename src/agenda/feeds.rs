//! Calendars by a secret address: read-only, many times, until their maker ends them.
//!
//! The address is not kept, only its digest; it is worked out from the feed's number under a key of the house, so
//! that a request that is sent twice gets the same one. A feed shows what its maker may see at the moment of
//! reading: whoever loses the account, the role or the unit loses it too.

use chrono::Duration;
use diesel::prelude::*;
use shiryan_kernel::ids::{CalendarFeedId, UnitId, UserId};
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Problem, Result};

use super::{below, ics, is_of, planned};
use crate::accounts::{self, Principal, Right, SeeCalendar};
use crate::activities::Filter;
use crate::activities::rules::Days;
use crate::audit::{self, Line};
use crate::db::tables::calendar_feeds;
use crate::db::{Conn, Tx, feed};
use crate::texts::{Lang, say};
use crate::vault::{Vault, hex, sha256};

/// The most feeds that one person has at a time.
pub const MOST_FEEDS: i64 = 20;
/// How far back and ahead a feed reaches, in days.
const SPAN: (i64, i64) = (30, 180);

/// A feed.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = calendar_feeds)]
pub struct Feed {
    pub id: CalendarFeedId,
    /// `None`: all that its maker may see.
    #[diesel(column_name = unit_id)]
    pub unit: Option<UnitId>,
    pub made_at: chrono::NaiveDateTime,
    pub ended_at: Option<chrono::NaiveDateTime>,
}

/// The secret part of a feed's address.
#[must_use]
pub fn secret(vault: &Vault, id: CalendarFeedId) -> String {
    hex(&vault.tag("calendar_feed", &id.to_string()))
}

/// A feed in the record of changes.
const FEED: audit::Thing = audit::Thing { name: "calendar_feed", tables: &[("calendar_feeds", "id")] };

/// Makes a feed.
///
/// # Errors
/// `not_found` of a unit that is not there or outside the scope; `state_conflict` of more than [`MOST_FEEDS`].
pub fn make_feed(tx: &mut Tx, vault: &Vault, by: &Principal, unit: Option<UnitId>) -> Result<CalendarFeedId> {
    if let Some(unit) = unit {
        below(tx.conn, by, unit).map_err(|_| Problem::field("unit", Code::UnknownReference))?;
    }
    let held: i64 = calendar_feeds::table
        .filter(calendar_feeds::user_id.eq(by.user))
        .filter(calendar_feeds::ended_at.is_null())
        .count()
        .get_result(tx.conn)?;
    if held >= MOST_FEEDS {
        return Err(Problem::new(Code::StateConflict).with("most", MOST_FEEDS));
    }
    let id = CalendarFeedId(tx.id());
    diesel::insert_into(calendar_feeds::table)
        .values((
            calendar_feeds::id.eq(id),
            calendar_feeds::user_id.eq(by.user),
            calendar_feeds::unit_id.eq(unit),
            calendar_feeds::secret_hash.eq(sha256(secret(vault, id).as_bytes())),
            calendar_feeds::made_at.eq(tx.now.naive_utc()),
        ))
        .execute(tx.conn)?;
    audit::made(&FEED, id.0).record(tx, vault, Line::new(Some(by.user), "agenda.feed_made").on(id))?;
    feed::append(tx, "calendar_feed", id.0, "made")?;
    Ok(id)
}

/// Ends a feed of one's own: its address is unknown from then on.
///
/// # Errors
/// `not_found` of one that is not there or somebody else's; `state_conflict` of one that is ended.
pub fn end_feed(tx: &mut Tx, vault: &Vault, by: &Principal, id: CalendarFeedId) -> Result<()> {
    let own = calendar_feeds::table.find(id.0).filter(calendar_feeds::user_id.eq(by.user));
    let found: Feed = own.select(Feed::as_select()).first(tx.conn)?;
    if found.ended_at.is_some() {
        return Err(Problem::new(Code::StateConflict).with("state", "ended"));
    }
    let seen = audit::seen(tx.conn, vault, &FEED, id.0)?;
    diesel::update(calendar_feeds::table.find(id.0))
        .filter(calendar_feeds::ended_at.is_null())
        .set(calendar_feeds::ended_at.eq(tx.now.naive_utc()))
        .execute(tx.conn)?;
    seen.record(tx, vault, Line::new(Some(by.user), "agenda.feed_ended").on(id))?;
    feed::append(tx, "calendar_feed", id.0, "ended")
}

/// One's own feeds after `after`, oldest first.
///
/// # Errors
/// As any read.
pub fn feeds(conn: &mut Conn, by: &Principal, after: i64, limit: i64) -> Result<Vec<Feed>> {
    Ok(calendar_feeds::table
        .filter(calendar_feeds::user_id.eq(by.user))
        .filter(calendar_feeds::id.gt(after))
        .order(calendar_feeds::id)
        .limit(limit)
        .select(Feed::as_select())
        .load(conn)?)
}

/// The file behind an address, thirty days back and 180 ahead.
///
/// # Errors
/// `not_found` of an address that is unknown or ended, and when its maker may see it no more.
pub fn read_feed(conn: &mut Conn, vault: &Vault, zone: Zone, now: Moment, secret: &str) -> Result<String> {
    let gone = || Problem::new(Code::NotFound);
    let (user, unit): (UserId, Option<UnitId>) = calendar_feeds::table
        .filter(calendar_feeds::secret_hash.eq(sha256(secret.as_bytes())))
        .filter(calendar_feeds::ended_at.is_null())
        .select((calendar_feeds::user_id, calendar_feeds::unit_id))
        .first(conn)?;
    let (by, language) = accounts::stand_in(conn, user)?.ok_or_else(gone)?;
    if !SeeCalendar::ROLES.contains(&by.role) {
        return Err(gone());
    }
    let units = unit.map(|unit| below(conn, &by, unit)).transpose()?;
    let span = (now - Duration::days(SPAN.0), now + Duration::days(SPAN.1));
    let days = Days::parse(Some(zone.date(span.0)), Some(zone.date(span.1)))?;
    let filter = Filter { days, ..Filter::default() };
    let mut seen = planned(conn, vault, zone, &by, &filter)?;
    if let Some(units) = &units {
        seen.retain(|seen| is_of(seen, units));
    } else if by.is_unit_bound() {
        // Drives of others are days and governorates: not what a medic keeps a calendar for.
        seen.retain(|seen| seen.open.is_some());
    }
    let lang = language.as_deref().and_then(Lang::parse).unwrap_or_default();
    Ok(ics::write(zone, &say(lang, "agenda-entry", &[]), span, now, &seen))
}
