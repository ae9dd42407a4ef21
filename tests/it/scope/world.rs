//! A house with one real object of every kind that an address can name, and people who are near it and far from it.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::accounts::{self, NewUser, Principal, Username};
use shiryan::db::tables::sessions;
use shiryan::db::{Lane, Tx};
use shiryan::places::{self, NewFacility, PlaceName};
use shiryan_kernel::ids::{FacilityId, SessionId, UnitId, UserId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::FacilityKind;
use shiryan_kernel::text::ShortCode;

use crate::support::app::{Client, PASSWORD, TestApp};

/// What an address or a body can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    Unit,
    Battalion,
    FarUnit,
    Absence,
    Facility,
    OwnBank,
    NearBank,
    FarBank,
    User,
    Physician,
    Command,
    Session,
    Job,
    Feed,
    Secret,
    Message,
    Closure,
    Incident,
    Policy,
    Scenario,
    Activity,
    HomeVisit,
    Drive,
    DoneDrive,
    FarDrive,
    FullDrive,
    Number,
    FarNumber,
    Slot,
    FarSlot,
    Blueprint,
    EndingBlueprint,
    Appointment,
    OtherAppointment,
    FarAppointment,
    Waiting,
    Visit,
    Reaction,
    Donor,
    FarDonor,
    FreshDonor,
    Giver,
    Leaving,
    Erased,
    Deferral,
    Giving,
    Typing,
    FarTyping,
    Antigen,
    FarAntigen,
    Titre,
    FarTitre,
    Approval,
    MergeApproval,
    Merge,
    Review,
    Glass,
    Donation,
    BloodUnit,
    FarBloodUnit,
    IssuedUnit,
    OnItsWay,
    UntestedUnit,
    Din,
    FarDin,
    UntestedDin,
    Label,
    FarLabel,
    Result,
    FarResult,
    Count,
    Missed,
    Spare,
    Stray,
    Transfer,
    Request,
    UrgentRequest,
    Pack,
    StandingOrder,
    EmergencyIssue,
    UntestedIssue,
}

/// Where somebody stands beside the one who has an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stand {
    /// Who has it.
    Own,
    /// Of the same place.
    Beside,
    /// Another blood bank of the region.
    Near,
    /// Another unit's medic, another governorate's hospital, another region's blood bank.
    Far,
}

pub struct World<'a> {
    pub app: &'a TestApp,
    objects: BTreeMap<(Object, Option<Role>), String>,
    pub(super) cast: BTreeMap<(Role, Stand), Principal>,
    pub(super) far_bank: FacilityId,
}

pub(super) fn id_of(made: &Value) -> String {
    made["id"].as_str().unwrap().to_owned()
}

impl<'a> World<'a> {
    pub fn of(app: &'a TestApp) -> Self {
        let [third_bank, near_bank, far_bank, far_hospital] = facilities(app);
        let cast = cast(app, near_bank, far_bank, far_hospital);
        let mut world = Self { app, objects: BTreeMap::new(), cast, far_bank };
        world.keep(Object::Unit, app.places.company.to_string());
        world.keep(Object::Battalion, app.places.battalion.to_string());
        world.keep(Object::FarUnit, app.places.other_unit.to_string());
        world.keep(Object::OwnBank, app.places.bank.to_string());
        world.keep(Object::NearBank, near_bank.to_string());
        world.keep(Object::FarBank, far_bank.to_string());
        world.keep(Object::Facility, far_hospital.to_string());
        world.keep(Object::Policy, "default".into());
        world.plan();
        world.register();
        world.drive_day();
        world.stock(third_bank);
        world.ask();
        world.house();
        world
    }

    pub fn client(&self, role: Role, stand: Stand) -> Client {
        // Whoever is bound to no place is as near from everywhere.
        let somebody = self.cast.get(&(role, stand)).unwrap_or_else(|| &self.cast[&(role, Stand::Beside)]);
        let now = self.app.house.db.now();
        self.app.with_token(&self.app.house.sessions.tokens.make(somebody, now).unwrap())
    }

    pub(super) fn own(&self, role: Role) -> Client {
        self.client(role, Stand::Own)
    }

    /// The object of a kind, or the one that this role's people have of it.
    pub fn id(&self, object: Object, role: Role) -> String {
        match object {
            // Each time another: who takes it leaves none.
            Object::Scenario => self.scenario(),
            Object::EndingBlueprint => self.blueprint(),
            Object::Session => self.session(role),
            Object::Leaving => self.donor(self.app.places.company),
            _ => {
                let own = self.objects.get(&(object, Some(role)));
                // Those of others, for whoever can have none.
                let any = || self.objects.iter().find(|((kind, _), _)| *kind == object).map(|(_, id)| id);
                own.or_else(any).unwrap_or_else(|| panic!("there is no {object:?}")).clone()
            }
        }
    }

    pub(super) fn one(&self, object: Object) -> String {
        self.id(object, Role::Admin)
    }

