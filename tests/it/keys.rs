//! Another root key: everything opens again under it and under no other, however often the change was
//! interrupted.

use std::process::Stdio;
use std::sync::Arc;

use chrono::NaiveDate;
use shiryan::accounts::{self, NewUser, Principal, Username};
use shiryan::app::{self, Rotated};
use shiryan::audit::{self, Line, Verdict};
use shiryan::db::{Db, Lane, Size, Target, Tx, meta, migrate};
use shiryan::donors::{self, ErasureReason, NewDonor, Purpose, TracePurpose};
use shiryan::eligibility::{self, GivingSource, NewDeferral, NewGiving, Rulebook};
use shiryan::jobs;
use shiryan::vault::{RootKey, Vault};
use shiryan_kernel::Code;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::{ApprovalId, DonorId, SessionId};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{ApprovalState, JobKind};
use shiryan_kernel::text::{NationalId, Note, PersonName, Phone};
use shiryan_kernel::time::{SettableClock, Zone};

use super::cli::shiryan;
use super::support::databases::Empty;

both!(
    b7_everything_opens_under_the_new_root_alone,
    a_change_that_is_interrupted_goes_on,
    a_trace_moves_and_an_erased_donor_is_passed_over,
    nobody_else_may_have_the_database_open,
    a_third_key_changes_nothing,
    a_damaged_cell_does_not_keep_the_others_under_two_keys,
    b12_one_person_alone_changes_no_key,
    b12_the_command_line_asks_two_people,
);

struct World {
    target: Target,
    clock: Arc<SettableClock>,
    by: Principal,
    /// Somebody else, whom nobody of these made.
    other: Principal,
    donors: Vec<DonorId>,
    book: Rulebook,
    _at: Empty,
}

fn vault(root: u8) -> Vault {
    Vault::new(RootKey::from_bytes([root; 32]))
}

fn number(n: usize) -> NationalId {
    NationalId::parse(&format!("9{n:08}")).unwrap()
}

fn person(n: usize) -> NewDonor {
    let name = |text: &str| Some(PersonName::parse(text).unwrap());
    NewDonor {
        name: donors::FullName { first: name("جمال"), family: name("سعيد"), ..Default::default() },
        birth_date: Some("1990-04-01".parse().unwrap()),
        national_id: Some(number(n)),
        phone: Some(Phone::parse(&format!("059912{n:04}")).unwrap()),
        ..NewDonor::default()
    }
}

/// Donors with deferrals, a job and a record, sealed under root 1.
fn world(at: Empty, donors: usize) -> World {
    migrate::run(&at.target).unwrap();
    let clock = Arc::new(SettableClock::at(Zone::default().start_of("2026-11-24".parse().unwrap())));
    let db = Db::open(&at.target, Size(2), clock.clone()).unwrap();
    let book = Rulebook::load(None, "default", Zone::default()).unwrap();
    let (rules, old) = (book.clone(), vault(1));
    let made = db.write_now(Lane::System, move |tx| {
        let new = NewUser {
            username: Username::parse("keeper").unwrap(),
            role: Role::Admin,
            facility: None,
            units: Vec::new(),
        };
        let user = accounts::ensure_user(tx, &old, &new, &accounts::hash_now("four olive trees")?)?;
        let by = Principal { user, role: Role::Admin, session: SessionId(1), facility: None };
        let new = NewUser { username: Username::parse("officer").unwrap(), role: Role::Physician, ..new };
        let other = accounts::ensure_user(tx, &old, &new, &accounts::hash_now("four olive trees")?)?;
        let other = Principal { user: other, role: Role::Physician, session: SessionId(2), facility: None };
        let mut ids = Vec::new();
        for n in 0..donors {
            let donor = eligibility::enrol(tx, &old, &rules, &by, &person(n))?.id;
            let base: NaiveDate = "2026-10-01".parse().unwrap();
            let code = "TAT".to_owned();
            let new = NewDeferral { donor, code, base: Some(base), second_base: None, ended_on: None };
            eligibility::defer(tx, &old, &rules, None, &new)?;
            ids.push(donor);
        }
        jobs::queue(tx, &old, user, JobKind::PreviewPolicy, "a request")?;
        meta::put(tx.conn, "key_check", &old.key_check())?;
        Ok((by, other, ids))
    });
    let (by, other, donors) = made.unwrap();
    // Part of the record is chained before the change.
    let old = vault(1);
    db.write_now(Lane::System, move |tx| audit::seal(tx, &old)).unwrap();
    let world = World { target: at.target.clone(), clock, by, other, donors, book, _at: at };
    world.permit(1);
    world
}

