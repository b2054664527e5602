//! The echo server.
