//! The system from outside, topic by topic.

mod bounds;
mod claims;
mod demo;
mod description;
mod evidence;
mod expiry;
mod funding;
mod hammer;
mod hand_overs;
mod ids;
mod imports;
mod life_cycle;
mod privilege;
mod problems;
mod proxy;
mod public_page;
mod repeats;
mod roles;
mod simulation;
mod structures;
mod tokens;
