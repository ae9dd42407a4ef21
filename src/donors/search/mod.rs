//! Finding a donor by name or by one exact number, inside one's own scope.
//!
//! Names have no index at rest: equal beginnings would give themselves away by how often they come. They
//! are searched in memory ([`Names`]). Exact numbers go by their tags, so many a day for each caller ([`look_up`]).

mod exact;
mod index;
mod names;
mod store;

use shiryan_kernel::ids::DonorId;
use shiryan_kernel::text::{Email, NationalId, Phone, ServiceNumber};
use shiryan_kernel::{Code, Problem, Result};

pub use exact::{Budget, Exact, LookUp, look_up, met_known};
pub use index::Words;
pub use names::Names;

use super::{Donor, Scope};
use crate::db::Conn;

/// What is searched for.
#[derive(Debug, Clone)]
pub enum Term {
    /// By the beginnings of the parts of a name.
    Name(Words),
    Exact(Exact),
}

impl Term {
    /// The one term that is given, of `name`, `national_id`, `service_number`, `phone` and `email`.
    ///
    /// # Errors
    /// `missing_field` of `name` when none is; `invalid_value` of a second one; as the term's own type, by its field.
    pub fn parse(fields: [(&str, Option<&str>); 5]) -> Result<Self> {
        let mut given = fields.into_iter().filter_map(|(field, text)| Some((field, text?)));
        let (field, text) = match (given.next(), given.next()) {
            (None, _) => return Err(Problem::field("name", Code::MissingField)),
            (Some(_), Some((second, _))) => return Err(Problem::field(second, Code::InvalidValue)),
            (Some(given), None) => given,
        };
        let term = match field {
            "name" => Words::parse(text).map(Self::Name),
            "national_id" => NationalId::parse(text).map(|number| Self::Exact(Exact::NationalId(number))),
            "service_number" => {
                ServiceNumber::parse(text).map(|number| Self::Exact(Exact::ServiceNumber(number)))
            }
            "phone" => Phone::parse(text).map(|number| Self::Exact(Exact::Phone(number))),
            _ => Email::parse(text).map(|address| Self::Exact(Exact::Email(address))),
        };
        term.map_err(|problem| problem.on(field))
    }
}

/// A page of donors, and where the next begins.
#[derive(Debug, PartialEq)]
pub struct Found {
    pub donors: Vec<Donor>,
    /// The last id that was looked at, when more follow it.
    pub last: Option<DonorId>,
}

/// Donors of the scope after `after` whose names have all the words, oldest first.
///
/// # Errors
/// `search_warming` until names are in memory.
pub fn by_name(
    conn: &mut Conn,
    names: &Names,
    scope: &Scope,
    words: &Words,
    after: DonorId,
    limit: usize,
) -> Result<Found> {
    let units = match scope {
        Scope::All => None,
        Scope::Units(roots) => Some(store::units_within(conn, roots)?),
    };
    let mut ids = names.find(words, units.as_deref(), after, limit + 1)?;
    let more = ids.len() > limit;
    ids.truncate(limit);
    let last = ids.last().copied().filter(|_| more);
    // The index follows a moment behind: who left the scope since is cut here.
    Ok(Found { donors: store::donors_of(conn, scope, &ids)?, last })
}
