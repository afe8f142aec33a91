//! `[queue]`

use duly_redis::Address;

use super::reader::Reader;

/// `[queue]`; `config.default.toml` says what each means.
#[derive(Debug, Clone)]
pub struct QueueSettings {
    /// Where jobs move; nothing: in the database.
    pub redis: Option<Address>,
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<QueueSettings> {
    let redis = reader.judged("url", |text| match text {
        "" => Ok(None),
        url => match url.parse() {
            Ok(address) => Ok(Some(address)),
            Err(wrong) => Err(format!("must be empty or an address: {wrong}")),
        },
    });
    Some(QueueSettings { redis: redis? })
}