impl World {
    /// As another program, later: two that mint ids in one millisecond could mint the same.
    fn open(&self) -> Db {
        self.clock.advance(chrono::Duration::seconds(1));
        Db::open(&self.target, Size(2), self.clock.clone()).unwrap()
    }

    /// Changes from one root to another; `patience` slices at most.
    fn rotate(&self, from: u8, to: u8, patience: usize) -> Result<Rotated, String> {
        self.clock.advance(chrono::Duration::seconds(1));
        let (mut slices, roots) = (0, (vault(from), vault(to)));
        let go_on = |_| {
            slices += 1;
            slices < patience
        };
        app::rotate(&self.target, self.clock.clone(), (&roots.0, &roots.1), &self.by, go_on)
            .map_err(|error| error.0)
    }

    fn ask(&self, root: u8) -> ApprovalId {
        let (root, by) = (vault(root), self.by.clone());
        let ask =
            move |tx: &mut Tx| accounts::ask_key_change(tx, &root, &by, &Note::parse("ضاع جهاز").unwrap());
        self.open().write_now(Lane::System, ask).unwrap().approval
    }

    fn approve(&self, root: u8, id: ApprovalId, by: &Principal) -> Result<(), Code> {
        let (root, by) = (vault(root), by.clone());
        let decide = move |tx: &mut Tx| accounts::decide(tx, &root, &by, id, ApprovalState::Approved);
        self.open().write_now(Lane::System, decide).map(drop).map_err(|problem| problem.code)
    }

    /// A physician whose account `maker` made now.
    fn made_by(&self, maker: &Principal) -> Principal {
        let maker = maker.user;
        let make = move |tx: &mut Tx| {
            let new = NewUser {
                username: Username::parse("creature").unwrap(),
                role: Role::Physician,
                facility: None,
                units: Vec::new(),
            };
            accounts::create(tx, &vault(1), maker, &new, &accounts::hash_now("four olive trees")?)
        };
        let user = self.open().write_now(Lane::System, make).unwrap();
        Principal { user, role: Role::Physician, session: SessionId(3), facility: None }
    }

    /// Two people want it.
    fn permit(&self, root: u8) {
        self.approve(root, self.ask(root), &self.other).unwrap();
    }

    /// Everything that was sealed, read under a root.
    fn holds(&self, root: u8) {
        let (db, root) = (self.open(), vault(root));
        let (by, ids, book) = (self.by.clone(), self.donors.clone(), self.book.clone());
        let read = move |tx: &mut Tx| {
            for (n, id) in ids.iter().enumerate() {
                let budget = donors::Budget { a_day: 1_000, today: tx.now.date_naive() };
                let opening = donors::Opening { purpose: Purpose::Correction, budget };
                let identity = donors::open_identity(tx, &root, &by, *id, opening)?;
                assert_eq!(identity.national_id.as_deref(), Some(number(n).as_str()));
                let facts = eligibility::facts_of(tx.conn, &root, &book, *id, None)?;
                assert_eq!(facts.deferrals[0].code, "TAT");
                let again = eligibility::enrol(tx, &root, &book, &by, &person(n));
                assert_eq!(again.unwrap_err().code, Code::DonorAlreadyRegistered, "found by the new tags");
            }
            Ok(())
        };
        db.write_now(Lane::System, read).unwrap();
    }

    fn verdict(&self, root: u8) -> Verdict {
        let db = self.open();
        let vault = vault(root);
        let seal = vault.clone();
        while db
            .write_now(Lane::System, {
                let seal = seal.clone();
                move |tx| audit::seal(tx, &seal)
            })
            .unwrap()
            > 0
        {}
        db.read_now(|conn| audit::verify(conn, &vault)).unwrap()
    }
}

