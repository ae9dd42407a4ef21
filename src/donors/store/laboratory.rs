//! Rows of antigen results and titres.

use chrono::NaiveDate;
use diesel::prelude::*;
use shiryan_kernel::Result;
use shiryan_kernel::antigen::{Antigen, TitreMethod};
use shiryan_kernel::ids::{AntigenResultId, DonorId, TitreId, UserId};

use crate::db::tables::{antigen_results, titres as titre_rows};
use crate::db::{Conn, Tx};
use crate::donors::{AntigenLine, NewAntigen, NewTitre, TitreLine};

pub fn insert_antigen(
    tx: &mut Tx,
    donor: DonorId,
    by: UserId,
    typed_on: NaiveDate,
    new: &NewAntigen,
) -> Result<()> {
    let id = AntigenResultId(tx.id());
    diesel::insert_into(antigen_results::table)
        .values((
            antigen_results::id.eq(id),
            antigen_results::donor.eq(donor),
            antigen_results::antigen.eq(new.antigen),
            antigen_results::present.eq(new.present),
            antigen_results::typed_on.eq(typed_on),
            antigen_results::corrects.eq(new.corrects),
            antigen_results::recorded_at.eq(tx.now.naive_utc()),
            antigen_results::recorded_by.eq(by),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Every result of a donor, oldest entry first.
pub fn antigens(conn: &mut Conn, donor: DonorId) -> Result<Vec<AntigenLine>> {
    type Row = (AntigenResultId, Antigen, bool, NaiveDate, Option<AntigenResultId>, UserId);
    let rows: Vec<Row> = antigen_results::table
        .filter(antigen_results::donor.eq(donor))
        .order(antigen_results::id)
        .select((
            antigen_results::id,
            antigen_results::antigen,
            antigen_results::present,
            antigen_results::typed_on,
            antigen_results::corrects,
            antigen_results::recorded_by,
        ))
        .load(conn)?;
    let line = |&(id, antigen, present, typed_on, _, recorded_by): &Row| {
        let corrected = rows.iter().any(|row| row.4 == Some(id));
        AntigenLine { id, antigen, present, typed_on, recorded_by, corrected }
    };
    Ok(rows.iter().map(line).collect())
}

pub fn insert_titre(tx: &mut Tx, id: TitreId, donor: DonorId, by: UserId, new: &NewTitre) -> Result<()> {
    diesel::insert_into(titre_rows::table)
        .values((
            titre_rows::id.eq(id),
            titre_rows::donor.eq(donor),
            titre_rows::anti_a.eq(new.anti_a),
            titre_rows::anti_b.eq(new.anti_b),
            titre_rows::method.eq(new.method),
            titre_rows::measured_on.eq(new.measured_on),
            titre_rows::corrects.eq(new.corrects),
            titre_rows::recorded_at.eq(tx.now.naive_utc()),
            titre_rows::recorded_by.eq(by),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Every titre of a donor by the day of measuring, later entries of one day last.
pub fn titres(conn: &mut Conn, donor: DonorId) -> Result<Vec<TitreLine>> {
    type Row = (TitreId, i32, i32, TitreMethod, NaiveDate, Option<TitreId>, UserId);
    let rows: Vec<Row> = titre_rows::table
        .filter(titre_rows::donor.eq(donor))
        .order((titre_rows::measured_on, titre_rows::id))
        .select((
            titre_rows::id,
            titre_rows::anti_a,
            titre_rows::anti_b,
            titre_rows::method,
            titre_rows::measured_on,
            titre_rows::corrects,
            titre_rows::recorded_by,
        ))
        .load(conn)?;
    let line = |&(id, anti_a, anti_b, method, measured_on, _, recorded_by): &Row| {
        let corrected = rows.iter().any(|row| row.5 == Some(id));
        TitreLine { id, anti_a, anti_b, method, measured_on, recorded_by, corrected }
    };
    Ok(rows.iter().map(line).collect())
}
