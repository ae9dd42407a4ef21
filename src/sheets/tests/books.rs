//! Workbooks: as a spreadsheet saves them, and as somebody makes them who wishes harm.

use std::io::{Cursor, Write};

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use zip::write::SimpleFileOptions;

use super::*;

fn rows(content: &[u8]) -> Result<Vec<Row>, SheetError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.xlsx");
    std::fs::write(&path, content).unwrap();
    Sheet::open(&path, &COLUMNS, &Mapping::default())?.collect()
}

fn said(content: &[u8]) -> String {
    rows(content).unwrap_err().to_string()
}

/// A workbook whose parts are written by hand: the cells of its sheet, and further parts.
fn crafted(data: &str, parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let head = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    let own = [
        (
            "_rels/.rels",
            format!(
                r#"{head}<Relationships xmlns="{package}"><Relationship Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                r#"{head}<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                r#"{head}<Relationships xmlns="{package}"><Relationship Id="rId1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!(r#"{head}<worksheet xmlns="{main}"><sheetData>{data}</sheetData></worksheet>"#),
        ),
    ];
    let own = own.iter().map(|(name, text)| (*name, text.as_bytes()));
    for (name, bytes) in own.chain(parts.iter().copied()) {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A row of texts from column A on.
fn texts(line: u32, cells: &[&str]) -> String {
    let cell = |(at, text): (usize, &&str)| {
        let column = char::from(b'A' + u8::try_from(at).unwrap());
        format!(r#"<c r="{column}{line}" t="inlineStr"><is><t>{text}</t></is></c>"#)
    };
    format!(r#"<row r="{line}">{}</row>"#, cells.iter().enumerate().map(cell).collect::<String>())
}

#[test]
fn a_workbook_reads_as_its_text_would() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (at, name) in ["الهاتف", "code", "الاسم"].iter().enumerate() {
        sheet.write(0, u16::try_from(at).unwrap(), *name).unwrap();
    }
    let date = Format::new().set_num_format("dd/mm/yyyy");
    let day = ExcelDateTime::from_ymd(1990, 5, 1).unwrap();
    sheet.write(1, 0, "'+970599").unwrap();
    sheet.write(1, 1, 400_123_451).unwrap();
    sheet.write_with_format(1, 2, &day, &date).unwrap();
    // An empty row between, a short row, a fraction as binary leaves it, a formula with its saved value.
    sheet.write(3, 1, 0.1 + 0.2).unwrap();
    sheet.write(4, 2, rust_xlsxwriter::Formula::new("=1+1").set_result("علي")).unwrap();
    let content = book.save_to_buffer().unwrap();
    let rows = rows(&content).unwrap();
    let cells: Vec<(u64, [&str; 3])> =
        rows.iter().map(|row| (row.line, [row.cell(0), row.cell(1), row.cell(2)])).collect();
    let expected = [(2, ["400123451", "1990-05-01", "+970599"]), (4, ["0.3", "", ""]), (5, ["", "علي", ""])];
    assert_eq!(cells, expected);
    assert!(rows.iter().all(Row::is_whole));
    // What it is, not what it is called.
    let (_dir, path) = file(&content);
    assert_eq!(Sheet::open(&path, &COLUMNS, &Mapping::default()).unwrap().count(), 3);
}

#[test]
fn a_cell_that_cannot_be_meant_is_a_fault_of_its_own() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (at, name) in ["code", "name", "phone"].iter().enumerate() {
        sheet.write(0, u16::try_from(at).unwrap(), *name).unwrap();
    }
    let shown = |format: &str| Format::new().set_num_format(format);
    sheet.write(1, 0, true).unwrap();
    sheet.write(2, 0, 1_234_567_890_123_456_i64).unwrap();
    sheet.write_with_format(3, 0, 1.5, &shown("[h]:mm:ss")).unwrap();
    sheet.write_with_format(4, 0, 0.25, &shown("hh:mm")).unwrap();
    sheet.write_with_format(5, 0, 46_000.5, &shown("yyyy-mm-dd hh:mm")).unwrap();
    for row in 1..6 {
        sheet.write(row, 1, "x").unwrap();
    }
    let mut all = rows(&book.save_to_buffer().unwrap()).unwrap();
    let header = texts(1, &["code", "name", "phone"]);
    let error = r#"<row r="2"><c r="A2" t="e"><v>#N/A</v></c><c r="B2" t="str"><v>x</v></c></row>"#;
    all.extend(rows(&crafted(&format!("{header}{error}"), &[])).unwrap());
    assert_eq!(all.len(), 6);
    for row in &all {
        assert_eq!(row.readable(0).unwrap_err().code, Code::InvalidValue, "{row:?}");
        assert!(row.readable(1).is_ok() && row.readable(2).is_ok() && !row.cell(0).is_empty(), "{row:?}");
    }
}

#[test]
fn two_cells_far_apart_are_two_cells() {
    let header = texts(1, &["code", "name", "phone"]);
    let far = r#"<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>"#;
    let content = crafted(&format!("{header}{far}"), &[]);
    assert!(content.len() < 2_000);
    let rows = rows(&content).unwrap();
    assert_eq!((rows.len(), rows[0].line, rows[0].is_whole()), (1, 1_048_576, false));
}

#[test]
fn a_workbook_that_wishes_harm_is_refused() {
    let header = texts(1, &["code", "name", "phone"]);
    let good = crafted(&format!("{header}{}", texts(2, &["A", "B", "C"])), &[]);
    assert_eq!(rows(&good).unwrap().len(), 1);
    let strings =
        |count: &str| format!(r#"<?xml version="1.0"?><sst uniqueCount = {count}><si><t>a</t></si></sst>"#);
    let utf16: Vec<u8> = strings("'9'").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let with = |part: &str, bytes: &[u8]| crafted(&header, &[(part, bytes)]);
    let long = format!("{header}{}", texts(2, &["A", &"x".repeat(300_000)]));
    let wide = format!("{header}{}", texts(2, &["A", &"x".repeat(70_000)]));
    let swapped = format!("{header}{}{}", texts(3, &["A"]), texts(2, &["A"]));
    let back =
        format!(r#"{header}<row r="2"><c r="B2" t="str"><v>x</v></c><c r="A2" t="str"><v>x</v></c></row>"#);
    let overflown =
        format!(r#"{header}<row r="2"><c r="ZZZZZZZZZZZZZZZZ99999999999999" t="str"><v>x</v></c></row>"#);
    for (content, expected) in [
        (with("xl/sharedStrings.xml", strings("\"99999999999999999\"").as_bytes()), "declares more"),
        (with("xl/sharedStrings.xml", strings("'500'").as_bytes()), "declares more"),
        (with("xl/sharedStrings.xml", &utf16), "UTF-8"),
        (with("xl/styles.xml", &b"<xf/>".repeat(1_000_000)), "too large"),
        (crafted(&long, &[]), "too long"),
        (crafted(&wide, &[]), "64 KiB"),
        (crafted(&swapped, &[]), "out of order"),
        (crafted(&back, &[]), "out of order"),
        (crafted(&overflown, &[]), "XLSX"),
        (good[..good.len() - 40].to_vec(), "XLSX"),
        (b"code,name,phone\n".to_vec(), "XLSX"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on".to_vec(), "save it as XLSX"),
        (crafted("", &[]), "empty"),
    ] {
        let said = said(&content);
        assert!(said.contains(expected) && said.contains("x.xlsx"), "{said:?} lacks {expected:?}");
    }
    // A byte that was changed on the way.
    let mut changed = good;
    let at = changed.windows(6).position(|bytes| bytes == b"sheet1").unwrap() + 40;
    changed[at] ^= 0x55;
    assert!(rows(&changed).is_err());
}
