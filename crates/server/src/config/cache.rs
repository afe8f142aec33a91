//! `[cache]`

use duly_cache::redis::Address;

use super::reader::Reader;

/// `[cache]`; `config.default.toml` says what each means.
#[derive(Debug, Clone)]
pub struct Cache {
    /// Where nodes share what they know; nothing: wherever is right for the database.
    pub place: Option<Place>,
    /// How many bytes of answers each process keeps.
    pub memory: u64,
}

/// Where nodes share what they know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// There is one process.
    Memory,
    /// The database alone.
    Sql,
    /// Redis or Valkey.
    Redis(Address),
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Cache> {
    let place = reader.judged("url", |text| match text {
        "" => Ok(None),
        "memory" => Ok(Some(Place::Memory)),
        "sql" => Ok(Some(Place::Sql)),
        url => match url.parse() {
            Ok(address) => Ok(Some(Place::Redis(address))),
            Err(wrong) => Err(format!(
                "must be empty, memory, sql, or an address: {wrong}"
            )),
        },
    });
    let memory = reader.size("memory", 1024 * 1024, 1024 * 1024 * 1024 * 1024);
    Some(Cache {
        place: place?,
        memory: memory?,
    })
}
