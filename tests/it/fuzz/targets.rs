//! What must hold of every parser whatever it is given. Each takes bytes and panics where it does not hold.

use std::fs::File;
use std::io::{Seek, Write};
use std::sync::LazyLock;

use lettre::message::Mailbox;
use shiryan::accounts::{Principal, Tokens};
use shiryan::http::Cursors;
use shiryan::mail::calendar::Entry;
use shiryan::sheets::{Format, Mark, Out, Sheet};
use shiryan::vault::{RootKey, Vault};
use shiryan_kernel::ids::{SessionId, UserId};
use shiryan_kernel::role::Role;
use shiryan_kernel::time::Moment;

fn now() -> Moment {
    Moment::from_timestamp(1_795_600_000, 0).unwrap()
}

fn vault() -> Vault {
    Vault::new(RootKey::from_bytes([9; 32]))
}

/// What was read as rows of text is written and read again as it was.
pub fn csv(data: &[u8]) {
    let mut given = tempfile::NamedTempFile::new().unwrap();
    given.write_all(data).unwrap();
    let Ok(sheet) = Sheet::open_any(given.path()) else { return };
    let names: Vec<String> = sheet.names().map(str::to_owned).collect();
    let rows: Vec<Vec<String>> = sheet
        .map_while(Result::ok)
        .filter(shiryan::sheets::Row::is_whole)
        .map(|row| row.cells().map(str::to_owned).collect())
        .collect();
    let mut written = tempfile::NamedTempFile::new().unwrap();
    let mut out =
        Out::begin(Format::Csv, written.as_file().try_clone().unwrap(), names.iter().map(String::as_str))
            .unwrap();
    for row in &rows {
        out.row(row).unwrap();
    }
    let (mut file, count): (File, u32) = out.end(&Mark { by: "fuzz".into(), at: now() }).unwrap();
    assert_eq!(usize::try_from(count).unwrap(), rows.len());
    file.flush().unwrap();
    written.rewind().unwrap();
    // A header without a name, or one of whose names is what a file of refused rows adds, is another header.
    let Ok(again) = Sheet::open_any(written.path()) else {
        assert!(names.iter().all(String::is_empty), "{names:?}");
        return;
    };
    if again.names().eq(names.iter().map(String::as_str)) {
        let read: Vec<Vec<String>> =
            again.map(|row| row.unwrap().cells().map(str::to_owned).collect()).collect();
        assert_eq!(read, rows);
    }
}

