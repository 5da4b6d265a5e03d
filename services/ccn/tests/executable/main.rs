//! The executable from outside: its command line, its files, its embedded database.

mod embedded;
mod keys;
mod process;
mod settings;
mod verify;
