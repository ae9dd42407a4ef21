use super::*;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn built_in() -> Calendar {
    Calendar::load(None).unwrap()
}

fn names(calendar: &Calendar, day: &str) -> Vec<String> {
    let marks = calendar.marks(date(day), date(day)).remove(&date(day)).unwrap_or_default();
    marks.iter().map(|mark| mark.en.to_string()).collect()
}

#[test]
fn the_days_of_1448_and_1449_are_those_that_the_rules_name() {
    let calendar = built_in();
    for (day, name) in [
        ("2027-02-08", "Ramadan"),
        ("2027-03-08", "Ramadan"),
        ("2027-03-09", "Eid al-Fitr"),
        ("2027-03-11", "Eid al-Fitr"),
        ("2027-05-15", "Day of Arafah"),
        ("2027-05-16", "Eid al-Adha"),
        ("2027-05-19", "Eid al-Adha"),
        ("2027-06-06", "Hijri New Year"),
        ("2028-01-28", "Ramadan"),
        ("2026-12-25", "Christmas"),
        ("2026-11-30", "Olive harvest"),
    ] {
        assert!(names(&calendar, day).contains(&name.to_owned()), "{day} {name}");
    }
    for (day, name) in [
        ("2027-02-07", "Ramadan"),
        ("2027-03-09", "Ramadan"),
        ("2027-03-12", "Eid al-Fitr"),
        ("2027-05-20", "Eid al-Adha"),
        ("2026-12-01", "Olive harvest"),
        ("2026-09-30", "Olive harvest"),
    ] {
        assert!(!names(&calendar, day).contains(&name.to_owned()), "{day} {name}");
    }
    assert_eq!(names(&calendar, "2027-05-15"), ["Day of Arafah", "Nakba Day"]);
}

/// A year of marks asked day by day is the year asked at once.
#[test]
fn a_span_is_its_days() {
    let calendar = built_in();
    let (from, to) = (date("2026-06-01"), date("2028-06-01"));
    let together = calendar.marks(from, to);
    for day in from.iter_days().take_while(|day| *day <= to) {
        let alone = calendar.marks(day, day);
        assert_eq!(alone.get(&day), together.get(&day), "{day}");
        for kind in DayKind::ALL {
            let marked = together.get(&day).is_some_and(|marks| marks.iter().any(|mark| mark.kind == *kind));
            assert_eq!(calendar.is(*kind, day), marked, "{day} {kind}");
        }
    }
    let days = calendar.days(from, to);
    assert_eq!(days.len(), 732);
    assert_eq!(days.iter().filter(|day| day.is_weekend).count(), 208);
}

#[test]
fn friday_prayer_is_kept_free_by_the_clock_of_the_zone() {
    let (calendar, zone, place) = (built_in(), Zone::default(), Governorate::Nablus);
    let at = |day: &str, time: &str| zone.moment(date(day), time.parse().unwrap());
    for (day, time, free) in [
        ("2026-12-04", "10:59:00", None),
        ("2026-12-04", "11:00:00", Some(KeptFree::FridayPrayer)),
        ("2026-12-04", "13:59:00", Some(KeptFree::FridayPrayer)),
        ("2026-12-04", "14:00:00", None),
        ("2026-12-03", "12:00:00", None),
        // Summer time: the same hours of the clock.
        ("2026-07-03", "11:00:00", Some(KeptFree::FridayPrayer)),
    ] {
        assert_eq!(calendar.keeps_free(zone, place, at(day, time)), free, "{day} {time}");
    }
}

