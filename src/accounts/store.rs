//! Rows of users, sign-ins and tokens.

pub mod second;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use shiryan_kernel::ids::{ApprovalId, DonorId, FacilityId, SessionId, UnitId, UserId};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{ApprovalKind, ApprovalState};
use shiryan_kernel::{Problem, Result};

use super::approvals::Approval;
use super::password::Hashed;
use super::sessions::Open;
use super::users::User;
use crate::db::tables::{approvals, session_tokens, sessions, user_units, users};
use crate::db::{Conn, Tx, on_each};

/// What signing in needs to know of a user.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub id: UserId,
    pub role: Role,
    pub facility: Option<FacilityId>,
    pub hash: Hashed,
    pub must_change: bool,
    pub disabled: bool,
}

pub fn credentials(conn: &mut Conn, username: &str) -> Result<Option<Credentials>> {
    type Row = (UserId, Role, Option<FacilityId>, String, bool, bool);
    let row: Option<Row> = users::table
        .filter(users::username.eq(username))
        .select((
            users::id,
            users::role,
            users::facility,
            users::password_hash,
            users::must_change,
            users::disabled,
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, role, facility, hash, must_change, disabled)| Credentials {
        id,
        role,
        facility,
        hash: Hashed(hash),
        must_change,
        disabled,
    }))
}

