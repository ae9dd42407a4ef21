//! The living reserve: who is counted, what comes, and that nobody is counted twice.

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::Tx;
use shiryan::db::tables::{
    activities, appointments, assignments, consents, donors, slots, unit_absences, users,
};
use shiryan_kernel::role::Role;

use crate::support::app::TestApp;
use crate::support::reserve::{day, donor, flow, units, write};
use crate::support::rows;

const PATH: &str = "/api/v1/reserve/living?component=red_cells";

both!(
    who_could_be_called_is_counted_and_nobody_else,
    few_of_a_group_count_nowhere,
    what_comes_is_bounded_untested_and_beside_the_shelf,
    a_donor_stands_in_one_area,
    wrong_questions_are_refused,
);

fn people(tx: &mut Tx, group: &str, governorate: &str, count: u32) -> Vec<i64> {
    let one = |tx: &mut Tx| donor(tx, Some(group), governorate, "active", ("whole_blood", day(-1)));
    (0..count).map(|_| one(tx)).collect()
}

fn areas(app: &TestApp, query: &str) -> Vec<Value> {
    let answer = app.client(Role::Command).get(&format!("{PATH}{query}")).expect(200);
    answer["areas"].as_array().unwrap().clone()
}

fn centre(app: &TestApp) -> Value {
    areas(app, "&region=west_bank_centre")[0].clone()
}

fn of<'a>(area: &'a Value, group: &str) -> &'a Value {
    area["groups"].as_array().unwrap().iter().find(|own| own["blood_group"] == group).unwrap()
}

fn said(tx: &mut Tx, donor: i64, given: bool, ahead: i64) {
    let user: i64 = users::table.select(users::id).first(tx.conn).unwrap();
    diesel::insert_into(consents::table)
        .values((
            consents::id.eq(tx.id()),
            consents::donor.eq(donor),
            consents::kind.eq("contact"),
            consents::given.eq(given),
            consents::said_on.eq(day(ahead)),
            consents::way.eq("spoken"),
            consents::recorded_at.eq(tx.now.naive_utc()),
            consents::recorded_by.eq(user),
        ))
        .execute(tx.conn)
        .unwrap();
}

/// A drive or another activity that begins in some hours, with its slot.
fn event(tx: &mut Tx, branch: &str, hours: i64) -> (i64, i64) {
    let slot = rows::slot(tx, 9).unwrap();
    let event: i64 = slots::table.find(slot).select(slots::drive).first(tx.conn).unwrap();
    let from = tx.now.naive_utc() + chrono::Duration::hours(hours);
    diesel::update(activities::table.find(event))
        .set((
            activities::branch.eq(branch),
            activities::starts_at.eq(from),
            activities::ends_at.eq(from + chrono::Duration::hours(4)),
        ))
        .execute(tx.conn)
        .unwrap();
    (event, slot)
}

fn on_duty(tx: &mut Tx, donor: i64, hours: i64) {
    let user: i64 = users::table.select(users::id).first(tx.conn).unwrap();
    let (activity, _) = event(tx, "construction", hours);
    diesel::insert_into(assignments::table)
        .values((
            assignments::id.eq(tx.id()),
            assignments::activity.eq(activity),
            assignments::donor.eq(donor),
            assignments::assigned_at.eq(tx.now.naive_utc()),
            assignments::assigned_by.eq(user),
        ))
        .execute(tx.conn)
        .unwrap();
}

fn booked(tx: &mut Tx, donor: i64, hours: i64) {
    let (drive, slot) = event(tx, "blood_donation", hours);
    diesel::insert_into(appointments::table)
        .values((
            appointments::id.eq(tx.id()),
            appointments::drive.eq(drive),
            appointments::slot.eq(slot),
            appointments::donor.eq(donor),
            appointments::status.eq("booked"),
            appointments::donation_type.eq("whole_blood"),
            appointments::first_timer.eq(false),
            appointments::created_at.eq(tx.now.naive_utc()),
            appointments::changed_at.eq(tx.now.naive_utc()),
            appointments::version.eq(1_i64),
        ))
        .execute(tx.conn)
        .unwrap();
}

