//! Every page that is only looked at: who may open it, in both languages; and what it says of a small world.

use serde_json::json;
use shiryan_kernel::role::Role::{self, Admin, Bank, Command, Physician};

use super::pages::{Browser, check, led, signed_in};
use super::support::app::TestApp;
use super::support::reserve::{day, flow, units, write};

both!(
    every_page_opens_for_its_roles_in_both_languages,
    a_closed_governorate_is_drawn_cut_off,
    what_lies_ahead_is_drawn_and_said_as_the_api_says_it,
);

/// Each page and the roles that may open it; the others are refused.
const PAGES: &[(&str, &[Role])] = &[
    ("/where", &[Admin, Command, Bank, Physician]),
    ("/where?group=ab_pos&component=platelets", &[Admin, Command, Bank, Physician]),
    ("/ahead", &[Admin, Command, Bank, Physician]),
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
