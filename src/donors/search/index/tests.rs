use super::*;
use proptest::prelude::*;

const PEOPLE: [(&str, &str, &str, &str); 6] = [
    ("محمد", "عبد الله", "أحمد", "الخطيب"),
    ("محمود", "أبو عليّ", "حسن", "خطيب"),
    ("فاطمة", "محمّد", "يحيى", "آل ياسين"),
    ("Muhammad", "Abd Allah", "Ahmad", "Al-Khatib"),
    ("حسن", "علي", "محمد", "النجار"),
    ("أم كلثوم", "علي", "سعيد", "الحسن"),
];

fn entry(id: i64, unit: i64, name: (&str, &str, &str, &str)) -> Entry {
    let name = [name.0, name.1, name.2, name.3].map(|part| Some(part.to_owned()));
    Entry { id: DonorId(id), unit: Some(UnitId(unit)), names: [name, Parts::default()] }
}

fn index() -> Index {
    let mut gathering = Gathering::default();
    for (at, name) in PEOPLE.iter().enumerate() {
        let id = i64::try_from(at).unwrap() + 1;
        gathering.add(&entry(id * 10, id % 2, *name));
    }
    gathering.finish()
}

fn found(index: &Index, text: &str) -> Vec<i64> {
    let words = Words::parse(text).unwrap();
    index.find(&words, None, DonorId(0), 100).into_iter().map(|id| id.0).collect()
}

#[test]
fn every_spelling_finds_and_every_word_must_match() {
    let index = index();
    for (text, expected) in [
        ("محمد", &[10, 30, 50][..]),
        ("مُحَمَّـــد", &[10, 30, 50]),
        ("محم", &[10, 20, 30, 50]),
        ("محمد احمد", &[10]),
        ("أحمد محمد", &[10]),
        ("عبدالله", &[10]),
        ("عبد ال", &[10]),
        ("ابو علي", &[20]),
        ("يحي", &[30]),
        ("فاطمه", &[30]),
        ("كلثوم", &[60]),
        ("ام كل", &[60]),
        ("ABD al", &[40]),
        ("khatib", &[40]),
        ("محمد النجار", &[50]),
        ("احمد ال", &[10]),
        ("سعاد", &[]),
        ("محمد سعاد", &[]),
    ] {
        assert_eq!(found(&index, text), expected, "{text}");
    }
}

#[test]
fn an_article_is_set_aside_for_families_alone() {
    let index = index();
    assert_eq!(found(&index, "خطيب"), [10, 20]);
    assert_eq!(found(&index, "الخطيب"), [10, 20]);
    assert_eq!(found(&index, "الياسين"), [30]);
    // Hasan is no family here but of the last.
    assert_eq!(found(&index, "الحسن"), [60]);
    assert_eq!(found(&index, "حسن"), [20, 50, 60]);
}

#[test]
fn units_are_cut_before_the_page_is() {
    let index = index();
    let words = Words::parse("محم").unwrap();
    let page = |units: &[i64], after, most| {
        let units: Vec<UnitId> = units.iter().copied().map(UnitId).collect();
        index.find(&words, Some(&units), DonorId(after), most)
    };
    assert_eq!(page(&[0], 0, 1), [DonorId(20)]);
    assert_eq!(page(&[1], 0, 2), [DonorId(10), DonorId(30)]);
    assert_eq!(page(&[1], 30, 2), [DonorId(50)]);
    assert_eq!(page(&[0, 1], 10, 2), [DonorId(20), DonorId(30)]);
    assert_eq!(page(&[7], 0, 9), []);
    assert_eq!(page(&[], 0, 9), []);
}

#[test]
fn a_change_replaces_and_a_nameless_donor_is_not_found() {
    let mut index = index();
    index.put(&entry(30, 0, ("سعاد", "محمد", "يحيى", "ياسين")));
    assert_eq!((found(&index, "فاطمة"), found(&index, "سعاد")), (vec![], vec![30]));
    assert_eq!(found(&index, "محمد"), [10, 30, 50]);
    index.put(&Entry { id: DonorId(30), unit: None, names: Default::default() });
    assert_eq!(found(&index, "محمد"), [10, 50]);
    // One who comes late with an old id stands in its place.
    index.put(&entry(15, 0, PEOPLE[0]));
    index.put(&entry(70, 0, PEOPLE[0]));
    assert_eq!(found(&index, "محمد"), [10, 15, 50, 70]);
    let words = Words::parse("محمد").unwrap();
    assert_eq!(index.find(&words, None, DonorId(10), 2), [DonorId(15), DonorId(50)]);
    assert_eq!(index.find(&words, None, DonorId(15), 9), [DonorId(50), DonorId(70)]);
}

#[test]
fn what_is_no_search_is_refused() {
    for text in ["", " ", "م", "ء", "م ع", "- -", "a b c", &"محمد ".repeat(50), "اب بت تث ثج جح حخ خد دذ ذر"]
    {
        assert_eq!(Words::parse(text).unwrap_err().code, Code::NameInvalid, "{text}");
    }
    assert_eq!(Words::parse("مح محمد مح علي").unwrap().canonical(), "محمد علي");
    assert_eq!(format!("{:?}", Words::parse("محمد").unwrap()), "[sealed]");
}

proptest! {
    /// The index answers as reading every name would.
    #[test]
    fn finds_what_reading_all_would(
        names in prop::collection::vec(("[ابمع]{1,3}", "(ال)?[ابمع]{2,3}", 0..3_i64), 1..40),
        changes in prop::collection::vec((0..60_i64, "[ابمع]{0,3}", "(ال)?[ابمع]{2,3}", 0..3_i64), 0..30),
        asked in "(ال)?[ابمع]{2}( [ابم]{1,2})?",
        after in 0..60_i64,
        most in 1..9_usize,
    ) {
        let make = |id: i64, first: &str, family: &str, unit: i64| {
            let name = [Some(first.to_owned()), None, None, Some(family.to_owned())];
            let name = if first.is_empty() { Parts::default() } else { name };
            Entry { id: DonorId(id), unit: Some(UnitId(unit)), names: [name, Parts::default()] }
        };
        let mut gathering = Gathering::default();
        let mut all = BTreeMap::new();
        for (at, (first, family, unit)) in names.iter().enumerate() {
            let id = i64::try_from(at).unwrap();
            gathering.add(&make(id, first, family, *unit));
            all.insert(id, (first.clone(), family.clone(), *unit));
        }
        let mut index = gathering.finish();
        for (id, first, family, unit) in changes {
            index.put(&make(id, &first, &family, unit));
            all.insert(id, (first, family, unit));
        }
        let words = Words::parse(&asked).unwrap();
        let has = |first: &str, family: &str| words.0.iter().all(|word| {
            first.starts_with(word) || family.starts_with(word)
                || family_key(family).starts_with(&family_key(word))
        });
        let expected: Vec<DonorId> = all.iter()
            .filter(|(id, (first, family, unit))| **id > after && *unit < 2 && !first.is_empty() && has(first, family))
            .map(|(id, _)| DonorId(*id))
            .take(most)
            .collect();
        prop_assert_eq!(index.find(&words, Some(&[UnitId(0), UnitId(1)]), DonorId(after), most), expected);
    }
}
