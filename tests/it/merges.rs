//! Records of one person: joined by two people, read as one, and parted again without loss.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::tables::{audit_lines, donations, donor_aliases, donors, giving_windows};
use shiryan::db::{Conn, Lane, Tx};
use shiryan::eligibility::{self, GivingSource, NewDeferral, NewGiving};
use shiryan_kernel::blood::{BloodGroup, DonationType};
use shiryan_kernel::ids::{BloodUnitId, DonationId, DonorId};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::UnitStatus;
use shiryan_kernel::time::plus_days;

use super::support::app::{Reply, TestApp};
use super::support::shelf::{Bag, din, tested};

both!(
    a_merge_keeps_every_deferral_and_every_giving,
    b12_a_merge_and_its_undoing_need_two_people,
    merge_then_undo_is_identity_and_keeps_what_came_between,
    an_allowance_of_before_a_merge_counts_no_more,
    a_review_is_settled_by_a_merge_and_open_again_after_its_undoing,
    typed_groups_that_differ_stop_the_donor_and_the_bags,
    appointments_that_clash_show_and_nobody_books_an_alias,
    a_record_is_read_as_one_other_at_most_and_others_may_follow,
    a_past_day_is_replayed_as_it_was_known,
    b4_a_merge_is_not_told_to_a_scope_that_ends_before_it,
);

fn register(app: &TestApp, fields: Value) -> DonorId {
    let mut form = json!({
        "first_name": "كريم", "father_name": "ماهر", "grandfather_name": "سعيد", "family_name": "عودة",
        "sex": "male", "birth_date": "1990-03-04", "unit": app.places.company, "weight_kg": 82.0,
        "height_cm": 178,
    });
    form.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    app.client(Role::Bank).post("/api/v1/donors", &form).expect(201)["id"].as_str().unwrap().parse().unwrap()
}

fn write<T: Send + 'static>(
    app: &TestApp,
    f: impl Fn(&mut Tx) -> shiryan_kernel::Result<T> + Send + 'static,
) -> T {
    app.house.db.write_now(Lane::System, f).unwrap()
}

fn give(app: &TestApp, donor: DonorId, on: NaiveDate) {
    let (vault, book) = (app.house.vault.clone(), app.house.rules.clone());
    let new = NewGiving {
        donor,
        on,
        donation_type: DonationType::WholeBlood,
        volume_ml: Some(450),
        red_cells_lost: false,
        source: GivingSource::Donation,
    };
    write(app, move |tx| eligibility::record_giving(tx, &vault, &book, &new));
}

fn defer(app: &TestApp, donor: DonorId, code: &str, base: Option<NaiveDate>) {
    let (vault, book) = (app.house.vault.clone(), app.house.rules.clone());
    let new = NewDeferral { donor, code: code.to_owned(), base, second_base: None, ended_on: None };
    write(app, move |tx| eligibility::defer(tx, &vault, &book, None, &new));
}

/// The reasons for which the physician sees that the donor may not give now, and the first day.
fn reasons(app: &TestApp, donor: DonorId, on: NaiveDate) -> (Vec<String>, Value) {
    let path = format!("/api/v1/donors/{donor}/eligibility?on={on}");
    let seen = app.client(Role::Physician).get(&path).expect(200);
    let bars = seen["reasons"].as_array().unwrap().iter().filter(|reason| reason["severity"] != "warning");
    (bars.map(|reason| reason["code"].as_str().unwrap().to_owned()).collect(), seen["not_before"].clone())
}

type Window = (String, NaiveDate, Option<NaiveDate>);

