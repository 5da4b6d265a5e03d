use standards::Cents;

/// `10 €`, or `10,50 €`: no cents where there are none.
pub(crate) fn french_value(value: Cents) -> String {
    let text = value.to_string().replace('.', ",");
    format!("{} €", text.strip_suffix(",00").unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_people_say_them() {
        assert_eq!(french_value(Cents::new(1000)), "10 €");
        assert_eq!(french_value(Cents::new(1050)), "10,50 €");
    }
}
