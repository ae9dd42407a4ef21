//! Pages over HTTP as a browser sees them: signing in and out, cookies, forms, headers, languages.

use std::collections::BTreeMap;

use serde_json::json;
use shiryan::texts::{self, Lang};
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::role::Role;

use crate::support::app::{Client, PASSWORD, Reply, TestApp, credentials};
use crate::support::requests::{another_hospital, ask, submit};
use crate::support::shelf::{Bag, put_all};

both!(
    signs_in_looks_and_signs_out,
    a_wrong_sign_in_is_told_in_words_and_escaped,
    a_first_sign_in_asks_for_an_own_password,
    a_form_needs_its_token_and_its_site,
    pages_and_api_know_their_caller_each_in_one_way,
    the_switch_of_language_stays_with_the_person,
    every_role_has_a_first_page_in_both_languages,
    the_description_opens_for_a_browser_that_is_signed_in,
    assets_are_kept_for_good_and_others_are_not_found,
    problems_outside_the_api_are_pages,
    a_request_goes_from_page_to_page_without_a_script,
    what_is_warned_of_and_what_no_road_leads_to_is_told_and_asked_why,
    a_second_line_is_asked_for_on_the_same_page,
    a_page_offers_each_its_own_steps_and_refuses_the_others,
    a_form_that_comes_twice_asks_once,
    own_sign_ins_are_seen_and_ended_by_page,
);

/// A browser: keeps cookies, sends them and the origin.
pub struct Browser {
    client: Client,
    pub origin: String,
    cookies: BTreeMap<String, String>,
    pub language: &'static str,
}

impl Browser {
    pub fn new(app: &TestApp) -> Self {
        Self { client: app.anonymous(), origin: app.url(), cookies: BTreeMap::new(), language: "en" }
    }

    pub fn send(&mut self, method: &str, path: &str, more: &[(&str, &str)], form: Option<String>) -> Reply {
        let line: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let line = line.join("; ");
        let mut headers = vec![("accept", "text/html"), ("accept-language", self.language)];
        if !line.is_empty() {
            headers.push(("cookie", &line));
        }
        if form.is_some() {
            headers.push(("content-type", "application/x-www-form-urlencoded"));
        }
        headers.extend_from_slice(more);
        let reply = self.client.send(method, path, &headers, form.map(String::into_bytes));
        for cookie in set_cookies(&reply) {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }

    pub fn get(&mut self, path: &str) -> Reply {
        self.send("GET", path, &[], None)
    }

    /// Sends a form of the first page, as that page would.
    pub fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let token = token(&self.get("/"));
        let origin = self.origin.clone();
        self.send("POST", path, &[("origin", &origin)], Some(form(&token, fields)))
    }

    /// Sends a form with a file, as a page would.
    pub fn upload(&mut self, path: &str, fields: &[(&str, &str)], file: &[u8]) -> Reply {
        let token = token(&self.get("/"));
        let origin = self.origin.clone();
        self.send_parts(path, &[("origin", &origin)], &[&[("csrf", token.as_str())], fields].concat(), file)
    }

    pub fn send_parts(
        &mut self,
        path: &str,
        more: &[(&str, &str)],
        fields: &[(&str, &str)],
        file: &[u8],
    ) -> Reply {
        let named = |name: &str| format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"");
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend(format!("{}\r\n\r\n{value}\r\n", named(name)).into_bytes());
        }
        body.extend(format!("{}; filename=\"a.csv\"\r\n\r\n", named("file")).into_bytes());
        body.extend(file);
        body.extend(b"\r\n--x--\r\n");
        let line: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let line = line.join("; ");
        let mut headers =
            vec![("accept", "text/html"), ("accept-language", self.language), ("cookie", &line)];
        headers.push(("content-type", "multipart/form-data; boundary=x"));
        headers.extend_from_slice(more);
        self.client.send("POST", path, &headers, Some(body))
    }

    pub fn sign_in(&mut self, username: &str) -> Reply {
        self.submit("/sign-in", &[("username", username), ("password", PASSWORD)])
    }
}

