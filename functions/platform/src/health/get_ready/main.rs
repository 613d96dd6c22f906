//! The `get-ready` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<platform::health::get_ready::GetReady>()
}
