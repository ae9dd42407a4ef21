//! What is written is read again as it was.

use std::fs::File;
use std::path::Path;

use proptest::prelude::*;

use super::*;

fn mark() -> Mark {
    Mark { by: "0123456789ABC".into(), at: shiryan_kernel::time::Moment::UNIX_EPOCH }
}

fn written(format: Format, path: &Path, rows: &[[String; 2]]) {
    let mut out = Out::begin(format, File::create_new(path).unwrap(), ["key", "code", "=name"]).unwrap();
    for [code, name] in rows {
        out.row(&["x", code, name]).unwrap();
    }
    let (_, count) = out.end(&mark()).unwrap();
    assert_eq!(usize::try_from(count).unwrap(), rows.len());
}

fn there_and_back(format: Format, rows: &[[String; 2]]) -> Vec<[String; 2]> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x");
    written(format, &path, rows);
    no_formula(format, &path);
    let sheet = Sheet::open_any(&path).unwrap();
    assert_eq!(sheet.header(), ["key", "code", "=name"]);
    sheet
        .map(|row| row.unwrap())
        .map(|row| {
            assert!(row.is_whole() && row.cell(0) == "x");
            [row.cell(1).to_owned(), row.cell(2).to_owned()]
        })
        .collect()
}

/// No cell stands there as a spreadsheet would compute it.
fn no_formula(format: Format, path: &Path) {
    if format == Format::Csv {
        let mut file = csv::ReaderBuilder::new().has_headers(false).from_path(path).unwrap();
        for cell in file.records().flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
        {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
        }
    } else {
        let mut book = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
        let sheet = std::io::read_to_string(book.by_name("xl/worksheets/sheet1.xml").unwrap()).unwrap();
        assert!(sheet.contains("<c ") && !sheet.contains("<f"), "{sheet}");
    }
}

#[test]
fn a_header_that_holds_the_signs_of_other_lists_is_read_again() {
    for header in [
        &[";;"][..],
        &["a;b;c", "d"],
        &["x\ty\tz", "name"],
        &["a, b", "c;d;e;f", "g"],
        &["\u{feff}"],
        &["plain"],
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        let cells: Vec<&str> = header.iter().map(|_| "1").collect();
        let mut out =
            Out::begin(Format::Csv, File::create_new(&path).unwrap(), header.iter().copied()).unwrap();
        out.row(&cells).unwrap();
        out.end(&mark()).unwrap();
        let sheet = Sheet::open_any(&path).unwrap();
        assert_eq!(sheet.names().collect::<Vec<_>>(), header);
        assert_eq!(sheet.map(|row| row.unwrap().cells().count()).collect::<Vec<_>>(), [header.len()]);
    }
}

/// As the reader takes it: blanks at the ends are nobody's.
fn meant(text: &str) -> String {
    text.trim_matches([' ', '\u{a0}']).to_owned()
}

fn texts() -> impl Strategy<Value = String> {
    let signs = prop::sample::select(vec!["", "=", "+", "-", "@", "\t", "\r", "'", "'=", "''", "_x0041_"]);
    (signs, "[ -~\u{a0}-\u{ac}\u{620}-\u{64a}\u{1f600}-\u{1f64f}]{0,12}")
        .prop_map(|(sign, rest)| format!("{sign}{rest}"))
}

proptest! {
    #[test]
    fn b15_a_guard_is_taken_off_again(text in any::<String>()) {
        let cell = guarded(&meant(&text));
        prop_assert_eq!(plain(&cell), meant(&text));
    }

    #[test]
    fn b15_a_guard_of_signs_is_taken_off_again(text in "[=+@'\\t\\r -]{0,6}") {
        let cell = guarded(&meant(&text));
        prop_assert_eq!(plain(&cell), meant(&text));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn b15_a_file_costs_nothing(rows in prop::collection::vec([texts(), texts()], 1..20)) {
        let expected: Vec<[String; 2]> = rows.iter().map(|row| row.each_ref().map(|text| meant(text))).collect();
        prop_assert_eq!(&there_and_back(Format::Csv, &rows), &expected);
        prop_assert_eq!(&there_and_back(Format::Xlsx, &rows), &expected);
    }
}

#[test]
fn a_workbook_says_who_wrote_it_and_how_much() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.xlsx");
    written(Format::Xlsx, &path, &[["A".into(), "علي".into()]]);
    let mut book = zip::ZipArchive::new(File::open(&path).unwrap()).unwrap();
    let said = std::io::read_to_string(book.by_name("docProps/core.xml").unwrap()).unwrap();
    for part in ["0123456789ABC", "1970-01-01T00:00:00Z", "1 rows"] {
        assert!(said.contains(part), "{said}");
    }
}
