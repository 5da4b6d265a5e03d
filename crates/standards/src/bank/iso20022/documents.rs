//! The XML documents of a file: banks put several complete ones into one download, one after the other.

/// Complete documents in the order of the file, each without the white space before it.
pub(super) struct Documents<'t> {
    rest: &'t str,
    lines: u64,
}

impl<'t> Documents<'t> {
    pub(super) const fn of(text: &'t str) -> Self {
        Self { rest: text, lines: 0 }
    }

    fn pass(&mut self, bytes: usize) -> &'t str {
        let (passed, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        let newlines = passed.bytes().filter(|byte| *byte == b'\n').count();
        self.lines += u64::try_from(newlines).unwrap_or(u64::MAX);
        passed
    }
}

impl<'t> Iterator for Documents<'t> {
    /// How many lines stand before it, and the document.
    type Item = (u64, &'t str);

    fn next(&mut self) -> Option<Self::Item> {
        let blank = self.rest.len() - self.rest.trim_start().len();
        self.pass(blank);
        if self.rest.is_empty() {
            return None;
        }
        let before = self.lines;
        let end = first_end(self.rest).filter(|&end| begins_another(&self.rest[end..]));
        let document = self.pass(end.unwrap_or(self.rest.len()));
        Some((before, document))
    }
}

/// Behind the first end tag of a `Document`, whatever its prefix.
fn first_end(text: &str) -> Option<usize> {
    let mut tags = text.match_indices("</").map(|(at, _)| at);
    tags.find_map(|at| {
        let after = &text[at + 2..];
        let tag = &after[..after.find(['<', '>'])?];
        let name = tag.trim_end().rsplit(':').next();
        let ends = name == Some("Document") && after[tag.len()..].starts_with('>');
        ends.then_some(at + 2 + tag.len() + 1)
    })
}

fn begins_another(rest: &str) -> bool {
    rest.contains("<Document") || rest.contains(":Document")
}
