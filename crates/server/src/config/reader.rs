//! Reading settings into their types, one by one, so that every mistake is named at once.

use std::time::Duration;

use super::Fault;
use super::layers::{Layers, Setting, Source};
use super::value;

/// Reads settings and collects what is wrong with them.
pub(super) struct Reader<'layers> {
    layers: &'layers Layers,
    section: &'static str,
    faults: Vec<Fault>,
}

impl<'layers> Reader<'layers> {
    pub(super) fn new(layers: &'layers Layers) -> Self {
        Reader {
            layers,
            section: "",
            faults: Vec::new(),
        }
    }

    /// Everything that was wrong.
    pub(super) fn faults(self) -> Vec<Fault> {
        self.faults
    }

    /// Turns to a section.
    pub(super) fn section(&mut self, name: &'static str) -> &mut Self {
        self.section = name;
        self
    }

    fn find(&self, key: &str) -> (Setting, Source) {
        let section = self.section;
        let entry = self
            .layers
            .entries()
            .iter()
            .find(|entry| entry.section == section && entry.key == key);
        // The defaults hold every key; a test reads them all.
        entry.map_or((Setting::Number(0), Source::Default), |entry| {
            (entry.value.clone(), entry.source.clone())
        })
    }

    fn refuse(&mut self, key: &str, source: &Source, must: &str, given: &str) {
        let section = self.section;
        let given = value::masked(given);
        let message = format!("{section}.{key} must be {must}, not {given:?}");
        self.faults.push(Fault::new(source, message));
    }

    pub(super) fn text<T>(
        &mut self,
        key: &str,
        must: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let (value, source) = self.find(key);
        let text = match value {
            Setting::Text(text) => text,
            Setting::Number(number) => number.to_string(),
            Setting::Truth(truth) => truth.to_string(),
            Setting::List(items) => items.join(","),
        };
        let found = read(text.trim());
        if found.is_none() {
            self.refuse(key, &source, must, &text);
        }
        found
    }

    /// Text that is judged by another part of Duly, which never repeats a secret.
    pub(super) fn judged<T>(
        &mut self,
        key: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let (value, source) = self.find(key);
        let text = if let Setting::Text(text) = value {
            text
        } else {
            String::new()
        };
        let wrong = |wrong| Fault::new(&source, format!("{}.{key} {wrong}", self.section));
        read(text.trim())
            .map_err(wrong)
            .map_err(|fault| self.faults.push(fault))
            .ok()
    }

    /// A list of what says itself what is wrong with it.
    pub(super) fn judged_list<T>(
        &mut self,
        key: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let (value, source) = self.find(key);
        let items = if let Setting::List(items) = value {
            items
        } else {
            Vec::new()
        };
        let mut found = Vec::with_capacity(items.len());
        for item in &items {
            match read(item) {
                Ok(value) => found.push(value),
                Err(wrong) => {
                    let message = format!("{}.{key} {wrong}", self.section);
                    self.faults.push(Fault::new(&source, message));
                }
            }
        }
        (found.len() == items.len()).then_some(found)
    }

    pub(super) fn list<T>(
        &mut self,
        key: &str,
        must: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.judged_list(key, |item| {
            let given = value::masked(item);
            read(item).ok_or_else(|| format!("must be {must}, not {given:?}"))
        })
    }

    pub(super) fn number<T: TryFrom<i64>>(
        &mut self,
        key: &str,
        least: i64,
        most: i64,
    ) -> Option<T> {
        let (value, source) = self.find(key);
        let number = if let Setting::Number(number) = value {
            number
        } else {
            least
        };
        let found = T::try_from(number)
            .ok()
            .filter(|_| (least..=most).contains(&number));
        if found.is_none() {
            let must = format!("a number between {least} and {most}");
            self.refuse(key, &source, &must, &number.to_string());
        }
        found
    }

    pub(super) fn truth(&mut self, key: &str) -> bool {
        let (value, _) = self.find(key);
        value == Setting::Truth(true)
    }

    pub(super) fn duration(&mut self, key: &str) -> Option<Duration> {
        self.text(
            key,
            "a duration above zero, like 250ms, 10s, 5m, 2h, 14d or 2y",
            |text| value::duration(text).filter(|found| !found.is_zero()),
        )
    }

    /// A duration that may be zero.
    pub(super) fn delay(&mut self, key: &str) -> Option<Duration> {
        self.text(key, "a duration like 5s, or 0s for none", value::duration)
    }

    pub(super) fn size<T: TryFrom<u64>>(&mut self, key: &str, least: u64, most: u64) -> Option<T> {
        let must = format!("a size like 256KiB or 10MiB, between {least} and {most} bytes");
        self.text(key, &must, |text| {
            let found = value::size(text).filter(|found| (least..=most).contains(found))?;
            T::try_from(found).ok()
        })
    }
}
