//! The binary `duly`.

use std::process::ExitCode;

/// A request makes a few hundred small allocations, many of them freed on another thread; the
/// system's allocator spent a fifth of a list request on that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    duly_server::commands::run()
}
