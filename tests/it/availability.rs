//! The hospitals' question: what fits and nothing else, inside the region, and of donors the published
//! table alone.

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::tables::{donors, giving_windows};
use shiryan::db::{Lane, Tx};
use shiryan::places::{self, NewFacility, PlaceName};
use shiryan::projections::Area;
use shiryan::reserve::published;
use shiryan::texts::{Lang, has};
use shiryan_kernel::blood::{AgeBand, BloodGroup, Component, DonationType, GroupEvidence, Sex};
use shiryan_kernel::compat::{Caution, PatientFacts, Recipient, Titre, judge, verdict};
use shiryan_kernel::ids::{DonorId, FacilityId};
use shiryan_kernel::level::Level;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{DonorStatus, FacilityKind, UnitStatus};
use shiryan_kernel::text::ShortCode;
use shiryan_kernel::time::plus_days;

use super::support::app::TestApp;
use super::support::reserve::stands;
use super::support::shelf::{Bag, Person, din, put_all};

both!(
    each_cell_of_the_tables_is_what_is_listed,
    only_what_is_released_good_and_in_the_region_is_shown,
    the_order_is_identical_then_preferred_then_first_to_expire,
    what_lies_behind_closed_roads_is_counted_apart,
    a_blood_bank_that_reports_nothing_is_named,
    nothing_fits_is_never_an_empty_answer,
    the_place_is_the_own_or_must_be_said,
    b1_of_one_donor_a_hospital_learns_nothing_before_the_next_day,
    b1_whoever_is_not_confirmed_moves_nothing,
    b1_an_answer_is_of_the_table_and_nothing_else,
    b1_the_published_table_counts_whom_it_may,
    a_table_is_made_once_a_day,
    every_answer_says_what_must_be_done_first,
    b1_a_facility_has_a_budget_and_an_emergency_none,
    levels_are_told_to_command_and_blood_banks_alone,
    whoever_is_not_typed_twice_is_shown_what_fits_anybody,
);

const PATH: &str = "/api/v1/availability";

fn ask(app: &TestApp, role: Role, recipient: BloodGroup, component: Component, rest: &str) -> Value {
    let path =
        format!("{PATH}?recipient_group={recipient}&group_evidence=confirmed&component={component}{rest}");
    app.client(role).get(&path).expect(200)
}

fn ids(answer: &Value) -> Vec<String> {
    answer["units"].as_array().unwrap().iter().map(|unit| unit["id"].as_str().unwrap().into()).collect()
}

fn each_cell_of_the_tables_is_what_is_listed(app: TestApp) {
    let mut bags = Vec::new();
    for (place, component) in (0..).zip(Component::ALL) {
        for (n, group) in (place * 8..).zip(BloodGroup::ALL) {
            bags.push(Bag { component: *component, blood_group: Some(*group), ..Bag::new(&app, n) });
        }
    }
    let made = put_all(&app, bags.clone());
    for component in Component::ALL.iter().copied() {
        for recipient in BloodGroup::ALL.iter().copied() {
            let answer = ask(&app, Role::Hospital, recipient, component, "");
            let listed = ids(&answer);
            for (bag, id) in bags.iter().zip(&made) {
                let fits = bag.component == component
                    && verdict(component, recipient, bag.blood_group.unwrap(), Titre::Unknown).fits();
                let shown = listed.contains(&id.to_string());
                assert_eq!(shown, fits, "{component} for {recipient}: {:?}", bag.blood_group);
            }
            let counted: i64 =
                answer["groups"].as_array().unwrap().iter().map(|g| g["units"].as_i64().unwrap()).sum();
            assert_eq!(counted, i64::try_from(listed.len()).unwrap());
            assert_eq!(answer["nearest"], Value::Null);
        }
    }
}

