//! The few forms in which statements are run; all are prepared once for each connection.

use rusqlite::{Connection, OptionalExtension as _};

use crate::columns::Columns;
use crate::error::Step;

/// Whether a row is there.
pub(crate) fn exists(connection: &Connection, sql: &str, parameters: impl rusqlite::Params) -> Step<bool> {
    Ok(connection.prepare_cached(sql)?.exists(parameters)?)
}

/// The first column of the first row as a number, if there is a row.
pub(crate) fn number(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> Step<Option<i64>> {
    Ok(connection.prepare_cached(sql)?.query_row(parameters, |row| row.get(0)).optional()?)
}

/// Runs one statement; how many rows it changed.
pub(crate) fn run(connection: &Connection, sql: &str, parameters: impl rusqlite::Params) -> Step<usize> {
    Ok(connection.prepare_cached(sql)?.execute(parameters)?)
}

/// Rows of a query, each made by `read`.
pub(crate) fn rows<T>(
    connection: &Connection,
    table: &'static str,
    sql: &str,
    parameters: impl rusqlite::Params,
    mut read: impl FnMut(&mut Columns<'_, '_>) -> Step<T>,
) -> Step<Vec<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query(parameters)?;
    let mut out = Vec::new();
    while let Some(row) = found.next()? {
        out.push(read(&mut Columns::new(row, table))?);
    }
    Ok(out)
}

/// The first row of a query, if there is one.
pub(crate) fn first<T>(
    connection: &Connection,
    table: &'static str,
    sql: &str,
    parameters: impl rusqlite::Params,
    read: impl FnOnce(&mut Columns<'_, '_>) -> Step<T>,
) -> Step<Option<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query(parameters)?;
    match found.next()? {
        Some(row) => read(&mut Columns::new(row, table)).map(Some),
        None => Ok(None),
    }
}
