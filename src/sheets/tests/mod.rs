//! Files as people's programs write them.

mod books;
mod out;

use std::path::PathBuf;

use shiryan_kernel::Code;
use shiryan_kernel::problem::FieldError;

use super::*;

const COLUMNS: [Column; 3] = [
    Column { name: "code", also: &["الرمز"] },
    Column { name: "name", also: &["الاسم"] },
    Column { name: "phone", also: &["الهاتف"] },
];

fn file(content: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.csv");
    std::fs::write(&path, content).unwrap();
    (dir, path)
}

fn read(content: &[u8]) -> Result<Vec<(u64, Vec<String>)>, SheetError> {
    let (_dir, path) = file(content);
    Sheet::open(&path, &COLUMNS, &Mapping::default())?
        .map(|row| row.map(|row| (row.line, (0..3).map(|at| row.cell(at).to_owned()).collect())))
        .collect()
}

#[test]
fn marks_separators_orders_and_languages() {
    let expected = vec![(2, vec!["A".to_owned(), "علي, ب".to_owned(), "+970".to_owned()])];
    for text in [
        "code,name,phone\nA,\"علي, ب\",'+970\n",
        "\u{feff}code,name,phone\r\nA,\"علي, ب\",+970\r\n",
        "phone;CODE; Name \n+970;A;علي, ب",
        "الهاتف\tالرَّمز\tالإسم\n+970\tA\tعلي, ب\n",
        "code,name,phone,line,errors\nA,\"علي, ب\",'+970,7,phone:phone_invalid\n",
    ] {
        let text = text.replace("الإسم", "الاسم");
        assert_eq!(read(text.as_bytes()).unwrap(), expected, "{text}");
    }
}

#[test]
fn a_file_as_a_whole_is_refused_before_its_first_row() {
    let late = [b"code,name,phone\n".as_slice(), &b"A,B,C\n".repeat(20_000), b"A,\xc7\xe1,C\n"].concat();
    let long = [b"code,name,phone\n\"A".as_slice(), &b"x".repeat(200_000)].concat();
    for (content, expected) in [
        (b"".as_slice(), "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"code,name\n", "phone"),
        (b"code,name,phone,colour\n", "colour"),
        (b"code,name,phone,code\n", "twice"),
        (b"\xff\xfec\0o\0d\0e\0", "UTF-8"),
        (b"c\0o\0d\0e\0", "UTF-8"),
        (b"code,name,phone\nA,\xe3\xcd\xe3\xcf,1\n", "line 2"),
        (&late, "line 20002"),
        (&long, "quote"),
    ] {
        let said = read(content).unwrap_err().to_string();
        assert!(said.contains(expected), "{said:?} lacks {expected:?}");
    }
}

#[test]
fn refused_rows_can_be_read_again_and_nothing_is_lost() {
    let cells = ["=1+1", "+970599", "-", "@x", "'", "''=", "plain", "a\"b\nc", ""];
    for cell in cells {
        assert_eq!(plain(&guarded(cell)), cell, "{cell:?}");
        assert!(!guarded(cell).starts_with(['=', '+', '-', '@']), "{cell:?}");
    }
    let (_dir, path) = file(b"phone,code,name\n+970,=SUM(A1),\"a\"\"b\"\n1,2,3,4\n5\n");
    let mut sheet = Sheet::open(&path, &COLUMNS, &Mapping::default()).unwrap();
    let mut rejects = Rejects::beside(&path, sheet.header());
    let fault = FieldError { field: "code".into(), code: Code::InvalidValue };
    let rows: Vec<Row> = sheet.by_ref().map(Result::unwrap).collect();
    assert_eq!(rows.iter().map(Row::is_whole).collect::<Vec<_>>(), [true, false, false]);
    for row in &rows {
        rejects.add(row, std::slice::from_ref(&fault)).unwrap();
    }
    let (written, count) = rejects.finish().unwrap();
    assert_eq!(count, 3);
    let written = written.unwrap();
    let text = std::fs::read_to_string(&written).unwrap();
    assert_eq!(
        text,
        "phone,code,name,line,errors\n'+970,'=SUM(A1),\"a\"\"b\",2,code:invalid_value\n\
         1,2,3,3,code:invalid_value,4\n5,,,4,code:invalid_value\n"
    );
    let again: Vec<Row> =
        Sheet::open(&written, &COLUMNS, &Mapping::default()).unwrap().map(Result::unwrap).collect();
    assert_eq!((again[0].cell(0), again[0].cell(1), again[0].cell(2)), ("=SUM(A1)", "a\"b", "+970"));
    // Read again and refused again, a guard does not grow.
    let sheet = Sheet::open(&written, &COLUMNS, &Mapping::default()).unwrap();
    let mut once_more = Rejects::beside(&written, sheet.header());
    once_more.add(&again[0], &[]).unwrap();
    let (path, _) = once_more.finish().unwrap();
    let text = std::fs::read_to_string(path.unwrap()).unwrap();
    assert!(text.contains("\n'+970,'=SUM(A1),\"a\"\"b\",2,\n"), "{text}");
}

#[test]
fn cells_of_registers() {
    assert_eq!(civil_date("١٩٨٠/٠٢/٠١").unwrap().to_string(), "1980-02-01");
    for bad in ["", "1980-2-1", "01/02/1980", "1980-02-30", "١٩٨٠", "-980-02-01"] {
        assert_eq!(civil_date(bad).unwrap_err().code, Code::DateInvalid, "{bad}");
    }
    assert_eq!(decimal("82,5").unwrap(), 82.5);
    assert_eq!(decimal("٨٢٫٥").unwrap(), 82.5);
    for bad in ["", "-1", "1e3", "NaN", "inf", "1.2.3", "."] {
        assert!(decimal(bad).is_err(), "{bad}");
    }
    assert_eq!(whole("١٢").unwrap(), 12);
    assert_eq!(whole("12345").unwrap_err().code, Code::OutOfRange);
    assert!(whole("+1").is_err());
}

#[test]
fn a_column_that_need_not_be_there_is_empty_where_it_is_not() {
    let open = |text: &str| {
        let (_dir, path) = file(text.as_bytes());
        let sheet = Sheet::open_needing(1, &path, &COLUMNS, &Mapping::default())?;
        sheet.map(|row| row.map(|row| row.cells().map(str::to_owned).collect::<Vec<_>>())).collect()
    };
    let read = |text: &str| -> Result<Vec<Vec<String>>, SheetError> { open(text) };
    assert_eq!(read("phone,code\n1,A\n").unwrap(), [["A", "", "1"]]);
    assert_eq!(read("code\nA\n").unwrap(), [["A", "", ""]]);
    assert!(read("name,phone\nA,1\n").unwrap_err().to_string().ends_with("missing: code"));
    assert!(read("code,colour\nA,1\n").unwrap_err().to_string().contains("colour"));
}

#[test]
fn yes_and_no_in_both_languages() {
    for (text, expected) in
        [("yes", Some(true)), ("نعم", Some(true)), ("No", Some(false)), ("لا", Some(false))]
    {
        assert_eq!(yes_no(text).ok(), expected, "{text}");
    }
    for text in ["", "1", "TRUE", "maybe"] {
        assert_eq!(yes_no(text).unwrap_err().code, Code::InvalidValue, "{text}");
    }
}
