//! Mails as files, for an installation without a mail server.

use std::path::Path;

use super::message::build;
use super::{Mail, SendError, Sender};

/// Writes the mail as `<message id>.eml`. The file appears whole or not at all, and a mail written
/// twice is one file.
pub(super) async fn write(folder: &Path, from: &Sender, mail: &Mail) -> Result<(), SendError> {
    let message = build(from, mail)?.formatted();
    let name: String = mail
        .message_id
        .chars()
        .map(|found| {
            if found.is_ascii_alphanumeric() || "-_.@".contains(found) {
                found
            } else {
                '_'
            }
        })
        .collect();
    let path = folder.join(format!("{name}.eml"));
    let unfinished = folder.join(format!(".{name}.unfinished"));
    let written = async {
        tokio::fs::create_dir_all(folder).await?;
        tokio::fs::write(&unfinished, message).await?;
        tokio::fs::rename(&unfinished, &path).await
    };
    written
        .await
        .map_err(|error| SendError::Temporary(format!("{}: {error}", path.display())))?;
    tracing::info!(
        file = %path.display(),
        "no mail server is configured (mail.url): the mail was written to a file"
    );
    Ok(())
}
