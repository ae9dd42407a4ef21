//! `PATCH /activities/{id}`.

use actix_web::{HttpResponse, patch, web};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};
use shiryan_kernel::branch::PhysicalLoad;
use shiryan_kernel::ids::{ActivityId, UnitId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::{Patch, Result};
use utoipa::ToSchema;

use super::check_lists;
use crate::accounts::{Actor, PlanActivities};
use crate::activities::{self, Amended, Amendment, PlaceText, Title};
use crate::db::Lane;
use crate::http::{Answer, Body, House, IfMatch, PathId, etag};

/// A merge-patch: an absent field stays, `null` takes it away; inside `facts` and `outcomes` likewise. Only the
/// place can be taken away whole. Units and loads are replaced whole.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ActivityPatch {
    #[serde(default)]
    #[schema(value_type = String)]
    title: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    place: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Governorate)]
    governorate: Patch<Governorate>,
    #[serde(default)]
    #[schema(value_type = DateTime<Utc>)]
    starts_at: Patch<DateTime<Utc>>,
    #[serde(default)]
    #[schema(value_type = DateTime<Utc>)]
    ends_at: Patch<DateTime<Utc>>,
    #[serde(default)]
    #[schema(value_type = Vec<UnitId>)]
    units: Patch<Vec<UnitId>>,
    #[serde(default)]
    #[schema(value_type = Vec<PhysicalLoad>)]
    loads: Patch<Vec<PhysicalLoad>>,
    #[serde(default)]
    #[schema(value_type = Object)]
    facts: Map<String, Value>,
    /// Once it is under way or done.
    #[serde(default)]
    #[schema(value_type = Object)]
    outcomes: Map<String, Value>,
}

impl ActivityPatch {
    fn parse(self) -> Result<Amendment> {
        let mut faults = Faults::none();
        let title = self.title.parse(|text| Title::parse(&text)).and_then(Patch::required);
        let place = self.place.parse(|text| PlaceText::parse(&text));
        let amendment = Amendment {
            title: faults.keep("title", title).flatten(),
            place: faults.keep("place", place).unwrap_or_default(),
            governorate: faults.keep("governorate", self.governorate.required()).flatten(),
            starts_at: faults.keep("starts_at", self.starts_at.required()).flatten(),
            ends_at: faults.keep("ends_at", self.ends_at.required()).flatten(),
            units: faults.keep("units", self.units.required()).flatten(),
            loads: faults.keep("loads", self.loads.required()).flatten(),
            facts: self.facts,
            outcomes: self.outcomes,
        };
        check_lists(&mut faults, amendment.units.as_deref(), amendment.loads.as_deref());
        faults.settle()?;
        Ok(amendment)
    }
}

/// Amends an activity as a merge-patch. A medic changes what was planned only while it is proposed; facts until it
/// is done, outcomes from when it is under way. Of a drive, facts, outcomes and units alone.
#[utoipa::path(tag = "activities", params(("id" = ActivityId, Path),
        ("If-Match" = String, Header, description = "The `ETag` of the activity as it was read")),
    request_body = ActivityPatch,
    responses((status = 200, description = "Amended; the same version where nothing differs", body = Amended)))]
#[patch("/activities/{id}")]
pub(super) async fn amend(
    house: web::Data<House>,
    by: Actor<PlanActivities>,
    version: IfMatch,
    id: PathId<ActivityId>,
    body: Body<ActivityPatch>,
) -> Answer {
    let new = body.into_inner().parse()?;
    let (vault, who, id) = (house.vault.clone(), by.clone(), id.0);
    let amended = house
        .db
        .write(Lane::Actor(by.user.0), move |tx| activities::amend(tx, &vault, &who, id, version.0, &new))
        .await?;
    Ok(HttpResponse::Ok().insert_header(etag(amended.version)).json(amended))
}
