//! The blood bank's pages from form to form, without a script: worklists, boxes, counts, bags from elsewhere; and the
//! pages of standing orders, packs and units that are given before their tests.

use diesel::prelude::*;
use serde_json::json;
use shiryan::db::Lane;
use shiryan::db::tables::blood_units;
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::ids::BloodUnitId;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::UnitStatus;

use super::pages::{Browser, check, led, signed_in};
use super::support::app::{Reply, TestApp};
use super::support::shelf::{Bag, Person, din, donation, put_all};
use super::tour::speak;
use super::untested;

both!(
    a_bag_from_elsewhere_is_released_and_thrown_away_page_by_page,
    what_expires_first_is_shown_however_much_lies_there,
    what_is_ready_stands_first_however_much_waits,
    a_shelf_is_counted_and_what_differs_is_settled,
    the_life_of_a_unit_is_told_to_each_as_far_as_it_is_theirs,
    a_standing_order_is_made_paused_and_ended_page_by_page,
    a_pack_is_started_called_and_stopped_page_by_page,
    untested_units_go_step_by_step_under_their_warning,
);

/// Looks at a page in both languages; the English one.
fn both_languages(browser: &mut Browser, path: &str) -> Reply {
    for language in ["ar", "en"] {
        speak(browser, language);
        let page = browser.get(path);
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        check(&page, language);
    }
    browser.get(path)
}

fn status(app: &TestApp, unit: BloodUnitId) -> UnitStatus {
    let found = app.house.db.write_now(Lane::System, move |tx| {
        Ok(blood_units::table.find(unit.0).select(blood_units::status).first(tx.conn)?)
    });
    found.unwrap()
}

fn the_unit(app: &TestApp, number: shiryan_kernel::din::Din) -> BloodUnitId {
    let found = app.house.db.write_now(Lane::System, move |tx| {
        let of = blood_units::table.filter(blood_units::din.eq(number));
        Ok(of.select(blood_units::id).first::<i64>(tx.conn)?)
    });
    BloodUnitId(found.unwrap())
}

fn a_bag_from_elsewhere_is_released_and_thrown_away_page_by_page(app: TestApp) {
    let mut bank = signed_in(&app, Role::Bank);
    assert!(both_languages(&mut bank, "/bank").text.matches("Nothing.").count() == 5);
    both_languages(&mut bank, "/bank/receive");
    let number = din(70).printed();
    let mut label = vec![
        ("din", number.as_str()),
        ("component", "red_cells"),
        ("division", ""),
        ("blood_group", "b_neg"),
        ("volume_ml", "280"),
        ("collected_on", "2026-11-20"),
        ("expires_on", "2026-11-10"),
    ];
    let wrong = bank.submit("/bank/receive", &label);
    assert_eq!(wrong.status, 422, "{}", wrong.text);
    assert!(wrong.text.contains("role=\"alert\"") && wrong.text.contains(&format!("value=\"{number}\"")));
    label[6].1 = "2026-12-20";
    assert_eq!(led(&bank.submit("/bank/receive", &label)), "/bank");
    let unit = the_unit(&app, din(70));
    let listed = both_languages(&mut bank, "/bank").text;
    assert!(listed.contains(&number) && listed.contains("Tested where it comes from"), "{listed}");

    let release = format!("/bank/units/{unit}/release");
    assert_eq!(bank.submit(&release, &[("blood_group", "b_pos")]).status, 409, "its label says otherwise");
    assert_eq!(led(&bank.submit(&release, &[("blood_group", "b_neg")])), "/bank");
    assert_eq!(status(&app, unit), UnitStatus::Released);
    assert!(bank.submit(&release, &[("blood_group", "b_neg")]).status == 409);

    both_languages(&mut bank, "/bank/discard");
    let away = [("din", number.as_str()), ("component", "plasma"), ("reason", "damaged"), ("note", "")];
    let none = bank.submit("/bank/discard", &away);
    assert_eq!(none.status, 404, "no plasma has that number");
    assert!(none.text.contains("role=\"alert\""), "{}", none.text);
    let away = [("din", number.as_str()), ("component", "red_cells"), ("reason", "damaged"), ("note", "")];
    assert_eq!(led(&bank.submit("/bank/discard", &away)), "/bank");
    assert_eq!(status(&app, unit), UnitStatus::Discarded);
    for role in [Role::Admin, Role::Command, Role::Medic, Role::Hospital, Role::Physician] {
        let mut other = signed_in(&app, role);
        for path in ["/bank", "/bank/receive", "/bank/discard", "/bank/send", "/bank/count"] {
            assert_eq!(other.get(path).status, 403, "{role} {path}");
        }
        assert_eq!(other.submit(&release, &[]).status, 403, "{role}");
    }
}

