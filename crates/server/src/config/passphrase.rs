//! The passphrase of dumps. It is no setting, so that `duly config` never shows it and no settings
//! file holds it beside the database it protects.

use std::path::PathBuf;

use super::Fault;
use super::layers::Source;

/// The variable that holds the passphrase.
pub(super) const VARIABLE: &str = "DULY_DUMP_PASSPHRASE";

/// The variable that names a file with it.
pub(super) const FILE_VARIABLE: &str = "DULY_DUMP_PASSPHRASE_FILE";

/// The file that the passphrase of dumps is in, if it is in one.
pub fn passphrase_file(mut variables: impl Iterator<Item = (String, String)>) -> Option<PathBuf> {
    let found = variables.find(|(name, _)| name == FILE_VARIABLE);
    found.map(|(_, path)| path.into())
}

/// The passphrase that protects dumps, if there is one.
///
/// # Errors
/// When it is empty, its file cannot be read, or it is given twice.
pub fn dump_passphrase(
    variables: impl Iterator<Item = (String, String)>,
) -> Result<Option<String>, Fault> {
    let (mut given, mut file) = (None, None);
    for (name, value) in variables {
        match name.as_str() {
            VARIABLE => given = Some(value),
            FILE_VARIABLE => file = Some(value),
            _ => {}
        }
    }
    let fault =
        |variable: &str, message: String| Err(Fault::new(&Source::variable(variable), message));
    let (variable, passphrase) = match (given, file) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            let message = format!("{VARIABLE} sets it too; one of them must go");
            return fault(FILE_VARIABLE, message);
        }
        (Some(passphrase), None) => (VARIABLE, passphrase),
        (None, Some(path)) => match std::fs::read_to_string(&path) {
            Ok(text) => (
                FILE_VARIABLE,
                text.trim_end_matches(['\r', '\n']).to_owned(),
            ),
            Err(error) => return fault(FILE_VARIABLE, format!("cannot read {path}: {error}")),
        },
    };
    match passphrase.is_empty() {
        true => fault(variable, "the passphrase is empty".into()),
        false => Ok(Some(passphrase)),
    }
}
