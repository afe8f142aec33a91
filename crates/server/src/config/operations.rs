//! `[operations]`

use std::net::SocketAddr;

use super::reader::Reader;

/// `[operations]`
#[derive(Debug, Clone)]
pub struct Operations {
    /// Where operators look at this process; nothing: nowhere.
    pub listen: Option<SocketAddr>,
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Operations> {
    let listen = reader.text(
        "listen",
        "empty or an address and a port, like 127.0.0.1:9090",
        |text| match text {
            "" => Some(None),
            address => address.parse().ok().map(Some),
        },
    );
    Some(Operations { listen: listen? })
}