fn who_could_be_called_is_counted_and_nobody_else(app: TestApp) {
    app.client(Role::Medic);
    let (battalion, company) = (app.places.battalion.0, app.places.company.0);
    write(&app, |tx| {
        let people = people(tx, "o_pos", "PS-RBH", 40);
        // Beyond the three days nothing keeps anybody, and a yes keeps nobody.
        on_duty(tx, people[0], 90);
        booked(tx, people[1], 90);
        said(tx, people[2], false, -9);
        said(tx, people[2], true, -8);
    });
    let callable = || of(&centre(&app), "o_pos")["callable"].clone();
    assert_eq!(callable(), 40);
    let at_least = std::cell::Cell::new(40_usize);
    let takes_one_away = |f: fn(&mut Tx, i64)| {
        at_least.set(at_least.get() - 1);
        let at = at_least.get();
        write(&app, move |tx| {
            let all: Vec<i64> = donors::table.order(donors::id).select(donors::id).load(tx.conn).unwrap();
            f(tx, all[at]);
        });
        assert_eq!(callable(), at);
    };
    takes_one_away(|tx, donor| said(tx, donor, false, -3));
    takes_one_away(|tx, donor| {
        said(tx, donor, true, -5);
        said(tx, donor, false, -4);
    });
    takes_one_away(|tx, donor| on_duty(tx, donor, -2));
    takes_one_away(|tx, donor| on_duty(tx, donor, 71));
    takes_one_away(|tx, donor| booked(tx, donor, 48));
    takes_one_away(|tx, donor| {
        let paused = donors::status.eq("paused");
        diesel::update(donors::table.find(donor)).set(paused).execute(tx.conn).unwrap();
    });
    takes_one_away(|tx, donor| {
        let no = (donors::may_call.eq(false), donors::may_text.eq(false), donors::may_email.eq(false));
        diesel::update(donors::table.find(donor)).set(no).execute(tx.conn).unwrap();
    });
    // Their unit is below one that is away: all of them at once, and back when that was wrong.
    write(&app, move |tx| {
        let all: Vec<i64> = donors::table.order(donors::id).select(donors::id).load(tx.conn).unwrap();
        for donor in &all[..5] {
            let own = donors::unit_id.eq(company);
            diesel::update(donors::table.find(donor)).set(own).execute(tx.conn).unwrap();
        }
    });
    assert_eq!(callable(), 33);
    write(&app, move |tx| {
        let user: i64 = users::table.select(users::id).first(tx.conn).unwrap();
        for (from, until) in [(-9, -1), (1, 9), (0, 0)] {
            diesel::insert_into(unit_absences::table)
                .values((
                    unit_absences::id.eq(tx.id()),
                    unit_absences::unit_id.eq(battalion),
                    unit_absences::kind.eq("deployed"),
                    unit_absences::from_on.eq(day(from)),
                    unit_absences::until_on.eq(day(until)),
                    unit_absences::entered_at.eq(tx.now.naive_utc()),
                    unit_absences::entered_by.eq(user),
                ))
                .execute(tx.conn)
                .unwrap();
        }
    });
    assert_eq!(callable(), 28);
    write(&app, |tx| {
        let withdrawn = unit_absences::withdrawn_at.eq(tx.now.naive_utc());
        diesel::update(unit_absences::table).set(withdrawn).execute(tx.conn).unwrap();
    });
    assert_eq!(callable(), 33);
}

fn few_of_a_group_count_nowhere(app: TestApp) {
    write(&app, |tx| {
        people(tx, "o_pos", "PS-RBH", 40);
    });
    let before = centre(&app);
    write(&app, |tx| {
        people(tx, "o_neg", "PS-RBH", 19);
    });
    let with_few = centre(&app);
    assert_eq!(with_few, before, "nineteen move no figure");
    assert_eq!(of(&with_few, "o_neg")["callable"], Value::Null);
    assert_eq!(of(&with_few, "o_neg")["within"][3]["expected"], Value::Null);
    write(&app, |tx| {
        people(tx, "o_neg", "PS-JRH", 1);
    });
    let shown = centre(&app);
    assert_eq!(of(&shown, "o_neg")["callable"], 20);
    assert!(of(&shown, "o_neg")["within"][3]["expected"].as_f64().unwrap() > 0.5);
}

