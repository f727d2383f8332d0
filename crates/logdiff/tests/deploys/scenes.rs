pub fn table() {}
