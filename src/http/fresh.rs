//! How fresh the figures of an answer are. No hospital is told (SAFETY B1).

use serde::Serialize;
use shiryan_kernel::ids::FacilityId;
use shiryan_kernel::place::Governorate;
use utoipa::ToSchema;

use crate::reserve::{Facts, Site};
use crate::texts::Lang;

/// Told with every figure of the reserve.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Freshness {
    /// The number of the latest change that the figures may hold; a later figure has a greater one once anything changed.
    feed_position: i64,
    /// Facilities where nothing moved for 24 hours, unless `levels.toml` tells another limit: the figures of their areas may be old.
    sites_silent: Vec<SilentSite>,
}

/// A facility of which nothing was heard for too long.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = SiteView)]
struct SilentSite {
    id: FacilityId,
    code: String,
    name_ar: String,
    name_en: String,
    governorate: Governorate,
}

impl From<&Facts> for Freshness {
    fn from(facts: &Facts) -> Self {
        Self {
            feed_position: facts.position,
            sites_silent: facts.silent.iter().map(SilentSite::from).collect(),
        }
    }
}

impl Freshness {
    /// The first silent sites of these governorates by name, and how many more there are.
    #[must_use]
    pub fn named(&self, lang: Lang, members: &[Governorate], most: usize) -> (Vec<String>, i64) {
        let own = self.sites_silent.iter().filter(|site| members.contains(&site.governorate));
        let mut names: Vec<String> = own.map(|site| site.name(lang)).collect();
        let more = names.len().saturating_sub(most);
        names.truncate(most);
        (names, i64::try_from(more).unwrap_or(i64::MAX))
    }
}

impl SilentSite {
    fn name(&self, lang: Lang) -> String {
        match lang {
            Lang::Ar => self.name_ar.clone(),
            Lang::En => self.name_en.clone(),
        }
    }
}

impl From<&Site> for SilentSite {
    fn from(site: &Site) -> Self {
        let Site { id, code, name_ar, name_en, governorate, .. } = site.clone();
        Self { id, code, name_ar, name_en, governorate }
    }
}
