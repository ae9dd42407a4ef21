//! Declared incidents over HTTP.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{IncidentId, UserId};
use shiryan_kernel::page::Page;
use shiryan_kernel::place::{Governorate, Region};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::text::Note;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::{IntoParams, ToSchema};

use super::to_micros;
use crate::accounts::{Actor, DeclareIncidents, SeeIncidents};
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, Nothing, PathId, Query};
use crate::requests::incidents::{self, Extent, Incident, NewIncident};

pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(declare).service(list).service(end);
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct IncidentForm {
    /// One of `region` and `governorate`.
    region: Option<Region>,
    governorate: Option<Governorate>,
    /// With its offset from UTC; now unless told.
    from: Option<DateTime<Utc>>,
    /// 14 days after its beginning at most.
    until: DateTime<Utc>,
    /// At most 300 characters; sealed.
    reason: String,
}

impl IncidentForm {
    fn parse(self) -> Result<NewIncident> {
        let mut faults = Faults::none();
        let extent = match (self.region, self.governorate) {
            (Some(region), None) => Ok(Extent::Region(region)),
            (None, Some(governorate)) => Ok(Extent::Governorate(governorate)),
            (None, None) => Err(Problem::new(Code::MissingField)),
            (Some(_), Some(_)) => Err(Problem::new(Code::InvalidValue)),
        };
        let extent = faults.keep("region", extent);
        let reason = faults.keep("reason", Note::parse(&self.reason));
        let (extent, reason) = faults.give(extent.zip(reason))?;
        Ok(NewIncident { extent, from: self.from.and_then(to_micros), until: self.until, reason })
    }
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct IncidentStep {
    id: IncidentId,
}

/// A declared incident.
#[derive(Debug, Serialize, ToSchema)]
struct IncidentView {
    id: IncidentId,
    region: Region,
    /// `null`: the whole region.
    governorate: Option<Governorate>,
    from: DateTime<Utc>,
    /// When it ends, or was ended.
    until: DateTime<Utc>,
    reason: String,
    by: UserId,
    /// Whether somebody ended it before its time.
    is_ended: bool,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

/// Declares an incident in a sharing region or in one governorate: a blood bank in its own region.
#[utoipa::path(tag = "requests", params(("Idempotency-Key" = String, Header)), request_body = IncidentForm,
    responses((status = 201, description = "Declared", body = IncidentStep)))]
#[post("/incidents")]
async fn declare(
    house: web::Data<House>,
    by: Actor<DeclareIncidents>,
    key: IdempotencyKey,
    body: Body<IncidentForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let new = body.into_inner().parse()?;
    let (who, vault) = (by.clone(), house.vault.clone());
    let made = house
        .once(&by, request, move |tx| Ok(IncidentStep { id: incidents::declare(tx, &vault, &who, &new)? }));
    Ok(HttpResponse::Created().json(made.await?))
}

/// Incidents in the order in which they were declared: a blood bank's region's.
#[utoipa::path(tag = "requests", params(Asked),
    responses((status = 200, description = "A page", body = Page<IncidentView>)))]
#[get("/incidents")]
async fn list(house: web::Data<House>, by: Actor<SeeIncidents>, query: Query<Asked>) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, who, vault) = (query.limit.get(), by.clone(), house.vault.clone());
    let rows = house.db.read(move |conn| incidents::list(conn, &vault, &who, after, limit + 1)).await?;
    Ok(HttpResponse::Ok().json(house.page(rows, limit, query.list(), |row| row.id.0, IncidentView::from)?))
}

/// Ends an incident before its time.
#[utoipa::path(tag = "requests", params(("id" = IncidentId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Ended", body = IncidentStep)))]
#[post("/incidents/{id}/end")]
async fn end(
    house: web::Data<House>,
    by: Actor<DeclareIncidents>,
    id: PathId<IncidentId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (who, vault, id) = (by.clone(), house.vault.clone(), id.0);
    let ended = house.once(&by, request, move |tx| {
        incidents::end(tx, &vault, &who, id)?;
        Ok(IncidentStep { id })
    });
    Ok(HttpResponse::Ok().json(ended.await?))
}

impl From<Incident> for IncidentView {
    fn from(row: Incident) -> Self {
        let Incident { id, extent, from, until, reason, by, is_ended } = row;
        let (region, governorate) = match extent {
            Extent::Region(region) => (region, None),
            Extent::Governorate(governorate) => (governorate.region(), Some(governorate)),
        };
        Self { id, region, governorate, from, until, reason, by, is_ended }
    }
}
