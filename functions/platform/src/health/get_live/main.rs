//! The `get-live` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<platform::health::get_live::GetLive>()
}
