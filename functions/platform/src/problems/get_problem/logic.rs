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

/// Whether `Accept` names HTML, and before JSON.
pub(super) fn prefers_html(accept: Option<&str>) -> bool {
    let Some(accept) = accept else { return false };
    let position = |media: &str| accept.find(media).unwrap_or(usize::MAX);
    position("text/html") < position("application/json").min(position("*/*"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_gets_html_and_a_client_json() {
        assert!(prefers_html(Some("text/html,application/xhtml+xml,*/*;q=0.8")));
        for client in [None, Some("*/*"), Some("application/json"), Some("application/json, text/html")] {
            assert!(!prefers_html(client), "{client:?}");
        }
    }

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
