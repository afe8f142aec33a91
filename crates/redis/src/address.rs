//! Where Redis is, as operators write it.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;

use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{IntoConnectionInfo, RedisResult, TlsCertificates, TlsMode};

/// `redis://` or `rediss://` (TLS) with one server, `redis+sentinel://` with Sentinels and the name
/// of what they watch, or `redis+cluster://` with some nodes of a Cluster; `rediss+…` for TLS, with
/// `?ca=` and a file of certificates if those of the system do not vouch for the servers.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    way: Way,
    /// `redis://…` of every server that is named.
    pub(crate) servers: Vec<String>,
    /// Who vouches for them, instead of whom the system trusts.
    authority: Option<PathBuf>,
}

/// How the right server is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// It is the one that is named.
    Direct,
    /// The Sentinels know who it is.
    Sentinel(Watched),
    /// They share the keys.
    Cluster,
}

/// What Sentinels watch.
#[derive(Clone, PartialEq, Eq)]
pub struct Watched {
    service: String,
    /// Of the servers; the Sentinels ask for none.
    user: Option<String>,
    password: Option<String>,
    is_tls: bool,
}

/// What is wrong with an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "write redis://user:password@host:6379/0 or rediss://… for TLS, \
     redis+sentinel://user:password@host:26379,host:26379/service, or \
     redis+cluster://user:password@host:6379,host:6379; for rediss://, ?ca=/path/to/ca.pem at the \
     end names who vouches for the servers"
)]
pub struct Wrong;

impl FromStr for Address {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let (scheme, rest) = text.split_once("://").ok_or(Wrong)?;
        let (scheme, way) = scheme.split_once('+').unwrap_or((scheme, ""));
        let is_tls = match scheme {
            "redis" => false,
            "rediss" => true,
            _ => return Err(Wrong),
        };
        let (rest, authority) = match rest.split_once("?ca=") {
            Some((rest, file)) if is_tls && !file.is_empty() => (rest, Some(PathBuf::from(file))),
            Some(_) => return Err(Wrong),
            None if rest.contains('?') => return Err(Wrong),
            None => (rest, None),
        };
        let (login, places) = match rest.rsplit_once('@') {
            Some((login, places)) => (Some(login), places),
            None => (None, rest),
        };
        let (places, path) = places.split_once('/').unwrap_or((places, ""));
        let server = |login: Option<&str>, place: &str, path: &str| {
            let login = login.map_or(String::new(), |login| format!("{login}@"));
            let url = format!("{scheme}://{login}{place}/{path}");
            match place.is_empty() || url.as_str().into_connection_info().is_err() {
                true => Err(Wrong),
                false => Ok(url),
            }
        };
        let all = |login: Option<&str>| -> Result<Vec<String>, Wrong> {
            let places = places.split(',');
            places.map(|place| server(login, place, "")).collect()
        };
        let (way, servers) = match way {
            "" => (Way::Direct, vec![server(login, places, path)?]),
            "cluster" if path.is_empty() => (Way::Cluster, all(login)?),
            "sentinel" if !path.is_empty() => {
                let known = server(login, "host", "")?;
                let known = known.as_str().into_connection_info().map_err(|_| Wrong)?;
                let known = known.redis_settings();
                let watched = Watched {
                    service: path.to_owned(),
                    user: known.username().map(str::to_owned),
                    password: known.password().map(str::to_owned),
                    is_tls,
                };
                (Way::Sentinel(watched), all(None)?)
            }
            _ => return Err(Wrong),
        };
        Ok(Address {
            way,
            servers,
            authority,
        })
    }
}

impl Address {
    /// How the right server is found.
    #[must_use]
    pub fn way(&self) -> &Way {
        &self.way
    }

    /// The servers that are named, without user and password.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        self.servers.iter().map(|server| {
            let (_, rest) = server.split_once("://").unwrap_or(("", server));
            let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
            place.trim_end_matches('/')
        })
    }

    /// Who vouches for the servers, read each time, so that a new file needs no restart.
    pub(crate) async fn authority(&self) -> RedisResult<Option<TlsCertificates>> {
        let Some(file) = &self.authority else {
            return Ok(None);
        };
        let read = tokio::fs::read(file).await.map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", file.display()))
        })?;
        Ok(Some(TlsCertificates {
            client_tls: None,
            root_cert: Some(read),
        }))
    }
}

impl Watched {
    /// Asks the Sentinels who leads.
    pub(crate) fn client(
        &self,
        sentinels: &[String],
        authority: Option<TlsCertificates>,
    ) -> RedisResult<SentinelClient> {
        let mut places = Vec::with_capacity(sentinels.len());
        for sentinel in sentinels {
            places.push(sentinel.as_str().into_connection_info()?.addr().clone());
        }
        let kind = SentinelServerType::Master;
        let mut builder = SentinelClientBuilder::new(places, &self.service, kind)?;
        if let Some(user) = &self.user {
            builder = builder.set_client_to_redis_username(user);
        }
        if let Some(password) = &self.password {
            builder = builder.set_client_to_redis_password(password);
        }
        if self.is_tls {
            builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
        }
        if let Some(authority) = authority {
            builder = builder
                .set_client_to_redis_certificates(authority.clone())
                .set_client_to_sentinel_certificates(authority);
        }
        builder.build()
    }
}

/// Without the password.
impl fmt::Debug for Watched {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.service)
    }
}

/// Without the password.
impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.places().collect::<Vec<_>>().join(","))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_shown_without_their_password() {
        for (text, shown) in [
            ("redis://127.0.0.1:6379", "127.0.0.1:6379"),
            ("redis://127.0.0.1", "127.0.0.1"),
            (
                "rediss://duly:s%40cret@redis.example:6380/3",
                "redis.example:6380/3",
            ),
            (
                "rediss://duly:secret@redis.example:6380/3?ca=/etc/duly/ca.pem",
                "redis.example:6380/3",
            ),
            (
                "redis+sentinel://duly:secret@a:26379,b:26379/duly",
                "a:26379,b:26379",
            ),
            (
                "redis+cluster://:secret@a:6379,b:6379,c:6379",
                "a:6379,b:6379,c:6379",
            ),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), shown);
            assert!(!format!("{address:?}").contains("cret"));
        }
        let sentinel: Address = "redis+sentinel://duly:s%40cret@a:1/duly".parse().unwrap();
        assert_eq!(
            sentinel.way,
            Way::Sentinel(Watched {
                service: "duly".into(),
                user: Some("duly".into()),
                password: Some("s@cret".into()),
                is_tls: false,
            })
        );
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "redis",
            "redis://",
            "http://a",
            "redis://a:port",
            "redis://a/name",
            "redis+sentinel://a:1",
            "redis+sentinel://a:1,/duly",
            "redis+cluster://a:1/0",
            "redis+other://a:1",
            "redis://a?ca=/etc/duly/ca.pem",
            "rediss://a?ca=",
            "rediss://a?cert=/etc/duly/ca.pem",
        ] {
            assert_eq!(text.parse::<Address>(), Err(Wrong), "{text}");
        }
    }
}
