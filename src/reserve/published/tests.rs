use proptest::prelude::*;

use super::*;
use Governorate::{Hebron, Jenin, Jericho, Nablus, Rafah, RamallahAlBireh, Salfit};

fn noise() -> Noise {
    Noise::under([7; 32])
}

/// So many registered donors of a group in a governorate, with ids of their own.
fn some(first: i64, count: i64, blood_group: BloodGroup, governorate: Governorate) -> Vec<Member> {
    (first..first + count).map(|id| Member { donor: DonorId(id), blood_group, governorate }).collect()
}

fn ids(members: &[Member]) -> Vec<DonorId> {
    members.iter().map(|member| member.donor).collect()
}

#[test]
fn a_band_holds_its_edges() {
    for (donors, code) in [
        (-10, "under_20"),
        (0, "under_20"),
        (19, "under_20"),
        (20, "20_49"),
        (49, "20_49"),
        (50, "50_99"),
        (99, "50_99"),
        (100, "100_249"),
        (249, "100_249"),
        (250, "250_499"),
        (499, "250_499"),
        (500, "500_999"),
        (999, "500_999"),
        (1_000, "1000_up"),
        (1_000_000, "1000_up"),
    ] {
        let band = Band::of(donors);
        assert_eq!(band.code(), code);
        assert!(band.lower_edge() <= donors.max(0));
        assert_eq!(Band::of(band.lower_edge()), band);
    }
}

#[test]
fn an_area_is_read_back() {
    let governorates = Governorate::ALL.iter().copied().map(Area::Governorate);
    let regions = Region::ALL.iter().copied().map(Area::RestOf);
    for area in governorates.chain(regions).chain(Territory::ALL.iter().copied().map(Area::RestOfAll)) {
        assert_eq!(Area::read(area.code()).unwrap(), area);
    }
    assert!(Area::read("palestine").is_err(), "the West Bank and Gaza are never one");
}

#[test]
fn a_quarter_begins_with_its_first_month() {
    for (day, first) in [
        ("2026-01-01", "2026-01-01"),
        ("2026-03-31", "2026-01-01"),
        ("2026-04-01", "2026-04-01"),
        ("2026-11-26", "2026-10-01"),
        ("2026-12-31", "2026-10-01"),
    ] {
        assert_eq!(quarter(day.parse().unwrap()), first.parse::<NaiveDate>().unwrap());
    }
}

/// B1: no count is known closer than within 21, for every number of these is as likely to have been shown.
#[test]
fn b1_each_of_21_numbers_is_shown_as_often() {
    let members = ids(&some(1, 240, BloodGroup::ONeg, Jenin));
    let mut shown = [0_u32; 21];
    for key in 0..21_000_u32 {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&key.to_be_bytes());
        let drawn = Noise::under(bytes).of(&["o_neg", "PS-JEN"], members.iter().copied());
        shown[usize::try_from(drawn + NOISE).unwrap()] += 1;
    }
    // 20 degrees of freedom: 45.3 is passed once in a thousand times.
    let chi: f64 = shown.iter().map(|count| (f64::from(*count) - 1_000.0).powi(2) / 1_000.0).sum();
    assert!(chi < 45.3, "{chi}: {shown:?}");
}

#[test]
fn the_noise_hangs_on_key_cell_and_members() {
    let members = ids(&some(1, 240, BloodGroup::ONeg, Jenin));
    let of = |cell: &[&str], members: &[DonorId]| noise().of(cell, members.iter().copied());
    let cells: Vec<String> = (0..40).map(|n| format!("cell-{n}")).collect();
    let drawn = |members: &[DonorId]| -> Vec<i64> { cells.iter().map(|cell| of(&[cell], members)).collect() };
    assert_eq!(drawn(&members), drawn(&members));
    let mut one_more = members.clone();
    one_more.push(DonorId(1_000));
    assert_ne!(drawn(&members), drawn(&one_more));
    assert_ne!(drawn(&members), drawn(&members[1..]));
    let (together, apart) = (of(&["ab", "c"], &members), of(&["a", "bc"], &members));
    let all: Vec<i64> = (0..40).map(|n| of(&["ab", &format!("c{n}")], &members)).collect();
    let other: Vec<i64> = (0..40).map(|n| of(&["a", &format!("bc{n}")], &members)).collect();
    assert!(all != other, "parts of a name are kept apart: {together} {apart}");
}