    pub(super) fn keep(&mut self, object: Object, id: String) {
        self.objects.insert((object, None), id);
    }

    pub(super) fn keep_for(&mut self, object: Object, role: Role, id: String) {
        self.objects.insert((object, Some(role)), id);
    }

    pub(super) fn write<T: Send + 'static>(
        &self,
        f: impl Fn(&mut Tx) -> shiryan_kernel::Result<T> + Send + 'static,
    ) -> T {
        self.app.house.db.write_now(Lane::System, f).unwrap()
    }

    pub(super) fn made(&self, role: Role, path: &str, body: &Value) -> Value {
        let reply = self.own(role).post(&format!("/api/v1{path}"), body);
        assert!([200, 201, 202].contains(&reply.status), "{role} {path}: {}", reply.text);
        reply.json()
    }

    fn scenario(&self) -> String {
        let events = json!([{"kind": "governorate_closed", "governorate": "PS-RBH", "from": "2026-12-05",
            "until": "2026-12-06"}]);
        id_of(&self.made(Role::Command, "/scenarios", &json!({"name": "Closed", "events": events})))
    }

    fn session(&self, role: Role) -> String {
        let user = self.cast[&(role, Stand::Own)].user;
        let id = self.write(move |tx| {
            let id = SessionId(tx.id());
            let now = tx.now.naive_utc();
            diesel::insert_into(sessions::table)
                .values((
                    sessions::id.eq(id.0),
                    sessions::user_id.eq(user.0),
                    sessions::kind.eq("api"),
                    sessions::created_at.eq(now),
                    sessions::expires_at.eq(now + chrono::Duration::days(1)),
                ))
                .execute(tx.conn)?;
            Ok(id)
        });
        id.to_string()
    }

    pub fn donor(&self, unit: UnitId) -> String {
        let form = json!({
            "first_name": "سامي", "family_name": "النجار", "sex": "male", "birth_date": "1994-05-20",
            "unit": unit, "weight_kg": 85.0, "height_cm": 180,
        });
        id_of(&self.made(Role::Bank, "/donors", &form))
    }

    pub(super) fn donors(&mut self, object: Object, unit: UnitId) -> String {
        let id = self.donor(unit);
        self.keep(object, id.clone());
        id
    }
}

/// A blood bank that has a part in one transfer, another of the region, one of another region, and a hospital elsewhere.
fn facilities(app: &TestApp) -> [FacilityId; 4] {
    [
        ("BB-THIRD", FacilityKind::BloodBank, Governorate::RamallahAlBireh),
        ("BB-NEAR", FacilityKind::BloodBank, Governorate::RamallahAlBireh),
        ("BB-FAR", FacilityKind::BloodBank, Governorate::Gaza),
        ("H-FAR", FacilityKind::Hospital, Governorate::Hebron),
    ]
    .map(|(code, kind, governorate)| {
        let new = NewFacility {
            code: ShortCode::parse(code).unwrap(),
            kind,
            name_ar: PlaceName::parse("مرفق").unwrap(),
            name_en: PlaceName::parse(code).unwrap(),
            governorate,
        };
        let vault = app.house.vault.clone();
        app.house
            .db
            .write_now(Lane::System, move |tx| places::create_facility(tx, &vault, None, &new))
            .unwrap()
    })
}

fn cast(
    app: &TestApp,
    near_bank: FacilityId,
    far_bank: FacilityId,
    far_hospital: FacilityId,
) -> BTreeMap<(Role, Stand), Principal> {
    let hash = accounts::hash_now(PASSWORD).unwrap();
    let mut cast = BTreeMap::new();
    let mut add = |role: Role, stand: Stand, facility: Option<FacilityId>, units: Vec<UnitId>| {
        let name = format!("{}-{stand:?}", role.code()).to_lowercase();
        let (vault, hash) = (app.house.vault.clone(), hash.clone());
        let new = NewUser { username: Username::parse(&name).unwrap(), role, facility, units };
        let user: UserId = app
            .house
            .db
            .write_now(Lane::System, move |tx| accounts::ensure_user(tx, &vault, &new, &hash))
            .unwrap();
        cast.insert((role, stand), Principal { user, role, session: SessionId(user.0), facility });
    };
    for role in Role::ALL.iter().copied() {
        let own = app.principal(role).facility;
        let units = if role == Role::Medic { vec![app.places.battalion] } else { Vec::new() };
        add(role, Stand::Beside, own, units);
    }
    add(Role::Medic, Stand::Far, None, vec![app.places.other_unit]);
    add(Role::Hospital, Stand::Far, Some(far_hospital), Vec::new());
    add(Role::Bank, Stand::Near, Some(near_bank), Vec::new());
    add(Role::Bank, Stand::Far, Some(far_bank), Vec::new());
    for role in Role::ALL.iter().copied() {
        cast.insert((role, Stand::Own), app.principal(role));
    }
    cast
}
