//! What went in and out of shelves, by civil day.

use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;
use shiryan_kernel::Result;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::place::Governorate;

use crate::db::tables::daily_flows;
use crate::db::{Tx, on_each};

/// The feed's word for a flow that is noted on a day that was over.
pub const PAST_FLOW: &str = "flow";

/// A movement is noted within so long after its moment, and a clock that another instance goes by may differ: a day is over
/// for good once so much of the next one has passed.
pub const NOTED_WITHIN: TimeDelta = TimeDelta::minutes(10);

/// What went in or out of a shelf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    Received,
    /// Received, and collected at a drive.
    FromDrive,
    Issued,
    Expired,
}

/// Adds one unit to a civil day's flow.
pub fn add_flow(
    tx: &mut Tx,
    flow: Flow,
    governorate: Governorate,
    component: Component,
    group: BloodGroup,
    day: NaiveDate,
) -> Result<()> {
    let (received, from_drives, issued, expired) = match flow {
        Flow::Received => (1, 0, 0, 0),
        Flow::FromDrive => (1, 1, 0, 0),
        Flow::Issued => (0, 0, 1, 0),
        Flow::Expired => (0, 0, 0, 1),
    };
    let row = (
        daily_flows::governorate.eq(governorate),
        daily_flows::component.eq(component),
        daily_flows::blood_group.eq(group),
        daily_flows::flow_on.eq(day),
        daily_flows::received.eq(received),
        daily_flows::from_drives.eq(from_drives),
        daily_flows::issued.eq(issued),
        daily_flows::expired.eq(expired),
    );
    on_each!(tx.conn => c, diesel::insert_into(daily_flows::table)
        .values(row)
        .on_conflict((
            daily_flows::governorate,
            daily_flows::component,
            daily_flows::blood_group,
            daily_flows::flow_on,
        ))
        .do_update()
        .set((
            daily_flows::received.eq(daily_flows::received + received),
            daily_flows::from_drives.eq(daily_flows::from_drives + from_drives),
            daily_flows::issued.eq(daily_flows::issued + issued),
            daily_flows::expired.eq(daily_flows::expired + expired),
        ))
        .execute(c))?;
    Ok(())
}
