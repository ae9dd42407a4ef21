//! What needs two people: one asks, another decides.
//!
//! Two accounts are not two people when one of them made the other within the last thirty days. A request
//! is sealed by whoever asks, under the key of the person whom it is about, or the house's; this room knows neither
//! what it says nor how it is carried out. That happens in the transaction of the decision, or what was approved is a
//! leave for whoever asked ([`leave_days`]), who acts on it within its time.

use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{ApprovalId, DonorId, UserId};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{ApprovalKind, ApprovalState};
use shiryan_kernel::text::Note;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::{Principal, store};
use crate::audit::{self, Line};
use crate::db::{Conn, Tx};
use crate::vault::{Place, SealingKey, Vault};

/// Days in which somebody must decide.
const OPEN_DAYS: i64 = 14;
/// Days in which whoever made an account is no partner for it.
const MAKER_DAYS: i64 = 30;

/// A request as it is stored: what it says stays sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    pub id: ApprovalId,
    pub kind: ApprovalKind,
    /// Whom it is about; nobody where it is about the house.
    pub subject: Option<DonorId>,
    pub(super) request: Vec<u8>,
    pub(super) reason: Vec<u8>,
    pub state: ApprovalState,
    pub asked_by: UserId,
    pub asked_at: NaiveDateTime,
    pub expires_at: NaiveDateTime,
    pub decided_by: Option<UserId>,
    pub decided_at: Option<NaiveDateTime>,
    /// When a leave for one use was used.
    pub used_at: Option<NaiveDateTime>,
}

/// A request to be made.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    pub kind: ApprovalKind,
    /// Whom it is about, if anybody.
    pub subject: Option<DonorId>,
    /// What is to be done, in words that the asking room reads back.
    pub request: &'a str,
    pub reason: &'a Note<500>,
}

/// The answer to a request: what was asked waits for somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Asked {
    pub approval: ApprovalId,
}

/// Who may decide on a kind of request.
#[must_use]
pub const fn deciders(kind: ApprovalKind) -> &'static [Role] {
    match kind {
        ApprovalKind::CorrectDeferral | ApprovalKind::WithdrawDeferral | ApprovalKind::CorrectGiving => {
            &[Role::Physician]
        }
        ApprovalKind::ChangePolicy => &[Role::Physician],
        ApprovalKind::ChangeKeys => &[Role::Admin, Role::Physician],
        ApprovalKind::MergeDonors | ApprovalKind::UndoMerge | ApprovalKind::ExportRegister => {
            &[Role::Bank, Role::Physician]
        }
    }
}

/// For how many days whoever asked may act on what was approved; none where it is carried out with the decision.
const fn leave_days(kind: ApprovalKind) -> i64 {
    match kind {
        ApprovalKind::CorrectDeferral
        | ApprovalKind::WithdrawDeferral
        | ApprovalKind::CorrectGiving
        | ApprovalKind::MergeDonors
        | ApprovalKind::UndoMerge
        | ApprovalKind::ChangePolicy => 0,
        ApprovalKind::ExportRegister => 1,
        ApprovalKind::ChangeKeys => 7,
    }
}

impl Approval {
    /// What is to be done.
    ///
    /// # Errors
    /// `identity_damaged` when it was changed or moved, or sealed under another key.
    pub fn request(&self, key: &SealingKey) -> Result<String> {
        key.open_text(place("request", self.id), &self.request)
    }

    /// Why.
    ///
    /// # Errors
    /// As [`Approval::request`].
    pub fn reason(&self, key: &SealingKey) -> Result<String> {
        key.open_text(place("reason", self.id), &self.reason)
    }

    /// Whether this user may know of it: whoever asked, and whoever may decide.
    fn is_seen_by(&self, by: &Principal) -> bool {
        self.asked_by == by.user || deciders(self.kind).contains(&by.role)
    }
}

/// A request for a second person in the record of changes.
const APPROVAL: audit::Thing = audit::Thing { name: "approval", tables: &[("approvals", "id")] };

/// Asks for what needs a second person.
///
/// # Errors
/// As any write.
pub fn ask(tx: &mut Tx, vault: &Vault, by: &Principal, key: &SealingKey, ask: &Ask<'_>) -> Result<Asked> {
    let id = ApprovalId(tx.id());
    let now = tx.now;
    let row = Approval {
        id,
        kind: ask.kind,
        subject: ask.subject,
        request: key.seal_text(place("request", id), ask.request),
        reason: key.seal_text(place("reason", id), ask.reason.as_str()),
        state: ApprovalState::Open,
        asked_by: by.user,
        asked_at: now.naive_utc(),
        expires_at: (now + Duration::days(OPEN_DAYS)).naive_utc(),
        decided_by: None,
        decided_at: None,
        used_at: None,
    };
    store::insert_approval(tx.conn, &row)?;
    let line = Line::new(Some(by.user), "accounts.approval_asked").on(id).with("kind", ask.kind);
    audit::made(&APPROVAL, id.0).record(tx, vault, line)?;
    Ok(Asked { approval: id })
}

