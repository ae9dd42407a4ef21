//! Rows of the outbox. Each change names the state and the try that it was decided on.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use shiryan_kernel::ids::{DonorId, MessageId, UserId};
use shiryan_kernel::message::{MessageState, Template, Unsent};
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Problem, Result};

use super::Notice;
use crate::db::tables::messages;
use crate::db::{Conn, Tx, on_each};

/// A message that is due.
#[derive(Debug, Queryable)]
pub struct Due {
    pub id: MessageId,
    pub template: Template,
    pub donor: Option<DonorId>,
    pub reader: Option<UserId>,
    pub subject: i64,
    pub queued_at: NaiveDateTime,
    pub useful_until: NaiveDateTime,
    pub attempts: i32,
}

/// Whom a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    Donor(DonorId),
    User(UserId),
}

impl Due {
    /// Whom it is for.
    pub fn to(&self) -> Result<To> {
        let user = self.reader.map(To::User);
        self.donor.map(To::Donor).or(user).ok_or_else(|| Problem::internal("a message for nobody"))
    }
}

/// Inserts a message; `false` when there is one of its kind about the same.
pub fn insert(tx: &mut Tx, id: MessageId, notice: &Notice) -> Result<bool> {
    let row = (
        messages::id.eq(id),
        messages::template.eq(notice.template),
        messages::donor.eq(notice.donor),
        messages::subject.eq(notice.subject),
        messages::state.eq(MessageState::Queued),
        messages::queued_at.eq(tx.now.naive_utc()),
        messages::due_at.eq(notice.due_at.naive_utc()),
        messages::useful_until.eq(notice.useful_until.naive_utc()),
        messages::attempts.eq(0),
    );
    let inserted = on_each!(tx.conn => c, diesel::insert_into(messages::table)
        .values(row)
        .on_conflict((messages::template, messages::subject))
        .do_nothing()
        .execute(c))?;
    Ok(inserted == 1)
}

