//! Mails as files.

use duly_tracker::Tracker;
use duly_tracker::mail::{Mailer, SendError, test_mail};
use duly_tracker::testing::TestTracker;

use crate::smtp_faults::mail;

fn mailer(app: &TestTracker) -> (Mailer, std::path::PathBuf) {
    let folder = app.database.folder().join("outbox");
    (
        Mailer::outbox(folder.clone(), "Duly <duly@example.org>".parse().unwrap()),
        folder,
    )
}

fn files(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn each_mail_is_one_whole_file() {
    let app = TestTracker::new().await;
    let (mailer, folder) = mailer(&app);
    mailer.send(&mail()).await.unwrap();
    mailer.send(&mail()).await.unwrap();
    assert_eq!(files(&folder), ["due-1@duly.example.eml"]);
    let text = std::fs::read_to_string(folder.join("due-1@duly.example.eml")).unwrap();
    assert!(
        text.contains("\r\nSubject: Due tomorrow: Pay rent\r\n"),
        "{text}"
    );
}

#[tokio::test]
async fn no_id_leads_out_of_the_folder() {
    let app = TestTracker::new().await;
    let (mailer, folder) = mailer(&app);
    let mut escaping = mail();
    escaping.message_id = "../../up/..@x".into();
    mailer.send(&escaping).await.unwrap();
    assert_eq!(files(&folder), [".._.._up_..@x.eml"]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_temporary() {
    let app = TestTracker::new().await;
    let file = app.database.folder().join("file");
    std::fs::write(&file, "").unwrap();
    let mailer = Mailer::outbox(file, "duly@example.org".parse().unwrap());
    assert!(matches!(
        mailer.send(&mail()).await,
        Err(SendError::Temporary(_))
    ));
}

#[tokio::test]
async fn the_test_mail_says_where_it_comes_from() {
    let app = TestTracker::new().await;
    test_mail(&app, "ann@example.org").await.unwrap();
    let sent = app.mails.take_mails().remove(0);
    assert_eq!(
        (&*sent.to_email, &*sent.subject),
        ("ann@example.org", "Duly can send mail")
    );
    assert!(sent.text.contains("https://duly.example"));
    app.mails.refuse_next(SendError::Permanent("550 no".into()));
    let refused = test_mail(&app, "ann@example.org").await;
    assert_eq!(refused, Err(SendError::Permanent("550 no".into())));
    let (mailer, folder) = mailer(&app);
    let tracker = Tracker {
        mailer,
        ..(*app).clone()
    };
    test_mail(&tracker, "ann@example.org").await.unwrap();
    assert_eq!(files(&folder).len(), 1);
}
