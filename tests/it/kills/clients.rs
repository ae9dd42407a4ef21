//! What one client writes until the time is over: donors, bookings and their letters, donations, bags, requests and their
//! issues.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shiryan_kernel::din::Din;
use shiryan_kernel::role::Role;
use shiryan_kernel::time::{Clock, SystemClock, Zone, plus_days};

use super::Installation;
use crate::support::app::Client;
use crate::support::shelf::din;

/// So long may one write go unanswered before the test gives up.
const PATIENCE: Duration = Duration::from_secs(600);
/// More numbers than one client gives out.
const NUMBERS: usize = 50_000;

/// A write that was acknowledged.
pub struct Done {
    /// As the record names it.
    pub action: &'static str,
    pub subject: String,
    pub role: Role,
    pub key: String,
    pub path: String,
    pub body: Value,
    pub status: u16,
    pub text: String,
}

/// What a client was told.
#[derive(Default)]
pub struct Written {
    pub done: Vec<Done>,
    /// Requests of which the end was not heard.
    pub unanswered: usize,
    /// Those that were answered, but not by what they asked for.
    pub put_off: usize,
}

struct Writer<'a> {
    house: &'a Installation,
    n: usize,
    asked: usize,
    drive: usize,
    client: Client,
    written: Written,
}

/// Writes through this client until the time is over, and ends what it began.
pub fn write(house: &Installation, n: usize, client: Client) -> Written {
    let written = Written::default();
    let mut writer = Writer { house, n, asked: 0, drive: 0, client, written };
    let mut round = 0;
    while !house.is_over.load(Ordering::SeqCst) {
        writer.round(round);
        round += 1;
    }
    writer.written
}

impl Writer<'_> {
    fn round(&mut self, round: usize) {
        let number = self.n * NUMBERS + round;
        let booked = self.register(2 * number);
        self.book(&booked);
        let giver = self.register(2 * number + 1);
        let sequence = u32::try_from(number + 1).unwrap();
        let form = json!({"donor": giver, "donation_type": "whole_blood", "din": din(sequence), "volume_ml": 450,
            "collected_at": SystemClock.now()});
        self.make("donations.recorded", Role::Bank, "donations", form).unwrap();
        let bag = self.deliver(sequence);
        self.house.shelf.lock().unwrap().push(bag);
        self.request(number);
    }

    fn register(&mut self, number: usize) -> String {
        let form = json!({"first_name": "سالم", "family_name": "النجار", "sex": "male", "birth_date": "1996-02-10",
            "service_number": format!("K-{number}"), "unit": self.house.places.company, "governorate": "PS-RBH",
            "weight_kg": 85.0, "height_cm": 180, "email": format!("k{number}@reader.example"), "may_email": true});
        self.make("donors.registered", Role::Medic, "donors", form).unwrap()
    }

    /// In the first drive that is not full; several clients ask for the last place of each.
    fn book(&mut self, donor: &str) {
        while let Some(drive) = self.house.drives.get(self.drive) {
            let path = format!("drives/{drive}/appointments");
            match self.make("drives.booked", Role::Bank, &path, json!({"donor": donor})) {
                Ok(_) => return,
                Err(code) => assert_eq!(code, "drive_full"),
            }
            self.drive += 1;
        }
    }

    fn deliver(&mut self, sequence: u32) -> String {
        let today = Zone::default().date(SystemClock.now());
        let foreign = Din::compose("A8888", 26, sequence).unwrap();
        let label = json!({"din": foreign.to_string(), "component": "red_cells", "blood_group": "a_neg",
            "volume_ml": 280, "collected_on": today, "expires_on": plus_days(today, 30)});
        let bag = self.make("stock.delivered", Role::Bank, "stock/units", label).unwrap();
        self.step("stock.released", Role::Bank, ("stock/units", &bag, "release"), json!({})).unwrap();
        bag
    }

    fn request(&mut self, number: usize) {
        let form = json!({"patient": format!("P-{number}"), "blood_group": "a_neg", "group_evidence": "confirmed",
            "component": "red_cells", "units": 1, "urgency": "urgent"});
        let id = self.make("requests.submitted", Role::Hospital, "requests", form).unwrap();
        self.step("requests.accepted", Role::Bank, ("requests", &id, "accept"), json!({})).unwrap();
        while self.reserve(&id).is_err() {}
        self.step("requests.issued", Role::Bank, ("requests", &id, "issue"), json!({})).unwrap();
    }

    /// Of the bag that the next ticket is for; somebody else's ticket may be for the same.
    fn reserve(&mut self, request: &str) -> Result<(), String> {
        let ticket = self.house.tickets.fetch_add(1, Ordering::SeqCst);
        let waiting = self.house.shelf.lock().unwrap().get(ticket / 2).cloned();
        let bag = match waiting {
            Some(bag) => bag,
            None => {
                let own = self.n * NUMBERS + NUMBERS - 1 - self.asked % (NUMBERS / 2);
                self.deliver(u32::try_from(own).unwrap())
            }
        };
        self.step("requests.reserved", Role::Bank, ("requests", request, "reserve"), json!({"units": [bag]}))
    }

    /// Makes something; answers its id, or the code of the refusal.
    fn make(&mut self, action: &'static str, role: Role, path: &str, body: Value) -> Result<String, String> {
        self.ask(action, role, path, body, None)
    }

    /// Takes a step with something that is there.
    fn step(
        &mut self,
        action: &'static str,
        role: Role,
        (of, id, verb): (&str, &str, &str),
        body: Value,
    ) -> Result<(), String> {
        self.ask(action, role, &format!("{of}/{id}/{verb}"), body, Some(id)).map(drop)
    }

    /// Sends until it is answered, under one key.
    fn ask(
        &mut self,
        action: &'static str,
        role: Role,
        path: &str,
        body: Value,
        subject: Option<&str>,
    ) -> Result<String, String> {
        let key = format!("kill-{:02}-{:06}", self.n, self.asked);
        self.asked += 1;
        let (path, started) = (format!("/api/v1/{path}"), Instant::now());
        loop {
            assert!(started.elapsed() < PATIENCE, "{path} was never answered");
            let sent = Some(body.to_string().into_bytes());
            let client = self.client.clone().holding(&self.house.token(role));
            let reply = match client.try_send("POST", &path, &[("idempotency-key", &key)], sent) {
                Ok(reply) => reply,
                Err(_) => {
                    self.written.unanswered += 1;
                    std::thread::sleep(Duration::from_millis(100));
                    continue;
                }
            };
            let said = reply.json();
            let code = said["code"].as_str().unwrap_or_default();
            match reply.status {
                200 | 201 => {
                    let subject = subject.or(said["id"].as_str()).unwrap().to_owned();
                    let id = subject.clone();
                    let (status, text) = (reply.status, reply.text);
                    self.written.done.push(Done { action, subject, role, key, path, body, status, text });
                    return Ok(id);
                }
                503 => {
                    self.written.put_off += 1;
                    std::thread::sleep(Duration::from_millis(20));
                }
                409 if code == "idempotency_in_progress" => std::thread::sleep(Duration::from_millis(20)),
                409 => return Err(code.to_owned()),
                status => panic!("{status} {path}: {}", reply.text),
            }
        }
    }
}