/// Every window, and every decision of the days around now.
fn everything(app: &TestApp, donor: DonorId) -> (Vec<Window>, Vec<Value>) {
    let windows = move |conn: &mut Conn| {
        Ok(giving_windows::table
            .filter(giving_windows::donor.eq(donor))
            .order((giving_windows::donation_type, giving_windows::place))
            .select((giving_windows::donation_type, giving_windows::from_on, giving_windows::until_on))
            .load(conn)?)
    };
    let today = app.house.today();
    let decisions = DonationType::ALL.iter().flat_map(|asked| {
        [0, 30, 100, 400].map(|days| {
            let on = plus_days(today, days);
            let path = format!("/api/v1/donors/{donor}/eligibility?on={on}&donation_type={asked}");
            app.client(Role::Physician).get(&path).expect(200)
        })
    });
    (app.house.db.read_now(windows).unwrap(), decisions.collect())
}

fn ask(app: &TestApp, donor: DonorId, survivor: DonorId) -> String {
    let form = json!({"donor": donor, "survivor": survivor, "reason": "بطاقة واحدة"});
    let asked = app.client(Role::Bank).post("/api/v1/merges", &form).expect(202);
    asked["approval"].as_str().unwrap().to_owned()
}

fn approve(app: &TestApp, approval: &str) -> Reply {
    let path = format!("/api/v1/approvals/{approval}/approve");
    app.client(Role::Physician).post(&path, &json!({}))
}

/// Merges as two people do; answers the merge.
fn merge(app: &TestApp, donor: DonorId, survivor: DonorId) -> String {
    approve(app, &ask(app, donor, survivor)).expect(200);
    let listed = app.client(Role::Bank).get(&format!("/api/v1/merges?donor={donor}")).expect(200);
    let items = listed["items"].as_array().unwrap().iter();
    let mut standing = items.filter(|row| row["donor"] == json!(donor) && row["ended_at"].is_null());
    standing.next().unwrap()["id"].as_str().unwrap().to_owned()
}

fn undo(app: &TestApp, merge: &str) {
    let path = format!("/api/v1/merges/{merge}/undo");
    let asked = app.client(Role::Bank).post(&path, &json!({"reason": "شخصان"})).expect(202);
    approve(app, asked["approval"].as_str().unwrap()).expect(200);
}

fn a_merge_keeps_every_deferral_and_every_giving(app: TestApp) {
    let today = app.house.today();
    // Whichever of the two survives.
    for turn in [false, true] {
        let (gave, barred) = (register(&app, json!({})), register(&app, json!({})));
        give(&app, gave, plus_days(today, -10));
        defer(&app, barred, "TAT", Some(plus_days(today, -1)));
        let (donor, survivor) = if turn { (gave, barred) } else { (barred, gave) };
        let alone = [reasons(&app, gave, today), reasons(&app, barred, today)];
        assert_eq!(
            (&alone[0].0[..], &alone[1].0[..]),
            (&["INTERVAL".to_owned()][..], &["TAT".to_owned()][..])
        );
        merge(&app, donor, survivor);
        let (codes, first) = reasons(&app, survivor, today);
        assert_eq!(codes, ["INTERVAL", "TAT"]);
        assert!(first.as_str() >= alone[0].1.as_str() && first.as_str() >= alone[1].1.as_str(), "{first}");
        assert_eq!(everything(&app, donor).0, [], "nobody calls the person twice");
        assert!(reasons(&app, donor, today).0.contains(&"UNDER-REVIEW".to_owned()));
        // What comes later on either record counts for the person, and the work of a day changes nothing.
        defer(&app, donor, "P-HIV", None);
        assert!(reasons(&app, survivor, today).0.contains(&"P-HIV".to_owned()));
        assert_eq!(everything(&app, survivor).0, []);
        let (house, book) = (&app.house, app.house.rules.clone());
        eligibility::rewrite_all_windows(&house.db, &house.vault, &book, |_| {}).unwrap();
        assert_eq!((everything(&app, donor).0, everything(&app, survivor).0), (vec![], vec![]));
    }
}

