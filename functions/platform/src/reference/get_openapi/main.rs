//! The `get-openapi` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<platform::reference::get_openapi::GetOpenapi>()
}
