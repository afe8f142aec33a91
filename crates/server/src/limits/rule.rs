//! One limit, and how operators write it: `100/1m per user on POST /api/v1/tasks`.

use std::borrow::Cow;
use std::fmt;

use axum::http::Method;
use duly_cache::limits::Policy;

use super::API;
use crate::config::duration;

/// A limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name, and how many requests it admits.
    pub policy: Policy,
    /// Who is counted.
    pub per: Per,
    /// Which requests are counted.
    pub on: On,
}

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Per {
    /// By whom they are sent.
    pub part: Part,
    /// Whether requests to each URL are counted for themselves; ids in it make no difference.
    pub route: bool,
}

/// By whom requests are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Somebody, in the browser and by all tokens; their network when nobody is logged in.
    User,
    /// One log-in or one token; the network without one.
    Token,
    /// An IPv4 address, or the /64 of an IPv6 address.
    Network,
    /// Everybody.
    Everyone,
}

/// Which requests are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct On {
    /// By method.
    pub methods: Methods,
    /// Those to this path and all below it.
    pub path: Cow<'static, str>,
}

/// Some of the methods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Methods {
    /// All.
    All,
    /// Those that change something.
    Changes,
    /// One of them.
    One(Method),
}

/// What is wrong with a limit that somebody wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be off, or like 100/1m per user: requests/duration, then who is counted (user, token, \
     network or everyone, and route); {0}"
)]
pub struct Wrong(String);

impl On {
    /// These methods at a path and below it.
    #[must_use]
    pub const fn new(methods: Methods, path: &'static str) -> Self {
        On {
            methods,
            path: Cow::Borrowed(path),
        }
    }

    pub(super) fn includes(&self, method: &Method, path: &str) -> bool {
        let is_below = |rest: &str| rest.is_empty() || rest.starts_with('/');
        let is_there = path
            .strip_prefix(&*self.path)
            .is_some_and(|rest| self.path.ends_with('/') || is_below(rest));
        is_there
            && match &self.methods {
                Methods::All => true,
                Methods::Changes => !method.is_safe(),
                Methods::One(one) => one == method,
            }
    }
}

impl Rule {
    /// Reads one whose name and requests are known. Nothing when it is off.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn parse(name: &'static str, on: On, text: &str) -> Result<Option<Self>, Wrong> {
        if text == "off" {
            return Ok(None);
        }
        let (count, per) = text.split_once(" per ").unwrap_or((text, "user"));
        let policy = policy(Cow::Borrowed(name), count.trim())?;
        let per = per.parse()?;
        Ok(Some(Rule { policy, per, on }))
    }

    /// Reads one that an operator adds: `name: 20/1m per token on GET /api/v1/tasks`.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn parse_named(text: &str) -> Result<Self, Wrong> {
        let wrong = |wrong: &str| Wrong(format!("{text:?} {wrong}"));
        let (name, rest) = text
            .split_once(':')
            .ok_or_else(|| wrong("has no name and colon before the limit"))?;
        let is_word = |name: &str| {
            let mut letters = name.bytes();
            letters.all(|letter| letter.is_ascii_lowercase() || letter == b'_') && !name.is_empty()
        };
        if !is_word(name) {
            return Err(wrong("must begin with a name of small letters"));
        }
        let (limit, on) = rest.split_once(" on ").unwrap_or((rest, API));
        let (count, per) = limit.split_once(" per ").unwrap_or((limit, "user"));
        Ok(Rule {
            policy: policy(Cow::Owned(name.to_owned()), count.trim())?,
            per: per.parse()?,
            on: on.parse()?,
        })
    }
}

fn policy(name: Cow<'static, str>, count: &str) -> Result<Policy, Wrong> {
    let read = || {
        let (limit, window) = count.split_once('/')?;
        let limit: u32 = limit.trim().parse().ok()?;
        let window = duration(window.trim()).filter(|window| !window.is_zero())?;
        Some((limit, window))
    };
    let (limit, window) = read().ok_or_else(|| Wrong(format!("{count:?} is not like 100/1m")))?;
    let is_strict = false;
    Ok(Policy {
        name,
        limit,
        window,
        is_strict,
    })
}