fn what_expires_first_is_shown_however_much_lies_there(app: TestApp) {
    let mut bags: Vec<Bag> = (100..2_200).map(|n| Bag::new(&app, n)).collect();
    // The newest record of all, and the first that has to go.
    bags.push(Bag { expires_at: app.house.db.now() + chrono::Duration::days(2), ..Bag::new(&app, 9_000) });
    put_all(&app, bags);
    let mut bank = signed_in(&app, Role::Bank);
    let first = din(9_000).printed();
    assert!(bank.get("/bank").text.contains(&first), "it expires within three days");
    let listed = bank.get("/units").text;
    let number = din(100).printed();
    assert!(listed.find(&first).unwrap() < listed.find(&number).unwrap(), "the first to expire stands first");
}

fn what_is_ready_stands_first_however_much_waits(app: TestApp) {
    let given = donation(&app, Person::of(BloodGroup::APos), 400);
    let soon = app.house.db.now() + chrono::Duration::days(2);
    let waits = |n| Bag { donation: Some(given), expires_at: soon, ..Bag::new(&app, n).quarantined(None) };
    put_all(&app, (1..=20).map(waits).collect());
    let mut bank = signed_in(&app, Role::Bank);
    let all = bank.get("/bank").text;
    assert!(all.contains(&din(20).printed()) && !all.contains("Some lists are longer"));
    // Tested elsewhere, and the last of all to expire.
    put_all(&app, vec![Bag::new(&app, 900).quarantined(None)]);
    let cut = bank.get("/bank").text;
    assert!(cut.contains("Some lists are longer") && !cut.contains(&din(20).printed()));
    assert!(cut.find(&din(900).printed()).unwrap() < cut.find(&din(1).printed()).unwrap());
}

