//! Several records of one person, read as one: everything that any of them says in the way of giving stands.
//!
//! Givings and deferrals are united. Where sex or birth date differ, or one record lacks them, they are unknown;
//! typed groups that differ are a discrepancy. Standing, body, a declared count and first-time status hold for
//! each record for itself ([`DonorFacts::records`]). So nobody may give earlier by a merge than under any of the
//! records, but for an allowance that the medical officer gave knowing all of them.

use shiryan_kernel::blood::DonationType;
use shiryan_kernel::status::DonorStatus;

use super::facts::{Declared, DonorFacts, Giving};

/// The facts of a person with these records. Their allowances are those that count for the person.
pub(super) fn unite(records: Vec<DonorFacts>) -> DonorFacts {
    let mut typed: Vec<_> = records.iter().filter_map(|record| record.typed_group).collect();
    typed.sort_unstable();
    typed.dedup();
    let worst = records.iter().max_by_key(|record| severity(record.status));
    DonorFacts {
        sex: agreed(records.iter().map(|record| record.sex)),
        birth_date: agreed(records.iter().map(|record| record.birth_date)),
        weight_kg: least(records.iter().map(|record| record.weight_kg)),
        height_cm: least(records.iter().map(|record| record.height_cm)),
        status: worst.map_or(DonorStatus::Active, |record| record.status),
        paused_until: worst.and_then(|record| record.paused_until),
        never_screened_here: records.iter().any(|record| record.never_screened_here),
        // Each record's own count is held against the person; here it only says that all were asked.
        declared: records
            .iter()
            .map(|record| record.declared)
            .reduce(|one, other| Some(Declared { count: 0, on: one?.on.max(other?.on) }))
            .flatten(),
        group_discrepancy: typed.len() > 1 || records.iter().any(|record| record.group_discrepancy),
        typed_group: (typed.len() == 1).then(|| typed.first().copied()).flatten(),
        givings: all_givings(&records),
        deferrals: records.iter().flat_map(|record| record.deferrals.clone()).collect(),
        allowances: records.iter().flat_map(|record| record.allowances.clone()).collect(),
        records,
        is_alias: false,
    }
}

/// The value that all have.
fn agreed<T: PartialEq + Copy>(values: impl Iterator<Item = Option<T>>) -> Option<T> {
    values.reduce(|one, other| if one == other { one } else { None }).flatten()
}

/// The least, if all are known.
fn least(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    values.reduce(|one, other| Some(one?.min(other?))).flatten()
}

const fn severity(status: DonorStatus) -> u8 {
    match status {
        DonorStatus::Active => 0,
        DonorStatus::Paused => 1,
        DonorStatus::Review => 2,
        DonorStatus::Deceased => 3,
        DonorStatus::Erased => 4,
    }
}

/// Every giving of every record; one that two records tell of counts once.
fn all_givings(records: &[DonorFacts]) -> Vec<Giving> {
    let mut united: Vec<Giving> = Vec::new();
    for record in records {
        // One giving of a record meets one of the others, so that two of one record stay two.
        let mut unmet: Vec<&mut Giving> = united.iter_mut().collect();
        let mut new = Vec::new();
        for giving in &record.givings {
            match unmet.iter().position(|known| is_same(known, giving)) {
                Some(at) => {
                    let known = unmet.swap_remove(at);
                    known.red_cells_lost_ml = known.red_cells_lost_ml.max(giving.red_cells_lost_ml);
                }
                None => new.push(giving.clone()),
            }
        }
        united.extend(new);
    }
    united
}

/// Whether two records tell of one giving, and no detail in which they differ makes it count for less.
fn is_same(one: &Giving, other: &Giving) -> bool {
    let same_day = one.on == other.on && one.donation_type == other.donation_type;
    // Of what was not finished, or of plasma, the volume counts.
    let volume_is_told = one.completed && one.donation_type != DonationType::PlasmaApheresis;
    one == other || same_day && one.completed == other.completed && volume_is_told
}
