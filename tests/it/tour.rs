//! Every page that is only looked at: who may open it, in both languages; and what it says of a small world.

use serde_json::json;
use shiryan_kernel::role::Role::{self, Admin, Bank, Command, Hospital, Medic, Physician};

use super::pages::{Browser, check, led, signed_in};
use super::support::app::TestApp;
use super::support::reserve::{day, flow, units, write};
use super::support::shelf::{Bag, put_all};

both!(
    every_page_opens_for_its_roles_in_both_languages,
    a_closed_governorate_is_drawn_cut_off,
    a_table_is_had_as_a_file_in_the_words_of_its_page,
    units_are_had_as_a_file,
    what_lies_ahead_is_drawn_and_said_as_the_api_says_it,
    an_administrator_makes_places_and_people_by_pages,
    an_administrator_shuts_opens_and_resets_accounts_by_page,
    a_physician_looks_at_what_a_rule_set_would_change,
);

/// Each page and the roles that may open it; the others are refused.
const PAGES: &[(&str, &[Role])] = &[
    ("/where", &[Admin, Command, Bank, Physician]),
    ("/where?group=ab_pos&component=platelets", &[Admin, Command, Bank, Physician]),
    ("/ahead", &[Admin, Command, Bank, Physician]),
    ("/emergency", &[Admin, Command, Bank, Physician]),
    ("/working", &[Command, Medic, Bank, Physician]),
    ("/working?governorate=PS-HBN", &[Command, Medic, Bank, Physician]),
    ("/programme", &[Admin, Command, Medic, Bank, Physician]),
    ("/programme?month=2026-12", &[Admin, Command, Medic, Bank, Physician]),
    ("/find", &[Command, Medic, Hospital, Bank, Physician]),
    (
        "/find?recipient_group=o_neg&group_evidence=confirmed&component=red_cells&governorate=PS-RBH&within_hours=24&irradiated=on",
        &[Command, Medic, Hospital, Bank, Physician],
    ),
    (
        "/find?recipient_group=ab_pos&group_evidence=confirmed&component=plasma&governorate=PS-GZA&within_hours=72",
        &[Command, Medic, Hospital, Bank, Physician],
    ),
    ("/laboratory", &[Bank, Physician]),
    ("/sign-ins", &[Admin, Command, Medic, Hospital, Bank, Physician]),
    ("/people", &[Admin]),
    ("/places", &[Admin]),
    ("/record", &[Admin]),
    ("/record?action=accounts&alerts=on&from=2026-01-01&until=2027-01-01", &[Admin]),
    ("/outbox", &[Admin]),
    ("/outbox?state=queued&template=level_changed", &[Admin]),
    ("/shelves", &[Admin, Command, Hospital, Bank, Physician]),
    ("/rules", &[Admin, Medic, Bank, Physician]),
    ("/approvals", &[Admin, Medic, Bank, Physician]),
    ("/ahead?area=west_bank_centre&component=platelets", &[Admin, Command, Bank, Physician]),
];

/// Red cells in three governorates, and what was issued.
fn world(app: &TestApp) {
    let (bank, gaza) = (app.places.bank, app.places.gaza_hospital);
    write(app, move |tx| {
        for ahead in 1..28 {
            flow(tx, "PS-RBH", ("red_cells", "o_neg"), day(-ahead), 2, 2);
            flow(tx, "PS-GZA", ("red_cells", "o_neg"), day(-ahead), 1, 4);
        }
        units(tx, bank, ("red_cells", "o_neg"), "released", day(20), 13);
        units(tx, gaza, ("red_cells", "o_neg"), "released", day(2), 3);
    });
}

pub fn speak(browser: &mut Browser, language: &str) {
    led(&browser.submit("/language", &[("lang", language), ("back", "/")]));
}

fn every_page_opens_for_its_roles_in_both_languages(app: TestApp) {
    world(&app);
    for role in Role::ALL {
        let mut browser = signed_in(&app, *role);
        for language in ["ar", "en"] {
            speak(&mut browser, language);
            for (path, roles) in PAGES {
                let page = browser.get(path);
                if roles.contains(role) {
                    assert_eq!(page.status, 200, "{role} {path}: {}", page.text);
                    check(&page, language);
                } else {
                    assert_eq!(page.status, 403, "{role} {path}");
                }
            }
        }
    }
}

