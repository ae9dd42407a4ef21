use proptest::prelude::*;

use super::*;

const RED: Component = Component::RedCells;
const O_NEG: BloodGroup = BloodGroup::ONeg;
const CENTRE: Area = Area::Region(Region::WestBankCentre);

fn today() -> NaiveDate {
    "2026-11-24".parse().unwrap()
}

fn nothing() -> Facts {
    Facts {
        today: today(),
        shelf: Vec::new(),
        issues: Vec::new(),
        known: HashMap::new(),
        usual: HashMap::new(),
        week_ago: HashMap::new(),
        eligible: Vec::new(),
        registered: Vec::new(),
        silent: BTreeSet::new(),
        bands: Bands::default(),
    }
}

fn lot(governorate: Governorate, days: i64, units: u32) -> ShelfLot {
    ShelfLot { governorate, component: RED, group: O_NEG, expires_on: plus_days(today(), days), units }
}

fn issued(governorate: Governorate, month: u32, week: u32) -> IssueCount {
    IssueCount { cell: (governorate, RED, O_NEG), month, week }
}

fn people(governorate: Governorate, donors: u32, on: [u32; 3]) -> (RegisteredCount, EligibleCount) {
    let group = O_NEG;
    (
        RegisteredCount { governorate, group, donors },
        EligibleCount { governorate, group, donation: DonationType::WholeBlood, on },
    )
}

fn cell(facts: &Facts, area: Area) -> Cell {
    let scope = Scope { areas: vec![area], components: vec![RED], groups: vec![O_NEG] };
    cells(facts, &scope)[0]
}

/// Ramallah issued 56 in four weeks, 7 of them in the last; Jericho began to report eight days ago and
/// issued 8, all in the last seven. Means of 28 days: 56/28 + 8/8 = 3; of 7 days: 7/7 + 8/7 = 2.14.
/// Fifteen units: nine good through tomorrow, of which three a day are used on two days, so six count;
/// six more cover two days: four days in all.
#[test]
fn a_worked_region() {
    let facts = Facts {
        shelf: vec![
            lot(Governorate::RamallahAlBireh, 1, 9),
            lot(Governorate::Jericho, 3, 2),
            lot(Governorate::Jericho, 4, 4),
            lot(Governorate::Nablus, 30, 99),
        ],
        issues: vec![
            issued(Governorate::RamallahAlBireh, 56, 7),
            issued(Governorate::Jericho, 8, 8),
            issued(Governorate::Nablus, 700, 175),
        ],
        known: [
            (Governorate::RamallahAlBireh, [28, 7]),
            (Governorate::Jericho, [8, 7]),
            (Governorate::Nablus, [28, 7]),
        ]
        .into(),
        ..nothing()
    };
    let centre = cell(&facts, CENTRE);
    assert_eq!((centre.usable_units, centre.expiring_3_days), (15, 11));
    let demand = centre.demand.unwrap();
    assert_eq!((demand.average, demand.cover), (3.0, Cover::Days(4.0)));
    assert_eq!(centre.level, Level::Watch);
    let jericho = cell(&facts, Area::Governorate(Governorate::Jericho));
    assert_eq!((jericho.usable_units, jericho.expiring_3_days), (6, 2));
    assert!((jericho.demand.unwrap().average - 8.0 / 7.0).abs() < 1e-12);
    let salfit = cell(&facts, Area::Governorate(Governorate::Salfit));
    assert_eq!((salfit.usable_units, salfit.demand, salfit.level), (0, None, Level::Unknown));
}

#[test]
fn a_silent_area_is_unknown_and_an_unasked_group_is_small() {
    let mut facts = Facts { shelf: vec![lot(Governorate::Gaza, 9, 40)], ..nothing() };
    let north = Area::Region(Region::GazaNorth);
    assert_eq!((cell(&facts, north).usable_units, cell(&facts, north).level), (40, Level::Unknown));
    // Another group of the component moved: now the silence of this one means that nobody asked.
    facts.issues = vec![IssueCount { cell: (Governorate::Gaza, RED, BloodGroup::APos), month: 9, week: 3 }];
    facts.known = [(Governorate::Gaza, [28, 7])].into();
    let asked = cell(&facts, north);
    // The floor of demand, 0.1 a day, wants three units.
    assert_eq!((asked.demand.unwrap().average, asked.level), (0.1, Level::Green));
    facts.shelf = vec![lot(Governorate::Gaza, 9, 1)];
    assert_eq!(cell(&facts, north).level, Level::Red);
    facts.shelf.clear();
    assert_eq!(cell(&facts, north).level, Level::Black);
}

