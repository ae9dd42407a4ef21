//! The two doors to the database, on both databases: what holds for every write.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use diesel::prelude::*;
use futures_util::future::join_all;
use shiryan::db::once::Request;
use shiryan::db::tables::{history_days, history_series, slots};
use shiryan::db::{Bulk, Db, Isolation, Lane, Tx, meta};
use shiryan_kernel::{Code, Problem, Result};

use super::support::databases::{Kind, Migrated, on};
use super::support::{Meeting, at_once, rows, wait};

both!(
    a_write_is_durable_and_seen_beside,
    an_error_undoes_its_own_write_only,
    a_panic_is_internal_and_the_door_still_works,
    an_answer_is_given_again,
    another_body_under_a_key_is_refused,
    a_refusal_is_not_kept,
    two_askings_at_once_have_one_effect,
    serialisable_writes_do_not_skew,
    sixty_four_ask_for_ten_places,
    past_capacity_the_database_itself_refuses,
    bulk_work_does_not_starve_an_actor,
    bulk_work_leaves_room_for_another_program,
);

fn put(tx: &mut Tx, key: &str) -> Result<()> {
    meta::put(tx.conn, key, "written")
}

fn has(db: &Db, key: &'static str) -> bool {
    db.read_now(|conn| meta::get(conn, key)).unwrap().is_some()
}

fn a_write_is_durable_and_seen_beside(at: Migrated) {
    let beside = at.beside();
    for n in 0..20 {
        let key = format!("key {n}");
        let written = key.clone();
        wait(at.db.write(Lane::System, move |tx| put(tx, &written))).unwrap();
        let read = beside.read_now(|conn| meta::get(conn, &key)).unwrap();
        assert_eq!(read.as_deref(), Some("written"));
    }
    // A connection made only now sees it too, after every other was closed.
    drop(beside);
    let target = at.db.target().clone();
    let clock = at.db.clock().clone();
    drop(at.db);
    let again = Db::open(&target, shiryan::db::Size(1), clock).unwrap();
    assert!(has(&again, "key 19"));
}

/// All of them wait together behind one slow write, so that on SQLite they share a COMMIT.
fn an_error_undoes_its_own_write_only(at: Migrated) {
    let outcomes = wait(join_all((0..40).map(|n| {
        at.db.write(Lane::Actor(n), move |tx| {
            if n == 0 {
                thread::sleep(Duration::from_millis(4));
            }
            put(tx, &format!("key {n}"))?;
            match n % 4 {
                1 => Err(Problem::new(Code::SlotFull)),
                2 => panic!("on purpose: this write must be undone alone"),
                // A statement that fails spoils a PostgreSQL transaction, and no other.
                3 => diesel::sql_query("SELECT no_such_column")
                    .execute(tx.conn)
                    .map(|_| ())
                    .map_err(Problem::from),
                _ => Ok(()),
            }
        })
    })));
    for (n, outcome) in outcomes.into_iter().enumerate() {
        let kept = at.db.read_now(|conn| meta::get(conn, &format!("key {n}"))).unwrap().is_some();
        assert_eq!(kept, n % 4 == 0, "write {n}");
        match n % 4 {
            0 => outcome.unwrap(),
            1 => assert_eq!(outcome.unwrap_err().code, Code::SlotFull),
            _ => assert_eq!(outcome.unwrap_err().code, Code::Internal),
        }
    }
}

fn a_panic_is_internal_and_the_door_still_works(at: Migrated) {
    for n in 0..20 {
        let failed = wait(at.db.write(Lane::System, |tx| -> Result<()> {
            put(tx, "half")?;
            panic!("on purpose: a use case that breaks")
        }));
        let problem = failed.unwrap_err();
        assert_eq!(problem.code, Code::Internal);
        assert!(problem.cause.unwrap().contains("on purpose"), "the log says what broke");
        let failed = wait(at.db.read(|_| -> Result<()> { panic!("on purpose: a read that breaks") }));
        assert_eq!(failed.unwrap_err().code, Code::Internal);
        let key = format!("whole {n}");
        wait(at.db.write(Lane::System, move |tx| put(tx, &key))).unwrap();
    }
    assert!(!has(&at.db, "half"));
    assert!(has(&at.db, "whole 19"));
}

