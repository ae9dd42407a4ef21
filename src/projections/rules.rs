//! From a shelf, two histories and a calendar to bands, days of cover and levels, day by day. Pure.
//!
//! The band of a day says what may happen; its level is that of the expected course, so that one
//! unlucky path colours nothing.

use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use shiryan_forecast::{
    Band, Calendar, Change, Cover, JointProjection, Lot, Paths, Pending, ProjectedDay, Series, Sides,
};
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::level::{self, Bands, Level};
use shiryan_kernel::time::plus_days;

use super::counts::{Drawn, draw};
use super::drives::Batch;
use super::shares::Share;
use super::{Area, together};

/// Days that cover looks ahead; more is reported as "at least this".
pub const COVER_DAYS: usize = 90;
/// Days between collection and release (tests): what is received has already lost them of its life.
const DAYS_BEFORE_RELEASE: usize = 2;

/// What a scenario does to a count, from one day ahead through another (today 0): so many times, and so many more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shock {
    pub first: usize,
    pub last: usize,
    pub times: f64,
    pub more: f64,
}

/// What a scenario changes; nothing unless one is asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// Units that cannot be had before a day.
    pub pending: Vec<Pending>,
    pub supply: Vec<Shock>,
    pub demand: Vec<Shock>,
}

/// Everything that an outlook follows from.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    pub component: Component,
    pub group: BloodGroup,
    /// The first day ahead; both series end on the day before.
    pub today: NaiveDate,
    /// Usable now; expiry as [`day_number`].
    pub lots: Vec<Lot>,
    /// What drives bring, beside the supply.
    pub batches: Vec<Batch>,
    /// Units received a day from elsewhere than drives, and units asked for a day: of all groups of the component, which are
    /// forecast together.
    pub supply: Arc<Series>,
    pub demand: Arc<Series>,
    /// What of those is the group's.
    pub supply_share: Share,
    pub demand_share: Share,
    /// The group's own demand at the end of the series, in units a day.
    pub recent_demand: f64,
    /// The days that move counts, past and to come, as [`days::under_each_moon`] has them; none: the weekday mean speaks alone.
    pub calendars: Arc<[Calendar]>,
    /// What the levels of the days are judged by.
    pub bands: Bands,
    /// Days for which a bag that is received keeps from its collection.
    pub keeps_days: i32,
    pub changes: Changes,
    pub seed: u64,
}

/// What the counts ahead of a series rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// The regression on weekday, season and calendar.
    Calendar,
    /// The last weeks, and what is believed of the fast and its feasts: too little is known to measure errors.
    Believed,
    /// The last eight weeks, by weekday; or what little is known.
    Weekdays,
}

/// One day ahead, at its close.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutlookDay {
    pub on: NaiveDate,
    /// Units on hand.
    pub on_hand: Band,
    pub expected_on_hand: f64,
    /// How long the expected stock lasts from the next morning, nothing more coming.
    pub cover: Cover,
    pub level: Level,
    /// The chance that some demand up to this day is not met.
    pub unmet_so_far: f64,
    /// Units of this day's demand that are expected to be lacking, and units that are expected to outdate this day.
    pub unmet: f64,
    pub outdated: f64,
    /// Units that are expected to go to other groups this day, and to come from them.
    pub lent: f64,
    pub borrowed: f64,
}

/// The days ahead, today first.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// As the reserve counts it: units a day.
    pub average_daily_demand: f64,
    pub supply: Rest,
    pub demand: Rest,
    /// Where what came was off to one side of the forecasts for weeks: somebody should look why.
    pub supply_change: Option<Change>,
    pub demand_change: Option<Change>,
    pub days: Vec<OutlookDay>,
}

impl Outlook {
    /// The first day by whose close so large a share of paths has met a demand that is not met.
    #[must_use]
    pub fn first_unmet(&self, share: f64) -> Option<NaiveDate> {
        self.days.iter().find(|day| day.unmet_so_far >= share).map(|day| day.on)
    }

    /// The first day whose level is red or black.
    #[must_use]
    pub fn first_dire(&self) -> Option<&OutlookDay> {
        self.days.iter().find(|day| is_dire(day.level))
    }

    /// Its first `days` days.
    #[must_use]
    pub fn first(&self, days: usize) -> Self {
        Self { days: self.days.iter().take(days).copied().collect(), ..*self }
    }
}

/// The futures behind an outlook, for who wants totals and weeks of them.
#[derive(Debug, Clone)]
pub struct Ahead {
    pub outlook: Outlook,
    pub supply_paths: Paths,
    pub demand_paths: Paths,
}