/// Inserts a message for a user, due now.
pub fn insert_for_user(
    tx: &mut Tx,
    id: MessageId,
    template: Template,
    reader: UserId,
    until: Moment,
) -> Result<()> {
    let now = tx.now.naive_utc();
    diesel::insert_into(messages::table)
        .values((
            messages::id.eq(id),
            messages::template.eq(template),
            messages::reader.eq(reader),
            messages::subject.eq(id.0),
            messages::state.eq(MessageState::Queued),
            messages::queued_at.eq(now),
            messages::due_at.eq(now),
            messages::useful_until.eq(until.naive_utc()),
            messages::attempts.eq(0),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Whether a message of this kind waits for a user.
pub fn waits(conn: &mut Conn, template: Template, reader: UserId) -> Result<bool> {
    let waiting: i64 = messages::table
        .filter(messages::template.eq(template))
        .filter(messages::reader.eq(reader))
        .filter(messages::state.eq(MessageState::Queued))
        .count()
        .get_result(conn)?;
    Ok(waiting > 0)
}

/// Those that are due, or whose holder died, the longest due first.
pub fn due(conn: &mut Conn, now: NaiveDateTime, limit: i64) -> Result<Vec<Due>> {
    let waits = messages::state.eq(MessageState::Queued).and(messages::due_at.le(now));
    let left =
        messages::state.eq(MessageState::Claimed).and(messages::claimed_until.lt(now).assume_not_null());
    Ok(messages::table
        .filter(waits.or(left))
        .order((messages::due_at, messages::id))
        .limit(limit)
        .select((
            messages::id,
            messages::template,
            messages::donor,
            messages::reader,
            messages::subject,
            messages::queued_at,
            messages::useful_until,
            messages::attempts,
        ))
        .load(conn)?)
}

/// Those that have not ended.
const OPEN: [MessageState; 2] = [MessageState::Queued, MessageState::Claimed];

macro_rules! open {
    ($tx:expr, $id:expr, $attempts:expr, $change:expr) => {{
        let change = $change;
        on_each!($tx.conn => c, diesel::update(messages::table.find($id.0))
            .filter(messages::attempts.eq($attempts))
            .filter(messages::state.eq_any(OPEN))
            .set(change)
            .execute(c))
        .map(|changed| changed == 1)
        .map_err(Problem::from)
    }};
}

/// Holds a message that was tried so often; whether nobody was quicker.
pub fn hold(tx: &mut Tx, id: MessageId, attempts: i32, until: NaiveDateTime) -> Result<bool> {
    open!(
        tx,
        id,
        attempts,
        (
            messages::state.eq(MessageState::Claimed),
            messages::attempts.eq(attempts + 1),
            messages::claimed_until.eq(until),
        )
    )
}

/// Lets it wait.
pub fn put_off(tx: &mut Tx, id: MessageId, attempts: i32, due: NaiveDateTime) -> Result<bool> {
    open!(
        tx,
        id,
        attempts,
        (
            messages::state.eq(MessageState::Queued),
            messages::claimed_until.eq(None::<NaiveDateTime>),
            messages::due_at.eq(due),
        )
    )
}

/// Lets it wait after a try that failed.
pub fn again(tx: &mut Tx, id: MessageId, attempts: i32, due: NaiveDateTime, code: &str) -> Result<bool> {
    open!(
        tx,
        id,
        attempts,
        (
            messages::state.eq(MessageState::Queued),
            messages::claimed_until.eq(None::<NaiveDateTime>),
            messages::due_at.eq(due),
            messages::last_error.eq(code),
        )
    )
}

pub fn sent(tx: &mut Tx, id: MessageId, attempts: i32) -> Result<bool> {
    let now = tx.now.naive_utc();
    open!(
        tx,
        id,
        attempts,
        (
            messages::state.eq(MessageState::Sent),
            messages::claimed_until.eq(None::<NaiveDateTime>),
            messages::ended_at.eq(now),
        )
    )
}

pub fn unsent(tx: &mut Tx, id: MessageId, attempts: i32, reason: Unsent, code: Option<&str>) -> Result<bool> {
    let now = tx.now.naive_utc();
    open!(
        tx,
        id,
        attempts,
        (
            messages::state.eq(MessageState::Unsent),
            messages::claimed_until.eq(None::<NaiveDateTime>),
            messages::reason.eq(reason),
            messages::last_error.eq(code),
            messages::ended_at.eq(now),
        )
    )
}

/// Removes one that has nothing to tell any more, so that it can be queued again when it has.
pub fn withdraw(tx: &mut Tx, id: MessageId, attempts: i32) -> Result<()> {
    on_each!(tx.conn => c, diesel::delete(messages::table.find(id.0))
        .filter(messages::attempts.eq(attempts))
        .filter(messages::state.eq_any(OPEN))
        .execute(c))?;
    Ok(())
}

/// When the latest messages since then left, at most `limit`, the newest first.
pub fn sent_since(conn: &mut Conn, to: To, since: NaiveDateTime, limit: i64) -> Result<Vec<NaiveDateTime>> {
    let all = messages::table.into_boxed();
    let theirs = match to {
        To::Donor(donor) => all.filter(messages::donor.eq(donor)),
        To::User(user) => all.filter(messages::reader.eq(user)),
    };
    Ok(theirs
        .filter(messages::state.eq(MessageState::Sent))
        .filter(messages::ended_at.gt(since).assume_not_null())
        .order(messages::ended_at.desc())
        .limit(limit)
        .select(messages::ended_at.assume_not_null())
        .load(conn)?)
}

pub fn states(conn: &mut Conn, template: Template, subjects: &[i64]) -> Result<Vec<(i64, MessageState)>> {
    on_each!(conn => c, messages::table
        .filter(messages::template.eq(template))
        .filter(messages::subject.eq_any(subjects))
        .select((messages::subject, messages::state))
        .load(c))
    .map_err(Problem::from)
}

/// Removes those of a donor that have not ended.
pub fn forget(conn: &mut Conn, donor: DonorId) -> Result<()> {
    on_each!(conn => c, diesel::delete(messages::table)
        .filter(messages::donor.eq(donor))
        .filter(messages::state.eq_any(OPEN))
        .execute(c))?;
    Ok(())
}

pub fn waiting(conn: &mut Conn) -> Result<i64> {
    on_each!(conn => c, messages::table.filter(messages::state.eq_any(OPEN)).count().get_result(c))
        .map_err(Problem::from)
}

/// A message as those see it who look after the outbox: neither whom it is for nor what it is about.
#[derive(Debug, Clone, Queryable)]
pub struct Posted {
    pub id: MessageId,
    pub template: Template,
    pub state: MessageState,
    pub reason: Option<Unsent>,
    pub queued_at: NaiveDateTime,
    pub due_at: NaiveDateTime,
    pub useful_until: NaiveDateTime,
    pub attempts: i32,
    pub last_error: Option<String>,
    pub ended_at: Option<NaiveDateTime>,
}

/// Those before `before`, the newest first.
pub fn posted(
    conn: &mut Conn,
    state: Option<MessageState>,
    template: Option<Template>,
    before: Option<MessageId>,
    limit: i64,
) -> Result<Vec<Posted>> {
    let mut rows = messages::table
        .order(messages::id.desc())
        .limit(limit)
        .select((
            messages::id,
            messages::template,
            messages::state,
            messages::reason,
            messages::queued_at,
            messages::due_at,
            messages::useful_until,
            messages::attempts,
            messages::last_error,
            messages::ended_at,
        ))
        .into_boxed();
    if let Some(before) = before {
        rows = rows.filter(messages::id.lt(before.0));
    }
    if let Some(state) = state {
        rows = rows.filter(messages::state.eq(state));
    }
    if let Some(template) = template {
        rows = rows.filter(messages::template.eq(template));
    }
    Ok(rows.load(conn)?)
}

pub fn is_there(conn: &mut Conn, id: MessageId) -> Result<bool> {
    let found: Option<MessageId> = messages::table.find(id.0).select(messages::id).first(conn).optional()?;
    Ok(found.is_some())
}

/// Lets one that did not leave be tried once more, if it is of use still and `may` hold its reason.
pub fn try_again(tx: &mut Tx, id: MessageId, may: &[Unsent]) -> Result<bool> {
    let now = tx.now.naive_utc();
    let set = (
        messages::state.eq(MessageState::Queued),
        messages::reason.eq(None::<Unsent>),
        messages::ended_at.eq(None::<NaiveDateTime>),
        messages::due_at.eq(now),
    );
    let changed = on_each!(tx.conn => c, diesel::update(messages::table.find(id.0))
        .filter(messages::state.eq(MessageState::Unsent))
        .filter(messages::reason.eq_any(may))
        .filter(messages::useful_until.gt(now))
        .set(set)
        .execute(c))?;
    Ok(changed == 1)
}

/// Removes those that ended, and were of use, until before this moment; how many.
pub fn forget_old(conn: &mut Conn, before: NaiveDateTime) -> Result<usize> {
    Ok(diesel::delete(messages::table)
        .filter(messages::ended_at.lt(before).assume_not_null())
        .filter(messages::useful_until.lt(before))
        .execute(conn)?)
}
