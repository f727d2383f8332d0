//! Verdicts over signals: is production back to normal?