fn b7_everything_opens_under_the_new_root_alone(at: Empty) {
    let world = world(at, 3);
    assert_eq!(world.rotate(1, 2, usize::MAX), Ok(Rotated::Done));
    assert_eq!(world.rotate(1, 2, usize::MAX), Ok(Rotated::Already));
    world.holds(2);
    let db = world.open();
    let (old, new) = (vault(1), vault(2));
    assert_eq!(
        db.read_now(|conn| donors::known(conn, &old, world.donors[0])).unwrap_err().code,
        Code::IdentityDamaged
    );
    let job = db.write_now(Lane::System, move |tx| jobs::take(tx, &new)).unwrap().unwrap();
    assert_eq!(job.request, "a request");
    drop(db);
    // The record from before the change is verified with its own digests, and tampering with it is found.
    assert!(matches!(world.verdict(2), Verdict::Whole(lines) if lines > 8));
    world.permit(2);
    assert_eq!(world.rotate(2, 3, usize::MAX), Ok(Rotated::Done));
    world.holds(3);
    assert!(matches!(world.verdict(3), Verdict::Whole(_)), "twice changed");
    let db = world.open();
    db.write_now(Lane::System, |tx| {
        use diesel::prelude::*;
        use shiryan::db::tables::audit_lines;
        diesel::update(audit_lines::table.filter(audit_lines::action.eq("eligibility.deferred")))
            .set(audit_lines::action.eq("eligibility.allowed"))
            .execute(tx.conn)?;
        audit::record(tx, &vault(3), &Line::new(None, "audit.read"))
    })
    .unwrap();
    drop(db);
    assert!(matches!(world.verdict(3), Verdict::Broken(_)));
}

fn a_change_that_is_interrupted_goes_on(at: Empty) {
    // More than one slice of donors.
    let world = world(at, 300);
    let mut interruptions = 0;
    loop {
        match world.rotate(1, 2, 1) {
            Ok(outcome) => {
                assert_eq!(outcome, Rotated::Done);
                break;
            }
            Err(said) => assert!(said.contains("interrupted"), "{said}"),
        }
        interruptions += 1;
        let other = world.rotate(1, 3, usize::MAX).unwrap_err();
        assert!(other.contains("another key is under way"), "{other}");
    }
    assert!(interruptions > 4, "{interruptions}");
    world.holds(2);
    assert!(matches!(world.verdict(2), Verdict::Whole(_)));
}

fn a_trace_moves_and_an_erased_donor_is_passed_over(at: Empty) {
    let mut world = world(at, 2);
    let (by, book, gone) = (world.by.clone(), world.book.clone(), world.donors.remove(0));
    let erase = move |tx: &mut Tx| {
        let old = vault(1);
        let new = NewGiving {
            donor: gone,
            on: "2026-10-01".parse().unwrap(),
            donation_type: DonationType::WholeBlood,
            volume_ml: None,
            red_cells_lost: false,
            source: GivingSource::Import,
        };
        eligibility::record_giving(tx, &old, &book, &new)?;
        eligibility::erase(tx, &old, &book, &by, gone, ErasureReason::LegalOrder)
    };
    world.open().write_now(Lane::System, erase).unwrap();
    assert_eq!(world.rotate(1, 2, usize::MAX), Ok(Rotated::Done));
    let opened = |root: u8| {
        let by = world.by.clone();
        let look = move |tx: &mut Tx| donors::open_trace(tx, &vault(root), &by, gone, TracePurpose::LookBack);
        world.open().write_now(Lane::System, look)
    };
    assert_eq!(opened(2).unwrap().national_id.as_deref(), Some(number(0).as_str()));
    assert_eq!(opened(1).unwrap_err().code, Code::IdentityDamaged);
}

fn nobody_else_may_have_the_database_open(at: Empty) {
    let world = world(at, 1);
    let db = world.open();
    db.read_now(|conn| meta::get(conn, "key_check")).unwrap();
    let said = world.rotate(1, 2, usize::MAX).unwrap_err();
    assert!(said.contains("another program"), "{said}");
    drop(db);
    assert_eq!(world.rotate(1, 2, usize::MAX), Ok(Rotated::Done));
}

fn a_third_key_changes_nothing(at: Empty) {
    let world = world(at, 1);
    assert!(world.rotate(7, 8, usize::MAX).unwrap_err().contains("third key"));
    world.holds(1);
}

fn a_damaged_cell_does_not_keep_the_others_under_two_keys(at: Empty) {
    let mut world = world(at, 3);
    let db = world.open();
    let damaged = world.donors.remove(0);
    db.write_now(Lane::System, move |tx| {
        use diesel::prelude::*;
        use shiryan::db::tables::donor_identities;
        diesel::update(donor_identities::table.find(damaged.0))
            .set(donor_identities::email.eq(vec![7_u8; 72]))
            .execute(tx.conn)?;
        Ok(())
    })
    .unwrap();
    drop(db);
    assert_eq!(world.rotate(1, 2, usize::MAX), Ok(Rotated::Done));
    let db = world.open();
    let (root, whole) = (vault(2), world.donors[0]);
    // Its own key moved with the others: what is whole of it still opens.
    assert!(db.read_now(|conn| donors::known(conn, &root, damaged)).is_ok());
    assert!(db.read_now(|conn| donors::known(conn, &root, whole)).is_ok());
}

