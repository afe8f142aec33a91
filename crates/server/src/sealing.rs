//! Dumps that only some can read: the age format (<https://age-encryption.org/v1>).

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use age::secrecy::SecretString;
use age::stream::StreamWriter;
use age::{DecryptError, Decryptor, Encryptor, Identity, IdentityFile, Recipient, scrypt, x25519};

/// What a file in the age format begins with.
const MARK: &[u8] = b"age-encryption.org/";

/// What guessing a passphrase costs: 2^17 rounds over 128 MiB (OWASP, Password Storage Cheat
/// Sheet), whatever machine seals.
const WORK: u8 = 17;

/// A file may ask for so much work to be opened: 2^20 rounds over 1 GiB.
const MOST_WORK: u8 = 20;

/// Who will be able to read what is sealed.
pub(crate) enum Seal {
    /// Everybody who has the file.
    Open,
    /// Who knows the passphrase.
    Passphrase(String),
    /// Who has one of the identities that these belong to.
    Recipients(Vec<x25519::Recipient>),
}

impl Seal {
    /// Reads what the operator gave.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn new(passphrase: Option<String>, recipients: &[String]) -> Result<Self, String> {
        let parse = |text: &String| {
            let wrong = |_| format!("--recipient {text:?} must be an age public key, like age1…");
            text.parse().map_err(wrong)
        };
        let recipients: Result<Vec<x25519::Recipient>, String> =
            recipients.iter().map(parse).collect();
        let recipients = recipients?;
        match (passphrase, recipients.is_empty()) {
            (None, true) => Ok(Seal::Open),
            (Some(passphrase), true) => Ok(Seal::Passphrase(passphrase)),
            (None, false) => Ok(Seal::Recipients(recipients)),
            (Some(_), false) => {
                Err("a dump has either a passphrase or recipients; leave one of them out".into())
            }
        }
    }

    /// Seals what is written from now on.
    pub(crate) fn begin<W: Write>(&self, target: W) -> io::Result<Sealed<W>> {
        let encryptor = match self {
            Seal::Open => return Ok(Sealed::Open(target)),
            Seal::Passphrase(passphrase) => {
                let mut recipient = scrypt::Recipient::new(SecretString::from(passphrase.clone()));
                recipient.set_work_factor(WORK);
                let recipient: &dyn Recipient = &recipient;
                Encryptor::with_recipients(std::iter::once(recipient))
            }
            Seal::Recipients(recipients) => {
                let recipients = recipients.iter().map(|one| -> &dyn Recipient { one });
                Encryptor::with_recipients(recipients)
            }
        };
        let encryptor = encryptor.map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Sealed::Closed(encryptor.wrap_output(target)?))
    }
}

/// A target whose content is sealed.
pub(crate) enum Sealed<W: Write> {
    Open(W),
    Closed(StreamWriter<W>),
}

impl<W: Write> Sealed<W> {
    /// Writes what is left. Without this the file cannot be opened.
    pub(crate) fn finish(self) -> io::Result<W> {
        match self {
            Sealed::Open(target) => Ok(target),
            Sealed::Closed(writer) => writer.finish(),
        }
    }
}

impl<W: Write> Write for Sealed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sealed::Open(target) => target.write(bytes),
            Sealed::Closed(writer) => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sealed::Open(target) => target.flush(),
            Sealed::Closed(writer) => writer.flush(),
        }
    }
}

/// Why a sealed file stays closed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Closed {
    #[error("the dump is encrypted; set DULY_DUMP_PASSPHRASE or DULY_DUMP_PASSPHRASE_FILE")]
    NeedsPassphrase,
    #[error("the dump is encrypted for an age key; name its file with --identity")]
    NeedsIdentity,
    #[error("the passphrase is not the one the dump was encrypted with")]
    WrongPassphrase,
    #[error("the dump is encrypted for others than the owner of this identity")]
    WrongIdentity,
    #[error("the dump is damaged or incomplete: its encryption is not as it was written")]
    Damaged,
    #[error("the dump cannot be read: {0}")]
    Read(io::Error),
}

/// What opens sealed files.
#[derive(Default)]
pub(crate) struct Keys {
    passphrase: Option<String>,
    identities: Vec<Box<dyn Identity + Send + Sync>>,
}

impl Keys {
    /// Reads what the operator gave.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn new(passphrase: Option<String>, identity: Option<&Path>) -> Result<Self, String> {
        let Some(path) = identity else {
            return Ok(Keys {
                passphrase,
                ..Keys::default()
            });
        };
        let wrong = |error: String| format!("--identity {}: {error}", path.display());
        let text = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        let parsed = IdentityFile::from_buffer(text.as_slice())
            .ok()
            .and_then(|file| file.into_identities().ok())
            .filter(|identities| !identities.is_empty());
        let identities = parsed.ok_or_else(|| {
            wrong("there is no age identity in it, like AGE-SECRET-KEY-1…".into())
        })?;
        Ok(Keys {
            passphrase,
            identities,
        })
    }

    /// Reads what is in a file, sealed or not.
    ///
    /// # Errors
    /// Why it stays closed.
    pub(crate) fn open<'a>(&self, source: impl Read + 'a) -> Result<Box<dyn Read + 'a>, Closed> {
        let mut source = BufReader::with_capacity(64 * 1024, source);
        if !source.fill_buf().map_err(Closed::Read)?.starts_with(MARK) {
            return Ok(Box::new(source));
        }
        let sealed = Decryptor::new_buffered(source).map_err(closed)?;
        if !sealed.is_scrypt() {
            if self.identities.is_empty() {
                return Err(Closed::NeedsIdentity);
            }
            let identities = self.identities.iter();
            let identities = identities.map(|one| -> &dyn Identity { one.as_ref() });
            return Ok(Box::new(sealed.decrypt(identities).map_err(closed)?));
        }
        let passphrase = self.passphrase.clone().ok_or(Closed::NeedsPassphrase)?;
        let mut identity = scrypt::Identity::new(SecretString::from(passphrase));
        identity.set_max_work_factor(MOST_WORK);
        let identity: &dyn Identity = &identity;
        match sealed.decrypt(std::iter::once(identity)) {
            Ok(opened) => Ok(Box::new(opened)),
            Err(DecryptError::DecryptionFailed | DecryptError::NoMatchingKeys) => {
                Err(Closed::WrongPassphrase)
            }
            Err(other) => Err(closed(other)),
        }
    }
}

fn closed(error: DecryptError) -> Closed {
    match error {
        DecryptError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            Closed::Read(error)
        }
        DecryptError::NoMatchingKeys => Closed::WrongIdentity,
        _ => Closed::Damaged,
    }
}
