//! The binary `duly`.

use std::process::ExitCode;

fn main() -> ExitCode {
    duly_server::commands::run()
}
