//! The public pages in a real browser, from a real server: what a person sees, and what leaves the phone.

mod accessible;
mod copies;
mod phone;
mod place;
mod private;
mod states;
mod verdicts;
mod without_scripts;
