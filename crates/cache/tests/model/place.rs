//! Where floors, records and answers are kept: what the product does, and with mistakes around it.

use std::fmt;

use duly_cache::shelf::Shelf;
use duly_cache::store::{Fence, Raise};
use duly_db::Version;
use duly_db::versions::Versions;

use crate::setup::{Client, Mistake, REVOKED, STAYS, Setup};

/// Who somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Caller {
    pub(crate) client: Client,
    /// The rights as they were when it was read.
    pub(crate) rights: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Answer {
    pub(crate) label: Version,
    /// What it was really made from.
    pub(crate) content: Version,
}

impl Answer {
    pub(crate) fn of(version: Version) -> Self {
        Answer {
            label: version,
            content: version,
        }
    }
}

/// Everything about the owner, and the note of how far it was told what was committed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Place {
    shelf: Shelf<Client, Caller>,
    pub(crate) answer: Option<Answer>,
    pub(crate) note: Option<Version>,
    /// The key of the epoch: to which one links belong that are opened now. Nothing when it is gone.
    pub(crate) epoch: Option<u8>,
    /// In which epoch what is known of the owner was made.
    pub(crate) era: u8,
}

fn key(setup: &Setup, client: Client) -> Client {
    match setup.has(Mistake::RecordOfAnother) {
        true => STAYS,
        false => client,
    }
}

impl Place {
    pub(crate) fn new(first: Versions, is_warm: bool) -> Self {
        let mut place = Place {
            note: Some(first.data),
            epoch: Some(0),
            ..Place::default()
        };
        if is_warm {
            for client in [STAYS, REVOKED] {
                let rights = first.auth;
                place.shelf.fence(client, Fence(0));
                let caller = Caller { client, rights };
                place.shelf.introduce(client, Fence(0), caller, first);
            }
            place.answer = Some(Answer::of(first.data));
        }
        place
    }

    pub(crate) fn floor(&self) -> Option<Version> {
        self.shelf.floor()
    }

    /// Whether somebody of this epoch believes it.
    pub(crate) fn is_of(&self, era: u8) -> bool {
        self.era == era
    }

    pub(crate) fn record(&self, setup: &Setup, client: Client) -> Option<Caller> {
        self.shelf.record(key(setup, client)).copied()
    }

    pub(crate) fn fence(&mut self, setup: &Setup, era: u8, client: Client, fence: Fence) {
        if !self.is_of(era) {
            self.evict();
        }
        self.era = era;
        self.shelf.fence(key(setup, client), fence);
    }

    /// The answer stays where the scripts forget it with older rights: it has to pass the floor
    /// all the same.
    pub(crate) fn introduce(
        &mut self,
        setup: &Setup,
        era: u8,
        (fence, caller): (Fence, Caller),
        read: Versions,
    ) -> bool {
        if !self.is_of(era) {
            return false;
        }
        let key = key(setup, caller.client);
        if setup.has(Mistake::NoFence) {
            self.shelf.fence(key, fence);
        }
        self.shelf.introduce(key, fence, caller, read)
    }

    pub(crate) fn fill(&mut self, setup: &Setup, answer: Answer) {
        if setup.has(Mistake::FillLeavesFences) && self.floor().is_none() {
            return;
        }
        if self.shelf.fill(answer.label) {
            self.answer = Some(answer);
        }
    }

    pub(crate) fn raise(&mut self, setup: &Setup, raise: Raise) {
        match (setup.mistake, raise, self.floor()) {
            (Some(Mistake::FencesStay), _, None) => {}
            (Some(Mistake::AnswerDeleted), Raise::Data(_), _) => self.answer = None,
            (Some(Mistake::RightsStay), Raise::Auth, Some(_)) => self.answer = None,
            (Some(Mistake::RelayLowersFloor), Raise::Both(read), Some(_)) => self.lower(read),
            _ => self.shelf.raise(raise),
        }
        if self.floor().is_none() {
            self.answer = None;
        }
    }

    /// Those who are known stay known, by an older floor.
    fn lower(&mut self, read: Versions) {
        let before = std::mem::take(&mut self.shelf);
        for client in [STAYS, REVOKED] {
            if let Some(caller) = before.record(client) {
                self.shelf.fence(client, Fence(0));
                self.shelf.introduce(client, Fence(0), *caller, read);
            }
        }
    }

    /// Forgets everything about the owner.
    pub(crate) fn evict(&mut self) {
        *self = Place {
            note: self.note,
            epoch: self.epoch,
            ..Place::default()
        };
    }

    /// What another server that has received all this has of it: it begins another epoch, in which nobody
    /// believes the rest.
    pub(crate) fn in_another_epoch(&self) -> Self {
        let mut place = self.clone();
        place.evict();
        place.epoch = None;
        place
    }

    pub(crate) fn knows_nothing(&self) -> bool {
        self.shelf.is_empty() && self.answer.is_none()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.knows_nothing() {
            return formatter.write_str("nothing");
        }
        let number = |version: Option<Version>| version.map_or(0, Version::number);
        write!(formatter, "floor {}", number(self.floor()))?;
        for client in [STAYS, REVOKED] {
            if let Some(caller) = self.shelf.record(client) {
                write!(formatter, ", client {client} with {}", caller.rights)?;
            }
        }
        write!(
            formatter,
            ", answer {}",
            number(self.answer.map(|answer| answer.label))
        )
    }
}
