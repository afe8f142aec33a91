//! Pages of the operator book, whose commands do what the page says.

use std::path::Path;
use std::process::Command;

use super::Process;

/// The language and the text of each block that a page marks as tested: ```` ```sh test ````.
pub fn blocks(page: &str) -> impl Iterator<Item = (&str, &str)> {
    page.split("\n```").filter_map(|part| {
        let (head, text) = part.split_once('\n')?;
        Some((head.strip_suffix(" test")?, text))
    })
}

/// Runs the commands of a block beside a Duly, and answers what they have said.
pub fn follow(duly: &Process, text: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_duly"));
    let folder = binary.parent().expect("a folder").display();
    let mut shell = Command::new("sh");
    shell.args(["-eu", "-c", text]).env_clear();
    shell.env("PATH", format!("{folder}:/usr/local/bin:/usr/bin:/bin"));
    let output = shell.current_dir(duly.path()).output().expect("sh");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}: {said}\n{error}");
    said
}