pub fn signed_in(app: &TestApp, role: Role) -> Browser {
    let mut browser = Browser::new(app);
    let reply = browser.sign_in(role.code());
    assert_eq!((reply.status, reply.headers["location"].to_str().unwrap()), (303, "/"), "{}", reply.text);
    browser
}

pub fn form(token: &str, fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
    fields
        .iter()
        .fold(format!("csrf={token}"), |body, (name, value)| format!("{body}&{name}={}", encode(value)))
}

pub fn token(page: &Reply) -> String {
    let after = page.text.split("name=\"csrf\" value=\"").nth(1).unwrap_or_else(|| panic!("{}", page.text));
    after.split('"').next().unwrap().to_owned()
}

fn set_cookies(reply: &Reply) -> Vec<String> {
    reply.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

fn signs_in_looks_and_signs_out(app: TestApp) {
    let mut browser = Browser::new(&app);
    let door = browser.get("/");
    assert_eq!(door.status, 200);
    assert!(door.text.contains("autocomplete=\"current-password\""));
    let reply = browser.sign_in("command");
    assert_eq!((reply.status, reply.headers["location"].to_str().unwrap()), (303, "/"));
    let cookies = set_cookies(&reply);
    let session = cookies.iter().find(|cookie| cookie.starts_with("session=")).unwrap();
    assert!(session.ends_with("; HttpOnly; SameSite=Strict; Path=/"), "{session}");
    assert!(cookies.iter().any(|cookie| cookie.starts_with("sign-in=;") && cookie.contains("Max-Age=0")));
    let first = browser.get("/");
    assert_eq!(first.status, 200);
    assert!(first.text.contains("action=\"/sign-out\"") && !first.text.contains("autocomplete"));
    assert_eq!(first.headers["cache-control"], "no-store");
    let held = browser.cookies["session"].clone();
    let out = browser.submit("/sign-out", &[]);
    assert_eq!(out.status, 303);
    assert!(!browser.cookies.contains_key("session"));
    browser.cookies.insert("session".into(), held);
    assert!(browser.get("/").text.contains("action=\"/sign-in\""), "the old cookie opens nothing");
}

fn a_wrong_sign_in_is_told_in_words_and_escaped(app: TestApp) {
    let mut browser = Browser::new(&app);
    let name = "<script>\"&";
    let reply = browser.submit("/sign-in", &[("username", name), ("password", "wrong")]);
    assert_eq!(reply.status, 401);
    assert!(!browser.cookies.contains_key("session"));
    assert!(reply.text.contains("The user name or the password is not correct"));
    assert!(!reply.text.contains("<script"), "{}", reply.text);
    assert!(!reply.text.contains("wrong\""), "a password is never shown again");
    browser.language = "ar";
    let reply = browser.submit("/sign-in", &[("username", "admin"), ("password", "wrong")]);
    assert!(reply.text.contains("role=\"alert\"") && reply.text.contains("value=\"admin\""));
    assert!(reply.text.contains("غير صحيحة"));
}

fn a_first_sign_in_asks_for_an_own_password(app: TestApp) {
    let user = json!({"username": "newcomer", "password": "a password to change", "role": "command"});
    app.client(Role::Admin).post("/api/v1/users", &user).expect(201);
    let mut browser = Browser::new(&app);
    let old = [("username", "newcomer"), ("password", "a password to change")];
    let asked = browser.submit("/sign-in", &old);
    assert_eq!(asked.status, 403);
    assert!(
        asked.text.contains("name=\"new_password\"") && asked.text.contains("autocomplete=\"new-password\"")
    );
    let with = |new| [old[0], old[1], ("new_password", new)];
    let short = browser.submit("/sign-in", &with("short"));
    assert_eq!(short.status, 422);
    assert!(short.text.contains("The password is too short") && short.text.contains("name=\"new_password\""));
    let same = browser.submit("/sign-in", &with("a password to change"));
    assert!(same.text.contains("The new password is the present one"));
    let good = browser.submit("/sign-in", &with("a password of my own"));
    assert_eq!(good.status, 303);
    assert!(browser.get("/").text.contains("action=\"/sign-out\""));
}

fn a_form_needs_its_token_and_its_site(app: TestApp) {
    let mut browser = Browser::new(&app);
    let good = token(&browser.get("/"));
    let fields = [("username", "admin"), ("password", PASSWORD)];
    let here = app.url();
    let refused = |browser: &mut Browser, headers: &[(&str, &str)], token: &str| {
        let reply = browser.send("POST", "/sign-in", headers, Some(form(token, &fields)));
        assert_eq!(reply.status, 403, "{headers:?} {token}: {}", reply.text);
        assert!(reply.text.contains("cross_site_refused"));
        assert!(!browser.cookies.contains_key("session"));
    };
    let other = token(&Browser::new(&app).get("/"));
    for token in ["", "00", other.as_str(), &good[2..]] {
        refused(&mut browser, &[("origin", &here)], token);
    }
    for headers in [
        &[][..],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", &here), ("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
    ] {
        refused(&mut browser, headers, &good);
    }
    // The token of before the sign-in is none of the session's, and another session's is neither.
    let mut command = signed_in(&app, Role::Command);
    let mut bank = signed_in(&app, Role::Bank);
    let of_bank = token(&bank.get("/"));
    for token in [good.as_str(), of_bank.as_str()] {
        let reply = command.send("POST", "/sign-out", &[("origin", &here)], Some(form(token, &[])));
        assert_eq!(reply.status, 403);
    }
    assert!(command.get("/").text.contains("action=\"/sign-out\""));
    let json = browser.send("POST", "/sign-in", &[("origin", &here), ("content-type", "text/plain")], None);
    assert_eq!(json.status, 415);
}

fn pages_and_api_know_their_caller_each_in_one_way(app: TestApp) {
    let mut browser = signed_in(&app, Role::Admin);
    let by_cookie = browser.send("GET", "/api/v1/units", &[], None);
    assert_eq!(by_cookie.problem(401), "unauthenticated");
    let granted = app.anonymous().post("/api/v1/sessions", &credentials("admin")).expect(201);
    let bearer = format!("Bearer {}", granted["access_token"].as_str().unwrap());
    let mut stranger = Browser::new(&app);
    let by_token = stranger.send("GET", "/", &[("authorization", &bearer)], None);
    assert!(by_token.text.contains("action=\"/sign-in\""));
    // A refresh token is no cookie, and a cookie no refresh token.
    stranger.cookies.insert("session".into(), granted["refresh_token"].as_str().unwrap().into());
    assert!(stranger.get("/").text.contains("action=\"/sign-in\""));
    let body = json!({"refresh_token": browser.cookies["session"]});
    assert_eq!(app.anonymous().post("/api/v1/sessions/refresh", &body).problem(401), "refresh_invalid");
}

fn the_switch_of_language_stays_with_the_person(app: TestApp) {
    let mut browser = signed_in(&app, Role::Command);
    assert!(browser.get("/").text.contains("<html lang=\"en\" dir=\"ltr\">"));
    let back = "/?component=plasma";
    let switched = browser.submit("/language", &[("lang", "ar"), ("back", back)]);
    assert_eq!((switched.status, switched.headers["location"].to_str().unwrap()), (303, back));
    assert!(set_cookies(&switched)[0].starts_with("lang=ar; HttpOnly; SameSite=Strict; Path=/"));
    assert!(browser.get("/").text.contains("<html lang=\"ar\" dir=\"rtl\">"));
    let mut elsewhere = signed_in(&app, Role::Command);
    assert!(elsewhere.get("/").text.contains("<html lang=\"ar\" dir=\"rtl\">"));
    let away = browser.submit("/language", &[("lang", "en"), ("back", "//evil.example/")]);
    assert_eq!(away.headers["location"], "/");
    let unknown = browser.submit("/language", &[("lang", "fr"), ("back", "/")]);
    assert_eq!(unknown.status, 422);
}

fn every_role_has_a_first_page_in_both_languages(app: TestApp) {
    for role in Role::ALL {
        let mut browser = signed_in(&app, *role);
        for (language, direction) in [("en", "ltr"), ("ar", "rtl")] {
            browser.language = language;
            let page = browser.get("/");
            assert_eq!(page.status, 200, "{role}: {}", page.text);
            assert!(page.text.contains(&format!("<html lang=\"{language}\" dir=\"{direction}\">")), "{role}");
            check(&page, language);
        }
    }
    let mut stranger = Browser::new(&app);
    for language in ["en", "ar"] {
        stranger.language = language;
        check(&stranger.get("/"), language);
    }
}

/// What holds for every page. `SHIRYAN_KEEP_PAGES` names a directory that is to hold each page that was looked at.
pub fn check(page: &Reply, language: &str) {
    if let Ok(dir) = std::env::var("SHIRYAN_KEEP_PAGES") {
        let test = std::thread::current().name().unwrap_or_default().replace("::", "-");
        let count = std::fs::read_dir(&dir).unwrap().count();
        std::fs::write(format!("{dir}/{test}-{count:03}-{language}.html"), &page.text).unwrap();
    }
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    for part in ["default-src 'none'", "style-src 'self'", "script-src 'self'", "form-action 'self'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"));
    assert_eq!(page.headers["referrer-policy"], "same-origin");
    assert_eq!(page.headers["content-language"], language);
    for never in
        [" style=", "<style", "<script", " onclick=", " onload=", "javascript:", "http://", "https://"]
    {
        assert!(!page.text.contains(never), "{never} in {}", page.text);
    }
    assert!(page.text.len() <= 60_000, "{} bytes", page.text.len());
    let words = words(&page.text);
    // A group as people write it changes sides unless it is isolated.
    for group in BloodGroup::ALL {
        let (ascii, label) = (group.label().replace('−', "-"), group.label());
        let is_raw = |word: &str| word == label || word == ascii || word == group.code();
        assert!(!words.split_whitespace().any(is_raw), "{group} is not isolated: {words}");
    }
    if language == "ar" {
        // The switch, the API's own name, letters of blood groups and what the laboratory writes so are all the Latin there is.
        for word in words.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()) {
            let known = ["English", "API", "O", "A", "B", "AB", "BB", "H", "RhD", "anti", "D", "CPD", "CPDA"]
                .contains(&word);
            assert!(known, "{word} in the Arabic page: {words}");
        }
    } else {
        let foreign: String = words.chars().filter(|c| ('\u{600}'..'\u{700}').contains(c)).collect();
        assert_eq!(foreign, "العربية", "{words}");
    }
    // A text that neither language has shows as its own id.
    for word in words.split_whitespace() {
        assert!(!(word.contains('-') && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')), "{word}");
    }
}

/// The text between the tags, without codes and what people wrote themselves, which are isolated.
fn words(html: &str) -> String {
    let body = html.split_once("<body>").unwrap().1;
    let body: String =
        body.split("<bdi").map(|part| part.split_once("</bdi>").map_or(part, |(_, rest)| rest)).collect();
    // An option cannot isolate: one whose value is an id holds a name that people gave.
    let is_id = |value: &str| {
        value.len() == 13 && value.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    let mut options = body.split("<option value=\"");
    let mut shown = options.next().unwrap().to_owned();
    for option in options {
        match option.split_once('"') {
            Some((value, rest)) if is_id(value) => {
                shown.push_str(rest.split_once("</option>").map_or(rest, |(_, rest)| rest));
            }
            _ => shown.push_str(&format!("<option value=\"{option}")),
        }
    }
    let mut inside = false;
    shown
        .chars()
        .map(|c| {
            inside = (inside || c == '<') && c != '>';
            if inside || c == '>' { ' ' } else { c }
        })
        .collect()
}

fn the_description_opens_for_a_browser_that_is_signed_in(app: TestApp) {
    let mut stranger = Browser::new(&app);
    assert_eq!(stranger.get("/api/v1/openapi.json").problem(401), "unauthenticated");
    let mut medic = signed_in(&app, Role::Medic);
    assert_eq!(medic.get("/api/v1/openapi.json").status, 200);
    assert_eq!(medic.get("/docs").headers["location"], "/api/docs/");
    assert_eq!(medic.get("/api/docs/").status, 200);
}

fn assets_are_kept_for_good_and_others_are_not_found(app: TestApp) {
    let mut browser = Browser::new(&app);
    let page = browser.get("/");
    let sheet = page.text.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let found = browser.get(sheet);
    assert_eq!(
        (found.status, found.headers["content-type"].to_str().unwrap()),
        (200, "text/css; charset=utf-8")
    );
    assert_eq!(found.headers["cache-control"], "public, max-age=31536000, immutable");
    assert!(!found.headers.contains_key("set-cookie"));
    assert!(found.text.len() <= 20_000);
    for gone in
        ["/assets/0000000000000000/base.css", &sheet.replace("base", "other"), "/assets/a/..%2fCargo.toml"]
    {
        assert_eq!(browser.get(gone).status, 404, "{gone}");
    }
}

fn problems_outside_the_api_are_pages(app: TestApp) {
    let mut browser = Browser::new(&app);
    for (language, title) in [("en", Lang::En), ("ar", Lang::Ar)] {
        browser.language = language;
        let page = browser.get("/nowhere");
        assert_eq!(
            (page.status, page.headers["content-type"].to_str().unwrap()),
            (404, "text/html; charset=utf-8")
        );
        assert!(page.text.contains(&texts::problem(title, shiryan_kernel::Code::NotFound).title));
    }
    let posted = browser.send("POST", "/", &[], None);
    assert_eq!((posted.status, posted.headers["allow"].to_str().unwrap()), (405, "GET"));
    assert_eq!(browser.get("/api/v1/nowhere").problem(404), "not_found");
}

const REQUEST: [(&str, &str); 10] = [
    ("patient", "P-17"),
    ("blood_group", "a_neg"),
    ("group_evidence", "confirmed"),
    ("sex", ""),
    ("age_band", ""),
    ("component", "red_cells"),
    ("units", "2"),
    ("urgency", "urgent"),
    ("needed_at", ""),
    ("notes", "irradiated, please\r\nand soon"),
];

/// Where a form that was taken leads to.
pub fn led(reply: &Reply) -> String {
    assert_eq!(reply.status, 303, "{}", reply.text);
    reply.headers["location"].to_str().unwrap().to_owned()
}

/// Switches the language of whoever is signed in.
pub fn speak(browser: &mut Browser, language: &str) {
    led(&browser.submit("/language", &[("lang", language), ("back", "/")]));
}

/// Every value between two marks.
fn between<'a>(text: &'a str, open: &str, close: char) -> Vec<&'a str> {
    text.split(open).skip(1).map(|rest| rest.split(close).next().unwrap()).collect()
}