fn b12_a_merge_and_its_undoing_need_two_people(app: TestApp) {
    let (one, two) = (register(&app, json!({})), register(&app, json!({})));
    defer(&app, one, "P-HIV", None);
    let before = everything(&app, two);
    let approval = ask(&app, one, two);
    assert_eq!(everything(&app, two), before, "asked is not done");
    let path = format!("/api/v1/approvals/{approval}");
    let own = app.client(Role::Bank).post(&format!("{path}/approve"), &json!({}));
    assert_eq!(own.problem(403), "second_person_required");
    let read = app.client(Role::Physician).get(&path).expect(200);
    assert_eq!(read["proposal"], json!({"kind": "merge_donors", "donor": one, "survivor": two}), "{read}");
    assert_eq!(read["reason"], "بطاقة واحدة");
    app.client(Role::Physician).post(&format!("{path}/refuse"), &json!({})).expect(200);
    assert_eq!(everything(&app, two), before);
    let id = merge(&app, one, two);
    assert_eq!(reasons(&app, two, app.house.today()).0, ["P-HIV"]);
    let asked =
        app.client(Role::Physician).post(&format!("/api/v1/merges/{id}/undo"), &json!({"reason": "خطأ"}));
    let approval = asked.expect(202)["approval"].as_str().unwrap().to_owned();
    assert_eq!(approve(&app, &approval).problem(403), "second_person_required");
    // A bank officer decides on what the physician asked; on deferrals only the physician does.
    app.client(Role::Bank).post(&format!("/api/v1/approvals/{approval}/approve"), &json!({})).expect(200);
    assert_eq!(everything(&app, two), before);
    let again =
        app.client(Role::Bank).post(&format!("/api/v1/merges/{id}/undo"), &json!({"reason": "ثانية"}));
    assert_eq!(again.problem(409), "state_conflict");
    let lines = |conn: &mut Conn| {
        Ok(audit_lines::table
            .filter(audit_lines::subject.eq(one.to_string()))
            .filter(audit_lines::action.like("donors.merge%"))
            .order(audit_lines::id)
            .select(audit_lines::action)
            .load::<String>(conn)?)
    };
    assert_eq!(app.house.db.read_now(lines).unwrap(), ["donors.merged", "donors.merge_undone"]);
    for role in [Role::Medic, Role::Admin, Role::Command] {
        let form = json!({"donor": one, "survivor": two, "reason": "x"});
        assert_eq!(app.client(role).post("/api/v1/merges", &form).problem(403), "forbidden", "{role}");
    }
}

fn merge_then_undo_is_identity_and_keeps_what_came_between(app: TestApp) {
    let today = app.house.today();
    let one = register(&app, json!({"weight_kg": 58.0}));
    let two = register(&app, json!({"sex": "female", "birth_date": "1991-01-01", "height_cm": null}));
    give(&app, one, plus_days(today, -40));
    give(&app, two, plus_days(today, -300));
    defer(&app, two, "TAT", Some(plus_days(today, -100)));
    let before = (everything(&app, one), everything(&app, two));
    let id = merge(&app, two, one);
    assert_ne!(everything(&app, one), before.0);
    undo(&app, &id);
    assert_eq!((everything(&app, one), everything(&app, two)), before);
    // Again, with something that comes between: it stays where it was recorded, and nowhere else.
    let id = merge(&app, two, one);
    give(&app, one, plus_days(today, -1));
    defer(&app, two, "P-HIV", None);
    undo(&app, &id);
    assert_eq!(reasons(&app, one, today).0, ["INTERVAL", "INTERVAL"]);
    assert_eq!(reasons(&app, two, today).0, ["P-HIV", "TAT"]);
    let listed = app.client(Role::Physician).get(&format!("/api/v1/merges?donor={one}")).expect(200);
    let ended: Vec<bool> =
        listed["items"].as_array().unwrap().iter().map(|row| !row["ended_at"].is_null()).collect();
    assert_eq!(ended, [true, true], "the ledger keeps every merge");
}

