//! Where a database server is and how to log in to it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use sqlx::ConnectOptions;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;

use crate::Error;

/// How many prepared statements a connection keeps. The texts of lists differ by their filters.
const STATEMENTS_KEPT: usize = 256;

/// Which protocol a server speaks, and with which settings.
#[derive(Clone)]
pub(crate) enum Login {
    Postgres(PgConnectOptions),
    Mysql(MySqlConnectOptions),
}

/// A database on a server, as an operator writes it:
/// `postgres://user:password@host:port/database?sslmode=verify-full&sslrootcert=file` or
/// `mysql://user:password@host:port/database?ssl-mode=VERIFY_IDENTITY&ssl-ca=file`.
///
/// The password never shows: neither [`fmt::Display`] nor [`fmt::Debug`] writes it.
#[derive(Clone)]
pub struct Address {
    pub(crate) login: Arc<Login>,
    name: Arc<str>,
}

impl Address {
    /// The host, port and database: what logs and pages call this server.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn is_same_engine(&self, other: &Address) -> bool {
        matches!(
            (&*self.login, &*other.login),
            (Login::Postgres(_), Login::Postgres(_)) | (Login::Mysql(_), Login::Mysql(_))
        )
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self, Error> {
        let (scheme, _) = url.split_once("://").unwrap_or((url, ""));
        let login = match scheme {
            "postgres" | "postgresql" => Login::Postgres(postgres(url)?),
            "mysql" | "mariadb" => Login::Mysql(mysql(url)?),
            _ => {
                return Err(Error::Misconfigured(
                    "a database is written sqlite:path, postgres://user:password@host/database \
                     or mysql://user:password@host/database"
                        .into(),
                ));
            }
        };
        let name = match &login {
            Login::Postgres(options) => name(
                options.get_host(),
                options.get_port(),
                options.get_database(),
            )?,
            Login::Mysql(options) => name(
                options.get_host(),
                options.get_port(),
                options.get_database(),
            )?,
        };
        Ok(Address {
            login: Arc::new(login),
            name: name.into(),
        })
    }
}

fn name(host: &str, port: u16, database: Option<&str>) -> Result<String, Error> {
    match database {
        Some(database) if !database.is_empty() => Ok(format!("{host}:{port}/{database}")),
        _ => Err(Error::Misconfigured(format!(
            "the address of {host}:{port} names no database; write it after the port: /duly"
        ))),
    }
}

fn postgres(url: &str) -> Result<PgConnectOptions, Error> {
    let options = PgConnectOptions::from_str(url).map_err(wrong)?;
    Ok(options
        .statement_cache_capacity(STATEMENTS_KEPT)
        .application_name("duly")
        .disable_statement_logging())
}

fn mysql(url: &str) -> Result<MySqlConnectOptions, Error> {
    let options = MySqlConnectOptions::from_str(url).map_err(wrong)?;
    Ok(options
        .statement_cache_capacity(STATEMENTS_KEPT)
        .charset("utf8mb4")
        .disable_statement_logging())
}

fn wrong(error: sqlx::Error) -> Error {
    Error::Misconfigured(format!("the address of the database is wrong: {error}"))
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Address({})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_named_without_their_password() {
        for (url, name) in [
            (
                "postgres://duly:s3cret@db.example/duly",
                "db.example:5432/duly",
            ),
            (
                "postgresql://duly@db.example:6432/duly?sslmode=require",
                "db.example:6432/duly",
            ),
            (
                "mysql://duly:s3cret@db.example/duly",
                "db.example:3306/duly",
            ),
            (
                "mariadb://duly:s3cret@10.0.0.1:3307/duly",
                "10.0.0.1:3307/duly",
            ),
        ] {
            let address: Address = url.parse().unwrap();
            assert_eq!(address.to_string(), name);
            assert!(!format!("{address:?}").contains("s3cret"));
        }
    }

    #[test]
    fn a_wrong_address_is_refused_with_what_to_write() {
        for (url, said) in [
            (
                "oracle://host/duly",
                "postgres://user:password@host/database",
            ),
            ("duly.db", "sqlite:path"),
            ("postgres://host", "names no database"),
            ("mysql://host:3306/", "names no database"),
            ("postgres://host:port/duly", "port"),
            ("postgres://host/duly?sslmode=maybe", "maybe"),
        ] {
            let error = url.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains(said), "{url}: {error}");
        }
    }
}