/// B1, the attacker's game: whoever knows every donor of a cell but one, and cannot know the key, guesses from the band
/// whether that one is counted. At the worst count, beside an edge, the best rule is right little more than by a coin.
#[test]
fn b1_an_attacker_who_knows_all_but_one_hardly_learns_of_that_one() {
    const GAMES: u32 = 1_000;
    let mut worst: f64 = 0.0;
    for edge in [20_i64, 100, 250] {
        for count in edge - 12..=edge + 12 {
            let without = ids(&some(1, count, BloodGroup::ONeg, Jenin));
            let with = ids(&some(1, count + 1, BloodGroup::ONeg, Jenin));
            let mut seen: BTreeMap<Band, [u32; 2]> = BTreeMap::new();
            for game in 0..GAMES {
                let mut key = [3; 32];
                key[..4].copy_from_slice(&game.to_be_bytes());
                let noise = Noise::under(key);
                for (place, members) in [&without, &with].into_iter().enumerate() {
                    let shown = i64::try_from(members.len()).unwrap()
                        + noise.of(&["o_neg", "PS-JEN"], members.iter().copied());
                    seen.entry(Band::of(shown)).or_default()[place] += 1;
                }
            }
            let right: u32 = seen.values().map(|worlds| worlds[0].max(worlds[1])).sum();
            worst = worst.max(f64::from(right) / f64::from(2 * GAMES));
        }
    }
    assert!(worst <= 0.60, "{worst}");
    // Without noise the edge alone would tell.
    assert_ne!(Band::of(249), Band::of(250));
}

#[test]
fn a_place_with_too_few_is_shown_with_its_neighbours() {
    let group = BloodGroup::APos;
    // Centre: Ramallah alone; Salfit and Jericho together. South: not enough, nor with the north.
    let members = [
        some(1, 300, group, RamallahAlBireh),
        some(1_001, 150, group, Salfit),
        some(2_001, 100, group, Jericho),
        some(3_001, 120, group, Hebron),
        some(4_001, 50, group, Nablus),
        some(5_001, 400, group, Rafah),
    ]
    .concat();
    let west = areas(&noise(), group, Territory::WestBank, &members);
    let centre = Region::WestBankCentre;
    assert_eq!(
        west[&(group, RamallahAlBireh)],
        Shown { area: Area::Governorate(RamallahAlBireh), holds: true }
    );
    for place in [Salfit, Jericho] {
        assert_eq!(west[&(group, place)], Shown { area: Area::RestOf(centre), holds: true });
    }
    for place in [Hebron, Nablus, Jenin, Governorate::Jerusalem] {
        let shown = Shown { area: Area::RestOfAll(Territory::WestBank), holds: false };
        assert_eq!(west[&(group, place)], shown, "170 in all");
    }
    let gaza = areas(&noise(), group, Territory::Gaza, &members);
    assert_eq!(gaza[&(group, Rafah)].area, Area::Governorate(Rafah));
    assert!(!gaza[&(group, Governorate::Gaza)].holds);
}

#[test]
fn areas_stand_for_the_quarter_once_anything_is_shown() {
    let group = BloodGroup::ONeg;
    let few = some(1, 100, group, Jenin);
    let first = settle(&noise(), &Areas::new(), &few);
    assert!(first.values().all(|shown| !shown.holds));
    let more = [few.clone(), some(1_001, 200, group, Jenin)].concat();
    let second = settle(&noise(), &first, &more);
    assert_eq!(second[&(group, Jenin)], Shown { area: Area::Governorate(Jenin), holds: true });
    // What grows or shrinks later changes no area.
    let grown = [more, some(2_001, 900, group, Nablus)].concat();
    assert_eq!(settle(&noise(), &second, &grown), second);
    assert_eq!(settle(&noise(), &second, &few), second);
}