fn what_comes_is_bounded_untested_and_beside_the_shelf(app: TestApp) {
    let bank = app.places.bank;
    write(&app, move |tx| {
        people(tx, "o_pos", "PS-RBH", 900);
        people(tx, "o_neg", "PS-RBH", 100);
        for ago in 1..=28 {
            flow(tx, "PS-RBH", ("red_cells", "a_pos"), day(-ago), 4, 4);
            flow(tx, "PS-RBH", ("red_cells", "o_neg"), day(-ago), 1, 1);
        }
        units(tx, bank, ("red_cells", "o_neg"), "released", day(30), 2);
    });
    let area = centre(&app);
    assert_eq!(area["sites"], 1);
    let within = |at: usize, field: &str| area["within"][at][field].clone();
    let figures = ["hours", "at_most", "untested_until"];
    assert_eq!(figures.map(|own| within(0, own)), [json!(2), json!(8), json!("2026-11-26T00:00:00Z")]);
    assert_eq!(figures.map(|own| within(3, own)), [json!(72), json!(376), json!("2026-11-28T22:00:00Z")]);
    // A message of which two in twenty come to something: a thousand donors bring a hundred, once beds are enough.
    let expected = within(3, "expected").as_f64().unwrap();
    assert!((expected - 100.0).abs() < 8.0, "{expected}");
    let surely = within(3, "p10").as_f64().unwrap();
    assert!(surely > 20.0 && surely < expected, "{surely}");
    assert!(within(0, "expected").as_f64().unwrap() <= 8.0);
    // Four a day of A+ for six days, and one a day of O− of which two lie there.
    let (a_pos, o_neg) = (of(&area, "a_pos"), of(&area, "o_neg"));
    assert_eq!((&a_pos["missing_units"], &o_neg["missing_units"]), (&json!(24), &json!(4)));
    assert_eq!((&o_neg["usable_units"], &a_pos["callable"]), (&json!(2), &Value::Null));
    let last = |own: &Value, field: &str| own["within"][3][field].as_u64().unwrap();
    let (o_pos, all_o) = (last(of(&area, "o_pos"), "p10"), last(o_neg, "p10"));
    assert_eq!((last(a_pos, "alone"), last(o_neg, "alone")), (o_pos + all_o, all_o));
    // Of the other groups nobody knows better than the least demand; all together serve no more than come.
    let jointly: u64 = area["groups"].as_array().unwrap().iter().map(|own| last(own, "jointly")).sum();
    assert!(jointly <= o_pos + all_o && within(3, "jointly") == jointly, "{jointly}");
    assert!(last(o_neg, "jointly") <= 4 && last(a_pos, "jointly") <= 24);
}

fn a_donor_stands_in_one_area(app: TestApp) {
    write(&app, |tx| {
        people(tx, "o_pos", "PS-RBH", 30);
        people(tx, "o_pos", "PS-JRH", 25);
        people(tx, "o_pos", "PS-HBN", 60);
    });
    let counted = |list: &[Value]| -> Vec<(String, Value)> {
        let own = list.iter().map(|area| (area, of(area, "o_pos")["callable"].clone()));
        own.filter(|(_, callable)| !callable.is_null())
            .map(|(area, callable)| (area["area"].as_str().unwrap().to_owned(), callable))
            .collect()
    };
    let whole = areas(&app, "");
    assert_eq!(
        counted(&whole),
        [("west_bank_centre".to_owned(), json!(55)), ("west_bank_south".to_owned(), json!(60))]
    );
    // Nobody bleeds in the south.
    let south = whole.iter().find(|area| area["area"] == "west_bank_south").unwrap();
    assert_eq!((&south["sites"], &south["within"][3]["expected"]), (&json!(0), &json!(0.0)));
    let closed = json!({"governorate": "PS-RBH"});
    app.client(Role::Command).post("/api/v1/closures", &closed).expect(201);
    let apart = counted(&areas(&app, "&region=west_bank_centre"));
    assert_eq!(apart, [("west_bank_centre".to_owned(), json!(25)), ("PS-RBH".to_owned(), json!(30))]);
}

fn wrong_questions_are_refused(app: TestApp) {
    for (query, status, code) in [
        ("component=cryoprecipitate", 422, "invalid_value"),
        ("component=red_cells&governorate=PS-RBH", 400, "unknown_parameter"),
        ("region=west_bank_north", 400, "missing_field"),
    ] {
        let path = format!("/api/v1/reserve/living?{query}");
        let problem = app.client(Role::Bank).get(&path);
        assert_eq!(problem.status, status, "{query}: {}", problem.text);
        assert_eq!(problem.json()["code"], code, "{query}");
    }
    for role in [Role::Hospital, Role::Medic] {
        assert_eq!(app.client(role).get(PATH).problem(403), "forbidden");
    }
}