impl std::str::FromStr for Per {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let mut words = text.split_whitespace();
        let part = match words.next() {
            Some("user") => Part::User,
            Some("token") => Part::Token,
            Some("network") => Part::Network,
            Some("everyone") => Part::Everyone,
            _ => return Err(Wrong(format!("{text:?} is nobody who can be counted"))),
        };
        let route = match words.collect::<Vec<_>>().as_slice() {
            [] => false,
            ["and", "route"] => true,
            _ => return Err(Wrong(format!("{text:?} says more than that"))),
        };
        Ok(Per { part, route })
    }
}

impl std::str::FromStr for On {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let (methods, path) = match text.trim().split_once(' ') {
            None => (Methods::All, text.trim()),
            Some(("changes", path)) => (Methods::Changes, path),
            Some((method, path)) => {
                let is_method =
                    !method.is_empty() && method.bytes().all(|b| b.is_ascii_uppercase());
                let method = Method::from_bytes(method.as_bytes())
                    .ok()
                    .filter(|_| is_method);
                let one = method.ok_or_else(|| Wrong(format!("{text:?} names no method")))?;
                (Methods::One(one), path)
            }
        };
        let path = path.trim();
        if !path.starts_with(API) || path.contains(char::is_whitespace) {
            return Err(Wrong(format!("{path:?} is no path below {API}")));
        }
        Ok(On {
            methods,
            path: Cow::Owned(path.to_owned()),
        })
    }
}

impl fmt::Display for Per {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.part {
            Part::User => "user",
            Part::Token => "token",
            Part::Network => "network",
            Part::Everyone => "everyone",
        })?;
        formatter.write_str(if self.route { " and route" } else { "" })
    }
}

impl fmt::Display for On {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.methods {
            Methods::All => {}
            Methods::Changes => formatter.write_str("changes ")?,
            Methods::One(method) => write!(formatter, "{method} ")?,
        }
        formatter.write_str(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn rule(text: &str) -> Rule {
        Rule::parse_named(text).unwrap()
    }

    #[test]
    fn a_limit_is_read_as_it_is_written() {
        let read = rule("search: 20/1m per token and route on GET /api/v1/tasks");
        assert_eq!((&*read.policy.name, read.policy.limit), ("search", 20));
        assert_eq!(read.policy.window, Duration::from_secs(60));
        assert_eq!(read.per.to_string(), "token and route");
        assert_eq!(read.on.to_string(), "GET /api/v1/tasks");
        assert_eq!(rule("all: 5/1h").on.to_string(), API);
        assert_eq!(rule("all: 5/1h").per.to_string(), "user");
    }

    #[test]
    fn it_counts_what_it_names_and_nothing_else() {
        let on: On = "changes /api/v1/tasks".parse().unwrap();
        assert!(on.includes(&Method::POST, "/api/v1/tasks"));
        assert!(on.includes(&Method::PATCH, "/api/v1/tasks/1"));
        assert!(!on.includes(&Method::GET, "/api/v1/tasks"));
        assert!(!on.includes(&Method::POST, "/api/v1/taskset"));
        assert!(!on.includes(&Method::POST, "/api/v1/tokens"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, part) in [
            ("20/1m", "no name"),
            ("Search: 20/1m", "small letters"),
            ("search: 20", "not like 100/1m"),
            ("search: 20/0s", "not like 100/1m"),
            ("search: -1/1m", "not like 100/1m"),
            ("search: 20/1m per cow", "nobody"),
            ("search: 20/1m per user or two", "more than that"),
            ("search: 20/1m on get /api/v1/tasks", "no method"),
            ("search: 20/1m on GET /", "no path below"),
        ] {
            let wrong = Rule::parse_named(text).unwrap_err().to_string();
            assert!(wrong.contains(part), "{text}: {wrong}");
        }
        let on = || On::new(Methods::All, API);
        assert_eq!(Rule::parse("api", on(), "off"), Ok(None));
        assert!(Rule::parse("api", on(), "of").is_err());
    }
}
