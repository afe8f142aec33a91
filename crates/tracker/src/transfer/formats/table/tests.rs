use proptest::prelude::*;

use super::*;
use crate::transfer::formats::sample;

/// The cells as a spreadsheet reads them.
fn cells(line: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(line.as_bytes());
    reader
        .records()
        .next()
        .unwrap()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect()
}

/// What [`neutralised`] has done, undone.
fn restored(cell: &str) -> &str {
    let is_ours = cell.starts_with('\'') && neutralised(cell.replacen('\'', "", 1)) == cell;
    if is_ours {
        cell.strip_prefix('\'').unwrap()
    } else {
        cell
    }
}

#[test]
fn formulas_are_neutralised() {
    for formula in [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1",
        "＠x",
        "'=1",
        "=cmd|' /C calc'!A0",
    ] {
        assert_eq!(neutralised(formula.into()), format!("'{formula}"));
    }
    for plain in ["", "a=b", "1-2", "'tis", "me@duly.example", "''"] {
        assert_eq!(neutralised(plain.into()), plain);
    }
}

proptest! {
    #[test]
    fn cells_keep_their_text_and_none_is_a_formula(mut task in sample::task(), start in "[=+@'\t-]{0,3}") {
        task.description.insert_str(0, &start);
        let cells = cells(&write(&task));
        prop_assert_eq!(cells.len(), 11);
        prop_assert_eq!(restored(&cells[1]), &task.title);
        prop_assert_eq!(restored(&cells[2]), &task.description);
        for cell in &cells {
            prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "{cell:?}");
        }
    }
}
