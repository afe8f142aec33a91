//! What was published on a channel.

use std::fmt;
use std::io;

use futures_util::StreamExt as _;
use redis::aio::{PubSub, PubSubStream};
use redis::{Client, RedisResult, TlsCertificates};

use crate::address::{Address, Way};

/// A connection on which is heard what somebody publishes. It ends with the connection: what was said in
/// between is not heard.
pub struct News(PubSubStream);

impl News {
    /// Listens to a channel. In a Cluster any of the servers passes on what was said to another.
    ///
    /// # Errors
    /// Why nothing can be heard.
    pub async fn of(address: &Address, channel: &str) -> RedisResult<Self> {
        let authority = address.authority().await?;
        let mut news = match address.way() {
            Way::Sentinel(watched) => {
                let mut client = watched.client(&address.servers, authority)?;
                let client = client.async_get_client().await?;
                client.get_async_pubsub().await?
            }
            Way::Direct | Way::Cluster => first(&address.servers, authority.as_ref()).await?,
        };
        news.subscribe(channel).await?;
        Ok(News(news.into_on_message()))
    }

    /// Waits for the next message; the answer is `false` when the connection has ended.
    pub async fn next(&mut self) -> bool {
        self.0.next().await.is_some()
    }
}

/// A connection to the first that answers.
async fn first(servers: &[String], authority: Option<&TlsCertificates>) -> RedisResult<PubSub> {
    let mut last = io::Error::other("no server is named").into();
    for server in servers {
        let client = match authority {
            Some(authority) => Client::build_with_tls(server.as_str(), authority.clone()),
            None => Client::open(server.as_str()),
        };
        match client {
            Ok(client) => match client.get_async_pubsub().await {
                Ok(news) => return Ok(news),
                Err(error) => last = error,
            },
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl fmt::Debug for News {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("News")
    }
}
