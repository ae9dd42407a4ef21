//! How the house of [`World`] is filled: by what people do, over HTTP, wherever they can.

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::tables::drives;
use shiryan::eligibility::{self, GivingSource, NewGiving};
use shiryan::jobs;
use shiryan::messages::tell_users;
use shiryan_kernel::blood::{BloodGroup, DonationType};
use shiryan_kernel::ids::{BloodUnitId, DonorId, DriveId, FacilityId, UnitId};
use shiryan_kernel::message::Template;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::JobKind;
use shiryan_kernel::time::plus_days;

use super::world::{Object, Stand, World, id_of};
use crate::driveday;
use crate::support::app::PASSWORD;
use crate::support::requests::{accepted, act, ask, reserve, submit};
use crate::support::rows;
use crate::support::shelf::{Bag, din};
use crate::untested;

impl World<'_> {
    /// Activities, absences, a feed of each role: what is planned, and by whom.
    pub(super) fn plan(&mut self) {
        let activity = |branch: &str, facts: Value| {
            json!({"branch": branch, "title": "عمل", "governorate": "PS-RBH", "unit": self.app.places.company,
                "starts_at": "2026-12-03T06:00:00Z", "ends_at": "2026-12-03T09:00:00Z", "facts": facts})
        };
        let plain =
            self.made(Role::Medic, "/activities", &activity("volunteering", json!({"kind": "youth"})));
        let visit = json!({"household": "دار", "services": "زيارة"});
        let home = self.made(Role::Medic, "/activities", &activity("families", visit));
        let away = json!({"kind": "leave", "from": "2026-12-20", "until": "2026-12-22"});
        let path = format!("/units/{}/absences", self.app.places.company);
        let absence = self.made(Role::Medic, &path, &away);
        self.keep(Object::Activity, id_of(&plain));
        self.keep(Object::HomeVisit, id_of(&home));
        self.keep(Object::Absence, id_of(&absence));
        let closed = json!({"governorate": "PS-RBH", "from": "2026-12-02T00:00:00+02:00"});
        let closure = self.made(Role::Command, "/closures", &closed);
        self.keep(Object::Closure, id_of(&closure));
        for role in Role::ALL.iter().copied().filter(|role| *role != Role::Hospital) {
            let feed = self.made(role, "/calendar-feeds", &json!({}));
            self.keep_for(Object::Feed, role, id_of(&feed));
        }
        let feed = self.made(Role::Command, "/calendar-feeds", &json!({}));
        let address = feed["url"].as_str().unwrap();
        self.keep(Object::Secret, address.rsplit('/').next().unwrap().to_owned());
    }

    /// Donors of the company and of a unit far from it, with what a record holds.
    pub(super) fn register(&mut self) {
        let (own, far) = (self.app.places.company, self.app.places.other_unit);
        let donor = self.donors(Object::Donor, own);
        let fresh = self.giver().to_string();
        self.keep(Object::FreshDonor, fresh.clone());
        let stranger = self.donors(Object::FarDonor, far);
        let erased = self.donors(Object::Erased, own);
        let gave = json!({"donor": erased, "din": din(900), "donation_type": "whole_blood", "volume_ml": 450,
            "collected_at": self.app.house.db.now()});
        self.made(Role::Bank, "/donations", &gave);
        self.made(Role::Physician, &format!("/donors/{erased}/erase"), &json!({"reason": "donor_asked"}));

        let deferral = self.made(Role::Medic, &format!("/donors/{donor}/deferrals"), &json!({"code": "TAT"}));
        self.keep(Object::Deferral, id_of(&deferral));
        for role in [Role::Medic, Role::Bank, Role::Physician] {
            let one = self.donor(own);
            let made = self.made(role, &format!("/donors/{one}/deferrals"), &json!({"code": "TAT"}));
            let path = format!("/deferrals/{}/withdraw", id_of(&made));
            let asked = self.made(role, &path, &json!({"reason": "خطأ"}));
            self.keep_for(Object::Approval, role, asked["approval"].as_str().unwrap().to_owned());
        }
        let asked = self.made(Role::Admin, "/policies/arc_us/adopt", &json!({"reason": "مراجعة سنوية"}));
        self.keep_for(Object::Approval, Role::Admin, asked["approval"].as_str().unwrap().to_owned());
        let today = self.app.house.today();
        let typed = |group: &str| json!({"blood_group": group, "typed_on": today});
        for (donor, antigen, titre) in
            [(&fresh, Object::Antigen, Object::Titre), (&stranger, Object::FarAntigen, Object::FarTitre)]
        {
            let path = format!("/donors/{donor}");
            self.made(Role::Bank, &format!("{path}/typings"), &typed("o_pos"));
            let measured = json!({"anti_a": 16, "anti_b": 16, "measured_on": today, "method": "gel_card"});
            let made = self.made(Role::Bank, &format!("{path}/titres"), &measured);
            self.keep(titre, id_of(&made));
            let results = json!([{"antigen": "kel1", "present": false}]);
            self.made(
                Role::Bank,
                &format!("{path}/antigens"),
                &json!({"typed_on": today, "results": results}),
            );
            let lines = self.own(Role::Bank).get(&format!("/api/v1{path}/antigens")).expect(200);
            self.keep(antigen, id_of(&lines["items"][0]));
        }
        // Two typings of one donor disagree.
        for (role, group) in [(Role::Bank, "o_pos"), (Role::Physician, "b_pos")] {
            self.made(role, &format!("/donors/{donor}/typings"), &typed(group));
        }
        for (donor, typing) in [(&donor, Object::Typing), (&stranger, Object::FarTyping)] {
            let lines = self.own(Role::Bank).get(&format!("/api/v1/donors/{donor}/typings")).expect(200);
            self.keep(typing, id_of(&lines["items"][0]));
        }
        self.giving(&donor);
        self.pairs();
        let broken = json!({"donor": stranger, "purpose": "contact", "reason": "نزيف"});
        let glass = self.made(Role::Medic, "/broken-glass", &broken);
        self.keep(Object::Glass, id_of(&glass));
    }

    fn giving(&mut self, donor: &str) {
        let donor: DonorId = donor.parse().unwrap();
        let (vault, book) = (self.app.house.vault.clone(), self.app.house.rules.clone());
        let on = plus_days(self.app.house.today(), -300);
        let new = NewGiving {
            donor,
            on,
            donation_type: DonationType::WholeBlood,
            volume_ml: Some(450),
            red_cells_lost: false,
            source: GivingSource::Donation,
        };
        self.write(move |tx| eligibility::record_giving(tx, &vault, &book, &new));
        let listed = self.own(Role::Bank).get(&format!("/api/v1/donors/{donor}/givings")).expect(200);
        self.keep(Object::Giving, id_of(&listed["items"][0]));
    }

    /// A merge that stands, one that is asked for, and a pair that waits for a review.
    fn pairs(&mut self) {
        let own = self.app.places.company;
        let ask = |world: &Self| {
            let (one, two) = (world.donor(own), world.donor(own));
            let form = json!({"donor": one, "survivor": two, "reason": "بطاقة واحدة"});
            let asked = world.made(Role::Bank, "/merges", &form);
            (one, asked["approval"].as_str().unwrap().to_owned())
        };
        let (merged, approval) = ask(self);
        self.made(Role::Physician, &format!("/approvals/{approval}/approve"), &json!({}));
        let merges = self.own(Role::Bank).get(&format!("/api/v1/merges?donor={merged}")).expect(200);
        self.keep(Object::Merge, id_of(&merges["items"][0]));
        let (_, open) = ask(self);
        self.keep(Object::MergeApproval, open);
        for (first, family, unit) in
            [("محمد", "الخطيب", self.app.places.other_unit), ("Mohamed", "Al-Khateeb", own)]
        {
            let father = if first == "محمد" { "أحمد" } else { "Ahmad" };
            let form = json!({
                "first_name": first, "father_name": father, "family_name": family, "sex": "male",
                "birth_date": "1990-01-05", "phone": "0599741852", "unit": unit,
            });
            self.made(Role::Bank, "/donors", &form);
        }
        let reviews = self.own(Role::Physician).get("/api/v1/reviews").expect(200);
        self.keep(Object::Review, id_of(&reviews["items"][0]));
    }

    fn planned(&self, unit: UnitId, from: &str, to: &str) -> String {
        let form = json!({
            "place": "قاعة", "governorate": "PS-RBH", "date": driveday::DAY, "from": from, "to": to,
            "slot_minutes": 30, "beds": 2, "unit": unit,
        });
        id_of(&self.made(Role::Bank, "/drives", &form))
    }

    pub(super) fn blueprint(&self) -> String {
        let shape = json!({
            "place": "قاعة", "governorate": "PS-RBH", "from": "09:00", "to": "11:30", "slot_minutes": 30, "beds": 2,
            "unit": self.app.places.company,
        });
        id_of(&self.made(Role::Bank, "/blueprints", &json!({"name": "صباح", "drive": shape})))
    }

    /// Somebody of the company who gave before.
    fn giver(&self) -> DonorId {
        let donor = driveday::donor(self.app);
        self.write(move |tx| rows::gave(tx, donor));
        donor
    }

    fn booked(&self, drive: &str, donor: DonorId) -> String {
        let path = format!("/drives/{drive}/appointments");
        id_of(&self.made(Role::Bank, &path, &json!({"donor": donor})))
    }

    /// The company's drive with somebody in each part of it, one of another unit, and one that is over.
    pub(super) fn drive_day(&mut self) {
        let (own, far) = (self.app.places.company, self.app.places.other_unit);
        let (drive, elsewhere) = (self.planned(own, "09:00", "11:30"), self.planned(far, "09:00", "11:30"));
        let small = self.planned(own, "15:00", "15:30");
        for (drive, slot, appointment) in [
            (&drive, Object::Slot, Object::Appointment),
            (&elsewhere, Object::FarSlot, Object::FarAppointment),
        ] {
            let slots = self.own(Role::Bank).get(&format!("/api/v1/drives/{drive}/slots")).expect(200);
            self.keep(slot, id_of(&slots["items"][0]));
            let booked = self.booked(drive, self.giver());
            self.keep(appointment, booked);
        }
        let other = self.booked(&drive, self.giver());
        self.keep(Object::OtherAppointment, other);
        for _ in 0..2 {
            self.booked(&small, self.giver());
        }
        let waits = json!({"donor": self.giver()});
        let waiting = self.made(Role::Bank, &format!("/drives/{small}/waiting"), &waits);
        self.keep(Object::Waiting, id_of(&waiting));
        let kept = self.blueprint();
        self.keep(Object::Blueprint, kept);
        let over = self.planned(own, "12:00", "12:30");
        let done: DriveId = over.parse().unwrap();
        self.write(move |tx| {
            let drive = diesel::update(drives::table.find(done.0));
            Ok(drive.set(drives::status.eq("done")).execute(tx.conn)?)
        });
        self.keep(Object::DoneDrive, over);

        self.app.clock.set(driveday::morning());
        let path = format!("/api/v1/drives/{drive}");
        driveday::prepare(self.app, &path);
        let giver = self.giver();
        self.keep(Object::Giver, giver.to_string());
        let visit = driveday::ready_of(self.app, &path, giver);
        let short = visit.strip_prefix("/api/v1").unwrap().to_owned();
        let drawn = self.made(Role::Bank, &format!("{short}/collection"), &driveday::drawing(self.app, 901));
        let gift = drawn["donation"].as_str().unwrap_or_else(|| panic!("{drawn}"));
        self.keep(Object::Donation, gift.to_owned());
        let form = json!({"kind": "vasovagal", "grade": "moderate", "began_at": self.app.house.db.now()});
        let reaction = self.made(Role::Bank, &format!("{short}/reactions"), &form);
        self.keep(Object::Reaction, id_of(&reaction));
        self.keep(Object::Visit, short.rsplit('/').next().unwrap().to_owned());
        for (drive, first, object) in [(&drive, 800, Object::Number), (&elsewhere, 700, Object::FarNumber)] {
            let block = json!({"first": din(first).to_string(), "count": 3});
            self.made(Role::Bank, &format!("/drives/{drive}/dins"), &block);
            self.keep(object, din(first).to_string());
        }
        self.keep(Object::Drive, drive);
        self.keep(Object::FarDrive, elsewhere);
        self.keep(Object::FullDrive, small);
    }

    /// What lies on the shelf, lay there, is missed, is under way and is of other shelves.
    pub(super) fn stock(&mut self, third_bank: FacilityId) {
        let app = self.app;
        let of = |group| move |bag: Bag| Bag { blood_group: Some(group), ..bag };
        let a_neg = of(BloodGroup::ANeg);
        self.keep(Object::BloodUnit, a_neg(Bag::new(app, 1)).put(app).to_string());
        let far = Bag { facility: self.far_bank, ..Bag::new(app, 2) };
        self.keep(Object::FarBloodUnit, far.put(app).to_string());
        self.keep(Object::UntestedUnit, untested::bag(app, 3).to_string());
        let (issued, request) = self.issued(4);
        let came = json!({"dins": [din(4).to_string()]});
        act(&self.own(Role::Hospital), &request, "receive", &came).expect(200);
        self.keep(Object::IssuedUnit, issued.to_string());
        let (_, request) = self.issued(11);
        self.keep(Object::OnItsWay, request);
        let way = Bag { facility: third_bank, ..Bag::new(app, 5) };
        way.put(app);
        let label = json!([{"din": din(5).to_string(), "component": "red_cells"}]);
        let form = json!({"to": app.places.bank, "units": label});
        let sender = crate::support::requests::of_facility(app, Role::Bank, third_bank, "sender");
        let sent = sender.post("/api/v1/transfers", &form).expect(201);
        self.keep(Object::Transfer, id_of(&sent));
        let missed = a_neg(Bag::new(app, 6)).put(app);
        self.keep(Object::Spare, Bag::new(app, 10).put(app).to_string());
        let scanned = json!([{"din": din(7).to_string(), "component": "red_cells"}]);
        let counted = self.made(Role::Bank, "/stock/counts", &json!({"units": scanned}));
        self.keep(Object::Count, id_of(&counted));
        self.keep(Object::Missed, missed.to_string());
        self.keep(Object::Stray, id_of(&counted["unexpected"][0]));
        self.results();
    }

    /// A unit that is handed out, and for which request.
    fn issued(&self, sequence: u32) -> (BloodUnitId, String) {
        let app = self.app;
        let unit = Bag { blood_group: Some(BloodGroup::ANeg), ..Bag::new(app, sequence) }.put(app);
        let request = accepted(app, &ask(1));
        reserve(app, &request, &[unit]).expect(200);
        act(&self.own(Role::Bank), &request, "issue", &json!({})).expect(200);
        (unit, request)
    }

    fn results(&mut self) {
        for (object, number) in [
            (Object::Din, 901),
            (Object::FarDin, 902),
            (Object::UntestedDin, 9),
            (Object::Label, 1),
            (Object::FarLabel, 2),
        ] {
            self.keep(object, din(number).to_string());
        }
        let far = json!({"donor": self.one(Object::FarDonor), "din": din(902), "donation_type": "whole_blood",
            "volume_ml": 450, "collected_at": self.app.house.db.now()});
        let far_bank = self.client(Role::Bank, Stand::Far);
        far_bank.post("/api/v1/donations", &far).expect(201);
        for (client, number, object) in
            [(self.own(Role::Bank), 901, Object::Result), (far_bank, 902, Object::FarResult)]
        {
            let line = json!({"marker": "hiv", "stage": "screening", "finding": "non_reactive",
                "tested_on": self.app.house.today()});
            let form = json!({"din": din(number).to_string(), "results": [line]});
            client.post("/api/v1/laboratory/results", &form).expect(201);
            let path = format!("/api/v1/laboratory/results?din={}", din(number));
            let listed = client.get(&path).expect(200);
            self.keep(object, id_of(&listed["items"][0]));
        }
    }

    /// What the hospital asks for, and what is done with it in an emergency.
    pub(super) fn ask(&mut self) {
        let app = self.app;
        let hospital = self.own(Role::Hospital);
        self.keep(Object::Request, accepted(app, &ask(2)));
        let bleeding = json!({"patient": "P-19", "blood_group": "a_neg", "group_evidence": "confirmed"});
        self.keep(Object::Pack, id_of(&hospital.post("/api/v1/packs", &bleeding).expect(201)));
        let today = app.house.today();
        let weekly = json!({
            "patient": "P-20", "blood_group": "a_pos", "group_evidence": "confirmed", "component": "red_cells",
            "units": 2, "every_days": 7, "due_at": "09:30", "first_on": plus_days(today, 7),
            "last_on": plus_days(today, 28),
        });
        self.keep(
            Object::StandingOrder,
            id_of(&hospital.post("/api/v1/standing-orders", &weekly).expect(201)),
        );
        let unit = Bag::new(app, 8).put(app);
        let mut urgent = ask(1);
        urgent["urgency"] = json!("emergency");
        urgent["patient"] = json!("P-21");
        self.keep(Object::UrgentRequest, submit(&hospital, &urgent));
        let request = submit(&hospital, &urgent);
        let form = json!({"units": [unit], "reason": "نزف شديد"});
        let started = act(&self.own(Role::Bank), &request, "emergency-issue", &form).expect(201);
        self.keep(Object::EmergencyIssue, id_of(&started));
        let (bag, request) = (untested::bag(app, 9), untested::request(app, "a_pos"));
        let asked = untested::ask(&self.own(Role::Physician), bag, &request).expect(201);
        self.keep(Object::UntestedIssue, id_of(&asked));
        let until = app.house.db.now() + chrono::Duration::hours(6);
        let incident = json!({"governorate": "PS-RBH", "until": until, "reason": "x"});
        let declared = self.made(Role::Bank, "/incidents", &incident);
        self.keep(Object::Incident, id_of(&declared));
    }

    /// Accounts, jobs, letters.
    pub(super) fn house(&mut self) {
        for role in Role::ALL.iter().copied() {
            let (user, vault) = (self.cast[&(role, Stand::Own)].user, self.app.house.vault.clone());
            let queued =
                self.write(move |tx| jobs::queue(tx, &vault, user, JobKind::PreviewPolicy, "a request"));
            self.keep_for(Object::Job, role, queued.job.to_string());
        }
        let reader = self.cast[&(Role::Command, Stand::Own)].user;
        self.write(move |tx| tell_users(tx, Template::LevelChanged, &[reader]));
        let letters = self.own(Role::Admin).get("/api/v1/messages?template=level_changed").expect(200);
        self.keep(Object::Message, id_of(&letters["items"][0]));
        self.keep(Object::Command, reader.to_string());
        self.keep(Object::Physician, self.cast[&(Role::Physician, Stand::Own)].user.to_string());
        let form = json!({"username": "newcomer", "password": PASSWORD, "role": "command"});
        let user = self.made(Role::Admin, "/users", &form);
        self.keep(Object::User, id_of(&user));
    }
}
