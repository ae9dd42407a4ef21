//! The beginnings of names, in memory: a dictionary of search keys, each with the donors who have it.
//!
//! Donors are numbered as they come. All that one beginning leads to lies side by side, four bytes a donor
//! and key, as it was gathered; what comes later is kept beside it. A donor who changes gets a new number,
//! and the old one is struck out. Knows neither database nor seal.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::{Bound, Range};

use shiryan_kernel::ids::{DonorId, UnitId};
use shiryan_kernel::text::{family_key, name_key};
use shiryan_kernel::{Code, Problem, Result};

/// Stands before a family's key without its article, which no other part of a name may meet.
const FAMILY: char = '\u{1}';
/// The most that somebody may ask for.
const LONGEST: usize = 200;
const MOST_WORDS: usize = 8;
/// The shortest longest word: a single letter would list half of a force.
const LEAST: usize = 2;

/// What somebody searches for: each word must begin some part of the name.
#[derive(Clone, PartialEq, Eq)]
pub struct Words(Vec<String>);

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

impl Words {
    /// Reads a name or its beginning in any spelling.
    ///
    /// # Errors
    /// `name_invalid` of more than 200 characters or eight words, and where no word has two characters.
    pub fn parse(text: &str) -> Result<Self> {
        let refused = || Problem::new(Code::NameInvalid);
        if text.chars().nth(LONGEST).is_some() {
            return Err(refused());
        }
        let mut words: Vec<String> = name_key(text).split(' ').map(str::to_owned).collect();
        words.sort_unstable_by(|one, other| other.cmp(one));
        // One that begins another says nothing more.
        words.dedup_by(|word, kept| kept.starts_with(word.as_str()));
        // The article alone begins half of all families.
        words.retain(|word| word != "ال");
        let long_enough = words.iter().any(|word| word.chars().nth(LEAST - 1).is_some());
        if long_enough && words.len() <= MOST_WORDS { Ok(Self(words)) } else { Err(refused()) }
    }

    /// The same text for every spelling.
    #[must_use]
    pub fn canonical(&self) -> String {
        self.0.join(" ")
    }
}

/// A name in its four parts, the family's last.
pub type Parts = [Option<String>; 4];

/// A donor as the index knows one.
pub struct Entry {
    pub id: DonorId,
    pub unit: Option<UnitId>,
    /// In one script and another; without any part of either, nobody finds the donor.
    pub names: [Parts; 2],
}

impl Entry {
    /// Each part, and whether it is a family's.
    fn parts(&self) -> impl Iterator<Item = (&str, bool)> {
        let parts = self.names.iter().flat_map(|name| name.iter().enumerate());
        parts.filter_map(|(at, part)| Some((part.as_deref()?, at == 3)))
    }
}

/// The keys of one part of a name: of each of its words; of a family's without its article too.
fn keys(part: &str, is_family: bool) -> Vec<String> {
    let words = |key: String| key.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let mut keys = words(name_key(part));
    if is_family {
        keys.extend(words(family_key(part)).iter().map(|word| marked(word)));
    }
    keys.retain(|key| !key.trim_start_matches(FAMILY).is_empty());
    keys
}

fn marked(word: &str) -> String {
    format!("{FAMILY}{word}")
}

/// A set of donors' numbers.
#[derive(Clone, Default)]
struct Numbers(Vec<u64>);

impl Numbers {
    /// Room for those below `count`.
    fn below(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    fn put(&mut self, number: u32) {
        if let Some(word) = self.0.get_mut(wide(number / 64)) {
            *word |= 1 << (number % 64);
        }
    }

    fn keep(&mut self, others: &Self) {
        for (word, other) in self.0.iter_mut().zip(&others.0) {
            *word &= other;
        }
    }

    /// From `first` on, in order.
    fn from(&self, first: usize) -> impl Iterator<Item = usize> + '_ {
        let skipped = first / 64;
        self.0.iter().enumerate().skip(skipped).flat_map(move |(at, word)| {
            let mut left = if at == skipped { word & (u64::MAX << (first % 64)) } else { *word };
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros();
                left &= left.wrapping_sub(1);
                (bit < 64).then(|| at * 64 + wide(bit))
            })
        })
    }
}

