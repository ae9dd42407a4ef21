//! The server of the database is lost under load, and the one that followed it takes over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use shiryan::accounts::Tokens;
use shiryan::audit::{self, Verdict};
use shiryan::db::tables::units;
use shiryan::db::{Db, Lane, Size, Target, migrate};
use shiryan::vault::{RootKey, Vault};
use shiryan_kernel::role::Role;
use shiryan_kernel::time::{Clock, SystemClock};

use super::cli::{Served, shiryan};
use super::faults::insist;
use super::support::app::{Client, people};
use super::support::at_once;
use super::support::cluster::Pair;

const CLIENTS: usize = 8;
const EACH: usize = 60;

#[test]
fn a_server_that_follows_takes_over_and_nothing_acknowledged_is_lost() {
    let Some(pair) = Pair::start() else { return };
    let home = tempfile::tempdir().unwrap();
    let target = Target::parse(&pair.url()).unwrap();
    migrate::run(&target).unwrap();
    let db = Db::open(&target, Size(2), Arc::new(SystemClock)).unwrap();
    let vault = Vault::new(RootKey::read_or_make(&home.path().join("shiryan-data.keys/root.key")).unwrap());
    let (_, users) = people(&db, &vault);
    let count = |db: &Db| -> i64 { db.read_now(|conn| Ok(units::table.count().get_result(conn)?)).unwrap() };
    let before = count(&db);
    drop(db);
    let mut command = shiryan(home.path(), &["serve", "--listen", "127.0.0.1:0", "--database", &pair.url()]);
    command.stderr(std::fs::File::create(home.path().join("log")).unwrap());
    let mut served = Served::run(command);
    let address = served.line("Pages:").trim_start_matches("Pages: ").trim_end_matches('/').to_owned();
    let principal = &users.iter().find(|(role, _)| *role == Role::Admin).unwrap().1;
    let admin =
        Client::to(address).holding(&Tokens::new(&vault, 10).make(principal, SystemClock.now()).unwrap());
    let (broken, gone, took) = std::thread::scope(|scope| {
        let clients =
            scope.spawn(|| at_once(CLIENTS, |n| (0..EACH).map(|m| insist(&admin, n, m)).sum::<usize>()));
        std::thread::sleep(Duration::from_millis(700));
        pair.lose_the_first();
        let lost = Instant::now();
        std::thread::sleep(Duration::from_millis(500));
        let told = admin.get("/readyz");
        assert_eq!(told.status, 503, "{}", told.text);
        pair.promote();
        let gone = lost.elapsed();
        while admin.get("/readyz").status != 200 {
            assert!(lost.elapsed() < Duration::from_secs(60), "never ready again");
            std::thread::sleep(Duration::from_millis(20));
        }
        let took = lost.elapsed() - gone;
        (clients.join().unwrap().into_iter().sum::<usize>(), gone, took)
    });
    println!(
        "the server was away for {} ms; ready {} ms after the other took over; {broken} answers told to come again",
        gone.as_millis(),
        took.as_millis()
    );
    assert!(broken > 0, "no request met the loss");
    served.stop();
    let db = Db::open(&target, Size(2), Arc::new(SystemClock)).unwrap();
    assert_eq!(count(&db), before + i64::try_from(CLIENTS * EACH).unwrap());
    let sealing = vault.clone();
    db.write_now(Lane::System, move |tx| audit::seal(tx, &sealing)).unwrap();
    let verdict = db.read_now(|conn| audit::verify(conn, &vault)).unwrap();
    assert!(matches!(verdict, Verdict::Whole(_)), "{verdict:?}");
}
