//! `shiryan backtest` on series out of files.

use std::path::Path;
use std::process::Command;

use chrono::{Datelike, NaiveDate};

fn run(home: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_shiryan"))
        .arg("backtest")
        .args(arguments)
        .current_dir(home)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// Three years from a Monday on: weekdays apart, and some scatter.
fn write(home: &Path) {
    let first: NaiveDate = "2021-01-04".parse().unwrap();
    let (mut dated, mut numbered) = (String::from("date,given,other\n"), String::from("day,dow,used\n"));
    for (n, day) in (1_u32..).zip(first.iter_days().take(1_000)) {
        let week = 20 + 7 * day.weekday().num_days_from_monday();
        dated += &format!("{day},{},{}\n", week + n * n % 11, week + n * 7 % 13);
        let name = ["M", "T", "W", "Th", "F", "S", "Sn"][usize::try_from(n - 1).unwrap() % 7];
        numbered += &format!("{n},{name},{}\n", week + n * n % 11);
    }
    std::fs::write(home.join("dated.csv"), dated).unwrap();
    std::fs::write(home.join("numbered.csv"), numbered).unwrap();
    std::fs::write(home.join("calendar.csv"), "date,kind,name\n2022-05-02,eid_al_fitr,Eid\n").unwrap();
}

#[test]
fn scores_forecasts_and_a_picture() {
    let home = tempfile::tempdir().unwrap();
    write(home.path());
    let (code, said, error) = run(
        home.path(),
        &[
            "dated.csv",
            "--calendar",
            "calendar.csv",
            "--from",
            "2023-05-01",
            "--every",
            "21",
            "--horizons",
            "28,7",
            "--forecasts",
            "f.csv",
            "--csv",
            "s.csv",
            "--picture",
            "p.svg",
        ],
    );
    assert_eq!(code, Some(0), "{error}");
    // The last day is 2023-09-30: the last origin from which 28 days are known is 2023-08-14.
    assert!(said.contains("given: 6 origins, 2023-05-01 to 2023-08-14"), "{said}");
    assert!(said.contains("mean of 2 series"), "{said}");
    let read = |name: &str| std::fs::read_to_string(home.path().join(name)).unwrap();
    let forecasts = read("f.csv");
    let lines: Vec<Vec<&str>> = forecasts.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines[0].join(","), "series,origin,horizon,mean,p025,p10,p50,p90,p975");
    assert_eq!(lines.len(), 1 + 2 * 6 * 2);
    for line in &lines[1..] {
        let q: Vec<f64> = line[3..].iter().map(|cell| cell.parse().unwrap()).collect();
        assert!(q[1..].windows(2).all(|pair| pair[0] <= pair[1]), "{line:?}");
        // A week holds 7 × 20 + 7 × 21 and seven times about 5 or 6.
        let days: f64 = line[2].parse().unwrap();
        assert!((q[0] / days - 46.5).abs() < 2.0, "{line:?}");
    }
    assert_eq!(
        (&lines[1][..3], &lines[2][..3]),
        (&["given", "2023-05-01", "7"][..], &["given", "2023-05-01", "28"][..])
    );
    let scores = read("s.csv");
    for method in ["model", "seasonal_naive", "last_year", "weekday_mean", "mean_28", "ets_7"] {
        for series in ["given", "other", "(mean)"] {
            let of_method = |line: &&str| line.starts_with(&format!("{series},{method},"));
            let rows = scores.lines().filter(of_method).filter(|line| !line.contains(&format!("{method},,")));
            assert_eq!(rows.count(), 2, "{series} {method}: {scores}");
        }
    }
    // Of the model besides: how often bands of days held by their type, and where its totals fell.
    let cells = |days: &str| -> Vec<String> {
        let row = scores.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        row.into_iter()
            .find(|row| row[0] == "given" && row[11] == days)
            .unwrap_or_else(|| panic!("{days}: {scores}"))
    };
    let (weekdays, all) = (cells("weekday"), cells("all"));
    assert!(
        weekdays[3].parse::<u32>().unwrap() > 50 && weekdays[8].parse::<f64>().unwrap() > 0.6,
        "{weekdays:?}"
    );
    let bins: Vec<u32> = all[12..].iter().map(|bin| bin.parse().unwrap()).collect();
    assert_eq!((bins.len(), bins.iter().sum::<u32>(), all[3].as_str()), (10, 12, "12"));
    let wape = |method: &str| -> f64 {
        let row = scores.lines().find(|line| line.starts_with(&format!("given,{method},28,"))).unwrap();
        row.split(',').nth(5).unwrap().parse().unwrap()
    };
    assert!(wape("model") < 0.02, "{scores}");
    let picture = read("p.svg");
    assert!(picture.starts_with("<svg") && picture.matches("<circle").count() == 12, "{picture}");
    // Two bars of each type of day that came, and ten of the law, for each of two series.
    assert!(
        picture.matches("<rect").count() > 2 * (10 + 2 * 2) && picture.contains(">weekday<"),
        "{picture}"
    );
}

