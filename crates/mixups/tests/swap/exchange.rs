//! Exchanging: rows of every table, single columns of them, files, and halves of cookies.

use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;

use ownsight_model::SectionKind;
use ownsight_seal::Trailer;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::world::{Side, World};

const SEGMENT_BYTES: usize = 64 << 10;

/// One exchange between the two sides.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Exchange {
    /// Nothing: what the answers are without one.
    Nothing,
    /// All columns but the primary key, between each pair of rows of a table.
    Rows { table: String },
    /// One column, between each pair of rows of a table.
    Column { table: String, column: String },
    /// The whole file of an event.
    Files,
    /// The first 232 bytes of the file of an event.
    FileHeaders,
    /// All but the first 232 bytes of the file of an event.
    FileBodies,
    /// The second segment of the clip in the file of an event.
    Segments,
    /// The server's half of the cookie.
    ServerHalves,
    /// The page's half of the cookie.
    PageHalves,
    /// What the gate answered, on its way to who asked.
    Answers,
    /// Links of invitations, mailed to each other's people.
    Links,
}

impl std::fmt::Display for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Rows { table } => write!(f, "rows of `{table}`"),
            Self::Column { table, column } => write!(f, "`{table}.{column}`"),
            Self::Files => f.write_str("files of events"),
            Self::FileHeaders => f.write_str("headers of files"),
            Self::FileBodies => f.write_str("files behind their headers"),
            Self::Segments => f.write_str("segments of files"),
            Self::ServerHalves => f.write_str("the server's half of the cookie"),
            Self::PageHalves => f.write_str("the page's half of the cookie"),
            Self::Answers => f.write_str("answers on their way out"),
            Self::Links => f.write_str("links of invitations"),
        }
    }
}

/// Every exchange that the schema of this database allows.
pub(crate) fn all(world: &World) -> Vec<Exchange> {
    let connection = Connection::open(world.folder.path().join("registry.db")).unwrap();
    let mut all = vec![Exchange::Nothing];
    for table in tables(&connection) {
        let pairs = pairs(&connection, &table, world);
        if pairs.is_empty() {
            continue;
        }
        all.push(Exchange::Rows { table: table.clone() });
        for column in columns(&connection, &table).into_iter().filter(|column| !column.key) {
            all.push(Exchange::Column { table: table.clone(), column: column.name });
        }
    }
    all.extend([
        Exchange::Files,
        Exchange::FileHeaders,
        Exchange::FileBodies,
        Exchange::Segments,
        Exchange::ServerHalves,
        Exchange::PageHalves,
        Exchange::Answers,
        Exchange::Links,
    ]);
    all
}

/// Tables without rows that belong to a side: nothing can be exchanged in them.
pub(crate) fn without_sides(world: &World) -> Vec<String> {
    let connection = Connection::open(world.folder.path().join("registry.db")).unwrap();
    tables(&connection).into_iter().filter(|table| pairs(&connection, table, world).is_empty()).collect()
}

impl Exchange {
    /// Does it in this folder, in which nothing runs.
    pub(crate) fn apply(&self, world: &World, folder: &Path) {
        match self {
            Self::Nothing | Self::ServerHalves | Self::PageHalves | Self::Answers | Self::Links => {}
            Self::Rows { table } => exchange(world, folder, table, |column| !column.key),
            Self::Column { table, column } => exchange(world, folder, table, |other| other.name == *column),
            Self::Files => files(world, folder, std::mem::swap),
            Self::FileHeaders => files(world, folder, |one, other| {
                one[..232].swap_with_slice(&mut other[..232]);
            }),
            Self::FileBodies => files(world, folder, |one, other| {
                let (one_head, other_head) = (one[..232].to_vec(), other[..232].to_vec());
                std::mem::swap(one, other);
                one[..232].copy_from_slice(&one_head);
                other[..232].copy_from_slice(&other_head);
            }),
            Self::Segments => files(world, folder, |one, other| {
                if let (Some(of_one), Some(of_other)) = (second_segment(one), second_segment(other)) {
                    one[of_one].swap_with_slice(&mut other[of_other]);
                }
            }),
        }
    }

    /// The cookie that a side's requests are answered for: another than it looks with, where answers are exchanged.
    pub(crate) fn answered_for<'a>(&self, side: &'a Side, other: &'a Side) -> (&'a str, &'a str) {
        match self {
            Self::Answers => (&other.cookie.0, &other.cookie.1),
            _ => self.cookie(side, other),
        }
    }

    /// Whose links of invitations a side's people have.
    pub(crate) fn links<'a>(&self, side: &'a Side, other: &'a Side) -> &'a Side {
        if *self == Self::Links { other } else { side }
    }

    /// The cookie that a side looks with.
    pub(crate) fn cookie<'a>(&self, side: &'a Side, other: &'a Side) -> (&'a str, &'a str) {
        match self {
            Self::ServerHalves => (&other.cookie.0, &side.cookie.1),
            Self::PageHalves => (&side.cookie.0, &other.cookie.1),
            _ => (&side.cookie.0, &side.cookie.1),
        }
    }
}

fn files(world: &World, folder: &Path, exchange: impl Fn(&mut Vec<u8>, &mut Vec<u8>)) {
    let [one, other] = &world.sides;
    for (of_one, of_other) in one.events.iter().zip(&other.events) {
        let paths = [World::file(folder, one, *of_one), World::file(folder, other, *of_other)];
        let [mut first, mut second] = paths.each_ref().map(|path| std::fs::read(path).unwrap());
        exchange(&mut first, &mut second);
        std::fs::write(&paths[0], first).unwrap();
        std::fs::write(&paths[1], second).unwrap();
    }
}

