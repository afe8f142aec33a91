//! `duly config`

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Outcome, failed};
use crate::config::{Loaded, Shown};
use crate::output;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Only say whether the settings are right.
    #[command(after_help = "Example: duly config check")]
    Check,
    /// List the settings in force, a line each; secrets are hidden.
    #[command(
        after_help = "Example: duly config show --origin\n         duly config show --json | jq '.settings[] | select(.origin.kind != \"default\")'"
    )]
    Show(Show),
}

#[derive(Debug, Args)]
struct Show {
    /// Say of each where it comes from: the default, a line of the settings file, a variable, or the file that a
    /// variable names.
    #[arg(long)]
    origin: bool,
    /// As JSON, with origins.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, loaded: &Loaded) -> Outcome {
    match &arguments.action {
        Some(Action::Check) => output::say("The settings are right."),
        Some(Action::Show(Show { json: true, .. })) => return as_json(loaded),
        Some(Action::Show(Show { origin, .. })) => list(loaded, *origin),
        None => output::say(loaded.print().trim_end()),
    }
    Ok(())
}

/// What `--json` prints.
#[derive(Serialize)]
struct Listed {
    /// The settings file, if there is one.
    file: Option<String>,
    settings: Vec<Shown>,
}

fn as_json(loaded: &Loaded) -> Outcome {
    let listed = Listed {
        file: file(loaded),
        settings: loaded.shown().collect(),
    };
    let text = serde_json::to_string_pretty(&listed).map_err(|error| failed(&error))?;
    output::say(text);
    Ok(())
}

fn file(loaded: &Loaded) -> Option<String> {
    loaded.file.as_ref().map(|path| path.display().to_string())
}

fn list(loaded: &Loaded, with_origin: bool) {
    let rows: Vec<[String; 3]> = loaded
        .shown()
        .map(|shown| {
            let origin = shown.origin.to_string();
            [shown.setting, shown.value.to_string(), origin]
        })
        .collect();
    let width = |column: fn(&[String; 3]) -> &String| {
        let widths = rows.iter().map(|row| column(row).chars().count());
        widths.max().unwrap_or_default()
    };
    let (settings, values) = (width(|[setting, ..]| setting), width(|[_, value, _]| value));
    if with_origin {
        let file = file(loaded).unwrap_or_else(|| "none".into());
        output::say(format!("settings file: {file}"));
    }
    for [setting, value, origin] in &rows {
        output::say(match with_origin {
            true => format!("{setting:settings$}  {value:values$}  {origin}"),
            false => format!("{setting:settings$}  {value}"),
        });
    }
}
