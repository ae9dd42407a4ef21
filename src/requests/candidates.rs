//! Which units of a shelf fit a request, in the order of issue.

use shiryan_kernel::attribute::{Attribute, Attributes};
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::compat::{Caution, Titre};
use shiryan_kernel::ids::{FacilityId, RequestId};
use shiryan_kernel::level::Level;
use shiryan_kernel::status::Urgency;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Problem, Result};

use super::{BloodRequest, Counts, in_reach, patient, rules, shares};
use crate::accounts::Principal;
use crate::db::Conn;
use crate::places::{self, closures};
use crate::reserve::levels;
use crate::stock::rules::{Candidate, Chosen, Cover, Site, Wanted, choose};
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
    /// Those of them that hold for this patient: whoever holds the unit has to say why.
    pub warnings: Vec<Caution>,
    /// Whether it is spent before it is lost.
    pub is_short_dated: bool,
    /// Whether it stands behind others because its group has little left.
    pub is_spared: bool,
}

/// What may be held for a request.
#[derive(Debug)]
pub struct Candidates {
    pub request: BloodRequest,
    pub counts: Counts,
    pub offers: Vec<Offer>,
    /// How the groups that are offered stand where blood still gets to from here: what each unit costs the reserve.
    pub levels: Vec<(BloodGroup, Level)>,
    /// Whether no road leads from here to the hospital now: then nothing is offered, unless it was asked for.
    pub is_cut_off: bool,
}

/// Whether no road leads from a blood bank to the hospital that asks.
pub(super) fn is_cut_off(
    conn: &mut Conn,
    bank: FacilityId,
    request: &BloodRequest,
    now: Moment,
) -> Result<bool> {
    let here = places::facility(conn, bank)?.governorate;
    let there = places::facility(conn, request.facility)?.governorate;
    Ok(!closures::roads(conn, now)?.reach(here).contains(&there))
}

/// Units of the caller's own shelf that fit a request, in the order of issue, and how many it still wants. A group with
/// little left is spared, but not in an emergency. Where no road leads to the hospital nothing is offered, unless somebody
/// asks across what is closed.
///
/// # Errors
/// `not_found` of another region's.
pub fn candidates(
    conn: &mut Conn,
    by: &Principal,
    id: RequestId,
    now: Moment,
    across_closures: bool,
) -> Result<Candidates> {
    let own = by.own_facility()?;
    let request = in_reach(conn, by, id)?;
    let counts = Counts::of(request.units, &shares(conn, &[id])?, now);
    let wanted = Wanted {
        component: request.component,
        recipient: patient::recipient(conn, &request, now)?,
        good_at: request.good_at(now),
        by_policy: request.rhd_by.is_some(),
    };
    let fits =
        |group, titre| rules::fits(wanted.component, wanted.recipient, (group, titre), wanted.by_policy);
    let is_cut_off = is_cut_off(conn, own, &request, now)?;
    let is_open = across_closures || !is_cut_off;
    let mut shelf = Vec::new();
    for group in BloodGroup::ALL.iter().copied().filter(|_| is_open) {
        // Where a low titre alone opens the group, only such units are looked for.
        let needs = match (fits(group, Titre::Unknown), fits(group, Titre::Low)) {
            (true, _) => request.needs,
            (false, true) => request.needs.with(Attributes::of(&[Attribute::LowTitre])),
            (false, false) => continue,
        };
        let such = (wanted.component, group, needs);
        shelf.extend(stock::first_of_shelf(conn, such, own, wanted.good_at, MOST_CANDIDATES)?);
    }
    let here = places::facility(conn, own)?.governorate;
    let there = places::facility(conn, request.facility)?.governorate;
    let roads = closures::roads(conn, now)?;
    let site = if here == there { Site::SameGovernorate } else { Site::SameRegion };
    let mut levels = levels::around(conn, wanted.component, here, &roads)?;
    let cover =
        if request.urgency == Urgency::Emergency { Cover::unknown() } else { levels::spared(&levels) };
    let candidates = shelf.into_iter().map(|found| Candidate {
        key: found.id,
        group: found.blood_group,
        titre: found.attributes.titre(),
        expires_at: found.expires_at(),
        site,
    });
    let case = request.case(wanted.recipient);
    let most = usize::try_from(MOST_CANDIDATES).map_err(Problem::internal)?;
    let mut offers = Vec::new();
    for chosen in choose(&wanted, &cover, candidates).into_iter().take(most) {
        let Chosen { candidate, is_short_dated, is_spared, preference, needs: cautions } = chosen;
        // One by one: a list would be prepared anew each time, which costs more than fifty look-ups.
        let (unit, blood_group) = (stock::unit(conn, candidate.key)?, candidate.group);
        let warnings = request.warnings(&case, &unit, wanted.good_at);
        offers.push(Offer {
            unit,
            blood_group,
            preference,
            site,
            cautions,
            warnings,
            is_short_dated,
            is_spared,
        });
    }
    levels.retain(|(group, _)| offers.iter().any(|offer| offer.blood_group == *group));
    Ok(Candidates { request, counts, offers, levels, is_cut_off })
}
