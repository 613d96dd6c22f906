//! The `fallback` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<platform::fallback::Fallback>()
}
