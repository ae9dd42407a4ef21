//! The calendar: each day with what it is and what is planned on it, closed roads, and calendars by a secret address.

use serde_json::{Value, json};
use shiryan_kernel::ids::UnitId;
use shiryan_kernel::role::Role;

use super::support::app::{Client, Reply, TestApp};

both!(
    a_day_says_what_it_is_and_what_is_on,
    a_month_begins_as_it_was_sighted,
    a_calendar_shows_what_the_lists_show,
    a_span_that_makes_no_sense_is_refused,
    roads_close_and_open_again,
    closures_that_make_no_sense_are_refused,
    a_feed_says_when_and_nothing_else,
    a_feed_follows_its_maker,
);

const PLACE: &str = "كرم الكناري";
const TITLE: &str = "قطاف العائلات";

fn picking(client: &Client, unit: UnitId, from: &str, to: &str) -> String {
    let form = json!({
        "branch": "farmers", "title": TITLE, "place": PLACE, "governorate": "PS-RBH",
        "starts_at": from, "ends_at": to, "unit": unit, "facts": {"crop": "زيتون"},
    });
    client.post("/api/v1/activities", &form).expect(201)["id"].as_str().unwrap().to_owned()
}

fn drive(client: &Client, unit: UnitId, date: &str) -> String {
    let form = json!({
        "place": PLACE, "governorate": "PS-RBH", "date": date, "from": "09:00", "to": "11:30",
        "slot_minutes": 30, "beds": 2, "unit": unit,
    });
    client.post("/api/v1/drives", &form).expect(201)["id"].as_str().unwrap().to_owned()
}

fn calendar(client: &Client, query: &str) -> Value {
    client.get(&format!("/api/v1/calendar?{query}")).expect(200)
}

fn on<'a>(calendar: &'a Value, day: &str) -> &'a Value {
    calendar["days"].as_array().unwrap().iter().find(|found| found["on"] == day).unwrap()
}

fn a_day_says_what_it_is_and_what_is_on(app: TestApp) {
    let (command, medic) = (app.client(Role::Command), app.client(Role::Medic));
    let over_night =
        picking(&medic, app.places.company, "2026-12-03T20:00:00+02:00", "2026-12-04T00:30:00+02:00");
    let drive = drive(&medic, app.places.company, "2026-12-01");
    let away = json!({"kind": "leave", "from": "2026-12-05", "until": "2026-12-09"});
    let path = format!("/api/v1/units/{}/absences", app.places.battalion);
    let absence = command.post(&path, &away).expect(201)["id"].clone();
    let closed = json!({"governorate": "PS-RBH", "from": "2026-12-02T00:00:00+02:00", "until": "2026-12-03T00:00:00+02:00"});
    let closure = command.post("/api/v1/closures", &closed).expect(201)["id"].clone();

    let seen = calendar(&medic, "from=2026-11-30&to=2026-12-06");
    assert_eq!(seen["days"].as_array().unwrap().len(), 7);
    assert_eq!(on(&seen, "2026-12-01")["activities"], json!([drive]));
    assert_eq!(on(&seen, "2026-12-02")["activities"], json!([]));
    for day in ["2026-12-03", "2026-12-04"] {
        assert_eq!(on(&seen, day)["activities"], json!([over_night]), "{day}");
    }
    assert_eq!(
        on(&seen, "2026-12-04"),
        &json!({
            "on": "2026-12-04", "weekday": "friday", "hijri": {"year": 1448, "month": 6, "day": 24},
            "is_weekend": true, "marks": [], "activities": [over_night],
        })
    );
    let harvest = json!([{"kind": "season", "name_ar": "موسم قطف الزيتون", "name_en": "Olive harvest"}]);
    assert_eq!(on(&seen, "2026-11-30")["marks"], harvest);
    assert_eq!(seen["absences"][0]["id"], absence);
    assert_eq!(seen["closures"][0]["id"], closure);
    let later = calendar(&medic, "from=2026-12-10&to=2026-12-16");
    for part in ["activities", "absences", "closures"] {
        assert_eq!(later[part], json!([]), "{part}");
    }
    let elsewhere = calendar(&command, "from=2026-11-30&to=2026-12-06&governorate=PS-HBN");
    assert_eq!((&elsewhere["activities"], &elsewhere["closures"]), (&json!([]), &json!([])));
    let here = calendar(&command, "from=2026-11-30&to=2026-12-06&governorate=PS-RBH");
    assert_eq!((here["activities"].as_array().unwrap().len(), &here["closures"][0]["id"]), (2, &closure));
}

