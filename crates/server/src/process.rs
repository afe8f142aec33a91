//! What operators are told of this process.

use std::sync::OnceLock;
use std::time::SystemTime;

use duly_queue::About;

/// What a worker of this process tells of itself.
pub(crate) fn about() -> About {
    let name = rustix::system::uname();
    About {
        host: name.nodename().to_string_lossy().into_owned(),
        version: env!("CARGO_PKG_VERSION"),
        memory: resident_memory,
    }
}

/// How much time of all processors the process has used, in seconds; 0 where the system does not tell.
pub(crate) fn cpu_seconds() -> f64 {
    let ticks = || {
        let text = std::fs::read_to_string("/proc/self/stat").ok()?;
        // The name of the program may hold anything.
        let (_, fields) = text.rsplit_once(") ")?;
        let mut fields = fields.split(' ').skip(11);
        let (user, system) = (fields.next()?, fields.next()?);
        user.parse::<u32>().ok()?.checked_add(system.parse().ok()?)
    };
    let per_second = u32::try_from(rustix::param::clock_ticks_per_second()).unwrap_or(100);
    f64::from(ticks().unwrap_or_default()) / f64::from(per_second.max(1))
}

/// When the process was started, in seconds since 1970 UTC.
pub(crate) fn started_at() -> Option<f64> {
    static STARTED: OnceLock<Option<f64>> = OnceLock::new();
    *STARTED.get_or_init(|| {
        let changed = std::fs::metadata("/proc/self/stat").and_then(|stat| stat.modified());
        let since = changed.ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        Some(since.as_secs_f64())
    })
}

/// How much memory the process has, in bytes; 0 where the system does not tell.
pub(crate) fn resident_memory() -> u64 {
    let pages = || {
        let text = std::fs::read_to_string("/proc/self/statm").ok()?;
        text.split_whitespace().nth(1)?.parse::<u64>().ok()
    };
    let page = u64::try_from(rustix::param::page_size()).unwrap_or_default();
    pages().unwrap_or_default().saturating_mul(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_knows_its_machine_and_its_memory() {
        let about = about();
        assert!(!about.host.is_empty());
        assert!((about.memory)() > 1024 * 1024);
        assert!(cpu_seconds() >= 0.0);
        assert!(started_at().unwrap() > 1.7e9);
    }
}