#[test]
fn the_same_forecasts_whatever_came_later() {
    let home = tempfile::tempdir().unwrap();
    write(home.path());
    let text = std::fs::read_to_string(home.path().join("dated.csv")).unwrap();
    let cut = |line: &&str| line.starts_with("date") || *line < "2023-06-12";
    let known: Vec<&str> = text.lines().filter(cut).collect();
    std::fs::write(home.path().join("known.csv"), known.join("\n")).unwrap();
    let forecasts = |file: &str, out: &str| {
        let (code, said, error) =
            run(home.path(), &[file, "--series", "other", "--from", "2023-06-12", "--forecasts", out]);
        assert_eq!(code, Some(0), "{error}");
        (said, std::fs::read_to_string(home.path().join(out)).unwrap())
    };
    let (whole, (said, ahead)) = (forecasts("dated.csv", "whole.csv").1, forecasts("known.csv", "ahead.csv"));
    assert!(said.contains("nothing to judge"), "{said}");
    assert_eq!(ahead.lines().count(), 5);
    assert_eq!(whole.lines().take(5).collect::<Vec<_>>(), ahead.lines().collect::<Vec<_>>());
}

#[test]
fn numbered_days_need_no_calendar() {
    let home = tempfile::tempdir().unwrap();
    write(home.path());
    let (code, said, error) = run(home.path(), &["numbered.csv", "--from", "800", "--forecasts", "f.csv"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(said.contains("used: 12 origins, 800 to 954"), "{said}");
    assert!(std::fs::read_to_string(home.path().join("f.csv")).unwrap().contains("\nused,800,7,"));
}

#[test]
fn mistakes_are_named() {
    let home = tempfile::tempdir().unwrap();
    write(home.path());
    let put = |name: &str, text: &[u8]| std::fs::write(home.path().join(name), text).unwrap();
    put("counts.csv", b"date,x\n2024-01-01,many\n2024-01-01,2\n2024-01-02,-4\n");
    put("twice.csv", b"date,x\n2024-01-01,1\n2024-01-01,2\n");
    put("empty.csv", b"");
    put("header.csv", b"date,x\n");
    put("when.csv", b"when,x\n1,1\n");
    put("bytes.csv", b"date,x\n2024-01-01,\xff\xfe\n");
    put("dow.csv", b"day,dow,x\n1,M,1\n2,Q,1\n");
    put("cal.csv", b"date,kind\n2024-02-30,public_holiday\n");
    put("cal_columns.csv", b"day,kind\n1,public_holiday\n");
    for (arguments, parts) in [
        (&["absent.csv"][..], &["absent.csv"][..]),
        (&["counts.csv"], &["counts.csv: row 1, column x", "(count_bad)", "row 3"]),
        (&["twice.csv"], &["row 2, column date", "(day_repeated)"]),
        (&["empty.csv"], &["empty.csv: row 0", "(first_column_unknown)"]),
        (&["header.csv"], &["header.csv", "(empty)"]),
        (&["when.csv"], &["row 0, column when", "(first_column_unknown)"]),
        (&["bytes.csv"], &["bytes.csv", "UTF-8"]),
        (&["dow.csv"], &["row 2, column dow", "(weekday_bad)"]),
        (&["dated.csv", "--calendar", "cal.csv"], &["cal.csv: row 1, column date", "(date_bad)"]),
        (&["dated.csv", "--calendar", "cal_columns.csv"], &["cal_columns.csv", "(columns_unknown)"]),
        (&["dated.csv", "--series", "none"], &["none", "given, other"]),
        (&["dated.csv", "--from", "yesterday"], &["--from yesterday", "YYYY-MM-DD"]),
        (&["dated.csv", "--from", "2031-01-01"], &["--from 2031-01-01"]),
        (&["numbered.csv", "--from", "0"], &["--from 0"]),
        (&["dated.csv", "--horizons", "7,0"], &["--horizons"]),
        (&["dated.csv", "--every", "0"], &["--every"]),
        (&["dated.csv", "--from", "2023-09-01", "--csv", "no/such/place.csv"], &["no/such/place.csv"]),
    ] {
        let (code, _, said) = run(home.path(), arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {said}");
        assert!(parts.iter().all(|part| said.contains(part)), "{arguments:?}: {said}");
        assert!(!said.contains("panicked"), "{said}");
    }
}