fn b12_one_person_alone_changes_no_key(at: Empty) {
    let world = world(at, 1);
    let alone = |from, to, when: &str| {
        let said = world.rotate(from, to, usize::MAX).unwrap_err();
        assert!(said.contains("nobody else has approved"), "{when}: {said}");
        world.holds(from);
    };
    // The leave that the world began with is good for seven days.
    world.clock.advance(chrono::Duration::days(7));
    alone(1, 2, "it has expired");
    let asked = world.ask(1);
    alone(1, 2, "nobody has decided");
    assert_eq!(world.approve(1, asked, &world.by), Err(Code::SecondPersonRequired));
    let bank = Principal { role: Role::Bank, ..world.other.clone() };
    assert_eq!(world.approve(1, asked, &bank), Err(Code::NotFound), "no bank's business");
    let made = world.made_by(&world.by);
    assert_eq!(world.approve(1, asked, &made), Err(Code::SecondPersonRequired), "made within thirty days");
    alone(1, 2, "they were one person");
    world.approve(1, asked, &world.other).unwrap();
    let other = World { by: world.other.clone(), other: world.by.clone(), ..world };
    let said = other.rotate(1, 2, usize::MAX).unwrap_err();
    assert!(said.contains("nobody else"), "whoever approved did not ask: {said}");
    let world = World { by: other.other.clone(), other: other.by.clone(), ..other };
    assert_eq!(world.rotate(1, 2, usize::MAX), Ok(Rotated::Done));
    // One leave, one change; and it was for the key that was there then.
    let said = world.rotate(2, 3, usize::MAX).unwrap_err();
    assert!(said.contains("nobody else"), "used twice: {said}");
    // What was asked about the key before is still asked, and opens under the new root.
    let late = world.ask(2);
    world.clock.advance(chrono::Duration::days(14));
    assert_eq!(world.approve(2, late, &world.other), Err(Code::StateConflict));
    world.permit(2);
    assert_eq!(world.rotate(2, 3, usize::MAX), Ok(Rotated::Done));
    let (db, root, by) = (world.open(), vault(3), world.by.clone());
    let found = db.read_now(|conn| accounts::approval(conn, &by, late, db.now())).unwrap();
    assert_eq!(found.reason(root.house()).unwrap(), "ضاع جهاز");
    assert!(matches!(
        {
            drop(db);
            world.verdict(3)
        },
        Verdict::Whole(_)
    ));
}

fn b12_the_command_line_asks_two_people(at: Empty) {
    let world = world(at, 1);
    let used = "UPDATE approvals SET used_at = decided_at";
    let spend = move |tx: &mut Tx| Ok(diesel::RunQueryDsl::execute(diesel::sql_query(used), tx.conn)?);
    world.open().write_now(Lane::System, spend).unwrap();
    let home = tempfile::tempdir().unwrap();
    let key = home.path().join("root.key");
    shiryan::vault::private_file(&key, "01".repeat(32).as_bytes()).unwrap();
    let url = match &world.target {
        Target::Sqlite(path) => format!("sqlite://{}", path.display()),
        Target::Postgres(url) => url.clone(),
    };
    let run = |user: &str, arguments: &[&str]| {
        let mut command = shiryan(home.path(), &[&["keys"], arguments].concat());
        let command = command.args(["--user", user, "--database", &url]).env("SHIRYAN__KEYS__FILE", &key);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"four olive trees\n").unwrap();
        let done = child.wait_with_output().unwrap();
        let said = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
        (done.status.success(), said.trim().to_owned())
    };
    let (done, said) = run("keeper", &["rotate"]);
    assert!(!done && said.contains("keys ask"), "{said}");
    let (done, said) = run("officer", &["ask", "--reason", "x"]);
    assert!(!done && said.contains("may not"), "{said}");
    let (done, asked) = run("keeper", &["ask", "--reason", "a laptop was lost"]);
    assert!(done, "{asked}");
    let (done, said) = run("keeper", &["approve", &asked]);
    assert!(!done && said.contains("you asked it yourself"), "{said}");
    let (done, said) = run("officer", &["approve", "0000000000001"]);
    assert!(!done && said.contains("nobody asked"), "{said}");
    let (done, said) = run("officer", &["approve", &asked]);
    assert!(done, "{said}");
    let (done, said) = run("keeper", &["rotate"]);
    assert!(done && said.contains("under a new root key"), "{said}");
    let (done, said) = run("keeper", &["rotate"]);
    assert!(!done && said.contains("nobody else has approved"), "{said}");
}