fn a_month_begins_as_it_was_sighted(app: TestApp) {
    let command = app.client(Role::Command);
    let ramadan = |day: &str| {
        let seen = calendar(&command, &format!("from={day}&to={day}"));
        let marks = seen["days"][0]["marks"].as_array().unwrap().clone();
        marks.iter().any(|mark| mark["kind"] == "ramadan")
    };
    assert!(ramadan("2027-02-08") && !ramadan("2027-02-07") && !ramadan("2027-03-09"));
    let sight = |client: &Client, month: i32, first: &str| {
        client.post("/api/v1/calendar/months", &json!({"year": 1448, "month": month, "first": first}))
    };
    sight(&command, 9, "2027-02-09").expect(201);
    assert!(!ramadan("2027-02-08") && ramadan("2027-02-09") && ramadan("2027-03-08"));
    sight(&app.client(Role::Admin), 10, "2027-03-10").expect(201);
    assert!(ramadan("2027-03-09") && !ramadan("2027-03-10"));
    let seen = calendar(&command, "from=2027-03-10&to=2027-03-10");
    assert_eq!(seen["days"][0]["marks"][0]["kind"], "eid_al_fitr");
    assert_eq!(seen["days"][0]["hijri"], json!({"year": 1448, "month": 10, "day": 1}));
    // The last word holds.
    sight(&command, 9, "2027-02-08").expect(201);
    assert!(ramadan("2027-02-08"));
    for (month, first, field) in [
        (9, "2027-02-10", "first"),
        (9, "2027-02-06", "first"),
        (13, "2027-02-08", "month"),
        (0, "2027-02-08", "month"),
    ] {
        let refused = sight(&command, month, first);
        assert_eq!(refused.problem(422), "invalid_request");
        assert_eq!(refused.json()["errors"][0]["code"], "out_of_range");
        assert_eq!(refused.json()["errors"][0]["field"], field);
    }
}

fn a_calendar_shows_what_the_lists_show(app: TestApp) {
    let (command, medic, bank) = (app.client(Role::Command), app.client(Role::Medic), app.client(Role::Bank));
    drive(&bank, app.places.other_unit, "2026-12-01");
    let mine = drive(&medic, app.places.company, "2026-12-02");
    let theirs = picking(&command, app.places.other_unit, "2026-12-03T08:00:00Z", "2026-12-03T10:00:00Z");
    let span = "from=2026-12-01&to=2026-12-07";
    let seen = calendar(&medic, span);
    let entries = seen["activities"].as_array().unwrap();
    assert_eq!(entries.len(), 3);
    for field in ["unit", "title", "starts_at", "ends_at"] {
        assert!(entries[0].get(field).is_none(), "a drive of others: {field}");
        assert!(field == "title" || entries[1].get(field).is_some(), "the own drive: {field}");
    }
    assert!(!seen.to_string().contains(PLACE), "no calendar names a place");
    // By unit, only what shows its unit: whose drive it is stays unknown.
    let of = |client: &Client, unit: UnitId| {
        let seen = calendar(client, &format!("{span}&unit={unit}"));
        let found = seen["activities"].as_array().unwrap().clone();
        found.into_iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of(&medic, app.places.battalion), [mine]);
    assert_eq!(of(&command, app.places.other_unit), [theirs]);
    assert_eq!(of(&command, app.places.company), Vec::<String>::new());
    let unknown = medic.get(&format!("/api/v1/calendar?{span}&unit={}", app.places.other_unit));
    let absent = medic.get(&format!("/api/v1/calendar?{span}&unit=0123456789ABC"));
    assert_eq!((unknown.problem(404), absent.problem(404)), ("not_found".into(), "not_found".into()));
    // Absences are for those who enter them; a medic's are of the own units.
    let away = json!({"kind": "deployed", "from": "2026-12-05", "until": "2026-12-05"});
    command.post(&format!("/api/v1/units/{}/absences", app.places.other_unit), &away).expect(201);
    assert_eq!(calendar(&command, span)["absences"].as_array().unwrap().len(), 1);
    for client in [&medic, &bank, &app.client(Role::Physician)] {
        assert_eq!(calendar(client, span)["absences"], json!([]));
    }
}

