//! What is known of owners, in Redis.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use bytes::Bytes;
use duly_db::Version;
use duly_db::versions::Cursor;
use redis::{Cmd, Value, cmd};

use super::counts::{Addition, decoded};
use super::link::Link;
use super::{Redis, records};
use crate::limits::Count;
use crate::status::StoreStatus;
use crate::store::{Connection, Credential, Fence, Found, Known, Lost, Raise, Record, Store, Turn};
use crate::view::{LONGEST_KEPT, hex};
use crate::{Entry, OwnerKey, View};

/// How long it is a node's turn to load an answer, in milliseconds.
const TURN: u64 = 1_000;

/// The same in every era, so that an invalidation reaches also those who have not noticed yet that another
/// has begun. In which era it was made stands in it.
fn key(link: &Link, owner: OwnerKey) -> String {
    format!("duly:{{{owner}}}:{}", link.installation())
}

fn who(credential: &Credential) -> String {
    hex(&credential.hash)
}

fn lifetime() -> u64 {
    u64::try_from(LONGEST_KEPT.as_millis()).unwrap_or_default()
}

#[async_trait]
impl<R: Record> Store<R> for Redis {
    async fn look(
        &self,
        credential: &Credential,
        view: Option<View>,
        counts: &[Count<'_>],
    ) -> Result<Found<R>, Lost> {
        let link = self.state.caught_up()?;
        let mut look = cmd("HMGET");
        look.arg(key(&link, credential.owner)).arg("e").arg("g");
        look.arg(format!("s:{}", who(credential)));
        if let Some(view) = view {
            look.arg(format!("v:{view}"));
        }
        let now = self.state.clock.now();
        let additions = self.windows.add(counts, now.as_microsecond());
        let adding = additions.iter().flat_map(Addition::commands);
        let commands = std::iter::once(look).chain(adding);
        let mut answers = self.state.run_together(&link, commands).await?.into_iter();
        let found = answers
            .next()
            .ok_or_else(|| Lost("there is no answer".into()))?;
        let found: Vec<Option<Bytes>> = decoded(found)?;
        let mut found = found.into_iter();
        if found.next().flatten().is_none_or(|era| era != link.era()) {
            found = Vec::new().into_iter();
        }
        let floor = found.next().flatten().and_then(|text| number(&text));
        let record = found.next().flatten();
        let entry = found.next().flatten();
        Ok(Found {
            floor: floor.map(Version::of),
            record: record.and_then(|bytes| self.records.read(credential, bytes, now)),
            entry: entry.and_then(|bytes| Entry::decode(&bytes)),
            counted: Some(self.readings(&link, &additions, answers).await?),
        })
    }

    async fn fence(&self, credential: &Credential) -> Result<Option<Fence>, Lost> {
        let link = self.state.caught_up()?;
        let mut chance = [0; 8];
        self.state.random.fill(&mut chance);
        let fence = Fence(u64::from_be_bytes(chance));
        let mut put = link.scripts.fence.on(&key(&link, credential.owner));
        put.arg(who(credential)).arg(fence.0).arg(lifetime());
        put.arg(link.era());
        let () = self.state.run(&link, &put).await?;
        Ok(Some(fence))
    }

    async fn introduce(
        &self,
        credential: &Credential,
        fence: Fence,
        known: &Known<R>,
    ) -> Result<bool, Lost> {
        let link = self.state.caught_up()?;
        let record = records::encode(&*known.record, self.state.clock.now())?;
        let mut introduce = link.scripts.introduce.on(&key(&link, credential.owner));
        introduce.arg(who(credential)).arg(fence.0).arg(record);
        introduce.arg(known.versions.data.number());
        introduce.arg(known.versions.auth).arg(lifetime());
        introduce.arg(link.era());
        self.state.run(&link, &introduce).await
    }

    async fn turn(&self, owner: OwnerKey, view: View, need: Version) -> Result<Turn, Lost> {
        let link = self.state.caught_up()?;
        let mut turn = link.scripts.turn.on(&key(&link, owner));
        turn.arg(view.to_string()).arg(need.number()).arg(TURN);
        Ok(match self.state.run(&link, &turn).await? {
            Value::BulkString(bytes) => match Entry::decode(&bytes.into()) {
                Some(entry) => Turn::Stored(entry),
                None => Turn::Ours,
            },
            Value::Int(0) => Turn::Others,
            _ => Turn::Ours,
        })
    }

    async fn fill(&self, owner: OwnerKey, view: View, entry: &Entry) -> Result<bool, Lost> {
        let link = self.state.caught_up()?;
        let mut fill = link.scripts.fill.on(&key(&link, owner));
        fill.arg(view.to_string()).arg(entry.version.number());
        fill.arg(entry.encode());
        self.state.run(&link, &fill).await
    }

    async fn raise(&self, raises: &[(OwnerKey, Raise)]) -> Result<(), Lost> {
        let link = self.state.link()?;
        let commands: Vec<Cmd> = raises
            .iter()
            .map(|(owner, raise)| raising(&link, *owner, *raise))
            .collect();
        self.state.round_trips.fetch_add(1, Ordering::Relaxed);
        let raised =
            tokio::time::timeout(self.state.patience.writer, link.run_all(&commands)).await;
        let reason = match raised {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err((error, _))) => error.to_string(),
            Err(_) => "it takes too long".into(),
        };
        // One that cannot be told what is new must not be asked either, until it has been.
        self.state.give_up(&link, &reason);
        Err(Lost(reason))
    }

    fn status(&self) -> StoreStatus {
        StoreStatus::Redis(self.state.status())
    }

    fn connection(&self) -> Option<Connection> {
        self.state.link().ok().map(|link| Connection {
            number: link.number,
            told: link.told,
            may_forget: link.may_forget(),
        })
    }

    async fn connected(&self) {
        Redis::connected(self).await;
    }

    async fn has_caught_up(&self, connection: Connection, cursor: Cursor) {
        let Ok(link) = self.state.link() else { return };
        if link.number != connection.number {
            return;
        }
        match link.has_caught_up(cursor).await {
            Ok(true) => {}
            Ok(false) => self.state.give_up(&link, "others use another epoch"),
            Err((error, is_over)) => drop(self.state.failed(&link, &error, is_over)),
        }
    }
}

fn raising(link: &Link, owner: OwnerKey, raise: Raise) -> Cmd {
    let key = key(link, owner);
    match raise {
        Raise::Data(data) => link
            .scripts
            .raise
            .on(&key)
            .arg(data.number())
            .arg("")
            .clone(),
        Raise::Both(read) => {
            let raise = &link.scripts.raise;
            raise
                .on(&key)
                .arg(read.data.number())
                .arg(read.auth)
                .clone()
        }
        Raise::Auth => cmd("DEL").arg(&key).clone(),
    }
}

fn number(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