fn wide(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Gathers donors in the order of their ids, before anybody searches.
#[derive(Default)]
pub struct Gathering {
    ids: Vec<DonorId>,
    /// The places in `lists` of a part's keys: names repeat, and making keys costs more than opening names.
    parts: [HashMap<Box<str>, Vec<usize>>; 2],
    keys: HashMap<String, usize>,
    lists: Vec<Vec<u32>>,
    units: BTreeMap<UnitId, Vec<u32>>,
}

impl Gathering {
    pub fn add(&mut self, entry: &Entry) {
        let number = narrow(self.ids.len());
        let mut is_named = false;
        for (part, is_family) in entry.parts() {
            is_named = true;
            let [given, families] = &mut self.parts;
            let known = if is_family { families } else { given };
            let places = match known.get(part) {
                Some(places) => places,
                None => {
                    let place = |key| {
                        *self.keys.entry(key).or_insert_with(|| {
                            self.lists.push(Vec::new());
                            self.lists.len() - 1
                        })
                    };
                    let places: Vec<usize> = keys(part, is_family).into_iter().map(place).collect();
                    known.entry(part.into()).or_insert(places)
                }
            };
            for place in places {
                let list = self.lists.get_mut(*place).filter(|list| list.last() != Some(&number));
                list.into_iter().for_each(|list| list.push(number));
            }
        }
        if !is_named {
            return;
        }
        self.ids.push(entry.id);
        if let Some(unit) = entry.unit {
            self.units.entry(unit).or_default().push(number);
        }
    }

    #[must_use]
    pub fn finish(mut self) -> Index {
        drop(self.parts);
        let mut keys: Vec<(String, usize)> = self.keys.into_iter().collect();
        keys.sort_unstable();
        let mut gathered = Dictionary::default();
        for (text, place) in keys {
            let list = self.lists.get_mut(place).map(std::mem::take).unwrap_or_default();
            gathered.push(&text, &list);
        }
        gathered.keys.shrink_to_fit();
        gathered.numbers.shrink_to_fit();
        self.units.values_mut().for_each(Vec::shrink_to_fit);
        self.ids.shrink_to_fit();
        Index {
            in_order: self.ids.len(),
            ids: self.ids,
            late: HashMap::new(),
            struck: HashSet::new(),
            gathered,
            added: BTreeMap::new(),
            units: self.units,
        }
    }
}

/// Keys in their order, each with its donors; no key comes later.
#[derive(Default)]
struct Dictionary {
    text: String,
    keys: Vec<Key>,
    numbers: Vec<u32>,
}

/// Where a key's text and numbers lie.
struct Key {
    text: Range<u32>,
    numbers: Range<u32>,
}

impl Dictionary {
    fn push(&mut self, text: &str, numbers: &[u32]) {
        let (from, first) = (narrow(self.text.len()), narrow(self.numbers.len()));
        self.text.push_str(text);
        self.numbers.extend_from_slice(numbers);
        let (to, last) = (narrow(self.text.len()), narrow(self.numbers.len()));
        self.keys.push(Key { text: from..to, numbers: first..last });
    }

    fn text(&self, key: &Key) -> &str {
        self.text.get(wide(key.text.start)..wide(key.text.end)).unwrap_or_default()
    }

    /// The donors of every key that begins so.
    fn beginning(&self, begin: &str) -> &[u32] {
        let first = self.keys.partition_point(|key| self.text(key) < begin);
        let from = self.keys.get(first..).unwrap_or_default();
        let some = from.partition_point(|key| self.text(key).starts_with(begin));
        match from.get(..some) {
            Some([one, .., last]) => self.numbers_of(one.numbers.start..last.numbers.end),
            Some([one]) => self.numbers_of(one.numbers.clone()),
            _ => &[],
        }
    }

    fn numbers_of(&self, range: Range<u32>) -> &[u32] {
        self.numbers.get(wide(range.start)..wide(range.end)).unwrap_or_default()
    }
}

/// Who has which beginning of a name.
pub struct Index {
    /// A donor's id by number.
    ids: Vec<DonorId>,
    /// So many of them stand in the order of their ids.
    in_order: usize,
    /// Numbers of the others.
    late: HashMap<DonorId, u32>,
    /// Numbers that count no more.
    struck: HashSet<u32>,
    gathered: Dictionary,
    /// What came since.
    added: BTreeMap<String, Vec<u32>>,
    units: BTreeMap<UnitId, Vec<u32>>,
}

impl Index {
    /// Puts a donor in the place of what was known of the same one.
    pub fn put(&mut self, entry: &Entry) {
        if let Some(before) = self.number(entry.id) {
            self.struck.insert(before);
        }
        let mut keys: Vec<String> =
            entry.parts().flat_map(|(part, is_family)| keys(part, is_family)).collect();
        if keys.is_empty() {
            return;
        }
        keys.sort_unstable();
        keys.dedup();
        let number = narrow(self.ids.len());
        if self.in_order == self.ids.len() && self.ids.last().is_none_or(|last| *last < entry.id) {
            self.in_order += 1;
        } else {
            self.late.insert(entry.id, number);
        }
        self.ids.push(entry.id);
        for key in keys {
            self.added.entry(key).or_default().push(number);
        }
        if let Some(unit) = entry.unit {
            self.units.entry(unit).or_default().push(number);
        }
    }

    fn number(&self, id: DonorId) -> Option<u32> {
        let in_order = self.ids.get(..self.in_order).unwrap_or_default();
        let found = || in_order.binary_search(&id).ok().map(narrow);
        self.late.get(&id).copied().or_else(found)
    }

    /// Donors after `after` whose names have all the words, at most so many, oldest first; of `units`
    /// alone where they are given.
    #[must_use]
    pub fn find(&self, words: &Words, units: Option<&[UnitId]>, after: DonorId, most: usize) -> Vec<DonorId> {
        let mut sets = words.0.iter().map(|word| self.with(word));
        let Some(mut found) = sets.next() else { return Vec::new() };
        sets.for_each(|set| found.keep(&set));
        if let Some(units) = units {
            found.keep(&self.of(units));
        }
        self.page(&found, after, most)
    }

    /// Those of whom some part of the name begins with `word`, a family's with or without its article.
    fn with(&self, word: &str) -> Numbers {
        let mut found = Numbers::below(self.ids.len());
        for begin in [word.to_owned(), marked(&family_key(word))] {
            self.gathered.beginning(&begin).iter().for_each(|number| found.put(*number));
            let added = self.added.range::<str, _>((Bound::Included(begin.as_str()), Bound::Unbounded));
            for (_, numbers) in added.take_while(|(key, _)| key.starts_with(&begin)) {
                numbers.iter().for_each(|number| found.put(*number));
            }
        }
        found
    }

    fn of(&self, units: &[UnitId]) -> Numbers {
        let mut found = Numbers::below(self.ids.len());
        for number in units.iter().filter_map(|unit| self.units.get(unit)).flatten() {
            found.put(*number);
        }
        found
    }

    fn page(&self, found: &Numbers, after: DonorId, most: usize) -> Vec<DonorId> {
        let (in_order, late) = self.ids.split_at_checked(self.in_order).unwrap_or_default();
        let first = in_order.partition_point(|id| *id <= after);
        let standing = |number: &usize| !self.struck.contains(&narrow(*number));
        let mut page: Vec<DonorId> = found
            .from(first)
            .take_while(|number| *number < self.in_order)
            .filter(standing)
            .filter_map(|number| in_order.get(number).copied())
            .take(most)
            .collect();
        if !late.is_empty() {
            let id = |number: usize| late.get(number - self.in_order).copied();
            let late = found.from(self.in_order).filter(standing).filter_map(id);
            page.extend(late.filter(|id| *id > after));
            page.sort_unstable();
            page.truncate(most);
        }
        page
    }
}

#[cfg(test)]
mod tests;