/// As SQLite does by itself when a disk is full or fails in the middle of a group that shares a COMMIT.
#[test]
fn a_transaction_that_ends_by_itself_keeps_nothing_and_the_door_still_works() {
    on(Kind::Sqlite, |at: Migrated| {
        for (round, keeps) in [(0, true), (1, false)] {
            let outcomes = wait(join_all((0..12).map(|n| {
                at.db.write(Lane::Actor(n), move |tx| {
                    if n == 0 {
                        thread::sleep(Duration::from_millis(4));
                    }
                    put(tx, &format!("key {round} {n}"))?;
                    if n == 5 {
                        diesel::sql_query("ROLLBACK").execute(tx.conn)?;
                        return if keeps { Ok(()) } else { Err(Problem::new(Code::SlotFull)) };
                    }
                    Ok(())
                })
            })));
            assert!(outcomes.iter().filter(|outcome| outcome.is_err()).count() >= 1);
            for (n, outcome) in outcomes.into_iter().enumerate() {
                let kept = at.db.read_now(|conn| meta::get(conn, &format!("key {round} {n}"))).unwrap();
                assert_eq!(outcome.is_ok(), kept.is_some(), "round {round}, write {n}");
            }
            wait(at.db.write(Lane::System, |tx| put(tx, "after"))).unwrap();
        }
        assert!(has(&at.db, "after"));
    });
}

#[test]
fn a_read_cannot_write_on_sqlite() {
    on(Kind::Sqlite, |at: Migrated| {
        let refused = at.db.read_now(|conn| meta::put(conn, "k", "v")).unwrap_err();
        assert!(refused.cause.unwrap().contains("readonly"));
        assert!(!has(&at.db, "k"));
    });
}

fn request(key: &str, fingerprint: u8) -> Request {
    Request {
        principal: 1,
        route: "POST /things/{id}".into(),
        key: key.into(),
        fingerprint: vec![fingerprint; 32],
    }
}

/// Makes one row and answers its id.
fn make(tx: &mut Tx) -> Result<i64> {
    let id = tx.id();
    diesel::insert_into(history_series::table)
        .values((
            history_series::id.eq(id),
            history_series::name.eq(format!("series {id}")),
            history_series::source.eq("test"),
            history_series::imported_at.eq(tx.now.naive_utc()),
        ))
        .execute(tx.conn)?;
    Ok(id)
}

fn made(db: &Db) -> i64 {
    db.read_now(|conn| Ok(history_series::table.count().get_result(conn)?)).unwrap()
}

const BOTH_DOORS: [Isolation; 2] = [Isolation::Whole, Isolation::Guarded];

fn an_answer_is_given_again(at: Migrated) {
    for (n, isolation) in (1..).zip(BOTH_DOORS) {
        let key = format!("key {n}");
        let ask = || wait(at.db.write_once(isolation, Lane::System, request(&key, 1), make)).unwrap();
        let first = ask();
        assert_eq!([ask(), ask()], [first, first]);
        assert_eq!(made(&at.db), n);
    }
    // The same key of another person or on another route is another request.
    for other in [
        Request { principal: 2, ..request("key 1", 1) },
        Request { route: "POST /others".into(), ..request("key 1", 1) },
    ] {
        wait(at.db.write_once(Isolation::Whole, Lane::System, other, make)).unwrap();
    }
    assert_eq!(made(&at.db), 4);
}

fn another_body_under_a_key_is_refused(at: Migrated) {
    let ask =
        |fingerprint| wait(at.db.write_once(Isolation::Whole, Lane::System, request("k", fingerprint), make));
    let first = ask(1).unwrap();
    assert_eq!(ask(2).unwrap_err().code, Code::IdempotencyKeyReused);
    assert_eq!(ask(1).unwrap(), first, "the first asker still gets the answer");
    assert_eq!(made(&at.db), 1);
}

fn a_refusal_is_not_kept(at: Migrated) {
    let times = Arc::new(AtomicU32::new(0));
    let ask = || {
        let times = times.clone();
        wait(at.db.write_once(Isolation::Guarded, Lane::System, request("k", 1), move |tx| {
            let id = make(tx)?;
            match times.fetch_add(1, Ordering::SeqCst) {
                0 => Err(Problem::new(Code::DriveClosed)),
                1 => panic!("on purpose: an asking that breaks"),
                _ => Ok(id),
            }
        }))
    };
    assert_eq!(ask().unwrap_err().code, Code::DriveClosed);
    assert_eq!(ask().unwrap_err().code, Code::Internal);
    assert_eq!(made(&at.db), 0);
    assert_eq!(ask().unwrap(), ask().unwrap());
    assert_eq!(made(&at.db), 1);
}