/// Sunset in Nablus on 8 February 2027 is at 17:17 by the almanac; two hours later is 19:17.
#[test]
fn fasting_hours_end_two_hours_after_sunset() {
    let (calendar, zone, place) = (built_in(), Zone::default(), Governorate::Nablus);
    let at = |day: &str, time: &str| zone.moment(date(day), time.parse().unwrap());
    for (day, time, free) in [
        ("2027-02-08", "09:00:00", Some(KeptFree::Fasting)),
        ("2027-02-08", "19:10:00", Some(KeptFree::Fasting)),
        ("2027-02-08", "19:25:00", None),
        ("2027-02-08", "23:30:00", None),
        ("2027-02-08", "02:30:00", None),
        ("2027-02-08", "04:30:00", Some(KeptFree::Fasting)),
        ("2027-02-07", "12:00:00", None),
        ("2027-03-09", "12:00:00", None),
    ] {
        assert_eq!(calendar.keeps_free(zone, place, at(day, time)), free, "{day} {time}");
    }
    let (rise, set) = sun(place, date("2027-02-08")).unwrap();
    let near = |moment: Moment, time: &str| (moment - at("2027-02-08", time)).num_minutes().abs() <= 3;
    assert!(near(rise, "06:26:00") && near(set, "17:17:00"), "{rise} {set}");
}

#[test]
fn files_that_make_no_sense_are_refused_by_name() {
    const HIJRI: &str =
        "[[year]]\nyear = 1448\nbegins = \"2026-06-16\"\nmonths = [29,30,29,30,30,29,30,30,29,30,29,30]\n";
    let head = "weekend = [\"friday\"]\n[friday_prayer]\nfrom = \"11:00\"\nuntil = \"14:00\"\n[fasting]\nafter_sunset_minutes = 120\n";
    let day = |rest: &str| {
        format!("{head}[[day]]\nkind = \"season\"\nar = \"أ\"\nen = \"A\"\nsource = \"s\"\n{rest}")
    };
    assert!(Calendar::read(HIJRI, head).is_ok());
    assert!(Calendar::read(HIJRI, &day("on = \"2026-01-01\"\n")).is_ok());
    assert!(Calendar::read(HIJRI, &day("date = { month = 2, day = 29 }\n")).is_ok());
    for rest in [
        "",
        "on = \"2026-02-30\"\n",
        "on = \"2026-01-01\"\ndate = { month = 1, day = 1 }\n",
        "date = { month = 2, day = 30 }\n",
        "hijri = { month = 13, day = 1 }\n",
        "hijri = { month = 1, day = 31 }\n",
        "hijri = { month = 1, day = 2 }\nwhole_month = true\n",
        "on = \"2026-01-01\"\nwhole_month = true\n",
        "on = \"2026-01-01\"\ndays = 0\n",
        "on = \"2026-01-01\"\ndays = 367\n",
        "on = \"2026-01-01\"\nword = 1\n",
    ] {
        let wrong = Calendar::read(HIJRI, &day(rest)).unwrap_err();
        assert!(wrong.starts_with("days.toml"), "{rest}: {wrong}");
    }
    let gap = format!(
        "{HIJRI}[[year]]\nyear = 1449\nbegins = \"2027-06-07\"\nmonths = [29,30,29,30,30,29,30,30,29,30,29,30]\n"
    );
    assert!(Calendar::read(&gap, head).unwrap_err().contains("year 1449"));
    assert!(Calendar::load(Some(std::path::Path::new("/nowhere"))).unwrap_err().contains("place.calendar"));
}

/// The first days of Ramadan and both Eids of twenty years, from a calendar of another country: a sighting there
/// may be a day later than the table.
#[test]
fn twenty_years_of_feasts_are_within_a_day() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/my_calendar.csv");
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let calendar = built_in();
    let mut seen = 0;
    for row in text.lines().skip(1) {
        let mut cells = row.split(',');
        let (Some(on), Some(kind)) = (cells.next(), cells.next()) else { continue };
        let month_day = match kind {
            "ramadan_first" => (9, 1),
            "eid_al_fitr" => (10, 1),
            "eid_al_adha" => (12, 10),
            _ => continue,
        };
        let on = date(on);
        let near = (-1..=1).filter_map(|by| calendar.hijri().date(plus_days(on, by)));
        assert!(near.map(|hijri| (hijri.month, hijri.day)).any(|found| found == month_day), "{row}");
        seen += 1;
    }
    assert!(seen > 50, "{seen}");
}
