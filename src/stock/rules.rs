//! Pure decisions about blood units: which state may follow which, and which unit goes first.
//!
//! Nothing here looks at a shelf or a clock. A unit that does not fit, is past its date or rests on the
//! RhD policy is never chosen: the policy needs an authoriser by name, and a list has none.

use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::compat::{Caution, Recipient, Titre, Verdict, judge};
use shiryan_kernel::status::{MoveReason, UnitStatus};
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};

/// The states that may follow `from`; none for the three that are final.
///
/// Only quarantine leads to the shelf for the first time; a unit that came back from a hospital goes
/// through quarantine again, and so does one whose block was lifted. Safety can block every unit that is
/// still somewhere. One that was under way arrives as it left, if nothing happened to it. A blocked one stays so past its date, until it is discarded.
#[must_use]
pub const fn next(from: UnitStatus) -> &'static [UnitStatus] {
    use UnitStatus::{
        Blocked, Discarded, Divided, EmergencyUntested, Expired, InTransit, Issued, Quarantine, Released,
        Reserved, Returned, Transfused,
    };
    match from {
        Quarantine => &[Released, InTransit, Divided, EmergencyUntested, Discarded, Expired, Blocked],
        Released => &[Reserved, Issued, InTransit, Discarded, Expired, Blocked],
        Reserved => &[Released, Issued, Discarded, Expired, Blocked],
        Issued => &[Transfused, Returned, Discarded, Expired, Blocked],
        Returned => &[Quarantine, Discarded, Expired, Blocked],
        InTransit => &[Quarantine, Released, Discarded, Expired, Blocked],
        // Never to the shelf: what was not given is tested like any other.
        EmergencyUntested => &[Quarantine, Transfused, Discarded, Expired, Blocked],
        // What was used before it was stopped or passed its date is told late.
        Blocked => &[Quarantine, Transfused, Discarded],
        Expired => &[Transfused, Discarded],
        Transfused | Discarded | Divided => &[],
    }
}

/// Whether a unit may go from one state to another.
#[must_use]
pub fn may_follow(from: UnitStatus, to: UnitStatus) -> bool {
    next(from).contains(&to)
}

/// Whether what was said of a bag's end can be taken back: it was not used, or not thrown away. Nobody knows how it was kept
/// since, so it stands stopped.
#[must_use]
pub const fn may_be_corrected(from: UnitStatus) -> bool {
    matches!(from, UnitStatus::Transfused | UnitStatus::Discarded)
}

/// For what a person may stop a bag.
pub const STOPS: [MoveReason; 7] = [
    MoveReason::DonorLinked,
    MoveReason::HospitalReport,
    MoveReason::Recall,
    MoveReason::GroupDiscrepancy,
    MoveReason::OutOfTemperature,
    MoveReason::Damaged,
    MoveReason::Other,
];

/// For what a bag may be thrown away.
pub const DISCARDS: [MoveReason; 9] = [
    MoveReason::DonorLinked,
    MoveReason::HospitalReport,
    MoveReason::Recall,
    MoveReason::GroupDiscrepancy,
    MoveReason::OutOfTemperature,
    MoveReason::Damaged,
    MoveReason::Other,
    MoveReason::LowVolume,
    MoveReason::DatePassed,
];

/// For what a hospital may throw a bag away.
pub const HOSPITAL_DISCARDS: [MoveReason; 8] = [
    MoveReason::NotUsed,
    MoveReason::Damaged,
    MoveReason::OutOfTemperature,
    MoveReason::HospitalReport,
    MoveReason::Recall,
    MoveReason::GroupDiscrepancy,
    MoveReason::DatePassed,
    MoveReason::Other,
];

/// The longest that a bag is on its way, in hours; one that was longer under way arrives stopped.
pub const MOST_HOURS_UNDER_WAY: i64 = 12;
/// Days in which a hospital says late that it used a bag.
pub const LATE_REPORT_DAYS: i64 = 14;

/// The most minutes that a bag was out of controlled storage and may still go back on a shelf: red cells and whole
/// blood out of the cold, platelets without agitation; what is frozen never thaws.
#[must_use]
pub const fn most_minutes_out(component: Component) -> i64 {
    match component {
        Component::RedCells | Component::WholeBlood => 30,
        Component::Platelets => 24 * 60,
        Component::Plasma | Component::Cryoprecipitate => 0,
    }
}

/// Whether a bag that left at `left` was longer on its way than it may be.
#[must_use]
pub fn is_late(left: Moment, now: Moment) -> bool {
    now - left > chrono::Duration::hours(MOST_HOURS_UNDER_WAY)
}

