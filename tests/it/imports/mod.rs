//! Imports: registers, trees of units and daily series out of files.

use std::path::{Path, PathBuf};

use diesel::prelude::*;
use shiryan::db::tables::{
    audit_lines, donor_identities, donor_tags, donors, giving_windows, givings, history_days, history_series,
    units,
};
use shiryan::db::{Conn, Db};
use shiryan::eligibility::{self, ImportOptions, Rulebook};
use shiryan::sheets::{ImportError, Manner, Mapping, Report};
use shiryan::vault::{RootKey, Vault};
use shiryan_kernel::time::Zone;

use super::support::databases::Migrated;

mod deferrals;
mod donations;
mod resume;

both!(
    a_tree_comes_in_any_order,
    a_register_is_taken_and_its_faults_are_written_back,
    a_dry_run_says_the_same_and_changes_nothing,
    an_arabic_register_with_semicolons_and_a_mark,
    a_workbook_is_taken_like_its_text,
    columns_may_have_their_own_names,
    windows_of_an_import_are_those_of_a_decision,
    what_more_a_register_says_is_checked,
    a_key_beside_the_data_must_be_accepted_once,
    series_are_taken_whole_and_replaced,
);

const HEADER: &str = "service_number,national_id,first_name,father_name,grandfather_name,family_name,sex,\
    birth_date,blood_group,unit,governorate,phone,email,weight_kg,height_cm,last_donation_date,\
    last_donation_type,donations_last_12_months";

const TREE: &str = "code,name_ar,name_en,parent,governorate\nC1,سرية,Company,B1,PS-RBH\nB1,كتيبة,Battalion,,رام الله والبيرة\n";

fn trying() -> Manner {
    Manner { dry_run: true, ..Manner::default() }
}

struct At {
    db: Db,
    vault: Vault,
    book: Rulebook,
    dir: tempfile::TempDir,
    _migrated: Migrated,
}

