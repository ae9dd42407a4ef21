//! What each line of the record says of the rows that it changed.

use std::collections::BTreeSet;

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::audit::{self, BARE, Line, Thing};
use shiryan::db::tables::{audit_lines, pars};
use shiryan::db::{Lane, Tx};
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::ids::{self, BloodUnitId};
use shiryan_kernel::role::Role;

use super::arrows::sources;
use super::support::app::TestApp;
use super::support::requests::{accepted, act, ask, bags, give_back, report, reserve};

both!(the_digest_in_a_line_is_that_of_the_rows_as_they_are, one_digest_stands_for_many_rows_in_one_order);

/// Actions whose lines say what things were and are.
const DIGESTED: &str = "
    accounts.address accounts.approval_asked accounts.approval_decided accounts.language accounts.link_made
    accounts.link_used accounts.password_changed accounts.recovery_code_used accounts.refresh_reused
    accounts.second_factor_begun accounts.second_factor_enrolled accounts.session_revoked accounts.signed_in
    accounts.signed_out accounts.user_disabled accounts.user_enabled accounts.user_made accounts.user_reset
    activities.absence_entered activities.absence_withdrawn activities.amended activities.approved
    activities.cancelled activities.done activities.linked activities.made activities.proposed activities.started
    activities.unlinked agenda.feed_ended agenda.feed_made
    donations.box_arrived donations.called donations.checked_in donations.clock_set donations.collected
    donations.consented donations.departed donations.din_spoilt donations.dins_handed_out donations.left
    donations.prepared donations.reaction donations.recorded donations.screened
    donors.amended donors.antigens_typed donors.calls_stopped donors.consent donors.erased donors.glass_broken
    donors.glass_reviewed donors.group_resolved donors.merge_undone donors.merged donors.messages_stopped
    donors.registered donors.review_opened donors.review_settled donors.standing donors.titred
    donors.traces_forgotten donors.typed
    drives.appointment_accepted drives.appointment_cancelled drives.appointment_kept drives.appointment_moved
    drives.blueprint_ended drives.blueprint_saved drives.booked drives.called drives.cancelled drives.closed
    drives.done drives.invited drives.made drives.place_offered drives.proposal_lapsed drives.published
    drives.reopened drives.waiting drives.waiting_left drives.walked_in duties.assigned duties.released
    eligibility.allowed eligibility.deferral_corrected eligibility.deferral_ended eligibility.deferral_withdrawn
    eligibility.deferred eligibility.giving_corrected jobs.queued laboratory.entered
    messages.queued messages.sent messages.tried_again messages.unsent
    places.facility_located places.facility_made places.month_sighted places.roads_closed places.roads_opened
    places.unit_made policies.adopted policies.founded projections.scenario_ended projections.scenario_saved
    requests.accepted requests.cancelled requests.emergency_asked requests.emergency_issued
    requests.emergency_reviewed requests.freed requests.harm_reported requests.incident_declared
    requests.incident_ended requests.issued requests.pack_round requests.pack_started requests.pack_stopped
    requests.received requests.refused requests.reported requests.reserved requests.rhd_policy
    requests.standing_damaged requests.standing_ended requests.standing_missed requests.standing_ordered
    requests.standing_paused requests.standing_resumed requests.submitted requests.taken_back
    requests.untested_asked requests.untested_authorised requests.untested_checked requests.untested_followed_up
    requests.untested_given requests.untested_withdrawn reserve.level_changed
    stock.arrived stock.blocked stock.cleared stock.confirmed stock.corrected stock.count_found stock.count_lost
    stock.counted stock.delivered stock.discarded stock.divided stock.lost stock.par_set stock.processed
    stock.released stock.sent stock.stray_explained";

/// Files whose lines take their action from elsewhere: imports and exports.
const BY_NAME: [&str; 2] = ["eligibility/export/mod.rs", "eligibility/import/tally.rs"];

/// Each text of the form `room.verb` with where it begins.
fn actions(text: &str) -> Vec<(usize, &str)> {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let quotes: Vec<usize> = text.match_indices('"').map(|(at, _)| at).collect();
    let between = quotes.windows(2).map(|pair| (pair[0], &text[pair[0] + 1..pair[1]]));
    between
        .filter(|(_, said)| {
            said.split_once('.').is_some_and(|(room, verb)| {
                is_word(room) && is_word(verb) && !["html", "toml"].contains(&verb)
            })
        })
        .collect()
}