/// Where the second segment of an object's clip lies, if it has one.
fn second_segment(object: &[u8]) -> Option<Range<usize>> {
    let length = Trailer::length_of(*object.last_chunk().unwrap()).unwrap();
    let trailer = Trailer::parse(&object[object.len() - length..], object.len() as u64).unwrap();
    let clip = trailer.section(SectionKind::Clip)?;
    let begin = usize::try_from(clip.offset).unwrap() + SEGMENT_BYTES;
    Some(begin..begin + SEGMENT_BYTES)
}

struct Column {
    name: String,
    key: bool,
}

fn tables(connection: &Connection) -> Vec<String> {
    let sql =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let mut statement = connection.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn columns(connection: &Connection, table: &str) -> Vec<Column> {
    let mut statement =
        connection.prepare(&format!("SELECT name, pk FROM pragma_table_info('{table}')")).unwrap();
    let columns =
        statement.query_map([], |row| Ok(Column { name: row.get(0)?, key: row.get::<_, i64>(1)? > 0 }));
    columns.unwrap().map(Result::unwrap).collect()
}

fn rows(connection: &Connection, table: &str) -> Vec<Vec<Value>> {
    let columns = columns(connection, table);
    let names: Vec<_> = columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    let sql = format!("SELECT {} FROM \"{table}\"", names.join(", "));
    let mut statement = connection.prepare(&sql).unwrap();
    let width = columns.len();
    let rows = statement.query_map([], |row| (0..width).map(|index| row.get(index)).collect());
    rows.unwrap().map(Result::unwrap).collect()
}

/// Rows of the one side beside rows of the other, alike in all that is not a key or sealed: the earliest with the
/// earliest, stills with stills.
fn pairs(connection: &Connection, table: &str, world: &World) -> Vec<(Vec<Value>, Vec<Value>)> {
    let sides = world.sides.each_ref().map(marks);
    let names: Vec<_> = columns(connection, table).into_iter().map(|column| column.name).collect();
    let of_side = |side: &HashSet<Vec<u8>>| {
        let mut of_side: Vec<_> = rows(connection, table)
            .into_iter()
            .filter(|row| row.iter().any(|value| bytes(value).is_some_and(|bytes| side.contains(bytes))))
            .collect();
        of_side.sort_by_key(|row| {
            let integer = |name: &str| {
                let index = names.iter().position(|other| other == name)?;
                if let Value::Integer(number) = row[index] { Some(number) } else { None }
            };
            let time =
                integer("created_at").or_else(|| integer("started_at")).or_else(|| integer("received_at"));
            (integer("still"), integer("kind"), integer("standing"), time)
        });
        of_side
    };
    of_side(&sides[0]).into_iter().zip(of_side(&sides[1])).collect()
}

/// The bytes by which a row is known to be a side's.
fn marks(side: &Side) -> HashSet<Vec<u8>> {
    let mut marks: HashSet<Vec<u8>> = HashSet::new();
    marks.insert(side.email.clone().into_bytes());
    marks.insert(side.account.as_bytes().to_vec());
    marks.insert(side.home.as_bytes().to_vec());
    marks.insert(side.viewer.account.as_bytes().to_vec());
    marks.insert(side.viewer.email.clone().into_bytes());
    marks.insert(side.holder.account.as_bytes().to_vec());
    marks.insert(side.holder.email.clone().into_bytes());
    marks.insert(side.offered.1.account.as_bytes().to_vec());
    marks.insert(side.offered.1.email.clone().into_bytes());
    marks.insert(side.device.scope.device.as_bytes().to_vec());
    marks.insert(side.waiting.0.as_bytes().to_vec());
    marks.insert(side.test.as_bytes().to_vec());
    marks.extend(side.cameras.iter().map(|camera| camera.as_bytes().to_vec()));
    marks.extend(side.events.iter().map(|event| event.as_bytes().to_vec()));
    marks.insert(side.link_find().to_vec());
    marks
}

fn bytes(value: &Value) -> Option<&[u8]> {
    match value {
        Value::Blob(bytes) => Some(bytes),
        Value::Text(text) => Some(text.as_bytes()),
        _ => None,
    }
}

fn exchange(world: &World, folder: &Path, table: &str, exchanged: impl Fn(&Column) -> bool) {
    let mut connection = Connection::open(folder.join("registry.db")).unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    let columns = columns(&connection, table);
    let pairs = pairs(&connection, table, world);
    assert!(!pairs.is_empty(), "{table}: nothing to exchange");
    let transaction = connection.transaction().unwrap();
    let keys: Vec<_> = columns.iter().enumerate().filter(|(_, column)| column.key).collect();
    let condition: Vec<_> = keys.iter().map(|(_, column)| format!("\"{}\" IS ?", column.name)).collect();
    let delete = format!("DELETE FROM \"{table}\" WHERE {}", condition.join(" AND "));
    let places = vec!["?"; columns.len()].join(", ");
    let insert = format!("INSERT INTO \"{table}\" VALUES ({places})");
    for (one, other) in &pairs {
        for row in [one, other] {
            let key = keys.iter().map(|(index, _)| &row[*index]);
            assert_eq!(transaction.execute(&delete, params_from_iter(key)).unwrap(), 1);
        }
    }
    for (mut one, mut other) in pairs {
        for (index, column) in columns.iter().enumerate() {
            if exchanged(column) {
                std::mem::swap(&mut one[index], &mut other[index]);
            }
        }
        for row in [one, other] {
            transaction.execute(&insert, params_from_iter(row)).unwrap();
        }
    }
    transaction.commit().unwrap();
}