/// Hours from the collection in which whole blood still becomes plasma or platelets; later only red cells.
pub const HOURS_TO_DERIVE: i64 = 24;

/// What a component may be divided into: itself, in parts, or whole blood into what it is made of.
#[must_use]
pub fn may_become(from: Component, to: Component) -> bool {
    from == to
        || matches!(
            (from, to),
            (Component::WholeBlood, Component::RedCells | Component::Platelets | Component::Plasma)
                | (Component::Plasma, Component::Cryoprecipitate)
        )
}

/// The most parts of one unit.
pub const MOST_PARTS: usize = 9;
/// The most labels of one count.
pub const MOST_COUNTED: usize = 2_000;
/// The most units of one group that a shelf may be said to need.
pub const MOST_PAR: i32 = 10_000;
/// The most units of one transfer.
pub const MOST_SENT: usize = 100;
/// The most that a bag holds, in mL.
pub const MOST_ML: i32 = 1_000;
/// The most parts that a component is divided into: what a label of ISBT 128 can tell apart by one figure.
pub const MOST_DIVISIONS: i32 = 9;

/// Over how many days the own use is looked back at.
pub const USE_DAYS: i64 = 56;

/// How long so many units last when `used` went in the last [`USE_DAYS`], in days to a tenth.
#[must_use]
pub fn days_of_use(usable: i64, used: i64) -> Option<f64> {
    let tenths = (usable * USE_DAYS * 10).checked_div(used)?;
    Some(f64::from(i32::try_from(tenths).ok()?) / 10.0)
}

/// What to ask for so that as many lie there as should once those that expire soon are gone.
#[must_use]
pub fn to_order(par: Option<i32>, usable: i64, expiring: i64) -> i64 {
    par.map_or(0, |par| (i64::from(par) - (usable - expiring)).max(0))
}

/// Whether a step may have this reason; one that is told in words has them.
///
/// # Errors
/// `invalid_value` of `reason`; `missing_field` of `note`.
pub fn check_why(reasons: &[MoveReason], reason: MoveReason, has_note: bool) -> Result<()> {
    if !reasons.contains(&reason) {
        return Err(Problem::field("reason", Code::InvalidValue));
    }
    if reason == MoveReason::Other && !has_note {
        return Err(Problem::field("note", Code::MissingField));
    }
    Ok(())
}

/// A unit with no more than this left is spent before it is lost: nothing spares it. Plasma and cryoprecipitate keep
/// frozen.
#[must_use]
pub const fn short_dated(component: Component) -> Option<chrono::Duration> {
    match component {
        Component::WholeBlood | Component::RedCells => Some(chrono::Duration::days(5)),
        Component::Platelets => Some(chrono::Duration::days(1)),
        Component::Plasma | Component::Cryoprecipitate => None,
    }
}

/// Days of cover of each group as a share of its floor: below 1 the group is better left alone while
/// another group fits. What nobody has worked out counts as at its floor.
#[derive(Debug, Clone, PartialEq)]
pub struct Cover([Option<f64>; BloodGroup::ALL.len()]);

impl Cover {
    /// Nothing is known: the tables alone decide.
    #[must_use]
    pub const fn unknown() -> Self {
        Self([None; BloodGroup::ALL.len()])
    }

    /// The share of each group, where it is known.
    #[must_use]
    pub fn of(share: impl Fn(BloodGroup) -> Option<f64>) -> Self {
        let mut cover = Self::unknown();
        for (place, group) in cover.0.iter_mut().zip(BloodGroup::ALL) {
            *place = share(*group);
        }
        cover
    }

    /// Whether a group is better left alone while another fits.
    #[must_use]
    pub fn is_below_floor(&self, group: BloodGroup) -> bool {
        let known = BloodGroup::ALL.iter().zip(self.0).find(|(known, _)| **known == group);
        known.and_then(|(_, share)| share).is_some_and(|share| share < 1.0)
    }
}

shiryan_kernel::word! {
    /// How far a unit stands from the one who asks; nearer first when nothing else decides.
    pub enum Site {
        SameFacility = "same_facility",
        SameGovernorate = "same_governorate",
        SameRegion = "same_region",
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    pub component: Component,
    pub recipient: Recipient,
    /// The unit must still be good at this moment.
    pub good_at: Moment,
    /// Whether somebody answers for RhD-positive units for an RhD-negative patient.
    pub by_policy: bool,
}

/// A released unit that may be chosen; `key` is the caller's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate<K> {
    pub key: K,
    pub group: BloodGroup,
    /// Of the unit's plasma.
    pub titre: Titre,
    /// The last moment at which the unit is good.
    pub expires_at: Moment,
    pub site: Site,
}

