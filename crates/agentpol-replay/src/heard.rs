//! What users said that a host would add to the context: the latest text of a shape in their messages.

use agentpol_trace::RawJson;
use regex::Regex;

/// The shape of a text that users say, for a field of the context.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The field.
    pub field: String,
    pattern: Regex,
}

impl Shape {
    /// Takes a regular expression. What matches it must stand in a message as whole words.
    ///
    /// # Errors
    /// Returns what is wrong with it.
    pub fn new(field: &str, pattern: &str) -> Result<Shape, String> {
        match Regex::new(&format!(r"\b(?:{pattern})\b")) {
            Ok(pattern) => Ok(Shape { field: field.to_owned(), pattern }),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// What was said so far.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    latest: Vec<(String, RawJson)>,
}

impl Heard {
    /// Listens to a message of the user.
    pub(crate) fn listen(&mut self, message: &str, shapes: &[Shape]) {
        for shape in shapes {
            let Some(found) = shape.pattern.find_iter(message).last() else { continue };
            self.latest.retain(|(field, _)| *field != shape.field);
            self.latest.push((shape.field.clone(), RawJson::string(found.as_str())));
        }
    }

    /// Fields of the context, by name.
    pub(crate) fn fields(&self) -> &[(String, RawJson)] {
        &self.latest
    }
}

#[cfg(test)]
mod tests {
    use super::{Heard, Shape};

    #[test]
    fn the_latest_whole_words_count() {
        let shapes = [Shape::new("customer_id", "[a-z]+_[0-9]+").unwrap()];
        let mut heard = Heard::default();
        heard.listen("I am ana_12, was bo_7.", &shapes);
        assert_eq!(heard.fields()[0].1.text(), "\"bo_7\"");
        heard.listen("x_ana_12b is nobody", &shapes);
        assert_eq!(heard.fields()[0].1.text(), "\"bo_7\"");
    }
}
