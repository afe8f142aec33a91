//! The way to a server, to whoever Sentinels name, or to a Cluster.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, RedisResult, Value, pipe};

use crate::address::{Address, Way};

/// A connection that is not there after this is given up.
const CONNECT: Duration = Duration::from_secs(1);

/// How often a command is sent to another server of a Cluster, while its slot moves there, and at
/// most how many milliseconds are between.
const REDIRECTS: u32 = 8;
const LONGEST_WAIT: u64 = 10;

/// A connection. Clones share it.
#[derive(Clone)]
pub enum Wire {
    /// To one server.
    One(MultiplexedConnection),
    /// To all that share the keys.
    Cluster(ClusterConnection),
}

impl Wire {
    /// Opens one. An answer that has not come after so long is given up.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn open(address: &Address, answer: Duration) -> RedisResult<Self> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(answer));
        let authority = address.authority().await?;
        match address.way() {
            Way::Direct => {
                let server = address.servers.first().map_or("", String::as_str);
                let client = match authority {
                    Some(authority) => Client::build_with_tls(server, authority)?,
                    None => Client::open(server)?,
                };
                let opened = client.get_multiplexed_async_connection_with_config(&config);
                Ok(Wire::One(opened.await?))
            }
            Way::Cluster => {
                let servers = address.servers.iter().map(String::as_str);
                let mut builder = ClusterClientBuilder::new(servers)
                    .connection_timeout(CONNECT)
                    .response_timeout(answer)
                    .retries(REDIRECTS)
                    .min_retry_wait(1)
                    .max_retry_wait(LONGEST_WAIT);
                if let Some(authority) = authority {
                    builder = builder.certs(authority);
                }
                let client = builder.build()?;
                Ok(Wire::Cluster(client.get_async_connection().await?))
            }
            Way::Sentinel(watched) => {
                let mut client = watched.client(&address.servers, authority)?;
                let opened = client.get_async_connection_with_config(&config);
                Ok(Wire::One(opened.await?))
            }
        }
    }

    /// Runs one command.
    ///
    /// # Errors
    /// What the server or the network says.
    pub async fn run(&mut self, command: &Cmd) -> RedisResult<Value> {
        match self {
            Wire::One(connection) => command.query_async(connection).await,
            Wire::Cluster(connection) => command.query_async(connection).await,
        }
    }

    /// Runs several, whose keys may lie anywhere, by one round trip where that can be.
    ///
    /// # Errors
    /// The first failure.
    pub async fn run_all(&mut self, commands: &[Cmd]) -> RedisResult<Vec<Value>> {
        match self {
            Wire::One(connection) => {
                let mut pipeline = pipe();
                for command in commands {
                    pipeline.add_command(command.clone());
                }
                pipeline.query_async(connection).await
            }
            // They lie in different slots.
            Wire::Cluster(connection) => {
                let runs = commands.iter().map(|command| {
                    let mut connection = connection.clone();
                    async move { command.query_async::<Value>(&mut connection).await }
                });
                futures_util::future::try_join_all(runs).await
            }
        }
    }
}
