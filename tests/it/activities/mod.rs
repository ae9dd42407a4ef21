//! Branches and activities over HTTP, on both databases.

mod absences;
mod life;
mod links;
mod planning;
mod report;

use serde_json::{Value, json};
use shiryan_kernel::ids::UnitId;

use crate::support::app::Client;

const ACTIVITIES: &str = "/api/v1/activities";
const PLACE: &str = "كرم الكناري";

fn form(unit: UnitId) -> Value {
    json!({
        "branch": "farmers", "title": "قطاف الزيتون", "place": PLACE, "governorate": "PS-RBH",
        "starts_at": "2026-11-27T08:00:00+02:00", "ends_at": "2026-11-27T14:00:00+02:00", "unit": unit,
        "facts": {"crop": "زيتون"},
    })
}

fn with(mut form: Value, fields: Value) -> Value {
    form.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    form
}

fn ids(client: &Client, query: &str) -> Vec<Value> {
    let page = client.get(&format!("{ACTIVITIES}?{query}")).expect(200);
    page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect()
}