/// Decides on a request; what was approved is carried out by the caller in the same transaction.
///
/// # Errors
/// `not_found` for one that the caller may not know of; `second_person_required` for whoever asked, and for
/// an account that made the other's, or was made by it, within thirty days; `forbidden` for a role that may
/// not decide; `state_conflict` for one that is decided or has expired.
pub fn decide(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: ApprovalId,
    verdict: ApprovalState,
) -> Result<Approval> {
    let found = approval(tx.conn, by, id, tx.now)?;
    if !deciders(found.kind).contains(&by.role) {
        return Err(Problem::new(Code::Forbidden));
    }
    check_two_people(tx, found.asked_by, by.user)?;
    let seen = audit::seen(tx.conn, vault, &APPROVAL, id.0)?;
    if !store::decide_approval(tx, id, by.user, verdict)? {
        return Err(Problem::new(Code::StateConflict).with("state", found.state));
    }
    let line = Line::new(Some(by.user), "accounts.approval_decided")
        .on(id)
        .with("kind", found.kind)
        .with("verdict", verdict);
    seen.record(tx, vault, line)?;
    Ok(Approval { state: verdict, ..found })
}

/// The newest leave of a kind that the caller was given, whose time is not over, that is not used up, and whose request
/// is what `is_this` looks for: what was approved, to the letter.
///
/// # Errors
/// `second_person_required` where there is none; as [`Approval::request`].
pub fn leave(
    conn: &mut Conn,
    by: &Principal,
    key: &SealingKey,
    kind: ApprovalKind,
    now: DateTime<Utc>,
    is_this: impl Fn(&str) -> bool,
) -> Result<Approval> {
    let since = (now - Duration::days(leave_days(kind))).naive_utc();
    for approval in store::approved(conn, by.user, kind, since)? {
        if is_this(&approval.request(key)?) {
            return Ok(approval);
        }
    }
    Err(Problem::new(Code::SecondPersonRequired))
}

/// Asks that the root key, the one that is there now and no other, be changed on the command line.
///
/// # Errors
/// As any write.
pub fn ask_key_change(tx: &mut Tx, vault: &Vault, by: &Principal, reason: &Note<500>) -> Result<Asked> {
    let request = vault.key_check();
    let ask_for = Ask { kind: ApprovalKind::ChangeKeys, subject: None, request: &request, reason };
    ask(tx, vault, by, vault.house(), &ask_for)
}

/// Uses up the leave to change the root key.
///
/// # Errors
/// As [`leave`].
pub fn spend_key_change(tx: &mut Tx, vault: &Vault, by: &Principal) -> Result<ApprovalId> {
    let (now, present) = (tx.now, vault.key_check());
    let is_this = |text: &str| text == present;
    let found = leave(tx.conn, by, vault.house(), ApprovalKind::ChangeKeys, now, is_this)?;
    if store::use_approval(tx, found.id)? {
        Ok(found.id)
    } else {
        Err(Problem::new(Code::SecondPersonRequired))
    }
}

/// Seals requests about the house under another root; the last of them.
///
/// # Errors
/// As any write. What does not open stays.
pub fn reseal(tx: &mut Tx, old: &Vault, new: &Vault, after: i64, limit: i64) -> Result<Option<i64>> {
    let mut last = None;
    for row in store::house_approvals(tx.conn, after, limit)? {
        let move_on = |column, sealed: &[u8]| new.reseal(old, place(column, row.id), sealed);
        let (request, reason) = (move_on("request", &row.request), move_on("reason", &row.reason));
        store::put_approval(tx.conn, row.id, &request, &reason)?;
        last = Some(row.id.0);
    }
    Ok(last)
}

/// Whether two accounts count as two people.
///
/// # Errors
/// `second_person_required` when they are one, or one made the other within thirty days.
pub fn check_two_people(tx: &mut Tx, one: UserId, other: UserId) -> Result<()> {
    let since = (tx.now - Duration::days(MAKER_DAYS)).naive_utc();
    if one == other || store::made_since(tx.conn, one, other, since)? {
        return Err(Problem::new(Code::SecondPersonRequired));
    }
    Ok(())
}

/// A request that the caller may know of.
///
/// # Errors
/// `not_found`.
pub fn approval(conn: &mut Conn, by: &Principal, id: ApprovalId, now: DateTime<Utc>) -> Result<Approval> {
    let found = store::approval(conn, id)?;
    if found.is_seen_by(by) { Ok(found.at(now)) } else { Err(Problem::new(Code::NotFound)) }
}

/// Requests after `after` that the caller asked or may decide, oldest first.
///
/// # Errors
/// As any read.
pub fn approvals(
    conn: &mut Conn,
    by: &Principal,
    state: Option<ApprovalState>,
    now: DateTime<Utc>,
    after: i64,
    limit: i64,
) -> Result<Vec<Approval>> {
    let kinds: Vec<ApprovalKind> =
        ApprovalKind::ALL.iter().copied().filter(|kind| deciders(*kind).contains(&by.role)).collect();
    let rows = store::approvals(conn, by.user, &kinds, state, now.naive_utc(), after, limit)?;
    Ok(rows.into_iter().map(|row| row.at(now)).collect())
}

impl Approval {
    /// As it stands now: nothing sweeps the open ones that nobody decided in time.
    fn at(mut self, now: DateTime<Utc>) -> Self {
        if self.state == ApprovalState::Open && self.expires_at <= now.naive_utc() {
            self.state = ApprovalState::Expired;
        }
        self
    }
}

const fn place(column: &'static str, id: ApprovalId) -> Place {
    Place::of("approvals", column, id.0)
}