/// So many bags of red cells, O−, on the blood bank's shelf.
fn shelf(app: &TestApp, bags: u32) {
    put_all(app, (1..=bags).map(|sequence| Bag::new(app, sequence)).collect());
}

fn a_request_goes_from_page_to_page_without_a_script(app: TestApp) {
    shelf(&app, 3);
    let (mut hospital, mut bank) = (signed_in(&app, Role::Hospital), signed_in(&app, Role::Bank));
    check(&hospital.get("/requests/new"), "en");
    let page = led(&hospital.submit("/requests/new", &REQUEST));
    let list = bank.get("/requests");
    assert!(list.text.contains(&format!("href=\"{page}\"")), "{}", list.text);
    assert_eq!(led(&bank.submit(&format!("{page}/accept"), &[])), page);

    let offered = bank.get(&page).text;
    let units = between(&offered, "type=\"checkbox\" name=\"", '"');
    assert_eq!((units.len(), offered.matches(" checked").count()), (3, 2));
    let ticked: Vec<(&str, &str)> = units.iter().take(2).map(|unit| (*unit, "on")).collect();
    led(&bank.submit(&format!("{page}/reserve"), &ticked));
    led(&bank.submit(&format!("{page}/issue"), &[]));

    let issued = hospital.get(&page).text;
    let rows = between(&issued, "<th scope=\"row\"><bdi class=\"code\" dir=\"ltr\">", '<');
    assert_eq!(rows.len(), 2, "{issued}");
    led(&hospital.submit(&format!("{page}/receive"), &[("dins", &rows.join("\r\n"))]));
    let arrived = hospital.get(&page).text;
    let own = between(&arrived, "name=\"unit.", '"');
    assert_eq!(own.len(), 4, "two steps for each of two units: {arrived}");
    led(&hospital.submit(&format!("{page}/transfused"), &[(&format!("unit.{}", own[0]), "on")]));
    led(&hospital
        .submit(&format!("{page}/returned"), &[(&format!("unit.{}", own[2]), "on"), ("minutes", "10")]));
    led(&bank.submit(&format!("{page}/take-back"), &[(&format!("unit.{}", own[2]), "on")]));

    for browser in [&mut hospital, &mut bank] {
        for language in ["ar", "en"] {
            led(&browser.submit("/language", &[("lang", language), ("back", "/")]));
            for page in [page.as_str(), "/requests", "/requests?state=received", "/requests?state=open"] {
                check(&browser.get(page), language);
            }
        }
    }
    assert!(hospital.get(&page).text.contains("irradiated, please"));
}

