//! `shiryan migrate`: brings a database to the present schema, and checks the key first.

use std::sync::Arc;

use shiryan_kernel::time::SystemClock;

use super::Common;
use crate::app::{self, Migrate, World};

pub fn run(common: &Common) -> Result<(), String> {
    let settings = common.settings(None)?;
    let house =
        app::open(settings, World::Live, Migrate::Now, Arc::new(SystemClock)).map_err(|error| error.0)?;
    println!("{} is at the present schema.", house.db.target().label());
    Ok(())
}
