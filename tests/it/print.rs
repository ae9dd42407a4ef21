//! What is printed: labels, the slip of a box, the form for when the service does not answer.

use diesel::prelude::*;
use serde_json::json;
use shiryan::db::Lane;
use shiryan::db::tables::blood_units;
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::ids::BloodUnitId;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::UnitStatus;

use super::pages::{check, signed_in};
use super::support::app::TestApp;
use super::support::requests::{accepted, act, ask, bags, reserve};
use super::support::shelf::{Bag, din};

both!(
    a_label_says_what_is_in_the_bag,
    a_label_says_largest_that_a_bag_is_not_for_issue,
    a_slip_goes_with_the_box,
    the_form_for_downtime_is_blank_in_both_languages,
);

fn stands(app: &TestApp, unit: BloodUnitId, status: UnitStatus) {
    let set = (blood_units::status.eq(status), blood_units::blood_group.eq(BloodGroup::ONeg));
    app.house
        .db
        .write_now(Lane::System, move |tx| {
            Ok(diesel::update(blood_units::table.find(unit.0)).set(set).execute(tx.conn)?)
        })
        .unwrap();
}

fn a_label_says_what_is_in_the_bag(app: TestApp) {
    let unit = bags(&app, BloodGroup::AbNeg, 1, 1)[0];
    let mut bank = signed_in(&app, Role::Bank);
    let label = bank.get(&format!("/labels/{unit}"));
    assert_eq!(label.status, 200, "{}", label.text);
    for said in [
        din(1).printed().as_str(),
        "=%2800",
        "AB−",
        "AB negative",
        "AB سالب",
        "Red cells",
        "كريات",
        "300 mL",
        "&#38;&#62;026338",
        "2026-12-04",
        "May be issued",
        "صالحة للصرف",
    ] {
        assert!(label.text.contains(said), "{said} in {}", label.text);
    }
    assert_eq!(label.text.matches("<svg class=\"bars\"").count(), 3, "number, group, expiry");
    assert!(!label.text.contains("NOT FOR ISSUE") && !label.text.contains(" style="));
    assert_eq!(signed_in(&app, Role::Hospital).get(&format!("/labels/{unit}")).status, 403);
    assert_eq!(signed_in(&app, Role::Medic).get(&format!("/labels/{unit}")).status, 403);
    // Another's shelf is nobody's, and a bag that is no more has no label.
    let theirs = Bag { facility: app.places.hospital, ..Bag::new(&app, 2) }.put(&app);
    assert_eq!(bank.get(&format!("/labels/{theirs}")).status, 404);
    stands(&app, unit, UnitStatus::Transfused);
    assert_eq!(bank.get(&format!("/labels/{unit}")).status, 404);
}

fn a_label_says_largest_that_a_bag_is_not_for_issue(app: TestApp) {
    let unit = Bag::new(&app, 1).quarantined(None).put(&app);
    let mut bank = signed_in(&app, Role::Bank);
    let mut label = || bank.get(&format!("/labels/{unit}")).text;
    let warns = |text: &str| {
        text.split("class=\"warning\"").nth(1).map(|rest| rest[..400.min(rest.len())].to_owned())
    };
    let waiting = label();
    assert!(waiting.contains("Group not confirmed") && waiting.contains("الزمرة غير مؤكدة"));
    assert_eq!(
        waiting.matches("<svg class=\"bars\"").count(),
        2,
        "no bar code of a group that nobody confirmed"
    );
    for status in [
        UnitStatus::Quarantine,
        UnitStatus::Blocked,
        UnitStatus::Expired,
        UnitStatus::Discarded,
        UnitStatus::Returned,
    ] {
        stands(&app, unit, status);
        let text = label();
        assert!(text.contains("NOT FOR ISSUE") && text.contains("لا تُصرف"), "{status}");
    }
    stands(&app, unit, UnitStatus::EmergencyUntested);
    let untested = label();
    assert!(untested.contains("UNTESTED BLOOD") && untested.contains("دم غير مفحوص"));
    assert!(warns(&untested).unwrap().contains("غير مفحوص"));
    assert!(untested.contains("=%9200") && !untested.contains("=%9500"), "the code of emergency use only");
    stands(&app, unit, UnitStatus::Released);
    assert!(warns(&label()).is_none());
}

fn a_slip_goes_with_the_box(app: TestApp) {
    let units = bags(&app, BloodGroup::ANeg, 1, 3);
    let request = accepted(&app, &ask(2));
    let slip = format!("/requests/{request}/slip");
    let (mut hospital, mut bank) = (signed_in(&app, Role::Hospital), signed_in(&app, Role::Bank));
    assert!(bank.get(&slip).text.contains("Nothing is held or issued"));
    reserve(&app, &request, &units[..2]).expect(200);
    act(&app.client(Role::Bank), &request, "issue", &json!({})).expect(200);
    for browser in [&mut hospital, &mut bank] {
        for language in ["ar", "en"] {
            super::pages::led(&browser.submit("/language", &[("lang", language), ("back", "/")]));
            let page = browser.get(&slip);
            check(&page, language);
            for n in [1, 2] {
                assert!(page.text.contains(&din(n).printed()), "{}", page.text);
            }
            assert!(!page.text.contains(&din(3).printed()));
            assert_eq!(page.text.matches("<svg class=\"bars\"").count(), 2);
            assert!(page.text.contains("P-17"));
        }
    }
    assert_eq!(signed_in(&app, Role::Medic).get(&slip).status, 403);
    assert_eq!(hospital.get("/requests/0123456789ABC/slip").status, 404);
}

fn the_form_for_downtime_is_blank_in_both_languages(app: TestApp) {
    let mut hospital = signed_in(&app, Role::Hospital);
    for language in ["ar", "en"] {
        super::pages::led(&hospital.submit("/language", &[("lang", language), ("back", "/")]));
        let page = hospital.get("/downtime");
        check(&page, language);
        assert_eq!(page.text.matches("<tr><th scope=\"row\">").count(), 8 + 7 + 1, "{}", page.text);
    }
    assert!(hospital.get("/requests").text.contains("href=\"/downtime\""));
    assert_eq!(signed_in(&app, Role::Medic).get("/downtime").status, 403);
}