pub fn set_password(tx: &mut Tx, user: UserId, hash: &Hashed, must_change: bool) -> Result<()> {
    diesel::update(users::table.find(user.0))
        .set((
            users::password_hash.eq(&hash.0),
            users::must_change.eq(must_change),
            users::version.eq(users::version + 1),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn insert_user(
    tx: &mut Tx,
    user: &User,
    hash: &Hashed,
    must_change: bool,
    by: Option<UserId>,
) -> Result<()> {
    diesel::insert_into(users::table)
        .values((
            users::id.eq(user.id),
            users::username.eq(&user.username),
            users::role.eq(user.role),
            users::password_hash.eq(&hash.0),
            users::must_change.eq(must_change),
            users::facility.eq(user.facility),
            users::disabled.eq(user.disabled),
            users::created_at.eq(tx.now.naive_utc()),
            users::created_by.eq(by),
            users::version.eq(1_i64),
        ))
        .execute(tx.conn)?;
    for unit in &user.units {
        diesel::insert_into(user_units::table)
            .values((user_units::user_id.eq(user.id), user_units::unit_id.eq(unit)))
            .execute(tx.conn)?;
    }
    Ok(())
}

pub fn username_taken(conn: &mut Conn, username: &str) -> Result<bool> {
    let found: Option<i64> =
        users::table.filter(users::username.eq(username)).select(users::id).first(conn).optional()?;
    Ok(found.is_some())
}

pub fn any_user(conn: &mut Conn) -> Result<bool> {
    let found: Option<i64> = users::table.select(users::id).first(conn).optional()?;
    Ok(found.is_some())
}

pub fn unit_roots(conn: &mut Conn, user: UserId) -> Result<Vec<UnitId>> {
    Ok(user_units::table
        .filter(user_units::user_id.eq(user))
        .order(user_units::unit_id)
        .select(user_units::unit_id)
        .load(conn)?)
}

/// What somebody signs in by.
pub fn username(conn: &mut Conn, id: UserId) -> Result<String> {
    Ok(users::table.find(id.0).select(users::username).first(conn)?)
}

/// Role, facility, language.
pub type Acting = (Role, Option<FacilityId>, Option<String>);

/// Who a user is whose account is not disabled.
pub fn acting(conn: &mut Conn, user: UserId) -> Result<Option<Acting>> {
    Ok(users::table
        .find(user.0)
        .filter(users::disabled.eq(false))
        .select((users::role, users::facility, users::language))
        .first(conn)
        .optional()?)
}

/// Users of a role who are not disabled, by name.
pub fn of_role(conn: &mut Conn, role: Role) -> Result<Vec<(UserId, String)>> {
    Ok(users::table
        .filter(users::role.eq(role))
        .filter(users::disabled.eq(false))
        .order(users::username)
        .select((users::id, users::username))
        .load(conn)?)
}

pub fn users(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<User>> {
    type Row = (UserId, String, Role, Option<FacilityId>, bool);
    let rows: Vec<Row> = users::table
        .filter(users::id.gt(after))
        .order(users::id)
        .limit(limit)
        .select((users::id, users::username, users::role, users::facility, users::disabled))
        .load(conn)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.0.0).collect();
    let units: Vec<(i64, UnitId)> = on_each!(conn => c, user_units::table
        .filter(user_units::user_id.eq_any(&ids))
        .order((user_units::user_id, user_units::unit_id))
        .select((user_units::user_id, user_units::unit_id))
        .load(c))
    .map_err(Problem::from)?;
    let of = |user: i64| units.iter().filter(|pair| pair.0 == user).map(|pair| pair.1).collect();
    Ok(rows
        .into_iter()
        .map(|(id, username, role, facility, disabled)| User {
            units: of(id.0),
            id,
            username,
            role,
            facility,
            disabled,
        })
        .collect())
}

pub fn insert_session(
    tx: &mut Tx,
    id: SessionId,
    user: UserId,
    csrf: Option<&[u8]>,
    expires: NaiveDateTime,
) -> Result<()> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(id),
            sessions::user_id.eq(user),
            sessions::kind.eq(if csrf.is_some() { "browser" } else { "api" }),
            sessions::csrf.eq(csrf),
            sessions::created_at.eq(tx.now.naive_utc()),
            sessions::expires_at.eq(expires),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn insert_token(tx: &mut Tx, session: SessionId, digest: &[u8]) -> Result<()> {
    diesel::insert_into(session_tokens::table)
        .values((
            session_tokens::digest.eq(digest),
            session_tokens::session_id.eq(session),
            session_tokens::issued_at.eq(tx.now.naive_utc()),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Marks the token used, if it was not; whether it was this call that did.
pub fn use_token(tx: &mut Tx, digest: &[u8]) -> Result<bool> {
    let rows = diesel::update(session_tokens::table.find(digest))
        .filter(session_tokens::used_at.is_null())
        .set(session_tokens::used_at.eq(tx.now.naive_utc()))
        .execute(tx.conn)?;
    Ok(rows == 1)
}

/// A sign-in as its token finds it.
#[derive(Debug, Clone)]
pub struct Found {
    pub session: SessionId,
    pub user: UserId,
    pub role: Role,
    pub facility: Option<FacilityId>,
    pub csrf: Option<Vec<u8>>,
    pub used_at: Option<NaiveDateTime>,
    pub ended: bool,
    pub language: Option<String>,
}

pub fn by_token(conn: &mut Conn, digest: &[u8], now: NaiveDateTime) -> Result<Option<Found>> {
    let row = session_tokens::table
        .inner_join(sessions::table.inner_join(users::table))
        .filter(session_tokens::digest.eq(digest))
        .select((
            sessions::id,
            (users::id, users::role, users::facility, users::disabled, users::language),
            (sessions::csrf, session_tokens::used_at, sessions::expires_at, sessions::revoked_at),
        ))
        .first(conn)
        .optional()?;
    type User = (UserId, Role, Option<FacilityId>, bool, Option<String>);
    type Session = (Option<Vec<u8>>, Option<NaiveDateTime>, NaiveDateTime, Option<NaiveDateTime>);
    let row: Option<(SessionId, User, Session)> = row;
    Ok(row.map(|(session, (user, role, facility, disabled, language), (csrf, used_at, expires, revoked))| {
        Found {
            session,
            user,
            role,
            facility,
            csrf,
            used_at,
            ended: disabled || revoked.is_some() || expires <= now,
            language,
        }
    }))
}

pub fn revoke(tx: &mut Tx, session: SessionId) -> Result<()> {
    diesel::update(sessions::table.find(session.0))
        .filter(sessions::revoked_at.is_null())
        .set(sessions::revoked_at.eq(tx.now.naive_utc()))
        .execute(tx.conn)?;
    Ok(())
}

pub fn revoke_all(tx: &mut Tx, user: UserId) -> Result<()> {
    diesel::update(sessions::table.filter(sessions::user_id.eq(user)))
        .filter(sessions::revoked_at.is_null())
        .set(sessions::revoked_at.eq(tx.now.naive_utc()))
        .execute(tx.conn)?;
    Ok(())
}

/// Those of a user that are neither ended nor over.
pub fn open_sessions(conn: &mut Conn, user: UserId, now: NaiveDateTime) -> Result<Vec<Open>> {
    let rows: Vec<(SessionId, String, NaiveDateTime, NaiveDateTime)> = sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .order(sessions::id)
        .select((sessions::id, sessions::kind, sessions::created_at, sessions::expires_at))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, kind, since, until)| Open { id, kind, since, until }).collect())
}

/// Ends a sign-in of this user that lives; whether there was one.
pub fn revoke_own(tx: &mut Tx, user: UserId, session: SessionId) -> Result<bool> {
    let now = tx.now.naive_utc();
    let rows = diesel::update(sessions::table.find(session.0))
        .filter(sessions::user_id.eq(user))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .set(sessions::revoked_at.eq(now))
        .execute(tx.conn)?;
    Ok(rows == 1)
}

pub fn revoked_since(conn: &mut Conn, since: NaiveDateTime) -> Result<Vec<SessionId>> {
    Ok(sessions::table.filter(sessions::revoked_at.ge(since)).select(sessions::id).load(conn)?)
}

/// Whether there is such a user, whose account is or is not disabled.
pub fn is_disabled(conn: &mut Conn, user: UserId) -> Result<bool> {
    Ok(users::table.find(user.0).select(users::disabled).first(conn)?)
}

/// Moves an account from one of the two states to the other; whether it was in it.
pub fn set_disabled(tx: &mut Tx, user: UserId, disabled: bool) -> Result<bool> {
    let rows = diesel::update(users::table.find(user.0))
        .filter(users::disabled.ne(disabled))
        .set((users::disabled.eq(disabled), users::version.eq(users::version + 1)))
        .execute(tx.conn)?;
    Ok(rows == 1)
}

/// Notes who gave the account a new beginning.
pub fn note_reset(tx: &mut Tx, user: UserId, by: UserId) -> Result<()> {
    diesel::update(users::table.find(user.0))
        .set((users::reset_at.eq(tx.now.naive_utc()), users::reset_by.eq(by)))
        .execute(tx.conn)?;
    Ok(())
}

pub fn set_language(tx: &mut Tx, user: UserId, language: &str) -> Result<()> {
    diesel::update(users::table.find(user.0)).set(users::language.eq(language)).execute(tx.conn)?;
    Ok(())
}

type ApprovalRow = (
    ApprovalId,
    ApprovalKind,
    Option<DonorId>,
    Vec<u8>,
    Vec<u8>,
    ApprovalState,
    UserId,
    NaiveDateTime,
    NaiveDateTime,
    Option<UserId>,
    Option<NaiveDateTime>,
    Option<NaiveDateTime>,
);

fn read_approval(row: ApprovalRow) -> Approval {
    let (id, kind, subject, request, reason, state, asked_by, asked_at, expires_at, by, at, used_at) = row;
    Approval {
        id,
        kind,
        subject,
        request,
        reason,
        state,
        asked_by,
        asked_at,
        expires_at,
        decided_by: by,
        decided_at: at,
        used_at,
    }
}

pub fn insert_approval(conn: &mut Conn, row: &Approval) -> Result<()> {
    diesel::insert_into(approvals::table)
        .values((
            approvals::id.eq(row.id),
            approvals::kind.eq(row.kind),
            approvals::subject.eq(row.subject),
            approvals::request.eq(&row.request),
            approvals::reason.eq(&row.reason),
            approvals::state.eq(row.state),
            approvals::asked_by.eq(row.asked_by),
            approvals::asked_at.eq(row.asked_at),
            approvals::expires_at.eq(row.expires_at),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn approval(conn: &mut Conn, id: ApprovalId) -> Result<Approval> {
    let row: ApprovalRow = approvals::table.find(id.0).first(conn)?;
    Ok(read_approval(row))
}

/// Those that `user` asked, and those of `kinds`; an open one whose time is over is an expired one.
pub fn approvals(
    conn: &mut Conn,
    user: UserId,
    kinds: &[ApprovalKind],
    state: Option<ApprovalState>,
    now: NaiveDateTime,
    after: i64,
    limit: i64,
) -> Result<Vec<Approval>> {
    let rows: Vec<ApprovalRow> = on_each!(conn => c, {
        let mut rows = approvals::table
            .filter(approvals::id.gt(after))
            .filter(approvals::asked_by.eq(user).or(approvals::kind.eq_any(kinds)))
            .order(approvals::id)
            .limit(limit)
            .into_boxed();
        match state {
            None => {}
            Some(ApprovalState::Open) => {
                rows = rows.filter(approvals::state.eq(ApprovalState::Open)).filter(approvals::expires_at.gt(now));
            }
            Some(ApprovalState::Expired) => {
                rows = rows.filter(approvals::state.eq(ApprovalState::Open)).filter(approvals::expires_at.le(now));
            }
            Some(state) => rows = rows.filter(approvals::state.eq(state)),
        }
        rows.load(c)
    })
    .map_err(Problem::from)?;
    Ok(rows.into_iter().map(read_approval).collect())
}

/// Moves an open request, in time and of somebody else, to its verdict; whether it was one.
pub fn decide_approval(tx: &mut Tx, id: ApprovalId, by: UserId, verdict: ApprovalState) -> Result<bool> {
    let now = tx.now.naive_utc();
    let changed = diesel::update(approvals::table.find(id.0))
        .filter(approvals::state.eq(ApprovalState::Open))
        .filter(approvals::expires_at.gt(now))
        .filter(approvals::asked_by.ne(by))
        .set((approvals::state.eq(verdict), approvals::decided_by.eq(by), approvals::decided_at.eq(now)))
        .execute(tx.conn)?;
    Ok(changed == 1)
}

/// What `user` asked of a kind and somebody approved since then, the newest first; nothing that is used up.
pub fn approved(
    conn: &mut Conn,
    user: UserId,
    kind: ApprovalKind,
    since: NaiveDateTime,
) -> Result<Vec<Approval>> {
    let rows: Vec<ApprovalRow> = approvals::table
        .filter(approvals::asked_by.eq(user).and(approvals::kind.eq(kind)))
        .filter(approvals::state.eq(ApprovalState::Approved))
        .filter(approvals::decided_at.gt(since).and(approvals::used_at.is_null()))
        .order(approvals::id.desc())
        .load(conn)?;
    Ok(rows.into_iter().map(read_approval).collect())
}

/// Uses a leave up; whether it was there to be used.
pub fn use_approval(tx: &mut Tx, id: ApprovalId) -> Result<bool> {
    let changed = diesel::update(approvals::table.find(id.0))
        .filter(approvals::state.eq(ApprovalState::Approved).and(approvals::used_at.is_null()))
        .set(approvals::used_at.eq(tx.now.naive_utc()))
        .execute(tx.conn)?;
    Ok(changed == 1)
}

/// The sealed cells of requests that are about no donor, after a row; for a change of the root key.
pub fn house_approvals(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<Approval>> {
    let rows: Vec<ApprovalRow> = approvals::table
        .filter(approvals::subject.is_null().and(approvals::id.gt(after)))
        .order(approvals::id)
        .limit(limit)
        .load(conn)?;
    Ok(rows.into_iter().map(read_approval).collect())
}

pub fn put_approval(conn: &mut Conn, id: ApprovalId, request: &[u8], reason: &[u8]) -> Result<()> {
    diesel::update(approvals::table.find(id.0))
        .set((approvals::request.eq(request), approvals::reason.eq(reason)))
        .execute(conn)?;
    Ok(())
}

/// Whether one of two users was made, or given a new beginning, by the other after `since`.
pub fn made_since(conn: &mut Conn, one: UserId, other: UserId, since: NaiveDateTime) -> Result<bool> {
    for (user, maker) in [(one, other), (other, one)] {
        let made = users::created_by.eq(maker).and(users::created_at.gt(since));
        let reset = users::reset_by.eq(maker).and(users::reset_at.gt(since));
        let found: Option<i64> =
            users::table.find(user.0).filter(made.or(reset)).select(users::id).first(conn).optional()?;
        if found.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
