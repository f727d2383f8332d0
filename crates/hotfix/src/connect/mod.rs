//! The rooms that speak to systems outside: one HTTP layer for all of them,
//! and a folder for each kind of system. The connector that owns a kind of
//! effect has its `perform` and its `probe`.

pub mod chat;
pub mod forge;
pub mod http;
pub mod perform;
pub mod status_page;
pub mod telemetry;
pub mod tracker;

#[cfg(test)]
mod test_server;