fn a_span_that_makes_no_sense_is_refused(app: TestApp) {
    let command = app.client(Role::Command);
    calendar(&command, "from=2026-12-01&to=2027-01-11");
    for (query, field) in [
        ("from=2026-12-01&to=2027-01-12", "to"),
        ("from=2026-12-02&to=2026-12-01", "to"),
        ("from=1999-12-31&to=2000-01-02", "from"),
        ("from=2026-12-01", ""),
        ("from=2026-12-01&to=2026-12-02&place=x", ""),
    ] {
        let refused = command.get(&format!("/api/v1/calendar?{query}"));
        assert_eq!(refused.status, if field.is_empty() { 400 } else { 422 }, "{query}: {}", refused.text);
        if !field.is_empty() {
            assert_eq!(refused.json()["errors"][0]["field"], field, "{query}");
        }
    }
}

fn roads_close_and_open_again(app: TestApp) {
    let (command, bank, hospital) =
        (app.client(Role::Command), app.client(Role::Bank), app.client(Role::Hospital));
    let open = command.post("/api/v1/closures", &json!({"governorate": "PS-NBS"})).expect(201);
    let road =
        bank.post("/api/v1/closures", &json!({"governorate": "PS-JEN", "other": "PS-TBS"})).expect(201);
    let listed =
        |query: &str| hospital.get(&format!("/api/v1/closures?{query}")).expect(200)["items"].clone();
    let all = listed("");
    assert_eq!(all[0]["id"], open["id"]);
    assert_eq!((&all[0]["other"], &all[0]["until"]), (&Value::Null, &Value::Null));
    assert_eq!((&all[1]["governorate"], &all[1]["other"]), (&json!("PS-JEN"), &json!("PS-TBS")));
    let end = |id: &Value| bank.post(&format!("/api/v1/closures/{}/end", id.as_str().unwrap()), &json!({}));
    app.clock.advance(chrono::Duration::minutes(2));
    let ended_at = app.house.db.now();
    end(&open["id"]).expect(200);
    assert_eq!(end(&open["id"]).problem(409), "state_conflict");
    assert_eq!(listed("")[0]["is_ended"], true);
    app.clock.advance(chrono::Duration::minutes(2));
    let now = app.house.db.now();
    let left = listed(&format!("from={}", now.format("%Y-%m-%dT%H:%M:%SZ")));
    assert_eq!(left.as_array().unwrap().len(), 1);
    assert_eq!(left[0]["id"], road["id"]);
    let before =
        listed(&format!("before={}", (ended_at - chrono::Duration::days(1)).format("%Y-%m-%dT%H:%M:%SZ")));
    assert_eq!(before, json!([]));
    for (client, form) in [
        (&hospital, json!({"governorate": "PS-NBS"})),
        (&app.client(Role::Medic), json!({"governorate": "PS-NBS"})),
    ] {
        assert_eq!(client.post("/api/v1/closures", &form).problem(403), "forbidden");
    }
}

fn closures_that_make_no_sense_are_refused(app: TestApp) {
    let command = app.client(Role::Command);
    let now = app.house.db.now();
    let at = |days: i64| (now + chrono::Duration::days(days)).to_rfc3339();
    for (form, code, field) in [
        (json!({"governorate": "PS-NBS", "other": "PS-NBS"}), "invalid_value", "other"),
        (json!({"governorate": "PS-NBS", "other": "PS-HBN"}), "invalid_value", "other"),
        (json!({"governorate": "PS-NBS", "until": at(-1)}), "out_of_range", "until"),
        (json!({"governorate": "PS-NBS", "from": at(3), "until": at(2)}), "out_of_range", "until"),
        (json!({"governorate": "PS-NBS", "until": at(401)}), "out_of_range", "until"),
        (json!({"governorate": "PS-NBS", "from": at(402)}), "out_of_range", "from"),
    ] {
        let refused = command.post("/api/v1/closures", &form);
        assert_eq!(refused.problem(422), "invalid_request");
        assert_eq!(refused.json()["errors"][0]["code"], code, "{form}");
        assert_eq!(refused.json()["errors"][0]["field"], field, "{form}");
    }
    assert_eq!(command.get("/api/v1/closures").expect(200)["items"], json!([]));
}

fn feed(client: &Client, form: &Value) -> (String, String) {
    let made = client.post("/api/v1/calendar-feeds", form).expect(201);
    let url = made["url"].as_str().unwrap();
    let path = &url[url.find("/api/v1/").unwrap()..];
    (made["id"].as_str().unwrap().to_owned(), path.to_owned())
}

fn entry(file: &str, id: &str) -> String {
    let entries = file.split("BEGIN:VEVENT").skip(1);
    entries.into_iter().find(|entry| entry.contains(&format!("UID:{id}@"))).unwrap().to_owned()
}