fn what_is_warned_of_and_what_no_road_leads_to_is_told_and_asked_why(app: TestApp) {
    shelf(&app, 2);
    let (mut hospital, mut bank) = (signed_in(&app, Role::Hospital), signed_in(&app, Role::Bank));
    let mut positive = REQUEST;
    positive[1].1 = "o_pos";
    positive[6].1 = "1";
    let page = led(&hospital.submit("/requests/new", &positive));
    led(&bank.submit(&format!("{page}/accept"), &[]));
    let offered = bank.get(&page).text;
    assert_eq!(offered.matches(" checked").count(), 0, "what is warned of is ticked by nobody but a person");
    let unit = between(&offered, "type=\"checkbox\" name=\"", '"')[0].to_owned();
    let refused = bank.submit(&format!("{page}/reserve"), &[(unit.as_str(), "on"), ("reason", " ")]);
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(refused.text.contains("role=\"alert\"") && refused.text.contains("name=\"reason\""));
    led(&bank.submit(&format!("{page}/reserve"), &[(unit.as_str(), "on"), ("reason", "nothing positive")]));
    assert!(bank.get(&page).text.contains("<bdi>nothing positive</bdi>"));
    assert!(!hospital.get(&page).text.contains("nothing positive"));

    let far = another_hospital(&app, Governorate::Jericho, "far_hospital");
    let beyond = format!("/requests/{}", submit(&far, &ask(1)));
    led(&bank.submit(&format!("{beyond}/accept"), &[]));
    for other in ["PS-RBH", "PS-SLT"] {
        let form = serde_json::json!({"governorate": "PS-JRH", "other": other});
        app.client(Role::Command).post("/api/v1/closures", &form).expect(201);
    }
    for language in ["ar", "en"] {
        speak(&mut bank, language);
        check(&bank.get(&page), language);
        check(&bank.get(&beyond), language);
        check(&bank.get(&format!("{beyond}?across=1")), language);
    }
    assert!(!bank.get(&beyond).text.contains("type=\"checkbox\""), "no road, no unit");
    let across = bank.get(&format!("{beyond}?across=1")).text;
    let unit = between(&across, "type=\"checkbox\" name=\"", '"')[0].to_owned();
    let why = [(unit.as_str(), "on"), ("across", "on"), ("reason", "an escorted ambulance")];
    assert_eq!(bank.submit(&format!("{beyond}/reserve"), &why[..2]).status, 422);
    led(&bank.submit(&format!("{beyond}/reserve"), &why));
}

