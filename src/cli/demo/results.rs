//! What the laboratory found in the donations whose units are on a shelf, or wait for it: nothing. Every second that waits
//! is left for whoever tries it.

use chrono::{Days, NaiveDate, NaiveTime};
use diesel::prelude::*;
use shiryan_kernel::Result;
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{FacilityId, TestResultId, UserId};
use shiryan_kernel::laboratory::{TestFinding, TestStage};
use shiryan_kernel::status::UnitStatus;

use crate::db::tables::blood_units;
use crate::db::{Lane, on_each};
use crate::http::House;
use crate::laboratory::{self, Entry, Says};

/// Numbers in one write.
const SLICE: usize = 250;

pub fn write(house: &House, by: UserId) -> Result<()> {
    let mut numbers: Vec<(Din, NaiveDate, FacilityId, UnitStatus)> = house.db.read_now(|conn| {
        Ok(on_each!(conn => c, blood_units::table
            .filter(blood_units::donation.is_not_null())
            .filter(blood_units::status.eq_any([UnitStatus::Quarantine, UnitStatus::Released]))
            .order((blood_units::din, blood_units::status.desc()))
            .select((blood_units::din, blood_units::collected_on, blood_units::facility, blood_units::status))
            .load(c))?)
    })?;
    // One that is released comes first, so that it decides of its number.
    numbers.dedup_by_key(|row| row.0);
    let mut waits = 0;
    numbers.retain(|(.., status)| {
        waits += usize::from(*status == UnitStatus::Quarantine);
        *status == UnitStatus::Released || waits % 2 == 0
    });
    for slice in numbers.chunks(SLICE) {
        let (mine, vault, zone) = (slice.to_vec(), house.vault.clone(), house.zone);
        let panel = house.settings.laboratory.panel.clone();
        house.db.write_now(Lane::Bulk, move |tx| {
            for (din, collected_on, facility, _) in &mine {
                let next = collected_on.checked_add_days(Days::new(1)).unwrap_or(*collected_on);
                let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default();
                let entered_at = zone.moment(next, noon).min(tx.now);
                for marker in &panel {
                    let entry = Entry {
                        id: TestResultId(tx.id()),
                        din: *din,
                        marker: *marker,
                        run: 1,
                        corrects: None,
                        says: Says {
                            stage: TestStage::Screening,
                            finding: TestFinding::NonReactive,
                            reason: None,
                        },
                        tested_on: zone.date(entered_at),
                        entered_at,
                        entered_by: by,
                        is_corrected: false,
                    };
                    laboratory::keep(tx, &vault, *facility, &entry)?;
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}
