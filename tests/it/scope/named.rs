//! Each body and query that names an object: where it lies outside the scope of whoever sends it, the answer is the same as
//! for one that never was.

use serde_json::{Value, json};
use shiryan_kernel::role::Role::{self, Bank, Hospital, Medic, Physician};

use super::world::{Object, Stand, World};
use crate::driveday;
use crate::support::shelf::din;

/// Who may name what.
pub enum Names {
    /// `foreign` is named as if it never was; `own` is another matter.
    Scoped { by: (Role, Stand), foreign: Object, own: Object },
    /// Whoever may send it may name any, and why.
    Any(&'static str),
}

pub struct Row {
    pub method: &'static str,
    pub path: &'static str,
    /// As the description has it: `units[].din`; `?unit` of a query.
    pub field: &'static str,
    /// What the address names.
    pub at: Option<Object>,
    pub names: Names,
    /// The body, or the query as a text, with this id in that field.
    pub with: fn(&World, &str) -> Value,
}

type With = fn(&World, &str) -> Value;

const fn any(method: &'static str, path: &'static str, field: &'static str, why: &'static str) -> Row {
    Row { method, path, field, at: None, names: Names::Any(why), with: |_, _| Value::Null }
}

const fn of(
    (method, path, field): (&'static str, &'static str, &'static str),
    by: Role,
    (foreign, own): (Object, Object),
    at: Option<Object>,
    with: With,
) -> Row {
    Row { method, path, field, at, names: Names::Scoped { by: (by, Stand::Own), foreign, own }, with }
}

const FACILITIES: &str = "facilities are told to all who are signed in";
const PLANNED: &str = "day and governorate of each activity are told to all who plan";
const REGISTER: &str = "only bank and physician send it, to whom the whole register is open";
const MEDICINE: &str = "only physicians send it, who answer for the whole house";
const ADMINISTRATION: &str = "only administrators send it, who keep the whole house";
const SCENARIO: &str = "command and blood banks see every drive, unit and facility";
const UNIQUE: &str = "a number is given once in the whole house: that it is used is said whoever used it";
const HELD: &str = "a label is only compared with what is held for the request";
const SCANNED: &str =
    "what was scanned is written down as it stands on the label, and nothing else of it is told";

const UNITS: (Object, Object) = (Object::FarUnit, Object::Unit);
const OTHER_UNITS: (Object, Object) = (Object::FarUnit, Object::Battalion);
const DONORS: (Object, Object) = (Object::FarDonor, Object::FreshDonor);
const NUMBERS: (Object, Object) = (Object::FarNumber, Object::Number);

fn activity(unit: &str, others: &[&str]) -> Value {
    json!({"branch": "volunteering", "title": "عمل", "governorate": "PS-RBH", "unit": unit, "units": others,
        "starts_at": "2026-12-03T06:00:00Z", "ends_at": "2026-12-03T09:00:00Z", "facts": {"kind": "youth"}})
}

fn drive(unit: &str) -> Value {
    json!({"place": "قاعة", "governorate": "PS-RBH", "date": "2026-12-10", "from": "09:00", "to": "11:30",
        "slot_minutes": 30, "beds": 2, "unit": unit})
}

/// The same without its day.
fn shape(unit: &str) -> Value {
    let mut shape = drive(unit);
    shape.as_object_mut().unwrap().remove("date");
    shape
}

fn donor(id: &str) -> Value {
    json!({"donor": id})
}

fn donation(world: &World, donor: &str, drive: Option<&str>) -> Value {
    json!({"donor": donor, "donation_type": "whole_blood", "din": din(950), "volume_ml": 450, "drive": drive,
        "facility": world.app.places.bank, "collected_at": world.app.house.db.now() - chrono::Duration::minutes(5)})
}

fn label(number: &str) -> Value {
    json!([{"din": number, "component": "red_cells"}])
}

/// A later row may stand on what an earlier one left.
pub const ROWS: &[Row] = &[
    of(("POST", "/activities", "unit"), Medic, UNITS, None, |_, id| activity(id, &[])),
    of(("POST", "/activities", "units[]"), Medic, OTHER_UNITS, None, |world, id| {
        activity(&world.id(Object::Unit, Medic), &[id])
    }),
    of(
        ("PATCH", "/activities/{id}", "units[]"),
        Medic,
        OTHER_UNITS,
        Some(Object::Activity),
        |_, id| json!({"units": [id]}),
    ),
    any("POST", "/activities/{id}/links", "to", PLANNED),
    any("POST", "/activities/{id}/links/remove", "to", PLANNED),
    of(("POST", "/activities/{id}/people", "donor"), Medic, DONORS, Some(Object::Activity), |_, id| {
        donor(id)
    }),
    of(
        ("POST", "/activities/{id}/people/remove", "donor"),
        Medic,
        DONORS,
        Some(Object::Activity),
        |_, id| donor(id),
    ),
    of(("GET", "/activities/report", "?unit"), Medic, UNITS, None, |_, id| {
        json!(format!("from=2026-12-01&to=2026-12-31&unit={id}"))
    }),
    of(("GET", "/calendar", "?unit"), Medic, UNITS, None, |_, id| {
        json!(format!("from=2026-12-01&to=2026-12-07&unit={id}"))
    }),
    of(("POST", "/calendar-feeds", "unit"), Medic, UNITS, None, |_, id| json!({"unit": id})),
    // Drives.
    of(("POST", "/drives", "unit"), Medic, UNITS, None, |_, id| drive(id)),
    any("POST", "/drives", "facility", FACILITIES),
    of(("POST", "/drives/preview", "unit"), Medic, UNITS, None, |_, id| drive(id)),
    any("POST", "/drives/preview", "facility", FACILITIES),
    of(("POST", "/drives/series", "drive.unit"), Medic, UNITS, None, |_, id| {
        let days = json!({"first": "2026-12-20", "last": "2026-12-26", "weekdays": ["tuesday"]});
        json!({"drive": shape(id), "days": days})
    }),
    any("POST", "/drives/series", "drive.facility", FACILITIES),
    of(
        ("POST", "/blueprints", "drive.unit"),
        Medic,
        UNITS,
        None,
        |_, id| json!({"name": "مساء", "drive": shape(id)}),
    ),
    any("POST", "/blueprints", "drive.facility", FACILITIES),
    of(("POST", "/drives/{id}/appointments", "donor"), Medic, DONORS, Some(Object::FullDrive), |_, id| {
        donor(id)
    }),
    of(
        ("POST", "/drives/{id}/appointments", "slot"),
        Medic,
        (Object::FarSlot, Object::Slot),
        Some(Object::Drive),
        |world, id| json!({"donor": world.id(Object::FreshDonor, Medic), "slot": id}),
    ),
    of(("POST", "/drives/{id}/waiting", "donor"), Medic, DONORS, Some(Object::FullDrive), |_, id| donor(id)),
    of(("POST", "/drives/{id}/links", "donor"), Medic, DONORS, Some(Object::Drive), |_, id| donor(id)),
    of(
        ("POST", "/drives/{id}/check-ins", "donor"),
        Medic,
        DONORS,
        Some(Object::Drive),
        |_, id| json!({"donor": id, "identity": driveday::shown()}),
    ),
    of(
        ("POST", "/drives/{id}/preparation", "physician"),
        Medic,
        (Object::Command, Object::Physician),
        Some(Object::Drive),
        |_, id| json!({"physician": id, "meter": "HB-1", "passed": true}),
    ),
    of(
        ("POST", "/drives/{id}/dins/spoil", "din"),
        Medic,
        NUMBERS,
        Some(Object::Drive),
        |_, id| json!({"din": id}),
    ),
    of(
        ("POST", "/appointments/{id}/move", "slot"),
        Medic,
        (Object::FarSlot, Object::Slot),
        Some(Object::Appointment),
        |_, id| json!({"slot": id}),
    ),
    of(
        ("POST", "/appointments/{id}/swap", "with"),
        Medic,
        (Object::FarAppointment, Object::OtherAppointment),
        Some(Object::Appointment),
        |_, id| json!({"with": id}),
    ),
    // Donors.
    of(
        ("POST", "/donors", "unit"),
        Medic,
        UNITS,
        None,
        |_, id| json!({"first_name": "سامي", "family_name": "النجار", "sex": "male", "birth_date": "1994-05-20", "unit": id}),
    ),
    of(
        ("PATCH", "/donors/{id}", "unit"),
        Medic,
        OTHER_UNITS,
        Some(Object::Donor),
        |_, id| json!({"unit": id}),
    ),
    of(("GET", "/donors", "?unit"), Medic, UNITS, None, |_, id| json!(format!("unit={id}"))),
    of(("GET", "/calls/due", "?unit"), Medic, UNITS, None, |_, id| json!(format!("unit={id}"))),
    any(
        "POST",
        "/broken-glass",
        "donor",
        "that is what it is for: past the scope, with an alert and a review by another",
    ),
    of(("POST", "/donations", "donor"), Medic, DONORS, None, |world, id| donation(world, id, None)),
    of(("POST", "/donations", "drive"), Medic, (Object::FarDrive, Object::Drive), None, |world, id| {
        donation(world, &world.id(Object::FreshDonor, Medic), Some(id))
    }),
    any("POST", "/donations", "facility", FACILITIES),
    any("POST", "/donations", "din", UNIQUE),
    of(
        ("POST", "/donors/{id}/antigens", "results[].corrects"),
        Bank,
        (Object::FarAntigen, Object::Antigen),
        Some(Object::FreshDonor),
        |world, id| {
            let results = json!([{"antigen": "kel1", "present": true, "corrects": id}]);
            json!({"typed_on": world.app.house.today(), "results": results})
        },
    ),
    of(
        ("POST", "/donors/{id}/titres", "corrects"),
        Bank,
        (Object::FarTitre, Object::Titre),
        Some(Object::FreshDonor),
        |world, id| {
            json!({"anti_a": 16, "anti_b": 16, "measured_on": world.app.house.today(), "method": "gel_card",
                "corrects": id})
        },
    ),
    of(
        ("POST", "/donors/{id}/typings/resolve", "wrong[]"),
        Physician,
        (Object::FarTyping, Object::Typing),
        Some(Object::Donor),
        |_, id| json!({"wrong": [id], "reason": "عينة أخرى"}),
    ),
    any("POST", "/merges", "donor", REGISTER),
    any("POST", "/merges", "survivor", REGISTER),
    any("GET", "/merges", "?donor", REGISTER),
    // Blood.
    of(("GET", "/stock/units", "?facility"), Bank, (Object::FarBank, Object::OwnBank), None, |_, id| {
        json!(format!("facility={id}"))
    }),
    of(("GET", "/stock/trace", "?din"), Bank, (Object::FarDin, Object::Din), None, |_, id| {
        json!(format!("din={id}"))
    }),
    of(("GET", "/stock/trace", "?donor"), Bank, (Object::FarDonor, Object::Giver), None, |_, id| {
        json!(format!("donor={id}"))
    }),
    of(("GET", "/laboratory/results", "?din"), Bank, (Object::FarDin, Object::Din), None, |_, id| {
        json!(format!("din={id}"))
    }),
    of(("GET", "/laboratory/look-back", "?din"), Bank, (Object::FarDin, Object::Din), None, |_, id| {
        json!(format!("din={id}"))
    }),
    of(
        ("POST", "/laboratory/results", "results[].corrects"),
        Bank,
        (Object::FarResult, Object::Result),
        None,
        |world, id| {
            let line = json!({"marker": "hiv", "stage": "screening", "finding": "non_reactive", "corrects": id,
                "reason": "خطأ", "tested_on": world.app.house.today()});
            json!({"din": din(901), "results": [line]})
        },
    ),
    of(("POST", "/laboratory/results", "din"), Bank, (Object::FarDin, Object::Din), None, |world, id| {
        let line = json!({"marker": "hcv", "stage": "screening", "finding": "non_reactive",
            "tested_on": world.app.house.today()});
        json!({"din": id, "results": [line]})
    }),
    of(
        ("POST", "/transfers", "units[].din"),
        Bank,
        (Object::FarLabel, Object::Label),
        None,
        |world, id| json!({"to": world.id(Object::NearBank, Bank), "units": label(id)}),
    ),
    any("POST", "/transfers", "to", FACILITIES),
    any("POST", "/transfers/{id}/receive", "units[].din", SCANNED),
    any("POST", "/stock/counts", "units[].din", SCANNED),
    any("POST", "/stock/units", "din", UNIQUE),
    of(
        ("POST", "/stock/counts/{id}/found", "units[]"),
        Bank,
        (Object::FarBloodUnit, Object::BloodUnit),
        Some(Object::Count),
        |_, id| json!({"units": [id]}),
    ),
    Row {
        method: "POST",
        path: "/stock/counts/{id}/lost",
        field: "units[]",
        at: Some(Object::Count),
        names: Names::Scoped {
            by: (Bank, Stand::Beside),
            foreign: Object::FarBloodUnit,
            own: Object::Missed,
        },
        with: |_, id| json!({"units": [id], "note": "مفقودة"}),
    },
    // Requests.
    of(
        ("POST", "/requests/{id}/reserve", "units[]"),
        Bank,
        (Object::FarBloodUnit, Object::Spare),
        Some(Object::Request),
        |_, id| json!({"units": [id]}),
    ),
    of(
        ("POST", "/requests/{id}/free", "units[]"),
        Bank,
        (Object::FarBloodUnit, Object::Spare),
        Some(Object::Request),
        |_, id| json!({"units": [id]}),
    ),
    of(
        ("POST", "/requests/{id}/emergency-issue", "units[]"),
        Bank,
        (Object::FarBloodUnit, Object::Spare),
        Some(Object::UrgentRequest),
        |_, id| json!({"units": [id], "reason": "نزف"}),
    ),
    any("POST", "/requests/{id}/issue", "scanned[].din", HELD),
    any("POST", "/requests/{id}/receive", "dins[]", SCANNED),
    any("POST", "/stock/units/{id}/untested-issue", "request", MEDICINE),
    of(
        ("POST", "/untested-issues/{id}/check", "din"),
        Hospital,
        (Object::FarDin, Object::UntestedDin),
        Some(Object::UntestedIssue),
        |_, id| json!({"din": id, "patient": "CANARY-E-1"}),
    ),
    of(
        ("POST", "/untested-issues/{id}/give", "din"),
        Hospital,
        (Object::FarDin, Object::UntestedDin),
        Some(Object::UntestedIssue),
        |_, id| json!({"din": id, "patient": "CANARY-E-1"}),
    ),
    any("POST", "/scenarios", "events[].drive", SCENARIO),
    any("POST", "/scenarios", "events[].unit", SCENARIO),
    any("POST", "/scenarios", "events[].facility", SCENARIO),
    any("POST", "/units", "parent", ADMINISTRATION),
    any("POST", "/users", "facility", ADMINISTRATION),
    any("POST", "/users", "units[]", ADMINISTRATION),
    // Last: they stop what the others hold.
    of(
        ("POST", "/stock/recalls", "din"),
        Bank,
        (Object::FarDin, Object::Din),
        None,
        |_, id| json!({"din": id, "reason": "recall"}),
    ),
    of(
        ("POST", "/stock/recalls", "donor"),
        Bank,
        (Object::FarDonor, Object::Giver),
        None,
        |_, id| json!({"donor": id, "reason": "donor_linked"}),
    ),
];