fn a_second_line_is_asked_for_on_the_same_page(app: TestApp) {
    let mut hospital = signed_in(&app, Role::Hospital);
    let with = |component, units| {
        let mut form = REQUEST.to_vec();
        form.extend([("more_component", component), ("more_units", units)]);
        form
    };
    for (component, units) in [("plasma", ""), ("plasma", "41"), ("red_cells", "2")] {
        let refused = hospital.submit("/requests/new", &with(component, units));
        assert_eq!(refused.status, 422, "{component} {units}: {}", refused.text);
        check(&refused, "en");
        assert!(refused.text.contains("aria-invalid"), "{}", refused.text);
    }
    assert_eq!(led(&hospital.submit("/requests/new", &with("plasma", "3"))), "/requests");
    let listed = app.client(Role::Hospital).get("/api/v1/requests").expect(200);
    let mut asked: Vec<_> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["component"].to_string(), one["units"]["asked"].as_i64().unwrap()))
        .collect();
    asked.sort();
    assert_eq!(asked, [("\"plasma\"".to_owned(), 3), ("\"red_cells\"".to_owned(), 2)]);
}

fn a_page_offers_each_its_own_steps_and_refuses_the_others(app: TestApp) {
    shelf(&app, 1);
    let (mut hospital, mut bank) = (signed_in(&app, Role::Hospital), signed_in(&app, Role::Bank));
    let page = led(&hospital.submit("/requests/new", &REQUEST));
    let steps = |browser: &mut Browser| -> Vec<String> {
        let html = browser.get(&page).text;
        between(&html, &format!("action=\"{page}/"), '"').iter().map(|step| (*step).to_owned()).collect()
    };
    assert_eq!(steps(&mut hospital), ["cancel"]);
    assert_eq!(steps(&mut bank), ["accept", "refuse"]);
    assert!(steps(&mut signed_in(&app, Role::Physician)).is_empty());
    let mut man = REQUEST;
    man[3].1 = "male";
    man[4].1 = "over_50";
    let opened = led(&hospital.submit("/requests/new", &man));
    let mut physician = signed_in(&app, Role::Physician);
    let said = [("no_anti_d", "on"), ("not_chronic", "on"), ("reason", "bleeding")];
    let policy = format!("{opened}/rhd-policy");
    assert_eq!(physician.submit(&policy, &said[1..]).status, 409, "one box is not ticked");
    led(&physician.submit(&policy, &said));
    let shown = hospital.get(&opened).text;
    assert!(shown.contains("bleeding") && shown.contains("<bdi>physician</bdi>"), "{shown}");
    check(&physician.get(&opened), "en");
    for role in [Role::Admin, Role::Command, Role::Medic] {
        assert_eq!(signed_in(&app, role).get(&page).status, 403, "{role}");
        assert_eq!(signed_in(&app, role).get("/requests").status, 403, "{role}");
    }
    assert_eq!(bank.get("/requests/new").status, 403);
    assert_eq!(hospital.submit(&format!("{page}/accept"), &[]).status, 403);
    assert_eq!(bank.submit(&format!("{page}/cancel"), &[]).status, 403);
    assert_eq!(bank.submit(&format!("{page}/burn"), &[]).status, 404);
    assert_eq!(bank.get("/requests/0").status, 404);
    assert_eq!(bank.get("/requests?state=lost").status, 422);

    // What cannot be is told above the request, which stays as it was.
    let early = bank.submit(&format!("{page}/issue"), &[]);
    assert!((400..500).contains(&early.status) && early.text.contains("role=\"alert\""), "{}", early.text);
    let unsaid = bank.submit(&format!("{page}/refuse"), &[("reason", "because")]);
    assert_eq!(unsaid.status, 422, "{}", unsaid.text);
    assert_eq!(steps(&mut bank), ["accept", "refuse"]);

    // A form at fault comes back with what was written in it.
    let mut wrong = REQUEST;
    wrong[6].1 = "41";
    wrong[0].1 = "";
    let again = hospital.submit("/requests/new", &wrong);
    assert_eq!(again.status, 422, "{}", again.text);
    assert!(again.text.contains("value=\"41\"") && again.text.contains("irradiated, please"));
    assert_eq!(again.text.matches("aria-invalid").count(), 1, "the patient; units are read once he is named");

    led(&bank.submit(&format!("{page}/refuse"), &[("reason", "nothing_fits")]));
    assert!(steps(&mut bank).is_empty() && steps(&mut hospital).is_empty());
}