/// The parts of a workbook in the order in which they are given, and what stands there where none is.
const PARTS: [(&str, &str); 6] = [
    (
        "xl/worksheets/sheet1.xml",
        r#"<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData></worksheet>"#,
    ),
    ("xl/sharedStrings.xml", r#"<sst uniqueCount="1"><si><t>code</t></si></sst>"#),
    ("xl/styles.xml", r#"<styleSheet><cellXfs count="1"><xf numFmtId="14"/></cellXfs></styleSheet>"#),
    (
        "xl/workbook.xml",
        r#"<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
    ),
    (
        "_rels/.rels",
        r#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
];

/// A workbook of these parts, between which a zero stands, is read to its end or refused; its rows come in their order, and
/// none is longer than a row may be.
pub fn books(data: &[u8]) {
    let mut given = data.split(|byte| *byte == 0);
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut zip = zip::ZipWriter::new(file.as_file().try_clone().unwrap());
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, usual) in PARTS {
        zip.start_file(name, stored).unwrap();
        zip.write_all(given.next().filter(|part| !part.is_empty()).unwrap_or(usual.as_bytes())).unwrap();
    }
    zip.finish().unwrap();
    let Ok(sheet) = Sheet::open_any(file.path()) else { return };
    let mut line = 0;
    for row in sheet.map_while(Result::ok) {
        assert!(row.line > line, "{} after {line}", row.line);
        line = row.line;
        let size: usize = row.written().map(str::len).sum();
        assert!(u64::try_from(size).unwrap() <= shiryan::sheets::LONGEST_ROW, "{size}");
    }
}

static CURSORS: LazyLock<Cursors> = LazyLock::new(|| Cursors::new([7; 32]));

/// Nobody makes up a cursor; what was sealed opens for the same list alone.
pub fn cursors(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    assert!(CURSORS.open::<(i64, String)>(text, "/donors?", now()).is_err());
    let last = (i64::try_from(data.len()).unwrap(), text.to_owned());
    let sealed = CURSORS.seal(&last, "/donors?", now()).unwrap();
    if sealed.len() <= 4_096 {
        assert_eq!(CURSORS.open::<(i64, String)>(&sealed, "/donors?", now()).unwrap(), last);
    }
    assert!(CURSORS.open::<(i64, String)>(&sealed, text, now()).is_err() || text == "/donors?");
    let forged = changed(sealed.as_bytes(), data);
    let opened = CURSORS.open::<(i64, String)>(&String::from_utf8_lossy(&forged), "/donors?", now());
    assert!(opened.is_err() || forged == sealed.as_bytes());
}

static TOKENS: LazyLock<Tokens> = LazyLock::new(|| Tokens::new(&vault(), 10));

/// Nobody makes up a token or changes one.
pub fn tokens(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    assert!(TOKENS.read(text, now()).is_err());
    let someone = Principal { user: UserId(1), role: Role::Medic, session: SessionId(2), facility: None };
    let token = TOKENS.make(&someone, now()).unwrap();
    let forged = String::from_utf8_lossy(&changed(token.as_bytes(), data)).into_owned();
    if let Ok(read) = TOKENS.read(&forged, now()) {
        // The last character of a signature may carry bits that say nothing.
        assert_eq!(read, someone);
        assert_eq!(forged.len(), token.len());
        assert_eq!(forged[..forged.len() - 1], token[..token.len() - 1]);
    }
}

/// Bytes with others put over them: the first two say where.
fn changed(bytes: &[u8], data: &[u8]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    let [high, low, rest @ ..] = data else { return changed };
    let at = usize::from(u16::from_be_bytes([*high, *low])) % changed.len();
    for (byte, other) in changed.iter_mut().skip(at).zip(rest) {
        *byte = *other;
    }
    changed
}

/// A calendar's file holds one entry, in lines that are short enough, whatever its words are.
pub fn calendars(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let minutes = i64::try_from(data.len()).unwrap();
    let entry = Entry {
        uid: "0123456789ABC".into(),
        sequence: u32::from(data.first().copied().unwrap_or(0)),
        begins: now() + chrono::Duration::minutes(minutes),
        ends: now() + chrono::Duration::minutes(minutes + 15),
        is_cancelled: data.len().is_multiple_of(2),
    };
    let from: Mailbox = "Blood <appointments@force.example>".parse().unwrap();
    let file = entry.write(text, &from, now());
    assert!(file.ends_with("END:VCALENDAR\r\n"));
    let mut unfolded: Vec<String> = Vec::new();
    for line in file.trim_end_matches("\r\n").split("\r\n") {
        // 75 by RFC 5545, 3.1; the library counts the blank of a line that goes on for none of them.
        assert!(line.len() <= 76, "{line:?}");
        assert!(!line.contains(['\r', '\n']), "{line:?}");
        match line.strip_prefix(' ') {
            Some(rest) => unfolded.last_mut().expect("a line before it").push_str(rest),
            None => unfolded.push(line.to_owned()),
        }
    }
    let count = |wanted: &str| unfolded.iter().filter(|line| line.as_str() == wanted).count();
    for wanted in ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "END:VCALENDAR"] {
        assert_eq!(count(wanted), 1, "{wanted} in {file:?}");
    }
    let summaries = unfolded.iter().filter(|line| line.starts_with("SUMMARY")).count();
    assert_eq!(summaries, 1, "{file:?}");
    assert!(unfolded.iter().all(|line| line.contains(':')), "{file:?}");
}
