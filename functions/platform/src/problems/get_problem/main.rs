//! The `get-problem` function.

fn main() -> std::process::ExitCode {
    shared::lambda::run::<platform::problems::get_problem::GetProblem>()
}
