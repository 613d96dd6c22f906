//! The `get-docs-script` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<platform::reference::get_docs_script::GetDocsScript>()
}
