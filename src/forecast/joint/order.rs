//! Who may stand in for whom, and where.

/// The most groups that stand in for each other.
pub const MOST_GROUPS: usize = 8;

/// Where a unit may come from for somebody of another group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The group, by its place among the groups of the plan.
    pub group: usize,
    /// Whether only those are meant that expire soon, or only the others.
    pub is_short_dated: bool,
}

/// For each recipient and each set of spared groups, where to look, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub(super) groups: usize,
    steps: Vec<Vec<Step>>,
    /// Recipients who have others to turn to, those with the fewest first.
    pub(super) turns: Vec<usize>,
    /// Up to so many days before its last day of use a unit expires soon; `None`: none does.
    short_days: Option<i32>,
}

impl Order {
    /// `of(recipient, is_spared)` gives the others in order; asked once for every recipient and set.
    ///
    /// Of more than [`MOST_GROUPS`] groups the rest stands alone.
    pub fn new(
        groups: usize,
        short_days: Option<i32>,
        of: impl Fn(usize, &dyn Fn(usize) -> bool) -> Vec<Step>,
    ) -> Self {
        let groups = groups.min(MOST_GROUPS);
        let mut steps = Vec::with_capacity(groups << groups);
        for recipient in 0..groups {
            for spared in 0..1_usize << groups {
                let all = of(recipient, &|group| spared >> group & 1 == 1);
                steps.push(
                    all.into_iter().filter(|step| step.group < groups && step.group != recipient).collect(),
                );
            }
        }
        let has_others = |recipient: usize| {
            steps
                .iter()
                .skip(recipient << groups)
                .take(1 << groups)
                .any(|steps: &Vec<Step>| !steps.is_empty())
        };
        let mut turns: Vec<usize> = (0..groups).filter(|recipient| has_others(*recipient)).collect();
        turns.sort_by_key(|recipient| steps.get(recipient << groups).map_or(0, Vec::len));
        Self { groups, steps, turns, short_days }
    }

    /// Nobody stands in for anybody.
    #[must_use]
    pub fn alone(groups: usize) -> Self {
        Self::new(groups, None, |_, _| Vec::new())
    }

    /// Days before the last day of use in which a unit expires soon; `None`: none does.
    pub(super) fn short(&self) -> Option<usize> {
        self.short_days.map(|short| usize::try_from(short).unwrap_or(0))
    }

    /// Whether each group lends what expires soon before the rest, to everybody and whatever is spared.
    #[must_use]
    pub fn is_in_turn(&self) -> bool {
        let is_after_soon = |steps: &[Step], place: usize, group: usize| {
            steps.iter().take(place).any(|step| step.is_short_dated && step.group == group)
        };
        self.short_days.is_none()
            || self.steps.iter().all(|steps| {
                let mut places = steps.iter().enumerate();
                places.all(|(place, step)| step.is_short_dated || is_after_soon(steps, place, step.group))
            })
    }

    /// Where to look for a recipient while these groups, a bit for each, are spared.
    #[must_use]
    pub fn others(&self, recipient: usize, spared: usize) -> &[Step] {
        if recipient >= self.groups {
            return &[];
        }
        self.steps.get((recipient << self.groups) + spared).map_or(&[], Vec::as_slice)
    }
}

/// Sides of an area between which roads may be closed on some days.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sides {
    count: usize,
    /// By day from today on: of each side, which pool it belongs to; sides of one pool reach each other. The last holds on.
    pools: Vec<Vec<usize>>,
}

impl Sides {
    /// All of an area in one.
    #[must_use]
    pub const fn one() -> Self {
        Self { count: 1, pools: Vec::new() }
    }

    /// `pool(day, side)` over some days.
    pub fn new(count: usize, days: usize, pool: impl Fn(usize, usize) -> usize) -> Self {
        let of_day = |day| (0..count).map(|side| pool(day, side)).collect();
        Self { count: count.max(1), pools: (0..days).map(of_day).collect() }
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The sides that reach each other on a day, side by side.
    pub(super) fn pools(&self, day: usize) -> Vec<Vec<usize>> {
        let pools = self.pools.get(day).or(self.pools.last());
        let mut found: Vec<(usize, Vec<usize>)> = Vec::new();
        for side in 0..self.count {
            let pool = pools.and_then(|pools| pools.get(side)).copied().unwrap_or(0);
            match found.iter_mut().find(|(own, _)| *own == pool) {
                Some((_, sides)) => sides.push(side),
                None => found.push((pool, vec![side])),
            }
        }
        found.into_iter().map(|(_, sides)| sides).collect()
    }
}
