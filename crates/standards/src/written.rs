//! What people write by hand or with a spreadsheet, read as it was meant: words whatever their capitals and accents, days in the forms
//! that French files have, letters in the encoding that a program saved them in.

pub mod date;
pub mod encoding;
pub mod words;
