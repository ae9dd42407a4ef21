//! The record: chained by the sealer, and every tampering is found.

use diesel::prelude::*;
use diesel::sql_query;
use shiryan::audit::{self, Head, Line, Verdict};
use shiryan::db::{Db, Lane, on_each};
use shiryan::vault::{RootKey, Vault};

use crate::support::databases::Migrated;

both!(
    lines_are_chained_in_order,
    tampering_is_found,
    two_sealers_do_not_fork_the_chain,
    a_head_that_was_kept_finds_what_the_chain_alone_does_not,
);

fn vault() -> Vault {
    Vault::new(RootKey::from_bytes([3; 32]))
}

fn write_lines(db: &Db, count: usize) {
    for n in 0..count {
        db.write_now(Lane::System, move |tx| {
            audit::record(tx, &vault(), &Line::new(None, "test.done").on(n).with("n", n))
        })
        .unwrap();
    }
}

fn seal_all(db: &Db) {
    while db.write_now(Lane::System, |tx| audit::seal(tx, &vault())).unwrap() > 0 {}
}

fn verdict(db: &Db) -> Verdict {
    db.read_now(|conn| audit::verify(conn, &vault())).unwrap()
}

fn run(db: &Db, sql: &'static str) -> usize {
    db.write_now(Lane::System, move |tx| {
        let rows: QueryResult<usize> = on_each!(tx.conn => c, sql_query(sql).execute(c));
        Ok(rows?)
    })
    .unwrap()
}

fn lines_are_chained_in_order(at: Migrated) {
    assert_eq!(verdict(&at.db), Verdict::Whole(0));
    write_lines(&at.db, 5);
    assert_eq!(verdict(&at.db), Verdict::Whole(0));
    seal_all(&at.db);
    write_lines(&at.db, 300);
    seal_all(&at.db);
    assert_eq!(verdict(&at.db), Verdict::Whole(305));
    let other = Vault::new(RootKey::from_bytes([4; 32]));
    assert_eq!(at.db.read_now(|conn| audit::verify(conn, &other)).unwrap(), Verdict::Broken(1));
}

fn tampering_is_found(at: Migrated) {
    write_lines(&at.db, 10);
    seal_all(&at.db);
    for (change, undo, broken) in [
        (
            "UPDATE audit_lines SET action = 'test.undone' WHERE subject = '3'",
            "UPDATE audit_lines SET action = 'test.done' WHERE subject = '3'",
            4,
        ),
        (
            "UPDATE audit_lines SET detail = '{\"n\":99}' WHERE subject = '7'",
            "UPDATE audit_lines SET detail = '{\"n\":7}' WHERE subject = '7'",
            8,
        ),
        ("UPDATE audit_chain SET seq = 50 WHERE seq = 5", "UPDATE audit_chain SET seq = 5 WHERE seq = 50", 5),
    ] {
        assert_eq!(run(&at.db, change), 1);
        assert_eq!(verdict(&at.db), Verdict::Broken(broken), "{change}");
        run(&at.db, undo);
        assert_eq!(verdict(&at.db), Verdict::Whole(10));
    }
    run(&at.db, "DELETE FROM audit_chain WHERE seq = 2");
    assert_eq!(verdict(&at.db), Verdict::Broken(2));
}

fn two_sealers_do_not_fork_the_chain(at: Migrated) {
    write_lines(&at.db, 40);
    let beside = at.beside();
    std::thread::scope(|scope| {
        for db in [&at.db, &beside] {
            scope.spawn(move || {
                for _ in 0..20 {
                    // A loser is told so and finds nothing to do the next time.
                    let _ = db.write_now(Lane::System, |tx| audit::seal(tx, &vault()));
                }
            });
        }
    });
    seal_all(&at.db);
    assert_eq!(verdict(&at.db), Verdict::Whole(40));
}

fn a_head_that_was_kept_finds_what_the_chain_alone_does_not(at: Migrated) {
    write_lines(&at.db, 6);
    seal_all(&at.db);
    let now = at.db.now();
    let head = || at.db.read_now(|conn| audit::head(conn, now)).unwrap().unwrap();
    let missing = |heads: Vec<Head>| {
        at.db.read_now(|conn| Ok(audit::first_missing(conn, &heads)?.map(|head| head.seq))).unwrap()
    };
    let early = head();
    write_lines(&at.db, 4);
    seal_all(&at.db);
    let kept = vec![early.clone(), head()];
    assert_eq!((kept[0].seq, kept[1].seq, missing(kept.clone())), (6, 10, None));
    // The last lines go with their links: what is left agrees with itself.
    run(&at.db, "DELETE FROM audit_chain WHERE seq > 7");
    assert_eq!((verdict(&at.db), at.db.read_now(audit::loose).unwrap()), (Verdict::Whole(7), 3));
    run(&at.db, "DELETE FROM audit_lines WHERE id NOT IN (SELECT line FROM audit_chain)");
    assert_eq!((verdict(&at.db), at.db.read_now(audit::loose).unwrap()), (Verdict::Whole(7), 0));
    assert_eq!((missing(kept.clone()), missing(vec![early])), (Some(10), None));
    // As many others take their place, with the key: whole again, and another head.
    write_lines(&at.db, 3);
    seal_all(&at.db);
    assert_eq!((verdict(&at.db), missing(kept)), (Verdict::Whole(10), Some(10)));
}
