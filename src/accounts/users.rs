//! Users: made by an administrator, one role each, a scope that fits the role.

use shiryan_kernel::ids::{FacilityId, SessionId, UnitId, UserId};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::FacilityKind;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};

use super::password::{Hashed, hash_now, verify_now};
use super::{Principal, second, store};
use crate::audit::{self, Line, Thing};
use crate::db::{Conn, Tx};
use crate::places;
use crate::vault::{Vault, random_token};

/// A user as others may see one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub username: String,
    pub role: Role,
    pub facility: Option<FacilityId>,
    /// Roots of a medic's scope.
    pub units: Vec<UnitId>,
    pub disabled: bool,
}

/// A user name: 3 to 32 of `a-z 0-9 . _ -`, lower case, a letter or digit first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username(String);

impl Username {
    /// # Errors
    /// `invalid_value` for other characters or lengths.
    pub fn parse(text: &str) -> Result<Self> {
        let name = text.trim().to_ascii_lowercase();
        let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let starts = name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
        if (3..=32).contains(&name.len()) && starts && name.bytes().all(good) {
            Ok(Self(name))
        } else {
            Err(Problem::new(Code::InvalidValue))
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A user to be made; the password is hashed before the write.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub username: Username,
    pub role: Role,
    pub facility: Option<FacilityId>,
    pub units: Vec<UnitId>,
}

/// What somebody signs in by: the name by which others know who answers for a step.
///
/// # Errors
/// `not_found`.
pub fn name(conn: &mut Conn, id: UserId) -> Result<String> {
    store::username(conn, id)
}

/// Makes a user who must choose a password of their own at the first sign-in.
///
/// # Errors
/// `code_taken` for the name; `invalid_request` when the scope does not fit the role: a medic needs
/// units, a hospital or bank officer a facility of that kind, nobody else either.
pub fn create(tx: &mut Tx, vault: &Vault, by: UserId, new: &NewUser, hash: &Hashed) -> Result<UserId> {
    insert(tx, vault, Some(by), new, hash, true)
}

/// Makes a user ready to sign in: for the demo and for tests.
///
/// # Errors
/// As [`create`].
pub fn ensure_user(tx: &mut Tx, vault: &Vault, new: &NewUser, hash: &Hashed) -> Result<UserId> {
    insert(tx, vault, None, new, hash, false)
}

fn insert(
    tx: &mut Tx,
    vault: &Vault,
    by: Option<UserId>,
    new: &NewUser,
    hash: &Hashed,
    must_change: bool,
) -> Result<UserId> {
    check_scope(tx.conn, new)?;
    if store::username_taken(tx.conn, new.username.as_str())? {
        return Err(Problem::new(Code::CodeTaken).about("username", Code::CodeTaken));
    }
    let user = User {
        id: UserId(tx.id()),
        username: new.username.as_str().to_owned(),
        role: new.role,
        facility: new.facility,
        units: new.units.clone(),
        disabled: false,
    };
    let made = audit::made(&USER, user.id.0);
    store::insert_user(tx, &user, hash, must_change, by)?;
    made.record(tx, vault, Line::new(by, "accounts.user_made").on(user.id).with("role", new.role))?;
    Ok(user.id)
}

fn check_scope(conn: &mut Conn, new: &NewUser) -> Result<()> {
    let mut faults = Faults::none();
    let wanted = match new.role {
        Role::Hospital => Some(FacilityKind::Hospital),
        Role::Bank => Some(FacilityKind::BloodBank),
        _ => None,
    };
    match (wanted, new.facility) {
        (Some(_), None) => faults.add("facility", Code::MissingField),
        (None, Some(_)) => faults.add("facility", Code::InvalidValue),
        (Some(kind), Some(id)) => match places::facility(conn, id) {
            Ok(facility) if facility.kind == kind => {}
            Ok(_) => faults.add("facility", Code::InvalidValue),
            Err(_) => faults.add("facility", Code::UnknownReference),
        },
        (None, None) => {}
    }
    match (new.role == Role::Medic, new.units.is_empty()) {
        (true, true) => faults.add("units", Code::MissingField),
        (false, false) => faults.add("units", Code::InvalidValue),
        _ => {}
    }
    for (n, unit) in new.units.iter().enumerate() {
        if places::unit(conn, *unit).is_err() {
            faults.add(format!("units[{n}]"), Code::UnknownReference);
        }
    }
    faults.settle()
}

/// A user in the record of changes.
pub(super) const USER: Thing = Thing { name: "user", tables: &[("users", "id"), ("user_units", "user_id")] };

/// Gives an account a new beginning for whoever lost password or device: a password to be changed at the first sign-in,
/// no second factor, no sign-in. For thirty days the two cannot be the two people of anything (B12).
///
/// # Errors
/// `not_found`; `state_conflict` for one's own account.
pub fn reset(tx: &mut Tx, vault: &Vault, by: UserId, user: UserId, hash: &Hashed) -> Result<()> {
    not_oneself(by, user)?;
    store::is_disabled(tx.conn, user)?;
    let seen = audit::seen(tx.conn, vault, &USER, user.0)?;
    store::set_password(tx, user, hash, true)?;
    store::note_reset(tx, user, by)?;
    store::second::remove(tx, user)?;
    store::revoke_all(tx, user)?;
    seen.record(tx, vault, Line::new(Some(by), "accounts.user_reset").on(user).alert()).map(drop)
}

/// Shuts an account: every sign-in of it ends.
///
/// # Errors
/// `not_found`; `state_conflict` for one's own account, or one that is shut.
pub fn disable(tx: &mut Tx, vault: &Vault, by: UserId, user: UserId) -> Result<()> {
    turn(tx, vault, by, user, true)
}

/// Opens an account that was shut, as it was.
///
/// # Errors
/// `not_found`; `state_conflict` for one's own account, or one that is open.
pub fn enable(tx: &mut Tx, vault: &Vault, by: UserId, user: UserId) -> Result<()> {
    turn(tx, vault, by, user, false)
}

fn turn(tx: &mut Tx, vault: &Vault, by: UserId, user: UserId, disabled: bool) -> Result<()> {
    not_oneself(by, user)?;
    store::is_disabled(tx.conn, user)?;
    let seen = audit::seen(tx.conn, vault, &USER, user.0)?;
    if !store::set_disabled(tx, user, disabled)? {
        return Err(Problem::new(Code::StateConflict));
    }
    store::revoke_all(tx, user)?;
    let action = if disabled { "accounts.user_disabled" } else { "accounts.user_enabled" };
    seen.record(tx, vault, Line::new(Some(by), action).on(user)).map(drop)
}

/// Nobody shuts the own account: somebody who manages users is left.
fn not_oneself(by: UserId, user: UserId) -> Result<()> {
    if by == user { Err(Problem::new(Code::StateConflict)) } else { Ok(()) }
}

/// Users after `after`, oldest first.
///
/// # Errors
/// As any read.
pub fn list(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<User>> {
    store::users(conn, after, limit)
}

/// Physicians who may sign in, by their names.
///
/// # Errors
/// As any read.
pub fn physicians(conn: &mut Conn) -> Result<Vec<(UserId, String)>> {
    store::of_role(conn, Role::Physician)
}

/// Who it is that signs in on the command line. The act itself is what is recorded. `ask_code` is called where a second
/// factor stands; in a world that `is_live`, whoever may open identities needs one.
///
/// # Errors
/// `bad_credentials` for any wrong name, password or disabled account, all alike;
/// `password_change_required` for a password that somebody else chose; `second_factor_missing`, `second_factor_invalid`.
pub fn prove_now(
    conn: &mut Conn,
    vault: &Vault,
    (username, password): (&str, &str),
    (is_live, now): (bool, Moment),
    ask_code: &dyn Fn() -> Result<String>,
) -> Result<Principal> {
    let refused = || Problem::new(Code::BadCredentials);
    let username = Username::parse(username).map_err(|_| refused())?;
    let found = store::credentials(conn, username.as_str())?;
    let proved = verify_now(password, found.as_ref().map(|found| &found.hash))?;
    let found = found.filter(|found| proved && !found.disabled).ok_or_else(refused)?;
    if found.must_change {
        return Err(Problem::new(Code::PasswordChangeRequired));
    }
    let is_due = is_live && second::must_have(found.role);
    second::check_now(conn, vault, found.id, (is_due, now.naive_utc()), ask_code)?;
    Ok(Principal { user: found.id, role: found.role, session: SessionId(0), facility: found.facility })
}

/// Whoever a user's own calendar is read for, with their language: nobody once the account is disabled.
///
/// # Errors
/// As any read.
pub fn stand_in(conn: &mut Conn, user: UserId) -> Result<Option<(Principal, Option<String>)>> {
    let found = store::acting(conn, user)?;
    Ok(found.map(|(role, facility, language)| {
        (Principal { user, role, session: SessionId(0), facility }, language)
    }))
}

/// In a database without users, makes `admin` with a one-time password, which is returned to be shown
/// once.
///
/// # Errors
/// As any write.
pub fn first_admin(tx: &mut Tx, vault: &Vault) -> Result<Option<String>> {
    if store::any_user(tx.conn)? {
        return Ok(None);
    }
    let password: String = random_token().chars().take(20).collect();
    let new =
        NewUser { username: Username("admin".into()), role: Role::Admin, facility: None, units: Vec::new() };
    insert(tx, vault, None, &new, &hash_now(&password)?, true)?;
    Ok(Some(password))
}
