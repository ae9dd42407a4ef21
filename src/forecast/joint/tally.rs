//! What many paths came to, counted: sums of integers, so that neither their order nor the number of threads matters.

use super::walk::GroupRecord;
use crate::band::Band;

/// One group on one day over some paths.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub short: u64,
    /// Paths that run short for the first time.
    pub first_short: u64,
    pub unmet: u64,
    pub outdated: u64,
    pub lent: u64,
    pub borrowed: u64,
}

/// How many of each number of units are counted; larger ones are kept one by one. Seventeen lines of a cache: of a power of
/// two the same bins of all cells would push each other out of it.
const BINS: usize = 272;

fn count(bins: &mut [u32], cell: usize, units: u64, large: &mut Vec<(usize, u32)>) {
    match usize::try_from(units).ok().and_then(|units| bins.get_mut(units)) {
        Some(count) => *count += 1,
        None => large.push((cell, u32::try_from(units).unwrap_or(u32::MAX))),
    }
}

/// All groups over some paths, by day and group.
#[derive(Debug, Clone)]
pub(super) struct Tally {
    sums: Vec<Sums>,
    /// Paths with so many units on hand, [`BINS`] to a cell.
    counts: Vec<u32>,
    /// Cell and units of what is beyond the bins; in order once it is settled.
    large: Vec<(usize, u32)>,
}

impl Tally {
    pub(super) fn new(cells: usize) -> Self {
        Self { sums: vec![Sums::default(); cells], counts: vec![0; cells * BINS], large: Vec::new() }
    }

    /// Adds a day of one path: its cells are from `first` on, one for each group.
    pub(super) fn add_day(&mut self, first: usize, records: &[GroupRecord], was_short: &mut [bool]) {
        self.add(first, records);
        for ((record, was_short), cell) in records.iter().zip(was_short).zip(first..) {
            if record.unmet > 0 && !*was_short {
                *was_short = true;
                self.first_short(cell);
            }
        }
    }

    /// Adds days of one path of a group by itself, which neither lends nor borrows: its cells are from `first` on, one for
    /// each day.
    pub(super) fn add_days(
        &mut self,
        first: usize,
        days: impl Iterator<Item = GroupRecord>,
        was_short: &mut bool,
    ) {
        let bins = self.counts.get_mut(first * BINS..).unwrap_or_default().chunks_exact_mut(BINS);
        let sums = self.sums.get_mut(first..).unwrap_or_default();
        for ((sums, bins), (record, cell)) in sums.iter_mut().zip(bins).zip(days.zip(first..)) {
            count(bins, cell, record.on_hand, &mut self.large);
            sums.outdated += record.outdated;
            if record.unmet > 0 {
                sums.unmet += record.unmet;
                sums.short += 1;
                sums.first_short += u64::from(!std::mem::replace(was_short, true));
            }
        }
    }

    fn add(&mut self, first: usize, records: &[GroupRecord]) {
        let bins = self.counts.get_mut(first * BINS..).unwrap_or_default().chunks_exact_mut(BINS);
        for ((record, bins), cell) in records.iter().zip(bins).zip(first..) {
            count(bins, cell, record.on_hand, &mut self.large);
        }
        let sums = self.sums.get_mut(first..).unwrap_or_default();
        for (sums, record) in sums.iter_mut().zip(records) {
            sums.outdated += record.outdated;
            sums.lent += record.lent;
            sums.borrowed += record.borrowed;
            sums.unmet += record.unmet;
            sums.short += u64::from(record.unmet > 0);
        }
    }

    /// Notes the cell in which a group runs short for the first time on a path.
    fn first_short(&mut self, cell: usize) {
        if let Some(sums) = self.sums.get_mut(cell) {
            sums.first_short += 1;
        }
    }

    /// Two halves together.
    pub(super) fn join(mut self, other: Self) -> Self {
        for (own, more) in self.sums.iter_mut().zip(other.sums) {
            own.short += more.short;
            own.first_short += more.first_short;
            own.unmet += more.unmet;
            own.outdated += more.outdated;
            own.lent += more.lent;
            own.borrowed += more.borrowed;
        }
        self.counts.iter_mut().zip(other.counts).for_each(|(own, more)| *own += more);
        self.large.extend(other.large);
        self
    }

    /// Of a cell.
    pub(super) fn sums(&self, cell: usize) -> Sums {
        self.sums.get(cell).copied().unwrap_or_default()
    }

    /// Puts what is beyond the bins in order, once all is in.
    pub(super) fn settled(mut self) -> Self {
        self.large.sort_unstable();
        self
    }

    /// The band of units on hand, and their sum, of a tally that is settled.
    pub(super) fn on_hand(&self, cell: usize) -> (Band, u64) {
        let counts = self.counts.get(cell * BINS..(cell + 1) * BINS).unwrap_or_default();
        let first = self.large.partition_point(|(own, _)| *own < cell);
        let large =
            self.large.iter().skip(first).take_while(|(own, _)| *own == cell).map(|(_, units)| *units);
        let large: Vec<u32> = large.collect();
        let sum = counts.iter().zip(0_u64..).map(|(count, units)| u64::from(*count) * units).sum::<u64>()
            + large.iter().map(|units| u64::from(*units)).sum::<u64>();
        (Band::of_counted(counts, &large).unwrap_or_default(), sum)
    }
}