#[test]
fn donors_are_exact_from_twenty_else_the_regions_else_hidden() {
    let (ramallah, in_ramallah) = people(Governorate::RamallahAlBireh, 20, [3, 4, 5]);
    let (jericho, in_jericho) = people(Governorate::Jericho, 19, [10, 11, 12]);
    let (gaza, in_gaza) = people(Governorate::Gaza, 19, [7, 7, 7]);
    let facts = Facts {
        eligible: vec![in_ramallah, in_jericho, in_gaza],
        registered: vec![ramallah, jericho, gaza],
        ..nothing()
    };
    let shown = |area| {
        let donors = cell(&facts, area).donors;
        (donors.shown_for, donors.count)
    };
    let exact = |on| DonorCount::Exact(on);
    assert_eq!(shown(Area::Governorate(Governorate::RamallahAlBireh)), (By::Governorate, exact([3, 4, 5])));
    assert_eq!(shown(Area::Governorate(Governorate::Jericho)), (By::Region, exact([13, 15, 17])));
    assert_eq!(shown(CENTRE), (By::Region, exact([13, 15, 17])));
    assert_eq!(shown(Area::Governorate(Governorate::Gaza)), (By::Region, DonorCount::Under20));
    assert_eq!(shown(Area::Region(Region::GazaNorth)), (By::Region, DonorCount::Under20));
    let plates = Scope { areas: vec![CENTRE], components: vec![Component::Platelets], groups: vec![O_NEG] };
    let donors = cells(&facts, &plates)[0].donors;
    assert_eq!((donors.donation, donors.count), (DonationType::PlateletApheresis, exact([0, 0, 0])));
}

#[test]
fn lists_of_areas() {
    assert_eq!(areas(By::Region, None, &Roads::default()).len(), 6);
    assert_eq!(areas(By::Governorate, None, &Roads::default()).len(), 16);
    assert_eq!(areas(By::Region, Some(CENTRE), &Roads::default()), [CENTRE]);
    assert_eq!(areas(By::Governorate, Some(CENTRE), &Roads::default()).len(), 3);
    let one = Area::Governorate(Governorate::Rafah);
    assert_eq!(
        (
            areas(By::Region, Some(one), &Roads::default()),
            areas(By::Governorate, Some(one), &Roads::default())
        ),
        (vec![one], vec![one])
    );
}

fn governorate() -> impl Strategy<Value = Governorate> {
    prop::sample::select(Governorate::ALL)
}

fn facts() -> impl Strategy<Value = Facts> {
    let shelf = prop::collection::vec((governorate(), 1_i64..40, 1_u32..30), 0..20);
    let rows =
        prop::collection::hash_map(governorate(), (0_u32..200, 0_u32..60, 1_u32..28, 0_u32..60), 0..16);
    (shelf, rows).prop_map(|(shelf, rows)| {
        let mut facts = nothing();
        facts.shelf = shelf.into_iter().map(|(place, days, units)| lot(place, days, units)).collect();
        for (place, (month, week, days, donors)) in rows {
            facts.issues.push(issued(place, month + week, week));
            facts.known.insert(place, [days, days.min(7)]);
            let (registered, eligible) = people(place, donors, [donors / 4, donors / 3, donors / 2]);
            facts.registered.push(registered);
            facts.eligible.push(eligible);
        }
        facts
    })
}

