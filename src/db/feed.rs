//! The feed: what changed, in the order in which a follower may read it. Ids and kinds only.
//!
//! A follower takes its position first and reads the rows after, so that no change falls between. On
//! SQLite `seq` is the order of commits. On PostgreSQL transactions pass one another: there a row is read
//! once every transaction as old as its own has ended.

use chrono::NaiveDateTime;
use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use shiryan_kernel::Result;
use shiryan_schema::tables::feed;
use shiryan_schema::{Conn, on_each};

use super::Tx;

/// Notes a change, in the transaction that makes it.
///
/// # Errors
/// As any write.
pub fn append(tx: &mut Tx, entity: &str, id: i64, kind: &str) -> Result<()> {
    put(tx, entity, id, None, kind)
}

/// Notes a change of everything whose id lies from `first` to `last`.
///
/// # Errors
/// As any write.
pub fn append_span(tx: &mut Tx, entity: &str, first: i64, last: i64, kind: &str) -> Result<()> {
    put(tx, entity, first, Some(last), kind)
}

fn put(tx: &mut Tx, entity: &str, id: i64, through: Option<i64>, kind: &str) -> Result<()> {
    let row = (
        feed::entity.eq(entity),
        feed::entity_id.eq(id),
        feed::through_id.eq(through),
        feed::kind.eq(kind),
        feed::at.eq(tx.now.naive_utc()),
    );
    on_each!(tx.conn => c, diesel::insert_into(feed::table).values(row).execute(c))?;
    Ok(())
}

/// How far a follower has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The transaction of the last row read; always 0 on SQLite.
    xid: i64,
    seq: i64,
}

/// A change.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Entry {
    #[diesel(sql_type = BigInt)]
    xid: i64,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Text)]
    pub entity: String,
    #[diesel(sql_type = BigInt)]
    entity_id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    through_id: Option<i64>,
    #[diesel(sql_type = Text)]
    pub kind: String,
}

impl Entry {
    /// First and last id of what changed; the same for a single one.
    #[must_use]
    pub fn span(&self) -> (i64, i64) {
        (self.entity_id, self.through_id.unwrap_or(self.entity_id))
    }

    /// Where a follower stands that has read this.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position { xid: self.xid, seq: self.seq }
    }
}

#[derive(QueryableByName)]
struct Oldest {
    #[diesel(sql_type = BigInt)]
    xid: i64,
}

const OLDEST: &str = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xid";

const AFTER: &str = "SELECT xid::text::bigint AS xid, seq, entity, entity_id, through_id, kind FROM feed \
    WHERE (xid, seq) > ($1::text::xid8, $2) AND xid < pg_snapshot_xmin(pg_current_snapshot()) \
    ORDER BY feed.xid, seq LIMIT $3";

const SEEN: &str = "SELECT xid::text::bigint AS xid, seq, entity, entity_id, through_id, kind, \
    xid < pg_snapshot_xmin(pg_current_snapshot()) AS is_settled FROM feed \
    WHERE (xid, seq) > ($1::text::xid8, $2) ORDER BY feed.xid, seq LIMIT $3";

/// The end of the feed as it is now: whoever reads rows after this misses nothing that follows it.
///
/// # Errors
/// As any read.
pub fn end(conn: &mut Conn) -> Result<Position> {
    match conn {
        Conn::Sqlite(c) => {
            let last: Option<i64> = feed::table.select(max(feed::seq)).first(c)?;
            Ok(Position { xid: 0, seq: last.unwrap_or(0) })
        }
        // Older transactions have ended: their rows are seen. Those of this one and younger are read again.
        Conn::Pg(c) => {
            let oldest: Oldest = diesel::sql_query(OLDEST).get_result(c)?;
            Ok(Position { xid: oldest.xid, seq: 0 })
        }
    }
}

/// The number of the latest change that is seen: told with figures, for whoever wants to know whether they are newer. A
/// follower goes by [`Position`].
///
/// # Errors
/// As any read.
pub fn latest(conn: &mut Conn) -> Result<i64> {
    let last: Option<i64> = feed::table.select(max(feed::seq)).first(conn)?;
    Ok(last.unwrap_or(0))
}

/// What a follower sees at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub entries: Vec<Entry>,
    /// Where it stands then. What is seen but not settled comes again.
    pub settled: Position,
}

/// The changes after `position` that are committed, settled in their order or not yet: for a follower who takes a
/// change in by reading what changed, and whom a change may therefore reach twice.
///
/// # Errors
/// As any read.
pub fn seen(conn: &mut Conn, position: Position, limit: i64) -> Result<Seen> {
    let Conn::Pg(c) = conn else {
        let entries = after(conn, position, limit)?;
        let settled = entries.last().map_or(position, Entry::position);
        return Ok(Seen { entries, settled });
    };
    let rows: Vec<SeenRow> = diesel::sql_query(SEEN)
        .bind::<BigInt, _>(position.xid)
        .bind::<BigInt, _>(position.seq)
        .bind::<BigInt, _>(limit)
        .load(c)?;
    let settled = rows.iter().rev().find(|row| row.is_settled).map_or(position, |row| row.entry.position());
    Ok(Seen { entries: rows.into_iter().map(|row| row.entry).collect(), settled })
}

#[derive(QueryableByName)]
struct SeenRow {
    #[diesel(embed)]
    entry: Entry,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    is_settled: bool,
}

/// The changes after `position`, in order.
///
/// # Errors
/// As any read.
pub fn after(conn: &mut Conn, position: Position, limit: i64) -> Result<Vec<Entry>> {
    type Row = (i64, String, i64, Option<i64>, String);
    match conn {
        Conn::Sqlite(c) => {
            let rows: Vec<Row> = feed::table
                .filter(feed::seq.gt(position.seq))
                .order(feed::seq)
                .limit(limit)
                .select((feed::seq, feed::entity, feed::entity_id, feed::through_id, feed::kind))
                .load(c)?;
            let entry = |(seq, entity, entity_id, through_id, kind)| Entry {
                xid: 0,
                seq,
                entity,
                entity_id,
                through_id,
                kind,
            };
            Ok(rows.into_iter().map(entry).collect())
        }
        Conn::Pg(c) => Ok(diesel::sql_query(AFTER)
            .bind::<BigInt, _>(position.xid)
            .bind::<BigInt, _>(position.seq)
            .bind::<BigInt, _>(limit)
            .load(c)?),
    }
}

/// Kept for so long; whoever was away for longer begins anew.
const KEPT: chrono::Duration = chrono::Duration::days(7);

/// Deletes at most `limit` of the oldest rows that nobody may still have to read; how many.
///
/// # Errors
/// As any write.
pub fn forget_old(tx: &mut Tx, limit: i64) -> Result<usize> {
    let before = (tx.now - KEPT).naive_utc();
    let first: Vec<(i64, NaiveDateTime)> = on_each!(tx.conn => c, feed::table
        .order(feed::seq)
        .limit(limit)
        .select((feed::seq, feed::at))
        .load(c))?;
    let old: Vec<i64> = first.into_iter().take_while(|(_, at)| *at < before).map(|(seq, _)| seq).collect();
    Ok(on_each!(tx.conn => c, diesel::delete(feed::table.filter(feed::seq.eq_any(old))).execute(c))?)
}
