//! What holders of appointments are told, and whom to tell in person.

use shiryan_kernel::Result;
use shiryan_kernel::ids::{AppointmentId, DonorId, DriveId, MessageId};
use shiryan_kernel::message::{Template, Told};
use shiryan_kernel::time::Moment;

use super::{in_scope, store};
use crate::accounts::Principal;
use crate::db::Conn;

/// One notice to the holder of an appointment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notified {
    pub id: MessageId,
    pub template: Template,
    pub donor: DonorId,
    pub appointment: AppointmentId,
    pub told: Told,
    /// When it was sent, or it was plain that it will not be.
    pub ended_at: Option<Moment>,
}

/// The notices about appointments of a drive after `after`, oldest first; with `told`, those alone.
///
/// # Errors
/// `not_found` of a drive outside the scope.
pub fn notified(
    conn: &mut Conn,
    by: &Principal,
    drive: DriveId,
    told: Option<Told>,
    after: i64,
    limit: i64,
) -> Result<Vec<Notified>> {
    in_scope(conn, by, drive)?;
    let rows = store::notices(conn, drive, told, after, limit)?;
    let show = |row: store::Notice| Notified {
        id: row.id,
        template: row.template,
        donor: row.donor,
        appointment: row.appointment,
        told: row.state.told(row.template),
        ended_at: row.ended_at.map(|at| at.and_utc()),
    };
    Ok(rows.into_iter().map(show).collect())
}
