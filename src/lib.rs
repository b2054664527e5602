//! A Socket.IO server that sleeps.
