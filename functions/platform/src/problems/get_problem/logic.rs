//! Finding a problem and writing its page.

use super::schema::ProblemPage;

/// The problems of all modules, generated from their declarations by `cargo run -- generate`.
const PROBLEMS: &str = include_str!("../../../problems.json");

/// The problem whose code in kebab-case is `slug`.
pub(super) fn find(slug: &str) -> Result<Option<ProblemPage>, serde_json::Error> {
    let pages: Vec<ProblemPage> = serde_json::from_str(PROBLEMS)?;
    Ok(pages.into_iter().find(|page| page.code.to_ascii_lowercase().replace('_', "-") == slug))
}

/// The page for people. Every text in it is the program's own.
pub(super) fn html(page: &ProblemPage) -> String {
    let ProblemPage { code, status, title, detail } = page;
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\
         <body><h1>{title}</h1><p>{detail}</p><p>Status {status}, code <code>{code}</code></p></body></html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_found_by_its_code_in_kebab_case() {
        assert_eq!(find("invalid-phone").unwrap().unwrap().code, "INVALID_PHONE");
        assert_eq!(find("INVALID_PHONE").unwrap(), None);
    }

    #[test]
    fn its_page_shows_code_status_and_what_to_do() {
        let page = find("invalid-phone").unwrap().unwrap();
        let shown = html(&page);
        assert!(shown.starts_with("<!doctype html>"));
        for text in [&page.title, &page.detail, &page.code, &page.status.to_string()] {
            assert!(shown.contains(text.as_str()), "{text}");
        }
    }
}