/// A civil date as a day number, the axis of lots and projections.
#[must_use]
pub fn day_number(date: NaiveDate) -> i32 {
    date.num_days_from_ce()
}

/// Red or black.
#[must_use]
pub const fn is_dire(level: Level) -> bool {
    matches!(level, Level::Red | Level::Black)
}

/// The level of so many units with so much cover: by days of cover, to the hundredth in which they are told, or by
/// units where fewer than one a day is asked for.
#[must_use]
pub fn judge(
    bands: &Bands,
    component: Component,
    average_daily_demand: f64,
    units: f64,
    cover: Cover,
) -> Level {
    if !level::is_small(average_daily_demand) {
        return bands.level_of(component, (cover.days() * 100.0).round() / 100.0);
    }
    let floor = level::floor_units(average_daily_demand, level::RESUPPLY_DAYS);
    let held = (1..=floor).take_while(|n| f64::from(*n) <= units + 1e-9).count();
    level::level_of_small(u32::try_from(held).unwrap_or(floor), floor)
}

/// The same question on the same day meets the same chance: FNV-1a over what names it.
#[must_use]
pub fn seed(area: Area, component: Component, group: BloodGroup, today: NaiveDate) -> u64 {
    let island = area.island().into_iter().flatten().map(|member| member.code()).collect::<String>();
    let text = format!("{}{island}|{component}|{group}|{today}", area.code());
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Days for which what is received is good.
pub(super) fn life_left(keeps_days: i32) -> usize {
    usize::try_from(keeps_days).unwrap_or(0).saturating_sub(DAYS_BEFORE_RELEASE)
}

/// A group's days as they are told.
pub(super) fn told(start: &Start, drawn: &Drawn, joint: &JointProjection) -> Outlook {
    let adu = drawn.average_daily_demand;
    let swaps = joint.mean_lent.iter().zip(&joint.mean_borrowed);
    let day = |(ahead, (day, (lent, borrowed))): (i64, (&ProjectedDay, (&f64, &f64)))| OutlookDay {
        on: plus_days(start.today, ahead),
        on_hand: day.on_hand,
        expected_on_hand: day.expected_on_hand,
        cover: day.cover,
        level: judge(&start.bands, start.component, adu, day.expected_on_hand, day.cover),
        unmet_so_far: day.unmet_so_far,
        unmet: day.mean_unmet,
        outdated: day.mean_outdated,
        lent: *lent,
        borrowed: *borrowed,
    };
    Outlook {
        average_daily_demand: adu,
        supply: drawn.rests.0,
        demand: drawn.rests.1,
        supply_change: drawn.changed.0,
        demand_change: drawn.changed.1,
        days: (0..).zip(joint.projection.days.iter().zip(swaps)).map(day).collect(),
    }
}

/// The outlook of one series that nobody stands in for, with its futures.
#[must_use]
pub fn futures(start: &Start, days: usize, paths: usize) -> Option<Ahead> {
    let drawn = draw(std::slice::from_ref(start), days, paths).pop()?;
    let joint =
        together::jointly(std::slice::from_ref(start), &Sides::one(), std::slice::from_ref(&drawn), false)?;
    let outlook = told(start, &drawn, joint.first()?);
    Some(Ahead { outlook, supply_paths: drawn.supply, demand_paths: drawn.demand })
}

/// Average daily demand at the end of a series, in units a day; gaps are not counted.
#[must_use]
pub fn recent_demand(demand: &Series) -> f64 {
    let last = demand.counts().iter().rev().take(28);
    let mean = |days: usize| {
        let seen: Vec<f64> = last.clone().take(days).copied().flatten().collect();
        seen.iter().sum::<f64>() / f64::from(u32::try_from(seen.len().max(1)).unwrap_or(1))
    };
    level::average_daily_demand(mean(28), mean(7))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shiryan_forecast::Axis;
    use shiryan_kernel::place::{Governorate, Region};

    use shiryan_kernel::shelf::Keeping;

    use super::*;
    use crate::projections::MOST_DAYS;

    const TODAY: &str = "2026-11-24";

    fn today() -> NaiveDate {
        TODAY.parse().unwrap()
    }

    fn steady(days: i64, count: f64) -> Series {
        let first = plus_days(today(), -days);
        Series::new(Axis::Dated(first), (0..days).map(|_| Some(count)))
    }

    fn start(lots: &[(i64, u32)], supply: f64, demand: f64) -> Start {
        Start {
            component: Component::RedCells,
            group: BloodGroup::APos,
            today: today(),
            lots: lots
                .iter()
                .map(|(days, units)| Lot { expiry: day_number(plus_days(today(), *days)), units: *units })
                .collect(),
            batches: Vec::new(),
            supply: Arc::new(steady(400, supply)),
            demand: Arc::new(steady(400, demand)),
            supply_share: Share::WHOLE,
            demand_share: Share::WHOLE,
            recent_demand: recent_demand(&steady(400, demand)),
            calendars: Arc::default(),
            bands: Bands::default(),
            keeps_days: Keeping::default().usual_days(Component::RedCells),
            changes: Changes::default(),
            seed: 7,
        }
    }

    /// The outlook of a group that stands alone.
    fn outlook(start: &Start, days: usize) -> Option<Outlook> {
        together::outlooks(std::slice::from_ref(start), &Sides::one(), days)?.into_iter().next()
    }

    /// Ten units a day asked for, none coming, 45 on the shelf of which 15 are good through tomorrow:
    /// they go first, so none is lost and the shelf closes at 35, 25, 15, 5, 0.
    #[test]
    fn a_certain_course_by_hand() {
        let outlook = outlook(&start(&[(1, 15), (20, 30)], 0.0, 10.0), 6).unwrap();
        assert_eq!(outlook.average_daily_demand, 10.0);
        let seen: Vec<_> = outlook.days.iter().map(|day| (day.on_hand.p50, day.cover.days())).collect();
        assert_eq!(seen, [(35.0, 3.5), (25.0, 2.5), (15.0, 1.5), (5.0, 0.5), (0.0, 0.0), (0.0, 0.0)]);
        let levels: Vec<_> = outlook.days.iter().map(|day| day.level).collect();
        use Level::{Amber, Black, Red, Watch};
        assert_eq!(levels, [Watch, Amber, Red, Black, Black, Black]);
        let dire = outlook.first_dire().unwrap();
        assert_eq!((dire.on, dire.level), (plus_days(today(), 2), Red));
        let unmet: Vec<_> = outlook.days.iter().map(|day| day.unmet_so_far).collect();
        assert_eq!(unmet, [0.0, 0.0, 0.0, 0.0, 1.0, 1.0]);
    }

    #[test]
    fn what_expires_unused_is_no_stock() {
        // 50 units good through tomorrow, ten a day asked for: thirty are lost overnight.
        let days = outlook(&start(&[(1, 50)], 0.0, 10.0), 3).unwrap().days;
        assert_eq!(days.iter().map(|day| day.on_hand.p50).collect::<Vec<_>>(), [40.0, 30.0, 0.0]);
        assert_eq!(days[0].cover.days(), 1.0);
    }

    /// Ten a day for more than a year, and sixteen for the last three weeks.
    #[test]
    fn a_demand_that_left_its_forecasts_is_told() {
        let series = |last: f64| {
            let of_day = |ago: i64| {
                10.0 + 2.0 * f64::from(u8::from(ago % 3 == 0)) + if ago <= 21 { last } else { 0.0 }
            };
            Series::new(Axis::Dated(plus_days(today(), -420)), (1..=420).rev().map(|ago| Some(of_day(ago))))
        };
        let told = |last: f64| {
            let demand = series(last);
            let start = Start {
                demand: demand.into(),
                calendars: Arc::from([Calendar::default()]),
                ..start(&[], 0.0, 0.0)
            };
            outlook(&start, 6).unwrap().demand_change
        };
        assert_eq!(told(0.0), None);
        assert!(told(6.0).unwrap().rising);
        assert!(!told(-6.0).unwrap().rising);
    }

    #[test]
    fn enough_coming_in_is_never_dire() {
        let outlook = outlook(&start(&[(30, 100)], 10.0, 10.0), 90).unwrap();
        assert!(outlook.first_dire().is_none());
        assert!(outlook.days.iter().all(|day| day.on_hand.p50 == 100.0 && day.unmet_so_far == 0.0));
    }

    #[test]
    fn what_a_drive_brings_comes_on_its_day() {
        use crate::projections::Size;
        let plain = start(&[(30, 100)], 0.0, 10.0);
        let drive = Batch { ahead: 4, of: 5, size: Size::Testing { units: 60 }, off: (0.0, 0) };
        let with = outlook(&Start { batches: vec![drive], ..plain.clone() }, 8).unwrap();
        let without = outlook(&plain, 8).unwrap();
        for (ahead, (with, without)) in with.days.iter().zip(&without.days).enumerate() {
            let more = with.expected_on_hand - without.expected_on_hand;
            let expected = if ahead < 4 { 0.0 } else { 60.0 * 0.99 * 0.95 };
            assert!((more - expected).abs() < 0.3, "{ahead}: {more}");
            assert!(with.unmet_so_far <= without.unmet_so_far);
        }
    }

    #[test]
    fn seldom_asked_groups_are_judged_by_units() {
        // One unit every fourth day: 7 × 0.25 + 1.65 × √1.75 = 3.93, so four units are the floor.
        let cover = Cover::Beyond(90.0);
        let levels: Vec<_> = [9.0, 4.0, 3.9, 3.0, 2.0, 1.0, 0.0]
            .map(|units| judge(&Bands::default(), Component::Plasma, 0.25, units, cover))
            .into();
        use Level::{Amber, Black, Green, Red, Watch};
        assert_eq!(levels, [Green, Green, Watch, Watch, Amber, Red, Black]);
        assert_eq!(judge(&Bands::default(), Component::Plasma, 1.0, 0.0, cover), Green);
        assert_eq!(
            judge(&Bands::default(), Component::RedCells, 2.0, 6.0, Cover::Days(2.996)),
            Watch,
            "told as 3.00"
        );
        assert_eq!(judge(&Bands::default(), Component::RedCells, 2.0, 6.0, Cover::Days(2.994)), Amber);
        assert_eq!(judge(&Bands::default(), Component::Platelets, 1.0, 9.0, Cover::Days(0.25)), Red);
    }

    #[test]
    fn a_day_of_a_question_has_one_seed() {
        let region = Area::Region(Region::GazaNorth);
        let here = seed(region, Component::Plasma, BloodGroup::APos, today());
        assert_eq!(here, seed(region, Component::Plasma, BloodGroup::APos, today()));
        for other in [
            seed(Area::Governorate(Governorate::Gaza), Component::Plasma, BloodGroup::APos, today()),
            seed(region, Component::RedCells, BloodGroup::APos, today()),
            seed(region, Component::Plasma, BloodGroup::ANeg, today()),
            seed(region, Component::Plasma, BloodGroup::APos, plus_days(today(), 1)),
        ] {
            assert_ne!(here, other);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn bands_are_ordered_and_a_longer_look_begins_with_the_shorter(
            lots in prop::collection::vec((1_i64..40, 0_u32..60), 0..5),
            supply in prop::collection::vec(0_u32..12, 60..200),
            demand in prop::collection::vec(0_u32..12, 60..200),
            days in 1_usize..40,
        ) {
            let mut start = start(&lots, 0.0, 0.0);
            let dated = |counts: &[u32]| {
                Series::dated(plus_days(today(), -i64::try_from(counts.len()).unwrap()), counts.iter().copied())
            };
            (start.supply, start.demand) = (dated(&supply).into(), dated(&demand).into());
            let whole = outlook(&start, MOST).unwrap();
            prop_assert_eq!(&whole.first(days), &outlook(&start, days).unwrap());
            for day in &whole.days {
                let b = day.on_hand;
                prop_assert!(0.0 <= b.p10 && b.p10 <= b.p50 && b.p50 <= b.p90);
                prop_assert!(day.level != Level::Unknown);
            }
            prop_assert!(whole.days.windows(2).all(|pair| pair[0].unmet_so_far <= pair[1].unmet_so_far));
        }
    }

    const MOST: usize = 40;

    /// Four years of two series with feasts, a thousand paths of ninety days: a page waits for six of these.
    #[test]
    fn an_outlook_by_calendar_is_quick() {
        let house = crate::places::calendar::Calendar::load(None).unwrap();
        let calendar = crate::projections::days::that_move_counts(
            &house,
            plus_days(today(), -1_461),
            plus_days(today(), 200),
        );
        let counts = |most: u32| {
            (0..1_461_u32).map(move |day| day.wrapping_mul(2_654_435_761) >> 20).map(move |n| n % most)
        };
        let dated = |most: u32| Series::dated(plus_days(today(), -1_461), counts(most));
        let start = Start {
            supply: dated(20).into(),
            demand: dated(21).into(),
            calendars: Arc::from([calendar]),
            ..start(&[(20, 60)], 0.0, 0.0)
        };
        let clock = std::time::Instant::now();
        let found = outlook(&start, MOST_DAYS).unwrap();
        println!("1 000 paths of 90 days with two fits: {:?}", clock.elapsed());
        assert_eq!((found.supply, found.demand), (Rest::Calendar, Rest::Calendar));
        assert!(clock.elapsed().as_secs() < 5, "an idle machine takes a hundredth of this");
        let whole = found.first(30);
        assert_eq!(whole, outlook(&start, 30).unwrap());
    }
}
