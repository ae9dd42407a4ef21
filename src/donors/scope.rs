//! Whom a user may know of. What lies outside is not there: reads answer `not_found`, and an entry is
//! taken like a new one.

use shiryan_kernel::ids::UnitId;
use shiryan_kernel::role::Role;
use shiryan_kernel::{Code, Problem, Result};

use crate::accounts::{self, Principal};
use crate::db::Conn;
use crate::places;

/// The donors whom a user may know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The whole force.
    All,
    /// Those of these units and of all below them; nobody without a unit.
    Units(Vec<UnitId>),
}

impl Scope {
    /// The scope of a signed-in user.
    ///
    /// # Errors
    /// `forbidden` for roles that know of no donor.
    pub fn of(conn: &mut Conn, by: &Principal) -> Result<Self> {
        match by.role {
            Role::Medic => Ok(Self::Units(accounts::unit_roots(conn, by.user)?)),
            Role::Admin | Role::Bank | Role::Physician => Ok(Self::All),
            Role::Command | Role::Hospital => Err(Problem::new(Code::Forbidden)),
        }
    }

    /// Whether a donor of `unit` is inside.
    ///
    /// # Errors
    /// As any read.
    pub fn holds(&self, conn: &mut Conn, unit: Option<UnitId>) -> Result<bool> {
        match (self, unit) {
            (Self::All, _) => Ok(true),
            (Self::Units(_), None) => Ok(false),
            (Self::Units(roots), Some(unit)) => places::is_within(conn, unit, roots),
        }
    }
}

/// Keeps of a boxed query over `donors` what a [`Scope`] holds.
macro_rules! within {
    ($page:expr, $scope:expr) => {
        match $scope {
            Scope::All => $page,
            Scope::Units(roots) => $page.filter(
                donors::unit_id.eq_any(
                    unit_tree::table
                        .filter(unit_tree::ancestor.eq_any(roots))
                        .select(unit_tree::descendant.nullable()),
                ),
            ),
        }
    };
}
pub(super) use within;