fn a_feed_says_when_and_nothing_else(app: TestApp) {
    let medic = app.client(Role::Medic);
    let picking =
        picking(&medic, app.places.company, "2026-12-03T08:00:00+02:00", "2026-12-03T14:30:00+02:00");
    let drive = drive(&medic, app.places.company, "2026-12-01");
    let (id, path) = feed(&medic, &json!({}));
    let reader = app.anonymous();
    let read = || -> Reply { reader.get(&path) };
    let file = read();
    assert_eq!(file.status, 200);
    for word in [PLACE, TITLE, "farmers", "blood", "PS-RBH", "دم", &app.places.company.to_string()] {
        assert!(!file.text.contains(word), "{word}: {}", file.text);
    }
    assert!(file.text.contains("BEGIN:VTIMEZONE\r\nTZID:Asia/Hebron"));
    let first = entry(&file.text, &picking);
    for line in [
        "DTSTART;TZID=Asia/Hebron:20261203T080000",
        "DTEND;TZID=Asia/Hebron:20261203T143000",
        "SEQUENCE:0",
        "STATUS:TENTATIVE",
        "SUMMARY:نشاط",
    ] {
        assert!(first.contains(line), "{line}: {first}");
    }
    assert!(entry(&file.text, &drive).contains("STATUS:CONFIRMED"));
    // A change is a higher number, what was called off says so, under the same name.
    let command = app.client(Role::Command);
    command.post(&format!("/api/v1/activities/{picking}/approve"), &json!({})).expect(200);
    medic.post(&format!("/api/v1/drives/{drive}/cancel"), &json!({})).expect(200);
    let file = read().text;
    let (first, second) = (entry(&file, &picking), entry(&file, &drive));
    assert!(first.contains("SEQUENCE:1") && first.contains("STATUS:CONFIRMED"), "{first}");
    assert!(second.contains("SEQUENCE:1") && second.contains("STATUS:CANCELLED"), "{second}");
    // A secret is not told again, and a guess is as unknown as one that was ended.
    let listed = medic.get("/api/v1/calendar-feeds").expect(200);
    assert_eq!(listed["items"][0]["id"], id);
    assert!(!listed.to_string().contains(path.rsplit('/').next().unwrap()));
    let wrong = reader.get("/api/v1/calendars/0123456789abcdef0123456789abcdef");
    medic.post(&format!("/api/v1/calendar-feeds/{id}/end"), &json!({})).expect(200);
    assert_eq!((read().problem(404), wrong.problem(404)), ("not_found".into(), "not_found".into()));
    assert_eq!(
        medic.post(&format!("/api/v1/calendar-feeds/{id}/end"), &json!({})).problem(409),
        "state_conflict"
    );
}

fn a_feed_follows_its_maker(app: TestApp) {
    let (medic, command, bank) = (app.client(Role::Medic), app.client(Role::Command), app.client(Role::Bank));
    let mine = picking(&medic, app.places.company, "2026-12-03T08:00:00Z", "2026-12-03T10:00:00Z");
    let theirs = picking(&command, app.places.other_unit, "2026-12-04T08:00:00Z", "2026-12-04T10:00:00Z");
    let drive = drive(&bank, app.places.other_unit, "2026-12-05");
    let reader = app.anonymous();
    let uids = |path: &str| {
        let file = reader.get(path).text;
        [&mine, &theirs, &drive].map(|id| file.contains(&format!("UID:{id}@")))
    };
    assert_eq!(uids(&feed(&medic, &json!({})).1), [true, true, false], "no drive of others");
    assert_eq!(uids(&feed(&medic, &json!({"unit": app.places.company})).1), [true, false, false]);
    let (_, all) = feed(&command, &json!({}));
    assert_eq!(uids(&all), [true, true, true]);
    let file = reader.get(&all).text;
    assert!(entry(&file, &drive).contains("DTSTART;VALUE=DATE:20261205"), "a drive of others is a day");
    let refused = medic.post("/api/v1/calendar-feeds", &json!({"unit": app.places.other_unit}));
    assert_eq!(refused.problem(422), "invalid_request");
    assert_eq!(
        refused.json()["errors"][0],
        json!({"field": "unit", "code": "unknown_reference", "message": refused.json()["errors"][0]["message"]})
    );
    // The same request again gets the same address; another person cannot end it.
    let twice =
        [(), ()].map(|()| medic.post_as("0123456789", "/api/v1/calendar-feeds", &json!({})).expect(201));
    assert_eq!(twice[0], twice[1]);
    let end = format!("/api/v1/calendar-feeds/{}/end", twice[0]["id"].as_str().unwrap());
    assert_eq!(command.post(&end, &json!({})).problem(404), "not_found");
}
