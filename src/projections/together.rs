//! The groups of a component taken ahead together, each standing in for others as the rule of issue has it. Pure.

use chrono::{DateTime, Duration};
use rayon::prelude::*;
use shiryan_forecast::{Group, JointPlan, JointProjection, Order, Sides, Step, project_jointly};
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::compat::Titre;
use shiryan_kernel::level::{self, Bands};

use super::counts::{Drawn, draw};
use super::rules::{Outlook, Start, is_dire, judge, life_left, told};
use super::{Cover, day_number};
use crate::stock::rules::{Candidate, Cover as Sparing, Site, Wanted, choose, short_dated};

/// Simulated futures of one outlook.
const PATHS: usize = 1_000;

/// The outlooks of these groups of one component and area over `days` days, in their order: those of its first side, then
/// the same groups of the next; `None` when there is no day to look at.
#[must_use]
pub fn outlooks(starts: &[Start], sides: &Sides, days: usize) -> Option<Vec<Outlook>> {
    let groups = (starts.len() / sides.count()).max(1);
    let drawn: Vec<Drawn> = starts.par_chunks(groups).flat_map(|side| draw(side, days, PATHS)).collect();
    let joint = jointly(starts, sides, &drawn, true)?;
    let all = starts.iter().zip(&drawn).zip(&joint);
    Some(all.map(|((start, drawn), joint)| told(start, drawn, joint)).collect())
}

/// Takes them ahead; without the rule each stands alone.
pub(super) fn jointly(
    starts: &[Start],
    sides: &Sides,
    drawn: &[Drawn],
    by_rule: bool,
) -> Option<Vec<JointProjection>> {
    let first = starts.first()?;
    let own = starts.iter().take(starts.len() / sides.count());
    let of: Vec<BloodGroup> = own.map(|start| start.group).collect();
    let order = if by_rule { order(first.component, &of) } else { Order::alone(of.len()) };
    let groups: Vec<Group<'_>> = starts
        .iter()
        .zip(drawn)
        .map(|(start, drawn)| Group {
            lots: &start.lots,
            pending: &start.changes.pending,
            supply: &drawn.supply,
            demand: &drawn.demand,
            expected_demand: &drawn.means,
            floor: floor(&start.bands, start.component, drawn.average_daily_demand),
        })
        .collect();
    let plan = JointPlan {
        today: day_number(first.today),
        groups: &groups,
        sides,
        order: &order,
        shelf_life: life_left(first.keeps_days),
    };
    project_jointly(&plan).ok()
}

/// Where blood for each group comes from once its own is spent: what [`choose`] says of a unit of every group that
/// expires soon and of one that does not. Titres are not foreseen, and nobody answers for RhD-positive units ahead.
#[must_use]
pub fn order(component: Component, groups: &[BloodGroup]) -> Order {
    let good_at = DateTime::UNIX_EPOCH;
    let soon = short_dated(component);
    let short_days = soon.and_then(|left| i32::try_from(left.num_days()).ok());
    let late = good_at + soon.unwrap_or_default() + Duration::days(1);
    Order::new(groups.len(), short_days, |recipient, is_spared| {
        let Some(patient) = groups.get(recipient) else { return Vec::new() };
        let place = |group: BloodGroup| groups.iter().position(|own| *own == group);
        let sparing = Sparing::of(|group| place(group).map(|place| if is_spared(place) { 0.0 } else { 1.0 }));
        let unit = |key: usize, group: BloodGroup, expires_at| Candidate {
            key,
            group,
            titre: Titre::Unknown,
            expires_at,
            site: Site::SameRegion,
        };
        let units = groups.iter().enumerate().flat_map(|(place, group)| {
            let short = soon.map(|left| unit(2 * place, *group, good_at + left));
            short.into_iter().chain([unit(2 * place + 1, *group, late)])
        });
        let wanted = Wanted { component, recipient: (*patient).into(), good_at, by_policy: false };
        let chosen = choose(&wanted, &sparing, units);
        chosen
            .into_iter()
            .map(|chosen| Step {
                group: chosen.candidate.key / 2,
                is_short_dated: chosen.candidate.key.is_multiple_of(2),
            })
            .collect()
    })
}