/// The rows of the first table that folds, each without what a later one says.
fn rows(page: &str) -> Vec<&str> {
    page.split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap().split("<tr").skip(1).collect()
}

fn a_closed_governorate_is_drawn_cut_off(app: TestApp) {
    world(&app);
    let mut command = signed_in(&app, Command);
    let open = command.get("/where").text;
    assert_eq!(open.matches("<li class=\"r").count(), 16);
    assert!(!open.contains("Cut off") && !open.contains("Reaches only"), "{open}");
    let ranked = rows(&open);
    assert_eq!(ranked.len(), 16);
    // Three units for four a day, then thirteen for two a day; whoever reports nothing stands last.
    assert!(
        ranked[0].contains("Gaza ") && ranked[0].contains("0.7 d") && ranked[0].contains("Very critical")
    );
    assert!(
        ranked[1].contains("Ramallah") && ranked[1].contains("6.5 d") && ranked[1].contains("Sufficient")
    );
    assert!(ranked[2].contains("class=\"level\">Not known"), "{}", ranked[2]);

    let closed = json!({"governorate": "PS-DEB"});
    app.client(Command).post("/api/v1/closures", &closed).expect(201);
    let page = command.get("/where").text;
    assert_eq!(page.matches(" cut\"").count(), 1, "one tile");
    assert_eq!(page.matches("class=\"cut\"").count(), 1 + 2, "its row, and two that reach each other");
    assert_eq!((page.matches("Cut off").count(), page.matches("cut off</small>").count()), (1, 1));
    assert!(page.contains("Reaches only Rafah") && page.contains("Reaches only Khan Yunis"), "{page}");
    assert_eq!(command.get("/where?component=cryoprecipitate").status, 422);
    assert_eq!(command.get("/where?who=me").status, 400);
}

fn a_table_is_had_as_a_file_in_the_words_of_its_page(app: TestApp) {
    world(&app);
    // Path, role, rows in all, a cell in each language.
    let files = [
        ("/?component=red_cells&region=west_bank_centre", Command, 8, ["O سالب", "O negative"]),
        ("/where?group=o_neg", Physician, 16, ["رام الله والبيرة", "Ramallah and Al-Bireh"]),
        ("/shelves", Bank, 40, ["كريات الدم الحمراء المركّزة", "Red cells"]),
        ("/", Hospital, 40, ["كريات الدم الحمراء المركّزة", "Red cells"]),
        ("/requests", Bank, 0, ["الإلحاح", "Urgency"]),
        ("/drives", Medic, 0, ["محجوز", "Booked"]),
        ("/ahead?area=gaza_north", Command, 90, ["O سالب", "O negative"]),
        ("/emergency", Command, 48, ["O سالب", "O negative"]),
        ("/programme", Command, 10, ["التبرع بالدم", "Blood donation"]),
        ("/working", Command, 0, ["الهدف", "Goal"]),
        (
            "/find?recipient_group=o_neg&group_evidence=confirmed&component=red_cells&governorate=PS-RBH",
            Command,
            13,
            ["O سالب", "O negative"],
        ),
        ("/standing", Bank, 0, ["كم مرة", "How often"]),
        ("/laboratory", Bank, 0, ["يوم التبرع", "Donated"]),
        ("/places", Admin, 6, ["رام الله والبيرة", "Ramallah and Al-Bireh"]),
    ];
    for file in files {
        as_file(&app, file);
    }
    assert_eq!(signed_in(&app, Medic).get("/where?format=csv").status, 403);
}

fn units_are_had_as_a_file(app: TestApp) {
    put_all(&app, (1..=3).map(|sequence| Bag::new(&app, sequence)).collect());
    as_file(&app, ("/units", Bank, 3, ["صالحة للصرف", "May be issued"]));
}

