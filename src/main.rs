fn main() -> std::process::ExitCode {
    shiryan::cli::run()
}