/// Units under which a group is spared: its level would be red or black.
fn floor(bands: &Bands, component: Component, average_daily_demand: f64) -> f64 {
    let is_spared = |units: u32| {
        let cover = Cover::Days(f64::from(units) / average_daily_demand.max(f64::MIN_POSITIVE));
        is_dire(judge(bands, component, average_daily_demand, f64::from(units), cover))
    };
    if level::is_small(average_daily_demand) {
        let most = level::floor_units(average_daily_demand, level::RESUPPLY_DAYS);
        return f64::from((0..=most).find(|units| !is_spared(*units)).unwrap_or(most));
    }
    let [_, _, amber, _] = bands.of(component);
    amber * average_daily_demand
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_ahead_is_that_of_issue() {
        use BloodGroup::{ANeg, APos, AbNeg, BNeg, BPos, ONeg, OPos};
        let groups = BloodGroup::ALL;
        let names = |recipient: BloodGroup, spared: &[BloodGroup], component| -> Vec<(BloodGroup, bool)> {
            let order = order_of(component, groups, recipient, spared);
            order.into_iter().map(|step| (groups[step.group], step.is_short_dated)).collect()
        };
        let red = Component::RedCells;
        assert_eq!(names(ONeg, &[], red), [], "O− red cells are for O− alone, and O− takes no other");
        assert_eq!(names(ANeg, &[], red), [(ONeg, true), (ONeg, false)]);
        // RhD-positive patients spend RhD-negative blood last.
        assert_eq!(
            names(APos, &[], red),
            [(OPos, true), (OPos, false), (ANeg, true), (ANeg, false), (ONeg, true), (ONeg, false)]
        );
        // A spared group gives what expires soon in its place, the rest at the end of its kind.
        let spared = names(APos, &[OPos, ANeg], red);
        assert_eq!(spared[..2], [(OPos, true), (OPos, false)]);
        let at = |step| spared.iter().position(|own| *own == step).unwrap();
        assert!(at((ANeg, true)) < at((ANeg, false)) && at((ONeg, false)) < at((ANeg, false)));
        // Plasma runs the other way, and nothing of it expires soon.
        let plasma = names(ONeg, &[], Component::Plasma);
        assert!(plasma.iter().all(|(_, is_short)| !is_short) && plasma.len() > 3);
        assert!(names(AbNeg, &[], Component::Plasma).iter().all(|(group, _)| group.abo() == AbNeg.abo()));
        let _ = (BNeg, BPos);
    }

    #[test]
    fn every_group_lends_what_expires_soon_first() {
        for component in Component::ALL {
            assert!(order(*component, BloodGroup::ALL).is_in_turn(), "{component:?} is walked lot by lot");
        }
    }

    fn order_of(
        component: Component,
        groups: &[BloodGroup],
        recipient: BloodGroup,
        spared: &[BloodGroup],
    ) -> Vec<Step> {
        let place = |group: BloodGroup| groups.iter().position(|own| *own == group).unwrap();
        let mask = spared.iter().fold(0, |mask, group| mask | 1 << place(*group));
        order(component, groups).others(place(recipient), mask).to_vec()
    }

    #[test]
    fn a_group_is_spared_where_its_level_is_red() {
        let bands = Bands::default();
        assert_eq!(floor(&bands, Component::RedCells, 10.0), 20.0, "two days");
        assert_eq!(floor(&bands, Component::Platelets, 10.0), 5.0, "half a day");
        // One unit every fourth day: a floor of four units, of which two are amber.
        assert_eq!(floor(&bands, Component::Plasma, 0.25), 2.0);
    }
}