impl Wanted {
    /// Whether a unit is so near its end when it is wanted that it is spent before it is lost.
    #[must_use]
    pub fn is_short_dated(&self, expires_at: Moment) -> bool {
        short_dated(self.component).is_some_and(|left| expires_at <= self.good_at + left)
    }
}

/// A unit in its place in the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen<K> {
    pub candidate: Candidate<K>,
    /// Whether it is spent before it is lost.
    pub is_short_dated: bool,
    /// Whether it stands behind others because its group has little left.
    pub is_spared: bool,
    /// The group's place in the component's table; 0 is best.
    pub preference: u8,
    /// What must be seen to before the unit is given.
    pub needs: &'static [Caution],
}

/// Puts what fits in the order of issue, and leaves out what does not.
///
/// What needs the RhD policy comes last. The identical group first. Then, for red cells and whole blood, RhD-positive groups before
/// RhD-negative ones for an RhD-positive recipient; then groups at or above their floor before those
/// below it, which spare nothing that is short-dated; then the component's table. Within a group the unit that expires
/// first, then the nearer one, then the smaller key.
#[must_use]
pub fn choose<K: Ord>(
    wanted: &Wanted,
    cover: &Cover,
    candidates: impl IntoIterator<Item = Candidate<K>>,
) -> Vec<Chosen<K>> {
    let mut chosen: Vec<Chosen<K>> = candidates
        .into_iter()
        .filter(|candidate| wanted.good_at <= candidate.expires_at)
        .filter_map(|candidate| {
            let (preference, needs) =
                match judge(wanted.component, wanted.recipient, candidate.group, candidate.titre) {
                    Verdict::Fits { preference, needs } => (preference, needs),
                    Verdict::ByPolicy { preference, needs } if wanted.by_policy => (preference, needs),
                    Verdict::ByPolicy { .. } | Verdict::Never => return None,
                };
            let is_short_dated = wanted.is_short_dated(candidate.expires_at);
            let is_other = wanted.recipient.group() != Some(candidate.group);
            let is_spared = is_other && !is_short_dated && cover.is_below_floor(candidate.group);
            Some(Chosen { candidate, is_short_dated, is_spared, preference, needs })
        })
        .collect();
    chosen.sort_by(|a, b| {
        let rank = |c: &Chosen<K>| {
            let group = c.candidate.group;
            let other = wanted.recipient.group() != Some(group);
            let by_policy = c.needs.contains(&Caution::PolicyRhdPositiveToNegative);
            (by_policy, other, other && spends_rhd_negative(wanted, group), c.is_spared)
        };
        let within = |c: &Chosen<K>| (c.preference, c.candidate.expires_at, c.candidate.site);
        rank(a)
            .cmp(&rank(b))
            .then_with(|| within(a).cmp(&within(b)))
            .then_with(|| a.candidate.key.cmp(&b.candidate.key))
    });
    chosen
}

