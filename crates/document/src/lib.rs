//! Documents that people read and keep: set in one typeface, tagged for screen readers, signed where they bind.