fn facility(app: &TestApp, governorate: Governorate) -> FacilityId {
    let vault = app.house.vault.clone();
    app.house
        .db
        .write_now(Lane::System, move |tx| {
            let new = NewFacility {
                code: ShortCode::parse(&format!("BB-{governorate}")).unwrap(),
                kind: FacilityKind::BloodBank,
                name_ar: PlaceName::parse("بنك الدم").unwrap(),
                name_en: PlaceName::parse("Blood bank").unwrap(),
                governorate,
            };
            places::create_facility(tx, &vault, None, &new)
        })
        .unwrap()
}

/// A small generator of its own, so that a failure is found again.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

fn only_what_is_released_good_and_in_the_region_is_shown(app: TestApp) {
    let sites: Vec<(Governorate, FacilityId)> =
        Governorate::ALL.iter().map(|governorate| (*governorate, facility(&app, *governorate))).collect();
    let now = app.house.db.now();
    let mut chance = Chance(7);
    let mut shelf = Vec::new();
    for sequence in 0..600 {
        let (governorate, facility) = chance.of(&sites);
        // Most are released, so that many would be shown if a rule were forgotten.
        let status = if chance.below(3) > 0 { UnitStatus::Released } else { chance.of(UnitStatus::ALL) };
        let minutes = i64::try_from(chance.below(96 * 60)).unwrap() - 24 * 60;
        let bag = Bag {
            component: chance.of(&[Component::RedCells, Component::Plasma]),
            blood_group: Some(chance.of(BloodGroup::ALL)),
            status,
            facility,
            expires_at: now + chrono::Duration::minutes(minutes),
            ..Bag::new(&app, sequence)
        };
        shelf.push((governorate, bag));
    }
    let made = put_all(&app, shelf.iter().map(|(_, bag)| bag.clone()).collect());
    for round in 0..60 {
        let (recipient, at) = (chance.of(BloodGroup::ALL), chance.of(Governorate::ALL));
        let component = chance.of(&[Component::RedCells, Component::Plasma]);
        let hours = chance.of(&[1, 2, 6, 24, 72]);
        let answer = ask(
            &app,
            Role::Command,
            recipient,
            component,
            &format!("&governorate={at}&within_hours={hours}"),
        );
        let mut expected: Vec<String> = Vec::new();
        for ((governorate, bag), id) in shelf.iter().zip(&made) {
            let fits = verdict(component, recipient, bag.blood_group.unwrap(), Titre::Unknown).fits();
            let good = bag.expires_at >= now + chrono::Duration::hours(hours);
            let here = governorate.region() == at.region();
            if bag.component == component && bag.status == UnitStatus::Released && fits && good && here {
                expected.push(id.to_string());
            }
        }
        let mut listed = ids(&answer);
        let counted: i64 =
            answer["groups"].as_array().unwrap().iter().map(|g| g["units"].as_i64().unwrap()).sum();
        assert_eq!(counted, i64::try_from(expected.len()).unwrap(), "round {round}");
        assert_eq!(listed.len(), expected.len().min(50), "round {round}");
        listed.sort();
        expected.sort();
        assert!(listed.iter().all(|id| expected.contains(id)), "round {round}");
    }
}

