mod redacted;

use serde::Serialize;
use serde_json::{Map, Value};

use self::redacted::Redaction;
pub use self::redacted::redacted;
use crate::Answer;

/// The whole answers of a use case for one snapshot, step by step, [redacted](redacted()) as one: what two steps have in common has
/// one name.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Answers {
    steps: Vec<Value>,
    #[serde(skip)]
    redaction: Redaction,
}

impl Answers {
    /// Adds what was answered at a step, and gives it back. Of a file, only its type is kept.
    pub fn add(&mut self, step: &str, answer: Answer) -> Answer {
        let kept = if answer.content_type().contains("json") {
            self.redaction.of(&answer.json())
        } else {
            Value::from(answer.content_type())
        };
        let named = Map::from_iter([(format!("{step} → {}", answer.status), kept)]);
        self.steps.push(Value::Object(named));
        answer
    }
}