proptest! {
    #[test]
    fn what_happens_in_one_region_changes_no_other(
        facts in facts(), place in governorate(), units in 1_u32..90, more in 1_u32..90,
    ) {
        let mut changed = facts.clone();
        changed.shelf.push(lot(place, 5, units));
        changed.issues.retain(|row| row.cell.0 != place);
        changed.issues.push(issued(place, more, more));
        changed.known.insert(place, [3, 3]);
        changed.registered.retain(|row| row.governorate != place);
        changed.registered.push(people(place, more, [0; 3]).0);
        for region in Region::ALL.iter().filter(|region| **region != place.region()) {
            let area = Area::Region(*region);
            prop_assert_eq!(cell(&facts, area), cell(&changed, area));
            for member in region.members().map(Area::Governorate) {
                prop_assert_eq!(cell(&facts, member), cell(&changed, member));
            }
        }
    }

    #[test]
    fn a_region_holds_what_its_members_hold(facts in facts()) {
        for region in Region::ALL {
            let whole = cell(&facts, Area::Region(*region));
            let parts: Vec<Cell> =
                region.members().map(|member| cell(&facts, Area::Governorate(member))).collect();
            prop_assert_eq!(whole.usable_units, parts.iter().map(|part| part.usable_units).sum::<u32>());
            prop_assert_eq!(whole.demand.is_some(), parts.iter().any(|part| part.demand.is_some()));
            prop_assert!(whole.expiring_3_days <= whole.usable_units);
        }
    }

    #[test]
    fn one_more_unit_never_worsens_a_cell(facts in facts(), place in governorate(), days in 1_i64..40) {
        let area = Area::Region(place.region());
        let before = cell(&facts, area);
        let mut richer = facts;
        richer.shelf.push(lot(place, days, 1));
        let after = cell(&richer, area);
        prop_assert!(after.level <= before.level, "{:?} {:?}", before, after);
        if let Some((before, after)) = before.demand.zip(after.demand) {
            prop_assert!(after.cover.days() >= before.cover.days() - 1e-9);
        }
    }

    /// Nothing is told of fewer than twenty: either the count of an area with twenty, or no count.
    #[test]
    fn a_shown_count_is_of_twenty_registered(facts in facts(), place in governorate()) {
        for area in [Area::Governorate(place), Area::Region(place.region())] {
            let donors = cell(&facts, area).donors;
            let shown = match donors.shown_for {
                By::Governorate => Area::Governorate(place),
                By::Region => Area::Region(place.region()),
            };
            let members: Vec<Governorate> = shown.members().collect();
            let registered: u32 =
                facts.registered.iter().filter(|row| members.contains(&row.governorate)).map(|row| row.donors).sum();
            prop_assert_eq!(donors.count == DonorCount::Under20, registered < LEAST_DONORS);
        }
    }
}

/// Every road closed: what stood in one cell stands in one cell for each governorate, and none holds another's.
#[test]
fn closing_every_road_isolates_exactly() {
    use crate::places::closures::Closure;
    use Governorate::{Jericho, RamallahAlBireh};
    use shiryan_kernel::ids::ClosureId;
    let shut = |governorate: Governorate| Closure {
        id: ClosureId(1),
        governorate,
        other: None,
        from: shiryan_kernel::time::Moment::default(),
        until: None,
        is_ended: false,
    };
    let facts = Facts {
        shelf: vec![lot(RamallahAlBireh, 9, 12), lot(Jericho, 9, 2)],
        issues: vec![issued(RamallahAlBireh, 56, 14), issued(Jericho, 28, 7)],
        known: [RamallahAlBireh, Jericho].map(|own| (own, [28, 7])).into(),
        ..nothing()
    };
    let all: Vec<Closure> = Governorate::ALL.iter().map(|own| shut(*own)).collect();
    let alone = areas(By::Region, Some(CENTRE), &Roads::but(&all));
    assert_eq!(alone, areas(By::Governorate, Some(CENTRE), &Roads::default()));
    let found: Vec<_> = alone.iter().map(|area| cell(&facts, *area)).collect();
    let seen = |own: Governorate| found.iter().find(|cell| cell.area == Area::Governorate(own)).unwrap();
    assert_eq!((seen(RamallahAlBireh).usable_units, seen(Jericho).usable_units), (12, 2));
    assert_eq!(seen(RamallahAlBireh).demand.unwrap().cover, Cover::Days(6.0));
    assert_eq!(seen(Jericho).demand.unwrap().cover, Cover::Days(2.0));
    // Together they would have lasted 14 / 3 days; only Jericho cut off leaves an island of the others.
    let islands = areas(By::Region, Some(CENTRE), &Roads::but(&[shut(Jericho)]));
    assert_eq!(islands.len(), 2);
    let rest = islands.iter().find(|area| area.island().is_some()).unwrap();
    assert_eq!((cell(&facts, *rest).usable_units, cell(&facts, *rest).demand.unwrap().average), (12, 2.0));
}