fn two_askings_at_once_have_one_effect(at: Migrated) {
    for (n, isolation) in (1..).zip(BOTH_DOORS) {
        let key = format!("key {n}");
        let answers = at_once(8, |_| {
            wait(at.db.write_once(isolation, Lane::System, request(&key, 1), |tx| {
                // Long enough that all ask while the first is at work.
                thread::sleep(Duration::from_millis(50));
                make(tx)
            }))
            .unwrap()
        });
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{isolation:?}: {answers:?}");
        assert_eq!(made(&at.db), n, "{isolation:?}");
    }
}

/// Two writers each read that 60 still fit into 100 and add 60. The whole door lets one through; the
/// guarded one does not see the other's row, which is why it is only for one conditional statement.
fn serialisable_writes_do_not_skew(at: Migrated) {
    let series = wait(at.db.write(Lane::System, make)).unwrap();
    let whole = add_sixty_twice(&at, series, Isolation::Whole);
    assert_eq!(whole, (1, 60.0));
    if at.kind == Kind::Postgres {
        let other = wait(at.db.write(Lane::System, make)).unwrap();
        assert_eq!(add_sixty_twice(&at, other, Isolation::Guarded), (2, 120.0), "the race took place");
    }
}

fn add_sixty_twice(at: &Migrated, series: i64, isolation: Isolation) -> (usize, f64) {
    use diesel::dsl::sum;
    let both_have_read = Arc::new(Meeting::default());
    let met = AtomicU32::new(0);
    let total = move |conn: &mut shiryan::db::Conn| -> Result<f64> {
        let days = history_days::table.filter(history_days::series.eq(series));
        Ok(days.select(sum(history_days::amount)).first::<Option<f64>>(conn)?.unwrap_or(0.0))
    };
    let outcomes = at_once(2, |n| {
        let meeting = both_have_read.clone();
        let attempts = AtomicU32::new(0);
        let add = move |tx: &mut Tx| {
            let sum = total(tx.conn)?;
            let mut saw_the_other = false;
            if attempts.fetch_add(1, Ordering::SeqCst) == 0 {
                saw_the_other = meeting.come(2, Duration::from_millis(300));
            }
            if sum + 60.0 > 100.0 {
                return Err(Problem::new(Code::StateConflict));
            }
            diesel::insert_into(history_days::table)
                .values((
                    history_days::series.eq(series),
                    history_days::day_no.eq(i32::try_from(n).unwrap()),
                    history_days::amount.eq(60.0),
                ))
                .execute(tx.conn)?;
            Ok(saw_the_other)
        };
        let outcome = match isolation {
            Isolation::Whole => wait(at.db.write(Lane::System, add)),
            Isolation::Guarded => wait(at.db.write_guarded(Lane::System, add)),
        };
        if matches!(outcome, Ok(true)) {
            met.fetch_add(1, Ordering::SeqCst);
        }
        outcome
    });
    for refused in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        assert_eq!(refused.code, Code::StateConflict, "{refused:?}");
    }
    if at.kind == Kind::Postgres {
        assert!(met.into_inner() >= 1, "both must have read before either wrote, or nothing was tried");
    }
    (outcomes.iter().filter(|outcome| outcome.is_ok()).count(), at.db.read_now(total).unwrap())
}

fn take_place(tx: &mut Tx, slot: i64) -> Result<()> {
    let taken = diesel::update(slots::table.find(slot).filter(slots::booked.lt(slots::capacity)))
        .set(slots::booked.eq(slots::booked + 1))
        .execute(tx.conn)?;
    if taken == 1 { Ok(()) } else { Err(Problem::new(Code::SlotFull)) }
}

fn booked(db: &Db, slot: i64) -> i32 {
    db.read_now(|conn| Ok(slots::table.find(slot).select(slots::booked).first(conn)?)).unwrap()
}