#[test]
fn every_action_says_what_it_changed_or_why_not() {
    let bare: BTreeSet<&str> = BARE.iter().map(|(action, _)| *action).collect();
    let digested: BTreeSet<&str> = DIGESTED.split_whitespace().collect();
    assert_eq!(bare.intersection(&digested).next(), None);
    assert!(bare.len() == BARE.len() && BARE.iter().all(|(_, reason)| !reason.is_empty()));
    let rooms: BTreeSet<&str> =
        bare.union(&digested).map(|action| action.split_once('.').unwrap().0).collect();
    let (mut found, mut complaints) = (BTreeSet::new(), Vec::new());
    let sources = sources();
    for source in &sources {
        let of_record = |text: &str| text.contains("audit") || text.contains("Line::new");
        let is_told = !source.path.starts_with("settings") && of_record(&source.text);
        if !is_told || source.path == "audit/bare.rs" {
            continue;
        }
        let named = actions(&source.text);
        let own = named.iter().filter(|(_, action)| rooms.contains(action.split_once('.').unwrap().0));
        found.extend(own.map(|(_, action)| *action));
        for (at, _) in source.text.match_indices("audit::record(") {
            let near = named.iter().rfind(|(begins, _)| *begins < at + 160).map(|(_, action)| *action);
            if !near.is_some_and(|action| bare.contains(action)) && !BY_NAME.contains(&source.path.as_str()) {
                complaints.push(format!("{}: {near:?} says nothing of what it changed", source.path));
            }
        }
    }
    // Named as a whole beside their files.
    let named: BTreeSet<&str> =
        sources.iter().flat_map(|source| actions(&source.text)).map(|(_, a)| a).collect();
    found.extend(bare.iter().copied().filter(|action| named.contains(action)));
    let known: BTreeSet<&str> = bare.union(&digested).copied().collect();
    complaints.extend(found.difference(&known).map(|new| format!("{new}: in neither list")));
    complaints.extend(known.difference(&found).map(|old| format!("{old}: nobody writes it")));
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

static CLOSURE: Thing = Thing { name: "closure", tables: &[("closures", "id")] };
static PARS: Thing = Thing { name: "pars", tables: &[("pars", "facility")] };
static REQUEST: Thing =
    Thing { name: "request", tables: &[("blood_requests", "id"), ("reservations", "request")] };
static UNIT: Thing = Thing { name: "blood_unit", tables: &[("blood_units", "id")] };

/// The newest line of an action.
fn line_of(app: &TestApp, action: &'static str) -> Value {
    let detail: String = app
        .house
        .db
        .read_now(|conn| {
            let of = audit_lines::table.filter(audit_lines::action.eq(action)).order(audit_lines::id.desc());
            Ok(of.select(audit_lines::detail).first(conn)?)
        })
        .unwrap();
    serde_json::from_str(&detail).unwrap()
}

/// The digest of rows as they stand.
fn now(app: &TestApp, thing: &'static Thing, ids: &[i64]) -> Value {
    let (vault, ids) = (app.house.vault.clone(), ids.to_vec());
    let look = move |tx: &mut Tx| {
        let seen = audit::seen_all(tx.conn, &vault, thing, ids.iter().copied())?;
        seen.record(tx, &vault, Line::new(None, "test.looked"))
    };
    app.house.db.write_now(Lane::System, look).unwrap();
    line_of(app, "test.looked")["after"].clone()
}

/// Of a line the kinds of things and whether each was there before and is there after, having compared what is said to be
/// there with what is.
fn told(
    app: &TestApp,
    action: &'static str,
    things: &[(&'static Thing, &[i64])],
) -> Vec<(String, bool, bool)> {
    let line = line_of(app, action);
    let mut kinds = vec![line.clone()];
    kinds.extend(line["beside"].as_array().into_iter().flatten().cloned());
    assert_eq!(kinds.len(), things.len(), "{action}: {line}");
    for (kind, (thing, ids)) in kinds.iter().zip(things) {
        assert_eq!(kind["thing"], thing.name, "{action}");
        assert_eq!(kind["after"], now(app, thing, ids), "{action}: {}", thing.name);
        assert_ne!(kind["before"], kind["after"], "{action}: {}", thing.name);
    }
    let shape = |kind: &Value| {
        (kind["thing"].as_str().unwrap().to_owned(), kind["before"].is_string(), kind["after"].is_string())
    };
    kinds.iter().map(shape).collect()
}

fn id(text: &Value) -> i64 {
    ids::read(text.as_str().unwrap()).unwrap()
}

fn the_digest_in_a_line_is_that_of_the_rows_as_they_are(app: TestApp) {
    let (bank, hospital, command) =
        (app.client(Role::Bank), app.client(Role::Hospital), app.client(Role::Command));
    let one = |name: &str, before, after| vec![(name.to_owned(), before, after)];
    // Made, changed, removed.
    let closed = command.post("/api/v1/closures", &json!({"governorate": "PS-NBS"})).expect(201);
    let closure = [id(&closed["id"])];
    assert_eq!(told(&app, "places.roads_closed", &[(&CLOSURE, &closure)]), one("closure", false, true));
    command.post(&format!("/api/v1/closures/{}/end", closed["id"].as_str().unwrap()), &json!({})).expect(200);
    assert_eq!(told(&app, "places.roads_opened", &[(&CLOSURE, &closure)]), one("closure", true, true));
    let par = |units: Option<i32>| {
        let form = json!({"component": "red_cells", "blood_group": "o_neg", "units": units});
        hospital.post("/api/v1/stock/pars", &form).expect(200);
        told(&app, "stock.par_set", &[(&PARS, &[app.places.hospital.0])])
    };
    assert_eq!(par(Some(4)), one("pars", false, true));
    assert_eq!(par(Some(6)), one("pars", true, true));
    // A row that is written past the program is another one.
    let said = line_of(&app, "stock.par_set")["after"].clone();
    let write = |units: i32| {
        let set =
            move |tx: &mut Tx| Ok(diesel::update(pars::table).set(pars::units.eq(units)).execute(tx.conn)?);
        app.house.db.write_now(Lane::System, set).unwrap();
        now(&app, &PARS, &[app.places.hospital.0])
    };
    assert_ne!(write(7), said);
    assert_eq!(write(6), said);
    assert_eq!(par(None), one("pars", true, false));
    // Units, with the request for which they are held, issued and received.
    let id_of = |id: &str| [ids::read(id).unwrap()];
    let units: Vec<BloodUnitId> = bags(&app, BloodGroup::ANeg, 1, 2);
    let held: Vec<i64> = units.iter().map(|unit| unit.0).collect();
    let asked = accepted(&app, &ask(2));
    let request = id_of(&asked);
    assert_eq!(told(&app, "requests.accepted", &[(&REQUEST, &request)]), one("request", true, true));
    let both = vec![("request".to_owned(), true, true), ("blood_unit".to_owned(), true, true)];
    let things: [(&'static Thing, &[i64]); 2] = [(&REQUEST, &request), (&UNIT, &held)];
    reserve(&app, &asked, &units).expect(200);
    assert_eq!(told(&app, "requests.reserved", &things), both);
    act(&bank, &asked, "free", &json!({"units": units})).expect(200);
    assert_eq!(told(&app, "requests.freed", &things), both);
    reserve(&app, &asked, &units).expect(200);
    act(&bank, &asked, "issue", &json!({})).expect(200);
    assert_eq!(told(&app, "requests.issued", &things), both);
    let dins: Vec<String> = [1, 2].map(|n| super::support::shelf::din(n).to_string()).into();
    act(&hospital, &asked, "receive", &json!({"dins": dins})).expect(200);
    assert_eq!(told(&app, "requests.received", &things), both);
    give_back(&hospital, units[0], Some(30)).expect(200);
    assert_eq!(line_of(&app, "requests.reported")["after"], now(&app, &UNIT, &held[..1]));
    report(&bank, units[0], "take-back").expect(200);
    assert_eq!(told(&app, "requests.taken_back", &[(&UNIT, &held[..1])]), one("blood_unit", true, true));
}

fn one_digest_stands_for_many_rows_in_one_order(app: TestApp) {
    let units: Vec<i64> = bags(&app, BloodGroup::OPos, 1, 3).into_iter().map(|unit| unit.0).collect();
    let all = now(&app, &UNIT, &units);
    let turned: Vec<i64> = units.iter().rev().copied().chain([units[1]]).collect();
    assert_eq!(now(&app, &UNIT, &turned), all);
    assert_ne!(now(&app, &UNIT, &units[..2]), all);
    assert_ne!(now(&app, &UNIT, &units[..1]), now(&app, &UNIT, &units[1..2]));
    assert!(now(&app, &UNIT, &[1]).is_null() && now(&app, &UNIT, &[]).is_null());
}
