//! Which units of a shelf fit a request, in the order of issue.

use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::compat::{Caution, Titre};
use shiryan_kernel::ids::RequestId;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Problem, Result};

use super::{BloodRequest, Counts, in_reach, patient, rules, shares};
use crate::accounts::Principal;
use crate::db::Conn;
use crate::places;
use crate::stock::rules::{Candidate, Cover, Site, Wanted, choose};
use crate::stock::{self, BloodUnit};

/// Units listed as candidates.
pub const MOST_CANDIDATES: i64 = 50;

/// A unit that may be held, in its place in the order.
#[derive(Debug)]
pub struct Offer {
    pub unit: BloodUnit,
    pub blood_group: BloodGroup,
    /// The group's place in the component's table; 0 is best.
    pub preference: u8,
    pub site: Site,
    pub cautions: &'static [Caution],
}

/// Units of the caller's own shelf that fit a request, in the order of issue, and how many it still wants.
///
/// # Errors
/// `not_found` of another region's.
pub fn candidates(
    conn: &mut Conn,
    by: &Principal,
    id: RequestId,
    now: Moment,
) -> Result<(BloodRequest, Counts, Vec<Offer>)> {
    let own = by.own_facility()?;
    let request = in_reach(conn, by, id)?;
    let counts = Counts::of(request.units, &shares(conn, &[id])?, now);
    let wanted = Wanted {
        component: request.component,
        recipient: patient::recipient(conn, &request, now)?,
        good_at: request.good_at(now),
        by_policy: request.rhd_by.is_some(),
    };
    let mut shelf = Vec::new();
    for group in BloodGroup::ALL {
        if rules::fits(wanted.component, wanted.recipient, *group, wanted.by_policy) {
            let good_at = wanted.good_at;
            let at_most = MOST_CANDIDATES;
            shelf.extend(stock::first_to_expire_at(conn, wanted.component, *group, own, good_at, at_most)?);
        }
    }
    let site = if places::facility(conn, own)?.governorate
        == places::facility(conn, request.facility)?.governorate
    {
        Site::SameGovernorate
    } else {
        Site::SameRegion
    };
    let grouped = shelf.into_iter().filter_map(|unit| Some((unit.blood_group?, unit)));
    let units: Vec<(BloodGroup, BloodUnit)> = grouped.collect();
    let candidates = units.iter().enumerate().map(|(key, (group, unit))| Candidate {
        key,
        group: *group,
        titre: Titre::Unknown,
        expires_at: unit.expires_at(),
        site,
    });
    let most = usize::try_from(MOST_CANDIDATES).map_err(Problem::internal)?;
    let chosen = choose(&wanted, &Cover::unknown(), candidates).into_iter().take(most);
    let offers = chosen.filter_map(|chosen| {
        let (blood_group, unit) = units.get(chosen.candidate.key)?.clone();
        let (preference, cautions) = (chosen.preference, chosen.needs);
        Some(Offer { unit, blood_group, preference, site, cautions })
    });
    Ok((request, counts, offers.collect()))
}
