//! Where errors in the page happened.

use sentry_types::protocol::v7::Frame;

/// Under which target the log has errors in the page.
pub(crate) const PAGE: &str = "duly::page";

/// No more frames are told.
const MOST: usize = 50;

/// The frames of an error as browsers write them, the outermost first: Chromium's `at name (url:line:column)`, and
/// `name@url:line:column` of all others. What is no frame is left out, and so are queries of URLs.
pub(super) fn frames(stack: &str) -> Vec<Frame> {
    let mut frames: Vec<Frame> = stack.lines().filter_map(frame).take(MOST).collect();
    frames.reverse();
    frames
}

fn frame(line: &str) -> Option<Frame> {
    let line = line.trim();
    let (name, place) = match line.strip_prefix("at ") {
        Some(rest) => match rest.rsplit_once(" (") {
            Some((name, place)) => (name, place.trim_end_matches(')')),
            None => rest.rsplit_once(' ').unwrap_or(("", rest)),
        },
        None => line.split_once('@')?,
    };
    let (rest, column) = place.rsplit_once(':')?;
    let (url, row) = rest.rsplit_once(':')?;
    // A line of the message may look like a frame, and be about anything.
    url.split_once("://")?;
    let url = url.split(['?', '#']).next().unwrap_or_default();
    Some(Frame {
        function: (!name.is_empty()).then(|| name.to_owned()),
        filename: url.rsplit('/').next().map(str::to_owned),
        abs_path: Some(url.to_owned()),
        lineno: Some(row.parse().ok()?),
        colno: Some(column.parse().ok()?),
        in_app: Some(true),
        ..Frame::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(stack: &str) -> Vec<String> {
        let text = |frame: Frame| {
            let name = frame.function.unwrap_or_default();
            let (file, path) = (frame.filename.unwrap(), frame.abs_path.unwrap());
            let (line, column) = (frame.lineno.unwrap(), frame.colno.unwrap());
            format!("{name} {file} {path} {line}:{column}")
        };
        frames(stack).into_iter().map(text).collect()
    }

    #[test]
    fn frames_are_read_as_each_browser_writes_them() {
        let chromium = "TypeError: x is not a function\n    at save (https://d.example/assets/a-1.js:2:30)\n    \
                        at async https://d.example/assets/b.js?q=secret:4:5\n    at <anonymous>";
        assert_eq!(
            told(chromium),
            [
                "async b.js https://d.example/assets/b.js 4:5",
                "save a-1.js https://d.example/assets/a-1.js 2:30"
            ]
        );
        let gecko = "save@https://d.example/assets/a-1.js:2:30\n@https://d.example/tasks#x:1:1\n";
        assert_eq!(
            told(gecko),
            [
                " tasks https://d.example/tasks 1:1",
                "save a-1.js https://d.example/assets/a-1.js 2:30"
            ]
        );
        assert_eq!(
            told("at\n@\n::\nat a:b:c\nto ann@example.org:1:2"),
            Vec::<String>::new()
        );
    }
}
