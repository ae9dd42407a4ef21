//! Each operation that names an object in its address: which object, whom it is kept from, and a body that it takes.

use serde_json::{Value, json};
use shiryan_kernel::role::Role::{self, Admin, Bank, Command, Hospital, Medic, Physician};

use super::world::{Object, World};
use crate::driveday;
use crate::support::shelf::din;

/// To whom of a role an object is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// To medics of its unit.
    Unit,
    /// To its hospital.
    Hospital,
    /// To its blood bank, and no other.
    Shelf,
    /// To the blood banks of its region.
    Region,
    /// To the one person whose it is.
    Person,
    /// To nobody of the role.
    Never,
    /// To the whole role, and why.
    House(&'static str),
}

use Reach::{House, Never, Person, Region, Shelf, Unit};

pub struct Row {
    pub method: &'static str,
    pub path: &'static str,
    pub object: Object,
    pub reach: &'static [(Role, Reach)],
    pub body: fn(&World) -> Value,
}

const fn get(path: &'static str, object: Object, reach: &'static [(Role, Reach)]) -> Row {
    Row { method: "GET", path, object, reach, body: |_| Value::Null }
}

const fn post(
    path: &'static str,
    object: Object,
    reach: &'static [(Role, Reach)],
    body: fn(&World) -> Value,
) -> Row {
    Row { method: "POST", path, object, reach, body }
}

const REGISTER: Reach =
    House("the register is one for the whole force; each opening of an identity is recorded");
const DRIVES: Reach = House("a blood bank collects wherever a drive is");
const SEEN: Reach = House("whoever plans for the whole force sees each drive's day");
const MEDICINE: Reach = House("a physician answers for the whole house");
const ADMINISTRATION: Reach = House("an administrator keeps accounts and places of the whole house");
const PLANNED: Reach = House("day and governorate are told to all who plan; place and title are left out");
const COMMANDS: Reach = House("command plans for the whole force");
const REVIEWS: Reach = House("who may be one person is settled over the whole register, by two people");
const ROADS: Reach = House("a road has two ends: whichever blood bank learns of it says so");

const OF_DONOR: &[(Role, Reach)] =
    &[(Medic, Unit), (Admin, REGISTER), (Bank, REGISTER), (Physician, REGISTER)];
const OF_DRIVE: &[(Role, Reach)] =
    &[(Medic, Unit), (Bank, DRIVES), (Admin, SEEN), (Command, SEEN), (Physician, SEEN)];
const OF_VISIT: &[(Role, Reach)] = &[(Medic, Unit), (Bank, DRIVES), (Physician, MEDICINE)];
const RUN_ACTIVITY: &[(Role, Reach)] = &[(Medic, Unit), (Command, COMMANDS), (Admin, ADMINISTRATION)];
const SEE_ACTIVITY: &[(Role, Reach)] =
    &[(Medic, PLANNED), (Command, PLANNED), (Admin, PLANNED), (Bank, PLANNED), (Physician, PLANNED)];
/// What is kept from administrators, and from nobody else who runs activities.
const RUN_HOME_VISIT: &[(Role, Reach)] = &[(Medic, Unit), (Command, COMMANDS), (Admin, Never)];
const OWN: &[(Role, Reach)] = &[
    (Admin, Person),
    (Command, Person),
    (Medic, Person),
    (Hospital, Person),
    (Bank, Person),
    (Physician, Person),
];
const OF_ASKED: &[(Role, Reach)] = &[
    (Admin, Person),
    (Medic, Person),
    (Bank, Person),
    (Physician, House("each physician may decide what somebody else asks")),
];
const OF_ASKED_MERGE: &[(Role, Reach)] =
    &[(Admin, Never), (Medic, Never), (Bank, REVIEWS), (Physician, REVIEWS)];
const OF_PAIR: &[(Role, Reach)] = &[(Bank, REVIEWS), (Physician, REVIEWS)];
const OF_SHELF: &[(Role, Reach)] = &[(Bank, Shelf), (Physician, MEDICINE)];
const OF_BED: &[(Role, Reach)] = &[(Hospital, Reach::Hospital)];
const OF_REQUEST: &[(Role, Reach)] = &[(Hospital, Reach::Hospital), (Bank, Region), (Physician, MEDICINE)];
const OF_INCIDENT: &[(Role, Reach)] = &[(Bank, Region), (Command, COMMANDS)];
const OF_CLOSURE: &[(Role, Reach)] = &[(Bank, ROADS), (Command, COMMANDS)];
const OF_SCENARIO: &[(Role, Reach)] = &[
    (Command, House("a scenario says what might be, of nobody and nowhere's shelf")),
    (Bank, House("a scenario says what might be, of nobody and nowhere's shelf")),
];
const OF_HOUSE: &[(Role, Reach)] = &[(Admin, ADMINISTRATION), (Physician, MEDICINE)];

