//! What operators are told of this process.

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

/// How much memory the process has, in bytes; 0 where the system does not tell.
fn resident_memory() -> u64 {
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
    }
}