fn an_allowance_of_before_a_merge_counts_no_more(app: TestApp) {
    let today = app.house.today();
    let (one, two) = (register(&app, json!({})), register(&app, json!({})));
    defer(&app, one, "TAT", None);
    let allow = |donor: DonorId| {
        let form = json!({"code": "TAT", "reason": "فحص سليم"});
        app.client(Role::Physician).post(&format!("/api/v1/donors/{donor}/allowances"), &form).expect(201);
    };
    allow(one);
    assert_eq!(reasons(&app, one, today).0, [""; 0]);
    app.clock.advance(chrono::Duration::seconds(1));
    let id = merge(&app, two, one);
    assert_eq!(reasons(&app, one, today).0, ["TAT"], "given without knowing the other record");
    app.clock.advance(chrono::Duration::seconds(1));
    allow(one);
    assert_eq!(reasons(&app, one, today).0, [""; 0]);
    undo(&app, &id);
    assert_eq!(reasons(&app, one, today).0, [""; 0], "both leaves are there");
}

fn a_review_is_settled_by_a_merge_and_open_again_after_its_undoing(app: TestApp) {
    let known = register(&app, json!({"phone": "0599741852"}));
    let latin = json!({
        "first_name": "Kareem", "father_name": "Maher", "grandfather_name": "Saeed", "family_name": "Odeh",
        "phone": "0599741852",
    });
    let again = register(&app, latin);
    let status = |donor: DonorId| {
        let shown = app.client(Role::Bank).get(&format!("/api/v1/donors/{donor}")).expect(200);
        shown["status"].as_str().unwrap().to_owned()
    };
    let in_state = |state: &str| {
        let listed = app.client(Role::Bank).get(&format!("/api/v1/reviews?state={state}")).expect(200);
        listed["items"].as_array().unwrap().len()
    };
    assert_eq!((status(again), in_state("open")), ("review".to_owned(), 1));
    let before = (everything(&app, known), everything(&app, again));
    // The newer record survives: it is let go, and the older one waits in its place.
    let id = merge(&app, known, again);
    assert_eq!((in_state("open"), in_state("merged")), (0, 1));
    assert_eq!((status(again), status(known)), ("active".into(), "review".into()));
    assert!(!everything(&app, again).0.is_empty());
    undo(&app, &id);
    assert_eq!((in_state("open"), in_state("merged")), (1, 0));
    assert_eq!((status(again), status(known)), ("review".into(), "active".into()));
    assert_eq!((everything(&app, known), everything(&app, again)), before);
}

/// Units of a donation of this donor: one released, one in quarantine.
fn bags(app: &TestApp, donor: DonorId, sequence: u32, group: BloodGroup) -> [BloodUnitId; 2] {
    let (facility, number) = (app.places.bank, din(sequence));
    let donation = write(app, move |tx| {
        let (id, now) = (DonationId(tx.id()), tx.now.naive_utc());
        diesel::insert_into(donations::table)
            .values((
                donations::id.eq(id),
                donations::donor.eq(donor),
                donations::din.eq(number),
                donations::donation_type.eq("whole_blood"),
                donations::volume_ml.eq(450),
                donations::collected_at.eq(now),
                donations::given_on.eq(now.date()),
                donations::facility.eq(facility),
                donations::recorded_at.eq(now),
            ))
            .execute(tx.conn)?;
        Ok(id)
    });
    let released =
        Bag { donation: Some(donation), blood_group: Some(group), ..Bag::new(app, sequence) }.put(app);
    let waiting = Bag {
        donation: Some(donation),
        component: shiryan_kernel::blood::Component::Plasma,
        ..Bag::new(app, sequence).quarantined(None)
    };
    [released, waiting.put(app)]
}