impl At {
    fn new(migrated: Migrated) -> Self {
        Self {
            db: migrated.db.clone(),
            vault: Vault::new(RootKey::from_bytes([9; 32])),
            book: Rulebook::load(None, "default", Zone::default()).unwrap(),
            dir: tempfile::tempdir().unwrap(),
            _migrated: migrated,
        }
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn units(&self, content: &str) -> Report {
        shiryan::places::import_units(
            &self.db,
            &self.vault,
            None,
            &self.file("units.csv", content),
            &Manner::default(),
            |_| Ok(()),
        )
        .unwrap()
    }

    fn donors(&self, path: &Path, options: ImportOptions) -> Result<Report, ImportError> {
        eligibility::import_donors(&self.db, &self.vault, &self.book, path, &options, |_| {})
    }

    fn counts(&self) -> [i64; 7] {
        self.db
            .read_now(|conn| {
                Ok([
                    donors::table.count().get_result(conn)?,
                    donor_identities::table.count().get_result(conn)?,
                    donor_tags::table.count().get_result(conn)?,
                    givings::table.count().get_result(conn)?,
                    giving_windows::table.count().get_result(conn)?,
                    audit_lines::table.count().get_result(conn)?,
                    units::table.count().get_result(conn)?,
                ])
            })
            .unwrap()
    }
}

fn figures(report: &Report) -> [u64; 4] {
    [report.rows, report.taken, report.skipped, report.rejected]
}

/// Lines and errors of a file of rejects.
fn refused(report: &Report) -> Vec<(u64, String)> {
    let mut file =
        csv::ReaderBuilder::new().flexible(true).from_path(report.rejects.as_ref().unwrap()).unwrap();
    let header = file.headers().unwrap().clone();
    let place = |name| header.iter().position(|known| known == name).unwrap();
    let (line, errors) = (place("line"), place("errors"));
    file.records()
        .map(|row| row.map(|row| (row[line].parse().unwrap(), row[errors].to_owned())).unwrap())
        .collect()
}

fn a_tree_comes_in_any_order(at: Migrated) {
    let at = At::new(at);
    assert_eq!(figures(&at.units(TREE)), [2, 2, 0, 0]);
    let tree: Vec<(String, Option<i64>)> = at
        .db
        .read_now(|conn| {
            Ok(units::table.order(units::code).select((units::code, units::parent)).load(conn)?)
        })
        .unwrap();
    assert!(tree[0].1.is_none() && tree[1].1.is_some(), "{tree:?}");
    let again = at.units(TREE);
    assert_eq!((figures(&again), again.rejects), ([2, 0, 2, 0], None));
    let mixed = at.units(
        "code,name_ar,name_en,parent,governorate\n\
         B1,أخرى,Another,,PS-RBH\nR1,ا,a,R2,PS-JEN\nR2,ا,a,R3,PS-JEN\nR3,ا,a,R1,PS-JEN\nR4,ا,a,R1,PS-JEN\n\
         X,ا,a,NOBODY,PS-JEN\nY,ا,a,X,PS-JEN\nZ,,a,C1,PS-XXX\nD1,ا,a,C1,Jenin\nD1,ا,a,C1,Jenin\nS,ا,a,S,PS-JEN\n",
    );
    assert_eq!(figures(&mixed), [11, 1, 0, 10]);
    let expected = [
        (2, "code:code_taken"),
        (3, "parent:invalid_value"),
        (4, "parent:invalid_value"),
        (5, "parent:invalid_value"),
        (6, "parent:unknown_reference"),
        (7, "parent:unknown_reference"),
        (8, "parent:unknown_reference"),
        (9, "name_ar:missing_field governorate:invalid_value"),
        (11, "code:code_taken"),
        (12, "parent:invalid_value"),
    ];
    let found = refused(&mixed);
    assert_eq!(found.iter().map(|(line, errors)| (*line, errors.as_str())).collect::<Vec<_>>(), expected);
    assert_eq!(at.counts()[6], 3);
}

fn register() -> String {
    let good = "S-1,400123451,محمد,خالد,,الخطيب,male,1990-05-01,O-,C1,PS-RBH,0599123456,a@example.org,80,178,2026-09-01,whole_blood,2";
    format!(
        "{HEADER}\n{good}\n\
         S-2,,ليلى,,,حمدان,أنثى,,,,,,,,,,,\n\
         ,400123451,سمير,,,عودة,male,1991-01-01,A+,,,,,,,,,\n\
         S-1,,سمير,,,عودة,male,1991-01-01,A+,,,,,,,,,\n\
         S-3,12,a1,,,,x,1899-01-01,O,NOWHERE,PS-XX,7,@,3,999,2027-01-01,tea,900\n\
         ,,سمير,,,,,,,,,,,,,,,\n\
         S-4,,سمير,,,عودة,,,,,,,,,,,platelet_apheresis,\n\
         S-5,,سمير,,,عودة\n\
         S-6,,سمير,,,عودة,,,,,,'+970599123457,,,,2026-09-02,,\n\
         S-7,400123450,سمير,,,عودة,,,,,,,,,,,,0\n"
    )
}

fn a_register_is_taken_and_its_faults_are_written_back(at: Migrated) {
    let at = At::new(at);
    at.units(TREE);
    let path = at.file("register.csv", &register());
    let mut last = 0;
    let report = eligibility::import_donors(
        &at.db,
        &at.vault,
        &at.book,
        &path,
        &ImportOptions::default(),
        |progress| {
            assert!(progress.bytes <= progress.of_bytes);
            last = progress.rows;
        },
    )
    .unwrap();
    assert_eq!((figures(&report), last, report.warned), ([10, 4, 0, 6], 10, 1));
    let expected = [
        (4, "national_id:donor_already_registered"),
        (5, "service_number:donor_already_registered"),
        (
            6,
            "national_id:national_id_invalid first_name:name_invalid sex:invalid_value \
             birth_date:out_of_range blood_group:invalid_value unit:unknown_reference \
             governorate:invalid_value phone:phone_invalid email:email_invalid weight_kg:out_of_range \
             height_cm:out_of_range last_donation_date:out_of_range last_donation_type:invalid_value \
             donations_last_12_months:out_of_range",
        ),
        (7, "national_id:missing_field"),
        (8, "last_donation_date:missing_field"),
        (9, "row:invalid_request"),
    ];
    let found = refused(&report);
    assert_eq!(found.iter().map(|(line, errors)| (*line, errors.as_str())).collect::<Vec<_>>(), expected);
    type Row = (String, Option<String>, bool, Option<i32>, String);
    let rows: Vec<Row> = at
        .db
        .read_now(|conn| {
            Ok(donors::table
                .order(donors::id)
                .select((
                    donors::group_evidence,
                    donors::blood_group,
                    donors::screened,
                    donors::declared_12_months,
                    donors::status,
                ))
                .load(conn)?)
        })
        .unwrap();
    assert_eq!(rows[0], ("declared".into(), Some("o_neg".into()), false, Some(2), "active".into()));
    assert_eq!(rows[1], ("unknown".into(), None, false, None, "active".into()));
    assert_eq!(rows[3].3, Some(0));
    // The whole once more: everybody is known.
    let again = at.donors(&path, ImportOptions::default()).unwrap();
    assert_eq!(figures(&again), [10, 0, 0, 10]);
    // Corrected, the refused rows are taken.
    let rejects = std::fs::read_to_string(report.rejects.unwrap()).unwrap();
    assert!(rejects.contains(",'@,"), "guarded: {rejects}");
    let corrected = rejects.replace("S-5,", "S-55,").replace("platelet_apheresis", "");
    let report = at.donors(&at.file("corrected.csv", &corrected), ImportOptions::default()).unwrap();
    assert_eq!(figures(&report)[1], 2, "S-55 and S-4: {:?}", refused(&report));
}

fn a_dry_run_says_the_same_and_changes_nothing(at: Migrated) {
    let at = At::new(at);
    at.units(TREE);
    let path = at.file("register.csv", &register());
    let before = at.counts();
    let dry = ImportOptions { manner: trying(), ..ImportOptions::default() };
    let tried = at.donors(&path, dry).unwrap();
    let tried_refusals = refused(&tried);
    assert_eq!(at.counts(), before);
    let done = at.donors(&path, ImportOptions::default()).unwrap();
    assert_eq!((&tried, tried_refusals), (&done, refused(&done)));
    assert_ne!(at.counts(), before);
    let units = at.file("more.csv", "code,name_ar,name_en,parent,governorate\nN1,ا,a,C1,PS-JEN\n");
    let tried =
        shiryan::places::import_units(&at.db, &at.vault, None, &units, &trying(), |_| Ok(())).unwrap();
    assert_eq!((figures(&tried), at.counts()[6]), ([1, 1, 0, 0], 2));
}

fn an_arabic_register_with_semicolons_and_a_mark(at: Migrated) {
    let at = At::new(at);
    at.units(TREE);
    let text = "\u{feff}الرقم العسكري;رقم الهوية;الاسم الأول;اسم الأب;اسم الجد;اسم العائلة;الجنس;تاريخ الميلاد;\
        فصيلة الدم;الوحدة;المحافظة;الهاتف;البريد الإلكتروني;الوزن;الطول;تاريخ آخر تبرع;نوع آخر تبرع;\
        عدد التبرعات خلال 12 شهرًا\r\n\
        ٧٧;٤٠٠١٢٣٤٥١;محمد;خالد;علي;الخطيب;ذكر;١٩٩٠/٠٥/٠١;O سالب;c1;رام الله والبيرة;٠٥٩٩١٢٣٤٥٦;;82,5;178;\
        2026-09-01;دم كامل;١\r\n";
    let report = at.donors(&at.file("سجل.csv", text), ImportOptions::default()).unwrap();
    assert_eq!(figures(&report), [1, 1, 0, 0], "{:?}", report.rejects.is_some().then(|| refused(&report)));
    let (group, weight, unit): (Option<String>, Option<f64>, Option<i64>) = at
        .db
        .read_now(|conn| {
            Ok(donors::table.select((donors::blood_group, donors::weight_kg, donors::unit_id)).first(conn)?)
        })
        .unwrap();
    assert_eq!((group.as_deref(), weight, unit.is_some()), (Some("o_neg"), Some(82.5), true));
    let other = at.dir.path().join("1256.csv");
    std::fs::write(&other, [text.as_bytes(), b"\xe3\xcd\xe3\xcf"].concat()).unwrap();
    let said = at.donors(&other, ImportOptions::default()).unwrap_err().to_string();
    assert!(said.contains("UTF-8") && said.contains("line 3"), "{said}");
    assert_eq!(at.counts()[0], 1);
}

fn columns_may_have_their_own_names(at: Migrated) {
    let at = At::new(at);
    at.units(TREE);
    let header = HEADER.replace("service_number", "Mil. No.=").replace("phone", "Tel") + ",Notes";
    let path = at.file("theirs.csv", &format!("{header}\nS-1,,سمير,,,عودة,,,,C1,,0599123456,,,,,,,x\n"));
    let take = |names: &[&str]| {
        let manner = Manner { names: Mapping::parse(names).unwrap(), ..Manner::default() };
        at.donors(&path, ImportOptions { manner, ..ImportOptions::default() })
    };
    let all = ["mil. no.==service_number", "Tel=PHONE", "Notes="];
    for (names, part) in
        [(&all[..2], "Notes"), (&all[1..], "Mil"), (&["Fax=phone"], "Fax"), (&["Tel=fax"], "fax")]
    {
        let said = take(names).unwrap_err().to_string();
        assert!(said.contains(part), "{names:?}: {said}");
    }
    for bad in [&["Tel"][..], &["Tel=phone", "tel=email"]] {
        assert!(Mapping::parse(bad).unwrap_err().to_string().contains("--map"), "{bad:?}");
    }
    let both = take(&["mil. no.==service_number", "Tel=email", "Notes=email"]).unwrap_err().to_string();
    assert!(both.contains("twice"), "{both}");
    assert_eq!(figures(&take(&all).unwrap()), [1, 1, 0, 0]);
}

/// With the types that a spreadsheet gives its cells.
fn a_workbook_is_taken_like_its_text(at: Migrated) {
    use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
    let at = At::new(at);
    at.units(TREE);
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in (0..).zip(HEADER.split(',')) {
        sheet.write(0, column, name).unwrap();
    }
    let date = Format::new().set_num_format("dd/mm/yyyy");
    let day = |year, month, day| ExcelDateTime::from_ymd(year, month, day).unwrap();
    for (row, born) in [(1, day(1990, 5, 1)), (2, day(1991, 5, 1))] {
        sheet.write(row, 0, format!("S-{row}")).unwrap();
        sheet.write(row, 1, 400_123_451).unwrap();
        sheet.write(row, 2, "محمد").unwrap();
        sheet.write(row, 5, "الخطيب").unwrap();
        sheet.write_with_format(row, 7, &born, &date).unwrap();
        sheet.write(row, 8, "O-").unwrap();
        sheet.write(row, 9, "C1").unwrap();
        sheet.write(row, 13, 82.5).unwrap();
        sheet.write(row, 14, row == 1).unwrap();
        sheet.write_with_format(row, 15, day(2026, 9, 1), &date).unwrap();
    }
    sheet.write(1, 14, 178).unwrap();
    sheet.write(3, 0, 7).unwrap();
    let path = at.dir.path().join("register.xlsx");
    book.save(&path).unwrap();
    let report = at.donors(&path, ImportOptions::default()).unwrap();
    assert_eq!(figures(&report), [3, 2, 0, 1]);
    assert_eq!(refused(&report), [(3, "height_cm:invalid_value".to_owned())]);
    let rows: Vec<(Option<i32>, Option<f64>, Option<f64>)> = at
        .db
        .read_now(|conn| {
            let columns = (donors::birth_band, donors::weight_kg, donors::height_cm);
            Ok(donors::table.order(donors::id).select(columns).load(conn)?)
        })
        .unwrap();
    assert_eq!(rows, [(Some(1990), Some(82.5), Some(178.0)), (None, None, None)]);
    assert_eq!(at.counts()[3], 1, "the last donation");
}

fn windows_of_an_import_are_those_of_a_decision(at: Migrated) {
    let at = At::new(at);
    at.units(TREE);
    let more = "last_donation_volume_ml,last_donation_red_cells_lost,status,paused_until";
    let mut text = format!("{HEADER},{more}\n");
    for n in 0..1_100 {
        let (year, month, kind) =
            (1955 + n % 60, 1 + n % 10, ["whole_blood", "platelet_apheresis", ""][n % 3]);
        let sex = ["male", "female", ""][n % 3];
        let weight = 45 + n % 50;
        let given = if n % 4 == 0 { String::new() } else { format!("2026-{month:02}-11") };
        let kind = if given.is_empty() { "" } else { kind };
        let times = ["", "0", "1", "5"][n % 4];
        let standing = ["", "active,", "paused,", "paused,2026-12-24", "deceased,", "review,"][n % 6];
        let standing = if standing.is_empty() { "," } else { standing };
        let lost = if given.is_empty() { "," } else { ["450,", ",yes", ",no"][n % 3] };
        text.push_str(&format!(
            "S-{n},,سمير,,,عودة,{sex},{year}-02-03,B+,C1,PS-RBH,,,{weight},1{},{given},{kind},{times},{lost},{standing}\n",
            50 + n % 45
        ));
    }
    let report = at.donors(&at.file("register.csv", &text), ImportOptions::default()).unwrap();
    assert_eq!(figures(&report), [1_100, 1_100, 0, 0]);
    let all = |conn: &mut Conn| {
        type Row = (i64, String, i32, chrono::NaiveDate, Option<chrono::NaiveDate>, String);
        Ok(giving_windows::table
            .order((giving_windows::donor, giving_windows::donation_type, giving_windows::place))
            .load::<Row>(conn)?)
    };
    let written = at.db.read_now(all).unwrap();
    assert!(written.len() > 1_000);
    let book = std::sync::Arc::new(at.book.clone());
    assert_eq!(eligibility::rewrite_all_windows(&at.db, &at.vault, &book, |_| {}).unwrap(), 1_100);
    assert_eq!(at.db.read_now(all).unwrap(), written);
}

fn what_more_a_register_says_is_checked(at: Migrated) {
    let at = At::new(at);
    let more = "status,paused_until,latin_first_name,kind,language,may_call,quiet_from,quiet_until,\
        last_donation_volume_ml,last_donation_red_cells_lost";
    let mut text = format!("{HEADER},{more}\n");
    let rows = [
        ("paused,2027-01-01,Samir,replacement,en,no,22:00,٠٧:٣٠,,", ""),
        (",,,,,,,,,", ""),
        ("erased,,,,,,,,,", "status:invalid_value"),
        ("asleep,,,,,,,,,", "status:invalid_value"),
        ("deceased,2027-01-01,,,,,,,,", "paused_until:invalid_value"),
        (",,سمير,,,,,,,", "latin_first_name:name_invalid"),
        (",,,cousin,de,maybe,,,,", "kind:invalid_value language:invalid_value may_call:invalid_value"),
        (",,,,,,22:00,,,", "quiet_until:missing_field"),
        (",,,,,,22:00,22:00,,", "quiet_until:invalid_value"),
        (",,,,,,25:00,,,", "quiet_from:invalid_value"),
        (",,,,,,,,450,", "last_donation_date:missing_field"),
        (",,,,,,,,,yes", "last_donation_date:missing_field"),
        (",,,,,,,,9000,", "last_donation_volume_ml:out_of_range"),
    ];
    for (n, (cells, _)) in rows.iter().enumerate() {
        text.push_str(&format!("S-{n},,سمير,,,عودة,,,,,,,,,,,,,{cells}\n"));
    }
    let report = at.donors(&at.file("register.csv", &text), ImportOptions::default()).unwrap();
    let bad = rows.iter().enumerate().filter(|(_, (_, errors))| !errors.is_empty());
    let expected: Vec<(u64, String)> =
        bad.map(|(n, (_, errors))| (u64::try_from(n).unwrap() + 2, (*errors).to_owned())).collect();
    assert_eq!(refused(&report), expected);
    assert_eq!(report.taken, 2);
}

fn a_key_beside_the_data_must_be_accepted_once(at: Migrated) {
    let at = At::new(at);
    let row = |n: u32| format!("{HEADER}\nS-{n},,سمير,,,عودة,,,,,,,,,,,,\n");
    let beside = ImportOptions { key_on_same_disk: true, ..ImportOptions::default() };
    let path = at.file("one.csv", &row(1));
    let said = at.donors(&path, beside.clone()).unwrap_err().to_string();
    assert!(said.contains("--accept-key-on-disk"), "{said}");
    assert_eq!(at.counts()[0], 0);
    let accepted = ImportOptions { accept_key_on_disk: true, ..beside.clone() };
    assert_eq!(at.donors(&path, accepted).unwrap().taken, 1);
    assert_eq!(at.donors(&at.file("two.csv", &row(2)), beside).unwrap().taken, 1);
}

fn series_are_taken_whole_and_replaced(at: Migrated) {
    let at = At::new(at);
    let take = |name: &str, text: &str| {
        shiryan::projections::import_history(&at.db, &at.file(name, text), false, |_| {})
    };
    let report = take("supply.csv", "date,all,o\n2026-01-02,10,4\n2026-01-01,8,\n2026-01-04,9,3\n").unwrap();
    assert_eq!((report.rows, report.taken, report.warned, report.rejected), (3, 5, 3, 0));
    let days = |name: &'static str| {
        type Row = (i32, Option<chrono::NaiveDate>, Option<i32>, f64);
        at.db
            .read_now(|conn| {
                Ok(history_days::table
                    .inner_join(history_series::table.on(history_series::id.eq(history_days::series)))
                    .filter(history_series::name.eq(name))
                    .order(history_days::day_no)
                    .select((
                        history_days::day_no,
                        history_days::on_date,
                        history_days::weekday,
                        history_days::amount,
                    ))
                    .load::<Row>(conn)?)
            })
            .unwrap()
    };
    let date = |text: &str| Some(text.parse().unwrap());
    let expected = [
        (1, date("2026-01-01"), Some(3), 8.0),
        (2, date("2026-01-02"), Some(4), 10.0),
        (4, date("2026-01-04"), Some(6), 9.0),
    ];
    assert_eq!(days("supply:all"), expected);
    assert_eq!(days("supply:o").len(), 2);
    // A fault refuses the file whole; what is there stays.
    let bad = take("supply.csv", "date,all,o\n2026-01-01,1,1\n2026-01-01,1,1\n2026-01-03,-4,1\n").unwrap();
    assert_eq!((bad.taken, bad.rejected), (0, 2));
    let expected_faults = [(3, "date:day_repeated".to_owned()), (4, "all:count_bad".to_owned())];
    assert_eq!(refused(&bad), expected_faults);
    assert_eq!(days("supply:all"), expected);
    let again = take("supply.csv", "date,all\n2026-02-01,7\n").unwrap();
    assert_eq!((again.taken, days("supply:all").len(), days("supply:o").len()), (1, 1, 2));
    take("used.csv", "day,dow,plt\n1,Th,19\n2,F,31\n").unwrap();
    assert_eq!(days("used:plt"), [(1, None, Some(3), 19.0), (2, None, Some(4), 31.0)]);
    for (text, part) in [("colour,x\n1,2\n", "date"), ("date\n2026-01-01\n", "series")] {
        let said = take("bad.csv", text).unwrap_err().to_string();
        assert!(said.contains(part) && said.contains("bad.csv"), "{said}");
    }
}
