//! The day of a drive by its pages alone, from the door to the end of the day; and the pages of donors.

use chrono::Duration;
use serde_json::json;
use shiryan_kernel::blood::Sex;
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::role::Role;

use super::driveday::{DAY, bank, donor, donor_of, drive, morning};
use super::pages::{Browser, check, led, signed_in, speak};
use super::support::app::{Reply, TestApp};
use super::support::rows;
use super::support::shelf::din;

both!(
    a_day_is_run_by_pages_alone,
    a_finding_is_told_by_its_class_and_the_donor_is_put_off,
    what_the_donor_wants_done_changes_no_page,
    three_labels_that_differ_are_refused_and_nothing_is_lost,
    a_name_is_shown_only_to_whoever_asks_and_it_is_on_record,
    a_day_and_a_visit_of_others_are_not_found,
    a_person_is_found_by_a_form_registered_and_booked,
    a_donor_is_paused_and_active_again,
    whom_to_call_is_nobody_who_may_not_give,
    the_panel_says_what_each_lacks_and_no_deferral,
);

/// The path of a page of a drive.
fn page(drive: &str) -> String {
    drive.trim_start_matches("/api/v1").to_owned()
}

fn both_languages(browser: &mut Browser, path: &str) {
    for language in ["ar", "en"] {
        speak(browser, language);
        let reply = browser.get(path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        check(&reply, language);
    }
}

/// A medic at the drive of this morning, which is prepared and has numbers.
fn at_work(app: &TestApp) -> (Browser, String) {
    let path = page(&drive(app, json!({})));
    app.clock.set(morning());
    let mut medic = signed_in(app, Role::Medic);
    let physician = app.principal(Role::Physician).user.to_string();
    let prepared = [("physician", physician.as_str()), ("meter", "HB-1"), ("passed", "yes")];
    assert_eq!(led(&medic.submit(&format!("{path}/day/prepare"), &prepared)), format!("{path}/day"));
    led(&medic.submit(&format!("{path}/day/numbers"), &[("first", din(1).as_str()), ("count", "3")]));
    (medic, path)
}

const SHOWN: [(&str, &str); 3] = [("name_said", "on"), ("birth_date_said", "on"), ("document_seen", "on")];

/// Lets a donor in; the visit's page.
fn let_in(medic: &mut Browser, path: &str, donor: DonorId) -> String {
    let door = led(&medic.submit(&format!("{path}/day/find"), &[("number", &donor.to_string())]));
    assert_eq!(door, format!("{path}/door/{donor}"));
    led(&medic.submit(&door, &SHOWN))
}

/// All is well and every answer is no, but for `yes`.
fn answers(medic: &mut Browser, visit: &str, yes: &str) -> Vec<(String, String)> {
    let html = medic.get(visit).text;
    let asked: Vec<&str> =
        html.split("type=\"radio\" name=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let mut fields: Vec<(String, String)> = Vec::new();
    for name in asked.iter().step_by(2) {
        let said = if *name == format!("q-{yes}") { "yes" } else { "no" };
        fields.push(((*name).to_owned(), said.to_owned()));
        fields.push((format!("since.{name}"), String::new()));
    }
    assert!(fields.len() > 40, "{html}");
    for (name, value) in [
        ("haemoglobin_g_dl", "١٤٫٨"),
        ("systolic", "122"),
        ("diastolic", "78"),
        ("pulse", "66"),
        ("temperature_c", "36.6"),
        ("weight_kg", ""),
        ("height_cm", ""),
        ("bag_ml", "450"),
    ] {
        fields.push((name.to_owned(), value.to_owned()));
    }
    fields
}

fn screen(medic: &mut Browser, visit: &str, yes: &str) -> Reply {
    let fields = answers(medic, visit, yes);
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    medic.submit(&format!("{visit}/screening"), &fields)
}

/// What is drawn, with these numbers on form, bag and tubes.
fn draw(app: &TestApp, medic: &mut Browser, visit: &str, numbers: [u32; 3]) -> Reply {
    let time = |minutes: i64| {
        let at = app.house.db.now() - Duration::minutes(minutes);
        at.with_timezone(&app.house.zone.0).format("%H:%M").to_string()
    };
    let [form, bag, tubes] = numbers.map(din);
    let (began, ended) = (time(9), time(1));
    let mut fields = SHOWN.to_vec();
    fields.extend([
        ("din_form", form.as_str()),
        ("din_bag", bag.as_str()),
        ("din_tubes", tubes.as_str()),
        ("bag_lot", "LOT-7"),
        ("bag_expires_on", "2027-06-30"),
        ("began", &began),
        ("ended", &ended),
        ("volume_ml", "450"),
        ("outcome", "complete"),
    ]);
    medic.submit(&format!("{visit}/collection"), &fields)
}

fn a_day_is_run_by_pages_alone(app: TestApp) {
    let path = page(&drive(&app, json!({})));
    let id = donor(&app);
    bank(&app).post(&format!("/api/v1{path}/appointments"), &json!({"donor": id})).expect(201);
    let mut medic = signed_in(&app, Role::Medic);
    both_languages(&mut medic, &format!("{path}/day"));
    app.clock.set(morning());
    let physician = app.principal(Role::Physician).user.to_string();
    let unsaid =
        medic.submit(&format!("{path}/day/prepare"), &[("physician", &physician), ("meter", "HB-1")]);
    assert_eq!(unsaid.status, 422);
    check(&unsaid, "en");
    let prepared = [("physician", physician.as_str()), ("meter", "HB-1"), ("passed", "yes")];
    led(&medic.submit(&format!("{path}/day/prepare"), &prepared));
    led(&medic.submit(&format!("{path}/day/numbers"), &[("first", din(1).as_str()), ("count", "2")]));
    let clock = [
        ("cut_off_at", "14:00"),
        ("travel_minutes", "60"),
        ("checkpoint_minutes", ""),
        ("packing_minutes", "15"),
    ];
    led(&medic.submit(&format!("{path}/day/clock"), &clock));
    let day = medic.get(&format!("{path}/day")).text;
    assert!(day.contains(&format!("href=\"{path}/door/{id}\"")) && day.contains(">12:15</bdi>"), "{day}");

    let door = format!("{path}/door/{id}");
    both_languages(&mut medic, &door);
    let unseen = medic.submit(&door, &SHOWN[..2]);
    assert_eq!(unseen.status, 422);
    assert!(unseen.text.contains("A document was seen:"), "{}", unseen.text);
    let visit = led(&medic.submit(&door, &SHOWN));
    both_languages(&mut medic, &visit);
    both_languages(&mut medic, &format!("{path}/day"));

    let empty = medic.submit(&format!("{visit}/screening"), &[("systolic", "122")]);
    assert_eq!(empty.status, 422);
    assert!(empty.text.matches("aria-invalid").count() > 20 && empty.text.contains("value=\"122\""));
    assert_eq!(led(&screen(&mut medic, &visit, "")), visit);
    both_languages(&mut medic, &visit);
    led(&medic.submit(&format!("{visit}/consent"), &[("agreed", "on"), ("use_blood", "yes")]));
    both_languages(&mut medic, &visit);
    led(&draw(&app, &mut medic, &visit, [1; 3]));
    both_languages(&mut medic, &visit);
    let early = medic.submit(&format!("{visit}/depart"), &[("at", "")]);
    assert_eq!(early.status, 409, "the rest is not over: {}", early.text);
    let reaction = [("kind", "vasovagal"), ("grade", "mild"), ("began", "09:30")];
    led(&medic.submit(&format!("{visit}/reaction"), &reaction));
    app.clock.advance(Duration::minutes(20));
    led(&medic.submit(&format!("{visit}/depart"), &[("at", "")]));
    both_languages(&mut medic, &visit);

    let open = medic.submit(&format!("{path}/day/close-out"), &[]);
    assert_eq!(open.status, 409, "a number is neither used nor spoilt");
    check(&open, "en");
    led(&medic.submit(&format!("{path}/day/spoil"), &[("din", din(2).as_str())]));
    led(&medic.submit(&format!("{path}/day/close-out"), &[]));
    both_languages(&mut medic, &format!("{path}/day"));
    let over = medic.get(&format!("{path}/day")).text;
    assert!(!over.contains("/day/close-out") && !over.contains("/day/find"));
}

fn a_finding_is_told_by_its_class_and_the_donor_is_put_off(app: TestApp) {
    let (mut medic, path) = at_work(&app);
    let seen = let_in(&mut medic, &path, donor(&app));
    led(&screen(&mut medic, &seen, "tattoo"));
    let told = medic.get(&seen);
    check(&told, "en");
    assert!(told.text.contains("Not today") && told.text.contains("tattoo or piercing"), "{}", told.text);
    // A sealed cause reads as any other that is not told.
    let sealed = let_in(&mut medic, &path, donor(&app));
    led(&screen(&mut medic, &sealed, "risk"));
    let told = medic.get(&sealed);
    check(&told, "en");
    let found = told.text.split("id=\"found\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(found.contains("Not available today") && found.matches("<li>").count() == 1, "{found}");
    let unfit = medic.submit(&format!("{seen}/consent"), &[("agreed", "on"), ("use_blood", "yes")]);
    assert_eq!(unfit.status, 409);
}

fn what_the_donor_wants_done_changes_no_page(app: TestApp) {
    let (mut medic, path) = at_work(&app);
    let mut pages = Vec::new();
    for (sequence, wish) in [(1, "yes"), (2, "no")] {
        let donor = donor(&app);
        let visit = let_in(&mut medic, &path, donor);
        led(&screen(&mut medic, &visit, ""));
        led(&medic.submit(&format!("{visit}/consent"), &[("agreed", "on"), ("use_blood", wish)]));
        let ready = medic.get(&visit).text;
        led(&draw(&app, &mut medic, &visit, [sequence; 3]));
        let id = visit.rsplit('/').next().unwrap();
        let same = |html: String| {
            let html = html.replace(id, "VISIT").replace(&donor.to_string(), "DONOR");
            // The token of a page has a new mask each time.
            html.split("name=\"csrf\" value=\"")
                .map(|part| part.split_once('"').map_or(part, |(_, rest)| rest))
                .collect::<String>()
        };
        pages.push((same(ready), same(medic.get(&visit).text)));
    }
    assert_eq!(pages[0], pages[1]);
}

fn three_labels_that_differ_are_refused_and_nothing_is_lost(app: TestApp) {
    let (mut medic, path) = at_work(&app);
    let visit = let_in(&mut medic, &path, donor(&app));
    led(&screen(&mut medic, &visit, ""));
    led(&medic.submit(&format!("{visit}/consent"), &[("agreed", "on"), ("use_blood", "yes")]));
    let refused = draw(&app, &mut medic, &visit, [1, 1, 2]);
    assert_eq!(refused.status, 409, "{}", refused.text);
    check(&refused, "en");
    assert!(refused.text.contains("value=\"LOT-7\"") && refused.text.contains("role=\"alert\""));
    led(&draw(&app, &mut medic, &visit, [1; 3]));
}

fn a_name_is_shown_only_to_whoever_asks_and_it_is_on_record(app: TestApp) {
    let (mut medic, path) = at_work(&app);
    let form = json!({
        "first_name": "سامي", "family_name": "الكناري", "sex": "male", "birth_date": "1994-05-20",
        "service_number": "MS-77", "unit": app.places.company, "weight_kg": 82.0, "height_cm": 177,
    });
    app.client(Role::Medic).post("/api/v1/donors", &form).expect(201);
    let opened = || rows::whole(&app, "audit_lines").matches("donors.identity_opened").count();
    let before = opened();
    // By the number on the card.
    let door = led(&medic.submit(&format!("{path}/day/find"), &[("number", "ms-77")]));
    assert!(!medic.get(&door).text.contains("الكناري"));
    let shown = medic.submit(&format!("{door}/who"), &[]);
    check(&shown, "en");
    for said in ["سامي الكناري", "1994-05-20", "MS-77"] {
        assert!(shown.text.contains(said), "{said}");
    }
    let visit = led(&medic.submit(&door, &SHOWN));
    assert!(!medic.get(&visit).text.contains("الكناري"));
    assert!(medic.submit(&format!("{visit}/who"), &[]).text.contains("سامي الكناري"));
    assert_eq!(opened(), before + 2);
    let nobody = medic.submit(&format!("{path}/day/find"), &[("number", "MS-78")]);
    assert_eq!(nobody.status, 422, "{}", nobody.text);
    check(&nobody, "en");
}

fn a_day_and_a_visit_of_others_are_not_found(app: TestApp) {
    let path = page(&drive(&app, json!({"unit": app.places.other_unit})));
    app.clock.set(morning());
    let own = donor(&app);
    let mut medic = signed_in(&app, Role::Medic);
    for gone in [format!("{path}/day"), format!("{path}/door/{own}"), "/visits/0123456789ABC".into()] {
        assert_eq!(medic.get(&gone).status, 404, "{gone}");
    }
    for step in ["prepare", "numbers", "spoil", "clock", "close-out"] {
        let fields = [
            ("physician", app.principal(Role::Physician).user.to_string()),
            ("meter", "HB-1".into()),
            ("passed", "yes".into()),
            ("first", din(1).as_str().to_owned()),
            ("count", "1".into()),
            ("din", din(1).as_str().to_owned()),
        ];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(medic.submit(&format!("{path}/day/{step}"), &fields).status, 404, "{step}");
    }
    assert_eq!(medic.submit(&format!("{path}/door/{own}"), &SHOWN).status, 404);
    // A stranger's record is not at the door of an own drive either.
    let here = page(&drive(&app, json!({"date": DAY})));
    let far = json!({
        "first_name": "سعيد", "family_name": "البعيد", "sex": "male", "birth_date": "1994-05-20",
        "unit": app.places.other_unit,
    });
    let far = bank(&app).post("/api/v1/donors", &far).expect(201)["id"].as_str().unwrap().to_owned();
    assert_eq!(medic.get(&format!("{here}/door/{far}")).status, 404);
    assert_eq!(medic.get(&format!("/donors/{far}")).status, 404);
    for role in [Role::Admin, Role::Command, Role::Hospital, Role::Physician] {
        let mut browser = signed_in(&app, role);
        for path in
            [format!("{here}/day"), format!("{here}/door/{own}"), "/donors".into(), "/donors/new".into()]
        {
            assert_eq!(
                browser.get(&path).status,
                if path == "/donors/new" && role == Role::Admin { 200 } else { 403 },
                "{role} {path}"
            );
        }
    }
}

fn a_person_is_found_by_a_form_registered_and_booked(app: TestApp) {
    let path = page(&drive(&app, json!({})));
    let mut medic = signed_in(&app, Role::Medic);
    both_languages(&mut medic, "/donors");
    both_languages(&mut medic, "/donors/new");
    let unit = app.places.company.to_string();
    let form = [
        ("first_name", "وليد"),
        ("family_name", "الكناري"),
        ("sex", "male"),
        ("birth_date", "1994-05-20"),
        ("service_number", "MS-٨٨"),
        ("weight_kg", "82"),
        ("height_cm", "177"),
        ("blood_group", "o_neg"),
        ("unit", unit.as_str()),
        ("may_call", "on"),
    ];
    let wrong = medic.submit("/donors/new", &form[1..]);
    assert_eq!(wrong.status, 422);
    check(&wrong, "en");
    assert!(wrong.text.contains("value=\"الكناري\""));
    let record = led(&medic.submit("/donors/new", &form));
    both_languages(&mut medic, &record);
    assert!(!medic.get(&record).text.contains("الكناري"));
    assert!(medic.submit(&format!("{record}/who"), &[]).text.contains("وليد الكناري"));
    let again = medic.submit("/donors/new", &form);
    assert_eq!(again.status, 409, "the number is known: {}", again.text);

    app.warm();
    for (by, text) in [("name", "كناري وليد"), ("service_number", "ms-88")] {
        let found = medic
            .submit("/donors", &[("by", by), ("text", text), ("drive", path.rsplit('/').next().unwrap())]);
        check(&found, "en");
        assert!(found.text.contains(&format!("href=\"{record}?drive=")), "{by}: {}", found.text);
        assert!(!found.text.contains("وليد الكناري"), "a list shows no name");
    }
    assert_eq!(medic.submit("/donors", &[("by", "national_id"), ("text", "12")]).status, 422);
    let none = medic.submit("/donors", &[("by", "name"), ("text", "زياد")]);
    assert!(none.text.contains("Nobody in your units fits."));

    let drive = path.rsplit('/').next().unwrap();
    assert_eq!(
        led(&medic.submit(&format!("{record}/book"), &[("drive", drive), ("despite", "")])),
        format!("{path}/day")
    );
    let twice = medic.submit(&format!("{record}/book"), &[("drive", drive), ("despite", "")]);
    assert_eq!(twice.status, 409);
    check(&twice, "en");
    let day = medic.get(&format!("{path}/day")).text;
    assert!(day.contains(record.rsplit('/').next().unwrap()) && day.contains("Proposed"), "{day}");
}

fn a_donor_is_paused_and_active_again(app: TestApp) {
    let record = format!("/donors/{}", donor_of(&app, Sex::Female));
    let mut medic = signed_in(&app, Role::Medic);
    led(&medic.submit(&format!("{record}/pause"), &[("until", "2027-03-01")]));
    let paused = medic.get(&record);
    check(&paused, "en");
    assert!(paused.text.contains("Paused") && !paused.text.contains(&format!("action=\"{record}/book\"")));
    led(&medic.submit(&format!("{record}/resume"), &[]));
    assert!(medic.get(&record).text.contains(&format!("action=\"{record}/pause\"")));
    assert_eq!(medic.submit(&format!("{record}/pause"), &[("until", "soon")]).status, 422);
}

fn whom_to_call_is_nobody_who_may_not_give(app: TestApp) {
    let listed =
        |medic: &mut Browser, id: &str| medic.get("/call").text.contains(&format!("href=\"/donors/{id}\""));
    let (able, away, refuses) = (donor(&app).to_string(), donor(&app).to_string(), donor(&app));
    let mut medic = signed_in(&app, Role::Medic);
    both_languages(&mut medic, "/call");
    assert!(listed(&mut medic, &able) && listed(&mut medic, &away));
    let client = app.client(Role::Medic);
    client
        .post(&format!("/api/v1/donors/{away}/deferrals"), &json!({"code": "P-HIV", "base": "2026-11-23"}))
        .expect(201);
    let version = client.get(&format!("/api/v1/donors/{refuses}")).expect(200)["version"].as_i64().unwrap();
    client.patch(&format!("/api/v1/donors/{refuses}"), version, &json!({"may_call": false})).expect(200);
    assert!(
        listed(&mut medic, &able) && !listed(&mut medic, &away) && !listed(&mut medic, &refuses.to_string())
    );
    let drive = drive(&app, json!({}));
    bank(&app).post(&format!("{drive}/appointments"), &json!({"donor": able})).expect(201);
    assert!(!listed(&mut medic, &able), "who has a place is not called");
    assert!(medic.get("/call?group=ab_neg").text.contains("Nobody of this group and unit may give today."));
    assert_eq!(medic.get("/call?group=z").status, 422);
    for role in [Role::Admin, Role::Command, Role::Hospital, Role::Physician] {
        assert_eq!(signed_in(&app, role).get("/call").status, 403, "{role}");
    }
}

fn the_panel_says_what_each_lacks_and_no_deferral(app: TestApp) {
    let (member, other) = (donor(&app), donor(&app));
    let consent = json!({"kind": "emergency_panel", "given": true, "on": "2026-11-20", "way": "spoken"});
    let agreed = bank(&app).post(&format!("/api/v1/donors/{member}/consents"), &consent);
    agreed.expect(201);
    let page = |browser: &mut Browser| browser.get("/panel").text;
    let mut bank_page = signed_in(&app, Role::Bank);
    both_languages(&mut bank_page, "/panel");
    let before = page(&mut bank_page);
    assert!(before.contains(&member.to_string()) && !before.contains(&other.to_string()), "{before}");
    assert!(
        before.contains("Not ready")
            && before.contains("Group confirmed: no")
            && before.contains("Agreed: yes")
    );
    bank(&app)
        .post(&format!("/api/v1/donors/{member}/deferrals"), &json!({"code": "P-HIV", "base": "2026-11-23"}))
        .expect(201);
    let plain = |html: &str| html.split("<tbody>").nth(1).unwrap().to_owned();
    assert_eq!(plain(&before), plain(&page(&mut bank_page)), "no deferral shows here");
    both_languages(&mut signed_in(&app, Role::Physician), "/panel");
    for role in [Role::Admin, Role::Command, Role::Hospital, Role::Medic] {
        assert_eq!(signed_in(&app, role).get("/panel").status, 403, "{role}");
    }
}
