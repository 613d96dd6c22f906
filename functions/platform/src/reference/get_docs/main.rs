//! The `get-docs` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<platform::reference::get_docs::GetDocs>()
}