fn typed_groups_that_differ_stop_the_donor_and_the_bags(app: TestApp) {
    let today = app.house.today();
    let (one, two) = (register(&app, json!({})), register(&app, json!({})));
    let typed = |donor: DonorId, group: &str| {
        let form = json!({"blood_group": group, "sample": format!("S-{donor}"), "typed_on": today});
        let made = app.client(Role::Bank).post(&format!("/api/v1/donors/{donor}/typings"), &form).expect(201);
        made["id"].as_str().unwrap().to_owned()
    };
    typed(one, "a_pos");
    let wrong = typed(two, "o_neg");
    let of_one = bags(&app, one, 1, BloodGroup::APos);
    let of_two = bags(&app, two, 2, BloodGroup::ONeg);
    tested(&app, 1);
    tested(&app, 2);
    let status = |unit: BloodUnitId| {
        let read = move |conn: &mut Conn| {
            use shiryan::db::tables::blood_units;
            Ok(blood_units::table.find(unit.0).select(blood_units::status).first::<UnitStatus>(conn)?)
        };
        app.house.db.read_now(read).unwrap()
    };
    merge(&app, two, one);
    assert_eq!(reasons(&app, one, today).0, ["GROUP-DISCREPANCY"]);
    assert_eq!(everything(&app, one).0, []);
    for [released, waiting] in [of_one, of_two] {
        assert_eq!((status(released), status(waiting)), (UnitStatus::Blocked, UnitStatus::Quarantine));
    }
    let release = |unit: BloodUnitId, group: &str| {
        let path = format!("/api/v1/stock/units/{unit}/release");
        app.client(Role::Bank).post(&path, &json!({"blood_group": group}))
    };
    for (unit, group) in [(of_one[1], "a_pos"), (of_one[1], "o_neg"), (of_two[1], "o_neg")] {
        assert_eq!(release(unit, group).problem(409), "group_discrepancy");
    }
    // The typing of the second record was another's.
    let resolve = format!("/api/v1/donors/{two}/typings/resolve");
    let form = json!({"wrong": [wrong], "reason": "عينة لشخص آخر"});
    app.client(Role::Physician).post(&resolve, &form).expect(200);
    assert_eq!(reasons(&app, one, today).0, [""; 0]);
    assert!(!everything(&app, one).0.is_empty());
    release(of_one[1], "a_pos").expect(200);
    let nothing = app.client(Role::Physician).post(&resolve, &form);
    assert_eq!(nothing.problem(409), "state_conflict");
}