fn a_shelf_is_counted_and_what_differs_is_settled(app: TestApp) {
    let units = put_all(&app, (1..=3).map(|sequence| Bag::new(&app, sequence)).collect());
    let mut bank = signed_in(&app, Role::Bank);
    assert!(both_languages(&mut bank, "/bank/count").text.contains("never counted"));
    let lines = |numbers: &[u32]| {
        numbers.iter().map(|number| din(*number).printed()).collect::<Vec<_>>().join("\r\n")
    };
    let partly = lines(&[1, 2, 9]);
    let unsure = bank.submit("/bank/count", &[("red_cells", &partly)]);
    assert_eq!(unsure.status, 422, "whoever counts says that it is all of it");
    assert!(unsure.text.contains(&din(9).printed()), "what was scanned is not lost");
    let twice = lines(&[1, 1]);
    assert_eq!(bank.submit("/bank/count", &[("red_cells", &twice), ("is_all", "on")]).status, 422);
    let page = led(&bank.submit("/bank/count", &[("red_cells", &partly), ("is_all", "on")]));
    let found = both_languages(&mut bank, &page).text;
    assert!(found.contains("3 labels scanned") && found.contains("Something differs"), "{found}");
    assert!(both_languages(&mut bank, "/bank").text.contains(&page));
    let own = units[2].to_string();
    let lost = [("unit", own.as_str()), ("note", "searched everywhere")];
    assert_eq!(bank.submit(&format!("{page}/lost"), &lost).status, 403, "whoever counted does not say so");
    led(&bank.submit(&format!("{page}/found"), &[("unit", &own)]));
    let stray = found.split("/bank/strays/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let count = page.rsplit('/').next().unwrap();
    let told = [("note", "a bag of another shelf"), ("count", count)];
    assert_eq!(led(&bank.submit(&format!("/bank/strays/{stray}/explain"), &told)), page);
    let settled = both_languages(&mut bank, &page).text;
    assert!(settled.contains("The shelf is as counted") && settled.contains("a bag of another shelf"));
    assert!(bank.get("/bank/count").text.contains("Last counted with nothing left open"));
}

fn the_life_of_a_unit_is_told_to_each_as_far_as_it_is_theirs(app: TestApp) {
    let theirs = Bag { facility: app.places.hospital, status: UnitStatus::Issued, ..Bag::new(&app, 1) };
    let (own, theirs) = (Bag::new(&app, 2).put(&app), theirs.put(&app));
    let why = json!({"reason": "damaged", "note": "it leaks at the seam"});
    app.client(Role::Bank).post(&format!("/api/v1/stock/units/{own}/block"), &why).expect(200);
    let mut bank = signed_in(&app, Role::Bank);
    let life = both_languages(&mut bank, &format!("/units/{own}")).text;
    assert!(life.contains("Stopped") && life.contains("it leaks at the seam") && life.contains("Damaged"));
    assert!(both_languages(&mut bank, "/units?status=blocked").text.contains(&din(2).printed()));
    assert!(!bank.get("/units?status=blocked&group=a_pos&component=").text.contains(&din(2).printed()));
    assert_eq!(bank.get(&format!("/units/{theirs}")).status, 404);
    let mut hospital = signed_in(&app, Role::Hospital);
    assert!(both_languages(&mut hospital, "/units").text.contains(&din(1).printed()));
    let mine = both_languages(&mut hospital, &format!("/units/{theirs}")).text;
    assert!(mine.contains("Issued") && !mine.contains("/labels/"));
    assert_eq!(hospital.get(&format!("/units/{own}")).status, 404);
    let carried = app.house.db.write_now(Lane::System, move |tx| {
        let set = blood_units::facility
            .eq(blood_units::table.find(theirs.0).select(blood_units::facility).first::<i64>(tx.conn)?);
        Ok(diesel::update(blood_units::table.find(own.0)).set(set).execute(tx.conn)?)
    });
    assert_eq!(carried.unwrap(), 1);
    let stopped = hospital.get(&format!("/units/{own}")).text;
    assert!(stopped.contains("Stopped"), "{stopped}");
    assert!(!stopped.contains("seam") && !stopped.contains("Damaged"), "why is not for a hospital");
    let mut physician = signed_in(&app, Role::Physician);
    both_languages(&mut physician, "/units?status=issued");
    assert_eq!(physician.get("/units?status=transfused").status, 422);
    for role in [Role::Admin, Role::Command, Role::Medic] {
        assert_eq!(signed_in(&app, role).get("/units").status, 403, "{role}");
    }
}

const ORDER: [(&str, &str); 10] = [
    ("patient", "P-31"),
    ("component", "red_cells"),
    ("units", "2"),
    ("blood_group", "b_pos"),
    ("group_evidence", "confirmed"),
    ("every_days", "21"),
    ("due_at", "08:00"),
    ("first_on", "2026-12-01"),
    ("last_on", "2026-12-05"),
    ("leucodepleted", "on"),
];

fn a_standing_order_is_made_paused_and_ended_page_by_page(app: TestApp) {
    let mut hospital = signed_in(&app, Role::Hospital);
    both_languages(&mut hospital, "/standing/new");
    let mut wrong = ORDER;
    wrong[2].1 = "many";
    let again = hospital.submit("/standing/new", &wrong);
    assert_eq!(again.status, 422, "{}", again.text);
    assert!(again.text.contains("value=\"many\"") && again.text.contains("name=\"leucodepleted\" checked"));
    let page = led(&hospital.submit("/standing/new", &ORDER));
    let mut bank = signed_in(&app, Role::Bank);
    for browser in [&mut hospital, &mut bank] {
        let list = both_languages(browser, "/standing").text;
        assert!(
            list.contains(&page) && list.contains("Every 21 days") && list.contains("Ends soon"),
            "{list}"
        );
        let one = both_languages(browser, &page).text;
        assert!(one.contains("P-31") && one.contains("Leucodepleted") && one.contains("Active"), "{one}");
    }
    assert!(!bank.get(&page).text.contains("/pause"), "a blood bank looks");
    assert_eq!(bank.submit(&format!("{page}/pause"), &[]).status, 403);
    led(&hospital.submit(&format!("{page}/pause"), &[]));
    assert!(hospital.get(&page).text.contains("Paused"));
    assert_eq!(hospital.submit(&format!("{page}/pause"), &[]).status, 409);
    led(&hospital.submit(&format!("{page}/end"), &[]));
    assert!(hospital.get(&page).text.contains("<b>Ended</b>"));
    assert_eq!(hospital.submit(&format!("{page}/burn"), &[]).status, 404);
    for role in [Role::Admin, Role::Command, Role::Medic] {
        assert_eq!(signed_in(&app, role).get("/standing").status, 403, "{role}");
    }
}

fn a_pack_is_started_called_and_stopped_page_by_page(app: TestApp) {
    put_all(&app, (1..=6).map(|sequence| Bag::new(&app, sequence)).collect());
    let mut hospital = signed_in(&app, Role::Hospital);
    both_languages(&mut hospital, "/packs");
    let asked =
        [("patient", "P-44"), ("blood_group", "o_neg"), ("group_evidence", "confirmed"), ("notes", "")];
    let page = led(&hospital.submit("/packs", &asked));
    let again = hospital.submit("/packs", &asked);
    assert_eq!(again.status, 409, "one runs for the patient");
    let mut bank = signed_in(&app, Role::Bank);
    for browser in [&mut hospital, &mut bank] {
        let one = both_languages(browser, &page).text;
        assert!(one.contains("P-44") && one.contains("Running") && one.contains("/stop"), "{one}");
        assert!(both_languages(browser, "/packs").text.contains(&page));
    }
    assert_eq!(hospital.get(&page).text.matches("href=\"/requests/").count(), 3, "one of each component");
    led(&hospital.submit(&format!("{page}/next"), &[("round", "2")]));
    assert_eq!(hospital.submit(&format!("{page}/next"), &[("round", "2")]).status, 409);
    assert_eq!(hospital.get(&page).text.matches("href=\"/requests/").count(), 6);
    assert_eq!(bank.submit(&format!("{page}/stop"), &[]).status, 403, "it took nothing of it");
    led(&hospital.submit(&format!("{page}/stop"), &[]));
    let stopped = both_languages(&mut hospital, &page).text;
    assert!(stopped.contains("Stopped") && !stopped.contains("/next"), "{stopped}");
    assert_eq!(signed_in(&app, Role::Command).get("/packs").status, 403);
}

fn untested_units_go_step_by_step_under_their_warning(app: TestApp) {
    let (unit, request) = (untested::bag(&app, 1), untested::request(&app, "a_pos"));
    let made = untested::ask(&app.client(Role::Physician), unit, &request).expect(201);
    let case = format!("/untested/{}", untested::id_of(&made));
    untested::second_physician(&app);
    untested::nurse(&app);
    let named = |name: &str| {
        let mut browser = Browser::new(&app);
        assert_eq!(browser.sign_in(name).status, 303, "{name}");
        browser
    };
    let (mut second, mut nurse) = (named("second-physician"), named("nurse"));
    let (mut physician, mut hospital) = (signed_in(&app, Role::Physician), signed_in(&app, Role::Hospital));
    let mut bank = signed_in(&app, Role::Bank);
    for browser in [&mut physician, &mut hospital, &mut bank] {
        let page = both_languages(browser, "/untested").text;
        assert!(page.contains("UNTESTED BLOOD") && page.contains(&din(1).printed()), "{page}");
    }
    assert!(bank.get("/untested").text.contains("Still to come"));
    assert!(!hospital.get("/untested").text.contains("Tests:"), "tests are no hospital's");
    let alone = physician.submit(&format!("{case}/authorise"), &[]);
    assert_eq!(alone.status, 403, "{}", alone.text);
    assert!(alone.text.contains("role=\"alert\""), "{}", alone.text);
    led(&second.submit(&format!("{case}/authorise"), &[]));
    let number = din(1).printed();
    let bed = [("din", number.as_str()), ("patient", "canary e 1")];
    let other = [("din", number.as_str()), ("patient", "somebody")];
    assert_eq!(hospital.submit(&format!("{case}/check"), &other).status, 422);
    led(&hospital.submit(&format!("{case}/check"), &bed));
    assert_eq!(hospital.submit(&format!("{case}/give"), &bed).status, 403, "one person is not two");
    led(&nurse.submit(&format!("{case}/give"), &bed));
    assert_eq!(status(&app, unit), UnitStatus::Transfused);
    let early = physician.submit(&format!("{case}/follow-up"), &[("note", "he is well")]);
    assert_eq!(early.status, 409, "its tests are to come: {}", early.text);
    assert_eq!(bank.submit(&format!("{case}/burn"), &[]).status, 404);
    for role in [Role::Admin, Role::Command, Role::Medic] {
        assert_eq!(signed_in(&app, role).get("/untested").status, 403, "{role}");
    }
}