/// The file of a page's table in both languages: so many rows, and a cell in each.
fn as_file(app: &TestApp, (path, role, rows, cells): (&str, Role, usize, [&str; 2])) {
    let mut browser = signed_in(app, role);
    let sign = if path.contains('?') { '&' } else { '?' };
    let address = format!("{path}{sign}format=csv");
    for (language, cell) in ["ar", "en"].into_iter().zip(cells) {
        speak(&mut browser, language);
        let file = browser.get(&address);
        assert_eq!(file.status, 200, "{path}: {}", file.text);
        assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
        let named = file.headers["content-disposition"].to_str().unwrap();
        assert!(named.starts_with("attachment; filename=") && named.ends_with(".csv\""), "{named}");
        assert!(file.text.contains(cell), "{path} {language}: {}", file.text);
        assert_eq!(file.text.trim_end().lines().count(), 1 + rows, "{path}: {}", file.text);
    }
    let book = browser.get(&format!("{path}{sign}format=xlsx"));
    assert_eq!(book.status, 200, "{path}");
    assert!(book.headers["content-disposition"].to_str().unwrap().ends_with(".xlsx\""));
    assert!(book.text.starts_with("PK"), "{path}: no workbook");
    let html = browser.get(path).text.replace("&#38;", "&");
    assert_eq!(html.contains(&format!("href=\"{address}\"")), rows > 0, "{path}: {html}");
    assert_eq!(browser.get(&format!("{path}{sign}format=pdf")).status, 422, "{path}");
}

fn what_lies_ahead_is_drawn_and_said_as_the_api_says_it(app: TestApp) {
    world(&app);
    let mut command = signed_in(&app, Command);
    let page = command.get("/ahead?area=gaza_north").text;
    assert_eq!(page.matches("<section class=\"multiple").count(), 8);
    assert_eq!(page.matches("<svg class=\"chart\"").count(), 1, "of one group anything is known: {page}");
    let asked = "/api/v1/projections?component=red_cells&group=o_neg&days=90&region=gaza_north";
    let said = app.client(Command).get(asked).json();
    let first = &said["areas"][0]["first_red_or_black"];
    let on: chrono::NaiveDate = first["on"].as_str().unwrap().parse().unwrap();
    let words = shiryan::texts::day(shiryan::texts::Lang::En, on);
    assert!(page.contains(&format!("Very critical from {words}")), "{words} of {first} in {page}");
    let rows = rows(&page);
    assert_eq!(rows.len(), 14, "thirteen weeks and the first day of shortage");
    let last = said["areas"][0]["days"][89]["p50"].as_f64().unwrap();
    assert!(rows.last().unwrap().contains(&format!("<td class=\"n\">{last:.0}</td>")), "{last}");

    // A region in parts is its parts, each by name.
    app.client(Command).post("/api/v1/closures", &json!({"governorate": "PS-GZA"})).expect(201);
    let parted = command.get("/ahead?area=PS-GZA").text;
    assert!(parted.contains("<option value=\"PS-GZA\" selected>Gaza</option>"), "{parted}");
    assert!(!parted.contains("value=\"gaza_north\""));
    assert_eq!(command.get("/ahead?area=gaza_north").status, 200, "an old address leads to a part");
    assert_eq!(command.get("/ahead?area=nowhere").status, 422);
    assert_eq!(command.get("/ahead?component=cryoprecipitate").status, 422);
}

