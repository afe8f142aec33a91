//! `duly healthcheck`

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{CommandError, Outcome};
use crate::config::Config;
use crate::output;

/// Whoever does not answer within this is not well.
const PATIENCE: Duration = Duration::from_secs(2);

/// An answer is no longer than this.
const LONGEST: u64 = 64 * 1024;

pub(super) async fn run(config: Config) -> Outcome {
    let Some(listen) = config.operations.listen else {
        let wrong = "there is nobody to ask: operations.listen is empty";
        return Err(CommandError::Wrong(wrong.into()));
    };
    let address = reachable(listen);
    let answer = match timeout(PATIENCE, ask(address)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            let wrong = format!("nobody answers at {address} (operations.listen): {error}");
            return Err(CommandError::Failed(wrong));
        }
        Err(_) => {
            let wrong = format!("{address} (operations.listen) does not answer within 2 s");
            return Err(CommandError::Failed(wrong));
        }
    };
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let is_ready = head.split(' ').nth(1) == Some("200");
    match is_ready {
        true => {
            output::say("ready");
            Ok(())
        }
        false => Err(CommandError::Failed(format!("not ready: {body}"))),
    }
}

/// Where this machine reaches what listens on all of its addresses.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(LONGEST).read_to_string(&mut answer).await?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_are_reached_on_the_own_machine() {
        let reached = |text: &str| reachable(text.parse().unwrap()).to_string();
        assert_eq!(reached("0.0.0.0:9090"), "127.0.0.1:9090");
        assert_eq!(reached("[::]:9090"), "[::1]:9090");
        assert_eq!(reached("10.0.0.7:9090"), "10.0.0.7:9090");
    }
}