fn spends_rhd_negative(wanted: &Wanted, group: BloodGroup) -> bool {
    matches!(wanted.component, Component::RedCells | Component::WholeBlood)
        && wanted.recipient.takes_rhd_positive()
        && !group.rhd_positive()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use shiryan_kernel::compat::verdict;

    use super::*;

    #[test]
    fn what_was_used_says_how_long_it_lasts() {
        assert_eq!(days_of_use(10, 0), None);
        assert_eq!(days_of_use(10, 56), Some(10.0));
        assert_eq!(days_of_use(0, 3), Some(0.0));
        assert_eq!(days_of_use(5, 40), Some(7.0));
    }

    #[test]
    fn what_expires_soon_is_asked_for_too() {
        for (par, usable, expiring, order) in
            [(None, 0, 0, 0), (Some(5), 0, 0, 5), (Some(5), 7, 0, 0), (Some(5), 7, 3, 1), (Some(5), 5, 5, 5)]
        {
            assert_eq!(to_order(par, usable, expiring), order, "{par:?} {usable} {expiring}");
        }
    }

    #[test]
    fn twelve_hours_under_way_and_no_more() {
        let left: Moment = "2026-11-26T06:00:00Z".parse().unwrap();
        assert!(!is_late(left, left + chrono::Duration::hours(12)));
        assert!(is_late(left, left + chrono::Duration::hours(12) + chrono::Duration::seconds(1)));
    }

    #[test]
    fn the_steps_are_these_and_no_others() {
        use UnitStatus::*;
        let allowed = [
            (Quarantine, Released),
            (Quarantine, Discarded),
            (Quarantine, Expired),
            (Quarantine, Blocked),
            (Released, Reserved),
            (Released, Issued),
            (Released, Discarded),
            (Released, Expired),
            (Released, Blocked),
            (Reserved, Released),
            (Reserved, Issued),
            (Reserved, Discarded),
            (Reserved, Expired),
            (Reserved, Blocked),
            (Issued, Transfused),
            (Issued, Returned),
            (Issued, Discarded),
            (Issued, Expired),
            (Issued, Blocked),
            (Returned, Quarantine),
            (Returned, Discarded),
            (Returned, Expired),
            (Returned, Blocked),
            (Quarantine, InTransit),
            (Quarantine, Divided),
            (Released, InTransit),
            (InTransit, Quarantine),
            (InTransit, Released),
            (InTransit, Discarded),
            (InTransit, Expired),
            (InTransit, Blocked),
            (Blocked, Quarantine),
            (Blocked, Transfused),
            (Expired, Transfused),
            (Blocked, Discarded),
            (Expired, Discarded),
            (Quarantine, EmergencyUntested),
            (EmergencyUntested, Quarantine),
            (EmergencyUntested, Transfused),
            (EmergencyUntested, Discarded),
            (EmergencyUntested, Expired),
            (EmergencyUntested, Blocked),
        ];
        for from in UnitStatus::ALL {
            for to in UnitStatus::ALL {
                assert_eq!(may_follow(*from, *to), allowed.contains(&(*from, *to)), "{from} to {to}");
            }
        }
    }

    #[test]
    fn every_in_date_state_can_be_blocked_and_no_block_leads_to_the_shelf() {
        use UnitStatus::*;
        for from in [Quarantine, Released, Reserved, Issued, Returned, InTransit] {
            assert!(may_follow(from, Blocked), "{from}");
        }
        for to in [Released, Reserved, Issued] {
            assert!(!may_follow(Blocked, to) && !may_follow(Expired, to), "{to}");
        }
    }

    fn at(hours: i64) -> Moment {
        "2026-11-24T00:00:00Z".parse::<Moment>().unwrap() + chrono::Duration::hours(hours)
    }

    fn candidate(key: u32, group: BloodGroup, hours: i64) -> Candidate<u32> {
        Candidate { key, group, titre: Titre::Unknown, expires_at: at(hours), site: Site::SameRegion }
    }

    fn groups(chosen: &[Chosen<u32>]) -> Vec<BloodGroup> {
        chosen.iter().map(|unit| unit.candidate.group).collect()
    }

    fn one_of_each() -> Vec<Candidate<u32>> {
        (0..).zip(BloodGroup::ALL).map(|(key, group)| candidate(key, *group, 24 * 20)).collect()
    }

    #[test]
    fn a_scarce_group_waits_behind_the_others_but_never_behind_rhd_negative() {
        use BloodGroup::*;
        let wanted = Wanted {
            component: Component::RedCells,
            recipient: AbPos.into(),
            good_at: at(0),
            by_policy: false,
        };
        let plain = choose(&wanted, &Cover::unknown(), one_of_each());
        assert_eq!(groups(&plain), [AbPos, APos, BPos, OPos, AbNeg, ANeg, BNeg, ONeg]);
        let scarce = Cover::of(|group| Some(if [AbPos, APos, AbNeg].contains(&group) { 0.5 } else { 2.0 }));
        let spared = choose(&wanted, &scarce, one_of_each());
        assert_eq!(groups(&spared), [AbPos, BPos, OPos, APos, ANeg, BNeg, ONeg, AbNeg]);
    }

    #[test]
    fn a_scarce_unit_that_would_be_lost_is_not_spared() {
        use BloodGroup::*;
        let scarce = Cover::of(|group| Some(if group == OPos { 0.5 } else { 2.0 }));
        let hours = |component, recipient: BloodGroup, hours: i64, other: i64| {
            let wanted = Wanted { component, recipient: recipient.into(), good_at: at(0), by_policy: false };
            let shelf = [candidate(1, OPos, hours), candidate(2, BNeg, other)];
            let chosen = choose(&wanted, &scarce, shelf);
            (groups(&chosen), chosen.iter().find(|unit| unit.candidate.key == 1).unwrap().clone())
        };
        // RhD-negative is spent last, whatever is scarce.
        let (order, unit) = hours(Component::RedCells, BPos, 24 * 20, 24 * 20);
        assert_eq!((order, unit.is_spared, unit.is_short_dated), (vec![OPos, BNeg], true, false));
        let between = |left: i64| {
            let wanted = Wanted {
                component: Component::RedCells,
                recipient: AbPos.into(),
                good_at: at(0),
                by_policy: false,
            };
            groups(&choose(
                &wanted,
                &Cover::of(|group| Some(if group == APos { 0.5 } else { 2.0 })),
                [candidate(1, APos, left), candidate(2, OPos, 24 * 20)],
            ))
        };
        assert_eq!(between(24 * 5 + 1), [OPos, APos]);
        assert_eq!(between(24 * 5), [APos, OPos]);
        let (_, kept) = hours(Component::Platelets, BPos, 24, 96);
        assert!(kept.is_short_dated && !kept.is_spared);
        assert!(!hours(Component::Platelets, BPos, 25, 96).1.is_short_dated);
        assert_eq!(short_dated(Component::Plasma), None);
    }

    #[test]
    fn plasma_runs_the_other_way() {
        use BloodGroup::*;
        let wanted = |recipient| Wanted {
            component: Component::Plasma,
            recipient: Recipient::Typed(recipient),
            good_at: at(0),
            by_policy: false,
        };
        let of = |recipient| groups(&choose(&wanted(recipient), &Cover::unknown(), one_of_each()));
        assert_eq!(of(AbPos), [AbPos, AbNeg]);
        assert_eq!(of(OPos), [OPos, ONeg, APos, ANeg, BPos, BNeg, AbPos, AbNeg]);
    }

    #[test]
    fn the_nearer_of_two_that_expire_together_comes_first() {
        let wanted = Wanted {
            component: Component::RedCells,
            recipient: BloodGroup::ONeg.into(),
            good_at: at(0),
            by_policy: false,
        };
        let far = candidate(1, BloodGroup::ONeg, 48);
        let near = Candidate { key: 2, site: Site::SameFacility, ..far.clone() };
        let first = Candidate { key: 3, expires_at: at(47), ..far.clone() };
        let chosen = choose(&wanted, &Cover::unknown(), [far, near, first]);
        assert_eq!(chosen.iter().map(|unit| unit.candidate.key).collect::<Vec<_>>(), [3, 2, 1]);
    }

    fn any_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
        prop::sample::select(all)
    }

    fn shelf() -> impl Strategy<Value = Vec<Candidate<u32>>> {
        let unit = (any_of(BloodGroup::ALL), any_of(Titre::ALL), -48_i64..480, any_of(Site::ALL));
        prop::collection::vec(unit, 0..60).prop_map(|units| {
            let units = (0..).zip(units);
            units
                .map(|(key, (group, titre, hours, site))| Candidate {
                    key,
                    group,
                    titre,
                    expires_at: at(hours),
                    site,
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn what_fits_and_nothing_else_in_the_order_of_issue(
            shelf in shelf(),
            component in any_of(Component::ALL),
            recipient in any_of(BloodGroup::ALL),
            within in 0_i64..72,
            shares in prop::collection::vec(prop::option::of(0.0_f64..3.0), 8),
        ) {
            let wanted = Wanted { component, recipient: recipient.into(), good_at: at(within), by_policy: false };
            let cover = Cover::of(|group| {
                shares[BloodGroup::ALL.iter().position(|known| *known == group).unwrap()]
            });
            let chosen = choose(&wanted, &cover, shelf.clone());
            for unit in &shelf {
                let fits = verdict(component, recipient, unit.group, unit.titre).fits();
                let good = unit.expires_at >= wanted.good_at;
                let listed = chosen.iter().any(|chosen| chosen.candidate.key == unit.key);
                prop_assert_eq!(listed, fits && good);
            }
            for pair in chosen.windows(2) {
                let (a, b) = (&pair[0], &pair[1]);
                if b.candidate.group == recipient {
                    prop_assert_eq!(a.candidate.group, recipient, "the identical group is first");
                }
                if a.candidate.group == b.candidate.group {
                    prop_assert!(a.candidate.expires_at <= b.candidate.expires_at, "first expired, first out");
                }
            }
            let spends = |unit: &Chosen<u32>| {
                matches!(component, Component::RedCells | Component::WholeBlood)
                    && recipient.rhd_positive()
                    && !unit.candidate.group.rhd_positive()
            };
            prop_assert!(chosen.is_sorted_by_key(spends), "RhD-negative is spent last");
            // What is spared of a group is one run, and so is what is not: the list never comes back to either.
            let mut runs: Vec<(BloodGroup, bool)> =
                chosen.iter().map(|unit| (unit.candidate.group, unit.is_spared)).collect();
            runs.dedup();
            let mut distinct = runs.clone();
            distinct.sort();
            distinct.dedup();
            prop_assert_eq!(runs.len(), distinct.len());
        }
    }
}