#[test]
fn what_is_small_changes_once_a_week() {
    let group = BloodGroup::ONeg;
    let members = some(1, 400, group, Jenin);
    let areas = areas(&noise(), group, Territory::WestBank, &members);
    let of = |donation_type, able: usize, before: &[Cell]| {
        let able = ids(&members[..able]);
        let made = cells(&noise(), &areas, donation_type, (&members, &able), before);
        *made.iter().find(|cell| cell.area == Area::Governorate(Jenin)).unwrap()
    };
    let whole = of(DonationType::WholeBlood, 400, &[]);
    assert_eq!((whole.band, whole.is_weekly), (Some(Band::From250), false));
    assert_eq!(of(DonationType::WholeBlood, 130, &[whole]).band, Some(Band::From100), "a large one is fresh");
    let small = of(DonationType::WholeBlood, 35, &[]);
    assert_eq!((small.band, small.is_weekly), (Some(Band::From20), true));
    assert_eq!(of(DonationType::WholeBlood, 400, &[small]), small, "until the week is over");
    let platelets = of(DonationType::PlateletApheresis, 400, &[]);
    assert_eq!((platelets.band, platelets.is_weekly), (Some(Band::From250), true));
    assert_eq!(of(DonationType::PlateletApheresis, 0, &[platelets]), platelets);
    assert_eq!(of(DonationType::PlasmaApheresis, 0, &[platelets]).band, Some(Band::Under20), "each its own");
}

#[test]
fn an_area_under_200_has_no_band_whatever_it_counts() {
    let members = some(1, 199, BloodGroup::BNeg, Jenin);
    let areas = settle(&noise(), &Areas::new(), &members);
    let made = cells(&noise(), &areas, DonationType::WholeBlood, (&members, &ids(&members)), &[]);
    assert_eq!(made.len(), BloodGroup::ALL.len() * Territory::ALL.len(), "one for each group and territory");
    assert!(made.iter().all(|cell| cell.band.is_none() && !cell.is_weekly));
}

fn registers() -> impl Strategy<Value = Vec<Member>> {
    let part = (
        prop::sample::select(BloodGroup::ALL),
        prop::sample::select(Governorate::ALL),
        prop_oneof![0_i64..30, 150_i64..260, 0_i64..900],
    );
    prop::collection::vec(part, 0..24).prop_map(|parts| {
        let mut members = Vec::new();
        for (group, place, count) in parts {
            let first = i64::try_from(members.len()).unwrap() + 1;
            members.extend(some(first, count, group, place));
        }
        members
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Each donor is in one area; one that has a band holds 200 registered donors at least; a governorate with enough
    /// has its own; and what is shown lies within 10 of what was counted.
    #[test]
    fn b1_areas_part_the_donors_and_hold_enough(members in registers(), every in 1_usize..5) {
        let areas = settle(&noise(), &Areas::new(), &members);
        prop_assert_eq!(areas.len(), BloodGroup::ALL.len() * Governorate::ALL.len());
        let able: Vec<DonorId> = ids(&members).into_iter().step_by(every).collect();
        let made = cells(&noise(), &areas, DonationType::WholeBlood, (&members, &able), &[]);
        let mut counted = 0;
        for cell in &made {
            let own = |member: &&Member| {
                member.blood_group == cell.blood_group
                    && areas[&(member.blood_group, member.governorate)].area == cell.area
            };
            let registered = members.iter().filter(own).count();
            let may = members.iter().filter(own).filter(|member| able.binary_search(&member.donor).is_ok()).count();
            counted += may;
            let may = i64::try_from(may).unwrap();
            match cell.band {
                None => prop_assert!(registered < 220, "{cell:?} {registered}"),
                Some(band) => {
                    prop_assert!(registered >= 200, "{cell:?} {registered}");
                    let near = (may - NOISE..=may + NOISE).any(|shown| Band::of(shown) == band);
                    prop_assert!(near, "{cell:?} of {may}");
                }
            }
            if matches!(cell.area, Area::RestOf(_) | Area::RestOfAll(_)) {
                for place in Governorate::ALL.iter().copied() {
                    if areas[&(cell.blood_group, place)].area == cell.area {
                        let there = |member: &&Member| {
                            (member.blood_group, member.governorate) == (cell.blood_group, place)
                        };
                        prop_assert!(members.iter().filter(there).count() < 220);
                    }
                }
            }
        }
        prop_assert_eq!(counted, able.len(), "each donor in one cell");
    }
}