fn the_order_is_identical_then_preferred_then_first_to_expire(app: TestApp) {
    let now = app.house.db.now();
    let bag = |n, group, days, facility| Bag {
        blood_group: Some(group),
        expires_at: now + chrono::Duration::days(days),
        facility,
        ..Bag::new(&app, n)
    };
    let (bank, own) = (app.places.bank, app.places.hospital);
    let salfit = facility(&app, Governorate::Salfit);
    let made = put_all(
        &app,
        vec![
            bag(1, BloodGroup::ONeg, 3, bank),
            bag(2, BloodGroup::OPos, 4, bank),
            bag(3, BloodGroup::APos, 9, bank),
            bag(4, BloodGroup::APos, 8, salfit),
            bag(5, BloodGroup::APos, 9, own),
            bag(6, BloodGroup::ANeg, 2, bank),
            bag(7, BloodGroup::BPos, 2, bank),
        ],
    );
    let answer = ask(&app, Role::Hospital, BloodGroup::APos, Component::RedCells, "");
    let expected: Vec<String> = [4, 5, 3, 2, 6, 1].iter().map(|n| made[n - 1].to_string()).collect();
    assert_eq!(ids(&answer), expected);
    let shown = &answer["units"];
    assert_eq!(shown[0]["identical"], true);
    assert_eq!(shown[0]["site"], "same_region");
    assert_eq!(shown[1]["site"], "same_facility");
    assert_eq!(shown[2]["site"], "same_governorate");
    assert_eq!(shown[2]["facility"]["code"], "BB1");
    assert_eq!(shown[4]["cautions"], json!(["spare_rhd_negative"]));
    assert_eq!(answer["cautions"][0]["code"], "spare_rhd_negative");
    let groups: Vec<_> = answer["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|g| (g["blood_group"].as_str().unwrap(), g["units"].as_i64().unwrap()))
        .collect();
    assert_eq!(groups, [("a_pos", 3), ("o_pos", 1), ("a_neg", 1), ("o_neg", 1)]);
}

fn what_lies_behind_closed_roads_is_counted_apart(app: TestApp) {
    let (salfit, jericho) = (facility(&app, Governorate::Salfit), facility(&app, Governorate::Jericho));
    let bag = |n, group, facility| Bag { blood_group: Some(group), facility, ..Bag::new(&app, n) };
    let made = put_all(
        &app,
        vec![
            bag(1, BloodGroup::APos, app.places.bank),
            bag(2, BloodGroup::APos, salfit),
            bag(3, BloodGroup::OPos, jericho),
        ],
    );
    let codes = |answer: &Value| -> Vec<String> {
        let notes = answer["notes"].as_array().unwrap().iter();
        notes.map(|note| note["code"].as_str().unwrap().to_owned()).collect()
    };
    let asked = || ask(&app, Role::Hospital, BloodGroup::APos, Component::RedCells, "");
    let open = asked();
    assert_eq!((ids(&open).len(), &open["cut_off"]), (3, &json!([])));
    assert!(!codes(&open).contains(&"cut_off".to_owned()));

    let close = |form: Value| app.client(Role::Command).post("/api/v1/closures", &form).expect(201);
    close(json!({"governorate": "PS-JRH"}));
    let one_shut = asked();
    assert_eq!(ids(&one_shut), [made[0].to_string(), made[1].to_string()]);
    assert_eq!(
        one_shut["cut_off"],
        json!([{"blood_group": "o_pos", "preference": 1, "low_titre_only": false, "units": 1}])
    );
    assert!(codes(&one_shut).contains(&"cut_off".to_owned()));
    let counted = |answer: &Value| -> i64 {
        answer["groups"].as_array().unwrap().iter().map(|group| group["units"].as_i64().unwrap()).sum()
    };
    assert_eq!(counted(&one_shut), 2);
    // Behind the closed road they see their own and nothing else.
    let inside = "&governorate=PS-JRH";
    let inside = ask(&app, Role::Command, BloodGroup::APos, Component::RedCells, inside);
    assert_eq!((ids(&inside), counted(&inside)), (vec![made[2].to_string()], 1));
    assert_eq!(
        inside["cut_off"],
        json!([{"blood_group": "a_pos", "preference": 0, "low_titre_only": false, "units": 2}])
    );

    close(json!({"governorate": "PS-RBH"}));
    let alone = asked();
    assert_eq!(ids(&alone), [made[0].to_string()]);
    assert_eq!(
        alone["cut_off"],
        json!([
            {"blood_group": "a_pos", "preference": 0, "low_titre_only": false, "units": 1},
            {"blood_group": "o_pos", "preference": 1, "low_titre_only": false, "units": 1},
        ])
    );
}

fn a_blood_bank_that_reports_nothing_is_named(app: TestApp) {
    facility(&app, Governorate::Salfit);
    facility(&app, Governorate::Hebron);
    let silent = |app: &TestApp| -> Vec<String> {
        let answer = ask(app, Role::Hospital, BloodGroup::APos, Component::RedCells, "");
        let told = answer["notes"].to_string().contains("sites_silent");
        let sites = answer["sites_silent"].as_array().unwrap();
        assert_eq!(told, !sites.is_empty());
        sites.iter().map(|site| site["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(silent(&app), ["BB-PS-SLT", "BB1"], "those in reach, and no hospital");
    let form = json!({
        "din": din(77), "component": "red_cells", "blood_group": "o_neg", "volume_ml": 300,
        "collected_on": plus_days(app.house.today(), -3), "expires_on": plus_days(app.house.today(), 20),
    });
    let heard = app.client(Role::Bank).post("/api/v1/stock/units", &form);
    assert_eq!(heard.status, 201, "{}", heard.text);
    assert_eq!(silent(&app), ["BB-PS-SLT"]);
    app.clock.advance(chrono::Duration::hours(25));
    assert_eq!(silent(&app), ["BB-PS-SLT", "BB1"]);
}

fn nothing_fits_is_never_an_empty_answer(app: TestApp) {
    let gaza = app.places.gaza_hospital;
    let south = facility(&app, Governorate::Rafah);
    let bag = |n, group, facility| Bag { blood_group: Some(group), facility, ..Bag::new(&app, n) };
    put_all(
        &app,
        vec![
            bag(1, BloodGroup::ONeg, gaza),
            bag(2, BloodGroup::ONeg, gaza),
            bag(3, BloodGroup::ONeg, south),
            bag(4, BloodGroup::OPos, app.places.bank),
        ],
    );
    let answer = ask(&app, Role::Hospital, BloodGroup::ONeg, Component::RedCells, "");
    assert_eq!(answer["units"], json!([]));
    assert_eq!(
        answer["groups"],
        json!([{"blood_group": "o_neg", "preference": 0, "low_titre_only": false, "units": 0}])
    );
    let only =
        |units| json!([{"blood_group": "o_neg", "preference": 0, "low_titre_only": false, "units": units}]);
    assert_eq!(
        answer["nearest"]["other_regions"],
        json!([
            {"region": "gaza_north", "not_shared": true, "groups": only(2)},
            {"region": "gaza_south", "not_shared": true, "groups": only(1)},
        ])
    );
    assert_eq!(
        answer["nearest"]["by_policy"],
        json!([{"blood_group": "o_pos", "preference": 1, "low_titre_only": false, "units": 1}])
    );
    let notes: Vec<_> =
        answer["notes"].as_array().unwrap().iter().map(|note| note["code"].as_str().unwrap()).collect();
    for note in ["nothing_fits", "by_policy", "not_shared"] {
        assert!(notes.contains(&note), "{notes:?}");
    }
}

fn the_place_is_the_own_or_must_be_said(app: TestApp) {
    Bag { facility: app.places.gaza_hospital, ..Bag::new(&app, 1) }.put(&app);
    let query = format!("{PATH}?recipient_group=o_neg&group_evidence=confirmed&component=red_cells");
    let own = app.client(Role::Hospital).get(&query).expect(200);
    assert_eq!((&own["governorate"], &own["region"]), (&json!("PS-RBH"), &json!("west_bank_centre")));
    assert_eq!(own["within_hours"], 24);
    let told = app.client(Role::Physician).get(&query);
    assert_eq!(told.problem(400), "missing_field");
    assert_eq!(told.json()["errors"][0]["field"], "governorate");
    let there = app.client(Role::Physician).get(&format!("{query}&governorate=PS-NGZ")).expect(200);
    assert_eq!(there["units"].as_array().unwrap().len(), 1);
    for (rest, status, code) in [
        ("&within_hours=0", 422, "out_of_range"),
        ("&within_hours=73", 422, "out_of_range"),
        ("&within_hours=soon", 422, "invalid_value"),
        ("&governorate=PS-XXX", 422, "invalid_value"),
        ("&near=me", 400, "unknown_parameter"),
    ] {
        assert_eq!(app.client(Role::Hospital).get(&format!("{query}{rest}")).problem(status), code);
    }
    assert_eq!(app.client(Role::Admin).get(&query).problem(403), "forbidden");
    let raw = app.client(Role::Hospital).get(&format!("{PATH}?recipient_group=o+&component=red_cells"));
    assert_eq!(raw.problem(422), "invalid_value");
}

/// A donor with an open window for whole blood.
fn ready(tx: &mut Tx, person: Person) -> DonorId {
    let id = person.insert(tx);
    let today = tx.now.naive_utc().date();
    window(tx, id, DonationType::WholeBlood, 0, today - chrono::Duration::days(30), None);
    id
}

fn window(
    tx: &mut Tx,
    donor: DonorId,
    kind: DonationType,
    place: i32,
    from: chrono::NaiveDate,
    until: Option<chrono::NaiveDate>,
) {
    diesel::insert_into(giving_windows::table)
        .values((
            giving_windows::donor.eq(donor),
            giving_windows::donation_type.eq(kind),
            giving_windows::place.eq(place),
            giving_windows::from_on.eq(from),
            giving_windows::until_on.eq(until),
            giving_windows::rule_set.eq("ps-2026"),
        ))
        .execute(tx.conn)
        .unwrap();
}

fn many(app: &TestApp, person: Person, count: usize) -> Vec<DonorId> {
    let made = app
        .house
        .db
        .write_now(Lane::System, move |tx| Ok((0..count).map(|_| ready(tx, person)).collect::<Vec<_>>()));
    made.unwrap()
}

fn publish(app: &TestApp) -> bool {
    published::make_due(&app.house.db, &app.house.vault, app.house.today()).unwrap()
}

/// Everything that a hospital can ask of donors.
fn every_answer(app: &TestApp) -> Vec<String> {
    let mut texts = Vec::new();
    for recipient in BloodGroup::ALL {
        for component in Component::ALL {
            for within in [2, 24, 72] {
                let path = format!(
                    "{PATH}?recipient_group={recipient}&group_evidence=confirmed&component={component}&within_hours={within}"
                );
                let reply = app.client(Role::Hospital).get(&path);
                assert!(!reply.headers.contains_key("etag"));
                texts.push(reply.text);
            }
        }
    }
    texts
}

fn pause(app: &TestApp, donors: &[DonorId]) {
    let those = donors.to_vec();
    let write = move |tx: &mut Tx| {
        for donor in &those {
            diesel::update(donors::table.find(donor.0))
                .set(donors::status.eq(DonorStatus::Paused))
                .execute(tx.conn)?;
        }
        Ok(())
    };
    app.house.db.write_now(Lane::System, write).unwrap();
}

/// Neighbours: one donor more or less, deferred, bled or erased, and every answer is the same to the byte until the next
/// day's table.
fn b1_of_one_donor_a_hospital_learns_nothing_before_the_next_day(app: TestApp) {
    let donors = many(&app, Person::of(BloodGroup::ONeg), 400);
    assert!(publish(&app));
    Bag::new(&app, 1).put(&app);
    let before = every_answer(&app);
    let (bled, erased) = (donors[1], donors[2]);
    pause(&app, &donors[..1]);
    app.house
        .db
        .write_now(Lane::System, move |tx| {
            diesel::delete(giving_windows::table.filter(giving_windows::donor.eq(bled))).execute(tx.conn)?;
            diesel::update(donors::table.find(erased.0))
                .set((donors::status.eq(DonorStatus::Erased), donors::donor_key.eq(Vec::<u8>::new())))
                .execute(tx.conn)?;
            Ok(())
        })
        .unwrap();
    many(&app, Person::of(BloodGroup::ONeg), 1);
    assert!(!publish(&app), "the day's table is there");
    assert_eq!(every_answer(&app), before);
    many(&app, Person::of(BloodGroup::APos), 300);
    assert!(!publish(&app));
    assert_eq!(every_answer(&app), before);
    // The next day two hundred are missed: so the table does look at them.
    pause(&app, &donors[100..300]);
    let band = |answer: &Value| answer["donors"]["cells"][0]["band"].clone();
    let asked = || ask(&app, Role::Hospital, BloodGroup::ONeg, Component::RedCells, "");
    assert_eq!(band(&asked()), "250_499");
    app.clock.advance(chrono::Duration::days(1));
    assert_eq!(band(&asked()), "250_499", "until the next is made, yesterday's stands");
    assert!(publish(&app));
    assert_eq!(band(&asked()), "100_249");
}

/// Padding: whoever enters donors whose group nobody confirmed, or who never gave, moves no figure.
fn b1_whoever_is_not_confirmed_moves_nothing(app: TestApp) {
    let person = Person::of(BloodGroup::ONeg);
    many(&app, person, 240);
    assert!(publish(&app));
    let cells = |app: &TestApp| -> Vec<Value> {
        let of =
            |group: &BloodGroup| ask(app, Role::Hospital, *group, Component::RedCells, "")["donors"].clone();
        let told = |mut donors: Value| {
            donors["published_at"].take();
            donors
        };
        BloodGroup::ALL.iter().map(of).map(told).collect()
    };
    let before = cells(&app);
    many(&app, Person { evidence: GroupEvidence::Declared, ..person }, 50);
    many(&app, Person { evidence: GroupEvidence::TypedOnce, ..person }, 50);
    many(&app, Person { has_given: false, ..person }, 50);
    many(&app, Person { status: DonorStatus::Review, ..person }, 50);
    app.clock.advance(chrono::Duration::days(1));
    assert!(publish(&app));
    assert_eq!(cells(&app), before);
}

/// Purity: where the tables are the same, so are the answers, whoever is registered and whatever hangs on them.
fn b1_an_answer_is_of_the_table_and_nothing_else(app: TestApp) {
    let donors = many(&app, Person::of(BloodGroup::ONeg), 260);
    assert!(publish(&app));
    let before = every_answer(&app);
    pause(&app, &donors);
    many(&app, Person::of(BloodGroup::BPos), 500);
    app.house
        .db
        .write_now(Lane::System, |tx| {
            diesel::delete(giving_windows::table).execute(tx.conn)?;
            Ok(())
        })
        .unwrap();
    assert_eq!(every_answer(&app), before);
}

fn b1_the_published_table_counts_whom_it_may(app: TestApp) {
    let person = Person::of(BloodGroup::BPos);
    let at = |governorate| Person { governorate, ..person };
    many(&app, person, 150);
    // None of these may be counted, though they are registered.
    app.house
        .db
        .write_now(Lane::System, move |tx| {
            let today = tx.now.naive_utc().date();
            let (later, earlier) = (today + chrono::Duration::days(9), today - chrono::Duration::days(9));
            for _ in 0..80 {
                let barred = person.insert(tx);
                window(tx, barred, DonationType::WholeBlood, 0, earlier, Some(earlier));
                window(tx, barred, DonationType::WholeBlood, 1, later, None);
            }
            Ok(())
        })
        .unwrap();
    // Two small governorates of the region are told together; of the south nothing can be.
    many(&app, at("PS-SLT"), 120);
    many(&app, at("PS-JRH"), 190);
    many(&app, at("PS-HBN"), 150);
    publish(&app);
    let asked =
        |at: &str| ask(&app, Role::Hospital, BloodGroup::BPos, Component::WholeBlood, at)["donors"].clone();
    let centre = asked("");
    let cell =
        |region: Option<&str>, governorate: Option<&str>, band: Option<&str>, group: &str, preference: u8| {
            json!({"blood_group": group, "preference": preference, "territory": "west_bank", "region": region,
            "governorate": governorate, "band": band, "under_200": band.is_none()})
        };
    let here = Some("west_bank_centre");
    assert_eq!(
        centre["cells"],
        json!([
            cell(here, Some("PS-RBH"), Some("100_249"), "b_pos", 0),
            cell(here, None, Some("250_499"), "b_pos", 0),
            cell(None, None, None, "b_pos", 0),
            cell(None, None, None, "b_neg", 2),
        ])
    );
    assert_eq!(centre["come_at_least"], (100 + 250) * 25 / 100);
    assert_eq!(asked("&within_hours=1")["come_at_least"], 0);
    let south = asked("&governorate=PS-BTH&within_hours=72");
    assert_eq!(south["cells"][0], cell(None, None, None, "b_pos", 0), "150 in all: no band");
    assert_eq!(south["come_at_least"], 0);
    // Plasma is made of whole blood; nobody has an open window for platelets.
    let of = |component| ask(&app, Role::Hospital, BloodGroup::BPos, component, "")["donors"].clone();
    assert_eq!(of(Component::Plasma)["donation_type"], "whole_blood");
    let platelets = of(Component::Platelets);
    assert_eq!(platelets["donation_type"], "platelet_apheresis");
    let none = platelets["cells"].as_array().unwrap().iter();
    assert!(none.clone().all(|cell| cell["band"].is_null() || cell["band"] == "under_20"));
}

fn a_table_is_made_once_a_day(app: TestApp) {
    let asked = || ask(&app, Role::Hospital, BloodGroup::ONeg, Component::RedCells, "")["donors"].clone();
    assert_eq!(asked()["published_at"], Value::Null);
    assert_eq!(asked()["cells"], json!([]));
    let made: Vec<bool> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| publish(&app))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(made.iter().filter(|made| **made).count(), 1);
    let stamp = asked()["published_at"].clone();
    assert_eq!(stamp, json!(app.house.db.now()));
    app.clock.advance(chrono::Duration::hours(5));
    assert!(!publish(&app));
    assert_eq!(asked()["published_at"], stamp);
}

fn every_answer_says_what_must_be_done_first(app: TestApp) {
    Bag::new(&app, 1).put(&app);
    for component in Component::ALL {
        for (language, lang) in [("ar", Lang::Ar), ("en", Lang::En)] {
            let path = format!("{PATH}?recipient_group=o_neg&group_evidence=confirmed&component={component}");
            let reply = app.client(Role::Hospital).send("GET", &path, &[("accept-language", language)], None);
            let answer = reply.expect(200);
            let said = |list: &str| -> Vec<(String, String)> {
                let list = answer[list].as_array().unwrap().iter();
                list.map(|said| {
                    (said["code"].as_str().unwrap().to_owned(), said["text"].as_str().unwrap().to_owned())
                })
                .collect()
            };
            let codes: Vec<String> = said("reminders").into_iter().map(|(code, _)| code).collect();
            assert_eq!(codes, ["two_samples", "antibody_screen", "crossmatch"]);
            for (code, text) in said("reminders").into_iter().chain(said("notes")).chain(said("cautions")) {
                assert_eq!(text.is_ascii(), lang == Lang::En, "{code}: {text}");
                assert!(text.contains(' '), "{code} has no words: {text}");
            }
            let reversed = said("notes").iter().any(|(code, _)| code == "plasma_reversed");
            assert_eq!(reversed, *component == Component::Plasma);
        }
    }
    for caution in Caution::ALL {
        let id = format!("stock-caution-{}", caution.code().replace('_', "-"));
        assert!(has(Lang::Ar, &id) && has(Lang::En, &id), "{id}");
    }
}

fn b1_a_facility_has_a_budget_and_an_emergency_none(app: TestApp) {
    let path = format!("{PATH}?recipient_group=o_neg&group_evidence=confirmed&component=red_cells");
    let hospital = app.client(Role::Hospital);
    for n in 0..600 {
        assert_eq!(hospital.get(&path).status, 200, "{n}");
    }
    app.clock.advance(chrono::Duration::seconds(20));
    let refused = hospital.get(&path);
    assert_eq!(refused.problem(429), "too_many_requests");
    assert_eq!(refused.headers["retry-after"], "40");
    let emergency = json!({"patient": "P", "component": "red_cells", "units": 2, "urgency": "emergency"});
    hospital.post("/api/v1/requests", &emergency).expect(201);
    // Another facility has its own, and whoever acts for none has none.
    assert_eq!(app.client(Role::Bank).get(&path).status, 200);
    assert_eq!(app.client(Role::Command).get(&format!("{path}&governorate=PS-RBH")).status, 200);
    app.clock.advance(chrono::Duration::seconds(40));
    assert_eq!(hospital.get(&path).status, 200);
}

/// What a unit costs the reserve is for those who answer for it: a hospital would read its depth.
fn levels_are_told_to_command_and_blood_banks_alone(app: TestApp) {
    let area = Area::Region(Governorate::RamallahAlBireh.region());
    stands(&app, area, BloodGroup::ONeg, Level::Red);
    stands(&app, area, BloodGroup::AbPos, Level::Green);
    let told = |role| {
        let rest = if role == Role::Bank || role == Role::Hospital { "" } else { "&governorate=PS-RBH" };
        ask(&app, role, BloodGroup::ONeg, Component::RedCells, rest)["levels"].clone()
    };
    for role in [Role::Command, Role::Bank] {
        assert_eq!(told(role), json!([{"blood_group": "o_neg", "level": "red"}]), "{role}: of what fits");
    }
    for role in [Role::Hospital, Role::Medic, Role::Physician] {
        assert_eq!(told(role), Value::Null, "{role}");
    }
}

/// Every cell: what is listed for a patient of unknown group is what may be sent to one (SAFETY A13, A18), whatever somebody
/// declared.
fn whoever_is_not_typed_twice_is_shown_what_fits_anybody(app: TestApp) {
    let mut bags = Vec::new();
    for (place, component) in (0..).zip(Component::ALL) {
        for (n, group) in (place * 8..).zip(BloodGroup::ALL) {
            bags.push(Bag { component: *component, blood_group: Some(*group), ..Bag::new(&app, n) });
        }
    }
    let made = put_all(&app, bags.clone());
    let hospital = app.client(Role::Hospital);
    let said = ["", "&recipient_group=a_pos", "&recipient_group=a_pos&group_evidence=typed_once"];
    for component in Component::ALL {
        for sex in [None, Some(Sex::Female), Some(Sex::Male)] {
            for age in [None, Some(AgeBand::Under18), Some(AgeBand::From18To50), Some(AgeBand::Over50)] {
                let facts = PatientFacts { sex, age: age.map(AgeBand::an_age), ..PatientFacts::default() };
                let mut query = format!("{PATH}?component={component}");
                query.extend(sex.map(|sex| format!("&sex={sex}")));
                query.extend(age.map(|age| format!("&age_band={age}")));
                let answers = said.map(|said| hospital.get(&format!("{query}{said}")).expect(200));
                for answer in &answers {
                    let listed = ids(answer);
                    for (bag, id) in bags.iter().zip(&made) {
                        let group = bag.blood_group.unwrap();
                        let fits = bag.component == *component
                            && judge(*component, Recipient::Unknown(facts), group, Titre::Unknown).fits();
                        assert_eq!(listed.contains(&id.to_string()), fits, "{query}: {group}");
                    }
                    assert_eq!(answer["recipient_group"], Value::Null);
                    assert_eq!(answer["counts_as_unknown"], true);
                    assert!(
                        answer["units"].as_array().unwrap().iter().all(|unit| unit["identical"] == false)
                    );
                    assert!(
                        answer["notes"]
                            .as_array()
                            .unwrap()
                            .iter()
                            .any(|note| note["code"] == "unknown_group")
                    );
                }
            }
        }
    }
    let red = |rest: &str| hospital.get(&format!("{PATH}?component=red_cells{rest}"));
    let man = red("&sex=male&age_band=from_18_to_50").expect(200);
    let groups: Vec<&str> =
        man["groups"].as_array().unwrap().iter().map(|own| own["blood_group"].as_str().unwrap()).collect();
    assert_eq!(groups, ["o_pos", "o_neg"]);
    for contradicts in ["&group_evidence=confirmed", "&recipient_group=a_pos&group_evidence=discrepant"] {
        let refused = red(contradicts).expect(422);
        assert_eq!(
            (&refused["errors"][0]["field"], &refused["errors"][0]["code"]),
            (&json!("group_evidence"), &json!("invalid_value"))
        );
    }
}
