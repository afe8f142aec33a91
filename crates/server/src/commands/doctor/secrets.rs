//! Whether others on this machine can read what is secret.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::report::{Report, fine, warn};
use crate::config::{Loaded, passphrase_file};

/// What is mounted here is for one container, whose only user is Duly, and whoever mounts it says who may read it.
const MOUNTED: &str = "/run/secrets";

/// Bits of a file's mode: others may read, group or others may write, others may go through a folder.
const READ_BY_OTHERS: u32 = 0o004;
const WRITTEN_BY_OTHERS: u32 = 0o022;
const PASSED_BY_OTHERS: u32 = 0o001;

pub(super) fn look(report: &mut Report, loaded: &Loaded) {
    let mut files = loaded.secret_files();
    files.extend(passphrase_file(super::super::variables()));
    files.extend(database(loaded));
    let told: BTreeSet<(String, String)> = files
        .iter()
        .filter(|path| !path.starts_with(MOUNTED))
        .filter_map(|path| wrong(path))
        .collect();
    if told.is_empty() {
        let text = match files.len() {
            0 => "there are no files with secrets".to_owned(),
            1 => "nobody else can read the file with secrets".to_owned(),
            several => format!("nobody else can read the {several} files with secrets"),
        };
        return report.add("secrets", fine(text));
    }
    for (what, remedy) in told {
        report.add("secrets", warn(what, remedy));
    }
}

/// The file of SQLite, which holds what people wrote.
fn database(loaded: &Loaded) -> Option<PathBuf> {
    let file = loaded.config.database.file()?;
    file.exists().then(|| file.to_owned())
}

/// What is wrong with a file and what to do about it.
fn wrong(path: &Path) -> Option<(String, String)> {
    let shown = path.display();
    let about = match std::fs::metadata(path) {
        Ok(about) => about,
        Err(error) => {
            let remedy = format!("let the user of Duly read {shown}");
            return Some((format!("{shown}: {error}"), remedy));
        }
    };
    let owner = about.uid();
    let is_ours = owner == 0 || owner == rustix::process::geteuid().as_raw();
    if !is_ours {
        return Some((
            format!("{shown} belongs to user {owner}, who can change it"),
            format!("chown root {shown}, or to the user of Duly"),
        ));
    }
    let mode = about.mode() & 0o7777;
    if mode & WRITTEN_BY_OTHERS != 0 && is_reached(path) {
        return Some((
            format!("{shown} can be changed by others (mode {mode:04o})"),
            format!("chmod go-w {shown}"),
        ));
    }
    if mode & READ_BY_OTHERS != 0 && is_reached(path) {
        return Some((
            format!("{shown} can be read by everybody on this machine (mode {mode:04o})"),
            format!("chmod o-rwx {shown}"),
        ));
    }
    None
}

/// Whether everybody gets through the folders above.
fn is_reached(path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else {
        return true;
    };
    let lets = |about: Metadata| about.mode() & PASSED_BY_OTHERS != 0;
    path.ancestors()
        .skip(1)
        .all(|folder| folder.metadata().map_or(true, lets))
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions, write};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn who_else_can_read_or_change_a_secret_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        write(&path, "secret").unwrap();
        let set = |path: &Path, mode| set_permissions(path, Permissions::from_mode(mode)).unwrap();
        let told = |mode| {
            set(&path, mode);
            wrong(&path).map(|(what, remedy)| format!("{what}; {remedy}"))
        };
        set(folder.path(), 0o755);
        assert_eq!(told(0o600), None);
        assert_eq!(told(0o640), None, "its group was chosen");
        let read = told(0o644).unwrap();
        assert!(read.contains("can be read by everybody on this machine (mode 0644); chmod o-rwx"));
        let changed = told(0o660).unwrap();
        assert!(
            changed.contains("can be changed by others (mode 0660); chmod go-w"),
            "{changed}"
        );
        set(folder.path(), 0o700);
        assert_eq!(told(0o644), None, "nobody gets there");
    }
}