const NOTHING: fn(&World) -> Value = |_| json!({});
const REASON: fn(&World) -> Value = |_| json!({"reason": "خطأ في الإدخال"});
const NOTE: fn(&World) -> Value = |_| json!({"note": "كما رُئي"});

/// Those of a later row may stand on what an earlier one left. A new operation with an object is a new row.
pub const ROWS: &[Row] = &[
    post("/users/{id}/address", Object::User, OF_HOUSE, |_| json!({"email": "a@example.org"})),
    post("/users/{id}/reset", Object::User, OF_HOUSE, |_| json!({"password": "five olive trees"})),
    post("/users/{id}/disable", Object::User, OF_HOUSE, NOTHING),
    post("/users/{id}/enable", Object::User, OF_HOUSE, NOTHING),
    Row {
        method: "DELETE",
        path: "/sessions/{id}",
        object: Object::Session,
        reach: OWN,
        body: |_| Value::Null,
    },
    get("/jobs/{id}", Object::Job, OWN),
    post("/messages/{id}/retry", Object::Message, OF_HOUSE, NOTHING),
    post("/facilities/{id}/location", Object::Facility, OF_HOUSE, |_| json!({"location": null})),
    post("/policies/{id}/preview", Object::Policy, OF_HOUSE, NOTHING),
    post("/policies/{id}/adopt", Object::Policy, OF_HOUSE, REASON),
    // Donors.
    get("/donors/{id}", Object::Donor, OF_DONOR),
    Row {
        method: "PATCH",
        path: "/donors/{id}",
        object: Object::Donor,
        reach: OF_DONOR,
        body: |_| json!({"weight_kg": 84.0}),
    },
    post("/donors/{id}/identity", Object::Donor, OF_DONOR, |_| json!({"purpose": "contact"})),
    post(
        "/donors/{id}/consents",
        Object::Donor,
        OF_DONOR,
        |world| json!({"kind": "contact", "given": true, "way": "spoken", "on": world.app.house.today()}),
    ),
    get("/donors/{id}/consents", Object::Donor, OF_DONOR),
    post(
        "/donors/{id}/antigens",
        Object::Donor,
        OF_DONOR,
        |world| json!({"typed_on": world.app.house.today(), "results": [{"antigen": "fy1", "present": true}]}),
    ),
    get("/donors/{id}/antigens", Object::Donor, OF_DONOR),
    post(
        "/donors/{id}/titres",
        Object::Donor,
        OF_DONOR,
        |world| json!({"anti_a": 16, "anti_b": 16, "measured_on": world.app.house.today(), "method": "gel_card"}),
    ),
    get("/donors/{id}/titres", Object::Donor, OF_DONOR),
    get("/donors/{id}/emergency-panel", Object::Donor, OF_DONOR),
    post(
        "/donors/{id}/typings",
        Object::Donor,
        OF_DONOR,
        |world| json!({"blood_group": "o_pos", "typed_on": world.app.house.today()}),
    ),
    get("/donors/{id}/typings", Object::Donor, OF_DONOR),
    post(
        "/donors/{id}/typings/resolve",
        Object::Donor,
        OF_DONOR,
        |world| json!({"wrong": [world.id(Object::Typing, Physician)], "reason": "عينة أخرى"}),
    ),
    get("/donors/{id}/eligibility", Object::Donor, OF_DONOR),
    get("/donors/{id}/deferrals", Object::Donor, OF_DONOR),
    post("/donors/{id}/deferrals", Object::Donor, OF_DONOR, |_| json!({"code": "TAT"})),
    get("/donors/{id}/givings", Object::Donor, OF_DONOR),
    post("/donors/{id}/allowances", Object::Donor, OF_DONOR, |_| json!({"code": "TAT", "reason": "رأي طبي"})),
    get("/donors/{id}/allowances", Object::Donor, OF_DONOR),
    get("/donors/{id}/decisions", Object::Donor, OF_DONOR),
    post("/donors/{id}/calls", Object::Donor, OF_DONOR, |_| json!({"outcome": "later"})),
    post("/donors/{id}/pause", Object::Donor, OF_DONOR, NOTHING),
    post("/donors/{id}/resume", Object::Donor, OF_DONOR, NOTHING),
    post("/donors/{id}/deceased", Object::Leaving, OF_DONOR, NOTHING),
    post("/donors/{id}/erase", Object::Leaving, OF_DONOR, |_| json!({"reason": "donor_asked"})),
    post("/donors/{id}/trace", Object::Erased, OF_DONOR, |_| json!({"purpose": "look_back"})),
    post(
        "/deferrals/{id}/correct",
        Object::Deferral,
        OF_DONOR,
        |world| json!({"code": "TAT", "base": world.app.house.today(), "reason": "إيصال"}),
    ),
    post("/deferrals/{id}/withdraw", Object::Deferral, OF_DONOR, REASON),
    post(
        "/deferrals/{id}/end",
        Object::Deferral,
        OF_DONOR,
        |world| json!({"ended_on": world.app.house.today()}),
    ),
    post(
        "/givings/{id}/correct",
        Object::Giving,
        OF_DONOR,
        |_| json!({"given_on": "2026-01-10", "donation_type": "whole_blood", "reason": "إيصال"}),
    ),
    post("/donations/{id}/information", Object::Donation, OF_DONOR, NOTHING),
    post("/donations/{id}/links", Object::Donation, OF_DONOR, NOTHING),
    post("/broken-glass/{id}/review", Object::Glass, OF_HOUSE, |_| json!({"finding": "كان لازمًا"})),
    // What needs two people.
    get("/approvals/{id}", Object::Approval, OF_ASKED),
    post("/approvals/{id}/approve", Object::Approval, OF_ASKED, NOTHING),
    post("/approvals/{id}/refuse", Object::Approval, OF_ASKED, NOTHING),
    get("/approvals/{id}", Object::MergeApproval, OF_ASKED_MERGE),
    post("/approvals/{id}/approve", Object::MergeApproval, OF_ASKED_MERGE, NOTHING),
    post("/approvals/{id}/refuse", Object::MergeApproval, OF_ASKED_MERGE, NOTHING),
    post("/merges/{id}/undo", Object::Merge, OF_PAIR, REASON),
    post("/reviews/{id}/identities", Object::Review, OF_PAIR, NOTHING),
    post("/reviews/{id}/different", Object::Review, OF_PAIR, NOTHING),
    // Activities and the calendar.
    get("/activities/{id}", Object::Activity, SEE_ACTIVITY),
    get("/activities/{id}", Object::HomeVisit, SEE_ACTIVITY),
    get("/activities/{id}/links", Object::Activity, SEE_ACTIVITY),
    Row {
        method: "PATCH",
        path: "/activities/{id}",
        object: Object::Activity,
        reach: RUN_ACTIVITY,
        body: |_| json!({"title": "عمل آخر"}),
    },
    Row {
        method: "PATCH",
        path: "/activities/{id}",
        object: Object::HomeVisit,
        reach: RUN_HOME_VISIT,
        body: |_| json!({"title": "عمل آخر"}),
    },
    post(
        "/activities/{id}/links",
        Object::Activity,
        RUN_ACTIVITY,
        |world| json!({"kind": "follows", "to": world.id(Object::HomeVisit, Medic)}),
    ),
    post(
        "/activities/{id}/links/remove",
        Object::Activity,
        RUN_ACTIVITY,
        |world| json!({"to": world.id(Object::HomeVisit, Medic)}),
    ),
    get("/activities/{id}/people", Object::Activity, RUN_ACTIVITY),
    post(
        "/activities/{id}/people",
        Object::Activity,
        RUN_ACTIVITY,
        |world| json!({"donor": world.id(Object::Donor, Medic)}),
    ),
    post(
        "/activities/{id}/people/remove",
        Object::Activity,
        RUN_ACTIVITY,
        |world| json!({"donor": world.id(Object::Donor, Medic)}),
    ),
    post("/activities/{id}/approve", Object::Activity, RUN_ACTIVITY, NOTHING),
    post("/activities/{id}/start", Object::Activity, RUN_ACTIVITY, NOTHING),
    post("/activities/{id}/done", Object::Activity, RUN_ACTIVITY, NOTHING),
    post("/activities/{id}/cancel", Object::Activity, RUN_ACTIVITY, NOTHING),
    post("/activities/{id}/approve", Object::HomeVisit, RUN_HOME_VISIT, NOTHING),
    post("/activities/{id}/start", Object::HomeVisit, RUN_HOME_VISIT, NOTHING),
    post("/activities/{id}/done", Object::HomeVisit, RUN_HOME_VISIT, NOTHING),
    post("/activities/{id}/cancel", Object::HomeVisit, RUN_HOME_VISIT, NOTHING),
    post(
        "/units/{id}/absences",
        Object::Unit,
        RUN_ACTIVITY,
        |_| json!({"kind": "alert", "from": "2026-12-26", "until": "2026-12-27"}),
    ),
    get("/units/{id}/absences", Object::Unit, RUN_ACTIVITY),
    post("/absences/{id}/withdraw", Object::Absence, RUN_ACTIVITY, NOTHING),
    post("/calendar-feeds/{id}/end", Object::Feed, OWN, NOTHING),
    post("/closures/{id}/end", Object::Closure, OF_CLOSURE, NOTHING),
    post("/scenarios/{id}/end", Object::Scenario, OF_SCENARIO, NOTHING),
    // Drives.
    get("/drives/{id}", Object::Drive, OF_DRIVE),
    get("/drives/{id}/slots", Object::Drive, OF_DRIVE),
    get("/drives/{id}/appointments", Object::Drive, OF_DRIVE),
    get("/drives/{id}/waiting", Object::Drive, OF_DRIVE),
    get("/drives/{id}/messages", Object::Drive, OF_DRIVE),
    get("/drives/{id}/clashes", Object::Drive, OF_DRIVE),
    get("/drives/{id}/check-ins", Object::Drive, OF_DRIVE),
    get("/drives/{id}/reactions", Object::Drive, OF_DRIVE),
    get("/drives/{id}/board", Object::Drive, OF_DRIVE),
    get("/drives/{id}/dins", Object::Drive, OF_DRIVE),
    get("/drives/{id}/outcome", Object::DoneDrive, OF_DRIVE),
    post("/drives/{id}/roster", Object::Drive, OF_DRIVE, |_| json!({"purpose": "check_in"})),
    post("/drives/{id}/copy", Object::Drive, OF_DRIVE, |_| json!({"date": "2026-12-15"})),
    post("/drives/{id}/publish", Object::Drive, OF_DRIVE, NOTHING),
    post("/drives/{id}/invitations", Object::Drive, OF_DRIVE, |_| json!({"blood_groups": [], "most": 5})),
    post(
        "/drives/{id}/appointments",
        Object::Drive,
        OF_DRIVE,
        |world| json!({"donor": world.id(Object::FreshDonor, Bank)}),
    ),
    post(
        "/drives/{id}/waiting",
        Object::Drive,
        OF_DRIVE,
        |world| json!({"donor": world.id(Object::FreshDonor, Bank)}),
    ),
    post(
        "/drives/{id}/links",
        Object::Drive,
        OF_DRIVE,
        |world| json!({"donor": world.id(Object::FreshDonor, Bank)}),
    ),
    post(
        "/drives/{id}/check-ins",
        Object::Drive,
        OF_DRIVE,
        |world| json!({"donor": world.id(Object::FreshDonor, Bank), "identity": driveday::shown()}),
    ),
    post(
        "/drives/{id}/preparation",
        Object::Drive,
        OF_DRIVE,
        |world| json!({"physician": world.id(Object::Physician, Bank), "meter": "HB-1", "passed": true}),
    ),
    post(
        "/drives/{id}/laboratory-clock",
        Object::Drive,
        OF_DRIVE,
        |_| json!({"cut_off_at": "2026-12-01T12:00:00Z", "travel_minutes": 60}),
    ),
    get("/drives/{id}/laboratory-clock", Object::Drive, OF_DRIVE),
    post("/drives/{id}/arrival", Object::Drive, OF_DRIVE, NOTHING),
    post(
        "/drives/{id}/dins",
        Object::Drive,
        OF_DRIVE,
        |_| json!({"first": din(800).to_string(), "count": 3}),
    ),
    post("/drives/{id}/dins/spoil", Object::Drive, OF_DRIVE, |_| json!({"din": din(800).to_string()})),
    post("/visits/{id}/screening", Object::Visit, OF_VISIT, |world| {
        driveday::screening(world.app, "male", &[])
    }),
    get("/visits/{id}/screening", Object::Visit, OF_VISIT),
    post("/visits/{id}/consent", Object::Visit, OF_VISIT, |_| json!({"use_blood": true})),
    post("/visits/{id}/collection", Object::Visit, OF_VISIT, |world| driveday::drawing(world.app, 801)),
    post(
        "/visits/{id}/reactions",
        Object::Visit,
        OF_VISIT,
        |world| json!({"kind": "vasovagal", "grade": "mild", "began_at": world.app.house.db.now()}),
    ),
    post("/visits/{id}/depart", Object::Visit, OF_VISIT, NOTHING),
    post("/visits/{id}/leave", Object::Visit, OF_VISIT, NOTHING),
    post("/reactions/{id}/called", Object::Reaction, OF_VISIT, NOTHING),
    post("/appointments/{id}/links", Object::Appointment, OF_DRIVE, |_| json!({"verb": "cancel"})),
    post("/appointments/{id}/accept", Object::Appointment, OF_DRIVE, NOTHING),
    post(
        "/appointments/{id}/move",
        Object::Appointment,
        OF_DRIVE,
        |world| json!({"slot": world.id(Object::Slot, Bank)}),
    ),
    post(
        "/appointments/{id}/swap",
        Object::Appointment,
        OF_DRIVE,
        |world| json!({"with": world.id(Object::OtherAppointment, Bank)}),
    ),
    post("/appointments/{id}/cancel", Object::Appointment, OF_DRIVE, NOTHING),
    post("/waiting/{id}/leave", Object::Waiting, OF_DRIVE, NOTHING),
    post(
        "/blueprints/{id}/drives",
        Object::Blueprint,
        OF_DRIVE,
        |_| json!({"first": "2026-12-20", "last": "2026-12-26", "weekdays": ["tuesday"]}),
    ),
    post("/blueprints/{id}/end", Object::EndingBlueprint, OF_DRIVE, NOTHING),
    post("/drives/{id}/close", Object::Drive, OF_DRIVE, NOTHING),
    post("/drives/{id}/reopen", Object::Drive, OF_DRIVE, NOTHING),
    post("/drives/{id}/close-out", Object::Drive, OF_DRIVE, NOTHING),
    post("/drives/{id}/cancel", Object::Drive, OF_DRIVE, NOTHING),
    // Blood.
    get("/stock/units/{id}", Object::BloodUnit, OF_SHELF),
    post(
        "/stock/units/{id}/attributes",
        Object::BloodUnit,
        OF_SHELF,
        |_| json!({"attributes": ["irradiated"]}),
    ),
    post(
        "/stock/units/{id}/divide",
        Object::BloodUnit,
        OF_SHELF,
        |_| json!({"parts": [{"component": "red_cells", "volume_ml": 100}]}),
    ),
    post("/stock/units/{id}/release", Object::BloodUnit, OF_SHELF, |_| json!({"blood_group": "a_neg"})),
    post(
        "/stock/units/{id}/untested-issue",
        Object::UntestedUnit,
        OF_SHELF,
        |world| json!({"request": world.id(Object::Request, Physician), "reason": "نزف", "rapid_tests": []}),
    ),
    post("/stock/units/{id}/block", Object::BloodUnit, OF_SHELF, |_| json!({"reason": "damaged"})),
    post("/stock/units/{id}/clear", Object::BloodUnit, OF_SHELF, NOTE),
    post("/stock/units/{id}/discard", Object::BloodUnit, OF_SHELF, |_| json!({"reason": "damaged"})),
    post("/stock/units/{id}/correct", Object::BloodUnit, OF_SHELF, NOTE),
    post("/stock/units/{id}/transfused", Object::IssuedUnit, OF_BED, NOTHING),
    post("/stock/units/{id}/returned", Object::IssuedUnit, OF_BED, |_| json!({"minutes_out_of_control": 5})),
    post("/stock/units/{id}/discarded", Object::IssuedUnit, OF_BED, |_| json!({"reason": "damaged"})),
    post(
        "/stock/units/{id}/harm",
        Object::IssuedUnit,
        OF_BED,
        |_| json!({"kind": "reaction", "note": "حمى"}),
    ),
    post("/stock/units/{id}/take-back", Object::IssuedUnit, OF_SHELF, NOTHING),
    get("/stock/counts/{id}", Object::Count, OF_SHELF),
    post(
        "/stock/counts/{id}/found",
        Object::Count,
        OF_SHELF,
        |world| json!({"units": [world.id(Object::Missed, Bank)]}),
    ),
    post(
        "/stock/counts/{id}/lost",
        Object::Count,
        OF_SHELF,
        |world| json!({"units": [world.id(Object::Missed, Bank)], "note": "مفقودة"}),
    ),
    post("/stock/strays/{id}/explain", Object::Stray, OF_SHELF, NOTE),
    get("/transfers/{id}", Object::Transfer, OF_SHELF),
    post(
        "/transfers/{id}/receive",
        Object::Transfer,
        OF_SHELF,
        |_| json!({"units": [{"din": din(5).to_string(), "component": "red_cells"}]}),
    ),
    post("/transfers/{id}/lost", Object::Transfer, OF_SHELF, NOTE),
    // Requests.
    get("/requests/{id}", Object::Request, OF_REQUEST),
    get("/requests/{id}/candidates", Object::Request, OF_REQUEST),
    post("/requests/{id}/accept", Object::Request, OF_REQUEST, NOTHING),
    post(
        "/requests/{id}/rhd-policy",
        Object::Request,
        OF_REQUEST,
        |_| json!({"has_anti_d": false, "is_transfused_chronically": false, "reason": "لا بديل"}),
    ),
    post(
        "/requests/{id}/reserve",
        Object::Request,
        OF_REQUEST,
        |world| json!({"units": [world.id(Object::Missed, Bank)]}),
    ),
    post(
        "/requests/{id}/emergency-issue",
        Object::Request,
        OF_REQUEST,
        |world| json!({"units": [world.id(Object::Missed, Bank)], "reason": "نزف"}),
    ),
    post(
        "/requests/{id}/free",
        Object::Request,
        OF_REQUEST,
        |world| json!({"units": [world.id(Object::Missed, Bank)]}),
    ),
    post("/requests/{id}/issue", Object::Request, OF_REQUEST, NOTHING),
    post("/requests/{id}/receive", Object::Request, OF_REQUEST, |_| json!({"dins": [din(6).to_string()]})),
    post("/requests/{id}/rest", Object::Request, OF_REQUEST, NOTHING),
    post("/requests/{id}/refuse", Object::Request, OF_REQUEST, |_| json!({"reason": "nothing_fits"})),
    post("/requests/{id}/cancel", Object::Request, OF_REQUEST, NOTHING),
    get("/packs/{id}", Object::Pack, OF_REQUEST),
    post("/packs/{id}/next", Object::Pack, OF_REQUEST, |_| json!({"round": 2})),
    post("/packs/{id}/stop", Object::Pack, OF_REQUEST, NOTHING),
    get("/standing-orders/{id}", Object::StandingOrder, OF_REQUEST),
    post("/standing-orders/{id}/pause", Object::StandingOrder, OF_REQUEST, NOTHING),
    post("/standing-orders/{id}/resume", Object::StandingOrder, OF_REQUEST, NOTHING),
    post("/standing-orders/{id}/end", Object::StandingOrder, OF_REQUEST, NOTHING),
    post("/emergency-issues/{id}/confirm", Object::EmergencyIssue, OF_SHELF, NOTHING),
    post("/emergency-issues/{id}/review", Object::EmergencyIssue, OF_SHELF, |_| json!({"finding": "مبرر"})),
    post("/untested-issues/{id}/authorise", Object::UntestedIssue, OF_SHELF, NOTHING),
    post("/untested-issues/{id}/check", Object::UntestedIssue, OF_BED, at_the_bed),
    post("/untested-issues/{id}/give", Object::UntestedIssue, OF_BED, at_the_bed),
    post("/untested-issues/{id}/follow-up", Object::UntestedIssue, OF_SHELF, NOTE),
    post("/untested-issues/{id}/withdraw", Object::UntestedIssue, OF_SHELF, NOTHING),
    post("/incidents/{id}/end", Object::Incident, OF_INCIDENT, NOTHING),
];

fn at_the_bed(_: &World) -> Value {
    json!({"din": din(9).to_string(), "patient": "CANARY-E-1"})
}