fn an_administrator_makes_places_and_people_by_pages(app: TestApp) {
    let mut admin = signed_in(&app, Admin);
    let place = |code: &'static str| {
        vec![("code", code), ("name_ar", "مكان جديد"), ("name_en", "A new place"), ("governorate", "PS-HBN")]
    };
    let mut unit = place("NEW-1");
    unit.push(("parent", "NOWHERE"));
    let lost = admin.submit("/places/units", &unit);
    assert_eq!(lost.status, 422, "{}", lost.text);
    assert!(lost.text.contains("role=\"alert\"") && lost.text.contains("value=\"NEW-1\""));
    unit[4].1 = "";
    assert_eq!(led(&admin.submit("/places/units", &unit)), "/places");
    let mut below = place("NEW-2");
    below.push(("parent", "NEW-1"));
    led(&admin.submit("/places/units", &below));
    let mut bank = place("NEW-BANK");
    bank.push(("kind", "blood_bank"));
    led(&admin.submit("/places/facilities", &bank));
    for language in ["ar", "en"] {
        speak(&mut admin, language);
        let page = admin.get("/places");
        check(&page, language);
        for code in ["NEW-1", "NEW-2", "NEW-BANK"] {
            assert!(page.text.contains(code), "{code}");
        }
    }
    assert_eq!(admin.submit("/places/units", &unit).status, 409, "the code is taken");

    let person = [
        ("username", "new.medic"),
        ("password", "a password to change"),
        ("role", "medic"),
        ("facility", ""),
        ("units", "NEW-2"),
    ];
    let mut wrong = person;
    wrong[4].1 = "NEW-2 NEW-9";
    assert_eq!(admin.submit("/people", &wrong).status, 422);
    let mut short = person;
    short[1].1 = "short";
    let again = admin.submit("/people", &short);
    assert_eq!(again.status, 422);
    assert!(again.text.contains("value=\"new.medic\"") && !again.text.contains("value=\"short\""));
    assert_eq!(led(&admin.submit("/people", &person)), "/people");
    let listed = admin.get("/people").text;
    assert!(listed.contains("new.medic") && listed.contains("A new place"), "{listed}");
    let mut medic = signed_in(&app, Medic);
    assert_eq!(medic.submit("/people", &person).status, 403);
    assert_eq!(medic.submit("/places/units", &place("NEW-3")).status, 403);
}

fn a_physician_looks_at_what_a_rule_set_would_change(app: TestApp) {
    let mut physician = signed_in(&app, Physician);
    let rules = physician.get("/rules").text;
    assert_eq!(rules.matches("In force</span>").count(), 1, "{rules}");
    let asked = rules.split("action=\"/rules/").nth(1).unwrap().split('"').next().unwrap();
    let version = rules.split(asked).nth(1).unwrap().split("name=\"version\" value=\"").nth(1).unwrap();
    let version = version.split('"').next().unwrap().to_owned();
    let address = format!("/rules/{asked}");
    assert_eq!(signed_in(&app, Medic).submit(&address, &[("version", &version)]).status, 403);
    assert!(!signed_in(&app, Admin).get("/rules").text.contains("/preview"));
    assert_eq!(physician.submit(&address, &[("version", "none")]).status, 422);
    let page = led(&physician.submit(&address, &[("version", &version)]));
    assert!(physician.get(&page).text.contains("Look again"));
    shiryan::app::work_off(&app.house).unwrap();
    for language in ["ar", "en"] {
        speak(&mut physician, language);
        check(&physician.get(&page), language);
    }
    assert!(physician.get(&page).text.contains("donors it changes something for"));
    assert_eq!(app.client(Physician).get("/api/v1/jobs/0123456789ABC").status, 404);
}

fn an_administrator_shuts_opens_and_resets_accounts_by_page(app: TestApp) {
    let (mut admin, mut medic) = (signed_in(&app, Admin), signed_in(&app, Medic));
    let id = app.principal(Medic).user.to_string();
    let comes_in = || Browser::new(&app).sign_in("medic").status == 303;
    assert_eq!(led(&admin.submit(&format!("/people/{id}/disable"), &[])), "/people");
    assert_eq!(medic.get("/sign-ins").status, 401, "out at once");
    assert!(!comes_in());
    for language in ["ar", "en"] {
        speak(&mut admin, language);
        let page = admin.get("/people");
        check(&page, language);
        assert!(page.text.contains(&format!("/people/{id}/enable")));
    }
    led(&admin.submit(&format!("/people/{id}/enable"), &[]));
    assert!(comes_in());
    let short = admin.submit("/people/reset", &[("user", &id), ("new_password", "short")]);
    assert_eq!(short.status, 422, "{}", short.text);
    assert!(short.text.contains("role=\"alert\"") && !short.text.contains("short\""));
    assert!(comes_in());
    led(&admin.submit("/people/reset", &[("user", &id), ("new_password", "another olive tree")]));
    assert!(!comes_in());
    let nobody = admin.submit("/people/0123456789ABC/disable", &[]);
    assert_eq!(nobody.status, 404, "{}", nobody.text);
    assert_eq!(signed_in(&app, Bank).submit(&format!("/people/{id}/disable"), &[]).status, 403);
}