fn a_form_that_comes_twice_asks_once(app: TestApp) {
    let mut hospital = signed_in(&app, Role::Hospital);
    let token = token(&hospital.get("/requests/new"));
    let origin = hospital.origin.clone();
    let mut press = |fields: &[(&str, &str)]| {
        led(&hospital.send("POST", "/requests/new", &[("origin", &origin)], Some(form(&token, fields))))
    };
    let first = press(&REQUEST);
    assert_eq!(first, press(&REQUEST));
    let mut other = REQUEST;
    other[6].1 = "3";
    assert_ne!(first, press(&other), "another request from the same page is another");
    assert_eq!(hospital.get("/requests").text.matches("href=\"/requests/0").count(), 2);
}

/// Every text that a template or a page names is there in both languages.
#[test]
fn every_text_of_a_page_is_there_in_both_languages() {
    let root = env!("CARGO_MANIFEST_DIR");
    let mut sources = Vec::new();
    for entry in std::fs::read_dir(format!("{root}/templates")).unwrap() {
        sources.push(std::fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    for room in std::fs::read_dir(format!("{root}/src")).unwrap() {
        let room = room.unwrap().path();
        sources.extend(std::fs::read_to_string(room.join("pages.rs")));
        for page in std::fs::read_dir(room.join("pages")).into_iter().flatten() {
            sources.push(std::fs::read_to_string(page.unwrap().path()).unwrap());
        }
    }
    let mut named = 0;
    for source in &sources {
        for call in [
            "text(\"",
            "count(\"",
            "with(\"",
            "Frame::of(house, visitor, \"",
            "Frame::of(&house, &visitor, \"",
        ] {
            for after in source.split(call).skip(1) {
                let id = after.split('"').next().unwrap();
                named += 1;
                for lang in Lang::ALL.iter().copied() {
                    assert!(texts::has(lang, id), "{lang:?} has no {id}");
                }
            }
        }
    }
    assert!(named > 20, "only {named} texts found");
    for role in Role::ALL {
        for lang in Lang::ALL.iter().copied() {
            assert!(texts::has(lang, &format!("role-{role}")));
        }
    }
}

fn own_sign_ins_are_seen_and_ended_by_page(app: TestApp) {
    let ends = |browser: &mut Browser| -> Vec<String> {
        let page = browser.get("/sign-ins");
        assert_eq!(page.status, 200, "{}", page.text);
        let forms = page.text.split("action=\"/sign-ins/").skip(1);
        forms.map(|rest| format!("/sign-ins/{}", rest.split('"').next().unwrap())).collect()
    };
    let (mut here, mut lost) = (signed_in(&app, Role::Medic), signed_in(&app, Role::Medic));
    let mut other = signed_in(&app, Role::Bank);
    // Nobody is offered the end of the sign-in that asks.
    let (of_here, of_lost) = (ends(&mut here), ends(&mut lost));
    let lost_end: Vec<&String> = of_here.iter().filter(|end| !of_lost.contains(end)).collect();
    assert_eq!(lost_end.len(), 1, "{of_here:?} {of_lost:?}");
    assert_eq!(other.submit(lost_end[0], &[]).status, 404);
    assert_eq!(lost.get("/").status, 200);
    led(&here.submit(lost_end[0], &[]));
    assert!(!ends(&mut here).contains(lost_end[0]));
    assert_eq!(lost.get("/sign-ins").status, 401);
    assert_eq!(here.submit(lost_end[0], &[]).status, 404);
}
