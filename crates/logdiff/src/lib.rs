//! New message templates between two logs.