/// Nineteen donors of an island are no figure, and the region's is none of its own.
#[test]
fn an_island_tells_its_own_donors_or_none() {
    use crate::projections::islands;
    let mut facts = nothing();
    for (own, donors) in [(Governorate::RamallahAlBireh, 19), (Governorate::Jericho, 50)] {
        let (registered, eligible) = people(own, donors, [9, 9, 9]);
        facts.registered.push(registered);
        facts.eligible.push(eligible);
    }
    let closure = crate::places::closures::Closure {
        id: shiryan_kernel::ids::ClosureId(1),
        governorate: Governorate::Jericho,
        other: None,
        from: shiryan_kernel::time::Moment::default(),
        until: None,
        is_ended: false,
    };
    let found = islands(Region::WestBankCentre, &Roads::but(&[closure]));
    let rest = found.iter().find(|area| area.island().is_some()).unwrap();
    assert_eq!(cell(&facts, *rest).donors.count, DonorCount::Under20);
    assert_eq!(cell(&facts, CENTRE).donors.count, DonorCount::Exact([18, 18, 18]));
}

/// Jericho fell silent: alone it is unknown, its units are told; the region goes on with what it last knew of it.
#[test]
fn who_is_silent_is_unknown_and_keeps_its_units() {
    use Governorate::{Jericho, RamallahAlBireh};
    let mut facts = Facts {
        shelf: vec![lot(RamallahAlBireh, 9, 12), lot(Jericho, 9, 2)],
        issues: vec![issued(RamallahAlBireh, 56, 14), issued(Jericho, 28, 7)],
        known: [RamallahAlBireh, Jericho].map(|own| (own, [28, 7])).into(),
        silent: [Jericho, Governorate::Salfit].into(),
        ..nothing()
    };
    let alone = cell(&facts, Area::Governorate(Jericho));
    assert_eq!((alone.level_now, alone.usable_units), (Level::Unknown, 2));
    assert_eq!((cell(&facts, CENTRE).level_now, cell(&facts, CENTRE).usable_units), (Level::Watch, 14));
    facts.silent.insert(RamallahAlBireh);
    assert_eq!(cell(&facts, CENTRE).level_now, Level::Unknown);
}

/// Days without a word are no days without demand: Jericho issued 28 on the 14 days on which it was heard of, two a day,
/// and nothing is known of its last week. Once nothing at all is known of four weeks, it counts in its region as it was.
#[test]
fn days_without_a_word_do_not_lower_demand() {
    use Governorate::{Jericho, RamallahAlBireh};
    let average = |facts: &Facts| cell(facts, CENTRE).demand.unwrap().average;
    let mut facts = Facts {
        shelf: vec![lot(RamallahAlBireh, 9, 12)],
        issues: vec![issued(RamallahAlBireh, 56, 14), issued(Jericho, 28, 0)],
        known: [(RamallahAlBireh, [28, 7]), (Jericho, [14, 0])].into(),
        ..nothing()
    };
    assert_eq!(average(&facts), 4.0);
    facts.known.insert(Jericho, [0, 0]);
    facts.issues.pop();
    assert_eq!(average(&facts), 2.0, "nothing is known of it");
    facts.usual = [((Jericho, RED, O_NEG), 2.0)].into();
    facts.silent.insert(Jericho);
    assert_eq!(average(&facts), 4.0);
    let alone = cell(&facts, Area::Governorate(Jericho));
    assert_eq!((alone.level_now, alone.demand.unwrap().average), (Level::Unknown, 2.0));
    // Of a group that nobody asked for there, nothing is added; of one that somebody did elsewhere alone, neither.
    facts.usual = [((Jericho, RED, BloodGroup::APos), 2.0)].into();
    assert_eq!(average(&facts), 2.0);
}
