//! How far a unit is from whoever asks: a straight line between two sites, and what the settings make of it. Pure.

use shiryan_kernel::ids::FacilityId;
use shiryan_kernel::place::{Governorate, Point};

use crate::settings::Travel;
use crate::stock::OnShelf;

/// A way between two sites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Way {
    /// As the bird flies.
    pub km: u32,
    /// On the road, as the settings assume it: an estimate, no measured time.
    pub minutes: u32,
}

/// Where somebody asks from.
#[derive(Debug, Clone, Copy)]
pub struct Here {
    pub facility: Option<FacilityId>,
    pub governorate: Governorate,
    pub point: Option<Point>,
    pub travel: Travel,
}

impl Here {
    /// The way to where a unit lies; unknown unless both sites say where they lie.
    pub fn way_to(&self, unit: &OnShelf) -> Option<Way> {
        self.way(unit.facility, unit.governorate, unit.point())
    }

    /// The way to a site.
    pub fn way(&self, facility: FacilityId, governorate: Governorate, point: Option<Point>) -> Option<Way> {
        let km = self.point?.km_to(point?);
        let is_here = self.facility == Some(facility);
        Some(if is_here {
            Way { km: 0, minutes: 0 }
        } else {
            way(km, self.governorate != governorate, &self.travel)
        })
    }
}

fn way(km: u32, leaves_governorate: bool, travel: &Travel) -> Way {
    let driving =
        i64::from(km) * (100 + travel.detour_per_cent) * 60 / (100 * travel.kilometres_an_hour.max(1));
    let waiting = if leaves_governorate { travel.between_governorates_minutes } else { 0 };
    Way { km, minutes: u32::try_from(driving + waiting).unwrap_or(u32::MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_is_driven_and_waits_at_the_border_of_a_governorate() {
        let travel = Travel { kilometres_an_hour: 40, detour_per_cent: 40, between_governorates_minutes: 30 };
        assert_eq!(way(40, false, &travel), Way { km: 40, minutes: 84 });
        assert_eq!(way(40, true, &travel), Way { km: 40, minutes: 114 });
        assert_eq!(way(0, false, &travel), Way { km: 0, minutes: 0 });
    }
}
