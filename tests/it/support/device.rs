//! An authenticator on somebody's phone.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret, Totp};

use super::app::Client;

pub struct Device(Totp);

impl Device {
    pub fn of(secret: &str) -> Self {
        let secret = Secret::try_from_base32(secret).unwrap();
        Self(Builder::new().with_secret(secret).build().unwrap())
    }

    /// What it shows then.
    pub fn code(&self, at: DateTime<Utc>) -> String {
        self.0.generate(u64::try_from(at.timestamp()).unwrap()).to_string()
    }
}

/// Begins the enrolment of whoever has these credentials.
pub fn begin(anyone: &Client, credentials: &Value) -> Device {
    let known = json!({"username": credentials["username"], "password": credentials["password"]});
    let begun = anyone.post("/api/v1/sessions/second-factor", &known).expect(201);
    let secret = begun["secret"].as_str().unwrap();
    assert!(begun["uri"].as_str().unwrap().contains(secret));
    Device::of(secret)
}

/// Signs in as a person does for the first time: with a device enrolled. Answers it and what was granted.
pub fn enrol(anyone: &Client, credentials: &Value, now: DateTime<Utc>) -> (Device, Value) {
    let device = begin(anyone, credentials);
    let mut form = credentials.clone();
    form["code"] = json!(device.code(now));
    let granted = anyone.post("/api/v1/sessions", &form).expect(201);
    (device, granted)
}