fn sixty_four_ask_for_ten_places(at: Migrated) {
    let slot = wait(at.db.write(Lane::System, |tx| rows::slot(tx, 10))).unwrap();
    let outcomes = at_once(64, |n| {
        let actor = Lane::Actor(i64::try_from(n).unwrap());
        wait(at.db.write_guarded(actor, move |tx| take_place(tx, slot)))
    });
    let (taken, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!((taken.len(), refused.len()), (10, 54));
    assert!(
        refused.iter().all(|outcome| outcome.as_ref().unwrap_err().code == Code::SlotFull),
        "{refused:?}"
    );
    assert_eq!(booked(&at.db, slot), 10);
}

fn past_capacity_the_database_itself_refuses(at: Migrated) {
    let slot = wait(at.db.write(Lane::System, |tx| rows::slot(tx, 1))).unwrap();
    let unguarded = move |tx: &mut Tx| {
        diesel::update(slots::table.find(slot)).set(slots::booked.eq(slots::booked + 1)).execute(tx.conn)?;
        Ok(())
    };
    wait(at.db.write_guarded(Lane::System, unguarded)).unwrap();
    let refused = wait(at.db.write_guarded(Lane::System, unguarded)).unwrap_err();
    assert_eq!(refused.code, Code::StateConflict);
    assert_eq!(booked(&at.db, slot), 1);
}

/// Importers write slice after slice; whoever works at a screen meanwhile waits for a slice or two at
/// most, and is answered long before the import ends.
fn bulk_work_does_not_starve_an_actor(at: Migrated) {
    const SLICES: u32 = 150;
    let done = Arc::new(AtomicU32::new(0));
    thread::scope(|scope| {
        for importer in 0..2 {
            let (db, done) = (at.db.clone(), done.clone());
            scope.spawn(move || {
                // On SQLite all slices wait at once: the lane itself must keep them behind the actor.
                let slices = (0..SLICES).map(|n| {
                    let done = done.clone();
                    db.write(Lane::Bulk, move |tx| {
                        thread::sleep(Duration::from_millis(5));
                        meta::put(tx.conn, &format!("slice {importer} {n}"), "x")?;
                        done.fetch_add(1, Ordering::SeqCst);
                        Ok(())
                    })
                });
                match at_kind(&db) {
                    Kind::Sqlite => wait(join_all(slices)).into_iter().for_each(|slice| slice.unwrap()),
                    Kind::Postgres => slices.for_each(|slice| wait(slice).unwrap()),
                }
            });
        }
        while done.load(Ordering::SeqCst) < 4 {
            thread::sleep(Duration::from_millis(1));
        }
        for n in 0..20 {
            let before = done.load(Ordering::SeqCst);
            wait(at.db.write(Lane::Actor(7), move |tx| put(tx, &format!("actor {n}")))).unwrap();
            let passed = done.load(Ordering::SeqCst) - before;
            assert!(passed <= 40, "{passed} slices were written before one small write");
        }
        assert!(done.load(Ordering::SeqCst) < 2 * SLICES, "the import must still have been at work");
    });
    assert_eq!(done.load(Ordering::SeqCst), 2 * SLICES, "bulk work comes to its end");
}

/// Another program on the same file has no place in this one's queue: on SQLite it finds the gap between two
/// transactions, and from then on they are small.
fn bulk_work_leaves_room_for_another_program(at: Migrated) {
    const SLICES: u32 = 150;
    let beside = at.beside();
    let done = AtomicU32::new(0);
    thread::scope(|scope| {
        let bulk_work = scope.spawn(|| {
            let mut bulk = Bulk::begin(&at.db, 1).unwrap();
            let (most, mut least) = (bulk.rows(), bulk.rows());
            for n in 0..SLICES {
                bulk.write(move |tx| {
                    thread::sleep(Duration::from_millis(10));
                    meta::put(tx.conn, &format!("slice {n}"), "x")
                })
                .unwrap();
                done.fetch_add(1, Ordering::SeqCst);
                least = least.min(bulk.rows());
            }
            (most, least)
        });
        while done.load(Ordering::SeqCst) < 4 {
            thread::sleep(Duration::from_millis(1));
        }
        for n in 0..10 {
            let before = done.load(Ordering::SeqCst);
            wait(beside.write(Lane::Actor(7), move |tx| put(tx, &format!("beside {n}")))).unwrap();
            let passed = done.load(Ordering::SeqCst) - before;
            assert!(passed <= 40, "{passed} transactions were written before one small write");
        }
        let (most, least) = bulk_work.join().unwrap();
        match at_kind(&at.db) {
            Kind::Sqlite => assert!(most >= 4 * least, "{most} rows, then {least}"),
            Kind::Postgres => assert_eq!(most, least),
        }
        // Whoever finds nobody else for a while takes more.
        let alone = Bulk::begin(&at.db, 1).unwrap();
        let first = alone.rows();
        thread::sleep(Duration::from_millis(2_100));
        match at_kind(&at.db) {
            Kind::Sqlite => assert!(alone.rows() >= 16 * first, "{first} rows, then {}", alone.rows()),
            Kind::Postgres => assert_eq!(alone.rows(), first),
        }
    });
}

fn at_kind(db: &Db) -> Kind {
    match db.target() {
        shiryan::db::Target::Sqlite(_) => Kind::Sqlite,
        shiryan::db::Target::Postgres(_) => Kind::Postgres,
    }
}
