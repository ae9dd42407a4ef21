//! Who acts, what each may do, and how they prove it.
//!
//! Passwords are argon2id; an access token lives ten minutes at most under one pinned algorithm; a
//! refresh token rotates and its reuse ends the sign-in. A browser's session is an opaque cookie, never
//! a token. Only digests of secrets are kept.

mod addresses;
pub mod api;
mod approvals;
mod attempts;
mod links;
pub mod pages;
mod password;
mod rights;
mod second;
mod sessions;
mod store;
mod tokens;
mod users;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use shiryan_kernel::ids::{FacilityId, SessionId, UnitId, UserId};
use shiryan_kernel::role::Role;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};

use crate::db::Conn;
pub use addresses::{Mailbox, Readers, mailbox, readers, reseal_addresses, set_address};
pub use approvals::{
    Approval, Ask, Asked, approval, approvals, ask, ask_key_change, check_two_people, decide, deciders,
    leave, reseal as reseal_approvals, spend_key_change,
};
pub use attempts::{Attempts, Budget};
pub use links::{
    Link, NewLink, carry_link, forget_links, forget_over, link, link_secret, make_link, use_link,
};
pub use password::{Hashed, Hasher, hash_now};
pub use rights::*;
pub use second::{Enrolment, must_have as must_have_second_factor, reseal as reseal_second_factors};
pub use sessions::{BrowserSession, Grant, Open, Sessions, SignIn};
pub use tokens::Tokens;
pub use users::{
    NewUser, User, Username, create, disable, enable, ensure_user, first_admin, list, name, physicians,
    prove_now, reset, stand_in,
};

/// A user who has proved to be so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub user: UserId,
    pub role: Role,
    /// The sign-in through which they act.
    pub session: SessionId,
    /// A hospital's or a blood bank's own.
    pub facility: Option<FacilityId>,
}

impl Principal {
    /// Whether this role's sight of donors ends at its own units.
    #[must_use]
    pub const fn is_unit_bound(&self) -> bool {
        matches!(self.role, Role::Medic)
    }

    /// The facility that this role acts for.
    ///
    /// # Errors
    /// `forbidden` for a role without one.
    pub fn own_facility(&self) -> Result<FacilityId> {
        self.facility.ok_or_else(|| Problem::new(Code::Forbidden))
    }
}

/// The units at whose root the user's scope stands; empty for roles that are not bound to units.
///
/// # Errors
/// As any read.
pub fn unit_roots(conn: &mut Conn, user: UserId) -> Result<Vec<UnitId>> {
    store::unit_roots(conn, user)
}

/// Sign-ins that were ended here and whose tokens still look good until they expire.
#[derive(Debug, Clone, Default)]
pub struct Ended(Arc<Mutex<HashMap<SessionId, Moment>>>);

impl Ended {
    /// Refuses the session's tokens until `until`, when the last of them expires.
    pub fn add(&self, session: SessionId, now: Moment, until: Moment) {
        let mut ended = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|_, until| *until > now);
        ended.insert(session, until);
    }

    #[must_use]
    pub fn has(&self, session: SessionId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&session)
    }
}
