//! The hospitals' question over HTTP. The answer carries no entity tag and no feed position: of donors
//! it tells the published table and nothing that moves between two tables.

use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::attribute::Attributes;
use shiryan_kernel::blood::{AgeBand, BloodGroup, Component, DonationType, GroupEvidence, Sex};
use shiryan_kernel::compat::{Caution, Recipient};
use shiryan_kernel::ids::{BloodUnitId, FacilityId};
use shiryan_kernel::level::Level;
use shiryan_kernel::place::{Governorate, Region, Territory};
use utoipa::{IntoParams, ToSchema};

use super::{Availability, GroupCount, Offered, Question, REMINDERS, SiteShelf, Way, ask};
use crate::accounts::{Actor, AskAvailability};
use crate::db::off_loop;
use crate::http::{Answer, House, Query, Speak};
use crate::places::Facility;
use crate::reserve::published::{Area, Band};
use crate::stock::rules::Site;
use crate::texts::{self, Lang};

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(availability);
}

const fn day() -> i64 {
    24
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AvailabilityQuery {
    /// The patient's group, where one is known.
    recipient_group: Option<BloodGroup>,
    /// `confirmed`: two samples agree. Anything less, and `declared` unless said, counts as an unknown group.
    group_evidence: Option<GroupEvidence>,
    /// Sex and age decide the RhD type while the group is unknown.
    sex: Option<Sex>,
    age_band: Option<AgeBand>,
    component: Component,
    /// Where the patient is; the own facility's when left out.
    governorate: Option<Governorate>,
    /// 1 to 72: units are still good then.
    #[serde(default = "day")]
    #[param(minimum = 1, maximum = 72, default = 24, required = false)]
    within_hours: i64,
    /// What each unit must have, with commas between: `irradiated,cmv_negative`.
    needs: Option<String>,
}

/// A code and what it says in the caller's language.
#[derive(Debug, Serialize, ToSchema)]
struct Said {
    code: &'static str,
    text: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct FacilityShown {
    id: FacilityId,
    code: String,
    name_ar: String,
    name_en: String,
    /// When its shelf was last counted by its labels, with nothing left open.
    counted_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct OfferedUnit {
    id: BloodUnitId,
    blood_group: BloodGroup,
    /// Whether the group is the patient's own.
    identical: bool,
    /// The group's place in the component's table; 0 is best.
    preference: u8,
    cautions: &'static [Caution],
    expires_at: DateTime<Utc>,
    facility: FacilityShown,
    governorate: Governorate,
    site: Site,
    attributes: Attributes,
    /// How far it is; absent unless both sites say where they lie.
    way: Option<Way>,
}

#[derive(Debug, Serialize, ToSchema)]
struct GroupCountView {
    blood_group: BloodGroup,
    preference: u8,
    /// Whether only those of low titre fit, and are counted.
    low_titre_only: bool,
    units: i64,
}

#[derive(Debug, Serialize, ToSchema)]
struct ElsewhereView {
    region: Region,
    /// Always true: figures of two regions are never added up.
    not_shared: bool,
    groups: Vec<GroupCountView>,
}

/// What there is when nothing fits.
#[derive(Debug, Serialize, ToSchema)]
struct NearestView {
    /// RhD-positive units of the region, which the RhD policy may allow with an authoriser by name.
    by_policy: Vec<GroupCountView>,
    other_regions: Vec<ElsewhereView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct DonorCellView {
    blood_group: BloodGroup,
    preference: u8,
    /// The West Bank or Gaza.
    territory: Territory,
    /// Absent for the rest of the territory, which no region's cell holds; it is in no sum.
    region: Option<Region>,
    /// Absent for the rest of the region, which no governorate's cell holds.
    governorate: Option<Governorate>,
    /// Absent while the area holds under 200 registered donors of the group.
    band: Option<Band>,
    /// Whether it does.
    under_200: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct CallableView {
    donation_type: DonationType,
    /// The moment of the table; absent while none was ever made.
    published_at: Option<DateTime<Utc>>,
    cells: Vec<DonorCellView>,
    /// The sum of the lower edges of the region's own bands, times the share that comes within the hours asked for.
    come_at_least: i64,
}

#[derive(Debug, Serialize, ToSchema)]
struct SilentView {
    id: FacilityId,
    code: String,
    name_ar: String,
    name_en: String,
    governorate: Governorate,
}

/// How a group stands where blood gets to from the place asked for.
#[derive(Debug, Serialize, ToSchema)]
struct GroupStanding {
    blood_group: BloodGroup,
    level: Level,
}

/// A site from which a road leads here, and what of its shelf fits.
#[derive(Debug, Serialize, ToSchema)]
struct SiteShelfView {
    id: FacilityId,
    code: String,
    name_ar: String,
    name_en: String,
    governorate: Governorate,
    /// Of every group that fits, at the end of the time asked for.
    units: i64,
    /// How far it is; absent unless both sites say where they lie.
    way: Option<Way>,
    /// When its shelf was last counted by its labels, with nothing left open.
    counted_at: Option<DateTime<Utc>>,
    /// When something was last moved there; absent where nothing was for too long.
    heard_at: Option<DateTime<Utc>>,
    /// Whether nothing was heard for too long: its units are not known, whatever the figure says.
    silent: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct AvailabilityView {
    as_of: DateTime<Utc>,
    /// Absent where it counts as unknown.
    recipient_group: Option<BloodGroup>,
    /// Whether units are shown for a patient of unknown group.
    counts_as_unknown: bool,
    component: Component,
    governorate: Governorate,
    /// The sharing region whose units are counted.
    region: Region,
    within_hours: i64,
    /// At most 50, in the order of issue.
    units: Vec<OfferedUnit>,
    /// Every group that fits, best first, with all its units from where a road leads here.
    groups: Vec<GroupCountView>,
    /// Units that fit in governorates of the region from which no road leads here now; never among those above.
    cut_off: Vec<GroupCountView>,
    /// Absent while something fits.
    nearest: Option<NearestView>,
    /// Blood banks in reach of which nothing was heard for too long: what they hold may be long gone.
    sites_silent: Vec<SilentView>,
    /// What a unit costs the reserve: how the groups that fit stand, as far as it is known. Absent but for command and blood
    /// banks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    levels: Vec<GroupStanding>,
    /// Every blood bank in reach, and every hospital on whose shelf something fits, the nearest first: together all that
    /// `groups` counts.
    sites: Vec<SiteShelfView>,
    donors: CallableView,
    reminders: Vec<Said>,
    notes: Vec<Said>,
    /// The words of the cautions that occur above.
    cautions: Vec<Said>,
}

/// Which units can be requested, and which donors could be called.
#[utoipa::path(tag = "reserve", params(AvailabilityQuery),
    responses((status = 200, description = "As things stand", body = AvailabilityView)))]
#[get("/availability")]
async fn availability(
    house: web::Data<House>,
    by: Actor<AskAvailability>,
    query: Query<AvailabilityQuery>,
    Speak(lang): Speak,
) -> Answer {
    let evidence = GroupEvidence::of(query.recipient_group, query.group_evidence)
        .map_err(|problem| problem.on("group_evidence"))?;
    let question = Question {
        recipient: Recipient::of(query.recipient_group, evidence, query.sex, query.age_band),
        component: query.component,
        governorate: query.governorate,
        within_hours: query.within_hours,
        needs: Attributes::named(query.needs.as_deref()).map_err(|problem| problem.on("needs"))?,
    };
    let (who, now) = (by.clone(), house.db.now());
    // A request for units has no such bound: an emergency is never turned away.
    if let Some(facility) = by.facility {
        house.asked.count(&facility.to_string(), now)?;
    }
    let sources = house.reserve.clone();
    let found = off_loop(move || ask(&sources, &who, question)).await?;
    Ok(HttpResponse::Ok().json(AvailabilityView::of(found, lang)))
}

fn said(lang: Lang, list: &str, code: &'static str) -> Said {
    Said { code, text: texts::word(lang, list, code) }
}

impl AvailabilityView {
    fn of(found: Availability, lang: Lang) -> Self {
        let mut cautions: Vec<Caution> =
            found.units.iter().flat_map(|unit| unit.cautions.iter().copied()).collect();
        cautions.sort_unstable();
        cautions.dedup();
        let cautions =
            cautions.into_iter().map(|caution| said(lang, "stock-caution", caution.code())).collect();
        let notes = found.notes().into_iter().map(|code| said(lang, "stock-note", code)).collect();
        let Availability {
            as_of,
            question,
            governorate,
            region,
            units,
            groups,
            cut_off,
            nearest,
            silent,
            levels,
            sites,
            donors,
        } = found;
        let levels = levels.into_iter().map(|(blood_group, level)| GroupStanding { blood_group, level });
        let cells = donors.cells.into_iter().map(|cell| DonorCellView {
            blood_group: cell.blood_group,
            preference: cell.preference,
            territory: cell.area.territory(),
            region: cell.area.region(),
            governorate: match cell.area {
                Area::Governorate(governorate) => Some(governorate),
                Area::RestOf(_) | Area::RestOfAll(_) => None,
            },
            band: cell.band,
            under_200: cell.band.is_none(),
        });
        Self {
            as_of,
            recipient_group: question.recipient.group(),
            counts_as_unknown: question.recipient.group().is_none(),
            component: question.component,
            governorate,
            region,
            within_hours: question.within_hours,
            units: units.into_iter().map(|unit| OfferedUnit::of(unit, question.recipient.group())).collect(),
            groups: counts(groups),
            cut_off: counts(cut_off),
            nearest: nearest.map(|nearest| NearestView {
                by_policy: counts(nearest.by_policy),
                other_regions: nearest
                    .not_shared
                    .into_iter()
                    .map(|other| ElsewhereView {
                        region: other.region,
                        not_shared: true,
                        groups: counts(other.groups),
                    })
                    .collect(),
            }),
            sites_silent: silent
                .into_iter()
                .map(|site| SilentView {
                    id: site.id,
                    code: site.code,
                    name_ar: site.name_ar,
                    name_en: site.name_en,
                    governorate: site.governorate,
                })
                .collect(),
            levels: levels.collect(),
            sites: sites.into_iter().map(SiteShelfView::of).collect(),
            donors: CallableView {
                donation_type: donors.donation_type,
                published_at: donors.published_at,
                cells: cells.collect(),
                come_at_least: donors.come_at_least,
            },
            reminders: REMINDERS.into_iter().map(|code| said(lang, "stock-reminder", code)).collect(),
            notes,
            cautions,
        }
    }
}

impl SiteShelfView {
    fn of(site: SiteShelf) -> Self {
        let SiteShelf { facility, units, counted_at, heard_at, way } = site;
        let Facility { id, code, name_ar, name_en, governorate, .. } = facility;
        let silent = heard_at.is_none();
        Self { id, code, name_ar, name_en, governorate, units, way, counted_at, heard_at, silent }
    }
}

impl OfferedUnit {
    fn of(offered: Offered, recipient: Option<BloodGroup>) -> Self {
        let Offered { unit, site, preference, cautions, counted_at, way } = offered;
        Self {
            id: unit.id,
            blood_group: unit.blood_group,
            identical: Some(unit.blood_group) == recipient,
            preference,
            cautions,
            expires_at: unit.expires_at(),
            facility: FacilityShown {
                id: unit.facility,
                code: unit.facility_code,
                name_ar: unit.facility_name_ar,
                name_en: unit.facility_name_en,
                counted_at,
            },
            governorate: unit.governorate,
            site,
            attributes: unit.attributes,
            way,
        }
    }
}

fn counts(groups: Vec<GroupCount>) -> Vec<GroupCountView> {
    let shown = groups.into_iter().map(|own: GroupCount| GroupCountView {
        blood_group: own.blood_group,
        preference: own.preference,
        low_titre_only: own.low_titre_only,
        units: own.units,
    });
    shown.collect()
}
