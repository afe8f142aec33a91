use duly_db::dump::{Error, verify};

use crate::fixture::{SCHEMA, count, library_file, put, take, target};

#[tokio::test]
async fn a_dump_cut_off_anywhere_is_refused() {
    let file = library_file().await;
    for length in 0..file.len() {
        let refused = verify(&file[..length]).unwrap_err();
        let expected = matches!(refused, Error::NotADump | Error::Damaged(_));
        assert!(expected, "{length} of {} bytes: {refused:?}", file.len());
    }
}

#[tokio::test]
async fn a_dump_with_any_bit_changed_is_refused() {
    let file = library_file().await;
    for position in 0..file.len() {
        for bit in 0..8 {
            let mut changed = file.clone();
            changed[position] ^= 1 << bit;
            assert!(
                verify(&changed[..]).is_err(),
                "bit {bit} of byte {position}"
            );
        }
    }
}

#[tokio::test]
async fn a_dump_that_goes_on_after_its_end_is_refused() {
    let file = library_file().await;
    for more in [&b"\n"[..], &[0; 40], &file] {
        let longer = [&file, more].concat();
        let refused = verify(&longer[..]).unwrap_err();
        assert!(matches!(refused, Error::Damaged(_)), "{refused:?}");
    }
}

#[tokio::test]
async fn what_changes_after_it_was_verified_is_not_restored() {
    let file = library_file().await;
    let verified = verify(&file[..]).unwrap();
    let other = crate::fixture::migrated().await;
    let other = take(&other, SCHEMA).await.unwrap();
    let target = target().await;
    for file in [&file[..file.len() - 1], &other] {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let refused = duly_db::dump::restore(&target, &SCHEMA, &verified, file, now, |_| {}).await;
        assert!(matches!(refused, Err(Error::Damaged(_))), "{refused:?}");
    }
    put(&target, SCHEMA, &file).await.unwrap();
    assert_eq!(count(&target, "shelves").await, 3);
}

#[test]
fn other_files_are_no_dumps() {
    for file in [
        &b""[..],
        b"PK\x03\x04",
        b"duly dump",
        b"duly dump one\n",
        b"duly dump 0\n",
    ] {
        let refused = verify(file).unwrap_err();
        assert!(matches!(refused, Error::NotADump), "{file:?}: {refused:?}");
    }
}

#[test]
fn a_newer_format_is_named() {
    let refused =
        verify(&b"duly dump 2\nwhatever a later format holds, and its end"[..]).unwrap_err();
    assert!(refused.to_string().contains("format 2"), "{refused}");
    assert!(matches!(refused, Error::NewerFormat { found: 2, known: 1 }));
}
