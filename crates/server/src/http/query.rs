//! Reading the query part of a URL (WHATWG URL Standard, `application/x-www-form-urlencoded`),
//! but refusing what does not decode to UTF-8 instead of replacing it.

use duly_tracker::input::FieldError;

/// The parameters of a URL, in the order given.
///
/// # Errors
/// Every parameter that is not percent-encoded UTF-8.
pub fn parse(query: &str) -> Result<Vec<(String, String)>, Vec<FieldError>> {
    let mut pairs = Vec::new();
    let mut errors = Vec::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        match (decode(name), decode(value)) {
            (Some(name), Some(value)) => pairs.push((name, value)),
            (name, _) => errors.push(FieldError {
                field: name.unwrap_or_else(|| name_for_message(part)),
                code: "invalid_encoding",
                message: "must be percent-encoded UTF-8".into(),
            }),
        }
    }
    if errors.is_empty() {
        Ok(pairs)
    } else {
        Err(errors)
    }
}

fn name_for_message(part: &str) -> String {
    part.split('=').next().unwrap_or_default().to_owned()
}

fn decode(text: &str) -> Option<String> {
    if !text.contains(['%', '+']) {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn parameters_are_decoded() {
        let pairs = parse("q=a+b%20%C3%A9&&empty=&bare&a%5B%5D=1").expect("valid");
        let expected = [("q", "a b é"), ("empty", ""), ("bare", ""), ("a[]", "1")];
        assert_eq!(
            pairs,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn broken_encoding_is_refused_by_name() {
        let errors = parse("ok=1&q=%FF&limit=%4&%ZZ=1").expect_err("refused");
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["q", "limit", "%ZZ"]);
    }
}
