//! What a change holds, read from its diff, and what the change gates say of it.
