//! What came of activities, over HTTP: as an answer or as a file.

use actix_web::{HttpResponse, get, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::branch::Branch;
use shiryan_kernel::ids::UnitId;
use utoipa::{IntoParams, ToSchema};

use crate::accounts::{Actor, SeeActivities};
use crate::activities::report::{self, Question, ReportLine};
use crate::db::off_loop;
use crate::http::{Answer, House, Query, file};
use crate::sheets::Format;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// The first civil day.
    from: NaiveDate,
    /// The last civil day, 400 days at most.
    to: NaiveDate,
    branch: Option<Branch>,
    /// Organised by this unit or one below it.
    unit: Option<UnitId>,
    /// A file instead of an answer.
    format: Option<Format>,
}

#[derive(Serialize, ToSchema)]
struct ActivityReport {
    items: Vec<ReportLine>,
}

/// What came of the activities that began in these days, by branch and organising unit: planned, held, cancelled,
/// people reached, hours. Counted is what the caller may see more of than the day.
#[utoipa::path(tag = "activities", params(Asked),
    responses((status = 200, description = "The lines; with `format`, as text or a workbook",
        content((ActivityReport = "application/json"), (String = "text/csv"),
            (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
#[get("/activities/report")]
pub(super) async fn get_report(
    house: web::Data<House>,
    by: Actor<SeeActivities>,
    query: Query<Asked>,
) -> Answer {
    let asked = Question { from: query.from, to: query.to, branch: query.branch, unit: query.unit };
    let (who, vault, zone) = (by.clone(), house.vault.clone(), house.zone);
    let lines = house.db.read(move |conn| report::report(conn, &vault, zone, &who, asked)).await?;
    let Some(format) = query.format else {
        return Ok(HttpResponse::Ok().json(ActivityReport { items: lines }));
    };
    let room = house.room_for_a_file()?;
    let (who, at) = (by.clone(), house.db.now());
    let written =
        off_loop(move || report::write(&lines, asked, (&who, at), format, file::nameless()?)).await?;
    let name = format!("activities-{}-{}.{format}", asked.from, asked.to);
    Ok(file::attachment(written, room, &name, format.media_type())?)
}
