//! Which passwords are good enough: the rules of NIST SP 800-63B-4 §3.1.1.2.
//!
//! Length is what counts. There are no rules of composition and no expiry; what everybody uses,
//! what repeats itself and what is known about the person is refused.

use super::password::Password;
use super::{Email, PersonName};
use crate::input::Wrong;

/// Sorted by byte, one word per line; see `data/README.md`.
const COMMON: &str = include_str!("../../data/common-passwords.txt");

/// What a guesser knows before the first guess.
const SITE_NAME: &str = "duly";

/// A word of so few characters is no better when it is repeated.
const SHORT_UNIT: usize = 4;

/// What a password must be like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordRules {
    /// The shortest password, in characters. NIST asks for 15 where the password is the only
    /// factor, and for 8 in any case.
    pub minimum_length: usize,
}

impl Default for PasswordRules {
    fn default() -> Self {
        PasswordRules { minimum_length: 15 }
    }
}

impl PasswordRules {
    /// Whether the person may have this password.
    ///
    /// # Errors
    /// `too_short` or `too_common`.
    pub fn check(
        &self,
        password: &Password,
        name: &PersonName,
        email: &Email,
    ) -> Result<(), Wrong> {
        self.check_length(password)?;
        let word = password.reveal().to_lowercase();
        let unit = repeated_unit(&word);
        let known = [
            SITE_NAME.to_owned(),
            name.as_str().to_lowercase(),
            email.folded(),
            email.local_part().to_lowercase(),
        ];
        let is_known = |guess: &str| is_common(guess) || known.iter().any(|fact| fact == guess);
        if is_known(&word) || is_known(unit) || unit.chars().count() <= SHORT_UNIT || is_run(&word)
        {
            return Err(Wrong::new(
                "too_common",
                "is among the first that somebody would guess; choose another",
            ));
        }
        Ok(())
    }

    /// The part of [`PasswordRules::check`] that holds whoever the person is.
    ///
    /// # Errors
    /// `too_short`.
    pub fn check_length(&self, password: &Password) -> Result<(), Wrong> {
        let shortest = self.minimum_length;
        if password.reveal().chars().count() < shortest {
            let message = format!("must have at least {shortest} characters");
            return Err(Wrong::new("too_short", message));
        }
        Ok(())
    }
}

fn is_common(word: &str) -> bool {
    let list = COMMON.as_bytes();
    let (mut low, mut high) = (0, list.len());
    while low < high {
        let middle = low.midpoint(high);
        // The line that the middle lies in; both bounds always lie at the start of a line.
        let before = list.get(low..middle).unwrap_or_default();
        let start = before
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(low, |at| low + at + 1);
        let rest = list.get(start..high).unwrap_or_default();
        let line = rest.split(|&byte| byte == b'\n').next().unwrap_or_default();
        match line.cmp(word.as_bytes()) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => low = start + line.len() + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    false
}

/// The shortest beginning that, written again and again, gives the whole word (its last copy may
/// be cut off): `ab` for `ababa`, the word itself when there is none shorter.
fn repeated_unit(word: &str) -> &str {
    let ends = word.char_indices().map(|(at, _)| at).skip(1);
    for end in ends {
        let (unit, rest) = word.split_at(end);
        // What follows the first copy is the beginning of the word again.
        if word.starts_with(rest) {
            return unit;
        }
    }
    word
}

/// Whether each character follows the one before in the alphabet, or each precedes it.
fn is_run(word: &str) -> bool {
    let steps = |step: i64| {
        let mut codes = word.chars().map(|found| i64::from(u32::from(found)));
        codes.next().is_some_and(|first| {
            codes
                .try_fold(first, |last, next| (next - last == step).then_some(next))
                .is_some()
        })
    };
    steps(1) || steps(-1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_list_is_found_and_nothing_else() {
        for word in COMMON.lines() {
            assert!(is_common(word), "{word}");
            assert!(!is_common(&format!("{word}\u{1}")), "{word}");
        }
        assert!(!is_common(""));
        assert!(!is_common("\u{10ffff}"));
        assert!(!is_common(" "));
    }

    #[test]
    fn repetitions_are_seen() {
        assert_eq!(repeated_unit("ababa"), "ab");
        assert_eq!(repeated_unit("aaaa"), "a");
        assert_eq!(repeated_unit("123456789012345"), "1234567890");
        assert_eq!(repeated_unit("äöäöäö"), "äö");
        assert_eq!(repeated_unit("correct horse"), "correct horse");
        assert_eq!(repeated_unit(""), "");
    }

    #[test]
    fn runs_are_seen() {
        assert!(is_run("abcdefghijklmnop"));
        assert!(is_run("zyxwvutsrqponmlk"));
        assert!(!is_run("abcdefghijklmnoq"));
    }
}
