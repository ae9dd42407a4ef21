//! What came of a drive, by unit, without telling what became of few.

use serde::Serialize;
use shiryan_kernel::ids::UnitId;
use utoipa::ToSchema;

/// The fewest people of whom outcomes are told.
pub const FEWEST: i64 = 20;

/// What came of some people who were checked in. Deferred, left and low volume are one figure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Outcomes {
    pub checked_in: i64,
    pub donated: i64,
    pub not_donated: i64,
}

impl Outcomes {
    fn with(self, other: Self) -> Self {
        Self {
            checked_in: self.checked_in + other.checked_in,
            donated: self.donated + other.donated,
            not_donated: self.not_donated + other.not_donated,
        }
    }
}

/// What may be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    pub all: Option<Outcomes>,
    /// Each of at least [`FEWEST`], by unit.
    pub units: Vec<(UnitId, Outcomes)>,
    /// Everybody else together: at least [`FEWEST`], or nobody.
    pub others: Option<Outcomes>,
}

/// What may be told of these units and of those without one. Small units are told together; when even together they
/// are few, the smallest of the others joins them, so that no subtraction gives the few away.
#[must_use]
pub fn told(rows: Vec<(Option<UnitId>, Outcomes)>) -> Told {
    let all = rows.iter().fold(Outcomes::default(), |sum, (_, one)| sum.with(*one));
    if all.checked_in < FEWEST {
        return Told::default();
    }
    let mut others = Outcomes::default();
    let mut units = Vec::new();
    for (unit, one) in rows {
        match unit {
            Some(unit) if one.checked_in >= FEWEST => units.push((unit, one)),
            _ => others = others.with(one),
        }
    }
    units.sort_by_key(|(unit, one)| (std::cmp::Reverse(one.checked_in), *unit));
    while others.checked_in > 0 && others.checked_in < FEWEST {
        let Some((_, smallest)) = units.pop() else { break };
        others = others.with(smallest);
    }
    units.sort_by_key(|(unit, _)| *unit);
    Told { all: Some(all), units, others: (others.checked_in > 0).then_some(others) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(checked_in: i64) -> Outcomes {
        Outcomes { checked_in, donated: checked_in - 1, not_donated: 1 }
    }

    #[test]
    fn few_are_told_together_or_not_at_all() {
        let unit = |n| Some(UnitId(n));
        assert_eq!(told(vec![(unit(1), of(19))]), Told::default());
        let one = told(vec![(unit(1), of(20))]);
        assert_eq!((one.units.len(), one.others), (1, None));
        let two = told(vec![(unit(1), of(30)), (unit(2), of(25)), (unit(3), of(4))]);
        assert_eq!(two.units, [(UnitId(1), of(30))]);
        assert_eq!(two.others.unwrap().checked_in, 29);
        let small = told(vec![(unit(1), of(10)), (None, of(10))]);
        assert_eq!((small.units.len(), small.others), (0, small.all));
    }

    proptest! {
        #[test]
        fn no_group_that_is_told_or_left_over_is_small(sizes in prop::collection::vec(1_i64..60, 0..12)) {
            let rows = (1..).zip(&sizes).map(|(n, size)| (Some(UnitId(n)), of(*size))).collect();
            let told = told(rows);
            let total: i64 = sizes.iter().sum();
            prop_assert_eq!(told.all.is_some(), total >= FEWEST);
            let parts = told.units.iter().map(|(_, one)| one).chain(&told.others);
            let mut sum = 0;
            for part in parts {
                prop_assert!(part.checked_in >= FEWEST);
                sum += part.checked_in;
            }
            prop_assert_eq!(sum, if told.all.is_some() { total } else { 0 });
        }
    }
}