fn appointments_that_clash_show_and_nobody_books_an_alias(app: TestApp) {
    let form = json!({
        "title": "حملة", "place": "ساحة", "governorate": "PS-RBH", "date": "2026-12-01", "from": "09:00",
        "to": "11:30", "slot_minutes": 30, "beds": 2, "unit": app.places.company,
    });
    let bank = app.client(Role::Bank);
    let plan = || bank.post("/api/v1/drives", &form).expect(201)["id"].as_str().unwrap().to_owned();
    let drive = plan();
    let path = format!("/api/v1/drives/{drive}/appointments");
    let (one, two) = (register(&app, json!({})), register(&app, json!({})));
    let book = |path: &str, donor: DonorId| bank.post(path, &json!({"donor": donor}));
    book(&path, one).expect(201);
    let clash = book(&path, two).expect(201)["id"].as_str().unwrap().to_owned();
    let impossible = || -> Vec<Value> {
        let listed = bank.get(&format!("{path}?impossible=true")).expect(200);
        listed["items"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect()
    };
    assert_eq!(impossible(), [""; 0]);
    let id = merge(&app, two, one);
    assert_eq!(impossible(), [clash.as_str()], "the alias's own, whoever is the later");
    // On that day the person has an appointment, under whichever record.
    let other = format!("/api/v1/drives/{}/appointments", plan());
    assert_eq!(book(&other, two).problem(409), "donor_unbookable");
    assert_eq!(book(&other, one).problem(409), "already_booked");
    undo(&app, &id);
    assert_eq!(impossible(), [""; 0]);
}

fn a_record_is_read_as_one_other_at_most_and_others_may_follow(app: TestApp) {
    let today = app.house.today();
    let [a, b, c] = [0; 3].map(|_| register(&app, json!({})));
    defer(&app, a, "TAT", Some(today));
    defer(&app, b, "P-HIV", None);
    let inner = merge(&app, a, b);
    let bank = app.client(Role::Bank);
    let refused = |donor: DonorId, survivor: DonorId| {
        bank.post("/api/v1/merges", &json!({"donor": donor, "survivor": survivor, "reason": "x"}))
    };
    for (donor, survivor) in [(a, c), (c, a), (a, b), (b, a)] {
        assert_eq!(refused(donor, survivor).problem(409), "state_conflict");
    }
    let itself = refused(c, c).expect(422);
    assert_eq!(itself["errors"][0]["field"], "survivor");
    let gone: DonorId = "0123456789ABC".parse().unwrap();
    assert_eq!(refused(c, gone).problem(404), "not_found");
    // Two askings for one record: the second comes too late.
    let (first, second) = (ask(&app, b, c), ask(&app, b, c));
    approve(&app, &first).expect(200);
    assert_eq!(approve(&app, &second).problem(409), "state_conflict");
    assert_eq!(reasons(&app, c, today).0, ["P-HIV", "TAT"]);
    undo(&app, &inner);
    assert_eq!(
        (reasons(&app, c, today).0, reasons(&app, a, today).0),
        (vec!["P-HIV".into()], vec!["TAT".into()])
    );
    // The database itself holds the line.
    let twice = app.house.db.write_now(Lane::System, move |tx| {
        let line = (
            donor_aliases::id.eq(tx.id()),
            donor_aliases::donor.eq(b),
            donor_aliases::survivor.eq(a),
            donor_aliases::approval.eq(second.parse::<shiryan_kernel::ids::ApprovalId>().unwrap()),
            donor_aliases::made_at.eq(tx.now.naive_utc()),
            donor_aliases::made_by.eq(1_i64),
        );
        Ok(diesel::insert_into(donor_aliases::table).values(line).execute(tx.conn)?)
    });
    assert!(twice.is_err());
}

fn a_past_day_is_replayed_as_it_was_known(app: TestApp) {
    let today = app.house.today();
    let (one, two) = (register(&app, json!({})), register(&app, json!({})));
    defer(&app, two, "TAT", Some(today));
    app.clock.advance(chrono::Duration::days(1));
    let id = merge(&app, two, one);
    assert_eq!(reasons(&app, one, plus_days(today, 1)).0, ["TAT"]);
    assert_eq!(reasons(&app, one, today).0, [""; 0], "the day before nobody knew");
    app.clock.advance(chrono::Duration::days(1));
    undo(&app, &id);
    assert_eq!(reasons(&app, one, plus_days(today, 2)).0, [""; 0]);
    assert_eq!(reasons(&app, one, plus_days(today, 1)).0, ["TAT"]);
}

fn b4_a_merge_is_not_told_to_a_scope_that_ends_before_it(app: TestApp) {
    let own = register(&app, json!({}));
    let other = register(&app, json!({"unit": app.places.other_unit}));
    merge(&app, own, other);
    let medic = app.client(Role::Medic);
    let shown = medic.get(&format!("/api/v1/donors/{own}"));
    assert!(!shown.text.contains(&other.to_string()) && !shown.text.contains("merge"), "{}", shown.text);
    assert_eq!(shown.expect(200)["status"], "review");
    let decided = medic.get(&format!("/api/v1/donors/{own}/eligibility"));
    assert!(
        !decided.text.contains(&other.to_string()) && !decided.text.contains("merge"),
        "{}",
        decided.text
    );
    let listed = |query: &str| {
        let page = medic.get(&format!("/api/v1/donors?{query}")).expect(200);
        page["items"].as_array().unwrap().len()
    };
    assert_eq!((listed("status=review"), listed("status=active")), (1, 0));
    assert_eq!(medic.get(&format!("/api/v1/donors/{other}")).problem(404), "not_found");
    let into = move |conn: &mut Conn| {
        Ok(donors::table.find(own.0).select(donors::merged_into).first::<Option<i64>>(conn)?)
    };
    assert_eq!(app.house.db.read_now(into).unwrap(), Some(other.0));
}
