//! The binary `duly`.

use std::process::ExitCode;

/// A request makes a few hundred small allocations, many of them freed on another thread; in a
/// profile of the list the system's allocator stood for about a sixth of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    duly_server::commands::run()
}
