//! The pages of docs/errors about workflows, for those who see a code outside
//! of this repository.

/// Code and page.
macro_rules! pages {
    ($($code:literal),* $(,)?) => {
        &[$(($code, include_str!(concat!("../../../../../docs/errors/", $code, ".md")))),*]
    };
}

const PAGES: &[(&str, &str)] = pages![
    "HF0301", "HF0302", "HF0303", "HF0304", "HF0305", "HF0306", "HF0307", "HF0308", "HF0309", "HF0310",
    "HF0311", "HF0312", "HF0313", "HF0314", "HF0315", "HF0316", "HF0317", "HF0318", "HF0319", "HF0320",
    "HF0321", "HF0322", "HF0323", "HF0324", "HF0325", "HF0326", "HF0327", "HF0328", "HF0329", "HF0331",
    "HF0340", "HF0341", "HF0342", "HF0343", "HF0344", "HF0345", "HF0346", "HF0347",
];

/// A code's title and what its page says.
pub fn page(code: &str) -> Option<(&'static str, &'static str)> {
    let (_, page) = PAGES.iter().find(|(known, _)| *known == code)?;
    let (head, body) = page.split_once('\n')?;
    Some((head.split_once(": ")?.1, body.trim()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_page_about_workflows_is_here() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors");
        let names = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let mut missing: Vec<String> = names
            .filter(|name| name.starts_with("HF03") && !matches!(name.as_str(), "HF0330.md" | "HF0333.md"))
            .collect();
        missing.retain(|name| super::page(name.trim_end_matches(".md")).is_none());
        assert!(missing.is_empty(), "{missing:?}");
    }
}
